"""How far a checker can be trusted: tried on rows that are right and on mutants that are wrong, with exact intervals.

φ is the share of right rows that the checker keeps, ψ the share of wrong ones. Of what it keeps, the share
φp/(φp + ψ(1-p)) is right where the generator is right with probability p (Feng et al., arXiv 2406.07515, call p* the
p above which more than half is).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import Any

from synth.statistics.intervals import clopper_pearson
from synth_kernel.claims import Claim, Theory
from synth_kernel.recheck import recheck
from synth_kernel.terms import Term, read

Checked = tuple[Theory, Claim, Mapping[str, Any]]  # what a checker sees: a theory, a claim about it, a certificate
Check = Callable[[Theory, Claim, Mapping[str, Any]], bool]


@dataclass(frozen=True)
class Calibration:
    """How many right items a checker kept, and how many wrong ones; intervals are Clopper and Pearson's at 95 %."""

    right: int
    right_kept: int
    wrong: int
    wrong_kept: int

    @property
    def phi(self) -> tuple[float, float]:
        """The interval of the share of right items that is kept."""
        return clopper_pearson(self.right_kept, self.right)

    @property
    def psi(self) -> tuple[float, float]:
        """The interval of the share of wrong items that is kept."""
        return clopper_pearson(self.wrong_kept, self.wrong)

    def purity(self, accuracy: float) -> float:
        """Return a lower bound of the share of right items among those kept, for a generator of this accuracy.

        Made of the low end of φ and the high end of ψ, each wrong in 2.5 % of cases at most: the bound holds in 95 %.
        It speaks of errors like those of the mutants. Raise `ValueError` outside of 0 to 1.

        >>> round(Calibration(100, 100, 1000, 0).purity(0.5), 4)
        0.9962
        """
        if not 0 <= accuracy <= 1:
            raise ValueError(f"an accuracy lies in 0 to 1, not {accuracy}")
        kept, passed = self.phi[0] * accuracy, self.psi[1] * (1 - accuracy)
        return kept / (kept + passed) if kept + passed else 0.0

    def said(self, accuracy: float = 0.5) -> str:
        """Return one sentence for people, and for the card of a dataset."""
        return (
            f"The checker kept {self.right_kept:,} of {self.right:,} right claims (φ at least {self.phi[0]:.2%}) and "
            f"{self.wrong_kept:,} of {self.wrong:,} seeded mutants, all wrong (ψ at most {self.psi[1]:.2%}; "
            f"Clopper and Pearson, 95 %): of what it keeps of a generator that is right {accuracy:.0%} of the time, at "
            f"least {self.purity(accuracy):.2%} is right, as far as its errors are like the mutants"
        )


def calibrate(rows: Iterable[Mapping[str, Any]], seed: int = 0, check: Check = recheck) -> Calibration:
    """Try a checker, the kernel unless told otherwise, on the claims of proved rows and on one mutant of each.

    Rows are those of the export contract. Claims that rest on earlier steps, and such as have no mutant that is
    certain to be wrong, are left out. Costs two checks a claim.
    """
    right = right_kept = wrong = wrong_kept = 0
    rng = Random(seed)
    for row in rows:
        for theory, claim, certificate in claims_of(row):
            mutant = mutated(row, claim, rng)
            if mutant is None:
                continue
            right += 1
            right_kept += check(theory, claim, certificate)
            wrong += 1
            wrong_kept += check(theory, mutant, certificate)
    return Calibration(right, right_kept, wrong, wrong_kept)


def claims_of(row: Mapping[str, Any]) -> Iterator[Checked]:
    """Yield what makes the answer of a row right: its claims about the whole theory, each with its certificate."""
    theory = Theory.read(row["theory"])
    for claim, certificate in zip(row["claims"], row["certificates"], strict=True):
        if not claim["role"].startswith("step["):
            made = Claim(claim["role"], claim["form"], tuple(claim["premises"]), read(claim["goal"]))
            yield theory, made, json.loads(certificate)


def mutated(row: Mapping[str, Any], claim: Claim, rng: Random) -> Claim | None:
    """Return a claim that is wrong for certain, if the claims of its row are right; None where none is known.

    - *find*: the solution is proved to be the only one, so it is false that another value solves, or follows;
    - *count*: another number; *identity*: f = g + 1 where f = g;
    - *decide*: the opposite of what follows from premises that are proved to be consistent;
    - *optimize*: a bound beyond what is attained.
    """
    goal = claim.goal
    if claim.form == "count" and isinstance(goal, int):
        return replace(claim, goal=goal + rng.choice((-2, -1, 1, 2)))
    if claim.form == "identity" and isinstance(goal, tuple) and len(goal) == 3:
        return replace(claim, goal=("identity", goal[1], ("+", goal[2], rng.choice((1, 2)))))
    if claim.form == "entails" and row["kind"] == "decide" and claim.premises == ("T",):
        return replace(claim, goal=("not", goal))
    if claim.role == "optimal" and isinstance(goal, tuple) and goal[0] == ">=" and isinstance(goal[2], int):
        return replace(claim, goal=(">=", goal[1], goal[2] + rng.choice((1, 2))))
    if row["kind"] == "find" and claim.form in ("model", "entails"):
        return _another_value(claim, rng)
    return None


def _another_value(claim: Claim, rng: Random) -> Claim | None:
    """Return a claim with another value in one equation of its goal: it is one, or a model or conjunction of some."""
    goal = claim.goal
    if not isinstance(goal, tuple):
        return None
    if _is_equation(goal):
        other = _other(goal[2], rng)
        return None if other is None else replace(claim, goal=(*goal[:2], other))
    equations = {i: each for i, each in enumerate(goal) if _is_equation(each)}
    others = {i: other for i, each in equations.items() if (other := _other(each[2], rng)) is not None}  # type: ignore[index]
    if goal[0] not in ("model", "and") or not others:
        return None
    place = rng.choice(list(others))
    equation: Any = goal[place]
    return replace(claim, goal=(*goal[:place], (*equation[:2], others[place]), *goal[place + 1 :]))


def _is_equation(term: Any) -> bool:
    return isinstance(term, tuple) and len(term) == 3 and term[0] == "="


def _other(value: Any, rng: Random) -> Term | None:
    """Return another value of the same sort, None where it is neither a number nor a truth value."""
    if value in ("true", "false"):
        return "false" if value == "true" else "true"
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        return value + rng.choice((-2, -1, 1, 2))
    return None
