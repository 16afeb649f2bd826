"""The real roots of one polynomial equation: the bodies `roots` (which they are), `sturm` (how many) and `multiple`.

All read the premises as one equation between polynomials in the one unknown and rational bounds on it. `roots` may
leave out any other premise, because fewer premises prove more; `sturm` may not. Sturm's theorem counts the distinct
roots, so k distinct roots, where there are k, are all of them. `multiple` rewrites an equation: where p vanishes, so do
its multiples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import reduce
from math import inf
from typing import Any

from synth_kernel import polynomial
from synth_kernel.claims import Sequent
from synth_kernel.evaluate import Value, evaluate
from synth_kernel.numbers import Span
from synth_kernel.polynomial import Polynomial, PolynomialError
from synth_kernel.terms import NUMBERS, Term, size

MAX_SIZE = 2_000  # nodes of an equation


def bound(statement: Term, unknown: str) -> Span | None:
    """Return the numbers that satisfy a rational bound on the unknown; None if it is no such bound.

    >>> bound(("<=", "x", 3), "x")
    Span(low=-inf, high=3, ends=(False, True))
    """
    match statement:
        case ("<" | "<=" | ">" | ">=", left, right):
            relation = str(statement[0])
            closed, rising = "=" in relation, (left == unknown) == (relation[0] == ">")
            end = right if left == unknown else left
            if unknown in (left, right) and isinstance(end, int | Fraction):
                return Span(end, inf, (closed, False)) if rising else Span(-inf, end, (False, closed))
    return None


def span_of(statements: Iterable[Term], unknown: str) -> Span:
    """Return a span that contains every number that satisfies the statements; those that are no bounds are left out."""
    return reduce(Span.meet, [bound(statement, unknown) or Span() for statement in statements], Span())


def _holds(span: Span, value: Value) -> bool:
    above = span.low == -inf or value > span.low or (span.ends[0] and value == span.low)
    return above and (span.high == inf or value < span.high or (span.ends[1] and value == span.high))


def _read(sequent: Sequent, sorts: tuple[str, ...], complete: bool) -> tuple[str, Polynomial, Span]:
    """Return the unknown, the polynomial that must vanish, and the bounds; `complete`: if there is nothing else."""
    (unknown,) = sequent.sorts
    found: list[Polynomial] = []
    for premise in sequent.premises:
        try:
            match premise:
                case ("=", left, right) if size(premise) <= MAX_SIZE:
                    found.append(polynomial.from_term(("-", left, right), unknown))
                case _ if not bound(premise, unknown):
                    raise PolynomialError("a premise that is neither an equation nor a bound")
        except PolynomialError:
            if complete:
                raise
    if sequent.sorts[unknown] not in sorts or (complete and len(found) != 1):
        raise PolynomialError("not one equation in one unknown of the right sort")
    return unknown, next(p for p in found if p), span_of(sequent.premises, unknown)


def check_roots(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Decide `(or (= x v₁) … (= x vₖ))` from p(x) = 0: each v is a root, they differ, and there are k roots."""
    unknown, p, span = _read(sequent, NUMBERS, complete=False)
    goal: Any = sequent.goal
    disjuncts = goal[1:] if goal[0] == "or" else (goal,)
    if sequent.form != "entails" or polynomial.count_roots(p, span.low, span.high, span.ends) != len(disjuncts):
        return False
    values: list[Value] = []
    for operator, left, right in disjuncts:
        value = evaluate(right, {})  # without the unknown, which stays a symbol and so is no number
        vanishes = reduce(lambda total, coefficient: total * value + coefficient, reversed(p), 0) == 0
        if (operator, left) != ("=", unknown) or not vanishes or not _holds(span, value) or value in values:
            return False
        values.append(value)
    return True


def check_sturm(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Decide that exactly n real numbers satisfy one polynomial equation and rational bounds."""
    _, p, span = _read(sequent, ("Real",), complete=True)
    count = polynomial.count_roots(p, span.low, span.high, span.ends)
    return sequent.form == "count" and type(sequent.goal) is int and count == sequent.goal


def check_multiple(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Decide q(x) = 0 from p(x) = 0, for a q with a value everywhere, by dividing: p leaves no remainder."""
    unknown, p, _ = _read(sequent, NUMBERS, complete=False)
    match sequent.form, sequent.goal:
        case "entails", ("=", left, right) if size(sequent.goal) <= MAX_SIZE and _total(left) and _total(right):
            return not polynomial.divide(polynomial.from_term(("-", left, right), unknown), p)[1]
    return False


def _total(term: Term) -> bool:
    """Say whether a term has a value at every point by its looks: no divisor and no exponent but a constant above 0."""
    match term:
        case int() | Fraction() | str():
            return True
        case ("/" | "^", base, int() as constant):
            return constant > 0 and _total(base)
        case ("+" | "-" | "*", *parts):
            return all(map(_total, parts))
    return False
