"""All real roots of a polynomial equation: exact where they are rational or quadratic, else isolated in an interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import gcd, lcm
from random import Random
from typing import Any

from synth.family import Family, Move, Proposal, Theory, infix, polynomial_term
from synth_kernel.terms import Term, number

NAMES = ("x", "y", "z", "t", "u", "v", "w", "a", "b", "m", "p", "r")

Coefficients = tuple[int, ...]  # of 1, x, x², …


class PolynomialRoots(Family):
    """The roots are planted as factors, the equation is written in one of several ways.

    `shapes` lists the degrees of the factors: 1 has a rational root, 2 a pair of quadratic surds or none, 3 and more is
    whatever comes.
    """

    domain = "algebra"
    kind = "all"
    summary = "real roots of polynomial equations"
    method = "factoring"
    levels = {  # noqa: RUF012
        1: {"shapes": [(1,), (1, 1)], "size": 12, "lead": 6},
        2: {"shapes": [(1, 1), (2,), (2,)], "size": 12, "lead": 4},
        3: {"shapes": [(1, 1, 1), (1, 2), (1, 2), (3,)], "size": 7, "lead": 3},
        4: {"shapes": [(1, 1, 2), (2, 2), (1, 3), (2, 2), (4,)], "size": 6, "lead": 2},
        5: {"shapes": [(1, 2, 2), (1, 1, 3), (2, 3), (1, 4), (5,), (1, 1, 1, 2)], "size": 5, "lead": 2},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        name = rng.choice(NAMES)
        factors = [_factor(degree, level, rng) for degree in rng.choice(level["shapes"])]
        if len(factors) > 1 and rng.random() < 0.1:
            factors = [*factors[:-1], factors[0]] if len(factors[0]) == len(factors[-1]) else factors  # a double root
        plain = (len(_product(factors)) - 1 > 2 and rng.random() < 0.3) or rng.random() < 0.05
        left, right = rng.choice(PLAIN if plain else MIXED)(factors, name, rng)
        if rng.random() < 0.15:
            left, right = right, left
        return Proposal(f"solve {name}: {infix(left)} = {infix(right)}")

    def solution(self, theory: Theory, answer: Term) -> str:
        name = next(iter(theory.declared))
        assert isinstance(answer, tuple)
        return ", ".join(f"{name} {_shown(value)}" for value in answer[1:]) or "no real roots"

    def sentence(self, move: Move) -> str:
        return infix(move.goal)


def _shown(value: Term) -> str:
    """Write a root as the answer states it: an exact value over one denominator, or an interval."""
    match value:
        case ("root", _, low, high):
            return f"in ({infix(low)}, {infix(high)})"
        case ("+" | "-" as sign, int() | Fraction() as centre, ("*", int() | Fraction() as factor, root)):
            below = lcm(centre.denominator, factor.denominator)
            multiple = number(factor * below)
            above: Term = (sign, number(centre * below), root if multiple == 1 else ("*", multiple, root))
            return f"= {infix(above if below == 1 else ('/', above, below))}"
        case ("+" | "-" as sign, Fraction() as centre, root):
            multiplied: Term = ("*", centre.denominator, root)
            return f"= {infix(('/', (sign, centre.numerator, multiplied), centre.denominator))}"
    return f"= {infix(value)}"


# ---- polynomials ---------------------------------------------------------------------------------------------------


def _factor(degree: int, level: Mapping[str, Any], rng: Random) -> Coefficients:
    """Draw a factor: linear ones and quadratic ones irreducible over Q, larger ones as they come."""
    size, lead = level["size"], level["lead"]
    while True:
        first = rng.choice([1, 1, 1, *range(1, lead + 1)])
        rest = [rng.randint(-size, size) for _ in range(degree)]
        if degree > 2:
            rest[1:-1] = [c if rng.random() < 0.6 else 0 for c in rest[1:-1]]
        factor = (*rest, first)
        if not rest[0] and (degree > 1 or rng.random() < 0.8):
            continue
        if gcd(*factor) > 1:
            continue
        if degree == 2:
            discriminant = rest[1] ** 2 - 4 * first * rest[0]
            if (discriminant >= 0 and _is_square(discriminant)) or (discriminant < 0 and rng.random() < 0.6):
                continue
        return factor


def _is_square(value: int) -> bool:
    return any(root * root == value for root in range(int(value**0.5), int(value**0.5) + 2))


def _product(factors: Iterable[Coefficients]) -> Coefficients:
    result: Coefficients = (1,)
    for factor in factors:
        total = [0] * (len(result) + len(factor) - 1)
        for i, a in enumerate(result):
            for j, b in enumerate(factor):
                total[i + j] += a * b
        result = tuple(total)
    return result


def _sum(p: Coefficients, q: Coefficients, sign: int = 1) -> Coefficients:
    length = max(len(p), len(q))
    return tuple((p[i] if i < len(p) else 0) + sign * (q[i] if i < len(q) else 0) for i in range(length))


# ---- presentations: factors -> the two sides of an equation --------------------------------------------------------


def _expanded(factors: list[Coefficients], name: str, rng: Random) -> tuple[Term, Term]:
    return polynomial_term(_product(factors), name), 0


def _constant_right(factors: list[Coefficients], name: str, rng: Random) -> tuple[Term, Term]:
    p = _product(factors)
    return polynomial_term((0, *p[1:]), name), -p[0]


def _both_sides(factors: list[Coefficients], name: str, rng: Random) -> tuple[Term, Term]:
    p = _product(factors)
    if len(p) == 2:
        return _distributed(p, name, rng)
    shift = tuple(rng.randint(-9, 9) for _ in range(rng.randint(2, len(p))))
    left = _sum(p, shift)
    return (
        (polynomial_term(left, name), polynomial_term(shift, name)) if any(left[1:]) else _expanded(factors, name, rng)
    )


def _distributed(p: Coefficients, name: str, rng: Random) -> tuple[Term, Term]:
    """Write a linear equation with parentheses: a·(bx + c) + d on the left, what is missing on the right."""
    a, b = rng.choice((-6, -5, -4, -3, -2, 2, 3, 4, 5, 6, 7, 8)), rng.randint(1, 5)
    inside = (rng.choice((-1, 1)) * rng.randint(1, 9), b)
    more = rng.choice((0, *range(-12, 13)))
    multiple = rng.choice((-3, -2, -1, 1, 2, 3))
    rest = _sum((a * inside[0] + more, a * b), tuple(multiple * c for c in p), -1)
    left: Term = ("*", abs(a), polynomial_term(inside, name))
    left = left if a > 0 else ("-", left)
    left = ("+" if more > 0 else "-", left, abs(more)) if more else left
    return left, polynomial_term(rest, name)


def _moved(factors: list[Coefficients], name: str, rng: Random) -> tuple[Term, Term]:
    """Put some of the terms on the right."""
    p = _product(factors)
    if len(p) < 4:
        return _both_sides(factors, name, rng)
    kept = [i == len(p) - 1 or rng.random() < 0.5 for i in range(len(p))]
    left = tuple(c if keep else 0 for c, keep in zip(p, kept, strict=True))
    return polynomial_term(left, name), polynomial_term(
        [0 if keep else -c for c, keep in zip(p, kept, strict=True)], name
    )


def _fractional(factors: list[Coefficients], name: str, rng: Random) -> tuple[Term, Term]:
    divisor = rng.choice((2, 3, 4, 5, 6, 10, 12))
    return polynomial_term([Fraction(c, divisor) for c in _product(factors)], name), 0


def _partly_factored(factors: list[Coefficients], name: str, rng: Random) -> tuple[Term, Term]:
    """Leave one factor outside, so that the rest still has to be solved."""
    first, *rest = rng.sample(factors, len(factors))
    if len(first) + len(rest) < 3:
        return _both_sides(factors, name, rng)
    other = _product(rest)
    shift = (rng.randint(-9, 9),) if rng.random() < 0.2 else (rng.randint(-9, 9), rng.choice((-3, -2, -1, 1, 2, 3)))
    outside = polynomial_term(first, name)
    if rng.random() < 0.2:
        return _times(outside, polynomial_term(other, name)), 0
    inside = _sum(other, shift)
    if not any(inside[1:]) or not any(shift):
        return _times(outside, polynomial_term(other, name)), 0
    return _times(outside, polynomial_term(inside, name)), _times(polynomial_term(shift, name), outside)


def _almost_factored(factors: list[Coefficients], name: str, rng: Random) -> tuple[Term, Term]:
    """Write f·g + (p − f·g) = 0 for a product f·g near p: it looks solved and is not."""
    p = _product(factors)
    if len(factors) == 1 or len(p) < 3:
        return _both_sides(factors, name, rng)
    one, two = _product(factors[:1]), _product(factors[1:])
    shifted = (one[0] + rng.choice((-3, -2, -1, 1, 2, 3)), *one[1:])
    return _times(polynomial_term(shifted, name), polynomial_term(two, name)), polynomial_term(
        _sum(_product([shifted, two]), p, -1), name
    )


def _square_completed(factors: list[Coefficients], name: str, rng: Random) -> tuple[Term, Term]:
    """Write a power of a linear term on the left and what is missing on the right."""
    p = _product(factors)
    degree = len(p) - 1
    if degree < 2 or p[-1] != 1:
        return _both_sides(factors, name, rng)
    shift = (rng.choice((-3, -2, -1, 1, 2, 3)), 1)
    rest = _sum(_product([shift] * degree), p, -1)
    return ("^", polynomial_term(shift, name), degree), polynomial_term(rest, name)


PLAIN = (_expanded, _constant_right, _fractional)
MIXED = (
    _both_sides, _both_sides, _both_sides, _moved, _partly_factored, _partly_factored, _almost_factored,
    _square_completed,
)  # fmt: skip


def _times(a: Term, b: Term) -> Term:
    if b == 1:
        return a
    if isinstance(a, int) and a == 1:
        return b
    return ("*", a, b)
