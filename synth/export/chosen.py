"""The rows of a run that an export holds: those that count, chosen by quota and put in order where asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from synth.errors import UserError
from synth.graph.select import Method, Selection
from synth.graph.select import select as choose
from synth.run.demand import targets
from synth.run.kept import Kept
from synth.run.ledger import NAME, Ledger, sha256
from synth.run.recipe import Recipe, quotas

if TYPE_CHECKING:
    import pyarrow as pa

AT_A_TIME = 2048  # rows that are put in order and written at a time


def choose_rows(ledger: Ledger, recipe: Recipe, rows: int, method: Method) -> Selection:
    """Choose rows of a run by the quotas of its recipe, and by its reference where it has one."""
    columns = ["family", "level", "features"]
    pool = (
        (row["family"], row["level"], row["features"])
        for table in rows_of_run(ledger)
        for row in table.select(columns).to_pylist()
    )
    wanted = quotas(recipe.model_copy(update={"rows": rows}))
    return choose(pool, wanted, method=method, targets=targets(ledger))


def chosen(ledger: Ledger, selection: Selection | None) -> Iterator[pa.Table]:
    """Yield the rows of a run in its order, or those that were selected."""
    place = 0
    for table in rows_of_run(ledger):
        size = table.num_rows
        if selection is not None:
            first, last = (bisect_left(selection.rows, end) for end in (place, place + size))
            table = table.take([row - place for row in selection.rows[first:last]])
        place += size
        yield table


def ordered(tables: Iterable[pa.Table], ids: Sequence[str]) -> Iterator[pa.Table]:
    """Yield rows in the order of ids, some of which may not be there."""
    import pyarrow as pa

    kept = list(tables)
    place = {identity: (n, at) for n, table in enumerate(kept) for at, identity in enumerate(table["id"].to_pylist())}
    order = [place[identity] for identity in ids if identity in place]
    for first in range(0, len(order), AT_A_TIME):
        wanted = order[first : first + AT_A_TIME]
        parts = [kept[n].take([at for _, at in some]) for n, some in groupby(sorted(wanted), itemgetter(0))]
        found = {at: number for number, at in enumerate(sorted(wanted))}
        yield pa.concat_tables(parts).take([found[at] for at in wanted])


def rows_of_run(ledger: Ledger) -> Iterator[pa.Table]:
    """Yield the shards of a run, each as it was named in the ledger, without the rows that were taken back since.

    Pass rates and proofs that came later are in their place. Raise `UserError` at a shard that was changed.
    """
    import pyarrow.parquet as pq

    from synth.run.schema import ROW, table

    measured = ledger.pass_rates()
    kept, place = Kept(ledger), 0
    named = ledger.checksums()
    for path in ledger.shards():
        if not path.is_file() or sha256(path) != named[path.name]:
            raise UserError(f"{path} is not as the ledger {ledger.folder / NAME} names it; make the run again")
        found = pq.read_table(path, schema=ROW)
        size = found.num_rows
        if kept:
            rows = (kept.row(row, place + number) for number, row in enumerate(found.to_pylist()))
            found = table(row for row in rows if row is not None)
        place += size
        if measured:
            found = table({**row, "pass_rate": _rates(row, measured)} for row in found.to_pylist())
        yield found


def _rates(row: Mapping[str, Any], measured: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    """Return the pass rates of a row; one that was measured since replaces one of the same model."""
    newer = measured.get(row["id"], ())
    models = {rate["model"] for rate in newer}
    return [*[rate for rate in row["pass_rate"] if rate["model"] not in models], *newer]
