"""Score an answer to a row: 1 if it satisfies the claims that the row's kind requires, else 0. Total and safe.

Where the row proved a solution unique, an answer that satisfies the clauses is that solution; where many objects are
right, any that satisfies the claims scores, also one that differs from the stored answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from synth.family import FORMAL, Family
from synth.grammar.pattern import all_texts
from synth.judge.extract import answers
from synth_kernel.claims import Theory
from synth_kernel.evaluate import Undecided, Undefined
from synth_kernel.kinds import required
from synth_kernel.meaning import Reading
from synth_kernel.recheck import recheck
from synth_kernel.terms import Term, read, size, write

MAX_POWER = 256  # highest product of nested exponents that is multiplied out
MAX_SIZE = 200  # nodes of an answer, beside four times those of the stored one
# those that need no certificate
BODIES = {"model": ("evaluation",), "entails": ("roots", "exhaustive"), "identity": ("normal-form",)}


@dataclass(frozen=True)
class Score:
    """1 or 0, and why."""

    score: int
    reason: str


def score(family: Family, answer: object, row: Mapping[str, Any]) -> Score:
    """Score a text against a row of this family; never raises, whatever the text.

    Costs one parse of the answer and, for an answer other than the stored one, the claims about it.
    """
    if not isinstance(answer, str):
        return Score(0, f"an answer is a text, not {type(answer).__name__}")
    try:
        reading, stored = _reading(family, row["formal"], row["formal_answer"])
    except ValueError as error:
        return Score(0, f"the row cannot be read: {error}")
    reason = "no answer found in the text"
    for text in answers(answer):
        term = _read(family, row["language"], text, reading)
        if term is None:
            reason = "the answer is not in the language of answers"
            continue
        return _judged(reading.theory, term, stored)
    return Score(0, reason)


@lru_cache(maxsize=1024)
def _reading(family: Family, formal: str, formal_answer: str) -> tuple[Reading, Term]:
    reading = family.meaning.problem(family.formal.read(formal, "problem"))
    return reading, reading.answer(family.formal.read(formal_answer, "solution"))


def _read(family: Family, language: str, text: str, reading: Reading) -> Term | None:
    names = _names(family)
    recased = _WORD.sub(lambda match: names.get(match[0].lower(), match[0]), text)
    for spelling in dict.fromkeys((text, recased)):
        for name in dict.fromkeys((language, FORMAL)):
            with suppress(ValueError):
                return reading.answer(family.language(name).read(spelling, "solution"))
    return None


_WORD = re.compile(r"[A-Za-z]+")


@cache
def _names(family: Family) -> dict[str, str]:
    """Return the names that the terminals of a family enumerate, by their lower case."""
    words = [text for terminal in family.formal.grammar.terminals for text in all_texts(terminal.tree) or ()]
    return {word.lower(): word for word in words if word.isalpha()}


def _judged(theory: Theory, answer: Term, stored: Term) -> Score:
    if write(answer) == write(stored):
        return Score(1, "the stored answer")
    if theory.kind in ("decide", "count"):
        return Score(0, "another answer was proved")
    if _enclosed(answer) > _enclosed(stored):
        return Score(0, "an interval where an exact value is asked for")
    try:
        answer = read(write(answer))  # depth and digits are checked
        wanted, known = required(theory, answer), required(theory, stored)
    except (ValueError, Undefined, Undecided):
        return Score(0, "no answer to this kind of question")
    if _power(answer) > MAX_POWER or size(answer) > MAX_SIZE + 4 * size(stored):
        return Score(0, "the answer is too large to be checked")
    for claim in wanted:
        if claim in known or claim.role in ("well_defined", "unique"):
            continue  # proved with the row; unique: whatever satisfies the clauses is the solution
        if claim.role == "optimal":
            return Score(0, "a better one is known")
        match theory.ask:
            case ("compute", ("I", _, _, _, _)):
                claim = replace(claim, goal=("identity", stored, answer))  # an area: equal to the one that was proved
        if not any(recheck(theory, claim, {"v": 1, "body": body}) for body in BODIES[claim.form]):
            return Score(0, f"not shown to be {claim.role}")
    return Score(1, "satisfies the claims")


def _enclosed(answer: Term) -> int:
    """Count the numbers that an answer gives as the root inside an interval."""
    if not isinstance(answer, tuple):
        return 0
    return (answer[0] == "root") + sum(map(_enclosed, answer[1:]))


def _power(term: Term) -> int:
    """Return the highest product of nested exponents: how far multiplying out may swell the term."""
    if not isinstance(term, tuple):
        return 1
    inside = max(map(_power, term[1:]), default=1)
    return inside * max(1, abs(term[2])) if term[0] == "^" and isinstance(term[2], int) else inside
