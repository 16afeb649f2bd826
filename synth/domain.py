"""What `synth.families[name]` gives to a user: a family together with the judge and the scorer.

>>> from synth.domain import domains
>>> record = domains()["linear_system"].sample(level=1, seed=7, index=0)
>>> domains()["linear_system"].score(record.answer, record).score
1
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synth.family.contract import Family
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.judge.score import Score, score
from synth.propose.sampler import propose
from synth.records import Record, Rejection, Source


@dataclass(frozen=True)
class Domain:
    """One family, ready to sample and to score."""

    family: Family

    def make(self, level: int, seed: int, index: int, setting: Setting | None = None) -> Record | Rejection:
        """Propose and judge one problem; the same arguments give the same result.

        >>> domains()["knights"].make(1, 7, 0).kind
        'find'
        """
        candidate = propose(self.family, Source(self.family.name, level, seed, index))
        return candidate if isinstance(candidate, Rejection) else judge(self.family, candidate, setting or Setting())

    def sample(self, level: int, seed: int, index: int, setting: Setting | None = None) -> Record:
        """Return one proved record; raise ValueError with the reason where this index came to nothing (rare)."""
        result = self.make(level, seed, index, setting)
        if isinstance(result, Rejection):
            raise ValueError(f"{self.family.name} level {level}, index {index}: {result.stage}, {result.reason}; "
                             "take another index")  # fmt: skip
        return result

    def score(self, answer: object, record: Record | Mapping[str, Any]) -> Score:
        """Score an answer against a record or a row of this family; never raises, whatever the answer."""
        return score(self.family, answer, row_of(record) if isinstance(record, Record) else record)


class Domains(Mapping[str, Domain]):
    """The installed families by name."""

    def __getitem__(self, name: str) -> Domain:
        return Domain(families()[name])

    def __iter__(self) -> Iterator[str]:
        return iter(families())

    def __len__(self) -> int:
        return len(families())


def domains() -> Domains:
    """Return every installed family, each loaded when it is asked for."""
    return Domains()
