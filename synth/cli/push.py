"""`synth push`: an export goes to the Hugging Face Hub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from synth.cli.guard import guarded
from synth.cli.workers import Workers, cores

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")]


@guarded
def push(
    folder: Annotated[Path, typer.Argument(help="An export, as `synth export` writes it.")],
    name: Annotated[str, typer.Argument(metavar="USER/NAME", help="The dataset on the Hugging Face Hub.")],
    private: Annotated[bool, typer.Option("--private", help="Only you can see it, where it is new.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check all, send nothing, say what would be.")] = False,
    allow_failed: Annotated[
        bool, typer.Option("--allow-failed", help="Push although rows failed their check; the card says so.")
    ] = False,
    workers: Workers = 0,
    as_json: Json = False,
) -> int:
    """Push an export to the Hugging Face Hub as one commit, after each row was checked again. Exit code 1 if one fails.

    A push that was interrupted goes on where it stopped: run the same command again.

    Example: synth push dataset ada/proved-problems --private

    Example: synth push dataset ada/proved-problems --dry-run --json
    """
    from synth.export.push import push as send

    options: dict[str, Any] = {"private": private, "dry_run": dry_run, "allow_failed": allow_failed}
    found = send(folder, name, workers=workers or cores(), say=lambda text: typer.echo(text, err=True), **options)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        _print(found, dry_run, allow_failed)
    return 1 if found["failed"] and not found["pushed"] else 0


def _print(found: Mapping[str, Any], dry_run: bool, allow_failed: bool) -> None:
    """Say what was pushed, or would be, or why not."""
    for failure in found["failed"]:
        typer.echo(f"FAILED {failure['id']}: {failure['reason']}", err=True)
    for path, size in found["files"].items():
        typer.echo(f"{path}  {size:,} bytes")
    for path in found["left_out"]:
        typer.echo(f"not sent: {path}, which is no part of the export", err=True)
    for name, splits in found["configs"].items():
        typer.echo(f"config {name}: {', '.join(splits)}")
    held = f"{found['rows']:,} rows, {len(found['files'])} files, {found['bytes']:,} bytes"
    if found["pushed"]:
        for path in found["removed"]:
            typer.echo(f"removed there: {path}")
        typer.echo(f"pushed {held} to {found['url']} ({found['commit']})")
    elif found["failed"] and not allow_failed:
        typer.echo(
            f"nothing was sent: rows of this export fail their check; make them again, or push them as they are with "
            f"--allow-failed, which the card at {found['url']} will say",
            err=True,
        )
    elif dry_run:
        typer.echo(f"nothing was sent; without --dry-run {held} go to {found['url']}")
