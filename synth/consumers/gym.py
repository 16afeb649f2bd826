"""Families in the shape of reasoning-gym: a dataset that can be indexed, made lazily, with a scorer that proves.

    data = synth.create_dataset("knights", size=100, seed=42, level=2)
    data[7]["question"], data.score_answer("Cid is a knave, …", data[7])

Inside reasoning-gym itself, after `register`, they are called `synth_knights` and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, make_dataclass
from functools import lru_cache
from random import Random
from types import ModuleType
from typing import Any, overload

from synth.domain import Domain
from synth.errors import UserError, did_you_mean
from synth.family.registry import families
from synth.records import Record, Rejection

PREFIX = "synth_"
ATTEMPTS = 8  # sources of an item, of which all but the last may come to nothing
SIZE = 500  # as in reasoning-gym

Entry = dict[str, Any]


@dataclass(frozen=True)
class Problems(Sequence[Entry]):
    """The problems of a family at a level; the item at an index depends on the seed, the level and the index alone.

    An item is `{"question", "answer", "metadata"}`, the last with what the scorer needs. Making one takes about as long
    as proving it, mostly 10–100 ms; the last 1,024 are remembered.
    """

    name: str
    size: int
    seed: int
    level: int

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self.size))]
        place = index + self.size if index < 0 else index
        if not 0 <= place < self.size:
            raise IndexError(f"{self.name} has {self.size} problems, there is no {index}")
        made = _made(self.name, self.level, self.seed, place)
        return {**made, "metadata": {**made["metadata"], "difficulty": {"level": self.level}}}

    def __iter__(self) -> Iterator[Entry]:
        return (self[i] for i in range(self.size))

    def score_answer(self, answer: str | None, entry: Entry) -> float:
        """Return 1.0 where an answer satisfies the claims of a problem, else 0.0; never raises, whatever the answer."""
        from synth.judge.score import score

        return float(score(families()[self.name], answer, entry["metadata"]).score)


def create_dataset(name: str, size: int = SIZE, seed: int | None = None, level: int = 1) -> Problems:
    """Return `size` problems of a family at a level; without a seed it is drawn, and found as `.seed`.

    Raise `UserError` where there is no such family or level, or the size is below 1.

    >>> data = create_dataset("linear_system", size=2, seed=42, level=1)
    >>> len(data), sorted(data[0]), data[0] == data[-2]
    (2, ['answer', 'metadata', 'question'], True)
    >>> data.score_answer(data[1]["answer"], data[1]), data.score_answer(None, data[1])
    (1.0, 0.0)
    """
    installed = families()
    if name not in installed:
        raise UserError(f"there is no family {name!r}; {did_you_mean(name, installed)}")
    if level not in installed[name].levels:
        raise UserError(f"{name} has no level {level!r}; it has {', '.join(map(str, sorted(installed[name].levels)))}")
    if size < 1:
        raise UserError(f"size must be at least 1, not {size}")
    return Problems(name, size, Random().randrange(2**32) if seed is None else seed, level)


def register(gym: ModuleType) -> list[str]:
    """Make every installed family a dataset of `reasoning_gym`, the module; return their names there.

    They are named with `synth_` before, since some names are taken, and have the setting `level`. Those that are
    registered already are left as they are. The tested version stands in `constraints.txt`.
    """
    known = gym.factory.DATASETS
    for name in families():
        if PREFIX + name not in known:
            gym.register_dataset(PREFIX + name, *_classes(gym, name))
    return [PREFIX + name for name in families()]


def _classes(gym: ModuleType, name: str) -> tuple[type, type]:
    """Return the dataset of a family as a subclass of reasoning-gym's, and its settings."""
    settings = make_dataclass(f"{name}_config", [("seed", int | None, None), ("size", int, SIZE), ("level", int, 1)])

    def begin(self: Any, config: Any) -> None:
        base.__init__(self, config, seed=config.seed, size=config.size)
        self.problems = create_dataset(name, self.size, self.seed, config.level)

    def item(self: Any, index: int) -> Entry:
        found = self.problems[index]
        return {**found, "metadata": {**found["metadata"], "source_dataset": PREFIX + name}}

    def score_answer(self: Any, answer: str | None, entry: Entry) -> float:
        return float(self.problems.score_answer(answer, entry))

    base = gym.factory.ProceduralDataset
    methods = {"__init__": begin, "__getitem__": item, "score_answer": score_answer, "__module__": __name__}
    return type(PREFIX + name, (base,), methods), settings


@lru_cache(maxsize=1024)
def _made(name: str, level: int, seed: int, index: int) -> Entry:
    """Return an item; where an index comes to nothing, that of another source which no other index has."""
    domain = Domain(families()[name])
    why = ""
    for attempt in range(ATTEMPTS):
        record = domain.make(level, seed, index * ATTEMPTS + attempt)
        if not isinstance(record, Rejection):
            return _entry(domain, record, index)
        why = f"{record.stage}: {record.reason}"
    raise UserError(f"{name} level {level}, seed {seed}: no problem for index {index} ({why}); take another seed")


def _entry(domain: Domain, record: Record, index: int) -> Entry:
    """Return a record as an item; how the answer is put around is left to whoever asks, as in reasoning-gym."""
    hint = domain.family.answer_hint(record.language)
    return {
        "question": f"{record.question}\n\n{hint}.",
        "answer": record.answer,
        "metadata": {
            "source_dataset": record.family,
            "source_index": index,
            "id": record.id,
            "language": record.language,
            "formal": record.formal,
            "formal_answer": record.formal_answer,
        },
    }
