"""`synth graph decontaminate`: which rows of a corpus are in benchmark files, each with its evidence."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synth.cli.guard import guarded

if TYPE_CHECKING:
    from synth.graph.decontaminate import Evidence

SHOWN = 20  # rows printed


@guarded
def decontaminate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A run, an export, or a file of rows.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Benchmark files: Parquet or JSON lines.")],
    column: Annotated[
        str | None,
        typer.Option("--column", "-c", help="Where the text is; else question, problem, prompt, text or input."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the evidence here, as JSON lines.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")] = False,
) -> int:
    """Find the rows that benchmark files contain: the same text, the same problem, or much of the same wording.

    Nothing is deleted, and no text of a benchmark is written. Exit code 1 if a row is found.

    Example: synth graph decontaminate corpus gsm8k-test.parquet --column question --out evidence.jsonl
    """
    facts, found = search(folder, files, column)
    if out is not None:
        write(out, found)
    if as_json:
        typer.echo(json.dumps({**facts, "evidence": [each.as_json() for each in found]}, ensure_ascii=False))
        return 1 if found else 0
    for file in facts["files"]:
        typer.echo(f"{file['file']}: {file['items']:,} items, sha256 {file['sha256']}")
    typer.echo(f"{facts['read']:,} of {facts['items']:,} items are problems that an installed family reads")
    for each in found[:SHOWN]:
        typer.echo(f"FOUND {each.row}: line {each.line} of {each.file} ({each.layer})")
    if len(found) > SHOWN:
        typer.echo(f"… and {len(found) - SHOWN:,} more; --out writes them all")
    layers = ", ".join(f"{n:,} by {layer}" for layer, n in facts["layers"].items())
    typer.echo(f"{len(found):,} of {facts['rows']:,} rows are in these files{': ' + layers if layers else ''}")
    return 1 if found else 0


def search(folder: Path, files: list[Path], column: str | None) -> tuple[dict[str, Any], list[Evidence]]:
    """Look for each row of a corpus that counts; what texts have in common is counted over all, where it matters.

    Raise `UserError` where the corpus or a file cannot be read.
    """
    from synth.family.registry import families
    from synth.graph.decontaminate import Benchmark, Contaminants
    from synth.run.kept import rows_at

    texts = (row["question"] for row in rows_at(folder))
    known = Contaminants([Benchmark(file, column) for file in files], families(), texts)
    rows, found = 0, []
    for row in rows_at(folder):
        rows += 1
        hit = known.hit(row)
        if hit is not None:
            found.append(hit)
    items = Counter(item.file for item in known.items)
    facts = {
        "rows": rows,
        "found": len(found),
        "items": len(known.items),
        "read": known.read,
        "layers": dict(sorted(Counter(hit.layer for hit in found).items())),
        "files": [
            {"file": file, "sha256": sha256, "items": items[number]}
            for number, (file, sha256) in enumerate(known.files)
        ],
    }
    return facts, found


def write(out: Path, found: list[Evidence]) -> None:
    """Write evidence as JSON lines, whole or not at all."""
    partial = out.with_name(f"{out.name}.partial")
    partial.write_text("".join(f"{json.dumps(each.as_json())}\n" for each in found), encoding="utf-8")
    partial.replace(out)
