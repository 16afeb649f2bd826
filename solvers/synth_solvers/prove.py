"""Prove a claim: the cheapest certificate that the kernel accepts, else a refutation, else agreement, else unknown.

Which body is tried is guessed from the shape of the sequent; a wrong guess costs time and never truth, because nothing
counts until `recheck` has accepted it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

from synth_kernel import exhaustive, residual
from synth_kernel.claims import Claim, Sequent, Theory, sequent
from synth_kernel.evaluate import Undecided, Undefined, constant, evaluate, holds
from synth_kernel.linear import NotLinear
from synth_kernel.recheck import recheck, shows
from synth_kernel.terms import NUMBERS, Term, TermError, symbols, write
from synth_solvers.inequalities import farkas
from synth_solvers.linear import left_inverse, solve
from synth_solvers.plans import shortest as shortest_plan
from synth_solvers.programs import model as program_model
from synth_solvers.programs import runs
from synth_solvers.verdicts import Agreed, Budget, Proved, Refuted, Unknown, Verdict
from synth_solvers.walks import ends, potential, shortest
from synth_solvers.words import shortest as shortest_word

__all__ = ["Budget", "prove"]

Certificate = Mapping[str, Any]
_POINTS = (0, 1, -1, 2, Fraction(1, 2), -2, 3, Fraction(-1, 2), 5, -3, 10, Fraction(7, 3))
MAX_POINTS = 144  # tried to refute an identity


def prove(
    theory: Theory,
    claim: Claim,
    steps: Sequence[Claim] = (),
    budget: Budget = Budget(),  # noqa: B008
    without: Collection[str] = (),
) -> Verdict:
    """Say what can be found out about a claim within a budget; the answer depends on nothing but the arguments.

    `without` names bodies that are not to be relied on: the answer is then a proof by another, or unknown.

    >>> theory = Theory.read("(theory (declare p Bool) (declare q Bool) (clause p) (clause (= p q)) (ask (find p q)))")
    >>> prove(theory, Claim("unique", "entails", ("T",), ("and", "p", "q")))
    Proved(certificate={'v': 1, 'body': 'exhaustive'})
    >>> prove(theory, Claim("unique", "entails", ("T",), ("not", "q"))).claim.goal
    ('model', ('=', 'p', 'true'), ('=', 'q', 'true'))
    """
    try:
        wanted = sequent(theory, claim, steps)
    except TermError as error:
        return _inconsistent(theory, claim, steps, budget) or Unknown(f"not a claim of this theory: {error}")
    for find in _FINDERS[claim.form]:
        if _COSTLY.get(find) in without:
            continue
        certificate = find(wanted, budget)
        if certificate is not None and certificate["body"] not in without and shows(wanted, certificate):
            return Proved(certificate)
    if without:
        return Unknown("no certificate of another body found")
    for other, certificate in _REFUTERS[claim.form](wanted, claim, budget):
        if recheck(theory, other, certificate, steps):
            return Refuted(other, certificate)
    if budget.agreement and claim.form == "entails":
        return _agreement(wanted, budget)
    return Unknown(_why(wanted) if claim.form == "model" else "no certificate found")


def _why(wanted: Sequent) -> str:
    """Name the first premise that a model does not satisfy, for people: nothing is shown by it."""
    name = "it"
    try:
        values = {each: constant(value, wanted.declared[each]) for each, value in wanted.bindings.items()}
        for name, premise in zip(wanted.names, wanted.premises, strict=True):
            if evaluate(premise, values) is not True:
                return f"{name} is not true: {write(premise)[:200]}"
    except (Undefined, Undecided) as error:
        return f"{name} has no value: {error}"
    return "no certificate found"


# ---- finders: a certificate that may be one, or None ---------------------------------------------------------------

Finder = Callable[[Sequent, Budget], "Certificate | None"]


def _empty(body: str, fits: Callable[[Sequent], bool]) -> Finder:
    """Return a finder for a body whose certificate is empty."""
    return lambda wanted, budget: {"v": 1, "body": body} if fits(wanted) else None


def _occurring(wanted: Sequent) -> set[str]:
    return {name for term in (*wanted.premises, wanted.goal) for name in symbols(term)}


def _assignments(wanted: Sequent, names: Collection[str]) -> int:
    """Return how many assignments these unknowns have, 0 where there are infinitely many."""
    total = 1
    for name, sort in wanted.declared.items():
        if name in names:
            domain = exhaustive.finite(sort)
            if domain is None:
                return 0
            total *= len(domain)
    return total


MANY_ONE_BY_ONE = 1 << 12  # assignments; above, only what needs no evaluator is tried exhaustively
_BITWISE = {"not", "and", "or", "=>", "xor", "ite", "=", "distinct", "<", "<=", ">", ">=", "count", "+"}


def _few(wanted: Sequent) -> bool:
    """Say whether trying every assignment is cheap; mostly all unknowns that are declared have few."""
    total = _assignments(wanted, wanted.declared)
    if not 0 < total <= MANY_ONE_BY_ONE:
        total = _assignments(wanted, _occurring(wanted))
    if total > MANY_ONE_BY_ONE:
        return total <= exhaustive.MAX_WORLDS and all(map(_bitwise, (*wanted.premises, wanted.goal)))
    return total > 0


def _bitwise(term: Term) -> bool:
    """Say whether the kernel decides a term for all worlds at once."""
    if not isinstance(term, tuple):
        return True
    return term[0] in _BITWISE and (term[0] != "distinct" or len(term) == 3) and all(map(_bitwise, term[1:]))


def _finite(wanted: Sequent) -> bool:
    return all(exhaustive.finite(sort) is not None for sort in wanted.declared.values())


def _one_number(wanted: Sequent) -> bool:
    return len(wanted.declared) == 1 and set(wanted.declared.values()) <= set(NUMBERS)


def _one_word(wanted: Sequent) -> bool:
    return [*wanted.sorts.values()].count("Word") == 1


def _plan(wanted: Sequent) -> bool:
    return "Plan" in wanted.sorts.values()


def _left_inverse(wanted: Sequent, budget: Budget) -> Certificate | None:
    return left_inverse(wanted) if set(wanted.sorts.values()) <= set(NUMBERS) else None


def _farkas_of(*heads: str) -> Finder:
    """Return a finder of multipliers for goals that begin like this, about numbers."""

    def find(wanted: Sequent, budget: Budget) -> Certificate | None:
        head = wanted.goal[0] if isinstance(wanted.goal, tuple) else wanted.goal
        return farkas(wanted) if head in heads and set(wanted.sorts.values()) <= set(NUMBERS) else None

    return find


_inequality = _farkas_of("<", "<=", ">", ">=", "not")  # before trying every assignment, which costs more
_equation = _farkas_of("=", "false")


def _irreducible(wanted: Sequent, budget: Budget) -> Certificate | None:
    if "irreducible" not in str(wanted.goal):
        return None
    from synth_solvers.factors import irreducible

    return irreducible(wanted)


def _potential(wanted: Sequent, budget: Budget) -> Certificate | None:
    return potential(wanted) if "Walk" in wanted.sorts.values() else None


def _instances(wanted: Sequent, budget: Budget) -> Certificate | None:
    if "Open" not in wanted.sorts.values():
        return None
    from synth_solvers import open_sorts

    return open_sorts.refute(wanted, budget.conflicts)


def _lrat(wanted: Sequent, budget: Budget) -> Certificate | None:
    if not _assignments(wanted, _occurring(wanted)) or runs((*wanted.premises, wanted.goal)):
        return None  # infinitely many, or programs, of which clauses cost more than running them
    from synth_solvers import sat

    return sat.refute(wanted, budget.conflicts)


def _antiderivative(wanted: Sequent, budget: Budget) -> Certificate | None:
    match wanted.goal:
        case ("identity", ("I", f, str(x), low, _), _):
            from synth_solvers.answer import antiderivative_of

            found = antiderivative_of(f, x, low)
            return None if found is None else {"v": 1, "body": "antiderivative", "antiderivative": write(found)}
    return None


_COSTLY: Mapping[Finder, str] = {
    _irreducible: "irreducible", _left_inverse: "left-inverse", _inequality: "farkas", _equation: "farkas",
    _potential: "potential", _instances: "instances", _lrat: "lrat", _antiderivative: "antiderivative",
}  # fmt: skip
_FINDERS: Mapping[str, tuple[Finder, ...]] = {
    "model": (_empty("evaluation", lambda wanted: True),),
    "entails": (
        _inequality,
        _irreducible,
        _empty("exhaustive", _few),
        _left_inverse,
        _equation,
        _potential,
        _empty("bisimulation", _one_word),
        _empty("layers", _plan),
        _empty("roots", _one_number),
        _empty("multiple", _one_number),
        _instances,
        _lrat,
    ),
    "identity": (
        _empty("sign", lambda wanted: wanted.goal[1] == wanted.goal[2]),  # type: ignore[index]
        _antiderivative,
        _empty("normal-form", lambda wanted: True),
    ),
    "count": (_empty("residual", _finite), _empty("sturm", _one_number)),
}


# ---- refuters: claims that cannot hold beside this one, with certificates -------------------------------------------

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
    if _finite(wanted) and runs((*wanted.premises, wanted.goal)):
        yield program_model(wanted.declared, (*wanted.premises, ("not", wanted.goal)))
        return
    if _finite(wanted):
        from synth_solvers import sat

        yield sat.countermodel(wanted, budget.conflicts)
        return
    if "Open" in wanted.sorts.values():
        from synth_solvers import open_sorts

        yield open_sorts.model(wanted.declared, (*wanted.premises, ("not", wanted.goal)), budget.conflicts)
        return
    if _one_number(wanted):
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
    if _finite(wanted):
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
    for find in _FINDERS[other.form]:
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
    if _finite(wanted):
        try:
            number = residual.count(wanted.declared, wanted.premises)
        except (ValueError, Undecided):
            return
        if number != wanted.goal:
            yield Claim("count", "count", claim.premises, number), {"v": 1, "body": "residual"}
    elif _one_number(wanted):
        for number in range(65):
            if number != wanted.goal:
                yield Claim("count", "count", claim.premises, number), {"v": 1, "body": "sturm"}


_REFUTERS: Mapping[str, Refuter] = {
    "model": _excluded,
    "entails": _other_model,
    "identity": _point,
    "count": _other_count,
}


def _inconsistent(theory: Theory, claim: Claim, steps: Sequence[Claim], budget: Budget) -> Refuted | None:
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


# ---- agreement -----------------------------------------------------------------------------------------------------


def _agreement(wanted: Sequent, budget: Budget) -> Verdict:
    """Ask two independent solvers. One solver's word is never evidence."""
    from synth_solvers import cvc5_solver, smt

    first = smt.decide(wanted, budget.rlimit)
    if first.result != "unsat":
        return Unknown("a countermodel that the kernel does not accept" if first.result == "sat" else first.reason)
    second = cvc5_solver.decide(wanted, budget.cvc5_rlimit)
    if second.result != "unsat":
        return Unknown("disagreement" if second.result == "sat" else second.reason)
    solvers = [
        {"tool": "z3", "version": smt.VERSION, "rlimit": budget.rlimit},
        {"tool": "cvc5", "version": cvc5_solver.VERSION, "rlimit": budget.cvc5_rlimit},
    ]
    return Agreed({"result": "unsat", "solvers": solvers})
