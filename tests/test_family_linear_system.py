"""Linear systems: an oracle reads the formal text by itself, puts the answer in and computes a determinant."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

import pytest

from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.propose.sampler import propose
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family

NAME = "linear_system"
Equation = tuple[dict[str, int], Fraction]


def equation(text: str) -> Equation:
    left, right = text.replace(" ", "").split("=")
    factors: dict[str, int] = {}
    for sign, factor, name in re.findall(r"([+-]?)(?:(\d+)\*)?([a-z])", left):
        factors[name] = factors.get(name, 0) + int(sign + "1") * int(factor or 1)
    return factors, Fraction(right)


def rank(rows: list[list[Fraction]]) -> int:
    rows, found = [list(row) for row in rows], 0
    for column in range(len(rows[0])):
        pivot = next((row for row in rows[found:] if row[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows.insert(found, pivot)
        for i in range(found + 1, len(rows)):
            factor = rows[i][column] / pivot[column]
            rows[i] = [a - factor * b for a, b in zip(rows[i], pivot, strict=True)]
        found += 1
    return found


def right(formal: str, answer: str) -> bool:
    found = re.fullmatch(r"solve ([^:]+): (.+)", formal)
    assert found
    names, equations = found[1].split(", "), [equation(text) for text in found[2].split("; ")]
    values = {
        name: Fraction(value.replace(" ", "")) for name, value in (each.split(" = ") for each in answer.split(", "))
    }
    holds = all(sum(f * values[name] for name, f in factors.items()) == total for factors, total in equations)
    return holds and rank([[Fraction(factors.get(name, 0)) for name in names] for factors, _ in equations]) == len(
        names
    )


def test_the_laws_of_a_family_hold() -> None:
    assert list(check_family(families()[NAME], samples=20)) == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_answer_satisfies_the_equations_and_they_have_full_rank(
    level: int, draw: Callable[..., list[Record]]
) -> None:
    records = draw(NAME, level, 40)
    assert len(records) >= 38
    for record in records:
        assert right(record.formal, record.formal_answer), (record.formal, record.formal_answer)


def test_every_step_is_an_equation_that_the_answer_satisfies(draw: Callable[..., list[Record]]) -> None:
    for level in (2, 4):
        for record in draw(NAME, level, 40):
            pairs = (each.split(" = ") for each in record.formal_answer.split(", "))
            values = {name: Fraction(value.replace(" ", "")) for name, value in pairs}
            for step in record.steps:
                factors, total = equation(step.formal)
                assert sum(f * values[name] for name, f in factors.items()) == total, step


def test_a_wrong_answer_is_refused(draw: Callable[..., list[Record]]) -> None:
    for record in draw(NAME, 2, 40):
        name, value = record.formal_answer.split(", ")[0].split(" = ")
        wrong = record.formal_answer.replace(f"{name} = {value}", f"{name} = 1000", 1)
        candidate = Candidate(record.source, record.formal, wrong, (Step("s0", wrong, (), "answer"),))
        assert isinstance(judge(families()[NAME], candidate, Setting()), Rejection)


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 3, 40)[:8]) == []


def test_small_steps_do_one_thing_each_and_are_proved() -> None:
    family = families()[NAME]
    for level in family.levels:
        for index in range(12):
            fine = propose(family, Source(NAME, level, 4, index), small_steps=True)
            coarse = propose(family, Source(NAME, level, 4, index))
            assert isinstance(fine, Candidate) and isinstance(coarse, Candidate)
            assert fine.formal_answer == coarse.formal_answer
            assert isinstance(judge(family, fine, Setting()), Record), fine
            for step in fine.steps or ():
                parents = {"multiply": 1, "divide": 1, "add": 2, "subtract": 2}.get(step.rule, len(step.parents))
                assert len(step.parents) == parents and step.rule in (
                    "multiply",
                    "divide",
                    "add",
                    "subtract",
                    "substitute",
                )
