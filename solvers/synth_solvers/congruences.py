"""Systems of congruences in one unknown of a range: residues of each condition, then of their combinations.

A condition `(= (mod e m) r)` on an integer polynomial e depends on the unknown modulo m only. Conditions are combined
two by two, modulo the least common multiple (the Chinese remainder theorem where moduli are coprime; Knuth, *The Art
of Computer Programming* 2, section 4.3.2). Nothing is trusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm

from synth_kernel.claims import Theory
from synth_kernel.evaluate import Undecided, Undefined, evaluate, holds
from synth_kernel.terms import Term

MAX_MODULUS = 4096
Step = tuple[Term, tuple[str, ...], str]  # a fact, the premises it follows from, the name of the rule


@dataclass(frozen=True)
class Residues:
    """What the unknown may be modulo `modulus`, ascending, and the premise that says so."""

    modulus: int
    among: tuple[int, ...]
    source: str

    def fact(self, unknown: str) -> Term:
        """Return the statement as a term.

        >>> Residues(4, (1, 3), "c0").fact("x")
        ('or', ('=', ('mod', 'x', 4), 1), ('=', ('mod', 'x', 4), 3))
        """
        return ("or", *[("=", ("mod", unknown, self.modulus), r) for r in self.among]) if self.among else "false"


def solutions(theory: Theory) -> list[int]:
    """Return every value of the only unknown, a range, that satisfies the theory; about a step for each value.

    >>> solutions(Theory.read("(theory (declare x (range 0 14)) (clause (= (mod (* x x) 5) 4)) (ask (all x)))"))
    [2, 3, 7, 8, 12, 13]
    """
    ((unknown, sort),) = theory.declarations
    low, high = sort[1], sort[2]  # type: ignore[index]
    found = list(range(low, high + 1))  # type: ignore[arg-type, operator]
    for name, statement in theory.statements:
        known = residues(statement, unknown, name)
        if known is None:
            found = [value for value in found if _holds(statement, unknown, value)]
        else:
            allowed = set(known.among)
            found = [value for value in found if value % known.modulus in allowed]
    return found


def sieve(theory: Theory) -> list[Step]:
    """Return the residues that each condition leaves, then those that conditions leave together.

    What is stated already is not stated again. Empty where a clause is no such condition.
    """
    ((unknown, sort),) = theory.declarations
    bound: int = sort[2] + 1  # type: ignore[index, operator, assignment]
    steps: list[Step] = []
    known: list[Residues] = []
    for i, clause in enumerate(theory.clauses):
        found = residues(clause, unknown, f"c{i}")
        if found is None:
            return []
        if found.fact(unknown) != ("or", clause):
            steps.append((found.fact(unknown), (found.source,), "solve"))
            found = Residues(found.modulus, found.among, f"s{len(steps) - 1}")
        if not found.among:
            return steps
        known.append(found)
    total = known[0]
    for other in known[1:]:
        modulus = lcm(total.modulus, other.modulus)
        first, second = set(total.among), set(other.among)
        among = tuple([
            value for value in range(min(modulus, bound))
            if value % total.modulus in first and value % other.modulus in second
        ])  # fmt: skip
        if same := [each for each in (total, other) if (each.modulus, each.among) == (modulus, among)]:
            total = same[0]
            continue
        combined = Residues(modulus, among, f"s{len(steps)}")
        steps.append((combined.fact(unknown), (total.source, other.source), "combine"))
        if not among:
            return steps
        total = combined
    return steps


def residues(statement: Term, unknown: str, source: str) -> Residues | None:
    """Return what a condition allows, modulo as small a number as will do; None where it is no congruence."""
    match statement:
        case ("=", ("mod", inner, int(modulus)), int(rest)) if 0 < modulus <= MAX_MODULUS:
            try:
                allowed = [r for r in range(modulus) if evaluate(inner, {unknown: r}) % modulus == rest]
            except (Undecided, Undefined):
                return None
            return Residues(*_reduced(modulus, allowed), source)
    return None


def _reduced(modulus: int, among: Sequence[int]) -> tuple[int, tuple[int, ...]]:
    """Return the least modulus in which the residues are as many copies of fewer.

    >>> _reduced(12, [1, 5, 9])
    (4, (1,))
    """
    for divisor in range(1, modulus + 1):
        fewer = sorted({r % divisor for r in among})
        if modulus % divisor == 0 and len(fewer) * (modulus // divisor) == len(among):
            return divisor, tuple(fewer)
    raise AssertionError("every number divides itself")


def _holds(statement: Term, unknown: str, value: int) -> bool:
    try:
        return holds(statement, {unknown: value})
    except Undecided:
        return False
