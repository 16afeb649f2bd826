"""One problem to be solved, and what becomes of a text that claims to solve it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from synth.family import Family
from synth.judge.judge import Setting, judge
from synth.propose import prompts, trace
from synth.propose.ask import Ask
from synth.propose.sampler import propose
from synth.recheck.rows import ANSWER_ONLY
from synth.records import Candidate, Record, Rejection, Source
from synth_kernel.meaning import Reading

_SHOWN = 400  # characters of a message that are kept


@dataclass(frozen=True, eq=False)
class Task:
    """A problem of a family in the formal language; `id` names the row it comes from, if it comes from one."""

    family: Family
    source: Source
    formal: str
    id: str = ""

    @property
    def cell(self) -> tuple[str, int]:
        """Family and level."""
        return self.family.name, self.source.level

    @cached_property
    def reading(self) -> Reading:
        """What the problem states."""
        return self.family.problem(self.formal)[1]

    @cached_property
    def ask(self) -> Ask:
        """What a model is asked, with nothing written yet."""
        return prompts.solve(self.family, self.formal)

    def by(self, model: str, temperature: float) -> Task:
        """Return the task with the source of solutions that a model finds."""
        return replace(self, source=replace(self.source, kind="verified", model=model, temperature=temperature))


@dataclass(frozen=True)
class Attempt:
    """A text that was read and perhaps judged; `calls` is 1 where the judge had to prove something."""

    result: Record | Rejection
    calls: int = 0

    @property
    def accepted(self) -> bool:
        """Whether every required claim and every step was proved."""
        return isinstance(self.result, Record)


@dataclass(frozen=True)
class Parsed:
    """A trace whose steps and answer belong to the formal language. `answer` is the canonical text of the answer."""

    candidate: Candidate
    text: str
    answer: str


def parse(task: Task, text: str) -> Parsed | Rejection:
    """Read the text of a model as a trace; nothing is proved. Total: any text is a trace or is rejected.

    >>> from synth.family.registry import families
    >>> task = draw(families()["linear_system"], level=1, count=1, seed=2)[0]
    >>> parse(task, "I think x is 3").detail
    'line 1: neither a step nor the answer'
    """
    empty = Candidate(task.source, task.formal)
    try:
        steps, answer = trace.read(text)
        said = trace.canonical(task.family, answer, "solution")
        for step in steps:
            if step.rule != ANSWER_ONLY:
                task.family.formal.read(step.formal, "step")
    except ValueError as error:
        return Rejection(empty, "parse", type(error).__name__, str(error)[:_SHOWN])
    return Parsed(Candidate(task.source, task.formal, answer, steps), text, said)


def verify(task: Task, candidate: Candidate, setting: Setting) -> Attempt:
    """Judge what was parsed: accepted if every role that the kind requires and every step is proved."""
    try:
        result = judge(task.family, candidate, setting)
    except Exception as error:  # text of a model may find a fault of ours; it costs this reply and is counted
        result = Rejection(candidate, "judge", f"fault: {type(error).__name__}", str(error)[:_SHOWN])
    return Attempt(result, calls=0 if isinstance(result, Rejection) and result.stage == "parse" else 1)


def attempt(task: Task, text: str, setting: Setting | None = None) -> Attempt:
    """Read and judge a text that claims to solve the task; never raises, whatever the text."""
    parsed = parse(task, text)
    return Attempt(parsed) if isinstance(parsed, Rejection) else verify(task, parsed.candidate, setting or Setting())


def draw(family: Family, level: int, count: int, seed: int) -> list[Task]:
    """Draw different problems that the solver has an answer to; fewer where a level has no more.

    Costs one proposal of the sampler a problem, a few milliseconds.
    """
    found: dict[str, Task] = {}
    for index in range(4 * count):
        if len(found) == count:
            break
        candidate = propose(family, Source(family.name, level, seed, index))
        if isinstance(candidate, Candidate):
            formal = trace.canonical(family, candidate.formal, "problem")
            found.setdefault(formal, Task(family, candidate.source, formal))
    return list(found.values())
