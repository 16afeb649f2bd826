"""What a search came to for one problem."""

from __future__ import annotations

from dataclasses import dataclass, field

from synth.records import Record, Rejection
from synth.search.task import Task


@dataclass
class Outcome:
    """The accepted record of a task, if there is one, every rejection with its reason, and what was spent.

    `judged` holds, for each whole solution in the order of sampling, whether it was accepted; a strategy that grows
    solutions line by line enters those that came to their end.
    """

    task: Task
    record: Record | None = None
    rejections: list[Rejection] = field(default_factory=list)
    judged: list[bool] = field(default_factory=list)
    samples: int = 0
    tokens: int = 0
    longest: int = 0  # tokens of the longest reply
    verifier_calls: int = 0

    @property
    def solved(self) -> bool:
        """Whether a solution was accepted."""
        return self.record is not None

    @property
    def passed(self) -> int:
        """How many solutions were accepted; more than one only where a search does not stop at the first."""
        return sum(self.judged)
