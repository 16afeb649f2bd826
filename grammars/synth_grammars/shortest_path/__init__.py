"""Shortest routes on road maps: a walk between two towns, and prices that show no walk is shorter.

The steps are Dijkstra's (Numerische Mathematik 1, 1959): the towns in the order of their distance, up to the goal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from random import Random
from typing import Any

from synth.family import Family, Move, Proposal, Theory, Tree
from synth_kernel.terms import Term

TOWNS = (
    "Ayr", "Bath", "Cork", "Deal", "Ely", "Fleet", "Goole", "Hull", "Irvine", "Jarrow", "Kendal", "Leeds", "Malton",
    "Neath", "Oban", "Perth", "Quorn", "Ripon", "Stoke", "Truro", "Usk", "Ventnor", "Wells", "Yarm", "Zennor", "Poole",
    "Luton", "Derby",
)  # fmt: skip


class ShortestPath(Family):
    """Towns lie in a plane and roads wind, so that lengths are plausible and the fewest roads are rarely shortest."""

    domain = "graphs"
    kind = "optimize"
    summary = "shortest routes on road maps"
    method = "settling"
    levels = {  # noqa: RUF012
        1: {"towns": (5, 6), "roads": 1.4, "hops": 2, "one_way": 0.0},
        2: {"towns": (7, 9), "roads": 1.5, "hops": 3, "one_way": 0.0},
        3: {"towns": (10, 12), "roads": 1.6, "hops": 3, "one_way": 0.1},
        4: {"towns": (14, 16), "roads": 1.7, "hops": 4, "one_way": 0.15},
        5: {"towns": (20, 22), "roads": 1.8, "hops": 5, "one_way": 0.2},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        """Draw a map, then a pair of towns whose shortest route is long enough and not one of the fewest roads."""
        towns = rng.sample(TOWNS, rng.randint(*level["towns"]))
        places = {town: (rng.uniform(0, 30), rng.uniform(0, 30)) for town in towns}
        roads: list[Tree] = []
        for one, other in _joined(towns, places, round(level["roads"] * len(towns)), rng):
            (x, y), (u, v) = places[one], places[other]
            length = max(1, round(((x - u) ** 2 + (y - v) ** 2) ** 0.5 * rng.uniform(1.0, 1.8)))
            kind = "one_way" if rng.random() < level["one_way"] else "two_way"
            roads.append((kind, *rng.sample((one, other), 2), str(length)))
        rng.shuffle(roads)
        origins = rng.sample(towns, len(towns))
        for origin in origins[:6]:
            distance, hops = _measured(roads, origin)
            goals = [town for town in towns if len(distance.get(town, ())) > level["hops"]]
            telling = [town for town in goals if len(distance[town]) - 1 > hops[town]] or goals
            if telling:
                goal = rng.choice(telling)
                tree: Tree = ("problem", ("roads", *roads), ("journey", origin, goal))
                places_of_walk = [f"'{town}" for town in distance[goal]]
                return Proposal(self.formal.render(tree), ("model", ("=", "route", ("walk", *places_of_walk))))
        return None

    def features(self, tree: Tree) -> Iterable[str]:
        towns = {town for road in tree[1][1:] for town in road[1:3]}
        return [f"towns:{len(towns)}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        match answer:
            case ("model", ("=", _, ("walk", *towns))):
                return " - ".join(str(town).removeprefix("'") for town in towns)
        raise ValueError(f"not a route: {answer}")

    def sentence(self, move: Move) -> str:
        match move.goal:
            case ("or", _, (">=", ("reach", _, str(town)), length)):
                return f"{town.removeprefix(chr(39))} >= {length}"
        raise ValueError(f"not a bound on a town: {move.goal}")


def _joined(
    towns: list[str], places: Mapping[str, tuple[float, float]], count: int, rng: Random
) -> list[tuple[str, str]]:
    """Join all towns: each to the nearest of two or three earlier ones, then pairs that are near each other."""

    def apart(pair: tuple[str, str]) -> float:
        (x, y), (u, v) = places[pair[0]], places[pair[1]]
        return (x - u) ** 2 + (y - v) ** 2

    roads = []
    for i, town in enumerate(towns[1:], 1):
        roads.append(min([(earlier, town) for earlier in rng.sample(towns[:i], min(i, 3))], key=apart))
    others = sorted(set(combinations(towns, 2)) - set(roads), key=apart)
    near = others[: 2 * count]
    return roads + rng.sample(near, min(len(near), max(0, count - len(roads))))


def _measured(roads: list[Tree], origin: str) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Return a shortest route to each town that can be reached, and the fewest roads that lead there."""
    leaving: dict[str, list[tuple[str, int]]] = {}
    for kind, one, other, kilometres in roads:
        leaving.setdefault(str(one), []).append((str(other), int(str(kilometres))))
        if kind == "two_way":
            leaving.setdefault(str(other), []).append((str(one), int(str(kilometres))))
    best: dict[str, tuple[int, list[str]]] = {origin: (0, [origin])}
    open_towns = {origin}
    done: dict[str, list[str]] = {}
    while open_towns:
        town = min(open_towns, key=lambda each: (best[each], each))
        open_towns.remove(town)
        distance, route = best[town]
        done[town] = route
        for head, length in leaving.get(town, ()):
            if head not in done and (head not in best or distance + length < best[head][0]):
                best[head] = (distance + length, [*route, head])
                open_towns.add(head)
    hops, frontier = {origin: 0}, [origin]
    while frontier:
        following = []
        for town in frontier:
            for head, _ in leaving.get(town, ()):
                if head not in hops:
                    hops[head] = hops[town] + 1
                    following.append(head)
        frontier = following
    return done, hops
