"""The entropy ledger of a run: how many problems reach each stage, how various they are, and what each stage loses.

Selection is what a loop loses its variety by: a stage that accepts some cells more often than others shifts the mix to
them, round after round, however many rows there are. So acceptance stands beside entropy, cell by cell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log
from pathlib import Path
from typing import Any

from synth.errors import UserError
from synth.monitor.columns import Columns
from synth.monitor.read import monitor_of
from synth.run.ledger import NOT_LOST, Ledger
from synth.statistics.entropy import chao_wang_jost, entropy_nats, miller_madow, plug_in
from synth.statistics.intervals import Estimate, wilson

Key = tuple[str, int]  # family, level
STAGES = ("proposed", "parsed", "proved", "deduplicated")  # then selected, exported: what an export holds
ENDS = {  # the stages of a rejection, and what a problem would have been next
    "parsed": ("propose", "pose", "parse"),
    "deduplicated": ("contaminated", "dedup", "split", "retracted"),
}
Z = 1.96


@dataclass(frozen=True)
class Stage:
    """The problems that reached a stage: how many, over how many cells, their entropy in nats by three estimates.

    `lost` counts those that reached the stage before and not this one, by `stage: reason`. `information` is
    -log(share that was kept) in nats: what a hard filter puts in, the divergence of what it kept from what it saw.
    """

    name: str
    problems: int
    cells: int
    entropy: Estimate
    plug_in: Estimate
    miller_madow: Estimate
    lost: Mapping[str, int]
    information: float


@dataclass(frozen=True)
class Acceptance:
    """How many problems of one family and level were accepted of those proposed, with Wilson's 95 % interval."""

    family: str
    level: int
    proposed: int
    accepted: int
    low: float
    high: float


@dataclass(frozen=True)
class EntropyLedger:
    """What a run loses, stage by stage and cell by cell.

    `pairs` is the entropy over cells of feature pairs of what was proposed and of what was accepted (plug-in estimates:
    a problem lies in several such cells, so no error is given). `even` says whether one acceptance fits all cells.
    """

    stages: tuple[Stage, ...]
    acceptance: tuple[Acceptance, ...]
    pairs: tuple[float, float]
    even: bool

    def as_json(self) -> dict[str, Any]:
        """Return the ledger as JSON data."""
        return {
            "stages": [
                {
                    "stage": stage.name,
                    "problems": stage.problems,
                    "cells": stage.cells,
                    "entropy": round(stage.entropy.value, 6),
                    "se": round(stage.entropy.se, 6) if isfinite(stage.entropy.se) else None,
                    "plug_in": round(stage.plug_in.value, 6),
                    "miller_madow": round(stage.miller_madow.value, 6),
                    "lost": dict(stage.lost),
                    "information": round(stage.information, 6) if isfinite(stage.information) else None,
                }
                for stage in self.stages
            ],
            "acceptance": [vars(each) for each in self.acceptance],
            "pairs": {"proposed": round(self.pairs[0], 6), "accepted": round(self.pairs[1], 6)},
            "even": self.even,
        }


def entropy_ledger(folder: Path, export: Path | None = None) -> EntropyLedger:
    """Return the entropy ledger of a run, down to an export of it where one is given.

    All of it stands in the ledger of the run: nothing is made again. Raise `UserError` where there is no run.
    """
    with Ledger(folder) as ledger:
        counts, quotas, cells = ledger.counts(), ledger.quotas(), ledger.cells()
    proposed: Counter[Key] = Counter({(quota.family, quota.level): quota.proposed for quota in quotas})
    lost: dict[str, Counter[Key]] = {name: Counter() for name in STAGES}
    reasons: dict[str, Counter[str]] = {name: Counter() for name in STAGES}
    for (family, level, stage, reason), n in counts.items():
        if stage not in NOT_LOST:
            end = next((name for name, stages in ENDS.items() if stage in stages), "proved")
            lost[end][family, level] += n
            reasons[end][f"{stage}: {reason}"] += n
    reached, stages = proposed, [stage_of("proposed", proposed)]
    for name in STAGES[1:]:
        before, reached = reached, reached - lost[name]
        stages.append(stage_of(name, reached, before.total(), reasons[name]))
    if export is not None:
        stages += _exported(export, reached)
    acceptance = tuple(
        Acceptance(*key, n, reached[key], *wilson(reached[key], n)) for key, n in sorted(proposed.items()) if n
    )
    return EntropyLedger(
        tuple(stages),
        acceptance,
        (entropy_nats(cell[4] for cell in cells), entropy_nats(cell[5] for cell in cells)),
        even(acceptance),
    )


def stage_of(name: str, counts: Counter[Key], before: int = 0, lost: Mapping[str, int] | None = None) -> Stage:
    """Return the figures of one stage; `before` is how many problems reached the stage before it.

    >>> found = stage_of("parsed", Counter({("knights", 1): 60, ("sudoku", 1): 30}), before=100)
    >>> round(found.plug_in.value, 4), round(found.information, 4)
    (0.6365, 0.1054)
    """
    sizes = [n for n in counts.values() if n > 0]
    total = sum(sizes)
    information = -log(total / before) if before and total else float("inf") if before else 0.0
    return Stage(
        name,
        total,
        len(sizes),
        chao_wang_jost(sizes),
        plug_in(sizes),
        miller_madow(sizes),
        dict(Counter(lost or {}).most_common()),
        abs(information),
    )


def even(acceptance: Sequence[Acceptance]) -> bool:
    """Say whether one acceptance lies in the intervals of all cells."""
    return max((each.low for each in acceptance), default=0.0) <= min((each.high for each in acceptance), default=1.0)


def _exported(export: Path, reached: Counter[Key]) -> list[Stage]:
    """Return the stage of an export: the rows that were selected, as its files hold them."""
    if not export.exists():
        raise UserError(f"{export} does not exist; give the export of this run, or leave --export out")
    found = monitor_of(str(export), Columns(cells=("family", "level"))).counts()
    of_run = {(family, str(level)): n for (family, level), n in reached.items()}
    for cell, n in sorted(found.items()):
        if n > of_run.get(cell, 0):  # type: ignore[arg-type]
            raise UserError(f"{export} holds more rows of {' level '.join(cell)} than the run; it is no export of it")
    counts: Counter[Key] = Counter({(family, level): found[family, str(level)] for family, level in reached})
    lost = reached.total() - counts.total()
    reasons = {"export: not selected": lost} if lost else {}
    return [stage_of("exported", counts, reached.total(), reasons)]
