"""linear_inequalities: an oracle reads the formal text by itself and eliminates unknowns after Fourier and Motzkin."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from random import Random

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family
from tests.fourier import Inequality, satisfiable

NAME = "linear_inequalities"
FAMILY = families()[NAME]
SETTING = Setting()


def side(text: str, names: list[str]) -> dict[str, Fraction]:
    """Read a sum term by term."""
    form = dict.fromkeys([*names, ""], Fraction(0))
    for sign, term in re.findall(r"([+-]?)([^+-]+)", text.replace(" ", "")):
        factor, _, name = term.rpartition("*") if term[-1].isalpha() else (term, "", "")
        form[name] += Fraction(sign + (factor or "1"))
    return form


def inequalities(text: str, names: list[str], denied: bool = False) -> list[list[Inequality]]:
    """A statement, or its denial, as alternatives of inequalities."""
    left, relation, right = re.split(r"(<=|>=|<|>|=)", text)
    one, other = side(left, names), side(right, names)
    rising = {key: one[key] - other[key] for key in one}
    falling = {key: -value for key, value in rising.items()}
    if relation == "=":
        return [[(rising, True)], [(falling, True)]] if denied else [[(rising, False), (falling, False)]]
    up = (relation[0] == ">") is not denied
    return [[(rising if up else falling, (len(relation) == 1) is not denied)]]


def verdict(formal: str) -> str:
    found = re.fullmatch(r"numbers ([^:]+) given: ([^.]+)\. (\w+): (.+)", formal)
    assert found
    names = found[1].split(", ")
    known = [each for premise in found[2].split("; ") for each in inequalities(premise, names)[0]]
    assert satisfiable(known, names), "the premises contradict each other"
    may_hold, may_fail = [
        any(satisfiable([*known, *choice], names) for choice in inequalities(found[4], names, denied))
        for denied in (False, True)
    ]
    if found[3] == "follows":
        return "no" if may_fail else "yes"
    return "unknown" if may_fail and may_hold else "true" if may_hold else "false"


def test_the_laws_of_a_family_hold() -> None:
    assert [str(broken) for broken in check_family(FAMILY, samples=20)] == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_every_verdict_is_that_of_elimination(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 20)
    assert len(records) == 20
    for record in records:
        assert verdict(record.formal) == record.formal_answer, record.formal


def test_every_other_verdict_is_refused(draw: Callable[..., list[Record]]) -> None:
    for record in draw(NAME, 2, 20):
        others = {"yes", "no"} if record.formal_answer in ("yes", "no") else {"true", "false", "unknown"}
        for wrong in others - {record.formal_answer}:
            candidate = Candidate(record.source, record.formal, wrong, (Step("s0", wrong, (), "answer"),))
            assert isinstance(judge(FAMILY, candidate, SETTING), Rejection)


def test_a_verdict_is_as_frequent_as_another_so_that_guessing_does_not_pay() -> None:
    rng = Random(6)
    drawn = [FAMILY.propose(FAMILY.levels[2], rng) for _ in range(150)]
    found = Counter(("decide" in proposal.formal, proposal.answer) for proposal in drawn if proposal)
    assert sum(found.values()) == 150 and len(found) == 5
    assert max(found.values()) < 55 and min(found.values()) > 12


def test_what_is_settled_needs_two_premises(draw: Callable[..., list[Record]]) -> None:
    for record in draw(NAME, 2, 20):
        head, _, tail = record.formal.partition("given: ")
        premises, _, question = tail.partition(". ")
        if record.formal_answer in ("true", "false", "yes"):
            for premise in premises.split("; "):
                assert verdict(f"{head}given: {premise}. {question}") in ("unknown", "no")


ABOUT = "numbers x, y given: x + y <= 10; x >= 4. "


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("follows: y <= 6", "yes"),
        ("follows: y < 6", "no"),  # the greatest value is taken
        ("decide: y <= 6", "true"),
        ("decide: y > 6", "false"),
        ("decide: y >= 6", "unknown"),
        ("decide: y < 6", "unknown"),
        ("follows: y = 6", "no"),
    ],
)
def test_a_bound_that_is_reached_is_told_from_one_that_is_not(question: str, answer: str) -> None:
    candidate = solve(FAMILY, Candidate(Source(NAME, 1, 0, 0), ABOUT + question))
    assert isinstance(candidate, Candidate) and candidate.formal_answer == answer
    record = judge(FAMILY, candidate, SETTING)
    assert isinstance(record, Record), record
    same = {"yes": "true", "no": "false"}
    for other in ("true", "false", "unknown"):
        assert Domain(FAMILY).score(other, row_of(record)).score == (other == same.get(answer, answer))


def test_premises_that_contradict_each_other_make_no_row() -> None:
    formal = "numbers x, y given: x < y; y < x. follows: x = 7"
    for answer in ("yes", "no"):
        assert isinstance(judge(FAMILY, Candidate(Source(NAME, 1, 0, 0), formal, answer), SETTING), Rejection)


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 20)[:8]) == []
