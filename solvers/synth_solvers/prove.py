"""Prove a claim: the cheapest certificate that the kernel accepts, else a refutation, else agreement, else unknown.

Which body is tried is guessed from the shape of the sequent; a wrong guess costs time and never truth, because nothing
counts until `recheck` has accepted it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from synth_kernel.claims import Claim, Sequent, Theory, sequent
from synth_kernel.evaluate import Undecided, Undefined, constant, evaluate
from synth_kernel.recheck import recheck, shows
from synth_kernel.terms import TermError, write
from synth_solvers.finders import COSTLY, FINDERS
from synth_solvers.refuters import REFUTERS, inconsistent
from synth_solvers.verdicts import Agreed, Budget, Proved, Refuted, Unknown, Verdict

__all__ = ["Budget", "prove"]


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
        return inconsistent(theory, claim, steps, budget) or Unknown(f"not a claim of this theory: {error}")
    for find in FINDERS[claim.form]:
        if COSTLY.get(find) in without:
            continue
        certificate = find(wanted, budget)
        if certificate is not None and certificate["body"] not in without and shows(wanted, certificate):
            return Proved(certificate)
    if without:
        return Unknown("no certificate of another body found")
    for other, certificate in REFUTERS[claim.form](wanted, claim, budget):
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
