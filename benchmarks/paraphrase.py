"""What the gate for reworded clauses lets through, edit by edit.

The paraphraser and the two back-translators are scripted (`tests/scripted.py`): the edits are known, the translators
read the words as they stand, and whether an edit changes what a clause says is found by trying every assignment. So the
figures are those of the gate. How often a model rewords a clause well, or reads it wrongly, is not measured here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from time import process_time

from benchmarks.measure import Options, Table, digits
from tests.scripted import WRONG, Outcome, outcomes

RECORDS = 6  # of each of three levels of a family; half of that where trying every assignment takes long
SLOW = frozenset({"lattice_paths"})


def measure(options: Options) -> Iterator[Table]:
    """Yield the table of edits, over the families that have clauses."""
    started = process_time()
    found = [
        outcome
        for name in WRONG
        if name in options.families
        for outcome in outcomes(name, RECORDS // 2 if name in SLOW else RECORDS, seed=options.seed)
    ]
    spent = process_time() - started
    wrong = [outcome for outcome in found if not outcome.right]
    kinds = dict.fromkeys(outcome.kind for outcome in wrong)
    true = [outcome for outcome in found if outcome.right]
    rows = [_row(kind, [outcome for outcome in wrong if outcome.kind == kind]) for kind in kinds]
    rows.append(_row("all wrong edits", wrong))
    for kind in dict.fromkeys(outcome.kind for outcome in true):
        rows.append(_row(f"true: {kind}", [outcome for outcome in true if outcome.kind == kind]))
    rows.append(_row("all true rewordings", true))
    reasons = Counter(outcome.reason for outcome in wrong if outcome.reason)
    shown = sum(1 for outcome in wrong if outcome.counterexample)
    yield Table(
        "paraphrase",
        "Reworded clauses: what the gate accepts of scripted edits",
        ("edit", "edits", "change_meaning", "accepted", "accepted_%", "same_meaning", "same_accepted"),
        tuple(rows),
        (
            "Paraphraser and back-translators are scripted: this tests the gate, not a model.",
            "change_meaning: by brute force over all assignments; accepted and accepted_% are of those, for true "
            "rewordings of all. same_meaning: wrong edits that happen to change nothing, and how many passed.",
            f"wrong edits were refused as: {', '.join(f'{reason} {n:,}' for reason, n in reasons.most_common())}; "
            f"{shown:,} keep what refutes them.",
            f"{len(found):,} edits over {len({outcome.family for outcome in found})} families, "
            f"{digits(1e3 * spent / max(1, len(found)))} CPU-milliseconds each, brute force included.",
        ),
    )


def _row(name: str, found: Iterable[Outcome]) -> tuple[object, ...]:
    found = list(found)
    if found and found[0].right:
        accepted = sum(not outcome.reason for outcome in found)
        return name, len(found), None, accepted, digits(100 * accepted / len(found)), None, None
    changing = [outcome for outcome in found if not outcome.same]
    same = [outcome for outcome in found if outcome.same]
    accepted = sum(not outcome.reason for outcome in changing)
    share = digits(100 * accepted / len(changing)) if changing else None
    return name, len(found), len(changing), accepted, share, len(same), sum(not outcome.reason for outcome in same)
