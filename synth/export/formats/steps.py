"""Supervision of steps: a solution line by line, each line labelled right or wrong. A plain dataset for any trainer.

The columns are those of the stepwise datasets that TRL read until it removed that trainer (trl#7133, 2026).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from synth.export.formats.format import Around, Format, Row, columns, common
from synth.recheck.rows import ANSWER_ONLY


def _rows(row: Row, around: Around) -> Iterator[dict[str, Any]]:
    if [step["rule"] for step in row["steps"]] == [ANSWER_ONLY]:
        return  # there is no step to label
    lines = row["completion"][0]["content"].split("\n")
    yield {
        **common(row),
        "prompt": row["prompt"][-1]["content"],
        "completions": lines,
        "labels": [True] * len(lines),
        "counterexamples": [""] * len(lines),
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
