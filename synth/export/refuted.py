"""Solutions that a counterexample refutes, found by the row whose problem they are about, in the words of a completion.

They are what models tried in the run and were refused for, and answers made wrong on purpose (`mutants`). Either way
the kernel accepted a claim that excludes them; what it did not refute is not here.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any

from synth.graph.rows import rows_of
from synth.run.batch import MAX_TEXT
from synth.run.ledger import TRY, Ledger

if TYPE_CHECKING:
    from synth.run.recipe import Recipe

Row = Mapping[str, Any]

MUTATION = "mutation"  # who is said to have written an answer that was made wrong on purpose
SLIPS = 4  # slips of an answer that are judged until one is refuted
BATCH = 32  # rows that a worker gets at a time


@dataclass(frozen=True)
class Refuted:
    """The text of a wrong completion, who wrote it, which role it fails (`correct refuted`), and what shows this."""

    text: str
    by: str
    reason: str
    counterexample: str


class RefutedOf:
    """An index of refuted solutions, in a temporary file: a run may have more of them than fit in memory."""

    def __init__(self, ledger: Ledger, answer_in: str) -> None:
        self._answer_in = answer_in
        self._file = sqlite3.connect("")  # SQLite deletes it when it is closed
        self._file.execute("CREATE TABLE tries (source TEXT, data BLOB)")
        self._file.execute("CREATE TABLE mutants (id TEXT PRIMARY KEY, data BLOB) WITHOUT ROWID")
        for path in ledger.shards("rejections"):
            found = (row for row in rows_of(path) if row["stage"] == TRY and row["counterexample"])
            self._file.executemany("INSERT INTO tries VALUES (?, ?)", ((_source(row), _pack(row)) for row in found))
        self._file.execute("CREATE INDEX by_source ON tries (source)")

    def __call__(self, row: Row) -> list[Refuted]:
        """Return what is refuted about the problem of a row: each text once, tries in the order of the run."""
        made = row["provenance"]
        key = _source({**made, "family": row["family"], "level": row["level"], "formal": row["formal"]})
        found: dict[str, Refuted] = {}
        for (data,) in self._file.execute("SELECT data FROM tries WHERE source = ? ORDER BY rowid", (key,)):
            tried = _unpack(data)
            text = in_words(row, tried["text"], self._answer_in)
            if text is not None and text != row["completion"][0]["content"]:
                found.setdefault(text, Refuted(text, tried["model"], tried["reason"], tried["counterexample"]))
        for (data,) in self._file.execute("SELECT data FROM mutants WHERE id = ?", (row["id"],)):
            mutant = Refuted(**_unpack(data))
            found.setdefault(mutant.text, mutant)
        return list(found.values())

    def add_mutants(self, rows: Iterable[Row], workers: int = 1) -> None:
        """Make a wrong answer for every row that has nothing refuted yet, where one is found that can be refuted."""
        lacking = (row for row in rows if not self(row))
        batches = iter(lambda: list(islice(lacking, BATCH)), [])
        for batch, found in _mapped(batches, workers):
            made = [(row["id"], _pack(vars(one))) for row, one in zip(batch, found, strict=True) if one]
            self._file.executemany("INSERT OR IGNORE INTO mutants VALUES (?, ?)", made)

    def close(self) -> None:
        """Forget them."""
        self._file.close()


@contextmanager
def refuted_of(ledger: Ledger, recipe: Recipe) -> Iterator[RefutedOf]:
    """Index what a run refuted for as long as it is needed."""
    index = RefutedOf(ledger, recipe.prompt.answer_in)
    try:
        yield index
    finally:
        index.close()


def _source(row: Row) -> str:
    """Return what a row and the tries at its problem have in common."""
    return json.dumps([row[name] for name in ("family", "level", "seed", "index", "round", "formal")])


def _pack(row: Row) -> bytes:
    return zlib.compress(json.dumps(row, separators=(",", ":")).encode(), 1)


def _unpack(data: bytes) -> dict[str, Any]:
    return dict(json.loads(zlib.decompress(data)))


def in_words(row: Row, text: str, answer_in: str) -> str | None:
    """Return what a model wrote in the words of a completion of this row, None where it cannot be read whole."""
    from synth.family.registry import families
    from synth.propose import trace
    from synth.propose.repair import repair
    from synth.recheck.rows import ANSWER_ONLY, completion

    if len(text) >= MAX_TEXT:
        return None  # it may have been cut
    family = families()[row["family"]]
    language = family.language(row["language"])
    rng = Random(hashlib.sha256(f"{row['id']} {text}".encode("utf-8", "replace")).hexdigest())
    try:
        steps, formal = trace.read(repair(family, "solve", text))
        answer = language.render(family.formal.read(formal, "solution"), "solution")
        said = [] if steps[0].rule == ANSWER_ONLY else [family.formal.read(step.formal, "step") for step in steps]
        sentences = [language.render(tree, "step", rng.randrange) for tree in said] or [answer]
    except ValueError:
        return None
    shown = [{"parents": step.parents, "rule": step.rule} for step in steps]
    return completion(sentences, shown, answer, answer_in, family.words(row["language"]))


def _mapped(batches: Iterable[Sequence[Row]], workers: int) -> Iterator[tuple[Sequence[Row], Sequence[Refuted | None]]]:
    """Yield each batch with its mutants, in order; a row that takes its worker down has none."""
    if workers <= 1:
        yield from ((batch, mutants(batch)) for batch in batches)
        return
    from synth_solvers.pool import Lost, Pool

    with Pool(workers) as pool:
        for batch, found in pool.map(mutants, batches):
            yield batch, [None if isinstance(one, Lost) else one for one in found]


def mutants(rows: Sequence[Row]) -> list[Refuted | None]:
    """Return for each row its completion with a wrong answer that a claim refutes, None where none was found.

    Costs up to `SLIPS` judgements a row: a few milliseconds in most families, 50 in calculus, 150 in flows.
    """
    return [_mutant(row) for row in rows]


def _mutant(row: Row) -> Refuted | None:
    from synth.family.registry import families
    from synth.judge.judge import Setting, judge
    from synth.judge.slips import slips
    from synth.records import Candidate, Rejection, Source
    from synth_solvers.prove import Budget

    family = families()[row["family"]]
    language = family.language(row["language"])
    setting = Setting(budget=Budget(conflicts=2_000, agreement=False))
    source = Source(row["family"], row["level"], 0, 0)
    for wrong in islice(slips(family, row["formal_answer"], Random(row["id"])), SLIPS):
        judged = judge(family, Candidate(source, row["formal"], wrong), setting)
        if isinstance(judged, Rejection) and judged.counterexample:
            answer = language.render(family.formal.read(wrong, "solution"), "solution")
            before, after = row["completion"][0]["content"].rsplit(row["answer"], 1)  # it ends in the answer
            return Refuted(before + answer + after, MUTATION, judged.reason, judged.counterexample)
    return None
