"""Where variety is lost, in nats: by stage and reason, by family and level, and between and within these."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from synth.report.reading import Cells, Row
from synth.report.sample import Sample, cut
from synth.run import tally
from synth.run.ledger import NOT_LOST
from synth.run.status import Status
from synth.statistics.entropy import entropy_nats

REASON_CHARACTERS = 200
READ = 200  # refused problems of one reason that are read again for their features


def by_reason(status: Status, cells: Cells, refused: Iterable[Row]) -> list[dict[str, Any]]:
    """Return what each reason cost, the most problems first: `{"stage", "reason", "problems", "nats", "read"}`.

    `nats` is how much more variety there would be over cells, had this reason refused nothing: the entropy of accepted
    and refused problems together less that of the accepted ones. It is negative where what was refused is common. The
    features of at most 200 refused problems, drawn by a hash, are read from their formal text, and stand for all of the
    reason; `read` is how many could be read, and `nats` is None where none could.
    """
    sample = Sample(READ)
    for row in refused:
        if row["stage"] not in NOT_LOST and row["formal"]:
            key = f"{row['family']} {row['level']} {row['index']} {row['formal']}"
            sample.offer((f"{row['stage']}: {row['reason']}",), key, lambda row=row: dict(row))  # type: ignore[misc]
    kept = sample.strata()
    accepted: dict[tally.Cell, float] = {(f, level, one, two): n for f, level, one, two, _, n in cells if n > 0}
    before = entropy_nats(accepted.values())
    found = []
    for name, problems in status.rejected.items():
        stage, _, reason = name.partition(": ")
        lost, read = _cells_of(kept.get((name,), ()))
        more = Counter(accepted)
        for cell, weight in lost.items():
            more[cell] += weight * problems / read  # type: ignore[assignment]  # a Counter of weights
        nats = round(entropy_nats(more.values()) - before, 4) if read else None
        found.append(
            {"stage": stage, "reason": cut(reason, REASON_CHARACTERS), "problems": problems, "nats": nats, "read": read}
        )
    return found


def _cells_of(rows: Iterable[Row]) -> tuple[Mapping[tally.Cell, float], int]:
    """Return the weights of the cells of refused problems, and how many problems could be read."""
    from synth.family.registry import families

    found: Counter[tally.Cell] = Counter()
    read = 0
    for row in rows:
        family = families().get(row["family"])
        if family is None:
            continue
        try:
            tree = family.problem(row["formal"])[0]
        except ValueError:  # what a model wrote need not be a problem
            continue
        tally.add(found, row["family"], row["level"], family.features_of(tree))
        read += 1
    return found, read


def by_level(cells: Cells) -> dict[tuple[str, int], tuple[float, float]]:
    """Return the entropy in nats of the pairs of features that were proposed and accepted in each family and level.

    >>> by_level([("f", 1, "a", "b", 1.0, 1.0), ("f", 1, "a", "c", 1.0, 0.0)])
    {('f', 1): (0.6931, 0.0)}
    """
    found: defaultdict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for family, level, _, _, proposed, accepted in cells:
        found[family, level].append((proposed, accepted))
    return {
        key: (abs(round(entropy_nats(p for p, _ in weights), 4)), abs(round(entropy_nats(a for _, a in weights), 4)))
        for key, weights in found.items()
    }


def parts(weights: Mapping[tally.Cell, float]) -> dict[str, Any]:
    """Return the variety of rows in nats, and its two parts by the chain rule of entropy.

    `between` is the entropy of family × level, `within` the mean entropy of the pairs of features inside them; they add
    up to `nats`. `cells` is how many cells there are.

    >>> parts({("f", 1, "a", "b"): 1.0, ("f", 2, "a", "b"): 0.5, ("f", 2, "a", "c"): 0.5})
    {'nats': 1.0397, 'between': 0.6931, 'within': 0.3466, 'cells': 3}
    """
    groups: Counter[tuple[str, int]] = Counter()
    for (family, level, _, _), weight in weights.items():
        groups[family, level] += weight  # type: ignore[assignment]  # a Counter of weights
    whole, between = entropy_nats(weights.values()), entropy_nats(groups.values())
    return {
        "nats": round(whole, 4),
        "between": round(between, 4),
        "within": round(whole - between, 4),
        "cells": sum(weight > 0 for weight in weights.values()),
    }
