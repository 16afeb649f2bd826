"""Antiderivatives. The question states no domain: an answer is checked wherever the integrand has a value."""

from __future__ import annotations

from fractions import Fraction

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


def read(row: Row) -> list[Asked]:
    """One problem for each interval on which the integrand has a value; roots and logs of linear terms end them."""
    f = expression(matched(_QUESTION, row.question)[1], ["x"], FUNCTIONS)
    answer, plus, constant = row.label().rpartition("+")
    if not plus or constant.strip() != "C":
        raise NotRead("an answer without + C")
    label = Is(expression(answer, ["x"], FUNCTIONS))
    return [
        Asked(Theory((("x", "Real"),), (), (), domain, ("compute", ("I", f, "x"))), label) for domain in _domains(f)
    ]


def _domains(f: Term) -> list[tuple[Term, ...]]:
    """Return the intervals on which f has a value, as conditions on x."""
    ends = {}  # zero of what stands under a root or in a log -> the sides of it that count
    for inside, even in _guarded(f):
        slope, offset = _linear(inside)
        if not slope:
            raise NotRead("a root or a log of a number")
        sides = {"<", ">"} if even else {">" if slope > 0 else "<"}
        ends[-offset / slope] = ends.get(-offset / slope, sides) & sides
    if not ends:
        return [()]
    if len(ends) > 1:
        raise NotRead("an integrand with several ends of its domain")
    ((end, sides),) = ends.items()
    return [((side, "x", number(end)),) for side in sorted(sides)]


def _guarded(term: Term) -> list[tuple[Term, bool]]:
    """Return what has to be positive, or where `even` only not 0; raise `NotRead` at other partial functions."""
    match term:
        case ("log", ("^", base, int(power))) if power > 0:
            return [(base, power % 2 == 0)]
        case (("log" | "sqrt"), inside):
            return [(inside, False)]
        case ("tan" | "/", *_) if term[0] == "tan" or not isinstance(term[2], int):
            raise NotRead("an integrand with divisors that may be 0")
        case ("^", _, int(power)) if power < 0:
            raise NotRead("an integrand with divisors that may be 0")
        case (_, *parts):
            return [found for part in parts for found in _guarded(part)]
    return []


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
