"""Columns of Arrow as arrays: codes of values, numbers, lengths of texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from synth.monitor.columns import text_of

Name = TypeVar("Name")


def names_of(schema: pa.Schema) -> set[str]:
    """Return the columns of a schema, with those inside structs.

    >>> sorted(names_of(pa.schema([("a", pa.struct([("b", pa.int64())]))])))
    ['a', 'a.b']
    """
    inside = {
        f"{column.name}.{column.type.field(i).name}"
        for column in schema
        if pa.types.is_struct(column.type)
        for i in range(column.type.num_fields)
    }
    return {*schema.names, *inside}


def column(batch: pa.RecordBatch, name: str) -> pa.Array:
    """Return a column, or one inside a struct."""
    if name in batch.schema.names:
        found = batch.column(name)
    else:
        outer, _, inner = name.partition(".")
        found = pc.struct_field(batch.column(outer), inner)
    return found.dictionary_decode() if pa.types.is_dictionary(found.type) else found


def codes(batch: pa.RecordBatch, name: str, named: Callable[[Any], Name]) -> tuple[Any, list[Name]]:
    """Return a number for each row, and what each number stands for: the values, named."""
    import numpy as np

    found = column(batch, name)
    if pa.types.is_nested(found.type) or pa.types.is_null(found.type):
        places: dict[Name, int] = {}
        numbers = [places.setdefault(named(value), len(places)) for value in found.to_pylist()]
        return np.array(numbers, dtype=np.int64), list(places)
    encoded = found.dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False), [named(value) for value in encoded.dictionary.to_pylist()]


def numbers(batch: pa.RecordBatch, name: str) -> Any:
    """Return a column of numbers; nan where there is none."""
    import numpy as np

    try:
        return column(batch, name).cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowException:
        return np.full(batch.num_rows, np.nan)


def lengths(batch: pa.RecordBatch, names: Sequence[str]) -> Any:
    """Return how many characters the text of each row has."""
    import numpy as np

    total = np.zeros(batch.num_rows)
    for name in names:
        found = column(batch, name)
        if pa.types.is_list(found.type) or pa.types.is_large_list(found.type):
            rows = pc.list_parent_indices(found).to_numpy()
            inside = pc.list_flatten(found)
            if pa.types.is_struct(inside.type) and inside.type.get_field_index("content") >= 0:
                inside = pc.struct_field(inside, "content")
            if pa.types.is_string(inside.type) or pa.types.is_large_string(inside.type):
                total += np.bincount(rows, _lengths(inside), minlength=batch.num_rows)
        elif pa.types.is_string(found.type) or pa.types.is_large_string(found.type):
            total += _lengths(found)
    return total


def _lengths(texts: pa.Array) -> Any:
    return pc.fill_null(pc.utf8_length(texts), 0).to_numpy(zero_copy_only=False).astype(float)


def texts_at(batch: pa.RecordBatch, names: Sequence[str], place: int) -> str:
    """Return the text of one row."""
    return text_of([column(batch, name)[place].as_py() for name in names])
