"""Body `instances` of `entails`: of quantified statements, what they say about finitely many constants is refuted.

The certificate is `{"v": 1, "body": "instances", "proof": [step, …]}`, the proof being one of the body `lrat` about the
instances of the premises and of the negated goal; `synth_kernel.quantifiers` says which these are. They follow from the
statements in every universe that is not empty, so where they contradict each other no universe has a countermodel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth_kernel import lrat
from synth_kernel.claims import Sequent
from synth_kernel.quantifiers import Instances


def ground(sequent: Sequent) -> Sequent:
    """Return the propositional sequent of the instances; raise TermError outside the class or beyond the bounds."""
    constraints = [*[(premise, True) for premise in sequent.premises], (sequent.goal, False)]
    found = Instances(sequent.declared, constraints)
    *premises, goal = [term for term, _ in found.constraints]
    return Sequent("entails", found.declared, {}, sequent.names, tuple(premises), (), goal)


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Follow the proof that the instances contradict each other; raise or refuse where it fails.

    >>> declared = {"u": "Open", "a": ("Member", "u"), "p": ("Relation", "u")}
    >>> every = ("forall", "x", "u", ("holds", "p", "x"))
    >>> sequent = Sequent("entails", declared, {}, ("c0",), (every,), (), ("exists", "x", "u", ("holds", "p", "x")))
    >>> check(sequent, {"v": 1, "body": "instances", "proof": [[[], [0, 0, 1, 0]]]})
    True
    """
    return lrat.check(ground(sequent), certificate)
