"""What an audit found: one line a row, and totals with intervals."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from synth.audit.reader import Row
from synth.audit.verdicts import VERDICTS, Verdict
from synth.errors import UserError

MAX_SHOWN = 2_000  # characters of a question or an answer in a line
MAX_WHY = 200  # characters of a reason that is counted


@dataclass(frozen=True)
class Line:
    """A row with its place in its source and what was found about it."""

    source: str
    seed: int | None
    index: int
    row: Row
    found: Verdict

    def as_json(self) -> dict[str, Any]:
        """Return the line that `--out` writes: `correct` is the right answer, `label` the one that was given."""
        found, row = self.found, self.row
        return {
            "source": self.source,
            "seed": self.seed,
            "index": self.index,
            "verdict": found.verdict,
            "correct": found.correct,
            "why": found.why,
            "question": row.question[:MAX_SHOWN],
            "label": None if row.answer is None else row.answer[:MAX_SHOWN],
            "evidence": [shown.as_json() for shown in found.evidence],
        }


def interval(found: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, by Wilson's score (JASA 22, 1927): in [0, 1], also for 0 of n.

    >>> [round(end, 3) for end in interval(637, 5000)]
    [0.118, 0.137]
    >>> [round(end, 3) for end in interval(0, 500)]
    [0.0, 0.008]
    """
    if not of:
        return 0.0, 1.0
    z, share = 1.959964, found / of
    centre, spread = share + z * z / (2 * of), z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    low, high = [end / (1 + z * z / of) for end in (centre - spread, centre + spread)]
    return max(0.0, low if found else 0.0), min(1.0, high if found < of else 1.0)


def totals(lines: Iterable[Line], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Count verdicts and reasons; `facts` (what was audited) come first. Takes the lines one by one."""
    counted: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = {}
    for line in lines:
        counted[line.found.verdict] += 1
        if line.found.why:
            reasons.setdefault(line.found.verdict, Counter())[line.found.why[:MAX_WHY]] += 1
    rows = counted.total()
    verdicts = {}
    for name in VERDICTS:
        low, high = interval(counted[name], rows)
        share = counted[name] / rows if rows else 0.0
        verdicts[name] = {"rows": counted[name], "share": round(share, 4), "from": round(low, 4), "to": round(high, 4)}
    why = {name: dict(several.most_common(5)) for name, several in reasons.items()}
    return {**facts, "rows": rows, "verdicts": verdicts, "reasons": why}


def written(lines: Iterable[Line], path: Path | None) -> Iterable[Line]:
    """Yield the lines on, and write each to a file as JSON before the next is made. Raise `UserError`."""
    if path is None:
        yield from lines
        return
    try:
        with path.open("w", encoding="utf-8", errors="replace") as file:  # half a surrogate pair is no UTF-8
            for line in lines:
                file.write(json.dumps(line.as_json(), ensure_ascii=False) + "\n")
                yield line
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; name another --out") from error
