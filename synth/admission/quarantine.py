"""Quarantine: each reply of a model in a folder of its own, booked before it is judged, with a report for a person.

    quarantine/9f2c41d07a3b/reply.txt        what the model wrote, whole
                           /booked.json      who wrote it, asked for what
                           /family/NAME/     its four files, if they may be looked at
                           /report.json      the verdict, every law, the files' hashes
                           /report.md        the same to read and sign

Nothing leaves quarantine but by `synth.admission.sign.admit`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from synth.admission.ask import ask_for_family, example_files
from synth.admission.files import Refused, files_of, inspect, name_of
from synth.admission.isolated import Found, Limits, check_isolated
from synth.admission.novelty import Signature, signature
from synth.admission.report import markdown
from synth.errors import UserError
from synth.family import Family
from synth.grammar.syntax import Syntax
from synth.propose.ask import Draw, Model

SAMPLES = 12
PASSED, REFUSED = "passed", "refused"


@dataclass(frozen=True)
class Entry:
    """A judged reply: its folder, the verdict (`passed` or `refused`) and why it was refused."""

    folder: Path
    verdict: str
    reasons: tuple[str, ...]


def propose_family(
    model: Model,
    where: Path,
    known: Mapping[str, Family],
    wish: str = "",
    draw: Draw | None = None,
    samples: int = SAMPLES,
    limits: Limits | None = None,
) -> Iterator[Entry]:
    """Ask a model for families, book each reply, then judge it; `wish` says in words what the domain should be.

    Raise `UserError` where the model cannot be asked. Costs what the model costs, and a check of each reply.
    """
    refuse_bundled(model.name)
    draw = draw or Draw(max_tokens=6000, constrained=False)
    ask = ask_for_family(wish, sorted(known))
    (replies,) = model.propose([ask], draw)
    given = [reply.text for reply in replies if not reply.failure]
    if not given:
        raise UserError(f"{model.name} gave no reply: {replies[0].failure[:200] if replies else 'none came back'}")
    for folder in [book(text, where, model.name, wish) for text in given]:
        yield judge_booked(folder, known, samples, limits or Limits())


def refuse_bundled(model: str) -> None:
    """Raise `UserError` for the model that never saw a family being written."""
    if model == "bundled":
        raise UserError(
            "the bundled model solves and poses problems; it cannot write a family. Use --model openai:URL#MODEL"
        )


def judge_reply(
    reply: str, where: Path, model: str, known: Mapping[str, Family], samples: int = SAMPLES,
    limits: Limits | None = None,
) -> Entry:  # fmt: skip
    """Book a reply that a model gave elsewhere, and judge it; never raises for what stands in it."""
    return judge_booked(book(reply, where, model, ""), known, samples, limits or Limits())


def book(reply: str, where: Path, model: str, wish: str) -> Path:
    """Write a reply down as it came and return the folder of its entry; the same reply has the same folder."""
    text = reply.encode("utf-8", "surrogatepass")
    folder = where / sha256(model.encode() + b"\0" + text).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reply.txt").write_bytes(text)
    facts = {"v": 1, "model": model, "wish": wish, "reply": sha256(text).hexdigest()}
    (folder / "booked.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return folder


def judge_booked(folder: Path, known: Mapping[str, Family], samples: int, limits: Limits) -> Entry:
    """Judge a booked reply: its files, every law in a process of its own, and whether it is new; write the report."""
    booked = json.loads((folder / "booked.json").read_text("utf-8"))
    reply = (folder / "reply.txt").read_bytes().decode("utf-8", "surrogatepass")
    name, found, files = "", Found(), dict[str, str]()
    try:
        files = files_of(reply)
        inspect(files)
        name = name_of(files)
        if name in known or find_spec(name) is not None:
            raise Refused(f"a family or a module called {name!r} is installed; the family needs another name")
        own = folder / "family" / name
        own.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (own / file).write_text(text, encoding="utf-8")
        found = check_isolated(own, samples, limits, signatures(known))
        reasons = tuple(_reasons(found))
    except Refused as error:
        reasons = (str(error),)
    report: dict[str, Any] = {
        "v": 1,
        "verdict": REFUSED if reasons else PASSED,
        "reasons": list(reasons),
        "name": name,
        **{key: booked[key] for key in ("model", "wish", "reply")},
        "files": {file: sha256(text.encode()).hexdigest() for file, text in files.items()} if name else {},
        "samples": samples,
        "laws": found.laws,
        "nearest": {"family": found.nearest[0], "likeness": round(found.nearest[1], 3)},
        "problems": found.problems,
    }
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (folder / "report.md").write_text(markdown(report, files if name else {}), encoding="utf-8")
    return Entry(folder, report["verdict"], reasons)


def signatures(known: Mapping[str, Family]) -> dict[str, Signature]:
    """Return the signatures that a new family must differ from: of the known families, and of the prompt's example."""
    found = {name: signature(family.formal.grammar, family.meaning_table) for name, family in known.items()}
    example = example_files()
    grammar = Syntax.load(example["grammar.lark"], "the example of the prompt").grammar
    return found | {"the example of the prompt": signature(grammar, tomllib.loads(example["meaning.toml"]))}


def _reasons(found: Found) -> Iterator[str]:
    if found.refused:
        yield found.refused
    for law in found.laws:
        if law["verdict"] == "broken":
            yield f"broken law: {law['law']}: {law.get('found', '')}"
    if found.ended:
        yield f"the check did not end well: {found.ended}"
