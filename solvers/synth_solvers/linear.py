"""Rational linear systems by elimination: solutions, rank, left inverses. All in integers, rows divided by their gcd.

A row is a dict from unknowns ("" for the constant) to integers and stands for the equation "row = 0". Fractions only
appear at the ends, because Python's are ten times slower than its integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.linear import Form, NotLinear, equation
from synth_kernel.terms import Term, number, write

Row = dict[str, int]


def whole(form: Mapping[str, int | Fraction]) -> tuple[Row, int]:
    """Return the form times the least positive integer that makes it whole, and that integer; zero entries go."""
    scale = lcm(*[value.denominator for value in form.values()])
    return {name: int(value * scale) for name, value in form.items() if value}, scale


def combine(a: Mapping[str, int], p: int, b: Mapping[str, int], q: int) -> Row:
    """Return p·a + q·b without zero entries.

    >>> combine({"x": 2, "": -3}, 1, {"x": 1}, -2)
    {'': -3}
    """
    total = {name: p * value for name, value in a.items()}
    for name, value in b.items():
        total[name] = total.get(name, 0) + q * value
    return {name: value for name, value in total.items() if value}


class Echelon:
    """Equations reduced against each other; each row remembers which combination of the inputs it is."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[Row, Row]] = {}  # pivot -> (row, the multiples of the inputs that add up to it)

    def reduce(self, row: Row, how: Row) -> tuple[Row, Row]:
        """Clear every pivot from a row, scaling it where needed; `how` keeps step."""
        for pivot, (known, source) in self.rows.items():
            if value := row.get(pivot):
                lead = known[pivot]
                shared = gcd(value, lead)
                p, q = lead // shared, -value // shared
                row, how = combine(row, p, known, q), combine(how, p, source, q)
        return row, how

    def add(self, form: Form, name: str) -> bool:
        """Add an equation; False if it says nothing new about the unknowns."""
        scaled, scale = whole(form)
        row, how = self.reduce(scaled, {name: scale})
        pivot = next((unknown for unknown in row if unknown), None)
        if pivot is None:
            return False
        shared = gcd(*row.values(), *how.values())
        row = {unknown: value // shared for unknown, value in row.items()}
        how = {source: value // shared for source, value in how.items()}
        lone = Echelon()
        lone.rows[pivot] = row, how
        for other, (known, source) in self.rows.items():
            self.rows[other] = lone.reduce(known, source)
        self.rows[pivot] = row, how
        return True


def independent(equations: Iterable[Term]) -> Iterator[int]:
    """Yield the places of the linear equations that are no combination of those before them; others are left out.

    >>> [*independent([("=", ("+", "x", "y"), 3), ("=", ("+", "y", "x"), 3), ("<", "x", "y"), ("=", "x", 1)])]
    [0, 3]
    """
    echelon = Echelon()
    for place, term in enumerate(equations):
        with suppress(NotLinear):
            if echelon.add(equation(term), ""):
                yield place


def left_inverse(sequent: Sequent) -> dict[str, Any] | None:
    """Find multipliers of the premises that add up to each equation of the goal; None where there are none.

    Cubic in the number of equations; premises that are not linear are left out.
    """
    echelon = Echelon()
    for name, premise in zip(sequent.names, sequent.premises, strict=True):
        try:
            echelon.add(equation(premise), name)
        except NotLinear:
            continue
    goal = sequent.goal
    rows = []
    for wanted in goal[1:] if isinstance(goal, tuple) and goal[0] == "and" else (goal,):
        try:
            scaled, scale = whole(equation(wanted))
        except NotLinear:
            return None
        rest, how = echelon.reduce(scaled, {" goal": scale})
        if rest:
            return None
        times = -how.pop(" goal")
        rows.append({name: write(number(Fraction(factor, times))) for name, factor in how.items()})
    return {"v": 1, "body": "left-inverse", "rows": rows}


def solve(equations: Sequence[Term], unknowns: Sequence[str]) -> dict[str, int | Fraction] | None:
    """Return the one solution of linear equations, None if there is none, many, or an equation is not linear.

    >>> solve([("=", ("+", "x", "y"), 3), ("=", ("-", "x", "y"), 1)], ["x", "y"])
    {'x': 2, 'y': 1}
    """
    echelon = Echelon()
    for index, term in enumerate(equations):
        try:
            form = equation(term)
        except NotLinear:
            return None
        if not echelon.add(form, str(index)) and echelon.reduce(whole(form)[0], {})[0]:
            return None
    if set(echelon.rows) != set(unknowns) or any(set(row) - {name, ""} for name, (row, _) in echelon.rows.items()):
        return None
    rows = {name: row for name, (row, _) in echelon.rows.items()}
    return {name: number(Fraction(-rows[name].get("", 0), rows[name][name])) for name in unknowns}


def term_of(row: Row, order: Sequence[str]) -> Term:
    """Write a row as an equation in lowest terms, unknowns left, constant right, the first coefficient positive.

    >>> write(term_of({"x": -4, "y": 2, "": -6}, ["x", "y"]))
    '(= (- (* 2 x) y) -3)'
    """
    first = next(name for name in order if row.get(name))
    shared = gcd(*row.values()) * (1 if row[first] > 0 else -1)
    return unscaled({name: value // shared for name, value in row.items()}, order)


def unscaled(row: Row, order: Sequence[str]) -> Term:
    """Write a row as an equation as it is, unknowns left, constant right.

    >>> write(unscaled({"x": -4, "y": 2, "": -6}, ["x", "y"]))
    '(= (+ (- (* 4 x)) (* 2 y)) 6)'
    """
    left: Term | None = None
    for name in order:
        if value := row.get(name, 0):
            part = _multiple(abs(value), name)
            if left is None:
                left = part if value > 0 else ("-", part)
            else:
                left = ("+" if value > 0 else "-", left, part)
    return ("=", 0 if left is None else left, -row.get("", 0))


def _multiple(factor: int, name: str) -> Term:
    return name if factor == 1 else ("*", factor, name)
