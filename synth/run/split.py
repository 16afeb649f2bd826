"""The side of a row: a function of the row, the recipe and its family, so that it never depends on what else there is.

| by | in test are |
|---|---|
| shape | problems of shapes drawn by a hash, whatever their names and numbers |
| problem | problems drawn by a hash |
| pair | problems in which two held-out features occur together |
| composition | problems in which one held-out production stands directly inside another |
| depth | problems whose syntax tree is deeper than a bound |

The first two draw a share of the keys. For the others, what is held out is named in the recipe, or chosen for each
family from a sample of its problems, so that about the wanted share of the problems goes to test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from synth.errors import UserError, did_you_mean
from synth.grammar.features import depth, pairs
from synth.graph.reach import reach_of
from synth.graph.shape import shape
from synth_kernel.claims import digest
from synth_kernel.tables import Tree

if TYPE_CHECKING:
    from synth.run.recipe import Recipe

SAMPLE = 48  # problems of each level that a choice is made by
_SCALE = 1 << 64


def split_of(row: Mapping[str, Any], recipe: Recipe) -> str:
    """Return `train` or `test` for a row of the export contract; what its `split` says does not matter.

    Where a family's problems are sampled, that is once a process, about a fifth of a second for each level.
    """
    split = recipe.split
    if split.by == "shape":
        return _drawn(shape(row["formal"], row["theory"]), recipe.seed, split.test)
    if split.by == "problem":
        return _drawn(row["problem"], recipe.seed, split.test)
    family, levels = row["family"], tuple(recipe.families[row["family"]].levels)
    if split.by == "depth":
        bound = split.deeper_than
        if bound is None:
            bound = _bound(family, levels, recipe.seed, float(split.test))
        return "test" if depth(_tree(family, row["formal"])) > bound else "train"
    held = held_out(recipe, family)
    return "test" if held & _joins(split.by, family, row["formal"], row["features"]) else "train"


def _drawn(key: str, seed: int, test: float) -> str:
    return "test" if int(digest("split", str(seed), key, size=8), 16) < test * _SCALE else "train"


def held_out(recipe: Recipe, family: str) -> frozenset[tuple[str, str]]:
    """Return the pairs of features (sorted), or compositions (outer, inner), that a recipe holds out of train."""
    split = recipe.split
    if split.by not in ("pair", "composition"):
        return frozenset()
    if split.hold_out:
        return frozenset(_ordered(split.by, one, two) for one, two in split.hold_out)
    return _chosen(split.by, family, tuple(recipe.families[family].levels), recipe.seed, float(split.test))


def check_hold_out(recipe: Recipe, place: str, families: Mapping[str, Any]) -> None:
    """Raise `UserError` where the recipe holds out what no problem of its families has; `place` stands in it."""
    split = recipe.split
    reaches = [reach_of(families[name]) for name in recipe.families] if split.hold_out else []
    known = frozenset().union(*(reach.productions for reach in reaches))
    for pair in split.hold_out:
        for name in pair:
            if name not in known and not (split.by == "pair" and ":" in name):
                raise UserError(
                    f"{place}: split: hold_out: no family of the recipe has {name!r}; {did_you_mean(name, known)}"
                )
        if split.by == "pair" and not any(reach.joins(pair) for reach in reaches):
            raise UserError(f"{place}: split: hold_out: no problem of the recipe's families has both {pair[0]!r} and "
                            f"{pair[1]!r}; name a pair that some problem joins")  # fmt: skip
        if split.by == "composition" and not any(reach.nests(*pair) for reach in reaches):
            raise UserError(f"{place}: split: hold_out: {pair[1]!r} never stands directly inside {pair[0]!r}; name "
                            "the outer production first, then one that can stand in it")  # fmt: skip


def _ordered(by: str, one: str, two: str) -> tuple[str, str]:
    return (one, two) if by == "composition" or one <= two else (two, one)


def _joins(by: str, family: str, formal: str, features: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Return what is joined in a problem: pairs of features, or productions with those directly inside them."""
    return frozenset(pairs(features)) if by == "pair" else compositions(_tree(family, formal))


def compositions(tree: Tree) -> frozenset[tuple[str, str]]:
    """Return (outer, inner) for each production that stands directly inside another.

    >>> sorted(compositions(("add", ("negate", ("name", "a")), ("name", "b"))))
    [('add', 'name'), ('add', 'negate'), ('negate', 'name')]
    """
    found: set[tuple[str, str]] = set()
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        inner = [child for child in node[1:] if isinstance(child, tuple)]
        found.update((str(node[0]), str(child[0])) for child in inner)
        nodes += inner
    return frozenset(found)


def _tree(family: str, formal: str) -> Tree:
    from synth.family.registry import families

    return families()[family].formal.read(formal, "problem")


# ---- what a sample of a family says ----------------------------------------------------------------------------------


@cache
def _sample(family: str, levels: Sequence[int], seed: int) -> Sequence[str]:
    """Return the formal texts of some problems of each level; other ones than those of the run."""
    from synth.family.registry import families
    from synth.propose.sampler import draw
    from synth.records import Rejection, Source

    sources = [Source(family, level, seed, index) for level in levels for index in range(SAMPLE)]
    drawn = [draw(families()[family], source, "held out") for source in sources]
    return [found[0].formal for found in drawn if not isinstance(found, Rejection)]


@cache
def _bound(family: str, levels: Sequence[int], seed: int, test: float) -> int:
    """Return the depth beyond which the share of a sample, at most a half, is nearest to the one wanted.

    A family whose problems are all about as deep stays in train.
    """
    depths = [depth(_tree(family, formal)) for formal in _sample(family, levels, seed)]
    deeper = {bound: sum(found > bound for found in depths) / len(depths) for bound in sorted({*depths}, reverse=True)}
    bounds = [bound for bound, share in deeper.items() if 0 < share <= 0.5 and test]
    return min(bounds, key=lambda bound: abs(deeper[bound] - test), default=max(depths, default=0))


@cache
def _chosen(by: str, family: str, levels: Sequence[int], seed: int, test: float) -> frozenset[tuple[str, str]]:
    """Return what is held out: drawn by a hash, as long as about `test` of a sample has it.

    Both of a pair must stay in the other problems, else it would not be their being together that train lacks.
    """
    from synth.family.registry import families

    sample = _sample(family, levels, seed)
    features = [set(families()[family].features_of(_tree(family, formal))) for formal in sample]
    joined = [_joins(by, family, formal, found) for formal, found in zip(sample, features, strict=True)]
    limit = test * len(sample)
    covered: set[int] = set()
    held: set[tuple[str, str]] = set()
    for pair in sorted(frozenset().union(*joined), key=lambda pair: digest("hold out", str(seed), family, *pair)):
        having = {place for place, found in enumerate(joined) if pair in found}
        after = covered | having
        left = set().union(*(found for place, found in enumerate(features) if place not in after))
        if pair[0] != pair[1] and limit / 8 <= len(having) and len(after) <= limit and left.issuperset(pair):
            covered = after
            held.add(pair)
        if len(covered) >= 0.8 * limit:
            break
    return frozenset(held)
