"""What steering by demand brings: coverage and variety against plain sampling, for the same CPU-seconds.

The two take turns and pay for the whole chain: draws, solving, proof, row. Both draw from the same streams. Steered
rounds double from 32 sources of a level, as in a run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import process_time

from benchmarks.measure import Options, Table, digits, prepare
from synth.family import Family
from synth.graph.demand import Demand, demand_of
from synth.graph.steer import Steered
from synth.records import Source
from synth.run import tally
from synth.run.batch import make_one
from synth.run.demand import FIRST
from synth.run.entropy import entropy_nats
from synth.run.recipe import Recipe, resolve

POINTS = (1 / 16, 1 / 4, 1)  # of the CPU-seconds, at which figures are taken


@dataclass
class Corpus:
    """Rows of one family made so far, and what they cost."""

    steered: bool
    rows: int = 0
    sources: int = 0
    seconds: float = 0.0
    accepted: Counter[tally.Cell] = field(default_factory=Counter)
    proposed: Counter[tally.Cell] = field(default_factory=Counter)
    demands: dict[int, Demand] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)  # sources of each level in rounds that are over

    def make(self, recipe: Recipe, family: Family, seed: int) -> None:
        """Make one source of each level, and pay for it."""
        started = process_time()
        for level in family.levels:
            if self.steered and self.sources == max(FIRST, 2 * self.seen.get(level, 0)):
                self._freeze(family, level)
            demand = self.demands.get(level)
            place = (family.name, level, seed, self.sources)
            outcome = make_one(recipe, Source(*place) if demand is None else Steered(*place, demand=demand))
            tally.add(self.proposed, family.name, level, outcome.features)
            if outcome.row is not None:
                self.rows += 1
                tally.add(self.accepted, family.name, level, outcome.features)
        self.sources += 1
        self.seconds += process_time() - started

    def _freeze(self, family: Family, level: int) -> None:
        self.seen[level] = self.sources
        weights = {
            (one, other): (float(weight), float(self.accepted[name, of, one, other]))
            for (name, of, one, other), weight in self.proposed.items()
            if of == level
        }
        self.demands[level] = demand_of(family, weights, self.sources)

    def figures(self) -> tuple[int, int, float, float]:
        """Return rows, cells, entropy in nats, and the mean weight, in rows, of the thinnest tenth of the cells."""
        found = sorted(self.accepted.values())
        tenth = max(1, len(found) // 10)
        return self.rows, len(found), round(entropy_nats(found), 3), digits(sum(found[:tenth]) / tenth)


def measure(options: Options) -> Iterator[Table]:
    """Yield the curves, three points a family and method."""
    rows = []
    for name, family in options.families.items():
        prepare(family)
        recipe = resolve({"families": [name], "seed": options.seed}, "benchmark", {name: family})
        pair = [Corpus(steered=False), Corpus(steered=True)]
        points = [options.seconds / 2 * point for point in POINTS]
        figures: dict[bool, list[tuple[int, int, float, float]]] = {False: [], True: []}
        while any(len(found) < len(points) for found in figures.values()):
            corpus = min(pair, key=lambda corpus: corpus.seconds)
            corpus.make(recipe, family, options.seed)
            taken = figures[corpus.steered]
            while len(taken) < len(points) and corpus.seconds >= points[len(taken)]:
                taken.append(corpus.figures())
        cost = [corpus.seconds / max(1, corpus.rows) for corpus in pair]
        for number, seconds in enumerate(points):
            (n, cells, plain, thin), (m, more, steered, thick) = figures[False][number], figures[True][number]
            rows.append((name, digits(seconds), n, m, cells, more, plain, steered, thin, thick,
                         digits(100 * (cost[1] / cost[0] - 1)) if number == len(points) - 1 else None))  # fmt: skip
    yield Table(
        "demand",
        "Coverage and variety at equal cost: plain sampling and `demand: coverage`",
        ("family", "cpu_s", "rows", "rows_steered", "cells", "cells_steered", "nats", "nats_steered", "thin",
         "thin_steered", "row_cost_+%"),
        tuple(rows),
        (
            "cells: level × pair of features. thin: mean weight, in rows, of the thinnest tenth of the cells.",
            "row_cost_+%: what a steered row costs more, over the whole curve.",
        ),
    )  # fmt: skip
