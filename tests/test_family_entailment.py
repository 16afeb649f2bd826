"""Entailment: an oracle reads the formal text by itself and tries every world."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product
from random import Random
from typing import Any

import pytest

from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.records import Candidate, Record, Rejection, Step
from synth.testing import check_family
from synth_kernel.evaluate import holds
from synth_kernel.exhaustive import all_worlds, finite, truth
from synth_kernel.terms import Term
from synth_solvers.worlds import Worlds

NAME = "entailment"
World = dict[tuple[str, str], Any]


def worlds(people: list[str], traits: list[str], colours: list[str]) -> Iterator[World]:
    keys = [(who, trait) for who in people for trait in traits] + [(who, "hat") for who in people if colours]
    for values in product(*[colours if what == "hat" else (False, True) for _, what in keys]):
        yield dict(zip(keys, values, strict=True))


def fact(text: str, world: World) -> bool:
    who, verb, *rest = text.split()
    value = world[who, "hat"] == rest[-1] if verb == "wears" else world[who, rest[-1]]
    return bool(value) is not (rest[0] == "not")


def of_kind(text: str, who: str, world: World) -> bool:
    words = text.split()
    value = world[who, "hat"] == words[-1] if "in" in words else world[who, words[-1]]
    return bool(value) is not (words[0] == "not")


def true(text: str, world: World) -> bool:
    """Read one statement of the formal language, by hand."""
    people = {who: None for who, _ in world}
    count = lambda kind: sum(of_kind(kind, who, world) for who in people)  # noqa: E731
    if found := re.fullmatch(r"if (.+) then (.+)", text):
        return not fact(found[1], world) or fact(found[2], world)
    if found := re.fullmatch(r"(all|no|some) (.+) are (.+)", text):
        both = [who for who in people if of_kind(found[2], who, world) and of_kind(found[3], who, world)]
        return {"all": len(both) == count(found[2]), "no": not both, "some": bool(both)}[found[1]]
    if found := re.fullmatch(r"(exactly|at least|at most) (\d+) (.+)", text):
        n = count(found[3])
        return {"exactly": n == int(found[2]), "at least": n >= int(found[2]), "at most": n <= int(found[2])}[found[1]]
    if found := re.fullmatch(r"more (.+) than (.+)", text):
        return count(found[1]) > count(found[2])
    if found := re.fullmatch(r"(\w+) (matches|differs) (\w+)", text):
        return (world[found[1], "hat"] == world[found[3], "hat"]) is (found[2] == "matches")
    if found := re.fullmatch(r"(.+) (iff|or|xor|nand|and) (.+)", text):
        a, b = fact(found[1], world), fact(found[3], world)
        return {"iff": a == b, "or": a or b, "xor": a != b, "nand": not (a and b), "and": a and b}[found[2]]
    return fact(text, world)


def verdict(formal: str) -> str:
    found = re.fullmatch(r"people ([^;]+); (?:traits ([^;]+); )?(?:hats ([^;]+); )?given: (.+)\. (\w+): (.+)", formal)
    assert found
    lists = [found[i].split(", ") if found[i] else [] for i in (1, 2, 3)]
    possible = [world for world in worlds(*lists) if all(true(premise, world) for premise in found[4].split("; "))]
    assert possible, "the premises contradict each other"
    answers = {true(found[6], world) for world in possible}
    if found[5] == "follows":
        return "yes" if answers == {True} else "no"
    return "unknown" if len(answers) == 2 else "true" if answers == {True} else "false"


def test_the_laws_of_a_family_hold() -> None:
    assert list(check_family(families()[NAME], samples=15)) == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_every_verdict_is_that_of_an_oracle_that_tries_every_world(
    level: int, draw: Callable[..., list[Record]]
) -> None:
    records = draw(NAME, level, 40)
    assert len(records) >= 38
    checked = 0
    for record in records:
        if sum(record.formal.count(word) for word in ("wears", " in ")) and level > 3:
            continue  # too many worlds for the oracle
        assert verdict(record.formal) == record.formal_answer, record.formal
        checked += 1
        if level > 3 and checked == 4:
            break
    assert checked >= 4


def test_every_other_verdict_is_refused(draw: Callable[..., list[Record]]) -> None:
    for record in draw(NAME, 2, 40):
        others = {"yes", "no"} if record.formal_answer in ("yes", "no") else {"true", "false", "unknown"}
        for wrong in others - {record.formal_answer}:
            candidate = Candidate(record.source, record.formal, wrong, (Step("s0", wrong, (), "answer"),))
            assert isinstance(judge(families()[NAME], candidate, Setting()), Rejection)


def test_verdicts_are_balanced_so_that_guessing_does_not_pay() -> None:
    family = families()[NAME]
    rng = Random(5)
    for level in (1, 3):
        drawn = [family.propose(family.levels[level], rng) for _ in range(300)]
        found = Counter(
            (family.formal.read(p.formal)[3][0], p.answer)
            for p in drawn
            if p is not None  # type: ignore[misc]
        )
        assert sum(found.values()) >= 285
        for mode, share in (("strong", 1 / 3), ("weak", 1 / 2)):
            counts = [n for (each, _), n in found.items() if each == mode]
            assert len(counts) == round(1 / share) and max(counts) < 1.5 * share * sum(counts)


def test_premises_matter_and_leave_something_open(draw: Callable[..., list[Record]]) -> None:
    for record in draw(NAME, 2, 40):
        head, _, tail = record.formal.partition("given: ")
        premises, _, question = tail.partition(". ")
        if record.formal_answer in ("true", "false", "yes"):
            for premise in premises.split("; "):
                assert verdict(f"{head}given: {premise}. {question}") in ("unknown", "no")


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 40)[:8]) == []


def random_statement(rng: Random, depth: int) -> Term:
    """Draw a statement over p, q (Boolean), c, d (colours) and n (a number)."""
    colour: Callable[[], Term] = lambda: rng.choice(("c", "d", "'red", "'blue"))  # noqa: E731
    if depth == 0:
        return rng.choice((
            "p", "q", "true", ("=", colour(), colour()), ("distinct", "c", colour()), ("<", "n", rng.randint(-1, 3)),
            ("=", "n", rng.randint(0, 2)), (">=", ("+", "n", ("count", "p", "q")), 2), ("distinct", "c", "d", "'red"),
            ("<", ("*", "n", 2), 3),
        ))  # fmt: skip
    inner = [random_statement(rng, depth - 1) for _ in range(3)]
    return rng.choice((
        ("not", inner[0]), ("and", *inner), ("or", *inner), ("=>", *inner[:2]), ("xor", *inner[:2]), ("=", *inner[:2]),
        ("ite", *inner), ("<=", ("count", *inner), rng.randint(0, 3)),
    ))  # fmt: skip


def test_the_worlds_of_mixed_domains_are_those_of_the_evaluator() -> None:
    declared: dict[str, Term] = {"p": "Bool", "c": ("enum", "'red", "'blue", "'green"), "n": ("range", 0, 2),
                                 "q": "Bool", "d": ("enum", "'red", "'green")}  # fmt: skip
    domains = [finite(sort) or () for sort in declared.values()]
    assignments = [dict(zip(declared, values[::-1], strict=True)) for values in product(*domains[::-1])]
    masks, full = all_worlds(declared)
    own = Worlds(declared)
    rng = Random(3)
    seen = 0
    for _ in range(1500):
        term = random_statement(rng, rng.randint(0, 2))
        wanted = sum(1 << i for i, values in enumerate(assignments) if holds(term, values))
        found = truth(term, masks, full)
        seen += found is not None
        assert found in (None, wanted), term
        if "ite" not in str(term):
            assert own.of(term) == wanted, term
    assert seen > 800
