"""Definite integrals with an exact value: an antiderivative on the whole interval, and its values at the ends.

That is the fundamental theorem of calculus as a certificate; that the antiderivative is one, and that nothing lacks a
value between the ends or at them, is decided by normal forms and by signs (Sturm's theorem).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, defined, infix, simplify
from synth_kernel.terms import Term, number, size

TRIES = 40
HALVES = 0.1  # how often the ends are halves


class DefiniteIntegral(Family):
    """A question is a linear combination of functions that a first course integrates; the level names them."""

    domain = "calculus"
    kind = "compute"
    summary = "definite integrals of elementary functions"
    levels = {  # noqa: RUF012
        1: {"terms": (2, 4), "factor": 12, "from": ("power",), "ends": 3},
        2: {"terms": (2, 3), "factor": 12, "from": ("basic", "power"), "ends": 3},
        3: {"terms": (2, 3), "factor": 9, "from": ("linear", "basic"), "ends": 3},
        4: {"terms": (2, 3), "factor": 9, "from": ("parts", "linear"), "ends": 3},
        5: {"terms": (3, 4), "factor": 9, "from": ("parts", "linear", "parts"), "ends": 3},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        for _ in range(TRIES):
            asked: Term = 0
            for _ in range(rng.randint(*level["terms"])):
                f = SOURCES[rng.choice(level["from"])](rng)
                asked = ("+", asked, ("*", rng.randint(1, level["factor"]) * rng.choice((1, 1, -1)), f))
            asked = simplify(asked)
            low = number(rng.randint(-level["ends"], level["ends"]) + Fraction(rng.random() < HALVES, 2))
            high = low + rng.randint(1, 3)
            if size(asked) < 4:
                continue
            if defined([asked, *_rooted(asked)], "x", [("<=", low, "x"), ("<=", "x", high)]):
                return Proposal(f"integrate x from {infix(low)} to {infix(high)}: {infix(asked)}")
        return None

    def solution(self, theory: Theory, answer: Term) -> str:
        return infix(simplify(_tidied(answer)))


def _rooted(term: Term) -> list[Term]:
    """List what must not be zero at an end either: an antiderivative of a root is not differentiable there."""
    if not isinstance(term, tuple):
        return []
    found: list[Term] = [("/", 1, term)] if term[0] == "sqrt" else []
    return found + [each for part in term[1:] for each in _rooted(part)]


def _tidied(term: Term) -> Term:
    """Write pi/4 for atan(1), and no function of a negative number where one of a positive says the same."""
    match term:
        case ("atan", 1):
            return ("/", "pi", 4)
        case ("cos", ("-", u)):
            return ("cos", u)
        case ("sin" | "atan" as odd, ("-", u)):
            return ("-", _tidied((odd, u)))
        case (_, *parts):
            return (term[0], *map(_tidied, parts))
    return term


def _power(rng: Random) -> Term:
    n = rng.randint(0, 6)
    return ("^", "x", n) if n else 1


def _basic(rng: Random) -> Term:
    n = rng.randint(2, 4)
    return rng.choice((
        ("sin", "x"), ("cos", "x"), ("exp", "x"), ("/", 1, "x"), ("/", 1, ("^", "x", n)), ("sqrt", "x"),
        ("/", 1, ("sqrt", "x")), ("/", 1, ("+", ("^", "x", 2), 1)),
    ))  # fmt: skip


def _linear(rng: Random) -> Term:
    u = simplify(("+", ("*", rng.choice((1, 2, 3, 4, 5, -1, -2)), "x"), rng.randint(-6, 9)))
    n, r = rng.randint(2, 4), rng.randint(1, 4)
    return rng.choice((
        ("sin", u), ("cos", u), ("exp", u), ("/", 1, u), ("^", u, n), ("/", 1, ("^", u, n)), ("sqrt", u),
        ("/", 1, ("sqrt", u)), ("/", 1, ("+", ("^", "x", 2), r * r)),
    ))  # fmt: skip


def _parts(rng: Random) -> Term:
    a, n = rng.choice((1, 1, 2, 3, -1)), rng.randint(1, 3)
    u: Term = "x" if a == 1 else ("*", a, "x") if a > 0 else ("-", "x")
    factor: Term = "x" if n == 1 else ("^", "x", min(n, 2))
    return rng.choice((
        ("*", factor, ("exp", u)), ("*", factor, ("sin", u)), ("*", factor, ("cos", u)),
        ("*", ("^", "x", n), ("log", "x")), ("log", "x"),
    ))  # fmt: skip


SOURCES: dict[str, Callable[[Random], Term]] = {"power": _power, "basic": _basic, "linear": _linear, "parts": _parts}
