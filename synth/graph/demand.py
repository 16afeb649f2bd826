"""What a round wants: of each family and level the pairs of features that are thinner than they should be.

A demand is frozen when a round starts. A draw is worth what it brings the mix of pairs nearer to the target: the mean,
over its k pairs, of log(wanted share / present share), which is minus the gradient of the Kullback–Leibler divergence
from present to wanted. With a uniform target that is coverage: the thinnest pairs are worth most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from random import Random
from typing import TYPE_CHECKING, Any

from synth.grammar.features import pairs as pairs_of
from synth.graph.reach import Pair, Reach, joinable

if TYPE_CHECKING:
    import networkx as nx

    from synth.family import Family

MARGIN = 0.05  # nats below the average that are not worth another draw
LEAST_UNIFORM = 1e-3  # a share of 0 would make the first problem with such a pair infinitely bad
DRAWS = {"coverage": 2, "reference": 4}  # problems drawn for one source, at most


@dataclass(frozen=True)
class Demand:
    """What is wanted of one family and level in one round.

    `present` are the weights of the pairs in the `rows` accepted so far; a row with k pairs weighs 1/k in each, so they
    sum to `rows`. `target` are the wanted shares of pairs, `floor` the share of a pair that it does not list. `coming`
    is how many rows the round may add, `draws` how many problems are drawn for one source at most.

    >>> demand = Demand(10, {("a", "b"): 8.0, ("b", "c"): 2.0}, {("a", "b"): 0.5, ("b", "c"): 0.5}, 0.5, 10, 2)
    >>> demand.worth(["b", "c"]) > demand.worth(["a", "b"])
    True
    """

    rows: int
    present: Mapping[Pair, float]
    target: Mapping[Pair, float]
    floor: float
    coming: int
    draws: int

    def worth(self, features: Iterable[str]) -> float:
        """Return what a problem with these features is worth, in nats; microseconds for each of its pairs."""
        found = pairs_of(features)
        if not found:
            return float("-inf")
        smallest, present, target, floor = 1 / len(found), self.present, self.target, self.floor
        total = sum(log(target.get(pair, floor) / (present.get(pair, 0.0) + smallest)) for pair in found)
        return total / len(found) + log(self.rows + 1)

    def enough(self, features: Iterable[str]) -> bool:
        """Say whether a problem is worth what accepted rows are worth on average, or nearly: then no more are drawn."""
        found = pairs_of(features)
        return self.rows == 0 or self.worth(features) >= self._usual(len(found)) - MARGIN

    def _usual(self, k: int) -> float:
        """Return the mean worth of the accepted rows, were each of k pairs."""
        if k not in self._known:
            smallest = 1 / max(1, k)
            total = sum(
                weight * log(self.target.get(pair, self.floor) / (weight + smallest))
                for pair, weight in self.present.items()
            )
            self._known[k] = total / self.rows + log(self.rows + 1)
        return self._known[k]

    @cached_property
    def _known(self) -> dict[int, float]:
        return {}

    @cached_property
    def missing(self) -> dict[Pair, float]:
        """The weight that each pair lacks to have its share after the round, in rows; only pairs that lack some."""
        total = self.rows + self.coming
        lacking = {pair: share * total - self.present.get(pair, 0.0) for pair, share in self.target.items()}
        return {pair: weight for pair, weight in sorted(lacking.items()) if weight > 0}

    @cached_property
    def concepts(self) -> nx.Graph:
        """The concept graph of what is missing: an edge for each pair that lacks weight."""
        from synth.graph.recombine import concept_graph

        return concept_graph(self.missing)

    def wanted(self, rng: Random, reach: Reach, size: int = 2) -> tuple[str, ...]:
        """Choose features that a composed problem is to join, rarely joined ones most often; () if nothing lacks."""
        from synth.graph.recombine import walk

        return walk(self.concepts, rng, reach, size)

    def as_json(self) -> dict[str, Any]:
        """Return the demand as JSON data; `read` is the inverse."""
        names = sorted({*self.present, *self.target})
        cells = [[*pair, self.present.get(pair, 0.0), self.target.get(pair)] for pair in names]
        return {"rows": self.rows, "floor": self.floor, "coming": self.coming, "draws": self.draws, "cells": cells}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Demand:
        """Return the demand that `as_json` wrote."""
        present = {(one, other): weight for one, other, weight, _ in data["cells"] if weight}
        target = {(one, other): share for one, other, _, share in data["cells"] if share is not None}
        return cls(data["rows"], present, target, data["floor"], data["coming"], data["draws"])


def demand_of(
    family: Family,
    weights: Mapping[Pair, tuple[float, float]],
    coming: int,
    target: Mapping[Pair, float] | None = None,
    part: float = 0.2,
) -> Demand:
    """Return what is wanted after (proposed, accepted) weights of the pairs of one family and level.

    Without a target all pairs of features seen so far that some problem can join are wanted alike. With one, they are
    wanted alike in a part of the demand, and the rest follows the target.
    """
    reachable, _ = joinable(family, {feature for pair in weights for feature in pair})
    shares, floor = uniform(reachable) if target is None else mixed(target, reachable, part)
    present = {pair: accepted for pair, (_, accepted) in weights.items() if accepted}
    draws = DRAWS["coverage" if target is None else "reference"]
    return Demand(round(sum(present.values())), present, shares, floor, coming, draws)


def uniform(pairs: Sequence[Pair]) -> tuple[dict[Pair, float], float]:
    """Return equal shares for pairs, and the share of a pair that is not among them: as much as any other.

    >>> uniform([("a", "b"), ("a", "c")])
    ({('a', 'b'): 0.5, ('a', 'c'): 0.5}, 0.5)
    """
    share = 1 / max(1, len(pairs))
    return dict.fromkeys(pairs, share), share


def mixed(target: Mapping[Pair, float], pairs: Sequence[Pair], part: float) -> tuple[dict[Pair, float], float]:
    """Return a target mixed with a uniform part over the pairs that it lists or that are given, and the floor.

    >>> mixed({("a", "b"): 1.0}, [("a", "c")], 0.2)
    ({('a', 'b'): 0.9, ('a', 'c'): 0.1}, 0.1)
    """
    every = sorted({*target, *pairs})
    share = max(part, LEAST_UNIFORM) / max(1, len(every))
    kept = 1 - max(part, LEAST_UNIFORM)
    return {pair: kept * target.get(pair, 0.0) + share for pair in every}, share
