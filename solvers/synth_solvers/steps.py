"""Finders of solution steps: each yields facts a person would write down, with the facts they follow from.

A finder takes a theory and its answer and returns moves in order; the i-th is premise `s{i}` of later ones. Nothing is
trusted: every move becomes a claim of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import gcd
from typing import Any

from synth_kernel.claims import Theory
from synth_kernel.exhaustive import truth, worlds
from synth_kernel.linear import equation
from synth_kernel.terms import Term, number, symbols
from synth_solvers.linear import Row, combine, term_of, whole
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


METHODS: dict[str, Callable[[Theory, Term], list[Move]]] = {
    "elimination": elimination,
    "deduction": deduction,
    "settling": settling,
    "differentiation": differentiation,
}


def find(method: str, theory: Theory, answer: Term) -> list[Move]:
    """Return the steps of a method; empty where it does not apply."""
    return METHODS[method](theory, answer)
