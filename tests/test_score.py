"""The scorer: right answers in any reasonable spelling score 1, everything else 0, and nothing makes it raise."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.row import row_of
from synth.judge.score import score
from synth.recheck.rows import ANSWER_ONLY
from synth.records import Record, Source, Step

PROBLEMS = {
    "linear_system": ("solve x, y: x + y = 5/4; x - y = 11/4", "x = 2, y = -3/4"),
    "knights": ("people Ann, Bob: Ann says (Bob knave); Bob says (exactly 1 knights)", "Ann knave, Bob knight"),
}
RIGHT = {
    "linear_system": [
        "x = 2, y = -3/4", "x=2,y=-3/4", "y = -3/4, x = 2", r"\boxed{x = 2, y = -\frac{3}{4}}", "X = 2, Y = -3/4",
        "So **x = 2** and **y = −3/4**.", "The answer is x = 2, y = -0.75.", "<answer>x = 2, y = -6/8</answer>",
        "We find\n$x = 2$\n$y = -\\frac34$\n\nAnswer: $x = 2,\\; y = -\\frac{3}{4}$", "- x = 2\n- y = -3/4",
        r"\[ \boxed{x = 2,\ y = -\dfrac{3}{4}} \]", "Final answer: x = 2 and y = -3/4", r"\boxed{x = 4/2, y = -3/4}",
    ],
    "knights": [
        "Ann is a knave, Bob is a knight", "ann is a KNAVE and bob is a knight", "Bob is a knight, Ann is a knave.",
        "**Ann is a knave, Bob is a knight**", "Ann is a knave\nBob is a knight",
        r"\boxed{\text{Ann is a knave, Bob is a knight}}",
        "Ann knave, Bob knight", "First I assume … so\n\nThe answer is: Ann is a knave and Bob is a knight",
    ],
}  # fmt: skip
WRONG = {
    "linear_system": [
        "", "x = 2", "x = 2, y = 3/4", "x = 2, y = -3/4, z = 1", "x = 2, x = 2, y = -3/4", "x = 2, y = -0.7499999",
        "x = 2, y = -3/0", "2, -3/4", "x + y = 5/4, x - y = 11/4", "nan", "x = inf, y = 0", r"\boxed{}",
        r"\boxed{x = 2}",
        r"x = 2, y = -3/4 but I am not sure, so \boxed{x = 1, y = 1/4}",
    ],
    "knights": ["", "Ann is a knight, Bob is a knave", "Bob is a knight", "yes", "Ann is a knave, Bob is a knave",
                "Ann is a knave, Ann is a knave, Bob is a knight", "Ann or Bob is a knave",
                "Ann is a knave, Cid is a knight"],
}  # fmt: skip
HOSTILE = ["1/" + "9" * 250, "((((x^9+1)^9+1)^9+1)^9+1)^9", "<answer>" * 2_000, "x^64^64", "<ANSWER>" + "9^" * 900,
           "(" * 100_000, "9" * 100_000, "9^9^9^9^9", "\\frac{" * 10_000, "\\boxed{" * 10_000, "\x00" * 999, "\ud800",
           "x = " + "1/" * 5_000 + "1", "{" * 50_000 + "}" * 50_000, "sqrt(" * 5_000, "the answer is " * 9_999, "٣",
           "x" * 10**6,
           "1." * 30_000, "a=b" * 30_000, "answer:" * 40_000, "**" * 100_000]  # fmt: skip


def stored(name: str) -> dict[str, Any]:
    from synth.judge.judge import Setting, judge
    from synth.records import Candidate

    formal, answer = PROBLEMS[name]
    steps = (Step("s0", answer, (), ANSWER_ONLY),)
    record = judge(families()[name], Candidate(Source(name, 1, 0, 0), formal, answer, steps), Setting())
    assert isinstance(record, Record), record
    return row_of(record)


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in RIGHT for answer in RIGHT[name]])
def test_a_right_answer_scores_one_however_it_is_written(name: str, answer: str) -> None:
    assert score(families()[name], answer, stored(name)).score == 1


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in WRONG for answer in WRONG[name]])
def test_a_wrong_answer_scores_zero(name: str, answer: str) -> None:
    assert score(families()[name], answer, stored(name)).score == 0


@pytest.mark.parametrize("name", sorted(families()))
@pytest.mark.parametrize("place", range(len(HOSTILE)))
def test_a_hostile_text_scores_zero_and_never_raises(name: str, place: int) -> None:
    record = next(r for i in range(99) if isinstance(r := Domain(families()[name]).make(2, 4, i), Record))
    row = row_of(record)
    for text in (HOSTILE[place], r"\boxed{" + HOSTILE[place] + "}"):
        assert score(families()[name], text, row).score == 0


@pytest.mark.parametrize("answer", [None, 7, b"x = 2", ["x = 2"], {"x": 2}, object()])
def test_an_answer_that_is_no_text_scores_zero(answer: object) -> None:
    assert score(families()["linear_system"], answer, stored("linear_system")).score == 0


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_scores_zero_or_one(text: str) -> None:
    assert score(families()["linear_system"], text, stored("linear_system")).score in (0, 1)


@pytest.mark.parametrize("name", sorted(families()))
def test_the_completion_of_a_row_scores_one_and_its_question_zero(name: str) -> None:
    for index in range(6):
        record = Domain(families()[name]).make(3, 6, index)
        if isinstance(record, Record):
            row = row_of(record)
            assert score(families()[name], record.completion[-1]["content"], row).score == 1
            assert score(families()[name], record.answer, row).score == 1
            assert score(families()[name], record.question, row).score == 0
            assert score(families()[name], record.formal, row).score == 0
