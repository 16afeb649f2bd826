"""What a stream asks next: families, levels and pairs of features whose pass rate is near the chosen one.

Where all answers of a group earn the same, a policy gradient with group baselines has nothing to learn from (GRPO's
advantage is zero); the variance of a reward of 0 or 1 is largest at a pass rate of one half (DAPO, Yu et al. 2025,
drops such groups after they were paid for). So problems are drawn by how near their pass rate is to the target.
"""

from __future__ import annotations

import math
import mmap
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from synth.errors import UserError
from synth.grammar.features import pairs as pairs_of
from synth.graph.demand import Demand
from synth.graph.reach import Pair

WIDTH = 0.2  # distance of a pass rate from the target at which a level is drawn exp(-1/2) as often
FLOOR = 0.05  # least share of its weight that a level keeps, so that what was too hard is met again
MEMORY = 64.0  # reports after which an old one counts 1/e: a learner changes
PRIOR = 4.0  # reports that are taken to have said the target, so that one lucky answer moves little
ENOUGH = 32  # reports about a family and level before its pairs of features are told apart
REMEMBERED = 1024  # problems whose features are known when they are reported
DRAWS = 3  # problems drawn for one that is kept

Cell = tuple[str, int]


class Rate:
    """A pass rate that forgets: the mean of rewards, each counting `exp(-1/MEMORY)` of the one after it.

    >>> rate = Rate(0.5)
    >>> for _ in range(100): rate.add(1.0)
    >>> 0.9 < rate.mean < 1.0
    True
    """

    def __init__(self, target: float, total: float = 0.0, weight: float = 0.0) -> None:
        self.target, self.total, self.weight = target, total, weight

    def add(self, reward: float) -> None:
        """Count a reward."""
        kept = math.exp(-1 / MEMORY)
        self.total, self.weight = self.total * kept + reward, self.weight * kept + 1.0

    @property
    def mean(self) -> float:
        """The rate, drawn towards the target while little is known."""
        return (self.total + PRIOR * self.target) / (self.weight + PRIOR)


class Course:
    """Which family and level comes next, and which pairs of features in it; moved by reports.

    `shares` are the weights that a recipe gives (family, level), `target` the pass rate to move towards. The weights of
    levels lie in memory that forked workers share, so they follow reports made in the process that forked them; pairs
    are steered where problems are made and reported in one process. Copies are the same course.
    """

    def __init__(self, shares: Mapping[Cell, float], target: float) -> None:
        if not 0 < target < 1:
            raise UserError(f"the pass rate to move towards lies between 0 and 1, not at {target}")
        self.target = target
        self.cells = list(shares)
        self._shares = list(shares.values())
        self._rates = {cell: Rate(target) for cell in shares}
        self._pairs: dict[Cell, dict[Pair, Rate]] = {cell: {} for cell in shares}
        self._asked: dict[Cell, dict[Pair, float]] = {cell: {} for cell in shares}
        self._known: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._memory = memoryview(mmap.mmap(-1, 8 * len(self.cells))).cast("d")
        self._weigh()

    def __deepcopy__(self, memo: object) -> Course:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (dict(zip(self.cells, self._shares, strict=True)), self.target, self.state_dict())

    def choose(self, rng: Random) -> Cell:
        """Draw a family and level."""
        return rng.choices(self.cells, self._memory.tolist())[0]

    def weights(self) -> dict[Cell, float]:
        """Return the shares in which families and levels are drawn now; they sum to 1."""
        total = sum(self._memory)
        return {cell: weight / total for cell, weight in zip(self.cells, self._memory, strict=True)}

    def demand(self, cell: Cell) -> Demand | None:
        """Return what is wanted of the pairs of a family and level; None while too little is known about them."""
        if self._rates[cell].weight < ENOUGH or not self._pairs[cell]:
            return None
        near = {pair: self._near(rate) for pair, rate in sorted(self._pairs[cell].items())}
        whole = sum(near.values())
        target = {pair: weight / whole for pair, weight in near.items()}
        asked = self._asked[cell]
        rows = round(sum(asked.values()))
        return Demand(rows, dict(asked), target, 1 / (len(target) + 1), 1, DRAWS)

    def asked(self, name: str, cell: Cell, features: Iterable[str]) -> None:
        """Note that a problem was put: which pairs of features it has. What was put long ago is forgotten."""
        self._known[name] = tuple(features)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        counts, found = self._asked[cell], pairs_of(self._known[name])
        for pair in found:
            counts[pair] = counts.get(pair, 0.0) + 1 / len(found)
        if sum(counts.values()) > REMEMBERED:
            self._asked[cell] = {pair: count / 2 for pair, count in counts.items()}

    def report(self, name: str, reward: float) -> None:
        """Move towards problems whose pass rate is near the target; `name` is the id of a problem of this course.

        Rewards outside 0..1 count as the nearer end. Raise `UserError` where the problem or the reward is none.
        """
        family, _, rest = name.partition("/")
        level = rest.partition("/")[0]
        cell = (family, int(level) if level.isdecimal() and level.isascii() else -1)
        if cell not in self._rates:
            raise UserError(f"{name!r} is no problem of this stream; report the column `id` of its rows")
        if not isinstance(reward, int | float) or math.isnan(reward):
            raise UserError(f"the reward of {name} is {reward!r}, not a number from 0 to 1")
        reward = min(1.0, max(0.0, float(reward)))
        self._rates[cell].add(reward)
        for pair in pairs_of(self._known.get(name, ())):
            self._pairs[cell].setdefault(pair, Rate(self.target)).add(reward)
        self._weigh()

    def pass_rates(self) -> dict[Cell, float | None]:
        """Return what was reported lately of each family and level; None where nothing was."""
        return {cell: rate.total / rate.weight if rate.weight else None for cell, rate in self._rates.items()}

    def _near(self, rate: Rate) -> float:
        """Return how much of its weight something keeps at a pass rate: 1 at the target, little far from it."""
        off = (rate.mean - self.target) / WIDTH
        return FLOOR + (1 - FLOOR) * math.exp(-off * off / 2)

    def _weigh(self) -> None:
        for i, cell in enumerate(self.cells):
            self._memory[i] = self._shares[i] * self._near(self._rates[cell])

    def state_dict(self) -> dict[str, Any]:
        """Return all that was learned and asked, as JSON data."""
        return {
            "rates": [[r.total, r.weight] for r in self._rates.values()],
            "pairs": [[[*p, r.total, r.weight] for p, r in sorted(self._pairs[c].items())] for c in self.cells],
            "asked": [[[*p, n] for p, n in sorted(self._asked[c].items())] for c in self.cells],
            "known": [[name, list(features)] for name, features in self._known.items()],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        for cell, rate, pairs, asked in zip(self.cells, state["rates"], state["pairs"], state["asked"], strict=True):
            self._rates[cell] = Rate(self.target, *rate)
            self._pairs[cell] = {(a, b): Rate(self.target, total, weight) for a, b, total, weight in pairs}
            self._asked[cell] = {(a, b): n for a, b, n in asked}
        self._known = OrderedDict((name, tuple(features)) for name, features in state["known"])
        self._weigh()


def _again(shares: Mapping[Cell, float], target: float, state: Mapping[str, Any]) -> Course:
    course = Course(shares, target)
    course.load_state_dict(state)
    return course
