"""The package of a recipe: what `recheck.pyz` and `synth verify` read rows by."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth.errors import UserError

if TYPE_CHECKING:
    from synth.run.recipe import Recipe

MEMBER = "synth/recheck/package.json"  # where it lies in a recheck.pyz


def package_of(recipe: Recipe) -> dict[str, Any]:
    """Return the prompt of a recipe, and the tables and meanings of its families as installed, as JSON data.

    Compiles every grammar and derives every language, so a mistake in one of them is raised here.
    """
    from synth.family.registry import families

    installed = families()
    for name in recipe.families:
        if name not in installed:
            raise UserError(f"the family {name!r} of this corpus is not installed; install the package that offers it")
    return {
        "v": 1,
        "prompt": {"system": recipe.prompt.system, "answer_in": recipe.prompt.answer_in},
        "min_grade": recipe.min_grade,
        "families": {name: installed[name].pack(recipe.languages) for name in recipe.families},
    }


def read_package(path: Path) -> dict[str, Any]:
    """Return the package inside a `recheck.pyz`. Raise `UserError` where it holds none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return dict(json.loads(archive.read(MEMBER)))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} holds no package of families: {error}; export the run again") from error
