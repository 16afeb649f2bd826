"""A scripted paraphraser and scripted back-translators, with the edits that a model makes when it rewords a clause.

What they do is known, so they test the gate and say nothing about any model. The paraphraser takes the tree of a
clause, changes it or not, says it by the phrases of the family and puts synonyms in that the phrases do not have. Each
translator sees the words alone: it takes the synonyms out, reads the words as they stand, mistakes included, and writes
the formula, the second one in another form wherever it knows one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, lru_cache
from itertools import combinations, product
from math import prod
from random import Random
from typing import Any

from synth.domain import domains
from synth.family import Family
from synth.family.registry import families
from synth.grammar.phrases import load_phrases
from synth.grammar.syntax import Syntax
from synth.judge.frame import framed
from synth.judge.units import Problem, Unit, clause_syntax
from synth.propose.ask import Ask, Draw, Reply
from synth.propose.paraphrase import paraphrased
from synth.records import Record
from synth_kernel.claims import Theory
from synth_kernel.evaluate import holds
from synth_kernel.meaning import Tree
from synth_kernel.terms import symbols, write

Rewrite = Callable[[Tree, Problem], Iterator[Tree]]

# ---- synonyms: words that the phrases of no family have, each taken back to one of theirs ----------------------------

SYNONYMS: Mapping[str, Mapping[str, str]] = {
    "knights": {"says that": "tells us that", "claims that": "insists that", "according to": "in the words of",
                "is a knight": "is one of the knights", "is a knave": "is one of the knaves", "exactly": "precisely",
                "at least": "no less than", "at most": "not above", "alike": "of one sort", "says": "remarks"},
    "entailment": {"everyone who": "anybody who", "whoever": "any person who", "nobody who": "not a single one who",
                   "exactly": "precisely", "at least": "no less than", "at most": "not above", "hat": "cap",
                   "indeed": "certainly", "happens to be": "turns out to be", "more of them": "a larger number of them",
                   "outnumber": "exceed in number", "is not": "is by no means", "or both": "or the two"},
    "logic_grid": {"lives": "dwells", "neighbours": "people living door to door", "drinks": "sips",
                   "keeps": "looks after", "exactly": "precisely", "the same person": "one and the same",
                   "directly": "immediately",
                   "somewhere": "anywhere", "home": "dwelling", "owner": "proprietor", "different": "distinct"},
    "linear_system": {" = ": " equals ", " + ": " plus ", " - ": " minus ", " * ": " times "},
    "lattice_paths": {"closed": "blocked", "may pass through": "is allowed to touch",
                      "must be avoided": "is off limits", "possible": "feasible", "cannot go": "may not move",
                      "must be visited": "is to be met",
                      "every path": "each path", "has to lead": "needs to lead", "touch the line": "reach the line"},
    "shortest_path": {"road": "lane", "joins": "connects", "goes to": "runs to", "leads": "makes its way",
                      "long": "in length", "→": "towards"},
}  # fmt: skip


def with_synonyms(family: str, text: str) -> str:
    """Put synonyms in wherever there are any."""
    for word, other in SYNONYMS[family].items():
        text = re.sub(_whole(word), other, text, flags=re.IGNORECASE)
    return text


def without_synonyms(family: str, text: str) -> str:
    """Take synonyms out again."""
    for word, other in reversed(SYNONYMS[family].items()):
        text = re.sub(_whole(other), word, text, flags=re.IGNORECASE)
    return text


def _whole(word: str) -> str:
    return rf"\b{re.escape(word)}\b" if word[0].isalpha() and word[-1].isalpha() else re.escape(word)


# ---- rewriting trees -------------------------------------------------------------------------------------------------


def anywhere(rewrite: Callable[[Tree], Iterator[Tree]]) -> Rewrite:
    """Rewrite any one node."""

    def each(tree: Tree) -> Iterator[Tree]:
        yield from rewrite(tree)
        for place, child in enumerate(tree):
            if isinstance(child, tuple):
                for other in each(child):
                    yield (*tree[:place], other, *tree[place + 1 :])

    return lambda tree, problem: each(tree)


def renamed(table: Mapping[str, str]) -> Rewrite:
    """Replace an alias by any of those that the table gives, one word each."""
    return anywhere(lambda node: ((new, *node[1:]) for new in table.get(str(node[0]), "").split()))


def swapped(aliases: str, one: int = 1, other: int = 2) -> Rewrite:
    """Exchange two children."""

    def swap(node: Tree) -> Iterator[Tree]:
        if node[0] in aliases.split() and node[one] != node[other]:
            parts = list(node)
            parts[one], parts[other] = parts[other], parts[one]
            yield tuple(parts)

    return anywhere(swap)


def only(aliases: str, *children: int) -> Rewrite:
    """Leave one child of a node and drop the rest."""

    def keep(node: Tree) -> Iterator[Tree]:
        if node[0] in aliases.split():
            yield from (child for i in children if isinstance(child := node[i], tuple))

    return anywhere(keep)


def leaf(change: Callable[[str, Problem], Sequence[str]]) -> Rewrite:
    """Replace the text of one terminal."""

    def each(tree: Tree, problem: Problem) -> Iterator[Tree]:
        for place, child in enumerate(tree[1:], 1):
            new = each(child, problem) if isinstance(child, tuple) else change(child, problem)
            yield from ((*tree[:place], other, *tree[place + 1 :]) for other in new)

    return each


def exchanged(words: Callable[[str, Problem], bool]) -> Rewrite:
    """Exchange two different leaves of a kind, each wherever it stands."""

    def each(tree: Tree, problem: Problem) -> Iterator[Tree]:
        found = sorted({word for word in _leaves(tree) if words(word, problem)})
        for one, other in combinations(found, 2):
            yield _mapped(tree, {one: other, other: one})

    return each


def _leaves(tree: Tree | str) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    else:
        for child in tree[1:]:
            yield from _leaves(child)


def _mapped(tree: Any, table: Mapping[str, str]) -> Any:
    return table.get(tree, tree) if isinstance(tree, str) else (tree[0], *[_mapped(child, table) for child in tree[1:]])


def _other_names(word: str, problem: Problem) -> list[str]:
    return [name for _, names in problem.symbols if word in names for name in names if name != word]


def _other_numbers(word: str, problem: Problem) -> list[str]:
    return [str(int(word) + 1), *([str(int(word) - 1)] if int(word) > 1 else [])] if word.isdigit() else []


def _other_bounds(word: str, problem: Problem) -> list[str]:
    """Other numbers of people, less than all of them: a bound that nobody can break says nothing."""
    people = len(problem.words())
    return [other for other in _other_numbers(word, problem) if max(int(word), int(other)) < people]


def _is_name(word: str, problem: Problem) -> bool:
    return word in problem.words()


def _is(terminal: str) -> Callable[[str, Problem], bool]:
    return lambda word, problem: word in dict(problem.symbols).get(terminal, ())


ENTITY, NUMBER = leaf(_other_names), leaf(_other_numbers)
_OPPOSITE = {"knight": "knave", "has": "lacks", "wears": "wears_not", "being": "not_being", "wearing": "not_wearing"}
_OPPOSITE |= {other: one for one, other in _OPPOSITE.items()}


def _negated(node: Tree) -> Tree | None:
    return (_OPPOSITE[str(node[0])], *node[1:]) if node[0] in _OPPOSITE else None


def _contrapositive(node: Tree) -> Iterator[Tree]:
    if node[0] in ("implies", "every"):
        first, second = [_negated(child) for child in node[1:] if isinstance(child, tuple)]
        if first and second:
            yield (node[0], second, first)


def _restated(node: Tree) -> Iterator[Tree]:
    """The same with other operators."""
    if node[0] in ("not_both", "no_one") and isinstance(node[2], tuple) and (negated := _negated(node[2])):
        yield ({"not_both": "implies", "no_one": "every"}[str(node[0])], node[1], negated)


def _doubled(tree: Tree, problem: Problem) -> Iterator[Tree]:
    """Multiply an equation by 2, fractions by their numerators."""
    double = {"whole": lambda n: ("whole", n), "multiple": lambda n, x: ("multiple", n, x)}

    def each(node: Tree) -> Tree:
        if node[0] == "unknown":
            return ("multiple", "2", node[1])
        if node[0] in (*double, "fraction"):
            return (node[0], str(2 * int(str(node[1]))), *node[2:])
        return (node[0], *[each(child) for child in node[1:] if isinstance(child, tuple)])

    yield each(tree)


def _is_knight(node: Any) -> bool:
    return isinstance(node, tuple) and node[0] == "knight"


def _to_same(node: Tree) -> Iterator[Tree]:
    if node[0] == "implies" and _is_knight(node[1]) and _is_knight(node[2]):
        yield ("same", node[1][1], node[2][1])


def _from_same(node: Tree) -> Iterator[Tree]:
    if node[0] == "says" and isinstance(node[2], tuple) and node[2][0] == "same":
        yield ("says", node[1], ("implies", ("knight", node[2][1]), ("knight", node[2][2])))


def _speaker(tree: Tree, problem: Problem) -> Iterator[Tree]:
    """Exchange the speaker and somebody spoken of, but where the statement is symmetric in them."""
    if tree[2][0] in ("knight", "knave", "same", "different"):
        return
    for other in sorted({name for name in _leaves(tree[2]) if name in problem.words() and name != tree[1]}):
        yield _mapped(tree, {str(tree[1]): other, other: str(tree[1])})


def _other_category(tree: Tree, problem: Problem) -> Iterator[Tree]:
    """Put a thing of another category in: the baker instead of the tea drinker."""
    kinds = {"PERSON": "person", "COLOUR": "colour", "DRINK": "drink", "PET": "pet", "JOB": "job", "GAME": "game"}

    def other(node: Tree) -> Iterator[Tree]:
        if node[0] in kinds.values():
            for terminal, names in problem.symbols:
                if kinds[terminal] != node[0]:
                    yield (kinds[terminal], names[0])

    yield from anywhere(other)(tree, problem)


def _either_at(node: Tree) -> Iterator[Tree]:
    if node[0] == "at":
        yield ("either_at", *node[1:], "2" if node[2] == "1" else "1")
    if node[0] == "either_at":
        yield ("at", node[1], node[2])
    if node[0] == "either":
        yield ("same", node[1], node[2])


def _first_number_and_last(tree: Tree, problem: Problem) -> Iterator[Tree]:
    """Exchange a factor of the left side with the right side."""
    numbers = [word for word in _leaves(tree) if word.isdigit()]
    if len(numbers) > 1 and numbers[0] != numbers[-1]:
        yield _mapped(tree, {numbers[0]: numbers[-1], numbers[-1]: numbers[0]})


def _dropped_term(node: Tree) -> Iterator[Tree]:
    if node[0] in ("add", "subtract") and isinstance(node[1], tuple):
        yield node[1]


def _traits_of_two(tree: Tree, problem: Problem) -> Iterator[Tree]:
    """Exchange what is said of two people."""
    if len({name for name in _leaves(tree) if _is("NAME")(name, problem)}) == 2:
        yield from exchanged(_is("TRAIT"))(tree, problem)


def coefficients(tree: Any, sign: int = 1) -> dict[str, Fraction]:
    """Return the factor of each unknown in an equation, and under "" what stands on its right side."""
    kind, *parts = tree
    if kind in ("unknown", "multiple"):
        return {parts[-1]: Fraction(sign * int(parts[0]) if kind == "multiple" else sign)}
    if kind in ("whole", "fraction"):
        return {"": Fraction(int(parts[0]), int(parts[1]) if len(parts) > 1 else 1) * sign}
    found: dict[str, Fraction] = {}
    for i, child in enumerate(parts):
        minus = kind in ("negate", "negative") or (kind == "subtract" and i == 1)
        for name, value in coefficients(child, -sign if minus else sign).items():
            found[name] = found.get(name, Fraction(0)) + value
    return found


def _factors(tree: Tree, problem: Problem) -> Iterator[Tree]:
    """Exchange two unknowns with different factors."""
    for other in exchanged(_is_name)(tree, problem):
        if coefficients(other) != coefficients(tree):
            yield other


def _inside(rewrite: Rewrite) -> Rewrite:
    """Rewrite what is said of a crossing that is not on the rim of the grid, where streets end anyway."""

    def inside(tree: Tree, problem: Problem) -> Iterator[Tree]:
        if len(tree) == 2 and all(int(i) < int(end) for i, end in zip(tree[1][1:], problem.tree[1][1:], strict=True)):  # type: ignore[arg-type]
            yield from rewrite(tree, problem)

    return inside


# ---- the edits of each family: those that change what is said, and those that do not ---------------------------------

WRONG: Mapping[str, Sequence[tuple[str, Rewrite]]] = {
    "knights": (
        ("consequent-only", only("implies", 2)),
        ("dir-gain", anywhere(_from_same)),
        ("dir-loss", anywhere(_to_same)),
        ("converse", swapped("implies")),
        ("weaken/strengthen", renamed({"at_least": "exactly at_most", "at_most": "exactly at_least", "either": "both",
                                       "exactly": "at_least at_most", "both": "either", "implies": "both"})),
        ("entity", ENTITY),
        ("drop", only("both either", 1, 2)),
        ("number", leaf(_other_bounds)),
        ("negation", renamed({**_OPPOSITE, "same": "different", "different": "same"})),
        ("swap", lambda tree, problem: _swapped_inside(tree, problem)),
        ("role", _speaker),
    ),
    "entailment": (
        ("consequent-only", only("implies", 2)),
        ("dir-gain", renamed({"equivalent": "implies"})),
        ("dir-loss", renamed({"implies": "equivalent"})),
        ("converse", swapped("implies every")),
        ("weaken/strengthen", renamed({"either": "just_one both", "just_one": "either", "both": "either",
                                       "every": "some", "not_both": "just_one", "some": "every",
                                       "at_least": "exactly at_most",
                                       "exactly": "at_least at_most", "at_most": "exactly at_least"})),
        ("entity", ENTITY),
        ("drop", only("both either just_one", 1, 2)),
        ("number", NUMBER),
        ("negation", renamed({**_OPPOSITE, "same_hat": "other_hat", "other_hat": "same_hat", "no_one": "some"})),
        ("swap", swapped("more")),
        ("role", _traits_of_two),
    ),
    "logic_grid": (
        ("dir-gain", renamed({"next": "just_left", "apart": "left"})),
        ("dir-loss", renamed({"just_left": "next", "left": "apart"})),
        ("converse", swapped("left just_left")),
        ("weaken/strengthen", renamed({"just_left": "left", "left": "just_left", "not_next": "apart",
                                       "apart": "not_next"})),
        ("entity", ENTITY),
        ("drop", anywhere(_either_at)),
        ("number", NUMBER),
        ("negation", renamed({"same": "apart", "apart": "same", "at": "not_at", "not_at": "at", "next": "not_next",
                              "not_next": "next"})),
        ("swap", swapped("between either")),
        ("role", _other_category),
    ),
    "linear_system": (
        ("entity", ENTITY),
        ("drop", anywhere(_dropped_term)),
        ("number", NUMBER),
        ("negation", renamed({"add": "subtract", "subtract": "add"})),
        ("swap", _factors),
        ("role", _first_number_and_last),
    ),
    "lattice_paths": (
        ("weaken/strengthen", _inside(renamed({"closed": "east_closed north_closed", "east_closed": "closed",
                                               "north_closed": "closed"}))),
        ("number", NUMBER),
        ("negation", renamed({"closed": "through", "through": "closed"})),
        ("swap", swapped("place")),
        ("role", renamed({"east_closed": "north_closed", "north_closed": "east_closed"})),
    ),
    "shortest_path": (
        ("dir-gain", renamed({"two_way": "one_way"})),
        ("dir-loss", renamed({"one_way": "two_way"})),
        ("converse", swapped("one_way")),
        ("entity", ENTITY),
        ("number", NUMBER),
    ),
}  # fmt: skip


def _swapped_inside(tree: Tree, problem: Problem) -> Iterator[Tree]:
    """Exchange two people inside what somebody says, where the parts say different things of them."""
    for claim in exchanged(_is_name)(tree[2], problem):  # type: ignore[arg-type]
        if tree[2][0] == "implies":  # type: ignore[index]
            yield (*tree[:2], claim)


def _same(tree: Tree, problem: Problem) -> Iterator[Tree]:
    yield tree


TRUE: Mapping[str, Sequence[tuple[str, Rewrite]]] = {
    "knights": (
        ("variant", _same),
        ("synonyms", _same),
        ("symmetric", swapped("both either same different")),
        ("contrapositive", anywhere(_contrapositive)),
    ),
    "entailment": (
        ("variant", _same),
        ("synonyms", _same),
        ("symmetric", swapped("both either just_one not_both equivalent same_hat other_hat no_one some")),
        ("contrapositive", anywhere(_contrapositive)),
        ("restated", anywhere(_restated)),
    ),
    "logic_grid": (
        ("variant", _same),
        ("synonyms", _same),
        ("symmetric", swapped("same apart next not_next")),
        ("symmetric", swapped("either between either_at gap", 2, 3)),
    ),
    "linear_system": (
        ("synonyms", _same),
        ("restated", _doubled),
        ("symmetric", anywhere(lambda node: ((node[0], node[2], node[1]) for _ in "1"
                                             if node[0] == "add" and node[1][0] in ("unknown", "multiple")))),  # type: ignore[index]
    ),
    "lattice_paths": (("variant", _same), ("synonyms", _same)),
    "shortest_path": (("variant", _same), ("synonyms", _same), ("symmetric", swapped("two_way"))),
}  # fmt: skip


# ---- cases -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One clause said in other words: which one, by which edit, what is now said, and in which words."""

    unit: int
    kind: str
    tree: Tree
    words: str


