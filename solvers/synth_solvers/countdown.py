"""Reach a target with given numbers: what is needed is asked of smaller and smaller parts of them.

An expression over a set of numbers splits it in two. The values of small parts are tabulated; for a large part and a
wanted value, each value of the smaller half says what the larger half must be. All fractions count, so a target that
is not found cannot be reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from typing import TypeAlias

from synth_kernel.terms import Term

OPERATORS = ("+", "-", "*", "/")
_TABULATED = 3  # numbers in a part whose values are all listed
_MOST = 7  # numbers that are tried at all

Part: TypeAlias = "tuple[int, ...]"  # places of numbers, ascending


def reach(numbers: Sequence[int], target: int | Fraction, operators: Sequence[str] = OPERATORS) -> Term | None:
    """Return an expression with as few of the numbers as possible, None if there is none (or more than 7 numbers).

    >>> reach([9, 3, 5, 7], 22)
    ('-', ('*', 9, 3), 5)
    >>> reach([2, 2], 5) is None
    True
    """
    if len(numbers) > _MOST:
        return None
    search = _Search(numbers, operators)
    for size in range(1, len(numbers) + 1):
        tried: set[tuple[int, ...]] = set()
        for part in combinations(range(len(numbers)), size):
            values = tuple(sorted(numbers[place] for place in part))
            if values not in tried:
                tried.add(values)
                found = search.find(part, Fraction(target))
                if found is not None:
                    return found
    return None


class _Search:
    def __init__(self, numbers: Sequence[int], operators: Sequence[str]) -> None:
        self.numbers = numbers
        self.operators = operators
        self.tables: dict[Part, dict[Fraction, Term]] = {}
        self.failed: set[tuple[Part, Fraction]] = set()

    def table(self, part: Part) -> dict[Fraction, Term]:
        """Return the values of all expressions over exactly these numbers, each with one expression."""
        if part not in self.tables:
            found: dict[Fraction, Term] = {}
            if len(part) == 1:
                found[Fraction(self.numbers[part[0]])] = self.numbers[part[0]]
            for one, other in _splits(part):
                for a, left in self.table(one).items():
                    for b, right in self.table(other).items():
                        for value, term in self.joined(a, left, b, right):
                            found.setdefault(value, term)
            self.tables[part] = found
        return self.tables[part]

    def joined(self, a: Fraction, left: Term, b: Fraction, right: Term) -> Iterator[tuple[Fraction, Term]]:
        """Yield what one operation makes of two values."""
        if "+" in self.operators:
            yield a + b, ("+", left, right)
        if "-" in self.operators:
            yield a - b, ("-", left, right)
            yield b - a, ("-", right, left)
        if "*" in self.operators:
            yield a * b, ("*", left, right)
        if "/" in self.operators:
            if b:
                yield a / b, ("/", left, right)
            if a:
                yield b / a, ("/", right, left)

    def find(self, part: Part, target: Fraction) -> Term | None:
        """Return an expression over exactly these numbers with this value."""
        if len(part) <= _TABULATED:
            return self.table(part).get(target)
        if (part, target) in self.failed:
            return None
        for one, other in _splits(part):
            for a, left in self.table(one).items():
                for wanted, operator, first in self.needed(a, target):
                    right = self.find(other, wanted)
                    if right is not None:
                        return (operator, left, right) if first else (operator, right, left)
        self.failed.add((part, target))
        return None

    def needed(self, a: Fraction, target: Fraction) -> Iterator[tuple[Fraction, str, bool]]:
        """Yield each value that makes the target together with `a`, the operator, and whether `a` stands first."""
        if "+" in self.operators:
            yield target - a, "+", True
        if "-" in self.operators:
            yield a - target, "-", True
            yield target + a, "-", False
        if "*" in self.operators and a:
            yield target / a, "*", True
        if "/" in self.operators:
            if target and a:
                yield a / target, "/", True
            if a:
                yield target * a, "/", False


def _splits(part: Part) -> Iterator[tuple[Part, Part]]:
    """Yield each way to split a part in two, the smaller half first, each once."""
    for size in range(1, len(part) // 2 + 1):
        for one in combinations(part, size):
            if 2 * size < len(part) or one[0] == part[0]:
                yield one, tuple(place for place in part if place not in one)
