"""The laws of the contract, each a function that yields what broke on the draws of one level."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from synth.family import FORMAL, Family
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.judge.score import score
from synth.recheck.rows import ANSWER_ONLY, Package
from synth.records import Candidate, Record, Step
from synth.testing.finding import Broken
from synth.testing.sampled import Drawn, Oracle, draw_level
from synth_kernel.kinds import ROLES
from synth_kernel.terms import Term


def check_family(
    family: Family, samples: int = 20, levels: Sequence[int] | None = None, oracle: Oracle | None = None, seed: int = 1
) -> Iterator[Broken]:
    """Yield every law that the family breaks on samples of each level; `oracle` is a reading of your own, if any.

    Costs about as much as generating `3 * samples` rows of each level.
    """
    yield from speaks(family)
    if family.kind not in ROLES:
        return
    for level in levels or list(family.levels):
        drawn = draw_level(family, level, samples, seed)
        for law in CONTRACT:
            yield from law(family, drawn)
        if oracle is not None:
            yield from _oracle_agrees(family, drawn.records, oracle)


def speaks(family: Family) -> Iterator[Broken]:
    """Every production has a meaning and every meaning a production; the kind is one; there is a language."""
    if family.kind not in ROLES:
        yield Broken("kind", f"one of {', '.join(ROLES)}", repr(family.kind))
    aliases = set(family.formal.grammar.tags)
    for alias in sorted(aliases - set(family.meaning.parameters)):
        yield Broken("meaning", f"a template for the production {alias!r}", "none")
    for alias in sorted(set(family.meaning.parameters) - aliases):
        yield Broken("meaning", "templates for productions of the grammar", f"{alias!r}, which no production is called")
    if not family.languages:
        yield Broken("languages", "a file phrases.en.toml", "none")


def reproducible(family: Family, drawn: Drawn) -> Iterator[Broken]:
    """The same source gives the same record."""
    for index in drawn.again:
        place = f"level {drawn.level}, seed {drawn.seed}, index {index}"
        yield Broken("reproducible", "the same record from the same source", "another", place)


def few_lost(family: Family, drawn: Drawn) -> Iterator[Broken]:
    """At most one draw of twenty comes to nothing."""
    lost = drawn.lost
    if len(lost) > max(1, drawn.samples // 20):
        why = f"{lost[0].stage}, {lost[0].reason}, {lost[0].detail[:200]}"
        law = f"level {drawn.level} loses at most 5 % of its draws"
        yield Broken(law, "acceptance", f"{len(lost)} of {drawn.samples} lost: {why}", lost[0].candidate.formal)


def seeds_differ(family: Family, drawn: Drawn) -> Iterator[Broken]:
    """Two seeds share few problems."""
    problems = {record.problem for record in drawn.records}
    shared = sum(other.problem in problems for other in drawn.others)
    if shared > drawn.samples // 4:
        found = f"{shared} of {drawn.samples} shared"
        yield Broken(f"level {drawn.level} has room", "two seeds that share few problems", found)


def rows_hold(family: Family, drawn: Drawn) -> Iterator[Broken]:
    """The row re-checks from its words alone, in every language."""
    prompt = {"system": "", "answer_in": "boxed"}
    package = Package({"v": 1, "prompt": prompt, "families": {family.name: family.pack(family.languages)}})
    for record in drawn.records:
        row = row_of(record)
        if reason := package.check(row):
            yield Broken("the row re-checks", "no reason against it", reason, record.question)
        tree = family.formal.read(record.formal)
        for name in family.languages:
            language = family.language(name)
            for turn in range(3):
                said = language.render(tree, "problem", lambda count, turn=turn: turn % count)  # type: ignore[misc]
                try:
                    back = language.read(said)
                    found = "" if back == tree else family.formal.render(back, "problem")
                except ValueError as error:
                    found = str(error)
                if found:
                    yield Broken(f"{name} reads back", record.formal, found, said)
        verdict = score(family, record.completion[-1]["content"], row)
        if verdict.score != 1:
            yield Broken("the completion scores 1", "1", verdict.reason, record.completion[-1]["content"])
        if score(family, record.question, row).score or score(family, record.formal, row).score:
            yield Broken("the question scores 0 as its own answer", "0", "1", record.question)


def wrong_answers_fail(family: Family, drawn: Drawn) -> Iterator[Broken]:
    """The answer of another problem is refused, unless it is right here too."""
    records = drawn.records
    for record, other in zip(records, [*records[1:], *records[:1]], strict=True):
        right, answer = (answer_in(family, record.formal, each.formal_answer) for each in (record, other))
        if right == answer:
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


def answer_in(family: Family, formal: str, formal_answer: str) -> Term | None:
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


CONTRACT: tuple[Callable[[Family, Drawn], Iterator[Broken]], ...] = (
    reproducible,
    few_lost,
    rows_hold,
    wrong_answers_fail,
    seeds_differ,
)
