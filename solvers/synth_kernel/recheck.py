"""`recheck`: does this certificate show this claim? The one function that everything else has to convince."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from synth_kernel.claims import Claim, Sequent, Theory, sequent

Check = Callable[[Sequent, Mapping[str, Any]], bool]

VERSION = 1

# (form, body) -> the function that checks it. This table is the list of what is trusted.
BODIES = {
    ("model", "evaluation"): "evaluation:check",
    ("entails", "exhaustive"): "exhaustive:check",
    ("entails", "lrat"): "lrat:check",
    ("entails", "left-inverse"): "linear:check",
    ("entails", "farkas"): "farkas:check",
    ("entails", "potential"): "walks:check",
    ("entails", "roots"): "roots:check_roots",
    ("entails", "multiple"): "roots:check_multiple",
    ("entails", "bisimulation"): "bisimulation:check",
    ("entails", "instances"): "instances:check",
    ("entails", "layers"): "plans:check",
    ("entails", "irreducible"): "irreducible:check",
    ("identity", "normal-form"): "calculus:check_normal_form",
    ("identity", "antiderivative"): "calculus:check_antiderivative",
    ("identity", "sign"): "sign:check",
    ("count", "residual"): "residual:check",
    ("count", "sturm"): "roots:check_sturm",
}


@cache
def _checker(form: str, body: str) -> Check:
    module, name = BODIES[form, body].split(":")
    return getattr(import_module(f"synth_kernel.{module}"), name)  # type: ignore[no-any-return]


def recheck(theory: Theory, claim: Claim, certificate: Mapping[str, Any], steps: Sequence[Claim] = ()) -> bool:
    """Say whether the certificate shows the claim about the theory. Total: it never raises, and it is bounded.

    `steps` are the earlier claims that premises `s0`, `s1`, … name; the answer is relative to them.

    >>> theory = Theory.read("(theory (declare p Bool) (declare q Bool) (clause p) (clause (= p q)) (ask (find p q)))")
    >>> recheck(theory, Claim("unique", "entails", ("T",), ("and", "p", "q")), {"v": 1, "body": "exhaustive"})
    True
    >>> recheck(theory, Claim("unique", "entails", ("c1",), "p"), {"v": 1, "body": "exhaustive"})
    False
    """
    try:
        return shows(sequent(theory, claim, steps), certificate)
    except Exception:  # a claim that is not well formed
        return False


def shows(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Say whether the certificate shows a sequent, that is, a claim whose premises have been looked up; total too."""
    try:
        return certificate["v"] == VERSION and _checker(sequent.form, certificate["body"])(sequent, certificate) is True
    except Exception:  # whatever is wrong with a hostile certificate, it shows nothing
        return False
