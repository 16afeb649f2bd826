"""`synth solve`: give a model problems to solve under a budget, and say what a search made of its samples."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synth.cli.guard import guarded

if TYPE_CHECKING:
    from synth.family import Family
    from synth.propose.ask import Draw, Model
    from synth.search.budget import Budget
    from synth.search.outcome import Outcome
    from synth.search.session import Progress
    from synth.search.task import Task

DEFAULT = "adaptive"  # `make bench` compares them at equal budgets
SECONDS = 5.0  # between two lines of progress
HELD_OUT = 2  # the seed of problems that no bundled model was trained on


@guarded
def solve(
    what: Annotated[str, typer.Argument(metavar="FAMILY|DATA", help="A family, or rows: a run, an export, a file.")],
    model: Annotated[
        str, typer.Option("--model", "-m", help="bundled, hf:NAME_OR_PATH or openai:URL#MODEL; see docs/models.md.")
    ] = "bundled",
    strategy: Annotated[
        str, typer.Option("--strategy", help="best-of-n, adaptive, repair, beam, smc or majority.")
    ] = DEFAULT,
    budget: Annotated[int, typer.Option("--budget", "-b", min=1, help="Samples for each problem, on average.")] = 8,
    tokens: Annotated[int | None, typer.Option(min=1, help="Generated tokens for all problems.")] = None,
    calls: Annotated[
        int | None, typer.Option("--verifier-calls", min=1, help="Verifier calls for all problems.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0.001, help="Seconds for all problems.")] = None,
    level: Annotated[list[int], typer.Option("--level", "-l", help="A level; may be given more than once.")] = [],  # noqa: B006
    count: Annotated[int, typer.Option("-n", "--problems", min=1, help="Problems, of each level of a FAMILY.")] = 20,
    seed: Annotated[
        int, typer.Option("--seed", "-s", min=0, help="Of the problems; 1 is what the bundled model has seen.")
    ] = HELD_OUT,
    temperature: Annotated[float, typer.Option(min=0, max=10, help="Of the samples.")] = 1.0,
    max_tokens: Annotated[int, typer.Option(min=1, help="Tokens of one reply.")] = 512,
    calibrate: Annotated[bool, typer.Option(help="Draw all samples and store the pass rate of each row.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Pass rates of a file or an export.")] = None,
    server_kind: Annotated[str, typer.Option(help="How a server takes a grammar; auto finds out.")] = "auto",
    concurrency: Annotated[int, typer.Option(min=1, help="Requests to a server at a time.")] = 8,
    price_in: Annotated[float | None, typer.Option(min=0, help="Price of a million prompt tokens.")] = None,
    price_out: Annotated[float | None, typer.Option(min=0, help="Price of a million generated tokens.")] = None,
    max_cost: Annotated[float | None, typer.Option(min=0, help="Stop before this is spent.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")] = False,
) -> None:
    """Let a model solve problems, each solution proved or refused, and report what the search was worth.

    Without --level only the levels that the model knows are asked, as in a run.

    Example: synth solve linear_system --model bundled --level 1 --strategy beam --budget 8

    Example: synth solve corpus --model bundled --calibrate --budget 16
    """
    from synth.errors import UserError
    from synth.propose.ask import Draw
    from synth.propose.choose import Serving, open_model
    from synth.search.budget import Budget
    from synth.search.strategies import strategy as named

    named(strategy)
    asked = tasks_of(what, sorted(set(level)), count, seed)
    if calibrate:
        _check_calibration(what, strategy, asked, out)
    opened = open_model(model, Serving(server_kind, concurrency, price_in, price_out, max_cost))
    every = bool(level) or calibrate  # levels that were asked for are tried, known or not
    known = [task for task in asked if opened.knows(task.family.name, None if every else task.source.level)]
    if not known:
        unknown = ", ".join(sorted({task.family.name for task in asked}))
        raise UserError(f"the model {opened.name} does not know {unknown}; `synth model card` names what it knows")
    if skipped := len(asked) - len(known):
        typer.echo(
            f"{skipped:,} problems are of families or levels that {opened.name} does not know; left out"
            + ("" if every else " (--level asks at a level all the same)"),
            err=True,
        )
    limits = Budget(budget * len(known), tokens, calls, seconds)
    draw = Draw(temperature=temperature, max_tokens=max_tokens, seed=seed)
    outcomes = search(known, opened, strategy, limits, draw, budget, calibrate, None if quiet else _told())
    facts = {
        "model": opened.name,
        "strategy": "all samples" if calibrate else strategy,
        "budget": budget,
        **report(outcomes, strategy, budget, calibrate),
    }
    if calibrate:
        facts["stored"] = store(what, out, opened.name, outcomes)
    if as_json:
        return typer.echo(json.dumps(facts, ensure_ascii=False))
    return _print(facts)


def search(
    tasks: Sequence[Task],
    model: Model,
    strategy: str,
    budget: Budget,
    draw: Draw,
    each: int,
    calibrate: bool = False,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Run a strategy with `each` samples a problem; to calibrate, all samples of each problem without early stop."""
    from synth.search import best_of_n
    from synth.search.strategies import POOLED
    from synth.search.strategies import strategy as named

    if calibrate:
        return best_of_n.run(tasks, model, budget, draw, most=each, progress=progress, stop=False)
    return named(strategy)(tasks, model, budget, draw, most=None if strategy in POOLED else each, progress=progress)


