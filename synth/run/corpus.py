"""Rows of a corpus wherever they lie: a run folder, an export, or a single file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from synth.errors import UserError
from synth.run.ledger import NAME, Ledger
from synth.run.recipe import Recipe, parse

RECIPE = "recipe.yaml"
SPLITS = ("train", "test")


def files_of(path: Path) -> list[Path]:
    """Return the files of rows at a path, in order. Raise `UserError` where there are none."""
    if path.is_file():
        if path.suffix not in (".jsonl", ".parquet"):
            raise UserError(f"{path} is no corpus: rows are .jsonl or .parquet")
        return [path]
    if (path / NAME).is_file():
        with Ledger(path) as ledger:
            return ledger.shards()
    for suffix in ("parquet", "jsonl"):
        found = [path / f"{split}.{suffix}" for split in SPLITS if (path / f"{split}.{suffix}").is_file()]
        if found:
            return found
    raise UserError(f"{path} holds no corpus; give a run folder, an export, or a .jsonl or .parquet file of rows")


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of one file, a few at a time in memory. Raise `UserError` at what cannot be read."""
    try:
        if path.suffix == ".parquet":
            yield from _parquet_rows(path)
            return
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise UserError(f"{path}: line {number} is not JSON: {error}") from error
                if not isinstance(row, dict):
                    raise UserError(f"{path}: line {number} is no row but {line[:40]!r}")
                yield row
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}") from error


def _parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=256):
                yield from batch.to_pylist()
    except pa.ArrowException as error:
        raise UserError(f"{path} is no Parquet file that can be read: {error}") from error


def recipe_of(path: Path, families: Mapping[str, Any]) -> Recipe:
    """Return the recipe that a corpus was made by. Raise `UserError` where it is not beside it."""
    folder = path if path.is_dir() else path.parent
    if (folder / NAME).is_file():
        with Ledger(folder) as ledger:
            return parse(ledger.meta("recipe") or "", f"the recipe in {folder / NAME}", families)
    file = folder / RECIPE
    if not file.is_file():
        raise UserError(
            f"there is no {RECIPE} beside {path}; it says how prompts are put, so rows need it to be checked"
        )
    return parse(file.read_text(encoding="utf-8"), str(file), families)
