r"""Reinforcement learning with verifiable rewards: prompts, and all that a reward needs to judge a reply.

`solution` is the answer as TRL's stock `accuracy_reward` wants it, in `\boxed{}`. That reward compares mathematics; a
scorer of ours reads `formal` and `formal_answer`, and accepts every answer that satisfies the claims.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from synth.export.formats.format import MESSAGES, Around, Format, Row, columns, common
from synth.recheck.rows import wrap

_SCORED_BY = ("language", "formal", "formal_answer")


def _rows(row: Row, around: Around) -> Iterator[dict[str, Any]]:
    yield {
        **common(row),
        "prompt": row["prompt"],
        "answer": row["answer"],
        "solution": wrap(row["answer"], "boxed"),
        **{name: row[name] for name in _SCORED_BY},
    }


FORMAT = Format(
    "rlvr",
    "Prompts for reinforcement learning: `prompt`, with `answer`, `solution` and the formal texts for a reward.",
    columns(
        ("prompt", MESSAGES),
        ("answer", pa.string()),
        ("solution", pa.string()),
        *((name, pa.string()) for name in _SCORED_BY),
    ),
    _rows,
)
