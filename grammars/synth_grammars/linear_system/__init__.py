"""Systems of linear equations with one rational solution; unique by a left inverse of the coefficients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from random import Random
from typing import Any

from synth.family import Family, Move, Theory, Tree, World, bindings, evaluate, infix, number_tree
from synth_kernel.terms import Term


class LinearSystem(Family):
    """Solve n equations in n unknowns; the planted solution is whole at low levels, rational later."""

    domain = "algebra"
    kind = "find"
    summary = "systems of linear equations over the rationals"
    clause = "sum"
    method = "elimination"
    small_steps = "small elimination"
    levels = {  # noqa: RUF012
        1: {"unknowns": 2, "factor": 5, "value": 5, "denominators": [1]},
        2: {"unknowns": 2, "factor": 9, "value": 9, "denominators": [1]},
        3: {"unknowns": 3, "factor": 7, "value": 9, "denominators": [1]},
        4: {"unknowns": 3, "factor": 9, "value": 12, "denominators": [1, 1, 2, 3]},
        5: {"unknowns": 4, "factor": 9, "value": 12, "denominators": [1, 1, 2, 3, 5]},
    }

    def header(self, level: Mapping[str, Any], rng: Random) -> Tree:
        return ("unknowns", *["x", "y", "z", "w"][: level["unknowns"]])

    def frame(self, header: Tree, clauses: Any) -> Tree:
        return ("problem", header, ("equations", *clauses))

    def model(self, theory: Theory, level: Mapping[str, Any], rng: Random) -> dict[str, Fraction]:
        top = level["value"]
        return {x: Fraction(rng.randint(-top, top), rng.choice(level["denominators"])) for x in theory.declared}

    def draw(self, world: World, rng: Random) -> Tree | None:
        """Draw a left side with each unknown at most once; the right side is its value: a hole."""
        names = world.names()
        used = rng.sample(names, rng.randint(2, len(names)))
        side: Tree | None = None
        for name in sorted(used, key=names.index):
            factor = rng.randint(1, world.level["factor"])
            term: Tree = ("unknown", name) if factor == 1 else ("multiple", str(factor), name)
            if side is None:
                side = ("negate", term) if rng.random() < 0.2 else term
            else:
                side = (rng.choice(["add", "subtract"]), side, term)
        assert side is not None
        return ("equation", side, number_tree(evaluate(world.reading.term(side), world.model)))

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"unknowns:{len(tree[1]) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        return ", ".join(f"{name} = {infix(value)}" for name, value in bindings(answer).items())

    def sentence(self, move: Move) -> str:
        return infix(move.goal)
