"""Greatest common divisors with Bézout coefficients: the coefficients are the witness.

A common divisor that is an integer combination of the numbers is their greatest common divisor, because every common
divisor divides the combination (McConnell, Mehlhorn, Näher, Schweitzer, *Certifying algorithms*, Computer Science
Review 5, 2011, section 2.4). So an answer shows itself to be right when it is put in, and the kind is `construct`:
coefficients are not unique. The steps are the extended algorithm of Euclid (Knuth, *The Art of Computer Programming*
2, section 4.5.2): each remainder as a combination of the numbers, down to zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import gcd, prod
from random import Random
from typing import Any

from synth.family import Family, Move, Proposal, Theory, Tree, bindings, infix
from synth_kernel.terms import Term

NAMES = (("a", "b", "c"), ("m", "n", "k"))
COEFFICIENTS = (("x", "y", "z"), ("s", "t", "u"))


class GcdBezout(Family):
    """The gcd is drawn first, then cofactors without a common divisor; `divisions` bounds the rows of Euclid's run."""

    domain = "number theory"
    kind = "construct"
    summary = "greatest common divisors with Bézout coefficients"
    method = "euclid"
    levels = {  # noqa: RUF012
        1: {"numbers": 2, "top": 250, "gcd": 15, "divisions": (2, 3), "products": 0.0},
        2: {"numbers": 2, "top": 500, "gcd": 40, "divisions": (3, 5), "products": 0.0},
        3: {"numbers": 2, "top": 5000, "gcd": 200, "divisions": (4, 7), "products": 0.2},
        4: {"numbers": 3, "top": 2000, "gcd": 60, "divisions": (5, 9), "products": 0.2},
        5: {"numbers": 3, "top": 30000, "gcd": 600, "divisions": (8, 14), "products": 0.3},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        """Draw numbers until Euclid's algorithm takes as many divisions as the level wants."""
        for _ in range(200):
            shared = rng.randint(1, level["gcd"])
            values = [shared * rng.randint(2, level["top"] // shared) for _ in range(level["numbers"])]
            needed = len(values) == 2 or gcd(*values[:2]) > shared  # else the third number changes nothing
            low, high = level["divisions"]
            if gcd(*values) == shared and needed and low <= _divisions(values) <= high:
                return Proposal(self.formal.render(self._problem(values, level, rng)))
        return None

    def _problem(self, values: list[int], level: Mapping[str, Any], rng: Random) -> Tree:
        names, letters = rng.choice(NAMES), rng.choice(COEFFICIENTS)
        given = [("number", name, _value(value, level, rng)) for name, value in zip(names, values, strict=False)]
        first, *others = zip(letters, rng.sample(names[: len(values)], len(values)), strict=False)
        combination: Tree = ("part", *first)
        for pair in others:
            combination = (rng.choice(["plus", "plus", "minus"]), combination, ("part", *pair))
        return ("problem", ("numbers", *given), combination)

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"numbers:{len(tree[1]) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        given = {clause[1] for clause in theory.clauses[:-1]}  # type: ignore[index]
        return ", ".join(f"{name} = {value}" for name, value in bindings(answer).items() if name not in given)

    def sentence(self, move: Move) -> str:
        return infix(move.goal)


def _divisions(values: list[int]) -> int:
    """Count the divisions with remainder of Euclid's algorithm, one number after the other."""
    total, shared = 0, values[0]
    for value in values[1:]:
        high, low = max(shared, value), min(shared, value)
        while low:
            high, low, total = low, high % low, total + 1
        shared = high
    return total


def _value(value: int, level: Mapping[str, Any], rng: Random) -> Tree:
    """Write a number, now and then as a product of two or three factors."""
    factors = [value]
    if rng.random() < level["products"]:
        for _ in range(rng.randint(1, 2)):
            divisors = [d for d in range(2, min(100, factors[-1] // 2 + 1)) if factors[-1] % d == 0]
            if divisors:
                divisor = rng.choice(divisors)
                factors[-1:] = [divisor, factors[-1] // divisor]
    assert prod(factors) == value
    tree: Tree = ("whole", str(factors[0]))
    for factor in factors[1:]:
        tree = ("product", tree, str(factor))
    return tree
