"""The shape of a problem: its formal text with names and numbers abstracted."""

from __future__ import annotations

import re

_DECLARED = re.compile(r"\(declare ([^\s()]+)")
_QUOTED = re.compile(r"'([A-Za-z_]\w*)")
_TOKEN = re.compile(r"[0-9]+(?:/[0-9]+)?|[A-Za-z_][\w.]*")


def shape(formal: str, theory: str) -> str:
    """Return a formal text with numbers as 0 and names numbered as they first appear; the theory says what is a name.

    >>> theory = "(theory (declare x Rational) (clause (= (* 2 x) 3)) (ask (find x)))"
    >>> shape("find x: 2*x = 3", theory)
    'find n0: 0*n0 = 0'
    """
    names = {*_DECLARED.findall(theory), *_QUOTED.findall(theory)}
    order: dict[str, str] = {}

    def abstract(match: re.Match[str]) -> str:
        word = match.group()
        if word[0].isdigit():
            return "0"
        return order.setdefault(word, f"n{len(order)}") if word in names else word

    return _TOKEN.sub(abstract, formal)
