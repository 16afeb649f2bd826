"""Greatest common divisors with Bézout coefficients by the extended algorithm of Euclid, with its rows as steps.

The shape of theory that is understood: clauses `(= a 462)` that give the numbers, and one clause
`(= g (+ (* x a) (- (* y b))))` about the divisor and its coefficients. Nothing is trusted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synth_kernel.claims import Theory
from synth_kernel.evaluate import evaluate
from synth_kernel.terms import Term, symbols
from synth_solvers.linear import Row, combine

Step = tuple[Term, tuple[str, ...], str]  # a fact, the premises it follows from, the name of the rule


@dataclass(frozen=True)
class Remainder:
    """A value as a combination of the numbers, and the premise that states it."""

    row: Row
    value: int
    source: str


def bezout(theory: Theory) -> Term | None:
    """Return a model with the gcd and coefficients of the theory's numbers, None where it is not about a gcd.

    >>> text = "(clause (= a 12)) (clause (= b 18)) (clause (= g (+ (* x a) (- (* y b)))))"
    >>> names = "a b g x y"
    >>> declared = " ".join(f"(declare {name} Int)" for name in names.split())
    >>> bezout(Theory.read(f"(theory {declared} {text} (ask (construct {names})))"))
    ('model', ('=', 'a', 12), ('=', 'b', 18), ('=', 'g', 6), ('=', 'x', -1), ('=', 'y', -1))
    """
    numbers = given(theory)
    for clause in theory.clauses:
        match clause:
            case ("=", str(g), ("+", *parts)) if numbers and g in theory.declared:
                last = _run(numbers, [])
                values = {**{name: row.value for name, row in numbers.items()}, g: last.value}
                for part in parts:
                    match part:
                        case ("*", str(x), str(name)):
                            values[x] = last.row.get(name, 0)
                        case ("-", ("*", str(x), str(name))):
                            values[x] = -last.row.get(name, 0)
                if set(values) == set(theory.declared):
                    return ("model", *[("=", name, values[name]) for name in theory.declared])
    return None


def remainders(theory: Theory) -> list[Step]:
    """Write each remainder of Euclid's algorithm as a combination of the numbers, from the two before it.

    A number that is given as a product is multiplied out first.
    """
    steps: list[Step] = []
    numbers = given(theory)
    for name, number in numbers.items():
        if ("=", name, number.value) not in theory.clauses:
            steps.append((("=", name, number.value), (number.source,), "multiply"))
            numbers[name] = Remainder(number.row, number.value, f"s{len(steps) - 1}")
    _run(numbers, steps)
    return steps


def given(theory: Theory) -> dict[str, Remainder]:
    """Return the numbers whose values clauses give, in order."""
    found = {}
    for i, clause in enumerate(theory.clauses):
        match clause:
            case ("=", str(name), value) if not [*symbols(value)]:
                found[name] = Remainder({name: 1}, evaluate(value, {}), f"c{i}")
    return found


def _run(numbers: Mapping[str, Remainder], steps: list[Step]) -> Remainder:
    """Divide until nothing is left, number after number, and note each remainder; return the row of the gcd."""
    low, *others = numbers.values()
    for other in others:
        high, low = (low, other) if low.value >= other.value else (other, low)
        while low.value:
            quotient = high.value // low.value
            row, value = combine(high.row, 1, low.row, -quotient), high.value - quotient * low.value
            steps.append((("=", _sum(row, list(numbers)), value), (high.source, low.source), "divide"))
            high, low = low, Remainder(row, value, f"s{len(steps) - 1}")
        low = high
    return low


def _sum(row: Row, order: Sequence[str]) -> Term:
    """Write a combination with its signs between the terms.

    >>> _sum({"a": -7, "b": 1}, ["a", "b"])
    ('+', ('-', ('*', 7, 'a')), 'b')
    """
    result: Any = None
    for name in order:
        if factor := row.get(name, 0):
            term: Term = name if abs(factor) == 1 else ("*", abs(factor), name)
            if result is None:
                result = term if factor > 0 else ("-", term)
            else:
                result = ("+" if factor > 0 else "-", result, term)
    return result  # type: ignore[no-any-return]
