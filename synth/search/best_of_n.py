"""Best of n with early stop: round after round, every problem that is not solved gets the same number of samples."""

from __future__ import annotations

from collections.abc import Sequence

from synth.judge.judge import Setting
from synth.propose.ask import Draw, Model
from synth.search.budget import Budget
from synth.search.outcome import Outcome
from synth.search.session import MOST, Progress, Request, Session
from synth.search.task import Task


def run(
    tasks: Sequence[Task],
    model: Model,
    budget: Budget,
    draw: Draw,
    *,
    most: int | None = None,
    setting: Setting | None = None,
    progress: Progress | None = None,
    stop: bool = True,
) -> list[Outcome]:
    """Sample until a problem is solved, `most` solutions of it were begun, or the budget is exhausted.

    A round asks for `draw.n` replies to each open problem, all in one batch. With `stop` off every problem gets all its
    samples, which is what an unbiased pass@k needs.
    """
    session = Session(tasks, model, budget, draw, setting, progress)
    bound = MOST if most is None else most
    while True:
        wanted = [
            Request(i, session.tasks[i].ask)
            for i, outcome in enumerate(session.outcomes)
            if not (stop and outcome.solved)
            for _ in range(min(draw.n, bound - outcome.samples))
        ]
        answered = session.ask(wanted)
        if not answered:
            return session.outcomes
        for request, reply in answered:
            if not (stop and session.outcomes[request.number].solved):
                session.judge(request.number, reply.text, reply)
