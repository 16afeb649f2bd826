"""What is put to a model, for each of its roles.

The bare text is what the bundled proposer was trained to continue; messages say the same to a chat model.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import synth
from synth.family import Family
from synth.grammar.decode import gbnf_text, lark_text
from synth.propose import trace
from synth.propose.ask import Ask, Language
from synth.propose.sampler import propose
from synth.records import Candidate, Source

EXAMPLES = 2  # seed problems shown to a model that composes one

_SYSTEM = "You write formal texts exactly in the language that is asked for, and nothing else: no words around them."


def solve(family: Family, formal: str, written: str = "") -> Ask:
    """Ask for a solution of a problem, steps and answer; `written` is the part of it that stands already.

    >>> from synth.family.registry import families
    >>> solve(families()["linear_system"], "solve x, y: x + y = 3; x - y = 1").text
    'solve linear_system\\nsolve x, y: x + y = 3; x - y = 1\\n'
    """
    formal = trace.canonical(family, formal, "problem")
    said = family.language(family.usual_language).render(family.formal.read(formal, "problem"), "problem")
    shown = _worked(family)
    user = (
        f"Solve a problem of the family {family.name}: {family.summary}.\n\n"
        f"{_how(family)}\n\n{shown}The problem in words: {said}\nThe problem: {formal}"
    )
    return Ask(
        "solve", family.name, f"solve {family.name}\n{formal}\n", _messages(user), trace.language(family), written
    )


def pose(family: Family, level: int, wanted: Sequence[str]) -> Ask:
    """Ask for a problem of a level that has the wanted features, two or three of them.

    >>> from synth.family.registry import families
    >>> pose(families()["knights"], 1, ["implies", "same"]).text
    'pose knights 1: implies, same\\n'
    """
    examples = "".join(f"Example: {text}\n" for text in seeds(family.name, level)[:EXAMPLES])
    user = (
        f"Compose a new problem of the family {family.name}: {family.summary}. It has exactly one right answer. "
        f"Difficulty: level {level} of {max(family.levels)}. It must use: {', '.join(wanted) or 'anything'}.\n\n"
        f"{examples}Write the problem alone."
    )
    text = f"pose {family.name} {level}: {', '.join(wanted)}\n"
    return Ask("pose", family.name, text, _messages(user), problems(family))


@cache
def problems(family: Family) -> Language:
    """Return the language of problems of a family, bounded in depth."""
    texts = [text(family.formal.grammar, "problem", trace.DEPTH) for text in (lark_text, gbnf_text)]
    return Language(f"{family.name} problems", *texts)


def seeds(family: str, level: int) -> list[str]:
    """Return the problems composed by hand for a family, those of the nearest levels first; none if there are none."""
    file = _seeds() / f"{family}.jsonl"
    if not file.is_file():
        return []
    found = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [row["formal"] for row in sorted(found, key=lambda row: abs(row["level"] - level))]


def _seeds() -> Traversable:
    """Return the folder of seed problems: inside the installed package, or in the source tree."""
    inside = resources.files(synth) / "seeds"
    return inside if inside.is_dir() else Path(synth.__file__).parents[1] / "corpora" / "seeds"


def _how(family: Family) -> str:
    if not family.method:
        return "Write one line, `answer: ` and the answer in the formal language of the example."
    return (
        "Write the solution as lines. Each step is a line `ID PARENTS RULE: FACT`: the ids are s0, s1, …; the parents "
        "are the ids of what the fact follows from (c0, c1, … for the clauses of the problem in order, or earlier "
        "steps); the rule is its name in a few words. The last line is `answer: ` and the answer."
    )


@cache
def _worked(family: Family) -> str:
    """Return a solved problem of the lowest level as an example."""
    for index in range(8):
        candidate = propose(family, Source(family.name, min(family.levels), 0, index))
        if isinstance(candidate, Candidate):
            problem = trace.canonical(family, candidate.formal, "problem")
            return f"Example problem: {problem}\nIts solution:\n{trace.write(family, candidate)}\n\n"
    return ""


def _messages(user: str) -> tuple[dict[str, str], ...]:
    return {"role": "system", "content": _SYSTEM}, {"role": "user", "content": user}
