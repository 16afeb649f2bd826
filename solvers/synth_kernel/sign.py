"""Where a term has a value: every divisor is nonzero, every log positive, every root nonnegative, on all of D.

Each subterm gets a `Range`, rational bounds that hold at every point of D, by interval arithmetic that knows strict
from weak; where that is too coarse and the subterm is a polynomial in one unknown or one function, Sturm's theorem
decides its sign on the range of that one. `(D f x)` needs f to be differentiable, which is asked of f subterm by
subterm: √u only where u > 0. What is not proved is refused. The body `sign` is the claim that f = f on D.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from synth_kernel import numbers, polynomial
from synth_kernel.claims import Sequent
from synth_kernel.polynomial import Number, Polynomial, PolynomialError
from synth_kernel.roots import Span, span_of
from synth_kernel.terms import NUMBERS, Term, write

Range = Span  # of the values of a term: each lies in it, though it need not take them all

MAX_SUBTERMS = 2000
_EVERYTHING = Range()
_POSITIVE, _NONNEGATIVE = Range(0), Range(0, None, (True, False))
_UNIT = Range(-1, 1, (True, True))


class UnprovedError(ValueError):
    """A term may have no value somewhere on D; the message says which."""


class Signs:
    """Proves definedness on one domain; every subterm is looked at once."""

    def __init__(self, domain: Mapping[str, Span]) -> None:
        self.domain, self.strict, self.fuel = domain, False, MAX_SUBTERMS
        self.known: dict[tuple[int, bool], tuple[Range, Term]] = {}  # by identity; the term is kept alive

    def range(self, term: Term) -> Range:
        """Return bounds of a term that is defined on all of D; raise UnprovedError if it may not be.

        >>> Signs({"x": Span(1)}).range(("log", "x"))
        Span(low=0, high=None, ends=(False, False))
        """
        key = (id(term), self.strict)
        if key not in self.known:
            self.fuel -= 1
            if self.fuel < 0:
                raise UnprovedError("too many subterms")
            self.known[key] = (self._range(term), term)
        return self.known[key][0]

    def _range(self, term: Term) -> Range:
        if isinstance(term, int | Fraction):
            return Range(term, term, (True, True))
        if isinstance(term, str):
            return self.domain[term]
        match term:
            case ("+", first, *others):
                result = self.range(first)
                for other in others:
                    result = _sum(result, self.range(other))
                return result
            case ("-", part):
                return _negated(self.range(part))
            case ("-", first, other):
                return _sum(self.range(first), _negated(self.range(other)))
            case ("*", first, *others):
                result = self.range(first)
                for other in others:
                    result = _product(result, self.range(other))
                return result
            case ("/", first, other):
                return _product(self.range(first), _inverse(self._sharp(other, "nonzero")))
            case ("^", base, int(exponent)) if abs(exponent) <= 64:
                if exponent < 0:
                    return _inverse(_power(self._sharp(base, "nonzero"), -exponent))
                return _power(self.range(base), exponent)
            case ("abs", part) if not self.strict:
                inside = self.range(part)
                return _meet(_NONNEGATIVE, Range(None, _highest(inside), (False, True)))
            case ("D", part, str()):
                outer, self.strict = self.strict, True  # smooth at every point of D, so every derivative exists
                self.range(part)
                self.strict = outer
                return _EVERYTHING
            case ("sqrt", part):
                return _monotone("sqrt", self._sharp(part, "positive" if self.strict else "nonnegative"), _NONNEGATIVE)
            case ("log", part):
                return _monotone("log", self._sharp(part, "positive"), _EVERYTHING)
            case ("exp", part):
                return _monotone("exp", self.range(part), _POSITIVE)
            case ("atan", part):
                return _monotone("atan", self.range(part), Range(-2, 2))
            case ("sin" | "cos", part):
                return _wave(str(term[0]), self.range(part))
            case ("tan", part):
                inside = self.range(part)
                cosine = _wave("cos", inside)
                if not _excludes_zero(cosine):
                    raise UnprovedError(f"the cosine of {write(part)[:60]} may be zero")
                return _product(_wave("sin", inside), _inverse(cosine))
        raise UnprovedError(f"nothing is known of {write(term)[:60]}")

    def _sharp(self, term: Term, wanted: str) -> Range:
        """Return the range of a term that is shown nonzero, positive or nonnegative; raise UnprovedError if not."""
        found = self.range(term)
        if not _has(found, wanted):
            found = _meet(found, self._sturm(term))
            if not _has(found, wanted):
                raise UnprovedError(f"{write(term)[:60]} may not be {wanted}")
            self.known[id(term), self.strict] = (found, term)
        return found

    def _sturm(self, term: Term) -> Range:
        """Return the sign of a term that is a polynomial in one atom, or such a term plus others of known range."""
        match term:
            case ("*", first, *others):
                result = _meet(self.range(first), self._sturm(first))
                for other in others:
                    result = _product(result, _meet(self.range(other), self._sturm(other)))
                return result if result != _EVERYTHING else self._polynomial(term)
            case ("/", above, below):
                return _product(_meet(self.range(above), self._sturm(above)), _inverse(self._sharp(below, "nonzero")))
            case ("^", base, int(exponent)) if exponent > 0:
                return _meet(_power(_meet(self.range(base), self._sturm(base)), exponent), self._polynomial(term))
            case ("-", part, other):
                return self._sturm(("+", part, ("-", other)))
            case ("+", *parts):
                whole = self._polynomial(term)
                if whole != _EVERYTHING:
                    return whole
                plain = [part for part in parts if _atoms(part, set()) <= set(self.domain)]
                if len(plain) < 2 or len(plain) == len(parts):
                    return whole
                result = self._polynomial(("+", *plain))
                result = _meet(result, self.range(("+", *plain)))
                for part in parts:
                    if part not in plain:
                        result = _sum(result, self.range(part))
                return result
        return self._polynomial(term)

    def _polynomial(self, term: Term) -> Range:
        atoms = _atoms(term, set())
        if len(atoms) != 1:
            return _EVERYTHING
        (atom,) = atoms
        try:
            return sign_on(polynomial.from_term(term, atom), self.range(atom))
        except PolynomialError:
            return _EVERYTHING


def _atoms(term: Term, found: set[Term]) -> set[Term]:
    """Collect the largest subterms below which a term is no polynomial."""
    match term:
        case int() | Fraction():
            pass
        case ("+" | "*" | "-", *parts):
            for part in parts:
                _atoms(part, found)
        case ("^", base, int(exponent)) if exponent >= 0:
            _atoms(base, found)
        case ("/", above, int() | Fraction()):
            _atoms(above, found)
        case _:
            found.add(term)
    return found


def sign_on(p: Polynomial, span: Span) -> Range:
    """Return the sign that a polynomial has on a span: positive, negative, one of these or zero, or anything.

    >>> sign_on((1, -2, 1), Span()), sign_on((2, -2, 1), Span())
    (Span(low=0, high=None, ends=(True, False)), Span(low=0, high=None, ends=(False, False)))
    """
    if not p or span.empty:
        return Range(0, 0, (True, True))
    low, high = span.low, span.high
    if low is not None and low == high:
        return Range(polynomial.value_at(p, low), polynomial.value_at(p, low), (True, True))
    if polynomial.count_roots(polynomial.odd_part(p), low, high):
        return _EVERYTHING
    # a point inside where p is not zero: p has at most deg p roots among deg p + 1 points
    points: list[Number] = []
    for i in range(1, len(p) + 1):
        if low is not None and high is not None:
            points.append(low + (high - low) * Fraction(i, len(p) + 1))
        else:
            points.append(low + i if low is not None else high - i if high is not None else i)
    at = next(value for point in points if (value := polynomial.value_at(p, point)))
    touches = span.count(p) > 0
    return Range(0, None, (touches, False)) if at > 0 else Range(None, 0, (False, touches))


# ---- ranges ------------------------------------------------------------------------------------------------------


def _excludes_zero(r: Range) -> bool:
    return _has(r, "positive") or (r.high is not None and (r.high < 0 or (r.high == 0 and not r.ends[1])))


def _has(r: Range, wanted: str) -> bool:
    if wanted == "nonzero":
        return _excludes_zero(r)
    return r.low is not None and (r.low > 0 or (r.low == 0 and (wanted == "nonnegative" or not r.ends[0])))


def _rounded(low: Number | None, high: Number | None, ends: tuple[bool, bool]) -> Range:
    """Make a range with short bounds; one that had to be moved outward is strict."""
    if low is not None and numbers.bits(low) > 256:
        shorter = Fraction((low.numerator << 128) // low.denominator, 1 << 128)
        low, ends = (None if numbers.bits(shorter) > 1024 else shorter), (ends[0] and shorter == low, ends[1])
    if high is not None and numbers.bits(high) > 256:
        shorter = -Fraction((-high.numerator << 128) // high.denominator, 1 << 128)
        high, ends = (None if numbers.bits(shorter) > 1024 else shorter), (ends[0], ends[1] and shorter == high)
    return Range(low, high, ends)


def _meet(a: Range, b: Range) -> Range:
    result = a
    if b.low is not None and (a.low is None or b.low > a.low or (b.low == a.low and not b.ends[0])):
        result = Range(b.low, a.high, (b.ends[0], a.ends[1]))
    if b.high is not None and (a.high is None or b.high < a.high or (b.high == a.high and not b.ends[1])):
        result = Range(result.low, b.high, (result.ends[0], b.ends[1]))
    return result


def _sum(a: Range, b: Range) -> Range:
    low = None if a.low is None or b.low is None else a.low + b.low
    high = None if a.high is None or b.high is None else a.high + b.high
    return _rounded(low, high, (a.ends[0] and b.ends[0], a.ends[1] and b.ends[1]))


def _negated(a: Range) -> Range:
    return Range(None if a.high is None else -a.high, None if a.low is None else -a.low, (a.ends[1], a.ends[0]))


def _product(a: Range, b: Range) -> Range:
    """Multiply ranges corner by corner; a corner is attained if both ends are, or one that is zero."""
    lows: list[tuple[Number, bool]] = []
    highs: list[tuple[Number, bool]] = []
    open_low = open_high = False
    for x, x_attained, x_side in ((a.low, a.ends[0], -1), (a.high, a.ends[1], 1)):
        for y, y_attained, y_side in ((b.low, b.ends[0], -1), (b.high, b.ends[1], 1)):
            if x is not None and y is not None:
                zero = (x == 0 and x_attained) or (y == 0 and y_attained)
                corner = (x * y, (x_attained and y_attained) or zero)
            elif x == 0 or y == 0:
                corner = (0, x_attained if x == 0 else y_attained)
            else:
                positive = (x_side if x is None else (x > 0) - (x < 0)) == (y_side if y is None else (y > 0) - (y < 0))
                open_high, open_low = open_high or positive, open_low or not positive
                continue
            lows.append(corner)
            highs.append(corner)
    low = None if open_low else min(value for value, _ in lows)
    high = None if open_high else max(value for value, _ in highs)
    ends = (any(v == low and attained for v, attained in lows), any(v == high and attained for v, attained in highs))
    return _rounded(low, high, ends)


def _inverse(a: Range) -> Range:
    """Return the range of 1/u for a u that is not zero."""
    if a.high is not None and a.high <= 0:
        return _negated(_inverse(_negated(a)))
    if a.low is None or a.low < 0:
        return _EVERYTHING
    low = Fraction(0) if a.high is None else 1 / Fraction(a.high)
    high = None if a.low == 0 else 1 / Fraction(a.low)
    return _rounded(low, high, (a.high is not None and a.ends[1], a.ends[0]))


def _power(a: Range, exponent: int) -> Range:
    if exponent == 0:
        return Range(1, 1, (True, True))
    if exponent % 2 == 0:
        if a.high is not None and a.high <= 0:
            return _power(_negated(a), exponent)
        if a.low is None or a.low < 0:
            reach = _highest(a)
            return _rounded(0, None if reach is None else reach**exponent, (True, True))
    low = None if a.low is None else a.low**exponent
    high = None if a.high is None else a.high**exponent
    return _rounded(low, high, a.ends)


def _highest(a: Range) -> Number | None:
    """Bound |u|."""
    return None if a.low is None or a.high is None else max(-a.low, a.high)


@lru_cache(maxsize=1024)
def _at(name: str, x: Number, upward: bool) -> tuple[Number, bool] | None:
    """Return a rational bound of an increasing function at x, and whether it is exact; None if out of reach."""
    if name in ("exp", "log", "atan") and x == (name == "log"):
        return int(name == "exp"), True
    try:
        value = numbers.function(name, x, UnprovedError, UnprovedError)
    except UnprovedError:
        return None
    if isinstance(value, int | Fraction):
        return value, True
    enclosure = numbers.enclose(value)
    return Fraction(enclosure.high if upward else enclosure.low, numbers.ONE), False


def _monotone(name: str, a: Range, within: Range) -> Range:
    """Return the range of an increasing function, which also lies `within`."""
    low = None if a.low is None else _at(name, a.low, False)
    high = None if a.high is None else _at(name, a.high, True)
    found = _rounded(
        low[0] if low else None,
        high[0] if high else None,
        (bool(low and low[1] and a.ends[0]), bool(high and high[1] and a.ends[1])),
    )
    return _meet(found, within)


def _wave(name: str, a: Range) -> Range:
    """Return the range of sin or cos; between −3 and 3 it is sharper than [−1, 1]."""
    reach = _highest(a)
    if reach is None or reach > 3 or a.low is None or a.high is None:
        return _UNIT
    if name == "cos":  # falls with |u| up to π
        return _meet(Range(_at("cos", reach, False)[0], 1, (True, True)), _UNIT)  # type: ignore[index]
    low, high = _at("sin", a.low, False), _at("sin", a.high, True)
    assert low is not None and high is not None
    if reach <= Fraction(3, 2):  # rises up to π/2
        return _meet(Range(low[0], high[0], (a.ends[0] or not low[1], a.ends[1] or not high[1])), _UNIT)
    if a.low >= 0:  # concave up to π: least at an end
        least = _at("sin", a.high, False)
        assert least is not None
        return _meet(Range(min(low[0], least[0]), 1, (a.ends[0], True)), _UNIT)
    if a.high <= 0:
        return _negated(_wave(name, _negated(a)))
    return _UNIT


def proves_defined(sequent: Sequent, *terms: Term) -> bool:
    """Say whether the terms are shown to have a value at every point of a domain that is not empty."""
    span = {name: span_of(sequent.domain, name) for name, sort in sequent.sorts.items() if sort in NUMBERS}
    if sequent.form != "identity" or len(span) != 1 or any(each.empty for each in span.values()):
        return False
    signs = Signs(span)
    try:
        for term in terms:
            signs.range(term)
    except UnprovedError:
        return False
    return True


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Decide `(identity f f)`: that f has a value everywhere on D."""
    match sequent.goal:
        case ("identity", f, g) if f == g:
            return proves_defined(sequent, f)
    return False
