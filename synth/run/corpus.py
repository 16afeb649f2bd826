"""Rows of a corpus wherever they lie: a run folder, an export, or a single file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synth.errors import UserError
from synth.graph.rows import rows_of
from synth.run.ledger import NAME, Ledger
from synth.run.recipe import Recipe, parse

__all__ = ["files_of", "recipe_of", "rows_of"]

RECIPE = "recipe.yaml"
SPLITS = ("train", "test")


def files_of(path: Path) -> list[Path]:
    """Return the files of rows at a path, in order. Raise `UserError` where there are none."""
    if path.is_file():
        if path.suffix not in (".jsonl", ".parquet"):
            raise UserError(f"{path} is no corpus: rows are .jsonl or .parquet")
        return [path]
    if (path / NAME).is_file():
        with Ledger(path) as ledger:
            return ledger.shards()
    for suffix in ("parquet", "jsonl"):
        found = [path / f"{split}.{suffix}" for split in SPLITS if (path / f"{split}.{suffix}").is_file()]
        if found:
            return found
    raise UserError(f"{path} holds no corpus; give a run folder, an export, or a .jsonl or .parquet file of rows")


def recipe_of(path: Path, families: Mapping[str, Any]) -> Recipe:
    """Return the recipe that a corpus was made by. Raise `UserError` where it is not beside it."""
    folder = path if path.is_dir() else path.parent
    if (folder / NAME).is_file():
        with Ledger(folder) as ledger:
            return parse(ledger.meta("recipe") or "", f"the recipe in {folder / NAME}", families)
    file = folder / RECIPE
    if not file.is_file():
        raise UserError(
            f"there is no {RECIPE} beside {path}; it says how prompts are put, so rows need it to be checked"
        )
    return parse(file.read_text(encoding="utf-8"), str(file), families)