# ---- problems --------------------------------------------------------------------------------------------------------


def tasks_of(what: str, levels: Sequence[int], count: int, seed: int) -> list[Task]:
    """Return the problems that are asked for: drawn from a family, or read from the first `count` rows of each cell.

    Raise `UserError` where there are none, or a row is no problem of an installed family.
    """
    from synth.errors import UserError, did_you_mean
    from synth.family.registry import families

    if what in families() and not Path(what).exists():
        found = list(_drawn(families()[what], levels, count, seed))
    elif Path(what).exists():
        found = _first(_rows(Path(what)), levels, count)
    else:
        hint = did_you_mean(what, families())
        raise UserError(f"{what} is neither a family ({hint}) nor a folder or file of rows")
    if not found:
        raise UserError(f"{what} has no problems of level {', '.join(map(str, levels))}; ask for other levels")
    return found


def _drawn(family: Family, levels: Sequence[int], count: int, seed: int) -> Iterator[Task]:
    from synth.errors import UserError
    from synth.search.task import draw

    for level in levels or sorted(family.levels):
        if level not in family.levels:
            known = ", ".join(map(str, sorted(family.levels)))
            raise UserError(f"family {family.name} has no level {level}; it has {known}")
        yield from draw(family, level, count, seed)


def _first(tasks: Iterator[Task], levels: Sequence[int], count: int) -> list[Task]:
    """Return the first `count` tasks of each family and level that is wanted."""
    kept: dict[tuple[str, int], list[Task]] = {}
    for task in tasks:
        cell = kept.setdefault(task.cell, [])
        if (not levels or task.source.level in levels) and len(cell) < count:
            cell.append(task)
    return [task for _, cell in sorted(kept.items()) for task in cell]


def _rows(path: Path) -> Iterator[Task]:
    from synth.errors import UserError
    from synth.family.registry import families
    from synth.propose import trace
    from synth.records import Source
    from synth.run.corpus import files_of, rows_of
    from synth.search.task import Task

    for file in files_of(path):
        for number, row in enumerate(rows_of(file), 1):
            place = f"row {number} of {file}"
            try:
                family = families()[row["family"]]
                formal = trace.canonical(family, row["formal"], "problem")
                said = row["provenance"]
                source = Source(family.name, row["level"], said["seed"], said["index"], said["round"])
                if not (isinstance(row["id"], str) and all(isinstance(n, int) for n in (row["level"], source.seed))):
                    raise TypeError("id, level and seed have the wrong type")
                yield Task(family, source, formal, row["id"])
            except (KeyError, TypeError, ValueError) as error:
                raise UserError(f"{place} is no problem of an installed family: {error!r}"[:400]) from error


# ---- pass rates ------------------------------------------------------------------------------------------------------


def _check_calibration(what: str, strategy: str, tasks: Sequence[Task], out: Path | None) -> None:
    """Refuse what cannot be stored before anything is asked of a model."""
    from synth.errors import UserError

    if strategy != DEFAULT:
        raise UserError(f"--calibrate draws independent samples; leave out --strategy {strategy}")
    if not tasks[0].id:
        raise UserError("--calibrate stores pass rates of rows; give a run folder, an export or a file of rows")
    if out is not None and out.exists():
        raise UserError(f"{out} exists already; name another file")


def store(what: str, out: Path | None, model: str, outcomes: Sequence[Outcome]) -> str:
    """Store {id, model, passed, tries} of each row: in the ledger of a run, else as JSON lines; say where."""
    from synth.run.ledger import NAME, Ledger

    rates = [(o.task.id, model, o.passed, len(o.judged)) for o in outcomes if o.judged]
    folder = Path(what)
    if out is None and (folder / NAME).is_file():
        with Ledger(folder, write=True) as ledger:
            ledger.put_pass_rates(rates)
        return str(folder)
    place = out or folder.with_name(f"{folder.name}.pass_rates.jsonl")
    lines = [json.dumps(dict(zip(("id", "model", "passed", "tries"), rate, strict=True))) + "\n" for rate in rates]
    unfinished = place.with_name(place.name + ".unfinished")
    unfinished.write_text("".join(lines), encoding="utf-8")
    unfinished.replace(place)
    return str(place)


