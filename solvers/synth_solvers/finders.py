"""Finders: for each form of claim, certificates that may show it, or None. Nothing here is trusted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from synth_kernel import exhaustive
from synth_kernel.claims import Sequent
from synth_kernel.terms import NUMBERS, Term, symbols, write
from synth_solvers.inequalities import farkas
from synth_solvers.linear import left_inverse
from synth_solvers.programs import runs
from synth_solvers.verdicts import Budget
from synth_solvers.walks import potential

Certificate = Mapping[str, Any]

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


def is_finite(wanted: Sequent) -> bool:
    """Say whether every unknown has finitely many values."""
    return all(exhaustive.finite(sort) is not None for sort in wanted.declared.values())


def is_one_number(wanted: Sequent) -> bool:
    """Say whether there is one unknown, a number."""
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


COSTLY: Mapping[Finder, str] = {
    _irreducible: "irreducible", _left_inverse: "left-inverse", _inequality: "farkas", _equation: "farkas",
    _potential: "potential", _instances: "instances", _lrat: "lrat", _antiderivative: "antiderivative",
}  # fmt: skip
FINDERS: Mapping[str, tuple[Finder, ...]] = {
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
        _empty("roots", is_one_number),
        _empty("multiple", is_one_number),
        _instances,
        _lrat,
    ),
    "identity": (
        _empty("sign", lambda wanted: wanted.goal[1] == wanted.goal[2]),  # type: ignore[index]
        _antiderivative,
        _empty("normal-form", lambda wanted: True),
    ),
    "count": (_empty("residual", is_finite), _empty("sturm", is_one_number)),
}
