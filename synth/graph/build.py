"""The graph of rows: a pure function of them, so that a lost table can be made again and two makers agree in bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from synth.errors import UserError, did_you_mean
from synth.graph.keys import shape_key, surface
from synth.graph.schema import EDGES, edges_schema, node, nodes_schema
from synth_kernel.claims import digest

if TYPE_CHECKING:
    import pyarrow as pa

Row: TypeAlias = Mapping[str, Any]
Edge: TypeAlias = tuple[str, str, str, float]  # row id, type, row id, score
_NOT_CONTENT = frozenset({"split", "pass_rate", "certificates", "provenance"})  # may differ between copies of one row
_EDGE = {name: number for number, name in enumerate(EDGES)}


def tables_of(rows: Iterable[Row]) -> tuple[pa.Table, pa.Table]:
    """Return the tables of nodes and edges of rows of the export contract.

    About 60 microseconds a row. Equal rows in equal order give equal tables, whatever was made before.
    """
    made = _Tables()
    for row in rows:
        try:
            made.add(row)
        except (KeyError, TypeError, AttributeError) as error:
            named = row.get("id") if isinstance(row, Mapping) else row
            raise UserError(
                f"row {str(named)[:40]!r} is none of the export contract: {error!r}; export it again"
            ) from error
    return _as_tables(made)


def edge_tables(edges: Iterable[Edge]) -> tuple[pa.Table, pa.Table]:
    """Return the tables of edges between rows: (row id, type, row id, score between 0 and 1); the rows are elsewhere.

    >>> edge_tables([("a", "near_dup", "b", 0.75)])[1].to_pylist()
    [{'source': 0, 'target': 1, 'type': 6, 'score': 0.75}]
    """
    made = _Tables()
    for source, kind, target, score in edges:
        if kind not in _EDGE:
            raise UserError(f"there is no type of edge {kind!r}; {did_you_mean(kind, EDGES)}")
        made.edge(made.place("instance", source), kind, made.place("instance", target), score)
    return _as_tables(made)


def _as_tables(made: _Tables) -> tuple[pa.Table, pa.Table]:
    import pyarrow as pa

    names = nodes_schema().names
    columns = {"id": list(made.places), **{name: list(values) for name, values in _facts(made)}}
    nodes = pa.table({name: columns[name] for name in names}, schema=nodes_schema())
    ends = list(zip(*made.edges, strict=True)) or [(), (), (), ()]
    return nodes, pa.table(dict(zip(edges_schema().names, ends, strict=True)), schema=edges_schema())


def _facts(made: _Tables) -> Iterator[tuple[str, list[Any]]]:
    nothing = (0, "", 0, 0, 0, 0)
    found = [made.facts.get(place, nothing) for place in range(len(made.places))]
    for number, name in enumerate(nodes_schema().names[1:]):
        yield name, [values[number] for values in found]


class _Tables:
    def __init__(self) -> None:
        self.places: dict[str, int] = {}  # id -> place, in the order in which they are first named
        self.facts: dict[int, tuple[int, str, int, int, int, int]] = {}
        self.edges: dict[tuple[int, int, int, float], None] = {}  # an ordered set

    def place(self, kind: str, name: str) -> int:
        return self.places.setdefault(node(kind, name), len(self.places))

    def edge(self, source: int, kind: str, target: int, score: float = 0.0) -> None:
        self.edges[source, target, _EDGE[kind], score] = None

    def add(self, row: Row) -> None:
        family, made_by = row["family"], row["provenance"]
        here = self.place("instance", row["id"])
        steps, claims, size = len(row["steps"]), len(row["claims"]), len(row["formal"])
        self.facts[here] = (content(row), row["split"], row["level"], steps, claims, size)
        self.edge(here, "equivalent_to", self.place("problem", row["problem"]))
        self.edge(here, "same_shape", self.place("shape", shape_key(row["formal"], row["theory"])))
        self.edge(here, "uses", self.place("text", f"{row['language']}/{surface(row['question'])}"))
        self._lineage(here, row)
        for feature in row["features"]:
            production = self.place("production", f"{family}/{feature}")
            self.edge(here, "uses", production)
            self.edge(production, "uses", self.place("concept", feature))
        self.edge(here, "uses", self.place("family", f"{family}@{versions_of(row).get('family', '?')}"))
        if made_by["model"]:
            self.edge(here, "uses", self.place("model", made_by["model"]))
        for checker in checkers_of(row):
            self.edge(here, "verified_by", self.place("checker", checker))
        self._steps(here, row)

    def _lineage(self, here: int, row: Row) -> None:
        """A row is derived from its source, or from the rows that its provenance names as parents."""
        made_by = row["provenance"]
        parents = made_by.get("parents") or ()
        if not parents:
            source = f"{row['family']}/{row['level']}/{made_by['seed']}/{made_by['index']}"
            self.edge(here, "derived_from", self.place("source", source))
        for parent in parents:
            self.edge(here, "composed_of" if len(parents) > 1 else "derived_from", self.place("instance", parent))

    def _steps(self, here: int, row: Row) -> None:
        names = {step["id"] for step in row["steps"]}
        for step in row["steps"]:
            place = self.place("step", f"{row['id']}/{step['id']}")
            self.edge(here, "uses", place)
            for parent in step["parents"]:
                if parent in names:
                    self.edge(place, "requires", self.place("step", f"{row['id']}/{parent}"))


def content(row: Row) -> int:
    """Return a hash of what a row says, between 1 and 2⁶³ − 1: of all but how it was made, proved, split and tried."""
    kept = {name: value for name, value in row.items() if name not in _NOT_CONTENT}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    return (int(digest(text, size=8), 16) >> 1) or 1


def versions_of(row: Row) -> Mapping[str, str]:
    """Return what a row was made with; nothing where its provenance does not say so."""
    try:
        found = json.loads(row["provenance"]["versions"])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def checkers_of(row: Row) -> list[str]:
    """Return the checkers that a row rests on, sorted: `body@version` of the kernel, and solvers where they agree."""
    made_with = str(versions_of(row).get("synth", "?"))
    return sorted({name for text in row["certificates"] for name in checkers(text, made_with)})


def checkers(certificate: str, version: str) -> Iterator[str]:
    """Yield the checkers that a certificate rests on.

    >>> list(checkers('{"v":1,"body":"lrat"}', "0.1.0"))
    ['lrat@0.1.0']
    """
    try:
        found = json.loads(certificate)
        yield f"{found['body']}@{version}"
        for solver in found.get("solvers", ()):
            yield f"{solver['tool']}@{solver['version']}"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield f"?@{version}"
