"""A second opinion on calculus from sympy, and antiderivatives. The only file that knows sympy; it is not trusted.

Terms are built node by node through sympy's API; no text is parsed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from inspect import CO_GENERATOR
from types import FrameType
from typing import Any

import sympy

from synth_kernel.terms import Term, number

_FUNCTIONS = {name: getattr(sympy, name) for name in ("sqrt", "exp", "log", "sin", "cos", "tan", "atan")}
_NAMES = {sympy.exp: "exp", sympy.log: "log", sympy.sin: "sin", sympy.cos: "cos", sympy.tan: "tan", sympy.atan: "atan"}
_POINTS = (Fraction(1, 3), Fraction(17, 7), Fraction(-5, 4), Fraction(31, 5), Fraction(-43, 11))
MAX_CALLS = 3_000_000  # of functions, in one search for an antiderivative: some seconds


class Unsupported(ValueError):
    """A term or an expression that the other side does not know."""


def to_sympy(term: Term) -> Any:
    """Return a term as a sympy expression over real symbols.

    >>> to_sympy(("+", ("^", "x", 2), Fraction(1, 2)))
    x**2 + 1/2
    """
    if isinstance(term, int | Fraction):
        return sympy.Rational(term.numerator, term.denominator)
    if isinstance(term, str):
        return sympy.Symbol(term, real=True)
    operator, *rest = term
    if operator == "D":
        return sympy.diff(to_sympy(rest[0]), to_sympy(rest[1]))
    parts = [to_sympy(part) for part in rest]
    match operator:
        case "+":
            return sympy.Add(*parts)
        case "*":
            return sympy.Mul(*parts)
        case "-":
            return -parts[0] if len(parts) == 1 else parts[0] - parts[1]
        case "/":
            return parts[0] / parts[1]
        case "^":
            return parts[0] ** parts[1]
    if operator in _FUNCTIONS:
        return _FUNCTIONS[str(operator)](parts[0])
    raise Unsupported(f"no sympy form of {operator}")


def from_sympy(expression: Any) -> Term:
    """Return a sympy expression as a term; raise Unsupported where it uses anything else.

    >>> from_sympy(sympy.exp(sympy.Symbol("x")) / 2)
    ('*', Fraction(1, 2), ('exp', 'x'))
    """
    if expression.is_Rational:
        return number(Fraction(int(expression.p), int(expression.q)))
    if expression.is_Symbol:
        return str(expression.name)
    if expression is sympy.E:
        return ("exp", 1)
    parts = list(expression.args)
    if expression.is_Add or expression.is_Mul:
        return ("+" if expression.is_Add else "*", *[from_sympy(part) for part in parts])
    if expression.is_Pow:
        base, exponent = parts
        if exponent.is_Integer:
            return ("^", from_sympy(base), int(exponent))
        if exponent.is_Rational and exponent.q == 2:
            root: Term = ("sqrt", from_sympy(base))
            return root if exponent.p == 1 else ("^", root, int(exponent.p))
        if base is sympy.E:
            return ("exp", from_sympy(exponent))
    name = _NAMES.get(expression.func)
    if name is None:
        raise Unsupported(f"no term for {expression.func}")
    return (name, from_sympy(parts[0]))


def agrees(f: Term, g: Term, unknown: str) -> bool | None:
    """Say whether sympy finds f = g, finds them different at a point, or (None) neither.

    >>> agrees(("sin", ("*", 2, "x")), ("*", 2, ("sin", "x"), ("cos", "x")), "x"), agrees("x", ("+", "x", 1), "x")
    (True, False)
    """
    try:
        difference = to_sympy(f) - to_sympy(g)
        symbol = sympy.Symbol(unknown, real=True)
        for point in _POINTS:
            value = difference.subs(symbol, sympy.Rational(point.numerator, point.denominator)).evalf(30)
            if value.is_Float and abs(value) > sympy.Float("1e-20"):
                return False
        return True if sympy.simplify(difference) == 0 else None
    except (Unsupported, TypeError, ValueError, ArithmeticError, NotImplementedError, RecursionError):
        return None


class WorkError(BaseException):
    """The work is spent. No `Exception`, for sympy catches those and goes on."""


def _may_raise(frame: FrameType) -> bool:
    """Say whether an exception that a call begins with gets to its caller.

    Not out of a generator, which may be called to be closed, nor below what the garbage collector calls: Python drops
    it there with a warning. And sympy's own functions are enough.
    """
    above: FrameType | None = frame
    while above is not None:
        if above.f_code.co_name == "__del__" or above.f_globals.get("__name__") in ("weakref", "_weakrefset"):
            return False
        above = above.f_back
    inside = str(frame.f_globals.get("__name__", "")).startswith("sympy.")
    return inside and not frame.f_code.co_flags & CO_GENERATOR


@contextmanager
def bounded(calls: int) -> Iterator[None]:
    """Raise `WorkError` in a block after so many calls of functions, which do not depend on the machine as time does.

    sympy's caches are emptied, so that they do not depend on what was asked before either.
    """
    left, before = calls, sys.getprofile()

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal left
        left -= event == "call" or event == "c_call"
        if left < 0 and event == "call" and _may_raise(frame):
            raise WorkError

    sympy.core.cache.clear_cache()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)


def antiderivative(term: Term, unknown: str, calls: int = MAX_CALLS) -> Term | None:
    """Return an antiderivative that sympy finds in so many calls, None where it finds none in our functions.

    >>> antiderivative(("*", 2, "x"), "x"), antiderivative(("*", 2, "x"), "x", calls=100)
    (('^', 'x', 2), None)
    """
    try:
        with bounded(calls):
            return from_sympy(sympy.integrate(to_sympy(term), sympy.Symbol(unknown, real=True)))
    except (Unsupported, TypeError, ValueError, ArithmeticError, NotImplementedError, RecursionError, WorkError):
        return None
