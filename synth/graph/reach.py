"""Which features a derivation can join: the cells that a family could fill, and those that it never will."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from itertools import combinations
from typing import TypeAlias

from synth.family import Family
from synth.grammar.ir import Grammar

Pair: TypeAlias = tuple[str, str]

MAX_JOINED = 8  # features that `joins` takes: its cost grows as 4ⁿ


class Reach:
    """What derivations of a grammar from one start symbol contain; each answer is exact.

    >>> from synth.family.registry import families
    >>> reach = Reach(families()["derivative"].formal.grammar, "problem")
    >>> reach.joins(["sine", "divide", "above"]), reach.joins(["everywhere", "above"])
    (True, False)
    """

    def __init__(self, grammar: Grammar, start: str) -> None:
        self._grammar = grammar
        self._start = start
        self._below = _below(grammar)

    @property
    def productions(self) -> frozenset[str]:
        """The productions that some derivation contains."""
        return self._below[self._start]

    @cached_property
    def pairs(self) -> frozenset[Pair]:
        """The unordered pairs of different productions that some derivation joins."""
        return _pairs(self._grammar, self._below)[self._start]

    def joins(self, features: Iterable[str]) -> bool:
        """Say whether one problem can have all of these features.

        A size, `people:3`, has one value in a problem; beyond that a grammar says nothing of what a family declares
        beside its productions, so it is taken to be joined with anything. Raise ValueError for more than `MAX_JOINED`.
        """
        names = list(dict.fromkeys(features))
        if len(names) > MAX_JOINED:
            raise ValueError(f"{len(names)} features are too many to ask about; at most {MAX_JOINED}")
        declared = [name.partition(":")[0] for name in names if ":" in name]
        found = [name for name in names if ":" not in name]
        if len(declared) != len(set(declared)) or not self.productions.issuperset(found):
            return False
        if len(found) == 2:
            return (min(found), max(found)) in self.pairs
        return len(found) < 2 or self._joined(found)

    def _joined(self, names: list[str]) -> bool:
        """Compute which subsets of the names a derivation from each nonterminal can contain, to a fixed point."""
        bit = {name: 1 << number for number, name in enumerate(names)}
        found: dict[str, set[int]] = {origin: set() for origin in self._grammar.nonterminals}
        changed = True
        while changed:
            changed = False
            for rule in self._grammar.rules:
                sets = {bit.get(rule.tag, 0)}
                for symbol in rule.symbols:
                    if not symbol.terminal:
                        sets = {one | other for one in sets for other in found[symbol.name]}
                if not sets <= found[rule.origin]:
                    found[rule.origin] |= sets
                    changed = True
        return (1 << len(names)) - 1 in found[self._start]

    def nests(self, outer: str, inner: str) -> bool:
        """Say whether one production can stand directly inside another.

        >>> from synth.family.registry import families
        >>> reach = Reach(families()["knights"].formal.grammar, "problem")
        >>> reach.nests("says", "both"), reach.nests("both", "says")
        (True, False)
        """
        return any(
            inner in self._heads[symbol.name]
            for rule in self._grammar.rules
            if rule.tag == outer
            for symbol in rule.symbols
            if not symbol.terminal
        )

    @cached_property
    def _heads(self) -> Mapping[str, set[str]]:
        """The productions that can be the topmost of what a nonterminal derives."""
        found: dict[str, set[str]] = {origin: set() for origin in self._grammar.nonterminals}
        changed = True
        while changed:
            changed = False
            for rule in self._grammar.rules:
                new = {rule.tag} - {"", "_"}
                if not new:
                    new = set().union(*(found[symbol.name] for symbol in rule.symbols if not symbol.terminal))
                if not new <= found[rule.origin]:
                    found[rule.origin] |= new
                    changed = True
        return found


def _below(grammar: Grammar) -> Mapping[str, frozenset[str]]:
    below: dict[str, set[str]] = {origin: set() for origin in grammar.nonterminals}
    changed = True
    while changed:
        changed = False
        for rule in grammar.rules:
            new = {rule.tag} - {"", "_"}
            new.update(*(below[symbol.name] for symbol in rule.symbols if not symbol.terminal))
            if not new <= below[rule.origin]:
                below[rule.origin] |= new
                changed = True
    return {origin: frozenset(names) for origin, names in below.items()}


def _pairs(grammar: Grammar, below: Mapping[str, Collection[str]]) -> Mapping[str, frozenset[Pair]]:
    """Pairs below each nonterminal: of an alternative and its children, of two children, or inside one child."""
    own: dict[str, set[Pair]] = {origin: set() for origin in grammar.nonterminals}
    for rule in grammar.rules:
        groups = [below[symbol.name] for symbol in rule.symbols if not symbol.terminal]
        if rule.tag not in ("", "_"):
            groups.append({rule.tag})
        for some, others in combinations(groups, 2):
            own[rule.origin].update((min(a, b), max(a, b)) for a in some for b in others if a != b)
    changed = True
    while changed:
        changed = False
        for rule in grammar.rules:
            for symbol in rule.symbols:
                if not symbol.terminal and not own[symbol.name] <= own[rule.origin]:
                    own[rule.origin] |= own[symbol.name]
                    changed = True
    return {origin: frozenset(pairs) for origin, pairs in own.items()}


def reach_of(family: Family) -> Reach:
    """Return what the problems of a family can contain; kept with its grammar."""
    grammar = family.formal.grammar
    known = _KEPT.get(family.name)
    if known is None or known[0] is not grammar:
        known = _KEPT[family.name] = grammar, Reach(grammar, "problem")
    return known[1]


_KEPT: dict[str, tuple[Grammar, Reach]] = {}


def joinable(family: Family, features: Iterable[str]) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs of these features that some problem can have, and those that none can, sorted.

    >>> from synth.family.registry import families
    >>> joinable(families()["derivative"], ["above", "everywhere", "sine"])
    ([('above', 'sine'), ('everywhere', 'sine')], [('above', 'everywhere')])
    """
    reach = reach_of(family)
    found: list[Pair] = []
    never: list[Pair] = []
    for one, other in combinations(sorted(set(features)), 2):
        (found if reach.joins([one, other]) else never).append((one, other))
    return found, never
