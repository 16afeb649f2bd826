"""Watch what a trainer is fed: who made the rows, how various they are, how far from a reference; in the trainer's log.

    callback = CollapseCallback(reference=report_of, fail_on="share_unverified > 0.2", policy="stop")
    callback.watch(trainer)

Callbacks of transformers never see a batch, and a trainer drops columns that the model does not take. So `watch` wraps
the trainer's collator: the columns that say what a row is travel as a tensor of bytes through the workers of a
DataLoader, and a hook takes them out again before the model's forward.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import torch
from transformers import TrainerCallback

from synth.errors import UserError, did_you_mean
from synth.monitor import condition
from synth.monitor.columns import UNKNOWN, Columns, cell_name, generation_of, names_in, settle, source_name, value_at
from synth.monitor.corpus import CorpusMonitor
from synth.monitor.report import Metric, report
from synth.statistics.intervals import wilson
from synth_kernel.claims import digest

Policy = Literal["warn", "stop", "raise"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
KEY = "collapse_row"  # the input that the hook takes out
WIDTH = 160  # bytes of it for each row
LOGGED = {
    "mix": ("share_", "token_share_", "fresh"),
    "div": ("entropy", "unseen", "kl", "js", "richness", "drift_", "narrows"),
}


class Collapse(UserError):
    """The condition of a callback held, and its policy is to raise."""


class CollapseCallback(TrainerCallback):  # type: ignore[misc]  # transformers is looked at as if it were missing
    """Counts the rows that a model is trained on, and logs what they say under `mix/` and `div/`.

    `fail_on` is a condition on the figures (see `synth.monitor.condition`): where it holds, `policy` says whether to
    warn, to stop the training, or to raise `Collapse`. `verify` is called with the model at each evaluation and returns
    how many fresh samples it solved of how many: `correct/share` with Wilson's interval. Counts are of this process.
    """

    def __init__(
        self,
        columns: Columns | None = None,
        *,
        reference: CorpusMonitor | None = None,
        fail_on: str = "",
        policy: Policy = "warn",
        verify: Callable[[Any], tuple[int, int]] | None = None,
    ) -> None:
        """Raise `UserError` where the policy or the condition is none."""
        if policy not in POLICIES:
            raise UserError(f"there is no policy {policy!r}; {did_you_mean(policy, POLICIES)}")
        self.asked = columns or Columns()
        self.reference = reference
        self.condition = condition.parse(fail_on) if fail_on else ()
        self.policy = policy
        self.verify = verify
        self.monitor = CorpusMonitor(name="the training data")
        self._waiting: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._watched = False
        self._handle: Any = None

    def watch(self, trainer: Any) -> CollapseCallback:
        """Put the callback into a trainer, before it trains; return the callback.

        Sets `remove_unused_columns` to False, for the columns have to reach the collator; texts, structs and columns
        that the model does not take are dropped there. Raise `UserError` where the training set lacks the columns.
        """
        columns = settle(self.asked, names_in(_first(trainer.train_dataset)), "the training set of the trainer")
        self.monitor = CorpusMonitor(columns, name="the training data")
        self.monitor.columns = columns
        if (
            self.reference is not None
            and (found := self.reference.columns) is not None
            and found.cells != columns.cells
        ):
            raise UserError(
                f"the reference is counted by {', '.join(found.cells)}, the training set by "
                f"{', '.join(columns.cells)}; count both by the same columns"
            )
        trainer.args.remove_unused_columns = False
        trainer.data_collator = KeepingCollator(trainer.data_collator, columns)
        trainer.callback_handler.callbacks.insert(0, self)  # before those that report what is in the log
        self._watched = True
        return self

    # ---- events ------------------------------------------------------------------------------------------------------

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """Begin to look at what the model is given."""
        if not self._watched:
            raise UserError("a CollapseCallback does not see batches by itself: call callback.watch(trainer) instead")
        self._handle = model.register_forward_pre_hook(self._take, with_kwargs=True)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Look no more."""
        if self._handle is not None:
            self._handle.remove()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Add the figures to what is logged, and act on the condition."""
        self._count()
        if logs is None or not self.monitor.rows:
            return
        found = report(self.monitor, self.reference).metrics
        figures = _figures(found)
        logs.update(figures)
        if state.log_history:
            state.log_history[-1].update(figures)
        self._act(found, control)

    def on_evaluate(
        self, args: Any, state: Any, control: Any, model: Any = None, metrics: Any = None, **_: Any
    ) -> None:
        """Add the share of fresh samples that the model solves."""
        if self.verify is not None:
            right, tried = self.verify(model)
            low, high = wilson(right, tried)
            figures = {"correct/share": right / tried if tried else 0.0, "correct/low": low, "correct/high": high}
            if metrics is not None:
                metrics.update(figures)
            state.log_history.append({**figures, "step": state.global_step})

    def _act(self, found: Mapping[str, Metric], control: Any) -> None:
        named = {each.metric for both in self.condition for each in both}
        if any(name in found and found[name].value is None for name in named):
            return  # not known yet
        outcome = condition.check(self.condition, found)
        if not outcome.holds:
            return
        said = f"the training data: {'; '.join(outcome.because)}"
        if self.policy == "raise":
            raise Collapse(said)
        warnings.warn(said, stacklevel=2)
        if self.policy == "stop":
            control.should_training_stop = True

    # ---- rows --------------------------------------------------------------------------------------------------------

    def _take(self, module: Any, arguments: tuple[Any, ...], inputs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Take the bytes out of what the model is given; they wait on its device until something is logged."""
        key = inputs.pop(KEY, None)
        if key is not None and module.training:
            mask = inputs.get("attention_mask")
            size = inputs["input_ids"].shape if mask is None else mask.shape
            tokens = torch.full(size[:1], size[1], device=key.device) if mask is None else mask.sum(1)
            self._waiting.append((key.detach(), tokens.detach()))
        return arguments, inputs

    def _count(self) -> None:
        """Count the rows that wait."""
        rows: Counter[bytes] = Counter()
        tokens: Counter[bytes] = Counter()
        for keys, lengths in self._waiting:
            for key, n in zip(keys.cpu().numpy(), lengths.tolist(), strict=True):
                name = key.tobytes()
                rows[name] += 1
                tokens[name] += int(n)
        self._waiting.clear()
        for name, n in rows.items():
            *cell, source, generation = json.loads(name.rstrip(b"\0"))
            self.monitor.book(tuple(cell), source, generation, n, tokens[name], float(n))


