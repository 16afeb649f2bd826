"""Overlapping groups: an oracle reads the formal text by itself, tries every picture or computes a rank."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import combinations

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family

NAME = "venn_counts"
Region = frozenset[str]
Picture = dict[Region, int]

PARTS: list[tuple[str, Callable[[Region, list[str]], bool]]] = [
    (r"none", lambda region, _: not region),
    (r"some", lambda region, _: len(region) >= 1),
    (r"one", lambda region, _: len(region) == 1),
    (r"two", lambda region, _: len(region) == 2),
    (r"two or three", lambda region, _: len(region) >= 2),
    (r"three", lambda region, _: len(region) == 3),
    (r"only (\w+)", lambda region, named: region == {*named}),
    (r"both (\w+), (\w+)", lambda region, named: region >= {*named}),
    (r"either (\w+), (\w+)", lambda region, named: bool(region & {*named})),
    (r"(\w+) not (\w+)", lambda region, named: named[0] in region and named[1] not in region),
    (r"(\w+)", lambda region, named: named[0] in region),
]


def regions_of(part: str, groups: list[str]) -> list[Region]:
    """Read a part of the picture: the sets of groups that it covers."""
    every = [frozenset(some) for size in range(len(groups) + 1) for some in combinations(groups, size)]
    for pattern, covers in PARTS:
        if found := re.fullmatch(pattern, part):
            return [region for region in every if covers(region, list(found.groups()))]
    raise AssertionError(part)


def read(formal: str) -> tuple[int, list[str], list[str]]:
    found = re.fullmatch(r"(\d+) \w+ of ([\w, ]+): (.+)", formal)
    assert found
    return int(found[1]), found[2].split(", "), found[3].split("; ")


def true(clue: str, groups: list[str], picture: Picture) -> bool:
    def people(part: str) -> int:
        return sum(picture[region] for region in regions_of(part, groups))

    if found := re.fullmatch(r"(\d+) in (.+)", clue):
        return people(found[2]) == int(found[1])
    if found := re.fullmatch(r"nobody in (.+)", clue):
        return people(found[1]) == 0
    if found := re.fullmatch(r"(as|twice as|\d+ times as) many in (.+) as in (.+)", clue):
        factor = {"as": 1, "twice as": 2}.get(found[1]) or int(found[1].split()[0])
        return people(found[2]) == factor * people(found[3])
    if found := re.fullmatch(r"(\d+) more in (.+) than in (.+)", clue):
        return people(found[2]) == people(found[3]) + int(found[1])
    if found := re.fullmatch(r"more in (.+) than in (.+)", clue):
        return people(found[1]) > people(found[2])
    if found := re.fullmatch(r"at (least|most) (\d+) in (.+)", clue):
        return people(found[3]) >= int(found[2]) if found[1] == "least" else people(found[3]) <= int(found[2])
    if found := re.fullmatch(r"all of (\w+) in (\w+)", clue):
        return people(f"{found[1]} not {found[2]}") == 0
    raise AssertionError(clue)


def stated(answer: str) -> Picture:
    said = [each.split(" = ") for each in answer.split(", ")]
    return {
        frozenset(where.removeprefix("only ").split(" and ") if where != "none" else ()): int(n) for where, n in said
    }


def pictures(total: int, groups: list[str]) -> Iterator[Picture]:
    """Every way to spread people over the four regions of two groups."""
    one, other = groups
    for a in range(total + 1):
        for b in range(total + 1 - a):
            for both in range(total + 1 - a - b):
                yield {frozenset([one]): a, frozenset([other]): b, frozenset(groups): both,
                       frozenset(): total - a - b - both}  # fmt: skip


def rank(clues: list[str], groups: list[str]) -> int:
    """The rank of the clues as equations: how each changes with each region, found by trying the picture's units."""
    every = [*regions_of("some", groups), frozenset()]
    rows = [[Fraction(1)] * len(every)]
    for clue in clues:
        if found := re.fullmatch(r"nobody in (.+)", clue):
            rows += [[Fraction(region == one) for region in every] for one in regions_of(found[1], groups)]
            continue
        if found := re.fullmatch(r"all of (\w+) in (\w+)", clue):
            outside = regions_of(f"{found[1]} not {found[2]}", groups)
            rows += [[Fraction(region == one) for region in every] for one in outside]
            continue
        factor = Fraction(2 if clue.startswith("twice") else 1)
        if times := re.match(r"(\d+) times", clue):
            factor = Fraction(times[1])
        left, _, right = re.sub(r"^.*?\bin ", "", clue, count=1).partition(" than in " if "than" in clue else " as in ")
        ones, others = regions_of(left, groups), regions_of(right, groups) if right else []
        rows.append([(region in ones) - factor * (region in others) for region in every])
    found_rank = 0
    for column in range(len(every)):
        pivot = next((row for row in rows[found_rank:] if row[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows.insert(found_rank, pivot)
        for i in range(found_rank + 1, len(rows)):
            scale = rows[i][column] / pivot[column]
            rows[i] = [a - scale * b for a, b in zip(rows[i], pivot, strict=True)]
        found_rank += 1
    return found_rank


def solved(formal: str) -> Record | Rejection:
    candidate = solve(families()[NAME], Candidate(Source(NAME, 1, 0, 0), formal))
    return candidate if isinstance(candidate, Rejection) else judge(families()[NAME], candidate, Setting())


def test_the_laws_of_a_family_hold() -> None:
    assert list(check_family(families()[NAME], samples=20)) == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_answer_is_the_one_picture_that_fits(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 25)
    assert len(records) >= 24
    for record in records:
        total, groups, clues = read(record.formal)
        picture = stated(record.formal_answer)
        assert sum(picture.values()) == total and len(picture) == 2 ** len(groups)
        assert all(true(clue, groups, picture) for clue in clues), record.formal
        if len(groups) == 2 and total <= 20:
            fitting = [each for each in pictures(total, groups) if all(true(clue, groups, each) for clue in clues)]
            assert fitting == [picture], record.formal
        else:
            assert rank(clues, groups) == len(picture), record.formal


def test_no_clue_that_compares_is_idle(draw: Callable[..., list[Record]]) -> None:
    for record in draw(NAME, 3, 25)[:8]:
        total, groups, clues = read(record.formal)
        every = list(pictures(total, groups))
        for clue in clues:
            rest = [other for other in clues if other != clue]
            assert sum(all(true(other, groups, each) for other in rest) for each in every) > 1, (record.formal, clue)


@pytest.mark.parametrize("formal", [
    "10 pupils of choir, chess: 4 in drama; 5 in choir; 1 in none",  # no such group
    "10 pupils of choir, chess: 4 in both choir, choir; 5 in choir; 1 in none",
    "10 pupils of choir, chess: 4 in choir not drama; 5 in choir; 1 in none",
    "10 pupils of choir, chess: 4 in either choir, drama; 5 in choir; 1 in none",
    "10 pupils of choir, chess: 4 in two or three; 5 in choir; 1 in none",
    "10 pupils of choir, chess: nobody in three; 5 in choir; 1 in none; 2 in chess",
    "10 pupils of choir, chess: all of choir in drama; 5 in choir; 1 in none; 2 in chess",
    "10 pupils of choir, choir: 4 in choir; 1 in none",
    "10 pupils of choir, chess: 4 in choir; 1 in none",  # more than one picture
    "10 pupils of choir, chess: 11 in choir; 1 in none; 2 in only chess",  # no picture
    "10 pupils of choir, chess: 4 in choir; 1 in none; 2 in chess",  # minus three in both
    "10 pupils of choir, chess: twice as many in choir as in none; 3 in chess; nobody in both choir, chess",  # thirds
])  # fmt: skip
def test_what_has_no_single_picture_becomes_no_row(formal: str) -> None:
    assert isinstance(solved(formal), Rejection)


def test_people_are_whole_and_never_fewer_than_none() -> None:
    record = solved("10 pupils of choir, chess: at most 0 in choir; 7 in none")
    assert isinstance(record, Record)
    assert stated(record.formal_answer)[frozenset(["chess"])] == 3


def test_an_answer_may_name_groups_in_any_order(draw: Callable[..., list[Record]]) -> None:
    record = solved("10 pupils of choir, chess: 4 in both choir, chess; 5 in choir; 1 in none")
    assert isinstance(record, Record)
    answers = {
        "only choir: 1, only chess club: 4, only choir and chess club: 4, none: 1": 1,
        "none: 1, only chess club and choir: 4, only chess club: 4, only choir: 1": 1,
        "only choir: 4, only chess club: 1, only choir and chess club: 4, none: 1": 0,
        "only choir: 1, only chess club: 4, only choir and choir: 4, none: 1": 0,
        "only choir: 1, only chess club: 4, only choir and chess club: 4": 0,
    }
    assert {text: Domain(families()[NAME]).score(text, row_of(record)).score for text in answers} == answers


def test_a_wrong_number_is_refused(draw: Callable[..., list[Record]]) -> None:
    for level in (1, 3, 5):
        for record in draw(NAME, level, 25)[:10]:
            first, rest = record.formal_answer.split(", ", 1)
            where, number = first.split(" = ")
            wrong = f"{where} = {int(number) + 1}, {rest}"
            candidate = Candidate(record.source, record.formal, wrong, (Step("s0", wrong, (), "answer"),))
            assert isinstance(judge(families()[NAME], candidate, Setting()), Rejection)


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 25)[:8]) == []
