"""Linear equations in one unknown, of which the value is asked."""

from __future__ import annotations

from synth.audit.reader import Asked, Is, Reader, Row
from synth_kernel.claims import Theory
from synth_readers._algebra import decimal, expression
from synth_readers._words import matched

_QUESTION = (
    r"(?:Find the value of ([a-z]) in the equation|Solve for ([a-z])|Determine the value of ([a-z]) that satisfies): "
    r"([^=\n]+) = ([^=\n]+)"
)


def read(row: Row) -> list[Asked]:
    """The unknown is a rational number: a linear equation has no other solutions, or all numbers solve it."""
    found = matched(_QUESTION, row.question)
    x = found[1] or found[2] or found[3]
    left, right = (expression(side, [x]) for side in (found[4], found[5]))
    theory = Theory(((x, "Rational"),), (), (("=", left, right),), (), ("find", x))
    return [Asked(theory, Is(("model", ("=", x, decimal(row.label())))))]


READER = Reader("simple_equations", read)
