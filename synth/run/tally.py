"""Cells: family × level × one unordered pair of features in one problem. Coverage and the entropy ledger count them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import TypeAlias

Cell: TypeAlias = tuple[str, int, str, str]


def cells(family: str, level: int, features: Iterable[str]) -> Iterator[Cell]:
    """Yield the cells of one problem; a single feature pairs with itself.

    >>> list(cells("knights", 1, ["says", "and"]))
    [('knights', 1, 'and', 'says')]
    >>> list(cells("knights", 1, ["says"]))
    [('knights', 1, 'says', 'says')]
    """
    names = sorted(set(features))
    if len(names) == 1:
        yield family, level, names[0], names[0]
    for one, other in combinations(names, 2):
        yield family, level, one, other


def add(tally: Counter[Cell], family: str, level: int, features: Iterable[str]) -> None:
    """Count one problem: it lies in each of its k cells with weight 1/k.

    >>> tally: Counter[Cell] = Counter()
    >>> add(tally, "knights", 1, ["a", "b", "c"])
    >>> sum(tally.values())
    1.0
    """
    found = list(cells(family, level, features))
    for cell in found:
        tally[cell] += 1 / len(found)  # type: ignore[assignment]  # a Counter of weights
