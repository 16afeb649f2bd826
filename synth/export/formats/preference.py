"""Preference pairs: the proved solution of a problem, and a refuted one. TRL's DPOTrainer reads them as they are.

What is rejected was written by a model at this very problem and refuted by a claim that the kernel accepted, the
counterexample. It is put into the same words as the solution, so that the two differ in what they say and not in form.
A try that cannot be read, or that nothing refutes, makes no pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from synth.export.formats.format import MESSAGES, Around, Format, Row, columns, common
from synth.export.tries import in_words


def _rows(row: Row, around: Around) -> Iterator[dict[str, Any]]:
    seen = {row["completion"][0]["content"]}
    for tried in around.tries(row):
        text = in_words(row, tried["text"], around.recipe.prompt.answer_in)
        if text is None or text in seen:
            continue
        seen.add(text)
        yield {
            **common(row),
            "prompt": row["prompt"],
            "chosen": row["completion"],
            "rejected": [{"role": "assistant", "content": text}],
            "rejected_by": tried["model"],
            "reason": tried["reason"],
            "counterexample": tried["counterexample"],
        }


FORMAT = Format(
    "preference",
    "Pairs for preference training: `prompt`, `chosen` (proved) and `rejected` (refuted, with the counterexample).",
    columns(
        ("prompt", MESSAGES),
        ("chosen", MESSAGES),
        ("rejected", MESSAGES),
        ("rejected_by", pa.string()),
        ("reason", pa.string()),
        ("counterexample", pa.string()),
    ),
    _rows,
)
