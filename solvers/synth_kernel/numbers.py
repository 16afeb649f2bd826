"""Exact real algebraic numbers, and rational enclosures of everything else.

An `Algebraic` is a polynomial in one algebraic number α, the one root of an integer polynomial in an interval; √d is
the root of x² − d. Its sign and its zero test are exact. Numbers of two different fields, and exp, log, sin, cos, tan
and atan, become an `Interval` with ends in 2⁻¹⁹² Z, which can show ≠ and < but never =.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import Any, TypeAlias

from synth_kernel import polynomial
from synth_kernel.polynomial import Number, Polynomial
from synth_kernel.terms import Term, number

Real: TypeAlias = "int | Fraction | Algebraic | Interval"

PRECISION = 192  # binary digits after the point of an enclosure
ONE = 1 << PRECISION
MAX_BITS = 4096
MAX_DEGREE = 12  # of a root
MAX_ARGUMENT = 1024 << PRECISION  # of exp, sin, cos


def _undecided(why: str) -> Exception:
    from synth_kernel.evaluate import Undecided  # evaluate imports this module

    return Undecided(why)


class Field:
    """Q(α) for the one root α of a squarefree integer polynomial in the open interval (low, high)."""

    def __init__(self, modulus: tuple[int, ...], low: Number, high: Number, radicand: int = 0) -> None:
        self.modulus, self.low, self.high = modulus, Fraction(low), Fraction(high)
        self.radicand = radicand  # d where α = √d for a d that is no square, else 0
        slope = polynomial.primitive(polynomial.derivative(modulus))  # its sign counts where low is another root
        self.sign_below = polynomial.sign_at(modulus, low) or polynomial.sign_at(slope, low)

    def same(self, other: Field) -> bool:
        """Say whether both are given by the same root of the same polynomial."""
        if self is other:
            return True
        low, high = max(self.low, other.low), min(self.high, other.high)
        return self.modulus == other.modulus and low < high and polynomial.count_roots(self.modulus, low, high) == 1

    def narrow(self, bits: int) -> None:
        """Bisect until the interval is shorter than 2^-bits."""
        if self.radicand and self.high - self.low == 1:
            below = isqrt(self.radicand << 2 * bits)
            self.low, self.high = Fraction(below, 1 << bits), Fraction(below + 1, 1 << bits)
        width = Fraction(1, 1 << bits)
        while self.high - self.low > width:
            middle = (self.low + self.high) / 2
            sign = polynomial.sign_at(self.modulus, middle)
            if not sign:
                quarter = (self.high - self.low) / 4  # α is rational: keep it inside an open interval
                self.low, self.high = middle - quarter, middle + quarter
                self.sign_below = polynomial.sign_at(self.modulus, self.low)
            elif sign == self.sign_below:
                self.low = middle
            else:
                self.high = middle


@dataclass(frozen=True, eq=False)
class Algebraic:
    """Σ cᵢ αⁱ, not constant as a polynomial.

    >>> golden = (1 + square_root(5)) / 2
    >>> golden * golden == golden + 1, golden < Fraction(1618034, 1000000)
    (True, True)
    """

    field: Field
    coefficients: Polynomial

    def __hash__(self) -> int:
        return 0  # equal numbers may be written in different fields

    def _in(self, other: Real) -> Polynomial | None:
        """Write another number in this field; None where it is not seen to lie there."""
        if isinstance(other, int | Fraction):
            return (other,) if other else ()
        if not isinstance(other, Algebraic):
            return None
        if self.field.same(other.field):
            return other.coefficients
        mine, theirs = self.field.radicand, other.field.radicand
        root = isqrt(mine * theirs)
        if root and root * root == mine * theirs:  # √d′ = √(d d′)/d · √d
            return (other.coefficients[0], other.coefficients[1] * Fraction(root, mine))
        return None

    def _made(self, coefficients: Polynomial) -> Number | Algebraic:
        if len(coefficients) >= len(self.field.modulus):
            coefficients = polynomial.divide(coefficients, self.field.modulus)[1]
        if len(coefficients) < 2:
            return number(coefficients[0]) if coefficients else 0
        result = Algebraic(self.field, coefficients)
        if bits(result) > MAX_BITS:
            raise _undecided("a number grew too large")
        return result

    def __add__(self, other: Real) -> Real:
        there = self._in(other)
        return enclose(self) + other if there is None else self._made(polynomial.add(self.coefficients, there))

    def __mul__(self, other: Real) -> Real:
        there = self._in(other)
        return enclose(self) * other if there is None else self._made(polynomial.multiply(self.coefficients, there))

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Real:
        return self * -1

    def __sub__(self, other: Real) -> Real:
        return self + -other

    def __rsub__(self, other: Real) -> Real:
        return -self + other

    def __truediv__(self, other: Number) -> Real:
        return self * (1 / Fraction(other))

    def __pow__(self, exponent: int) -> Real:
        result: Real = 1
        for _ in range(exponent):
            result = result * self
        return result

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int | Fraction | Algebraic):
            return False
        there = self._in(other)
        if there is not None:
            difference = self._made(polynomial.add(self.coefficients, there, -1))
            return not sign(difference)
        assert isinstance(other, Algebraic)
        if self.field.radicand and other.field.radicand:
            return False  # irrational numbers of two different quadratic fields
        if apart(self, other):
            return False
        raise _undecided("two algebraic numbers of different fields look equal")

    def __lt__(self, other: Real) -> bool:
        there = self._in(other)
        if there is not None:
            return sign(self._made(polynomial.add(self.coefficients, there, -1))) < 0
        return interval_less(self, other, None)

    def __gt__(self, other: Real) -> bool:
        there = self._in(other)
        if there is not None:
            return sign(self._made(polynomial.add(self.coefficients, there, -1))) > 0
        return interval_less(other, self, None)


def sign(value: Number | Algebraic) -> int:
    """Return the exact sign of a number."""
    if not isinstance(value, Algebraic):
        return (value > 0) - (value < 0)
    field, p = value.field, value.coefficients
    if field.radicand:  # a + b√d, never zero: compare a² with b²d
        a, b = p
        larger = b if a * a < b * b * field.radicand else a
        return 1 if larger > 0 else -1
    shared = polynomial.common(p, field.modulus)
    if len(shared) > 1 and polynomial.count_roots(shared, field.low, field.high):
        return 0
    for precision in (8, 32, 128, 512, 1024):
        field.narrow(precision)
        low = high = Fraction(0)
        for c in reversed(p):
            corners = [low * field.low, low * field.high, high * field.low, high * field.high]
            low, high = min(corners) + c, max(corners) + c
        if low > 0 or high < 0:
            return 1 if low > 0 else -1
    raise _undecided("a number too close to zero")


def square_root(value: Number) -> Number | Algebraic:
    """Return the exact square root of a rational that is not negative.

    >>> square_root(Fraction(9, 4)), square_root(8) == 2 * square_root(2)
    (Fraction(3, 2), True)
    """
    above, below = value.numerator * value.denominator, value.denominator
    root = isqrt(above)
    if root * root == above:
        return number(Fraction(root, below))
    return Algebraic(Field((-above, 0, 1), root, root + 1, above), (0, Fraction(1, below)))


@lru_cache(maxsize=256)
def root(term: Term) -> Number | Algebraic:
    """Return the value of `(root (poly c0 … cn) low high)`, the one real root of Σ cᵢxⁱ in the open interval.

    >>> root(("root", ("poly", -2, 0, 0, 1), 1, 2)) ** 3
    2
    """
    match term:
        case ("root", ("poly", *parts), int() | Fraction() as low, int() | Fraction() as high):
            p = polynomial.trim([c for c in parts if type(c) is int])
            small = (
                1 < len(p) <= MAX_DEGREE + 1
                and len(p) * max(c.numerator.bit_length() for c in p) <= polynomial.MAX_WORK
            )
            if len(p) == len(parts) and small and polynomial.count_roots(p, low, high) == 1:
                squarefree = polynomial.sturm_chain(polynomial.primitive(p))[0]
                if len(squarefree) == 2:
                    return number(Fraction(-squarefree[0], squarefree[1]))
                return Algebraic(Field(squarefree, low, high), (0, 1))
    raise _undecided("not one isolated root")


def bits(value: Real) -> int:
    """Bound the size of a number in binary digits."""
    if isinstance(value, Algebraic):
        return max(max(c.numerator.bit_length(), c.denominator.bit_length()) for c in value.coefficients)
    if isinstance(value, Interval):
        return max(1, max(value.low.bit_length(), value.high.bit_length()) - PRECISION)
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def quotient(a: Real, b: Real, undefined: type[Exception], undecided: type[Exception]) -> Real:
    """Return a/b, at least one of which is not rational."""
    if isinstance(b, Algebraic):
        if not sign(b):
            raise undefined("division by zero")
        # Euclid: s·b + t·modulus = r, constant unless the modulus has a factor in common with b
        r: Polynomial = b.field.modulus
        rest, s, t = b.coefficients, (), (1,)  # type: tuple[Polynomial, Polynomial, Polynomial]
        while len(rest) > 1:
            factor, left = polynomial.divide(r, rest)
            r, rest = rest, left
            s, t = t, polynomial.add(s, polynomial.multiply(factor, t), -1)
        if rest:
            return b._made(polynomial.multiply(t, (1 / Fraction(rest[0]),))) * a
    elif not isinstance(b, Interval):
        return a * (1 / Fraction(b))
    divisor = enclose(b)
    if divisor.low <= 0 <= divisor.high:
        raise undecided("a divisor that may be zero")
    ends = [ONE * ONE // divisor.low, ONE * ONE // divisor.high]
    return Interval(min(ends), max(ends) + 1) * a


# ---- enclosures --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Interval:
    """A real number between low·2⁻¹⁹² and high·2⁻¹⁹²."""

    low: int
    high: int

    def __add__(self, other: Real) -> Interval:
        there = enclose(other)
        return Interval(self.low + there.low, self.high + there.high)

    def __mul__(self, other: Real) -> Interval:
        there = enclose(other)
        ends = [a * b for a in (self.low, self.high) for b in (there.low, there.high)]
        if max(ends).bit_length() > MAX_BITS or min(ends).bit_length() > MAX_BITS:
            raise _undecided("a number grew too large")
        return Interval(min(ends) >> PRECISION, -(-max(ends) >> PRECISION))

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __sub__(self, other: Real) -> Interval:
        return self + -other

    def __rsub__(self, other: Real) -> Interval:
        return -self + other

    def __pow__(self, exponent: int) -> Interval:
        result = Interval(ONE, ONE)
        for _ in range(exponent):
            result = result * self
        return result


def enclose(value: Real) -> Interval:
    """Return an interval around a number.

    >>> enclose(Fraction(1, 3)).high - enclose(Fraction(1, 3)).low
    1
    """
    if isinstance(value, Interval):
        return value
    if isinstance(value, Algebraic):
        value.field.narrow(PRECISION + 32)
        generator = Interval(enclose(value.field.low).low, enclose(value.field.high).high)
        total = Interval(0, 0)
        for c in reversed(value.coefficients):
            total = total * generator + c
        return total
    above = value.numerator << PRECISION
    return Interval(above // value.denominator, -(-above // value.denominator))


def apart(a: Any, b: Any) -> bool:
    """Say whether two enclosures are disjoint."""
    one, two = enclose(a), enclose(b)
    return one.high < two.low or two.high < one.low


def interval_less(a: Any, b: Any, undecided: type[Exception] | None) -> bool:
    """Say whether a < b as far as enclosures show it."""
    one, two = enclose(a), enclose(b)
    if one.high < two.low or two.high <= one.low:
        return one.high < two.low
    raise undecided("two enclosures overlap") if undecided else _undecided("two enclosures overlap")


def function(name: str, value: Real, undefined: type[Exception], undecided: type[Exception]) -> Real:
    """Return sqrt, exp, log, sin, cos, tan or atan of a number, exactly where that is rational or √.

    >>> function("exp", 0, ArithmeticError, ValueError)
    1
    >>> e = function("exp", 1, ArithmeticError, ValueError)
    >>> Fraction(e.high - e.low, ONE) < Fraction(1, 2**150), 2718281828 <= e.low * 10**9 // ONE <= e.high * 10**9 // ONE
    (True, True)
    """
    rational = isinstance(value, int | Fraction)
    if rational and value == (1 if name == "log" else 0) and name != "sqrt":
        return 1 if name in ("exp", "cos") else 0
    if name in ("sqrt", "log"):
        negative = sign(value) < 0 if not isinstance(value, Interval) else value.high < 0
        if negative or (name == "log" and (value.high == 0 if isinstance(value, Interval) else not sign(value))):
            raise undefined(f"{name} of a number that is too small")
        if name == "sqrt" and isinstance(value, int | Fraction):
            return square_root(value)
    inside = enclose(value)
    if name == "sqrt" and inside.low >= 0:
        return Interval(isqrt(inside.low << PRECISION), isqrt(inside.high << PRECISION) + 1)
    if name == "log" and inside.low > 0:
        return Interval(_log(inside.low).low, _log(inside.high).high)
    if name == "exp" and max(-inside.low, inside.high) <= MAX_ARGUMENT:
        return Interval(_exp(inside.low).low, _exp(inside.high).high)
    if name == "atan":
        return Interval(_atan(inside.low).low, _atan(inside.high).high)
    if name in ("sin", "cos", "tan") and max(-inside.low, inside.high) <= MAX_ARGUMENT:
        middle, radius = (inside.low + inside.high) // 2, (inside.high - inside.low) // 2 + 1
        sine, cosine = [Interval(v.low - radius, v.high + radius) for v in _sine_cosine(middle)]
        if name != "tan":
            return sine if name == "sin" else cosine
        return quotient(sine, cosine, undefined, undecided)
    raise undecided(f"{name} of a number out of reach")


def _series(first: int, step: int, kind: str) -> Interval:
    """Sum a power series in fixed point: each term is the one before × step ÷ its divisor, rounded; |step| ≤ 1/4.

    `kind` "exp": divisors 1, 2, 3, …; "sine": (2·3), (4·5), …; "cosine": (1·2), (3·4), …; "odd": tᵏ⁺¹/(2k+1).
    Rounding errs by at most one unit a term and is damped by |step|, so 3 units a term cover it and the tail.
    """
    total = term = first
    k = 0
    while term not in (0, -1):
        k += 1
        term = term * step >> PRECISION
        if kind == "odd":
            total += term // (2 * k + 1)
        else:
            term //= {"exp": k, "sine": 2 * k * (2 * k + 1), "cosine": (2 * k - 1) * 2 * k}[kind]
            total += term
    return Interval(total - 3 * k - 3, total + 3 * k + 3)


def _exp(x: int) -> Interval:
    halvings = max(0, x.bit_length() - PRECISION + 2)
    if x < 0:
        inverse = _exp(-x)
        return Interval(ONE * ONE // inverse.high, ONE * ONE // inverse.low + 1)
    low, high = _series(ONE, x >> halvings, "exp"), _series(ONE, (x >> halvings) + 1, "exp")
    result = Interval(low.low, high.high)
    for _ in range(halvings):
        result = result * result
    return result


def _sine_cosine(x: int) -> tuple[Interval, Interval]:
    halvings = max(0, x.bit_length() - PRECISION + 2)
    y = x >> halvings  # errs by less than one unit, which the radius below covers
    square = -(y * y >> PRECISION)
    sine, cosine = _series(y, square, "sine"), _series(ONE, square, "cosine")
    sine, cosine = Interval(sine.low - 8, sine.high + 8), Interval(cosine.low - 8, cosine.high + 8)
    for _ in range(halvings):
        sine, cosine = sine * cosine * 2, cosine * cosine * 2 - 1
    return sine, cosine


def _atanh_or_atan(x: int, alternate: bool) -> Interval:
    square = x * x >> PRECISION
    result = _series(x, -square if alternate else square, "odd")
    return Interval(result.low - 4, result.high + 4)


_LOG_2 = _atanh_or_atan(ONE // 3, False) * 2
_ATAN_HALF = _atanh_or_atan(ONE // 2, True)
_PI = (_ATAN_HALF + _atanh_or_atan(ONE // 3, True)) * 4  # Euler 1738


def _log(x: int) -> Interval:
    """Return log x for x > 0, as log(x·2⁻ᵏ) + k·log 2 with x·2⁻ᵏ in [3/4, 3/2)."""
    k = (4 * x // 3).bit_length() - PRECISION - 1
    scaled = x << -k if k < 0 else x >> k
    result = _atanh_or_atan((scaled - ONE) * ONE // (scaled + ONE), False) * 2 + _LOG_2 * k
    return Interval(result.low - 8, result.high + 8)


def _atan(x: int) -> Interval:
    if x < 0:
        return -_atan(-x)
    if x > ONE:
        inverse = _atan(ONE * ONE // x)
        return _PI * Fraction(1, 2) - Interval(inverse.low, inverse.high + 1)
    if x > ONE // 4:
        shifted = _atanh_or_atan((2 * x - ONE) * ONE // (2 * ONE + x), True)  # |…| ≤ 1/3
        return Interval(shifted.low - 4, shifted.high + 4) + _ATAN_HALF
    return _atanh_or_atan(x, True)
