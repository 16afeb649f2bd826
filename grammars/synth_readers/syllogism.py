"""Syllogisms. Whether a group may be empty is not said, so each is read twice: with and without existential import."""

from __future__ import annotations

import re

from synth.audit.reader import Asked, Formal, Is, NotRead, Reader, Row
from synth_readers._words import matched

_QUESTION = (
    r"Consider these statements:\n1\. (?P<first>[A-Za-z ]+)\n2\. (?P<second>[A-Za-z ]+)\n\n"
    r"Does it logically follow that:\n(?P<claim>[A-Za-z ]+)\?\n\(Answer Yes or No\)"
)
_STATEMENT = r"(?:All ([a-z]+) are|No ([a-z]+) are|Some ([a-z]+) are not|Some ([a-z]+) are) ([a-z]+)"
_FORMAL = ("all {} are {}", "no {} are {}", "some {} are not {}", "some {} are {}")
_GROUPS = ("actors", "bakers", "cooks", "divers", "farmers", "golfers")  # stand for the groups, in order
CONVENTIONS = {"any may be empty": "where groups may be empty", "none is empty": "where no group is empty"}


def read(row: Row) -> list[Asked]:
    """The groups are renamed, which changes nothing: a syllogism holds for whatever its words mean."""
    found = matched(_QUESTION, row.question)
    answer = {"Yes": "yes", "No": "no"}.get(row.label())
    if answer is None:
        raise NotRead("an answer other than Yes or No")
    names: dict[str, str] = {}
    first, second, claim = (_statement(found[part], names) for part in ("first", "second", "claim"))
    if len(names) < 2:
        raise NotRead("statements about one group")
    groups = ", ".join(names.values())
    return [
        Asked(Formal("syllogism", f"groups {groups}; {said}. given: {first}; {second}. follows: {claim}"),
              Is(answer), convention)
        for said, convention in CONVENTIONS.items()
    ]  # fmt: skip


def _statement(text: str, names: dict[str, str]) -> str:
    found = re.fullmatch(_STATEMENT, text)
    if found is None:
        raise NotRead("a statement of another form than All, No, Some, Some … not")
    form = next(number for number in range(4) if found[number + 1])
    words = found[form + 1], found[5]
    for word in words:
        names.setdefault(word, _GROUPS[len(names) % len(_GROUPS)])
    return _FORMAL[form].format(*[names[word] for word in words])


READER = Reader("syllogism", read, "syllogism")
