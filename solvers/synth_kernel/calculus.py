"""Derivatives, and the body `normal-form`: two terms are equal wherever both have a value.

Both sides become sums of monomials over Q in *generators*: the unknown, exp u, log u, sin u, cos u, √u, atan u for
canonical arguments u, and polynomials u that stand in a denominator; exponents may be negative, and rational for exp.
sin² = 1 − cos², √u² = u, exp a · exp b = exp(a + b) and logarithms of rationals split into primes; so the difference of
equal terms, multiplied by its denominators, is zero. Each rewriting holds at every point where its left side has a
value, and no denominator vanishes where both sides have values, which `sign` proves: so equality follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from math import gcd, lcm
from typing import Any, TypeAlias

from synth_kernel.claims import Sequent
from synth_kernel.evaluate import holds
from synth_kernel.numbers import primes
from synth_kernel.polynomial import Number
from synth_kernel.sign import proves_defined
from synth_kernel.terms import NUMBERS, Term, read, size, sort_of, substitute, write
from synth_kernel.terms import number as exact

MAX_WORK = 40_000  # products of two monomials in one check
MAX_SIZE = 4_000  # nodes of a derivative; what is differentiated has at most a quarter
MAX_BITS = 2_048  # of a coefficient

Monomial: TypeAlias = tuple[tuple[int, Number], ...]  # (generator, exponent) in order
Sum: TypeAlias = dict[Monomial, Number]


class CalculusError(ValueError):
    """A term has no derivative or normal form here, or one that is too large."""


def derivative(term: Term, unknown: str) -> Term:
    """Differentiate a term rule by rule; raise CalculusError where there is no rule, as for abs.

    >>> derivative(("*", 3, ("sin", ("^", "x", 2))), "x")
    ('+', ('*', ('*', 1, 3), ('+', ('*', ('cos', ('^', 'x', 2)), ('+', ('*', ('*', 2, ('^', 'x', 1)), 1))))))
    """
    result = _derivative(term, unknown) if 4 * size(term) <= MAX_SIZE else None
    if result is None or size(result) > MAX_SIZE:
        raise CalculusError("the derivative grows too large")
    return result


def _derivative(term: Term, x: str) -> Term:
    if not isinstance(term, tuple):
        return 1 if term == x else 0
    operator, *parts = term
    if operator == "D":
        return derivative(derivative(parts[0], str(parts[1])), x)
    if operator not in _PARTIAL:
        raise CalculusError(f"no rule for the derivative of {write(term)[:60]}")
    inner = [_derivative(part, x) for part in parts]
    products = [("*", outer, each) for outer, each in zip(_PARTIAL[operator](*parts), inner, strict=True) if each != 0]
    return ("+", *products) if products else 0


_PARTIAL: dict[Any, Callable[..., list[Term]]] = {  # derivatives with respect to each argument
    "+": lambda *parts: [1 for _ in parts],
    "-": lambda *parts: [1, -1] if len(parts) == 2 else [-1],
    "*": lambda *parts: [("*", 1, *parts[:i], *parts[i + 1 :]) for i in range(len(parts))],
    "/": lambda u, v: [("/", 1, v), ("-", ("/", u, ("^", v, 2)))],
    "^": lambda u, n: [("*", n, ("^", u, n - 1)) if n else 0, 0],
    "sqrt": lambda u: [("/", 1, ("*", 2, ("sqrt", u)))],
    "exp": lambda u: [("exp", u)],
    "log": lambda u: [("/", 1, u)],
    "sin": lambda u: [("cos", u)],
    "cos": lambda u: [("-", ("sin", u))],
    "tan": lambda u: [("/", 1, ("^", ("cos", u), 2))],
    "atan": lambda u: [("/", 1, ("+", 1, ("^", u, 2)))],
}


# ---- normal forms ------------------------------------------------------------------------------------------------


class NormalForms:
    """Brings terms to normal form; generators are numbered as they appear, work is counted."""

    def __init__(self) -> None:
        self.work = MAX_WORK
        self.numbered: dict[tuple[str, frozenset[Any]], int] = {}
        self.names: list[tuple[str, Sum]] = []  # of the generators: a function or kind, and its argument
        self.known: dict[int, tuple[Sum, Term]] = {}  # by identity; the term is kept alive
        self.reduced: dict[int, tuple[int, Sum]] = {}  # an exponent from which on a generator reduces, and to what

    def of(self, term: Term) -> Sum:
        """Return the normal form of a term."""
        if id(term) not in self.known:
            self.known[id(term)] = (self._of(term), term)
        return self.known[id(term)][0]

    def _of(self, term: Term) -> Sum:
        match term:
            case str():
                return {self._generator(f"unknown {term}", {}): 1}
            case int() | Fraction():
                return {(): term} if term else {}
            case ("+", *parts):
                return self._total(*map(self.of, parts))
            case ("-", *parts):
                return self._total(*map(self.of, parts[:-1]), _scaled(self.of(parts[-1]), -1))
            case ("*" | "/" | "^", *_):
                return self._power(term, 1)
            case ("D", part, str(unknown)):
                return self.of(derivative(part, unknown))
            case ("tan", part):
                return self.of(("/", ("sin", part), ("cos", part)))
            case ("sin" | "cos" | "exp" | "log" | "sqrt" | "atan" as function, part):
                above, below = self._cleared(self.of(part))
                u = self.multiply(above, _reciprocal(below)) if below else above
                return getattr(self, f"_{function}")(u)  # type: ignore[no-any-return]
        raise CalculusError(f"no normal form of {write(term)[:60]}")

    def _generator(self, kind: str, argument: Sum) -> Monomial:
        number = self.numbered.setdefault((kind, frozenset(argument.items())), len(self.names))
        if number == len(self.names):
            self.names.append((kind, argument))
            if kind == "sum":
                self.reduced[number] = (1, argument)
        return ((number, 1),)

    # sums and products

    def _collected(self, terms: Iterable[tuple[Monomial, Number]]) -> Sum:
        """Add monomials with coefficients, each reduced first."""
        result: Sum = {}
        for monomial, coefficient in terms:
            self.work -= 1
            if self.work < 0:
                raise CalculusError("the normal form grows too large")
            part = {monomial: coefficient}
            for generator, exponent in monomial:
                if generator in self.reduced and exponent >= self.reduced[generator][0]:
                    least, value = self.reduced[generator]
                    part = self.multiply({_joined(monomial, ((generator, -least),)): coefficient}, value)
                    break
            for m, c in part.items():
                total = exact(result.pop(m) + c) if m in result else c
                if total.numerator.bit_length() > MAX_BITS or total.denominator.bit_length() > MAX_BITS:
                    raise CalculusError("a coefficient grows too large")
                if total:
                    result[m] = total
        return result

    def multiply(self, a: Sum, b: Sum) -> Sum:
        """Multiply two sums."""
        if _ONE in (a, b):
            return b if a == _ONE else a
        return self._collected((_joined(m, n), c * d) for m, c in a.items() for n, d in b.items())

    def _total(self, *sums: Sum) -> Sum:
        return self._collected(pair for each in sums for pair in each.items())

    def _power(self, term: Term, exponent: int) -> Sum:
        """Return a power of a term, factor by factor, which keeps denominators short."""
        match term:
            case ("*", *parts):
                return reduce(self.multiply, [self._power(part, exponent) for part in parts])
            case ("/", above, below):
                return self.multiply(self._power(above, exponent), self._power(below, -exponent))
            case ("^", base, int(inner)) if abs(inner * exponent) <= MAX_WORK:
                return self._power(base, inner * exponent)
        part = self.of(term) if exponent >= 0 else self._inverse(self.of(term))
        return reduce(self.multiply, [part] * abs(exponent)) if exponent else _ONE

    def _cleared(self, p: Sum) -> tuple[Sum, Monomial]:
        """Write a sum as one without negative exponents, save of exp, over a monomial."""
        below: Monomial = ()
        while negative := [g for m in p for g, exponent in m if exponent < 0 and self.names[g][0] != "exp"]:
            last = max(negative)  # it reduces to earlier generators only
            missing = ((last, -min([dict(m).get(last, 0) for m in p])),)
            p, below = self.multiply(p, {missing: 1}), _joined(below, missing)
        return p, below

    def _inverse(self, p: Sum) -> Sum:
        """Return 1/u: each generator common to all monomials and the rest of the sum get negative exponents."""
        above, below = self._cleared(p)
        if not above:
            raise CalculusError("division by zero")
        content, rest = _content(above)
        exponents = {g: min([dict(m).get(g, 0) for m in rest]) for m in rest for g, _ in m}
        shared = tuple(sorted([(g, exponent) for g, exponent in exponents.items() if exponent]))
        rest = self.multiply(rest, _reciprocal(shared))
        divisor = shared if rest == _ONE else _joined(shared, self._generator("sum", rest))
        return self.multiply({below: exact(1 / content)}, _reciprocal(divisor))

    def _powered(self, u: Sum, exponent: Number) -> Sum:
        """Return u^r of a u that is not negative."""
        ((generator, _),) = next(iter(u)) if self._single(u)[0] else self._generator("sum", u)
        return self.multiply({((generator, exponent),): 1}, _ONE)

    def _single(self, p: Sum) -> tuple[str, Sum]:
        """Return kind and argument of a sum that is one generator."""
        ((monomial, coefficient), *more) = p.items()
        alone = not more and coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1
        return self.names[monomial[0][0]] if alone else ("", {})

    def _split(self, u: Sum) -> list[tuple[Sum, Number]]:
        """Write a sum as a product of powers of primes and of sums that are positive where it is."""
        self.work -= 50  # trial division
        content, rest = _content(u, keep_sign=True)
        found: list[tuple[Sum, Number]] = [({(): prime}, exponent) for prime, exponent in primes(content.numerator)]
        found += [({(): prime}, -exponent) for prime, exponent in primes(content.denominator)]
        if len(rest) == 1:
            ((monomial, sign),) = rest.items()
            positive = [pair for pair in monomial if pair[1] % 1 or self.names[pair[0]][0] == "exp"]
            plain = tuple([pair for pair in monomial if pair not in positive])
            if sign == 1 and len(plain) == 1 and plain[0][1] % 2:  # where an odd power is positive, so is its base
                positive, plain = [*positive, *plain], ()
            for generator, exponent in positive:
                kind, argument = self.names[generator]
                found.append((argument if kind == "sum" else {((generator, 1),): 1}, exponent))
            rest = {plain: sign}
        return found if rest == _ONE else [*found, (rest, 1)]

    # functions of a sum whose denominators are cleared

    def _sin(self, u: Sum) -> Sum:
        return self._sine_cosine(u)[0]

    def _cos(self, u: Sum) -> Sum:
        return self._sine_cosine(u)[1]

    def _sine_cosine(self, u: Sum) -> tuple[Sum, Sum]:
        """Return sin and cos of n·u as polynomials in those of u, for n up to 8."""
        if not u:
            return {}, _ONE
        content, _ = _content(u)
        multiple = abs(content.numerator) if abs(content.numerator) <= 8 else 1
        sign = -1 if content < 0 else 1
        part = _scaled(u, Fraction(sign, multiple))
        cosine, sine = self._generator("cos", part), self._generator("sin", part)
        self.reduced[sine[0][0]] = (2, {(): 1, _joined(cosine, cosine): -1})
        s: Sum = {}
        c = _ONE
        for _ in range(multiple):
            turned = self._total(self.multiply(s, {cosine: 1}), self.multiply(c, {sine: 1}))
            s, c = turned, self._total(self.multiply(c, {cosine: 1}), self.multiply(s, {sine: -1}))
        return _scaled(s, sign), c

    def _atan(self, u: Sum) -> Sum:
        sign = -1 if u and _content(u)[0] < 0 else 1
        return {self._generator("atan", _scaled(u, sign)): sign} if u else {}

    def _exp(self, u: Sum) -> Sum:
        """Return exp Σ c·m = Π (exp m)^c, and exp(c·log u) = u^c."""
        factors = []
        for monomial, coefficient in u.items():
            kind, argument = self._single({monomial: 1})
            known = kind == "log" and -64 <= coefficient <= 64
            base: Sum = argument if known else {self._generator("exp", {monomial: 1}): 1}
            factors.append(self._powered(base, coefficient))
        return reduce(self.multiply, factors, _ONE)

    def _log(self, u: Sum) -> Sum:
        """Return log Π uᵢ^rᵢ = Σ rᵢ·log uᵢ, and log exp u = u."""
        if not u:
            raise CalculusError("the logarithm of zero")
        addends = []
        for base, exponent in self._split(u):
            kind, argument = self._single(base)
            addends.append(_scaled(argument if kind == "exp" else {self._generator("log", base): 1}, exponent))
        return self._total(*addends)

    def _sqrt(self, u: Sum) -> Sum:
        factors = [self._powered(base, Fraction(exponent) / 2) for base, exponent in self._split(u)] if u else [u]
        return reduce(self.multiply, factors, _ONE)


_ONE: Sum = {(): 1}


def _scaled(p: Sum, factor: Number) -> Sum:
    return {monomial: exact(factor * coefficient) for monomial, coefficient in p.items()}


def _joined(m: Monomial, n: Monomial) -> Monomial:
    if not m or not n:
        return m or n
    exponents = dict(m)
    for generator, exponent in n:
        exponents[generator] = exponents.get(generator, 0) + exponent
    return tuple(sorted([(g, e) for g, e in exponents.items() if e]))


def _reciprocal(m: Monomial) -> Sum:
    return {tuple([(generator, -exponent) for generator, exponent in m]): 1}


def _content(p: Sum, keep_sign: bool = False) -> tuple[Fraction, Sum]:
    """Split a nonzero sum into a rational and one with coprime integer coefficients, the first of them positive.

    With `keep_sign` the rational is positive.
    """
    above, below = gcd(*[c.numerator for c in p.values()]), lcm(*[c.denominator for c in p.values()])
    if not keep_sign and p[min(p)] < 0:
        above = -above
    return Fraction(above, below), {m: int(c * below) // above for m, c in p.items()}


def check_normal_form(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Decide `(identity f g)`: both are defined on D, and f − g without its denominators is zero."""
    match sequent.goal:
        case ("identity", f, g) if proves_defined(sequent, f, g):
            forms = NormalForms()
            return not forms._cleared(forms.of(("-", f, g)))[0]
    return False


def check_antiderivative(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Decide `(identity (I f x a b) v)`: F′ = f, both defined at every point from a to b, and F(b) − F(a) = v."""
    match sequent.goal:
        case ("identity", ("I", f, str(x), low, high), value) if dict(sequent.sorts) == {x: "Real"}:
            found = read(certificate["antiderivative"])
            if any(sort_of(each, {}) not in NUMBERS for each in (low, high, value)) or not holds(("<=", low, high), {}):
                return False
            interval = replace(sequent, domain=(("<=", low, x), ("<=", x, high)))
            slope: Term = ("D", found, x)
            if sort_of(found, sequent.sorts) not in NUMBERS or not proves_defined(interval, slope, f, value):
                return False
            ends = ("-", substitute(found, {x: high}), substitute(found, {x: low}))
            forms = NormalForms()
            return not any(forms._cleared(forms.of(each))[0] for each in (("-", slope, f), ("-", ends, value)))
    return False
