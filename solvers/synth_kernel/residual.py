"""Body `residual` of `count`: the assignments of finite unknowns are counted by what remains of the premises.

The unknowns are assigned in order of declaration. After each one the premises are simplified; assignments that leave
the same residual premises are counted together, so the work grows with the number of different residuals, not of
assignments. The certificate is empty. This is the transfer-matrix (or "states of a dynamic program") method.

A premise that compares one `count` of different Booleans with a constant, as most do on lattice paths, is kept as the
operator, the constant and the set of Booleans still open, so that a step costs a subtraction.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypeAlias

from synth_kernel.claims import Sequent
from synth_kernel.evaluate import Undecided, Undefined, Value, evaluate, holds
from synth_kernel.exhaustive import COMPARE, finite, work
from synth_kernel.terms import Sort, Term, symbols

FUEL = 1 << 20  # nodes of terms simplified and transitions made
_TRUE, _FALSE = 0, 1  # numbers of the residuals that are decided
_NEGATED = {"=": "distinct", "distinct": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}

Residual: TypeAlias = "tuple[str, int, int] | Term"  # (operator, constant, open Booleans as bits) or any term


class _Counting:
    """The numbered residual premises and the steps between them."""

    def __init__(self, declared: Mapping[str, Sort]) -> None:
        self.declared = declared
        self.names = list(declared)
        self.bits = {name: 1 << place for place, name in enumerate(declared) if declared[name] == "Bool"}
        self.numbers: dict[Any, int] = {"true": _TRUE, "false": _FALSE}
        self.residuals: list[Any] = ["true", "false"]
        self.fuel = FUEL

    def spend(self, cost: int) -> None:
        self.fuel -= cost
        if self.fuel < 0:
            raise ValueError("too many residual premises to count")

    def number(self, residual: Any) -> int:
        """Return the number of a residual premise, a new one if it has not been seen."""
        found = self.numbers.setdefault(residual, len(self.residuals))
        if found == len(self.residuals):
            self.residuals.append(residual)
        return found

    def counted(self, operator: str, constant: int, remaining: int) -> Any:
        """Return "as many of the remaining Booleans as compare so with the constant", decided where it can be."""
        most = remaining.bit_count()
        if operator in ("=", "distinct"):
            if 0 <= constant <= most and (most or constant):
                return ("#", operator, constant, remaining)
            outcome = (constant == 0 == most) is (operator == "=")
            return "true" if outcome else "false"
        compare = COMPARE[operator]
        fewest, greatest = compare(0, constant), compare(most, constant)
        if fewest is greatest:
            return "true" if fewest else "false"
        return ("#", operator, constant, remaining)

    def normal(self, term: Any) -> Any:
        """Bring a comparison of a `count` of different Booleans with an integer into the short form."""
        match term:
            case ("not", ((operator, _, _) as inner)) if operator in _NEGATED:
                form = self.normal(inner)
                if type(form) is tuple and form[0] == "#":
                    return self.counted(_NEGATED[form[1]], form[2], form[3])
            case (operator, int(constant), ("count", *_) as listed) if operator in _NEGATED:
                return self.normal((_MIRRORED.get(operator, operator), listed, constant))
            case (operator, ("count", *listed), int(constant)) if operator in _NEGATED:
                bits = [self.bits.get(part, 0) if type(part) is str else 0 for part in listed]
                if all(bits) and len(set(listed)) == len(listed):
                    return self.counted(operator, constant, sum(bits))
        return term

    def after(self, premise: Term, values: Mapping[str, Term]) -> int:
        """Return the number of what remains of a premise once these unknowns have these values."""
        self.spend(work(premise))
        term = self.simplified(premise, values)
        if not any(name in self.declared for name in symbols(term)):
            return _TRUE if holds(term, {}) else _FALSE
        return self.number(self.normal(term))

    def step(self, number: int, place: int, values: tuple[Value, ...]) -> tuple[int, ...]:
        """Return what a residual premise becomes for each value of an unknown."""
        residual = self.residuals[number]
        if residual[0] == "#":
            _, operator, constant, remaining = residual
            bit = 1 << place
            if not remaining & bit:
                return (number,) * len(values)
            rest = remaining ^ bit
            return tuple([self.number(self.counted(operator, constant - value, rest)) for value in values])
        name = self.names[place]
        if number in (_TRUE, _FALSE) or name not in symbols(residual):
            return (number,) * len(values)
        return tuple([self.after(residual, {name: _term(value)}) for value in values])

    def simplified(self, term: Term, values: Mapping[str, Term]) -> Term:
        """Replace unknowns by constants and reduce; the result has the same value, or none, in every completion."""
        if type(term) is not tuple:
            return values.get(term, term) if type(term) is str else term
        head: Any = term[0]
        if head in ("quote", "root", "walk"):
            return term
        if head == "D":
            raise ValueError("nothing finite is differentiated")
        parts: list[Any] = [self.simplified(part, values) for part in term[1:]]
        if head in ("and", "or"):
            neutral, decisive = ("true", "false") if head == "and" else ("false", "true")
            parts = [part for part in parts if part != neutral]
            if decisive in parts:
                return decisive
            return (head, *parts) if len(parts) > 1 else next(iter(parts), neutral)
        if head == "=>":
            return self.simplified(("or", ("not", parts[0]), parts[1]), {})
        if head == "not":
            inner: Any = parts[0]
            if type(inner) is tuple and inner[0] == "not":
                return inner[1]  # type: ignore[no-any-return]
            return "false" if inner == "true" else "true" if inner == "false" else ("not", inner)
        if head == "ite" and parts[0] in ("true", "false"):
            return parts[1] if parts[0] == "true" else parts[2]  # type: ignore[no-any-return]
        if all(_constant(part) for part in parts):
            return _evaluated((head, *parts))
        if head == "=" and parts[0] in ("true", "false"):
            parts.reverse()
        if head == "=" and parts[1] in ("true", "false"):
            return parts[0] if parts[1] == "true" else self.simplified(("not", parts[0]), {})
        if head == "count":
            known = parts.count("true")
            rest = ("count", *[part for part in parts if part not in ("true", "false")])
            return ("+", rest, known) if known else rest  # len(rest) > 1, or all parts were constants
        if head in _NEGATED and len(parts) == 2:
            left, right = parts
            if type(left) is int or _shifted(right):
                left, right, head = right, left, _MIRRORED.get(head, head)
            if _shifted(left) and len(left) == 3 and type(left[2]) is type(right) is int:
                left, right = left[1], right - left[2]
            return (head, left, right)
        return (head, *parts)


def _shifted(term: Any) -> bool:
    """Say whether a term is `(+ (count …) k)`."""
    return type(term) is tuple and term[0] == "+" and type(term[1]) is tuple and term[1][0] == "count"


def _constant(term: Term) -> bool:
    return type(term) in (int, Fraction) or term in ("true", "false") or (type(term) is str and term[0] == "'")


def _term(value: Value) -> Term:
    return ("true" if value else "false") if type(value) is bool else value


def _evaluated(term: Term) -> Term:
    """Return the constant that a ground term is equal to, or the term where it has no value or not a simple one."""
    try:
        value = evaluate(term, {})
    except (Undefined, Undecided):
        return term
    return _term(value) if type(value) in (bool, int, Fraction, str) else term


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Count the assignments of all declared unknowns that satisfy the premises, and compare with the goal.

    >>> sorts = {"p": "Bool", "q": "Bool", "r": "Bool"}
    >>> premises = (("=", ("count", "p", "q", "r"), 2),)
    >>> check(Sequent("count", sorts, sorts, ("c0",), premises, (), 3), {})
    True
    """
    return count(sequent.declared, sequent.premises) == sequent.goal


