"""Where is a term defined? A guess for proposers, made with the kernel's own sign rules."""

from __future__ import annotations

from collections.abc import Iterable

from synth_kernel.claims import Sequent
from synth_kernel.sign import proves_defined
from synth_kernel.terms import Term


def defined(terms: Iterable[Term], unknown: str, domain: Iterable[Term] = ()) -> bool:
    """Say whether terms are shown to have values wherever the domain holds; `(D f x)` asks that f is differentiable.

    >>> defined([("log", "x")], "x", [("<", 0, "x")]), defined([("log", "x")], "x")
    (True, False)
    """
    goal: Term = ("identity", 0, 0)
    question = Sequent("identity", {unknown: "Real"}, {unknown: "Real"}, (), (), tuple(domain), goal)
    return proves_defined(question, *terms)
