"""Counterexample-guided repair: what refuted a solution goes into the next attempt at it.

A model that can go on from a prefix keeps the steps that are proved and writes the rest anew, from the first wrong step
on. A model that cannot is shown its solution and what refutes it, as a conversation and in the bare text. The scheme is
that of counterexample-guided synthesis (Solar-Lezama 2008), with a model as the synthesiser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from synth.judge.judge import Setting
from synth.propose.ask import Ask, Draw, Model
from synth.records import Rejection
from synth.search.budget import Budget
from synth.search.outcome import Outcome
from synth.search.session import Progress, Request, Session
from synth.search.steps import proved_part
from synth.search.task import Task

ROUNDS = 2  # repairs of one solution before a new one is begun
SHOWN = 2_000  # characters of a wrong solution that are shown to a model


def run(
    tasks: Sequence[Task],
    model: Model,
    budget: Budget,
    draw: Draw,
    *,
    most: int | None = None,
    setting: Setting | None = None,
    progress: Progress | None = None,
    rounds: int = ROUNDS,
    words: bool | None = None,
) -> list[Outcome]:
    """Sample, and repair what was refuted up to `rounds` times before sampling afresh; each attempt is one sample.

    With `words` a model is told what is wrong; without, it goes on from the proved steps. The default tells those that
    cannot continue. A reply that cannot be read, or whose first step is wrong already, leaves nothing to go on from.
    """
    session = Session(tasks, model, budget, draw, setting, progress)
    told = not model.continues if words is None else words
    asks = [task.ask for task in session.tasks]
    tried = [0] * len(tasks)
    while answered := session.ask([Request(i, asks[i]) for i in session.open(most)]):
        for request, reply in answered:
            i, text = request.number, request.ask.prefix + reply.text
            found = session.judge(i, text, reply)
            if isinstance(found.result, Rejection):
                following = None
                if tried[i] < rounds and not reply.failure:
                    following = (_tell if told else _keep)(session, i, text, found.result)
                asks[i] = following or session.tasks[i].ask
                tried[i] = tried[i] + 1 if following else 0
    return session.outcomes


def _keep(session: Session, number: int, text: str, why: Rejection) -> Ask | None:
    """Return what asks to go on from the steps that are proved; None where there are none."""
    task = session.tasks[number]
    if why.stage not in ("judge", "parse") or not task.family.method:
        return None
    written, calls = proved_part(task, text, session.setting, session.budget.left("verifier_calls"))
    session.called(number, calls)
    return written.ask(task) if written.lines else None


def _tell(session: Session, number: int, text: str, why: Rejection) -> Ask | None:
    """Return what asks again and says why the last solution was refused."""
    ask = session.tasks[number].ask
    shown = text[:SHOWN]
    said = f"{complaint(why)} Write a whole new solution in the same form."
    messages = (*ask.messages, {"role": "assistant", "content": shown}, {"role": "user", "content": said})
    return replace(ask, text=f"{ask.text}{shown}\n{said}\n{ask.text}", messages=messages)


def complaint(why: Rejection) -> str:
    """Say in a sentence why a solution was refused, with the counterexample where there is one."""
    if why.stage == "parse":
        return f"This cannot be read: {why.detail}."
    shown = f" It is excluded by: {why.counterexample[:SHOWN]}." if why.counterexample else ""
    return f"This is wrong: {why.reason}: {why.detail}.{shown}"
