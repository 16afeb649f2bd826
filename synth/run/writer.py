"""The model of a run: it is opened when it is first needed, and what it wrote is kept until its batch is merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property

from synth.propose.ask import Ask, Draw, Model, Reply
from synth.propose.choose import Serving, open_model
from synth.records import Source
from synth.run.ledger import Ledger


def batch_key(batch: Sequence[Source]) -> str:
    """Return what names a batch in the ledger."""
    first = batch[0]
    return f"{first.round} {first.family} {first.level} {first.index}"


class Writer:
    """Asks a model by its name, books what it uses, and remembers what it wrote: an answered call is not repeated."""

    def __init__(self, ledger: Ledger, name: str, serving: Serving | None) -> None:
        self._ledger = ledger
        self.name = name
        self._serving = serving or Serving()

    @cached_property
    def model(self) -> Model:
        """The model itself. Raise `UserError` where it cannot be used."""
        spent = sum(used["cost"] for used in self._ledger.usage())
        return open_model(self.name, self._serving, spent=spent)

    def write(self, batch: Sequence[Source], call: str, asks: Sequence[Ask], draw: Draw) -> list[list[Reply]]:
        """Return replies to asks, from the ledger where this call was made before."""
        known = self._ledger.replies(batch_key(batch), call)
        if known is not None:
            return [[Reply(**reply) for reply in found] for found in known]
        before = self._used()
        replies: list[list[Reply]] = []
        try:
            replies = self.model.propose(asks, draw)
        finally:  # what was paid for is booked also where the model failed half-way
            self._book([reply for found in replies for reply in found], before)
        self._ledger.keep_replies(batch_key(batch), call, [[asdict(reply) for reply in found] for found in replies])
        return replies

    def _book(self, replies: Sequence[Reply], before: tuple[int, int, int, float]) -> None:
        """Book what a call used: as the model counts it, else as the replies say."""
        prompt, completion, requests, cost = (now - then for now, then in zip(self._used(), before, strict=True))
        if not requests:
            prompt, completion = sum(reply.prompt_tokens for reply in replies), sum(reply.tokens for reply in replies)
            requests = len(replies)
        self._ledger.use(self.name, int(prompt), int(completion), int(requests), cost)

    def _used(self) -> tuple[int, int, int, float]:
        usage = getattr(self.model, "usage", None)
        return (usage.prompt, usage.completion, usage.requests, usage.cost) if usage else (0, 0, 0, 0.0)
