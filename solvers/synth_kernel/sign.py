"""Where a term has a value: every divisor is nonzero, every log positive, every root nonnegative, on all of D.

Each subterm gets a `Span` in which its values lie at every point of D, by interval arithmetic that knows strict from
weak; where that is too coarse, Sturm's theorem decides the sign of subterms that are polynomials in one unknown or one
function. `(D f x)` needs f to be differentiable, which is asked of f subterm by subterm: √u only where u > 0. What
is not proved is refused. The body `sign` is the claim that f = f on D.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache, reduce
from math import inf
from operator import add, mul, sub
from typing import Any

from synth_kernel import polynomial
from synth_kernel.claims import Sequent
from synth_kernel.numbers import Span, enclose
from synth_kernel.polynomial import Polynomial
from synth_kernel.roots import span_of
from synth_kernel.terms import NUMBERS, Term, write

MAX_SUBTERMS = 20_000
MAX_KNOWN = 4096  # bounds remembered for one domain
_EVERYTHING = Span()
_POSITIVE, _NONNEGATIVE = Span(0), Span(0, inf, (True, False))
_NEGATIVE = Span(-inf, 0)
_UNIT = Span(-1, 1, (True, True))
# of an increasing function: where it is defined (for D: differentiable), all its values, points (u, f(u))
_INCREASING: dict[Any, tuple[Span, Span, Span, tuple[tuple[int, int], ...]]] = {
    "exp": (_EVERYTHING, _EVERYTHING, _POSITIVE, ((0, 1),)),
    "log": (_POSITIVE, _POSITIVE, _EVERYTHING, ((1, 0),)),
    "sqrt": (_NONNEGATIVE, _POSITIVE, _NONNEGATIVE, ((0, 0), (1, 1))),
    "atan": (_EVERYTHING, _EVERYTHING, Span(-2, 2), ((0, 0),)),
}


class UnprovedError(ValueError):
    """A term may have no value somewhere on D; the message says which."""


class Signs:
    """Proves definedness on one domain; what is found of a subterm is remembered, at the same price in fuel."""

    def __init__(self, domain: Mapping[str, Span]) -> None:
        self.domain, self.fuel = domain, MAX_SUBTERMS
        self.strict = False  # whether every subterm must be differentiable
        self.sharp = False  # whether Sturm's theorem is asked
        self.known: dict[tuple[Term, bool, bool], tuple[Span, int]] = {}  # and what it cost

    def range(self, term: Term) -> Span:
        """Return bounds of a term that is defined on all of D; raise UnprovedError if it may not be.

        >>> Signs({"x": Span(1)}).range(("log", "x"))
        Span(low=0, high=inf, ends=(False, False))
        """
        key = (term, self.strict, self.sharp)
        before = self.fuel
        found, cost = self.known.get(key, (None, 1))
        self.fuel -= cost
        if self.fuel < 0:
            raise UnprovedError("too many subterms")
        if found is None:
            found = self._range(term)
            if self.sharp and isinstance(term, tuple) and term[0] in ("+", "-", "*", "^"):
                found = found.meet(self._polynomial(term))
            self.known[key] = (found, before - self.fuel)
        return found

    def _range(self, term: Term) -> Any:
        if isinstance(term, int | Fraction):
            return enclose(term)
        if isinstance(term, str):
            return self.domain[term] + 0  # rounded if it is long
        match term:
            case ("+", *parts):
                result = reduce(add, map(self.range, parts))
                plain = [part for part in parts if self.sharp and _atoms(part) <= set(self.domain)]
                if 1 < len(plain) < len(parts):  # a polynomial and something else
                    rest = [part for part in parts if part not in plain]
                    result = result.meet(self.range(("+", *plain)) + self.range(("+", *rest)))
                return result
            case ("-", *parts):
                return reduce(sub, map(self.range, parts)) if len(parts) > 1 else -self.range(parts[0])
            case ("*", *parts):
                return reduce(mul, map(self.range, parts))
            case ("/", first, other):
                return self.range(first) * self._inside(other, _POSITIVE, _NEGATIVE).inverse()
            case ("^", base, int(exponent)) if abs(exponent) <= 64:
                found = self.range(base) if exponent >= 0 else self._inside(base, _POSITIVE, _NEGATIVE).inverse()
                result = enclose(found ** abs(exponent))
                return result if exponent % 2 else result.meet(_NONNEGATIVE)
            case ("abs", part) if not self.strict:
                found = self.range(part)
                return Span(0, max(-found.low, found.high), (True, True))
            case ("D", part, str()):
                outer, self.strict = self.strict, True  # smooth at every point of D, so every derivative exists
                self.range(part)
                self.strict = outer
                return _EVERYTHING
            case (operator, part) if operator in _INCREASING:
                defined, smooth, result, points = _INCREASING[operator]
                found = self._inside(part, smooth if self.strict else defined)
                for u, value in points:
                    ends = found.low == u and found.ends[0], found.high == u and found.ends[1]
                    low, high = value if found.low >= u else -inf, value if found.high <= u else inf
                    result = result.meet(Span(low, high, ends))
                return result
            case ("sin" | "cos" as operator, part):
                return _wave(str(operator), self.range(part))
            case ("tan", part):
                return self.range(("/", ("sin", part), ("cos", part)))
        raise UnprovedError(f"nothing is known of {write(term)[:60]}")

    def _inside(self, term: Term, *wanted: Span) -> Span:
        """Return the range of a term that is shown to lie in one of these; raise UnprovedError if it may not."""
        outer = self.sharp
        for self.sharp in sorted({outer, True}):
            found = self.range(term)
            if any(found.inside(each) for each in wanted):
                self.sharp = outer
                return found
        raise UnprovedError(f"{write(term)[:60]} may have values where it must not")

    def _polynomial(self, term: Term) -> Span:
        try:
            (atom,) = _atoms(term) - {term}
            return sign_on(polynomial.from_term(term, atom), self.range(atom))
        except ValueError:  # not one atom, or no polynomial
            return _EVERYTHING


def _atoms(term: Term) -> set[Term]:
    """Return the largest subterms below which a term is no polynomial."""
    match term:
        case int() | Fraction():
            return set()
        case ("+" | "*" | "-", *parts):
            return set().union(*map(_atoms, parts))
        case ("^", base, int(exponent)) if exponent >= 0:
            return _atoms(base)
        case ("/", above, int() | Fraction()):
            return _atoms(above)
    return {term}


def sign_on(p: Polynomial, span: Span) -> Span:
    """Return the sign that a polynomial has on a span: positive, negative, one of these or zero, or anything.

    >>> sign_on((1, -2, 1), Span()), sign_on((2, -2, 1), Span())
    (Span(low=0, high=inf, ends=(True, False)), Span(low=0, high=inf, ends=(False, False)))
    """
    if not p or span.empty:
        return Span(0, 0, (True, True))
    if polynomial.count_roots(polynomial.odd_part(p), span.low, span.high):
        return _EVERYTHING
    touches = polynomial.count_roots(p, span.low, span.high, span.ends) > 0
    positive = polynomial.sign_above(p, polynomial.clipped(p, span.low, span.high)[0]) > 0
    return Span(0, inf, (touches, False)) if positive else Span(-inf, 0, (False, touches))


def _wave(name: str, a: Span) -> Any:
    """Return the range of sin or cos: cos u > 0 for |u| ≤ 3/2, and sin u has the sign of u for |u| ≤ 3."""
    if name == "cos" and a.low >= Fraction(-3, 2) and a.high <= Fraction(3, 2):
        return Span(0, 1, (False, True))
    if name == "sin" and a.low >= 0 and a.high <= 3:
        return Span(0, 1, (a.low == 0 and a.ends[0], True))
    if name == "sin" and a.high <= 0 and a.low >= -3:
        return -_wave(name, -a)
    return _UNIT


def proves_defined(sequent: Sequent, *terms: Term) -> bool:
    """Say whether the terms are shown to have a value at every point of a domain that is not empty."""
    names = [name for name, sort in sequent.sorts.items() if sort in NUMBERS] or [""]  # closed terms have no unknown
    if sequent.form != "identity" or len(names) != 1:
        return False
    signs = _signs(names[0], sequent.domain)
    if signs.domain[names[0]].empty:
        return False
    signs.fuel, signs.strict, signs.sharp = MAX_SUBTERMS, False, False
    if len(signs.known) > MAX_KNOWN:
        signs.known.clear()
    try:
        return all(signs.range(term) for term in terms)
    except UnprovedError:
        return False


@lru_cache(maxsize=16)
def _signs(name: str, domain: tuple[Term, ...]) -> Signs:
    """Return the prover for a domain: the steps of one problem ask for the same subterms again and again."""
    return Signs({name: span_of(domain, name)})


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Decide `(identity f f)`: that f has a value everywhere on D."""
    match sequent.goal:
        case ("identity", f, g) if f == g:
            return proves_defined(sequent, f)
    return False
