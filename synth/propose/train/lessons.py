"""What the bundled proposer is taught: problems of the sampler, with the solver's steps and answers.

A lesson has the bare prompt of a role and what should follow it. Lessons need no proof: what the model later writes is
proved or refused, whatever it was taught.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from random import Random

from synth.family import Family
from synth.family.registry import families
from synth.grammar.features import pairs, productions
from synth.propose import trace
from synth.propose.sampler import propose
from synth.propose.train.recipe import Stage
from synth.records import Candidate, Source
from synth_kernel.claims import digest

CHUNK = 500  # lessons made by one call of a worker


@dataclass(frozen=True)
class Lesson:
    """A prompt and what should follow; `problem` is the digest of the canonical problem, which exams must avoid."""

    family: str
    level: int
    role: str  # solve | pose
    prompt: str
    completion: str
    problem: str


def lesson(family: Family, source: Source, pose_share: float) -> Lesson | None:
    """Return the lesson of a source, or None where the sampler or the solver came to nothing.

    >>> found = lesson(families()["linear_system"], Source("linear_system", 1, 1, 0), 0.0)
    >>> print(found.prompt + found.completion)
    solve linear_system
    solve x, y: 3 * x + 2 * y = -17; 2 * x - 3 * y = -7
    s0 c0 multiply: 6 * x + 4 * y = -34
    s1 c1 multiply: 6 * x - 9 * y = -21
    s2 s0 s1 subtract: 13 * y = -13
    s3 s2 divide: y = -1
    s4 c1 s3 substitute: 2 * x = -10
    s5 s4 divide: x = -5
    answer: x = -5, y = -1
    """
    candidate = propose(family, source, small_steps=True)
    if not isinstance(candidate, Candidate):
        return None
    problem = trace.canonical(family, candidate.formal, "problem")
    rng = source.random("lesson")
    name, level, key = family.name, source.level, digest(problem)[:16]
    if rng.random() < pose_share:
        wanted = wish(family, problem, rng)
        return Lesson(name, level, "pose", f"pose {name} {level}: {', '.join(wanted)}\n", problem, key)
    return Lesson(name, level, "solve", f"solve {name}\n{problem}\n", trace.write(family, candidate), key)


def wish(family: Family, problem: str, rng: Random) -> tuple[str, ...]:
    """Draw one of the pairs of features that a problem has; a pair of the same feature is said once."""
    tree = family.formal.read(problem, "problem")
    return tuple(dict.fromkeys(rng.choice(pairs({*productions(tree), *family.features(tree)}))))


def lessons(stage: Stage, seed: int, workers: int = 1) -> Iterator[Lesson]:
    """Yield the lessons of a stage, family by family and level by level; the same for any number of workers.

    Costs 0.5 to 6 ms of CPU a lesson.
    """
    parts = [
        (name, level, stage.first + start, stage.first + min(start + CHUNK, count))
        for name, levels in sorted(stage.mix.items())
        for level, count in sorted(levels.items())
        for start in range(0, count, CHUNK)
    ]
    teach = partial(_part, seed=seed, pose_share=stage.pose_share)
    if workers <= 1:
        yield from _joined(map(teach, parts))
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from _joined(pool.map(teach, parts))


def _part(part: tuple[str, int, int, int], seed: int, pose_share: float) -> list[Lesson]:
    name, level, start, end = part
    found = (lesson(families()[name], Source(name, level, seed, index), pose_share) for index in range(start, end))
    return [one for one in found if one is not None]


def _joined(parts: Iterable[Sequence[Lesson]]) -> Iterator[Lesson]:
    for part in parts:
        yield from part
