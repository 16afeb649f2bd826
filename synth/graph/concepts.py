"""The graph of concepts: which features are met before which, as a networkx graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synth.graph.arrays import Array
from synth.graph.graph import Graph
from synth.graph.pairs import together
from synth.graph.schema import KINDS

if TYPE_CHECKING:
    import networkx as nx

MOSTLY = 0.8  # of the problems with a concept, this share or more have what it requires


def concepts(graph: Graph) -> nx.DiGraph:
    """Return the concepts of a corpus, its productions, with edges `requires` from each to what it builds on.

    A concept requires another that occurs in at least 0.8 of its problems, occurs in more problems, and is first met at
    no higher level (subsumption: Sanderson and Croft 1999, Deriving concept hierarchies from text, section 3). So there
    is no cycle; edges that follow from others are left out. Nodes are productions with `rows`, `first` (lowest level
    at which they occur) and `level` (the longest chain of what they require).
    """
    import networkx as nx
    import numpy as np

    numbers = graph.numbers_of_kind("production")
    names = [name.removeprefix("production:") for name in graph.names(numbers)]
    both = together(graph, graph.defined)
    rows = both.diagonal()
    first = _first_levels(graph)[numbers]
    found = nx.DiGraph()
    for place in np.flatnonzero(rows).tolist():
        found.add_node(names[place], rows=int(rows[place]), first=int(first[place]))
    mostly = (both > 0) & (both >= MOSTLY * rows[:, None])
    builds_on = mostly & (rows[None, :] > rows[:, None]) & (first[None, :] <= first[:, None])
    for one, two in zip(*(ends.tolist() for ends in np.nonzero(builds_on)), strict=True):
        found.add_edge(names[one], names[two], type="requires")
    reduced = nx.transitive_reduction(found)
    reduced.add_nodes_from(found.nodes(data=True))
    for one, two in reduced.edges:
        reduced.edges[one, two]["type"] = "requires"
    for name in reversed(list(nx.lexicographical_topological_sort(reduced))):
        below = [reduced.nodes[other]["level"] for other in reduced.successors(name)]
        reduced.nodes[name]["level"] = 1 + max(below, default=-1)
    return reduced


def _first_levels(graph: Graph) -> Array:
    """Return the lowest level of the rows that use each node, at the place of the node."""
    import numpy as np

    found: Array = np.full(len(graph), np.iinfo(np.int32).max, np.int32)
    places = graph.edges(["uses"])
    sources, targets = graph.sources[places], graph.targets[places]
    rows = graph.kinds[sources] == KINDS.index("instance")
    np.minimum.at(found, targets[rows], graph.level[sources[rows]])
    return found
