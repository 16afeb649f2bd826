"""Where the bundled proposer lies and what it knows; needs neither torch nor transformers."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from synth.errors import UserError

LESSONS, EXAM, CARD = "lessons.json", "exam.json", "README.md"


def bundled_folder() -> Path:
    """Return the folder of the weights, tokenizer and card that the package brings along.

    >>> (bundled_folder() / "model.safetensors").is_file()
    True
    """
    return Path(str(resources.files("synth.propose") / "bundled"))


def facts(folder: Path, name: str) -> dict[str, Any]:
    """Return what a file beside weights says: `lessons.json` or `exam.json`; raise `UserError` where it does not."""
    try:
        found = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{folder} has no readable {name}; train a model there with: synth model train") from error
    if not isinstance(found, dict):
        raise UserError(f"{folder / name} is not an object; train the model again with: synth model train")
    return found


@cache
def known_levels() -> dict[str, tuple[int, ...]]:
    """Return the levels of each family at which the bundled proposer is worth asking, by its exam.

    >>> min(min(levels) for levels in known_levels().values())
    1
    """
    return worth(facts(bundled_folder(), EXAM))


def known_families() -> frozenset[str]:
    """Return the families that the bundled proposer knows; the sampler and the solver do the others.

    >>> "lattice_paths" in known_families()
    False
    """
    return frozenset(known_levels())


def worth(exam: dict[str, Any], least: float = 0.1) -> dict[str, tuple[int, ...]]:
    """Return the levels of each family where an exam found pass@8 of at least `least`.

    >>> worth({"solve": [{"family": "a", "level": 2, "pass_at": {"8": 0.3}}]})
    {'a': (2,)}
    """
    found: dict[str, tuple[int, ...]] = {}
    for row in exam["solve"]:
        if row["pass_at"].get("8", 0.0) >= least:
            found[row["family"]] = (*found.get(row["family"], ()), row["level"])
    return found
