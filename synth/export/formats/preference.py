"""Preference pairs: the proved solution of a problem, and a refuted one. TRL's DPOTrainer reads them as they are.

What is rejected was refuted: the kernel accepted a claim that excludes it, the `counterexample`. A model wrote it at
this very problem (`rejected_by` names it); it is put into the words of a solution, so that the two differ in what they
say and not in form. Where no model was wrong, the answer is changed in one place (`rejected_by` is `mutation`). A row
whose wrong answers cannot be refuted makes no pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from synth.export.formats.format import MESSAGES, Around, Format, Row, columns, common


def _rows(row: Row, around: Around) -> Iterator[dict[str, Any]]:
    for wrong in around.refuted(row):
        yield {
            **common(row),
            "prompt": row["prompt"],
            "chosen": row["completion"],
            "rejected": [{"role": "assistant", "content": wrong.text}],
            "rejected_by": wrong.by,
            "reason": wrong.reason,
            "counterexample": wrong.counterexample,
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
