"""Whether a text has more than one tree, found by a parser that shares nothing with our reader (Earley 1970)."""

from __future__ import annotations

from collections.abc import Callable

from synth.grammar.ir import Grammar


def ambiguities(grammar: Grammar, start: str) -> Callable[[str], str]:
    """Return a function that names a production of a text which reads in two ways, "" where there is none.

    A grammar that loads has no conflict; this looks again, at texts. Tokens are the longest that match. The
    function raises `ValueError` for a text that has no tree at all. Costs about 10 ms for 100 characters.

    >>> from synth.grammar.syntax import Syntax
    >>> grammar = Syntax.load('''
    ... problem: WORD+ -> problem
    ... WORD: "to" | "day" | "today"
    ... %import common.WS
    ... %ignore WS
    ... ''', "example.lark").grammar
    >>> ambiguities(grammar, "problem")("to day")
    ''
    """
    import lark

    parser = lark.Lark(grammar.text, parser="earley", ambiguity="explicit", start=start, maybe_placeholders=False)

    def named(text: str) -> str:
        try:
            tree = parser.parse(text)
        except lark.exceptions.UnexpectedInput as error:
            raise ValueError(f"no tree for {text!r}: {error}") from None
        for node in tree.find_data("_ambig"):
            return str(getattr(node.children[0], "data", node.children[0]))
        return ""

    return named
