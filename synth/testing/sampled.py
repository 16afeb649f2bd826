"""What the laws look at: draws of every level, made twice and with another seed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from synth.domain import Domain
from synth.family import Family, Tree
from synth.records import Record, Rejection

Oracle = Callable[[Tree, Tree], bool]  # does this solution tree answer this problem tree? independent of the kernel


@dataclass(frozen=True)
class Drawn:
    """The draws of one level: `again` lists the indices that gave something else the second time.

    `others` are draws with the next seed; `seconds` is the CPU time that the records and losses took.
    """

    level: int
    seed: int
    records: tuple[Record, ...]
    lost: tuple[Rejection, ...]
    again: tuple[int, ...]
    others: tuple[Record, ...]
    seconds: float

    @property
    def samples(self) -> int:
        """How many draws there were."""
        return len(self.records) + len(self.lost)


def draw_level(family: Family, level: int, samples: int, seed: int) -> Drawn:
    """Make so many problems of a level; costs three times as much as generating them."""
    domain = Domain(family)
    begun = time.process_time()
    made = [domain.make(level, seed, index) for index in range(samples)]
    seconds = time.process_time() - begun
    again = tuple(index for index, first in enumerate(made) if domain.make(level, seed, index) != first)
    others = (domain.make(level, seed + 1, index) for index in range(samples))
    return Drawn(
        level,
        seed,
        tuple(each for each in made if isinstance(each, Record)),
        tuple(each for each in made if isinstance(each, Rejection)),
        again,
        tuple(each for each in others if isinstance(each, Record)),
        seconds,
    )


@dataclass(frozen=True)
class Sampled:
    """A family with the draws of its levels, the easiest first."""

    family: Family
    levels: tuple[Drawn, ...]

    @property
    def records(self) -> list[Record]:
        """The records of all levels."""
        return [record for drawn in self.levels for record in drawn.records]


def sample(family: Family, samples: int, levels: Sequence[int] | None = None, seed: int = 1) -> Sampled:
    """Draw so many problems of each level asked for, all if none is named."""
    wanted = sorted(levels or family.levels)
    return Sampled(family, tuple(draw_level(family, level, samples, seed) for level in wanted))
