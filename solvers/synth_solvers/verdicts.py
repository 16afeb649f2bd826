"""What can be said about a claim after trying to prove it. "Unknown" is an answer and never rounds up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from synth_kernel.claims import Claim


@dataclass(frozen=True)
class Budget:
    """How much work one claim may take, in units that do not depend on the machine."""

    conflicts: int = 20_000  # of a SAT solver
    rlimit: int = 2_000_000  # z3's resource units; comparable within one version of z3 only
    cvc5_rlimit: int = 200_000  # cvc5's
    agreement: bool = True  # whether two SMT solvers may be asked where nothing is proved


@dataclass(frozen=True)
class Proved:
    """The kernel accepted this certificate."""

    certificate: Mapping[str, Any]


@dataclass(frozen=True)
class Refuted:
    """The kernel accepted another claim, with this certificate, and the two cannot both hold.

    Another claim is: a model of the premises in which the goal does not hold, that the premises exclude the model or
    that one of them is false of it, a point of the domain where two terms differ or have no value, or another count.
    """

    claim: Claim
    certificate: Mapping[str, Any]


@dataclass(frozen=True)
class Agreed:
    """Two independent solvers say that the claim holds; the record names them. Never called a proof."""

    record: Mapping[str, Any]


@dataclass(frozen=True)
class Unknown:
    """Nothing was found: `unsupported`, `budget`, `crash`, `hang`, `memory`, `disagreement`, or a sentence."""

    reason: str


Verdict: TypeAlias = Proved | Refuted | Agreed | Unknown
