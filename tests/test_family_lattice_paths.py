"""lattice_paths against a reading of its texts of our own: every path is walked."""

from __future__ import annotations

import re
from functools import cache
from itertools import product

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Source
from synth.testing import check_family

FAMILY = families()["lattice_paths"]


class Town:
    """A problem as read by regular expressions: may one go on from here, and is this path complete?"""

    def __init__(self, formal: str) -> None:
        self.goal = pairs(r"^grid PLACE", formal)[0]
        self.closed = pairs(r"[:;] closed PLACE", formal)
        self.east_closed = pairs(r"east of PLACE closed", formal)
        self.north_closed = pairs(r"north of PLACE closed", formal)
        self.through = pairs(r"through PLACE", formal)
        self.below = "never north of the diagonal" in formal

    def may_stand(self, x: int, y: int) -> bool:
        return x <= self.goal[0] and y <= self.goal[1] and (x, y) not in self.closed and not (self.below and y > x)

    def walk(self, steps: tuple[bool, ...]) -> bool:
        """Walk a path (true: east); say whether it is allowed."""
        x = y = 0
        visited = {(0, 0)}
        allowed = self.may_stand(0, 0)
        for east in steps:
            allowed &= (x, y) not in (self.east_closed if east else self.north_closed)
            x, y = (x + 1, y) if east else (x, y + 1)
            visited.add((x, y))
            allowed &= self.may_stand(x, y)
        return allowed and (x, y) == self.goal and visited.issuperset(self.through)

    def count(self) -> int:
        """Count by recursion over places and the places still to be visited."""

        @cache
        def ways(x: int, y: int, left: frozenset[tuple[int, int]]) -> int:
            if not self.may_stand(x, y):
                return 0
            left -= {(x, y)}
            if (x, y) == self.goal:
                return not left
            east = ways(x + 1, y, left) if (x, y) not in self.east_closed else 0
            return east + (ways(x, y + 1, left) if (x, y) not in self.north_closed else 0)

        return ways(0, 0, frozenset(self.through))


def pairs(pattern: str, formal: str) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in re.findall(pattern.replace("PLACE", r"\((\d+), (\d+)\)"), formal)]


def records(level: int, count: int) -> list[Record]:
    made = [Domain(FAMILY).make(level, 5, index) for index in range(count)]
    return [record for record in made if isinstance(record, Record)]


def test_as_many_paths_as_the_answer_says_can_be_walked() -> None:
    for level in (1, 2):
        for record in records(level, 20 if level == 1 else 8):
            town = Town(record.formal)
            if sum(town.goal) <= 10:
                walked = sum(town.walk(steps) for steps in product((True, False), repeat=sum(town.goal)))
                assert walked == int(record.answer), record.formal


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_a_recursion_over_places_counts_the_same(level: int) -> None:
    for record in records(level, 40):
        assert Town(record.formal).count() == int(record.answer), record.formal


def test_no_answer_is_given_to_more_than_one_problem_in_eight() -> None:
    for level in FAMILY.levels:
        answers = [record.answer for record in records(level, 64)]
        assert max(map(answers.count, answers)) <= len(answers) / 8


@pytest.mark.parametrize(
    ("obstacles", "number"),
    [
        ("closed (1, 1)", 2),
        ("through (1, 1)", 4),
        ("east of (0, 0) closed", 3),
        ("north of (0, 0) closed", 3),
        ("never north of the diagonal", 2),  # Catalan's number
        ("closed (0, 0)", 0),
        ("closed (2, 2)", 0),
        ("through (1, 1); through (2, 0)", 0),
        ("through (0, 0)", 6),
        ("north of (2, 1) closed", 3),
        ("east of (2, 2) closed", None),  # would lead out of the grid
        ("closed (3, 3)", None),
    ],
)
def test_an_obstacle_means_what_it_says(obstacles: str, number: int | None) -> None:
    found = solve(FAMILY, Candidate(Source("lattice_paths", 1, 0, 0), f"grid (2, 2): {obstacles}"))
    assert (int(found.formal_answer or "") if isinstance(found, Candidate) else None) == number


def test_level_5_has_at_least_ten_by_ten_blocks() -> None:
    assert all(min(Town(record.formal).goal) >= 10 for record in records(5, 20))


def test_the_family_keeps_the_laws() -> None:
    assert [str(broken) for broken in check_family(FAMILY, samples=20)] == []
