"""Write `corpora/golden`: run `python tests/golden.py [FAMILY …]` after a change that is meant to change rows."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting
from synth.judge.row import row_of
from synth.records import Record

FOLDER = Path(__file__).parent.parent / "corpora"
SETTING = Setting(system="Think, then answer.", answer_in="boxed")
SEED = 2026
ROWS_A_LEVEL = 4


def rows(name: str) -> Iterator[dict[str, Any]]:
    family = families()[name]
    for level in family.levels:
        seen: set[str] = set()
        for index in count():
            record = Domain(family).make(level, SEED, index, SETTING)
            if isinstance(record, Record) and record.problem not in seen:
                seen.add(record.problem)
                yield row_of(record)
            if len(seen) == ROWS_A_LEVEL:
                break


def main(names: list[str]) -> None:
    (FOLDER / "golden").mkdir(parents=True, exist_ok=True)
    for name in names or sorted(families()):
        lines = [json.dumps(row, ensure_ascii=False) for row in rows(name)]
        (FOLDER / "golden" / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{name}: {len(lines)} rows")


if __name__ == "__main__":
    main(sys.argv[1:])
