"""From an untrusted candidate to a record, or to a rejection that says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version

from synth.family import Family
from synth.grammar.features import depth, productions
from synth.recheck import rows
from synth.recheck.canonical import canonical
from synth.records import Candidate, Evidence, Record, Rejection, Step
from synth_kernel.claims import Claim, Theory
from synth_kernel.kinds import ANY, required
from synth_kernel.meaning import Tree
from synth_kernel.terms import write
from synth_solvers.prove import Budget, prove
from synth_solvers.verdicts import Agreed, Proved, Refuted, Verdict
from synth_solvers.witness import witness

MAX_DEPTH = 24  # nodes on a path of a problem, an answer or a step that is judged; right ones have at most 15
MAX_NODES = 400  # productions in an answer or a step; right ones have at most 145
MAX_PROBLEM = 1_000  # productions in a problem; the sampler's have at most 93


@dataclass(frozen=True)
class Setting:
    """What a recipe says about rows: the prompt, the languages, the grade asked for."""

    system: str = ""
    answer_in: str = "boxed"
    languages: tuple[str, ...] = ("en",)
    min_grade: str = "W"
    budget: Budget = field(default_factory=Budget)


def judge(family: Family, candidate: Candidate, setting: Setting) -> Record | Rejection:
    """Prove every claim that the kind requires and every step; accept only if all hold at the grade asked for."""
    if not candidate.steps:  # an answer alone is a solution of one step
        candidate = replace(candidate, steps=(Step("s0", candidate.formal_answer or "", (), rows.ANSWER_ONLY),))
    try:
        tree, reading = family.problem(candidate.formal)
        answered = family.formal.read(candidate.formal_answer or "", "solution")
        moves = _step_trees(family, candidate)
        if why := too_large(tree, most=MAX_PROBLEM) or too_large(answered, *[move for _, move in moves]):
            return Rejection(candidate, "parse", "too large", why)
        answer = reading.answer(answered)
        theory = reading.theory
        wanted = required(theory, answer)
        steps = [rows.step_claim(i, step.parents, reading.term(move)) for i, (step, move) in enumerate(moves)]
    except ValueError as error:
        return Rejection(candidate, "parse", type(error).__name__, str(error)[:400])
    if theory.kind != family.kind:
        return Rejection(candidate, "parse", "kind", f"asks {theory.kind}, the family is {family.kind}")
    evidence = _evidence(theory, wanted, steps, setting)
    if isinstance(evidence, tuple):
        return unproved(candidate, *evidence, setting.min_grade)
    return _record(family, candidate, setting, (tree, answered, [move for _, move in moves]), theory, evidence)


def too_large(*trees: Tree, most: int = MAX_NODES) -> str:
    """Say what is too large about trees that a stranger wrote, "" where nothing is; proofs of larger ones take long.

    >>> too_large(("sine", ("whole", "1"))), too_large(("add", *[("whole", "1")] * 400))
    ('', 'depth above 24 or more than 400 productions')
    """
    if any(depth(tree) > MAX_DEPTH or productions(tree).total() > most for tree in trees):
        return f"depth above {MAX_DEPTH} or more than {most} productions"
    return ""


def _step_trees(family: Family, candidate: Candidate) -> list[tuple[Step, Tree]]:
    """Parse the steps that claim something; a solution that only gives its answer has none."""
    steps = candidate.steps or ()
    if len(steps) == 1 and steps[0].rule == rows.ANSWER_ONLY:
        return []
    return [(step, family.formal.read(step.formal, "step")) for step in steps]


def _evidence(
    theory: Theory, wanted: Sequence[Claim], steps: Sequence[Claim], setting: Setting
) -> list[Evidence] | tuple[Claim, Verdict]:
    """Prove claim after claim; stop at the first that is not proved."""
    evidence: list[Evidence] = []
    for number, claim in enumerate([*wanted, *steps]):
        earlier = steps[: max(0, number - len(wanted))]
        if claim.goal == ANY:
            found = witness(theory, claim, setting.budget)
            if found is None:
                return claim, prove(theory, claim, earlier, setting.budget)
            claim = found
        verdict = prove(theory, claim, earlier, setting.budget)
        if isinstance(verdict, Proved):
            evidence.append(Evidence(claim, claim.id(theory), "W", verdict.certificate))
        elif isinstance(verdict, Agreed) and setting.min_grade == "A":
            evidence.append(Evidence(claim, claim.id(theory), "A", {"v": 1, "body": "agreement", **verdict.record}))
        else:
            return claim, verdict
    return evidence


def unproved(candidate: Candidate, claim: Claim, verdict: Verdict, min_grade: str) -> Rejection:
    """Return the rejection of a candidate with a claim that was not proved; where it was refuted, by what."""
    if isinstance(verdict, Refuted):
        other = " ".join([verdict.claim.form, *verdict.claim.premises])
        goal = write(verdict.claim.goal)
        return Rejection(candidate, "judge", f"{claim.role} refuted", write(claim.goal)[:400], f"{other}: {goal}")
    if isinstance(verdict, Agreed):
        return Rejection(candidate, "judge", f"{claim.role} only agreed", f"min_grade is {min_grade}")
    return Rejection(candidate, "judge", f"{claim.role} unknown", getattr(verdict, "reason", ""))


def _record(
    family: Family,
    candidate: Candidate,
    setting: Setting,
    trees: tuple[Tree, Tree, list[Tree]],
    theory: Theory,
    evidence: list[Evidence],
) -> Record | Rejection:
    """Put the proved candidate into words and read the words back; a question that reads otherwise is rejected."""
    source, steps = candidate.source, candidate.steps or ()
    tree, answered, moves = trees
    words = source.random("words")
    name = setting.languages[source.index % len(setting.languages)]
    language = family.language(name)
    question = language.render(tree, "problem", words.randrange)
    answer = language.render(answered, "solution")
    sentences = [language.render(move, "step", words.randrange) for move in moves] or [answer]
    try:
        if language.read(question, "problem") != tree or language.read(answer, "solution") != answered:
            return Rejection(candidate, "words", "reads otherwise", question)
    except ValueError as error:
        return Rejection(candidate, "words", "does not read back", f"{error}: {question}")
    key, exact = canonical(theory)
    form = rows.answer_format(family.answer_hint(name), setting.answer_in, family.words(name))
    shown = [{"parents": step.parents, "rule": step.rule} for step in steps]
    text = rows.completion(sentences, shown, answer, setting.answer_in, family.words(name))
    return Record(
        problem=key,
        id=rows.row_id(key, name, question, source.level),
        family=family.name,
        kind=family.kind,
        level=source.level,
        features=family.features_of(tree),
        prompt=tuple(rows.prompt(question, form, setting.system)),
        answer_format=form,
        language=name,
        question=question,
        reading="zip",
        answer=answer,
        completion=({"role": "assistant", "content": text},),
        formal=candidate.formal,
        formal_answer=candidate.formal_answer or "",
        theory=theory.text(),
        evidence=tuple(evidence),
        steps=steps,
        source=source,
        versions=versions(family),
        exact=exact,
    )


@cache
def versions(family: Family) -> Mapping[str, str]:
    """Return what a row was made with: the package, the family, and the hash of what is trusted about it."""
    return {"synth": version("synth-corpus"), "family": str(family.version), "trust": family.trust_digest()}
