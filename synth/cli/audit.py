"""`synth audit`: what our provers say about questions and answers that others made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from synth.cli.guard import guarded


@guarded
def audit(
    source: Annotated[
        str,
        typer.Argument(help="A .parquet or .jsonl file, reasoning-gym:NAME, or USER/NAME, a dataset of the Hub."),
    ],
    name: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", help="A family or a reader; for reasoning-gym:NAME it is NAME."),
    ] = None,
    rows: Annotated[
        int | None, typer.Option("-n", "--rows", min=1, help="At most so many; else all, of a generator 100.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", "-s", help="Of a generator; of other sources: sample -n rows by it.")
    ] = None,
    question: Annotated[str | None, typer.Option("--question-column", help="Where the questions are.")] = None,
    answer: Annotated[str | None, typer.Option("--answer-column", help="Where the answers are.")] = None,
    config: Annotated[str | None, typer.Option(help="Which configuration of a dataset of the Hub.")] = None,
    split: Annotated[str | None, typer.Option(help="Which split of it; the first if left out.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write one JSON line a row here.")] = None,
    fail_on: Annotated[
        list[str], typer.Option("--fail-on", metavar="VERDICT", help="Exit code 1 if a row has this verdict.")
    ] = [],  # noqa: B006  # typer copies it
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")] = False,
) -> int:
    """Judge the answers of a dataset that others made: right, wrong, ambiguous, ill_posed, depends_on_convention.

    A question that is not fully read is not_read. Every other verdict has certificates; --out writes them with the
    right answer. The exit code is 0 whatever the verdicts, unless --fail-on names one.

    Example: synth audit reasoning-gym:syllogism -n 500 --seed 1 --out syllogism.jsonl

    Example: synth audit answers.parquet --as linear_system --fail-on wrong --fail-on not_read
    """
    from synth.audit.run import audit as audit_all
    from synth.audit.sources import GYM, Wanted
    from synth.audit.verdicts import VERDICTS
    from synth.errors import UserError, did_you_mean

    for verdict in fail_on:
        if verdict not in VERDICTS:
            raise UserError(f"no verdict is called {verdict!r}; {did_you_mean(verdict, VERDICTS)}")
    if name is None:
        if not source.startswith(GYM):
            raise UserError("say what the questions are: --as NAME, a family (`synth families`) or a reader")
        name = source.removeprefix(GYM).partition("?")[0]
    found = audit_all(source, name, Wanted(rows, seed, question, answer, config, split), out)
    failed = any(found["verdicts"][verdict]["rows"] for verdict in fail_on)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return int(failed)
    _print(found)
    return int(failed)


def _print(found: dict[str, Any]) -> None:
    from synth.cli.show import console, print_grid

    head = ("verdict", "rows", "share", "95 % interval")
    table = [
        (name, each["rows"], f"{each['share']:.1%}", f"{each['from']:.1%} to {each['to']:.1%}")
        for name, each in found["verdicts"].items()
    ]
    print_grid(console(), f"{found['source']} as {found['as']}: {found['rows']:,} rows", head, table)
    for name, several in found["reasons"].items():
        for why, rows in several.items():
            typer.echo(f"{rows:,} {name}: {why}")
