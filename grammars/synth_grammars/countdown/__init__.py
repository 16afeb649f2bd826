"""Countdown, the numbers round of *Des chiffres et des lettres*: reach a target with some of the given numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import permutations
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, Tree, infix
from synth_kernel.terms import Term

_SIGNS = {"plus": "+", "minus": "-", "times": "*", "over": "/"}
_LARGE = (25, 50, 75, 100)


class Countdown(Family):
    """The target is the value of an expression drawn first, so there is always an answer."""

    domain = "arithmetic"
    kind = "construct"
    summary = "reach a target with given numbers"
    levels = {  # noqa: RUF012
        1: {"numbers": 3, "used": 2, "top": 40, "large": 0, "targets": (2, 400)},
        2: {"numbers": 4, "used": 3, "top": 15, "large": 0, "targets": (10, 300)},
        3: {"numbers": 4, "used": 4, "top": 12, "large": 1, "targets": (20, 999)},
        4: {"numbers": 5, "used": 4, "top": 10, "large": 2, "targets": (100, 999)},
        5: {"numbers": 6, "used": 5, "top": 10, "large": 3, "targets": (100, 999)},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        """Draw numbers as the game does and expressions until one has a whole value that is not too easily reached."""
        large = rng.sample(_LARGE, rng.randint(0, level["large"]))
        numbers = large + [rng.randint(1, level["top"]) for _ in range(level["numbers"] - len(large))]
        if any(numbers.count(number) > 2 for number in numbers):
            return None
        operations = ["plus", "minus", "times", "over"]
        if rng.random() < 0.25:
            operations.remove(rng.choice(operations[1:]))
        at_hand = [_SIGNS[operation] for operation in operations]
        low, high = level["targets"]
        near = {value for a, b in permutations(numbers, 2) for value in _results(a, b)} | set(numbers)
        for _ in range(200):
            used = rng.sample(numbers, rng.randint(level["used"], len(numbers)))
            term, value = _expression(used, at_hand, rng, fractions=rng.random() < 0.15)
            if value is None or value.denominator != 1 or not low <= value <= high:
                continue
            if value in numbers or (value in near and level["used"] > 2):
                continue
            rng.shuffle(numbers)
            given: Tree = ("given", ("numbers", *map(str, numbers)), ("operations", *[(name,) for name in operations]))
            tree: Tree = ("problem", given, str(value))
            return Proposal(self.formal.render(tree), ("model", ("=", "e", ("quote", term))))
        return None

    def features(self, tree: Tree) -> Iterable[str]:
        _, given, target = tree
        return [f"numbers:{len(given[1]) - 1}", f"target:{len(str(target))} digits"]

    def solution(self, theory: Theory, answer: Term) -> str:
        match answer:
            case ("model", ("=", _, ("quote", term))):
                return infix(term)
        raise ValueError(f"not an expression: {answer}")


def _results(a: int, b: int) -> list[Fraction | int]:
    return [a + b, a - b, a * b, Fraction(a, b)]


def _expression(numbers: list[int], signs: list[str], rng: Random, fractions: bool) -> tuple[Term, Fraction | None]:
    """Draw an expression over all these numbers; no value if one in between is zero, negative or pointless."""
    if len(numbers) == 1:
        return numbers[0], Fraction(numbers[0])
    cut = rng.randint(1, len(numbers) - 1)
    one, a = _expression(numbers[:cut], signs, rng, fractions)
    other, b = _expression(numbers[cut:], signs, rng, fractions)
    if a is None or b is None:
        return one, None
    if a < b:
        one, a, other, b = other, b, one, a
    sign = rng.choice(signs)
    value = {"+": a + b, "-": a - b, "*": a * b, "/": a / b}[sign]
    pointless = value in (a, b, 0) or (value.denominator > 1 and not fractions)
    return (sign, one, other), None if pointless else value
