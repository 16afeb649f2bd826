"""First order: an oracle reads the formal text by itself and tries every interpretation over small universes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

import pytest

from synth.family import Family
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family
from synth_kernel.meaning import Meaning

NAME = "first_order"
HEAD = r"people ([^;]+); traits ([^;.]+)(?:; roles ([^.]+))?\. given: (.+)\. (decide|follows): (.+)"


@dataclass(frozen=True)
class World:
    """An interpretation: what each word says of the members 0, 1, …"""

    size: int
    who: dict[str, int]
    traits: dict[str, tuple[bool, ...]]
    roles: dict[str, tuple[bool, ...]]  # of a and b at place a * size + b

    def related(self, role: str, one: int, other: int) -> bool:
        return self.roles[role][one * self.size + other]

    def fits(self, kind: str, x: int) -> bool:
        """Whether "is KIND" is true of a member."""
        words = kind.split()
        if words[0] == "with":
            return self.related(words[1], self.who[words[2]], x)
        if words[0] == "not":
            return not self.fits(" ".join(words[1:]), x)
        return self.traits[words[0]][x] if len(words) == 1 else self.related(words[0], x, self.who[words[2]])

    def true(self, said: str) -> bool:
        """Read one statement of the formal language, by hand."""
        everyone = range(self.size)
        if found := re.fullmatch(r"if (.+) then (.+)", said):
            return self.true(found[2]) if self.true(found[1]) else True
        if " or " in said:
            return any(map(self.true, said.split(" or ")))
        if found := re.fullmatch(r"(mutual|chained) (\w+)", said):
            pairs = {(x, y) for x in everyone for y in everyone if self.related(found[2], x, y)}
            if found[1] == "mutual":
                return pairs == {(y, x) for x, y in pairs}
            return all((x, z) in pairs for x, y in pairs for again, z in pairs if again == y)
        if found := re.fullmatch(r"each (\w+) is (\w+)", said):
            return not any(self.roles[found[1]][place] > here for place, here in enumerate(self.roles[found[2]]))
        subject, kind = said.split(" is ")
        if subject in self.who:
            return self.fits(kind, self.who[subject])
        if subject in ("everybody", "somebody"):
            return (all if subject == "everybody" else any)(self.fits(kind, x) for x in everyone)
        word, first = subject.split(" ", 1)
        some = [x for x in everyone if self.fits(first, x)]
        if found := re.fullmatch(r"(\w+) of (every|any|no|some) (.+)", kind):
            others = [z for z in everyone if self.fits(found[3], z)]
            rows = [[self.related(found[1], x, z) for z in others] for x in some]
            if word == "every":
                return all(map(all, rows))
            if word == "no":
                return not any(map(any, rows))
            return any(all(row) if found[2] == "every" else any(row) == (found[2] == "some") for row in rows)
        both = [self.fits(kind, x) for x in some]
        return all(both) if word == "every" else any(both) == (word == "some")


def worlds(people: list[str], traits: list[str], roles: list[str], size: int) -> Iterator[World]:
    """Every interpretation over so many members, up to an exchange of members; people may be one and the same."""
    for places in product(range(size), repeat=len(people)):
        if any(place > max(places[:i], default=-1) + 1 for i, place in enumerate(places)):
            continue
        for sets in product(product((False, True), repeat=size), repeat=len(traits)):
            for relations in product(product((False, True), repeat=size * size), repeat=len(roles)):
                named = dict(zip(people, places, strict=True))
                yield World(size, named, dict(zip(traits, sets, strict=True)), dict(zip(roles, relations, strict=True)))


def values(formal: str, sizes: range) -> set[bool]:
    """Return the values of the claim in all interpretations of these sizes in which the premises are true."""
    found = re.fullmatch(HEAD, formal)
    assert found, formal
    people, traits, roles = [(found[i] or "").split(", ") if found[i] else [] for i in (1, 2, 3)]
    seen: set[bool] = set()
    for size in sizes:
        for world in worlds(people, traits, roles, size):
            if all(map(world.true, found[4].split("; "))):
                seen.add(world.true(found[6]))
                if len(seen) == 2:
                    return seen
    return seen


POSSIBLE = {"yes": {True}, "true": {True}, "false": {False}, "unknown": {True, False}}


def test_the_laws_of_a_family_hold() -> None:
    assert list(check_family(families()[NAME], samples=12, levels=[1, 2])) == []
    assert list(check_family(families()[NAME], samples=6, levels=[3, 4, 5])) == []


def test_every_verdict_without_roles_is_that_of_an_oracle_that_tries_every_small_world(
    draw: Callable[[str, int, int], list[Record]],
) -> None:
    """What is settled is so in all worlds; few claims are open only in worlds of more than three people."""
    larger = 0
    records = draw(NAME, 1, 25)
    assert len(records) >= 24
    for record in records:
        seen = values(record.formal, range(1, 4))
        if record.formal_answer == "no":
            larger += False not in seen
        else:
            assert seen <= POSSIBLE[record.formal_answer], record.formal
            larger += seen != POSSIBLE[record.formal_answer]
    assert larger <= 4


@pytest.mark.parametrize(("level", "count"), [(2, 10), (3, 6), (4, 2), (5, 1)])
def test_no_small_world_refutes_a_verdict(
    level: int, count: int, draw: Callable[[str, int, int], list[Record]]
) -> None:
    records = draw(NAME, level, 12)
    assert len(records) >= 11
    few = [record for record in records if not re.search(r"roles \w+,", record.formal)]  # two roles make many worlds
    for record in few[:count]:
        wanted = POSSIBLE.get(record.formal_answer, {True, False})
        assert values(record.formal, range(1, 3)) <= wanted, record.formal


def answered(formal: str, family: Family | None = None) -> str:
    """What the prover answers to a problem, judged; nothing where it has no answer."""
    family = family or families()[NAME]
    candidate = solve(family, Candidate(Source(NAME, 1, 0, 0), formal))
    if not isinstance(candidate, Candidate):
        return ""
    assert isinstance(judge(family, candidate, Setting()), Record)
    return str(candidate.formal_answer)


KNOWN = {  # premises and claim of each form, with the answer
    "Ann is shy; every shy is fan of Bob. decide: Ann is fan of Bob": "true",
    "everybody is shy; Bob is tall. decide: somebody is not shy": "false",
    "no shy is tall; Bob is tall. decide: Bob is shy": "false",
    "every shy is tall; every tall is shy. decide: some shy is tall": "unknown",  # there may be none
    "everybody is shy; everybody is tall. decide: some shy is tall": "true",  # there is at least one person
    "some shy is fan of every tall; Bob is tall. follows: some shy is fan of Bob": "yes",
    "some shy is fan of no tall; Bob is tall. follows: some shy is not fan of Bob": "yes",
    "some shy is fan of some tall; everybody is tall. follows: somebody is fan of Ann": "no",
    "no shy is fan of any tall; Bob is tall. follows: no shy is fan of Bob": "yes",
    "every shy is fan of every tall; Ann is shy. follows: every tall is with fan Ann": "yes",
    "Ann is fan of Bob; mutual fan. decide: Bob is fan of Ann": "true",
    "Ann is fan of Bob; mutual fan. decide: Ann is fan of Ann": "unknown",
    "Ann is fan of Bob; mutual fan; chained fan. decide: Ann is fan of Ann": "true",  # the three may be two
    "Ann is fan of Bob; each fan is critic. decide: Ann is not critic of Bob": "false",
    "Ann is shy or Bob is shy; Ann is not shy. follows: Bob is shy": "yes",
    "if Ann is shy then Bob is shy; Bob is shy. follows: Ann is shy": "no",
    "Ann is not shy; Bob is tall. follows: if Ann is shy then Bob is not tall": "yes",
}


def stated(text: str) -> str:
    """Put the people, traits and roles before a problem that is about some of them."""
    roles = ", ".join(role for role in ("fan", "critic") if role in text)
    return f"people Ann, Bob; traits shy, tall{'; roles ' * bool(roles)}{roles}. given: {text}"


@pytest.mark.parametrize("text", KNOWN)
def test_a_statement_of_each_form_means_what_it_says(text: str) -> None:
    formal = stated(text)
    assert answered(formal) == KNOWN[text]
    assert values(formal, range(1, 3)) <= POSSIBLE.get(KNOWN[text], {True, False})


@pytest.mark.parametrize(("alias", "template"), [
    ("every(first, second)", "(exists x (person) (=> (first first) (first second)))"),
    ("no_one(first, second)", "(not (forall x (person) (and (first first) (first second))))"),
    ("whose(role, who)", "(list (holds (in_role role) x who) (holds (in_role role) z who))"),
    ("not_being(trait)", "(list (holds (is trait) x) (not (holds (is trait) z)))"),
    ("all_to_all(first, role, second)",
     "(forall x (person) (=> (and (first first) (first second)) (holds (in_role role) x x)))"),
    ("some_to_none(first, role, second)",
     "(exists x (person) (not (exists z (person) (and (first first) (last second) (holds (in_role role) x z)))))"),
    ("mutual(role)", "(forall x (person) (=> (holds (in_role role) x x) (holds (in_role role) x x)))"),
    ("includes(role, other)",
     "(forall x (person) (forall z (person) (=> (holds (in_role other) x z) (holds (in_role role) x z))))"),
    ("implies(first, second)", "(=> second first)"),
    ("either(first, second)", "first"),
])  # fmt: skip
def test_a_wrong_meaning_gives_a_known_problem_another_answer(alias: str, template: str) -> None:
    original = families()[NAME]
    wrong = type(original)(NAME, original.folder)
    table = dict(original.meaning_table)
    assert alias in table and table[alias] != template
    wrong.__dict__["meaning"] = Meaning({**table, alias: template})
    assert any(answered(stated(text), wrong) != answer for text, answer in KNOWN.items())


def test_premises_that_contradict_each_other_prove_nothing() -> None:
    formal = stated("everybody is shy; somebody is not shy. follows: Ann is tall")
    for answer in ("yes", "no"):
        candidate = Candidate(Source(NAME, 1, 0, 0), formal, answer, (Step("s0", answer, (), "answer"),))
        assert isinstance(judge(families()[NAME], candidate, Setting()), Rejection)


@pytest.mark.parametrize("claim", ["some shy is fan of every tall", "some shy is fan of no tall"])
def test_a_claim_whose_negation_has_a_some_under_an_all_is_refused(claim: str) -> None:
    formal = stated(f"Ann is shy; Ann is tall. decide: {claim}")
    assert isinstance(solve(families()[NAME], Candidate(Source(NAME, 1, 0, 0), formal)), Rejection)


def test_every_other_verdict_is_refused(draw: Callable[[str, int, int], list[Record]]) -> None:
    for record in draw(NAME, 2, 12):
        others = {"yes", "no"} if record.formal_answer in ("yes", "no") else {"true", "false", "unknown"}
        for wrong in others - {record.formal_answer}:
            candidate = Candidate(record.source, record.formal, wrong, (Step("s0", wrong, (), "answer"),))
            assert isinstance(judge(families()[NAME], candidate, Setting()), Rejection)


def test_verdicts_are_balanced_so_that_guessing_does_not_pay() -> None:
    family = families()[NAME]
    rng = Random(5)
    drawn = [family.propose(family.levels[1], rng) for _ in range(100)]
    read = [(family.formal.read(p.formal), p.answer) for p in drawn if p is not None]
    assert len(read) >= 95
    for mode, count in (("strong", 3), ("weak", 2)):
        answers = Counter(answer for tree, answer in read if tree[3][0] == mode)
        assert len(answers) == count and max(answers.values()) < 1.4 * sum(answers.values()) / count


def test_a_swapped_field_is_noticed(
    draw: Callable[[str, int, int], list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 12)[:6]) == []
