"""The model of a run: it is opened when it is first needed, and what it wrote is kept until its batch is merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property

from synth.propose.ask import Ask, Draw, Model, Reply
from synth.propose.choose import Serving, open_model
from synth.records import Source
from synth.run.ledger import Ledger
from synth.run.recipe import Recipe


def batch_key(batch: Sequence[Source]) -> str:
    """Return what names a batch in the ledger."""
    first = batch[0]
    return f"{first.round} {first.family} {first.level} {first.index}"


class Writer:
    """Asks the model of a recipe, books what it uses, and remembers what it wrote: nothing is asked twice."""

    def __init__(self, ledger: Ledger, recipe: Recipe, serving: Serving | None) -> None:
        self._ledger = ledger
        self._name = recipe.model.name
        self._serving = serving or Serving()

    @cached_property
    def model(self) -> Model:
        """The model itself. Raise `UserError` where it cannot be used."""
        spent = sum(used["cost"] for used in self._ledger.usage())
        return open_model(self._name, self._serving, spent=spent)

    def write(self, batch: Sequence[Source], call: str, asks: Sequence[Ask], draw: Draw) -> list[list[Reply]]:
        """Return replies to asks, from the ledger where this call was made before."""
        known = self._ledger.replies(batch_key(batch), call)
        if known is not None:
            return [[Reply(**reply) for reply in found] for found in known]
        before = self._used()
        try:
            replies = self.model.propose(asks, draw)
        finally:  # what was paid for is booked also where the model failed half-way
            used = [now - then for now, then in zip(self._used(), before, strict=True)]
            if any(used):
                self._ledger.use(self._name, int(used[0]), int(used[1]), int(used[2]), used[3])
        if not hasattr(self.model, "usage"):
            found = [reply for some in replies for reply in some]
            self._ledger.use(
                self._name, sum(r.prompt_tokens for r in found), sum(r.tokens for r in found), len(found), 0.0
            )
        self._ledger.keep_replies(batch_key(batch), call, [[asdict(reply) for reply in some] for some in replies])
        return replies

    def _used(self) -> tuple[float, float, float, float]:
        usage = getattr(self.model, "usage", None)
        if usage is None:
            return 0, 0, 0, 0.0
        return usage.prompt_tokens, usage.completion_tokens, usage.requests, usage.cost
