"""TRL's trainers take steps on an exported corpus, with a reward that proves."""

from __future__ import annotations

import os
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
import torch
import trl
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOConfig, GRPOTrainer

from synth.consumers import needed
from synth.errors import UserError
from synth.rewards import correct
from tests.consumers_page import block

# What TRL and torch say to themselves.
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers"),
    pytest.mark.filterwarnings("ignore:'pin_memory' argument:UserWarning"),
]
MODEL = "Qwen/Qwen3-0.6B"  # stands on the page; here it is a tiny one


@pytest.fixture(autouse=True)
def _there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


def run(number: int) -> dict[str, Any]:
    """Run a block of the page as it stands, with another model; return its names."""
    text = block("TRL", number)
    assert MODEL in text
    names: dict[str, Any] = {}
    exec(text.replace(MODEL, "model"), names)
    return names


def weights(folder: str) -> torch.Tensor:
    return torch.cat([p.flatten() for p in AutoModelForCausalLM.from_pretrained(folder).parameters()])


def test_the_lines_on_fine_tuning_run(place: Path) -> None:
    run(0)
    assert not torch.equal(weights("model"), weights("tuned/checkpoint-5"))


def test_the_lines_on_reinforcement_learning_run(place: Path) -> None:
    run(1)
    assert Path("reinforced/checkpoint-5").is_dir()


def test_training_by_the_reward_makes_right_answers_likelier(place: Path) -> None:
    """A model that says one word learns, from rewards alone, to say one that is often right."""
    train = load_dataset("dataset", "rlvr", split="train")
    config = GRPOConfig(
        "learned",
        max_steps=40,
        learning_rate=3e-2,
        per_device_train_batch_size=32,
        num_generations=8,
        max_completion_length=1,
        logging_steps=1,
        save_strategy="no",
        bf16=False,
    )
    trainer = GRPOTrainer("model", correct, config, train)
    trainer.train()
    rewards = [entry["reward"] for entry in trainer.state.log_history if "reward" in entry]
    assert len(rewards) == 40 and fmean(rewards[-10:]) > fmean(rewards[:5]) + 0.08, rewards


def test_every_exported_row_rewards_its_own_answer_and_no_question(place: Path) -> None:
    seen: dict[str, list[Any]] = {}
    rows = load_dataset("dataset", "rlvr", split="test")
    columns = {name: rows[name][:] for name in rows.column_names if name != "prompt"}
    proved = [[{"role": "assistant", "content": text}] for text in columns["solution"]]
    assert correct(proved, log_extra=seen.__setitem__, **columns) == [1.0] * len(rows)
    assert correct([prompt[-1]["content"] for prompt in rows["prompt"]], **columns) == [0.0] * len(rows)
    assert seen == {"reason": ["the stored answer"] * len(rows)}


def test_a_trainer_that_is_too_old_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needed, "version", lambda package: "0.19.1")
    with pytest.raises(UserError, match=r"trl 0\.19\.1 is too old, 1\.0 or later is needed: pip install -U"):
        correct([])


def test_the_model_is_tiny_and_knows_the_answers(place: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained("model")
    assert tokenizer.decode(tokenizer("\\boxed{unknown}")["input_ids"]) == "\\boxed{unknown}"
    assert sum(p.numel() for p in AutoModelForCausalLM.from_pretrained("model").parameters()) < 50_000
    assert int(trl.__version__.split(".")[0]) >= 1 and "HF_TOKEN" not in os.environ
