"""Body `left-inverse`: linear equations follow from others because they are combinations of them.

For a unique solution the rows are those of a left inverse of the coefficient matrix, hence the name (McConnell,
Mehlhorn, Näher, Schweitzer, *Certifying algorithms*, Computer Science Review 2011, section 5 treats such witnesses).
Certificate: `rows`, one for each equation of the goal; row i maps premise names to multipliers, and Σ multiplier ×
premise must be exactly the i-th equation, coefficient by coefficient.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache, reduce
from math import lcm
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.terms import NUMBERS, Term, read

Form = dict[str, "int | Fraction"]  # unknown -> coefficient, "" -> the constant; none is 0

MAX_DIGITS = 400
MAX_ENTRIES = 10_000


class NotLinear(ValueError):
    """The term is no linear equation with rational coefficients."""


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Add up the named multiples of the premises and compare with each equation of the goal."""
    if not set(sequent.sorts.values()) <= set(NUMBERS):
        return False
    goal = sequent.goal
    goals = goal[1:] if isinstance(goal, tuple) and goal[0] == "and" else (goal,)
    rows = certificate["rows"]
    if len(rows) != len(goals) or sum(map(len, rows)) > MAX_ENTRIES:
        return False
    premises = dict(zip(sequent.names, sequent.premises, strict=True))
    for wanted, row in zip(goals, rows, strict=True):
        factors = multipliers(row)
        scale = lcm(*[factor.denominator for _, factor in factors])  # whole numbers are ten times as quick
        left = plus({}, equation(wanted), scale)
        for name, factor in factors:
            left = plus(left, equation(premises[name]), -factor.numerator * (scale // factor.denominator))
        if left:
            return False
    return True


def multipliers(row: Mapping[str, str]) -> list[tuple[str, int | Fraction]]:
    """Read one row of a certificate: names with rational multipliers; raise ValueError where it is none."""
    factors: Any = [(name, read(text)) for name, text in row.items() if len(text) <= MAX_DIGITS]
    if len(factors) < len(row) or not all(isinstance(factor, int | Fraction) for _, factor in factors):
        raise ValueError("a multiplier is a rational number of bounded length")
    return factors  # type: ignore[no-any-return]


@lru_cache(maxsize=4096)
def equation(term: Term) -> Form:
    """Return left minus right of a linear equation; raise NotLinear where it is none. Do not change the result.

    >>> equation(("=", ("+", ("*", 2, "x"), ("-", "y")), 5))
    {'x': 2, 'y': -1, '': -5}
    """
    match term:
        case ("=", left, right):
            return plus(form(left), form(right), -1)
    raise NotLinear(term)


def plus(one: Form, other: Form, factor: int | Fraction = 1) -> Form:
    """Return one + factor × other."""
    total = {unknown: one.get(unknown, 0) + factor * other.get(unknown, 0) for unknown in (one | other)}
    return {unknown: coefficient for unknown, coefficient in total.items() if coefficient}


def form(term: Term) -> Form:
    """Return a linear term as a form; raise NotLinear where it is none."""
    match term:
        case int() | Fraction():
            return {"": term} if term else {}
        case str() if term not in ("true", "false") and not term.startswith("'"):
            return {term: 1}
        case ("+", *parts):
            return reduce(plus, map(form, parts), {})
        case ("-", part):
            return plus({}, form(part), -1)
        case ("-", first, second):
            return plus(form(first), form(second), -1)
        case ("*", first, second):
            one, other = form(first), form(second)
            if other.keys() <= {""}:
                one, other = other, one
            if one.keys() <= {""}:
                return plus({}, other, one.get("", 0))
        case ("/", first, second):
            divisor = form(second)
            if divisor.keys() == {""}:
                return plus({}, form(first), 1 / Fraction(divisor[""]))
    raise NotLinear(term)
