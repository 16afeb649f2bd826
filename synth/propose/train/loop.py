"""Train the bundled proposer from nothing: plain transformers weights, one thread, stopped and resumed at any moment.

A folder of training holds `lessons.safetensors` (tokens of all lessons), `problems.txt` (digests that exams avoid), the
tokenizer, and `state.safetensors` (weights, optimiser and the step, replaced in one move).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

import torch
import transformers
from safetensors import safe_open
from safetensors.torch import load_file, save, save_file
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from synth.errors import UserError
from synth.propose.train.lessons import Lesson, lessons
from synth.propose.train.recipe import Recipe, recipe_of
from synth.propose.train.tokens import load_tokenizer, save_tokenizer, train_tokenizer
from synth.propose.weights import LESSONS, facts

EVERY = 100  # steps between checkpoints
POOL = 64  # batches whose lessons are sorted by length together
TEACH_TOKENIZER = 20  # every n-th lesson teaches the tokenizer
PROBLEMS = "problems.txt"
_RECIPE, _LESSONS, _STATE = "recipe.json", "lessons.safetensors", "state.safetensors"

Report = Callable[[int, int, float, float], None]  # step, steps, loss in nats a token, CPU-seconds so far


class Classroom:
    """The lessons as tokens: `tokens` is one flat line, `starts` where each lesson begins, `prompts` their prompts."""

    def __init__(self, tokens: Any, starts: Any, prompts: Any) -> None:
        self.tokens = tokens.long()
        self.starts: list[int] = starts.tolist()
        self.prompts: list[int] = prompts.tolist()
        self.lengths = [end - start for start, end in zip(self.starts, self.starts[1:], strict=False)]

    def batches(self, recipe: Recipe) -> Iterator[list[int]]:
        """Yield the lessons of each step, without end; of about equal length, at most `batch_tokens` with padding."""
        rng = Random(recipe.seed)
        while True:
            order = list(range(len(self.lengths)))
            rng.shuffle(order)
            size = POOL * max(1, recipe.batch_tokens * len(order) // sum(self.lengths))
            for start in range(0, len(order), size):
                pool = self._cut(sorted(order[start : start + size], key=lambda i: (self.lengths[i], i)), recipe)
                rng.shuffle(pool)
                yield from pool

    def _cut(self, ordered: Sequence[int], recipe: Recipe) -> list[list[int]]:
        cut: list[list[int]] = [[]]
        for i in ordered:
            if cut[-1] and self.lengths[i] * (len(cut[-1]) + 1) > recipe.batch_tokens:
                cut.append([])
            cut[-1].append(i)
        return cut

    def batch(self, chosen: Sequence[int], pad: int) -> tuple[Any, Any]:
        """Return the tokens and the targets of some lessons, both (lessons, longest); -100 where nothing is asked."""
        longest = max(self.lengths[i] for i in chosen)
        ids = torch.full((len(chosen), longest), pad)
        targets = torch.full((len(chosen), longest), -100)
        for row, i in enumerate(chosen):
            start, length, prompt = self.starts[i], self.lengths[i], self.prompts[i]
            ids[row, :length] = self.tokens[start : start + length]
            targets[row, prompt - 1 : length - 1] = ids[row, prompt:length]
        return ids, targets


def prepare(folder: Path, recipe: Recipe, workers: int = 1) -> dict[str, int]:
    """Make lessons and tokenizer in a folder; return how many lessons are taught and how many were too long."""
    folder.mkdir(parents=True, exist_ok=True)
    made = list(lessons(recipe, workers))
    if not made:
        raise UserError("the recipe has no lessons; give it families and levels")
    tokenizer = train_tokenizer((one.prompt + one.completion for one in made[::TEACH_TOKENIZER]), recipe.vocabulary)
    counts = _write_tokens(folder, made, tokenizer, recipe)
    save_tokenizer(tokenizer, folder)
    (folder / PROBLEMS).write_text("".join(f"{one.problem}\n" for one in made), encoding="utf-8")
    _replace(folder / _RECIPE, json.dumps({**recipe.as_json(), "lessons": counts}, indent=1).encode())
    return counts


def _write_tokens(folder: Path, made: Sequence[Lesson], tokenizer: Any, recipe: Recipe) -> dict[str, int]:
    prompts = tokenizer([one.prompt for one in made])["input_ids"]
    completions = tokenizer([one.completion for one in made])["input_ids"]
    flat: list[int] = []
    starts, asked = [0], []
    for prompt, completion in zip(prompts, completions, strict=True):
        if len(prompt) + len(completion) + 1 > recipe.longest:
            continue
        flat += [*prompt, *completion, tokenizer.eos_token_id]
        starts.append(len(flat))
        asked.append(len(prompt))
    tensors = {
        "tokens": torch.tensor(flat, dtype=torch.int16),
        "starts": torch.tensor(starts),
        "prompts": torch.tensor(asked),
    }
    save_file(tensors, folder / _LESSONS)
    return {"lessons": len(asked), "too_long": len(made) - len(asked), "tokens": len(flat)}


def extend(folder: Path, steps: int) -> Recipe:
    """Add a cycle of so many steps to the recipe of a folder and return it; the training then goes on from its end."""
    facts_there = facts(folder, _RECIPE)
    facts_there["cycles"] = [*facts_there["cycles"], steps]
    _replace(folder / _RECIPE, json.dumps(facts_there, indent=1).encode())
    return recipe_of({key: value for key, value in facts_there.items() if key != "lessons"})


def prepared(folder: Path) -> Recipe | None:
    """Return the recipe that a folder was prepared with; None where it was not, or not to the end."""
    if not (folder / _RECIPE).is_file():
        return None
    found = facts(folder, _RECIPE)
    return recipe_of({key: value for key, value in found.items() if key != "lessons"})


def build(recipe: Recipe, tokenizer: Any) -> Any:
    """Return an untrained model of the recipe's size: a plain Llama with tied embeddings, float32."""
    torch.manual_seed(recipe.seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.width,
        intermediate_size=recipe.hidden,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.05,
    )
    return LlamaForCausalLM(config).float()


