"""Write terms in the infix notation that the mathematical families share: `2*x^2 - 3/4 = sin(x)`."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from synth_kernel.claims import Theory
from synth_kernel.meaning import Tree
from synth_kernel.terms import Term

# binding strength of the operators; an argument that binds weaker than its place gets parentheses
_INFIX = {"=": 1, "<": 1, "<=": 1, ">": 1, ">=": 1, "+": 2, "-": 2, "*": 3, "/": 3, "^": 5}
_UNARY = 2
_ATOM = 6


def infix(term: Term) -> str:
    """Write a term with operators between their arguments and as few parentheses as the precedence needs.

    >>> infix(("-", ("*", 2, ("+", "x", 1)), Fraction(3, 4)))
    '2*(x + 1) - 3/4'
    >>> infix(("^", ("-", "x"), 2))
    '(-x)^2'
    """
    return _write(term)[0]


def _write(term: Term) -> tuple[str, int]:
    """Return the text of a term and how strongly it binds."""
    if isinstance(term, str):
        return term.removeprefix("'"), _ATOM
    if not isinstance(term, tuple):
        if term < 0:
            return f"-{-term}", _UNARY
        return str(term), _ATOM if type(term) is int else _INFIX["/"]
    operator, *parts = term
    assert isinstance(operator, str)
    if operator == "-" and len(parts) == 1:
        return "-" + _argument(parts[0], _INFIX["*"]), _UNARY
    if operator in _INFIX:
        strength = _INFIX[operator]
        space = "" if strength > 2 else " "
        pieces = [_argument(parts[0], strength + (operator == "^"))]
        pieces += [_argument(part, strength + (operator != "^")) for part in parts[1:]]
        return f"{space}{operator}{space}".join(pieces), strength
    return f"{operator}({', '.join(map(infix, parts))})", _ATOM


def _argument(term: Term, least: int) -> str:
    text, strength = _write(term)
    return text if strength >= least else f"({text})"


def bindings(answer: Term) -> dict[str, Term]:
    """Return what a `(model …)` answer binds, in order.

    >>> bindings(("model", ("=", "x", 2), ("=", "y", 3)))
    {'x': 2, 'y': 3}
    """
    bound: Any = answer[1:] if isinstance(answer, tuple) else ()
    return {name: value for _, name, value in bound}


def number_tree(value: int | Fraction) -> Tree:
    """Return the tree of a number in grammars with the aliases whole, fraction and negative.

    >>> number_tree(Fraction(-3, 4))
    ('negative', ('fraction', '3', '4'))
    """
    if value < 0:
        return ("negative", number_tree(-value))
    if value.denominator == 1:
        return ("whole", str(value.numerator))
    return ("fraction", str(value.numerator), str(value.denominator))


def verdict_word(theory: Theory, answer: Term) -> str:
    """Return the word for a verdict: true, false or unknown to a strong question, yes or no to a weak one.

    >>> verdict_word(Theory((), ask=("decide", "true", "'strong")), "'yes")
    'true'
    """
    strong = theory.ask[2] == "'strong"  # type: ignore[index]
    words = {"'yes": ("yes", "true"), "'no": ("no", "false"), "'unknown": ("unknown", "unknown")}
    return words[str(answer)][strong]