class KeepingCollator:
    """A collator that keeps what a row is, as bytes, and gives the rest to another; it may be pickled for workers."""

    def __init__(self, inner: Callable[[list[Any]], Any], columns: Columns) -> None:
        self.inner = inner
        self.columns = columns

    def __call__(self, features: Sequence[Mapping[str, Any]]) -> Any:
        """Return the batch of the other collator, with one more tensor of shape (rows, WIDTH)."""
        keys = torch.zeros((len(features), WIDTH), dtype=torch.uint8)
        for place, row in enumerate(features):
            data = packed(row, self.columns)
            keys[place, : len(data)] = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        own = {name.partition(".")[0] for name in self.columns.wanted()}
        kept = [
            {name: value for name, value in row.items() if name not in own and _is_input(value)} for row in features
        ]
        batch = self.inner(kept)
        batch[KEY] = keys
        return batch


def packed(row: Mapping[str, Any], columns: Columns) -> bytes:
    """Return cell, source and generation of a row in `WIDTH` bytes or fewer; a longer cell becomes its hash.

    >>> packed({"family": "sums", "level": 2, "provenance": "human"}, Columns(("family", "level"), "provenance"))
    b'["sums","2","human",0]'
    """
    cell = [cell_name(value_at(row, name)) for name in columns.cells]
    source = source_name(value_at(row, columns.source)) if columns.source else UNKNOWN
    generation = generation_of(value_at(row, columns.generation)) if columns.generation else 0
    data = json.dumps([*cell, source, generation], separators=(",", ":")).encode()
    if len(data) > WIDTH:
        hashed = [digest(*cell), *[""] * (len(cell) - 1), source, generation]
        data = json.dumps(hashed, separators=(",", ":")).encode()
    return data


def _is_input(value: Any) -> bool:
    """Say whether a collator can make a tensor of it: no text, no struct, no list of those."""
    if isinstance(value, (list, tuple)):
        return not value or _is_input(value[0])
    return value is not None and not isinstance(value, (str, bytes, Mapping))


def _first(dataset: Any) -> Mapping[str, Any]:
    if dataset is None:
        raise UserError("the trainer has no training set to watch")
    row = next(iter(dataset), None)
    if not isinstance(row, Mapping):
        raise UserError("the rows of the training set are no dictionaries, so they do not say what they are")
    return row


def _figures(found: Mapping[str, Metric]) -> dict[str, float]:
    """Return what is logged: every figure that is known, and its error; no share of a source that has none."""
    figures = {}
    for group, starts in LOGGED.items():
        for name, metric in found.items():
            unused = "share_" in name and not metric.value
            if name.startswith(starts) and metric.value is not None and not unused:
                figures[f"{group}/{name}"] = float(metric.value)
                if metric.se is not None:
                    figures[f"{group}/{name}_se"] = metric.se
    return figures
