"""Merge a batch into a run: what becomes a row, and under which reason everything else is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from synth.run import alike, benchmarks, tally
from synth.run.batch import Outcome
from synth.run.kept import with_proofs
from synth.run.ledger import ACCEPTED, RETRACTED, TRIED, UNSOLVED, Ledger, Merge, Quota
from synth.run.retract import faulty_checkers, rests_on_faulty, settle

if TYPE_CHECKING:
    from synth.graph.decontaminate import Contaminants

Row = Mapping[str, Any]


def merged(
    ledger: Ledger, quota: Quota, outcomes: Sequence[Outcome], contaminants: Contaminants | None = None
) -> Merge:
    """Return what a batch changes: new rows up to the quota, everything else under a reason; inside a transaction."""
    rows: list[Row] = []
    rejections: list[Row] = []
    counts: Counter[tuple[str, str]] = Counter()
    proposed: Counter[tally.Cell] = Counter()
    accepted: Counter[tally.Cell] = Counter()
    looked_at = 0
    faulty = faulty_checkers(ledger)
    for outcome in outcomes:
        if len(rows) == quota.need:
            break  # the quota is full: what comes after was not needed, and is not looked at
        looked_at += 1
        tally.add(proposed, quota.family, quota.level, outcome.features)
        row, rejection = outcome.row, outcome.rejection
        if row is not None:
            row, rejection = _admitted(ledger, outcome, row, faulty, contaminants)
        withheld = rejection is not None and rejection["stage"] == benchmarks.CONTAMINATED
        for refused in benchmarks.withheld(outcome.tries) if withheld else outcome.tries:
            rejections.append(refused)
            counts[refused["stage"], refused["reason"]] += 1
        if outcome.tried:
            counts[TRIED, ""] += 1
            counts[UNSOLVED, ""] += not outcome.by and (outcome.rejection or {}).get("stage") != "difficulty"
        if row is not None:
            rows.append(row)
            counts[ACCEPTED, outcome.by] += 1
            tally.add(accepted, quota.family, quota.level, outcome.features)
        elif rejection is not None:
            rejections.append(rejection)
            counts[rejection["stage"], rejection["reason"]] += 1
    after = replace(
        quota,
        accepted=quota.accepted + len(rows),
        proposed=quota.proposed + looked_at,
        round_accepted=quota.round_accepted + len(rows),
        round_proposed=quota.round_proposed + looked_at,
    )
    return Merge(after, rows, rejections, counts, proposed, accepted)


def _admitted(
    ledger: Ledger, outcome: Outcome, row: Row, faulty: frozenset[str], contaminants: Contaminants | None
) -> tuple[Row | None, Row | None]:
    """Return a row that the corpus takes, or the rejection of one that it does not."""
    if contaminants and (evidence := contaminants.hit(row)):
        return None, benchmarks.refused(row, evidence)
    if faulty:
        proofs = settle(row, faulty)
        if proofs is None:
            return None, refused(row, RETRACTED, f"checker {rests_on_faulty(row, faulty)}")
        row = with_proofs(row, proofs)
    if not ledger.claim_key(row["problem" if outcome.exact else "theory"]):
        return None, refused(row, "dedup", "duplicate", row["problem"])
    if outcome.meaning:
        same = alike.twin(ledger, row, outcome.meaning)
        if same is not None and same.side != row["split"]:
            said = f"row {same.id} says the same in other words and is in {same.side}"
            return None, refused(row, *alike.OTHER_SIDE, said)
        alike.remember(ledger, row, outcome.meaning, same)
    return row, None


def refused(row: Row, stage: str, reason: str, detail: str = "") -> Row:
    """Return the rejection of a proved row that the corpus does not take."""
    made_by = row["provenance"]
    return {
        **{key: row[key] for key in ("family", "level", "formal", "formal_answer")},
        **{key: made_by[key] for key in ("seed", "index", "round", "proposer", "model")},
        "text": "",
        "stage": stage,
        "reason": reason,
        "detail": detail,
        "counterexample": "",
    }
