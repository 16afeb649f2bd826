"""Proved sameness of two problems: exact isomorphism where a canonical key is not exact, and equivalence of statements.

Nothing here guesses. `None` means that it was not found out within the budget, and then both rows stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, permutations, product
from typing import Any

from synth.graph import semantic
from synth.recheck.canonical import Colouring, FuelError, Graph, Labelling
from synth_kernel.claims import Claim, Theory
from synth_kernel.terms import Term, substitute, write
from synth_solvers.prove import Budget, prove
from synth_solvers.verdicts import Proved

FUEL = 1 << 23  # links followed to compare two graphs
MAX_RENAMINGS = 24  # tried to match unknowns that look alike
BUDGET = Budget(conflicts=2_000, rlimit=200_000, agreement=False)


def isomorphic(one: Theory, two: Theory, fuel: int = FUEL) -> bool | None:
    """Say whether two theories are equal up to what `canonical` ignores; None where the fuel does not suffice.

    Individualisation and refinement of both graphs in step (McKay and Piperno 2014, §2.3): a symbol of the first is
    matched with each symbol of the second that refines likewise, until every node has a colour of its own.

    >>> text = "(theory (declare {0} Bool) (declare {1} Bool) (clause (or {0} (not {1}))) (ask (find {0} {1})))"
    >>> isomorphic(Theory.read(text.format("p", "q")), Theory.read(text.format("q", "p")))
    True
    """
    first, second = Graph.of(one), Graph.of(two)
    if first.facts != second.facts:
        return False
    try:
        if len(parts := _components(first)) > 1:
            return _keys(parts, fuel) == _keys(_components(second), fuel)
    except FuelError:  # a component that is as hard alone
        pass
    left, right = Labelling(first, fuel), Labelling(second, fuel)
    try:
        (colouring, fresh), (image, _) = left.refined(), right.refined()
        if left.header != right.header or left.trace != right.trace:
            return False
        return _matched(left, right, colouring, image, fresh)
    except FuelError:
        return None


def _components(graph: Graph) -> list[Graph]:
    """Split a graph where no link goes across. Two graphs are isomorphic just if their parts are, in some order."""
    above: list[list[int]] = [[] for _ in graph.labels]
    for node, links in enumerate(graph.links):
        for _, target in links:
            above[target].append(node)
    part = [-1] * len(above)
    parts: list[list[int]] = []
    for start in range(len(above)):
        if part[start] < 0:
            part[start] = len(parts)
            waiting, members = [start], []
            while waiting:
                node = waiting.pop()
                members.append(node)
                for other in [*above[node], *[target for _, target in graph.links[node]]]:
                    if part[other] < 0:
                        part[other] = len(parts)
                        waiting.append(other)
            parts.append(sorted(members))
    return [_restricted(graph, members) for members in parts]


def _restricted(graph: Graph, members: list[int]) -> Graph:
    """Return the part of a graph that consists of these nodes, ascending."""
    part = Graph()
    number = {node: place for place, node in enumerate(members)}
    for node in members:
        links = tuple(sorted([(role, number[target]) for role, target in graph.links[node]]))
        part.index[graph.labels[node], links] = part.add(graph.labels[node], links)
        part.marks[-1].update(graph.marks[node])
    return part


def _keys(parts: list[Graph], fuel: int) -> Counter[str]:
    """Return an exact key of each part; raise `FuelError` where the fuel, which is for all, does not suffice."""
    keys: Counter[str] = Counter()
    for part in parts:
        labelling = Labelling(part, fuel)
        keys[repr((labelling.header, labelling.least()))] += 1
        fuel = labelling.fuel
    return keys


def _matched(first: Labelling, second: Labelling, left: Colouring, right: Colouring, fresh: int) -> bool:
    """Search with a stack of its own, for a search may be as deep as there are symbols."""
    stack = [_children(first, second, left, right, fresh)]
    while stack:
        found = next(stack[-1], None)
        if found is None:
            stack.pop()
        elif not first.open(found[0]):
            if first.certificate(found[0]) == second.certificate(found[1]):
                return True
        else:
            stack.append(_children(first, second, *found))
    return not first.open(left) and first.certificate(left) == second.certificate(right)


def _children(
    first: Labelling, second: Labelling, left: Colouring, right: Colouring, fresh: int
) -> Iterator[tuple[Colouring, Colouring, int]]:
    """Yield the pairs of colourings that follow when one symbol on the left is matched with one on the right."""
    classes = first.open(left)
    if not classes:
        return
    cell = min(classes, key=lambda each: len(left[1][each]))
    first.spend(first.size)
    trace, child, after = first.individualised(left, cell, min(left[1][cell]), fresh)
    for node in sorted(right[1][cell]):
        second.spend(second.size)
        other, image, _ = second.individualised(right, cell, node, fresh)
        if other == trace:
            yield child, image, after


@dataclass(frozen=True)
class Equivalence:
    """A proof that two theories state and ask the same: the names of the second in terms of the first, and claims.

    Each proof is a theory, a claim about it and a certificate that the kernel accepted, as plain data.
    """

    names: Mapping[str, str]
    proofs: tuple[Mapping[str, Any], ...]


def equivalent(one: Theory, two: Theory, budget: Budget = BUDGET) -> Equivalence | None:
    """Prove that two theories are equivalent statement by statement, up to the names of unknowns; else None.

    Comparisons are equivalent if the differences of their sides are identical; equations and other statements if each
    entails the other, too; what is to be computed, if the terms are identical on the domain. Statement by statement,
    because as wholes any two systems with one solution are equivalent, which does not make them one problem.

    >>> one = Theory.read("(theory (declare x Rational) (clause (= (* 2 (+ x 1)) 3)) (ask (find x)))")
    >>> two = Theory.read("(theory (declare y Rational) (clause (= 3 (+ (* y 2) 2))) (ask (find y)))")
    >>> equivalent(one, two).names
    {'y': 'x'}
    """
    try:
        seen, other = semantic.signatures(one), semantic.signatures(two)
    except semantic.Outside:
        return None
    if Counter(seen.values()) != Counter(other.values()):
        return None
    for names in islice(_renamings(seen, other), MAX_RENAMINGS):
        proofs = _proofs(one, two, names, budget)
        if proofs is not None:
            return Equivalence(names, tuple(proofs))
    return None


def _renamings(seen: Mapping[str, str], other: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the ways to match unknowns with equal signatures."""
    signs = sorted(set(seen.values()))
    groups = [[name for name in other if other[name] == sign] for sign in signs]
    alike = [[name for name in seen if seen[name] == sign] for sign in signs]
    targets = [islice(permutations(group), MAX_RENAMINGS) for group in alike]
    for chosen in product(*targets):
        yield {
            name: target
            for group, images in zip(groups, chosen, strict=True)
            for name, target in zip(group, images, strict=True)
        }


