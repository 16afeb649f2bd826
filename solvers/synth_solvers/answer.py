"""Find the answer of a theory, whatever it asks: one finder for each kind and shape of problem. Nothing is trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache, reduce
from math import floor
from operator import and_
from typing import Any

from synth_kernel.claims import Theory
from synth_kernel.evaluate import constant, evaluate
from synth_kernel.exhaustive import finite
from synth_kernel.terms import NUMBERS, Term, number, substitute
from synth_solvers.congruences import solutions
from synth_solvers.euclid import bezout
from synth_solvers.expressions import construct as program_with_values
from synth_solvers.linear import solve
from synth_solvers.plans import shortest as shortest_plan
from synth_solvers.walks import ends, shortest


def answer_of(theory: Theory) -> Term | None:
    """Return the answer as a term in the form that the kind wants, None where no finder has one."""
    finder = FINDERS.get(theory.kind)
    return finder(theory) if finder else None


def _find(theory: Theory) -> Term | None:
    if set(theory.sorts.values()) <= set(NUMBERS):
        solution = solve(theory.axioms + theory.clauses, list(theory.declared))
        if solution is not None or set(theory.declared.values()) <= set(NUMBERS):
            return None if solution is None else ("model", *[("=", name, value) for name, value in solution.items()])
    from synth_solvers.sat import model

    found = model(theory) or _world(theory)
    return None if found is None else ("model", *[("=", name, found[name]) for name in theory.declared])


def _world(theory: Theory) -> Mapping[str, Term] | None:
    """Return a model of a small theory whose sums have too many cases for clauses."""
    from synth_solvers.worlds import Worlds

    try:
        worlds = Worlds(theory.declared)
        return worlds.world(reduce(and_, map(worlds.of, theory.axioms + theory.clauses), worlds.full))
    except ValueError:  # too many worlds, or a statement that is no sum or comparison
        return None


def _all(theory: Theory) -> Term | None:
    from synth_kernel.polynomial import add, from_term, primitive
    from synth_solvers.algebra import real_roots

    ((unknown, sort),) = theory.declarations
    if isinstance(sort, tuple) and sort[0] == "range":
        return ("values", *solutions(theory))
    match theory.clauses:
        case (("=", left, right),):
            p = primitive(add(from_term(left, unknown), from_term(right, unknown), -1))
            return ("values", *[_isolated(p, root) for root in real_roots(p)])
    return None


def _isolated(p: tuple[int, ...], root: Term) -> Term:
    """Return a root as one of p itself, between neighbours on the coarsest grid of 1/10, 1/100, … that isolates it.

    No other root is an end of the interval either.
    """
    from synth_kernel.polynomial import count_roots

    match root:
        case ("root", ("poly", *factor), int() | Fraction() as low, int() | Fraction() as high):
            for digits in range(1, 40):
                grid = 10**digits
                first = floor(low * grid)
                for start in range(first, first + 2 + floor((high - low) * grid)):
                    ends = Fraction(start, grid), Fraction(start + 1, grid)
                    if count_roots(factor, *ends) == 1 == count_roots(p, *ends, (True, True)):  # type: ignore[arg-type]
                        return ("root", ("poly", *p), number(ends[0]), number(ends[1]))
    return root


def _decide(theory: Theory) -> Term | None:
    from synth_kernel.claims import Claim
    from synth_solvers.verdicts import Budget
    from synth_solvers.witness import witness

    mode = theory.ask[2]  # type: ignore[index]
    failing, holding = [witness(theory, Claim("", "model", ("T", name), ()), Budget()) for name in ("not-goal", "goal")]
    if failing is None:
        return "'yes" if holding is not None else None
    if mode == "'weak":
        return "'no"
    return "'unknown" if holding is not None else "'no"


def _compute(theory: Theory) -> Term | None:
    from synth_solvers.calculus import differentiate, simplify

    match theory.ask:
        case ("compute", ("F", *_)):
            from synth_solvers.factors import factorization

            return factorization(theory)
        case ("compute", ("D", f, str(x))):
            return differentiate(f, x)[0]
        case ("compute", ("I", f, str(x))):
            from synth_solvers.sympy_check import antiderivative

            found = antiderivative(f, x)
            return None if found is None else simplify(found)
        case ("compute", ("I", f, str(x), low, high)):
            found = antiderivative_of(f, x, low)
            if found is None:
                return None
            return simplify(("-", substitute(found, {x: high}), substitute(found, {x: low})))
        case ("compute", f):
            return simplify(f)
    return None


@lru_cache(maxsize=64)
def antiderivative_of(f: Term, x: str, low: Term) -> Term | None:
    """Return an antiderivative from a number on: by a first course's rules, else sympy's, which takes longer."""
    from synth_solvers.integrals import integral

    found = integral(f, x, low if isinstance(low, int | Fraction) else None)
    if found is None:
        from synth_solvers.sympy_check import antiderivative

        found = antiderivative(f, x)
    return found


def _construct(theory: Theory) -> Term | None:
    """Search an expression over given numbers with a given value, or one with given values; or Bézout coefficients."""
    if all(finite(sort) is not None for sort in theory.declared.values()):
        return _find(theory)
    if set(theory.declared.values()) == {"Int"}:
        return bezout(theory)
    if any(sort.startswith("Prog") for sort in theory.sorts.values()):
        return program_with_values(theory)
    from synth_solvers.countdown import reach

    numbers: tuple[Any, ...] = ()
    target: Any = None
    operators = [*_OPERATIONS.values()]
    for clause in theory.axioms + theory.clauses:
        match clause:
            case ("leaves_among", _, *given):
                numbers = tuple(given)
            case ("operators_among", _, *named):
                operators = [sign for name, sign in _OPERATIONS.items() if name in named]
            case ("=", ("value", _), int(value)):
                target = value
    found = reach(numbers, target, operators) if numbers and target is not None else None
    (name,) = theory.declared
    return None if found is None else ("model", ("=", name, ("quote", found)))


_OPERATIONS = {"'add": "+", "'subtract": "-", "'multiply": "*", "'divide": "/"}


def _optimize(theory: Theory) -> Term | None:
    match [*theory.declarations]:
        case [(name, ("Plan", *_) as sort)]:
            moves = shortest_plan(sort)
            return None if moves is None else ("model", ("=", name, ("plan", *moves)))
        case [(name, ("Walk", *arcs))]:
            places = shortest(arcs, *ends(name, theory.axioms + theory.clauses))
            return None if places is None else ("model", ("=", name, ("walk", *places)))
    return (_least(theory) if set(theory.sorts.values()) <= set(NUMBERS) else None) or _descended(theory)


def _least(theory: Theory) -> Term | None:
    """Return a corner of linear statements with the least cost, None where it is not whole."""
    from synth_kernel.linear import NotLinear, form, plus
    from synth_solvers.inequalities import greatest

    try:
        gain = plus({}, form(theory.ask[-1]), -1)  # type: ignore[index]
        found = greatest(theory.declared, theory.axioms + theory.clauses, gain)
    except NotLinear:
        return None
    if found is None or any(type(value) is not int for value in found[1].values()):
        return None
    return ("model", *[("=", name, value) for name, value in found[1].items()])


def _descended(theory: Theory) -> Term | None:
    """Ask for a model of a finite theory, then for one that costs less, until there is none."""
    from synth_solvers.sat import model

    best: Term | None = None
    bound: tuple[Term, ...] = ()
    while found := model(replace(theory, clauses=theory.clauses + bound)):
        best = ("model", *[("=", name, found[name]) for name in theory.declared])
        cost = theory.ask[-1]  # type: ignore[index]
        values = {name: constant(found[name], sort) for name, sort in theory.declarations}
        bound = (("<", cost, evaluate(cost, values)),)
    return best


def _count(theory: Theory) -> Term | None:
    from synth_kernel.residual import count

    return count(theory.declared, theory.axioms + theory.clauses)


FINDERS: dict[str, Callable[[Theory], Term | None]] = {
    "find": _find,
    "all": _all,
    "decide": _decide,
    "compute": _compute,
    "construct": _construct,
    "optimize": _optimize,
    "count": _count,
}
