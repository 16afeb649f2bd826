"""Inverses of small matrices, and ranks.

For the inverse the entries are unknowns of a linear system, A·B = I, and a left inverse shows that there is no other
solution (McConnell, Mehlhorn, Näher, Schweitzer, *Certifying algorithms*, Computer Science Review 5, 2011, section 5).
Steps are Gauss elimination; what is given are the entries of A·B = I, row by row. The rank is by its definition the
size of the largest minor that is not 0 (Horn, Johnson, *Matrix Analysis*, section 0.4). A matrix of two or three rows
has few minors, so the kernel evaluates all of them; the steps name one that is not 0, and say that no larger one is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any

from synth.family import Family, Move, Proposal, Theory, Tree, bindings, infix, number_tree, solve
from synth_kernel.terms import Term

Rows = Sequence[Sequence[int | Fraction]]


class MatrixInverseRank(Family):
    """Inverses have numerators and denominators up to `largest`; ranks are planted by a product of thin matrices."""

    domain = "linear algebra"
    kind = "find"
    summary = "inverses of small matrices, and ranks"
    method = "matrices"
    levels = {  # noqa: RUF012
        1: {"size": 2, "entry": 6, "largest": 12, "fractions": 0.0, "shape": (2, 3), "factor": 4},
        2: {"size": 2, "entry": 12, "largest": 60, "fractions": 0.3, "shape": (3, 3), "factor": 3},
        3: {"size": 3, "entry": 3, "largest": 6, "fractions": 0.0, "shape": (3, 4), "factor": 3},
        4: {"size": 3, "entry": 6, "largest": 40, "fractions": 0.0, "shape": (3, 4), "factor": 5},
        5: {"size": 3, "entry": 9, "largest": 400, "fractions": 0.2, "shape": (3, 5), "factor": 6},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        if rng.random() < 0.4:
            return Proposal(self.formal.render(_rank(level, rng)))
        for _ in range(200):
            formal = self.formal.render(("inverse", _matrix("matrix", _square(level, rng))))
            theory = self.problem(formal)[1].theory
            values = solve(theory.clauses, list(theory.declared))
            if values is not None:
                numbers = [part for value in values.values() for part in (abs(value.numerator), value.denominator)]
                if 1 < max(numbers) <= level["largest"]:
                    return Proposal(formal, ("model", *[("=", name, value) for name, value in values.items()]))
        return None

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"{tree[0]}:{len(tree[1]) - 1}x{len(tree[1][1]) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        values = bindings(answer)
        if "r" in values:
            return str(values["r"])
        size = round(len(values) ** 0.5)
        places = range(1, size + 1)
        rows = [", ".join([infix(values[f"b.{i}.{j}"]) for j in places]) for i in places]
        return "[" + ", ".join([f"[{row}]" for row in rows]) + "]"

    def sentence(self, move: Move) -> str:
        match move.goal:
            case ("minor", ("rows", row), ("columns", column), value):
                return f"entry {row}, {column} is {infix(value)}"
            case ("minor", ("rows", *rows), ("columns", *columns), value):
                return f"minor {', '.join(map(str, rows))} by {', '.join(map(str, columns))} is {infix(value)}"
        return infix(_called(move.goal))


def _called(term: Term) -> Term:
    """Write unknowns as the grammar does: b.1.2 is b(1, 2)."""
    if isinstance(term, tuple):
        return (term[0], *map(_called, term[1:]))
    if isinstance(term, str) and term.startswith("b."):
        _, i, j = term.split(".")
        return f"b({i}, {j})"
    return term


def _square(level: Mapping[str, Any], rng: Random) -> Rows:
    size, top = level["size"], level["entry"]
    fractional = rng.random() < level["fractions"]
    rows: list[list[int | Fraction]] = [[rng.randint(-top, top) for _ in range(size)] for _ in range(size)]
    if fractional:
        place = rng.randrange(size), rng.randrange(size)
        rows[place[0]][place[1]] = Fraction(rng.choice([-5, -3, -1, 1, 3, 5]), rng.choice([2, 4]))
    return rows


def _rank(level: Mapping[str, Any], rng: Random) -> Tree:
    """Draw a matrix whose rank is at most a drawn number, nearly always equal to it."""
    height, width = level["shape"]
    rank, top = rng.randint(1, height), level["factor"]
    left = [[rng.choice([-2, -1, 1, 2, 3]) for _ in range(rank)] for _ in range(height)]
    right = [[rng.randint(-top, top) for _ in range(width)] for _ in range(rank)]
    rows = [[sum(a * b for a, b in zip(row, column, strict=True)) for column in zip(*right, strict=True)]
            for row in left]  # fmt: skip
    if rng.random() < 0.3:
        rows[rng.randrange(height)][rng.randrange(width)] += rng.choice([-1, 1])  # it looks dependent and is not
    return ("rank", _matrix("two_rows" if height == 2 else "three_rows", rows))


def _matrix(alias: str, rows: Rows) -> Tree:
    written: list[Tree] = [("row", *map(number_tree, row)) for row in rows]
    return (alias, *written)
