"""The semantic key: statements about numbers, evaluated at random points modulo a prime.

Two polynomials of degree d that differ agree at a random point modulo p with probability at most d/p (Schwartz 1980;
Zippel 1979). So terms that are equal up to the laws of arithmetic get equal values, and others differ, nearly always.
The key is a bucket and proves nothing; `synth.graph.equivalence` does. Functions other than + - * / ^ are not
understood: their values are hashes of the values of their arguments.

A point must not depend on names. So unknowns are told apart by what they do: the value of an unknown is a hash of its
sort and of how the statements change with it, refined twice. Unknowns that this does not tell apart get one value; then
the bucket is larger, never smaller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from synth_kernel.claims import Theory, digest
from synth_kernel.terms import NUMBERS, Term, size, write

PRIME = (1 << 61) - 1
POINTS = 3
ROUNDS = 2  # of telling unknowns apart
MAX_WORK = 100_000  # nodes of the statements, times unknowns
VERSION = "semantic/1"
_OPAQUE = {"abs", "sqrt", "exp", "log", "sin", "cos", "tan", "atan"}
_MIRRORED = {">": "<", ">=": "<="}


class Outside(ValueError):
    """A theory says something that is not about numbers."""


class Undefined(ArithmeticError):
    """A term has no value at a point."""


def semantic(theory: Theory) -> str | None:
    """Return the semantic key, 32 hexadecimal digits; None for theories that are not comparisons of numbers.

    It is equal for theories whose statements are equal one by one up to the laws of a commutative field, the sign of
    an equation, names and order. Unknowns must range over all integers, rationals or reals. It costs about as many
    evaluations as there are unknowns.

    >>> one = Theory.read("(theory (declare x Rational) (clause (= (* 2 (+ x 1)) 3)) (ask (find x)))")
    >>> two = Theory.read("(theory (declare y Rational) (clause (= 3 (+ (* y 2) 2))) (ask (find y)))")
    >>> semantic(one) == semantic(two)
    True
    """
    try:
        seen = signatures(theory)
        values = [point(seen, number) for number in range(POINTS)]
        facts = sorted({digest(*[f"{kind} {says(fact, at)}" for at in values]) for kind, fact in statements(theory)})
    except Outside:
        return None
    return digest(VERSION, *sorted(seen.values()), *facts)


def signatures(theory: Theory) -> dict[str, str]:
    """Return for each unknown what tells it apart, whatever it is called. Raise `Outside`."""
    if any(sort not in NUMBERS for sort in theory.declared.values()):
        raise Outside
    facts = list(statements(theory))
    if sum(size(fact) for _, fact in facts) * len(theory.declarations) > MAX_WORK:
        raise Outside
    seen = {name: write(sort) for name, sort in theory.declarations}
    for _ in range(ROUNDS):
        common = point(seen, -1)
        seen = {
            name: digest(
                seen[name],
                *sorted(f"{kind} {says(fact, {**common, name: value})}" for kind, fact in facts),
            )
            for name, value in point(seen, -2).items()
        }
    return seen


def point(seen: Mapping[str, str], number: int) -> dict[str, int]:
    """Return a point, which gives each unknown a value below `PRIME`; points of different numbers are unrelated."""
    return {name: int(digest(VERSION, sign, str(number), size=8), 16) % PRIME for name, sign in seen.items()}


def statements(theory: Theory) -> Iterator[tuple[str, Term]]:
    """Yield what a theory says and asks, each with its kind; what is asked may be `(f …)`, no Boolean term."""
    for kind, terms in (("axiom", theory.axioms), ("clause", theory.clauses), ("domain", theory.domain)):
        for term in terms:
            yield kind, term
    match theory.ask:
        case ("find" | "all" | "count" as asked, *_):
            yield f"ask {asked}", ("and",)
        case ("decide", goal, mode):
            yield f"ask {mode}", goal
        case ("compute", ("D" | "I" as operator, function, unknown)):
            yield f"ask {operator}", ("at", function, unknown)
        case ("compute", term):
            yield "ask compute", ("at", term)
        case _:
            raise Outside


def says(statement: Term, values: Mapping[str, int]) -> str:
    """Return a hash of what a statement says at a point; raise `Outside` where it is not about numbers."""
    match statement:
        case ("=" | "<" | "<=" | ">" | ">=" as operator, left, right):
            name, left, right = forward(str(operator), left, right)
            try:
                difference = (_value(left, values) - _value(right, values)) % PRIME
            except Undefined:
                return f"{name} nothing"
            return f"{name} {min(difference, PRIME - difference) if name == '=' else difference}"
        case ("and" | "or" as operator, *parts):
            return digest(str(operator), *sorted(says(part, values) for part in parts))
        case ("not", part):
            return digest("not", says(part, values))
        case ("at", *parts):
            try:
                return digest("at", *[str(_value(part, values)) for part in parts])
            except Undefined:
                return "at nothing"
    raise Outside


def forward(operator: str, left: Term, right: Term) -> tuple[str, Term, Term]:
    """Return a comparison as `=`, `<` or `<=`.

    >>> forward(">", "x", 1)
    ('<', 1, 'x')
    """
    return (_MIRRORED[operator], right, left) if operator in _MIRRORED else (operator, left, right)


def _value(term: Any, values: Mapping[str, int]) -> int:
    """Return the value of a numeric term modulo the prime."""
    if isinstance(term, str):
        if term not in values:
            raise Outside
        return values[term]
    if isinstance(term, Fraction):
        return term.numerator * _inverse(term.denominator % PRIME) % PRIME
    if isinstance(term, int):
        return term % PRIME
    match term:
        case ("+" | "*" as operator, *parts):
            total = 0 if operator == "+" else 1
            for part in parts:
                value = _value(part, values)
                total = (total + value if operator == "+" else total * value) % PRIME
            return total
        case ("-", part):
            return -_value(part, values) % PRIME
        case ("-", left, right):
            return (_value(left, values) - _value(right, values)) % PRIME
        case ("/", left, right):
            return _value(left, values) * _inverse(_value(right, values)) % PRIME
        case ("^", base, int(exponent)):
            value = _value(base, values)
            return pow(value if exponent > 0 else _inverse(value), abs(exponent), PRIME)
        case (str(operator), part) if operator in _OPAQUE:
            return int(digest(operator, str(_value(part, values)), size=8), 16) % PRIME
    raise Outside


def _inverse(value: int) -> int:
    if value == 0:
        raise Undefined
    return pow(value, -1, PRIME)