# ---- what is said ----------------------------------------------------------------------------------------------------


def report(outcomes: Sequence[Outcome], strategy: str, budget: int, calibrate: bool) -> dict[str, Any]:
    """Return the figures by family and level, the losses, one solved problem and one refused, as JSON data."""
    from synth.search.report import cells, losses
    from synth.search.strategies import INDEPENDENT

    independent = calibrate or strategy in INDEPENDENT
    return {
        "cells": [cell.as_json() for cell in cells(outcomes, budget, independent, calibrate)],
        "losses": dict(losses(outcomes).most_common()),
        "solved": _solved(outcomes),
        "refused": _refused(outcomes),
    }


def _solved(outcomes: Sequence[Outcome]) -> dict[str, Any] | None:
    """Return a problem that was solved, with what was proved about it; rather one that failed before."""
    found = sorted((o for o in outcomes if o.record), key=lambda o: (not any(o.judged[:1]), -len(o.task.formal)))
    for outcome in found[-1:]:
        record = outcome.record
        assert record is not None
        return {
            "problem": outcome.task.formal,
            "question": record.question,
            "completion": record.completion[-1]["content"],
            "proved": [evidence.claim.role for evidence in record.evidence],
            "samples": outcome.samples,
        }
    return None


def _refused(outcomes: Sequence[Outcome]) -> dict[str, Any] | None:
    """Return an attempt that was refused, one with a counterexample if there is any."""
    found = [(outcome, rejection) for outcome in outcomes for rejection in outcome.rejections]
    found.sort(key=lambda pair: (not pair[1].counterexample, pair[1].stage == "parse", len(pair[0].task.formal)))
    for outcome, rejection in found[:1]:
        candidate = rejection.candidate
        return {
            "problem": outcome.task.formal,
            "steps": [_plain(f"{step.id}: {step.formal}") for step in candidate.steps or ()],
            "answer": _plain(candidate.formal_answer or ""),
            "stage": rejection.stage,
            "reason": rejection.reason,
            "detail": _plain(rejection.detail),
            "counterexample": _plain(rejection.counterexample),
        }
    return None


def _told() -> Progress:
    """Return what writes to standard error, every few seconds, how far a search is."""
    last = time.monotonic()

    def report(solved: int, problems: int, samples: int) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS:
            last = time.monotonic()
            print(f"{solved:,} of {problems:,} problems solved, {samples:,} samples", file=sys.stderr, flush=True)

    return report


def _plain(text: str) -> str:
    """Return the beginning of a text that a model wrote, without what could steer a terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text[:400])


def _print(facts: dict[str, Any]) -> None:
    from synth.cli.show import console, print_grid

    k = facts["budget"]
    out = console()
    head = (
        "family",
        "level",
        "problems",
        "solved",
        "95 %",
        "pass@1",
        f"pass@{k}",
        "accepted/1,000 tokens",
        "calls/accept",
    )
    rows = [
        (
            cell["family"],
            cell["level"] or "",
            cell["problems"],
            cell["solved"],
            f"{cell['solved_from']:.0%} to {cell['solved_to']:.0%}",
            _share(cell["pass_1"]),
            _share(cell["pass_k"]),
            f"{cell['accepted_per_1000_tokens']:.2f}",
            "–" if cell["calls_per_accept"] is None else f"{cell['calls_per_accept']:.1f}",
        )
        for cell in facts["cells"]
    ]
    print_grid(out, f"{facts['model']}, {facts['strategy']}, {k} samples a problem", head, rows)
    if facts["losses"]:
        print_grid(out, "losses", ("stage: reason", "replies"), facts["losses"].items())
    if solved := facts["solved"]:
        typer.echo(f"\nsolved after {solved['samples']} samples: {solved['problem']}\n{solved['completion']}")
        typer.echo(f"proved: {', '.join(solved['proved'])}")
    if refused := facts["refused"]:
        typer.echo(f"\nrefused: {refused['problem']}")
        typer.echo("\n".join([*refused["steps"], f"answer: {refused['answer']}"]))
        typer.echo(f"{refused['stage']}: {refused['reason']} {refused['detail']}".strip())
        if refused["counterexample"]:
            typer.echo(f"counterexample: {refused['counterexample']}")
    if facts.get("stored"):
        typer.echo(f"\npass rates are stored in {facts['stored']}")


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
