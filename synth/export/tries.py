"""The refused tries of a run, found again by the row whose problem they are about, and put into words."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

from synth.graph.rows import rows_of
from synth.run.batch import MAX_TEXT
from synth.run.ledger import TRY, Ledger

Row = Mapping[str, Any]


class Tries:
    """An index of refused tries, in a temporary file: a run may have more of them than fit in memory."""

    def __init__(self, ledger: Ledger) -> None:
        self._file = sqlite3.connect("")  # SQLite deletes it when it is closed
        self._file.execute("CREATE TABLE tries (source TEXT, data BLOB)")
        for path in ledger.shards("rejections"):
            found = (row for row in rows_of(path) if row["stage"] == TRY and row["counterexample"])
            self._file.executemany("INSERT INTO tries VALUES (?, ?)", ((_source(row), _pack(row)) for row in found))
        self._file.execute("CREATE INDEX by_source ON tries (source)")

    def __call__(self, row: Row) -> Sequence[Row]:
        """Return the tries at the problem of a row that a counterexample refutes, in the order of the run."""
        made = row["provenance"]
        key = _source({**made, "family": row["family"], "level": row["level"], "formal": row["formal"]})
        found = self._file.execute("SELECT data FROM tries WHERE source = ? ORDER BY rowid", (key,))
        return [json.loads(zlib.decompress(data)) for (data,) in found]

    def close(self) -> None:
        """Forget them."""
        self._file.close()


@contextmanager
def tries_of(ledger: Ledger) -> Iterator[Tries]:
    """Index the refused tries of a run for as long as they are needed."""
    tries = Tries(ledger)
    try:
        yield tries
    finally:
        tries.close()


def _source(row: Row) -> str:
    """Return what a row and the tries at its problem have in common."""
    return json.dumps([row[name] for name in ("family", "level", "seed", "index", "round", "formal")])


def _pack(row: Row) -> bytes:
    return zlib.compress(json.dumps(row, separators=(",", ":")).encode(), 1)


def in_words(row: Row, text: str, answer_in: str) -> str | None:
    """Return what a model wrote in the words of a completion of this row, None where it cannot be read whole."""
    from synth.family.registry import families
    from synth.propose import trace
    from synth.propose.repair import repair
    from synth.recheck.rows import ANSWER_ONLY, completion

    if len(text) >= MAX_TEXT:
        return None  # it may have been cut
    family = families()[row["family"]]
    name = row["language"]
    language, rng = family.language(name), Random(hashlib.sha256(f"{row['id']} {text}".encode()).hexdigest())
    try:
        steps, formal = trace.read(repair(family, "solve", text))
        answer = language.render(family.formal.read(formal, "solution"), "solution")
        sentences = [answer] if steps[0].rule == ANSWER_ONLY else [
            language.render(family.formal.read(step.formal, "step"), "step", rng.randrange) for step in steps
        ]  # fmt: skip
    except ValueError:
        return None
    shown = [{"parents": step.parents, "rule": step.rule} for step in steps]
    return completion(sentences, shown, answer, answer_in, family.words(name))
