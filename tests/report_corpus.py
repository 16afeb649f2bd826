"""A small run with refused candidates, some of them hostile, for the tests of the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from synth.family.registry import families
from synth.run import rounds
from synth.run.ledger import Ledger, Merge
from synth.run.recipe import resolve

HOSTILE = "</script><script>window.owned = 1</script><!--<script><img src=x onerror='window.owned = 2'>"
RECIPE = {"rows": 24, "families": {"knights": {"levels": [1, 2]}, "linear_system": {"levels": [1]}}}


def made(folder: Path) -> Path:
    """Make a run of 24 rows over two families, book refused candidates with it, and return its folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))
        rounds.generate(resolve({**RECIPE, "split": {"test": 0.3}}, "test", families()), folder)
    book(folder, [refusal(n) for n in range(3)], {("try", "correct refuted"): 3})
    return folder


def refusal(index: int, **fields: Any) -> dict[str, Any]:
    """Return a refused try at the first linear system, whose text is hostile."""
    return {
        "family": "linear_system",
        "level": 1,
        "stage": "try",
        "reason": "correct refuted",
        "detail": "",
        "counterexample": f"(model (= x {index}))",
        "formal": "unknowns x, y: x + y = 3; x - y = 1",
        "formal_answer": f"x = {index}, y = {index}",
        "seed": 0,
        "index": index,
        "round": 0,
        "proposer": "sampler",
        "model": "scripted",
        "text": HOSTILE,
        **fields,
    }


def book(
    folder: Path, rejections: list[dict[str, Any]], counts: dict[tuple[str, str], int], rows: Sequence[Any] = ()
) -> None:
    """Book refused candidates and rows of the last family and level, as a batch would."""
    with Ledger(folder, write=True) as ledger, ledger.transaction():
        ledger.book(-1, Merge(ledger.quotas()[-1], rows, rejections=rejections, counts=counts))