def train(folder: Path, recipe: Recipe, *, until: int | None = None, report: Report | None = None) -> Path:
    """Train in a folder that `prepare` filled, from its last checkpoint on; return the folder of the model.

    `until` stops earlier than the recipe, with a checkpoint. One torch thread, so that a kill and a resume give the
    same weights, bit for bit, as no interruption.
    """
    torch.set_num_threads(1)
    if prepared(folder) != recipe:
        raise UserError(f"{folder} was prepared with another recipe; name another folder")
    tokenizer = load_tokenizer(folder)
    loaded = load_file(folder / _LESSONS)
    classroom = Classroom(loaded["tokens"], loaded["starts"], loaded["prompts"])
    model = build(recipe, tokenizer)
    optimiser = Optimiser(model, recipe)
    start, spent, seen, losses = _resume(folder, model, optimiser)
    began = process_time() - spent
    end = min(until if until is not None else recipe.steps, recipe.steps)
    for step, chosen in enumerate(classroom.batches(recipe)):
        if step < start:
            continue
        if step >= end:
            break
        ids, targets = classroom.batch(chosen, tokenizer.pad_token_id)
        loss = _loss(model, ids, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimiser.step(pace(step, recipe))
        seen += sum(classroom.lengths[i] for i in chosen)
        losses.append(round(float(loss.detach()), 4))
        if report:
            report(step + 1, recipe.steps, losses[-1], process_time() - began)
        if (step + 1) % EVERY == 0 or step + 1 == end:
            _save_state(folder, model, optimiser, step + 1, process_time() - began, seen, losses)
    return export(folder, model, tokenizer)


def pace(step: int, recipe: Recipe) -> float:
    """Return the share of the highest learning rate at a step: linear warm-up, then a cosine, in each cycle.

    >>> recipe = Recipe(cycles=(1_100, 200), warmup=100)
    >>> [round(pace(step, recipe), 3) for step in (0, 99, 100, 600, 1_099, 1_100, 1_200)]
    [0.01, 1.0, 1.0, 0.505, 0.01, 0.01, 1.0]
    """
    length = recipe.steps
    for length in recipe.cycles:
        if step < length:
            break
        step -= length
    if step < recipe.warmup:
        return (step + 1) / recipe.warmup
    along = (step - recipe.warmup) / max(1, length - recipe.warmup)
    return 0.01 + 0.99 * (1 + math.cos(math.pi * along)) / 2


def export(folder: Path, model: Any, tokenizer: Any) -> Path:
    """Write the model in float16 to `folder/model`, with its tokenizer and what it was taught, for transformers."""
    place = folder / "model"
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=end,
        pad_token_id=pad,
        do_sample=True,
        temperature=1.0,
        top_k=0,
        top_p=1.0,
        max_new_tokens=512,
    )
    tensors = {name: value.detach().half().contiguous() for name, value in model.named_parameters()}
    place.mkdir(parents=True, exist_ok=True)
    _replace(place / "model.safetensors", save(tensors, metadata={"format": "pt"}))
    model.config.architectures = [type(model).__name__]
    model.config.dtype = "float16"
    model.config.save_pretrained(place)
    model.generation_config.save_pretrained(place)
    save_tokenizer(tokenizer, place)
    known = json.dumps(taught(folder, model, len(tokenizer)), indent=1) + "\n"
    (place / LESSONS).write_text(known, encoding="utf-8")
    return place


