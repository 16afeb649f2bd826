"""The value of a term under an assignment: exact, partial, bounded.

A term may have no value (x/0, the log of a negative number, the cost of a walk that does not exist). Operators are
strict, except that `and`, `or`, `=>` and `ite` need only as much as decides them, whatever the order (strong Kleene
logic), so that reordering never changes a value. A statement *holds* when its value is true; one without a value does
not hold. Numbers are `int`, `Fraction` or the algebraic numbers of `synth_kernel.numbers`; transcendental functions
give spans that can show ≠ and <, never =.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any, TypeAlias

from synth_kernel import numbers
from synth_kernel.numbers import Undecided as Undecided
from synth_kernel.numbers import Undefined as Undefined
from synth_kernel.primality import is_prime
from synth_kernel.programs import Fuel, run, size
from synth_kernel.terms import Sort, Term, number, substitute
from synth_kernel.words import Automaton

# bool | int | Fraction | numbers.Algebraic | numbers.Span | str | Quoted | Walk | plans.Plan | tuple (word, program)
Value: TypeAlias = Any

MAX_ALONE = 500  # statements of a program that is run outside of the bodies `exhaustive` and `evaluation`
FUEL = "(statements)"  # no name of an unknown: the Fuel of all programs run under these values, else each has its own
MAX_BITS = 4096  # of a numerator or denominator; checked before a power, and after each sum and product of two


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
        case "Open", ("universe", *members):
            return tuple(members)
        case ("Relation", *_), ("relation", *tuples):
            return frozenset(members[1:] for members in tuples)  # type: ignore[index]
        case ("Plan", *_), ("plan", *moves):
            from synth_kernel.plans import Plan  # machines evaluate guards, as we do terms

            return Plan(tuple(moves), sort)
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
        lazy = _LAZY.get(term[0])
        if lazy is not None:
            return lazy(term, values)
        return _STRICT[term[0]](*[evaluate(part, values) for part in term[1:]])
    if type(term) is not str:
        return term
    if term in values:
        return values[term]
    return term == "true" if term in ("true", "false") else term


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


def _over(decisive: bool) -> Callable[[Any, Mapping[str, Value]], Value]:
    """`forall` is the `and`, `exists` the `or` of what is said of each member of a universe."""
    connective = _decided_by(decisive)

    def quantifier(term: Any, values: Mapping[str, Value]) -> Value:
        head, x, universe, body = term
        return connective((head, *[substitute(body, {x: member}) for member in values[universe]]), values)

    return quantifier


_or = _decided_by(True)
_LAZY: dict[Any, Callable[[Any, Mapping[str, Value]], Value]] = {
    "and": _decided_by(False),
    "or": _or,
    "forall": _over(False),
    "exists": _over(True),
    "=>": lambda term, values: _or(("or", ("not", term[1]), term[2]), values),
    "ite": lambda term, values: evaluate(term[2] if evaluate(term[1], values) is True else term[3], values),
    "quote": lambda term, _: Quoted(term[1]),
    "walk": lambda term, _: Walk(term[1:], {}),
    "plan": lambda term, _: _no_machine(),
    "word": lambda term, _: term[1:],
    "matches": lambda term, values: Automaton(term[2]).matches(evaluate(term[1], values)),
    "root": lambda term, _: numbers.root(term),
    "D": lambda term, values: _derivative_at(term, values),
    "prog": lambda term, _: term,
    "run": lambda term, values: run(
        evaluate(term[1], values), [evaluate(part, values) for part in term[2:]], values.get(FUEL) or Fuel(MAX_ALONE)
    ),
    "irreducible": lambda term, _: _undecided("irreducibility needs a certificate"),
    "I": lambda term, values: _integral_of(term, values),
}


def _no_machine() -> Value:
    raise Undefined("moves of no machine")


def _undecided(reason: str) -> Value:
    raise Undecided(reason)


def _derivative_at(term: Any, values: Mapping[str, Value]) -> Value:
    from synth_kernel.calculus import derivative  # the one cycle: calculus needs values of constants, we need D

    evaluate(term[1], values)  # log(−1−x²) has no value, though its derivative by the rules has one
    try:
        rule = derivative(term[1], term[2])
    except ValueError as none:
        raise Undecided(str(none)) from None
    return evaluate(rule, values)


def _integral_of(term: Any, values: Mapping[str, Value]) -> Value:
    raise Undecided("an integral is shown by an antiderivative, not evaluated")


def _equal(a: Value, b: Value) -> bool:
    if (type(a) is bool) is not (type(b) is bool):
        raise Undecided("a truth value beside a number")
    return bool(a == b)


def _less(a: Value, b: Value) -> bool:
    return bool(a < b)


def _distinct(*parts: Value) -> bool:
    if all(type(part) is int or type(part) is str for part in parts):
        return len(set(parts)) == len(parts)
    return not any(_equal(a, b) for i, a in enumerate(parts) for b in parts[:i])


# ---- arithmetic --------------------------------------------------------------------------------------------------


def _bounded(value: Value) -> Value:
    """Return a number in canonical form; raise Undecided where it has grown too large."""
    if numbers.bits(value) > MAX_BITS:
        raise Undecided("a number grew too large")
    return number(value) if type(value) is Fraction else value


def _folded(operation: Callable[[Value, Value], Value]) -> Callable[..., Value]:
    def fold(total: Value, *parts: Value) -> Value:
        for part in parts:  # the size is checked each time: denominators multiply
            total = operation(total, part)
            if type(total) is not int or total.bit_length() > MAX_BITS:
                total = _bounded(total)
        return total

    return fold


def _quotient(a: Value, b: Value) -> Value:
    if type(b) in (int, Fraction):
        if b == 0:
            raise Undefined("division by zero")
        if type(a) in (int, Fraction):
            return _bounded(Fraction(a) / b)
    return numbers.quotient(a, b)


def _power(base: Value, exponent: Value) -> Value:
    if type(exponent) is not int or abs(exponent) > 64:
        raise Undecided("an exponent is an integer up to 64")
    if numbers.bits(base) * abs(exponent) > MAX_BITS:
        raise Undecided("a number grew too large")
    return _bounded(base**exponent) if exponent >= 0 else _quotient(1, _power(base, -exponent))


def _modulo(a: Value, b: Value) -> Value:
    if b == 0:
        raise Undefined("division by zero")
    return a % abs(b)  # SMT-LIB: 0 ≤ (mod a b) < |b|


def _prime(n: int) -> bool:
    found = is_prime(n)
    return found if found is not None else _undecided("too large to be told prime")


def _real(name: str) -> Callable[[Value], Value]:
    return lambda value: numbers.function(name, value)


# ---- quoted expressions and walks --------------------------------------------------------------------------------


def _leaves(term: Term) -> list[Term]:
    return [leaf for part in term[1:] for leaf in _leaves(part)] if isinstance(term, tuple) else [term]


_OPERATOR_NAMES: dict[Any, str] = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}


def _operators(term: Term) -> set[str]:
    if not isinstance(term, tuple):
        return set()
    return {f"'{_OPERATOR_NAMES.get(term[0], term[0])}"}.union(*map(_operators, term[1:]))


def _visited(walk: Walk) -> list[tuple[str, int]]:
    """Return the places of a walk, each with the cost so far; raise Undefined where a step is no listed arc."""
    steps = list(pairwise(walk.places))
    if missing := [step for step in steps if step not in walk.arcs]:
        raise Undefined(f"no arc {missing[0]}")
    return list(zip(walk.places, accumulate([walk.arcs[step] for step in steps], initial=0), strict=True))


def _reach(walk: Walk, wanted: str) -> int:
    for place, cost in _visited(walk):
        if place == wanted:
            return cost
    raise Undefined(f"the walk does not visit {wanted}")


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
    "+": _folded(operator.add),
    "*": _folded(operator.mul),
    "-": lambda a, b=None: -a if b is None else _bounded(a - b),
    "/": _quotient,
    "^": _power,
    "abs": lambda a: -a if _less(a, 0) else a,
    "prime": _prime,
    "div": lambda a, b: (a - _modulo(a, b)) // b,
    "mod": _modulo,
    **{name: _real(name) for name in ("sqrt", "exp", "log", "sin", "cos", "tan", "atan")},
    "value": lambda expression: evaluate(expression.term, {}),
    "leaves_among": lambda expression, *given: Counter(_leaves(expression.term)) <= Counter(given),
    "operators_among": lambda expression, *given: _operators(expression.term) <= set(given),
    "size": lambda program: sum(map(size, program[2:])),
    "length": lambda plan: plan.length(),
    "solves": lambda plan: plan.solves(),
    "cost": lambda walk: _visited(walk)[-1][1],
    "start": lambda walk: _visited(walk)[0][0],
    "end": lambda walk: _visited(walk)[-1][0],
    "visits": lambda walk, place: place in dict(_visited(walk)),
    "reach": _reach,
    "holds": lambda relation, *members: members in relation,
}
