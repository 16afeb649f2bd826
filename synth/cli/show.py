"""What the command line prints: a whole row, the funnel of a run, tables."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from synth.run import alike, benchmarks, demand
from synth.run.status import Status

LONG = 600  # characters of a certificate or theory shown on a terminal


def console() -> Console:
    """Return the console for facts: standard output, plain text where that is no terminal."""
    return Console(highlight=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 120)


def print_grid(out: Console, title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table under its title; figures stand on the right."""
    if title:
        out.print(escape(title))
    found = [list(row) for row in rows]
    table = Table()
    for number, name in enumerate(head):
        figures = bool(found) and all(isinstance(row[number], (int, float)) for row in found)
        table.add_column(name, justify="right" if figures else "left", overflow="fold")
    for row in found:
        table.add_row(*[escape(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row])
    out.print(table)


def print_row(out: Console, row: Mapping[str, Any]) -> None:
    """Print a whole row: question, completion, theory, claims with certificates, where it comes from."""
    title = f"{row['family']}, level {row['level']} ({row['kind']})  id {row['id']}"
    out.print(Panel(escape(f"{row['question']}\n\n{row['answer_format']}"), title=escape(title), title_align="left"))
    text = "\n".join(message["content"] for message in row["completion"])
    out.print(Panel(escape(text), title="steps and answer", title_align="left"))
    out.print(Panel(escape(_cut(row["theory"])), title="theory: what the question says", title_align="left"))
    claims = zip(row["claims"], row["certificates"], strict=True)
    head = ("role", "form", "premises", "goal", "grade", "certificate")
    facts = [
        (
            claim["role"],
            claim["form"],
            " ".join(claim["premises"]),
            _cut(claim["goal"]),
            claim["grade"],
            _cut(certificate),
        )
        for claim, certificate in claims
    ]
    print_grid(out, "claims, each with what shows it", head, facts)


def print_funnel(out: Console, status: Status, exported: int | None = None) -> None:
    """Print what was proposed, accepted and exported, by family, and every loss under its reason."""
    lost = status.proposed - status.accepted
    flow = f"proposed {status.proposed:,} → accepted {status.accepted:,}"
    flow += f" → exported {exported:,}" if exported is not None else f" of {status.requested:,} requested"
    out.print(f"{flow}   (lost {lost:,})")
    rows = []
    for family, levels in status.levels.items():
        proposed, accepted, quota = (sum(column) for column in zip(*levels.values(), strict=True))
        share = f"{accepted / proposed:.1%}" if proposed else "–"
        rows.append((family, proposed, accepted, quota, share))
    print_grid(out, "by family", ("family", "proposed", "accepted", "requested", "yield"), rows)
    if status.rejected:
        print_grid(out, "losses", ("stage: reason", "problems"), status.rejected.items())
    print_tries(out, status)
    sentences = [*demand.said(status.demand), *benchmarks.said(status.benchmarks, status.losses)]
    for line in [*sentences, *alike.said(status.alike)]:
        out.print(escape(line))
    for gap in status.gaps:
        out.print(f"gap: {gap['family']} level {gap['level']} lacks {gap['missing']:,} rows: {gap['why']}")
    nats = status.entropy_nats
    out.print(f"variety: {nats['proposed']:.3f} nats proposed, {nats['accepted']:.3f} nats accepted, "
              f"{status.cells['accepted']:,} of {status.cells['proposed']:,} cells kept")  # fmt: skip


def print_tries(out: Console, status: Status) -> None:
    """Print what a model did: problems tried and solved, those the solver answered instead, why tries were refused."""
    rows = []
    for family, levels in status.tries.items():
        for level, found in levels.items():
            rows.append((family, level, *found.values(), f"{found['solved'] / max(1, found['tried']):.1%}"))
    if rows:
        head = ("family", "level", "tried", "solved", "answered by the solver", "unsolved", "solved of tried")
        print_grid(out, "what the model tried (new rows only are counted as solved or answered)", head, rows)
    refused = [(family, reason, n) for family, found in status.refused.items() for reason, n in found.items()]
    if refused:
        print_grid(out, "refused tries", ("family", "reason", "tries"), refused)
    for used in status.usage:
        cost = ""
        if used["cost"] and status.accepted:
            whole = used["cost"] * status.requested / status.accepted
            cost = f", cost {used['cost']:,.4f}" + ("" if status.done else f", {whole:,.4f} projected for all rows")
        out.print(
            f"{used['model']}: {used['requests']:,} replies, {used['prompt_tokens']:,} tokens read, "
            f"{used['completion_tokens']:,} tokens written{cost}"
        )


def _cut(text: str) -> str:
    return text if len(text) <= LONG else f"{text[:LONG]}… ({len(text):,} characters)"
