"""`synth graph why`: explain a row, kept, refused or retracted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from synth.cli.guard import guarded


@guarded
def why(
    name: Annotated[str, typer.Argument(metavar="ID", help="Id of a row, or family/level/index of a source.")],
    folder: Annotated[Path, typer.Option("--in", "-i", help="A run folder, an export or a file.")] = Path("corpus"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")] = False,
) -> None:
    """Say why a row is there, or not: its source, its claims and their proofs, its split, what resembles it.

    Example: synth graph why 41d4f31ad33de8afbb20b6f32a06e8eb --in corpus

    Example: synth graph why knights/1/4 --in corpus
    """
    from synth.run.explain import why as explained

    found = explained(folder, name)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for facts in found:
        for line in _refused(facts) if facts["state"] == "refused" else _row(facts):
            typer.echo(line)


def _refused(facts: Mapping[str, Any]) -> Iterator[str]:
    yield f"{facts['name']} was refused: {facts['stage']}: {facts['reason']}"
    same = f"row {facts['duplicate_of']} has the same problem" if facts["duplicate_of"] else facts["detail"]
    if found := facts["evidence"]:
        same = f"it is in line {found['line']} of {found['file']} (SHA-256 {found['sha256']})"
    yield from (f"  {name:<16}{text}" for name, text in _place(facts))
    for name, text in (
        ("why", same),
        ("found by", _layer(facts["evidence"])),
        ("counterexample", facts["counterexample"]),
        ("problem", facts["formal"]),
        ("answer", facts["formal_answer"]),
        ("written", facts["text"]),
    ):
        if text:
            yield f"  {name:<16}{text}"


def _layer(evidence: Mapping[str, Any]) -> str:
    """Say by what a problem was found in a benchmark."""
    if not evidence:
        return ""
    what = {"exact": "the hash of its text", "canonical": "its canonical key", "ngrams": "hashes of 13-grams"}
    share = f", {evidence['share']:.0%} of what the item has" if evidence["layer"] == "ngrams" else ""
    return f"{what[evidence['layer']]}: {', '.join(evidence['hashes'])}{share}"


def _place(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    model = f", model {facts['model']}" if facts["model"] else ""
    yield "proposed by", f"{facts['proposer']}{model}"
    yield "source", f"{facts['name']}, seed {facts['seed']}, round {facts['round']}"


def _row(facts: Mapping[str, Any]) -> Iterator[str]:
    yield f"{facts['id']} is {facts['state']}: {facts['family']}, level {facts['level']} ({facts['kind']})"
    lines = [*_place(facts), ("split", facts["split_because"])]
    lines += [("made of", name) for name in facts["made_of"]]
    for claim in facts["claims"]:
        again = ", proved again" if claim["proved_again"] else ""
        shown = ", ".join(claim["checkers"])
        lines.append(("claim", f"{claim['role']}: {claim['form']}, grade {claim['grade']}, by {shown}{again}"))
    for name, key in (
        ("same shape", "same_shape"),
        ("same problem", "same_problem"),
        ("equivalent", "equivalent"),
        ("made of it", "made_of_it"),
        ("refused for it", "duplicates"),
    ):
        if found := facts[key]["count"]:
            lines.append((name, f"{found:,}: {', '.join(facts[key]['some'])}"))
    lines += [("wording like", f"{near['id']} ({near['score']:.2f})") for near in facts["near_dup"]]
    for stone in facts["tombstones"]:
        said = f" ({stone['reason']})" if stone["reason"] else ""
        cause = "" if stone["cause"] == stone["of"] else f", {stone['cause']}"
        lines.append(("retracted", f"with {stone['of']}{said}, after {stone['after_rows']:,} rows of the run{cause}"))
    yield from (f"  {name:<16}{text}" for name, text in lines)
