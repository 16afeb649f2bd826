"""The clauses of a problem as subtrees: what can be said in other words while all else stays as it is.

A unit is an element of a list in the tree of a problem whose meaning is clauses, or arcs of a walk. It is found by
leaving it out: the theory then has fewer clauses or arcs, and the same unknowns, axioms and question. So the header is
never a unit, nor is a part of the question, nor a cell of a grid whose size is an axiom.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from synth.family import Family
from synth.grammar.decode import gbnf_text, lark_text
from synth.grammar.ir import Grammar, Rule
from synth.grammar.pattern import all_texts
from synth.grammar.render import is_spliced
from synth.grammar.syntax import Syntax
from synth_kernel.claims import Theory
from synth_kernel.meaning import Tree

Symbols = tuple[tuple[str, tuple[str, ...]], ...]  # terminal -> the words of it that a problem uses, in order


@dataclass(frozen=True)
class Unit:
    """A clause of a problem: the path to its subtree, the grammar rule that it is of, and where its clauses stand.

    It says the clauses from `first` to `last` (exclusive) of the theory; none where it says an arc of a walk.
    """

    place: tuple[int, ...]
    rule: str
    tree: Tree
    first: int
    last: int


@dataclass(frozen=True)
class Problem:
    """A problem taken apart. The symbols are all the names that it uses, by terminal; no rewording may use others."""

    family: Family
    tree: Tree
    theory: Theory
    units: tuple[Unit, ...]
    symbols: Symbols

    @staticmethod
    def of(family: Family, formal: str) -> Problem:
        """Take a problem in the formal language apart; raise ValueError where it is none.

        Costs one evaluation of the meaning for each element of a list.

        >>> from synth.family.registry import families
        >>> problem = Problem.of(families()["knights"], "people Ann, Bob: Ann says (Bob knave); Bob says (Ann knight)")
        >>> [(unit.rule, unit.first, unit.last) for unit in problem.units], problem.symbols
        ([('statement', 0, 1), ('statement', 1, 2)], (('NAME', ('Ann', 'Bob')),))
        """
        return _taken_apart(family, formal)

    def with_clause(self, unit: Unit, tree: Tree) -> Theory:
        """Return the theory with another clause in place of a unit; raise ValueError where that has no meaning."""
        return self.family.meaning.problem(put(self.tree, unit.place, tree)).theory

    def words(self) -> frozenset[str]:
        """Return the names that the problem uses."""
        return frozenset(word for _, words in self.symbols for word in words)


def part(tree: Tree, place: tuple[int, ...]) -> Tree | str:
    """Return the subtree at a path."""
    node: Tree | str = tree
    for step in place:
        node = node[step]
    return node


def put(tree: Tree, place: tuple[int, ...], new: Tree) -> Tree:
    """Return a tree with another subtree at a path.

    >>> put(("a", ("b", "1"), "2"), (1,), ("c",))
    ('a', ('c',), '2')
    """
    if not place:
        return new
    step, *rest = place
    child = tree[step]
    assert isinstance(child, tuple)
    return (*tree[:step], put(child, tuple(rest), new), *tree[step + 1 :])


def leaves(tree: Tree | str) -> Iterator[str]:
    """Yield the texts of the terminals of a tree, from left to right."""
    if isinstance(tree, str):
        yield tree
    else:
        for child in tree[1:]:
            yield from leaves(child)


@lru_cache(maxsize=16)
def _taken_apart(family: Family, formal: str) -> Problem:
    tree, reading = family.problem(formal)
    units: list[Unit] = []
    for place in _lists(family, tree):
        units += _elements(family, tree, reading.theory, place, units[-1].last if units else 0)
    return Problem(family, tree, reading.theory, tuple(units), _symbols(family, tree))


# ---- units -----------------------------------------------------------------------------------------------------------


def _lists(family: Family, tree: Tree) -> Iterator[tuple[int, ...]]:
    """Yield the paths of list nodes, outer ones first; below one that has units none is looked for."""
    queue: list[tuple[tuple[int, ...], Tree]] = [((), tree)]
    while queue:
        place, node = queue.pop(0)
        span = _span(family, node)
        if span and all(isinstance(node[i], tuple) for i in span) and _without(family, tree, (*place, span[0])):
            yield place
        else:
            queue += [((*place, i), child) for i, child in enumerate(node) if i and isinstance(child, tuple)]


def _span(family: Family, node: Tree) -> range:
    """Return the places of the children of a node that its list parameter takes; none where it has no list."""
    names = family.meaning.parameters.get(str(node[0]), [])
    star = next((i for i, name in enumerate(names) if name.startswith("*")), None)
    return range(0) if star is None else range(1 + star, len(node) - (len(names) - star - 1))


def _without(family: Family, tree: Tree, place: tuple[int, ...]) -> Theory | None:
    """Return the theory of a problem without one element, None where more than clauses and arcs is missing then."""
    *above, last = place
    node = part(tree, tuple(above))
    assert isinstance(node, tuple)
    try:
        whole = family.meaning.problem(tree).theory
        less = family.meaning.problem(put(tree, tuple(above), (*node[:last], *node[last + 1 :]))).theory
    except ValueError:
        return None
    same = [
        (theory.axioms, theory.domain, theory.ask, [(name, _bare(sort)) for name, sort in theory.declarations])
        for theory in (whole, less)
    ]
    shorter = len(less.clauses) < len(whole.clauses) or less.declarations != whole.declarations
    return less if same[0] == same[1] and shorter else None


def _bare(sort: object) -> object:
    return "Walk" if isinstance(sort, tuple) and sort[0] == "Walk" else sort


def _elements(family: Family, tree: Tree, theory: Theory, place: tuple[int, ...], first: int) -> list[Unit]:
    """Return the units of a list; none unless each of its elements is one."""
    node = part(tree, place)
    assert isinstance(node, tuple)
    rule = _element(family.formal.grammar, str(node[0]), len(family.meaning.parameters[str(node[0])]) - 1)
    found: list[Unit] = []
    for i in _span(family, node):
        less = _without(family, tree, (*place, i))
        child = node[i]
        if rule is None or less is None or not isinstance(child, tuple):
            return []
        count = len(theory.clauses) - len(less.clauses)
        if count:
            starts = range(first, len(less.clauses) + 1)
            fits = (at for at in starts if theory.clauses[:at] + theory.clauses[at + count :] == less.clauses)
            at = next(fits, None)
            if at is None:
                return []
            first = at
        found.append(Unit((*place, i), rule, child, first, first + count))
        first += count
    return found


def _element(grammar: Grammar, alias: str, fixed: int) -> str | None:
    """Return the nonterminal that the elements of a list are of, None where they are of several."""
    found: set[str] = set()
    seen: set[str] = set()
    queue = [[rule.symbols[i] for i in rule.order][fixed:] for rule in grammar.rules if rule.tag == alias]
    while queue:
        for symbol in queue.pop():
            if not is_spliced(symbol):
                found.add(symbol.name)
            elif symbol.name not in seen:
                seen.add(symbol.name)
                queue += [[rule.symbols[i] for i in rule.order] for rule in grammar.by_origin[symbol.name]]
    return next(iter(found)) if len(found) == 1 and not found & set(grammar.terminal) else None


# ---- names -----------------------------------------------------------------------------------------------------------


@cache
def vocabulary(family: Family) -> Mapping[str, tuple[str, ...]]:
    """Return the words of each terminal that lists words: the names that a problem of this family can use."""
    grammar = family.formal.grammar
    kept = {symbol.name for rule in grammar.rules for symbol in rule.symbols if symbol.kept and symbol.terminal}
    listed = {name: all_texts(grammar.terminal[name].tree) for name in sorted(kept)}
    return {name: tuple(texts) for name, texts in listed.items() if texts is not None}


def names(family: Family) -> frozenset[str]:
    """Return all names that problems of a family can use."""
    return frozenset(word for words in vocabulary(family).values() for word in words)


def _symbols(family: Family, tree: Tree) -> Symbols:
    used = dict.fromkeys(leaves(tree))
    found = [(name, tuple(word for word in used if word in words)) for name, words in vocabulary(family).items()]
    return tuple((name, words) for name, words in found if words)


# ---- the language of one clause --------------------------------------------------------------------------------------


@cache
def clause_syntax(family: Family, rule: str) -> Syntax:
    """Return the formal language of one clause, with its rule as the start."""
    return Syntax.load(family.text("grammar.lark"), f"{family.name}/grammar.lark", (rule,))


@lru_cache(maxsize=256)
def clause_grammars(family: Family, rule: str, symbols: Symbols, depth: int) -> tuple[str, str]:
    """Return the decoding grammars of one clause in flat Lark and GBNF; names outside the symbols cannot be written."""
    grammar = _restricted(clause_syntax(family, rule).grammar, rule, dict(symbols), vocabulary(family))
    return lark_text(grammar, rule, depth), gbnf_text(grammar, rule, depth)


def _restricted(
    grammar: Grammar, rule: str, symbols: Mapping[str, tuple[str, ...]], listed: Mapping[str, tuple[str, ...]]
) -> Grammar:
    absent = {name for name in listed if name not in symbols}
    rules: tuple[Rule, ...] = grammar.rules
    while True:
        origins = {each.origin for each in rules}
        left = tuple(
            each for each in rules
            if all(s.name not in absent if s.terminal else s.name in origins for s in each.symbols)
        )  # fmt: skip
        if len(left) == len(rules):
            break
        rules = left
    if rule not in {each.origin for each in rules}:
        return grammar  # nothing could be written; what is outside the symbols is then refused when it is read
    terminals = tuple(
        replace(each, pattern=f"(?:{'|'.join(map(re.escape, symbols[each.name]))})", literal="")
        if each.name in symbols
        else each
        for each in grammar.terminals
    )
    return replace(grammar, rules=rules, terminals=terminals)
