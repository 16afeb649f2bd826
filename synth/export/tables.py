"""Write the rows of an export: as they are, and in each format, by split; count what is written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from synth.errors import UserError
from synth.export.formats import Around, Format, Written
from synth.export.formats.format import grade
from synth.export.worked import plainness
from synth.recheck.main import MAX_LINE
from synth.run.corpus import SPLITS
from synth.run.schema import ROW, table

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class Figures:
    """What is counted while rows are written: by split, by family, by grade of a row and of a claim, certificates."""

    splits: Counter[str] = field(default_factory=Counter)
    families: Counter[tuple[str, str]] = field(default_factory=Counter)  # by family and split
    grades: Counter[str] = field(default_factory=Counter)
    bodies: Counter[str] = field(default_factory=Counter)
    sizes: Counter[int] = field(default_factory=Counter)
    formats: dict[str, Counter[str]] = field(default_factory=dict)  # rows of each format by split
    plainest: Mapping[str, Any] | None = None  # of the rows to train on, for the card
    without: dict[str, Counter[str]] = field(default_factory=dict)  # rows that a format has nothing of, by family

    def count(self, row: Mapping[str, Any]) -> None:
        """Count one row."""
        self.splits[row["split"]] += 1
        self.families[row["family"], row["split"]] += 1
        self.grades[grade(row)] += 1
        self.sizes[sum(map(len, row["certificates"]))] += 1
        if row["split"] == "train" and (self.plainest is None or plainness(row) < plainness(self.plainest)):
            self.plainest = row
        for text in row["certificates"]:
            self.bodies[str(json.loads(text).get("body", "?"))] += 1


class _Split:
    """The open files of one split: the rows as Parquet and JSON lines, and each format."""

    def __init__(self, split: str, out: Path, formats: Sequence[Format], stack: ExitStack) -> None:
        self.split = split
        self.formats = formats
        self._rows = self._open(stack, out, ROW)
        self._lines: IO[str] = stack.enter_context((out / f"{split}.jsonl").open("w", encoding="utf-8", newline="\n"))
        self._tables = {each.name: self._open(stack, out / each.name, each.schema) for each in formats}

    def _open(self, stack: ExitStack, folder: Path, schema: pa.Schema) -> Any:
        folder.mkdir(exist_ok=True)
        return stack.enter_context(pq.ParquetWriter(folder / f"{self.split}.parquet", schema, compression="zstd"))

    def write(self, part: pa.Table, around: Around, figures: Figures) -> None:
        """Write rows of this split; at most these are in memory."""
        self._rows.write_table(part)
        rows = part.to_pylist()
        for row in rows:
            figures.count(row)
            self._lines.write(_line(row))
        for each in self.formats:
            made = [list(each.rows(row, around)) for row in rows]
            found = [row for some in made for row in some]
            figures.formats[each.name][self.split] += len(found)
            figures.without[each.name].update(row["family"] for row, some in zip(rows, made, strict=True) if not some)
            if found:
                self._tables[each.name].write_table(table(found, each.schema))


def write_tables(tables: Iterable[pa.Table], out: Path, formats: Sequence[Format], around: Around) -> Figures:
    """Write train and test, each in the order of the tables; a split without rows has empty files.

    Raise `UserError` at a row that is too large to be checked again.
    """
    names = [each.name for each in formats]
    figures = Figures(formats={name: Counter() for name in names}, without={name: Counter() for name in names})
    with ExitStack() as stack:
        splits = [_Split(split, out, formats, stack) for split in SPLITS]
        for found in tables:
            for split in splits:
                part = found.filter(pc.equal(found["split"], split.split))
                if part.num_rows:
                    split.write(part, around, figures)
    for each in formats:
        written = Written(around.recipe, figures.formats[each.name], sorted({name for name, _ in figures.families}))
        for path, text in each.files(written).items():
            file = out / each.name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
    return figures


def _line(row: Mapping[str, Any]) -> str:
    line = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    if len(line) >= MAX_LINE:
        raise UserError(
            f"row {row['id']} of {row['family']} has {len(line):,} characters, recheck.pyz reads rows of up to "
            f"{MAX_LINE:,}; leave its family or level out of the recipe, or select fewer rows with --rows"
        )
    return line + "\n"
