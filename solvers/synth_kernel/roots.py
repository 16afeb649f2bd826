"""The real roots of one polynomial equation: the bodies `roots` (which they are) and `sturm` (how many).

Both read the premises as one equation between polynomials in the one unknown and rational bounds on it. `roots` may
leave out any other premise, because fewer premises prove more; `sturm` may not. Sturm's theorem counts the distinct
roots, so k distinct roots, where there are k, are all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from synth_kernel import polynomial
from synth_kernel.claims import Sequent
from synth_kernel.evaluate import Value, evaluate
from synth_kernel.polynomial import Number, Polynomial, PolynomialError
from synth_kernel.terms import NUMBERS, Term, size

MAX_SIZE = 2_000  # nodes of an equation

_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Span:
    """The real numbers from low to high; None is infinite, and `ends` says which ends are included."""

    low: Number | None = None
    high: Number | None = None
    ends: tuple[bool, bool] = (False, False)

    @property
    def empty(self) -> bool:
        """Whether there is no such number."""
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and self.ends != (True, True))

    def count(self, p: Polynomial) -> int:
        """Count the distinct roots of a nonzero polynomial in the span."""
        return polynomial.count_roots(p, self.low, self.high, self.ends)

    def holds(self, value: Value) -> bool:
        """Say whether an exact number lies in the span."""
        above = self.low is None or value > self.low or (self.ends[0] and value == self.low)
        return above and (self.high is None or value < self.high or (self.ends[1] and value == self.high))

    def meet(self, statement: Term, unknown: str) -> Span | None:
        """Return the part of the span where a rational bound on the unknown holds; None if it is no such bound.

        >>> Span().meet(("<", 0, "x"), "x").meet(("<=", "x", 3), "x")
        Span(low=0, high=3, ends=(False, True))
        """
        if not isinstance(statement, tuple) or len(statement) != 3 or statement[0] not in _MIRROR:
            return None
        relation, left, right = str(statement[0]), statement[1], statement[2]
        bound = right if left == unknown else left
        if unknown not in (left, right) or not isinstance(bound, int | Fraction):
            return None
        relation = relation if left == unknown else _MIRROR[relation]
        closed = "=" in relation
        if relation[0] == ">":
            if self.low is None or bound > self.low:
                return Span(bound, self.high, (closed, self.ends[1]))
            return Span(self.low, self.high, (self.ends[0] and (closed or bound != self.low), self.ends[1]))
        if self.high is None or bound < self.high:
            return Span(self.low, bound, (self.ends[0], closed))
        return Span(self.low, self.high, (self.ends[0], self.ends[1] and (closed or bound != self.high)))


def span_of(statements: Iterable[Term], unknown: str) -> Span:
    """Return a span that contains every number that satisfies the statements; those that are no bounds are left out."""
    span = Span()
    for statement in statements:
        span = span.meet(statement, unknown) or span
    return span


def _read(premises: Iterable[Term], unknown: str, complete: bool) -> tuple[Polynomial, Span]:
    """Return the one polynomial that must vanish, and the bounds; raise ValueError if something else is `complete`."""
    span, found = Span(), []
    for premise in premises:
        narrower = span.meet(premise, unknown)
        if narrower is not None:
            span = narrower
            continue
        try:
            assert isinstance(premise, tuple) and premise[0] == "=" and size(premise) <= MAX_SIZE
            found.append(polynomial.from_term(("-", premise[1], premise[2]), unknown))
        except (PolynomialError, AssertionError):
            if complete:
                raise PolynomialError("a premise that is neither an equation nor a bound") from None
    if complete and len(found) != 1:
        raise PolynomialError("a count is about one equation")
    return next(p for p in found if p), span


def _unknown(sequent: Sequent, form: str, sorts: tuple[str, ...]) -> str:
    (unknown,) = sequent.sorts
    if sequent.form != form or sequent.sorts[unknown] not in sorts:
        raise PolynomialError(f"not a claim of form {form} about one unknown")
    return unknown


def check_roots(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Decide `(or (= x v₁) … (= x vₖ))` from p(x) = 0: each v is a root, they differ, and there are k roots."""
    unknown = _unknown(sequent, "entails", NUMBERS)
    p, span = _read(sequent.premises, unknown, complete=False)
    goal = sequent.goal
    disjuncts = goal[1:] if isinstance(goal, tuple) and goal[0] == "or" else (goal,)
    if len(disjuncts) > polynomial.MAX_DEGREE:
        return False
    values: list[Value] = []
    for disjunct in disjuncts:
        assert isinstance(disjunct, tuple)
        operator, left, value = disjunct
        if operator != "=" or left != unknown:
            return False
        values.append(evaluate(value, {}))
        # evaluated without the unknown, which stays a symbol and so is no number
        if not span.holds(values[-1]) or polynomial.value_at(p, values[-1]) != 0:
            return False
    distinct = all(a != b for i, a in enumerate(values) for b in values[:i])
    return distinct and span.count(p) == len(values)


def check_sturm(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Decide that exactly n real numbers satisfy one polynomial equation and rational bounds."""
    unknown = _unknown(sequent, "count", ("Real",))
    p, span = _read(sequent.premises, unknown, complete=True)
    return type(sequent.goal) is int and span.count(p) == sequent.goal
