"""`synth monitor`: does a dataset narrow, who made it, and what did a run lose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synth.cli.guard import guarded

if TYPE_CHECKING:
    from rich.console import Console

    from synth.monitor.losses import EntropyLedger
    from synth.monitor.report import Metric, Report

SHOWN = 12  # generations and cells that are printed
SECONDARY = ("compression", "self_repetition", "vendi")
PLAIN = ("rows", "cells", "fresh", "effective_cells", "chao1")  # numbers of something; the rest are nats and shares


@guarded
def monitor(
    data: Annotated[str, typer.Argument(metavar="DATA", help="Parquet, JSON lines, a folder, a run, or a Hub id.")],
    reference: Annotated[str | None, typer.Option("--reference", "-r", help="What the data should be like.")] = None,
    fail_on: Annotated[
        str | None, typer.Option("--fail-on", metavar="EXPR", help="Exit with 1 if it holds: kl > 0.3 or narrows == 1.")
    ] = None,
    cells: Annotated[str | None, typer.Option(help="Columns that make a cell: a,b; else family,level.")] = None,
    source: Annotated[str, typer.Option(help="Column that says where a row comes from.")] = "",
    generation: Annotated[str, typer.Option(help="Column of the generation.")] = "",
    tokens: Annotated[str, typer.Option(help="Column with the number of tokens; else characters stand for them.")] = "",
    weight: Annotated[str, typer.Option(help="Column with the weight of a row in the loss.")] = "",
    export: Annotated[Path | None, typer.Option(help="Where DATA is a run: an export of it, for its ledger.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")] = False,
) -> int:
    """Measure what a dataset asks and who made it: entropy with its error, unseen mass, mix, drift from a reference.

    Exit code 1 if the condition of --fail-on holds by more than bias and error of its metrics.

    Example: synth monitor dataset/train.parquet --reference reference.jsonl --fail-on "kl > 0.3 or narrows == 1"

    Example: synth monitor anyone.jsonl --cells topic,difficulty --json
    """
    from synth.errors import UserError
    from synth.monitor import condition
    from synth.monitor.columns import Columns
    from synth.monitor.losses import entropy_ledger
    from synth.monitor.read import monitor_of
    from synth.monitor.report import report
    from synth.run.ledger import NAME

    wanted = condition.parse(fail_on) if fail_on is not None else ()
    named = tuple(name.strip() for name in cells.split(",") if name.strip()) if cells else ()
    columns = Columns(named, source, generation, (), tokens, weight)
    counted = monitor_of(data, columns)
    assert counted.columns is not None
    other = monitor_of(reference, Columns(counted.columns.cells)) if reference is not None else None
    found = report(counted, other)
    is_run = (Path(data) / NAME).is_file()
    if export is not None and not is_run:
        raise UserError(f"--export is for a run, to complete its ledger, and {data} is none; leave it out")
    ledger = entropy_ledger(Path(data), export) if is_run else None
    if as_json:
        outcome = condition.check(wanted, found.metrics)
        failed = {"fail_on": fail_on, "failed": outcome.holds, "because": list(outcome.because),
                  "undecided": list(outcome.undecided)}  # fmt: skip
        facts = {**found.as_json(), "ledger": ledger.as_json() if ledger else None, **failed}
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return int(outcome.holds)
    from synth.cli.show import console

    out = console()
    _print(out, found)
    if ledger:
        _print_ledger(out, ledger)
    outcome = condition.check(wanted, found.metrics)  # what it cannot decide is said below the figures
    for why in outcome.undecided:
        typer.echo(f"not counted: {why}", err=True)
    for why in outcome.because:
        typer.echo(f"FAILED {why}", err=True)
    return int(outcome.holds)


def _print(out: Console, found: Report) -> None:
    from rich.markup import escape

    from synth.cli.show import print_grid

    beside = f" beside {found.reference}" if found.reference else ""
    head = ("figure", "value", "± 1.96 se, or interval", "bias up to", "note")
    shares = [name for name in found.metrics if "share_" in name]
    rows = [_line(name, metric) for name, metric in found.metrics.items()
            if name not in (*shares, *SECONDARY)]  # fmt: skip
    print_grid(out, f"{found.name}{beside}, cells by {' × '.join(found.cells)}; entropy in nats", head, rows)
    mix = [
        (each["generation"], each["source"], each["rows"], f"{each['share']:.1%}", each["tokens"],
         "–" if each["token_share"] is None else f"{each['token_share']:.1%}")
        for each in found.mix[: 4 * SHOWN]
    ]  # fmt: skip
    print_grid(out, "who made the rows", ("generation", "source", "rows", "of rows", "tokens", "of tokens"), mix)
    if len(found.generations) > 1:
        lines = [
            (each["generation"], each["rows"], each["fresh"], each["cells"],
             f"{each['entropy']:.3f} ± {'?' if each['se'] is None else format(1.96 * each['se'], '.3f')}",
             f"{each['unseen']:.1%}")
            for each in found.generations[-SHOWN:]
        ]  # fmt: skip
        print_grid(out, "by generation", ("generation", "rows", "fresh", "cells", "entropy", "unseen mass"), lines)
    if found.lost:
        print_grid(out, "cells with fewest rows for their share of the reference", ("cell", "rows", "in the reference"),
                   found.lost)  # fmt: skip
    views = [_line(name, found.metrics[name]) for name in SECONDARY]
    print_grid(out, "views of text (secondary: wording, not what is asked)", head, views)
    for note in found.notes:
        out.print(f"note: {escape(note)}")
    verdict = found.metrics.get("narrows")
    if verdict is not None:
        said = {1.0: "the data narrows", 0.0: "the data does not narrow", None: "cannot tell whether the data narrows"}
        out.print(escape(f"{said[verdict.value]}: {verdict.note}"))


def _line(name: str, metric: Metric) -> tuple[str, str, str, str, str]:
    def shown(value: float) -> str:
        return f"{value:,.0f}" if name in PLAIN or name.startswith("richness") else f"{value:.4f}"

    around = ""
    if metric.se is not None:
        around = f"± {1.96 * metric.se:.4f}"
    elif metric.low is not None and (metric.high is None or metric.high > metric.low):
        around = f"{shown(metric.low)} to {'?' if metric.high is None else shown(metric.high)}"
    value = "not known" if metric.value is None else shown(metric.value)
    return name, value, around, f"{metric.bias:.4f}" if metric.bias else "", metric.note


def _print_ledger(out: Console, ledger: EntropyLedger) -> None:
    from math import isfinite

    from synth.cli.show import print_grid

    rows, before = [], None
    for stage in ledger.stages:
        change = "" if before is None else f"{stage.entropy.value - before:+.3f}"
        error = f"{1.96 * stage.entropy.se:.3f}" if isfinite(stage.entropy.se) else "?"
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in stage.lost.items())
        rows.append((stage.name, stage.problems, f"{stage.entropy.value:.3f} ± {error}", change, reasons or "–"))
        before = stage.entropy.value
    print_grid(out, "entropy ledger of the run, cells by family × level",
               ("stage", "problems", "entropy", "change", "lost on the way here"), rows)  # fmt: skip
    lowest = sorted(ledger.acceptance, key=lambda each: (each.high, each.family, each.level))[:SHOWN]
    lines = [
        (each.family, each.level, each.proposed, each.accepted, f"{each.low:.1%} to {each.high:.1%}") for each in lowest
    ]
    print_grid(
        out, "acceptance by cell, lowest first", ("family", "level", "proposed", "accepted", "Wilson 95 %"), lines
    )
    even = "one acceptance fits all cells" if ledger.even else "acceptance differs between cells: the run selects"
    out.print(f"{even}; over pairs of features {ledger.pairs[0]:.3f} nats proposed, {ledger.pairs[1]:.3f} accepted "
              "(plug-in)")  # fmt: skip
