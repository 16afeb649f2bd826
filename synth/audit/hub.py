"""Datasets of the Hub, and folders in their form. Only this file imports `datasets`. Tested with 5.2.0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from synth.errors import UserError


def dataset(source: str, config: str | None, split: str | None) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a dataset `USER/NAME` or of a folder, streamed; of its first split where none is named.

    Raise `UserError` where the package is not installed or the dataset cannot be read.
    """
    try:
        import datasets
    except ImportError as error:
        raise UserError(
            f"{source} is no file, and a dataset of the Hub needs more ({error}); give a .parquet or .jsonl file, or "
            "install it: pip install 'synth-corpus[hub]'"
        ) from error
    if not Path(source).exists() and source.count("/") != 1:
        raise UserError(f"{source} is no file and no dataset of the Hub; give a file, USER/NAME or reasoning-gym:NAME")
    try:
        found = datasets.load_dataset(source, config, split=split, streaming=True)
        if split is None:
            found = found[next(iter(found))]
        yield from found
    except Exception as error:  # of the Hub's client, of HTTP, of files: each has its own
        raise UserError(
            f"cannot read the dataset {source}: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
        ) from error
