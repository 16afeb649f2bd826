"""The order in which to learn: problems after those whose concepts they build on, little effort first."""

from __future__ import annotations

from synth.graph.arrays import Array
from synth.graph.concepts import concepts
from synth.graph.graph import Graph
from synth.graph.schema import KINDS


def curriculum(graph: Graph) -> list[str]:
    """Return the ids of all rows: by the highest level among their concepts, then by steps, claims, size, and id.

    The level of a concept is the longest chain of concepts that it requires, as `synth.graph.concepts` finds them.
    """
    import numpy as np

    levels = {name: found["level"] for name, found in concepts(graph).nodes(data=True)}
    numbers = graph.numbers_of_kind("production")
    names = [name.removeprefix("production:") for name in graph.names(numbers)]
    of_node: Array = np.zeros(len(graph), np.int32)
    of_node[numbers] = [levels.get(name, 0) for name in names]
    highest: Array = np.zeros(len(graph), np.int32)
    places = graph.edges(["uses"])
    uses = places[graph.kinds[graph.targets[places]] == KINDS.index("production")]
    np.maximum.at(highest, graph.sources[uses], of_node[graph.targets[uses]])
    rows = graph.numbers_of_kind("instance")
    ids = [name.removeprefix("instance:") for name in graph.names(rows)]
    by_id: Array = np.empty(len(rows), np.int64)
    by_id[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(rows))
    keys = (by_id, graph.size[rows], graph.claims[rows], graph.steps[rows], highest[rows])
    return [ids[place] for place in np.lexsort(keys).tolist()]
