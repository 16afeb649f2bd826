"""What steering by demand brings and costs: the curve of coverage against plain sampling, at equal cost and equal rows.

The two take turns and pay for the whole chain: draws, solving, proof, row. Both draw from the same streams, so what
they differ in is compared seed by seed; intervals are Student's, 95 %, over the seeds. Steered rounds double from 32
sources of a level, as in a run.

- *coverage*: the share of the reachable cells that some row lies in, in per cent. A cell is a level and a pair of
  features; reachable are the pairs that a derivation can join (`synth.graph.reach`), of features that either method
  has met at that level in any seed. Some of them the sampler of a level may never join.
- *entropy*: of the weights of the cells, in nats; plug-in estimate.
- *unseen*: Good and Turing's estimate (Good, 1953) of how much of the next row is new: of all places of rows in cells,
  the share that lie in a cell alone, in per cent.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import mean, stdev
from time import process_time

from benchmarks.measure import Options, Table, digits, prepare
from synth.family import Family
from synth.graph.demand import Demand, demand_of
from synth.graph.reach import joinable
from synth.graph.steer import Steered
from synth.records import Source
from synth.run import tally
from synth.run.batch import make_one
from synth.run.demand import FIRST
from synth.run.recipe import Recipe, resolve
from synth.statistics.entropy import entropy_nats

SEEDS = 5
STUDENT = 2.776  # the 97.5 % point of Student's distribution for five seeds
POINTS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1)  # of the CPU-seconds, at which figures are taken
METRICS = {"coverage": "Coverage of reachable cells, %", "entropy": "Entropy over cells, nats",
           "unseen": "Good–Turing unseen mass, %"}  # fmt: skip
COLUMNS = ("family", "cpu_s", "rows", "rows_steered", "plain", "plain_±", "steered", "steered_±", "gain", "gain_±")


@dataclass(frozen=True)
class Point:
    """Figures of a corpus at some time."""

    seconds: float
    rows: int
    cells: int
    entropy: float
    unseen: float


@dataclass
class Corpus:
    """Rows of one family made so far, and what they cost."""

    steered: bool
    seed: int
    rows: int = 0
    sources: int = 0
    seconds: float = 0.0
    counted: Counter[tally.Cell] = field(default_factory=Counter)  # rows in each cell
    accepted: Counter[tally.Cell] = field(default_factory=Counter)  # their weights
    proposed: Counter[tally.Cell] = field(default_factory=Counter)
    demands: dict[int, Demand] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)  # sources of each level in rounds that are over
    curve: list[Point] = field(default_factory=list)

    def make(self, recipe: Recipe, family: Family) -> None:
        """Make one source of each level, and pay for it; the figures after it are taken without pay."""
        started = process_time()
        for level in family.levels:
            if self.steered and self.sources == max(FIRST, 2 * self.seen.get(level, 0)):
                self._freeze(family, level)
            demand = self.demands.get(level)
            place = (family.name, level, self.seed, self.sources)
            outcome = make_one(recipe, Source(*place) if demand is None else Steered(*place, demand=demand))
            tally.add(self.proposed, family.name, level, outcome.features)
            if outcome.row is not None:
                self.rows += 1
                tally.add(self.accepted, family.name, level, outcome.features)
                cells = tally.cells(family.name, level, outcome.features)
                self.counted.update(cell for cell in cells if cell[2] != cell[3])
        self.sources += 1
        self.seconds += process_time() - started
        self.curve.append(self._point())

    def _freeze(self, family: Family, level: int) -> None:
        self.seen[level] = self.sources
        weights = {
            (one, other): (float(weight), float(self.accepted[name, of, one, other]))
            for (name, of, one, other), weight in self.proposed.items()
            if of == level
        }
        self.demands[level] = demand_of(family, weights, self.sources)

    def _point(self) -> Point:
        alone = sum(count == 1 for count in self.counted.values())
        return Point(
            self.seconds,
            self.rows,
            len(self.counted),
            entropy_nats(self.accepted.values()),
            alone / max(1, self.counted.total()),
        )

    def after(self, seconds: float) -> Point:
        """Return the figures when about so many CPU-seconds were spent."""
        place = bisect_left(self.curve, seconds, key=lambda point: point.seconds)
        return self.curve[min(place, len(self.curve) - 1)]

    def with_rows(self, rows: int) -> Point:
        """Return the figures when there were so many rows."""
        place = bisect_left(self.curve, rows, key=lambda point: point.rows)
        return self.curve[min(place, len(self.curve) - 1)]


def measure(options: Options) -> Iterator[Table]:
    """Yield a table for each metric, its curve at equal cost, and one at equal rows."""
    lines: dict[str, list[tuple[object, ...]]] = {metric: [] for metric in METRICS}
    equal: list[tuple[object, ...]] = []
    for name, family in options.families.items():
        pairs = made(family, options)
        reachable = cells_of(family, [corpus for pair in pairs for corpus in pair])
        for share in POINTS:
            seconds = options.seconds / (2 * SEEDS) * share
            points = [[corpus.after(seconds) for corpus in pair] for pair in pairs]
            rows = [round(mean(pair[steered].rows for pair in points)) for steered in (0, 1)]
            for metric in METRICS:
                lines[metric].append((name, digits(seconds), *rows, *compared(points, metric, reachable)))
        equal.append((name, *at_equal_rows(pairs, reachable)))
    for metric, title in METRICS.items():
        yield Table(
            f"demand_{metric}",
            f"{title}, at equal cost: plain sampling and `demand: coverage`",
            COLUMNS,
            tuple(lines[metric]),
            (f"Means over {SEEDS} seeds; ±: half of a 95 % interval; gain: steered less plain, seed by seed.",),
        )
    yield Table(
        "demand_rows",
        "Plain sampling and `demand: coverage` at equal rows, and what a steered row costs",
        ("family", "rows", "reachable", "row_cost_+%", "row_cost_±", "coverage_gain", "coverage_±", "entropy_gain",
         "entropy_±", "unseen_gain", "unseen_±"),
        tuple(equal),
        (
            "rows: as many as the dearer of the two had in the end. row_cost: what a steered row costs "
            "more than a plain one, over the whole curve. reachable: cells.",
        ),
    )  # fmt: skip


def made(family: Family, options: Options) -> list[tuple[Corpus, Corpus]]:
    """Make, for each seed, a plain and a steered corpus by turns, each for its share of the CPU-seconds."""
    prepare(family)
    limit = options.seconds / (2 * SEEDS)
    pairs = []
    for number in range(SEEDS):
        seed = options.seed + number
        recipe = resolve({"families": [family.name], "seed": seed}, "benchmark", {family.name: family})
        pair = Corpus(False, seed), Corpus(True, seed)
        while (corpus := min(pair, key=lambda corpus: corpus.seconds)).seconds < limit:
            corpus.make(recipe, family)
        pairs.append(pair)
    return pairs


def cells_of(family: Family, corpora: Sequence[Corpus]) -> int:
    """Return how many cells are reachable: of the features met at each level, the pairs that a derivation can join."""
    met: dict[int, set[str]] = {}
    for corpus in corpora:
        for _, level, one, other in corpus.proposed:
            met.setdefault(level, set()).update((one, other))
    return sum(len(joinable(family, features)[0]) for features in met.values())


def compared(points: Sequence[Sequence[Point]], metric: str, reachable: int) -> Iterator[float]:
    """Yield mean and half interval of the plain, of the steered, and of their difference."""
    plain, steered = ([_value(pair[number], metric, reachable) for pair in points] for number in (0, 1))
    for values in (plain, steered, [after - before for before, after in zip(plain, steered, strict=True)]):
        yield round(mean(values), 4) if metric == "entropy" else digits(mean(values))
        yield digits(half_interval(values))


def _value(point: Point, metric: str, reachable: int) -> float:
    match metric:
        case "coverage":
            return 100 * point.cells / max(1, reachable)
        case "unseen":
            return 100 * point.unseen
    return point.entropy


def half_interval(values: Sequence[float]) -> float:
    """Return half of the 95 % interval of the mean of five values.

    >>> round(half_interval([1, 2, 3, 4, 5]), 2)
    1.96
    """
    return STUDENT * stdev(values) / len(values) ** 0.5


def at_equal_rows(pairs: Sequence[tuple[Corpus, Corpus]], reachable: int) -> Iterator[float]:
    """Yield the rows, the reachable cells, what a steered row costs more, and the gain of each metric."""
    rows = [min(corpus.rows for corpus in pair) for pair in pairs]
    yield round(mean(rows))
    yield reachable
    costs = [[corpus.seconds / max(1, corpus.rows) for corpus in pair] for pair in pairs]
    more = [100 * (steered / plain - 1) for plain, steered in costs]
    yield digits(mean(more))
    yield digits(half_interval(more))
    points = [[corpus.with_rows(least) for corpus in pair] for pair, least in zip(pairs, rows, strict=True)]
    for metric in METRICS:
        yield from [*compared(points, metric, reachable)][4:]
