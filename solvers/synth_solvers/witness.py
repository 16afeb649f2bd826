"""Choose the witness where a claim leaves it free: a model of its premises."""

from __future__ import annotations

from contextlib import suppress

from synth_kernel.claims import Claim, Theory
from synth_kernel.linear import NotLinear
from synth_kernel.terms import Term
from synth_solvers.inequalities import point
from synth_solvers.programs import model as program_model
from synth_solvers.programs import runs
from synth_solvers.verdicts import Budget
from synth_solvers.words import model as word_model
from synth_solvers.worlds import NoWorldsError, TooManyWorldsError, Worlds


def witness(theory: Theory, claim: Claim, budget: Budget) -> Claim | None:
    """Return the claim with a model of its premises as its goal; None if there is none or none was found."""
    goal = theory.ask[1]  # type: ignore[index]
    extra = {"goal": (goal,), "not-goal": (("not", goal),)}
    statements = tuple(term for name in claim.premises for term in extra.get(name, ()))
    found = _model(theory, statements, budget)
    if found is None:
        return None
    bindings: Term = ("model", *[("=", name, found[name]) for name in theory.declared])
    return Claim(claim.role, claim.form, claim.premises, bindings)


def _model(theory: Theory, statements: tuple[Term, ...], budget: Budget) -> dict[str, Term] | None:
    """Find a point of linear statements; else read a model off the worlds of a small theory, search a large one."""
    if set(theory.declared.values()) <= {"Rational", "Real"}:
        with suppress(NotLinear):
            found = point(theory.declared, (*theory.axioms, *theory.clauses, *statements))
            return None if found is None else {**found}
    if "Word" in theory.sorts.values():
        return word_model(theory, statements)
    if runs((*theory.axioms, *theory.clauses, *statements)):
        return program_model(theory.declared, (*theory.axioms, *theory.clauses, *statements))
    if "Open" in theory.declared.values():
        from synth_solvers import open_sorts

        return open_sorts.model(theory.declared, (*theory.axioms, *theory.clauses, *statements), budget.conflicts)
    try:
        worlds = Worlds(theory.declared)
        return worlds.world(worlds.of(("and", *theory.axioms, *theory.clauses, *statements)))
    except (TooManyWorldsError, NoWorldsError):
        from synth_solvers.sat import model

        return model(theory, statements, budget.conflicts)
