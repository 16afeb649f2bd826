"""Check a corpus again with the installed families: question, theory, claims, certificates, text of every row."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice, zip_longest
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from synth.recheck.rows import Package
from synth.run.corpus import files_of, recipe_of, rows_of
from synth.run.kept import placed_rows
from synth.run.ledger import NAME

CHUNK = 64  # rows sent to a worker at a time
SHOWN = 100  # failures that are named; the rest only count

_package: Package | None = None  # of this worker process


def verify(path: Path | str, *, workers: int = 1) -> dict[str, Any]:
    """Return `{"rows", "verified", "failed": [{"id", "reason"}], "grades", "retracted"}` of a corpus, wherever it lies.

    The rows of a run folder that were taken back are not checked, only counted as `retracted`.

    Rows are read by the tables and meanings of the families installed here; where the corpus carries a `recheck.pyz`,
    its own are compared with them, and a difference is a failure.
    """
    from synth.family.registry import families
    from synth.run.package import package_of

    path = Path(path)
    files = files_of(path)
    packed = package_of(recipe_of(path, families()))
    failed: list[dict[str, str]] = []
    lost = rows = 0
    grades: Counter[str] = Counter()
    for reason in _differences(path, packed):
        failed.append({"id": "recheck.pyz", "reason": reason})
    gone: list[str] = []
    in_run = path.is_dir() and (path / NAME).is_file()
    for found in [_without_retracted(path, gone)] if in_run else map(_with_twin, files):
        for identity, reason, grade in _checked(found, packed, workers):
            rows += 1
            if not reason:
                grades[grade] += 1
                continue
            lost += 1
            if len(failed) < SHOWN:
                failed.append({"id": identity, "reason": reason})
    return {
        "rows": rows,
        "verified": rows - lost,
        "failed": failed,
        "grades": dict(sorted(grades.items())),
        "retracted": len(gone),
        "package": Package(packed).digest,
    }


def _differences(path: Path, packed: Mapping[str, Any]) -> Iterator[str]:
    """Say how the package that travels with the corpus differs from the installed one."""
    from synth.run.package import read_package

    program = (path if path.is_dir() else path.parent) / "recheck.pyz"
    if not program.is_file():
        return
    theirs = read_package(program)
    if Package(theirs).digest == Package(packed).digest:
        return
    names = sorted({*theirs["families"], *packed["families"]})
    other = [name for name in names if theirs["families"].get(name) != packed["families"].get(name)]
    yield f"its digest differs from that of the installed families: {', '.join(other) or 'the prompt'}"


def _without_retracted(folder: Path, gone: list[str]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield the rows of a run folder, each with "", and note the files of those that were taken back."""
    for file, row in placed_rows(folder):
        if row is None:
            gone.append(file.name)
        else:
            yield row, ""


def _with_twin(file: Path) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield the rows of a file, each with what is wrong with its twin in the .jsonl file beside a .parquet one."""
    twin = file.with_suffix(".jsonl")
    if file.suffix != ".parquet" or not twin.is_file():
        yield from ((row, "") for row in rows_of(file))
        return
    for row, other in zip_longest(rows_of(file), rows_of(twin)):
        if row is None:
            yield other, f"{twin.name} has more rows than {file.name}"
        else:
            yield row, "" if row == other else f"{twin.name} does not say the same as {file.name}"


def _checked(
    rows: Iterable[tuple[Mapping[str, Any], str]], packed: Mapping[str, Any], workers: int
) -> Iterator[tuple[str, str, str]]:
    """Yield (id, reason or "", grade) of each row in order; at most a few chunks are in memory."""
    chunks = _chunks(rows)
    if workers <= 1:
        _start(packed)
        for chunk in chunks:
            yield from _check(chunk)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _start, (packed,)) as pool:
        running: deque[Future[list[tuple[str, str, str]]]] = deque()
        for chunk in chunks:
            running.append(pool.submit(_check, chunk))
            if len(running) > 2 * workers:
                yield from running.popleft().result()
        while running:
            yield from running.popleft().result()


def _chunks(rows: Iterable[Any]) -> Iterator[list[Any]]:
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _start(packed: Mapping[str, Any]) -> None:
    global _package
    _package = Package(packed)


def _check(chunk: list[tuple[Mapping[str, Any], str]]) -> list[tuple[str, str, str]]:
    assert _package is not None
    return [(str(row.get("id", "?")), wrong or _package.check(row), _grade(row)) for row, wrong in chunk]


def _grade(row: Mapping[str, Any]) -> str:
    try:
        return "A" if any(claim["grade"] == "A" for claim in row["claims"]) else "W"
    except (KeyError, TypeError):
        return "?"
