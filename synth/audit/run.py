"""A whole audit: rows from a source, judged one by one, written and counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from synth.audit.registry import readers_for
from synth.audit.report import Line, totals, written
from synth.audit.sources import GYM, Wanted, rows_from
from synth.audit.verdicts import audited
from synth.errors import UserError


def audit(source: str, name: str, wanted: Wanted, out: Path | None = None) -> dict[str, Any]:
    """Judge the rows of a source as questions of a family or for a reader; return the totals.

    `out` gets one JSON line a row, each before the next is judged. Raise `UserError` where the source cannot be read,
    nothing is called `name`, or `out` cannot be written.
    """
    from synth import __version__

    if source.startswith(GYM):
        wanted = replace(wanted, rows=wanted.rows or 100, seed=wanted.seed or 0)
    if out is not None and out.exists() and Path(source).exists() and out.samefile(source):
        raise UserError(f"--out {out} is the source; name another file")
    readers = readers_for(name)
    rows = rows_from(source, wanted)
    lines = (Line(source, wanted.seed, index, row, audited(row, readers)) for index, row in rows)
    return totals(written(lines, out), {"source": source, "as": name, "seed": wanted.seed, "synth": __version__})
