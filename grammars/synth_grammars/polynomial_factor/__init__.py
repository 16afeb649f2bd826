"""Factorizations of polynomials over the rationals: the product is expanded again, every factor is irreducible.

A factor is irreducible because one of its values is a small cofactor times a prime (M. Ram Murty, *Prime numbers and
irreducible polynomials*, American Mathematical Monthly 109, 2002): the witness is a point.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from math import gcd
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, Tree, infix, polynomial_term
from synth_kernel.terms import Term

NAMES = ("x", "y", "z", "t", "u", "v", "w", "a", "b", "m", "p", "r")

Coefficients = tuple[int, ...]  # of 1, x, x², …


class PolynomialFactor(Family):
    """Factors are drawn and multiplied out; at times the product is moved by a little, so that it may not factor.

    `shapes` lists the degrees of the factors; whether those of degree 2 and more are irreducible is left to chance.
    """

    domain = "algebra"
    kind = "compute"
    summary = "complete factorizations of polynomials over the rationals"
    levels = {  # noqa: RUF012
        1: {"shapes": [(1, 1)], "size": 9, "lead": 3, "common": 3},
        2: {"shapes": [(1, 1, 1), (1, 2), (2,), (1, 1)], "size": 9, "lead": 4, "common": 4},
        3: {"shapes": [(2, 2), (1, 1, 2), (1, 3), (3,), (1, 1, 1, 1)], "size": 6, "lead": 3, "common": 4},
        4: {"shapes": [(2, 3), (1, 2, 2), (1, 4), (2, 2, 1), (4,)], "size": 6, "lead": 3, "common": 3},
        5: {"shapes": [(3, 3), (2, 4), (2, 2, 2), (1, 2, 3), (1, 1, 2, 2), (5,)], "size": 5, "lead": 2, "common": 3},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        factors = [_factor(degree, level, rng) for degree in rng.choice(level["shapes"])]
        if len(factors) > 1 and rng.random() < 0.12:
            factors = [*factors[:-1], factors[0]]
        p = reduce(_product, factors)
        if rng.random() < 0.1:
            p = (p[0] + rng.choice((-2, -1, 1, 2)), *p[1:])
        common = rng.choice((1, 1, *range(1, level["common"] + 1))) * rng.choice((1, 1, 1, -1))
        name = rng.choice(NAMES)
        return Proposal(f"factor {name}: {infix(polynomial_term([common * c for c in p], name))}")

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"degree:{_degree(tree[2])}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        return infix(answer)


def _factor(degree: int, level: Mapping[str, Any], rng: Random) -> Coefficients:
    """Draw a primitive polynomial; x alone is rare."""
    while True:
        lead = rng.choice((1, 1, 1, *range(1, level["lead"] + 1)))
        rest = [rng.randint(-level["size"], level["size"]) for _ in range(degree)]
        if degree > 2:
            rest[1:] = [c if rng.random() < 0.6 else 0 for c in rest[1:]]
        if gcd(lead, *rest) == 1 and (rest[0] or rng.random() < 0.1):
            return (*rest, lead)


def _product(p: Coefficients, q: Coefficients) -> Coefficients:
    result = [0] * (len(p) + len(q) - 1)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            result[i + j] += a * b
    return tuple(result)


def _degree(tree: Tree | str) -> int:
    """Return the highest exponent that is written, 1 where there is none."""
    if isinstance(tree, str):
        return 1
    if tree[0] == "power":
        return int(str(tree[2]))
    return max(map(_degree, tree[1:]))
