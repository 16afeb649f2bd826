"""What a format is: columns, how a row of the corpus becomes rows of it, and files that lie beside its tables."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from synth.export.refuted import Refuted
    from synth.run.recipe import Recipe

Row = Mapping[str, Any]

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
COMMON = (
    ("id", pa.string()),
    ("family", pa.string()),
    ("level", pa.int32()),
    ("grade", pa.string()),
    ("certificate", pa.string()),
)


@dataclass(frozen=True)
class Around:
    """What a format may know beside a row: the recipe, and what is refuted about its problem."""

    recipe: Recipe
    refuted: Callable[[Row], Sequence[Refuted]] = lambda row: ()


@dataclass(frozen=True)
class Written:
    """What was written for a format, as its files may need it: the rows by split, their families, the recipe."""

    recipe: Recipe
    rows: Mapping[str, int]
    families: Sequence[str]


def no_files(written: Written) -> Mapping[str, str]:
    """Return no files."""
    return {}


@dataclass(frozen=True)
class Format:
    """One thing that consumers read.

    `rows` turns a row of the corpus into any number of rows with exactly the columns of `schema`, always in the same
    way; they are written to `NAME/SPLIT.parquet`. `files` returns text by its path inside the folder `NAME`. `summary`
    is a sentence for the card.
    """

    name: str
    summary: str
    schema: pa.Schema
    rows: Callable[[Row, Around], Iterable[dict[str, Any]]]
    files: Callable[[Written], Mapping[str, str]] = field(default=no_files)


def columns(*fields: tuple[str, pa.DataType]) -> pa.Schema:
    """Return a schema of the columns that every format has, and these; raise ValueError where two have one name."""
    names = [name for name, _ in (*COMMON, *fields)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"columns clash: {', '.join(twice)}")
    return pa.schema([*COMMON, *fields])


def common(row: Row) -> dict[str, Any]:
    """Return the columns by which an exported row can be found in the corpus and checked again.

    `certificate` is the SHA-256 of the certificates of the row with this `id`, one a line.

    >>> row = {"id": "r", "family": "knights", "level": 1, "claims": [{"grade": "W"}], "certificates": ["{}"]}
    >>> common(row)["grade"]
    'W'
    """
    text = "\n".join(row["certificates"])
    return {
        "id": row["id"],
        "family": row["family"],
        "level": row["level"],
        "grade": grade(row),
        "certificate": hashlib.sha256(text.encode()).hexdigest(),
    }


def grade(row: Row) -> str:
    """Return the grade of a row: that of its weakest claim."""
    return "A" if any(claim["grade"] == "A" for claim in row["claims"]) else "W"
