"""The tools of every benchmark: a clock of CPU-seconds, stages, samples of rows, and tables.

Time is `time.process_time()`: what this process computed, not what it waited for, so a loaded machine disturbs it
little. Before anything is timed a family is *prepared*: its grammar compiled and a few rows of another seed made, so
that what is paid once a process is not charged to the rows; caches over rows are emptied (`forget`).
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from math import ceil
from time import process_time
from typing import Any

from synth.family import Family
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import propose
from synth.records import Candidate, Record, Rejection, Source

WARM_SEED = 1_000_003  # of the rows that only prepare a family


@dataclass(frozen=True)
class Options:
    """What to measure, and how long; `seconds` are CPU-seconds for one family in one benchmark."""

    families: Mapping[str, Family]
    seconds: float = 10.0
    seed: int = 1
    peer_python: str = ""  # of the environment that the peers are installed in
    memory_rows: int = 10_000
    key_draws: int = 4_000
    corpus_rows: int = 20_000
    corpus: str = ""  # a run to look at instead of a new one
    monitor_rows: int = 1_000_000


@dataclass(frozen=True)
class Table:
    """Figures with their headings; `notes` say how they were taken and what is missing."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    notes: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return the table as JSON data."""
        return {
            "title": self.title,
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
            "notes": list(self.notes),
        }


# ---- sources and rows ------------------------------------------------------------------------------------------------


def mix(family: Family, seed: int) -> Iterator[list[Source]]:
    """Yield one source of each level, again and again: a uniform mix of the levels, whenever it is cut off."""
    for index in count():
        yield [Source(family.name, level, seed, index) for level in family.levels]


def make(family: Family, source: Source) -> Record | Rejection:
    """Propose and judge one source."""
    candidate = propose(family, source)
    return judge(family, candidate, Setting()) if isinstance(candidate, Candidate) else candidate


def records(family: Family, seconds: float, seed: int, least: int = 1) -> list[Record]:
    """Return accepted records, the levels mixed, that took about this many CPU-seconds; at least `least` rounds."""
    found: list[Record] = []
    started = process_time()
    for number, sources in enumerate(mix(family, seed)):
        if number >= least and process_time() - started >= seconds:
            break
        made = [make(family, source) for source in sources]
        found += [record for record in made if isinstance(record, Record)]
    return found


def prepare(family: Family, rounds: int = 2) -> None:
    """Pay what is paid once a process: grammars, tables, solvers; then forget what was cached about rows."""
    for _, sources in zip(range(rounds), mix(family, WARM_SEED), strict=False):
        for source in sources:
            record = make(family, source)
            if isinstance(record, Record):
                row_of(record)
    forget()


def forget() -> None:
    """Empty the caches over problems in the kernel, the solvers and the scorer, as if the rows came for the first time.

    Caches inside a run still work: what two rows share is computed once, as in a run.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith(("synth_kernel.", "synth_solvers.", "synth.judge.score")):
            for each in vars(module).values():
                if callable(getattr(each, "cache_clear", None)) and each.cache_parameters()["maxsize"] is not None:
                    each.cache_clear()


# ---- stages ----------------------------------------------------------------------------------------------------------


class Stages:
    """CPU-seconds by stage, where functions are wrapped for the time of a measurement.

    The outermost stage takes the time, but for the pairs in `nested`, whose inner stage is taken out of the outer.
    Each call of a wrapped function costs about a microsecond, so rates are measured without stages and only the shares
    with them.
    """

    def __init__(self, nested: frozenset[tuple[str, str]] = frozenset()) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._nested = nested
        self._open: list[str] = []
        self._since = 0.0

    @contextmanager
    def of(self, places: Mapping[tuple[object, str], str]) -> Iterator[None]:
        """Charge calls of `owner.attribute` to a stage while the context lasts."""
        before = [(owner, name, vars(owner).get(name)) for owner, name in places]
        for (owner, name), stage in places.items():
            setattr(owner, name, self._timed(getattr(owner, name), stage))
        try:
            yield
        finally:
            for owner, name, value in before:
                if value is None:
                    delattr(owner, name)
                else:
                    setattr(owner, name, value)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Charge a block to a stage."""
        self._enter(name)
        try:
            yield
        finally:
            self._leave()

    def _timed(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if self._open and (self._open[-1], stage) not in self._nested:
                return function(*arguments, **named)
            self._enter(stage)
            try:
                return function(*arguments, **named)
            finally:
                self._leave()

        if hasattr(function, "cache_clear"):
            vars(call).update({name: getattr(function, name) for name in ("cache_clear", "cache_parameters")})
        return call

    def _enter(self, stage: str) -> None:
        now = process_time()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._open.append(stage)
        self._since = process_time()

    def _leave(self) -> None:
        now = process_time()
        self.seconds[self._open.pop()] += now - self._since
        self._since = process_time()


# ---- numbers ---------------------------------------------------------------------------------------------------------


def quantile(values: list[float], share: float) -> float:
    """Return the least value that at least this share of the values do not exceed; 0 of none.

    >>> quantile([4, 1, 3, 2], 0.5), quantile([4, 1, 3, 2], 0.99)
    (2, 4)
    """
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else 0


def rate(amount: float, seconds: float) -> float:
    """Return an amount a second, rounded to three digits.

    >>> rate(12345, 1), rate(1, 3)
    (12300, 0.333)
    """
    return digits(amount / seconds) if seconds else 0


def digits(value: float) -> float:
    """Round to three digits, to an integer where that says as much.

    >>> digits(0.012345), digits(98765.4)
    (0.0123, 98800)
    """
    rounded = float(f"{value:.3g}")
    return int(rounded) if rounded.is_integer() else rounded
