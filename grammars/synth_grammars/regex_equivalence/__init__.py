"""Do two regular expressions denote the same language?

Equal ones are shown by a bisimulation of their automata (Hopcroft, Karp 1971), different ones by a word that one of
them matches and the other does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, Tree, distinguish
from synth_grammars.regex_equivalence.identities import (
    LAWS,
    MISSES,
    Expression,
    changed,
    drawn,
    letters_in,
    plain,
    settled,
)
from synth_kernel.terms import Term

ALPHABETS = {2: ("ab", "ab", "xy"), 3: ("abc", "abc", "xyz"), 4: ("abcd",)}
DRAWS = 60  # pairs drawn for one problem
FAULTS = 12  # faults tried on one expression


class RegexEquivalence(Family):
    """Both expressions are rewritten, by laws drawn at random, from one; for a "no" a near miss comes in between.

    So yes and no look alike: the same laws, and as many of them, were applied to both. The verdict is drawn first.
    """

    domain = "formal languages"
    kind = "decide"
    summary = "whether two regular expressions denote the same language"
    levels = {  # noqa: RUF012
        1: {"letters": (2,), "base": (3, 3), "laws": 2, "size": (4, 7), "shortest": 1},
        2: {"letters": (2,), "base": (3, 4), "laws": 3, "size": (5, 9), "shortest": 2},
        3: {"letters": (2, 3), "base": (3, 5), "laws": 4, "size": (6, 11), "shortest": 2},
        4: {"letters": (2, 3), "base": (4, 6), "laws": 6, "size": (8, 15), "shortest": 3},
        5: {"letters": (2, 3, 4), "base": (5, 7), "laws": 8, "size": (11, 20), "shortest": 4},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        same = rng.random() < 0.5
        letters = list(rng.choice(ALPHABETS[rng.choice(level["letters"])]))
        for _ in range(DRAWS):
            pair = self._pair(level, letters, same, rng)
            if pair is not None:
                tree: Tree = ("problem", ("letters", *letters), ("pair", *map(_tree, pair)))
                return Proposal(self.formal.render(tree), "'yes" if same else "'no")
        return None

    def _pair(
        self, level: Mapping[str, Any], letters: list[str], same: bool, rng: Random
    ) -> tuple[Expression, Expression] | None:
        """Draw two expressions that are worth comparing; None if these came out otherwise."""
        low, high = level["size"]
        base = drawn(letters, rng.randint(*level["base"]), rng)
        if not plain(base):
            return None
        first = rng.randint(0, level["laws"])
        pair = [_rewritten(base, laws, high, rng) for laws in (first, level["laws"] - first)]
        if pair[0] is None or pair[1] is None:
            return None
        one, other = rng.sample(pair, 2)
        if not same:
            other = self._faulty(one, other, letters, level["shortest"], rng)
        if other is None or settled(one) == settled(other):
            return None
        if not (low <= letters_in(one) <= high and low <= letters_in(other) <= high):
            return None
        return rng.choice(((one, other), (other, one)))

    def _faulty(
        self, one: Expression, other: Expression, letters: list[str], shortest: int, rng: Random
    ) -> Expression | None:
        """Change one place of the second expression so that a word tells them apart, but no very short one."""
        for _ in range(FAULTS):
            fault = changed(other, MISSES, rng)
            if fault is not None and plain(fault):
                word = distinguish([f"'{letter}" for letter in letters], *[self._term(e) for e in (one, fault)])
                if word is not None and len(word) >= shortest:
                    return fault
        return None

    def _term(self, expression: Expression) -> Term:
        """Return what an expression means."""
        tree = _tree(expression)
        goal: Any = self.meaning.problem(("problem", ("letters", "a"), ("pair", tree, tree))).theory.ask[1]  # type: ignore[index]
        return goal[1][2]  # type: ignore[no-any-return]

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"letters:{len(tree[1]) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        return {"'yes": "yes", "'no": "no"}[str(answer)]


def _rewritten(expression: Expression, laws: int, high: int, rng: Random) -> Expression | None:
    """Apply so many laws, leaving aside what grows too large; None if too few fit."""
    for _ in range(laws):
        for _ in range(4):
            new = changed(expression, LAWS, rng)
            if new is not None and letters_in(new) <= high and new != expression and plain(new):
                expression = new
                break
        else:
            return None
    return expression


def _tree(expression: Expression) -> Tree:
    """Write an expression as a tree: sums and products take two parts each, from the left."""
    if isinstance(expression, str):
        return ("letter", expression)
    kind, *parts = expression
    tree = _tree(parts[0])
    if len(parts) == 1:
        return (kind, tree)
    for part in parts[1:]:
        tree = (kind, tree, _tree(part))
    return tree
