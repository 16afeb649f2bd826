"""How far a run is, from its ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synth.run import alike, benchmarks, demand
from synth.run.ledger import ACCEPTED, NOT_LOST, PARAPHRASE, TRIED, TRY, UNSOLVED, Ledger
from synth.statistics.entropy import entropy_nats


@dataclass(frozen=True)
class Status:
    """How far a run is. `rejected` counts by `stage: reason`; `levels` gives (proposed, accepted, quota) by cell.

    `tries` gives for each family and level whose problems a model tried: how many it tried, how many it solved, how
    many the solver answered instead, and how many nobody solved. `refused` counts the model's refused tries by family
    and reason, `usage` is what each model used: tokens, requests and, where prices are known, cost. `entropy_nats` is
    the variety of what was proposed and of what was accepted, over cells of feature pairs (plug-in estimate); `cells`
    how many there are. `demand` says how far what was demanded is covered, and which pairs no problem can join (see
    `synth.run.demand.facts`); it is empty where nothing was. `benchmarks` says what rows are compared with (see
    `synth.run.benchmarks.facts`); what was refused for it is among the losses. `alike` counts rows that resemble each
    other, once the run has ended (see `synth.run.alike.facts`).
    """

    requested: int
    accepted: int
    proposed: int
    rejected: dict[str, int]
    done: bool
    rounds: int
    gaps: list[dict[str, Any]]
    levels: dict[str, dict[int, tuple[int, int, int]]]
    losses: dict[str, dict[str, int]]
    cells: dict[str, int]
    entropy_nats: dict[str, float]
    tries: dict[str, dict[int, dict[str, int]]]
    refused: dict[str, dict[str, int]]
    usage: list[dict[str, Any]]
    demand: dict[str, Any]
    benchmarks: dict[str, Any]
    alike: dict[str, Any]

    @property
    def short(self) -> int:
        """Rows that are missing from a finished run."""
        return self.requested - self.accepted if self.done else 0

    def as_json(self) -> dict[str, Any]:
        """Return the status as JSON data."""
        return asdict(self)


def status(folder: Path | str) -> Status:
    """Return how far the run in a folder is; safe while it is being written. Raise `UserError` if there is none."""
    with Ledger(Path(folder)) as ledger:
        return status_of(ledger)


def status_of(ledger: Ledger) -> Status:
    """Return how far the run of an open ledger is."""
    quotas = ledger.quotas()
    rejected: Counter[str] = Counter()
    losses: dict[str, Counter[str]] = {}
    refused: dict[str, Counter[str]] = {}
    tries: dict[str, dict[int, dict[str, int]]] = {}
    for (family, level, stage, reason), n in sorted(ledger.counts().items()):
        if stage not in NOT_LOST:
            rejected[f"{stage}: {reason}"] += n
            losses.setdefault(family, Counter())[f"{stage}: {reason}"] += n
        elif stage in (TRY, PARAPHRASE):
            refused.setdefault(family, Counter())[reason if stage == TRY else f"{stage}: {reason}"] += n
        elif name := _TRIED.get((stage, reason)):
            of_family = tries.setdefault(family, {})
            of_family.setdefault(level, dict.fromkeys(_TRIED.values(), 0))[name] = n
    levels: dict[str, dict[int, tuple[int, int, int]]] = {}
    for quota in quotas:
        levels.setdefault(quota.family, {})[quota.level] = (quota.proposed, quota.accepted, quota.quota)
    cells = ledger.cells()
    accepted, proposed = sum(quota.accepted for quota in quotas), sum(quota.proposed for quota in quotas)
    current = ledger.round()
    return Status(
        requested=sum(quota.quota for quota in quotas),
        accepted=accepted,
        proposed=proposed,
        rejected=dict(rejected.most_common()),
        done=ledger.meta("done") == "yes",
        rounds=current.number + 1 if current else 0,
        gaps=[
            {"family": quota.family, "level": quota.level, "missing": quota.quota - quota.accepted, "why": quota.gap}
            for quota in quotas
            if quota.gap
        ],
        levels=levels,
        losses={family: dict(counts.most_common()) for family, counts in losses.items()},
        cells={"proposed": sum(cell[4] > 0 for cell in cells), "accepted": sum(cell[5] > 0 for cell in cells)},
        entropy_nats={
            "proposed": round(entropy_nats(cell[4] for cell in cells), 4),
            "accepted": round(entropy_nats(cell[5] for cell in cells), 4),
        },
        tries=tries,
        refused={family: dict(counts.most_common()) for family, counts in refused.items()},
        usage=ledger.usage(),
        demand=demand.facts(ledger),
        benchmarks=benchmarks.facts(ledger),
        alike=alike.facts(ledger),
    )


# what is counted about problems that a model tried
_TRIED = {
    (TRIED, ""): "tried",
    (ACCEPTED, "model"): "solved",
    (ACCEPTED, "solver"): "answered",
    (UNSOLVED, ""): "unsolved",
}


def table(found: Status) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield (family, level, proposed, accepted, quota), in order."""
    for family, levels in found.levels.items():
        for level, (proposed, accepted, quota) in levels.items():
            yield family, level, proposed, accepted, quota
