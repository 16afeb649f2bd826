"""A model of which pairs of features go together, fitted to a sample that shows what is wanted.

For each family and level the share of a pair is

    (1 - a) × its share there + a × ((1 - b) × its share in the family + b × what its two features would give if they
    met by chance),

shrinkage that keeps a small sample from forbidding what it happens not to show. The weights a and b are those under
which rows that were left out are most likely (five folds).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import log
from pathlib import Path
from typing import Any

from synth.errors import UserError, did_you_mean
from synth.family import Family
from synth.grammar.features import pairs as pairs_of
from synth.graph.reach import Pair, reach_of
from synth.graph.rows import rows_of

COLUMNS = ("family", "level", "features")
FOLDS = 5
GRID = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 0.95)
FEW = 30  # rows of a family; below it a fit says little
FLOOR = 0.01  # the part of every share that is uniform, so that nothing is impossible
Key = tuple[str, int]
Example = tuple[str, int, tuple[str, ...]]  # family, level, features


@dataclass(frozen=True)
class Fit:
    """Targets by family and level, with what shows how good they are.

    `held_out_nats` is the mean of -log(share) over the pairs of rows that were left out, `uniform_nats` the same for
    equal shares, `fitted_nats` for the rows that the fit has seen. `warnings` say what the user should know.
    """

    targets: Mapping[Key, Mapping[Pair, float]]
    shrinkage: tuple[float, float]
    rows: int
    held_out_nats: float
    uniform_nats: float
    fitted_nats: float
    warnings: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        """Return what shows the quality of the fit, as JSON data."""
        return {
            "rows": self.rows,
            "shrinkage": list(self.shrinkage),
            "held_out_nats": round(self.held_out_nats, 4),
            "uniform_nats": round(self.uniform_nats, 4),
            "fitted_nats": round(self.fitted_nats, 4),
            "warnings": list(self.warnings),
        }


def read_reference(path: Path, families: Mapping[str, Family]) -> list[Example]:
    """Return the examples of a reference file: rows of JSON lines or Parquet with family, level and features.

    Rows of families that are not among `families` are left out. Raise `UserError` where the file cannot be read, has
    other columns, names a feature that its family does not have, or holds no row of these families.
    """
    if path.suffix not in (".jsonl", ".parquet"):
        raise UserError(f"{path} is no reference: it must be a .jsonl or .parquet file with {', '.join(COLUMNS)}")
    found: list[Example] = []
    others: Counter[str] = Counter()
    for number, row in enumerate(rows_of(path, COLUMNS), 1):
        lacking = [name for name in COLUMNS if name not in row]
        if lacking:
            raise UserError(
                f"{path}: row {number} has no {' and no '.join(map(repr, lacking))}; a reference has the columns "
                f"{', '.join(COLUMNS)}, as an export has; there are {', '.join(sorted(map(str, row))[:12])}"
            )
        name, level, features = (row[column] for column in COLUMNS)
        listed = isinstance(features, list) and features and all(isinstance(feature, str) for feature in features)
        if not isinstance(name, str) or not isinstance(level, int) or isinstance(level, bool) or not listed:
            raise UserError(
                f"{path}: row {number} is no example: family is a text, level a whole number and features a list of "
                f"texts, not {str(name)[:20]!r}, {str(level)[:20]!r} and {str(features)[:40]!r}"
            )
        if name not in families:
            others[name[:40]] += 1
            continue
        known = reach_of(families[name]).productions
        for feature in features:
            if feature not in known and ":" not in feature:
                raise UserError(
                    f"{path}: row {number}: the family {name} has no feature {feature[:40]!r}; "
                    f"{did_you_mean(feature[:40], known)}"
                )
        found.append((name, level, tuple(sorted(set(features)))))
    if not found:
        rows = (
            f"{others.total()} rows, all of other families ({', '.join(sorted(others)[:5])})" if others else "no rows"
        )
        raise UserError(f"{path} holds {rows}; a reference needs rows of {', '.join(sorted(families))}")
    return found


def read_shortfall(path: Path, families: Mapping[str, Family]) -> dict[Key, dict[Pair, float]]:
    """Return targets from the `selection.json` of an export: each thin cell in proportion to what it lacks.

    Cells of families that are not among `families` are left out. Raise `UserError` where the file is none, or lacks
    nothing.
    """
    try:
        thin = json.loads(path.read_text(encoding="utf-8"))["thin"]
        cells = [
            (
                str(cell["family"]),
                int(cell["level"]),
                sorted(map(str, cell["pair"])),
                float(cell["wanted"] - cell["taken"]),
            )
            for cell in thin
        ]
        found: defaultdict[Key, dict[Pair, float]] = defaultdict(dict)
        for name, level, (one, other), missing in cells:
            if name in families and 0 < missing < float("inf"):
                found[name, level][one, other] = missing
    except OSError as error:
        raise UserError(f"cannot read the reference {path}: {error}") from error
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise UserError(
            f"{path} is no selection.json of an export: {type(error).__name__} {str(error)[:80]!r}; a reference is "
            "that, or a .jsonl or .parquet file of rows"
        ) from error
    for (name, _), shares in found.items():
        for feature in sorted({feature for pair in shares for feature in pair}):
            if feature not in (known := reach_of(families[name]).productions) and ":" not in feature:
                raise UserError(
                    f"{path}: the family {name} has no feature {feature[:40]!r}; {did_you_mean(feature[:40], known)}"
                )
    if not found:
        raise UserError(f"{path} names no cell of {', '.join(sorted(families))} that lacks rows")
    return {key: {pair: part / sum(shares.values()) for pair, part in shares.items()} for key, shares in found.items()}


# ---- fitting ---------------------------------------------------------------------------------------------------------


def fit(examples: Iterable[Example], wanted: Iterable[Key]) -> Fit:
    """Fit shares to examples, for the families and levels that are wanted; one whose family is not shown gets none.

    About 30 microseconds for each pair of features in a row. Raise ValueError without examples.
    """
    rows = sorted(examples)
    if not rows:
        raise ValueError("nothing to fit to")
    pairs = {name: sorted(found) for name, found in _Counts(rows).family.items()}
    shrinkage, held_out = _shrinkage(rows, pairs)
    counts = _Counts(rows)
    keys = sorted(set(wanted))
    targets = {key: _shares(counts, key, pairs[key[0]], shrinkage) for key in keys if key[0] in pairs}
    even = sum(log(len(pairs[name])) for name, *_ in rows) / len(rows)
    seen = float(_nats(_Parts(counts, rows, pairs), *shrinkage)) / len(rows)
    warnings = tuple(_warnings(counts, keys, len(rows), held_out, even, seen))
    return Fit(targets, shrinkage, len(rows), held_out, even, seen, warnings)


def _shrinkage(rows: Sequence[Example], pairs: Mapping[str, Sequence[Pair]]) -> tuple[tuple[float, float], float]:
    """Return the weights under which rows that were left out are most likely, and their mean -log(share)."""
    if len(rows) < FOLDS:
        return (GRID[-1], GRID[-1]), float("nan")
    left_out = dict.fromkeys(product(GRID, GRID), 0.0)
    for number in range(FOLDS):
        kept = _Counts(row for place, row in enumerate(rows) if place % FOLDS != number)
        parts = _Parts(kept, rows[number::FOLDS], pairs)
        for weights in left_out:
            left_out[weights] += _nats(parts, *weights)
    best = min(left_out, key=lambda weights: (left_out[weights], weights))
    return best, left_out[best] / len(rows)


def _warnings(
    counts: _Counts, keys: Iterable[Key], rows: int, held_out: float, even: float, seen: float
) -> Iterator[str]:
    if rows < FOLDS:
        yield f"the reference has {rows} rows: too few to test a fit on"
    elif held_out > even - 0.05:
        yield (
            f"the fit is no better than equal shares: {held_out:.2f} nats a pair on rows that were left out, "
            f"{even:.2f} with equal shares; `demand: coverage` would do as well"
        )
    elif held_out - seen > 0.25 * (even - held_out):
        yield (
            f"the reference is small for what it is to show: {seen:.2f} nats a pair on its own rows, {held_out:.2f} on "
            "rows that were left out; more rows would help"
        )
    for name, n in sorted(counts.rows.items()):
        if n < FEW:
            yield f"only {n} rows of the reference are of {name}; {FEW} or more are needed to fit it"
    for name in sorted({name for name, _ in keys} - set(counts.rows)):
        yield f"no row of the reference is of {name}; its pairs get equal shares"


class _Counts:
    """Weights of pairs by level and by family; a row weighs 1 in all, shared by its pairs."""

    def __init__(self, rows: Iterable[Example]) -> None:
        self.rows: Counter[str] = Counter()
        self.level_rows: Counter[Key] = Counter()
        self.level: defaultdict[Key, defaultdict[Pair, float]] = defaultdict(lambda: defaultdict(float))
        self.family: defaultdict[str, defaultdict[Pair, float]] = defaultdict(lambda: defaultdict(float))
        self.single: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        for name, level, features in rows:
            self.rows[name] += 1
            self.level_rows[name, level] += 1
            found = pairs_of(features)
            for pair in found:
                self.level[name, level][pair] += 1 / len(found)
                self.family[name][pair] += 1 / len(found)
                for feature in pair:
                    self.single[name][feature] += 0.5 / len(found)

    def shares(self, key: Key, pairs: Sequence[Pair]) -> Any:
        """Return the shares of pairs at a level, in the family, and if features met by chance; shape (3, pairs)."""
        import numpy as np

        name = key[0]
        if not self.rows[name]:
            return np.full((3, len(pairs)), 1 / len(pairs))
        single = self.single[name]
        here: Mapping[Pair, float] = self.level.get(key, {})
        chance = np.array([single.get(one, 0.0) * single.get(other, 0.0) for one, other in pairs])
        family = np.array([self.family[name].get(pair, 0.0) for pair in pairs])
        level = np.array([here.get(pair, 0.0) for pair in pairs]) if here else family
        return np.stack([part / (part.sum() or 1.0) for part in (level, family, chance)])


class _Parts:
    """What the likelihood of rows needs: the three shares of each pair in them, equal shares, and their weights."""

    def __init__(self, counts: _Counts, rows: Iterable[Example], pairs: Mapping[str, Sequence[Pair]]) -> None:
        import numpy as np

        tested = _Counts(rows)
        shares, even, weights = [], [], []
        for key in sorted(tested.level):
            of_family = pairs[key[0]]
            shares.append(counts.shares(key, of_family))
            even.append(np.full(len(of_family), 1 / len(of_family)))
            weights.append(np.array([tested.level[key].get(pair, 0.0) for pair in of_family]))
        self.shares = np.concatenate(shares, axis=1)
        self.even = np.concatenate(even)
        self.weights = np.concatenate(weights)


def _mixed(shares: Any, even: Any, a: float, b: float) -> Any:
    level, family, chance = shares
    return (1 - FLOOR) * ((1 - a) * level + a * ((1 - b) * family + b * chance)) + FLOOR * even


def _nats(parts: _Parts, a: float, b: float) -> float:
    """Return the sum over rows of the mean of -log(share) over their pairs."""
    import numpy as np

    return float(-(parts.weights * np.log(_mixed(parts.shares, parts.even, a, b))).sum())


def _shares(counts: _Counts, key: Key, pairs: Sequence[Pair], shrinkage: tuple[float, float]) -> dict[Pair, float]:
    found = _mixed(counts.shares(key, pairs), 1 / len(pairs), *shrinkage)
    return dict(zip(pairs, (found / found.sum()).tolist(), strict=True))
