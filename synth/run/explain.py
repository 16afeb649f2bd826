"""Why is a row there, or not: where it comes from, what shows it, what it resembles, what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth.errors import UserError
from synth.graph.build import checkers, versions_of
from synth.graph.graph import Graph
from synth.graph.lineage import ancestors, descendants
from synth.graph.schema import EDGES
from synth.graph.shape import shape
from synth.run.benchmarks import evidence_of
from synth.run.corpus import files_of, recipe_of, rows_of
from synth.run.graph import equivalents, graph_of, siblings
from synth.run.kept import Kept
from synth.run.ledger import NAME, Ledger
from synth.run.split import held_out, split_of

if TYPE_CHECKING:
    from synth.run.recipe import Recipe

SHOWN = 10  # siblings, refused duplicates and tries that are named; the rest only count


def why(path: Path | str, name: str) -> list[dict[str, Any]]:
    """Return what is known about a row by its id, or about a source by `family/level/index`: kept, refused, retracted.

    A refused row has an id where it was found in a benchmark. A run may have more than one of a name: an id that was
    taken back and made again, a source with several refused tries. Scans the ids of the corpus.
    Raise `UserError` where there is nothing of that name.
    """
    path = Path(path)
    found = list(_in_run(path, name)) if (path / NAME).is_file() else list(_in_files(path, name))
    if not found:
        raise UserError(
            f"there is no row {name!r} in {path}; give the id of a row, or family/level/index for a source "
            "(refused sources are only in the folder of the run)"
        )
    return found


def _in_run(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    with Ledger(folder) as ledger:
        kept, retractions = Kept(ledger), ledger.retractions()
        waiting, refused = ledger.waiting()
        shards, rejected = ledger.shards(), ledger.shards("rejections")
        place = 0
        graph: Graph | None = None
        recipe = _recipe(folder)
        for shard in [*shards, None]:
            ids = _places(shard) if shard else [(row["id"], _source(row)) for row in waiting]
            hits = [number for number, keys in enumerate(ids) if name in keys]
            if hits:
                rows = list(rows_of(shard)) if shard else waiting
                for number in hits:
                    row, at = rows[number], place + number
                    graph = graph or graph_of(folder)
                    facts = _facts(graph, recipe, row, kept.proofs(row["id"], at), kept.dead(row["id"], at))
                    facts["duplicates"] = _some(_duplicates(rejected, refused, row["problem"]))
                    facts["tombstones"] = [
                        {"retraction": when, "of": retractions[when][1], "reason": retractions[when][2],
                         "after_rows": retractions[when][3], "cause": cause}
                        for when, cause in kept.tombstones(row["id"], at)
                    ]  # fmt: skip
                    yield facts
            place += len(ids)
        for rejection in _rejections(rejected, refused):
            if name in (_source(rejection), evidence_of(rejection).get("row")):
                yield _refusal(folder, ledger, rejection)


def _places(shard: Path) -> list[tuple[str, str]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(shard) as file:
        table = file.read(columns=["id", "family", "level", "provenance.index"])
    index = table["provenance"].combine_chunks().field("index").to_pylist()
    columns = [table[name].to_pylist() for name in ("id", "family", "level")]
    return [(row, f"{family}/{level}/{n}") for row, family, level, n in zip(*columns, index, strict=True)]


def _source(row: Mapping[str, Any]) -> str:
    index = row["index"] if "index" in row else row["provenance"]["index"]
    return f"{row['family']}/{row['level']}/{index}"


def _rejections(shards: Sequence[Path], waiting: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for shard in shards:
        yield from rows_of(shard)
    yield from waiting


def _duplicates(shards: Sequence[Path], waiting: Sequence[Mapping[str, Any]], problem: str) -> Iterator[str]:
    """Yield the sources that were refused because a row has their problem already."""
    for rejection in _rejections(shards, waiting):
        if rejection["stage"] == "dedup" and rejection["detail"] == problem:
            yield _source(rejection)


def _refusal(folder: Path, ledger: Ledger, rejection: Mapping[str, Any]) -> dict[str, Any]:
    same = ""
    if rejection["stage"] == "dedup":
        shown = (
            row["id"] for file in ledger.shards() for row in rows_of(file) if row["problem"] == rejection["detail"]
        )
        same = next(shown, "")
    names = ("family", "level", "index", "seed", "round", "proposer", "model", "stage", "reason", "detail",
             "counterexample", "formal", "formal_answer", "text")  # fmt: skip
    facts = {name: rejection[name] for name in names}
    evidence = evidence_of(rejection)
    return {"state": "refused", "name": _source(rejection), **facts, "duplicate_of": same, "evidence": evidence}


def _in_files(path: Path, name: str) -> Iterator[dict[str, Any]]:
    graph: Graph | None = None
    for file in files_of(path):
        for row in rows_of(file):
            if name in (row.get("id"), _source(row)):
                graph = graph or graph_of(path)
                yield {**_facts(graph, _recipe(path), row, {}, False), "duplicates": _some([]), "tombstones": []}


def _recipe(path: Path) -> Recipe:
    from synth.family.registry import families

    return recipe_of(path, families())


def _facts(
    graph: Graph, recipe: Recipe, row: Mapping[str, Any], proofs: Mapping[int, str], dead: bool
) -> dict[str, Any]:
    made_with = str(versions_of(row).get("synth", "?"))
    number = graph.number(f"instance:{row['id']}")
    texts = [proofs.get(place, text) for place, text in enumerate(row["certificates"])]
    claims = [
        {
            "role": claim["role"],
            "form": claim["form"],
            "grade": claim["grade"],
            "checkers": list(checkers(text, made_with)),
            "proved_again": place in proofs,
        }
        for place, (claim, text) in enumerate(zip(row["claims"], texts, strict=True))
    ]
    made_by = row["provenance"]
    names = ("proposer", "model", "temperature", "seed", "index", "round", "generation")
    return {
        "state": "retracted" if dead else "kept",
        "id": row["id"],
        "name": _source(row),
        "family": row["family"],
        "level": row["level"],
        "kind": row["kind"],
        "source": made_by["source"],
        **{name: made_by[name] for name in names},
        "versions": dict(versions_of(row)),
        "claims": claims,
        "split": row["split"],
        "split_because": _because(recipe, row),
        "made_of": _named(graph, ancestors(graph, number).tolist()),
        "made_of_it": _some(_named(graph, descendants(graph, [number]).tolist())),
        "same_shape": _some(_named(graph, siblings(graph, number, "same_shape"))),
        "same_problem": _some(_named(graph, siblings(graph, number, "equivalent_to"))),
        "equivalent": _some(_named(graph, equivalents(graph, number))),
        "near_dup": _near(graph, number),
    }


def _near(graph: Graph, number: int) -> list[dict[str, Any]]:
    """Return the rows whose wording is near, with scores, as far as that was recorded."""
    joined = (graph.types == EDGES.index("near_dup")) & ((graph.sources == number) | (graph.targets == number))
    found = []
    for place in joined.nonzero()[0].tolist():
        other = int(graph.sources[place]) + int(graph.targets[place]) - number
        found.append({"id": _named(graph, [other])[0], "score": round(float(graph.scores[place]), 4)})
    return found


def _named(graph: Graph, numbers: Sequence[int]) -> list[str]:
    return [name.removeprefix("instance:") for name in graph.names(numbers)] if len(numbers) else []


def _some(names: Any) -> dict[str, Any]:
    found = list(names)
    return {"count": len(found), "some": found[:SHOWN]}


def _because(recipe: Recipe, row: Mapping[str, Any]) -> str:
    """Say why a row is on its side of the split."""
    split = recipe.split
    if row["family"] not in recipe.families:
        return f"the recipe does not name the family {row['family']}"
    side = split_of(row, recipe)
    if split.by == "shape":
        what = f"a hash of seed {recipe.seed} and its shape, “{_cut(shape(row['formal'], row['theory']))}”"
    elif split.by == "problem":
        what = f"a hash of seed {recipe.seed} and its problem, {row['problem']}"
    elif split.by == "depth":
        what = "the depth of its syntax tree"
    else:
        held = sorted(held_out(recipe, row["family"]))
        what = f"whether it has a {split.by} that is held out: {_cut(json.dumps(held, ensure_ascii=False))}"
    said = f"{side}, by {what}"
    return said if side == row["split"] else f"{said}; but the row says {row['split']}"


def _cut(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"