def cases(
    problem: Problem, was: Sequence[str], table: Mapping[str, Sequence[tuple[str, Rewrite]]], rng: Random
) -> Iterator[Case]:
    """Yield one case of each edit that fits, for each clause `was` in words; words that stay the same are left out."""
    family = problem.family
    for number, unit in enumerate(problem.units):
        for kind, rewrite in table[family.name]:
            found = [tree for tree in rewrite(unit.tree, problem) if _writable(family, unit.rule, tree)]
            if table is WRONG:
                found = [tree for tree in found if tree != unit.tree]
            if found:
                tree = rng.choice(found)
                said = english(family, unit.rule).render(tree, unit.rule, rng.randrange)
                plain = kind == "variant" or (kind != "synonyms" and rng.random() < 0.3)
                said = said[0].lower() + said[1:] if said.split(" ", 1)[0] not in problem.words() else said
                words = said if plain else with_synonyms(family.name, said)
                if words.lower() != was[number].lower():
                    yield Case(number, kind, tree, words)


def _writable(family: Family, rule: str, tree: Tree) -> bool:
    syntax = clause_syntax(family, rule)
    try:
        return syntax.read(syntax.render(tree, rule), rule) == tree
    except ValueError:
        return False


@cache
def english(family: Family, rule: str) -> Syntax:
    """Return the controlled English of one clause."""
    grammar = replace(family.formal.grammar, starts=(rule,))
    phrases = {alias: said for alias, said in family.phrases("en").items() if alias != "answer"}
    return load_phrases(grammar, phrases, family.meaning.parameters, f"{family.name}/clauses")


