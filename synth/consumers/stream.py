"""`synth.stream`: fresh proved problems for a trainer, as an `IterableDataset` of the package `datasets`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth.consumers.needed import need
from synth.consumers.problems import Problems, course_of, recipe_for
from synth.rewards import correct

if TYPE_CHECKING:
    from synth.consumers.course import Course
    from synth.run.recipe import Recipe

DATASETS = "4.7"  # what TRL asks for, too
TRL = "1.9"  # the first whose GRPOTrainer takes an `IterableDataset`
SHARDS = 64


def stream(recipe: Recipe | Mapping[str, Any] | Path | str, *, target: float = 0.5, shards: int = SHARDS) -> Any:
    """Return an endless `datasets.IterableDataset` of proved problems, with the columns of the config `rlvr`.

    `recipe` is a file, its keys as a mapping, or a `Recipe`; of its rows only the kind counts, not the number. It is a
    torch `IterableDataset` too: workers of a `DataLoader` and nodes of `datasets.distributed` get disjoint `shards`. No
    problem of it is one that a run of the recipe makes, but by chance, and none is on the test side of its split.

    Beside what every such dataset has: `report(id, reward)` moves it towards problems that are solved with probability
    `target`; `reward` is a function for TRL that scores completions and reports them; `course` says what is asked.
    `state_dict` and `load_state_dict` resume it exactly. `shuffle` changes nothing, since problems are independent
    draws. A problem takes mostly 10–100 ms.

    Raise `UserError` where `datasets` is missing or older than 4.7, TRL is imported and older than 1.9, or the recipe
    cannot be used.
    """
    need("datasets", DATASETS, "trl")
    if "trl" in sys.modules:
        need("trl", TRL, "trl")
    asked = recipe_for(recipe)
    return _classes()(Problems(asked, course_of(asked, target), range(shards), shards))


@cache
def _classes() -> Any:
    """Return the class of streams; made on first use, since it needs the package `datasets`."""
    from datasets import IterableDataset
    from datasets.iterable_dataset import _BaseExamplesIterable

    class Examples(_BaseExamplesIterable):  # type: ignore[misc]
        """What `datasets` asks of a source: examples with keys, shards, and a state that it may copy at any time."""

        def __init__(self, problems: Problems) -> None:
            super().__init__()
            self.problems = problems
            self._sleep_on_threads_shutdown = False

        def _init_state_dict(self) -> dict[str, Any]:
            self._state_dict = {"taken": 0, "type": "synth"}
            return self._state_dict

        def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
            state: dict[str, Any] = self._state_dict or {"taken": 0}
            for taken, problem in self.problems.after(state["taken"]):
                state["taken"] = taken
                yield taken, problem

        def shuffle_data_sources(self, generator: object) -> Examples:
            return self

        def shard_data_sources(self, num_shards: int, index: int, contiguous: bool = True) -> Examples:
            found = self.problems
            mine = self.split_shard_indices_by_worker(num_shards, index, contiguous=contiguous)
            return Examples(Problems(found.recipe, found.course, [found.shards[i] for i in mine], found.of))

        def reshard_data_sources(self) -> Examples:
            return self

        @property
        def num_shards(self) -> int:
            return len(self.problems.shards)

    class Stream(IterableDataset):  # type: ignore[misc]
        """An endless dataset of fresh proved problems that follows reports; see `stream`."""

        def __init__(self, problems: Problems) -> None:
            self.course: Course = problems.course
            super().__init__(Examples(problems))

        def __reduce__(self) -> tuple[Any, ...]:
            return _again, (self._ex_iterable.problems, self._starting_state_dict)

        def report(self, id: str, reward: float) -> None:
            """Say how an answer to a problem was rewarded, from 0 to 1; see `Course.report`."""
            self.course.report(id, reward)

        def reward(self, completions: list[Any], id: list[str], **columns: Any) -> list[float]:
            """Score completions as `synth.rewards.correct` does, and report each score."""
            scores = correct(completions, **columns)
            for name, score in zip(id, scores, strict=True):
                self.report(name, score)
            return scores

        def shuffle(self, *_: Any, **__: Any) -> Stream:
            """Return the stream itself: a buffer would only let problems wait while the learner changes."""
            return self

        def state_dict(self) -> dict[str, Any]:
            """Return where the latest iteration stands and what was reported, as JSON data."""
            return {**super().state_dict(), "course": self.course.state_dict()}

        def load_state_dict(self, state_dict: dict[str, Any]) -> None:
            """Go on from there: the next iteration gives the problems that would have come next."""
            super().load_state_dict({key: value for key, value in state_dict.items() if key != "course"})
            self.course.load_state_dict(state_dict["course"])

    return Stream


def _again(problems: Problems, state: dict[str, Any] | None) -> Any:
    """Return a stream as it was sent to another process."""
    made = _classes()(problems)
    made._starting_state_dict = state
    return made
