"""Families inside reasoning-gym: its own functions make and score them."""

from __future__ import annotations

import reasoning_gym

import synth
from tests.consumers_page import block


def test_the_lines_of_the_page_run():
    names = {}
    exec(block("reasoning-gym"), names)
    assert names["entry"]["question"] and names["score"] == 1.0


def test_every_family_is_a_dataset_of_reasoning_gym():
    names = synth.register(reasoning_gym)
    assert len(names) == len(synth.families) and synth.register(reasoning_gym) == names
    data = reasoning_gym.create_dataset("synth_linear_system", size=3, seed=42, level=2)
    assert len(list(data)) == len(data) == 3 and data[1] == list(data)[1]
    assert data[0]["metadata"]["source_dataset"] == "synth_linear_system"
    assert reasoning_gym.get_score_answer_fn("synth_linear_system")(data[0]["answer"], data[0]) == 1.0
    assert data.score_answer("x = 1", data[0]) == 0.0


def test_they_can_be_part_of_a_composite():
    synth.register(reasoning_gym)
    from reasoning_gym.composite import DatasetSpec

    specs = [DatasetSpec("synth_knights", 1, {"level": 1}), DatasetSpec("chain_sum", 1, {})]
    data = reasoning_gym.create_dataset("composite", size=4, seed=1, datasets=specs)
    for entry in data:
        assert data.score_answer(entry["answer"], entry) == 1.0
