"""Models for tests: they write what a test tells them to, and count what they are asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from synth.family.registry import families
from synth.propose import trace
from synth.propose.ask import Ask, Draw, Reply
from synth.propose.sampler import solve
from synth.records import Candidate, Source

HOSTILE = [
    "",
    "I am sorry, but I cannot help with that.",
    "(" * 100_000,
    "import os; os.system('touch owned')",
    "(set-logic QF_LIA)(assert false)(check-sat)(exit)",
    "answer: x = 9^9^9^9^9^9^9, y = 2",
    "ответ: икс равен двум",
    "answer: x = 1, y = \ud83d",
    "s0 c0: y = 1\n" * 500,
    "\x00\x01\x02",
    "answer: " + "-" * 5000 + "1",
]


def right(ask: Ask) -> str:
    """Return the trace of the solver for a problem that is asked."""
    formal = ask.text.split("\n")[1]
    family = families()[ask.family]
    solved = solve(family, Candidate(Source(ask.family, 1, 0, 0), formal))
    assert isinstance(solved, Candidate)
    return trace.write(family, solved)


@dataclass
class Scripted:
    """Writes `say(ask, rng)`; the stream of an ask depends on the ask and the seed alone."""

    say: Callable[[Ask, Random], str]
    name: str = "scripted"
    continues: bool = False
    families: frozenset[str] | None = None
    calls: list[tuple[str, int]] = field(default_factory=list)

    def knows(self, family: str, level: int | None = None) -> bool:
        return self.families is None or family in self.families

    def propose(self, asks: Sequence[Ask], draw: Draw) -> list[list[Reply]]:
        self.calls += [(ask.role, draw.n) for ask in asks]
        found = []
        for ask in asks:
            rng = Random(f"{ask.text} {draw.seed}")
            texts = [self.say(ask, rng) for _ in range(draw.n)]
            found.append([Reply(text, tokens=len(text.split()), prompt_tokens=len(ask.text.split())) for text in texts])
        return found
