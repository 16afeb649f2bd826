"""A second surface for an accepted record: its clauses in a model's words, kept only where a gate lets them through.

Each clause is reworded alone, with the names of the problem frozen; header and question stay as they are. New words
are kept if at least two translators, who see the words and the names alone, each write a formula that is proved
equivalent to the clause. What the theory says, and every proof about it, stays as it was. The record's reading is then
`agreed` and its grade A: that people read the words as the translators did is agreement, not proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from synth.family import Family
from synth.judge.frame import Frame, framed
from synth.judge.gate import BUDGET, Proof, Refusal, Span, controlled_fault, same_clause, wording_fault
from synth.judge.units import Problem, part, put
from synth.propose import rewording
from synth.propose.ask import Draw, Model, Reply
from synth.propose.formalise import formalise, independent
from synth.recheck import rows
from synth.recheck.agreement import PHRASES, VARIANT, check, fill, words_claim
from synth.records import Candidate, Evidence, Record, Rejection
from synth_kernel.claims import Theory
from synth_kernel.meaning import Tree
from synth_solvers.prove import Budget

STAGE = "paraphrase"


@dataclass
class _Wording:
    """New words of a clause and how each translator, by name, reads them."""

    words: str
    readings: dict[str, tuple[Tree, Span]] = field(default_factory=dict)


def paraphrased(
    family: Family,
    record: Record,
    writer: Model,
    translators: Sequence[Model],
    draw: Draw,
    budget: Budget = BUDGET,
) -> Record | Rejection:
    """Return the record with its clauses in other words, or a rejection of stage `paraphrase`.

    The writer gives `draw.n` wordings of each clause; the first that passes is taken, and a clause without one refuses
    the whole. A wording equal to the clause counts as passed; at least one clause must change. Reasons are those of
    `synth.judge.gate.REASONS`; the detail has the words, the counterexample is the claim that refutes them.
    Pure but for the calls of the models: one batch for the writer, and one for each translator and try.

    Raise `UserError` for fewer than two translators with different names. A rejection leaves the record as it was.
    """
    independent(translators)
    candidate = Candidate(record.source, record.formal, record.formal_answer, record.steps)
    result = _reworded(family, record, writer, translators, draw, budget)
    if isinstance(result, Refusal):
        return Rejection(candidate, STAGE, result.reason, result.detail, result.counterexample)
    return result


def _reworded(
    family: Family, record: Record, writer: Model, translators: Sequence[Model], draw: Draw, budget: Budget
) -> Record | Refusal:
    problem = Problem.of(family, record.formal)
    if not problem.units:
        return Refusal("no clauses", family.name)
    frame = framed(problem, record) if record.language in family.languages and record.reading == "zip" else None
    if frame is None:
        return Refusal("other words", record.question[:300])
    asks = [rewording.paraphrase(family, was, problem.symbols) for was in frame.was]
    replies = writer.propose(asks, draw)
    if len(replies) != len(asks):
        return Refusal("no reply", f"{len(replies)} replies to {len(asks)} clauses")
    passed = _passed(problem, record.language, frame, replies, translators, draw, budget)
    if isinstance(passed, Refusal):
        return passed
    if all(wording.words == was for wording, was in zip(passed, frame.was, strict=True)):
        return Refusal("unchanged", record.question[:300])
    return _record(problem, record, frame, passed, writer.name, [model.name for model in translators], budget)


def _passed(
    problem: Problem,
    language: str,
    frame: Frame,
    replies: Sequence[Sequence[Reply]],
    translators: Sequence[Model],
    draw: Draw,
    budget: Budget,
) -> list[_Wording] | Refusal:
    """Return the first wording of each clause that passes; the refusal of the last try of a clause that has none."""
    passed: dict[int, _Wording] = {}
    refused: dict[int, Refusal] = {}
    for turn in range(max(map(len, replies), default=0)):
        tried: dict[int, _Wording] = {}
        for number, given in enumerate(replies):
            if number in passed or turn >= len(given):
                continue
            verdict = _worded(problem, language, frame, number, given[turn], budget)
            if isinstance(verdict, Refusal):
                refused[number] = verdict
            elif verdict.words == frame.was[number]:
                passed[number] = verdict
            else:
                tried[number] = verdict
        lost = [n for n, given in enumerate(replies) if n not in passed and n not in tried and turn + 1 >= len(given)]
        if lost:
            break  # the others need not be read
        for model in translators:
            for number, reading in _read_by(problem, tried, model, draw, budget):
                if isinstance(reading, Refusal):
                    refused[number] = reading
                    del tried[number]
                else:
                    tried[number].readings[model.name] = reading
        passed |= tried
    for number in range(len(replies)):
        if number not in passed:
            return refused.get(number, Refusal("no reply", frame.was[number][:300]))
    return [passed[number] for number in range(len(replies))]


def _worded(
    problem: Problem, language: str, frame: Frame, number: int, reply: Reply, budget: Budget
) -> _Wording | Refusal:
    """Look at a writer's reply: signs, names, and what the family's own phrases say to it."""
    if reply.failure or not reply.finished:
        return Refusal("no reply", reply.failure[:200])
    unit, was = problem.units[number], frame.was[number]
    text = _cased(reply.text.strip().removesuffix("."), frame.begins[number], problem)
    if text == was:
        return _Wording(was)
    fault = wording_fault(problem, unit, text, language, frame.separators)
    if fault:
        return Refusal(fault, text[:300])
    question = fill(frame.text, [*frame.was[:number], text, *frame.was[number + 1 :]])
    return controlled_fault(problem, unit, text, question, language, budget) or _Wording(text)


def _cased(text: str, begins: bool, problem: Problem) -> str:
    """Write the first letter large where a sentence begins and small elsewhere, but never that of a name."""
    first = text.split(" ", 1)[0].rstrip(",;:’'")
    if not text or first in problem.words() or first.removesuffix("’s").removesuffix("'s") in problem.words():
        return text
    return (text[0].upper() if begins else text[0].lower()) + text[1:]


def _read_by(
    problem: Problem, tried: Mapping[int, _Wording], model: Model, draw: Draw, budget: Budget
) -> list[tuple[int, tuple[Tree, Span] | Refusal]]:
    """Have one translator read all wordings, and prove what it read."""
    found: list[tuple[int, tuple[Tree, Span] | Refusal]] = []
    rules: dict[str, list[int]] = {}
    for number in tried:
        rules.setdefault(problem.units[number].rule, []).append(number)
    for rule, numbers in rules.items():
        texts = [tried[number].words for number in numbers]
        trees = formalise(problem.family, rule, texts, problem.symbols, model, draw)
        for number, text, tree in zip(numbers, texts, trees, strict=True):
            verdict = tree if isinstance(tree, Refusal) else same_clause(problem, problem.units[number], tree, budget)
            if isinstance(verdict, Refusal):
                detail = f"{text} ({model.name}: {verdict.detail})"
                found.append((number, Refusal(verdict.reason, detail[:500], verdict.counterexample)))
            elif not isinstance(tree, Refusal):
                found.append((number, (tree, verdict)))
    return found


# ---- the record ------------------------------------------------------------------------------------------------------


def _record(
    problem: Problem,
    record: Record,
    frame: Frame,
    passed: Sequence[_Wording],
    writer: str,
    translators: Sequence[str],
    budget: Budget,
) -> Record | Refusal:
    words = [wording.words for wording in passed]
    question = fill(frame.text, words)
    readings = [_reading(problem, name, [wording.readings.get(name) for wording in passed]) for name in translators]
    said = _by_phrases(problem, record.language, question, budget)
    if isinstance(said, Refusal):
        return said
    certificate = {
        "v": 1,
        "body": "agreement",
        "writer": writer,
        "frame": frame.text,
        "was": list(frame.was),
        "words": words,
        "readings": readings + ([said] if said else []),
    }
    theory, family = Theory.read(record.theory), problem.family
    said_in = family.language(record.language)
    try:
        check(
            certificate,
            question,
            problem.tree,
            theory,
            lambda text: said_in.read(text, "problem"),
            lambda text: family.formal.read(text, "problem"),
            family.meaning,
        )
    except ValueError as error:
        return Refusal("not shown", str(error)[:300])
    claim = words_claim(question, len(theory.clauses))
    messages = rows.prompt(question, record.answer_format, _system(record))
    return replace(
        record,
        id=rows.row_id(record.problem, record.language, question, record.level, VARIANT),
        prompt=tuple(messages),
        question=question,
        reading="agreed",
        evidence=(*record.evidence, Evidence(claim, claim.id(theory), "A", certificate)),
    )


def _system(record: Record) -> str:
    return next((message["content"] for message in record.prompt if message["role"] == "system"), "")


def _reading(problem: Problem, by: str, read: Sequence[tuple[Tree, Span] | None]) -> dict[str, Any]:
    """Return the whole problem as somebody reads it, with the proofs; clauses not reworded are as they were."""
    tree = problem.tree
    spans: list[list[int | Proof]] = []
    place = 0
    for unit, found in zip(problem.units, read, strict=True):
        clause, span = found or (unit.tree, Span(unit.last - unit.first, unit.last - unit.first))
        tree = put(tree, unit.place, clause)
        if unit.last > unit.first:
            spans += [[1, 1, None, None]] * (unit.first - place)
            spans.append([span.mine, span.theirs, span.forward, span.backward])
            place = unit.last
    spans += [[1, 1, None, None]] * (len(problem.theory.clauses) - place)
    return {"by": by, "formal": problem.family.formal.render(tree, "problem"), "spans": spans}


def _by_phrases(problem: Problem, language: str, question: str, budget: Budget) -> dict[str, Any] | Refusal | None:
    """Return the reading of the family's own phrases, where they read the new question as another tree."""
    try:
        said = problem.family.language(language).read(question, "problem")
    except ValueError:
        return None
    if said == problem.tree:
        return None
    read: list[tuple[Tree, Span] | None] = []
    again = problem.tree
    for unit in problem.units:
        try:
            clause = part(said, unit.place)
        except IndexError:
            return Refusal("another frame", question[:300])
        if not isinstance(clause, tuple):
            return Refusal("another frame", question[:300])
        verdict = same_clause(problem, unit, clause, budget)
        if isinstance(verdict, Refusal):
            return Refusal("reads otherwise", verdict.reason, verdict.counterexample)
        again = put(again, unit.place, clause)
        read.append((clause, verdict))
    return _reading(problem, PHRASES, read) if again == said else Refusal("another frame", question[:300])
