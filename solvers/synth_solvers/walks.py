"""Cheapest walks by Dijkstra's algorithm (Numerische Mathematik 1, 1959): distances are the prices of `potential`."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.terms import Term


def distances(arcs: Sequence[Any], start: str) -> tuple[dict[str, int], dict[str, str]]:
    """Return the distance from the start of every place it reaches, in the order settled, and each one's predecessor.

    >>> distances([("arc", "'a", "'b", 2), ("arc", "'b", "'c", 1), ("arc", "'a", "'c", 5)], "'a")
    ({"'a": 0, "'b": 2, "'c": 3}, {"'b": "'a", "'c": "'b"})
    """
    leaving: dict[str, list[tuple[str, int]]] = {}
    for _, tail, head, cost in arcs:
        leaving.setdefault(tail, []).append((head, cost))
    settled: dict[str, int] = {}
    before: dict[str, str] = {}
    queue: list[tuple[int, str, str]] = [(0, start, "")]
    while queue:
        distance, place, previous = heapq.heappop(queue)
        if place in settled:
            continue
        settled[place] = distance
        if previous:
            before[place] = previous
        for head, cost in leaving.get(place, ()):
            if head not in settled:
                heapq.heappush(queue, (distance + cost, head, place))
    return settled, before


@lru_cache(maxsize=8)
def _prices(sort: Any, start: str) -> dict[str, int]:
    """Return the distances from a place; the steps of one problem all ask for the same."""
    return distances(sort[1:], start)[0]


def ends(walk: str, premises: Sequence[Term]) -> tuple[str, str]:
    """Return the start and the end that the premises fix; empty where they do not."""
    found = {"start": "", "end": ""}
    for premise in premises:
        match premise:
            case ("=", (str(which), name), str(place)) if name == walk and which in found:
                found[which] = place
    return found["start"], found["end"]


def shortest(arcs: Sequence[Any], start: str, end: str) -> tuple[str, ...] | None:
    """Return the places of a cheapest walk, None if there is no walk."""
    settled, before = distances(arcs, start)
    if end not in settled:
        return None
    places = [end]
    while places[-1] != start:
        places.append(before[places[-1]])
    return tuple(reversed(places))


def potential(sequent: Sequent) -> dict[str, Any] | None:
    """Return the distances below the goal's bound as prices, None where the sequent is not about one walk."""
    walks = [name for name, sort in sequent.sorts.items() if sort == "Walk"]
    if len(walks) != 1:
        return None
    sort = sequent.declared[walks[0]]
    start, _ = ends(walks[0], sequent.premises)
    if not start or not isinstance(sort, tuple):
        return None
    bound = next((part for part in _parts(sequent.goal) if type(part) is int), 0)
    nearer = {place: price for place, price in _prices(sort, start).items() if price < bound}
    return {"v": 1, "body": "potential", "prices": nearer}


def _parts(term: Term) -> Iterator[Term]:
    yield term
    if isinstance(term, tuple):
        for part in term[1:]:
            yield from _parts(part)
