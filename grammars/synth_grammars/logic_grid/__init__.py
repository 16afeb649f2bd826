"""Logic grids, also called zebra puzzles (*Life International*, 17 December 1962): who lives where?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

from synth.family import Family, Theory, Tree, World, bindings
from synth_kernel.terms import Term

# category, which is also the node of its list -> its words
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "people": ("Ann", "Bob", "Cid", "Dot", "Eve", "Fay", "Gus", "Hal", "Ivy", "Jon"),
    "colours": ("red", "blue", "green", "white", "yellow", "black", "pink", "grey"),
    "drinks": ("tea", "milk", "coffee", "water", "juice", "cocoa", "lemonade", "cider"),
    "pets": ("cat", "dog", "goldfish", "parrot", "horse", "rabbit", "hamster", "tortoise"),
    "jobs": ("baker", "doctor", "farmer", "painter", "pilot", "lawyer", "singer", "tailor"),
    "games": ("chess", "golf", "tennis", "darts", "poker", "hockey", "bridge", "rugby"),
}
_ITEM = {"people": "person", "colours": "colour", "drinks": "drink", "pets": "pet", "jobs": "job", "games": "game"}
_CATEGORY = {word: category for category, words in CATEGORIES.items() for word in words}


class LogicGrid(Family):
    """Every thing is the number of its house; clues are drawn until one arrangement is left."""

    domain = "logic"
    kind = "find"
    summary = "zebra puzzles: what belongs to which house"
    levels = {  # noqa: RUF012
        1: {"houses": 3, "categories": (3, 3), "direct": 2.0},
        2: {"houses": 3, "categories": (4, 4), "direct": 1.5},
        3: {"houses": 4, "categories": (4, 4), "direct": 1.0},
        4: {"houses": 5, "categories": (4, 4), "direct": 0.7},
        5: {"houses": 5, "categories": (5, 5), "direct": 0.5},
    }

    def header(self, level: Mapping[str, Any], rng: Random) -> Tree:
        """Draw the categories, people first where they take part, and their words."""
        count = rng.randint(*level["categories"])
        chosen = rng.sample([*CATEGORIES], count)
        if rng.random() < 0.8 and "people" not in chosen:
            chosen[0] = "people"
        chosen.sort(key=lambda category: category != "people")
        houses = level["houses"]
        groups = [(category, *rng.sample(CATEGORIES[category], houses)) for category in chosen]
        return ("street", str(houses), *groups)

    def frame(self, header: Tree, clauses: Any) -> Tree:
        return ("problem", header, ("clues", *clauses))

    def model(self, theory: Theory, level: Mapping[str, Any], rng: Random) -> dict[str, int]:
        """Put the things of each category into the houses in a random order."""
        names, houses = list(theory.declared), level["houses"]
        numbers = [number for _ in range(0, len(names), houses) for number in rng.sample(range(1, houses + 1), houses)]
        return dict(zip(names, numbers, strict=True))

    def draw(self, world: World, rng: Random) -> Tree | None:
        """Draw a clue that the model satisfies; None where the drawn thing has no partner for the drawn kind."""
        home, houses, direct = world.model, world.level["houses"], world.level["direct"]
        weights = [weight * direct if kind in _DIRECT else weight for kind, weight in _WEIGHTS.items()]
        kind = rng.choices([*_WEIGHTS], weights)[0]
        one = rng.choice(world.names())
        here = home[one]
        others = [house for house in range(1, houses + 1) if house != here]
        match kind:
            case "at":
                return (kind, _item(one), str(here))
            case "not_at":
                return (kind, _item(one), str(rng.choice(others)))
            case "either_at":
                return (kind, _item(one), *map(str, rng.sample((here, rng.choice(others)), 2)))
            case "at_end":
                return (kind, _item(one)) if here in (1, houses) else None
        partners = [name for name in world.names() if name != one and _FITS[kind](here, home[name])]
        partners = [name for name in partners if kind != "apart" or _CATEGORY[name] != _CATEGORY[one]]
        if not partners:
            return None
        two = rng.choice(partners)
        match kind:
            case "gap":
                return (kind, str(abs(here - home[two]) - 1), _item(one), _item(two))
            case "either":
                three = rng.choice(
                    [name for name in world.names() if _CATEGORY[name] == _CATEGORY[two] and name != two]
                )
                return (kind, _item(one), *map(_item, rng.sample((two, three), 2)))
            case "between":
                beyond = [name for name in world.names() if (home[name] - here) * (here - home[two]) > 0]
                return (kind, _item(one), *map(_item, (two, rng.choice(beyond)))) if beyond else None
        return (kind, _item(one), _item(two))

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"houses:{tree[1][1]}", f"categories:{len(tree[1]) - 2}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        houses: dict[int, list[str]] = {}
        for name, number in bindings(answer).items():
            houses.setdefault(int(str(number)), []).append(name)
        return "; ".join(f"{number}: {', '.join(houses[number])}" for number in sorted(houses))


def _item(name: str) -> Tree:
    return (_ITEM[_CATEGORY[name]], name)


_WEIGHTS = {"same": 3.0, "apart": 1.0, "either": 1.5, "at": 1.0, "not_at": 0.7, "either_at": 1.0, "at_end": 0.7,
            "left": 1.5, "just_left": 2.0, "next": 2.0, "not_next": 1.0, "between": 1.5, "gap": 1.5}  # fmt: skip
_DIRECT = frozenset({"same", "at"})  # clues that say outright what belongs together or where
# kind -> whether things that live there and there are partners for it
_FITS: Mapping[str, Callable[[int, int], bool]] = {
    "same": lambda here, there: here == there,
    "apart": lambda here, there: here != there,
    "either": lambda here, there: here == there,
    "left": lambda here, there: here < there,
    "just_left": lambda here, there: here + 1 == there,
    "next": lambda here, there: abs(here - there) == 1,
    "not_next": lambda here, there: abs(here - there) > 1,
    "between": lambda here, there: here != there,
    "gap": lambda here, there: abs(here - there) > 1,
}