def count(declared: Mapping[str, Sort], premises: tuple[Term, ...]) -> int:
    """Return the number of assignments that satisfy the premises; raise ValueError where that takes too long."""
    domains = [finite(sort) for sort in declared.values()]
    if None in domains:
        raise ValueError("an unknown ranges over an infinite sort")
    counting = _Counting(declared)
    begin = {counting.after(premise, {}) for premise in premises} - {_TRUE}
    ways: dict[tuple[int, ...], int] = {} if _FALSE in begin else {tuple(sorted(begin)): 1}
    for place, values in enumerate(domains):
        steps: dict[int, tuple[int, ...]] = {}
        following: dict[tuple[int, ...], int] = {}
        assert values is not None
        for state, many in ways.items():
            counting.spend((1 + len(state)) * len(values))
            if not state:  # nothing remains to be satisfied
                following[state] = following.get(state, 0) + many * len(values)
                continue
            for number in state:
                if number not in steps:
                    steps[number] = counting.step(number, place, values)
            for choice in zip(*[steps[number] for number in state], strict=True):
                if _FALSE not in choice:
                    left = tuple(sorted({number for number in choice if number}))
                    following[left] = following.get(left, 0) + many
        ways = following
    return ways.get((), 0)  # a premise without unknowns is decided, so no other state is left
