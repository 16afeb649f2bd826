"""The simplex method in exact integers, by Bland's rule (Mathematics of Operations Research 2, 1977), so it ends.

A row is a dict from variables ("" for the constant) to integers and stands for the equation "row = 0"; every variable
is at least 0. Each row is divided by its greatest common divisor, so sparse problems stay sparse and small.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import gcd

from synth_solvers.linear import Row, combine

_WANT = " want"  # what the objective row is equal to; no other variable is called so


class Simplex:
    """A basis of a system of equations in variables ≥ 0; `feasible` says whether there is one.

    >>> problem = Simplex([{"x": 1, "y": 2, "slack": 1, "": -8}, {"x": 1, "more": 1, "": -3}])
    >>> problem.maximise({"x": 1, "y": 1}), problem.values()
    (Fraction(11, 2), {'y': Fraction(5, 2), 'x': 3})
    """

    def __init__(self, equations: Iterable[Row]) -> None:
        self.rows: dict[str, Row] = {}  # basic variable -> its row, in which it is positive and the constant is not
        self._order: dict[str, int] = {}
        signed = [
            equation if equation.get("", 0) <= 0 else {name: -value for name, value in equation.items()}
            for equation in equations
        ]
        often = Counter(name for row in signed for name in row)
        artificial = []
        for place, row in enumerate(signed):
            for name in row:
                self._order.setdefault(name, len(self._order))
            basic = next((name for name, value in row.items() if value > 0 and often[name] == 1 and name), f" {place}")
            if basic not in row:
                artificial.append(basic)
                row = {**row, basic: 1}
                self._order[basic] = len(self._order)
            self.rows[basic] = row
        self.feasible = self.maximise(dict.fromkeys(artificial, -1)) == 0
        for name in artificial:
            self._drop(name)

    def _drop(self, name: str) -> None:
        """Take an artificial variable, which is 0, out of the basis and out of all rows."""
        if name in self.rows and self.feasible:
            entering = next((other for other in self.rows[name] if other and not other.startswith(" ")), None)
            if entering is not None:
                self._pivot(entering, name)
            else:
                del self.rows[name]  # the equation says nothing new
        for row in self.rows.values():
            row.pop(name, None)

    def maximise(self, objective: Mapping[str, int]) -> Fraction | None:
        """Go to a basis at which Σ objective is greatest, and return it; None where it is unbounded."""
        row: Row = {**objective, _WANT: -1}
        for basic, known in self.rows.items():
            if value := row.get(basic):
                row = _reduced(combine(row, known[basic], known, -value))
        self.rows[_WANT] = row
        try:
            while entering := min(
                [name for name, value in self.rows[_WANT].items() if value > 0 and name], key=self._rank, default=""
            ):
                leaving = self._leaving(entering)
                if leaving is None:
                    return None
                self._pivot(entering, leaving)
            row = self.rows[_WANT]
            return Fraction(row.get("", 0), -row[_WANT])
        finally:
            del self.rows[_WANT]

    def _rank(self, name: str) -> int:
        return self._order.get(name, -1)

    def _leaving(self, entering: str) -> str | None:
        """Return the basic variable that reaches 0 first as `entering` grows; None where none does."""
        best: tuple[Fraction, int] | None = None
        found = None
        for basic, row in self.rows.items():
            if basic != _WANT and row.get(entering, 0) > 0:
                ratio = Fraction(-row.get("", 0), row[entering]), self._rank(basic)
                if best is None or ratio < best:
                    best, found = ratio, basic
        return found

    def _pivot(self, entering: str, leaving: str) -> None:
        row = self.rows.pop(leaving)
        if row[entering] < 0:
            row = {name: -value for name, value in row.items()}
        for basic, other in self.rows.items():
            if value := other.get(entering):
                self.rows[basic] = _reduced(combine(other, row[entering], row, -value))
        self.rows[entering] = row

    def values(self) -> dict[str, int | Fraction]:
        """Return the values of the basic variables; all others are 0."""
        found = {basic: Fraction(-row.get("", 0), row[basic]) for basic, row in self.rows.items()}
        return {name: value.numerator if value.denominator == 1 else value for name, value in found.items()}


def _reduced(row: Row) -> Row:
    shared = gcd(*row.values())
    return row if shared <= 1 else {name: value // shared for name, value in row.items()}
