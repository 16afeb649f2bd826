"""Largest flows in networks: whole amounts for the pipes, and a minimum cut that shows that no flow is larger.

The witness is that of the max-flow min-cut theorem (Ford and Fulkerson, Canadian Journal of Mathematics 8, 1956), in
the form of multipliers: one for each station on the near side of the cut, one for each pipe across it (McConnell,
Mehlhorn, Näher, Schweitzer, *Certifying algorithms*, 2011, section 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, Tree, bindings, greatest
from synth_kernel.terms import Term

TOWNS = (
    "Ayr", "Bath", "Cork", "Deal", "Ely", "Fleet", "Goole", "Hull", "Irvine", "Jarrow", "Kendal", "Leeds", "Malton",
    "Neath", "Oban", "Perth", "Quorn", "Ripon", "Stoke", "Truro", "Usk", "Ventnor", "Wells", "Yarm", "Zennor", "Poole",
    "Luton", "Derby",
)  # fmt: skip
DRAWS = 40

Pipes = dict[tuple[str, str], int]


class MaxFlow(Family):
    """Stations stand in a row from the origin to the goal; pipes lead forward, a few of them backward.

    From level 2 on the largest flow is less than what can leave the origin and than what can come to the goal, so that
    the narrow place has to be looked for.
    """

    domain = "graphs"
    kind = "optimize"
    summary = "largest flows through networks of pipes"
    levels = {  # noqa: RUF012
        1: {"stations": (4, 4), "pipes": 5, "capacity": 9, "back": 0.0, "narrow": False},
        2: {"stations": (5, 5), "pipes": 8, "capacity": 9, "back": 0.1, "narrow": True},
        3: {"stations": (6, 7), "pipes": 11, "capacity": 12, "back": 0.1, "narrow": True},
        4: {"stations": (8, 8), "pipes": 15, "capacity": 15, "back": 0.15, "narrow": True},
        5: {"stations": (9, 10), "pipes": 19, "capacity": 20, "back": 0.15, "narrow": True},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        for _ in range(DRAWS):
            towns = rng.sample(TOWNS, rng.randint(*level["stations"]))
            pipes = _network(towns, level, rng)
            origin, goal = towns[0], towns[-1]
            best = _largest(pipes, towns[1:-1], goal)
            if best is None or any(type(value) is not int for value in best[1].values()):
                continue
            ends = [sum(size for arc, size in pipes.items() if arc[i] == end) for i, end in ((0, origin), (1, goal))]
            if 0 < best[0] < min(ends) or (best[0] and not level["narrow"]):
                answer: Term = ("model", *[("=", name, value) for name, value in best[1].items()])
                return Proposal(self.formal.render(_problem(towns, pipes, rng)), answer)
        return None

    def features(self, tree: Tree) -> Iterable[str]:
        network = tree[1]
        return [f"stations:{len(network[1]) - 1}", f"pipes:{len(network[2]) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        amounts = [(name.split(".")[1:], value) for name, value in bindings(answer).items()]
        shown = [f"{tail} - {head} {value}" for (tail, head), value in amounts if value]
        first = next(([*name, value] for name, value in amounts), [])
        return ", ".join(shown) or "{} - {} {}".format(*first)


def _network(towns: list[str], level: Mapping[str, Any], rng: Random) -> Pipes:
    """Join each town to one before and to one after it, then draw more pipes, most of them short."""
    last = len(towns) - 1
    arcs = {(rng.randint(max(0, i - 2), i - 1), i) for i in range(1, last + 1)}
    arcs |= {(i, rng.randint(i + 1, min(last, i + 2))) for i in range(last)}
    while len(arcs) < level["pipes"]:
        i, j = sorted(rng.sample(range(last + 1), 2))
        if j - i > 3 or (i, j) == (0, last):
            continue
        if rng.random() < level["back"] and i > 0 and j < last:
            i, j = j, i
        arcs.add((i, j))
    shown = rng.sample(sorted(arcs), len(arcs))
    return {(towns[i], towns[j]): rng.randint(1, level["capacity"]) for i, j in shown}


def _largest(pipes: Pipes, between: list[str], goal: str) -> tuple[Fraction, dict[str, int | Fraction]] | None:
    """Return the greatest amount that comes to the goal, and the flow through each pipe."""
    flows = {arc: ".".join(("flow", *arc)) for arc in pipes}
    declared: dict[str, Term] = {flows[arc]: ("range", 0, size) for arc, size in pipes.items()}
    balanced: list[Term] = []
    for town in between:
        arriving, leaving = [[name for arc, name in flows.items() if arc[i] == town] for i in (1, 0)]
        balanced.append(("=", ("+", 0, *arriving), ("+", 0, *leaving)))
    return greatest(declared, balanced, {name: 1 for (_, head), name in flows.items() if head == goal})


def _problem(towns: list[str], pipes: Pipes, rng: Random) -> Tree:
    listed: list[Tree] = [("pipe", tail, head, str(size)) for (tail, head), size in pipes.items()]
    network: Tree = ("network", ("stations", *rng.sample(towns, len(towns))), ("pipes", *listed))
    return ("problem", network, ("journey", towns[0], towns[-1]))
