"""Adaptive allocation: the next samples go where a solution is likeliest for the tokens it costs.

Each problem has a Beta posterior over the rate at which samples solve it. The problems of a family and level share the
prior, which is fitted to all that was seen of them (empirical Bayes; the beta-binomial likelihood does not depend on
when sampling stopped). Thompson sampling (Thompson 1933; Russo et al. 2018, arXiv 1707.02038 §3) draws a rate for each
open problem and asks those where the rate per token is highest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import lgamma, log
from random import Random

from synth.judge.judge import Setting
from synth.propose.ask import Draw, Model
from synth.search.budget import Budget
from synth.search.outcome import Outcome
from synth.search.session import MOST, Progress, Request, Session
from synth.search.task import Task

BATCH = 32  # samples placed before the posteriors are looked at again
_MEANS = (0.003, 0.01, 0.03, 0.06, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97)
_STRENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0)


def run(
    tasks: Sequence[Task],
    model: Model,
    budget: Budget,
    draw: Draw,
    *,
    most: int | None = None,
    setting: Setting | None = None,
    progress: Progress | None = None,
    batch: int = BATCH,
) -> list[Outcome]:
    """Give every problem one sample, then `batch` at a time to those that are hopeful, until the budget is exhausted.

    A problem is left at its first accepted solution, or after `most` samples.
    """
    session = Session(tasks, model, budget, draw, setting, progress)
    rng = Random(session.seed())
    wanted = list(range(len(tasks)))
    while answered := session.ask([Request(i, session.tasks[i].ask) for i in wanted]):
        for request, reply in answered:
            if not session.outcomes[request.number].solved:
                session.judge(request.number, reply.text, reply)
        wanted = choose(session.outcomes, session.open(most), batch, MOST if most is None else most, rng)
    return session.outcomes


def choose(outcomes: Sequence[Outcome], open_tasks: Iterable[int], batch: int, most: int, rng: Random) -> list[int]:
    """Return the numbers of the tasks that get the next samples, the most hopeful first; a task may occur often.

    Samples that are placed but not seen yet count as failed, so that a batch spreads.
    """
    cells: dict[tuple[str, int], list[Outcome]] = {}
    for outcome in outcomes:
        cells.setdefault(outcome.task.cell, []).append(outcome)
    priors = {cell: fit((o.passed, len(o.judged)) for o in found) for cell, found in cells.items()}
    costs = _costs(cells)
    placed: Counter[int] = Counter()
    left = {i: most - outcomes[i].samples for i in open_tasks}
    for _ in range(batch):
        hopes = {}
        for i, samples in left.items():
            if placed[i] < samples:
                task, tried = outcomes[i].task, len(outcomes[i].judged)
                a, b = priors[task.cell]
                hopes[i] = rng.betavariate(a, b + tried + placed[i]) / costs[task.cell]
        if not hopes:
            break
        placed[max(hopes, key=hopes.__getitem__)] += 1
    return list(placed.elements())


def fit(seen: Iterable[tuple[int, int]]) -> tuple[float, float]:
    """Return the parameters (a, b) of the Beta prior under which (passed, tried) of several problems are likeliest.

    A grid of means and strengths is searched; a weak preference for a mean of one half stands for what is not known.

    >>> a, b = fit([(0, 8)] * 9 + [(1, 1)])
    >>> a / (a + b) < 0.2
    True
    """
    counted = Counter(seen)

    def fitness(a: float, b: float) -> float:
        terms = (n * (_log_beta(a + c, b + t - c) - _log_beta(a, b)) for (c, t), n in counted.items())
        return sum(terms) + 0.5 * (log(a / (a + b)) + log(b / (a + b)))

    grid = [(mean * strength, (1 - mean) * strength) for mean in _MEANS for strength in _STRENGTHS]
    return max(grid, key=lambda pair: fitness(*pair))


def _costs(cells: Mapping[tuple[str, int], Sequence[Outcome]]) -> dict[tuple[str, int], float]:
    """Return the mean tokens of a sample in each cell."""
    return {
        cell: max(1.0, sum(o.tokens for o in found) / max(1, sum(o.samples for o in found)))
        for cell, found in cells.items()
    }


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
