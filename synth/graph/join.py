"""Join tables of nodes and edges to one graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synth.errors import UserError
from synth.graph.arrays import Array
from synth.graph.graph import Graph
from synth.graph.schema import EDGES, KINDS, SIDES, node

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Shard:
    """Two tables as `synth.graph.build.tables_of` makes them, the place they come from, and rows that do not count.

    `dead` are the ids of rows of this shard that were retracted: their nodes stay, but are no rows, and have no edges.
    """

    nodes: pa.Table
    edges: pa.Table
    place: str = "the graph"
    dead: Collection[str] = ()


def joined(shards: Iterable[Shard], *, types: Collection[str] = EDGES) -> Graph:
    """Return the graph of shards, with edges of some types only where not all are needed.

    Nodes are numbered in the order in which they are first named. About a second and 200 MB for a million nodes.
    Raise `UserError` at an edge to a row that is not there, and at rows of one id that say different things.
    """
    import numpy as np
    import pyarrow as pa

    kept = list(shards)
    columns = [shard.nodes["id"].combine_chunks() for shard in kept]
    encoded = pa.chunked_array(columns, pa.string()).combine_chunks().dictionary_encode()
    ids = encoded.dictionary
    numbers = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    facts: dict[str, Array] = {name: np.zeros(len(ids), dtype) for name, dtype in _FACTS.items()}
    owner: Array = np.zeros(len(ids), np.int32)  # which of the shards defines a row
    edges: list[tuple[Array, ...]] = []
    first = 0
    for place, shard in enumerate(kept):
        here = numbers[first : first + shard.nodes.num_rows]
        first += shard.nodes.num_rows
        dead = _dead(shard)
        live = np.flatnonzero((shard.nodes["content"].to_numpy() != 0) & ~dead)
        _check_content(kept, place, here[live], live, facts["content"], owner, ids)
        before, known = facts["side"][here[live]], facts["content"][here[live]] != 0
        for name in _FACTS:
            facts[name][here[live]] = _column(shard, name)[live]
        torn = known & (facts["side"][here[live]] != before)
        facts["side"][here[live][torn]] = SIDES.index("both")
        edges.append(_edges(shard, here, dead, types))
    parts = zip(*edges, strict=True) if edges else ((), (), (), ())
    sources, targets, kinds, scores = (
        np.concatenate([*found, np.zeros(0, dtype)]).astype(dtype, copy=False)
        for found, dtype in zip(parts, (np.int32, np.int32, np.uint8, np.float32), strict=True)
    )
    defined = facts.pop("content") != 0
    graph = Graph(ids, _kinds(ids), facts.pop("side"), defined, **facts,
                  sources=sources, targets=targets, types=kinds, scores=scores)  # fmt: skip
    _check_ends(graph)
    return graph


_FACTS = {"content": "int64", "side": "uint8", "level": "int32", "steps": "int32", "claims": "int32", "size": "int32"}


def _column(shard: Shard, name: str) -> Array:
    import numpy as np

    if name != "side":
        return shard.nodes[name].to_numpy()
    found = shard.nodes["side"].combine_chunks().dictionary_encode()
    known = [SIDES.index(side) if side in SIDES else 0 for side in found.dictionary.to_pylist()]
    return np.array([*known, 0], np.uint8)[found.indices.to_numpy(zero_copy_only=False)]


def _dead(shard: Shard) -> Array:
    """Return which nodes of a shard are rows that do not count (bool of each)."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not shard.dead:
        return np.zeros(shard.nodes.num_rows, bool)
    names = pa.array([node("instance", identity) for identity in shard.dead], pa.string())
    return pc.is_in(shard.nodes["id"], names).to_numpy()


def _check_content(
    shards: Sequence[Shard], place: int, numbers: Array, live: Array, content: Array, owner: Array, ids: Any
) -> None:
    import numpy as np

    shard = shards[place]
    said = _column(shard, "content")[live]
    before = content[numbers]
    differ = np.flatnonzero((before != 0) & (before != said))
    if len(differ):
        number = int(numbers[differ[0]])
        raise UserError(
            f"{ids[number].as_py()} says one thing in {shards[owner[number]].place} and another in {shard.place}; "
            "an id is of one row: look at the two corpora one at a time, or leave one of them out"
        )
    owner[numbers] = place


def _edges(shard: Shard, here: Array, dead: Array, types: Collection[str]) -> tuple[Array, ...]:
    """Return (sources, targets, types, scores) of the edges of a shard that count, by number in the graph."""
    import numpy as np

    source, target, kind, score = (shard.edges[name].to_numpy() for name in ("source", "target", "type", "score"))
    for ends in (source, target):
        if len(ends) and (int(ends.min()) < 0 or int(ends.max()) >= len(here)):
            raise UserError(f"{shard.place} has an edge to node {int(ends.max())}, and only {len(here):,} nodes; "
                            "remove both files: they are made again from the rows")  # fmt: skip
    if len(kind) and not 0 <= int(kind.min()) <= int(kind.max()) < len(EDGES):
        raise UserError(f"{shard.place} has an edge of an unknown type; a newer version of synth can read it")
    keep = np.flatnonzero(np.isin(kind, [EDGES.index(name) for name in types]) & ~dead[source] & ~dead[target])
    return here[source[keep]], here[target[keep]], kind[keep].astype(np.uint8), score[keep]


def _kinds(ids: Any) -> Array:
    import numpy as np
    import pyarrow.compute as pc

    found = pc.list_element(pc.split_pattern(ids, ":", max_splits=1), 0).dictionary_encode()
    known = [KINDS.index(kind) if kind in KINDS else -1 for kind in found.dictionary.to_pylist()]
    if -1 in known:
        unknown = found.dictionary[known.index(-1)].as_py()
        raise UserError(f"the graph has nodes of an unknown kind {unknown!r}; a newer version of synth can read it")
    return np.array([*known, 0], np.uint8)[found.indices.to_numpy(zero_copy_only=False)]


def _check_ends(graph: Graph) -> None:
    """Raise `UserError` at an edge to a row that no shard defines."""
    import numpy as np

    unknown = (graph.kinds == KINDS.index("instance")) & ~graph.defined
    places = np.flatnonzero(unknown[graph.targets] | unknown[graph.sources])
    if len(places):
        place = places[0]
        source, target = graph.name(int(graph.sources[place])), graph.name(int(graph.targets[place]))
        raise UserError(
            f"{source} is {EDGES[graph.types[place]].replace('_', ' ')} {target}, a row that is not there; "
            "give the corpus that holds it as well"
        )
