"""Supervision of steps: a solution line by line, each line labelled right or wrong. A plain dataset for any trainer.

A proved solution is right in every line. Where a step of a model was refuted, the steps before it were proved;
it is wrong, and nothing is said of what follows.

The columns are those of the stepwise datasets that TRL read until it removed that trainer (trl#7133, 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from synth.export.formats.format import Around, Format, Row, columns, common
from synth.recheck.rows import ANSWER_ONLY

_STEP = re.compile(r"step\[(\d+)\] refuted")


def _rows(row: Row, around: Around) -> Iterator[dict[str, Any]]:
    if [step["rule"] for step in row["steps"]] != [ANSWER_ONLY]:  # else there is no step to label
        yield _labelled(row, row["completion"][0]["content"].split("\n"))
    for wrong in around.refuted(row):
        if found := _STEP.fullmatch(wrong.reason):
            yield _labelled(row, wrong.text.split("\n")[: int(found[1]) + 1], wrong.counterexample)


def _labelled(row: Row, lines: Sequence[str], counterexample: str = "") -> dict[str, Any]:
    """Return a row of lines that are all proved, but for the last where a counterexample is given."""
    wrong = bool(counterexample)
    return {
        **common(row),
        "prompt": row["prompt"][-1]["content"],
        "completions": list(lines),
        "labels": [True] * (len(lines) - wrong) + [False] * wrong,
        "counterexamples": [""] * (len(lines) - wrong) + [counterexample] * wrong,
    }


FORMAT = Format(
    "steps",
    "Solutions step by step: `prompt`, `completions`, `labels`, and a counterexample for each step that is wrong.",
    columns(
        ("prompt", pa.string()),
        ("completions", pa.list_(pa.string())),
        ("labels", pa.list_(pa.bool_())),
        ("counterexamples", pa.list_(pa.string())),
    ),
    _rows,
)
