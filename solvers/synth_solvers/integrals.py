"""Antiderivatives by the table and by parts: what a first course integrates. Untrusted; the kernel checks each.

Sums, multiples, polynomials, functions of a linear argument, and a polynomial times exp, sin, cos or log.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from synth_kernel.evaluate import evaluate
from synth_kernel.polynomial import from_term
from synth_kernel.terms import Term, number, symbols


def integral(f: Term, x: str, at: int | Fraction | None = None) -> Term | None:
    """Return an antiderivative of a term, None where no rule fits; logarithms are of what is positive at a point.

    >>> integral(("*", 3, ("sin", ("*", 2, "x"))), "x")
    ('*', 3, ('*', Fraction(-1, 2), ('cos', ('*', 2, 'x'))))
    """
    if x not in symbols(f):
        return ("*", f, x)
    coefficients = _coefficients(f, x)
    if coefficients is not None:
        powers: list[Term] = [("*", number(Fraction(c) / (k + 1)), ("^", x, k + 1)) for k, c in enumerate(coefficients)]
        return ("+", *powers)
    match f:
        case ("+" | "-" as operator, *parts):
            found = [each for part in parts if (each := integral(part, x, at)) is not None]
            return (operator, *found) if len(found) == len(parts) else None
        case ("*", first, second):
            for constant, other in ((first, second), (second, first)):
                if x not in symbols(constant):
                    inner = integral(other, x, at)
                    return None if inner is None else ("*", constant, inner)
            return _by_parts(first, second, x) or _by_parts(second, first, x)
        case ("/", above, below) if x not in symbols(below):
            inner = integral(above, x, at)
            return None if inner is None else ("/", inner, below)
        case ("/", above, below) if x not in symbols(above):
            inner = _reciprocal(below, x, at)
            return None if inner is None else ("*", above, inner)
        case ("log", u) if u == x:
            return ("-", ("*", x, f), x)
        case (str(name), u):
            return _of_line(name, u, x)
    return None


def _coefficients(f: Term, x: str) -> tuple[int | Fraction, ...] | None:
    try:
        return tuple(from_term(f, x))
    except ValueError:
        return None


def _slope(u: Term, x: str) -> Fraction | None:
    """Return the slope of a linear term that is not constant."""
    coefficients = _coefficients(u, x)
    return Fraction(coefficients[1]) if coefficients is not None and len(coefficients) == 2 else None


def _of_line(name: str, u: Term, x: str) -> Term | None:
    slope = _slope(u, x)
    table: dict[str, Term] = {
        "exp": ("exp", u),
        "sin": ("cos", u),
        "cos": ("sin", u),
        "sqrt": ("*", Fraction(2, 3), ("*", u, ("sqrt", u))),
    }
    if slope is None or name not in table:
        return None
    return ("*", number((-1 if name == "sin" else 1) / slope), table[name])


def _reciprocal(below: Term, x: str, at: int | Fraction | None) -> Term | None:
    """Integrate 1 over a linear term, its power or root, or u² + r²."""
    match below:
        case ("^", u, int(n)) if n > 1 and (slope := _slope(u, x)) is not None:
            return ("/", number(-1 / (slope * (n - 1))), ("^", u, n - 1))
        case ("sqrt", u) if (slope := _slope(u, x)) is not None:
            return ("*", number(2 / slope), below)
        case ("+", ("^", u, 2), int(r)) if r > 0 and isqrt(r) ** 2 == r and (slope := _slope(u, x)) is not None:
            return ("*", number(1 / (slope * isqrt(r))), ("atan", ("/", u, isqrt(r))))
    slope = _slope(below, x)
    if slope is None:
        return None
    negative = at is not None and evaluate(below, {x: at}) < 0
    return ("*", number(1 / slope), ("log", ("-", below) if negative else below))


def _by_parts(p: Term, g: Term, x: str) -> Term | None:
    """Integrate a polynomial times exp, sin or cos of a line, or times log x."""
    coefficients = _coefficients(p, x)
    if coefficients is None or not isinstance(g, tuple):
        return None
    if g == ("log", x):
        whole: Term = integral(p, x) or 0
        rest: list[Term] = [
            ("*", number(Fraction(c) / (k + 1) ** 2), ("^", x, k + 1)) for k, c in enumerate(coefficients)
        ]
        return ("-", ("*", whole, g), ("+", *rest))
    if g[0] not in ("exp", "sin", "cos"):
        return None
    inner = _of_line(str(g[0]), g[1], x)
    if inner is None or len(coefficients) == 1:
        return None if inner is None else ("*", coefficients[0], inner)
    falling = [k * c for k, c in enumerate(coefficients)][1:]
    slope: Term = ("+", *[("*", number(Fraction(c)), ("^", x, k)) for k, c in enumerate(falling)])
    assert isinstance(inner, tuple)
    rest_of_it = _by_parts(slope, inner[2], x)
    return None if rest_of_it is None else ("-", ("*", p, inner), ("*", inner[1], rest_of_it))
