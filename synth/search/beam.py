"""Step-verified beam: a solution grows line by line, and a step that is not proved is cut when it is written.

Step-wise search with an exact verifier in place of a learnt reward (compare Snell et al. 2024, arXiv 2408.03314 §5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from synth.judge.judge import Setting
from synth.propose.ask import Draw, Model, Reply
from synth.records import Rejection
from synth.search.budget import Budget
from synth.search.outcome import Outcome
from synth.search.session import Progress, Request, Session, must_continue
from synth.search.steps import ANSWER, Written, extend
from synth.search.task import Task

WIDTH = 4  # beginnings kept of one problem
BRANCH = 2  # lines asked for from each of them
PATIENCE = 2  # times in a row that nothing new is proved before a problem is begun again
LINE = 160  # tokens of one line


@dataclass
class _Beam:
    """The beginnings that are kept of one problem."""

    kept: list[Written] = field(default_factory=lambda: [Written()])
    fruitless: int = 0
    fresh: bool = True  # nothing was asked yet since it was begun


def run(
    tasks: Sequence[Task],
    model: Model,
    budget: Budget,
    draw: Draw,
    *,
    most: int | None = None,
    setting: Setting | None = None,
    progress: Progress | None = None,
    width: int = WIDTH,
    branch: int = BRANCH,
    patience: int = PATIENCE,
) -> list[Outcome]:
    """Grow up to `width` beginnings of each problem until one ends in an answer that is accepted.

    Beginnings with the same facts count once; the likeliest are kept. Where no line is proved the same beginnings are
    tried again, `patience` times, then the problem is begun anew. Each first line counts as a sample. A family without
    steps has the answer as its only line. Raise `UserError` where the model cannot continue a prefix.
    """
    must_continue(model, "beam")
    session = Session(tasks, model, budget, draw, setting, progress)
    beams = [_Beam() for _ in tasks]
    while True:
        wanted = []
        for i in session.open():
            beam, enough = beams[i], most is not None and session.outcomes[i].samples >= most
            if beam.fresh and not enough:
                count = width if most is None else min(width, most - session.outcomes[i].samples)
                ask = beam.kept[0].ask(session.tasks[i], ("\n",))
                wanted += [Request(i, ask)] * count
            elif not beam.fresh:
                count = branch if not beam.fruitless else -(-width // len(beam.kept))
                for written in beam.kept:
                    wanted += [Request(i, written.ask(session.tasks[i], ("\n",)), begins=False)] * count
        answered = session.ask(wanted, max_tokens=LINE)
        if not answered:
            return session.outcomes
        lines: dict[int, list[tuple[str, Reply]]] = {}
        for request, reply in answered:
            lines.setdefault(request.number, []).append((request.ask.prefix, reply))
        for i, found in lines.items():
            beams[i] = _grow(session, i, beams[i], found, width, patience)


def _grow(
    session: Session, number: int, beam: _Beam, found: Sequence[tuple[str, Reply]], width: int, patience: int
) -> _Beam:
    """Prove the lines that were written for one problem and keep what holds."""
    outcome, task = session.outcomes[number], session.tasks[number]
    parents = {written.text: written for written in beam.kept}
    grown: dict[frozenset[str], Written] = {}
    known: set[tuple[str, str]] = set()
    for prefix, reply in found:
        line = reply.text.strip("\n")
        if outcome.solved or ((prefix, line) in known and not reply.failure):
            continue
        known.add((prefix, line))
        if line.startswith(ANSWER) or reply.failure or not (reply.stopped or reply.finished):
            session.judge(number, prefix + line, reply)
            continue
        if not session.budget.left("verifier_calls"):
            outcome.rejections.append(session.rejection(number, "search", "no verifier call left"))
            continue
        longer, calls = extend(task, parents[prefix], line, session.setting, reply.log_probability or 0.0)
        session.called(number, calls)
        if isinstance(longer, Rejection):
            outcome.rejections.append(longer)
        elif longer.facts not in grown or grown[longer.facts].log_probability < longer.log_probability:
            grown[longer.facts] = longer
    if grown:
        best = sorted(grown.values(), key=lambda written: -written.log_probability)
        return _Beam(best[:width], fresh=False)
    if beam.fruitless >= patience or not beam.kept[0].lines:
        return _Beam()
    return _Beam(beam.kept, beam.fruitless + 1, fresh=False)
