"""The commands `synth model train` and `synth model card`: make the bundled proposer anew, and say what it can do."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synth.cli.guard import guarded

if TYPE_CHECKING:
    from synth.propose.train.exam import Posed, Solved

SECONDS = 5.0  # between lines of progress

app = typer.Typer(help="Train the bundled proposer, or show its card.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
@guarded
def train(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the training.")] = Path("proposer"),
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Steps; as in the recipe if left out.")] = None,
    lessons: Annotated[
        int | None, typer.Option("--lessons", min=1, help="Lessons in all, shared out as in the recipe.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the training in the folder.")] = False,
    more: Annotated[
        int | None,
        typer.Option(
            "--more", min=1, help="With --resume: another stage of so many steps, with the lessons of the last."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", "-s", help="Of the lessons and the first weights.")] = None,
    workers: Annotated[int, typer.Option("--workers", "-w", min=1, help="Processes that make lessons.")] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Train the proposer from nothing by its fixed recipe; may be stopped and resumed at any moment.

    Takes two to three hours on one core. The model is written to OUT/model.

    Example: synth model train --out proposer

    Example: synth model train --out proposer --resume
    """
    _needs_torch()
    from synth.errors import UserError
    from synth.propose.train.start import start

    if more is not None and not resume:
        raise UserError("--more adds steps to a training; give --resume too")

    place = start(
        out, steps=steps, lessons=lessons, seed=seed, resume=resume, more=more, workers=workers, report=_progress(quiet)
    )
    typer.echo(f"wrote {place}; next: synth model card --model {place} --exam")


@app.command()
@guarded
def card(
    model: Annotated[str, typer.Option("--model", "-m", help="bundled, or the folder of a trained model.")] = "bundled",
    exam: Annotated[bool, typer.Option("--exam", help="Examine it now; needs the extra [model].")] = False,
    problems: Annotated[int, typer.Option("--problems", min=2, help="Held-out problems of a family and level.")] = 100,
    samples: Annotated[int, typer.Option("--samples", min=1, help="Replies to each problem.")] = 16,
    temperature: Annotated[float, typer.Option(min=0, max=5, help="At which solutions are drawn.")] = 1.0,
    family: Annotated[list[str], typer.Option("--family", "-f", help="Examine only this one; may be repeated.")] = [],  # noqa: B006
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")] = False,
) -> None:
    """Print what a proposer was taught and what it can do.

    An exam of all families of a folder of one's own is written into it; that of the bundled one is only printed.

    Example: synth model card

    Example: synth model card --exam --family linear_system --problems 20
    """
    from synth.errors import UserError
    from synth.propose.train import card as cards
    from synth.propose.weights import EXAM, LESSONS, bundled_folder, facts, worth

    folder = bundled_folder() if model == "bundled" else Path(model)
    if not folder.is_dir():
        raise UserError(f"no folder {model}; say bundled, or name the folder that `synth model train` wrote")
    taught = facts(folder, LESSONS)
    if exam:
        _needs_torch()
        from synth.propose.train.start import sit_exam

        found = sit_exam(
            folder, problems=problems, samples=samples, temperature=temperature, only=family, report=_marks
        )
        if model != "bundled" and not family:
            cards.write(folder, found)
    else:
        found = facts(folder, EXAM)
    said = cards.text(taught, found)
    typer.echo(json.dumps({**taught, "exam": found, "knows": worth(found)}) if as_json else said)


def _needs_torch() -> None:
    from importlib.util import find_spec

    from synth.errors import UserError

    if missing := [name for name in ("torch", "transformers", "llguidance") if find_spec(name) is None]:
        raise UserError(f"this needs {', '.join(missing)}; install with: pip install 'synth-corpus[model]'")


def _progress(quiet: bool) -> Callable[[int, int, float, float], None]:
    last: list[float] = []

    def report(step: int, steps: int, loss: float, seconds: float) -> None:
        now = time.monotonic()
        if quiet or (last and now - last[0] < SECONDS and step < steps):
            return
        last[:] = [now]
        print(f"step {step:,} of {steps:,}, loss {loss:.3f}, {seconds:,.0f} CPU-seconds", file=sys.stderr, flush=True)

    return report


def _marks(row: Solved | Posed) -> None:
    facts: dict[str, Any] = vars(row)
    shares = {"valid": facts["valid"], **facts.get("pass_at", {"accepted": facts.get("accepted")})}
    said = ", ".join(f"{f'pass@{name}' if name.isdigit() else name} {100 * value:.1f} %"
                     for name, value in shares.items())  # fmt: skip
    print(f"{row.family} {row.level}: {said}", file=sys.stderr, flush=True)
