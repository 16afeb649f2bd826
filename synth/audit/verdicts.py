"""From what a reader read to a verdict, with what the kernel accepted for it. Nothing is said without a certificate.

A verdict is one of `right`, `wrong` (with a counterexample or the proof of another answer), `ambiguous` (with two
answers that satisfy the question), `ill_posed` (with a proof that nothing answers it), `depends_on_convention` (with
the proofs under each) and `not_read`: not fully understood, or understood and not decided within the budgets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from synth.audit.reader import Agrees, Asked, Breaks, Formal, Is, Label, Nothing, NotRead, Reader, Row
from synth.family.contract import Family
from synth.family.registry import families
from synth_kernel.claims import Claim, Theory
from synth_kernel.evaluate import Undecided, Undefined
from synth_kernel.kinds import ANY, required
from synth_kernel.terms import Term, write
from synth_solvers.answer import answer_of
from synth_solvers.prove import Budget, prove
from synth_solvers.verdicts import Proved, Refuted
from synth_solvers.witness import witness

VERDICTS = ("right", "wrong", "ambiguous", "ill_posed", "depends_on_convention", "not_read")
NO_ANSWER = "there is no answer"  # as the right answer
MAX_QUESTION = 20_000  # characters of a question or an answer that is read
_BUDGET = Budget(agreement=False)  # agreement is no certificate
_UNDECIDED = (ValueError, ArithmeticError, LookupError, RecursionError, Undecided, Undefined)


@dataclass(frozen=True)
class Shown:
    """A claim about a theory with the certificate that the kernel accepted."""

    theory: Theory
    claim: Claim
    certificate: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the evidence as JSON data: enough for `synth_kernel.recheck` to check it again."""
        claim = self.claim
        stated = {"role": claim.role, "form": claim.form, "premises": list(claim.premises), "goal": write(claim.goal)}
        return {"theory": self.theory.text(), **stated, "certificate": dict(self.certificate)}


@dataclass(frozen=True)
class Verdict:
    """What was found about one row: `correct` is the right answer, where one is known, and `why` a sentence."""

    verdict: str
    correct: str = ""
    why: str = ""
    evidence: tuple[Shown, ...] = ()


def audited(row: Row, readers: Sequence[Reader]) -> Verdict:
    """Judge a row by the first of these readers that reads it; never raises because of what a row says.

    Costs what proving costs: mostly 1 to 50 ms, a second where a puzzle is hard.
    """
    if not row.question.strip():
        return Verdict("not_read", why="there is no question")
    if max(len(row.question), len(row.answer or "")) > MAX_QUESTION:
        return Verdict("not_read", why=f"longer than {MAX_QUESTION:,} characters")
    why: list[str] = []
    for reader in readers:
        try:
            return verdict(reader.read(row))
        except NotRead as error:
            why.append(str(error))
        except (*_UNDECIDED, TypeError, AttributeError) as error:  # a reader met what its author did not foresee
            why.append(f"{reader.name}: {type(error).__name__}: {error}"[:200])
    return Verdict("not_read", why="; ".join(dict.fromkeys(why)))


def verdict(asked: Sequence[Asked]) -> Verdict:
    """Judge what was read: the parts of a question under each convention, then the conventions against each other."""
    found: dict[str, Verdict] = {}
    for each in asked:
        try:
            judged = _judged(each)
        except _UNDECIDED as error:
            judged = Verdict("not_read", why=f"read, but not decided: {error}"[:300])
        known = found.get(each.convention)
        found[each.convention] = judged if known is None else _worse(known, judged)
    several = list(found.values())
    undecided = [each for each in several if each.verdict == "not_read"]
    if undecided:
        return undecided[0]
    evidence = {(shown.theory.digest, shown.claim): shown for each in several for shown in each.evidence}
    correct = "; ".join(f"{each.correct}: {name}" for name, each in found.items())
    if len({each.correct for each in several}) == 1:
        correct = several[0].correct
    if len({each.verdict for each in several}) == 1:
        return replace(several[0], correct=correct, evidence=tuple(evidence.values()))
    why = "; ".join(f"{each.verdict}: {name}" for name, each in found.items())
    return Verdict("depends_on_convention", correct, why, tuple(evidence.values()))


_WORST = ("not_read", "ill_posed", "wrong", "ambiguous", "right")


def _worse(one: Verdict, other: Verdict) -> Verdict:
    """Join two parts of a question: the answer is as good as in the part where it is worse."""
    worse = min(one, other, key=lambda each: _WORST.index(each.verdict))
    return worse if worse.verdict != "right" else replace(one, evidence=one.evidence + other.evidence)


