"""Derivatives by the rules of a textbook, on a domain on which the function is shown to be differentiable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from synth.family import Family, Move, Proposal, Theory, defined, differentiate, infix, simplify
from synth_kernel.terms import Term, size

TRIES = 100
FUNCTIONS = ("sin", "cos", "exp", "log", "sqrt", "tan", "atan")


class Derivative(Family):
    """Functions are sums, products, quotients and compositions of few parts; the level says how deeply they nest."""

    domain = "calculus"
    kind = "compute"
    summary = "derivatives of elementary functions on a domain"
    method = "differentiation"
    levels = {  # noqa: RUF012
        1: {"depth": 1, "terms": (3, 4), "steps": (4, 12), "size": 60, "rules": {"basic": 1}},
        2: {"depth": 1, "terms": (2, 2), "steps": (5, 10), "size": 60, "rules": {"chain": 4, "product": 1}},
        3: {
            "depth": 2,
            "terms": (1, 2),
            "steps": (6, 12),
            "size": 80,
            "rules": {"chain": 2, "product": 3, "quotient": 2},
        },
        4: {
            "depth": 2,
            "terms": (2, 2),
            "steps": (9, 16),
            "size": 110,
            "rules": {"chain": 3, "product": 3, "quotient": 2, "nested": 2},
        },
        5: {
            "depth": 3,
            "terms": (1, 3),
            "steps": (12, 18),
            "size": 130,
            "rules": {"chain": 2, "product": 4, "quotient": 2, "nested": 3},
        },
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        for _ in range(TRIES):
            f = simplify(_total([_part(level, level["depth"], rng) for _ in range(rng.randint(*level["terms"]))], rng))
            answer, steps = differentiate(f, "x")
            if not level["steps"][0] <= len(steps) <= level["steps"][1] or not 2 <= size(answer) <= level["size"]:
                continue
            domain = _domain([("D", f, "x"), answer], rng)
            if domain is not None:
                return Proposal(f"differentiate {domain}: {infix(f)}")
        return None

    def solution(self, theory: Theory, answer: Term) -> str:
        return infix(answer)

    def sentence(self, move: Move) -> str:
        match move.goal:
            case ("identity", ("D", part, _), result):
                return f"d/dx ({infix(part)}) = {infix(result)}"
        raise ValueError(f"not a step of differentiation: {move}")


def _domain(terms: Sequence[Term], rng: Random) -> str | None:
    """Choose a domain on which the terms are defined: all reals where possible, else a half-line, else an interval."""
    if defined(terms, "x"):
        return "x"
    for low in (0, *rng.sample((-5, -4, -3, -2, -1), 5), *range(1, 7)):
        if defined(terms, "x", [("<", low, "x")]):
            return f"x > {low}"
    for high in (0, 1, -1, 3, -3):
        if defined(terms, "x", [("<", "x", high)]):
            return f"x < {high}"
    for low, high in ((-1, 1), (0, 1), (0, 3), (-3, -1), (1, 2)):
        if defined(terms, "x", [("<", low, "x"), ("<", "x", high)]):
            return f"{low} < x < {high}"
    return None


# ---- terms ---------------------------------------------------------------------------------------------------------


def _total(parts: Sequence[Term], rng: Random) -> Term:
    result: Term = 0
    for part in parts:
        result = ("+" if rng.random() < 0.6 or result == 0 else "-", result, part)
    return ("+", result, rng.randint(1, 12)) if len(parts) > 1 and rng.random() < 0.15 else result


def _part(level: Mapping[str, Any], depth: int, rng: Random) -> Term:
    """Draw one summand by a rule of the level."""
    rules = level["rules"]
    (rule,) = rng.choices(list(rules), list(rules.values()))
    factor = rng.choice((1, 1, *range(2, 10)))
    return ("*", factor, _ruled(rule, level, depth, rng))


def _ruled(rule: str, level: Mapping[str, Any], depth: int, rng: Random) -> Term:
    match rule:
        case "basic":
            return _basic(rng)
        case "chain":
            return _outer(_inner(depth, rng), rng)
        case "product":
            return ("*", _basic(rng), _factor(depth, rng))
        case "quotient":
            above = rng.choice((_basic(rng), _linear(rng), _factor(depth, rng)))
            return ("/", above, _divisor(rng))
    return _outer(_outer(_inner(depth - 1, rng), rng), rng)


def _basic(rng: Random) -> Term:
    """Draw a power or a function of x itself."""
    if rng.random() < 0.45:
        return ("^", "x", rng.randint(2, 7)) if rng.random() < 0.8 else ("/", 1, ("^", "x", rng.randint(1, 4)))
    return (rng.choice(FUNCTIONS[:5]), "x")


def _factor(depth: int, rng: Random) -> Term:
    if depth < 2:
        return (
            (rng.choice(FUNCTIONS[:5]), "x")
            if rng.random() < 0.5
            else ("+", ("^", "x", rng.randint(1, 4)), rng.randint(1, 9))
        )
    if depth == 2 or rng.random() < 0.4:
        return _outer(_inner(1, rng), rng)
    return ("*", _outer(_inner(1, rng), rng), _outer(_inner(1, rng), rng))


def _outer(inner: Term, rng: Random) -> Term:
    """Apply a function or a power."""
    powered = isinstance(inner, tuple) and inner[0] in ("^", "sqrt")
    if rng.random() < 0.3 and not powered:
        return ("^", inner, rng.randint(2, 6))
    if powered:
        return (rng.choice(("sin", "cos", "exp", "atan")), inner)
    return (rng.choices(FUNCTIONS, (4, 4, 4, 3, 3, 1, 1))[0], inner)


def _inner(depth: int, rng: Random) -> Term:
    """Draw what a function is applied to."""
    if depth < 2 and rng.random() < 0.75:
        return _linear(rng)
    match rng.randrange(4):
        case 0:
            return ("+", ("*", rng.randint(1, 5), ("^", "x", rng.randint(2, 4))), rng.randint(1, 9))
        case 1:
            return ("+", ("+", ("^", "x", 2), ("*", rng.randint(-5, 5), "x")), rng.randint(1, 9))
        case 2:
            return ("+", (rng.choice(("sin", "cos")), "x"), rng.randint(1, 5))
    return ("+", ("exp", ("*", rng.choice((1, 1, 2, 3)), "x")), rng.randint(1, 9))


def _linear(rng: Random) -> Term:
    slope = rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -2, -3))
    if slope < 0:
        return ("-", rng.randint(1, 9), ("*", -slope, "x"))
    return ("+", ("*", slope, "x"), rng.choice((0, 0, *range(-5, 10))))


def _divisor(rng: Random) -> Term:
    """Draw a divisor, most often one without zeros."""
    match rng.randrange(5):
        case 0:
            return ("+", ("^", "x", 2), rng.randint(1, 9))
        case 1:
            return ("+", ("+", ("^", "x", 2), ("*", rng.choice((-2, -1, 1, 2)), "x")), rng.randint(2, 9))
        case 2:
            return ("+", (rng.choice(("sin", "cos")), "x"), rng.randint(2, 6))
        case 3:
            return ("+", ("exp", "x"), rng.randint(1, 6))
    return _linear(rng)
