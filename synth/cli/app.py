"""The commands. Everything heavy is imported inside the command that needs it: `synth --help` must be quick."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from synth.cli import family as family_commands
from synth.cli import graph as graph_commands
from synth.cli import model as model_commands
from synth.cli.audit import audit
from synth.cli.guard import guarded
from synth.cli.mix import mix
from synth.cli.monitor import monitor
from synth.cli.push import push
from synth.cli.report import report
from synth.cli.solve import solve
from synth.cli.workers import Workers
from synth.cli.workers import cores as _cores

app = typer.Typer(
    name="synth",
    help="Make training data you can prove: every row carries claims and certificates that re-check by themselves.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder of the run.")]
RunFolder = Annotated[Path, typer.Option("--out", "-o", help="Folder of the run; an unfinished run goes on.")]
Levels = Annotated[list[int], typer.Option("--level", "-l", help="A level; may be given more than once.")]
Families = Annotated[list[str], typer.Option("--family", "-f", help="A family; may be given more than once.")]
ModelName = Annotated[
    str | None, typer.Option("--model", "-m", help="bundled, hf:NAME_OR_PATH or openai:URL#MODEL; see docs/models.md.")
]
ServerKind = Annotated[
    str, typer.Option(help="How the server takes a grammar: auto, vllm, sglang, llamacpp, openai, plain, completions.")
]
Concurrency = Annotated[int, typer.Option(min=1, help="Requests to a server at a time.")]
PriceIn = Annotated[float | None, typer.Option(min=0, help="Price of a million prompt tokens.")]
PriceOut = Annotated[float | None, typer.Option(min=0, help="Price of a million generated tokens.")]
MaxCost = Annotated[float | None, typer.Option(min=0, help="Stop before this is spent; a higher one goes on.")]


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        from synth import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.command()
@guarded
def init(path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("recipe.yaml")) -> None:
    """Write a recipe with comments to start from.

    Example: synth init recipe.yaml
    """
    from synth.errors import UserError
    from synth.run.recipe import template

    if path.exists():
        raise UserError(f"{path} exists already; name another file")
    try:
        path.write_text(template(), encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; name another file") from error
    typer.echo(f"wrote {path}; next: synth generate {path} --out corpus")


@app.command()
@guarded
def families(as_json: Json = False) -> None:
    """List the installed families: what can be asked.

    Example: synth families --json
    """
    from synth.family.registry import families as installed
    from synth_kernel.kinds import ROLES

    facts: list[dict[str, object]] = [
        {
            "name": name,
            "domain": family.domain,
            "kind": family.kind,
            "levels": sorted(family.levels),
            "roles": list(ROLES[family.kind]),
            "summary": family.summary,
        }
        for name, family in installed().items()
    ]
    if as_json:
        return _print_json(facts)
    from synth.cli.show import console, print_grid

    head = ("name", "domain", "kind", "levels", "roles", "summary")
    print_grid(console(), "", head, [[_plain(fact[key]) for key in head] for fact in facts])
    return None


@app.command()
@guarded
def show(
    family: Annotated[str, typer.Argument(help="A family; `synth families` lists them.")],
    level: Annotated[int, typer.Option("--level", "-l")] = 1,
    seed: Annotated[int, typer.Option("--seed", "-s")] = 7,
    index: Annotated[int, typer.Option("--index", "-i", help="Which problem of this seed.")] = 0,
    as_json: Json = False,
) -> None:
    """Make one proved problem and show all of it.

    Example: synth show knights --level 2 --seed 7 --index 3
    """
    from synth.errors import UserError
    from synth.family.registry import families as installed
    from synth.records import Source
    from synth.run.batch import make_one
    from synth.run.recipe import resolve

    recipe = resolve({"families": {family: {"levels": [level]}}, "seed": seed}, "command line", installed())
    outcome = make_one(recipe, Source(family, level, seed, index))
    if outcome.row is None:
        lost = outcome.rejection or {}
        raise UserError(
            f"{family} level {level} seed {seed} index {index} did not become a row "
            f"({lost.get('stage')}: {lost.get('reason')} {lost.get('detail')}); try --index {index + 1}"
        )
    if as_json:
        return _print_json(outcome.row)
    from synth.cli.show import console, print_row

    print_row(console(), outcome.row)
    return None


@app.command()
@guarded
def generate(
    recipe: Annotated[Path | None, typer.Argument(help="A recipe; `synth init` writes one.")] = None,
    rows: Annotated[int | None, typer.Option("-n", "--rows", help="Proved rows to make.")] = None,
    out: RunFolder = Path("corpus"),
    family: Families = [],  # noqa: B006  # typer copies it
    level: Levels = [],  # noqa: B006
    seed: Annotated[int | None, typer.Option("--seed", "-s")] = None,
    model: ModelName = None,
    tries: Annotated[int | None, typer.Option(help="A model's tries at a problem before the solver answers.")] = None,
    pose: Annotated[float | None, typer.Option(help="Share of problems that the model composes.")] = None,
    server_kind: ServerKind = "auto",
    concurrency: Concurrency = 8,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    max_cost: MaxCost = None,
    workers: Workers = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    as_json: Json = False,
) -> None:
    """Make proved rows, or go on with a run that was stopped (Ctrl-C, a kill, a full disk, a server that went away).

    Without a model the sampler composes problems and a solver answers them. A model tries them first.

    Example: synth generate recipe.yaml --out corpus

    Example: synth generate -n 1000 --family knights --level 2 --seed 7 --workers 2 --out corpus

    Example: synth generate -n 500 --model bundled --out corpus
    """
    from synth.cli.progress import shown
    from synth.propose.choose import Serving
    from synth.run.rounds import generate as run
    from synth.run.start import recipe_for

    asked = {key: value for key, value in (("name", model), ("tries", tries), ("pose", pose)) if value is not None}
    settled = recipe_for(recipe, out, rows=rows, families=family, levels=level, seed=seed, model=asked)
    serving = Serving(server_kind, concurrency, price_in, price_out, max_cost)
    try:
        with shown(quiet) as progress:
            status = run(settled, out, workers=workers or _cores(), progress=progress, serving=serving)
    except KeyboardInterrupt:
        typer.echo("stopped; the same command goes on where it stopped", err=True)
        raise
    if as_json:
        return _print_json(status.as_json())
    from synth.cli.show import console, print_funnel

    print_funnel(console(), status)
    if status.short:
        typer.echo(f"{status.short:,} of {status.requested:,} rows could not be made; see the gaps above", err=True)
    typer.echo(f"next: synth export {out} --out dataset")
    return None


@app.command()
@guarded
def status(folder: Annotated[Path, typer.Argument(help="Folder of a run.")], as_json: Json = False) -> None:
    """Say how far a run is; safe while it runs.

    Example: synth status corpus --json
    """
    from synth.run.status import status as status_of

    found = status_of(folder)
    if as_json:
        return _print_json(found.as_json())
    from synth.cli.show import console, print_funnel

    print_funnel(console(), found)
    typer.echo("done" if found.done else f"not finished; go on with: synth generate --out {folder}")
    return None


@app.command()
@guarded
def verify(
    path: Annotated[Path, typer.Argument(help="A run folder, an export, or a .jsonl or .parquet file of rows.")],
    workers: Workers = 0,
    as_json: Json = False,
) -> int:
    """Check every row again: question, theory, claims, certificates, text. Exit code 1 if one fails.

    Example: synth verify dataset --json
    """
    from synth.run.verify import verify as check

    found = check(path, workers=workers or _cores())
    if as_json:
        _print_json(found)
    else:
        typer.echo(f"trusted: tables and meanings with digest {found['package']}")
        for failure in found["failed"]:
            typer.echo(f"FAILED {failure['id']}: {failure['reason']}")
        grades = ", ".join(f"{n:,} at grade {grade}" for grade, n in found["grades"].items())
        typer.echo(f"{found['verified']:,} of {found['rows']:,} rows verified: {grades}")
        if found["retracted"]:
            typer.echo(f"{found['retracted']:,} rows were retracted and are not checked")
    return 1 if found["failed"] else 0


@app.command()
@guarded
def score(
    family: Annotated[str, typer.Argument(help="The family of the problems.")],
    data: Annotated[Path, typer.Option("--data", help="The corpus that holds them.")],
    answers: Annotated[Path | None, typer.Argument(help="Lines of {id, answer}; standard input if left out.")] = None,
) -> None:
    """Score answers: read {"id", "answer"} lines, print {"id", "score", "reason"} lines.

    Example: synth score knights --data dataset answers.jsonl
    """
    from synth.run.answers import scores

    for line in scores(family, data, answers):
        _print_json(line)


@app.command()
@guarded
def export(
    folder: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write the dataset.")] = Path("dataset"),
    rows: Annotated[int | None, typer.Option("-n", "--rows", help="Select so many, by quota; all if left out.")] = None,
    select: Annotated[str, typer.Option(help="How rows are selected: coverage or raking.")] = "coverage",
    order: Annotated[str, typer.Option(help="run, or curriculum: what builds on other concepts comes later.")] = "run",
    formats: Annotated[
        list[str],
        typer.Option(
            "--for", help="A format: sft, rlvr, preference, steps, lm-eval or verifiers; may be given more than once."
        ),
    ] = ["sft", "rlvr", "preference", "steps"],  # noqa: B006  # typer copies it
    workers: Workers = 0,
    as_json: Json = False,
) -> None:
    """Write a run as a dataset: rows, formats for training, a card, the recipe, and recheck.pyz.

    Example: synth export corpus --out dataset

    Example: synth export corpus --out dataset --for sft --for rlvr

    Example: synth export corpus --out dataset --rows 10000 --select coverage --order curriculum
    """
    from synth.export.export import export as write

    asked: dict[str, Any] = {"rows": rows, "select": select, "order": order, "formats": formats}
    found = write(folder, out, workers=workers or _cores(), **asked)
    if as_json:
        return _print_json(found)
    for file in found["files"]:
        typer.echo(file)
    if chosen := found.get("selection"):
        nats = chosen["entropy_nats"]
        typer.echo(f"selected by {select}: variety {nats['before']:.3f} nats before, {nats['after']:.3f} after")
        for short in chosen["short"]:
            typer.echo(
                f"short: {short['family']} level {short['level']}: {short['pool']} of {short['wanted']} rows", err=True
            )
    typer.echo(f"{found['rows']:,} rows; check them with: python {out}/recheck.pyz {out}/train.jsonl {out}/test.jsonl")
    return None


@app.command()
@guarded
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to work; a demo there is made anew.")] = Path("demo"),
    rows: Annotated[int, typer.Option("-n", "--rows", help="Proved rows to make.")] = 500,
    workers: Workers = 0,
) -> int:
    """Show the whole way on a small corpus: make, export, re-check alone, and print a row.

    Example: synth demo --out demo
    """
    from synth.cli.demo import demo as run

    return run(out, rows, workers or _cores())


app.command()(push)
app.command()(report)
app.command()(solve)
app.command()(audit)
app.command()(monitor)
app.command()(mix)
app.add_typer(model_commands.app, name="model")
app.add_typer(graph_commands.app, name="graph")
app.add_typer(family_commands.app, name="family")


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
