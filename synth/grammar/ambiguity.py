"""Whether a text has more than one tree, found by a parser that shares nothing with our reader (Earley 1970)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from synth.grammar.ir import Grammar


def ambiguities(grammar: Grammar, start: str) -> Callable[[str], str]:
    """Return a function that names a production of a text which reads in two ways, "" where there is none.

    A grammar that loads has no conflict; this looks again, at texts. Every token that matches is tried, not only the
    longest, but none that ends within a number or a word, as nobody reads `12` as `1 2`. The function raises
    `ValueError` for a text that has no tree at all. Costs about 10 ms for 100 characters.

    >>> from synth.grammar.syntax import Syntax
    >>> grammar = Syntax.load('''
    ... problem: NAME+ -> problem
    ... NAME: /[a-z]+( [a-z]+)?/
    ... %import common.WS
    ... %ignore WS
    ... ''', "example.lark").grammar
    >>> named = ambiguities(grammar, "problem")
    >>> named("ann"), named("ann lee")
    ('', 'problem')
    """
    import lark

    parser = lark.Lark(
        grammar.text,
        parser="earley",
        lexer="dynamic_complete",
        ambiguity="explicit",
        start=start,
        maybe_placeholders=False,
        keep_all_tokens=True,
    )

    def named(text: str) -> str:
        try:
            tree = parser.parse(text)
        except lark.exceptions.UnexpectedInput as error:
            raise ValueError(f"no tree for {text!r}: {error}") from None
        readings = _Readings(text)
        nodes = list(tree.find_data("_ambig"))
        if not nodes or readings.of(tree) == 1:
            return ""
        found = [node for node in nodes if readings.of(node) != 1]
        doubtful = min(found or nodes, key=lambda node: sum(1 for _ in node.iter_subtrees()))  # the innermost
        one, other = [*[child for child in doubtful.children if readings.of(child)], *doubtful.children][:2]
        return _parting(one, other)

    return named


def _parting(one: Any, other: Any) -> str:
    """Return the production, or the token, at which two trees part."""
    while getattr(one, "data", None) == getattr(other, "data", one):
        unlike = [pair for pair in zip(one.children, other.children, strict=False) if pair[0] != pair[1]]
        if len(unlike) != 1 or not hasattr(unlike[0][0], "data"):
            break
        ((one, other),) = unlike
    return str(getattr(one, "data", one))


class _Readings:
    """Count the trees of a packed forest that cut no word and no number."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.known: dict[int, int] = {}

    def of(self, node: Any) -> int:
        children = getattr(node, "children", None)
        if children is None:
            return 0 if self._cut(node.start_pos) or self._cut(node.start_pos + len(node)) else 1
        if id(node) not in self.known:
            counts = [self.of(child) for child in children]
            if node.data == "_ambig":
                self.known[id(node)] = sum(counts)
            else:
                self.known[id(node)] = int(all(counts))
                for count in counts:
                    self.known[id(node)] *= count
        return self.known[id(node)]

    def _cut(self, place: int) -> bool:
        around = self.text[place - 1 : place + 1] if place else ""
        return len(around) == 2 and (around.isdecimal() or around.isalpha())
