"""The dependency graph at a million nodes: components, topological order, retraction; and what rows cost in it.

The graph is a random directed one without cycles: each edge goes to a node from one that is drawn early rather than
late, as with rows that are made of earlier rows. It is made from a fixed seed and its making is not timed.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from time import process_time
from typing import Any

from benchmarks.measure import Options, Table, digits, records
from synth.graph import arrays
from synth.graph.build import tables_of
from synth.graph.join import Shard, joined
from synth.graph.lineage import descendants, parents_first
from synth.graph.schema import edges_schema, nodes_schema
from synth.judge.row import row_of

NODES, EDGES, ROOTS = 1_000_000, 5_000_000, 1_000
COPIES = 40  # of a sample of rows, each under ids of its own, joined to one graph


def measure(options: Options) -> Iterator[Table]:
    """Yield the table of algorithms on a random graph and the table of what real rows cost."""
    yield _algorithms(options.seed)
    yield _rows(options)


def _algorithms(seed: int) -> Table:
    import numpy as np

    rng = np.random.default_rng(seed)
    targets = rng.integers(1, NODES, EDGES, dtype=np.int32)
    sources = np.minimum((targets * rng.random(EDGES, dtype=np.float32) ** 0.7).astype(np.int32), targets - 1)
    roots = rng.integers(0, NODES, ROOTS)
    chain = np.arange(NODES, dtype=np.int32)
    made = arrays.csr(sources, targets, NODES)
    long = arrays.csr(chain[:-1], chain[1:], NODES)
    tasks: list[tuple[str, Callable[[], Any], Callable[[Any], int]]] = [
        ("CSR arrays", lambda: arrays.csr(sources, targets, NODES), lambda found: len(found.targets)),
        ("components", lambda: arrays.components(made), lambda found: len(np.unique(found))),
        ("topological order", lambda: np.argsort(arrays.levels(made), kind="stable"), len),
        (f"reach of {ROOTS:,} roots", lambda: arrays.reachable(made, roots), lambda found: int(found.sum())),
        ("topological order of a chain", lambda: np.argsort(arrays.levels(long), kind="stable"), len),
        *_retraction(seed),
    ]
    return Table(
        "graph_store",
        f"The dependency graph: {NODES:,} nodes, {EDGES:,} edges",
        ("task", "cpu_s", "peak_MB", "result"),
        tuple((name, *_cost(task), result(task())) for name, task, result in tasks),
        (
            "peak_MB: what a task allocates beyond its input, at most, traced in a run of its own, without Arrow's "
            f"memory. The CSR arrays of the input are {digits((4 * EDGES + 4 * NODES) / 1e6)} MB. "
            "result: edges, components, nodes reached or ordered.",
            f"retraction: {ROOTS:,} roots among a million rows, half of them made of one or two earlier ones; the "
            "first builds the CSR arrays of the lineage, the second has them.",
        ),
    )


def _retraction(seed: int) -> Iterator[tuple[str, Callable[[], Any], Callable[[Any], int]]]:
    """Yield the sweep over the lineage of a million rows, as `synth graph retract` does it."""
    import numpy as np
    import pyarrow as pa

    rng = np.random.default_rng(seed)
    rows = np.arange(NODES)
    made = np.sort(rng.choice(rows[1:], NODES // 2, replace=False))
    children = np.concatenate([made, made[::3]]).astype(np.int32)
    parents = (children * rng.random(len(children))).astype(np.int32)
    zeros = pa.array(np.zeros(NODES, np.int32))
    columns = [pa.array([f"instance:{row:08d}" for row in rows]), pa.array(rows + 1), pa.array(["train"] * NODES)]
    nodes = pa.table([*columns, zeros, zeros, zeros, zeros], schema=nodes_schema())
    kinds = np.full(len(children), 2, np.int8)  # derived_from
    score = np.zeros(len(children), np.float32)
    edges = pa.table([pa.array(part) for part in (children, parents, kinds, score)], schema=edges_schema())
    shard = Shard(nodes, edges)
    graph = joined([shard])
    roots = rng.choice(NODES, ROOTS, replace=False)

    def anew() -> Any:
        vars(graph).pop("_built", None)
        return descendants(graph, roots)

    yield "join a million rows", lambda: joined([shard]), len
    yield f"retraction of {ROOTS:,} roots", anew, len
    yield f"retraction of {ROOTS:,} roots again", lambda: descendants(graph, roots), len
    yield "all rows, parents first", lambda: parents_first(graph), len


def _cost(task: Callable[[], Any]) -> tuple[float, float]:
    """Return the CPU-seconds of a task, the better of two runs, and the most memory it holds at a time, in MB."""
    seconds = []
    for _ in range(2):
        started = process_time()
        task()
        seconds.append(process_time() - started)
    tracemalloc.start()
    task()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return digits(min(seconds)), digits(peak / 1e6)


def _rows(options: Options) -> Table:
    """Return what the graph of rows of each family costs: time, nodes, edges."""
    found = []
    for name, family in options.families.items():
        rows = [row_of(record) for record in records(family, options.seconds, options.seed)]
        copies = [
            {**row, "id": f"{n}-{row['id']}", "problem": f"{n}-{row['problem']}"} for n in range(COPIES) for row in rows
        ]
        started = process_time()
        nodes, edges = tables_of(copies)
        built = process_time()
        graph = joined([Shard(nodes, edges)])
        ended = process_time()
        size = len(copies)
        found.append(
            (
                name,
                size,
                digits(1e6 * (built - started) / size),
                digits(1e6 * (ended - built) / size),
                digits(len(graph) / size),
                digits(len(graph.sources) / size),
            )
        )
    return Table(
        "graph_rows",
        "What a row costs in the dependency graph",
        ("family", "rows", "build_us", "join_us", "nodes", "edges"),
        tuple(found),
        ("build_us, join_us: CPU-microseconds a row to make its nodes and edges, and to join them to one graph.",),
    )
