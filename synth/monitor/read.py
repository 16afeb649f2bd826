"""Count a dataset wherever it lies: Parquet, JSON lines, a folder of them, a run, an export, or the Hub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from synth.errors import UserError
from synth.graph.rows import rows_of
from synth.monitor.arrow import names_of
from synth.monitor.columns import Columns, settle
from synth.monitor.corpus import CorpusMonitor
from synth.run.corpus import SPLITS, files_of
from synth.run.kept import Kept, rows_at
from synth.run.ledger import NAME, Ledger

SUFFIXES = (".parquet", ".jsonl", ".ndjson", ".json")
BATCH = 16_384  # rows of Parquet at a time


def monitor_of(data: str, columns: Columns | None = None, seed: int = 0) -> CorpusMonitor:
    """Return the counts of a dataset. Raise `UserError` where there is none, or it cannot be read.

    Only the columns that are counted are read from Parquet. A row of a run that was taken back does not count.
    """
    monitor = CorpusMonitor(columns, name=data, seed=seed)
    path = Path(data)
    if not path.exists():
        from synth.monitor.hub import rows

        monitor.update(rows(data))
    elif path.is_dir() and (path / NAME).is_file() and _has_retractions(path):
        monitor.update(rows_at(path))
    else:
        for file in files(path):
            _count(monitor, file)
    if not monitor.rows:
        raise UserError(f"{data} holds no rows; there is nothing to measure")
    return monitor


def rows_in(data: str) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a dataset, whole."""
    path = Path(data)
    if not path.exists():
        from synth.monitor.hub import rows

        yield from rows(data)
    elif path.is_dir() and (path / NAME).is_file():
        yield from rows_at(path)
    else:
        for file in files(path):
            yield from rows_of(file)


def files(path: Path) -> list[Path]:
    """Return the files of a dataset, in order. Raise `UserError` where there are none."""
    if path.is_file():
        if path.suffix not in SUFFIXES:
            raise UserError(f"{path} is no dataset that can be read: give Parquet (.parquet) or JSON lines (.jsonl)")
        return [path]
    ours = (path / NAME).is_file() or any((path / f"{split}{end}").is_file() for split in SPLITS for end in SUFFIXES)
    if ours:
        return files_of(path)
    for suffix in SUFFIXES[:3]:
        if found := sorted(path.rglob(f"*{suffix}")):
            return found
    raise UserError(f"{path} holds no dataset; give Parquet, JSON lines, a run, an export or a Hub id")


def _has_retractions(path: Path) -> bool:
    with Ledger(path) as ledger:
        return bool(Kept(ledger))


def _count(monitor: CorpusMonitor, file: Path) -> None:
    if file.suffix != ".parquet":
        monitor.update(rows_of(file))
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as opened:
            columns = settle(monitor.asked, names_of(opened.schema_arrow), str(file))
            for batch in opened.iter_batches(batch_size=BATCH, columns=columns.wanted()):
                monitor.update_batch(batch)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{file} is no Parquet file that can be read: {str(error)[:200]}") from error
