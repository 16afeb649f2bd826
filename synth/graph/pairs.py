"""Which features occur together in a problem, and which pairs of them only in test."""

from __future__ import annotations

from typing import Any

from synth.graph.arrays import Array
from synth.graph.graph import Graph
from synth.graph.schema import KINDS, SIDES


def unseen_pairs(graph: Graph) -> tuple[int, int]:
    """Return how many pairs of features occur together in test, and how many of these never do in train."""
    import numpy as np

    shown: list[Any] = []
    for side in ("test", "train"):
        one, two = np.nonzero(np.triu(together(graph, graph.sides == SIDES.index(side)), 1))
        shown.append(set(zip(one.tolist(), two.tolist(), strict=True)))
    return len(shown[0]), len(shown[0] - shown[1])


def together(graph: Graph, rows: Array) -> Array:
    """Return for each two productions in how many rows both occur, as a square matrix in the order of their numbers.

    `rows` says of each node whether it is among the rows to count. The diagonal says in how many each occurs.
    """
    import numpy as np
    from scipy.sparse import coo_array

    production = graph.kinds == KINDS.index("production")
    column = np.cumsum(production) - 1
    places = graph.edges(["uses"])
    sources, targets = graph.sources[places], graph.targets[places]
    uses = (graph.kinds[sources] == KINDS.index("instance")) & production[targets] & rows[sources]
    ends = (sources[uses], column[targets[uses]])
    found = coo_array((np.ones(len(ends[0]), np.int32), ends), shape=(len(graph), int(production.sum()))).tocsr()
    square: Array = (found.T @ found).toarray()
    return square
