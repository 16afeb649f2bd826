"""What choosing 20,000 of 200,000 rows by pairs of features costs, and what it does to the variety.

The pool is skewed: 200 productions by Zipf's law, about six draws a row, 12 families of unequal size, five levels at
45, 30, 15, 8 and 2 per cent. Random rows are drawn with the same quotas, so that only the mix of pairs differs. Entropy
is over pairs of productions, and over cells (family × level × pair); a row with k pairs weighs 1/k in each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from time import process_time

from benchmarks.measure import Options, Table, digits
from synth.grammar.features import pairs as pairs_of
from synth.graph.reach import Pair
from synth.graph.select import METHODS, select
from synth.statistics.entropy import entropy_nats

POOL, CHOSEN = 200_000, 20_000
PRODUCTIONS, FAMILIES = 200, 12
LEVELS = (0.45, 0.30, 0.15, 0.08, 0.02)
DRAWS = 6
Row = tuple[str, int, tuple[str, ...]]
Key = tuple[str, int]


def measure(options: Options) -> Iterator[Table]:
    """Yield one table: random rows, coverage and raking, under the quotas of the pool and under equal ones."""
    pool = skewed_pool(POOL, options.seed)
    sizes = Counter((family, level) for family, level, _ in pool)
    proportional = shares(CHOSEN, sizes)
    equal = shares(CHOSEN, dict.fromkeys(sizes, 1))
    rows = []
    for name, quotas in (("as in the pool", proportional), ("equal", equal)):
        of_random = entropies(pool, at_random(pool, quotas, options.seed))
        rows.append(
            (name, "random", None, sum(min(n, sizes[key]) for key, n in quotas.items()), *of_random, None, None)
        )
        for method in METHODS:
            started = process_time()
            found = select(pool, quotas, method=method)
            spent = process_time() - started
            over_pairs, over_cells, covered = entropies(pool, found.rows)
            gain = digits(100 * (over_pairs / of_random[0] - 1))
            missing = sum(wanted - had for *_, wanted, had in found.short)
            rows.append((name, method, digits(spent), len(found.rows), over_pairs, over_cells, covered, gain, missing))
    yield Table(
        "select",
        f"Choosing {CHOSEN:,} of {POOL:,} rows × {PRODUCTIONS} productions",
        ("quotas", "method", "cpu_s", "rows", "pair_nats", "cell_nats", "pairs", "pair_nats_%_over_random", "short"),
        tuple(rows),
        (
            "quotas: rows for each family × level. short: rows that the pool is too small for, and nothing else is.",
            "cpu_s holds everything: pairs of features, matrix, choice, figures. Entropy by the plug-in estimate.",
        ),
    )


def skewed_pool(size: int, seed: int) -> list[Row]:
    """Return the pool: (family, level, productions) of each row."""
    rng = Random(seed)
    names = [f"p{number:03d}" for number in range(PRODUCTIONS)]
    zipf = [1 / (rank + 1) for rank in range(PRODUCTIONS)]
    families = [f"family{number:02d}" for number in range(FAMILIES)]
    unequal = [1 / (rank + 1) for rank in range(FAMILIES)]
    of_family = rng.choices(families, unequal, k=size)
    of_level = rng.choices(range(1, len(LEVELS) + 1), LEVELS, k=size)
    drawn = rng.choices(names, zipf, k=size * DRAWS)
    return [
        (of_family[row], of_level[row], tuple(sorted(set(drawn[row * DRAWS : (row + 1) * DRAWS]))))
        for row in range(size)
    ]


def shares(rows: int, weights: Mapping[Key, int]) -> dict[Key, int]:
    """Share rows out by weight, the largest remainders rounded up.

    >>> shares(3, {("a", 1): 1, ("b", 1): 1})
    {('a', 1): 2, ('b', 1): 1}
    """
    total = sum(weights.values())
    found = {key: rows * weight // total for key, weight in weights.items()}
    for key in sorted(weights, key=lambda key: (-(rows * weights[key] % total), key))[: rows - sum(found.values())]:
        found[key] += 1
    return found


def at_random(pool: Sequence[Row], quotas: Mapping[Key, int], seed: int) -> list[int]:
    """Return random rows by the same quotas."""
    places: dict[Key, list[int]] = {}
    for place, (family, level, _) in enumerate(pool):
        places.setdefault((family, level), []).append(place)
    rng = Random(seed + 1)
    return [
        place for key, here in sorted(places.items()) for place in rng.sample(here, min(quotas.get(key, 0), len(here)))
    ]


def entropies(pool: Sequence[Row], chosen: Sequence[int]) -> tuple[float, float, int]:
    """Return the entropy over pairs and over cells, in nats, and how many pairs there are."""
    by_pair: Counter[Pair] = Counter()
    by_cell: Counter[tuple[str, int, Pair]] = Counter()
    for place in chosen:
        family, level, features = pool[place]
        found = pairs_of(features)
        for pair in found:
            by_pair[pair] += 1 / len(found)  # type: ignore[assignment]
            by_cell[family, level, pair] += 1 / len(found)  # type: ignore[assignment]
    return round(entropy_nats(list(by_pair.values())), 3), round(entropy_nats(list(by_cell.values())), 3), len(by_pair)
