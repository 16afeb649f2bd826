"""Dense univariate polynomials over Q, and the number of their real roots by Sturm's theorem.

A polynomial is a tuple of exact numbers, constant term first, without trailing zeros; `()` is zero. The theorem:
Sturm 1829; Basu, Pollack, Roy, *Algorithms in Real Algebraic Geometry*, section 2.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import gcd as integer_gcd
from math import lcm
from typing import TypeAlias

from synth_kernel.terms import Term, write

Number: TypeAlias = int | Fraction
Polynomial: TypeAlias = tuple[Number, ...]

MAX_DEGREE = 32
MAX_BITS = 4096  # of a coefficient
MAX_WORK = 16_384  # degree × bits of a polynomial whose roots are counted


class PolynomialError(ValueError):
    """A term is no polynomial over Q in the unknown, or is too large."""


def trim(coefficients: Sequence[Number]) -> Polynomial:
    """Drop zero leading coefficients."""
    end = len(coefficients)
    while end and not coefficients[end - 1]:
        end -= 1
    return tuple(coefficients[:end])


def add(p: Polynomial, q: Polynomial, factor: Number = 1) -> Polynomial:
    """Return p + factor·q.

    >>> add((1, 2), (0, 2), -1)
    (1,)
    """
    longer = max(len(p), len(q))
    left, right = p + (0,) * (longer - len(p)), q + (0,) * (longer - len(q))
    return trim([a + factor * b for a, b in zip(left, right, strict=True)])


def multiply(p: Polynomial, q: Polynomial) -> Polynomial:
    """Return p·q.

    >>> multiply((1, 1), (-1, 1))
    (-1, 0, 1)
    """
    result: list[Number] = [0] * (len(p) + len(q) - 1) if p and q else []
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            result[i + j] += a * b
    return trim(result)


def derivative(p: Polynomial) -> Polynomial:
    """Return p′."""
    return tuple(i * c for i, c in enumerate(p))[1:]


def value_at(p: Polynomial, x: Number) -> Number:
    """Return p(x), by Horner's rule."""
    total: Number = 0
    for coefficient in reversed(p):
        total = total * x + coefficient
    return total


