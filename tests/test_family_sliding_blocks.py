"""sliding_blocks: an oracle reads the boards by itself, slides the tiles and searches from both ends."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.recheck.canonical import canonical
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family

NAME = "sliding_blocks"
FAMILY = families()[NAME]
Board = tuple[tuple[str, ...], ...]


def read(formal: str) -> tuple[Board, Board]:
    found = re.fullmatch(r"start (.+) goal (.+)", formal)
    assert found
    start, goal = (tuple(tuple(row.split()) for row in text.split(" / ")) for text in found.groups())
    return start, goal


def slid(board: Board, tile: str) -> Board | None:
    """The board after one tile moves into the gap, None if it is not beside it."""
    at = {cell: (y, x) for y, row in enumerate(board) for x, cell in enumerate(row)}
    if tile == "*" or tile not in at or sum(abs(a - b) for a, b in zip(at[tile], at["*"], strict=True)) != 1:
        return None
    swap = {tile: "*", "*": tile}
    return tuple(tuple(swap.get(cell, cell) for cell in row) for row in board)


def distance(start: Board, goal: Board) -> int | None:
    """The fewest moves, by sets that grow from both ends until they meet; None if they never do."""
    tiles = [cell for row in start for cell in row if cell != "*"]
    near, far, seen = {start}, {goal}, [{start}, {goal}]
    steps = 0
    while near and far:
        if near & seen[1]:
            return steps
        if len(near) > len(far):
            near, far, seen = far, near, seen[::-1]
        near = {board for each in near for tile in tiles if (board := slid(each, tile))} - seen[0]
        seen[0] |= near
        steps += 1
    return None


def test_the_laws_of_a_family_hold() -> None:
    assert [str(broken) for broken in check_family(FAMILY, samples=12)] == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_moves_lead_to_the_goal_and_no_fewer_do(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 6)
    assert len(records) == 6
    for record in records:
        board, goal = read(record.formal)
        moves = record.formal_answer.split(", ")
        shortest = distance(board, goal)
        for tile in moves:
            after = slid(board, tile)
            assert after is not None
            board = after
        assert board == goal and len(moves) == shortest
        assert FAMILY.levels[level]["moves"][0] <= len(moves) <= FAMILY.levels[level]["moves"][1]


def test_the_words_of_the_question_show_both_boards(draw: Callable[..., list[Record]]) -> None:
    for record in draw(NAME, 2, 6):
        for board in read(record.formal):
            assert " / ".join(map(" ".join, board)) in record.question


FORMAL = "start B C / D * goal * B / D C"


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("C, B", 1),
        ("c, b", 1),
        ("D, B", 0),  # leads elsewhere
        ("B, C", 0),  # B is not beside the gap
        ("C, B, B, B", 0),  # longer
        ("C", 0),
        ("D, B, C, D, B, C, D, B, C, D", 0),  # the other way round
    ],
)
def test_only_a_shortest_sequence_scores(answer: str, score: int) -> None:
    solved = solve(FAMILY, Candidate(Source(NAME, 1, 0, 0), FORMAL))
    assert isinstance(solved, Candidate) and solved.formal_answer == "C, B"
    record = judge(FAMILY, solved, Setting())
    assert isinstance(record, Record), record
    assert Domain(FAMILY).score(answer, row_of(record)).score == score


def test_a_longer_answer_is_refuted_by_a_shorter_one() -> None:
    longer = "C, C, C, B"
    candidate = Candidate(Source(NAME, 1, 0, 0), FORMAL, longer, (Step("s0", longer, (), "answer"),))
    refused = judge(FAMILY, candidate, Setting())
    assert isinstance(refused, Rejection) and refused.reason == "optimal refuted"
    assert "(plan 'C 'B)" in (refused.counterexample or "")


@pytest.mark.parametrize(
    "formal",
    [
        "start B C / D * goal B C / * F",  # another tile
        "start B C / B * goal B C / B *",  # one tile twice
        "start B C / D E goal B C / D E",  # no gap
        "start B C D / E * goal B C D / E *",  # a row that is too short
    ],
)
def test_what_is_no_puzzle_is_refused(formal: str) -> None:
    with pytest.raises(ValueError):
        FAMILY.problem(formal)


def test_half_of_all_arrangements_cannot_be_reached() -> None:
    assert distance(*read("start B C / D * goal C B / D *")) is None
    assert isinstance(solve(FAMILY, Candidate(Source(NAME, 1, 0, 0), "start B C / D * goal C B / D *")), Rejection)


def test_a_problem_is_the_same_whatever_its_tiles_are_called() -> None:
    def key(formal: str) -> str:
        return canonical(FAMILY.problem(formal)[1].theory)[0]

    same = key("start B C D / E F * goal C D F / B E *")
    assert key("start T E B / C Z * goal E B Z / T C *") == same
    assert key("start B C D / E F * goal C D F / * B E") != same
    assert key("start B C / D E / F * goal C D / F B / E *") != same


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 6)) == []
