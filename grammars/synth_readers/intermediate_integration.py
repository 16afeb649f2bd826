"""Antiderivatives. The question states no domain: an answer is checked wherever the integrand has a value."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from math import inf
from typing import TypeAlias

from synth.audit.reader import Asked, Is, NotRead, Reader, Row
from synth_kernel.claims import Theory
from synth_kernel.terms import Term, number
from synth_readers._algebra import FUNCTIONS, expression
from synth_readers._words import matched

_QUESTION = (
    r"(?:Find the indefinite integral|Calculate the antiderivative|Evaluate the indefinite integral): ∫ ([^∫\n]+) dx\n"
    r"When performing calculations, please follow these guidelines:\n"
    r"Use same variable symbols as given in the question\n"
    r"1\. Use \*\* instead of \^ to represent exponents\. For example, write 7\*X\*\*2 instead of 7\*X\^2\.\n"
    r"2\. Always include the \* symbol for all multiplication operations in your reasoning steps\. For example, write "
    r"`-3\*X\*\*3\*sin\(X\) - 9\*X\*\*2\*cos\(X\) \+ 18\*X\*sin\(X\) \+ 18\*cos\(X\) \+ C` instead of "
    r"`-3x3sin\(x\) - 9x2cos\(x\) \+ 18xsin\(x\) \+ 18cos\(x\) \+ C`\.\n"
    r"3\. Use `exp\(x\)` or `E\*\*\(x\)` for the exponential function \(i\.e\. use capital E for Euler's number\)\."
)


_FUNCTIONS = (*FUNCTIONS, "asin")
Interval: TypeAlias = "tuple[float | Fraction, float | Fraction]"  # without its ends


def read(row: Row) -> list[Asked]:
    """One problem for each open interval on which the integrand has a value; the answer has to be right on all."""
    f = expression(matched(_QUESTION, row.question)[1], ["x"], _FUNCTIONS)
    answer, plus, constant = row.label().rpartition("+")
    if not plus or constant.strip() != "C":
        raise NotRead("an answer without + C")
    try:
        label = Is(_plain(expression(answer, ["x"], _FUNCTIONS)))
    except NotRead as error:
        raise NotRead(f"the answer: {error}") from None
    ask: Term = ("compute", ("I", _plain(f), "x"))
    everywhere: list[Interval] = [(-inf, inf)]
    domains = reduce(_meet, map(_where, _guarded(f)), everywhere)
    if not domains:
        raise NotRead("an integrand without values")
    return [Asked(Theory((("x", "Real"),), (), (), _bounds(*each), ask), label) for each in domains]


def _plain(term: Term) -> Term:
    """Write arc sines as arc tangents: asin u = atan(u/√(1−u²)) for −1 < u < 1."""
    match term:
        case ("asin", part):
            u = _plain(part)
            return ("atan", ("/", u, ("sqrt", ("-", 1, ("^", u, 2)))))
        case (operator, *parts):
            return (operator, *map(_plain, parts))
    return term


def _guarded(term: Term) -> list[tuple[str, Term]]:
    """Return the parts that have values on some intervals only, `log`, `even` for log u² and the like, `sqrt`, `asin`.

    Raise `NotRead` at divisors, which may be 0.
    """
    match term:
        case ("log", ("^", base, int(power))) if power > 0:
            return [("log" if power % 2 else "even", base)]
        case ("log" | "sqrt" | "asin" as operator, inside):
            return [(str(operator), inside)]
        case ("/", _, divisor) if not isinstance(divisor, int):
            raise NotRead("an integrand with divisors that may be 0")
        case ("tan", _):
            raise NotRead("an integrand with divisors that may be 0")
        case ("^", _, int(power)) if power < 0:
            raise NotRead("an integrand with divisors that may be 0")
        case (_, *parts):
            return [found for part in parts for found in _guarded(part)]
    return []


def _where(guard: tuple[str, Term]) -> list[Interval]:
    """Return where a part has a value: roots and logs of a·x + b on one side of its zero, arc sines between two."""
    a, b = _linear(guard[1])
    if not a:
        raise NotRead("a root or a log of a number")
    if guard[0] == "asin":
        low, high = sorted(((-1 - b) / a, (1 - b) / a))
        return [(low, high)]
    zero = -b / a
    sides: list[Interval] = [(-inf, zero), (zero, inf)]
    return sides if guard[0] == "even" else [sides[a > 0]]


def _meet(some: list[Interval], others: list[Interval]) -> list[Interval]:
    met = [(max(a, c), min(b, d)) for a, b in some for c, d in others]
    return [(low, high) for low, high in met if low < high]


def _bounds(low: float | Fraction, high: float | Fraction) -> tuple[Term, ...]:
    """Return the conditions that x lies in an interval."""
    lower = (("<", number(low), "x"),) if isinstance(low, Fraction) else ()
    return (*lower, ("<", "x", number(high))) if isinstance(high, Fraction) else lower


def _linear(term: Term) -> tuple[Fraction, Fraction]:
    """Return a and b of a·x + b; raise `NotRead` where a term is not of this form."""
    match term:
        case "x":
            return Fraction(1), Fraction(0)
        case int() | Fraction():
            return Fraction(0), Fraction(term)
        case ("-", part):
            a, b = _linear(part)
            return -a, -b
        case ("+" | "-" as sign, left, right):
            (a, b), (c, d) = _linear(left), _linear(right)
            return (a + c, b + d) if sign == "+" else (a - c, b - d)
        case ("*", left, right):
            (a, b), (c, d) = _linear(left), _linear(right)
            if not a * c:
                return a * d + b * c, b * d
    raise NotRead("a root or a log of what is not linear")


READER = Reader("intermediate_integration", read, "antiderivative")
