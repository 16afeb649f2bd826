"""Read a corpus for a report: its rows as they count, what was refused, how far the run is, the recipe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth.errors import UserError
from synth.graph.rows import rows_of
from synth.run.corpus import files_of, recipe_of
from synth.run.kept import Kept, rows_at
from synth.run.ledger import NAME, Ledger
from synth.run.status import Status, status_of

if TYPE_CHECKING:
    from synth.run.recipe import Recipe

Row = Mapping[str, Any]
Cells = list[tuple[str, int, str, str, float, float]]


@dataclass(frozen=True)
class Corpus:
    """A corpus to report on: `kind` is `run`, `export` or `file`; status, cells and refusals are those of a run.

    `recipe` is None where there is none beside the rows, or it names a family that is not installed.
    """

    path: Path
    kind: str
    recipe: Recipe | None
    status: Status | None = None
    cells: Cells | None = None

    def rows(self) -> Iterator[Row]:
        """Yield the rows that were not taken back, those that wait for a shard too, with measured pass rates."""
        if self.kind != "run":
            yield from rows_at(self.path)
            return
        with Ledger(self.path) as ledger:
            rates, kept = ledger.pass_rates(), Kept(ledger)
            waiting, start = ledger.waiting()[0], ledger.shard_rows()
        late = (kept.row(row, place) for place, row in enumerate(waiting, start))
        for row in chain(rows_at(self.path), late):
            if row is not None:
                yield {**row, "pass_rate": rates[row["id"]]} if row["id"] in rates else row

    def refused(self) -> Iterator[Row]:
        """Yield every candidate that did not become a row; none where the corpus is no run."""
        if self.kind != "run":
            return
        with Ledger(self.path) as ledger:
            shards, waiting = ledger.shards("rejections"), ledger.waiting()[1]
        for shard in shards:
            yield from rows_of(shard)
        yield from waiting


def corpus_at(path: Path | str) -> Corpus:
    """Return the corpus in a run folder, an export or a file of rows. Raise `UserError` where there is none."""
    path = Path(path)
    if not path.exists():
        raise UserError(f"there is no {path}; give a run folder, an export, or a .jsonl or .parquet file of rows")
    files_of(path)  # raises where this is no corpus
    recipe = _recipe(path)
    if path.is_dir() and (path / NAME).is_file():
        with Ledger(path) as ledger:
            return Corpus(path, "run", recipe, status_of(ledger), ledger.cells())
    return Corpus(path, "export" if path.is_dir() else "file", recipe)


def _recipe(path: Path) -> Recipe | None:
    from synth.family.registry import families

    try:
        return recipe_of(path, families())
    except UserError:
        return None  # the page says what it cannot tell without one
