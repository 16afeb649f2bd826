"""countdown against Python's own parser and a search of our own."""

from __future__ import annotations

import ast
import re
from collections import Counter
from fractions import Fraction
from itertools import combinations
from random import Random

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Source
from synth.testing import check_family
from synth_solvers.countdown import reach

FAMILY = families()["countdown"]
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def read(formal: str) -> tuple[list[int], set[str], int]:
    found = re.fullmatch(r"with ([\d, ]+) and ([-+*/, ]+) make (\d+)", formal)
    assert found is not None
    return [int(n) for n in found[1].split(", ")], set(found[2].split(", ")), int(found[3])


def value(node: ast.expr, numbers: list[int], signs: set[str]) -> Fraction:
    """Evaluate Python's tree of an expression, noting its numbers and operators."""
    match node:
        case ast.Constant(value=int(n)):
            numbers.append(n)
            return Fraction(n)
        case ast.BinOp(left=left, op=operator, right=right):
            a, b = value(left, numbers, signs), value(right, numbers, signs)
            sign = SIGNS[type(operator)]
            signs.add(sign)
            return a + b if sign == "+" else a - b if sign == "-" else a * b if sign == "*" else a / b
    raise AssertionError(ast.dump(node))


def records(level: int, count: int) -> list[Record]:
    made = [Domain(FAMILY).make(level, 5, index) for index in range(count)]
    return [record for record in made if isinstance(record, Record)]


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_answer_has_the_value_and_uses_what_is_given(level: int) -> None:
    for record in records(level, 40):
        given, allowed, target = read(record.formal)
        numbers: list[int] = []
        signs: set[str] = set()
        assert value(ast.parse(record.answer, mode="eval").body, numbers, signs) == target
        assert Counter(numbers) <= Counter(given) and signs <= allowed
        assert str(target) in record.question and all(str(number) in record.question for number in given)


def reachable(numbers: tuple[Fraction, ...]) -> set[Fraction]:
    """Every value that some of the numbers make, by replacing two of them by what one operation makes of them."""
    found = set(numbers)
    for i, j in combinations(range(len(numbers)), 2):
        rest = [number for place, number in enumerate(numbers) if place not in (i, j)]
        a, b = numbers[i], numbers[j]
        for made in [a + b, a - b, b - a, a * b, *([a / b] if b else []), *([b / a] if a else [])]:
            found |= reachable((*rest, made))
    return found


def test_the_search_finds_exactly_what_can_be_reached() -> None:
    for seed in range(6):
        rng = Random(seed)
        numbers = [rng.randint(1, 9) for _ in range(4)]
        possible = reachable(tuple(map(Fraction, numbers)))
        for target in range(1, 100):
            assert (reach(numbers, target) is not None) == (target in possible), (numbers, target)


def test_the_search_respects_the_operators() -> None:
    assert reach([2, 3, 5], 30, ["+", "-"]) is None
    assert reach([2, 3, 5], 10, ["+", "-"]) is not None


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("(25 - 3) * 4", 1),
        ("4 * (25 - 3)", 1),
        ("25 * 4 - 3 * 4", 0),  # 4 is given once
        ("100 - 12", 0),  # not given
        ("88", 0),
        ("3 * 25 + 4 + 9", 0),
        ("4 * 25 - 3", 0),  # another value
        ("(25 + -3) * 4", 0),  # no such notation
        ("(25 - 3) * (4 / (3 - 3))", 0),  # no value
    ],
)
def test_only_an_expression_over_the_numbers_scores(answer: str, score: int) -> None:
    candidate = solve(FAMILY, Candidate(Source("countdown", 1, 0, 0), "with 25, 3, 4 and +, -, *, / make 88"))
    assert isinstance(candidate, Candidate)
    record = judge(FAMILY, candidate, Setting())
    assert isinstance(record, Record), record
    assert Domain(FAMILY).score(answer, row_of(record)).score == score


def test_an_operation_that_is_not_listed_is_refused() -> None:
    candidate = solve(FAMILY, Candidate(Source("countdown", 1, 0, 0), "with 2, 3, 6 and +, - make 5"))
    assert isinstance(candidate, Candidate)
    record = judge(FAMILY, candidate, Setting())
    assert isinstance(record, Record), record
    assert [Domain(FAMILY).score(answer, row_of(record)).score for answer in ("2 + 3", "6 - 3 + 2", "2 * 6 - 3")] == [
        1,
        1,
        0,
    ]


def test_level_5_gives_six_numbers() -> None:
    assert all(len(read(record.formal)[0]) == 6 for record in records(5, 20))


def test_the_family_keeps_the_laws() -> None:
    assert [str(broken) for broken in check_family(FAMILY, samples=40)] == []
