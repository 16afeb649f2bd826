"""Rows of a file, JSON lines or Parquet, a few at a time in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from synth.errors import UserError


def rows_of(path: Path, columns: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield the rows of one file. Raise `UserError` at what cannot be read.

    Of Parquet only `columns` are read, where all of them are there; JSON lines are read whole.
    """
    try:
        if path.suffix == ".parquet":
            yield from _parquet_rows(path, columns)
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


def _parquet_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            wanted = list(columns) if columns and set(columns) <= set(file.schema_arrow.names) else None
            for batch in file.iter_batches(batch_size=256, columns=wanted):
                yield from batch.to_pylist()
    except pa.ArrowException as error:
        raise UserError(f"{path} is no Parquet file that can be read: {error}") from error
