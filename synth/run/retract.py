"""Take rows back: those that rest on a checker, those of a family, or one; and what was made of them.

A row whose claims another body of the kernel proves as well stays, with the new certificates. The others get a
tombstone in the ledger. Shards are not changed; whoever reads a run leaves out what has a tombstone. Quotas want the
rows again, so that the next `synth generate` makes only what is missing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from synth import __version__
from synth.errors import UserError, did_you_mean
from synth.graph.build import checkers, checkers_of, versions_of
from synth.graph.graph import Graph
from synth.graph.join import joined
from synth.graph.lineage import descendants, rests_on
from synth.graph.schema import LINEAGE
from synth.run import tally
from synth.run.corpus import rows_of
from synth.run.graph import shards_of
from synth.run.kept import Kept
from synth.run.ledger import NAME, Ledger, Retraction, full_disk_is_a_user_error

SHOWN = 20  # rows that are named; the rest only count
CHECKER = "checker "  # how the retraction of a checker begins in the ledger


def retract(
    folder: Path | str,
    *,
    checker: str = "",
    family: str = "",
    row: str = "",
    reason: str = "",
    refill: bool = True,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Take back what rests on a checker (`body@version`), a family (`name` or `name@version`), or one row (its id).

    Return `{"of", "retracted", "descendants", "kept", "families", "rows", "dry_run", "done"}`: how many rows go because
    of it, how many because they were made of those, how many stay because another body proves their claims, how many go
    by family and level, and some of them with the cause. With `refill`, quotas want the rows again; without, they are
    booked as gaps and a finished run stays finished. Nothing is changed by a dry run. Raise `UserError`.
    """
    folder = Path(folder)
    if sum(map(bool, (checker, family, row))) != 1:
        raise UserError("say what to retract: one of --checker NAME@VERSION, --family NAME and --id ID")
    if not (folder / NAME).is_file():
        raise UserError(f"{folder} holds no run; rows are retracted from the folder that `synth generate` made")
    of = f"{CHECKER}{checker}" if checker else f"family {family}" if family else f"row {row}"
    with full_disk_is_a_user_error(folder), Ledger(folder, write=not dry_run) as ledger:
        if not dry_run:
            ledger.flush()  # so that every row has its place in a shard
        graph = joined(shards_of(ledger), types=(*LINEAGE, "verified_by", "uses"))
        kept = Kept(ledger)
        roots = {graph.name(number): number for number in _roots(graph, kept, checker, family, row)}
        ids = {name.removeprefix("instance:"): number for name, number in roots.items()}
        proofs: dict[tuple[str, int], str] = {}
        if checker:
            faulty = {*faulty_checkers(ledger), checker}
            for found, _ in _rows(ledger, kept, ids):
                other = settle(found, faulty)
                if other is not None:
                    del ids[found["id"]]
                    proofs.update({(found["id"], claim): text for claim, text in other.items()})
        causes = dict.fromkeys(ids, of)
        causes.update(_descending(graph, sorted(ids.values())))
        proofs = {key: text for key, text in proofs.items() if key[0] not in causes}
        retraction = _retraction(ledger, kept, of, reason, causes, proofs, refill)
        if not dry_run and (causes or proofs):
            ledger.retract(retraction)
        done = ledger.meta("done") == "yes"
    shown = [{"id": identity, "cause": cause} for identity, cause in islice(causes.items(), SHOWN)]
    return {
        "of": of,
        "retracted": len(ids),
        "descendants": len(causes) - len(ids),
        "kept": len({identity for identity, _ in proofs}),
        "families": [
            {"family": name, "level": level, "rows": n} for (name, level), n in sorted(retraction.counts.items())
        ],
        "rows": shown,
        "dry_run": dry_run,
        "done": done,
    }


def _roots(graph: Graph, kept: Kept, checker: str, family: str, row: str) -> list[int]:
    """Return the numbers of the rows that are named themselves."""
    if row:
        number = graph.number(f"instance:{row}")
        if not graph.defined[number]:
            raise UserError(f"row {row!r} was retracted before; `synth graph why {row} --in DIR` says when")
        return [number]
    if family:
        named = [node.removeprefix("family:") for node in graph.of_kind("family")]
        meant = [name for name in named if family in (name, name.rpartition("@")[0])]
        if not meant:
            raise UserError(f"no row is of the family {family!r}; {did_you_mean(family, named)}")
        uses = graph.csr(["uses"], back=True)
        numbers = [graph.number(f"family:{name}") for name in meant]
        return sorted(row for n in numbers for row in uses.targets[uses.starts[n] : uses.starts[n + 1]].tolist())
    first = set(graph.of_kind("checker"))
    again = {graph.number(f"instance:{row}") for row, text in kept.reproved() if checker in checkers(text, __version__)}
    if f"checker:{checker}" not in first and not again:
        named = [node.removeprefix("checker:") for node in first]
        raise UserError(f"no row rests on the checker {checker!r}; {did_you_mean(checker, named)}")
    found = {*again, *(rests_on(graph, checker).tolist() if f"checker:{checker}" in first else ())}
    return sorted(number for number in found if graph.defined[number])