# ---- models ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scripted:
    """A model that answers each ask with what a function makes of it, `draw.n` times; it keeps what it was asked."""

    name: str
    answer: Callable[[Ask], str]
    asked: list[Ask]
    continues: bool = False

    def knows(self, family: str, level: int | None = None) -> bool:
        return True

    def propose(self, asks: Sequence[Ask], draw: Draw) -> list[list[Reply]]:
        self.asked.extend(asks)
        return [[Reply(self.answer(ask), 1) for _ in range(draw.n)] for ask in asks]


def scripted(name: str, answer: Callable[[Ask], str]) -> Scripted:
    """Return a model that is a function from asks to texts."""
    return Scripted(name, answer, [])


def words_of(ask: Ask) -> str:
    """Return the words that an ask is about."""
    return ask.text.splitlines()[-1]


def writer(new: Mapping[str, str]) -> Scripted:
    """Return a paraphraser that has other words for some clauses and repeats the others."""
    return scripted("scripted:writer", lambda ask: new.get(words_of(ask), words_of(ask)))


def _translate(ask: Ask, restate: bool) -> str:
    _, name, rule = ask.text.splitlines()[0].split()
    family = families()[name]
    try:
        tree = english(family, rule).read(without_synonyms(name, words_of(ask)), rule)
    except ValueError:
        return "I cannot read this"
    if restate:
        blank = Problem(family, tree, None, (), ())  # type: ignore[arg-type]
        others = [
            new for kind, rewrite in TRUE[name] if kind not in ("variant", "synonyms") for new in rewrite(tree, blank)
        ]
        tree = next((new for new in others if _writable(family, rule, new)), tree)
    return clause_syntax(family, rule).render(tree, rule)


