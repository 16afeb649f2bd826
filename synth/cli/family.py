"""The commands `synth family …`: check a family against the laws, begin a new one, let a model propose one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synth.cli.guard import guarded

if TYPE_CHECKING:
    from synth.family import Family
    from synth.testing import Finding

app = typer.Typer(
    help="Check families, begin new ones, and judge what a model proposes.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
@guarded
def check(
    which: Annotated[list[str], typer.Argument(help="Names, or folders; all that are installed if left out.")] = [],  # noqa: B006
    samples: Annotated[int, typer.Option("--samples", "-n", min=1, help="Draws of each level.")] = 12,
    levels: Annotated[list[int], typer.Option("--levels", "-l", help="Only these; may be given more than once.")] = [],  # noqa: B006
    seed: Annotated[int, typer.Option("--seed", "-s", help="Of the draws.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")] = False,
) -> int:
    """Run every law on families and print its figure. Exit code 1 if one is broken.

    Example: synth family check knights

    Example: synth family check ./my_family --samples 40

    Example: synth family check
    """
    from synth.family.registry import families
    from synth.testing import examine

    wanted = which or list(families())
    table: dict[str, list[Finding]] = {}
    for family in map(_family, wanted):
        absent = sorted(set(levels) - set(family.levels))
        table[family.name] = list(examine(family, samples, [each for each in levels if each not in absent], seed))
        if not as_json and len(wanted) > 1:
            typer.echo(f"{family.name}: {_told(table[family.name])}", err=True)
    if as_json:
        typer.echo(json.dumps({name: [each.as_json() for each in found] for name, found in table.items()}))
    elif len(table) == 1:
        _print_one(*next(iter(table.items())))
    else:
        _print_all(table)
    return int(any(each.broken for found in table.values() for each in found))


@app.command()
@guarded
def new(
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits and _.")],
    package: Annotated[bool, typer.Option("--package", help="Write a package that can be installed.")] = False,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to make its folder.")] = Path(),
) -> None:
    """Write the folder of a new family that passes every law; change it step by step.

    Example: synth family new my_family

    Example: synth family new my_family --package
    """
    from synth.family.new import new_family

    for path in new_family(name, out, package):
        typer.echo(path)
    typer.echo(f"next: synth family check {out / name}")
    if package:
        typer.echo(f"      pip install -e {out / name}; then synth generate --family {name} works")


@app.command()
@guarded
def propose(
    model: Annotated[str, typer.Option("--model", "-m", help="hf:NAME_OR_PATH or openai:URL#MODEL.")] = "",
    wish: Annotated[str, typer.Option("--wish", "-w", help="What the domain should be, in words.")] = "",
    out: Annotated[Path, typer.Option("--out", "-o", help="The quarantine folder.")] = Path("quarantine"),
    replies: Annotated[int, typer.Option("--replies", "-n", min=1, help="How many to ask for.")] = 1,
    temperature: Annotated[float, typer.Option("--temperature", "-t", min=0, help="Of the replies.")] = 1.0,
    reply: Annotated[Path | None, typer.Option("--reply", help="Judge a reply in a file instead of asking.")] = None,
    samples: Annotated[int, typer.Option("--samples", min=1, help="Draws of each level.")] = 12,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")] = False,
) -> int:
    """Let a model write a family as data, check it in a process of its own, and report. Exit code 1 if none passed.

    Example: synth family propose --model openai:http://127.0.0.1:8000/v1#big --wish "seating around a table"

    Example: synth family propose --model openai:http://127.0.0.1:8000/v1#big --reply answer.md
    """
    from synth.admission import judge_reply, propose_family, refuse_bundled
    from synth.errors import UserError
    from synth.family.registry import families
    from synth.propose.ask import Draw
    from synth.propose.choose import name_of, open_model

    if not model:
        raise UserError("name the model that writes, or wrote, the family: --model openai:URL#MODEL or hf:PATH")
    if reply is not None:
        text = reply.read_bytes().decode("utf-8", "replace")
        entries = [judge_reply(text, out, name_of(model), families(), samples)]
    else:
        draw = Draw(n=replies, temperature=temperature, max_tokens=6000, constrained=False)
        refuse_bundled(model)
        entries = list(propose_family(open_model(model), out, families(), wish, draw, samples))
    if as_json:
        found = [{"folder": str(e.folder), "verdict": e.verdict, "reasons": e.reasons} for e in entries]
        typer.echo(json.dumps(found))
    else:
        for entry in entries:
            typer.echo(f"{entry.verdict}: {entry.folder / 'report.md'}")
            for reason in entry.reasons:
                typer.echo(f"    {reason[:300]}")
            if not entry.reasons:
                typer.echo(f'next: read it, then synth family admit {entry.folder} --signed-by "YOUR NAME"')
    return int(all(entry.reasons for entry in entries))


@app.command()
@guarded
def admit(
    folder: Annotated[Path, typer.Argument(help="The folder of a proposal in quarantine.")],
    signed_by: Annotated[str, typer.Option("--signed-by", help="Who read the report and vouches for the words.")] = "",
    to: Annotated[Path, typer.Option("--to", help="Where its package is made.")] = Path("admitted"),
) -> None:
    """Move a proposal that passed out of quarantine into a package of its own, with your signature.

    Example: synth family admit quarantine/9f2c41d07a3b --signed-by "Ada Lovelace"
    """
    from datetime import date

    from synth.admission import admit as move

    project = move(folder, signed_by, to, date.today())
    typer.echo(project)
    typer.echo(f"next: pip install {project}; then synth generate --family {project.name} works")


def _family(which: str) -> Family:
    """Return an installed family by its name, or the one in a folder."""
    from synth.errors import UserError, did_you_mean
    from synth.family.folder import family_at
    from synth.family.registry import families

    if which in families():
        return families()[which]
    if not Path(which).exists():
        raise UserError(f"no family and no folder is called {which!r}; {did_you_mean(which, families())}")
    return family_at(Path(which))


def _told(found: Iterable[Finding]) -> str:
    broken = [each.law for each in found if each.broken]
    return f"broken: {'; '.join(broken)}" if broken else "all laws hold"


def _print_one(name: str, found: Iterable[Finding]) -> None:
    """Print each law with its figure, then what broke with the smallest example and the likely cause."""
    from synth.cli.show import console, print_grid

    found = list(found)
    print_grid(console(), name, ("law", "figure", "verdict"), [(each.law, each.figure, each.verdict) for each in found])
    for line in _mistakes(found):
        typer.echo(line)
    typer.echo(f"{name}: {_told(found)}")


SIGNS = {"holds": "✓", "broken": "✗", "does not apply": "–", "told": "·"}


def _print_all(table: dict[str, list[Finding]]) -> None:
    """Print one row for each family with a sign for each law, the laws in order, then what broke."""
    from synth.cli.show import console, print_grid

    rows, laws = [], max((found for found in table.values()), key=len, default=[])
    for name, found in table.items():
        figures = {each.law: each.figure for each in found}
        verdicts = [each.verdict for each in found]
        counts = [verdicts.count(verdict) for verdict in ("holds", "does not apply", "broken")]
        speed = figures.get("speed", "–").partition(" ")[0]
        signs = "".join(SIGNS[verdict] for verdict in verdicts)
        rows.append((name, signs, *counts, _share(figures.get("every production matters", "")), speed))
    head = ("family", f"laws 1 to {len(laws)}", "hold", "do not apply", "broken", "mutation score", "rows/CPU-s")
    out = console()
    print_grid(out, f"{len(table)} families", head, rows)
    typer.echo("laws: " + " · ".join(f"{number} {each.law}" for number, each in enumerate(laws, 1)))
    typer.echo("✓ holds, ✗ broken, – does not apply (`synth family check NAME` says why), · told")
    for name, found in table.items():
        for line in _mistakes(found):
            typer.echo(f"{name}: {line}")
    wrong = [name for name, found in table.items() if any(each.broken for each in found)]
    typer.echo(f"broken: {', '.join(wrong)}" if wrong else f"all laws hold in {len(table)} families")


def _mistakes(found: Iterable[Finding]) -> Iterator[str]:
    for each in found:
        if (example := each.example) is not None:
            yield f"BROKEN {each.law}: expected {example.expected}, found {example.found}"
            yield from [f"    example: {example.text}"] if example.text else []
            yield f"    likely cause: {each.cause}"


def _share(figure: str) -> str:
    """Return the first share in a figure."""
    return next((word.rstrip(",;") for word in figure.split() if "%" in word), "–")
