"""shortest_path against a reading of its texts of our own: every walk is tried."""

from __future__ import annotations

import re
from itertools import pairwise
from random import Random

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Source
from synth.testing import check_family

FAMILY = families()["shortest_path"]
ROAD = re.compile(r"([A-Z][a-z]+) ([->]) ([A-Z][a-z]+) (\d+)")


def read(formal: str) -> tuple[dict[str, dict[str, int]], str, str]:
    """Read roads and ends with a regular expression: {town: {next town: length}}."""
    roads: dict[str, dict[str, int]] = {}
    for one, sign, other, length in ROAD.findall(formal):
        roads.setdefault(one, {})[other] = int(length)
        roads.setdefault(other, {})
        if sign == "-":
            roads[other][one] = int(length)
    (ends,) = re.findall(r"from (\w+) to (\w+)$", formal)
    return roads, *ends


def distances(roads: dict[str, dict[str, int]], origin: str) -> dict[str, int]:
    """Bellman and Ford: relax every road as often as there are towns."""
    found = {origin: 0}
    for _ in roads:
        for one, heads in roads.items():
            for other, length in heads.items():
                if one in found:
                    found[other] = min(found.get(other, found[one] + length), found[one] + length)
    return found


def every_length(roads: dict[str, dict[str, int]], origin: str, goal: str, passed: tuple[str, ...] = ()) -> list[int]:
    """The lengths of all routes that pass no town twice."""
    if origin == goal:
        return [0]
    return [
        length + rest
        for other, length in roads[origin].items()
        if other not in passed
        for rest in every_length(roads, other, goal, (*passed, origin))
    ]


def records(level: int, count: int) -> list[Record]:
    made = [Domain(FAMILY).make(level, 5, index) for index in range(count)]
    return [record for record in made if isinstance(record, Record)]


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_answer_is_a_route_and_none_is_shorter(level: int) -> None:
    for record in records(level, 40):
        roads, origin, goal = read(record.formal)
        route = record.answer.split(" – ")
        assert (route[0], route[-1]) == (origin, goal)
        length = sum(roads[one][other] for one, other in pairwise(route))
        assert length == distances(roads, origin)[goal]
        if level == 1:
            assert length == min(every_length(roads, origin, goal))


def test_each_step_states_the_distance_of_a_town() -> None:
    for level in FAMILY.levels:
        for record in records(level, 10):
            roads, origin, goal = read(record.formal)
            found = distances(roads, origin)
            stated = dict(step.formal.split(" >= ") for step in record.steps)
            assert {town: int(length) for town, length in stated.items()} == {town: found[town] for town in stated}
            assert [*stated][-1] == goal and all(step.parents[0] == "c0" for step in record.steps)


def test_the_words_of_the_question_list_the_roads_of_the_formal_text() -> None:
    for record in records(3, 20):
        roads, origin, goal = read(record.formal)
        assert sorted(re.findall(r"\d+", record.question)) == sorted(
            length for *_, length in ROAD.findall(record.formal)
        )
        assert record.question.count("one-way") >= record.formal.count(">")
        assert origin in record.question and goal in record.question and roads


FORMAL = "roads Ayr - Bath 3; Bath > Cork 4; Cork - Ayr 9; Ayr - Deal 1; Deal > Cork 7 from Ayr to Cork"


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("Ayr – Bath – Cork", 1),
        ("Ayr - Bath - Cork", 1),
        ("Ayr – Cork", 0),  # longer
        ("Ayr – Deal – Cork", 0),  # longer
        ("Bath – Cork", 0),  # starts elsewhere
        ("Ayr – Bath", 0),  # ends elsewhere
        ("Ayr – Bath – Deal – Cork", 0),  # no road
        ("Ayr – Bath – Ayr – Bath – Cork", 0),  # a detour
    ],
)
def test_only_a_shortest_route_scores(answer: str, score: int) -> None:
    candidate = solve(FAMILY, Candidate(Source("shortest_path", 1, 0, 0), FORMAL))
    assert isinstance(candidate, Candidate)
    record = judge(FAMILY, candidate, Setting())
    assert isinstance(record, Record), record
    assert Domain(FAMILY).score(answer, row_of(record)).score == score


def test_a_one_way_road_is_closed_in_the_other_direction() -> None:
    there, back = "roads Ayr > Bath 3; Ayr - Cork 5; Cork - Bath 6 from ", ("Ayr to Bath", "Bath to Ayr")
    answers = [solve(FAMILY, Candidate(Source("shortest_path", 1, 0, 0), there + ends)) for ends in back]
    assert [answer.formal_answer for answer in answers if isinstance(answer, Candidate)] == [
        "Ayr - Bath",
        "Bath - Cork - Ayr",
    ]


def test_two_roads_between_the_same_towns_make_no_problem() -> None:
    result = solve(
        FAMILY, Candidate(Source("shortest_path", 1, 0, 0), "roads Ayr - Bath 3; Bath - Ayr 4 from Ayr to Bath")
    )
    assert not isinstance(result, Candidate)


def test_level_5_has_at_least_twenty_towns() -> None:
    assert all(len(read(record.formal)[0]) >= 20 for record in records(5, 10))
    assert FAMILY.propose(FAMILY.levels[1], Random(1)) is not None


def test_the_family_keeps_the_laws() -> None:
    assert [str(broken) for broken in check_family(FAMILY, samples=20)] == []
