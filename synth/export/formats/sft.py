"""Supervised fine-tuning: conversations that end in a proved solution. TRL's SFTTrainer reads them as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from synth.export.formats.format import MESSAGES, Around, Format, Row, columns, common


def _rows(row: Row, around: Around) -> Iterator[dict[str, Any]]:
    yield {**common(row), "messages": [*row["prompt"], *row["completion"]]}


FORMAT = Format(
    "sft",
    "Conversations for supervised fine-tuning: `messages` with the question, the steps and the answer.",
    columns(("messages", MESSAGES)),
    _rows,
)
