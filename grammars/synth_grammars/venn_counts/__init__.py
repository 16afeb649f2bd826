"""Overlapping groups counted: the numbers of all regions of a Venn diagram from clues about parts of it.

Where the clues are equations, a left inverse of their coefficients shows that the numbers are the only ones: the
certificate of a linear system's solution (McConnell, Mehlhorn, Näher, Schweitzer, *Certifying algorithms*, Computer
Science Review 2011, section 5). Where some compare, the groups are small and every picture is tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain, islice, permutations
from operator import and_
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, Tree, Worlds, bindings, independent
from synth_kernel.terms import Term

GROUPS = (
    "choir", "orchestra", "drama", "chess", "hiking", "tennis", "football", "swimming", "rowing", "Spanish", "French",
    "Latin", "Chinese", "pottery", "film", "cooking",
)  # fmt: skip
WHO = ("pupils", "students", "employees", "villagers", "neighbours", "teachers", "children")
NOBODY = 0.12  # how often a region is empty
RELATIONS = ("as_many", "twice", "times", "more_by", "more")
Statements = list[Term]


class VennCounts(Family):
    """Two or three groups; `clues` weighs the forms of clues, `total` bounds the number of people."""

    domain = "counting"
    kind = "find"
    summary = "overlapping groups counted from clues about parts of the picture"
    levels = {  # noqa: RUF012
        1: {"groups": 2, "total": (15, 90), "clues": {"exactly": 1, "nobody": 1}},
        2: {"groups": 2, "total": (20, 150), "clues": {"exactly": 1, "as_many": 3, "twice": 3, "times": 3,
            "more_by": 3, "nobody": 1, "inside": 1}},
        3: {"groups": 2, "total": (8, 12), "clues": {"exactly": 1, "as_many": 3, "twice": 3, "more_by": 3, "more": 9,
            "at_least": 9, "at_most": 9}},
        4: {"groups": 3, "total": (30, 200), "clues": {"exactly": 1, "nobody": 1, "inside": 1, "as_many": 0.5,
            "more_by": 0.5}},
        5: {"groups": 3, "total": (40, 300), "clues": {"exactly": 1, "as_many": 3, "twice": 3, "times": 3,
            "more_by": 3, "nobody": 1, "inside": 1}},
    }  # fmt: skip

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        """Draw a picture, then clues that are true of it, each saying something new, until no other picture is left."""
        groups = rng.sample(GROUPS, level["groups"])
        total = rng.randint(*level["total"])
        header: Tree = ("two" if len(groups) == 2 else "three", str(total), rng.choice(WHO), *groups)
        reading = self.meaning.problem(("problem", header, ("clues",)))
        declared = reading.theory.declared
        picture = dict(zip(declared, _split(total, len(declared), rng), strict=True))
        parts = {part: sum(picture[region] for region in reading.value(part)) for part in _parts(groups)}
        drawn = ((clue, reading.value(clue)) for clue in _clues(parts, groups, picture, level["clues"], rng))
        choose = _telling if "more" in level["clues"] else _independent
        clues = choose(reading.theory, drawn)
        if clues is None:
            return None
        rng.shuffle(clues)
        answer: Term = ("model", *[("=", name, count) for name, count in picture.items()])
        return Proposal(self.formal.render(("problem", header, ("clues", *clues))), answer)

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"clues:{len(tree[2]) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        said = []
        for name, count in bindings(answer).items():
            _, *groups = name.split(".")
            said.append(f"only {' and '.join(groups)} = {count}" if groups else f"none = {count}")
        return ", ".join(said)


def _split(total: int, regions: int, rng: Random) -> list[int]:
    """Split people over regions of uneven weight, some of them empty."""
    weights = [0.0 if rng.random() < NOBODY else rng.uniform(0.2, 1) for _ in range(regions - 1)]
    weights.append(rng.uniform(0.2, 1))
    counts = [int(total * weight / sum(weights)) for weight in weights]
    counts[-1] += total - sum(counts)
    return counts


def _parts(groups: Sequence[str]) -> list[Tree]:
    """List the parts of the picture that a clue can speak of."""
    pairs = [(a, b) for a, b in permutations(groups, 2) if groups.index(a) < groups.index(b)]
    found: list[Tree] = [("none",), ("some",), ("one",)]
    found += [(form, a) for form in ("whole", "only") for a in groups]
    found += [(form, a, b) for form in ("both", "either") for a, b in pairs]
    found += [("without", a, b) for a, b in permutations(groups, 2)]
    return found if len(groups) == 2 else [*found, ("two_groups",), ("several",), ("three_groups",)]


def _clues(
    parts: Mapping[Tree, int],
    groups: Sequence[str],
    picture: Mapping[str, int],
    forms: Mapping[str, float],
    rng: Random,
) -> Iterator[Tree]:
    """Yield true clues, those with the greater weight sooner."""
    found: list[Tree] = []
    for part, count in parts.items():
        low, high = max(1, count - rng.randint(0, 2)), count + rng.randint(0, 2)
        found.append(("exactly", str(count), part) if count else ("nobody", part))
        found += [("at_least", str(low), part)] if count else []
        found += [("at_most", str(high), part)] if high else []
    for (one, size), (other, rest) in permutations(parts.items(), 2):
        found += _related(one, size, other, rest)
    for a, b in permutations(groups, 2):
        if not any(count for region, count in picture.items() if _has(region, a) and not _has(region, b)):
            found.append(("inside", a, b))
    numbers: dict[str, int] = {}
    for clue in found:
        numbers[str(clue[0])] = numbers.get(str(clue[0]), 0) + 1
    weighed = [clue for clue in found if forms.get(str(clue[0]))]
    share = {form: weight / numbers[form] for form, weight in forms.items() if form in numbers}
    yield from sorted(weighed, key=lambda clue: -(rng.random() ** (1 / share[str(clue[0])])))


def _has(region: str, group: str) -> bool:
    return group in region.split(".")[1:]


def _related(one: Tree, a: int, other: Tree, b: int) -> Iterator[Tree]:
    """Yield what compares two parts of which neither is empty nor everybody's rest."""
    if not a or not b or one == other:
        return
    if a == b and str(one) < str(other):
        yield "as_many", one, other
    if a == 2 * b:
        yield "twice", one, other
    elif a % b == 0 and 3 <= a // b <= 9:
        yield "times", str(a // b), one, other
    if a > b:
        yield "more", one, other
        if a - b <= 30:
            yield "more_by", str(a - b), one, other


def _independent(theory: Theory, clues: Iterable[tuple[Tree, Statements]]) -> list[Tree] | None:
    """Choose clues whose equations single out one picture, each with one that is no combination of those before."""
    spoken: list[Tree | None] = []

    def stated() -> Iterator[Term]:
        for clue, statements in chain([(None, theory.clauses)], clues):
            for statement in statements:
                spoken.append(clue)
                yield statement

    kept = [*islice(independent(stated()), len(theory.declared))]
    if len(kept) < len(theory.declared):
        return None
    return [clue for clue in dict.fromkeys(spoken[place] for place in kept) if clue is not None]


def _telling(theory: Theory, clues: Iterable[tuple[Tree, Statements]]) -> list[Tree] | None:
    """Choose clues that leave one picture, none of which the others make idle."""
    worlds = Worlds(theory.declared)
    start = reduce(and_, map(worlds.of, theory.clauses), worlds.full)
    left, chosen = start, {}
    for clue, statements in clues:
        mask = reduce(and_, map(worlds.of, statements), worlds.full)
        if left & ~mask:
            left &= mask
            chosen[clue] = mask
        if left.bit_count() == 1:
            break
    else:
        return None
    for clue in list(chosen):
        if reduce(and_, [mask for other, mask in chosen.items() if other != clue], start).bit_count() == 1:
            del chosen[clue]
    return list(chosen)
