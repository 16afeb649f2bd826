"""The proposer without a model: the grammar and the planting loop draw a problem, a solver finds its answer."""

from __future__ import annotations

from synth.family import Family
from synth.records import Candidate, Rejection, Source, Step
from synth_kernel.terms import Term
from synth_solvers import steps as finders
from synth_solvers.answer import answer_of

ATTEMPTS = 8  # draws for one index before it is given up


def propose(family: Family, source: Source, small_steps: bool = False) -> Candidate | Rejection:
    """Draw the candidate of a source and solve it; the same source always gives the same candidate.

    `small_steps` asks for the finest steps that the family has.
    """
    drawn = draw(family, source)
    return drawn if isinstance(drawn, Rejection) else solve(family, *drawn, small_steps=small_steps)


def draw(family: Family, source: Source, purpose: str = "problem") -> tuple[Candidate, Term | None] | Rejection:
    """Draw the problem of a source, and its answer where drawing it told; other purposes give other problems.

    A draw may come to nothing (no unique model within the planting loop's limit); after `ATTEMPTS` of them the index
    is a rejection of stage `propose`, so that what is lost to the sampler is counted.
    """
    rng = source.random(purpose)
    level = family.levels[source.level]
    for _ in range(ATTEMPTS):
        proposal = family.propose(level, rng)
        if proposal is not None:
            return Candidate(source, proposal.formal), proposal.answer
    return Rejection(Candidate(source, ""), "propose", "no problem drawn")


def solve(
    family: Family, candidate: Candidate, answer: Term | None = None, small_steps: bool = False
) -> Candidate | Rejection:
    """Add an answer and the steps of the family's method to a problem; the solver answers where `answer` is None."""
    try:
        theory = family.problem(candidate.formal)[1].theory
    except ValueError as error:
        return Rejection(candidate, "parse", type(error).__name__, str(error))
    try:
        answer = answer_of(theory) if answer is None else answer
    except ValueError as error:
        return Rejection(candidate, "solve", "no answer found", str(error))
    if answer is None:
        return Rejection(candidate, "solve", "no answer found")
    method = (small_steps and family.small_steps) or family.method
    moves = finders.find(method, theory, answer) if method else []
    formal_answer = family.solution(theory, answer)
    steps = [Step(f"s{i}", family.sentence(move), move.parents, move.rule) for i, move in enumerate(moves)]
    steps = steps or [Step("s0", formal_answer, (), "answer")]
    return Candidate(candidate.source, candidate.formal, formal_answer, tuple(steps))
