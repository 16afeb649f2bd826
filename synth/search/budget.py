"""What a search may spend. One object is shared by everything that spends, and is asked before anything is spent."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Budget:
    """Limits and what was spent of them; a limit of None never ends a search.

    `samples` are solutions begun, `tokens` are generated tokens (each reply costs at least one, its end),
    `verifier_calls` are texts or single steps given to the judge, `seconds` are those of the clock since the budget
    was made. A search never begins what could exceed the first three; seconds are looked at between calls of the
    model, so that the last call may end after them.

    >>> budget = Budget(samples=3, tokens=100)
    >>> budget.allowance(8, 40)  # two replies of 40 tokens fit
    (2, 40)
    >>> budget.spend(samples=2, tokens=75)
    >>> budget.allowance(8, 40)  # one more, cut short
    (1, 25)
    >>> budget.spend(tokens=25)
    >>> budget.exhausted
    True
    """

    samples: int | None = None
    tokens: int | None = None
    verifier_calls: int | None = None
    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    spent_samples: int = field(default=0, init=False)
    spent_tokens: int = field(default=0, init=False)
    spent_verifier_calls: int = field(default=0, init=False)
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    @property
    def spent_seconds(self) -> float:
        """Seconds since the budget was made."""
        return self.clock() - self.started

    def left(self, name: str) -> float:
        """Return what is left of `samples`, `tokens`, `verifier_calls` or `seconds`; infinite without a limit."""
        limit = getattr(self, name)
        return float("inf") if limit is None else max(0, limit - getattr(self, f"spent_{name}"))

    @property
    def exhausted(self) -> bool:
        """Whether the model may be asked nothing more, because one of the limits is reached.

        Samples are not looked at: those that were begun may be brought to their end.
        """
        return any(not self.left(name) for name in ("tokens", "verifier_calls", "seconds"))

    def allowance(self, replies: int, max_tokens: int) -> tuple[int, int]:
        """Return how many of so many replies may be asked for now, and of at most how many tokens each."""
        if self.exhausted:
            return 0, 0
        fit = self.left("tokens") // max_tokens
        if not fit:
            return min(1, replies), int(self.left("tokens"))
        return int(min(replies, fit)), max_tokens

    def spend(self, *, samples: int = 0, tokens: int = 0, verifier_calls: int = 0) -> None:
        """Book what was spent."""
        self.spent_samples += samples
        self.spent_tokens += tokens
        self.spent_verifier_calls += verifier_calls