def taught(folder: Path, model: Any, vocabulary: int) -> dict[str, Any]:
    """Return what `lessons.json` says: the recipe, what the training cost, and the versions it was made with."""
    recipe = json.loads((folder / _RECIPE).read_text(encoding="utf-8"))
    made, state = recipe.pop("lessons"), losses_of(folder)
    last = state["losses"][-100:]
    return {
        "recipe": recipe,
        "training": {
            "parameters": sum(value.numel() for value in model.parameters()),
            "vocabulary": vocabulary,
            "steps": state["step"],
            "tokens": state["tokens"],
            "seconds": state["seconds"],
            "loss": round(sum(last) / len(last), 4),
            "lessons": made["lessons"],
            "too_long": made["too_long"],
        },
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    }


def done(folder: Path) -> int:
    """Return how many steps the last checkpoint of a folder has."""
    return int(losses_of(folder)["step"]) if (folder / _STATE).is_file() else 0


def losses_of(folder: Path) -> dict[str, Any]:
    """Return what a training cost so far: `step`, `seconds` of CPU, `tokens` seen, and the `losses` of its steps."""
    with safe_open(folder / _STATE, "pt") as file:
        found: dict[str, Any] = json.loads(file.metadata()["facts"])
    return found


def _loss(model: Any, ids: Any, targets: Any) -> Any:
    """Return the mean negative log-likelihood, in nats, of the tokens that are asked.

    Padding stands on the right, where a causal model does not look, so no mask is needed.
    """
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
    asked = targets != -100
    return torch.nn.functional.cross_entropy(model.lm_head(hidden[asked]), targets[asked])


class Optimiser:
    """Muon for the matrices inside the layers (Jordan et al. 2024), AdamW for embeddings and norms.

    In a trial with these lessons Muon reached in two thirds of the steps the loss that AdamW alone reached.
    """

    def __init__(self, model: Any, recipe: Recipe) -> None:
        if not hasattr(torch.optim, "Muon"):
            raise UserError("training needs torch 2.9 or newer; install it with: pip install -U torch")
        named = list(model.named_parameters())
        inside = [value for name, value in named if value.ndim == 2 and "embed" not in name]
        others = [value for name, value in named if value.ndim != 2 or "embed" in name]
        decay = recipe.decay
        self.rate = recipe.rate
        self.parts = (
            torch.optim.Muon(inside, lr=self.rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(others, lr=self.rate, betas=(0.9, 0.98), eps=1e-9, weight_decay=0.0),
        )

    def step(self, share: float) -> None:
        """Change the weights along their gradients, at a share of the highest rate, and forget the gradients."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = self.rate * share
            part.step()
            part.zero_grad(set_to_none=True)

    def tensors(self) -> dict[str, Any]:
        """Return the state of both parts, by names that `load` understands."""
        return {
            f"{number}.{weight}.{name}": value
            for number, part in enumerate(self.parts)
            for weight, state in part.state_dict()["state"].items()
            for name, value in state.items()
        }

    def load(self, tensors: Mapping[str, Any]) -> None:
        """Take up the state that `tensors` returned."""
        states: list[dict[int, dict[str, Any]]] = [{} for _ in self.parts]
        for key, value in tensors.items():
            number, weight, name = key.split(".")
            states[int(number)].setdefault(int(weight), {})[name] = value
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict({"state": state, "param_groups": part.state_dict()["param_groups"]})


def _save_state(
    folder: Path, model: Any, optimiser: Optimiser, step: int, spent: float, seen: int, losses: Sequence[float]
) -> None:
    tensors = {f"model.{name}": value for name, value in model.named_parameters()}
    tensors |= {f"optimiser.{name}": value for name, value in optimiser.tensors().items()}
    spending = {"step": step, "seconds": round(spent, 1), "tokens": seen, "losses": list(losses)}
    new = folder / f"{_STATE}.new"
    copied = {name: value.detach().clone() for name, value in tensors.items()}
    save_file(copied, new, metadata={"facts": json.dumps(spending)})
    new.replace(folder / _STATE)


def _resume(folder: Path, model: Any, optimiser: Optimiser) -> tuple[int, float, int, list[float]]:
    if not (folder / _STATE).is_file():
        return 0, 0.0, 0, []
    tensors = load_file(folder / _STATE)
    with torch.no_grad():
        for name, value in model.named_parameters():
            value.copy_(tensors[f"model.{name}"])
    mine = "optimiser."
    optimiser.load({name.removeprefix(mine): value for name, value in tensors.items() if name.startswith(mine)})
    spent = losses_of(folder)
    return spent["step"], spent["seconds"], spent["tokens"], spent["losses"]


def _replace(path: Path, data: bytes) -> None:
    new = path.with_name(path.name + ".new")
    new.write_bytes(data)
    new.replace(path)
