"""Real roots of polynomials, answered by decimals. The question's own words on rounding allow two readings."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial

from synth.audit.reader import Agrees, Asked, Formal, NotRead, Reader, Row
from synth_kernel.evaluate import evaluate
from synth_kernel.terms import Term, number
from synth_readers._algebra import decimal, expression
from synth_readers._words import matched

_QUESTION = (
    r"(?:Find the real value\(s\) of ([a-z]) in the equation: |Solve for real ([a-z]): |"
    r"Determine the real value\(s\) of ([a-z]) that satisfies: |"
    r"Solve the polynomial equation for real ([a-z]):\n)([^=\n]+) = 0\n"
    r"In solving equations, please follow these instructions:\n"
    r'1\. Provide all answers as comma-separated decimal values\. For example: "-0\.3773, 0\.4005"\n'
    r'2\. For solutions that can be expressed in exact form \(like "u = 2 \+ sqrt\(4560\)/172" and '
    r'"u = 2 - sqrt\(4560\)/172"\), convert them to decimal form in your final answer\.\n'
    r"3\. If there are no real values that satisfy the equation, report your answer as an empty string: \"\"\n"
    r"4\. Format your answer based on the number of solutions:\n   - For 1 solution: a single decimal number\n"
    r"   - For 2 solutions: two comma-separated decimal numbers\n"
    r"   - For 3 or more solutions: all values as comma-separated decimal numbers\n"
    r"5\. Round all decimal values to 4 decimal places "
    r"\(rounding down when the 5th decimal place is 5 or greater\)\."
)
_UNIT = Fraction(1, 10_000)


def read(row: Row) -> list[Asked]:
    """Every real root is there, and no other number; in decimals that are near it in one of two ways.

    "Rounding down when the 5th decimal place is 5 or greater" leaves no digit that is rounded up, and the question's
    example, of 86u² − 2u − 13 = 0, is cut off too. Its answers are rounded to the nearest. So both are looked at.
    """
    found = matched(_QUESTION, row.question)
    x = next(found[number] for number in range(1, 5) if found[number])
    expression(found[5], [x])  # all of it is read; what follows only changes how a power is written
    formal = Formal("polynomial_roots", f"solve x: {_formal(found[5], x)} = 0")
    label = sorted((Fraction(decimal(part)) for part in row.label().split(",")) if row.label() else ())  # type: ignore[arg-type]
    return [
        Asked(formal, Agrees(partial(_agree, label, near)), convention)
        for convention, near in (("rounded to the nearest", _nearest), ("rounded down, as the question says", _cut))
    ]


def _formal(text: str, x: str) -> str:
    """Write an expression in the formal language of the family, whose names of unknowns are few."""
    if "**-" in text.replace(" ", ""):
        raise NotRead("a negative power")
    return text.replace("**", "^").replace(x, "x")


def _agree(label: list[Fraction], near: Callable[[Term, Fraction], Term], answer: Term) -> bool:
    """Say whether roots and decimals pair off; both ascend, so the smallest root goes with the smallest decimal."""
    roots = list(answer[1:])  # type: ignore[index]
    for place in range(len(roots)):  # insertion sort by exact comparison
        while place and evaluate(("<", roots[place], roots[place - 1]), {}):
            roots[place - 1 : place + 1] = roots[place], roots[place - 1]
            place -= 1
    return len(roots) == len(label) and all(
        evaluate(near(root, value), {}) is True for root, value in zip(roots, label, strict=True)
    )


def _nearest(root: Term, value: Fraction) -> Term:
    low, high = number(value - _UNIT / 2), number(value + _UNIT / 2)
    return ("and", ("<=", low, root), ("<=", root, high))


def _cut(root: Term, value: Fraction) -> Term:
    """Digits from the fifth on are left out, so a decimal is nearer to 0 than its root; 0 lies between two others."""
    if value == 0:
        return ("and", ("<", number(-_UNIT), root), ("<", root, number(_UNIT)))
    if value > 0:
        return ("and", ("<=", number(value), root), ("<", root, number(value + _UNIT)))
    return ("and", ("<", number(value - _UNIT), root), ("<=", root, number(value)))


READER = Reader("polynomial_equations", read, "polynomial_roots")
