"""Where questions come from: a file, a dataset of the Hub, or reasoning-gym."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from synth.audit.reader import Row
from synth.errors import UserError
from synth.graph.rows import rows_of

GYM = "reasoning-gym:"
QUESTIONS = ("question", "problem", "prompt", "text", "input")  # looked for in this order where none is named
ANSWERS = ("answer", "solution", "label", "target", "output")
_FILES = (".parquet", ".jsonl", ".ndjson", ".json")


@dataclass(frozen=True)
class Wanted:
    """Which rows of a source: at most so many; the first ones, or a sample where a seed is given.

    `question` and `answer` name columns, `config` and `split` a part of a dataset of the Hub.
    """

    rows: int | None = None
    seed: int | None = None
    question: str | None = None
    answer: str | None = None
    config: str | None = None
    split: str | None = None


def rows_from(source: str, wanted: Wanted) -> Iterator[tuple[int, Row]]:
    """Yield rows with their numbers in the source, from 0. Raise `UserError` where it cannot be read.

    A sample holds its rows in memory; else they are read as they are asked for.
    """
    if source.startswith(GYM):
        from synth.audit.gym import questions

        yield from questions(source.removeprefix(GYM), wanted.rows or 100, wanted.seed or 0)
        return
    if source.endswith(_FILES):
        found: Iterable[Mapping[str, Any]] = rows_of(Path(source))
    else:
        from synth.audit.hub import dataset

        found = dataset(source, wanted.config, wanted.split)
    columns = _Columns(source, wanted)
    some = False
    for index, row in _chosen(enumerate(found), wanted):
        some = True
        yield index, columns.row(row)
    if not some:
        raise UserError(f"{source} is empty; name a source with rows")


def _chosen(rows: Iterator[tuple[int, Any]], wanted: Wanted) -> Iterable[tuple[int, Any]]:
    """Return the first rows, or a sample of them all in their order (algorithm R: Vitter, ACM TOMS 11, 1985)."""
    if wanted.seed is None or wanted.rows is None:
        return islice(rows, wanted.rows)
    rng = Random(wanted.seed)
    kept: list[tuple[int, Any]] = []
    for number, row in rows:
        if number < wanted.rows:
            kept.append((number, row))
        elif (place := rng.randrange(number + 1)) < wanted.rows:
            kept[place] = (number, row)
    return sorted(kept, key=lambda each: each[0])


class _Columns:
    """Finds question and answer in the rows of one source, by the names of its first row."""

    def __init__(self, source: str, wanted: Wanted) -> None:
        self.source, self.wanted = source, wanted
        self.names: tuple[str, str] | None = None

    def row(self, row: Mapping[str, Any]) -> Row:
        if self.names is None:
            question = self._named("question", self.wanted.question, QUESTIONS, row)
            self.names = question, self._named("answer", self.wanted.answer, ANSWERS, row)
        asked, said = row.get(self.names[0]), row.get(self.names[1])
        return Row(_text(asked), None if said is None else _text(said), _metadata(row.get("metadata")))

    def _named(self, what: str, given: str | None, usual: Sequence[str], row: Mapping[str, Any]) -> str:
        for name in [given] if given else usual:
            if name in row:
                return name
        there = ", ".join(list(map(str, row))[:30]) or "none"
        missing = f"no column {given!r}" if given else f"none of the columns {', '.join(usual)}"
        raise UserError(f"{self.source} has {missing}; name the one to read with --{what}-column, one of {there}")


def _text(value: Any) -> str:
    """Return what a cell says: a text, the user's part of a list of messages, or JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, dict) and "content" in each for each in value):
        said = [each for each in value if each.get("role") in ("user", None)] or value
        return "\n".join(str(each["content"]) for each in said)
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _metadata(value: Any) -> Mapping[str, Any]:
    """Return what stands beside a question, as a mapping or as JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}
