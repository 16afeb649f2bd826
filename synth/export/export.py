"""Export a finished run: Parquet and JSON lines by split, a card, the recipe, and the program that re-checks it all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, get_args

from synth.errors import UserError, did_you_mean
from synth.export import croissant
from synth.export.card import card
from synth.export.chosen import choose_rows, chosen, ordered
from synth.export.formats import DEFAULT, FORMATS, Around
from synth.export.front import Asked, tables_of
from synth.export.recheck_zip import write_zip
from synth.export.refuted import refuted_of
from synth.export.tables import write_tables
from synth.graph.curriculum import curriculum
from synth.graph.select import METHODS, Method
from synth.run.corpus import RECIPE, recipe_of
from synth.run.graph import graph_of
from synth.run.ledger import Ledger, full_disk_is_a_user_error
from synth.run.package import package_of
from synth.run.status import status_of

Order = Literal["run", "curriculum"]
ORDERS: tuple[Order, ...] = get_args(Order)
FEW = 500  # rows for which it does not pay to start worker processes
PROGRAM = "recheck.pyz"
CARD = "README.md"
SELECTION = "selection.json"  # how rows were chosen and what they lack; a recipe may demand just that


def export(
    folder: Path | str,
    out: Path | str,
    *,
    rows: int | None = None,
    select: Method = "coverage",
    order: Order = "run",
    formats: Sequence[str] = DEFAULT,
    workers: int = 1,
) -> dict[str, Any]:
    """Write the export of a finished run; return `{"rows", "splits", "formats", "grades", "digest", "files"}`.

    Beside the rows themselves stands a folder for each of the `formats`, see `synth.export.formats`. Wrong answers for
    preference pairs are made and refuted in `workers` processes, in this one where there is one or the rows are few.

    With `rows`, that many are chosen: by the recipe's quotas for family × level, exactly, and inside each by the mix of
    pairs of features. `select` is how, see `synth.graph.select`. What could not be met stands under `selection`, and in
    `selection.json`, which the recipe of another run may name as its reference. Rows stand in the order of the run, or
    of a `curriculum` (see `synth.graph.curriculum`), for which all are in memory, about 10 KB each.

    The same run gives the same bytes. What was exported to the place before is replaced, anything else there is not
    touched. Raise `UserError` where the run is not finished or the place is taken.
    """
    from synth.family.registry import families
    from synth.recheck.rows import Package

    folder, out = Path(folder), Path(out)
    asked = Asked(rows, select, order, tuple(dict.fromkeys(formats)))
    _check(asked)
    with Ledger(folder) as ledger:
        status = status_of(ledger)
        if not status.done:
            raise UserError(
                f"the run in {folder} is not finished ({status.accepted} of {status.requested} rows); "
                f"go on with it: synth generate --out {folder}"
            )
        if out.exists() and any(out.iterdir() if out.is_dir() else [out]) and not (out / PROGRAM).is_file():
            raise UserError(f"{out} exists and is no export; choose another --out, or remove it")
        recipe = recipe_of(folder, families())
        packed = package_of(recipe)
        selection = None if rows is None else choose_rows(ledger, recipe, rows, select)
        tables = chosen(ledger, selection)
        if order == "curriculum":
            tables = ordered(tables, curriculum(graph_of(folder)))
        with full_disk_is_a_user_error(out), _whole_or_not(out) as partial, refuted_of(ledger, recipe) as refuted:
            if "preference" in formats:
                found = (row for table in chosen(ledger, selection) for row in table.to_pylist())
                refuted.add_mutants(found, 1 if status.accepted < FEW else workers)
            wanted = [FORMATS[name] for name in asked.formats]
            figures = write_tables(tables, partial, wanted, Around(recipe, refuted))
            if selection is not None:
                (partial / SELECTION).write_text(json.dumps(selection.as_json(), indent=1) + "\n", encoding="utf-8")
            write_zip(partial / PROGRAM, packed)
            (partial / RECIPE).write_text(recipe.text(), encoding="utf-8")
            digest = Package(packed).digest
            text = card(recipe, status, figures, digest, asked, selection)
            (partial / CARD).write_text(text, encoding="utf-8")
            about = f"{figures.splits.total():,} problems over {len(status.levels)} families, each with certificates."
            data = croissant.croissant(partial, f"proved-problems-{recipe.seed}", about, tables_of(figures), [CARD])
            (partial / croissant.FILE).write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return {
        "rows": figures.splits.total(),
        "splits": dict(sorted(figures.splits.items())),
        "formats": {name: dict(sorted(found.items())) for name, found in figures.formats.items()},
        "grades": dict(sorted(figures.grades.items())),
        "digest": digest,
        "files": sorted(str(file) for file in out.rglob("*") if file.is_file()),
        **({"selection": selection.as_json()} if selection else {}),
    }


def _check(asked: Asked) -> None:
    """Raise `UserError` at what nobody offers."""
    if asked.rows is not None and asked.rows < 1:
        raise UserError(f"--rows must be at least 1, not {asked.rows}")
    named = [(asked.select, METHODS, "way to select"), (asked.order, ORDERS, "order")]
    for given, known, what in [*named, *((name, tuple(FORMATS), "format") for name in asked.formats)]:
        if given not in known:
            raise UserError(f"there is no {what} {given!r}; {did_you_mean(given, known)}")


@contextmanager
def _whole_or_not(out: Path) -> Iterator[Path]:
    """Yield a folder that takes the place of `out` once all is written; after a failure nothing is left of it."""
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        yield partial
        shutil.rmtree(out, ignore_errors=True)
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
