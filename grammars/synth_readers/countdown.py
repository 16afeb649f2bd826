"""Countdown, in which every number has to be used: more than our family asks for, so the problem is stated here."""

from __future__ import annotations

from synth.audit.reader import Asked, Is, NotRead, Reader, Row
from synth_kernel.claims import Theory
from synth_kernel.terms import Term
from synth_readers._algebra import expression
from synth_readers._words import matched, whole, wholes

_QUESTION = (
    r"(?:Using all the numbers (?P<a>[0-9, ]+), create an expression that equals (?P<t>[0-9]+)\.\n"
    r"You can only use each number once\.|"
    r"Find a way to make (?P<u>[0-9]+) using all of these numbers: (?P<b>[0-9, ]+)\.\n"
    r"Each number can only be used once\.|"
    r"Calculate (?P<v>[0-9]+) using all of these numbers: (?P<c>[0-9, ]+)\.\n"
    r"Each number may be used at most once\.)\n\nFinal answer format instructions:\n"
    r"1\. Provide your solution as a arithmetic expression \(no '=' sign\)\.\n"
    r"2\. Do not include the target number in the expression\.\n3\. Use '\*' for multiplication\.\n"
    r"4\. Use '/' for division\.\n5\. Do not include any other text or formatting\."
)
MAX_NUMBERS = 8


def read(row: Row) -> list[Asked]:
    """All numbers are used where no expression over all but one of them is meant: each of these is excluded."""
    found = matched(_QUESTION, row.question)
    numbers = wholes(found["a"] or found["b"] or found["c"])
    target = whole(found["t"] or found["u"] or found["v"])
    if len(numbers) > MAX_NUMBERS:
        raise NotRead(f"more than {MAX_NUMBERS} numbers")
    if target in numbers:
        raise NotRead("the target is one of the numbers, which may not be used and has to be")
    others = [[*numbers[:i], *numbers[i + 1 :]] for i in range(len(numbers)) if numbers[i] not in numbers[:i]]
    axioms: list[Term] = [("leaves_among", "e", *numbers)]
    axioms.append(("operators_among", "e", "'add", "'subtract", "'multiply", "'divide"))
    axioms += [("not", ("leaves_among", "e", *other)) for other in others]
    theory = Theory((("e", "Expr"),), tuple(axioms), (("=", ("value", "e"), target),), (), ("construct", "e"))
    return [Asked(theory, Is(("model", ("=", "e", ("quote", expression(row.label(), ()))))))]


READER = Reader("countdown", read, "countdown")
