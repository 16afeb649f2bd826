"""The dependency graph in memory: nodes by number, edges as columns, CSR arrays of the types that are asked for.

An edge takes 13 bytes, a node 20 and its name. Views of a neighbourhood are networkx graphs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from synth.errors import UserError, did_you_mean
from synth.graph.arrays import Array, Csr, csr, reverse
from synth.graph.schema import EDGES, KINDS, node

if TYPE_CHECKING:
    import networkx as nx

MAX_VIEW = 100_000  # nodes of a view; networkx takes about a kilobyte for each


@dataclass(frozen=True)
class Graph:
    """A dependency graph. `ids` is an Arrow array of strings, all others are numpy arrays: one value a node or edge.

    `kinds`, `sides` and `types` are places in `KINDS`, `SIDES` and `EDGES`; `level`, `steps`, `claims` and `size` are
    of instances; `defined` says which instances are rows, not only names of them.
    """

    ids: Any
    kinds: Array
    sides: Array
    defined: Array
    level: Array
    steps: Array
    claims: Array
    size: Array
    sources: Array
    targets: Array
    types: Array
    scores: Array

    def __len__(self) -> int:
        return len(self.kinds)

    # ---- names and numbers -----------------------------------------------------------------------------------------

    def name(self, number: int) -> str:
        """Return the id of a node."""
        return str(self.ids[number].as_py())

    def names(self, numbers: Sequence[int] | Array) -> list[str]:
        """Return the ids of nodes."""
        import pyarrow as pa

        return list(self.ids.take(pa.array(numbers)).to_pylist())

    def number(self, name: str) -> int:
        """Return the number of a node by its id; the id of a row may stand for that of its node. Raise `UserError`."""
        import pyarrow.compute as pc

        for given in (name, node("instance", name)):
            found = int(pc.index(self.ids, given).as_py())
            if found >= 0:
                return found
        kind = name.split(":")[0]
        known = [node.split(":", 1)[1] for node in self.of_kind(kind)] if kind in KINDS else []
        hint = did_you_mean(name.split(":", 1)[1], known) if 0 < len(known) < 1000 else "give the id of a row"
        raise UserError(f"there is no node {name!r} in the graph; {hint}")

    def of_kind(self, kind: str) -> list[str]:
        """Return the ids of all nodes of a kind."""
        return self.names(self.numbers_of_kind(kind))

    def numbers_of_kind(self, kind: str) -> Array:
        """Return the numbers of all nodes of a kind; of instances, those that are rows."""
        import numpy as np

        found = self.kinds == KINDS.index(kind)
        return np.flatnonzero(found & self.defined if kind == "instance" else found)

    # ---- edges -----------------------------------------------------------------------------------------------------

    def edges(self, types: Iterable[str]) -> Array:
        """Return the places of all edges of some types."""
        import numpy as np

        return np.flatnonzero(np.isin(self.types, [EDGES.index(kind) for kind in types]))

    def csr(self, types: Iterable[str], *, back: bool = False) -> Csr:
        """Return the edges of some types as CSR arrays, turned round with `back`; kept for the next time."""
        key = (*sorted(types), "back" if back else "")
        if key not in self._built:
            if back:
                self._built[key] = reverse(self.csr(types))
            else:
                places = self.edges(types)
                self._built[key] = csr(self.sources[places], self.targets[places], len(self))
        return self._built[key]

    @cached_property
    def _built(self) -> dict[tuple[str, ...], Csr]:
        return {}

    # ---- a neighbourhood -------------------------------------------------------------------------------------------

    def view(self, around: str, hops: int = 2, types: Collection[str] = EDGES) -> nx.MultiDiGraph:
        """Return what lies within some hops of a node, whichever way edges point, as a networkx graph.

        Nodes are ids with `kind`, edges have `type`, and `score` where they have one. Raise `UserError` at an unknown
        node, or where more than 100,000 nodes are so near.
        """
        import networkx as nx
        import numpy as np

        ahead, behind = self.csr(types), self.csr(types, back=True)
        seen = {self.number(around)}
        front = sorted(seen)
        for _ in range(hops):
            new: set[int] = set()
            for here in front:
                for graph in (ahead, behind):
                    new.update(graph.targets[graph.starts[here] : graph.starts[here + 1]].tolist())
            front = sorted(new - seen)
            seen |= new
            if len(seen) > MAX_VIEW:
                raise UserError(f"more than {MAX_VIEW:,} nodes are within {hops} hops of {around}; ask for fewer hops")
        numbers = np.array(sorted(seen), np.int64)
        inside: Array = np.zeros(len(self), bool)
        inside[numbers] = True
        places = self.edges(types)
        places = places[inside[self.sources[places]] & inside[self.targets[places]]]
        found = nx.MultiDiGraph()
        named = dict(zip(numbers.tolist(), self.names(numbers), strict=True))
        for number, name in named.items():
            found.add_node(name, kind=KINDS[self.kinds[number]])
        for place in places.tolist():
            ends = named[int(self.sources[place])], named[int(self.targets[place])]
            score = {"score": round(float(self.scores[place]), 6)} if self.scores[place] else {}
            found.add_edge(*ends, type=EDGES[self.types[place]], **score)
        return found
