"""Score answers to the problems of a corpus, line by line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from synth.errors import UserError, did_you_mean
from synth.run.kept import rows_at


def scores(family: str, data: Path, answers: Path | None) -> Iterator[dict[str, Any]]:
    """Yield `{"id", "score", "reason"}` for each line `{"id", "answer"}` of a file, or of standard input.

    Lines that are no such object score 0 and say so; only the rows that are asked about are kept in memory.
    """
    from synth.family.registry import families
    from synth.judge.score import score

    installed = families()
    if family not in installed:
        raise UserError(f"there is no family {family!r}; {did_you_mean(family, installed)}")
    asked = [_entry(line) for line in _lines(answers)]
    wanted = {entry["id"] for entry in asked if "reason" not in entry}
    rows = {row["id"]: row for row in rows_at(data) if row.get("id") in wanted}
    for entry in asked:
        if "reason" in entry:
            yield {"id": entry["id"], "score": 0, "reason": entry["reason"]}
            continue
        row = rows.get(entry["id"])
        if row is None or row.get("family") != family:
            why = (
                "no such problem in the corpus" if row is None else f"a problem of {row.get('family')}, not of {family}"
            )
            yield {"id": entry["id"], "score": 0, "reason": why}
            continue
        found = score(installed[family], entry["answer"], row)
        yield {"id": entry["id"], "score": found.score, "reason": found.reason}


def _lines(answers: Path | None) -> Iterator[str]:
    try:
        with ExitStack() as stack:
            file = stack.enter_context(answers.open(encoding="utf-8")) if answers else sys.stdin
            yield from (line for line in file if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the answers {answers or 'on standard input'}: {error}") from error


def _entry(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {"id": "", "reason": f"the line is not JSON: {error}"}
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or not isinstance(entry.get("answer"), str):
        identity = entry.get("id") if isinstance(entry, dict) else ""
        return {"id": identity if isinstance(identity, str) else "", "reason": "a line is an object with id and answer"}
    return entry if "reason" not in entry else {"id": entry["id"], "answer": entry["answer"]}
