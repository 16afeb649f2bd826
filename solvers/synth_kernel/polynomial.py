"""Dense univariate polynomials over Q, and the number of their real roots by Sturm's theorem.

A polynomial is a tuple of exact numbers, constant term first, without trailing zeros; `()` is zero. The theorem:
Sturm 1829; Basu, Pollack, Roy, *Algorithms in Real Algebraic Geometry*, section 2.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise, zip_longest
from math import gcd as integer_gcd
from math import inf, lcm
from typing import TypeAlias

from synth_kernel.terms import Term, write

Number: TypeAlias = int | Fraction
Bound: TypeAlias = int | Fraction | float  # a float is ±inf
Polynomial: TypeAlias = tuple[Number, ...]

MAX_DEGREE = 32
MAX_BITS = 4096  # of a coefficient
MAX_WORK = 16_384  # degree × bits of a polynomial whose roots are counted


class PolynomialError(ValueError):
    """A term is no polynomial over Q in the unknown, or is too large."""


def bits(p: Sequence[Number]) -> int:
    """Return the binary digits of the longest numerator or denominator."""
    return max([max(c.numerator.bit_length(), c.denominator.bit_length()) for c in p], default=0)


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
    return trim([a + factor * b for a, b in zip_longest(p, q, fillvalue=0)])


def multiply(p: Polynomial, q: Polynomial) -> Polynomial:
    """Return p·q.

    >>> multiply((1, 1), (-1, 1))
    (-1, 0, 1)
    """
    result: list[Number] = [0] * (len(p) + len(q))
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            result[i + j] += a * b
    return trim(result)


def derivative(p: Polynomial) -> Polynomial:
    """Return p′."""
    return tuple(i * c for i, c in enumerate(p))[1:]


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
    return trim(quotient), trim(rest)


def primitive(p: Polynomial) -> tuple[int, ...]:
    """Scale a polynomial by a positive rational to coprime integers, so that every sign stays.

    >>> primitive((Fraction(1, 2), -1))
    (1, -2)
    """
    scale = lcm(*[c.denominator for c in p])
    whole = [int(c * scale) for c in p]
    content = integer_gcd(*whole) or 1
    return tuple([c // content for c in whole])


def common(p: Polynomial, q: Polynomial) -> tuple[int, ...]:
    """Return a greatest common divisor of p and q, primitive.

    >>> common((-1, 0, 1), (1, 2, 1))
    (1, 1)
    """
    a, b = primitive(p), primitive(q)
    while b:
        a, b = b, primitive(divide(a, b)[1])
    return a if not a or a[-1] > 0 else tuple([-c for c in a])


@lru_cache(maxsize=256)
def sturm_chain(p: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the Sturm chain of the squarefree part of a polynomial; raise PolynomialError if it is zero or large."""
    if not p or len(p) * bits(p) > MAX_WORK or len(p) > MAX_DEGREE + 1:
        raise PolynomialError("the roots of zero, or of a polynomial this large, are not counted")
    chain, rest = [p], primitive(derivative(p))
    while rest:
        chain.append(rest)
        rest = tuple([-c for c in primitive(divide(chain[-2], rest)[1])])
    return tuple(chain) if len(chain[-1]) == 1 else sturm_chain(primitive(divide(p, chain[-1])[0]))


def sign_at(p: tuple[int, ...], x: Number) -> int:
    """Return the sign of p(x), by Horner's rule on integers."""
    above, below, total, scale = x.numerator, x.denominator, 0, 1
    for coefficient in reversed(p):
        total = total * above + coefficient * scale
        scale *= below
    return (total > 0) - (total < 0)


def sign_above(p: Polynomial, x: Number) -> int:
    """Return the sign that p ≠ 0 has just above x: that of its first derivative that is not zero at x."""
    whole = primitive(p)
    while not sign_at(whole, x):
        whole = primitive(derivative(whole))
    return sign_at(whole, x)


def clipped(p: Polynomial, low: Bound, high: Bound) -> tuple[Number, Number]:
    """Replace infinite ends by numbers beyond all roots of p ≠ 0 (Cauchy's bound)."""
    reach = 2 + int(max([abs(c / Fraction(p[-1])) for c in p]))
    first, last = max(low, min(-reach, high - 1)), min(high, max(reach, low + 1))
    assert not isinstance(first, float) and not isinstance(last, float)
    return first, last


def count_roots(p: Polynomial, low: Bound = -inf, high: Bound = inf, ends: tuple[bool, bool] = (False, False)) -> int:
    """Count the distinct real roots of p ≠ 0 from low to high; `ends` says which ends are included.

    >>> count_roots((0, -1, 0, 1)), count_roots((0, -1, 0, 1), 0, 1), count_roots((0, -1, 0, 1), 0, 1, (True, False))
    (3, 0, 1)
    """
    chain = sturm_chain(primitive(p))
    low, high = clipped(chain[0], low, high)
    if low >= high:
        return int(low == high and ends == (True, True) and not sign_at(chain[0], low))
    signs = [[sign for each in chain if (sign := sign_at(each, x))] for x in (low, high)]
    below, above = [sum(a != b for a, b in pairwise(each)) for each in signs]  # their difference: in (low, high]
    at_low, at_high = [not sign_at(chain[0], x) for x in (low, high)]
    return below - above + (at_low and ends[0]) - (at_high and not ends[1])


def odd_part(p: Polynomial) -> Polynomial:
    """Return a squarefree polynomial whose roots are the roots of p of odd multiplicity, where p changes sign.

    >>> odd_part((0, 0, -1, 1))
    (Fraction(-1, 1), Fraction(1, 1))
    """
    if len(p) < 2:
        return (1,)
    repeated = common(p, derivative(p))  # each multiplicity is one less, so what is odd there is even in p
    return divide(divide(p, repeated)[0], odd_part(repeated))[0]


def from_term(term: Term, unknown: Term) -> Polynomial:
    """Expand a term to a polynomial in an unknown (or in a subterm that stands for one); raise PolynomialError if none.

    >>> from_term(("*", ("+", "x", 1), ("-", "x", 1)), "x")
    (-1, 0, 1)
    """
    from synth_kernel.evaluate import evaluate  # evaluate computes with numbers, and numbers with polynomials
    from synth_kernel.numbers import GENERIC, Algebraic

    generic = Algebraic(GENERIC, (0, 1))
    try:
        found = generic.within(evaluate(_replaced(term, unknown), {"?": generic}))
    except Exception:  # whatever has no value at a point of which nothing is known
        found = None
    if found is None:
        raise PolynomialError(f"no polynomial over Q, or one that is too large: {write(term)[:40]}")
    return found


def _replaced(term: Term, unknown: Term) -> Term:
    if term == unknown:
        return "?"  # which no text can contain
    return (term[0], *[_replaced(part, unknown) for part in term[1:]]) if isinstance(term, tuple) else term