def translators() -> list[Scripted]:
    """Return two back-translators that read the words as they stand; the second writes another form where it can."""
    return [
        scripted("scripted:literal", lambda ask: _translate(ask, restate=False)),
        scripted("scripted:restating", lambda ask: _translate(ask, restate=True)),
    ]


# ---- what the gate makes of them -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What became of a case: the rejection's reason, "" where it was accepted.

    `same` says by brute force whether the clause still says the same: an edit may happen to change nothing.
    """

    family: str
    right: bool
    kind: str
    reason: str
    counterexample: str
    same: bool
    words: str


def outcomes(name: str, count: int, levels: Sequence[int] = (1, 2, 3), seed: int = 5) -> Iterator[Outcome]:
    """Yield what the gate makes of every edit of every clause of the first records of some levels of a family."""
    domain, readers = domains()[name], translators()
    for index in range(count):
        for level in levels:
            record = domain.make(level, seed, index)
            if not isinstance(record, Record):
                continue
            problem = Problem.of(domain.family, record.formal)
            frame = framed(problem, record)
            assert frame is not None, record.question
            rng = Random(f"{name} {level} {seed} {index}")
            for right, table in ((True, TRUE), (False, WRONG)):
                for case in cases(problem, frame.was, table, rng):
                    model = writer({frame.was[case.unit]: case.words})
                    result = paraphrased(domain.family, record, model, readers, Draw())
                    reason, shown = ("", "") if isinstance(result, Record) else (result.reason, result.counterexample)
                    same = right or says_the_same(problem, problem.units[case.unit], case.tree)
                    yield Outcome(name, right, case.kind, reason, shown, same, case.words)


MAX_WORLDS = 500_000


def says_the_same(problem: Problem, unit: Unit, tree: Tree) -> bool:
    """Say by trying every assignment whether another clause in place of a unit has the same models; no prover is asked.

    Equations are compared by their factors, roads by their arcs. Only unknowns that the clauses mention are assigned,
    and those that an axiom ties to them.
    """
    if problem.family.name == "linear_system":
        one, other = coefficients(unit.tree), coefficients(tree)
        name = next(iter(one))
        ratio = other.get(name, Fraction(0)) / one[name]
        return ratio != 0 and {key: ratio * value for key, value in one.items() if value} == {
            key: value for key, value in other.items() if value
        }
    theory = problem.theory
    try:
        changed = problem.with_clause(unit, tree)
    except ValueError:
        return False  # such as a second road between two towns
    sides = [theory.clauses[unit.first : unit.last]]
    sides.append(changed.clauses[unit.first : unit.last + len(changed.clauses) - len(theory.clauses)])
    if not unit.first < unit.last:
        arcs = [{write(arc) for _, sort in each.declarations for arc in sort[1:]} for each in (theory, changed)]  # type: ignore[index]
        return arcs[0] == arcs[1]
    groups = _tied(theory, {name for clauses in sides for clause in clauses for name in symbols(clause)})
    assert prod(map(len, groups)) <= MAX_WORLDS, "too many assignments for brute force"
    for chosen in product(*groups):
        world = {name: value for part in chosen for name, value in part.items()}
        one, other = [all(holds(clause, world) for clause in clauses) for clauses in sides]
        if one != other:
            return False
    return True


def _tied(theory: Theory, names: set[str]) -> list[list[dict[str, Any]]]:
    """Return the assignments of each group of unknowns that axioms tie together and that has some of these names."""
    groups = [{name} for name in theory.declared]
    for axiom in theory.axioms:
        tied = [group for group in groups if group & set(symbols(axiom))]
        groups = [group for group in groups if group not in tied] + [set().union(*tied)]
    found = []
    for group in groups:
        if group & names:
            declared = tuple((name, theory.declared[name]) for name in sorted(group))
            found.append(_worlds(declared, tuple(axiom for axiom in theory.axioms if set(symbols(axiom)) & group)))
    return found


@lru_cache(maxsize=64)
def _worlds(declared: tuple[tuple[str, Any], ...], axioms: tuple[Any, ...]) -> list[dict[str, Any]]:
    values = [_values(sort) for _, sort in declared]
    assert prod(map(len, values)) <= MAX_WORLDS, "too many assignments for brute force"
    worlds = (dict(zip([name for name, _ in declared], chosen, strict=True)) for chosen in product(*values))
    return [world for world in worlds if all(holds(axiom, world) for axiom in axioms)]


def _values(sort: Any) -> list[Any]:
    if sort == "Bool":
        return [False, True]
    return list(range(sort[1], sort[2] + 1)) if sort[0] == "range" else list(sort[1:])