def divide(p: Polynomial, q: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Return quotient and remainder of p by a nonzero q.

    >>> divide((-1, 0, 2), (-1, 1))
    ((Fraction(2, 1), Fraction(2, 1)), (Fraction(1, 1),))
    """
    rest, quotient = list(p), [Fraction(0)] * max(0, len(p) - len(q) + 1)
    for shift in range(len(p) - len(q), -1, -1):
        factor = quotient[shift] = Fraction(rest[shift + len(q) - 1]) / q[-1]
        if factor:
            for i, b in enumerate(q):
                rest[shift + i] -= factor * b
    return trim(quotient), trim(rest[: len(q) - 1] if len(p) >= len(q) else rest)


def primitive(p: Polynomial) -> tuple[int, ...]:
    """Scale a polynomial by a positive rational to coprime integers, so that every sign stays.

    >>> primitive((Fraction(1, 2), -1))
    (1, -2)
    """
    scale = lcm(*[c.denominator for c in p])
    whole = [int(c * scale) for c in p]
    content = integer_gcd(*whole) or 1
    return tuple([c // content for c in whole])


def remainder(p: tuple[int, ...], q: tuple[int, ...]) -> tuple[int, ...]:
    """Return the primitive part of a positive multiple of p mod q."""
    lead, rest = q[-1], list(p)
    while len(rest) >= len(q):
        top = rest[-1] if lead > 0 else -rest[-1]
        shift = len(rest) - len(q)
        if lead not in (1, -1):
            rest = [abs(lead) * c for c in rest]
        for i, b in enumerate(q):
            rest[shift + i] -= top * b
        while rest and not rest[-1]:
            rest.pop()
    return primitive(tuple(rest))


def common(p: Polynomial, q: Polynomial) -> tuple[int, ...]:
    """Return a greatest common divisor of p and q, primitive.

    >>> common((-1, 0, 1), (1, 2, 1))
    (1, 1)
    """
    a, b = primitive(p), primitive(q)
    while b:
        a, b = b, remainder(a, b)
    return a if not a or a[-1] > 0 else tuple([-c for c in a])


@lru_cache(maxsize=256)
def sturm_chain(p: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the Sturm chain of the squarefree part of a polynomial; raise PolynomialError if it is zero or large."""
    if not p or len(p) * max(c.bit_length() for c in p) > MAX_WORK or len(p) > MAX_DEGREE + 1:
        raise PolynomialError("the roots of zero, or of a polynomial this large, are not counted")
    chain = [p]
    rest = primitive(derivative(p))
    while rest:
        chain.append(rest)
        rest = tuple([-c for c in remainder(chain[-2], chain[-1])])
    if len(chain[-1]) > 1:
        return sturm_chain(primitive(divide(p, chain[-1])[0]))
    return tuple(chain)


def sign_at(p: tuple[int, ...], x: Number) -> int:
    """Return the sign of p(x), by Horner's rule on integers."""
    above, below, total, scale = x.numerator, x.denominator, 0, 1
    for coefficient in reversed(p):
        total = total * above + coefficient * scale
        scale *= below
    return (total > 0) - (total < 0)


def _variations(chain: tuple[tuple[int, ...], ...], x: Number | None, end: int) -> int:
    """Count the sign changes of the chain at x, or at infinity (`end` = ±1) where x is None."""
    if x is None:
        signs = [1 if (p[-1] > 0) == (end > 0 or len(p) % 2 == 1) else -1 for p in chain]
    else:
        signs = [sign for p in chain if (sign := sign_at(p, x))]
    return sum(a != b for a, b in pairwise(signs))


def count_roots(
    p: Polynomial, low: Number | None = None, high: Number | None = None, ends: tuple[bool, bool] = (False, False)
) -> int:
    """Count the distinct real roots of p ≠ 0 from low to high (None: infinite); `ends` says which ends are included.

    >>> count_roots((0, -1, 0, 1)), count_roots((0, -1, 0, 1), 0, 1), count_roots((0, -1, 0, 1), 0, 1, (True, False))
    (3, 0, 1)
    """
    whole = primitive(p)
    if not whole:
        raise PolynomialError("zero has infinitely many roots")
    if low is not None and high is not None and low >= high:
        return int(low == high and ends == (True, True) and not sign_at(whole, low))
    if len(whole) == 1:
        return 0
    chain = sturm_chain(whole)
    count = _variations(chain, low, -1) - _variations(chain, high, 1)  # the roots in (low, high]
    if high is not None and not ends[1]:
        count -= not sign_at(chain[0], high)
    if low is not None and ends[0]:
        count += not sign_at(chain[0], low)
    return count


def odd_part(p: Polynomial) -> Polynomial:
    """Return a squarefree polynomial whose roots are the roots of p of odd multiplicity, where p changes sign.

    >>> odd_part((0, 0, -1, 1))
    (Fraction(-1, 1), Fraction(1, 1))
    """
    result: Polynomial = (1,)
    multiple = primitive(p)  # in turn p/Π(factors up to multiplicity k), as in Yun's algorithm
    rest = common(multiple, derivative(multiple))
    at_least = divide(multiple, rest)[0]
    odd = True
    while len(at_least) > 1:
        deeper = common(rest, derivative(rest)) if len(rest) > 1 else (1,)
        next_at_least = divide(rest, deeper)[0]
        if odd:
            result = multiply(result, divide(at_least, next_at_least)[0])
        at_least, rest, odd = next_at_least, deeper, not odd
    return result


def from_term(term: Term, unknown: Term) -> Polynomial:
    """Expand a term to a polynomial in an unknown (or in a subterm that stands for one); raise PolynomialError if none.

    >>> from_term(("*", ("+", "x", 1), ("-", "x", 1)), "x")
    (-1, 0, 1)
    """
    if term == unknown:
        return (0, 1)
    if type(term) is int or isinstance(term, Fraction):
        return (term,) if term else ()
    match term:
        case ("+", first, *others):
            result = from_term(first, unknown)
            for other in others:
                result = add(result, from_term(other, unknown))
                if _bits(result) > MAX_BITS:
                    raise PolynomialError("a coefficient grows too large")
        case ("-", part):
            result = add((), from_term(part, unknown), -1)
        case ("-", first, other):
            result = add(from_term(first, unknown), from_term(other, unknown), -1)
        case ("*", first, *others):
            result = from_term(first, unknown)
            for other in others:
                result = _bounded_product(result, from_term(other, unknown))
        case ("/", first, other):
            divisor = from_term(other, unknown)
            if len(divisor) != 1:
                raise PolynomialError(f"division by {write(other)[:40]}")
            result = multiply(from_term(first, unknown), (1 / Fraction(divisor[0]),))
        case ("^", base, int(exponent)) if 0 <= exponent <= MAX_DEGREE:
            part, result = from_term(base, unknown), (1,)
            for _ in range(exponent):
                result = _bounded_product(result, part)
        case _:
            raise PolynomialError(f"no polynomial over Q: {write(term)[:40]}")
    return result


def _bounded_product(p: Polynomial, q: Polynomial) -> Polynomial:
    if len(p) + len(q) > MAX_DEGREE + 2 or _bits(p) + _bits(q) > MAX_BITS:
        raise PolynomialError("the degree or a coefficient grows too large")
    return multiply(p, q)


def _bits(p: Polynomial) -> int:
    return max([max(c.numerator.bit_length(), c.denominator.bit_length()) for c in p], default=0)
