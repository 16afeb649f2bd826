"""The strategies by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from synth.errors import UserError, did_you_mean
from synth.judge.judge import Setting
from synth.propose.ask import Draw, Model
from synth.search import adaptive, beam, best_of_n, majority, repair, smc
from synth.search.budget import Budget
from synth.search.outcome import Outcome
from synth.search.session import Progress
from synth.search.task import Task


class Strategy(Protocol):
    """A search: it solves as many of the tasks as it can, and never spends more than the budget."""

    def __call__(
        self,
        tasks: Sequence[Task],
        model: Model,
        budget: Budget,
        draw: Draw,
        *,
        most: int | None = None,
        setting: Setting | None = None,
        progress: Progress | None = None,
    ) -> list[Outcome]:
        """Return one outcome a task, in order; `most` bounds the samples of one problem."""
        ...


STRATEGIES: Mapping[str, Strategy] = {
    "best-of-n": best_of_n.run,
    "adaptive": adaptive.run,
    "repair": repair.run,
    "beam": beam.run,
    "smc": smc.run,
    "majority": majority.run,
}
POOLED = {"adaptive"}  # they place the samples of all problems themselves, so that a bound for each would defeat them
INDEPENDENT = {"best-of-n", "adaptive"}  # every sample is a fresh draw, so that pass@k can be estimated


def strategy(name: str) -> Strategy:
    """Return the strategy of a name; raise `UserError`.

    >>> strategy("best of n")
    Traceback (most recent call last):
    ...
    synth.errors.UserError: there is no strategy 'best of n'; did you mean 'best-of-n'?
    """
    if name not in STRATEGIES:
        raise UserError(f"there is no strategy {name!r}; {did_you_mean(name, STRATEGIES)}")
    return STRATEGIES[name]
