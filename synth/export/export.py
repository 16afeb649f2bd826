"""Export a finished run: Parquet and JSON lines by split, a card, the recipe, and the program that re-checks it all."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth.errors import UserError
from synth.export.card import card
from synth.export.recheck_zip import write_zip
from synth.run.corpus import RECIPE, SPLITS, recipe_of
from synth.run.ledger import NAME, Ledger, full_disk_is_a_user_error, sha256
from synth.run.package import package_of
from synth.run.status import status_of

if TYPE_CHECKING:
    import pyarrow as pa

PROGRAM = "recheck.pyz"


@dataclass
class Figures:
    """What is counted while rows are written: by split, by family, by grade of a row and of a claim, certificates."""

    splits: Counter[str] = field(default_factory=Counter)
    families: Counter[str] = field(default_factory=Counter)
    grades: Counter[str] = field(default_factory=Counter)
    bodies: Counter[str] = field(default_factory=Counter)
    sizes: Counter[int] = field(default_factory=Counter)

    def count(self, row: dict[str, Any]) -> None:
        """Count one row."""
        self.splits[row["split"]] += 1
        self.families[row["family"]] += 1
        self.grades["A" if any(claim["grade"] == "A" for claim in row["claims"]) else "W"] += 1
        self.sizes[sum(map(len, row["certificates"]))] += 1
        for text in row["certificates"]:
            self.bodies[str(json.loads(text).get("body", "?"))] += 1


def export(folder: Path | str, out: Path | str) -> dict[str, Any]:
    """Write the export of a finished run; return `{"rows", "splits", "grades", "digest", "files"}`.

    The same run gives the same bytes. What was exported to the place before is replaced, anything else there is not
    touched. Raise `UserError` where the run is not finished or the place is taken.
    """
    from synth.family.registry import families
    from synth.recheck.rows import Package

    folder, out = Path(folder), Path(out)
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
        partial = out.with_name(out.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        with full_disk_is_a_user_error(out):
            partial.mkdir(parents=True)
            figures = _write_rows(ledger, partial)
            write_zip(partial / PROGRAM, packed)
            (partial / RECIPE).write_text(recipe.text(), encoding="utf-8")
            digest = Package(packed).digest
            (partial / "README.md").write_text(card(recipe, status, figures, digest), encoding="utf-8")
            shutil.rmtree(out, ignore_errors=True)
            partial.rename(out)
    return {
        "rows": figures.splits.total(),
        "splits": dict(sorted(figures.splits.items())),
        "grades": dict(sorted(figures.grades.items())),
        "digest": digest,
        "files": sorted(str(file) for file in out.iterdir()),
    }


def _write_rows(ledger: Ledger, out: Path) -> Figures:
    """Write train and test, in the order of the run; a split without rows has empty files."""
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
        for table in _tables(ledger):
            for split in SPLITS:
                part = table.filter(pc.equal(table["split"], split))
                if part.num_rows:
                    writers[split].write_table(part)
                for row in part.to_pylist():
                    figures.count(row)
                    lines[split].write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
    return figures


def _tables(ledger: Ledger) -> Iterator[pa.Table]:
    """Yield the shards of a run, each as it was named in the ledger, with the pass rates that were measured since.

    Raise `UserError` at a shard that was changed.
    """
    import pyarrow.parquet as pq

    from synth.run.schema import ROW, table

    measured = ledger.pass_rates()
    named = dict(ledger.connection.execute("SELECT name, sha256 FROM shards"))
    for path in ledger.shards():
        if not path.is_file() or sha256(path) != named[path.name]:
            raise UserError(f"{path} is not as the ledger {ledger.folder / NAME} names it; make the run again")
        found = pq.read_table(path, schema=ROW)
        if measured:
            found = table({**row, "pass_rate": _rates(row, measured)} for row in found.to_pylist())
        yield found


def _rates(row: Mapping[str, Any], measured: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    """Return the pass rates of a row; one that was measured since replaces one of the same model."""
    newer = measured.get(row["id"], ())
    models = {rate["model"] for rate in newer}
    return [*[rate for rate in row["pass_rate"] if rate["model"] not in models], *newer]
