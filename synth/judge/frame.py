"""The words of a question around its clauses: controlled English with a hole for each clause."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from synth.family import Family
from synth.grammar.render import _SENTENCE, _TIGHT, _WORD, Choose, Renderer, _capital
from synth.judge.units import Problem, put
from synth.recheck.agreement import fill, hole, holes
from synth.records import Record
from synth_kernel.meaning import Tree

_BEGINS = re.compile(r"(?:^|[.?!][”’«‹)]? |[“»›])$")


@dataclass(frozen=True)
class Frame:
    """A question taken apart: `fill(text, was)` is the question, `was` the controlled words of each clause.

    `begins` says of each hole whether a sentence begins there.
    """

    text: str
    was: tuple[str, ...]
    begins: tuple[bool, ...]

    @property
    def separators(self) -> frozenset[str]:
        """The characters other than letters and spaces that stand between two clauses."""
        spans = list(holes(self.text))
        between = [self.text[end:start] for (_, end), (start, _) in pairwise(spans)]
        return frozenset(letter for text in between for letter in text if not (letter.isalnum() or letter.isspace()))


class _Clause(tuple[Any, ...]):
    """A subtree that is a clause, known by its number."""

    number: int


class _Framing(Renderer):
    """A renderer that leaves a hole for each clause and keeps the tokens that belong there.

    The clause is written all the same, so that the same choices of phrases are made as without holes.
    """

    def __init__(self, renderer: Renderer) -> None:
        super().__init__(renderer.grammar)
        self.tokens: dict[int, list[str]] = {}

    def _write(self, child: str | Tree, wanted: str, out: list[str], choose: Choose | None) -> None:
        start = len(out)
        super()._write(child, wanted, out, choose)
        if isinstance(child, _Clause):
            self.tokens[child.number] = out[start:]
            out[start:] = [hole(child.number)]


@cache
def _framing(family: Family, language: str) -> _Framing:
    return _Framing(family.language(language).renderer)


def framed(problem: Problem, record: Record) -> Frame | None:
    """Take the question of a record apart; None where these are not the words that the sampler chose for it.

    The words are chosen again from the record's source. Costs two renderings.
    """
    tree = problem.tree
    for number, unit in enumerate(problem.units):
        clause = _Clause(unit.tree)
        clause.number = number
        tree = put(tree, unit.place, clause)
    framing = _framing(problem.family, record.language)
    framing.tokens = {}
    text = framing.render(tree, "problem", record.source.random("words").randrange)
    if sorted(framing.tokens) != list(range(len(problem.units))):
        return None
    begins = tuple(_BEGINS.search(text[:start]) is not None for start, _ in holes(text))
    if len(begins) != len(problem.units):
        return None
    was = tuple(_text(framing.tokens[i], begin) for i, begin in enumerate(begins))
    frame = Frame(text, was, begins)
    try:
        return frame if fill(text, was) == record.question else None
    except ValueError:
        return None  # clauses in another order than in the tree


def _text(tokens: list[str], begins: bool) -> str:
    """Join the tokens of a clause; its first word has a capital only where a sentence begins."""
    before = "" if begins else ", "
    text = before + _TIGHT.sub("", " ".join(tokens))
    return (_SENTENCE.sub(_capital, text) if _WORD in text else text).removeprefix(before)
