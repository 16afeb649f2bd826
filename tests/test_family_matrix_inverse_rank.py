"""Inverses and ranks: an oracle reads the formal text by itself, multiplies, and eliminates."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from random import Random

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family
from synth_kernel.claims import Claim
from synth_kernel.meaning import Meaning
from synth_kernel.recheck import recheck

NAME = "matrix_inverse_rank"
FORMAL = "inverse [[1, 2], [3, 4]]"
Rows = list[list[Fraction]]


def matrix(text: str) -> Rows:
    return [
        [Fraction(entry) for entry in row.split(",")] for row in re.findall(r"\[([^\[\]]+)\]", text.replace(" ", ""))
    ]


def rank(rows: Rows) -> int:
    rows, found = [list(row) for row in rows], 0
    for column in range(len(rows[0])):
        pivot = next((row for row in rows[found:] if row[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows.insert(found, pivot)
        for row in rows[found + 1 :]:
            factor = row[column] / pivot[column]
            row[:] = [a - factor * b for a, b in zip(row, pivot, strict=True)]
        found += 1
    return found


def right(formal: str, answer: str) -> bool:
    asked, _, text = formal.partition(" ")
    rows = matrix(text)
    if asked == "rank":
        return answer.isdecimal() and int(answer) == rank(rows)
    other = matrix(answer)
    size = range(len(rows))
    if not [len(row) for row in other] == [len(row) for row in rows] == [len(rows)] * len(rows):
        return False
    return all(sum(rows[i][k] * other[k][j] for k in size) == (i == j) for i in size for j in size)


def judged(formal: str, answer: str) -> Record | Rejection:
    steps = (Step("s0", answer, (), "answer"),)
    return judge(families()[NAME], Candidate(Source(NAME, 1, 0, 0), formal, answer, steps), Setting())


def solved(formal: str) -> Record | Rejection:
    found = solve(families()[NAME], Candidate(Source(NAME, 1, 0, 0), formal))
    return found if isinstance(found, Rejection) else judge(families()[NAME], found, Setting())


def test_the_laws_of_a_family_hold() -> None:
    assert [str(broken) for broken in check_family(families()[NAME], samples=20, levels=[1, 2, 3])] == []
    assert [str(broken) for broken in check_family(families()[NAME], samples=8, levels=[4, 5])] == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_answer_is_the_inverse_or_the_rank(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 30)
    assert len(records) >= 29
    for record in records:
        assert right(record.formal, record.formal_answer), (record.formal, record.formal_answer)
    assert len({record.formal.split()[0] for record in records}) == 2
    assert len({record.formal_answer for record in records if record.formal.startswith("rank")}) >= 2


def test_each_step_is_an_equation_that_the_inverse_satisfies(draw: Callable[..., list[Record]]) -> None:
    for record in draw(NAME, 2, 30) + draw(NAME, 4, 30)[:8]:
        inverse = matrix(record.formal_answer)
        for step in record.steps:
            if record.formal.startswith("rank"):
                continue
            left, value = step.formal.replace(" ", "").split("=")
            terms = re.findall(r"([+-]?)(?:(\d+)\*)?b\((\d),(\d)\)", left)
            total = sum(int(sign + (f or "1")) * inverse[int(i) - 1][int(j) - 1] for sign, f, i, j in terms)
            assert terms and total == Fraction(value), step


def test_the_steps_of_a_rank_are_a_minor_that_is_not_zero_and_the_rank(draw: Callable[..., list[Record]]) -> None:
    for record in [record for record in draw(NAME, 4, 30) if record.formal.startswith("rank")]:
        rows = matrix(record.formal)
        first, last = record.steps
        found = re.fullmatch(r"(?:minor (.+) by (.+)|entry (.+), (.+)) is .+", first.formal)
        assert found
        chosen, columns = ([int(each) - 1 for each in text.split(", ")] for text in found.groups() if text)
        part = [[rows[i][j] for j in columns] for i in chosen]
        assert rank(part) == len(chosen) == len(columns) == rank(rows)
        assert last.formal == f"r = {rank(rows)}" and last.parents == ("c0", "s0")


@pytest.mark.parametrize("step", ["entry 1, 1 is 2", "minor 1, 2 by 1, 2 is 5", "minor 1, 2 by 2, 3 is -3", "r = 3"])
def test_a_false_step_of_a_rank_is_refused(step: str) -> None:
    formal = "rank [[1, 2, 3], [2, 4, 6], [1, 0, 1]]"  # rank 2; rows 1, 3 and columns 1, 2 give -2
    for text, holds in (("minor 1, 3 by 1, 2 is -2", True), (step, False)):
        steps = (Step("s0", text, ("c0",), "minor"), Step("s1", "r = 2", ("c0", "s0"), "no larger minor"))
        candidate = Candidate(Source(NAME, 1, 0, 0), formal, "2", steps)
        assert isinstance(judge(families()[NAME], candidate, Setting()), Record) is holds


@pytest.mark.parametrize(("formal", "answer", "fits"), [
    (FORMAL, "[[-2, 1], [3/2, -1/2]]", True), (FORMAL, "[[-4/2, 1], [6/4, -1/2]]", True),
    (FORMAL, "[[-2, 3/2], [1, -1/2]]", False), (FORMAL, "[[-2, 1]]", False), (FORMAL, "[[-2, 1], [3/2]]", False),
    (FORMAL, "[[-2, 1, 0], [3/2, -1/2, 0]]", False), (FORMAL, "2", False), (FORMAL, "[[1, 2], [3, 4]]", False),
    (FORMAL, "[[-2, 1], [3/2, -1/2], [0, 0]]", False), (FORMAL, "[[-2, 1], [3/0, -1/2]]", False),
    ("rank [[1, 2], [2, 4]]", "1", True), ("rank [[1, 2], [2, 4]]", "2", False), ("rank [[1, 2], [2, 4]]", "0", False),
    ("rank [[1, 2], [2, 4]]", "[[1, 2], [2, 4]]", False), ("rank [[1, 2], [2, 4]]", "7", False),
])  # fmt: skip
def test_only_the_inverse_and_only_the_rank_score(formal: str, answer: str, fits: bool) -> None:
    record = solved(formal)
    assert isinstance(record, Record)
    assert isinstance(judged(formal, answer), Record) is fits
    assert Domain(families()[NAME]).score(answer, row_of(record)).score == fits


@pytest.mark.parametrize("formal", [
    "inverse [[1, 2], [2, 4]]", "inverse [[1, 2, 3], [4, 5, 6]]", "inverse [[1], [3, 4]]",
    "inverse [[1, 0], [3, 4, 5]]", "inverse [[1, 2], [3, 4], [5, 6]]", "rank [[1, 2], [3]]", "rank [[1], [3, 4]]",
    "rank [[1, 2], [3, 4], [5, 6, 7]]",
    "rank [[1], [2], [3], [4]]", "inverse [[1/0, 1], [0, 1]]",
])  # fmt: skip
def test_what_has_no_inverse_and_ragged_rows_are_refused(formal: str) -> None:
    assert isinstance(solved(formal), Rejection)


def test_ranks_are_right_on_many_small_matrices() -> None:
    """Every matrix of two rows over -1, 0, 1, and random ones of three; wrong ranks are refused, too."""
    rng, family, seen = Random(7), families()[NAME], set()
    texts = [[list(row[:2]), list(row[2:])] for row in product((-1, 0, 1), repeat=4)]
    texts += [
        [[rng.randint(-1, 1) for _ in range(width)] for _ in range(3)] for width in (1, 2, 3, 4) for _ in range(15)
    ]
    for rows in texts:
        formal = f"rank {rows}"
        wanted = rank(matrix(formal.partition(" ")[2]))
        seen.add(wanted)
        theory = family.problem(formal)[1].theory
        for value in range(4):
            claim = Claim("unique", "entails", ("T",), ("=", "r", value))
            assert recheck(theory, claim, {"v": 1, "body": "exhaustive"}) is (value == wanted), formal
    assert seen == {0, 1, 2, 3}


def test_no_false_inverse_is_accepted_whichever_numbers_stand_in_it(draw: Callable[..., list[Record]]) -> None:
    """The certificate of a right claim shows none with another entry, and none from fewer equations."""
    for record in [record for record in draw(NAME, 2, 30) if record.formal.startswith("inverse")][:12]:
        theory = families()[NAME].problem(record.formal)[1].theory
        unique = record.evidence[1]
        assert recheck(theory, unique.claim, unique.certificate)
        equations = unique.claim.goal[1:]  # type: ignore[index]
        for i, (_, name, value) in enumerate(equations):
            for other in {value + 1, -value, 2 * value} - {value}:
                goal = ("and", *equations[:i], ("=", name, other), *equations[i + 1 :])
                assert not recheck(theory, Claim("unique", "entails", ("T",), goal), unique.certificate)
        for left_out in range(len(theory.clauses)):
            fewer = tuple(f"c{k}" for k in range(len(theory.clauses)) if k != left_out)
            assert not recheck(theory, Claim("unique", "entails", fewer, unique.claim.goal), unique.certificate)


@pytest.mark.parametrize(("alias", "old", "new"), [
    ("inverse(rows)", "(if (= i j) 1 0)", "(if (= i j) 1 1)"),
    ("inverse(rows)", "(* a (b k j))", "(* a (b j k))"),
    ("rank(few)", "(when (< i j)", "(when (< j i)"),  # the same minors with other signs: nothing changes
    ("rank(few)", "(when (< p q)", "(when (< q 0)"),
    ("rank(few)", "(- (* (item x i)", "(+ (* (item x i)"),
    ("three_rows(x, y, z)", "(+ (* a", "(- (* a"),
    ("two_rows(x, y)", "(list x y)", "(list x x)"),
    ("negative(n)", "(- n)", "n"),
])  # fmt: skip
def test_a_wrong_meaning_breaks_a_law(alias: str, old: str, new: str) -> None:
    original = families()[NAME]
    wrong = type(original)(NAME, original.folder)
    table = dict(original.meaning_table)
    assert old in table[alias]
    wrong.__dict__["meaning_table"] = table | {alias: table[alias].replace(old, new)}
    try:
        wrong.__dict__["meaning"] = Meaning(wrong.meaning_table)
    except ValueError:
        return
    formals = [
        "rank [[1, 2], [2, 4]]", "rank [[1, 2], [2, -4]]", "rank [[1, 2], [3, 5]]", "rank [[1, 2], [0, 0]]",
        "rank [[1, 2, 3], [4, 5, 6], [7, 8, 9]]", "rank [[1, 2, 3], [4, 5, 6], [7, 8, 1]]",
        "rank [[1, 2, 3], [2, 4, 6], [0, 0, 1]]", FORMAL, "inverse [[1, 2], [0, 1]]", "inverse [[2, 5], [-1, 3]]",
    ]  # fmt: skip
    answers = []
    for formal in formals:
        found = solve(wrong, Candidate(Source(NAME, 1, 0, 0), formal))
        answers.append(isinstance(found, Candidate) and right(formal, found.formal_answer or ""))
    assert all(answers) is ("(< j i)" in new)


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 30)[:8]) == []
