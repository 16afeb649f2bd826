"""The fixed recipe of the bundled proposer: what it is taught, how big it is, how it is trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

SEED = 1  # of the lessons; the exam draws its problems from another seed

Mix: TypeAlias = Mapping[str, Mapping[int, int]]  # lessons of each family and level


@dataclass(frozen=True)
class Stage:
    """A part of the training with lessons of its own: `pose_share` is the share of them that compose a problem.

    The optimiser starts anew; the learning rate warms up and then falls to a hundredth along a cosine (warm restarts:
    Loshchilov and Hutter 2017, section 3). `parts` batches of about equal length, drawn at random, make one step, so
    that a step is about several families. Without a mix the lessons are those of the stage before. `first` is the index
    of the first lesson of each family and level, so that stages need not repeat each other. `horizon` is the number of
    steps over which the rate falls, where the stage ends before that.
    """

    steps: int
    mix: Mix = field(default_factory=dict)
    pose_share: float = 0.15
    parts: int = 1
    first: int = 0
    horizon: int | None = None


# First everything a little, low levels more often, because a small model learns those. Then steps small enough to be
# computed, and sudoku. Then the first levels of what it can learn. Then all of it once more, and the first levels of
# nearly all other families, so that nothing taught is forgotten.
STAGES = (
    Stage(
        3_800,
        {
            "antiderivative": {1: 14_000, 2: 14_000, 3: 6_000},
            "countdown": {1: 12_000, 2: 20_000},
            "derivative": {1: 6_000, 2: 5_500},
            "knights": {1: 24_000, 2: 10_000},
            "linear_system": {1: 60_000, 2: 10_000},
            "polynomial_roots": {1: 36_000, 2: 12_000},
            "shortest_path": {1: 20_000, 2: 6_000},
        },
    ),
    Stage(
        1_500,
        {
            "antiderivative": {1: 20_000, 2: 12_000},
            "countdown": {1: 20_000, 2: 70_000},
            "derivative": {1: 10_000},
            "linear_system": {1: 50_000, 2: 12_000},
            "polynomial_roots": {1: 55_000, 2: 15_000},
            "shortest_path": {1: 8_000},
            "sudoku": {1: 24_000},
        },
        pose_share=0.08,
        parts=4,
        horizon=4_000,
    ),
    Stage(
        3_800,
        {
            "antiderivative": {1: 30_000, 2: 8_000},
            "countdown": {1: 8_000, 2: 20_000},
            "derivative": {1: 9_000},
            "gcd_bezout": {1: 25_000},
            "linear_system": {1: 22_000},
            "modular_system": {1: 30_000},
            "polynomial_roots": {1: 24_000},
            "venn_counts": {1: 18_000},
        },
        pose_share=0.05,
        parts=4,
        first=100_000,
    ),
    Stage(
        4_600,
        {
            "antiderivative": {1: 8_000, 2: 30_000, 3: 3_000},
            "countdown": {1: 15_000, 2: 45_000},
            "definite_integral": {1: 5_000},
            "derivative": {1: 3_000, 2: 4_000},
            "factorization": {1: 2_000},
            "gcd_bezout": {1: 9_000},
            "graph_coloring": {1: 2_500},
            "knights": {1: 6_000, 2: 3_000},
            "linear_inequalities": {1: 5_000},
            "linear_system": {1: 28_000, 2: 2_000},
            "markov_expectation": {1: 4_000},
            "matrix_inverse_rank": {1: 4_000},
            "max_flow": {1: 9_000},
            "modular_system": {1: 30_000},
            "polynomial_factor": {1: 50_000, 2: 10_000},
            "polynomial_roots": {1: 18_000, 2: 3_000},
            "regex_equivalence": {1: 5_000},
            "shortest_path": {1: 5_000, 2: 2_000},
            "sliding_blocks": {1: 6_000},
            "sudoku": {1: 4_000},
            "syllogism": {1: 3_500},
            "venn_counts": {1: 5_000},
        },
        pose_share=0.08,
        parts=4,
        first=200_000,
    ),
)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights; the same recipe on the same machine and versions gives the same bytes.

    Lessons longer than `longest` tokens are dropped. `batch_tokens` counts padded tokens of a step. `warmup` counts
    steps of each stage.
    """

    stages: tuple[Stage, ...] = STAGES
    seed: int = SEED
    longest: int = 512
    vocabulary: int = 640
    layers: int = 6
    width: int = 128
    heads: int = 4
    hidden: int = 384
    batch_tokens: int = 4_096
    rate: float = 3e-3
    warmup: int = 100
    decay: float = 0.1
    clip: float = 1.0

    @property
    def steps(self) -> int:
        """The steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    @property
    def mix(self) -> Mix:
        """The lessons of all stages together."""
        total: dict[str, Counter[int]] = {}
        for stage in self.stages:
            for name, levels in stage.mix.items():
                total.setdefault(name, Counter()).update(levels)
        return total

    def as_json(self) -> dict[str, Any]:
        """Return the recipe as JSON values; `recipe_of` reads it back."""
        return {**asdict(self), "stages": [{**asdict(stage), "mix": _mix_json(stage.mix)} for stage in self.stages]}


def _mix_json(mix: Mix) -> dict[str, dict[str, int]]:
    return {name: {str(level): n for level, n in sorted(levels.items())} for name, levels in sorted(mix.items())}


def recipe_of(facts: Mapping[str, Any]) -> Recipe:
    """Return the recipe that `Recipe.as_json` wrote.

    >>> recipe_of(Recipe().as_json()) == Recipe()
    True
    """
    stages = [Stage(**{**stage, "mix": _mix_of(stage["mix"])}) for stage in facts["stages"]]
    return Recipe(**{**facts, "stages": tuple(stages)})


def _mix_of(facts: Mapping[str, Mapping[str, int]]) -> Mix:
    return {name: {int(level): n for level, n in levels.items()} for name, levels in facts.items()}
