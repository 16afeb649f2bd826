"""Choose rows for an export: exact quotas for family × level, and inside each the mix of pairs of features.

A row with k pairs lies in k cells with weight 1/k. Two methods, both deterministic:

- *coverage*: batched greedy. Rows are taken in batches; before each, a row is worth what it takes from the divergence
  (Kullback-Leibler) of the mix from the wanted one. No bound is claimed; small pools are compared with the best choice.
- *raking*: row weights are fitted to the wanted shares of pairs by iterative proportional fitting (Deming, Stephan
  1940), then rows are drawn systematically with these weights. It stays closer to the pool.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from synth.grammar.features import pairs as pairs_of
from synth.graph.reach import Pair
from synth.statistics.entropy import entropy_nats

Method = Literal["coverage", "raking"]
METHODS: tuple[Method, ...] = ("coverage", "raking")
BATCHES = 100  # in which the rows of one family and level are taken
SWEEPS = 60  # of raking
NAMED = 1000  # thin cells that a selection names
Key = tuple[str, int]


@dataclass(frozen=True)
class Thin:
    """A cell that has less than its share: weights, in rows, of what is wanted, taken, and in the pool."""

    family: str
    level: int
    pair: Pair
    wanted: float
    taken: float
    pool: float


@dataclass(frozen=True)
class Selection:
    """What was chosen: positions of rows in ascending order, and what the choice did to the variety, in nats.

    `short` are (family, level, rows wanted, rows in the pool) where the pool holds too few. `lacking` counts the cells
    below their share, `thin` names those that lack most. Most cells lack something: all problems of a family have some
    pairs in common, and these take more than their share.
    """

    method: Method
    rows: tuple[int, ...]
    wanted: int
    pool: int
    nats_before: float
    nats_after: float
    cells_before: int
    cells_after: int
    short: tuple[tuple[str, int, int, int], ...]
    thin: tuple[Thin, ...]
    lacking: int

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON data, without the rows."""
        return {
            "method": self.method,
            "wanted": self.wanted,
            "rows": len(self.rows),
            "pool": self.pool,
            "entropy_nats": {"before": round(self.nats_before, 4), "after": round(self.nats_after, 4)},
            "cells": {"before": self.cells_before, "after": self.cells_after},
            "short": [
                {"family": family, "level": level, "wanted": wanted, "pool": pool}
                for family, level, wanted, pool in self.short
            ],
            "lacking": self.lacking,
            "thin": [
                {
                    "family": cell.family,
                    "level": cell.level,
                    "pair": list(cell.pair),
                    "wanted": round(cell.wanted, 4),
                    "taken": round(cell.taken, 4),
                    "pool": round(cell.pool, 4),
                }
                for cell in self.thin
            ],
        }


def select(
    pool: Iterable[tuple[str, int, Sequence[str]]],
    quotas: Mapping[Key, int],
    *,
    method: Method = "coverage",
    targets: Mapping[Key, Mapping[Pair, float]] | None = None,
) -> Selection:
    """Choose rows of a pool of (family, level, features) by exact quotas.

    `targets` gives the wanted shares of pairs; where there are none, all pairs in the pool have equal shares. A quota
    that the pool cannot fill is filled as far as it goes and listed; nothing else takes its place.

    >>> pool = [("f", 1, ["a", "b"])] * 8 + [("f", 1, ["a", "c"])] * 2
    >>> found = select(pool, {("f", 1): 4, ("f", 2): 1})
    >>> found.rows, found.short
    ((0, 1, 8, 9), (('f', 2, 1, 0),))
    """
    import numpy as np

    places: dict[Key, list[int]] = {}
    sets: dict[Key, list[tuple[str, ...]]] = {}
    size = 0
    for family, level, features in pool:
        places.setdefault((family, level), []).append(size)
        sets.setdefault((family, level), []).append(tuple(features))
        size += 1
    chosen: list[int] = []
    short: list[tuple[str, int, int, int]] = []
    thin: list[Thin] = []
    lacking = 0
    before: list[float] = []
    after: list[float] = []
    for key in sorted({*places, *quotas}):
        wanted, here = quotas.get(key, 0), places.get(key, [])
        if wanted > len(here):
            short.append((*key, wanted, len(here)))
        if not here:
            continue
        target = (targets or {}).get(key)
        names, matrix = pair_matrix(sets[key], target or ())
        shares = np.array([target.get(name, 0.0) for name in names]) if target else np.ones(len(names))
        shares = shares / shares.sum() if shares.any() else np.ones(len(names)) / max(1, len(names))
        taken = choose(matrix, min(wanted, len(here)), shares, method)
        chosen += [here[row] for row in taken]
        have, had = weights(matrix, taken), weights(matrix)
        before += had.tolist()
        after += have.tolist()
        missing = np.maximum(shares * wanted - have, 0.0)
        lacking += int((missing > 1e-9).sum())
        thin += [
            Thin(*key, names[cell], float(shares[cell] * wanted), float(have[cell]), float(had[cell]))
            for cell in np.argsort(-missing, kind="stable")[:NAMED]
            if missing[cell] > 1e-9
        ]
    thin.sort(key=lambda cell: (cell.taken - cell.wanted, cell.family, cell.level, cell.pair))
    return Selection(
        method,
        tuple(sorted(chosen)),
        sum(quotas.values()),
        size,
        entropy_nats(before),
        entropy_nats(after),
        sum(weight > 0 for weight in before),
        sum(weight > 0 for weight in after),
        tuple(short),
        tuple(thin[:NAMED]),
        lacking,
    )


