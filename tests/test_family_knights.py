"""Knights and knaves: an oracle reads the formal text by itself and tries every assignment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import product

import pytest

from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.records import Candidate, Record, Rejection, Step
from synth.testing import check_family

NAME = "knights"


PART = r"([A-Z]\w+ kn\w+|[A-Z]\w+ and [A-Z]\w+ (?:same|different)|(?:exactly|at least|at most) \d+ knights)"


def true(claim: str, knights: Mapping[str, bool]) -> bool:
    """Read one claim of the formal language, by hand."""
    if found := re.fullmatch(rf"(either|both|if) {PART} (or|and|then) {PART}", claim):
        a, b = true(found[2], knights), true(found[4], knights)
        return {"either": a or b, "both": a and b, "if": not a or b}[found[1]]
    if found := re.fullmatch(r"(\w+) and (\w+) (same|different)", claim):
        return (knights[found[1]] == knights[found[2]]) is (found[3] == "same")
    if found := re.fullmatch(r"(exactly|at least|at most) (\d+) knights", claim):
        count, n = sum(knights.values()), int(found[2])
        return {"exactly": count == n, "at least": count >= n, "at most": count <= n}[found[1]]
    who, role = claim.split()
    return knights[who] is (role == "knight")


def solutions(formal: str) -> list[dict[str, bool]]:
    found = re.fullmatch(r"people ([^:]+): (.+)", formal)
    assert found
    people = found[1].split(", ")
    said = [re.fullmatch(r"(\w+) says ?\((.+)\)", text) for text in found[2].split("; ")]
    worlds = [dict(zip(people, values, strict=True)) for values in product((False, True), repeat=len(people))]
    return [world for world in worlds if all(each and true(each[2], world) is world[each[1]] for each in said)]


def stated(answer: str) -> dict[str, bool]:
    return {who: role == "knight" for who, role in (each.split() for each in answer.split(", "))}


def test_the_laws_of_a_family_hold() -> None:
    assert list(check_family(families()[NAME], samples=15, levels=[2, 3, 4, 5])) == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_answer_is_the_one_assignment_that_fits(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 40)
    assert len(records) >= 38
    for record in records:
        assert solutions(record.formal) == [stated(record.formal_answer)], record.formal


def test_every_step_is_a_part_of_the_answer(draw: Callable[..., list[Record]]) -> None:
    for record in draw(NAME, 3, 40):
        answer = stated(record.formal_answer)
        found = [stated(step.formal) for step in record.steps]
        assert len(record.steps) == len(answer)
        assert {who: role for step in found for who, role in step.items()} == answer


def test_turning_one_person_round_is_refused(draw: Callable[..., list[Record]]) -> None:
    for record in draw(NAME, 3, 40)[:20]:
        for i in range(4):
            roles = record.formal_answer.split(", ")
            who, role = roles[i].split()
            roles[i] = f"{who} {'knave' if role == 'knight' else 'knight'}"
            wrong = ", ".join(roles)
            candidate = Candidate(record.source, record.formal, wrong, (Step("s0", wrong, (), "answer"),))
            assert isinstance(judge(families()[NAME], candidate, Setting()), Rejection)


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 3, 40)[:8]) == []
