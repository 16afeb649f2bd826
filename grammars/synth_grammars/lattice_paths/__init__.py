"""Lattice paths among obstacles, counted by what remains of the obstacles after each step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, Tree
from synth_kernel.terms import Term

Place = tuple[int, int]


class LatticePaths(Family):
    """Paths that go east and north; each obstacle drawn changes their number."""

    domain = "combinatorics"
    kind = "count"
    summary = "lattice paths that keep clear of obstacles"
    levels = {  # noqa: RUF012
        1: {"sides": (4, 5), "obstacles": (3, 4), "most": 150},
        2: {"sides": (5, 6), "obstacles": (3, 5), "most": 600},
        3: {"sides": (6, 7), "obstacles": (4, 7), "most": 10**4},
        4: {"sides": (7, 9), "obstacles": (5, 9), "most": 10**5},
        5: {"sides": (10, 12), "obstacles": (6, 12), "most": 10**7},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        """Draw obstacles one after another and keep those that leave some paths and take some away."""
        m, n = (rng.randint(*level["sides"]) for _ in range(2))
        wanted = rng.randint(*level["obstacles"])
        obstacles: list[Tree] = []
        if m >= n and rng.random() < 0.15:
            obstacles.append(("below",))
        number = paths(m, n, obstacles)
        for _ in range(20 * wanted):
            if len(obstacles) == wanted:
                break
            drawn = _obstacle(m, n, rng)
            left = paths(m, n, [*obstacles, drawn])
            if 3 * left > number and left < number:  # no single obstacle decides nearly everything
                obstacles.append(drawn)
                number = left
        if len(obstacles) < wanted or not 3 < number <= level["most"]:
            return None
        rng.shuffle(obstacles)
        tree: Tree = ("problem", ("grid", str(m), str(n)), ("obstacles", *obstacles))
        return Proposal(self.formal.render(tree), number)

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"blocks:{int(str(tree[1][1])) + int(str(tree[1][2]))}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        return str(answer)


def _obstacle(m: int, n: int, rng: Random) -> Tree:
    kind = rng.choices(("closed", "east_closed", "north_closed", "through"), (8, 2, 2, 1))[0]
    east = rng.randint(0, m - (kind == "east_closed"))
    north = rng.randint(0, n - (kind == "north_closed"))
    return (kind, ("place", str(east), str(north)))


def paths(m: int, n: int, obstacles: Iterable[Tree]) -> int:
    """Count the paths row by row.

    >>> paths(2, 2, [("closed", ("place", "1", "1"))])
    2
    """
    closed: dict[str, set[Place]] = {"closed": set(), "east_closed": set(), "north_closed": set(), "through": set()}
    below = False
    for kind, *places in obstacles:
        below |= kind == "below"
        for place in places:
            closed[str(kind)].add((int(str(place[1])), int(str(place[2]))))
    column = [0] * (n + 1)
    for i in range(m + 1):
        for j in range(n + 1):
            ways = column[j] if i and (i - 1, j) not in closed["east_closed"] else 0
            if j and (i, j - 1) not in closed["north_closed"]:
                ways += column[j - 1]
            ways += i == j == 0
            avoids = any(i + j == sum(place) and i != place[0] for place in closed["through"])
            if (i, j) in closed["closed"] or avoids or (below and j > i):
                ways = 0
            column[j] = ways
    return column[n]
