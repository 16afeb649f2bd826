"""Rewards for reinforcement learning, with the signature that TRL's `GRPOTrainer` calls.

    train = load_dataset("dataset", "rlvr", split="train")
    GRPOTrainer(model, reward_funcs=synth.rewards.correct, train_dataset=train)

The columns of the config `rlvr` are all that is needed. A reward is a proof: 1 where the completion's answer satisfies
the claims of its problem, the stored answer or another. No trainer is imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from synth.consumers.needed import need
from synth.errors import UserError

TRL = "1.0"  # the oldest that was looked at; 0.28 passes no `log_extra`
COLUMNS = ("family", "language", "formal", "formal_answer")


def correct(
    completions: Sequence[Any],
    *,
    log_extra: Callable[[str, list[Any]], None] | None = None,
    **columns: Any,
) -> list[float]:
    r"""Return for each completion 1.0 if its answer is right, else 0.0, as `synth.judge.score` judges it.

    A completion is a text, or a list of messages, of which the last one counts. `columns` are those of the dataset, a
    list each; `family`, `language`, `formal` and `formal_answer` are needed, all else is ignored. With `log_extra` the
    reason of each score becomes a column of TRL's table of completions. Raise `UserError` where a column is missing, a
    family is not installed, or TRL is older than 1.0. Costs one parse for each completion, mostly below a millisecond.

    >>> row = {"family": ["entailment"], "language": ["formal"], "formal": ["?"], "formal_answer": ["?"]}
    >>> correct(["no idea"], **row)
    [0.0]
    """
    from synth.family.registry import families
    from synth.judge.score import score

    if "trl" in sys.modules:
        need("trl", TRL, "trl")
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise UserError(
            f"the dataset has no column {', '.join(missing)}; train on the config `rlvr` of `synth export`, "
            "with all of its columns"
        )
    installed, scores = families(), []
    for completion, *values in zip(completions, *(columns[name] for name in COLUMNS), strict=True):
        row = dict(zip(COLUMNS, values, strict=True))
        if row["family"] not in installed:
            raise UserError(f"the family {row['family']!r} is not installed; install the package that offers it")
        scores.append(score(installed[row["family"]], said(completion), row))
    if log_extra:
        log_extra("reason", [each.reason for each in scores])
    return [float(each.score) for each in scores]


def said(completion: Any) -> str:
    """Return the text of a completion: of its last message where it is a conversation.

    >>> said([{"role": "assistant", "content": "x = 2"}])
    'x = 2'
    """
    if isinstance(completion, str):
        return completion
    content = completion[-1].get("content") if completion else ""
    return content if isinstance(content, str) else ""
