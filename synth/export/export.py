"""Export a finished run: Parquet and JSON lines by split, a card, the recipe, and the program that re-checks it all."""

from __future__ import annotations

import json
import shutil
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from synth.errors import UserError, did_you_mean
from synth.export.card import card
from synth.export.recheck_zip import write_zip
from synth.graph.curriculum import curriculum
from synth.graph.select import METHODS, Method, Selection
from synth.graph.select import select as choose
from synth.run.corpus import RECIPE, SPLITS, recipe_of
from synth.run.demand import targets
from synth.run.graph import graph_of
from synth.run.kept import Kept
from synth.run.ledger import NAME, Ledger, full_disk_is_a_user_error, sha256
from synth.run.package import package_of
from synth.run.recipe import Recipe, quotas
from synth.run.status import status_of

if TYPE_CHECKING:
    import pyarrow as pa

Order = Literal["run", "curriculum"]
ORDERS: tuple[Order, ...] = get_args(Order)
AT_A_TIME = 2048  # rows that are put in order and written at a time
PROGRAM = "recheck.pyz"
SELECTION = "selection.json"  # how rows were chosen and what they lack; a recipe may demand just that


@dataclass
class Figures:
    """What is counted while rows are written: by split, by family, by grade of a row and of a claim, certificates."""

    splits: Counter[str] = field(default_factory=Counter)
    families: Counter[tuple[str, str]] = field(default_factory=Counter)  # by family and split
    grades: Counter[str] = field(default_factory=Counter)
    bodies: Counter[str] = field(default_factory=Counter)
    sizes: Counter[int] = field(default_factory=Counter)

    def count(self, row: dict[str, Any]) -> None:
        """Count one row."""
        self.splits[row["split"]] += 1
        self.families[row["family"], row["split"]] += 1
        self.grades["A" if any(claim["grade"] == "A" for claim in row["claims"]) else "W"] += 1
        self.sizes[sum(map(len, row["certificates"]))] += 1
        for text in row["certificates"]:
            self.bodies[str(json.loads(text).get("body", "?"))] += 1


def export(
    folder: Path | str, out: Path | str, *, rows: int | None = None, select: Method = "coverage", order: Order = "run"
) -> dict[str, Any]:
    """Write the export of a finished run; return `{"rows", "splits", "grades", "digest", "files"}`.

    With `rows`, that many are chosen: by the recipe's quotas for family × level, exactly, and inside each by the mix of
    pairs of features. `select` is how, see `synth.graph.select`. What could not be met stands under `selection`, and in
    `selection.json`, which the recipe of another run may name as its reference. Rows stand in the order of the run, or
    of a `curriculum` (see `synth.graph.curriculum`), for which all are in memory, about 10 KB each.

    The same run gives the same bytes. What was exported to the place before is replaced, anything else there is not
    touched. Raise `UserError` where the run is not finished or the place is taken.
    """
    from synth.family.registry import families
    from synth.recheck.rows import Package

    folder, out = Path(folder), Path(out)
    if rows is not None and rows < 1:
        raise UserError(f"--rows must be at least 1, not {rows}")
    for given, known, what in ((select, METHODS, "way to select"), (order, ORDERS, "order")):
        if given not in known:
            raise UserError(f"there is no {what} {given!r}; {did_you_mean(str(given), known)}")
    with Ledger(folder) as ledger:
        status = status_of(ledger)
        if not status.done:
            raise UserError(
                f"the run in {folder} is not finished ({status.accepted} of {status.requested} rows); "
                f"go on with it: synth generate --out {folder}"
            )
        if out.exists() and any(out.iterdir() if out.is_dir() else [out]) and not (out / PROGRAM).is_file():
            raise UserError(f"{out} exists and is no export; choose another --out, or remove it")
        recipe = recipe_of(folder, families())
        packed = package_of(recipe)
        selection = None if rows is None else _choose(ledger, recipe, rows, select)
        tables = _chosen(ledger, selection)
        if order == "curriculum":
            tables = _ordered(tables, curriculum(graph_of(folder)))
        with full_disk_is_a_user_error(out), _whole_or_not(out) as partial:
            figures = _write_rows(tables, partial)
            if selection is not None:
                (partial / SELECTION).write_text(json.dumps(selection.as_json(), indent=1) + "\n", encoding="utf-8")
            write_zip(partial / PROGRAM, packed)
            (partial / RECIPE).write_text(recipe.text(), encoding="utf-8")
            digest = Package(packed).digest
            text = card(recipe, status, figures, digest, selection, order)
            (partial / "README.md").write_text(text, encoding="utf-8")
    return {
        "rows": figures.splits.total(),
        "splits": dict(sorted(figures.splits.items())),
        "grades": dict(sorted(figures.grades.items())),
        "digest": digest,
        "files": sorted(str(file) for file in out.iterdir()),
        **({"selection": selection.as_json()} if selection else {}),
    }