def _proofs(one: Theory, two: Theory, names: Mapping[str, str], budget: Budget) -> list[Mapping[str, Any]] | None:
    """Prove that statements with equal values are equivalent, each of one side with one of the other."""
    declared = dict(one.declared)
    if any(two.declared[name] != declared[target] for name, target in names.items()):
        return None
    points = [semantic.point({name: name for name in declared}, number) for number in range(semantic.POINTS)]
    sides: list[dict[str, list[Term]]] = []
    for theory, renamed in ((one, {}), (two, names)):
        sides.append({})
        for kind, statement in semantic.statements(theory):
            term = substitute(statement, renamed)
            values = " ".join([kind, *[semantic.says(term, values) for values in points]])
            sides[-1].setdefault(values, []).append(term)
    if sides[0].keys() != sides[1].keys():
        return None
    proofs: list[Mapping[str, Any]] = []
    for values, terms in sides[0].items():
        for left, right in [(terms[0], term) for term in terms[1:] + sides[1][values]]:
            found = _same(one, left, right, budget)
            if found is None:
                return None
            proofs += found
    return proofs


def _same(theory: Theory, left: Term, right: Term, budget: Budget) -> list[Mapping[str, Any]] | None:
    """Prove that two statements are equivalent, or that two terms are identical on the domain."""
    if write(left) == write(right):
        return []
    alone = replace(theory, axioms=(), clauses=(), domain=(), ask=("count",))
    match left, right:
        case ("at", f, *of), ("at", g, *on):
            return _proof(replace(alone, domain=theory.domain), _identity(f, g), budget) if of == on else None
        case (str(operator), a, b), (str(other), c, d) if {operator, other} <= {"=", "<", "<=", ">", ">="}:
            name, a, b = semantic.forward(operator, a, b)
            same, c, d = semantic.forward(other, c, d)
            for sides in [(c, d), (d, c)][: 0 if name != same else 2 if name == "=" else 1]:
                found = _proof(alone, _identity(("-", a, b), ("-", *sides)), budget)
                if found is not None:
                    return found
            if name != same or name != "=":
                return None
    forth = _proof(replace(alone, clauses=(left,)), Claim("equivalent", "entails", ("T",), right), budget)
    back = _proof(replace(alone, clauses=(right,)), Claim("equivalent", "entails", ("T",), left), budget)
    return None if forth is None or back is None else forth + back


def _identity(f: Term, g: Term) -> Claim:
    return Claim("equivalent", "identity", ("D",), ("identity", f, g))


def _proof(theory: Theory, claim: Claim, budget: Budget) -> list[Mapping[str, Any]] | None:
    verdict = prove(theory, claim, (), budget)
    if not isinstance(verdict, Proved):
        return None
    stated = {"form": claim.form, "premises": list(claim.premises), "goal": write(claim.goal)}
    return [{"theory": theory.text(), "claim": stated, "certificate": dict(verdict.certificate)}]
