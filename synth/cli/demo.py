"""The whole way on a small corpus: generate, export, re-check with the stand-alone program, show."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import typer

from synth.cli.progress import shown
from synth.cli.show import console, print_funnel, print_grid, print_row
from synth.errors import UserError
from synth.export.export import export
from synth.run.corpus import rows_of
from synth.run.ledger import NAME
from synth.run.rounds import generate
from synth.run.start import recipe_for

SHOWN = "linear_system"  # short enough for a screen; another one if it is not installed


def demo(out: Path, rows: int, workers: int) -> int:
    """Make, export, re-check and show a corpus; return the exit code."""
    start = time.monotonic()
    run, dataset = out / "run", out / "dataset"
    if run.exists():
        if not (run / NAME).is_file():
            raise UserError(f"{run} exists and is no demo; choose another --out")
        shutil.rmtree(run)
    with shown() as progress:
        status = generate(recipe_for(None, run, rows=rows), run, workers=workers, progress=progress)
    found = export(run, dataset)
    files = [str(dataset / f"{split}.jsonl") for split in ("train", "test")]
    checked = subprocess.run(
        [sys.executable, "-I", str(dataset / "recheck.pyz"), *files], check=False, capture_output=True, text=True
    )
    print_all(status, found, dataset)
    typer.echo(checked.stdout + checked.stderr, nl=False)
    typer.echo(f"{time.monotonic() - start:.0f} seconds in all")
    return 1 if checked.returncode or status.short else 0


def print_all(status: object, found: dict[str, object], dataset: Path) -> None:
    """Print one whole row, the funnel, the grades and where the files are."""
    from synth.run.status import Status

    assert isinstance(status, Status)
    out = console()
    rows = rows_of(dataset / "train.parquet")
    row = next((row for row in rows if row["family"] == SHOWN and row["level"] == 2), None)
    if row := row or next(rows_of(dataset / "train.parquet"), None):
        print_row(out, row)
    print_funnel(out, status, status.accepted)
    grades = found["grades"]
    assert isinstance(grades, dict)
    title = "grades (W: every claim has a certificate that the kernel accepted)"
    print_grid(out, title, ("grade", "rows"), grades.items())
    out.print("files:")
    for file in sorted(dataset.iterdir()):
        out.print(f"  {file}  {file.stat().st_size:,} bytes", soft_wrap=True)
