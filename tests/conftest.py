"""What several test files share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.row import row_of
from synth.recheck.rows import Package
from synth.records import Record

FIELDS = ("problem", "id", "level", "question", "formal", "theory", "claims", "formal_answer", "answer", "prompt",
          "completion", "steps", "certificates")  # fmt: skip


@pytest.fixture(scope="session")
def draw() -> Callable[[str, int, int], list[Record]]:
    """Return the records of a family at a level that the first so many draws give."""
    cache: dict[tuple[str, int, int], list[Record]] = {}

    def drawn(name: str, level: int, count: int) -> list[Record]:
        if (name, level, count) not in cache:
            made = [Domain(families()[name]).make(level, 11, index) for index in range(count)]
            cache[name, level, count] = [record for record in made if isinstance(record, Record)]
        return cache[name, level, count]

    return drawn


@pytest.fixture(scope="session")
def unnoticed() -> Callable[[str, Sequence[Record]], list[str]]:
    """Return the fields of rows that may be swapped for those of the next row without `Package.check` noticing."""

    def found(name: str, records: Sequence[Record]) -> list[str]:
        packed = families()[name].pack(["en"])
        package = Package({"v": 1, "prompt": {"system": "", "answer_in": "boxed"}, "families": {name: packed}})
        missed = []
        for record, other in zip(records, [*records[1:], records[0]], strict=True):
            row, wrong = row_of(record), row_of(other)
            assert package.check(row) == ""
            for field in FIELDS:
                value = wrong[field] if field != "level" else record.level % 5 + 1
                if value != row[field] and package.check({**row, field: value}) == "":
                    missed.append(field)
        return missed

    return found
