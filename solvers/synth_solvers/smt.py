"""z3: decides sequents on text that `synth_solvers.smtlib` printed. Only this file imports z3.

A fresh context for each question, so that an answer depends on nothing that was asked before; `rlimit` and never a
timeout, so that it does not depend on the clock. Foreign text must never come here: `from_string` obeys `set-option`,
which can create files.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import z3

from synth_kernel.claims import Sequent
from synth_kernel.terms import Term, TermError
from synth_solvers.smtlib import Answer, Script, UnsupportedError, script

RLIMIT = 2_000_000
MEMORY_MB = 1_024
VERSION: str = z3.get_version_string()

z3.set_param("memory_max_size", MEMORY_MB)


def decide(sequent: Sequent, rlimit: int = RLIMIT) -> Answer:
    """Ask whether some assignment makes every premise true and the goal not: `unsat` means that the claim holds.

    >>> goal = ("=", ("*", "x", ("/", 1, "x")), 1)
    >>> decide(Sequent("entails", {"x": "Rational"}, {"x": "Rational"}, (), (), (), goal)).model
    {'x': 0}
    """
    try:
        question = script(sequent)
    except (UnsupportedError, TermError) as error:
        return Answer("unknown", f"unsupported: {error}")
    context = z3.Context()
    solver = z3.SimpleSolver(ctx=context)
    solver.set("rlimit", rlimit)
    try:
        solver.from_string(question.text)
        result = str(solver.check())
        used = _used(solver.statistics())
        if result == "sat":
            return Answer("sat", "", _model(question, solver.model(), context), used)
        reason = solver.reason_unknown() if result == "unknown" else ""
        return Answer(result, "rlimit" if reason == "canceled" else reason, None, used)
    except z3.Z3Exception as error:
        return Answer("unknown", str(error)[:200])


def _used(statistics: Any) -> int:
    return int(statistics.get_key_value("rlimit count")) if "rlimit count" in statistics.keys() else 0  # noqa: SIM118


def _model(question: Script, model: Any, context: Any) -> dict[str, Term] | None:
    found: dict[str, Term] = {}
    for place, (name, sort) in enumerate(zip(question.names, question.sorts, strict=True)):
        kind = z3.BoolSort if sort == "Bool" else z3.RealSort if sort in ("Rational", "Real") else z3.IntSort
        value = model.eval(z3.Const(f"v{place}", kind(context)), model_completion=True)
        if sort == "Bool":
            number: Any = z3.is_true(value)
        elif z3.is_int_value(value):
            number = value.as_long()
        elif z3.is_rational_value(value):
            number = Fraction(value.numerator_as_long(), value.denominator_as_long())
        else:
            return None  # an algebraic number
        found[name] = question.value(place, number)
    return found
