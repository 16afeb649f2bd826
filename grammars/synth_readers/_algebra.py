"""Expressions as sympy prints them, read into terms by precedence climbing (Pratt, POPL 1973). Nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Collection
from fractions import Fraction

from synth.audit.reader import NotRead
from synth_kernel.terms import Term, number
from synth_readers._words import whole

_TOKEN = re.compile(r"\s*([0-9]+|[A-Za-z]+|\*\*|[-+*/(),])", re.ASCII)
_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}
_NAMES = {"+": "+", "-": "-", "*": "*", "/": "/"}
_UNARY = 3  # binds tighter than *, looser than **
MAX_NESTING = 40
FUNCTIONS = ("exp", "log", "sin", "cos", "tan", "atan", "sqrt")


def expression(text: str, unknowns: Collection[str], functions: Collection[str] = ()) -> Term:
    """Return the term of a text over these unknowns; raise `NotRead` at anything else.

    >>> expression("-3*(8*x + 6)**3", ["x"])
    ('*', ('-', 3), ('^', ('+', ('*', 8, 'x'), 6), 3))
    >>> expression("x**(3/2)", ["x"], ["sqrt"])
    ('*', 'x', ('sqrt', 'x'))
    """
    return _Expression(text, unknowns, functions).all()


class _Expression:
    def __init__(self, text: str, unknowns: Collection[str], functions: Collection[str]) -> None:
        self.unknowns, self.functions = unknowns, functions
        self.tokens: list[str] = []
        place, end = 0, len(text.rstrip())
        while place < end:
            found = _TOKEN.match(text, place)
            if found is None:
                raise NotRead(f"no expression: {text[place : place + 20]!r}")
            self.tokens.append(found[1])
            place = found.end()
        self.place = 0

    def all(self) -> Term:
        term = self.sum(0, 0)
        if self.peek():
            raise NotRead(f"no expression: {self.peek()!r} is too much")
        return term

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise NotRead(f"no expression: {token!r} where {wanted or 'more'!r} is expected")
        self.place += 1
        return token

    def sum(self, least: int, nesting: int) -> Term:
        """Read as far as operators bind tighter than `least`."""
        if nesting > MAX_NESTING:
            raise NotRead("an expression that is nested too deep")
        term = self.signed(nesting)
        while _BINDING.get(self.peek(), 0) > least:
            operator = self.take()
            if operator == "**":  # to the right
                term = self.power(term, self.sum(_UNARY - 1, nesting + 1))
            else:
                term = (_NAMES[operator], term, self.sum(_BINDING[operator], nesting + 1))
        return term

    def signed(self, nesting: int) -> Term:
        if self.peek() == "-":
            self.take()
            return ("-", self.sum(_UNARY, nesting + 1))
        return self.atom(nesting)

    def atom(self, nesting: int) -> Term:
        token = self.take()
        if token == "(":
            term = self.sum(0, nesting + 1)
            self.take(")")
            return term
        if token.isdigit():
            return whole(token)
        if token in self.unknowns:
            return token
        if token in self.functions:
            self.take("(")
            term = self.sum(0, nesting + 1)
            self.take(")")
            return (token, term)
        raise NotRead(f"an expression with {token}")

    def power(self, base: Term, exponent: Term) -> Term:
        """Return a power; halves of an odd integer are roots, other exponents are integers."""
        value = _constant(exponent)
        if value is None or abs(value) > 32 or value.denominator > 2:
            raise NotRead("a power whose exponent is no integer")
        if value.denominator == 1:
            return ("^", base, value.numerator)
        if "sqrt" not in self.functions:
            raise NotRead("a power whose exponent is no integer")
        below = value.numerator // 2  # u^(3/2) = u·√u, u^(−1/2) = u⁻¹·√u
        root: Term = ("sqrt", base)
        return root if below == 0 else ("*", base if below == 1 else ("^", base, below), root)


def _constant(term: Term) -> Fraction | None:
    match term:
        case int() | Fraction():
            return Fraction(term)
        case ("-", part):
            inside = _constant(part)
            return None if inside is None else -inside
        case ("/", int(above), int(below)) if below:
            return Fraction(above, below)
    return None


def decimal(text: str) -> Term:
    """Return the exact value of a decimal; raise `NotRead` where a text is none.

    >>> decimal("-0.50")
    Fraction(-1, 2)
    """
    if not re.fullmatch(r"-?[0-9]{1,30}(\.[0-9]{1,30})?", text.strip(), re.ASCII):
        raise NotRead(f"no decimal: {text[:40]!r}")
    return number(Fraction(text.strip()))
