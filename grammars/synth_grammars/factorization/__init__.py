"""Prime factorizations: the product is multiplied out again, and every base is shown to be prime.

A base is tested as *Certifying algorithms* (McConnell, Mehlhorn, Näher, Schweitzer, 2011) asks of a checker, in bounded
time and without the finder: strong probable primes to 13 bases, which is exact at these sizes (Sorenson and Webster,
*Strong pseudoprimes to twelve prime bases*, Mathematics of Computation 86, 2017).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from math import factorial, prod
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, Tree
from synth_kernel.terms import Term

PRIMES = tuple(n for n in range(2, 5000) if all(n % d for d in range(2, int(n**0.5) + 1)))
SHAPES = ("whole", "product", "above_power", "below_power", "above_factorial")


class Factorization(Family):
    """Numbers are put together from primes up to a bound, so that they are as hard as their second largest prime.

    `primes` bounds what has to be tried, `largest` the prime that is left over, `size` the number; some numbers of
    every level are prime, and some are given as an expression.
    """

    domain = "number theory"
    kind = "compute"
    summary = "prime factorizations of whole numbers"
    levels = {  # noqa: RUF012
        1: {"primes": 13, "largest": 199, "size": (12, 20_000), "shapes": (1, 0, 0, 0, 0)},
        2: {"primes": 23, "largest": 499, "size": (1_000, 100_000), "shapes": (8, 1, 0, 0, 0)},
        3: {"primes": 43, "largest": 997, "size": (5_000, 10**6), "shapes": (6, 2, 1, 1, 0)},
        4: {"primes": 101, "largest": 1999, "size": (10**5, 10**8), "shapes": (6, 2, 1, 1, 1)},
        5: {"primes": 307, "largest": 4999, "size": (10**7, 10**10), "shapes": (6, 2, 1, 1, 1)},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        (shape,) = rng.choices(SHAPES, level["shapes"])
        low, high = level["size"]
        while True:
            match shape:
                case "product":
                    one, other = [_composite(level, rng, (3, int(high**0.6))) for _ in range(2)]
                    text, n = f"{one}*{other}", one * other
                case "above_factorial":
                    k, more = rng.randint(5, 13), rng.randint(1, 30)
                    text, n = f"{k}! + {more}", factorial(k) + more
                case "above_power" | "below_power":
                    base, exponent = rng.choice((2, 2, 3, 5, 6, 7, 10, 12)), rng.randint(3, 30)
                    sign, more = 1 if shape == "above_power" else -1, rng.randint(1, 30)
                    text, n = f"{base}^{exponent} {'+' if sign > 0 else '-'} {more}", base**exponent + sign * more
                case _:
                    n = _prime(level, rng) if rng.random() < 0.06 else _composite(level, rng, level["size"])
                    text = str(n)
            if shape == "whole" or (low <= n <= high and (shape == "product" or _smooth(n, level))):
                return Proposal(f"factor {text}")

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"{tree[1][0]}:{len(''.join(map(str, tree[1][1:])))}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        return " * ".join(_powers(answer))


def _powers(term: Term) -> list[str]:
    match term:
        case ("*", *parts):
            return reduce(lambda found, part: found + _powers(part), parts, [])
        case ("^", base, exponent):
            return [f"{base}^{exponent}"]
    return [str(term)]


def _composite(level: Mapping[str, Any], rng: Random, size: tuple[int, int]) -> int:
    """Multiply small primes, some of them repeated, and most often a larger one, until the number has its size."""
    small = [p for p in PRIMES if p <= level["primes"]]
    large = [p for p in PRIMES if p <= level["largest"]]
    while True:
        parts = [rng.choice(small if rng.random() < 0.6 else small[:5]) for _ in range(rng.randint(1, 5))]
        if rng.random() < 0.3:
            parts += [rng.choice(small[:4])] * rng.randint(1, 3)
        if rng.random() < 0.7:
            parts.append(rng.choice(large))
        n = prod(parts)
        if size[0] <= n <= size[1] and len(parts) > 1:
            return n


def _prime(level: Mapping[str, Any], rng: Random) -> int:
    """Draw a prime that trial division up to `largest` can tell."""
    high = min(level["size"][1], level["largest"] ** 2)
    while True:
        n = rng.randint(min(level["size"][0], high // 4), high)
        if n > 1 and all(n % p for p in PRIMES if p * p <= n):
            return n


def _smooth(n: int, level: Mapping[str, Any]) -> bool:
    """Say whether trial division up to `primes` leaves 1, or a number that `largest` shows to be prime."""
    for p in PRIMES:
        while p <= level["primes"] and n % p == 0:
            n //= p
    return n == 1 or (n < level["largest"] ** 2 and all(n % p for p in PRIMES if p * p <= n))
