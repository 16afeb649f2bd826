"""Majority vote (self-consistency): the baseline that uses the verifier only once.

Source: Wang et al. 2022, arXiv 2203.11171: sample several solutions, take the answer that most of them agree on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from synth.judge.judge import Setting
from synth.propose.ask import Draw, Model, Reply
from synth.records import Rejection
from synth.search.budget import Budget
from synth.search.outcome import Outcome
from synth.search.session import MOST, Progress, Request, Session
from synth.search.task import Parsed, Task


def run(
    tasks: Sequence[Task],
    model: Model,
    budget: Budget,
    draw: Draw,
    *,
    most: int | None = None,
    setting: Setting | None = None,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Sample every problem `most` times, or until the budget is exhausted, then judge the answer named most often.

    Answers are compared as canonical texts, a tie goes to the one named first. The judge sees the first solution that
    gives the answer, steps and all. Where most agree on a wrong answer the problem stays unsolved.
    """
    session = Session(tasks, model, budget, draw, setting, progress)
    bound = MOST if most is None else most
    votes: list[list[tuple[Parsed, Reply]]] = [[] for _ in tasks]
    while answered := session.ask(
        [
            Request(i, session.tasks[i].ask)
            for i, outcome in enumerate(session.outcomes)
            for _ in range(min(draw.n, bound - outcome.samples))
        ]
    ):
        for request, reply in answered:
            parsed = session.parse(request.number, reply.text)
            if reply.failure or not isinstance(parsed, Parsed):
                session.judge(request.number, reply.text, reply)
                continue
            votes[request.number].append((parsed, reply))
    for i, named in enumerate(votes):
        if named:
            elected = Counter(parsed.answer for parsed, _ in named).most_common(1)[0][0]
            chosen = next(reply for parsed, reply in named if parsed.answer == elected)
            session.judge(i, chosen.text, chosen)
            session.outcomes[i].rejections += [
                Rejection(parsed.candidate, "search", "outvoted") for parsed, _ in named if parsed.answer != elected
            ]
    return session.outcomes
