"""The whole way on a small corpus: generate, export, re-check with the stand-alone program, show."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from synth.cli.progress import shown
from synth.cli.show import console, print_funnel, print_grid, print_row
from synth.errors import UserError
from synth.export.export import export
from synth.export.worked import plainness
from synth.run.corpus import rows_of
from synth.run.ledger import NAME, TRY, Ledger
from synth.run.rounds import generate
from synth.run.start import recipe_for
from synth.run.status import Status

MODEL = "bundled"
SHORT = 500  # characters of a text that fits a panel


def demo(out: Path, rows: int, workers: int) -> int:
    """Make, export, re-check and show a corpus; return the exit code."""
    start = time.monotonic()
    run, dataset = out / "run", out / "dataset"
    if run.exists():
        if not (run / NAME).is_file():
            raise UserError(f"{run} exists and is no demo; choose another --out")
        shutil.rmtree(run)
    has_torch = find_spec("torch") is not None
    if not has_torch:
        typer.echo("no model takes part: torch is not installed (pip install 'synth-corpus[model]')", err=True)
    recipe = recipe_for(None, run, rows=rows, model={"name": MODEL} if has_torch else None)
    with shown() as progress:
        status = generate(recipe, run, workers=workers, progress=progress)
    found = export(run, dataset, workers=workers)
    files = [str(dataset / f"{split}.jsonl") for split in ("train", "test")]
    checked = subprocess.run(
        [sys.executable, "-I", str(dataset / "recheck.pyz"), *files], check=False, capture_output=True, text=True
    )
    print_all(run, status, found, dataset)
    typer.echo(checked.stdout + checked.stderr, nl=False)
    typer.echo(f"{time.monotonic() - start:.0f} seconds in all")
    return 1 if checked.returncode or status.short else 0


def print_all(run: Path, status: Status, found: Mapping[str, Any], dataset: Path) -> None:
    """Print a whole row, what the model did, the funnel, the grades and where the files are."""
    out = console()
    rows = list(rows_of(dataset / "train.parquet"))
    by_model = [row for row in rows if row["provenance"]["model"]]
    if row := min(by_model or rows, key=plainness, default=None):
        title = f"a problem that the model {MODEL!r} solved" if by_model else "a problem with all that shows its answer"
        out.print(f"{title}\n", style="bold")
        print_row(out, row)
    if by_model:
        _print_failure(out, run, rows)
    print_funnel(out, status, status.accepted)
    title = "grades (W: every claim has a certificate that the kernel accepted)"
    print_grid(out, title, ("grade", "rows"), found["grades"].items())
    out.print("files:")
    for file in sorted(dataset.iterdir()):
        parts = [file] if file.is_file() else file.rglob("*")
        out.print(f"  {file}  {sum(part.stat().st_size for part in parts):,} bytes", soft_wrap=True)


def _print_failure(out: Console, run: Path, rows: list[dict[str, Any]]) -> None:
    """Print a problem that the model got wrong, with the counterexample, and the solver's answer to the same."""
    with Ledger(run) as ledger:
        refused = [row for path in ledger.shards("rejections") for row in rows_of(path)]
    place = {(row["family"], row["level"], row["provenance"]["index"]): row for row in rows}
    wrong = [
        (answered, row)
        for row in refused
        if row["stage"] == TRY and row["counterexample"]
        if (answered := place.get((row["family"], row["level"], row["index"]))) and not answered["provenance"]["model"]
    ]
    if not wrong:
        return
    answered, row = min(wrong, key=lambda pair: plainness(pair[0]))
    out.print("a problem that it got wrong, with the counterexample\n", style="bold")
    out.print(Panel(escape(answered["question"]), title=f"{row['family']}, level {row['level']}", title_align="left"))
    out.print(Panel(escape(row["text"][:SHORT]), title="what the model wrote", title_align="left"))
    why = f"{row['reason']}: {row['detail'][:SHORT]}\nshown by the claim: {row['counterexample'][:SHORT]}"
    out.print(Panel(escape(why), title="why it was refused", title_align="left"))
    out.print("and the same problem, answered by the solver instead\n", style="bold")
    text = answered["completion"][0]["content"]
    out.print(Panel(escape(text), title="steps and answer", title_align="left"))
