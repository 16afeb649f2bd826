"""Body `left-inverse`: linear equations follow from others because they are combinations of them.

For a unique solution the rows are those of a left inverse of the coefficient matrix, hence the name (McConnell,
Mehlhorn, Näher, Schweitzer, *Certifying algorithms*, Computer Science Review 2011, section 5 treats such witnesses).
Certificate: `rows`, one for each equation of the goal; row i maps premise names to multipliers, and Σ multiplier ×
premise must be exactly the i-th equation, coefficient by coefficient.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.terms import Term, read

Form = dict[str, "int | Fraction"]  # unknown -> coefficient; "" -> the constant; the form equals zero

MAX_DIGITS = 400
MAX_ENTRIES = 10_000


class NotLinear(ValueError):
    """The term is no linear equation with rational coefficients."""


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Add up the named multiples of the premises and compare with each equation of the goal."""
    if any(sort not in ("Rational", "Real", "Int") for sort in sequent.sorts.values()):
        return False
    goal = sequent.goal
    goals = goal[1:] if isinstance(goal, tuple) and goal[0] == "and" else (goal,)
    rows = certificate["rows"]
    if len(rows) != len(goals) or sum(map(len, rows)) > MAX_ENTRIES:
        return False
    place = {name: index for index, name in enumerate(sequent.names)}
    for wanted, row in zip(goals, rows, strict=True):
        total: Form = {}
        for name, text in row.items():
            if len(text) > MAX_DIGITS:
                return False
            factor = read(text)
            if not isinstance(factor, int | Fraction):
                return False
            for unknown, coefficient in equation(sequent.premises[place[name]]).items():
                total[unknown] = total.get(unknown, 0) + factor * coefficient
        if _nonzero(total) != _nonzero(equation(wanted)):
            return False
    return True


def _nonzero(form: Form) -> Form:
    return {unknown: coefficient for unknown, coefficient in form.items() if coefficient}


@lru_cache(maxsize=4096)
def equation(term: Term) -> Form:
    """Return left minus right of a linear equation; raise NotLinear where it is none. Do not change the result.

    >>> equation(("=", ("+", ("*", 2, "x"), ("-", "y")), 5))
    {'x': 2, 'y': -1, '': -5}
    """
    if not isinstance(term, tuple) or term[0] != "=" or len(term) != 3:
        raise NotLinear(term)
    form: Form = {}
    _add(term[1], 1, form)
    _add(term[2], -1, form)
    return form


def _add(term: Term, factor: int | Fraction, form: Form) -> None:
    """Add factor × term to the form."""
    if isinstance(term, str):
        if term in ("true", "false") or term.startswith("'"):
            raise NotLinear(term)
        form[term] = form.get(term, 0) + factor
    elif not isinstance(term, tuple):
        form[""] = form.get("", 0) + factor * term
    elif term[0] == "+":
        for part in term[1:]:
            _add(part, factor, form)
    elif term[0] == "-":
        _add(term[1], factor if len(term) == 3 else -factor, form)
        if len(term) == 3:
            _add(term[2], -factor, form)
    elif term[0] in ("*", "/") and len(term) == 3:
        constant, other = (term[2], term[1]) if term[0] == "/" else _split(term)
        value = _constant(constant)
        if term[0] == "/":
            if not value:
                raise NotLinear(term)
            value = Fraction(1) / value
        _add(other, factor * value, form)
    else:
        raise NotLinear(term)


def _split(product: tuple[Term, ...]) -> tuple[Term, Term]:
    return (product[2], product[1]) if isinstance(product[2], int | Fraction) else (product[1], product[2])


def _constant(term: Term) -> int | Fraction:
    form: Form = {}
    _add(term, 1, form)
    if any(unknown for unknown, coefficient in form.items() if unknown and coefficient):
        raise NotLinear(term)
    return form.get("", 0)
