"""The reader of a family: questions in its own words, in any of its languages, and in its formal language."""

from __future__ import annotations

from contextlib import suppress

from synth.audit.reader import Asked, Formal, Is, NotRead, Reader, Row
from synth.family import FORMAL
from synth.family.registry import families
from synth.judge.extract import answers


def phrased(name: str) -> Reader:
    """Return the reader of an installed family.

    >>> (asked,) = phrased("countdown").read(Row("with 3, 5 and +, -, *, / make 8", "3+5"))
    >>> asked.problem.text, asked.label.value
    ('with 3, 5 and +, -, *, / make 8', '3 + 5')
    """
    return Reader(name, lambda row: _read(name, row), name)


def _read(name: str, row: Row) -> list[Asked]:
    family = families()[name]
    for language in [*family.languages, FORMAL]:
        syntax = family.language(language)
        try:
            formal = family.formal.render(syntax.read(row.question.strip(), "problem"), "problem")
        except ValueError:
            continue
        return [Asked(Formal(name, formal), Is(_solution(name, language, row.label())))]
    raise NotRead(f"not in the words of {name}")


def _solution(name: str, language: str, label: str) -> str:
    """Return the answer in the formal language; first the text as it stands, then what is likely meant."""
    family = families()[name]
    for text in (label, *answers(label)):
        for spoken in dict.fromkeys((language, FORMAL)):
            with suppress(ValueError):
                return family.formal.render(family.language(spoken).read(text, "solution"), "solution")
    raise NotRead("the answer is not in the language of answers")
