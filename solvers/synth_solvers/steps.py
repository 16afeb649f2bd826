"""Finders of solution steps: each yields facts a person would write down, with the facts they follow from.

A finder takes a theory and its answer and returns moves in order; the i-th is premise `s{i}` of later ones. Nothing is
trusted: every move becomes a claim of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import combinations
from math import gcd
from typing import Any

from synth_kernel.claims import Theory
from synth_kernel.exhaustive import truth, worlds
from synth_kernel.linear import equation
from synth_kernel.polynomial import add, from_term, primitive
from synth_kernel.terms import Term, number, symbols
from synth_solvers import congruences
from synth_solvers.euclid import remainders
from synth_solvers.linear import Row, combine, term_of, unscaled, whole
from synth_solvers.monomials import polynomial_term
from synth_solvers.ranks import minors
from synth_solvers.walks import distances, ends


@dataclass(frozen=True)
class Move:
    """One step as a finder gives it: a fact, the premises it follows from, and the name of the rule."""

    goal: Term
    parents: tuple[str, ...]
    rule: str


def elimination(theory: Theory, answer: Term) -> list[Move]:
    """Gauss elimination with whole coefficients, then back substitution; for linear equations.

    Each move is a combination of earlier equations. An equation that already reads `x = value` is not stated again.
    """
    order = list(theory.declared)
    rows = [(whole(equation(clause))[0], f"c{i}") for i, clause in enumerate(theory.clauses)]
    moves: list[Move] = []
    stairs: list[tuple[str, Row, str]] = []
    for unknown in order:
        using = [(row, name) for row, name in rows if row.get(unknown)]
        if not using:
            return []
        pivot, name = min(using, key=lambda pair: (len(pair[0]), abs(pair[0][unknown])))
        stairs.append((unknown, pivot, name))
        rest, rows = [(row, other) for row, other in rows if other != name], []
        for row, other in rest:
            if row.get(unknown):
                shared = gcd(row[unknown], pivot[unknown])
                row = combine(row, pivot[unknown] // shared, pivot, -row[unknown] // shared)
                if not any(row):  # the equation said nothing new
                    continue
                moves.append(Move(term_of(row, order), (name, other), "eliminate"))
                row, other = whole(equation(moves[-1].goal))[0], f"s{len(moves) - 1}"
            rows.append((row, other))
    known: dict[str, tuple[Row, str]] = {}
    for unknown, row, name in reversed(stairs):
        parents = [name]
        for other, (fact, source) in known.items():
            if row.get(other):
                row = combine(row, fact[other], fact, -row[other])
                parents.append(source)
        value = number(Fraction(-row.get("", 0), row[unknown]))
        goal: Term = ("=", unknown, value)
        fact = whole(equation(goal))[0]
        if name.startswith("s") and moves[int(name[1:])].goal == goal:
            known[unknown] = fact, name
            continue
        moves.append(Move(goal, tuple(parents), "solve" if len(parents) == 1 else "substitute"))
        known[unknown] = fact, f"s{len(moves) - 1}"
    return moves


Named = tuple[Row, str]  # an equation and how a premise calls it


class _Sheet:
    """Equations written down one after another, each in whole numbers, as it is."""

    def __init__(self, order: Sequence[str]) -> None:
        self.order = order
        self.moves: list[Move] = []

    def state(self, row: Row, parents: tuple[str, ...], rule: str) -> Named:
        self.moves.append(Move(unscaled(row, self.order), parents, rule))
        return row, f"s{len(self.moves) - 1}"

    def times(self, factor: int, one: Named) -> Named:
        return one if factor == 1 else self.state(combine(one[0], factor, {}, 0), (one[1],), "multiply")

    def without(self, unknown: str, one: Named, pivot: Named) -> Named | None:
        """Clear an unknown from an equation; None where it then says nothing."""
        a, b = abs(one[0][unknown]), abs(pivot[0][unknown])
        (row, name), (other, source) = self.times(b // gcd(a, b), one), self.times(a // gcd(a, b), pivot)
        sign = -1 if row[unknown] == other[unknown] else 1
        total = combine(row, 1, other, sign)
        return self.state(total, (name, source), "subtract" if sign < 0 else "add") if any(total) else None

    def value(self, unknown: str, one: Named, known: Mapping[str, Named]) -> Named:
        """State the value of the last unknown of an equation, the others being known."""
        row, name = one
        used = [fact for other, fact in known.items() if row.get(other)]
        for fact, _ in used:
            ((other, lead),) = [item for item in fact.items() if item[0]]
            row = combine(row, lead // gcd(lead, row[other]), fact, -row[other] // gcd(lead, row[other]))
        if used:
            row, name = self.state(row, (name, *[source for _, source in used]), "substitute")
        if row[unknown] == 1:
            return row, name
        value = Fraction(-row.get("", 0), row[unknown])
        self.moves.append(Move(("=", unknown, number(value)), (name,), "divide"))
        return whole({unknown: 1, "": -value})[0], f"s{len(self.moves) - 1}"


def small_elimination(theory: Theory, answer: Term) -> list[Move]:
    """Elimination as it is done by hand: one multiplication, addition or division of an equation in each move.

    The finest steps there are, for who cannot compute in the head: a small model, a beginner.
    """
    sheet = _Sheet(list(theory.declared))
    rows = [(whole(equation(clause))[0], f"c{i}") for i, clause in enumerate(theory.clauses)]
    stairs: list[tuple[str, Named]] = []
    for unknown in sheet.order:
        using = [one for one in rows if one[0].get(unknown)]
        if not using:
            return []
        pivot = min(using, key=lambda one: (len(one[0]), abs(one[0][unknown])))
        stairs.append((unknown, pivot))
        rest = [one for one in rows if one[1] != pivot[1]]
        cleared = [sheet.without(unknown, one, pivot) if one[0].get(unknown) else one for one in rest]
        rows = [one for one in cleared if one is not None]
    known: dict[str, Named] = {}
    for unknown, one in reversed(stairs):
        known[unknown] = sheet.value(unknown, one, known)
    return sheet.moves


def factoring(theory: Theory, answer: Term) -> list[Move]:
    """Expand a polynomial equation, bring everything to the left, factor it over Q; for one clause in one unknown.

    What already has a form is not stated again.
    """
    from synth_solvers.algebra import factored

    (unknown, _), *_ = theory.declarations
    clause: Any = theory.clauses[0]
    left, right = [from_term(side, unknown) for side in clause[1:]]
    moves: list[Move] = []

    def state(goal: Term, rule: str) -> None:
        parent = f"s{len(moves) - 1}" if moves else "c0"
        if goal != (moves[-1].goal if moves else clause):
            moves.append(Move(goal, (parent,), rule))

    if not all(map(_expanded, clause[1:])):
        state(("=", polynomial_term(left, unknown), polynomial_term(right, unknown)), "expand")
    collected = primitive(add(left, right, -1))
    collected = collected if collected[-1] > 0 else tuple(-c for c in collected)
    state(("=", polynomial_term(collected, unknown), 0), "collect")
    _, found = factored(collected)
    found.sort(key=lambda pair: (len(pair[0]), Fraction(-pair[0][0], pair[0][1]) if len(pair[0]) == 2 else pair[0]))
    if len(found) > 1 or found[0][1] > 1:
        parts = [polynomial_term(p, unknown) if n == 1 else ("^", polynomial_term(p, unknown), n) for p, n in found]
        state(("=", reduce(lambda a, b: ("*", a, b), parts), 0), "factor")
    return moves


def _expanded(side: Term) -> bool:
    """Say whether no sum stands inside a product, a quotient or a power."""
    match side:
        case ("+" | "-", *parts):
            return all(map(_expanded, parts))
        case ("*" | "/" | "^", *parts):
            return not any(isinstance(part, tuple) and part[0] in ("+", "-") for part in parts) and all(
                map(_expanded, parts)
            )
    return True


MAX_PARENTS = 6  # facts combined in one step of a deduction before all of them are allowed


def deduction(theory: Theory, answer: Term) -> list[Move]:
    """Settle one Boolean unknown after another, each from as few statements as possible; for at most 15 Booleans.

    A fact is what the chosen statements and the facts known so far entail together.
    """
    names = list(theory.declared)
    masks = worlds(names)
    full = (1 << (1 << len(names))) - 1
    values = {binding[1]: binding[2] for binding in answer[1:]}  # type: ignore[index]
    facts = {name: masks[name] if values[name] == "true" else full & ~masks[name] for name in names}
    statements = {}
    for i, clause in enumerate(theory.axioms + theory.clauses):
        name = f"a{i}" if i < len(theory.axioms) else f"c{i - len(theory.axioms)}"
        statements[name] = (truth(clause, masks, full), set(symbols(clause)))
    if any(mask is None for mask, _ in statements.values()):
        return []
    known: dict[str, str] = {}
    moves: list[Move] = []
    while len(known) < len(names):
        settled = full
        for name in known:
            settled &= facts[name]
        found = _smallest(statements, facts, settled, [name for name in names if name not in known])
        if found is None:
            return []
        name, used = found
        about = set().union(*[statements[statement][1] for statement in used])
        parents = [*used, *[known[other] for other in names if other in known and other in about]]
        mask = full
        for statement in used:
            mask &= statements[statement][0] or 0
        for other in list(known):  # leave out the facts that are not needed
            if known[other] in parents:
                without = mask
                for kept in known:
                    if kept != other and known[kept] in parents:
                        without &= facts[kept]
                if not without & ~facts[name]:
                    parents.remove(known[other])
        rule = "read off" if len(parents) == 1 else "combine"
        moves.append(Move(("=", name, values[name]), tuple(parents), rule))
        known[name] = f"s{len(moves) - 1}"
    return moves


def _smallest(statements: Any, facts: Any, settled: int, open_names: list[str]) -> tuple[str, tuple[str, ...]] | None:
    """Find the unknown settled by the fewest statements beside what is known."""
    for count in range(1, len(statements) + 1):
        chosen = combinations(statements, count) if count <= MAX_PARENTS else [tuple(statements)]
        for used in chosen:
            mask = settled
            for statement in used:
                mask &= statements[statement][0]
            for name in open_names:
                if not mask & ~facts[name]:
                    return name, used
        if count > MAX_PARENTS:
            return None
    return None


def settling(theory: Theory, answer: Term) -> list[Move]:
    """Dijkstra's run: the distance of each place as it is settled, until the goal is reached.

    A move states that no walk reaches the place more cheaply: `(or (not (visits w 'v)) (>= (reach w 'v) d))`.
    """
    (name, sort), *_ = theory.declarations
    start, end = ends(name, theory.axioms + theory.clauses)
    settled, before = distances(sort[1:], start)  # type: ignore[index]
    fixed = [named for named, term in theory.statements if isinstance(term, tuple) and ("start", name) in term]
    moves: list[Move] = []
    index: dict[str, str] = {}
    for place, distance in settled.items():
        if place == start:
            continue
        previous = index.get(before[place])
        parents = (*fixed, previous) if previous else tuple(fixed)
        goal: Term = ("or", ("not", ("visits", name, place)), (">=", ("reach", name, place), distance))
        moves.append(Move(goal, parents, f"settle from {before[place].removeprefix(chr(39))}"))
        index[place] = f"s{len(moves) - 1}"
        if place == end:
            break
    return moves


def differentiation(theory: Theory, answer: Term) -> list[Move]:
    """Differentiate subexpressions from the inside out by the rules of a textbook; for `(compute (D f x))`.

    The parents of a move are the moves about the parts that its rule uses.
    """
    from synth_solvers.calculus import differentiate

    match theory.ask:
        case ("compute", ("D", f, str(x))):
            _, steps = differentiate(f, x)
            index = {part: f"s{i}" for i, (part, _, _) in enumerate(steps)}
            return [
                Move(("identity", ("D", part, x), result), tuple(dict.fromkeys(_moves_of(part, index))), rule)
                for part, result, rule in steps
            ]
    return []


def _moves_of(part: Term, index: Mapping[Term, str]) -> Iterator[str]:
    for inner in part[1:] if isinstance(part, tuple) else ():
        if inner in index:
            yield index[inner]
        else:
            yield from _moves_of(inner, index)


def euclid(theory: Theory, answer: Term) -> list[Move]:
    """Euclid's algorithm with each remainder as a combination of the numbers, down to zero."""
    return [Move(*step) for step in remainders(theory)]


def sieve(theory: Theory, answer: Term) -> list[Move]:
    """The residues that each congruence leaves, then those that congruences leave together."""
    return [Move(*step) for step in congruences.sieve(theory)]


def matrices(theory: Theory, answer: Term) -> list[Move]:
    """Gauss elimination for a linear system; for a rank a minor that is not 0, and that no larger one is."""
    if set(theory.declared.values()) == {"Rational"}:
        return elimination(theory, answer)
    return [Move(*step) for step in minors(theory, answer)]


METHODS: dict[str, Callable[[Theory, Term], list[Move]]] = {
    "elimination": elimination,
    "small elimination": small_elimination,
    "factoring": factoring,
    "deduction": deduction,
    "settling": settling,
    "differentiation": differentiation,
    "euclid": euclid,
    "sieve": sieve,
    "matrices": matrices,
}


def find(method: str, theory: Theory, answer: Term) -> list[Move]:
    """Return the steps of a method; empty where it does not apply."""
    return METHODS[method](theory, answer)
