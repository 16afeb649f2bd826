"""Maps coloured with as few colours as possible: a colouring, and a refutation of every one with a colour fewer.

The refutation is a resolution proof over the colours of the countries, checked by unit propagation: the witness that
McConnell, Mehlhorn, Näher and Schweitzer (*Certifying algorithms*, Computer Science Review 2011) ask for where no short
combinatorial one, such as a clique or an odd cycle, need exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, Tree, bindings
from synth_kernel.terms import Term

COUNTRIES = (
    "Arlia", "Borun", "Cadia", "Dorn", "Elva", "Fenia", "Galt", "Hurin", "Ister", "Jova", "Kand", "Lorn", "Mirna",
    "Norra", "Orsa", "Pavia", "Quell", "Rune", "Sova", "Tarn", "Umber", "Velia", "Wend", "Yar",
)  # fmt: skip
MANY, TWO = 0.3, 0.3  # how often hardly a border is dropped, and how often two colours do unless wishes forbid it
Point = tuple[float, float]


class GraphColoring(Family):
    """Capitals lie in a plane; near ones are joined where no border between others is crossed, so maps are planar."""

    domain = "graphs"
    kind = "optimize"
    summary = "maps coloured with as few colours as possible"
    levels = {  # noqa: RUF012
        1: {"countries": (7, 8), "wishes": (0, 2)},
        2: {"countries": (9, 10), "wishes": (0, 2)},
        3: {"countries": (11, 12), "wishes": (0, 3)},
        4: {"countries": (13, 15), "wishes": (0, 3)},
        5: {"countries": (16, 19), "wishes": (0, 4)},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        """Draw a map, drop some of its borders, name each of the others once, and add wishes about colours."""
        names = rng.sample(COUNTRIES, rng.randint(*level["countries"]))
        shape = rng.random()
        dropped = rng.uniform(0.0, 0.05) if shape < MANY else rng.uniform(0.2, 0.5)
        borders = [border for border in _planar(len(names), rng) if rng.random() >= dropped]
        if shape > 1 - TWO:  # two sides, and borders only between them
            side = [rng.random() < 0.5 for _ in names]
            borders = [(one, other) for one, other in borders if side[one] != side[other]]
        if {place for border in borders for place in border} != set(range(len(names))):
            return None
        said: list[Tree] = []
        left = [(names[one], names[other]) for one, other in borders]
        for name in rng.sample(names, len(names)):
            others = [pair[pair[0] == name] for pair in left if name in pair]
            left = [pair for pair in left if name not in pair]
            rng.shuffle(others)
            if others:
                said.append(("border", name, *others))
        colours = _greedy([(names[one], names[other]) for one, other in borders], names)
        if max(colours.values()) > 6:
            return None
        wished: set[str] = set()
        for _ in range(rng.randint(*level["wishes"])):
            one, other = rng.sample([name for name in names if name not in wished], 2)
            if rng.random() < 0.5:
                wish: Tree = ("fixed", one, str(colours[one]))
            else:
                wish = ("alike", one, other)
            if colours[one] < 3 if wish[0] == "fixed" else colours[one] == colours[other]:
                said.append(wish)
                wished |= {one, other}
        rng.shuffle(said)
        return Proposal(self.formal.render(("problem", ("countries", *names), ("facts", *said))))

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"countries:{len(tree[1]) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        number, *colours = bindings(answer).items()
        return f"{number[1]} colours: {', '.join(f'{name} {colour}' for name, colour in colours)}"


def _greedy(borders: Iterable[tuple[str, str]], names: Iterable[str]) -> dict[str, int]:
    """Give each country in turn the least colour that none of its neighbours has: wishes are taken from it."""
    pairs = [*borders]
    colours: dict[str, int] = {}
    for name in names:
        taken = {colours.get(one if other == name else other) for one, other in pairs if name in (one, other)}
        colours[name] = next(colour for colour in range(1, len(taken) + 2) if colour not in taken)
    return colours


def _planar(count: int, rng: Random) -> list[tuple[int, int]]:
    """Join points by segments that do not cross, the shortest first: a triangulation."""
    points = [(rng.random(), rng.random()) for _ in range(count)]

    def length(pair: tuple[int, int]) -> float:
        (x, y), (u, v) = points[pair[0]], points[pair[1]]
        return (x - u) ** 2 + (y - v) ** 2

    joined: list[tuple[int, int]] = []
    for one, other in sorted(combinations(range(count), 2), key=length):
        free = [pair for pair in joined if one not in pair and other not in pair]
        if not any(_cross(points[one], points[other], points[a], points[b]) for a, b in free):
            joined.append((one, other))
    return joined


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    def left(p: Point, q: Point, r: Point) -> bool:
        return (q[0] - p[0]) * (r[1] - p[1]) > (q[1] - p[1]) * (r[0] - p[0])

    return left(a, b, c) != left(a, b, d) and left(c, d, a) != left(c, d, b)
