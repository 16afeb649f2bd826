"""Exact real algebraic numbers, and rational enclosures of everything else.

An `Algebraic` is a polynomial in one algebraic number α, the one root of an integer polynomial in an interval; √d is
the root of x² − d. Its sign and its zero test are exact. Numbers of two different fields, and exp, log, sin, cos, tan
and atan, become a `Span` with rational ends, which can show ≠ and < but never =.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import inf, isqrt
from typing import Any, NamedTuple, TypeAlias

from synth_kernel import polynomial
from synth_kernel.polynomial import Bound, Number, Polynomial
from synth_kernel.terms import Term, number

Real: TypeAlias = "int | Fraction | Algebraic | Span"

PRECISION = 192  # binary digits after the point of an enclosure
MAX_BITS = 4096
MAX_DEGREE = 12  # of a root
MAX_ARGUMENT = 1024  # of exp, sin, cos


class Undefined(ArithmeticError):
    """The term has no value under this assignment."""


class Undecided(Exception):
    """The evaluator cannot tell: a value outside what it computes exactly, or a limit reached."""


class Field(NamedTuple):
    """Q(α) for the one root α of a squarefree integer polynomial in the open interval (low, high)."""

    modulus: tuple[int, ...]
    low: Number
    high: Number


GENERIC = Field((), 0, 0)  # Q(x) for a number x of which nothing is known: its elements are polynomials


@lru_cache(maxsize=1024)
def isolate(field: Field, digits: int) -> tuple[Number, Number]:
    """Bisect to a closed interval around α that is no longer than 2^-digits."""
    modulus, low, high = field
    if not modulus:
        raise Undecided("nothing is known of this number")
    below = polynomial.sign_above(modulus, low)
    while (high - low) * (1 << digits) > 1:
        middle = Fraction(low + high) / 2
        sign = polynomial.sign_at(modulus, middle)
        if not sign:
            return middle, middle
        low, high = (middle, high) if sign == below else (low, middle)
    return low, high


class _Number:
    """What every number that is not rational can do, given + and ×."""

    __add__: Any
    __mul__: Any

    def __radd__(self, other: Any) -> Any:
        return self + other

    def __rmul__(self, other: Any) -> Any:
        return self * other

    def __neg__(self) -> Any:
        return self * -1

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __pow__(self, exponent: int) -> Any:
        half = self ** (exponent // 2) if exponent > 1 else 1
        return half * half * self if exponent % 2 else half * half

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int | Fraction | Algebraic | Span) and compare(self, other) == 0

    def __lt__(self, other: Any) -> bool:
        return compare(self, other) < 0

    def __gt__(self, other: Any) -> bool:
        return compare(self, other) > 0


@dataclass(frozen=True, eq=False)
class Algebraic(_Number):
    """Σ cᵢ αⁱ, not constant as a polynomial.

    >>> golden = (1 + square_root(5)) * Fraction(1, 2)
    >>> golden * golden == golden + 1, golden < Fraction(1618034, 1000000)
    (True, True)
    """

    field: Field
    coefficients: Polynomial

    def within(self, other: Any) -> Polynomial | None:
        """Write another number in this field; None where it is not seen to lie there."""
        if isinstance(other, int | Fraction):
            return polynomial.trim([other])
        if not isinstance(other, Algebraic) or self.field.modulus != other.field.modulus:
            return None
        low, high = max(self.field.low, other.field.low), min(self.field.high, other.field.high)
        same = self.field == other.field or polynomial.count_roots(self.field.modulus, low, high) == 1
        return other.coefficients if same else None

    def _made(self, coefficients: Polynomial) -> Number | Algebraic:
        modulus = self.field.modulus
        reduced = polynomial.divide(coefficients, modulus)[1] if modulus else coefficients
        if polynomial.bits(reduced) > MAX_BITS:
            raise Undecided("a number grew too large")
        return Algebraic(self.field, reduced) if len(reduced) > 1 else number(reduced[0]) if reduced else 0

    def __add__(self, other: Any) -> Any:
        there = self.within(other)
        return enclose(self) + other if there is None else self._made(polynomial.add(self.coefficients, there))

    def __mul__(self, other: Any) -> Any:
        there = self.within(other)
        if there is None:
            return enclose(self) * other
        mine = self.coefficients
        if len(mine) + len(there) > polynomial.MAX_DEGREE + 2 or polynomial.bits(mine + there) > MAX_BITS // 2:
            raise Undecided("a number grew too large")
        return self._made(polynomial.multiply(mine, there))

    def is_zero(self) -> bool:
        """Decide whether the number is zero: whether α is a common root of the polynomial and the modulus."""
        shared = polynomial.common(self.coefficients, self.field.modulus)
        return len(shared) > 1 and polynomial.count_roots(shared, self.field.low, self.field.high) > 0


@dataclass(frozen=True, eq=False)
class Span(_Number):
    """A number from low to high, which may be infinite; `ends` says which ends it may be. Also the set of all such."""

    low: Bound = -inf
    high: Bound = inf
    ends: tuple[bool, bool] = (False, False)

    @property
    def empty(self) -> bool:
        """Whether there is no such number."""
        return self.low > self.high or (self.low == self.high and self.ends != (True, True))

    def meet(self, other: Span) -> Span:
        """Return what both have in common.

        >>> Span(0, 3, (True, True)).meet(Span(0, 5))
        Span(low=0, high=3, ends=(False, True))
        """
        low, open_low = max((self.low, not self.ends[0]), (other.low, not other.ends[0]))
        high, closed_high = min((self.high, self.ends[1]), (other.high, other.ends[1]))
        return Span(low, high, (not open_low, closed_high))

    def inside(self, other: Span) -> bool:
        """Say whether every number of this span is in the other."""
        both = self.meet(other)
        return (both.low, both.high, both.ends) == (self.low, self.high, self.ends)

    def __add__(self, other: Any) -> Any:
        ends = zip(_corners(self), _corners(enclose(other)), strict=True)
        return _hull([(x + y, has_x and has_y) for (x, has_x), (y, has_y) in ends])

    def __mul__(self, other: Any) -> Any:
        pairs = list(product(_corners(self), _corners(enclose(other))))
        reached = [(has_x and has_y) or (has_x and not x) or (has_y and not y) for (x, has_x), (y, has_y) in pairs]
        return _hull([(x * y if x and y else 0, has) for ((x, _), (y, _)), has in zip(pairs, reached, strict=True)])

    def inverse(self) -> Span:
        """Return 1/u for a number that is not zero."""
        if self.low < 0:
            return -(-self).inverse() if self.high <= 0 else Span()
        low, high = 1 / Fraction(self.high) if self.high < inf else 0, 1 / Fraction(self.low) if self.low else inf
        return Span(low, high, (self.ends[1], self.ends[0]))


def _corners(span: Span) -> list[tuple[Any, bool]]:
    return [(span.low, span.ends[0]), (span.high, span.ends[1])]


def _hull(corners: Sequence[tuple[Bound, bool]]) -> Span:
    """Return the span of corners (value, whether included); ends are rounded outward to what a float can hold."""
    found = []
    for side, end in ((-1, min(corners)[0]), (1, max(corners)[0])):
        included = (end, True) in corners
        if not isinstance(end, float) and polynomial.bits((end,)) > 512:
            exponent = end.numerator.bit_length() - end.denominator.bit_length() - 192
            unit = Fraction(2) ** exponent if abs(exponent + 192) < 1000 else 0  # finite × inf must not be 0 × inf
            limit = side * inf if (end > 0) == (side > 0) else 0
            end, included = (end // unit + (side > 0)) * unit if unit else limit, False
        found.append((end, included))
    return Span(found[0][0], found[1][0], (found[0][1], found[1][1]))


def enclose(value: Real, digits: int = PRECISION) -> Span:
    """Return bounds of a number, for an `Algebraic` from α to so many binary digits."""
    if isinstance(value, Span):
        return value
    if isinstance(value, Algebraic):
        low, high = isolate(value.field, digits)
        total = Span(0, 0, (True, True))
        for c in reversed(value.coefficients):
            total = total * Span(low, high, (True, True)) + c
        return total
    return _hull([(value, True)])


def compare(a: Any, b: Any) -> int:
    """Return the sign of a − b; raise Undecided where enclosures do not show it."""
    if isinstance(a, Algebraic) and (there := a.within(b)) is not None:
        a, b = a._made(polynomial.add(a.coefficients, there, -1)), 0
        if isinstance(a, Algebraic) and a.is_zero():
            return 0
    if isinstance(a, int | Fraction) and isinstance(b, int | Fraction):
        return (a > b) - (a < b)
    for digits in (16, 64, PRECISION):
        one, two = enclose(a, digits), enclose(b, digits)
        if one.high < two.low or one.low > two.high:
            return 1 if one.low > two.high else -1
    raise Undecided("two enclosures overlap")


def bits(value: Real) -> int:
    """Bound the size of a number in binary digits."""
    if isinstance(value, int | Fraction):
        return max(value.numerator.bit_length(), value.denominator.bit_length())
    return 0 if isinstance(value, Span) else polynomial.bits(value.coefficients)  # what is long in a span is rounded


def primes(whole: int) -> list[tuple[int, int]]:
    """Factor a positive integer by trial division up to 1000; what is left is taken for a prime, or for its square.

    >>> primes(360)
    [(2, 3), (3, 2), (5, 1)]
    """
    result, divisor = [], 2
    while divisor <= 1000 and divisor * divisor <= whole:
        exponent = 0
        while whole % divisor == 0:
            whole, exponent = whole // divisor, exponent + 1
        result += [(divisor, exponent)] if exponent else []
        divisor += 1
    root = isqrt(whole)
    return result if whole < 2 else [*result, (root, 2) if root * root == whole else (whole, 1)]


def square_root(value: Number) -> Number | Algebraic:
    """Return the exact square root of a positive rational.

    >>> square_root(Fraction(9, 4)), square_root(8) == 2 * square_root(2)
    (Fraction(3, 2), True)
    """
    outside, inside = Fraction(1, value.denominator), 1
    for prime, exponent in primes(value.numerator * value.denominator):
        outside, inside = outside * prime ** (exponent // 2), inside * prime ** (exponent % 2)
    below = isqrt(inside)
    return number(outside) if inside == 1 else Algebraic(Field((-inside, 0, 1), below, below + 1), (0, outside))


@lru_cache(maxsize=256)
def root(term: Term) -> Number | Algebraic:
    """Return the value of `(root (poly c0 … cn) low high)`, the one real root of Σ cᵢxⁱ in the open interval.

    >>> root(("root", ("poly", -2, 0, 0, 1), 1, 2)) ** 3
    2
    """
    match term:
        case ("root", ("poly", *parts), int() | Fraction() as low, int() | Fraction() as high):
            p = polynomial.trim([c for c in parts if type(c) is int])
            if 1 < len(p) == len(parts) <= MAX_DEGREE + 1 and polynomial.count_roots(p, low, high) == 1:
                modulus = polynomial.sturm_chain(polynomial.primitive(p))[0]
                return Algebraic(Field(modulus, low, high), ())._made((0, 1))
    raise Undecided("not one isolated root")


def quotient(a: Real, b: Real) -> Any:
    """Return a/b, at least one of which is not rational."""
    if isinstance(b, Algebraic):
        if b.is_zero():
            raise Undefined("division by zero")
        # Euclid: s·b + t·modulus = r, constant unless the modulus has a factor in common with b
        r, rest, s, t = b.field.modulus, b.coefficients, (), (1,)  # type: Polynomial, Polynomial, Polynomial, Polynomial
        while len(rest) > 1:
            factor, left = polynomial.divide(r, rest)
            r, rest, s, t = rest, left, t, polynomial.add(s, polynomial.multiply(factor, t), -1)
        if rest:
            return a * b._made(polynomial.multiply(t, (1 / Fraction(rest[0]),)))
    divisor = enclose(b)
    if divisor.low <= 0 <= divisor.high:
        raise Undecided("a divisor that may be zero")
    return a * divisor.inverse() if isinstance(b, Algebraic | Span) else a * (1 / Fraction(b))


# ---- functions ---------------------------------------------------------------------------------------------------


def function(name: str, value: Real) -> Any:
    """Return sqrt, exp, log, sin, cos, tan or atan of a number, exactly where that is rational or √.

    >>> function("exp", 0)
    1
    >>> e = function("exp", 1)
    >>> e.high - e.low < Fraction(1, 2**120), Fraction(2718281828, 10**9) < e < Fraction(2718281829, 10**9)
    (True, True)
    """
    if isinstance(value, int | Fraction):
        if value == (name == "log"):
            return int(name in ("exp", "cos"))
        if name == "sqrt" and value > 0:
            return square_root(value)
    if name == "tan":
        return quotient(function("sin", value), function("cos", value))
    if name in ("sqrt", "log") and compare(value, 0) < (name == "log"):  # the log of 0 has no value, its root has
        raise Undefined(f"{name} of a number that is too small")
    x = enclose(value)
    reach = max(-x.low, x.high)
    if name == "sqrt" and x.low >= 0 and reach < inf:
        roots = [isqrt(int(end * 4**PRECISION)) for end in (x.low, x.high)]
        return Span(Fraction(roots[0], 2**PRECISION), Fraction(roots[1] + 1, 2**PRECISION))
    # log and atan: a guess g in floating point, and a series of what is left, which need not trust the guess
    if name == "log" and x.low > 0:
        low = Fraction(x.low)
        guess = _short(math.log(low.numerator) - math.log(low.denominator))
        left = quotient(x, function("exp", guess)) - 1
        return _series((1, -1, 1, -1), left, lambda k: k + 1) * left + guess
    if name == "atan":
        guess = max(Fraction(-3, 2), min(Fraction(3, 2), _short(math.atan(max(-1000, min(1000, x.low))))))  # |g| < π/2
        tangent = function("tan", guess)
        if (divisor := x * tangent + 1) > 0:
            return _series((0, 1, 0, -1), quotient(x - tangent, divisor), lambda k: k or 1) + guess
    if name in ("exp", "sin", "cos") and reach <= MAX_ARGUMENT:
        halvings = int(reach).bit_length() + 8
        part = x * Fraction(1, 1 << halvings)
        if name == "exp":
            return _series((1, 1, 1, 1), part, math.factorial) ** (1 << halvings)
        sine, cosine = _series((0, 1, 0, -1), part, math.factorial), _series((1, 0, -1, 0), part, math.factorial)
        for _ in range(halvings):
            sine, cosine = sine * cosine * 2, cosine * cosine * 2 - 1
        return sine if name == "sin" else cosine
    raise Undecided(f"{name} of a number out of reach")


def _short(guess: float) -> Fraction:
    return Fraction(round(guess * 2**24), 2**24)


def _series(signs: Sequence[int], x: Any, divisor: Callable[[int], int]) -> Any:
    """Sum ±xᵏ/divisor(k), where |x| ≤ 1/4, divisors are at least 1 and the signs repeat; the tail is < 4/3·2⁻¹⁹²."""
    if max(-x.low, x.high) > Fraction(1, 4):
        raise Undecided("a number known too coarsely")
    tiny, k = Fraction(1, 2**PRECISION), 0
    total, power = Span(-2 * tiny, 2 * tiny), enclose(1)
    while max(-power.low, power.high) > tiny:
        if signs[k % 4]:
            total += power * Fraction(signs[k % 4], divisor(k))
        power, k = power * x, k + 1
    return total
