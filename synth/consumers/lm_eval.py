"""What the exported task of lm-evaluation-harness calls: its documents, and a score for each reply.

The harness itself is not imported here; it imports this, through `synth_task.py` beside the task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synth.consumers.needed import need
from synth.errors import UserError

LM_EVAL = "0.4.9"  # the first with `custom_dataset`
SPLIT = "test"


def dataset(folder: Path) -> Mapping[str, Any]:
    """Return the documents of the test split by the name of the split; `folder` is that of the task.

    Raise `UserError` where the harness is too old or the split has no rows.
    """
    need("lm-eval", LM_EVAL, "lm-eval")
    import datasets

    found = datasets.Dataset.from_parquet(str(folder / f"{SPLIT}.parquet"))
    if not len(found):
        raise UserError(f"{folder} has no row in its {SPLIT} split; raise `split: test` in the recipe, or the rows")
    return {SPLIT: found}


def process_results(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """Return `{"proved": 1.0}` where the first reply answers the problem of a document, else 0.0.

    >>> process_results({"family": "knights", "language": "en", "formal": "?", "formal_answer": "?"}, ["no idea"])
    {'proved': 0.0}
    """
    from synth.family.registry import families
    from synth.judge.score import score

    family = families().get(doc["family"])
    if family is None:
        raise UserError(f"the family {doc['family']!r} is not installed; install the package that offers it")
    return {"proved": float(score(family, results[0], doc).score)}
