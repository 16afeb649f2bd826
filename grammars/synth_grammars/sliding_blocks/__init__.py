"""Sliding puzzles: the fewest moves from one arrangement of tiles to another.

The plan is the witness that so many moves are enough. That no fewer are is shown by visiting every arrangement that is
nearer, breadth first (Moore 1959; for sliding puzzles Schofield 1967).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, Tree, bindings
from synth_kernel.terms import Term

TILES = "BCDEFGHJKLMNPQRSTUVWXYZ"
FARTHEST = 16  # moves


class SlidingBlocks(Family):
    """The goal is an arrangement with the gap anywhere; the start is drawn among all that are so many moves away."""

    domain = "planning"
    kind = "optimize"
    summary = "the fewest moves of a sliding puzzle"
    levels = {  # noqa: RUF012
        1: {"boards": [(2, 3), (3, 2), *[(2, 4), (4, 2)] * 2, *[(3, 3)] * 6], "moves": (5, 8)},
        2: {"boards": [(2, 4), (4, 2), (3, 3), (3, 3)], "moves": (8, 10)},
        3: {"boards": [(3, 3)], "moves": (10, 12)},
        4: {"boards": [(3, 3)], "moves": (12, 14)},
        5: {"boards": [(3, 3)], "moves": (14, 16)},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        rows, columns = rng.choice(level["boards"])
        gap = rng.randrange(rows * columns)
        layers = _layers(rows, columns, gap)
        near, far = level["moves"]
        moves, state = rng.choice([(moves, state) for moves in range(near, far + 1) for state in layers[moves]])
        names = rng.sample(TILES, rows * columns - 1)
        start = state
        told: list[Term] = []
        for layer in reversed(layers[:moves]):
            nearer = set(layer)
            state, tile = rng.choice([each for each in _next(state, columns) if each[0] in nearer])
            told.append(f"'{names[tile - 1]}")
        tree: Tree = ("problem", _board(start, columns, names), _board(state, columns, names))
        return Proposal(self.formal.render(tree), ("model", ("=", "slides", ("plan", *told))))

    def features(self, tree: Tree) -> Iterable[str]:
        board = tree[1]
        return [f"board:{len(board) - 1}x{len(board[1]) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        plan: Any = bindings(answer)["slides"]
        return ", ".join(str(tile).removeprefix("'") for tile in plan[1:])


@lru_cache(maxsize=64)
def _layers(rows: int, columns: int, gap: int) -> list[list[bytes]]:
    """Return the arrangements that are 0, 1, 2, … moves from the goal with its gap there; 0 is the gap."""
    goal = bytes([*range(1, gap + 1), 0, *range(gap + 1, rows * columns)])
    layers, found = [[goal]], {goal}
    while len(layers) <= FARTHEST:
        layer = []
        for state in layers[-1]:
            for other, _ in _next(state, columns):
                if other not in found:
                    found.add(other)
                    layer.append(other)
        layers.append(layer)
    return layers


def _next(state: bytes, columns: int) -> Iterator[tuple[bytes, int]]:
    """Yield what one move makes of an arrangement, each with the tile that it moves."""
    gap = state.index(0)
    for place in (gap - columns, gap - 1, gap + 1, gap + columns):
        if 0 <= place < len(state) and (place % columns == gap % columns or place // columns == gap // columns):
            moved = bytearray(state)
            moved[gap], moved[place] = moved[place], 0
            yield bytes(moved), state[place]


def _board(state: bytes, columns: int, names: list[str]) -> Tree:
    cells: list[Tree] = [("tile", names[tile - 1]) if tile else ("gap",) for tile in state]
    rows: list[Tree] = [("row", *cells[place : place + columns]) for place in range(0, len(cells), columns)]
    return ("board", *rows)
