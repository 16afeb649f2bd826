"""The Arrow types of a row: the export contract, fixed here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

_TEXTS = pa.list_(pa.string())
_MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))

ROW = pa.schema(
    [
        ("problem", pa.string()),
        ("id", pa.string()),
        ("family", pa.string()),
        ("kind", pa.string()),
        ("level", pa.int32()),
        ("features", _TEXTS),
        ("split", pa.string()),
        ("prompt", _MESSAGES),
        ("answer_format", pa.string()),
        ("language", pa.string()),
        ("question", pa.string()),
        ("reading", pa.string()),
        ("answer", pa.string()),
        ("completion", _MESSAGES),
        ("formal", pa.string()),
        ("formal_answer", pa.string()),
        ("theory", pa.string()),
        (
            "claims",
            pa.list_(
                pa.struct(
                    [
                        ("id", pa.string()),
                        ("role", pa.string()),
                        ("form", pa.string()),
                        ("premises", _TEXTS),
                        ("goal", pa.string()),
                        ("grade", pa.string()),
                    ]
                )
            ),
        ),
        ("certificates", _TEXTS),
        (
            "steps",
            pa.list_(
                pa.struct([("id", pa.string()), ("formal", pa.string()), ("parents", _TEXTS), ("rule", pa.string())])
            ),
        ),
        (
            "pass_rate",
            pa.list_(pa.struct([("model", pa.string()), ("passed", pa.int32()), ("tries", pa.int32())])),
        ),
        (
            "provenance",
            pa.struct(
                [
                    ("source", pa.string()),
                    ("proposer", pa.string()),
                    ("model", pa.string()),
                    ("temperature", pa.float64()),
                    ("seed", pa.int64()),
                    ("index", pa.int64()),
                    ("round", pa.int32()),
                    ("generation", pa.int32()),
                    ("versions", pa.string()),
                ]
            ),
        ),
    ]
)

REJECTION = pa.schema(
    [
        ("family", pa.string()),
        ("level", pa.int32()),
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("counterexample", pa.string()),
        ("formal", pa.string()),
        ("formal_answer", pa.string()),
        ("seed", pa.int64()),
        ("index", pa.int64()),
        ("round", pa.int32()),
        ("proposer", pa.string()),
        ("model", pa.string()),
        ("text", pa.string()),
    ]
)


def check_fields(row: Mapping[str, Any], schema: pa.Schema = ROW) -> None:
    """Raise ValueError unless the row has exactly the fields of the contract: Arrow would drop or invent them silently.

    >>> check_fields({"id": "x"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: a row lacks ['answer', 'answer_format', ...
    """
    lacking, surplus = set(schema.names) - set(row), set(row) - set(schema.names)
    if lacking or surplus:
        raise ValueError(f"a row lacks {sorted(lacking)} and has {sorted(surplus)} beyond the contract")


def table(rows: Iterable[Mapping[str, Any]], schema: pa.Schema = ROW) -> pa.Table:
    """Return rows as an Arrow table of the fixed types; raise ValueError where a row has other fields."""
    found = [dict(row) for row in rows]
    for row in found:
        check_fields(row, schema)
    return pa.Table.from_pylist(found, schema=schema)
