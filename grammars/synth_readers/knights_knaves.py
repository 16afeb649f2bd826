"""Knights and knaves whose statements are nested deeper than our family's, so the problem is stated here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from synth.audit.reader import Asked, Is, NotRead, Reader, Row
from synth_kernel.claims import Theory
from synth_kernel.terms import Term
from synth_readers._words import matched, whole

_QUESTION = (
    r"A very special island is inhabited only by (?P<knight>[a-z]+)s and (?P<knave>[a-z]+)s\. "
    r"(?P<Knight>[A-Z][a-z]*)s always tell the truth, and (?P<said>[a-z]+)s always lie\. "
    r"You meet (?P<n>[0-9]+) inhabitants: (?P<names>[A-Z][A-Za-z, ]*)\. (?P<statements>.*) "
    r"So who is (?P<a>an? [a-z]+) and who is (?P<b>an? [a-z]+)\? \(Format your answer like: \"(?P<form>[^\"]*)\"\)"
)
_SAYS = (
    "{name} said that {content}.", "{name} told you that {content}.", '{name} said, "{content}."',
    '{name} stated, "{content}".', 'According to {name}, "{content}".', 'In {name}\'s words: "{content}".',
    '{name} remarked, "{content}".', '"{content}," {name} declared.', '{name} was heard saying, "{content}".',
    "{name} expressed that {content}.", '"{content}" - {name}.', 'As {name} put it, "{content}".',
    '{name} asserted: "{content}".', '"{content}," {name} mentioned.', '{name} commented, "{content}".',
    'In a statement by {name}: "{content}".', '{name} noted, "{content}".', '"{content}," {name} claimed.',
)  # fmt: skip
_HOLES = {"{name}": r"(?P<name>[A-Z][a-z]+)", "{content}": r"(?P<content>[A-Za-z() ]+)"}
_SAYING = [
    re.compile("".join(_HOLES.get(part, re.escape(part)) for part in re.split(r"(\{\w+\})", said))) for said in _SAYS
]
MAX_PEOPLE, MAX_NESTING = 12, 20


def read(row: Row) -> list[Asked]:
    """Each inhabitant is a Boolean, true for who tells the truth; a statement is true if its speaker is."""
    found = matched(_QUESTION, row.question)
    roles = {found["a"]: True, found["b"]: False}
    names = found["names"].replace(", and ", ", ").split(", ")
    told = (found["Knight"].lower(), found["said"])
    if told != (found["knight"], found["knave"]) or [role.split()[1] for role in roles] != list(told):
        raise NotRead("two names for one kind of inhabitants")
    if len(set(names)) != whole(found["n"]) or len(names) != len(set(names)) or len(names) > MAX_PEOPLE:
        raise NotRead("not as many inhabitants as are met")
    forms = [f"{name} is a {told[0]}/{told[1]}" for name in names]
    if found["form"] != ", ".join(forms[:-1]) + f", and {forms[-1]}":
        raise NotRead("an answer is asked for in another form")
    people = {name: f"truthful.{name}" for name in names}
    clauses = tuple(_statements(found["statements"], people, roles))
    theory = Theory(tuple((each, "Bool") for each in people.values()), (), clauses, (), ("find", *people.values()))
    return [Asked(theory, Is(_label(row.label(), people, roles)))]


def _statements(text: str, people: Mapping[str, str], roles: Mapping[str, bool]) -> Sequence[Term]:
    """Read one statement after the other; at each place exactly one way of saying it may fit."""
    clauses: list[Term] = []
    place = 0
    while place < len(text):
        several = [found for pattern in _SAYING if (found := pattern.match(text, place))]
        if len(several) != 1:
            raise NotRead("a statement in other words than this reader knows")
        (found,) = several
        if found["name"] not in people:
            raise NotRead("a statement by somebody who was not met")
        clauses.append(("=", people[found["name"]], _Content(found["content"], people, roles).all()))
        place = found.end() + 1
        if place <= len(text) and text[place - 1] != " ":
            raise NotRead("a statement in other words than this reader knows")
    return clauses


class _Content:
    """What somebody says: parts in parentheses under one connective, so that no precedence has to be known."""

    def __init__(self, text: str, people: Mapping[str, str], roles: Mapping[str, bool]) -> None:
        self.words = re.findall(r"[A-Za-z]+|[()]", text)
        self.people, self.roles = people, roles
        self.place = 0

    def all(self) -> Term:
        term = self.claim(0)
        if self.place < len(self.words):
            raise NotRead("a statement in other words than this reader knows")
        return term

    def comes(self, words: str) -> bool:
        """Take these words if they come next."""
        wanted = words.split()
        if self.words[self.place : self.place + len(wanted)] != wanted:
            return False
        self.place += len(wanted)
        return True

    def claim(self, nesting: int) -> Term:
        if nesting > MAX_NESTING:
            raise NotRead("a statement that is nested too deep")
        if self.comes("it is not the case that ("):
            inside = self.claim(nesting + 1)
            self.must(")")
            return ("not", inside)
        if self.comes("if"):
            condition = self.part(nesting)
            self.must("then")
            return ("=>", condition, self.part(nesting))
        parts = [self.part(nesting)]
        if self.comes("if and only if"):
            return ("=", parts[0], self.part(nesting))
        for connective in ("and", "or"):
            while self.comes(connective):
                parts.append(self.part(nesting))
            if len(parts) > 1:
                return (connective, *parts)
        return parts[0]

    def part(self, nesting: int) -> Term:
        if self.comes("("):
            inside = self.claim(nesting + 1)
            self.must(")")
            return inside
        for name, unknown in self.people.items():
            for role, truthful in self.roles.items():
                if self.comes(f"{name} is {role}"):
                    return unknown if truthful else ("not", unknown)
        raise NotRead("a statement in other words than this reader knows")

    def must(self, words: str) -> None:
        if not self.comes(words):
            raise NotRead("a statement in other words than this reader knows")


def _label(text: str, people: Mapping[str, str], roles: Mapping[str, bool]) -> Term:
    said = dict[str, bool]()
    for part in text.removesuffix(".").replace(", and ", ", ").split(", "):
        name, _, role = part.partition(" is ")
        if name not in people or role not in roles or name in said:
            raise NotRead("an answer that does not name each inhabitant once with a role")
        said[name] = roles[role]
    if set(said) != set(people):
        raise NotRead("an answer that leaves somebody out")
    return ("model", *[("=", people[name], "true" if said[name] else "false") for name in people])


READER = Reader("knights_knaves", read, "knights")
