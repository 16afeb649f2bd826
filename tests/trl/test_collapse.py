"""The callback beside the libraries that people train with: datasets that are interleaved, and TRL's trainer."""

from __future__ import annotations

from typing import Any

import pytest
from datasets import Dataset, interleave_datasets
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments, default_data_collator
from trl import SFTConfig, SFTTrainer

from synth.monitor.trainer import CollapseCallback
from tests.model.makers import tokenizer

OPTIONS: dict[str, Any] = {
    "per_device_train_batch_size": 4,
    "max_steps": 6,
    "logging_steps": 3,
    "save_strategy": "no",
    "report_to": [],
    "use_cpu": True,
    "disable_tqdm": True,
    "dataloader_num_workers": 2,
    "dataloader_pin_memory": False,
}


def mixed(**fields: Any) -> Dataset:
    """Return one row of human data for each three of a model's, about."""
    parts = [
        Dataset.from_list(
            [{"family": f"f{i % 3}", "level": 1, "provenance": {"source": source}, **fields} for i in range(40)]
        )
        for source in ("human", "unverified")
    ]
    return interleave_datasets(parts, probabilities=[0.25, 0.75], seed=1)


def model(words: int) -> GPT2LMHeadModel:
    return GPT2LMHeadModel(GPT2Config(vocab_size=words, n_positions=64, n_embd=8, n_layer=1, n_head=1,
                                      bos_token_id=1, eos_token_id=2))  # fmt: skip


def logged(trainer: Any) -> dict[str, Any]:
    return next(each for each in reversed(trainer.state.log_history) if "mix/share_human" in each)


def test_provenance_survives_interleaving_collator_and_workers(tmp_path):
    data = mixed(input_ids=[1, 2, 3], attention_mask=[1, 1, 1], labels=[1, 2, 3])
    arguments = TrainingArguments(output_dir=str(tmp_path), **OPTIONS)
    trainer = Trainer(model=model(8), args=arguments, train_dataset=data, data_collator=default_data_collator)
    callback = CollapseCallback().watch(trainer)
    trainer.train()
    assert callback.monitor.rows == 24
    assert 0 < logged(trainer)["mix/share_human"] < 0.6
    assert logged(trainer)["mix/share_human"] + logged(trainer)["mix/share_unverified"] == pytest.approx(1)


# TRL sets an option of transformers by its old name
@pytest.mark.filterwarnings("ignore:`gradient_checkpointing:FutureWarning")
def test_the_supervised_trainer_of_trl_logs_the_mix_beside_its_own_figures(tmp_path):
    words = tokenizer("byte_level")
    trainer = SFTTrainer(
        model=model(len(words)),
        args=SFTConfig(output_dir=str(tmp_path), max_length=32, **OPTIONS),
        train_dataset=mixed(text="one two three"),
        processing_class=words,
    )
    callback = CollapseCallback().watch(trainer)
    trainer.train()
    last = next(each for each in reversed(trainer.state.log_history) if "num_tokens" in each)
    assert callback.monitor.rows == 24
    assert {"mix/share_human", "mix/token_share_human", "div/entropy", "div/entropy_se", "loss"} <= set(last)
    assert sum(amount.tokens for amount in callback.monitor.mix.values()) == last["num_tokens"]
