"""Families in the shape of reasoning-gym, without it: indexable, lazy, the same for the same seed, scored by proof."""

from __future__ import annotations

import pytest

import synth
import synth.consumers.gym
from synth.errors import UserError


def test_an_item_depends_on_seed_and_index_alone_and_its_own_answer_scores():
    data = synth.create_dataset("knights", size=3, seed=42, level=1)
    assert list(data) == [data[0], data[1], data[2]] == data[:3] and data[-1] == data[2]
    assert data[1] == synth.create_dataset("knights", size=50, seed=42, level=1)[1]
    assert data[1]["question"] != synth.create_dataset("knights", size=3, seed=43, level=1)[1]["question"]
    assert len({entry["question"] for entry in data}) == 3
    for entry, other in zip(data, [data[1], data[2], data[0]], strict=True):
        assert data.score_answer(f"The answer is {entry['answer']}.", entry) == 1.0
        assert data.score_answer(entry["question"], entry) == 0.0
        assert data.score_answer(other["answer"], entry) == float(other["answer"] == entry["answer"])
    with pytest.raises(IndexError):
        data[3]


def test_another_right_answer_scores_too():
    data = synth.create_dataset("gcd_bezout", size=1, seed=5, level=1)
    row = data[0]["metadata"]
    assert data.score_answer(data[0]["answer"], data[0]) == 1.0
    assert data.score_answer("g = 1, x = 0, y = 0", data[0]) == 0.0
    assert row["source_index"] == 0 and row["difficulty"] == {"level": 1}


def test_nothing_is_made_before_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(synth.consumers.gym, "_made", lambda *_: pytest.fail("made too early"))
    assert len(synth.create_dataset("sudoku", size=10**12, seed=1, level=5)) == 10**12


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "knigts"}, "did you mean 'knights'"),
        ({"name": "knights", "level": 9}, "has no level 9; it has 1, 2, 3, 4, 5"),
        ({"name": "knights", "size": 0}, "size must be at least 1"),
    ],
)
def test_a_wrong_argument_is_one_message(arguments, said):
    with pytest.raises(UserError, match=said):
        synth.create_dataset(**arguments)
