"""The provisional split: problems of one shape stay on one side, whatever their names and numbers."""

from __future__ import annotations

import re

from synth_kernel.claims import digest

_DECLARED = re.compile(r"\(declare ([^\s()]+)")
_QUOTED = re.compile(r"'([A-Za-z_]\w*)")
_TOKEN = re.compile(r"[0-9]+(?:/[0-9]+)?|[A-Za-z_][\w.]*")
_SCALE = 1 << 64


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


def split_of(formal: str, theory: str, problem: str, *, seed: int, test: float, by: str) -> str:
    """Return `train` or `test`, decided by a hash of the seed and the shape (or of the problem, `by="problem"`).

    >>> split_of("2 + 2", "", "k", seed=1, test=0.0, by="shape")
    'train'
    """
    key = shape(formal, theory) if by == "shape" else problem
    return "test" if int(digest("split", str(seed), key, size=8), 16) < test * _SCALE else "train"
