"""Prime factorizations, with the factors in any order."""

from __future__ import annotations

from collections.abc import Iterator

from synth.audit.reader import Agrees, Asked, Formal, Reader, Row
from synth_kernel.terms import Term
from synth_readers._words import matched, whole, wholes

_QUESTION = (
    r"Find the prime factorization of ([0-9]+)\. Write the factors separated by × "
    r"\(Example: for 12 the answer would be: 2 × 2 × 3\)"
)


def read(row: Row) -> list[Asked]:
    """A number has one factorization: the label has the primes of the proved one, each as often, or it is wrong."""
    number = whole(matched(_QUESTION, row.question)[1])
    label = sorted(wholes(row.label(), "×"))
    return [Asked(Formal("factorization", f"factor {number}"), Agrees(lambda answer: sorted(_primes(answer)) == label))]


def _primes(answer: Term) -> Iterator[int]:
    match answer:
        case ("*", *factors):
            for factor in factors:
                yield from _primes(factor)
        case ("^", int(prime), int(exponent)):
            yield from [prime] * exponent
        case int(prime):
            yield prime
        case _:
            raise ValueError("no product of primes")


READER = Reader("prime_factorization", read, "factorization")
