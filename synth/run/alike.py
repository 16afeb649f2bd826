"""Rows that say the same in other words, or are nearly worded alike: kept as edges of the graph, never deleted for it.

*Equivalent* is proved. When a row about numbers is merged, earlier rows with its semantic key are looked up and proofs
are tried. Where one is found, both rows stay and an edge says so; but such rows are kept on one side of the split, so
a row whose equal lies on the other side is refused, counted and made up for. *Near* is the wording: when a run ends,
its questions are compared, and pairs above the threshold become edges with their verified score.

Both together cost about 2 % of making the rows; the wording of a million rows about a CPU-minute and 1 GB.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from synth.graph.build import Edge, edge_tables
from synth.graph.equivalence import equivalent
from synth.graph.neardup import Sketch, near_duplicates
from synth.graph.rows import rows_of
from synth.run.graph import recorded, write_recorded
from synth.run.kept import Kept
from synth_kernel.claims import Theory

if TYPE_CHECKING:
    from synth.run.ledger import Ledger

LOOKED_AT = 8  # earlier rows of one semantic key that proofs are tried with
OTHER_SIDE = ("split", "equivalent")  # stage and reason of the rejection of a row whose equal is on the other side
_KEPT = "alike"  # where the ledger keeps the figures


class Twin(NamedTuple):
    """An earlier row that was proved to say the same, and its side of the split."""

    id: str
    side: str


def twin(ledger: Ledger, row: Mapping[str, Any], meaning: str) -> Twin | None:
    """Return an earlier row that is proved equivalent to this one; `meaning` is its semantic key.

    Of rows with this key, the first few are tried, those on the other side before those on this one.
    """
    from synth.family.registry import families

    found = ledger.connection.execute(
        "SELECT id, side, family, formal FROM meanings WHERE key = ? ORDER BY side = ?, id LIMIT ?",
        (bytes.fromhex(meaning), row["split"], LOOKED_AT),
    ).fetchall()
    theory = Theory.read(row["theory"]) if found else None
    for identity, side, family, formal in found:
        earlier = families()[family].problem(formal)[1].theory
        if theory is not None and equivalent(earlier, theory) is not None:
            return Twin(identity, side)
    return None


def remember(ledger: Ledger, row: Mapping[str, Any], meaning: str, same: Twin | None) -> None:
    """Remember an accepted row by its semantic key, and the edge to its twin; inside `transaction`."""
    run = ledger.connection.execute
    values = (bytes.fromhex(meaning), row["id"], row["family"], row["split"], row["formal"])
    run("INSERT OR REPLACE INTO meanings VALUES (?, ?, ?, ?, ?)", values)
    if same is not None:
        run("INSERT OR REPLACE INTO alike VALUES (?, ?, ?, ?)", (row["id"], "equivalent_to", same.id, 0.0))


def finish(ledger: Ledger) -> None:
    """Compare the wording of the rows of a run that ends, and write all edges that were found beside its shards.

    What was recorded before, by a run that was killed here or went on after a retraction, is not recorded again.
    """
    kept, place = Kept(ledger), 0
    ids: list[str] = []
    sides: list[str] = []
    texts: list[str] = []
    for shard in ledger.shards():
        for row in rows_of(shard, ("id", "split", "question")):
            if not kept.dead(row["id"], place):
                ids.append(row["id"])
                sides.append(row["split"])
                texts.append(row["question"])
            place += 1
    found = near_duplicates(texts)
    pairs = list(found.edges())
    known = {(frozenset((one, two)), kind) for one, kind, two in recorded(ledger)}
    live = set(ids)
    equal = [edge for edge in ledger.alike() if edge[0] in live and edge[2] in live]
    proved = {pair for pair, kind in known if kind == "equivalent_to" and pair <= live}
    figures = {
        "rows": len(ids),
        "threshold": Sketch().threshold,
        "near": len(pairs),
        "near_across": sum(sides[one] != sides[two] for one, two, _ in pairs),
        "leaders": len(set(found.leaders.tolist())),
        "equivalent": len(proved | {frozenset((one, two)) for one, _, two, _ in equal}),
    }
    edges: list[Edge] = [*equal, *((ids[two], "near_dup", ids[one], score) for one, two, score in pairs)]
    new = [edge for edge in edges if (frozenset((edge[0], edge[2])), edge[1]) not in known]
    write_recorded(ledger, edge_tables(new), {_KEPT: json.dumps(figures)})
    ledger.connection.execute("DELETE FROM alike")


def facts(ledger: Ledger) -> dict[str, Any]:
    """Return the figures of a run that ended, {} before.

    `rows` were compared; `near` counts pairs worded alike, `near_across` those of them that lie on both sides of the
    split; `leaders` is the size of a leader cover; `equivalent` counts pairs that a proof joins.
    """
    found = json.loads(ledger.meta(_KEPT) or "{}")
    return found if isinstance(found, dict) else {}


def said(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what people should know about rows that are alike, in sentences; from `facts`."""
    if found:
        yield (
            f"alike: {found['equivalent']:,} pairs of rows are proved to say the same in other words, each on one side "
            f"of the split; {found['near']:,} pairs are worded alike ({found['threshold']:.0%} of their 3-word "
            f"sequences or more), {found['near_across']:,} of them across the split; {found['leaders']:,} of "
            f"{found['rows']:,} rows are enough to have one like every row"
        )
