"""What a run keeps in memory for each row it has accepted: resident bytes of the run's process against rows."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.measure import Options, Table, digits

CHEAP = ("linear_system", "countdown", "polynomial_roots")  # quick, and with room for many rows
WARM_ROWS = 2_000  # before them tables, caches and the allocator settle


def measure(options: Options) -> Iterator[Table]:
    """Yield the table of growth, one run of cheap families in a process of its own."""
    names = [name for name in CHEAP if name in options.families] or list(options.families)[:1]
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        points = process.submit(watch, names, options.memory_rows, options.seed, folder).result()
    late = [point for point in points if point[0] >= min(WARM_ROWS, options.memory_rows // 4)]
    rows = tuple(
        (who, late[0][0], late[-1][0], digits(late[0][column] / 2**20), digits(late[-1][column] / 2**20),
         digits(slope([(point[0], point[column]) for point in late])), 64 if column == 1 else None)
        for column, who in ((1, "run"), (2, "workers"))
    )  # fmt: skip
    yield Table(
        "memory",
        "Memory of a run",
        ("process", "from_rows", "to_rows", "from_MiB", "to_MiB", "bytes_a_row", "target"),
        rows,
        (
            f"`synth.run.rounds.generate` of {', '.join(names)}, one worker. bytes_a_row is the least-squares slope of "
            "resident memory against accepted rows after the first "
            f"{WARM_ROWS:,}; Python's allocator grows in arenas of 1 MiB, so a slope over few rows is noise.",
        ),
    )


def watch(names: list[str], rows: int, seed: int, folder: str) -> list[tuple[int, int, int]]:
    """Make a corpus; return (rows accepted, resident bytes of the run, of its workers) after each batch."""
    from synth.run.rounds import generate
    from synth.run.start import recipe_for

    points: list[tuple[int, int, int]] = []

    def look(accepted: int, requested: int, tried: int) -> None:
        points.append((accepted, resident(os.getpid()), sum(map(resident, descendants(os.getpid())))))

    place = Path(folder) / "run"
    generate(recipe_for(None, place, rows=rows, families=names, seed=seed), place, workers=1, progress=look)
    return points


def resident(process: int) -> int:
    """Return the resident bytes of a process, 0 of one that has gone."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def descendants(process: int) -> list[int]:
    """Return the processes that a process started, and those that they did."""
    found: list[int] = []
    for each in [process]:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                children = [int(child) for child in task.read_text().split()]
            except OSError:
                continue
            found += children + [below for child in children for below in descendants(child)]
    return found


def slope(points: list[tuple[int, int]]) -> float:
    """Return the least-squares slope of the second number against the first.

    >>> slope([(0, 1), (1, 3), (2, 5)])
    2.0
    """
    middle = [sum(column) / len(points) for column in zip(*points, strict=True)]
    above = sum((x - middle[0]) * (y - middle[1]) for x, y in points)
    below = sum((x - middle[0]) ** 2 for x, _ in points)
    return above / below if below else 0.0