def _judged(asked: Asked) -> Verdict:
    family, theory, label = _settled(asked)
    match label:
        case Nothing():
            if none := _shown(theory, asked.absent):
                return Verdict("right", NO_ANSWER, "", (none,))
            correct, evidence = _answered(family, theory)
            return Verdict("wrong", correct, "there is an answer", evidence)
        case Breaks(why):
            if none := _shown(theory, asked.absent):
                return _unanswered(asked, theory, none)
            correct, evidence = _answered(family, theory)
            return Verdict("wrong", correct, why, evidence)
        case Is(answer) if theory.kind not in ("decide", "count"):
            return _claimed(asked, family, theory, answer)
        case Is(answer):
            return _compared(asked, family, theory, Agrees(lambda proved: proved == answer))
        case _:
            return _compared(asked, family, theory, label)


def _settled(asked: Asked) -> tuple[Family | None, Theory, Label]:
    """Return the family, if any, the theory, and the label as a term."""
    if isinstance(asked.problem, Theory):
        return None, asked.problem, asked.label
    family = _family(asked.problem)
    _, reading = family.problem(asked.problem.text)
    match asked.label:
        case Is(str(text)):
            return family, reading.theory, Is(reading.answer(family.formal.read(text, "solution")))
    return family, reading.theory, asked.label


def _family(problem: Formal) -> Family:
    if problem.family not in families():
        raise NotRead(f"the family {problem.family} is not installed")
    return families()[problem.family]


# ---- an answer that says all of it -----------------------------------------------------------------------------------


def _claimed(asked: Asked, family: Family | None, theory: Theory, answer: Term) -> Verdict:
    """Judge an answer by the claims that its kind requires."""
    shown: list[Shown] = []
    for claim in required(theory, answer):
        found = prove(theory, claim, budget=_BUDGET)
        if isinstance(found, Proved):
            shown.append(Shown(theory, claim, found.certificate))
            continue
        if not isinstance(found, Refuted):
            if none := _shown(theory, asked.absent):
                return _unanswered(asked, theory, none)
            raise Undecided(f"the answer is neither proved nor refuted to be {claim.role}")
        other = Shown(theory, found.claim, found.certificate)
        if claim.role == "unique":
            why = "several answers satisfy the question"
            return Verdict("ambiguous", _told(family, theory, answer), why, (*shown, other))
        if none := _shown(theory, asked.absent):
            return _unanswered(asked, theory, none)
        try:
            correct, evidence = _answered(family, theory)
        except _UNDECIDED:
            correct, evidence = "", ()
        return Verdict("wrong", correct, f"the answer is not {claim.role}", (other, *evidence))
    return Verdict("right", _told(family, theory, answer), "", tuple(shown))


# ---- an answer that is compared with ours ----------------------------------------------------------------------------


def _compared(asked: Asked, family: Family | None, theory: Theory, label: Agrees) -> Verdict:
    """Prove an answer of our own and compare; only proved answers say anything about the label."""
    answer = answer_of(theory)
    if answer is None:
        if none := _shown(theory, asked.absent):
            return _unanswered(asked, theory, none)
        raise Undecided("no answer found")
    correct, (shown, alone) = _told(family, theory, answer), _evidence(theory, answer)
    if not alone:
        return Verdict("ambiguous", correct, "several answers satisfy the question", shown)
    if label.test(answer):
        return Verdict("right", correct, "", shown)
    return Verdict("wrong", correct, "another answer is right", shown)


def _answered(family: Family | None, theory: Theory) -> tuple[str, tuple[Shown, ...]]:
    """Return a right answer with its proofs; raise `Undecided` where none is found or proved."""
    answer = answer_of(theory)
    if answer is None:
        raise Undecided("no answer found")
    return _told(family, theory, answer), _evidence(theory, answer)[0]


def _evidence(theory: Theory, answer: Term) -> tuple[tuple[Shown, ...], bool]:
    """Prove an answer, and say whether it is alone where it has to be: else the last claim is a second model.

    Raise `Undecided` where it is not proved.
    """
    shown: list[Shown] = []
    for claim in required(theory, answer):
        wanted: Claim | None = witness(theory, claim, _BUDGET) if claim.goal == ANY else claim
        found = prove(theory, wanted or claim, budget=_BUDGET)
        if isinstance(found, Proved):
            shown.append(Shown(theory, wanted or claim, found.certificate))
        elif isinstance(found, Refuted) and claim.role == "unique":
            return (*shown, Shown(theory, found.claim, found.certificate)), False
        else:
            raise Undecided(f"our answer is not proved to be {claim.role}")
    return tuple(shown), True


def _shown(theory: Theory, claim: Claim) -> Shown | None:
    found = prove(theory, claim, budget=_BUDGET)
    return Shown(theory, claim, found.certificate) if isinstance(found, Proved) else None


def _unanswered(asked: Asked, theory: Theory, none: Shown) -> Verdict:
    """Judge an answer to a question that has none: wrong where the question says what to answer then."""
    if asked.may_be_absent:
        return Verdict("wrong", NO_ANSWER, "there is no answer", (none,))
    why = "what is given contradicts itself" if theory.kind == "decide" else "nothing answers the question"
    return Verdict("ill_posed", "", why, (none,))


def _told(family: Family | None, theory: Theory, answer: Term) -> str:
    """Return an answer in the formal language of its family, else as a term."""
    return write(answer) if family is None else family.solution(theory, answer)
