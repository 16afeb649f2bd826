"""Shortest plans, by the breadth-first search that the kernel's body `layers` makes."""

from __future__ import annotations

from synth_kernel.numbers import Undecided
from synth_kernel.plans import Machine
from synth_kernel.terms import Sort


def shortest(sort: Sort) -> tuple[str, ...] | None:
    """Return the moves of a shortest plan that solves a machine, None if there is none or none was found.

    >>> shortest(("Plan", ("variable", "x", ("range", 0, 3), 0), ("move", "'up", "true", ("set", "x", ("+", "x", 1))),
    ...           ("goal", ("=", "x", 2))))
    ("'up", "'up")
    """
    machine = Machine(sort)
    before: dict[int, tuple[int, str]] = {}
    try:
        for layer in machine.layers(before):
            for state in machine.goals(layer)[:1]:
                moves: list[str] = []
                while state != machine.start:
                    state, name = before[state]
                    moves.append(name)
                return tuple(reversed(moves))
    except Undecided:
        pass
    return None
