"""Fresh proved problems without end, a shard at a time; what a stream for a trainer is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from synth.consumers.course import Course
from synth.errors import UserError
from synth.export.formats import FORMATS, Around
from synth.family.registry import families
from synth.graph.steer import Steered
from synth.run import benchmarks
from synth.run.batch import make_one
from synth.run.recipe import Recipe, load, quotas, resolve
from synth_kernel.claims import digest

FIRST = 1 << 40  # index of the first problem: beyond every row of a run, so a corpus of the same recipe shares none
DRY = 1000  # problems in a row that came to nothing, before it is an error


def recipe_for(given: Recipe | Mapping[str, Any] | Path | str) -> Recipe:
    """Return a resolved recipe from a file, its keys or a recipe. Raise `UserError` where it asks for a model."""
    if isinstance(given, Recipe):
        given = given.model_dump()
    recipe = resolve(given, "the recipe", families()) if isinstance(given, Mapping) else load(Path(given), families())
    for key, asked in (("model", recipe.model.name), ("paraphrase", recipe.paraphrase)):
        if asked:
            raise UserError(f"a stream is made without a model, so its recipe has no `{key}`; leave it out")
    return recipe


def course_of(recipe: Recipe, target: float) -> Course:
    """Return a course through the families and levels of a recipe, by its weights."""
    every = quotas(recipe.model_copy(update={"rows": 1_000_000}))
    return Course({cell: float(count) for cell, count in every.items() if count}, target)


class Problems:
    """The problems of some shards of a stream, in turns; iterating goes on after the first `taken` ones.

    The problem at a turn of a shard has an index that no other turn or shard has; its family and level are drawn by the
    course from a random stream of that index, so the same reports at the same turns give the same problems. What is on
    the test side of the recipe's split, or in a benchmark that it names, is left out.
    """

    def __init__(self, recipe: Recipe, course: Course, shards: Sequence[int], of: int) -> None:
        self.recipe, self.course, self.shards, self.of = recipe, course, tuple(shards), of
        self._contaminants = benchmarks.contaminants(recipe)

    def after(self, taken: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (turns taken so far, problem) without end; a problem has the columns of the format `rlvr`.

        Its `id` is `FAMILY/LEVEL/INDEX`, by which `synth show` makes it again. Raise `UserError` where a thousand turns
        in a row come to nothing.
        """
        last = taken
        while True:
            turn, place = divmod(taken, len(self.shards))
            index = FIRST + turn * self.of + self.shards[place]
            taken += 1
            if (row := self._problem(index)) is not None:
                last = taken
                yield taken, row
            elif taken - last >= DRY:
                raise UserError(f"{DRY} problems in a row came to nothing; try the recipe with synth generate")

    def _problem(self, index: int) -> dict[str, Any] | None:
        recipe, course = self.recipe, self.course
        family, level = cell = course.choose(Random(int(digest("stream", str(recipe.seed), str(index)), 16)))
        outcome = make_one(recipe, Steered(family, level, recipe.seed, index, demand=course.demand(cell)))
        row = outcome.row
        if row is None or row["split"] != "train" or (self._contaminants and self._contaminants.hit(row)):
            return None
        name = f"{family}/{level}/{index}"
        course.asked(name, cell, outcome.features)
        (problem,) = FORMATS["rlvr"].rows(row, Around(recipe))
        return {**problem, "id": name}
