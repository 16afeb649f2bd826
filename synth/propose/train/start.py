"""Start or resume a training, and examine what came of it: what the command line calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from math import ceil
from pathlib import Path
from typing import Any

from synth.errors import UserError, did_you_mean
from synth.propose.train import loop
from synth.propose.train.exam import Posed, Solved, sit, speaker
from synth.propose.train.recipe import Mix, Recipe, recipe_of
from synth.propose.weights import EXAM, LESSONS, facts


def start(
    folder: Path,
    *,
    steps: int | None = None,
    lessons: int | None = None,
    seed: int | None = None,
    resume: bool = False,
    more: int | None = None,
    workers: int = 1,
    report: loop.Report | None = None,
) -> Path:
    """Train in a folder by the fixed recipe, changed where asked; return the folder of the model.

    With `resume` the recipe of the folder holds, and what is asked otherwise must agree with it; `more` adds a stage of
    so many steps to a training that is done. Raise `UserError` where the folder holds a training and `resume` is not
    given, or where there is none to resume.
    """
    there = loop.prepared(folder)
    if there is not None and not resume:
        raise UserError(f"{folder} holds a training; go on with it by --resume, or name another folder")
    if there is None and resume:
        raise UserError(f"{folder} holds no training to go on with; leave out --resume")
    if more is not None:
        if there is None or loop.done(folder) < there.steps:
            raise UserError(f"{folder} holds no finished training to add steps to; finish it with --resume first")
        there = loop.extend(folder, more)
    recipe = changed(there or Recipe(), steps, lessons, seed)
    if there is None:
        loop.prepare(folder, recipe, workers)
    elif recipe != there:
        raise UserError(f"{folder} was started with other steps, lessons or seed; leave them out, or name another one")
    return loop.train(folder, recipe, report=report)


def changed(recipe: Recipe, steps: int | None, lessons: int | None, seed: int | None) -> Recipe:
    """Return a recipe with other steps, lessons in all, or seed.

    >>> sum(sum(levels.values()) for levels in changed(Recipe(), 20, 300, None).mix.values()) >= 300
    True
    """
    stages = list(recipe.stages)
    if steps is not None:
        shares = [stage.steps for stage in stages]
        ends = [steps * total // sum(shares) for total in accumulate(shares)]
        stages = [
            replace(stage, steps=b - a, horizon=None) for stage, a, b in zip(stages, [0, *ends], ends, strict=False)
        ]
        recipe = replace(recipe, warmup=min(recipe.warmup, steps // 2 + 1))
    if lessons is not None:
        made = sum(count for stage in stages for levels in stage.mix.values() for count in levels.values())
        stages = [replace(stage, mix=_scaled(stage.mix, lessons / made)) for stage in stages]
    recipe = replace(recipe, stages=tuple(stages))
    return recipe if seed is None else replace(recipe, seed=seed)


def _scaled(mix: Mix, factor: float) -> Mix:
    return {name: {level: ceil(count * factor) for level, count in levels.items()} for name, levels in mix.items()}


def sit_exam(
    folder: Path,
    *,
    problems: int = 100,
    samples: int = 16,
    temperature: float = 1.0,
    only: Sequence[str] = (),
    report: Callable[[Solved | Posed], None] | None = None,
) -> dict[str, Any]:
    """Examine the model of a folder on what it was taught, or on some families; return what `exam.json` holds.

    Problems that occur among the lessons are dropped: by the digests in the folder of the training, or else as the
    exam in the folder says. Solutions are drawn at `temperature`, problems at 1. Takes some minutes on one core; less
    with fewer problems or samples.
    """
    try:
        mix = recipe_of(facts(folder, LESSONS)["recipe"]).mix
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{folder / LESSONS} is not what a training writes; make it with: synth model train") from error
    for name in only:
        if name not in mix:
            raise UserError(f"the model was not taught {name}; {did_you_mean(name, mix)}")
    digests = folder.parent / loop.PROBLEMS
    taught = frozenset(digests.read_text(encoding="utf-8").split() if digests.is_file() else ())
    dropped = {}
    if not taught and (folder / EXAM).is_file():
        dropped = {(row["family"], row["level"]): row["dropped"] for row in facts(folder, EXAM)["solve"]}
    chosen = {name: list(levels) for name, levels in mix.items() if not only or name in only}
    return sit(
        speaker(folder, temperature),
        speaker(folder),
        chosen,
        problems=problems,
        samples=samples,
        taught=taught,
        dropped=dropped,
        temperature=temperature,
        report=report,
    )
