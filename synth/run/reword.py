"""Rewording within a run: a model says clauses in its own words, others translate back, proofs compare.

Only accepted rows are reworded, only the share that the recipe asks for, and a row whose rewording is refused keeps the
words that it had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from synth.propose.ask import Ask, Draw, Model, Reply
from synth.propose.choose import Serving
from synth.records import Rejection, Source
from synth.run.batch import Outcome, outcome_of, rejection_of
from synth.run.ledger import PARAPHRASE, Ledger
from synth.run.writer import Writer

if TYPE_CHECKING:
    from synth.run.recipe import Recipe

REPLIES = 4  # wordings that are drawn for each clause


@dataclass
class Remembered:
    """A model whose replies about one row are kept in the ledger until its batch is merged."""

    writer: Writer
    batch: Sequence[Source]
    place: str
    calls: int = 0

    @property
    def name(self) -> str:
        """The model's name."""
        return self.writer.name

    @property
    def continues(self) -> bool:
        """Whether the model can go on from a prefix."""
        return self.writer.model.continues

    def knows(self, family: str, level: int | None = None) -> bool:
        """Say whether the model is worth asking about a family, at a level or at all."""
        return self.writer.model.knows(family, level)

    def propose(self, asks: Sequence[Ask], draw: Draw) -> list[list[Reply]]:
        """Return the model's replies, those from the ledger where it was asked before."""
        self.calls += 1
        return self.writer.write(self.batch, f"{self.place} {self.name} {self.calls}", asks, draw)


class Rewording:
    """The models that reword and translate back for a recipe."""

    def __init__(self, ledger: Ledger, recipe: Recipe, serving: Serving | None) -> None:
        part = recipe.paraphrase
        assert part is not None
        self._recipe = recipe
        self._writer = Writer(ledger, part.model or recipe.model.name, serving)
        self._translators = [Writer(ledger, name, serving) for name in part.translators]

    @cached_property
    def _checked(self) -> bool:
        from synth.propose.formalise import independent

        independent([writer.model for writer in self._translators])
        return True

    def reword(self, batch: Sequence[Source], outcome: Outcome) -> Outcome:
        """Return the outcome with its row in other words, or with the refusal beside it."""
        from synth.family.registry import families
        from synth.propose.paraphrase import paraphrased

        record = outcome.record
        if record is None or not self._checked:
            return outcome
        family = families()[record.family]
        place = f"reword {record.source.index}"
        writer, *translators = [Remembered(each, batch, place) for each in (self._writer, *self._translators)]
        draw = Draw(n=REPLIES, seed=record.source.random("reword").getrandbits(32))
        said = paraphrased(family, record, writer, _models(translators), draw)
        if isinstance(said, Rejection):
            refused = rejection_of(replace(said, stage=PARAPHRASE))
            return replace(outcome, record=None, tries=(*outcome.tries, refused))
        assert outcome.row is not None
        made = outcome_of(self._recipe, family, said, asks=False)
        row: Mapping[str, Any] = {**(made.row or {}), "pass_rate": outcome.row["pass_rate"]}
        return replace(outcome, row=row, record=None)


def _models(found: Sequence[Remembered]) -> Sequence[Model]:
    return found


def reworded(
    ledger: Ledger,
    recipe: Recipe,
    serving: Serving | None,
    make_all: Callable[[Iterable[list[Source]]], Iterator[list[Outcome]]],
    todo: Iterable[list[Source]],
) -> Iterator[list[Outcome]]:
    """Yield what `make_all` yields, with the share of rows reworded that the recipe asks for."""
    rewording = Rewording(ledger, recipe, serving)
    asked: list[list[Source]] = []

    def seen() -> Iterator[list[Source]]:
        for batch in todo:
            asked.append(batch)
            yield batch

    for outcomes in make_all(seen()):
        batch = asked.pop(0)
        yield [rewording.reword(batch, outcome) for outcome in outcomes]
