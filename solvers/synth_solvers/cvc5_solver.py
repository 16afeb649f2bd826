"""cvc5: the second opinion, on the same text as z3 gets. Only this file imports cvc5.

Foreign text must never come here: cvc5's parser obeys `set-option`, which can create files, and crashes on deep
nesting. Resource limits and never a timeout.
"""

from __future__ import annotations

from typing import Any

import cvc5

from synth_kernel.claims import Sequent
from synth_kernel.terms import Term, TermError
from synth_solvers.smtlib import Answer, Script, UnsupportedError, script

RLIMIT = 200_000
VERSION: str = cvc5.__version__


def decide(sequent: Sequent, rlimit: int = RLIMIT) -> Answer:
    """Ask whether some assignment makes every premise true and the goal not: `unsat` means that the claim holds.

    >>> premises = (("<", "x", "y"), ("<", "y", "x"))
    >>> decide(Sequent("entails", {"x": "Int", "y": "Int"}, {"x": "Int", "y": "Int"}, (), premises, (), "false")).result
    'unsat'
    """
    try:
        question = script(sequent)
    except (UnsupportedError, TermError) as error:
        return Answer("unknown", f"unsupported: {error}")
    terms = cvc5.TermManager()
    solver = cvc5.Solver(terms)
    solver.setOption("produce-models", "true")
    solver.setOption("rlimit", str(rlimit))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, f"(set-logic ALL)\n{question.text}", "question")
    symbols = parser.getSymbolManager()
    try:
        while not (command := parser.nextCommand()).isNull():
            command.invoke(solver, symbols)
        result = solver.checkSat()
        if result.isSat():
            return Answer("sat", "", _model(question, solver, symbols))
        if result.isUnsat():
            return Answer("unsat")
        reason = str(result.getUnknownExplanation()).rpartition(".")[2].lower()
        return Answer("unknown", "rlimit" if "resource" in reason else reason)
    except RuntimeError as error:
        return Answer("unknown", str(error)[:200])


def _model(question: Script, solver: Any, symbols: Any) -> dict[str, Term] | None:
    found: dict[str, Term] = {}
    for place, constant in enumerate(symbols.getDeclaredTerms()):
        value = solver.getValue(constant)
        if value.isBooleanValue():
            number: Any = value.getBooleanValue()
        elif value.isIntegerValue():
            number = value.getIntegerValue()
        elif value.isRealValue():
            number = value.getRealValue()
        else:
            return None
        found[question.names[place]] = question.value(place, number)
    return found
