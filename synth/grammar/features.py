"""What a tree is made of: its productions, and the unordered pairs of features that coverage counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import combinations

from synth_kernel.tables import Tree


def productions(tree: Tree) -> Counter[str]:
    """Count the productions (aliases) of a tree.

    >>> sorted(productions(("add", ("name", "a"), ("name", "b"))).items())
    [('add', 1), ('name', 2)]
    """
    found: Counter[str] = Counter()
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        found[str(node[0])] += 1
        nodes += [child for child in node[1:] if isinstance(child, tuple)]
    return found


def pairs(features: Iterable[str]) -> list[tuple[str, str]]:
    """Return the unordered pairs of different features in order; a single feature pairs with itself.

    >>> pairs(["b", "a", "b"]), pairs(["a"])
    ([('a', 'b')], [('a', 'a')])
    """
    distinct = sorted(set(features))
    return [(feature, feature) for feature in distinct] if len(distinct) == 1 else list(combinations(distinct, 2))


def depth(tree: Tree) -> int:
    """Return the number of nodes on the longest path from the root.

    >>> depth(("add", ("name", "a"), ("name", "b")))
    2
    """
    level, count = [tree], 0
    while level:
        level = [child for node in level for child in node[1:] if isinstance(child, tuple)]
        count += 1
    return count
