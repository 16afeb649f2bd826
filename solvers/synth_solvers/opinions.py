"""What two independent SMT solvers say about a sequent. One solver's word is never evidence."""

from __future__ import annotations

from collections.abc import Mapping

from synth_kernel.claims import Claim, Theory, sequent
from synth_kernel.terms import TermError
from synth_solvers import cvc5_solver, smt
from synth_solvers.smtlib import Answer
from synth_solvers.verdicts import Budget


def opinions(theory: Theory, claim: Claim, budget: Budget) -> Mapping[str, Answer]:
    """Ask z3 and cvc5 whether an `entails` claim holds: `unsat` says that it does, `sat` that it does not.

    Empty where the claim does not fit the theory. Costs a few milliseconds each, and at most the budget.

    >>> theory = Theory.read("(theory (declare x Int) (clause (< 3 x)) (clause (< x 5)) (ask (find x)))")
    >>> found = opinions(theory, Claim("unique", "entails", ("T",), ("=", "x", 4)), Budget())
    >>> {name: answer.result for name, answer in found.items()}
    {'z3': 'unsat', 'cvc5': 'unsat'}
    """
    try:
        wanted = sequent(theory, claim)
    except TermError:
        return {}
    return {"z3": smt.decide(wanted, budget.rlimit), "cvc5": cvc5_solver.decide(wanted, budget.cvc5_rlimit)}
