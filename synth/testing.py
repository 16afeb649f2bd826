"""The laws of a family, for whoever writes one: each is a function that yields what broke, with the smallest example.

>>> from synth.family.registry import families
>>> list(check_family(families()["knights"], samples=2, levels=[1]))
[]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from synth.domain import Domain
from synth.family import FORMAL, Family, Tree
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.judge.score import score
from synth.recheck.rows import ANSWER_ONLY, Package
from synth.records import Candidate, Record, Rejection, Step
from synth_kernel.kinds import ROLES

Oracle = Callable[[Tree, Tree], bool]  # does this solution tree answer this problem tree? independent of the kernel


@dataclass(frozen=True)
class Broken:
    """A law that does not hold, with what was expected, what was found and the text it was found on."""

    law: str
    expected: str
    found: str
    text: str = ""

    def __str__(self) -> str:
        return f"{self.law}: expected {self.expected}, found {self.found}" + (f"\n    {self.text}" if self.text else "")


def check_family(
    family: Family, samples: int = 20, levels: Sequence[int] | None = None, oracle: Oracle | None = None, seed: int = 1
) -> Iterator[Broken]:
    """Yield every law that the family breaks on samples of each level; `oracle` is a reading of your own, if any.

    Costs about as much as generating `3 * samples` rows of each level.
    """
    domain = Domain(family)
    yield from _speaks(family)
    if family.kind not in ROLES:
        yield Broken("kind", f"one of {', '.join(ROLES)}", repr(family.kind))
        return
    for level in levels or list(family.levels):
        records: list[Record] = []
        lost: list[Rejection] = []
        for index in range(samples):
            result = domain.make(level, seed, index)
            (records if isinstance(result, Record) else lost).append(result)  # type: ignore[arg-type]
            if domain.make(level, seed, index) != result:
                place = f"level {level}, seed {seed}, index {index}"
                yield Broken("reproducible", "the same record from the same source", "another", place)
        if len(lost) > max(1, samples // 20):
            why = f"{lost[0].stage}, {lost[0].reason}, {lost[0].detail[:200]}"
            law = f"level {level} loses at most 5 % of its draws"
            yield Broken(law, "acceptance", f"{len(lost)} of {samples} lost: {why}", lost[0].candidate.formal)
        yield from _rows_hold(family, records)
        yield from _wrong_answers_fail(family, records)
        if oracle is not None:
            yield from _oracle_agrees(family, records, oracle)
        others = [domain.make(level, seed + 1, index) for index in range(samples)]
        problems = {record.problem for record in records}
        shared = sum(isinstance(other, Record) and other.problem in problems for other in others)
        if shared > samples // 4:
            yield Broken(
                f"level {level} has room", "two seeds that share few problems", f"{shared} of {samples} shared"
            )


def _speaks(family: Family) -> Iterator[Broken]:
    """Every production has a meaning; every language reads what it writes."""
    aliases = set(family.formal.grammar.tags)
    for alias in sorted(aliases - set(family.meaning.parameters)):
        yield Broken("meaning", f"a template for the production {alias!r}", "none")
    for alias in sorted(set(family.meaning.parameters) - aliases):
        yield Broken("meaning", "templates for productions of the grammar", f"{alias!r}, which no production is called")
    if not family.languages:
        yield Broken("languages", "a file phrases.en.toml", "none")


def _rows_hold(family: Family, records: Sequence[Record]) -> Iterator[Broken]:
    """The row re-checks from its words alone, in every language."""
    prompt = {"system": "", "answer_in": "boxed"}
    package = Package({"v": 1, "prompt": prompt, "families": {family.name: family.pack(family.languages)}})
    for record in records:
        row = row_of(record)
        if reason := package.check(row):
            yield Broken("the row re-checks", "no reason against it", reason, record.question)
        tree = family.formal.read(record.formal)
        for name in family.languages:
            language = family.language(name)
            for turn in range(3):
                said = language.render(tree, "problem", lambda count, turn=turn: turn % count)  # type: ignore[misc]
                if language.read(said) != tree:
                    yield Broken(f"{name} reads back", record.formal, family.formal.render(language.read(said)), said)
        verdict = score(family, record.completion[-1]["content"], row)
        if verdict.score != 1:
            yield Broken("the completion scores 1", "1", verdict.reason, record.completion[-1]["content"])
        if score(family, record.question, row).score or score(family, record.formal, row).score:
            yield Broken("the question scores 0 as its own answer", "0", "1", record.question)


def _wrong_answers_fail(family: Family, records: Sequence[Record]) -> Iterator[Broken]:
    """The answer of another problem is refused, unless it is right here too."""
    for record, other in zip(records, [*records[1:], *records[:1]], strict=True):
        if _answer(family, record.formal, record.formal_answer) == _answer(family, record.formal, other.formal_answer):
            continue
        wrong = Candidate(
            record.source, record.formal, other.formal_answer, (Step("s0", other.formal_answer, (), ANSWER_ONLY),)
        )
        result = judge(family, wrong, Setting())
        scored = score(family, other.formal_answer, row_of(record)).score
        if isinstance(result, Record) and family.kind in ("find", "all", "decide", "count"):
            yield Broken("a wrong answer is refused", "a rejection", f"accepted {other.formal_answer}", record.formal)
        if scored != isinstance(result, Record):
            yield Broken("scorer and judge agree", str(isinstance(result, Record)), str(scored), record.formal)


def _answer(family: Family, formal: str, formal_answer: str) -> object:
    """What an answer says about a problem; None where it says nothing about this one."""
    try:
        return family.problem(formal)[1].answer(family.formal.read(formal_answer, "solution"))
    except ValueError:
        return None


def _oracle_agrees(family: Family, records: Sequence[Record], oracle: Oracle) -> Iterator[Broken]:
    for record in records:
        tree = family.formal.read(record.formal)
        answered = family.language(FORMAL).read(record.formal_answer, "solution")
        if not oracle(tree, answered):
            wrong = f"{record.formal_answer} is not"
            yield Broken("the oracle agrees", "the stored answer is right", wrong, record.formal)
