"""What the dependency graph is made of: kinds of nodes, types of edges, and the Arrow types of its tables.

A node is named `kind:name`, such as `instance:4f0c…` or `checker:lrat@0.1.0`. A pair of tables is complete in itself:
edges give their ends by place in the table of nodes beside them, and every node that an edge names stands in it.

| kind | one for each | name |
|---|---|---|
| instance | row | its id |
| problem | canonical key: what is asked | the key |
| shape | problem with names and numbers abstracted | its key |
| text | question as it is worded | language and a hash |
| step | step of a solution | the row's id, `/`, the step's id |
| production | feature of a family | `family/feature` |
| concept | feature, whichever family has it | its name |
| family | version of a family | `family@version` |
| checker | body of the kernel, in a version | `body@version` |
| model | model that wrote a problem or a solution | its name |
| source | root of a lineage | `family/level/seed/index` |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

KINDS = (
    "instance",
    "problem",
    "shape",
    "text",
    "step",
    "production",
    "concept",
    "family",
    "checker",
    "model",
    "source",
)
EDGES = (
    "uses",  # instance -> text, step, production, family, model; production -> concept
    "requires",  # step -> step
    "derived_from",  # instance -> source or the row that it was made of
    "composed_of",  # instance -> each of the two or more rows that it was made of
    "equivalent_to",  # instance -> problem, or the instance that it was proved to be equivalent to
    "same_shape",  # instance -> shape
    "near_dup",  # instance -> instance, with a verified score
    "verified_by",  # instance -> checker
)
STRONG = ("derived_from", "composed_of", "equivalent_to")  # never across the sides of a split
LINEAGE = ("derived_from", "composed_of")  # what a retraction follows
SIDES = ("", "train", "test", "both")  # both: one corpus has the row in train, another in test


def node(kind: str, name: str) -> str:
    """Return the id of a node.

    >>> node("production", "knights/says")
    'production:knights/says'
    """
    return f"{kind}:{name}"


def nodes_schema() -> pa.Schema:
    """Return the types of a table of nodes. All but `id` is about instances, and null or 0 elsewhere.

    `content` is a hash of what the row says, 0 where the node is only referred to; `side` is of the split; `steps` and
    `claims` count those of the row; `size` is the length of its formal text in characters.
    """
    import pyarrow as pa

    return pa.schema(
        [
            ("id", pa.string()),
            ("content", pa.int64()),
            ("side", pa.string()),
            ("level", pa.int32()),
            ("steps", pa.int32()),
            ("claims", pa.int32()),
            ("size", pa.int32()),
        ]
    )


def edges_schema() -> pa.Schema:
    """Return the types of a table of edges: ends by place, a place in `EDGES`, a score between 0 and 1."""
    import pyarrow as pa

    return pa.schema([("source", pa.int32()), ("target", pa.int32()), ("type", pa.int8()), ("score", pa.float32())])
