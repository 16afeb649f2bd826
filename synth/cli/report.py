"""`synth report DIR`: one page that shows a corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from synth.cli.guard import guarded


@guarded
def report(
    corpus: Annotated[Path, typer.Argument(metavar="DIR", help="A run folder, an export, or a file of rows.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The page; DIR/report.html if left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as one JSON value; write no page.")] = False,
) -> None:
    """Write one HTML file that shows a corpus: losses, coverage, evidence, the split, rows and refusals.

    It stands alone: no server, no network, under 3 MB. The same corpus gives the same bytes.

    Example: synth report corpus --out report.html
    """
    from synth.report.facts import facts
    from synth.report.write import write

    if as_json:
        return typer.echo(json.dumps(facts(corpus).as_json()))
    typer.echo(write(corpus, out))
    return None
