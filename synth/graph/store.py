"""The files of the graph: beside each shard of rows, its nodes and its edges.

`graph/nodes-00003.parquet` and `graph/edges-00003.parquet` are a function of `rows-00003.parquet`, and are never
changed. So a file that is lost is made again from the rows, and a file that was changed is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from synth.errors import UserError
from synth.graph.schema import edges_schema, nodes_schema

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "graph"


def names_beside(shard: str) -> tuple[str, str]:
    """Return the names of the files of nodes and edges of a shard of rows, in the folder of the run.

    >>> names_beside("rows-00003.parquet")
    ('graph/nodes-00003.parquet', 'graph/edges-00003.parquet')
    """
    number = shard.removeprefix("rows-")
    return f"{FOLDER}/nodes-{number}", f"{FOLDER}/edges-{number}"


def write(table: pa.Table, path: Path) -> None:
    """Write a table under a temporary name and rename it: unless the power fails, a file is whole or not there."""
    import pyarrow.parquet as pq

    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    pq.write_table(table, partial, compression="zstd")
    partial.rename(path)


def read(nodes: Path, edges: Path) -> tuple[pa.Table, pa.Table]:
    """Return the tables of two files. Raise `UserError` where one is cut short, or none of ours."""
    return _read(nodes, nodes_schema()), _read(edges, edges_schema())


def _read(path: Path, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    again = "remove it: it is made again from the rows"
    try:
        found = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{path} cannot be read ({str(error).splitlines()[0][:120]}); {again}") from error
    if not found.schema.equals(schema):
        raise UserError(f"{path} has other columns than a table of the graph; {again}")
    if any(column.null_count for column in found.columns):
        raise UserError(f"{path} lacks values; {again}")
    return found
