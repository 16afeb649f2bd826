"""The value of a term under an assignment: exact, partial, bounded.

A term may have no value (x/0, the log of a negative number, the cost of a walk that does not exist). Operators are
strict, except that `and`, `or`, `=>` and `ite` need only as much as decides them, whatever the order (strong Kleene
logic), so that reordering never changes a value. A statement *holds* when its value is true; one without a value does
not hold. Numbers are `int`, `Fraction` or the algebraic numbers of `synth_kernel.numbers`; transcendental functions
give intervals that can show ≠ and <, never =.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from synth_kernel import numbers
from synth_kernel.terms import Sort, Term

Value: TypeAlias = Any  # bool | int | Fraction | numbers.Algebraic | numbers.Interval | str | Quoted | Walk

MAX_BITS = 4096  # of a numerator or denominator, checked before an operation


class Undefined(ArithmeticError):
    """The term has no value under this assignment."""


class Undecided(Exception):
    """The evaluator cannot tell: a value outside what it computes exactly, or a limit reached."""


@dataclass(frozen=True)
class Quoted:
    """The value of an unknown of sort Expr."""

    term: Term


@dataclass(frozen=True)
class Walk:
    """The value of an unknown of sort Walk: places in order, and the cost of each listed arc."""

    places: tuple[str, ...]
    arcs: Mapping[tuple[str, str], int]


def constant(term: Term, sort: Sort = "Real") -> Value:
    """Return the value of a constant term of a declared sort, as `model` claims bind them.

    >>> constant(("quote", ("+", 1, 2)), "Expr")
    Quoted(term=('+', 1, 2))
    """
    match sort, term:
        case ("Walk", *arcs), ("walk", *places):
            listed: Any = arcs
            named: Any = tuple(places)
            return Walk(named, {(tail, head): cost for _, tail, head, cost in listed})
    return evaluate(term, {})


def holds(term: Term, values: Mapping[str, Value]) -> bool:
    """Say whether a statement is true; one without a value is not. Raise Undecided where that cannot be told."""
    try:
        return evaluate(term, values) is True
    except Undefined:
        return False


def evaluate(term: Term, values: Mapping[str, Value]) -> Value:
    """Return the value of a term; raise Undefined if it has none and Undecided beyond what is computed exactly.

    >>> evaluate(("/", ("+", "x", 1), 2), {"x": 4})
    Fraction(5, 2)
    >>> evaluate(("or", ("=", ("/", 1, "x"), 1), "true"), {"x": 0})
    True
    """
    if type(term) is tuple:
        operator = term[0]
        lazy = _LAZY.get(operator)
        if lazy is not None:
            return lazy(term, values)
        return _STRICT[operator](*[evaluate(part, values) for part in term[1:]])
    if type(term) is str:
        if term in values:
            return values[term]
        if term == "true" or term == "false":
            return term == "true"
        return term
    return term


# ---- Booleans ----------------------------------------------------------------------------------------------------


def _decided_by(decisive: bool) -> Callable[[Any, Mapping[str, Value]], Value]:
    """`and` is decided by false, `or` by true; otherwise an argument without a value leaves the whole without one."""

    def connective(term: Any, values: Mapping[str, Value]) -> Value:
        missing: Exception | None = None
        for part in term[1:]:
            try:
                if evaluate(part, values) is decisive:
                    return decisive
            except (Undefined, Undecided) as none:
                missing = none if missing is None or isinstance(none, Undecided) else missing
        if missing is not None:
            raise missing
        return not decisive

    return connective


def _implies(term: Any, values: Mapping[str, Value]) -> Value:
    return _or(("or", ("not", term[1]), term[2]), values)


def _ite(term: Any, values: Mapping[str, Value]) -> Value:
    return evaluate(term[2] if evaluate(term[1], values) is True else term[3], values)


_or = _decided_by(True)
_LAZY: dict[Any, Callable[[Any, Mapping[str, Value]], Value]] = {
    "and": _decided_by(False),
    "or": _or,
    "=>": _implies,
    "ite": _ite,
    "quote": lambda term, _: Quoted(term[1]),
    "walk": lambda term, _: Walk(term[1:], {}),
    "root": lambda term, _: numbers.root(term),
    "D": lambda term, values: _derivative_at(term, values),
}


def _derivative_at(term: Any, values: Mapping[str, Value]) -> Value:
    from synth_kernel.calculus import derivative  # the one cycle: calculus needs values of constants, we need D

    evaluate(term[1], values)  # log(−1−x²) has no value, though its derivative by the rules has one
    try:
        rule = derivative(term[1], term[2])
    except ValueError as none:
        raise Undecided(str(none)) from None
    return evaluate(rule, values)


def _equal(a: Value, b: Value) -> bool:
    if (type(a) is bool) is not (type(b) is bool):
        raise Undecided("a truth value beside a number")
    if isinstance(a, numbers.Interval) or isinstance(b, numbers.Interval):
        if numbers.apart(a, b):
            return False
        raise Undecided("two enclosures overlap")
    return bool(a == b)


def _less(a: Value, b: Value) -> bool:
    if isinstance(a, numbers.Interval) or isinstance(b, numbers.Interval):
        return numbers.interval_less(a, b, Undecided)
    return bool(a < b)


def _distinct(*parts: Value) -> bool:
    if all(type(part) is int or type(part) is str for part in parts):
        return len(set(parts)) == len(parts)
    return not any(_equal(a, b) for i, a in enumerate(parts) for b in parts[:i])


# ---- arithmetic --------------------------------------------------------------------------------------------------


def _bits(value: Value) -> int:
    if type(value) is int:
        return value.bit_length()
    if isinstance(value, Fraction):
        return max(value.numerator.bit_length(), value.denominator.bit_length())
    return numbers.bits(value)


def _canonical(value: Value) -> Value:
    return value.numerator if type(value) is Fraction and value.denominator == 1 else value


def _sum(*parts: Value) -> Value:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
        if type(total) is not int and _bits(total) > MAX_BITS:  # each time: denominators multiply
            raise Undecided("a number grew too large")
    return _canonical(total)


def _product(*parts: Value) -> Value:
    total = parts[0]
    for part in parts[1:]:
        if _bits(total) + _bits(part) > MAX_BITS:
            raise Undecided("a number grew too large")
        total = total * part
    return _canonical(total)


def _minus(a: Value, b: Value = None) -> Value:
    return -a if b is None else _canonical(a - b)


def _quotient(a: Value, b: Value) -> Value:
    if type(b) in (int, Fraction):
        if b == 0:
            raise Undefined("division by zero")
        if type(a) in (int, Fraction):
            return _canonical(Fraction(a) / b)
    return numbers.quotient(a, b, Undefined, Undecided)


def _power(base: Value, exponent: Value) -> Value:
    if type(exponent) is not int or abs(exponent) > 64:
        raise Undecided("an exponent is an integer up to 64")
    if exponent < 0:
        return _quotient(1, _power(base, -exponent))
    if _bits(base) * exponent > MAX_BITS:
        raise Undecided("a number grew too large")
    return _canonical(base**exponent)


def _integral(name: str) -> Callable[[Value, Value], Value]:
    def operation(a: Value, b: Value) -> Value:
        if b == 0:
            raise Undefined(f"{name} by zero")
        remainder = a % abs(b)  # SMT-LIB: 0 ≤ (mod a b) < |b|
        return remainder if name == "mod" else (a - remainder) // b

    return operation


def _real(name: str) -> Callable[[Value], Value]:
    return lambda value: numbers.function(name, value, Undefined, Undecided)


# ---- quoted expressions and walks --------------------------------------------------------------------------------


def _leaves_among(expression: Quoted, *given: int) -> bool:
    leaves = Counter(_leaves(expression.term))
    return leaves <= Counter(given)


def _leaves(term: Term) -> list[Term]:
    return [leaf for part in term[1:] for leaf in _leaves(part)] if isinstance(term, tuple) else [term]


def _operators_among(expression: Quoted, *given: str) -> bool:
    def used(term: Term) -> set[str]:
        if not isinstance(term, tuple):
            return set()
        return {f"'{_OPERATOR_NAMES.get(str(term[0]), term[0])}"}.union(*map(used, term[1:]))

    return used(expression.term) <= set(given)


_OPERATOR_NAMES = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}


def _cost(walk: Walk) -> int:
    try:
        return sum(walk.arcs[arc] for arc in zip(walk.places, walk.places[1:], strict=False))
    except KeyError as arc:
        raise Undefined(f"no arc {arc}") from None


def _visits(walk: Walk, place: str) -> bool:
    _cost(walk)
    return place in walk.places


def _reach(walk: Walk, place: str) -> int:
    _cost(walk)
    if place not in walk.places:
        raise Undefined(f"the walk does not visit {place}")
    return _cost(Walk(walk.places[: walk.places.index(place) + 1], walk.arcs))


def _end(index: int) -> Callable[[Walk], str]:
    def end(walk: Walk) -> str:
        _cost(walk)
        return walk.places[index]

    return end


_STRICT: dict[Any, Callable[..., Value]] = {
    "not": lambda a: not a,
    "xor": lambda a, b: a is not b,
    "=": _equal,
    "distinct": _distinct,
    "count": lambda *parts: sum(part is True for part in parts),
    "<": _less,
    "<=": lambda a, b: not _less(b, a),
    ">": lambda a, b: _less(b, a),
    ">=": lambda a, b: not _less(a, b),
    "+": _sum,
    "*": _product,
    "-": _minus,
    "/": _quotient,
    "^": _power,
    "abs": lambda a: -a if _less(a, 0) else a,
    "div": _integral("div"),
    "mod": _integral("mod"),
    **{name: _real(name) for name in ("sqrt", "exp", "log", "sin", "cos", "tan", "atan")},
    "value": lambda expression: evaluate(expression.term, {}),
    "leaves_among": _leaves_among,
    "operators_among": _operators_among,
    "cost": _cost,
    "start": _end(0),
    "end": _end(-1),
    "visits": _visits,
    "reach": _reach,
}
