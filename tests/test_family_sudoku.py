"""sudoku against a solver of our own, which counts solutions by trying digits."""

from __future__ import annotations

import re
from math import isqrt

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source
from synth.testing import check_family

FAMILY = families()["sudoku"]
Grid = list[list[int]]


def read(formal: str) -> tuple[int, int, Grid]:
    """Read a text: rows and columns of a box, and the grid with 0 for an open cell."""
    found = re.fullmatch(r"size (\d) boxes (\d) x (\d): (.*)", formal)
    assert found is not None and int(found[1]) == int(found[2]) * int(found[3])
    rows = [[int(cell.replace("_", "0")) for cell in row.split()] for row in found[4].split("/")]
    assert len(rows) == int(found[1]) == len(rows[0])
    return int(found[2]), int(found[3]), rows


def solutions(high: int, wide: int, grid: Grid, most: int = 2) -> list[Grid]:
    """Return up to so many solutions: try each digit in the cell with the fewest choices."""
    size = high * wide
    best: tuple[int, int, set[int]] | None = None
    for i in range(size):
        for j in range(size):
            if not grid[i][j]:
                top, left = i - i % high, j - j % wide
                taken = {*grid[i], *(row[j] for row in grid)}
                taken |= {digit for row in grid[top : top + high] for digit in row[left : left + wide]}
                choices = set(range(1, size + 1)) - taken
                if best is None or len(choices) < len(best[2]):
                    best = i, j, choices
    if best is None:
        return [[row.copy() for row in grid]]
    i, j, choices = best
    found: list[Grid] = []
    for digit in choices:
        grid[i][j] = digit
        found += solutions(high, wide, grid, most - len(found))
        grid[i][j] = 0
        if len(found) >= most:
            break
    return found


def records(level: int, count: int) -> list[Record]:
    made = [Domain(FAMILY).make(level, 5, index) for index in range(count)]
    return [record for record in made if isinstance(record, Record)]


@pytest.mark.parametrize(("level", "count"), [(1, 40), (2, 40), (3, 20), (4, 20), (5, 20)])
def test_one_grid_fits_and_it_is_the_answer(level: int, count: int) -> None:
    found = records(level, count)
    assert len(found) >= 0.95 * count
    for record in found:
        high, wide, grid = read(record.formal)
        (solution,) = solutions(high, wide, grid)
        assert solution == [[int(digit) for digit in row.split()] for row in record.answer.split("/")]
        assert record.question.count("_") == sum(row.count(0) for row in grid)


def test_level_5_gives_at_most_26_digits() -> None:
    for record in records(5, 20):
        _, _, grid = read(record.formal)
        assert len(grid) == 9 and sum(digit > 0 for row in grid for digit in row) <= 26


@pytest.mark.parametrize(
    ("formal", "accepted"),
    [
        ("size 4 boxes 2 x 2: 1 _ _ 4 / _ 4 1 _ / _ 1 _ _ / 4 _ _ 1", False),  # 2 and 3 may change places
        ("size 4 boxes 2 x 2: 1 2 _ 4 / _ 4 1 _ / 2 1 _ _ / 4 _ _ 1", True),
        ("size 4 boxes 2 x 2: 1 1 _ 4 / _ 4 1 _ / 2 _ _ _ / 4 _ _ 1", False),  # 1 twice in a row
        ("size 4 boxes 2 x 2: 1 2 _ 4 / _ 1 _ _ / 2 _ _ _ / 4 _ _ 1", False),  # 1 twice in a box
        ("size 4 boxes 2 x 2: 1 2 _ 4 / _ 4 1 _ / 2 1 _ _", False),  # a row is missing
        ("size 4 boxes 2 x 2: 1 2 _ 4 / _ 4 1 _ / 2 1 _ _ / 4 _ 1", False),  # a cell is missing
        ("size 6 boxes 2 x 2: 1 2 _ 4 / _ 4 1 _ / 2 1 _ _ / 4 _ _ 1", False),  # of no such size
        ("size 4 boxes 2 x 2: 1 2 _ 5 / _ 4 1 _ / 2 1 _ _ / 4 _ _ 1", False),  # no digit of this grid
    ],
)
def test_only_a_grid_with_one_solution_is_accepted(formal: str, accepted: bool) -> None:
    candidate = solve(FAMILY, Candidate(Source("sudoku", 1, 0, 0), formal))
    result = judge(FAMILY, candidate, Setting()) if isinstance(candidate, Candidate) else candidate
    assert isinstance(result, Record if accepted else Rejection), result


def test_boxes_may_be_higher_than_wide() -> None:
    for record in records(2, 20):
        high, wide, _ = read(record.formal)
        answer = [[int(digit) for digit in row.split()] for row in record.answer.split("/")]
        for top in range(0, 6, high):
            for left in range(0, 6, wide):
                assert {answer[top + i][left + j] for i in range(high) for j in range(wide)} == set(range(1, 7))
    assert {read(record.formal)[0] for record in records(2, 20)} == {2, 3}


def test_a_grid_with_two_digits_exchanged_scores_zero() -> None:
    (record,) = records(1, 1)
    digits = record.answer.split()
    size = isqrt(sum(digit != "/" for digit in digits))
    row = digits[:size]
    wrong = [row[1], row[0], *digits[2:]]
    assert Domain(FAMILY).score(" ".join(digits), row_of(record)).score == 1
    assert Domain(FAMILY).score(" ".join(wrong), row_of(record)).score == 0


def test_the_family_keeps_the_laws() -> None:
    assert [str(broken) for broken in check_family(FAMILY, samples=8)] == []