def _descending(graph: Graph, roots: list[int]) -> Iterator[tuple[str, str]]:
    """Yield (id, cause) of every row that was made of the roots."""
    found = descendants(graph, roots).tolist()
    gone = {*roots, *found}
    parents = graph.csr(LINEAGE)
    for number in found:
        made_of = parents.targets[parents.starts[number] : parents.starts[number + 1]].tolist()
        parent = next(one for one in made_of if one in gone)
        yield _id(graph, number), f"made of {_id(graph, parent)}"


def _id(graph: Graph, number: int) -> str:
    return graph.name(number).removeprefix("instance:")


def _rows(ledger: Ledger, kept: Kept, wanted: Collection[str]) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Yield (row, place) of the wanted rows of a run that count."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    names, start = pa.array(sorted(wanted), pa.string()), 0
    for shard in ledger.shards():
        ids = pq.read_table(shard, columns=["id"])["id"]
        if pc.any(pc.is_in(ids, names)).as_py():
            for place, found in enumerate(rows_of(shard), start):
                row = kept.row(found, place) if found["id"] in wanted else None
                if row is not None:
                    yield row, place
        start += len(ids)
    for place, found in enumerate(ledger.waiting()[0], start):
        if found["id"] in wanted:
            yield found, place


def _retraction(
    ledger: Ledger,
    kept: Kept,
    of: str,
    reason: str,
    causes: Mapping[str, str],
    proofs: Mapping[tuple[str, int], str],
    refill: bool,
) -> Retraction:
    """Return what is to be booked."""
    cells: Counter[tally.Cell] = Counter()
    lost: Counter[tuple[str, int]] = Counter()
    forgotten = []
    for row, _ in _rows(ledger, kept, causes):
        lost[row["family"], row["level"]] += 1
        tally.add(cells, row["family"], row["level"], row["features"])
        if not of.startswith("row "):
            forgotten.append((row["problem"], row["theory"]))
    quotas = []
    for quota in ledger.quotas():
        if n := lost[quota.family, quota.level]:
            gap = "" if refill else f"{n:,} rows were retracted: {of}"
            quotas.append(replace(quota, accepted=quota.accepted - n, dry_rounds=0, gap=gap))
    return Retraction(
        number=len(ledger.retractions()),
        of=of,
        reason=reason,
        rows=ledger.shard_rows(),
        tombstones=causes,
        proofs=proofs,
        quotas=quotas,
        cells=cells,
        counts=lost,
        forgotten=forgotten,
        final=not refill,
    )


# ---- rows that are made after a retraction ---------------------------------------------------------------------------


def faulty_checkers(ledger: Ledger) -> frozenset[str]:
    """Return the checkers that were retracted, `body@version`."""
    return frozenset(of.removeprefix(CHECKER) for _, of, _, _ in ledger.retractions() if of.startswith(CHECKER))


def settle(row: Mapping[str, Any], faulty: Collection[str]) -> dict[int, str] | None:
    """Return certificates by place of the claim that make a row rest on no faulty checker, None where there are none.

    Each claim that a faulty checker accepted is proved again by another body of the installed kernel; a claim of grade
    A is not, because agreement has no certificate. Costs as much as judging the row.
    """
    from synth_kernel.claims import Claim, Theory
    from synth_kernel.terms import read
    from synth_solvers.prove import Budget, prove
    from synth_solvers.verdicts import Proved

    found: dict[int, str] = {}
    made_with = str(versions_of(row).get("synth", "?"))
    without = {name.rpartition("@")[0] for name in faulty if name.rpartition("@")[2] == __version__}
    theory = Theory.read(row["theory"])
    claims = [Claim(c["role"], c["form"], tuple(c["premises"]), read(c["goal"])) for c in row["claims"]]
    first_step = next((i for i, claim in enumerate(claims) if claim.role.startswith("step[")), len(claims))
    for place, (claim, stated, text) in enumerate(zip(claims, row["claims"], row["certificates"], strict=True)):
        if set(checkers(text, made_with)).isdisjoint(faulty):
            continue
        earlier = claims[first_step : max(place, first_step)]
        verdict = prove(theory, claim, earlier, Budget(agreement=False), without or {""})
        if stated["grade"] != "W" or not isinstance(verdict, Proved):
            return None
        found[place] = json.dumps(verdict.certificate, separators=(",", ":"), sort_keys=True)
    return found


def rests_on_faulty(row: Mapping[str, Any], faulty: Collection[str]) -> str:
    """Return the first faulty checker that a row rests on, "" where it rests on none."""
    return next((name for name in checkers_of(row) if name in faulty), "")


def may_continue(ledger: Ledger, known: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Say whether a run that was begun with other versions may go on with those of now, because of its retractions.

    A family may change when none of its rows is left, the package when one of its checkers was retracted: rows say what
    they were made with, so the new ones can be told from the old.
    """
    changed = {name for name in {*known, *now} if known.get(name) != now.get(name)}
    mended = any(name.endswith(f"@{known.get('synth')}") for name in faulty_checkers(ledger))
    left: Counter[str] = Counter()
    for quota in ledger.quotas():
        left[quota.family] += quota.accepted
    return bool(ledger.retractions()) and all(mended if name == "synth" else not left[name] for name in changed)
