"""Algorithms on directed graphs as int32 CSR arrays: components, levels in topological order, reachability.

All are linear in nodes and edges. Levels are swept with numpy while they are wide, node by node while they are narrow:
a chain of a million nodes costs seconds, not minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

Array: TypeAlias = Any  # a numpy array; numpy is imported where it is needed, so that commands start quickly

EDGES_AT_A_TIME = 1 << 20  # that components are joined over
NARROW = 24  # nodes of a level below which they are swept one by one


class Cycle(ValueError):
    """A graph that should have no cycle has one, through `node`."""

    def __init__(self, node: int) -> None:
        super().__init__(f"a cycle goes through node {node}")
        self.node = node


@dataclass(frozen=True)
class Csr:
    """The edges that leave each node: those of node i go to `targets[starts[i] : starts[i + 1]]`, in order."""

    starts: Array
    targets: Array

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.starts) - 1


def csr(sources: Array, targets: Array, nodes: int) -> Csr:
    """Return edges as CSR arrays, parallel ones once."""
    import numpy as np
    from scipy.sparse import coo_array

    ends: tuple[Array, Array] = (sources.astype(np.int32, copy=False), targets.astype(np.int32, copy=False))
    found = coo_array((np.ones(len(sources), bool), ends), shape=(nodes, nodes)).tocsr()
    return Csr(found.indptr.astype(np.int32, copy=False), found.indices.astype(np.int32, copy=False))


def components(graph: Csr) -> Array:
    """Return the least node of the weakly connected component of each node (int32).

    Roots are hooked to lesser roots and paths halved, for some edges at a time (after Shiloach and Vishkin, 1982, An
    O(log n) parallel connectivity algorithm), in a quarter of the memory that `scipy.sparse.csgraph` takes.
    """
    import numpy as np

    root: Array = np.arange(graph.nodes, dtype=np.int32)
    for first in range(0, len(graph.targets), EDGES_AT_A_TIME):
        two = graph.targets[first : first + EDGES_AT_A_TIME]
        one: Array = (
            np.searchsorted(graph.starts, np.arange(first, first + len(two)), side="right").astype(np.int32) - 1
        )
        while True:
            one, two = root[one], root[two]
            apart = one != two
            if not apart.any():
                break
            one, two = one[apart], two[apart]
            np.minimum.at(root, np.maximum(one, two), np.minimum(one, two))
            while True:
                above = root[root]
                if np.array_equal(above, root):
                    break
                root = above
    return root


def levels(graph: Csr) -> Array:
    """Return the length of the longest path that ends in each node (int32), 0 where none does; raise `Cycle`.

    Sorted by level, nodes are in topological order. Kahn (1962), a level at a time.
    """
    import numpy as np

    waiting = np.bincount(graph.targets, minlength=graph.nodes).astype(np.int32)
    found: Array = np.zeros(graph.nodes, np.int32)
    front = np.flatnonzero(waiting == 0)
    level = done = 0
    while len(front):
        found[front] = level
        done += len(front)
        level += 1
        if len(front) < NARROW:
            front = _freed_one_by_one(graph, front, waiting)
            continue
        reached = _reached(graph, front)
        np.subtract.at(waiting, reached, 1)
        front = np.unique(reached[waiting[reached] == 0])
    if done < graph.nodes:
        raise Cycle(_on_cycle(graph, waiting))
    return found


def _freed_one_by_one(graph: Csr, front: Array, waiting: Array) -> Array:
    import numpy as np

    freed = []
    for here in front.tolist():
        for there in graph.targets[graph.starts[here] : graph.starts[here + 1]].tolist():
            waiting[there] -= 1
            if not waiting[there]:
                freed.append(there)
    found: Array = np.array(freed, np.int64)
    return found


def _on_cycle(graph: Csr, waiting: Array) -> int:
    """Return a node of a cycle: from any node that still waits, go back along nodes that wait until one repeats."""
    import numpy as np

    behind = reverse(graph)
    here = int(np.flatnonzero(waiting)[0])
    seen = set()
    while here not in seen:
        seen.add(here)
        before = behind.targets[behind.starts[here] : behind.starts[here + 1]]
        here = int(before[waiting[before] > 0][0])
    return here


def reverse(graph: Csr) -> Csr:
    """Return the graph with every edge turned round."""
    import numpy as np

    sources: Array = np.repeat(np.arange(graph.nodes, dtype=np.int32), np.diff(graph.starts))
    return csr(graph.targets, sources, graph.nodes)


def reachable(graph: Csr, roots: Array) -> Array:
    """Return which nodes can be reached from any of the roots (bool of each node); the roots are among them.

    One sweep, however many roots there are.
    """
    import numpy as np

    seen: Array = np.zeros(graph.nodes, bool)
    seen[roots] = True
    front = np.flatnonzero(seen)
    while len(front):
        if len(front) < NARROW:
            front = _new_one_by_one(graph, front, seen)
            continue
        reached = _reached(graph, front)
        front = np.unique(reached[~seen[reached]])
        seen[front] = True
    return seen


def _new_one_by_one(graph: Csr, front: Array, seen: Array) -> Array:
    import numpy as np

    new = []
    for here in front.tolist():
        for there in graph.targets[graph.starts[here] : graph.starts[here + 1]].tolist():
            if not seen[there]:
                seen[there] = True
                new.append(there)
    found: Array = np.array(new, np.int64)
    return found


def _reached(graph: Csr, front: Array) -> Array:
    """Return the targets of all edges that leave the front, one after the other."""
    import numpy as np

    first = graph.starts[front]
    count = graph.starts[front + 1] - first
    ends = np.cumsum(count, dtype=np.int64)
    places = np.arange(ends[-1], dtype=np.int64) + np.repeat(first - (ends - count), count)
    found: Array = graph.targets[places]
    return found
