"""Knights and knaves: who tells the truth? (Smullyan, *What Is the Name of This Book?*, 1978)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

from synth.family import Family, Move, Theory, Tree, World, bindings
from synth_kernel.terms import Term

NAMES = ("Ann", "Bob", "Cid", "Dot", "Eve", "Fay", "Gus", "Hal", "Ivy", "Jon", "Kit", "Lea")


SIZES = (6, 7, 8, 8, 10, 10, 11, 12, 12, 13, 14)  # tokens of a statement; from 10 on two parts are connected


class Knights(Family):
    """Each statement is true exactly when a knight makes it; one assignment fits them all."""

    domain = "logic"
    kind = "find"
    summary = "knights who tell the truth and knaves who lie"
    clause = "statement"
    method = "deduction"
    levels = {  # noqa: RUF012
        1: {"people": 3},
        2: {"people": 4},
        3: {"people": 5},
        4: {"people": 6},
        5: {"people": 8},
    }

    def header(self, level: Mapping[str, Any], rng: Random) -> Tree:
        return ("people", *rng.sample(NAMES, level["people"]))

    def frame(self, header: Tree, clauses: Any) -> Tree:
        return ("problem", header, ("statements", *clauses))

    def terminals(self, world: World, rng: Random) -> Mapping[str, Callable[[Random], str]]:
        names = world.names()
        return {"NAME": lambda rng: rng.choice(names), "INT": lambda rng: str(rng.randint(1, len(names) - 1))}

    def draw(self, world: World, rng: Random) -> Tree | None:
        return self.sampler(world.level).tree(self.clause, rng.choice(SIZES), rng, self.terminals(world, rng))

    def sensible(self, clause: Term) -> bool:
        """Nobody is named twice in one statement, and it counts at most once: else it often says nothing."""
        counts, named = _said(clause)
        return counts <= 1 and len(named) == len(set(named))

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"people:{len(tree[1]) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        return ", ".join(f"{name} {_role(value)}" for name, value in bindings(answer).items())

    def sentence(self, move: Move) -> str:
        ((name, value),) = bindings(("model", move.goal)).items()
        return f"{name} {_role(value)}"


def _said(term: Term) -> tuple[int, list[str]]:
    """Return how many counts are in a statement, and the people named outside of them."""
    if not isinstance(term, tuple):
        return 0, [term] if isinstance(term, str) else []
    if term[0] == "count":
        return 1, []
    parts = [_said(part) for part in term[1:]]
    return sum(counts for counts, _ in parts), [name for _, names in parts for name in names]


def _role(value: Term) -> str:
    return "knight" if value == "true" else "knave"
