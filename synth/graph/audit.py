"""Does a split leak? Components over strong edges, recomputed, and the paths by which they cross."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from synth.errors import UserError
from synth.graph.arrays import Array
from synth.graph.graph import Graph
from synth.graph.lineage import groups
from synth.graph.schema import EDGES, SIDES, STRONG

SHOWN = 20  # crossings whose path is named; the rest only count
TRAIN, TEST, BOTH = map(SIDES.index, ("train", "test", "both"))


@dataclass(frozen=True)
class Audit:
    """What was found: rows on each side, components, rows in the largest, and each component that has both sides.

    A crossing is a path from a row in train to one in test: ids and, between them, the types of the edges. One row
    alone is in train and in test. `near_across` counts recorded near duplicates with one row on each side: similar
    words are no crossing.
    """

    rows: dict[str, int]
    components: int
    largest: int
    crossed: int
    crossings: tuple[tuple[str, ...], ...]
    near_across: int


def audit(graph: Graph, types: Sequence[str] = STRONG) -> Audit:
    """Look for components over strong edges that have rows on both sides.

    The guarantee is along recorded edges of these types: what was not recorded cannot be seen. Equal problems are
    joined by the problem, rows from one source by the source.
    """
    import numpy as np

    rows = graph.numbers_of_kind("instance")
    group, sides = groups(graph, types)[rows], graph.sides[rows]
    sizes = np.bincount(group) if len(rows) else np.zeros(1, int)
    in_train, in_test = np.isin(sides, (TRAIN, BOTH)), np.isin(sides, (TEST, BOTH))
    crossed = np.intersect1d(group[in_train], group[in_test])
    paths = tuple(_path(graph, types, rows[(group == one) & in_train]) for one in crossed[:SHOWN])
    counted = {side: int((sides == number).sum()) for number, side in enumerate(SIDES)}
    counted = {side: n for side, n in counted.items() if n or side in ("train", "test")}
    near = graph.edges(["near_dup"])
    across = int((graph.sides[graph.sources[near]] != graph.sides[graph.targets[near]]).sum())
    return Audit(counted, int((sizes > 0).sum()), int(sizes.max()), len(crossed), paths, across)


def _path(graph: Graph, types: Iterable[str], train: Array) -> tuple[str, ...]:
    """Return the shortest path from a row in train to one in test of the same component."""
    ahead, behind = graph.csr(types), graph.csr(types, back=True)
    came: dict[int, int] = {int(row): -1 for row in train}
    queue = deque(came)
    while queue:
        here = queue.popleft()
        if graph.sides[here] in (TEST, BOTH):
            break
        for side in (ahead, behind):
            for there in side.targets[side.starts[here] : side.starts[here + 1]].tolist():
                if there not in came:
                    came[there] = here
                    queue.append(there)
    path = [here]
    while came[path[-1]] >= 0:
        path.append(came[path[-1]])
    path.reverse()
    return tuple(_said(graph, path, types))


def _said(graph: Graph, path: Sequence[int], types: Iterable[str]) -> Iterator[str]:
    wanted = set(types)
    for one, two in zip(path, [*path[1:], -1], strict=True):
        yield graph.name(one)
        if two >= 0:
            joins = ((graph.sources == one) & (graph.targets == two)) | (
                (graph.sources == two) & (graph.targets == one)
            )
            yield next(EDGES[kind] for kind in graph.types[joins] if EDGES[kind] in wanted)


def inherited(parents: Iterable[tuple[str, str]]) -> str:
    """Return the side of a row made of others, given as (id, side): theirs, where it is one. Raise `UserError`.

    >>> inherited([("a", "test"), ("b", "test")])
    'test'
    """
    found = {side: identity for identity, side in parents}
    if len(found) != 1:
        said = " and ".join(f"{identity} in {side}" for side, identity in found.items()) or "nothing"
        raise UserError(f"a row cannot be made of {said}: rows are made of rows of one side of the split only")
    return next(iter(found))
