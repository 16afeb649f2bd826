"""Datasets of the Hugging Face Hub, through its own library; the one file that knows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from synth.errors import UserError

_ID = re.compile(r"(?:hub:)?([\w.-]+/[\w.-]+)(?::([\w.-]+))?(?:#([\w.-]+))?")


def rows(name: str) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of `OWNER/NAME`, `OWNER/NAME:CONFIG` or `OWNER/NAME#SPLIT` (train if left out), streamed.

    Raise `UserError` where `datasets` is not installed, the name is none, or it cannot be loaded.
    """
    found = _ID.fullmatch(name)
    if not found:
        raise UserError(
            f"{name} does not exist, and is no id of a Hub dataset (OWNER/NAME, perhaps :CONFIG and #SPLIT)"
        )
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise UserError(
            f"{name} does not exist here; to read it from the Hub: pip install 'synth-corpus[hub]'"
        ) from error
    try:
        yield from load_dataset(found[1], found[2], split=found[3] or "train", streaming=True)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot load {name} from the Hub: {str(error)[:200]}") from error
