"""Answers that differ from a right one in one place, as a slip of the pen would: most are wrong, none has to be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from random import Random

from synth.family import Family, Tree

MUTATED = 8  # slips of each sort that are made of an answer


def slips(family: Family, formal_answer: str, rng: Random) -> Iterator[str]:
    """Yield formal answers: with a number changed by one or two, or one production or two neighbouring words.

    What else is written in such a place is another production of the same form; words are swapped.

    >>> from synth.family.registry import families
    >>> next(slips(families()["linear_system"], "x = 0, y = 3", Random(1)))
    'x = 1, y = 3'
    """
    numbers = list(re.finditer(r"\d+", formal_answer))
    for place in rng.sample(numbers, min(MUTATED, len(numbers))):
        changed = str(abs(int(place[0]) + rng.choice((-1, 1, 2))))
        yield formal_answer[: place.start()] + changed + formal_answer[place.end() :]
    shapes: dict[tuple[str, ...], list[str]] = {}
    for rule in family.formal.grammar.rules:
        if rule.tag not in ("", "_"):
            shapes.setdefault((rule.origin, *(rule.symbols[i].name for i in rule.order)), []).append(rule.tag)
    like = {tag: tags for tags in shapes.values() for tag in tags}
    turned = list(_turned(family.formal.read(formal_answer, "solution"), like))
    for tree in rng.sample(turned, min(MUTATED, len(turned))):
        with suppress(ValueError):  # two words that cannot stand for each other
            yield family.formal.render(tree, "solution")


def _turned(tree: Tree, like: Mapping[str, Sequence[str]]) -> Iterator[Tree]:
    """Yield the trees in which one node is called differently, or two neighbouring tokens are swapped."""
    head, *children = tree
    for other in like.get(str(head), ()):
        if other != head:
            yield (other, *children)
    for i, child in enumerate(children):
        if isinstance(child, tuple):
            for turned in _turned(child, like):
                yield (head, *children[:i], turned, *children[i + 1 :])
        elif i and isinstance(children[i - 1], str):
            yield (head, *children[: i - 1], child, children[i - 1], *children[i + 1 :])
