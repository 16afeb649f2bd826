"""Shortest ways through a grid, or that there is none."""

from __future__ import annotations

from collections.abc import Collection
from itertools import accumulate
from typing import TypeAlias

from synth.audit.reader import Asked, Breaks, Is, Label, Nothing, NotRead, Reader, Row
from synth_kernel.claims import Claim, Theory
from synth_kernel.terms import Term
from synth_readers._words import grid, matched

_QUESTION = (
    r"Your task is to find the shortest path from the start to the destination point in a grid\.\n\n"
    r"The grid is represented as a matrix with the following types of cells:\n- \*: your starting point\n"
    r"- #: your destination point\n- O: an open cell\n- X: a blocked cell\n\n"
    r"Therefore, you need to find the shortest path from \* to #, moving only through open cells\.\n\n"
    r"You may only move in four directions: up, down, left, and right\.\n\n"
    r"If there is no path from \* to #, simply write \"infeasible\" \(without quotes\)\.\n\n"
    r"Your output should be a sequence of directions that leads from \* to #, e\.g\. right right down down up left\n\n"
    r"Now, find the shortest path from \* to # in the following grid:\n([OX*# \n]+)"
)
_MOVES = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
MAX_CELLS = 400
Place: TypeAlias = "tuple[int, int]"  # row and column, from 0


def read(row: Row) -> list[Asked]:
    """Cells are places and each move costs 1.

    A cheapest walk visits no cell twice, so it costs less than there are cells. That every walk costs as much as there
    are cells therefore says that there is none.
    """
    rows = grid(matched(_QUESTION, row.question)[1])
    cells = {(i, j): cell for i, line in enumerate(rows) for j, cell in enumerate(line) if cell != "X"}
    ends = [[place for place, cell in cells.items() if cell == sign] for sign in "*#"]
    if len(cells) > MAX_CELLS or [len(places) for places in ends] != [1, 1] or not set(cells.values()) <= set("*#O"):
        raise NotRead("no grid with one start and one destination")
    arcs = [("arc", _name(place), _name(there), 1) for place in cells for there in _around(place) if there in cells]
    (start,), (end,) = ends
    clauses: tuple[Term, ...] = (("=", ("start", "way"), _name(start)), ("=", ("end", "way"), _name(end)))
    if not arcs:
        arcs = [("arc", _name(start), _name(start), 1)]  # a walk has a sort with an arc
    theory = Theory((("way", ("Walk", *arcs)),), (), clauses, (), ("optimize", "way", ("cost", "way")))
    absent = Claim("ill_posed", "entails", ("T",), (">=", ("cost", "way"), len(cells)))
    return [Asked(theory, _label(row.label(), start, end, set(cells)), absent=absent, may_be_absent=True)]


def _label(text: str, start: Place, end: Place, cells: Collection[Place]) -> Label:
    if text == "infeasible":
        return Nothing()
    moves = text.split()
    if not moves or not set(moves) <= set(_MOVES) or len(moves) > MAX_CELLS:
        raise NotRead("an answer other than directions or infeasible")
    steps = [_MOVES[move] for move in moves]
    places = list(accumulate(steps, lambda at, step: (at[0] + step[0], at[1] + step[1]), initial=start))
    if not set(places) <= set(cells):
        return Breaks("the answer leads through a blocked cell or out of the grid")
    if places[-1] != end:
        return Breaks("the answer does not lead to the destination")
    return Is(("model", ("=", "way", ("walk", *map(_name, places)))))


def _around(place: Place) -> list[Place]:
    return [(place[0] + down, place[1] + right) for down, right in _MOVES.values()]


def _name(place: Place) -> str:
    return f"'r{place[0]}c{place[1]}"


READER = Reader("shortest_path", read, "shortest_path")
