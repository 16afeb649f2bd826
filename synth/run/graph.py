"""The dependency graph of a corpus, wherever it lies: a run folder, an export, a file, or several of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth.errors import UserError
from synth.graph.audit import audit
from synth.graph.build import Edge, edge_tables, tables_of
from synth.graph.graph import Graph
from synth.graph.join import Shard, joined
from synth.graph.pairs import unseen_pairs
from synth.graph.schema import EDGES, KINDS, STRONG
from synth.graph.store import FOLDER, names_beside, read, write
from synth.run.corpus import files_of, recipe_of, rows_of
from synth.run.kept import Kept, rows_at
from synth.run.ledger import NAME, Ledger, full_disk_is_a_user_error, sha256
from synth.run.split import held_out, split_of

if TYPE_CHECKING:
    import pyarrow as pa

    from synth.run.recipe import Recipe

EVIDENCE = "evidence"  # in the names of files with edges that were found later
SHOWN = 20  # misplaced rows that are named; the rest only count


def graph_of(*paths: Path | str, types: Collection[str] = EDGES) -> Graph:
    """Return the graph of one or more corpora, with edges of some types only where not all are needed.

    A run has most of it on disk; all else is made from the rows, about 0.2 ms each. Raise `UserError` at a file that
    was cut short or changed, at a row that names one that is not there, and at ids that mean two different rows.
    """
    return joined((shard for path in paths for shard in _shards(Path(path))), types=types)


def _shards(path: Path) -> Iterator[Shard]:
    if path.is_dir() and (path / NAME).is_file():
        with Ledger(path) as ledger:
            yield from shards_of(ledger)
        return
    for file in files_of(path):
        yield Shard(*tables_of(rows_of(file)), place=str(file))


def shards_of(ledger: Ledger) -> Iterator[Shard]:
    """Yield the graph of each shard of a run, as the ledger names it, and of the rows that wait for a shard."""
    import pyarrow.parquet as pq

    kept, sums, start = Kept(ledger), ledger.checksums(), 0
    gone: set[str] = set()
    for shard in ledger.shards():
        files = [ledger.folder / name for name in names_beside(shard.name)]
        there = all(file.is_file() and str(file.relative_to(ledger.folder)) in sums for file in files)
        for file in files if there else ():
            _check_sum(ledger, file, sums, "remove it: it is made again from the rows")
        nodes, edges = read(*files) if there else tables_of(rows_of(shard))
        dead: set[str] = set()
        if kept:
            ids = pq.read_table(shard, columns=["id"])["id"].to_pylist()
            dead = {identity for place, identity in enumerate(ids, start) if kept.dead(identity, place)}
            gone = (gone - set(ids)) | dead
            start += len(ids)
        yield Shard(nodes, edges, str(shard), dead)
    waiting = ledger.waiting()[0]
    if waiting:
        yield Shard(*tables_of(waiting), place=str(ledger.folder))
        gone -= {row["id"] for row in waiting}
    for name in _recorded(sums):
        yield Shard(*_read_recorded(ledger, name, sums), place=str(ledger.folder / name), dead=gone)
    if found := ledger.alike():
        yield Shard(*edge_tables(found), place=str(ledger.folder), dead=gone)


def _recorded(sums: Mapping[str, str]) -> list[str]:
    return sorted(name for name in sums if name.startswith(f"{FOLDER}/nodes-{EVIDENCE}"))


def _read_recorded(ledger: Ledger, name: str, sums: Mapping[str, str]) -> tuple[pa.Table, pa.Table]:
    files = [ledger.folder / name, ledger.folder / name.replace("nodes", "edges")]
    for file in files:
        _check_sum(ledger, file, sums, "restore it from a copy: what it says was found once and is nowhere else")
    return read(*files)


def recorded(ledger: Ledger) -> Iterator[tuple[str, str, str]]:
    """Yield the edges (row id, type, row id) that are in files of their own."""
    sums = ledger.checksums()
    for name in _recorded(sums):
        nodes, edges = _read_recorded(ledger, name, sums)
        ids = [each.removeprefix("instance:") for each in nodes["id"].to_pylist()]
        for one, two, kind in zip(*(edges[name].to_pylist() for name in ("source", "target", "type")), strict=True):
            yield ids[one], EDGES[kind], ids[two]


def _check_sum(ledger: Ledger, file: Path, sums: Mapping[str, str], next_step: str) -> None:
    if not file.is_file() or sha256(file) != sums[str(file.relative_to(ledger.folder))]:
        raise UserError(f"{file} is missing, cut short or changed: it is not as the ledger names it; {next_step}")


def record(folder: Path | str, edges: Iterable[Edge]) -> int:
    """Add edges (row id, type, row id, score) that were found later, such as near duplicates; return how many.

    They are written beside the graph of the rows and named in the ledger, all or none. Raise `UserError` where a row is
    not in the run.
    """
    folder = Path(folder)
    if not (folder / NAME).is_file():
        raise UserError(f"{folder} holds no run; edges are recorded in the folder that `synth generate` made")
    tables = edge_tables(edges)
    if tables[1].num_rows:
        with full_disk_is_a_user_error(folder), Ledger(folder, write=True) as ledger:
            joined([*shards_of(ledger), Shard(*tables, place="what is recorded")])  # refuses what names no row
            write_recorded(ledger, tables)
    return int(tables[1].num_rows)


def write_recorded(ledger: Ledger, tables: tuple[pa.Table, pa.Table], values: Mapping[str, str] | None = None) -> None:
    """Write edges to files of their own and name them, unless there are none; keep texts in the ledger with them."""
    number = len(_recorded(ledger.checksums()))
    names = [f"{FOLDER}/{kind}-{EVIDENCE}-{number:05d}.parquet" for kind in ("nodes", "edges")]
    named = dict(zip(names, tables, strict=True)) if tables[1].num_rows else {}
    for name, table in named.items():
        write(table, ledger.folder / name)
    ledger.name({name: table.num_rows for name, table in named.items()}, **(values or {}))


# ---- the audit of a split --------------------------------------------------------------------------------------------


def audit_split(*paths: Path | str) -> dict[str, Any]:
    """Return what a recomputation of the split of corpora says; `ok` is false where a crossing or a misplaced row is.

    Crossings are components over strong edges with rows on both sides, each shown as a path. Misplaced are rows that
    the recipe puts on the other side.
    """
    from synth.family.registry import families

    recipes = {Path(path): recipe_of(Path(path), families()) for path in paths}
    by = sorted({recipe.split.by for recipe in recipes.values()})
    types = (*STRONG, "same_shape") if "shape" in by else STRONG
    graph = graph_of(*paths)
    found = audit(graph, types)
    misplaced = [text for path, recipe in recipes.items() for text in _misplaced(rows_at(path), recipe)]
    in_test, new = unseen_pairs(graph)
    held = sorted({pair for recipe in recipes.values() for name in recipe.families for pair in held_out(recipe, name)})
    return {
        **asdict(found),
        "by": by,
        "edges": sorted(types),
        "pairs_in_test": in_test,
        "pairs_in_test_only": new,
        "held_out": [list(pair) for pair in held],
        "misplaced": len(misplaced),
        "misplaced_rows": misplaced[:SHOWN],
        "ok": not found.crossed and not misplaced,
    }


def _misplaced(rows: Iterable[Mapping[str, Any]], recipe: Recipe) -> Iterator[str]:
    for row in rows:
        if row["family"] not in recipe.families:
            yield f"{row['id']} is of {row['family']}, a family that the recipe does not name"
            continue
        try:
            wanted = split_of(row, recipe)
        except ValueError as error:
            yield f"{row['id']} cannot be read: {error}"
            continue
        if wanted != row["split"]:
            yield f"{row['id']} is in {row['split']}, and by {recipe.split.by} belongs in {wanted}"


def siblings(graph: Graph, number: int, type_: str) -> Sequence[int]:
    """Return the other rows with an edge of some type to the same node: those of one shape, of one problem."""
    ahead, behind = graph.csr([type_]), graph.csr([type_], back=True)
    found: set[int] = set()
    for hub in ahead.targets[ahead.starts[number] : ahead.starts[number + 1]].tolist():
        if graph.kinds[hub] == KINDS.index("instance"):
            continue
        found.update(behind.targets[behind.starts[hub] : behind.starts[hub + 1]].tolist())
    return sorted(found - {number})


def equivalents(graph: Graph, number: int) -> Sequence[int]:
    """Return the other rows that proofs join to a row, directly or through others."""
    ahead, behind = graph.csr(["equivalent_to"]), graph.csr(["equivalent_to"], back=True)
    found, waiting = {number}, [number]
    while waiting:
        here = waiting.pop()
        for side in (ahead, behind):
            for there in side.targets[side.starts[here] : side.starts[here + 1]].tolist():
                if there not in found and graph.kinds[there] == KINDS.index("instance"):
                    found.add(there)
                    waiting.append(there)
    return sorted(found - {number})
