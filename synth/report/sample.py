"""A sample of bounded size, drawn from every stratum alike: a function of the items, whatever their order."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from synth_kernel.claims import digest

Value = TypeVar("Value")

STRATA = 4000  # strata that are kept; of later ones nothing is sampled


class Sample:
    """Keeps of each stratum the few items whose keys hash lowest (bottom-k sampling: Cohen and Kaplan 2007).

    >>> sample = Sample(2)
    >>> for number in range(100):
    ...     sample.offer(("odd" if number % 2 else "even",), str(number), lambda: {"number": number})
    >>> [found["number"] % 2 for found in sample.chosen(1000)]
    [0, 0, 1, 1]
    >>> len(sample.chosen(40)), sample.seen
    (2, 100)
    """

    def __init__(self, each: int) -> None:
        self.each = each
        self.seen = 0
        self._kept: dict[tuple[Hashable, ...], list[tuple[int, int, dict[str, Any]]]] = {}

    def offer(self, stratum: tuple[Hashable, ...], key: str, item: Callable[[], dict[str, Any]]) -> None:
        """Count an item of a stratum, and keep it where its key is among the smallest; `item` makes what is kept."""
        self.seen += 1
        heap = self._kept.get(stratum)
        if heap is None:
            if len(self._kept) >= STRATA:
                return
            heap = self._kept[stratum] = []
        place = -int(digest(key, size=8), 16)  # a heap gives back its smallest, and we drop the largest hash
        if len(heap) < self.each:
            heapq.heappush(heap, (place, -self.seen, item()))
        elif place > heap[0][0]:
            heapq.heapreplace(heap, (place, -self.seen, item()))

    def strata(self) -> Mapping[tuple[Hashable, ...], list[dict[str, Any]]]:
        """Return what is kept of each stratum, in the order of the hashes."""
        return {
            stratum: [item for _, _, item in sorted(heap, key=lambda kept: kept[:2], reverse=True)]
            for stratum, heap in sorted(self._kept.items(), key=lambda pair: tuple(map(str, pair[0])))
        }

    def chosen(self, max_bytes: int) -> list[dict[str, Any]]:
        """Return as many items as fit into so many bytes of JSON: the first of each stratum, then the second, …

        They stand by stratum. What is too large for the room that is left is passed over.
        """
        strata = list(self.strata().values())
        taken: list[list[dict[str, Any]]] = [[] for _ in strata]
        for turn in range(self.each):
            for place, items in enumerate(strata):
                if turn < len(items):
                    size = bytes_of(items[turn]) + 1
                    if size <= max_bytes:
                        max_bytes -= size
                        taken[place].append(items[turn])
        return [item for items in taken for item in items]


def bytes_of(value: Any) -> int:
    """Return the size of a value on the page: UTF-8 bytes of its JSON, in which `<` takes six."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-8", "backslashreplace")) + 5 * text.count("<")


def largest(max_bytes: int, limits: Sequence[int], make: Callable[[int], Value]) -> Value:
    """Return what `make` gives for the first of falling limits whose result fits into so many bytes, or for the last.

    >>> largest(8, (100, 4, 2), lambda limit: list(range(limit)))
    [0, 1]
    """
    for limit in limits[:-1]:
        found = make(limit)
        if bytes_of(found) <= max_bytes:
            return found
    return make(limits[-1])


def cut(text: str, characters: int) -> str:
    """Return a text, shortened where it is longer, and saying so.

    >>> cut("a long text", 6)
    'a long… (11 characters in all)'
    """
    return text if len(text) <= characters else f"{text[:characters]}… ({len(text):,} characters in all)"