@contextmanager
def _whole_or_not(out: Path) -> Iterator[Path]:
    """Yield a folder that takes the place of `out` once all is written; after a failure nothing is left of it."""
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        yield partial
        shutil.rmtree(out, ignore_errors=True)
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _choose(ledger: Ledger, recipe: Recipe, rows: int, method: Method) -> Selection:
    """Choose rows of a run by the quotas of its recipe, and by its reference where it has one."""
    columns = ["family", "level", "features"]
    pool = (
        (row["family"], row["level"], row["features"])
        for table in _tables(ledger)
        for row in table.select(columns).to_pylist()
    )
    wanted = quotas(recipe.model_copy(update={"rows": rows}))
    return choose(pool, wanted, method=method, targets=targets(ledger))


def _chosen(ledger: Ledger, selection: Selection | None) -> Iterator[pa.Table]:
    """Yield the rows of a run in its order, or those that were selected."""
    place = 0
    for table in _tables(ledger):
        size = table.num_rows
        if selection is not None:
            first, last = (bisect_left(selection.rows, end) for end in (place, place + size))
            table = table.take([row - place for row in selection.rows[first:last]])
        place += size
        yield table


def _ordered(tables: Iterable[pa.Table], ids: Sequence[str]) -> Iterator[pa.Table]:
    """Yield rows in the order of ids, some of which may not be there."""
    import pyarrow as pa

    kept = list(tables)
    place = {identity: (n, at) for n, table in enumerate(kept) for at, identity in enumerate(table["id"].to_pylist())}
    order = [place[identity] for identity in ids if identity in place]
    for first in range(0, len(order), AT_A_TIME):
        wanted = order[first : first + AT_A_TIME]
        parts = [kept[n].take([at for _, at in some]) for n, some in groupby(sorted(wanted), itemgetter(0))]
        found = {at: number for number, at in enumerate(sorted(wanted))}
        yield pa.concat_tables(parts).take([found[at] for at in wanted])


def _write_rows(tables: Iterable[pa.Table], out: Path) -> Figures:
    """Write train and test, each in the order of the tables; a split without rows has empty files."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from synth.run.schema import ROW

    figures = Figures()
    with ExitStack() as stack:
        writers = {
            split: stack.enter_context(pq.ParquetWriter(out / f"{split}.parquet", ROW, compression="zstd"))
            for split in SPLITS
        }
        lines = {
            split: stack.enter_context((out / f"{split}.jsonl").open("w", encoding="utf-8", newline="\n"))
            for split in SPLITS
        }
        for table in tables:
            for split in SPLITS:
                part = table.filter(pc.equal(table["split"], split))
                if part.num_rows:
                    writers[split].write_table(part)
                for row in part.to_pylist():
                    figures.count(row)
                    lines[split].write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
    return figures


def _tables(ledger: Ledger) -> Iterator[pa.Table]:
    """Yield the shards of a run, each as it was named in the ledger, without the rows that were taken back since.

    Pass rates and proofs that came later are in their place. Raise `UserError` at a shard that was changed.
    """
    import pyarrow.parquet as pq

    from synth.run.schema import ROW, table

    measured = ledger.pass_rates()
    kept, place = Kept(ledger), 0
    named = ledger.checksums()
    for path in ledger.shards():
        if not path.is_file() or sha256(path) != named[path.name]:
            raise UserError(f"{path} is not as the ledger {ledger.folder / NAME} names it; make the run again")
        found = pq.read_table(path, schema=ROW)
        size = found.num_rows
        if kept:
            rows = (kept.row(row, place + number) for number, row in enumerate(found.to_pylist()))
            found = table(row for row in rows if row is not None)
        place += size
        if measured:
            found = table({**row, "pass_rate": _rates(row, measured)} for row in found.to_pylist())
        yield found


def _rates(row: Mapping[str, Any], measured: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    """Return the pass rates of a row; one that was measured since replaces one of the same model."""
    newer = measured.get(row["id"], ())
    models = {rate["model"] for rate in newer}
    return [*[rate for rate in row["pass_rate"] if rate["model"] not in models], *newer]
