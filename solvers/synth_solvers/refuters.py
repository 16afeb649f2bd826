"""Refuters: for each form of claim, claims that cannot hold beside it, with certificates. Nothing here is trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

from synth_kernel import residual
from synth_kernel.claims import Claim, Sequent, Theory, sequent
from synth_kernel.evaluate import Undecided, Undefined, constant, evaluate, holds
from synth_kernel.linear import NotLinear
from synth_kernel.recheck import recheck
from synth_kernel.terms import NUMBERS, Term, TermError
from synth_solvers.finders import FINDERS, Certificate, is_finite, is_one_number
from synth_solvers.linear import solve
from synth_solvers.plans import shortest as shortest_plan
from synth_solvers.programs import model as program_model
from synth_solvers.programs import runs
from synth_solvers.verdicts import Budget, Refuted
from synth_solvers.walks import ends, shortest
from synth_solvers.words import shortest as shortest_word

_POINTS = (0, 1, -1, 2, Fraction(1, 2), -2, 3, Fraction(-1, 2), 5, -3, 10, Fraction(7, 3))
MAX_POINTS = 144  # tried to refute an identity


Refuter = Callable[[Sequent, Claim, Budget], "Iterator[tuple[Claim, Certificate]]"]


def _other_model(wanted: Sequent, claim: Claim, budget: Budget) -> Iterator[tuple[Claim, Certificate]]:
    """A model of the premises in which the goal does not hold."""
    for model in _countermodels(wanted, budget):
        if model is not None and _fails(wanted, model):
            bindings: Term = ("model", *[("=", name, model[name]) for name in wanted.declared])
            yield Claim("countermodel", "model", claim.premises, bindings), {"v": 1, "body": "evaluation"}
            return


def _countermodels(wanted: Sequent, budget: Budget) -> Iterator[Mapping[str, Term] | None]:
    """Yield what may be one: of one equation its roots, of a walk the cheapest, else what a solver says."""
    if is_finite(wanted) and runs((*wanted.premises, wanted.goal)):
        yield program_model(wanted.declared, (*wanted.premises, ("not", wanted.goal)))
        return
    if is_finite(wanted):
        from synth_solvers import sat

        yield sat.countermodel(wanted, budget.conflicts)
        return
    if "Open" in wanted.sorts.values():
        from synth_solvers import open_sorts

        yield open_sorts.model(wanted.declared, (*wanted.premises, ("not", wanted.goal)), budget.conflicts)
        return
    if is_one_number(wanted):
        yield from ({name: root} for name in wanted.declared for root in _roots(wanted, name))
    match [*wanted.declared.items()]:
        case [(name, ("Word", *letters))]:
            alphabet: Any = letters
            found = shortest_word(alphabet, name, [*wanted.premises, ("not", wanted.goal)])
            yield None if found is None else {name: ("word", *found)}
            return
        case [(name, ("Walk", *arcs))]:
            places = shortest(arcs, *ends(name, wanted.premises))
            yield None if places is None else {name: ("walk", *places)}
            return
        case [(name, ("Plan", *_) as sort)]:
            moves = shortest_plan(sort)
            yield None if moves is None else {name: ("plan", *moves)}
            return
    from synth_solvers import smt

    yield smt.decide(wanted, budget.rlimit).model


def _roots(wanted: Sequent, name: str) -> list[Term]:
    """Return the real roots of the one equation between polynomials that is a premise; none where there is no such."""
    from synth_kernel.polynomial import add, from_term, primitive
    from synth_solvers.algebra import real_roots

    match wanted.premises:
        case (("=", left, right),):
            with suppress(ValueError, ArithmeticError, Undecided):
                return real_roots(primitive(add(from_term(left, name), from_term(right, name), -1)))
    return []


def _fails(wanted: Sequent, model: Mapping[str, Term]) -> bool:
    try:
        return not holds(wanted.goal, {name: constant(term, wanted.declared[name]) for name, term in model.items()})
    except (Undecided, Undefined):
        return False


def _excluded(wanted: Sequent, claim: Claim, budget: Budget) -> Iterator[tuple[Claim, Certificate]]:
    """The premises exclude the model, have another one only, or one of them is false of it."""
    assert isinstance(wanted.goal, tuple)
    if set(wanted.sorts.values()) <= set(NUMBERS):
        with suppress(NotLinear):
            solution = solve(wanted.premises, list(wanted.declared))
            if solution is not None and solution != wanted.bindings:
                goal: Term = ("and", *[("=", name, value) for name, value in solution.items()])
                yield from _proved_by(wanted, Claim("excluded", "entails", claim.premises, goal), budget)
    if is_finite(wanted):
        goal = ("not", ("and", *wanted.goal[1:]))
        yield from _proved_by(wanted, Claim("excluded", "entails", claim.premises, goal), budget)
    elif set(wanted.declared.values()) <= set(NUMBERS):
        for name, value in wanted.bindings.items():
            if isinstance(value, tuple) and value[0] == "root":  # of an interval that holds none or two: say which are
                goal = ("or", *[("=", name, root) for root in _roots(wanted, name)])
                yield from _proved_by(wanted, Claim("excluded", "entails", claim.premises, goal), budget)
    yield from _false(wanted)


def _false(wanted: Sequent) -> Iterator[tuple[Claim, Certificate]]:
    """A premise of which nothing is left unknown where the model is put in, and which is false then."""
    bindings = wanted.bindings
    for premise in wanted.premises:
        closed = _put(premise, bindings)
        with suppress(Undefined, Undecided):
            if evaluate(closed, {}) is False:
                yield Claim("false", "entails", (), ("not", closed)), {"v": 1, "body": "exhaustive"}


def _put(term: Term, bindings: Mapping[str, Term]) -> Term:
    """Write the values of unknowns in their places."""
    if isinstance(term, tuple):
        return (term[0], *[_put(part, bindings) for part in term[1:]])
    return bindings.get(term, term) if isinstance(term, str) else term


def _proved_by(wanted: Sequent, other: Claim, budget: Budget) -> Iterator[tuple[Claim, Certificate]]:
    question = replace(wanted, form=other.form, goal=other.goal)
    for find in FINDERS[other.form]:
        certificate = find(question, budget)
        if certificate is not None:
            yield other, certificate


def _point(wanted: Sequent, claim: Claim, budget: Budget) -> Iterator[tuple[Claim, Certificate]]:
    """A point of the domain where the terms differ, or where one has no value."""
    assert isinstance(wanted.goal, tuple)
    _, f, g = wanted.goal
    names = list(wanted.declared)
    if not set(wanted.declared.values()) <= set(NUMBERS):
        return
    integral = [point for point in _POINTS if type(point) is int]
    for tried, chosen in enumerate(product(*[integral if wanted.declared[n] == "Int" else _POINTS for n in names])):
        if tried >= MAX_POINTS:
            return
        values: dict[str, Any] = dict(zip(names, chosen, strict=True))
        try:
            if not all(holds(premise, values) for premise in wanted.premises):
                continue
            differs = evaluate(("=", f, g), values) is False
        except Undefined:
            differs = True
        except (Undecided, TermError, ValueError, ArithmeticError):
            continue
        if differs:
            bindings: Term = ("model", *[("=", name, value) for name, value in values.items()])
            yield Claim("point", "model", claim.premises, bindings), {"v": 1, "body": "evaluation"}
            return


def _other_count(wanted: Sequent, claim: Claim, budget: Budget) -> Iterator[tuple[Claim, Certificate]]:
    if is_finite(wanted):
        try:
            number = residual.count(wanted.declared, wanted.premises)
        except (ValueError, Undecided):
            return
        if number != wanted.goal:
            yield Claim("count", "count", claim.premises, number), {"v": 1, "body": "residual"}
    elif is_one_number(wanted):
        for number in range(65):
            if number != wanted.goal:
                yield Claim("count", "count", claim.premises, number), {"v": 1, "body": "sturm"}


REFUTERS: Mapping[str, Refuter] = {
    "model": _excluded,
    "entails": _other_model,
    "identity": _point,
    "count": _other_count,
}


def inconsistent(theory: Theory, claim: Claim, steps: Sequence[Claim], budget: Budget) -> Refuted | None:
    """Where a witness was wanted and none exists: prove that the premises contradict each other."""
    if claim.form != "model" or claim.goal != ("any",):
        return None
    other = Claim("inconsistent", "entails", claim.premises, "false")
    try:
        wanted = sequent(theory, other, steps)
    except TermError:
        return None
    for _, certificate in _proved_by(wanted, other, budget):
        if recheck(theory, other, certificate, steps):
            return Refuted(other, certificate)
    return None
