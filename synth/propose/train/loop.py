"""Train the bundled proposer from nothing: plain transformers weights, one thread, stopped and resumed at any moment.

A folder of training holds `lessons-0.safetensors` (tokens of the lessons of the first stage) and so on, `problems.txt`
(digests that exams avoid), the tokenizer, and `state.safetensors` (weights, optimiser and the step, replaced in one
move).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
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
from synth.propose.train.optimiser import Optimiser
from synth.propose.train.recipe import Recipe, recipe_of
from synth.propose.train.tokens import load_tokenizer, save_tokenizer, train_tokenizer
from synth.propose.weights import LESSONS, facts

EVERY = 100  # steps between checkpoints
POOL = 64  # batches whose lessons are sorted by length together
TEACH_TOKENIZER = 20  # every n-th lesson teaches the tokenizer
PROBLEMS = "problems.txt"
_RECIPE, _STATE = "recipe.json", "state.safetensors"

Report = Callable[[int, int, float, float], None]  # step, steps, loss in nats a token, CPU-seconds so far


class Classroom:
    """The lessons as tokens: `tokens` is one flat line, `starts` where each lesson begins, `prompts` their prompts."""

    def __init__(self, tokens: Any, starts: Any, prompts: Any) -> None:
        self.tokens = tokens.long()
        self.starts: list[int] = starts.tolist()
        self.prompts: list[int] = prompts.tolist()
        self.lengths = [end - start for start, end in zip(self.starts, self.starts[1:], strict=False)]

    def batches(self, tokens: int, seed: int) -> Iterator[list[int]]:
        """Yield the lessons of each batch, without end; of about equal length, at most `tokens` with padding."""
        rng = Random(seed)
        while True:
            order = list(range(len(self.lengths)))
            rng.shuffle(order)
            size = POOL * max(1, tokens * len(order) // sum(self.lengths))
            for start in range(0, len(order), size):
                pool = self._cut(sorted(order[start : start + size], key=lambda i: (self.lengths[i], i)), tokens)
                rng.shuffle(pool)
                yield from pool

    def _cut(self, ordered: Sequence[int], tokens: int) -> list[list[int]]:
        cut: list[list[int]] = [[]]
        for i in ordered:
            if cut[-1] and self.lengths[i] * (len(cut[-1]) + 1) > tokens:
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
    counts: Counter[str] = Counter()
    taught: dict[str, None] = {}
    tokenizer = None
    for number, stage in enumerate(recipe.stages):
        made = list(lessons(stage, recipe.seed, workers))
        if tokenizer is None:
            if not made:
                raise UserError("the first stage has no lessons; give it families and levels")
            texts = (one.prompt + one.completion for one in made[::TEACH_TOKENIZER])
            tokenizer = train_tokenizer(texts, recipe.vocabulary)
        if made:
            counts.update(_write_tokens(_lessons_of(folder, number), made, tokenizer, recipe.longest))
            taught.update(dict.fromkeys(one.problem for one in made))
    save_tokenizer(tokenizer, folder)
    (folder / PROBLEMS).write_text("".join(f"{problem}\n" for problem in taught), encoding="utf-8")
    _replace(folder / _RECIPE, json.dumps({**recipe.as_json(), "lessons": counts}, indent=1).encode())
    return counts


def _lessons_of(folder: Path, number: int) -> Path:
    return folder / f"lessons-{number}.safetensors"


def _write_tokens(place: Path, made: Sequence[Lesson], tokenizer: Any, longest: int) -> dict[str, int]:
    prompts = tokenizer([one.prompt for one in made])["input_ids"]
    completions = tokenizer([one.completion for one in made])["input_ids"]
    flat: list[int] = []
    starts, asked = [0], []
    for prompt, completion in zip(prompts, completions, strict=True):
        if len(prompt) + len(completion) + 1 > longest:
            continue
        flat += [*prompt, *completion, tokenizer.eos_token_id]
        starts.append(len(flat))
        asked.append(len(prompt))
    tensors = {
        "tokens": torch.tensor(flat, dtype=torch.int16),
        "starts": torch.tensor(starts),
        "prompts": torch.tensor(asked),
    }
    save_file(tensors, place)
    return {"lessons": len(asked), "too_long": len(made) - len(asked), "tokens": len(flat)}


def extend(folder: Path, steps: int) -> Recipe:
    """Add a stage of so many steps, with the lessons of the last one, to the recipe of a folder and return it."""
    facts_there = facts(folder, _RECIPE)
    recipe = _bare(facts_there)
    recipe = replace(recipe, stages=(*recipe.stages, replace(recipe.stages[-1], steps=steps, mix={})))
    _replace(folder / _RECIPE, json.dumps({**facts_there, **recipe.as_json()}, indent=1).encode())
    return recipe


def _bare(facts_there: Mapping[str, Any]) -> Recipe:
    return recipe_of({key: value for key, value in facts_there.items() if key != "lessons"})


def prepared(folder: Path) -> Recipe | None:
    """Return the recipe that a folder was prepared with; None where it was not, or not to the end."""
    if not (folder / _RECIPE).is_file():
        return None
    return _bare(facts(folder, _RECIPE))


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
    model = build(recipe, tokenizer)
    run = _Run(model, *_resume(folder, model))
    end = min(until if until is not None else recipe.steps, recipe.steps)
    first, there = 0, 0
    for number, stage in enumerate(recipe.stages):
        there = number if stage.mix else there
        if run.step < min(first + stage.steps, end):
            _stage(folder, recipe, _classroom(folder, there), run, (number, first, end), report)
        first += stage.steps
    return export(folder, model, tokenizer)


@dataclass
class _Run:
    """A training under way: the model and what it cost so far."""

    model: Any
    step: int = 0
    seconds: float = 0.0
    tokens: int = 0
    losses: list[float] = field(default_factory=list)


def _classroom(folder: Path, number: int) -> Classroom:
    loaded = load_file(_lessons_of(folder, number))
    return Classroom(loaded["tokens"], loaded["starts"], loaded["prompts"])


def _stage(
    folder: Path, recipe: Recipe, classroom: Classroom, run: _Run, place: tuple[int, int, int], report: Report | None
) -> None:
    """Train in one stage, from the step where the run is; `place` is its number, its first step and where to stop."""
    number, first, end = place
    stage, began = recipe.stages[number], process_time() - run.seconds
    optimiser = Optimiser(run.model, recipe)
    if run.step > first:
        optimiser.load(_saved(folder, "optimiser."))
    drawn = classroom.batches(recipe.batch_tokens // stage.parts, recipe.seed + number)
    for _ in range((run.step - first) * stage.parts):
        next(drawn)
    for step in range(run.step, min(first + stage.steps, end)):
        chosen = list(islice(drawn, stage.parts))
        loss = _backward(run.model, [classroom.batch(each, run.model.config.pad_token_id) for each in chosen])
        torch.nn.utils.clip_grad_norm_(run.model.parameters(), recipe.clip)
        optimiser.step(pace(step - first, stage.horizon or stage.steps, recipe.warmup))
        run.step, run.seconds = step + 1, process_time() - began
        run.tokens += sum(classroom.lengths[i] for each in chosen for i in each)
        run.losses.append(round(loss, 4))
        if report:
            report(run.step, recipe.steps, run.losses[-1], run.seconds)
        if run.step % EVERY == 0 or run.step in (end, first + stage.steps):
            _save_state(folder, run, optimiser)


def _backward(model: Any, parts: Sequence[tuple[Any, Any]]) -> float:
    """Add the gradients of one step, over all tokens that its parts ask for; return its loss in nats a token."""
    counts = [int((targets != -100).sum()) for _, targets in parts]
    total = 0.0
    for count, (ids, targets) in zip(counts, parts, strict=True):
        loss = _loss(model, ids, targets) * (count / sum(counts))
        loss.backward()
        total += float(loss.detach())
    return total


def pace(step: int, steps: int, warmup: int) -> float:
    """Return the share of the highest learning rate at a step of a stage: linear warm-up, then a cosine.

    >>> [round(pace(step, 1_100, 100), 3) for step in (0, 99, 100, 600, 1_099)]
    [0.01, 1.0, 1.0, 0.505, 0.01]
    """
    if step < warmup:
        return (step + 1) / warmup
    along = (step - warmup) / max(1, steps - warmup)
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


def _save_state(folder: Path, run: _Run, optimiser: Optimiser) -> None:
    tensors = {f"model.{name}": value for name, value in run.model.named_parameters()}
    tensors |= {f"optimiser.{name}": value for name, value in optimiser.tensors().items()}
    spending = {"step": run.step, "seconds": round(run.seconds, 1), "tokens": run.tokens, "losses": run.losses}
    new = folder / f"{_STATE}.new"
    copied = {name: value.detach().clone() for name, value in tensors.items()}
    save_file(copied, new, metadata={"facts": json.dumps(spending)})
    new.replace(folder / _STATE)


def _saved(folder: Path, kind: str) -> dict[str, Any]:
    """Return the tensors of one kind of the last checkpoint."""
    tensors = load_file(folder / _STATE)
    return {name.removeprefix(kind): value for name, value in tensors.items() if name.startswith(kind)}


def _resume(folder: Path, model: Any) -> tuple[int, float, int, list[float]]:
    if not (folder / _STATE).is_file():
        return 0, 0.0, 0, []
    saved = _saved(folder, "model.")
    with torch.no_grad():
        for name, value in model.named_parameters():
            value.copy_(saved[name])
    spent = losses_of(folder)
    return spent["step"], spent["seconds"], spent["tokens"], spent["losses"]


def _replace(path: Path, data: bytes) -> None:
    new = path.with_name(path.name + ".new")
    new.write_bytes(data)
    new.replace(path)
