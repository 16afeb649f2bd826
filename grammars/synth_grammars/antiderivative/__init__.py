"""Antiderivatives, planted from pairs of a function and an antiderivative that a textbook lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, defined, infix, simplify
from synth_kernel.terms import Term, number, size

TRIES = 40
Pair = tuple[Term, Term]  # a function and an antiderivative


class Antiderivative(Family):
    """A question is a linear combination of functions with known antiderivatives; the level names the functions."""

    domain = "calculus"
    kind = "compute"
    summary = "antiderivatives of elementary functions on a domain"
    levels = {  # noqa: RUF012
        1: {"terms": (3, 4), "factor": 12, "from": ("power", "basic", "power")},
        2: {"terms": (2, 3), "factor": 12, "from": ("linear", "linear", "basic", "power")},
        3: {"terms": (2, 3), "factor": 9, "from": ("parts", "inside", "linear")},
        4: {"terms": (2, 3), "factor": 9, "from": ("parts", "inside", "fractions", "squares", "roots")},
        5: {"terms": (3, 4), "factor": 9, "from": ("waves", "twice", "fractions", "squares", "roots", "inside")},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        for _ in range(TRIES):
            asked: Term = 0
            found: Term = 0
            kinds = [rng.choice(level["from"]) for _ in range(rng.randint(*level["terms"]))]
            if kinds.count("fractions") > 1:
                continue
            for kind in kinds:
                f, antiderivative = SOURCES[kind](rng)
                factor = rng.randint(1, level["factor"]) * rng.choice((1, 1, -1))
                asked, found = ("+", asked, ("*", factor, f)), ("+", found, _times(factor, antiderivative))
            asked, found = simplify(asked), simplify(found)
            if size(asked) < 4 or size(asked) > 120:
                continue
            domain = _domain(asked, found, rng)
            if domain is not None:
                return Proposal(f"integrate {domain}: {infix(asked)}", found)
        return None

    def solution(self, theory: Theory, answer: Term) -> str:
        return infix(answer)


def _domain(asked: Term, found: Term, rng: Random) -> str | None:
    """Choose a domain on which both are defined, the widest that is shown."""
    terms = [asked, ("D", found, "x")]
    if defined(terms, "x"):
        return "x"
    for low in (0, *rng.sample((-4, -3, -2, -1), 4), *range(1, 10)):
        if defined(terms, "x", [("<", low, "x")]):
            return f"x > {low}"
    for high in (0, 1, -1, 3, -3, -6):
        if defined(terms, "x", [("<", "x", high)]):
            return f"x < {high}"
    for low, high in ((-1, 1), (0, 1), (1, 2), (-1, 0), (0, 3)):
        if defined(terms, "x", [("<", low, "x"), ("<", "x", high)]):
            return f"{low} < x < {high}"
    return None


# ---- sources: a function with an antiderivative --------------------------------------------------------------------


def _over(above: Term, below: int | Fraction) -> Term:
    return ("*", number(1 / Fraction(below)), above)


def _times(factor: int | Fraction, term: Term) -> Term:
    """Multiply out: a sum term by term."""
    match term:
        case ("+" | "-", _, _, *_):
            return (term[0], *[_times(factor, part) for part in term[1:]])
        case ("*", int() | Fraction() as first, ("+" | "-", _, _, *_) as rest):
            return _times(factor * first, rest)
    return ("*", number(factor), term)


def _power(rng: Random) -> Pair:
    n = rng.randint(0, 8)
    return ("^", "x", n) if n else 1, _over(("^", "x", n + 1), n + 1)


def _basic(rng: Random) -> Pair:
    n = rng.randint(2, 5)
    return rng.choice((
        (("sin", "x"), ("-", ("cos", "x"))),
        (("cos", "x"), ("sin", "x")),
        (("exp", "x"), ("exp", "x")),
        (("/", 1, "x"), ("log", "x")),
        (("/", 1, ("^", "x", n)), _over(("/", 1, ("^", "x", n - 1)), 1 - n)),
        (("sqrt", "x"), _over(("*", "x", ("sqrt", "x")), Fraction(3, 2))),
        (("/", 1, ("sqrt", "x")), ("*", 2, ("sqrt", "x"))),
        (("/", 1, ("+", ("^", "x", 2), 1)), ("atan", "x")),
    ))  # fmt: skip


def _line(rng: Random) -> tuple[int, Term]:
    slope = rng.choice((2, 3, 4, 5, 6, 7, -1, -2, -3))
    if slope < 0:
        shift = rng.randint(1, 9)
        return slope, simplify(("-", shift, ("*", -slope, "x")))
    return slope, simplify(("+", ("*", slope, "x"), rng.choice((0, *range(-6, 10)))))


def _linear(rng: Random) -> Pair:
    a, u = _line(rng)
    n, r = rng.randint(2, 6), rng.randint(2, 5)
    f, antiderivative = rng.choice((
        (("sin", u), ("-", ("cos", u))),
        (("cos", u), ("sin", u)),
        (("exp", u), ("exp", u)),
        (("/", 1, u), ("log", u)),
        (("^", u, n), _over(("^", u, n + 1), n + 1)),
        (("/", 1, ("^", u, n)), _over(("/", 1, ("^", u, n - 1)), 1 - n)),
        (("sqrt", u), _over(("*", u, ("sqrt", u)), Fraction(3, 2))),
        (("/", 1, ("sqrt", u)), ("*", 2, ("sqrt", u))),
        (("/", 1, ("+", ("^", u, 2), r * r)), _over(("atan", ("/", u, r)), r)),
    ))  # fmt: skip
    return f, _over(antiderivative, a)


def _parts(rng: Random) -> Pair:
    """x·g(ax): integration by parts, once."""
    a, n, b = rng.choice((1, 1, 2, 3, 4, 5)), rng.randint(1, 4), rng.choice((1, 2, 3, -1, -2))
    u: Term = ("*", a, "x")
    e: Term = ("exp", ("*", b, "x"))
    return rng.choice((
        (("*", "x", e), ("*", ("+", ("*", Fraction(1, b), "x"), Fraction(-1, b * b)), e)),
        (("*", "x", ("sin", u)), ("+", ("*", Fraction(-1, a), "x", ("cos", u)), _over(("sin", u), a * a))),
        (("*", "x", ("cos", u)), ("+", ("*", Fraction(1, a), "x", ("sin", u)), _over(("cos", u), a * a))),
        (
            ("*", ("^", "x", n), ("log", "x")),
            ("+", _over(("*", ("^", "x", n + 1), ("log", "x")), n + 1), _over(("^", "x", n + 1), -((n + 1) ** 2))),
        ),
        (("log", "x"), ("+", ("*", "x", ("log", "x")), ("-", "x"))),
        (("atan", "x"), ("+", ("*", "x", ("atan", "x")), _over(("log", ("+", ("^", "x", 2), 1)), -2))),
    ))  # fmt: skip


def _twice(rng: Random) -> Pair:
    """x²·g(ax): integration by parts, twice."""
    a, b = rng.choice((1, 2, 3)), rng.choice((1, 2, 3, -1, -2))
    u: Term = ("*", a, "x")
    e: Term = ("exp", ("*", b, "x"))
    square: Term = ("^", "x", 2)
    quadratic = ("+", ("*", Fraction(1, b), square), ("*", Fraction(-2, b * b), "x"), Fraction(2, b**3))
    rest = ("+", square, Fraction(-2, a * a))
    sine, cosine = ("sin", u), ("cos", u)
    inner = ("*", Fraction(2, a * a), "x")
    return rng.choice((
        (("*", square, e), ("*", quadratic, e)),
        (("*", square, sine), ("+", ("*", Fraction(-1, a), rest, cosine), (*inner, sine))),
        (("*", square, cosine), ("+", ("*", Fraction(1, a), rest, sine), (*inner, cosine))),
        (
            ("^", ("log", "x"), 2),
            ("+", ("*", "x", ("^", ("log", "x"), 2)), ("*", -2, "x", ("log", "x")), ("*", 2, "x")),
        ),
    ))  # fmt: skip


def _inside(rng: Random) -> Pair:
    """g′(u)·u′: substitution."""
    c, k, n = rng.randint(1, 9), rng.randint(2, 4), rng.randint(2, 5)
    sign = rng.choice((-1, 1))
    u, slope, times = rng.choice((
        (("+", ("^", "x", k), c), ("^", "x", k - 1), k),
        (("+", ("^", "x", 2), ("*", 2 * sign, "x"), c + 1), ("+", "x", sign), 2),
        (("+", ("sin", "x"), c + 1), ("cos", "x"), 1),
        (("+", ("exp", "x"), c), ("exp", "x"), 1),
        (("+", ("cos", "x"), c + 1), ("sin", "x"), -1),
    ))  # fmt: skip
    f, antiderivative = _substituted(u, slope, n, rng)
    return f, _over(antiderivative, times)


def _substituted(u: Term, slope: Term, n: int, rng: Random) -> Pair:
    """g(u) times the slope of u, as if that were u′."""
    return rng.choice((
        (("*", slope, ("exp", u)), ("exp", u)),
        (("*", slope, ("cos", u)), ("sin", u)),
        (("*", slope, ("sin", u)), ("-", ("cos", u))),
        (("/", slope, u), ("log", u)),
        (("*", slope, ("^", u, n)), _over(("^", u, n + 1), n + 1)),
        (("/", slope, ("^", u, n)), _over(("/", 1, ("^", u, n - 1)), 1 - n)),
        (("*", slope, ("sqrt", u)), _over(("*", u, ("sqrt", u)), Fraction(3, 2))),
        (("/", slope, ("sqrt", u)), ("*", 2, ("sqrt", u))),
    ))  # fmt: skip


def _waves(rng: Random) -> Pair:
    """exp(ax)·sin(bx): by parts until it comes back."""
    a, b = rng.choice((1, 2, 3, -1, -2)), rng.randint(1, 5)
    e: Term = ("exp", ("*", a, "x"))
    sine, cosine = ("sin", ("*", b, "x")), ("cos", ("*", b, "x"))
    if rng.random() < 0.5:
        inner: Term = ("-", ("*", a, sine), ("*", b, cosine))
        return ("*", e, sine), _over(("*", e, inner), a * a + b * b)
    inner = ("+", ("*", a, cosine), ("*", b, sine))
    return ("*", e, cosine), _over(("*", e, inner), a * a + b * b)


def _fractions(rng: Random) -> Pair:
    """(px + q)/((x + a)(x + b)): partial fractions; the denominator multiplied out or not."""
    a, b = rng.sample(range(-4, 6), 2)
    one, other = rng.choice((1, 2, 3, 4, -1, -2)), rng.choice((1, 2, 3, -1, -2))
    above = ("+", ("*", one + other, "x"), one * b + other * a)
    below: Term = ("*", ("+", "x", a), ("+", "x", b))
    if rng.random() < 0.6:
        below = ("+", ("^", "x", 2), ("*", a + b, "x"), a * b)
    return ("/", above, below), ("+", ("*", one, ("log", ("+", "x", a))), ("*", other, ("log", ("+", "x", b))))


def _squares(rng: Random) -> Pair:
    """Squares and products of sine and cosine."""
    a = rng.randint(1, 4)  # so that the double angle is one that the kernel expands
    u: Term = ("*", a, "x")
    double: Term = ("sin", ("*", 2 * a, "x"))
    n = rng.randint(2, 5)
    return rng.choice((
        (("^", ("sin", u), 2), ("-", _over("x", 2), _over(double, 4 * a))),
        (("^", ("cos", u), 2), ("+", _over("x", 2), _over(double, 4 * a))),
        (("*", ("sin", u), ("cos", u)), _over(("^", ("sin", u), 2), 2 * a)),
        (("*", ("^", ("sin", u), n), ("cos", u)), _over(("^", ("sin", u), n + 1), a * (n + 1))),
        (("*", ("^", ("cos", u), n), ("sin", u)), _over(("^", ("cos", u), n + 1), -a * (n + 1))),
        (("^", ("sin", u), 3), ("+", _over(("^", ("cos", u), 3), 3 * a), _over(("cos", u), -a))),
    ))  # fmt: skip


def _roots(rng: Random) -> Pair:
    """Quotients that lead to a logarithm, an arc tangent or a root."""
    c, r = rng.randint(1, 9), rng.randint(1, 4)
    square: Term = ("^", "x", 2)
    p, q = rng.choice((1, 2, 3, 4, -2)), rng.choice((1, 2, 3, 5, -1, -3))
    both = ("+", _over(("log", ("+", square, r * r)), Fraction(2, p)), _over(("atan", ("/", "x", r)), Fraction(r, q)))
    return rng.choice((
        (("/", ("+", ("*", p, "x"), q), ("+", square, r * r)), both),
        (("/", "x", ("sqrt", ("+", square, c))), ("sqrt", ("+", square, c))),
        (("/", square, ("+", square, r * r)), ("-", "x", ("*", r, ("atan", ("/", "x", r))))),
        (("/", 1, ("*", "x", ("^", ("log", "x"), 2))), ("-", ("/", 1, ("log", "x")))),
        (("/", ("log", "x"), "x"), _over(("^", ("log", "x"), 2), 2)),
    ))  # fmt: skip


SOURCES: dict[str, Callable[[Random], Pair]] = {
    "power": _power, "basic": _basic, "linear": _linear, "parts": _parts, "twice": _twice, "inside": _inside,
    "waves": _waves, "fractions": _fractions, "squares": _squares, "roots": _roots,
}  # fmt: skip
