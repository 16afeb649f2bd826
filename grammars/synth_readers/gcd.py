"""Greatest common divisors: the question leaves out the coefficients that our family asks for."""

from __future__ import annotations

from typing import Any

from synth.audit.reader import Agrees, Asked, Formal, NotRead, Reader, Row
from synth_kernel.terms import Term
from synth_readers._words import matched, whole, wholes

_QUESTION = (
    r"Find the Greatest Common Divisor \(GCD\) of these numbers: ([0-9, ]+)\. Give only the GCD as your final answer\."
)
_NUMBERS, _COEFFICIENTS = "abcmnk", "xyzstu"


def read(row: Row) -> list[Asked]:
    """A positive common divisor that is a combination of the numbers is the greatest one (Bézout)."""
    numbers = wholes(matched(_QUESTION, row.question)[1])
    if not 2 <= len(numbers) <= len(_NUMBERS) or min(numbers) < 1:
        raise NotRead("not 2 to 6 positive numbers")
    given = ", ".join(f"{name} = {value}" for name, value in zip(_NUMBERS, numbers, strict=False))
    parts = [f"{x} * {name}" for x, name in zip(_COEFFICIENTS, _NUMBERS[: len(numbers)], strict=False)]
    label = whole(row.label())
    problem = Formal("gcd_bezout", f"gcd {given}: {' + '.join(parts)}")
    return [Asked(problem, Agrees(lambda answer: _g(answer) == label))]


def _g(answer: Any) -> Term:
    (found,) = [value for _, name, value in answer[1:] if name == "g"]
    return found  # type: ignore[no-any-return]


READER = Reader("gcd", read, "gcd_bezout")
