"""`synth mix`: one training file of several datasets, with exact shares of where rows come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from synth.cli.guard import guarded


@guarded
def mix(
    inputs: Annotated[list[str], typer.Argument(metavar="DATA...", help="Datasets; human:FILE says whose rows are.")],
    share: Annotated[list[str], typer.Option("--share", help="SOURCE=SHARE, such as human=0.3.")] = [],  # noqa: B006
    out: Annotated[Path, typer.Option("--out", "-o", help="A .jsonl or .parquet file.")] = Path("mix.jsonl"),
    rows: Annotated[int | None, typer.Option("-n", "--rows", help="Rows of the mix; else as many as can be.")] = None,
    by: Annotated[str, typer.Option(help="What shares are of: rows or tokens (characters stand for them).")] = "rows",
    seed: Annotated[int, typer.Option("--seed", "-s")] = 0,
    decontaminate: Annotated[list[Path], typer.Option(help="A benchmark file to keep out.")] = [],  # noqa: B006
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")] = False,
) -> None:
    """Mix datasets for training: exact shares of human, grammar and solver, verified and unverified rows.

    Example: synth mix human:mine.jsonl dataset --share human=0.3 --out mix.parquet

    Example: synth mix a.parquet b.jsonl --share verified=0.5 --by tokens --decontaminate gsm8k-test.jsonl
    """
    from synth.errors import UserError
    from synth.export.mix import Input
    from synth.export.mix import mix as write
    from synth.family.registry import families
    from synth.graph.decontaminate import Benchmark, Contaminants
    from synth.monitor.read import rows_in

    shares = {}
    for text in share:
        name, _, value = text.partition("=")
        try:
            shares[name.strip()] = float(value)
        except ValueError as error:
            raise UserError(f"--share {text}: write SOURCE=SHARE, such as human=0.3") from error
    read = [Input.read(text) for text in inputs]
    known = None
    if decontaminate:
        texts = (str(row.get("question", "")) for given in read for row in rows_in(given.data))
        known = Contaminants([Benchmark(file) for file in decontaminate], families(), texts)
    found = write(read, out, shares, rows=rows, by=by, seed=seed, contaminants=known)  # type: ignore[arg-type]
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False))
        return
    n_rows, n_tokens = sum(found.rows.values()), max(1, sum(found.tokens.values()))
    for source, n in found.rows.items():
        typer.echo(f"{source}: {n:,} rows ({n / n_rows:.2%}), {found.tokens[source] / n_tokens:.2%} of the tokens")
    if found.contaminated:
        typer.echo(f"{found.contaminated:,} rows were kept out: benchmark files contain them")
    typer.echo(f"{n_rows:,} rows in {out}; shares of {found.by} miss what was asked by {found.missed:.2%} at most")
