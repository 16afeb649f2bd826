"""`synth graph retract`: take back what rests on a checker, a family or a row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from synth.cli.guard import guarded


@guarded
def retract(
    folder: Annotated[Path, typer.Argument(help="Folder of a run.")],
    checker: Annotated[str, typer.Option(help="NAME@VERSION: rows that only this body of the kernel shows.")] = "",
    family: Annotated[str, typer.Option("--family", "-f", help="All rows of a family, NAME or NAME@VERSION.")] = "",
    row: Annotated[str, typer.Option("--id", help="One row.")] = "",
    reason: Annotated[str, typer.Option(help="Kept with the tombstones.")] = "",
    refill: Annotated[bool, typer.Option(help="Whether the quotas want the rows again.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")] = False,
) -> None:
    """Take rows back, with all that was made of them; rows that another checker shows as well stay, proved again.

    What is missing is made by `synth generate --out DIR`, and nothing else; exports leave retracted rows out.

    Example: synth graph retract corpus --checker lrat@0.1.0 --reason "a hole in the checker" --dry-run

    Example: synth graph retract corpus --id 41d4f31ad33de8afbb20b6f32a06e8eb --no-refill
    """
    from synth.run.retract import retract as run

    found = run(folder, checker=checker, family=family, row=row, reason=reason, refill=refill, dry_run=dry_run)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for each in found["families"]:
        typer.echo(f"{each['family']} level {each['level']}: {each['rows']:,} rows")
    would = "would be" if dry_run else "were"
    gone = found["retracted"] + found["descendants"]
    typer.echo(
        f"{gone:,} rows {would} retracted ({found['descendants']:,} of them made of others), "
        f"{found['kept']:,} {'would stay' if dry_run else 'stay'} because another checker shows them"
    )
    if gone and not dry_run:
        typer.echo(f"next: synth export {folder}" if found["done"] else f"next: synth generate --out {folder}")
