"""What requests cost: tokens counted, money booked, and a limit that is never passed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from synth.errors import UserError

BYTES_A_TOKEN = 3  # for estimates; English has about four, formulas and other scripts fewer


class BudgetSpent(UserError):
    """The next request might cost more than is left; nothing was sent for it."""


@dataclass(frozen=True)
class Prices:
    """What a million tokens cost, in any one currency.

    >>> Prices(prompt=2.0, completion=8.0).cost(1_000_000, 500_000)
    6.0
    """

    prompt: float
    completion: float

    def __post_init__(self) -> None:
        """Raise `UserError` for prices that are none."""
        if not (0 <= self.prompt < float("inf") and 0 <= self.completion < float("inf")):
            raise UserError("prices are numbers from 0 up: what a million tokens cost")

    def cost(self, prompt: int, completion: int) -> float:
        """Return what so many tokens cost."""
        return (prompt * self.prompt + completion * self.completion) / 1_000_000


@dataclass
class Usage:
    """What was used so far. `estimated` counts the requests whose tokens the server did not tell; 0 cost: no prices."""

    prompt: int = 0
    completion: int = 0
    requests: int = 0
    retries: int = 0
    estimated: int = 0
    cost: float = 0.0

    def projected(self, done: int, total: int) -> float | None:
        """Return what `total` pieces of work will cost if they cost what the `done` ones did; None before the first.

        >>> Usage(cost=0.5).projected(10, 200)
        10.0
        """
        return self.cost * total / done if done > 0 else None


def tokens_of(text: str) -> int:
    """Estimate the tokens of a text: never 0 where there is text."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN)


@dataclass
class Held:
    """The money put aside for one request: how many tokens it may take, and how many it did."""

    prompt: int
    completion: int
    paid: tuple[int, int] = (0, 0)

    def pay(self, prompt: int, completion: int) -> None:
        """Say how many tokens it was."""
        self.paid = prompt, completion

    def pay_all(self) -> None:
        """Say that it may have been all: the request was sent and its answer was lost."""
        self.paid = self.prompt, self.completion


class Purse:
    """The money for one call: a request is only sent when what it may cost is left beside those under way."""

    def __init__(self, usage: Usage, prices: Prices | None, limit: float | None) -> None:
        self.usage, self.prices, self.limit = usage, prices, limit
        self._reserved = 0.0
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def hold(self, prompt: int, completion: int) -> AsyncIterator[Held]:
        """Put aside what a request may cost, waiting for those under way; raise `BudgetSpent` where it is not there.

        `prompt` is an estimate; put aside is one token for each byte, which no tokenizer passes.
        """
        most = self.prices.cost(BYTES_A_TOKEN * prompt, completion) if self.prices else 0.0
        async with self._freed:
            while self.limit is not None and self.usage.cost + self._reserved + most > self.limit:
                if not self._reserved:
                    raise BudgetSpent(
                        f"{self.usage.cost:.4f} is spent and the next request may cost {most:.4f}, more than the limit "
                        f"of {self.limit:g} allows; run the same command with a higher --max-cost: nothing is lost"
                    )
                await self._freed.wait()
            self._reserved += most
        held = Held(prompt, completion)
        try:
            yield held
        finally:
            self.usage.prompt += held.paid[0]
            self.usage.completion += held.paid[1]
            self.usage.cost += self.prices.cost(*held.paid) if self.prices else 0.0
            async with self._freed:
                self._reserved = max(0.0, self._reserved - most)
                if self._reserved < 1e-12:
                    self._reserved = 0.0
                self._freed.notify_all()
