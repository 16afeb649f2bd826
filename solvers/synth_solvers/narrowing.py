"""Does a clause narrow what is possible? Three engines behind one shape, for the planting loop.

An engine knows a planted model. `add` takes a clause (true in the model) in if it excludes something that was possible
so far, and says whether it did; `unique` says whether only the planted model is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from synth_kernel.claims import Theory
from synth_kernel.exhaustive import truth, worlds
from synth_kernel.linear import NotLinear, equation
from synth_kernel.terms import NUMBERS, Term
from synth_solvers.linear import Echelon

MAX_BOOLEANS = 12


class Narrowing(Protocol):
    """What the planting loop asks."""

    @property
    def unique(self) -> bool:
        """Whether the planted model is the only one left."""

    def add(self, clause: Term) -> bool:
        """Take the clause in if it excludes something possible; say whether it did."""


class Worlds:
    """Booleans: one bit for each assignment."""

    def __init__(self, theory: Theory) -> None:
        names = list(theory.declared)
        self._masks = worlds(names)
        self._full = (1 << (1 << len(names))) - 1
        self._left = self._full
        for axiom in theory.axioms:
            self.add(axiom)

    @property
    def unique(self) -> bool:
        return self._left.bit_count() == 1

    def add(self, clause: Term) -> bool:
        mask = truth(clause, self._masks, self._full)
        if mask is None or self._left & mask == self._left:
            return False
        self._left &= mask
        return True


class Rank:
    """Rationals under linear equations: the rank."""

    def __init__(self, theory: Theory) -> None:
        self._echelon = Echelon()
        self._wanted = len(theory.declared)
        for axiom in theory.axioms:
            self.add(axiom)

    @property
    def unique(self) -> bool:
        return len(self._echelon.rows) == self._wanted

    def add(self, clause: Term) -> bool:
        try:
            return self._echelon.add(equation(clause), "")
        except NotLinear:
            return False


class Alternative:
    """Finite domains: a solver that looks for another model."""

    def __init__(self, theory: Theory, model: Mapping[str, Term]) -> None:
        from synth_solvers.sat import Narrowing as Search

        self._search = Search(theory, model)

    @property
    def unique(self) -> bool:
        return self._search.alternative() is None

    def add(self, clause: Term) -> bool:
        return self._search.add(clause)


def narrowing(theory: Theory, model: Mapping[str, Term]) -> Narrowing:
    """Return the cheapest engine that fits the unknowns of the theory."""
    sorts = set(theory.sorts.values())
    if sorts == {"Bool"} and len(theory.declared) <= MAX_BOOLEANS:
        return Worlds(theory)
    if sorts <= set(NUMBERS) and set(theory.declared.values()) <= set(NUMBERS):
        return Rank(theory)
    return Alternative(theory, model)