def pair_matrix(rows: Sequence[Sequence[str]], more: Iterable[Pair] = ()) -> tuple[list[Pair], Any]:
    """Return the pairs that rows have, sorted, and a CSR matrix of rows × pairs in which each row sums to 1.

    `more` names pairs that get a column in any case. A row without features has an empty line.
    """
    import numpy as np

    of_set = {features: pairs_of(features) for features in set(map(tuple, rows))}
    names = sorted({pair for found in of_set.values() for pair in found} | set(more))
    column = {pair: number for number, pair in enumerate(names)}
    lines = {features: np.array([column[pair] for pair in found], np.int32) for features, found in of_set.items()}
    found = [lines[tuple(row)] for row in rows]
    return names, rows_of_cells(found, len(names))


def rows_of_cells(found: Sequence[Any], width: int) -> Any:
    """Return the CSR matrix of rows that lie in the given columns, each row with weights that sum to 1."""
    import numpy as np
    from scipy import sparse

    lengths = np.array([len(line) for line in found], np.int64)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    indices = np.concatenate([*found, np.zeros(0, np.int32)])
    data: Any = np.repeat(1.0 / np.maximum(lengths, 1), lengths)
    return sparse.csr_matrix((data, indices, indptr), shape=(len(found), width))


def choose(matrix: Any, n: int, shares: Any, method: Method = "coverage") -> list[int]:
    """Choose n rows of a matrix of rows × cells whose mix over cells comes near the wanted shares; ascending."""
    if n >= matrix.shape[0]:
        return list(range(matrix.shape[0]))
    if n <= 0:
        return []
    return _cover(matrix, n, shares) if method == "coverage" else _rake(matrix, n, shares)


def _cover(matrix: Any, n: int, shares: Any) -> list[int]:
    import numpy as np

    by_cell = matrix.T.tocsr()
    sizes = np.diff(matrix.indptr)
    alike = [(k, rows, matrix[rows]) for k in np.unique(sizes) if k for rows in [np.flatnonzero(sizes == k)]]
    wanted = np.log(np.maximum(shares, 1e-12))
    present = np.zeros(matrix.shape[1])
    taken = np.zeros(matrix.shape[0], bool)
    batches = min(n, BATCHES)
    for number in range(batches):
        worth = np.full(len(taken), -1e9)  # a row without features comes last
        for k, rows, lines in alike:
            more = present + 1 / k
            had = present * np.log(np.maximum(present, 1e-300))
            worth[rows] = lines @ (wanted - k * (more * np.log(more) - had))
        worth[taken] = -np.inf
        size = (number + 1) * n // batches - number * n // batches
        best = np.argsort(-worth, kind="stable")[:size]  # of equal ones the first
        taken[best] = True
        chosen = np.zeros(len(taken))
        chosen[best] = 1
        present += by_cell @ chosen
    return [int(row) for row in np.flatnonzero(taken)]


def _rake(matrix: Any, n: int, shares: Any) -> list[int]:
    import numpy as np

    by_cell = matrix.T.tocsr()
    chance = np.full(matrix.shape[0], n / matrix.shape[0])
    for _ in range(SWEEPS):
        mass = by_cell @ chance
        factor = np.where(mass > 0, shares * n / np.maximum(mass, 1e-12), 1.0)
        chance = _capped(chance * np.exp(matrix @ np.log(np.clip(factor, 0.1, 10))), n)
    steps = np.floor(np.cumsum(chance) * (n / chance.sum()) + 0.5)
    steps[-1] = n
    return np.flatnonzero(np.diff(steps, prepend=0) > 0).tolist()


def _capped(chance: Any, n: int) -> Any:
    """Scale chances so that they sum to n and none exceeds 1."""
    import numpy as np

    for _ in range(20):
        full = chance >= 1
        rest = chance[~full].sum()
        if not rest:
            break
        chance = np.where(full, 1.0, chance * ((n - full.sum()) / rest))
        if (chance <= 1).all():
            break
    return np.minimum(chance, 1.0)


def weights(matrix: Any, rows: Sequence[int] | None = None) -> Any:
    """Return the weight of each cell, over all rows or some of them."""
    import numpy as np

    found = matrix if rows is None else matrix[list(rows)]
    return np.asarray(found.sum(axis=0)).ravel()
