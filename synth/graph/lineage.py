"""What depends on what: descendants, ancestors, components, an order in which parents come first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from synth.errors import UserError
from synth.graph.arrays import Array, Cycle, components, levels, reachable
from synth.graph.graph import Graph
from synth.graph.schema import KINDS, LINEAGE, STRONG


def rests_on(graph: Graph, checker: str) -> Array:
    """Return the numbers of the rows with a claim that a checker accepted, `body@version`. Raise `UserError`."""
    back = graph.csr(["verified_by"], back=True)
    number = graph.number(f"checker:{checker}")
    return back.targets[back.starts[number] : back.starts[number + 1]]


def descendants(graph: Graph, roots: Sequence[int] | Array) -> Array:
    """Return the numbers of the rows made of the roots, and of what is made of them, without the roots; sorted.

    One sweep over the edges of lineage, however many roots there are.
    """
    import numpy as np

    seen = reachable(graph.csr(LINEAGE, back=True), np.asarray(roots, np.int64))
    seen[roots] = False
    return np.flatnonzero(seen & (graph.kinds == KINDS.index("instance")))


def ancestors(graph: Graph, row: int) -> Array:
    """Return the numbers of the rows and sources that a row was made of, directly or not; sorted."""
    import numpy as np

    seen = reachable(graph.csr(LINEAGE), np.array([row]))
    seen[row] = False
    return np.flatnonzero(seen)


def groups(graph: Graph, types: Iterable[str] = STRONG) -> Array:
    """Return the component of each node over edges of some types, named by its least node."""
    return components(graph.csr(types))


def parents_first(graph: Graph) -> Array:
    """Return the numbers of all nodes, each after those that it was made of. Raise `UserError` where that cannot be."""
    import numpy as np

    try:
        return np.argsort(levels(graph.csr(LINEAGE, back=True)), kind="stable")
    except Cycle as cycle:
        raise UserError(f"{graph.name(cycle.node)} is derived from itself; leave that row out") from cycle
