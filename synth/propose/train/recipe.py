"""The fixed recipe of the bundled proposer: what it is taught, how big it is, how it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

SEED = 1  # of the lessons; the exam draws its problems from another seed

# lessons of each family and level; low levels more often, because a small model learns those
MIX: Mapping[str, Mapping[int, int]] = {
    "antiderivative": {1: 14_000, 2: 14_000, 3: 6_000},
    "countdown": {1: 12_000, 2: 20_000},
    "derivative": {1: 6_000, 2: 5_500},
    "knights": {1: 24_000, 2: 10_000},
    "linear_system": {1: 60_000, 2: 10_000},
    "polynomial_roots": {1: 36_000, 2: 12_000},
    "shortest_path": {1: 20_000, 2: 6_000},
}


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights; the same recipe on the same machine and versions gives the same bytes.

    `mix` counts the lessons of each family and level, `pose_share` is the share of them that compose a problem.
    Lessons longer than `longest` tokens are dropped. `batch_tokens` counts padded tokens of a step. In each of the
    `cycles`, counted in steps, the learning rate warms up over `warmup` steps and then falls to a hundredth along a
    cosine (warm restarts: Loshchilov and Hutter 2017, section 3).
    """

    mix: Mapping[str, Mapping[int, int]] = field(default_factory=lambda: MIX)
    seed: int = SEED
    pose_share: float = 0.15
    longest: int = 512
    vocabulary: int = 640
    layers: int = 6
    width: int = 128
    heads: int = 4
    hidden: int = 384
    cycles: tuple[int, ...] = (3_800,)
    batch_tokens: int = 4_096
    rate: float = 3e-3
    warmup: int = 100
    decay: float = 0.1
    clip: float = 1.0

    @property
    def steps(self) -> int:
        """The steps of all cycles."""
        return sum(self.cycles)

    def as_json(self) -> dict[str, Any]:
        """Return the recipe as JSON values; `recipe_of` reads it back."""
        facts = asdict(self)
        facts["mix"] = {
            name: {str(level): n for level, n in sorted(levels.items())} for name, levels in sorted(self.mix.items())
        }
        facts["cycles"] = list(self.cycles)
        return facts


def recipe_of(facts: Mapping[str, Any]) -> Recipe:
    """Return the recipe that `Recipe.as_json` wrote.

    >>> recipe_of(Recipe().as_json()) == Recipe()
    True
    """
    mix = {name: {int(level): n for level, n in levels.items()} for name, levels in facts["mix"].items()}
    return Recipe(**{**facts, "mix": mix, "cycles": tuple(facts["cycles"])})
