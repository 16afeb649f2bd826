"""Polynomials as people write them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from synth_kernel.polynomial import Number
from synth_kernel.terms import Term, number


def polynomial_term(p: Sequence[Number], unknown: str) -> Term:
    """Write a polynomial from the highest power down, as people do.

    >>> polynomial_term((-1, 0, 2), "x")
    ('-', ('*', 2, ('^', 'x', 2)), 1)
    """
    result: Term | None = None
    for power in range(len(p) - 1, -1, -1):
        c = p[power]
        if not c:
            continue
        part = _monomial(c if c > 0 else -c, power, unknown)
        result = (part if c > 0 else ("-", part)) if result is None else ("+" if c > 0 else "-", result, part)
    return 0 if result is None else result


def _monomial(c: Number, power: int, unknown: str) -> Term:
    if not power:
        return number(Fraction(c))
    variable: Term = unknown if power == 1 else ("^", unknown, power)
    return variable if c == 1 else ("*", number(Fraction(c)), variable)
