"""What a run keeps in memory for each row it has accepted: resident bytes of the run's process against rows.

Two runs, each in a process of its own. The real one shows the workers. The replayed one makes many rows quickly: each
is a copy of one real row under a key of its own, so that everything after the workers (dedup index, ledger, shards)
does what it does in a real run, long enough for a slope that is not noise.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.measure import Options, Table, digits, records
from synth.family.registry import families
from synth.judge.row import row_of
from synth.records import Source
from synth.run.batch import Outcome, make
from synth.run.recipe import Recipe
from synth_kernel.claims import digest

CHEAP = ("linear_system", "countdown", "polynomial_roots")  # quick, and with room for many rows
REPLAYED = 8  # times as many rows as in the real run
WARM = 0.25  # share of a run before which libraries are loaded and the allocator settles: not looked at


def measure(options: Options) -> Iterator[Table]:
    """Yield the table of growth."""
    names = [name for name in CHEAP if name in options.families] or list(options.families)[:1]
    real = _points(names, options.memory_rows, options.seed, False)
    replayed = _points(names[:1], options.memory_rows * REPLAYED, options.seed, True)
    yield Table(
        "memory",
        "Memory of a run",
        ("process", "from_rows", "to_rows", "from_MiB", "to_MiB", "bytes_a_row", "target"),
        (
            ("run, replayed rows", *_growth(replayed, 1), 64),
            ("run", *_growth(real, 1), None),
            ("worker", *_growth(real, 2), None),
        ),
        (
            f"`synth.run.rounds.generate`, one worker; real rows of {', '.join(names)}, replayed ones of {names[0]}. "
            "bytes_a_row: least-squares slope of resident memory against accepted rows.",
            "A slope over few rows is noise: memory comes in pools, and a shard is built in memory every 2,048 rows.",
        ),
    )


def _points(names: list[str], rows: int, seed: int, replayed: bool) -> list[tuple[int, int, int]]:
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(watch, names, rows, seed, folder, replayed).result()


def _growth(points: list[tuple[int, int, int]], column: int) -> Iterator[object]:
    late = [(point[0], point[column]) for point in points if point[0] >= WARM * points[-1][0]]
    yield from (late[0][0], late[-1][0], digits(late[0][1] / 2**20), digits(late[-1][1] / 2**20), digits(slope(late)))


def watch(names: list[str], rows: int, seed: int, folder: str, replayed: bool) -> list[tuple[int, int, int]]:
    """Make a corpus; return (rows accepted, resident bytes of the run, of its workers) after each batch."""
    from synth.run.rounds import generate
    from synth.run.start import recipe_for

    points: list[tuple[int, int, int]] = []

    def look(accepted: int, requested: int, tried: int) -> None:
        if accepted > (points[-1][0] if points else 0):
            points.append((accepted, resident(os.getpid()), sum(map(resident, descendants(os.getpid())))))

    place = Path(folder) / "run"
    recipe = recipe_for(None, place, rows=rows, families=names, seed=seed)
    generate(recipe, place, workers=1, progress=look, make=replay if replayed else make)
    return points


def replay(recipe: Recipe, sources: Sequence[Source]) -> list[Outcome]:
    """Return copies of one row of the family, each under a key of its own; runs in a worker."""
    return [_copy(source) for source in sources]


def _copy(source: Source) -> Outcome:
    row = _example(source.family)
    key = digest(source.family, str(source.level), str(source.index))
    provenance = {**row["provenance"], "seed": source.seed, "index": source.index, "round": source.round}
    return Outcome({**row, "problem": key, "id": key, "level": source.level, "provenance": provenance}, None,
                   tuple(row["features"]))  # fmt: skip


@cache
def _example(name: str) -> dict[str, Any]:
    return row_of(records(families()[name], 0, 1)[-1])


def resident(process: int) -> int:
    """Return the resident bytes of a process, 0 of one that has gone."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def descendants(process: int) -> list[int]:
    """Return the processes that a process started, and those that they did."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
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
