"""What measuring a corpus costs: CPU-seconds and memory for rows in Parquet columns, in JSON lines, and streamed.

Each figure is taken in a process of its own, whose memory is what it has at most. The rows are invented: 25 families at
five levels, Zipf-like, with the columns and about the lengths of an export.
"""

from __future__ import annotations

import json
import resource
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.measure import Options, Table, digits

PART = 100_000  # rows of Parquet that are made at a time
SLOW = 10  # times fewer rows where each is a dictionary


def measure(options: Options) -> Iterator[Table]:
    """Yield the table of costs."""
    rows = options.monitor_rows
    with tempfile.TemporaryDirectory() as folder:
        parquet, lines = Path(folder) / "rows.parquet", Path(folder) / "rows.jsonl"
        _apart(write, parquet, lines, rows, options.seed)
        found = [
            ("Parquet columns", rows, *_apart(look, parquet), rows * 20 / 1_000_000, 500),
            ("Parquet columns, reference of as many", rows, *_apart(look, parquet, parquet), None, None),
            ("JSON lines", rows // SLOW, *_apart(look, lines), None, None),
            ("dictionaries, one at a time", rows // SLOW, *_apart(stream, lines), None, None),
        ]
    yield Table(
        "monitor",
        "Measuring a corpus",
        ("source", "rows", "cpu_s", "us_a_row", "peak_MiB", "target_cpu_s", "target_MB"),
        tuple(
            (name, n, digits(cpu), digits(1e6 * cpu / n), digits(peak), *aims) for name, n, cpu, peak, *aims in found
        ),
        (
            "`synth.monitor`: reading, counting, lengths of prompt and completion, and the whole report, in a "
            "process of its own; peak_MiB is its largest resident size, libraries included.",
        ),
    )


def _apart(function: Callable[..., Any], *arguments: Any) -> Any:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def write(parquet: Path, lines: Path, rows: int, seed: int) -> None:
    """Write invented rows, and a part of them as JSON lines."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    shares = 1 / np.arange(1, 126)
    words = np.array(["knight", "knave", "says that", "exactly two", "of these", "people", "are", "of one kind"])
    writer = None
    for first in range(0, rows, PART):
        n = min(PART, rows - first)
        cells = rng.choice(125, n, p=shares / shares.sum())
        asked = [" ".join(each) for each in words[rng.integers(len(words), size=(n, 60))]]
        made = [
            {
                "family": f"family{cell // 5}",
                "level": int(cell % 5) + 1,
                "prompt": [{"role": "user", "content": text}],
                "completion": [{"role": "assistant", "content": text[:150]}],
                "provenance": {"source": "grammar_solver" if cell % 3 else "verified", "generation": int(cell % 4)},
            }
            for cell, text in zip(cells.tolist(), asked, strict=True)
        ]
        table = pa.Table.from_pylist(made)
        if writer is None:
            writer = pq.ParquetWriter(parquet, table.schema, compression="zstd")
            lines.write_text("".join(json.dumps(row) + "\n" for row in made[: rows // SLOW]))
        writer.write_table(table)
    if writer is not None:
        writer.close()


def look(data: Path, reference: Path | None = None) -> tuple[float, float]:
    """Return the CPU-seconds and MiB of a report."""
    started = process_time()
    from synth.monitor.read import monitor_of
    from synth.monitor.report import report

    report(monitor_of(str(data)), monitor_of(str(reference)) if reference else None)
    return process_time() - started, _peak()


def stream(data: Path) -> tuple[float, float]:
    """Return the CPU-seconds and MiB of updates with one row each."""
    from synth.monitor import CorpusMonitor
    from synth.monitor.read import rows_in

    found = list(rows_in(str(data)))
    started = process_time()
    monitor = CorpusMonitor()
    for row in found:
        monitor.update([row])
    return process_time() - started, _peak()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
