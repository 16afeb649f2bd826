"""Settle the recipe of a run: from a file, from options, or from the run that a folder holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synth.errors import UserError
from synth.run.ledger import NAME, Ledger
from synth.run.recipe import Recipe, load, parse, resolve


def recipe_for(
    recipe: Path | None,
    folder: Path,
    *,
    rows: int | None = None,
    families: Sequence[str] = (),
    levels: Sequence[int] = (),
    seed: int | None = None,
    model: Mapping[str, Any] | None = None,
) -> Recipe:
    """Return the resolved recipe of a run; options replace what the file says.

    Without a file and options, an unfinished run in the folder goes on with its own recipe. Raise `UserError`.
    """
    from synth.family.registry import families as all_installed

    installed = all_installed()
    changes: dict[str, Any] = {key: value for key, value in (("rows", rows), ("seed", seed)) if value is not None}
    if families:
        changes["families"] = list(families)
    if model:
        changes["model"] = dict(model)
    if recipe is None and not changes and not levels and (folder / NAME).is_file():
        with Ledger(folder) as ledger:
            if known := ledger.meta("recipe"):
                return parse(known, f"the recipe in {folder / NAME}", installed)
    if levels:
        base = load(recipe, installed, changes) if recipe else resolve(changes, "command line", installed)
        shares = {name: {"weight": share.weight, "levels": list(levels)} for name, share in base.families.items()}
        changes["families"] = shares
    found = load(recipe, installed, changes) if recipe else resolve(changes, "command line", installed)
    if not found.families:
        raise UserError("the recipe names no family")
    return found
