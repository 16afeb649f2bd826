"""The callback in a real trainer: what a row is survives collator and workers, and stands in the trainer's log."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments, default_data_collator

from synth.errors import UserError
from synth.monitor import CorpusMonitor
from synth.monitor.columns import Columns
from synth.monitor.trainer import WIDTH, Collapse, CollapseCallback, KeepingCollator, packed


class Rows(torch.utils.data.Dataset):  # type: ignore[misc]
    """Rows with columns that no model takes."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> dict[str, Any]:
        return self.rows[place]


def row(place: int, source: str) -> dict[str, Any]:
    ids = [place % 8] * 6
    return {
        "input_ids": ids,
        "attention_mask": [1, 1, 1, 1, 1, place % 2],
        "labels": ids,
        "family": f"f{place % 3}",
        "level": 1,
        "question": "why?",
        "provenance": {"source": source, "generation": 2},
    }


ROWS = [row(i, "human" if i % 4 == 0 else "unverified") for i in range(48)]


class Seen(TrainerCallback):  # type: ignore[misc]
    """Stands for TensorBoard: it gets the log as reporters do."""

    def __init__(self) -> None:
        self.logs: list[dict[str, Any]] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        self.logs.append(dict(logs))


def trainer(folder: Any, rows: list[dict[str, Any]] = ROWS, workers: int = 0, **options: Any) -> tuple[Trainer, Seen]:
    torch.manual_seed(0)
    seen = Seen()
    arguments = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=4,
        max_steps=12,
        logging_steps=4,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        dataloader_num_workers=workers,
        dataloader_pin_memory=False,
        **options,
    )
    model = GPT2LMHeadModel(GPT2Config(vocab_size=8, n_positions=8, n_embd=8, n_layer=1, n_head=1))
    data = Rows(rows)
    made = Trainer(model=model, args=arguments, train_dataset=data, eval_dataset=data, callbacks=[seen],
                   data_collator=default_data_collator)  # fmt: skip
    return made, seen


@pytest.mark.parametrize("workers", [0, 2])
def test_the_mix_that_the_model_saw_stands_in_the_log_of_the_trainer(tmp_path, workers):
    made, seen = trainer(tmp_path, workers=workers)
    callback = CollapseCallback().watch(made)
    made.train()
    last = next(logs for logs in reversed(seen.logs) if "mix/share_human" in logs)
    assert callback.monitor.rows == 48
    assert last["mix/share_human"] == 0.25
    assert last["mix/token_share_human"] == pytest.approx(12 * 5 / (24 * 5 + 24 * 6))
    assert last["div/entropy"] == pytest.approx(1.0986, abs=0.05)
    assert last["div/entropy_se"] > 0
    assert callback.monitor.counts(2) == {(f"f{i}", "1"): 16 for i in range(3)}
    assert any("mix/fresh" in logs for logs in made.state.log_history)


def test_drift_from_a_reference_is_logged_and_a_condition_stops_the_training(tmp_path):
    reference = CorpusMonitor()
    reference.update([{"family": f"f{i % 9}", "level": 1} for i in range(900)])
    made, seen = trainer(tmp_path)
    CollapseCallback(reference=reference, fail_on="share_unverified > 0.5 and kl > 0.1", policy="stop").watch(made)
    with pytest.warns(UserWarning, match=r"share_unverified > 0.5"):
        made.train()
    assert made.state.global_step == 8  # after 16 rows the divergence is no larger than its error
    assert seen.logs[0]["div/kl"] > seen.logs[0]["div/kl_floor"]


def test_policies_warn_and_raise(tmp_path):
    made, _ = trainer(tmp_path / "warn")
    CollapseCallback(fail_on="share_unverified > 0.5").watch(made)
    with pytest.warns(UserWarning, match="share_unverified"):
        made.train()
    assert made.state.global_step == 12
    made, _ = trainer(tmp_path / "raise")
    CollapseCallback(fail_on="share_unverified > 0.5", policy="raise").watch(made)
    with pytest.raises(Collapse, match="share_unverified"):
        made.train()


def test_verified_samples_are_counted_at_evaluation(tmp_path):
    made, _ = trainer(tmp_path)
    CollapseCallback(verify=lambda model: (3, 4)).watch(made)
    found = made.evaluate()
    assert (found["correct/share"], found["correct/low"] < 0.75 < found["correct/high"]) == (0.75, True)


def test_a_training_set_without_the_columns_is_one_message(tmp_path):
    plain = [{name: each[name] for name in ("input_ids", "labels")} for each in ROWS]
    made, _ = trainer(tmp_path, plain)
    with pytest.raises(UserError, match="the training set of the trainer has no columns family and level"):
        CollapseCallback().watch(made)
    made, _ = trainer(tmp_path)
    made.add_callback(CollapseCallback())
    with pytest.raises(UserError, match=r"call callback.watch\(trainer\)"):
        made.train()
    with pytest.raises(UserError, match="no policy 'panic'"):
        CollapseCallback(policy="panic")  # type: ignore[arg-type]


def test_a_long_cell_is_hashed_and_distinct():
    columns = Columns(("family",))
    one, other = (packed({"family": "x" * 200 + end}, columns) for end in "ab")
    assert one != other
    assert max(len(one), len(other)) <= WIDTH


def test_the_collator_costs_microseconds_a_row():
    """Stated in docs/monitor.md; here only that it is no milliseconds."""
    columns = Columns(("family", "level"), "provenance.source", "provenance.generation")
    batch = ROWS[:32]
    keeping = KeepingCollator(lambda rows: {}, columns)
    started = process_time()
    for _ in range(20):
        keeping(batch)
    assert (process_time() - started) / (20 * 32) < 1e-3
