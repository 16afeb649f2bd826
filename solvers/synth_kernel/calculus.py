"""Derivatives, and the body `normal-form`: two terms are equal wherever both have a value.

Both sides become fractions of polynomials over Q in *generators*: the unknown and exp u, log u, sin u, cos u, √u,
atan u for canonical arguments u. sin² = 1 − cos², √u² = u, exp a · exp b = exp(a + b) and logarithms of rationals split
into primes; so the difference of equal terms has the numerator zero. Each rewriting holds at every point where its left
side has a value, and no denominator vanishes where both sides have values, which `sign` proves: so equality follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import gcd, isqrt, lcm
from typing import Any, TypeAlias

from synth_kernel.claims import Sequent
from synth_kernel.polynomial import Number
from synth_kernel.sign import proves_defined
from synth_kernel.terms import Term, size, write
from synth_kernel.terms import number as exact

MAX_WORK = 40_000  # products of two terms in one check
MAX_SIZE = 4_000  # nodes of a derivative; what is differentiated has at most a quarter
MAX_BITS = 2_048  # of a coefficient

Monomial: TypeAlias = tuple[tuple[int, Number], ...]  # (generator, exponent) in order
Sum: TypeAlias = dict[Monomial, Number]  # a polynomial in generators
# a numerator over the product of denominators to some powers; each denominator is a primitive Sum, frozen
Frozen: TypeAlias = tuple[tuple[Monomial, Number], ...]
Ratio: TypeAlias = tuple[Sum, dict[Frozen, int]]


class CalculusError(ValueError):
    """A term has no derivative or normal form here, or one that is too large."""


def derivative(term: Term, unknown: str) -> Term:
    """Differentiate a term rule by rule; raise CalculusError where there is no rule, as for abs.

    >>> derivative(("*", 3, ("sin", ("^", "x", 2))), "x")
    ('*', 3, ('*', ('cos', ('^', 'x', 2)), ('*', 2, 'x')))
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
    inner = [_derivative(part, x) for part in parts if not (operator == "^" and part is parts[-1])]
    if operator not in _RULES:
        raise CalculusError(f"no rule for the derivative of {write(term)[:60]}")
    if not any(inner):
        return 0
    match term, inner:
        case ("+", *_), _:
            return _plus(inner)
        case ("-", _), (du,):
            return _times(-1, du)
        case ("-", _, _), (du, dv):
            return _plus([du, _times(-1, dv)])
        case ("*", *_), _:
            return _plus([_times(*parts[:i], each, *parts[i + 1 :]) for i, each in enumerate(inner)])
        case ("/", u, v), (du, 0):
            return ("/", du, v)
        case ("/", u, v), (du, dv):
            return ("/", _plus([_times(du, v), _times(-1, u, dv)]), ("^", v, 2))
        case ("^", u, int(n)), (du,):
            return _times(n, u if n == 2 else ("^", u, n - 1), du) if n not in (0, 1) else _times(n, du)
        case (_, u), (du,):
            return _times(_RULES[operator](u), du)
    raise CalculusError(f"no rule for the derivative of {write(term)[:60]}")


_RULES: dict[Any, Any] = {
    **dict.fromkeys(("+", "-", "*", "/", "^")),
    "sqrt": lambda u: ("/", 1, ("*", 2, ("sqrt", u))),
    "exp": lambda u: ("exp", u),
    "log": lambda u: ("/", 1, u),
    "sin": lambda u: ("cos", u),
    "cos": lambda u: ("*", -1, ("sin", u)),
    "tan": lambda u: ("/", 1, ("^", ("cos", u), 2)),
    "atan": lambda u: ("/", 1, ("+", 1, ("^", u, 2))),
}


def _plus(parts: list[Term]) -> Term:
    kept = [part for part in parts if part != 0]
    return 0 if not kept else kept[0] if len(kept) == 1 else ("+", *kept)


def _times(*parts: Term) -> Term:
    kept = [part for part in parts if part != 1]
    return 0 if 0 in kept else 1 if not kept else kept[0] if len(kept) == 1 else ("*", *kept)


# ---- normal forms ------------------------------------------------------------------------------------------------


class NormalForms:
    """Brings terms to normal form; generators are numbered as they appear, work is counted."""

    def __init__(self, expand: bool = False) -> None:
        self.expand = expand  # whether sin 2u and cos 2u become polynomials in sin u and cos u
        self.work = MAX_WORK
        self.numbered: dict[Any, int] = {}
        self.names: list[Any] = []  # of the generators
        self.squares: dict[int, Sum] = {}  # what a generator squared is, where it reduces
        self.logarithm: dict[int, Ratio] = {}  # u of the generator exp(log u)
        self.known: dict[int, tuple[Ratio, Term]] = {}  # by identity

    def of(self, term: Term) -> Ratio:
        """Return the normal form of a term."""
        if not isinstance(term, tuple):
            if isinstance(term, str):
                return {((self._generator(term), 1),): 1}, {}
            return ({(): term} if term else {}), {}
        found = self.known.get(id(term))
        if found is None:
            self._pay(1)
            found = self.known[id(term)] = (self._of(term), term)
        return found[0]

    def _of(self, term: tuple[Term, ...]) -> Ratio:
        match term:
            case ("+", *parts):
                return self._total([self.of(part) for part in parts])
            case ("-", part):
                return _scaled(self.of(part), -1)
            case ("-", part, other):
                return self._total([self.of(part), _scaled(self.of(other), -1)])
            case ("*", first, *others):
                result = self.of(first)
                for other in others:
                    result = self._product(result, self.of(other))
                return result
            case ("/", part, other):
                return self._product(self.of(part), self._reciprocal(other))
            case ("^", base, int(exponent)) if abs(exponent) <= 64:
                ratio = self.of(base) if exponent >= 0 else self._reciprocal(base)
                return self._power(ratio, abs(exponent))
            case ("D", part, str(unknown)):
                return self.of(derivative(part, unknown))
            case ("tan", part):
                return self._product(self._wave("sin", self.of(part)), self._inverse(self._wave("cos", self.of(part))))
            case ("sin" | "cos", part):
                return self._wave(str(term[0]), self.of(part))
            case ("exp", part):
                return self._exp(self.of(part))
            case ("log", part):
                return self._log(self.of(part))
            case ("sqrt", part):
                return self._sqrt(self.of(part))
            case ("atan", part):
                sign, key = _signed(self.of(part))
                return (_term(sign, self._generator(("atan", key))), {}) if key != _ZERO else ({}, {})
        raise CalculusError(f"no normal form of {write(term)[:60]}")

    def _pay(self, price: int) -> None:
        self.work -= price
        if self.work < 0:
            raise CalculusError("the normal form grows too large")

    def _generator(self, key: Any) -> int:
        number = self.numbered.setdefault(key, len(self.names))
        if number == len(self.names):
            self.names.append(key)
        return number

    # sums and products

    def multiply(self, a: Sum, b: Sum) -> Sum:
        """Multiply two polynomials, reducing squares as they appear."""
        if a == _ONE or b == _ONE:
            return b if a == _ONE else a
        self._pay(len(a) * len(b))
        result: Sum = {}
        for m, c in a.items():
            for n, d in b.items():
                monomial = _joined(m, n) if m and n else m or n
                self._accumulate(result, monomial, c * d)
        for coefficient in result.values():
            if max(coefficient.numerator.bit_length(), coefficient.denominator.bit_length()) > MAX_BITS:
                raise CalculusError("a coefficient grows too large")
        return result

    def _accumulate(self, result: Sum, monomial: Monomial, coefficient: Number) -> None:
        for place, (generator, exponent) in enumerate(monomial):
            if exponent >= 2 and generator in self.squares:
                rest = monomial[:place] + (((generator, exponent - 2),) if exponent > 2 else ()) + monomial[place + 1 :]
                for m, c in self.multiply({rest: coefficient}, self.squares[generator]).items():
                    self._accumulate(result, m, c)
                return
        total = result.get(monomial, 0) + coefficient
        if type(total) is Fraction and total.denominator.bit_length() > MAX_BITS:
            raise CalculusError("a coefficient grows too large")
        if total:
            result[monomial] = total
        else:
            result.pop(monomial, None)

    def _expanded(self, factors: Mapping[Frozen, int]) -> Sum:
        result: Sum = {(): 1}
        for factor, exponent in factors.items():
            for _ in range(exponent):
                result = self.multiply(result, dict(factor))
        return result

    def _product(self, a: Ratio, b: Ratio) -> Ratio:
        if not a[0] or not b[0]:
            return {}, {}
        below = dict(a[1])
        for factor, exponent in b[1].items():
            below[factor] = below.get(factor, 0) + exponent
        return self.multiply(a[0], b[0]), below

    def _total(self, ratios: list[Ratio]) -> Ratio:
        """Add over the least common denominator."""
        below: dict[Frozen, int] = {}
        for _, factors in ratios:
            for factor, exponent in factors.items():
                below[factor] = max(below.get(factor, 0), exponent)
        result: Sum = {}
        for above, factors in ratios:
            missing = {f: n - factors.get(f, 0) for f, n in below.items() if n > factors.get(f, 0)}
            if missing:
                above = self.multiply(above, self._expanded(missing))
            self._pay(len(above))
            for monomial, coefficient in above.items():
                self._accumulate(result, monomial, coefficient)
        return result, below

    def _power(self, ratio: Ratio, exponent: int) -> Ratio:
        above: Sum = {(): 1}
        for _ in range(exponent):
            above = self.multiply(above, ratio[0])
        return above, {factor: n * exponent for factor, n in ratio[1].items()} if exponent else {}

    def _reciprocal(self, term: Term) -> Ratio:
        """Return 1/u factor by factor, which keeps denominators short."""
        match term:
            case ("*", *parts):
                result: Ratio = {(): 1}, {}
                for part in parts:
                    result = self._product(result, self._reciprocal(part))
                return result
            case ("^", base, int(exponent)) if 0 <= exponent <= 64:
                return self._power(self._reciprocal(base), exponent)
        return self._inverse(self.of(term))

    def _inverse(self, ratio: Ratio) -> Ratio:
        """Return 1/u: the content stays above, each generator common to all terms and the rest go below."""
        above, below = ratio
        if not above:
            raise CalculusError("division by zero")
        content, rest = _content(above)
        shared = dict(next(iter(rest)))
        for monomial in rest:
            exponents = dict(monomial)
            shared = {g: min(n, exponents[g]) for g, n in shared.items() if g in exponents}
        factors: dict[Frozen, int] = {}
        powers: list[tuple[int, Number]] = []
        for generator, exponent in sorted(shared.items()):
            if type(exponent) is int and exponent > 0:
                factors[((((generator, 1),), 1),)] = exponent
            powers.append((generator, -exponent))
        if powers:
            rest = {_joined(m, tuple(powers)): c for m, c in rest.items()}
        negative = tuple((g, n) for g, n in powers if ((((g, 1),), 1),) not in factors)  # powers of exp: any exponent
        if rest != {(): 1}:
            factors[_frozen(rest)] = 1
        return self.multiply(self._expanded(below), {negative: exact(1 / Fraction(content))}), factors

    # functions

    def _wave(self, name: str, argument: Ratio) -> Ratio:
        sign, key = _signed(argument)
        if key == _ZERO:
            return ({(): 1} if name == "cos" else {}), {}
        content, rest = _content(dict(key[0]))
        if self.expand and content.numerator in range(2, 9):
            base = (_frozen({m: c / Fraction(content.denominator) for m, c in rest.items()}), key[1])
            sine, cosine = self._sine_cosine(base)
            s, c = sine, cosine
            for _ in range(content.numerator - 1):
                s, c = (
                    self._total([self._product((s, {}), (cosine, {})), self._product((c, {}), (sine, {}))])[0],
                    self._total([self._product((c, {}), (cosine, {})), _scaled((self.multiply(s, sine), {}), -1)])[0],
                )
        else:
            s, c = self._sine_cosine(key)
        return (c, {}) if name == "cos" else _scaled((s, {}), sign)

    def _sine_cosine(self, key: Any) -> tuple[Sum, Sum]:
        cosine, sine = self._generator(("cos", key)), self._generator(("sin", key))
        self.squares[sine] = {(): 1, ((cosine, 2),): -1}
        return _term(1, sine), _term(1, cosine)

    def _exp(self, argument: Ratio) -> Ratio:
        """exp Σ c·m = Π (exp m)^c, and exp(c·log u) = u^c for an integer c."""
        above, below = argument
        factors: list[tuple[int, Number]] = []
        result: Ratio = {(): 1}, {}
        divisor = _key(below)
        self._pay(len(above) * (1 + sum(map(len, below))))
        for monomial, coefficient in above.items():
            key = ("exp", monomial, divisor)
            logarithm = self.logarithm.get(monomial[0][0]) if len(monomial) == 1 and monomial[0][1] == 1 else None
            if logarithm is not None and not below and type(coefficient) is int and abs(coefficient) <= 64:
                power = logarithm if coefficient > 0 else self._inverse(logarithm)
                result = self._product(result, self._power(power, abs(coefficient)))
            else:
                factors.append((self._generator(key), coefficient))
        return self._product(({tuple(sorted(factors)): 1}, {}), result)

    def _log(self, argument: Ratio) -> Ratio:
        """log c·u = log c + log u for a rational c > 0, log exp u = u and log √u = ½ log u."""
        above, below = argument
        if len(above) == 1 and not next(iter(above)) and below:
            return _scaled(self._log((self._expanded(below), {})), -1) if above == {(): 1} else self._split(argument)
        return self._split(argument)

    def _split(self, argument: Ratio) -> Ratio:
        above, below = argument
        if not above:
            raise CalculusError("the logarithm of zero")
        self._pay(50)  # trial division
        content, rest = _content(above, keep_sign=True)
        result: Sum = {}
        for prime, exponent in [*_primes(content.numerator), *[(p, -n) for p, n in _primes(content.denominator)]]:
            self._accumulate(result, ((self._logarithm(({(): prime}, {})), 1),), exponent)
        parts: list[Ratio] = [(result, {})]
        if len(rest) == 1:  # a monomial: its powers of exp come out, and an odd power of one generator alone
            ((monomial, coefficient),) = rest.items()
            plain: list[tuple[int, Number]] = []
            for generator, power in monomial:
                key = self.names[generator]
                if isinstance(key, tuple) and key[0] == "exp":
                    parts.append(({key[1]: power}, dict(key[2])))
                else:
                    plain.append((generator, power))
            factor = 1
            if len(plain) == 1 and coefficient == 1 and not below and int(plain[0][1]) % 2:
                factor, plain = int(plain[0][1]), [(plain[0][0], 1)]
            if len(plain) == 1 and coefficient == 1 and not below and plain[0][0] in self.squares:
                key = self.names[plain[0][0]]
                if key[0] == "sqrt" and plain[0][1] == 1:
                    parts.append(_scaled(self._log((self.squares[plain[0][0]], {})), Fraction(factor, 2)))
                    return self._total(parts)
            rest = {tuple(plain): coefficient}
            if factor != 1:
                parts.append((_term(factor, self._logarithm((rest, below))), {}))
                return self._total(parts)
        if rest != {(): 1} or below:
            parts.append((_term(1, self._logarithm((rest, below))), {}))
        return self._total(parts)

    def _logarithm(self, argument: Ratio) -> int:
        generator = self._generator(("log", _key_of(argument)))
        self.logarithm[generator] = argument
        return generator

    def _sqrt(self, argument: Ratio) -> Ratio:
        """√(c·u) = √c·√u for a rational c > 0, and √u² = u."""
        above, below = argument
        if not above:
            return {}, {}
        self._pay(50)  # trial division
        content, rest = _content(above, keep_sign=True)
        result: Sum = {(): exact(Fraction(1, content.denominator))}
        for prime, exponent in _primes(content.numerator * content.denominator):
            result = self.multiply(result, {(): prime ** (exponent // 2)})
            if exponent % 2:
                generator = self._generator(("sqrt", _key_of(({(): prime}, {}))))
                self.squares[generator] = {(): prime}
                result = self.multiply(result, _term(1, generator))
        if below:  # √(n/d) = t/d for the generator t = d·√(n/d), whose square is n·d
            expanded = self._expanded(below)
            generator = self._generator(("root", _frozen(rest), _frozen(expanded)))
            self.squares[generator] = self.multiply(rest, expanded)
            result = self.multiply(result, _term(1, generator))
        elif rest != {(): 1}:
            generator = self._generator(("sqrt", _key_of((rest, below))))
            self.squares[generator] = rest
            result = self.multiply(result, _term(1, generator))
        return result, below


_ONE: Sum = {(): 1}
_ZERO: Any = ((), ())


def _term(coefficient: Number, generator: int) -> Sum:
    return {((generator, 1),): coefficient}


def _scaled(ratio: Ratio, factor: Number) -> Ratio:
    return {monomial: factor * coefficient for monomial, coefficient in ratio[0].items()}, ratio[1]


def _joined(m: Monomial, n: Monomial) -> Monomial:
    exponents = dict(m)
    for generator, exponent in n:
        exponents[generator] = exponents.get(generator, 0) + exponent
    return tuple(sorted([(g, e) for g, e in exponents.items() if e]))


def _frozen(p: Sum) -> Frozen:
    return tuple(sorted(p.items()))


def _key(below: Mapping[Frozen, int]) -> Any:
    return tuple(sorted(below.items()))


def _key_of(ratio: Ratio) -> Any:
    return (_frozen(ratio[0]), _key(ratio[1]))


def _content(p: Sum, keep_sign: bool = False) -> tuple[Fraction, Sum]:
    """Split a nonzero polynomial into a rational and one with coprime integer coefficients, the first of them positive.

    With `keep_sign` the rational is positive.
    """
    above, below = gcd(*[c.numerator for c in p.values()]), lcm(*[c.denominator for c in p.values()])
    if not keep_sign and p[min(p)] < 0:
        above = -above
    return Fraction(above, below), p if above == below == 1 else {m: int(c * below) // above for m, c in p.items()}


def _signed(argument: Ratio) -> tuple[int, Any]:
    """Return the sign of the first coefficient and the key of the argument with that sign removed."""
    above, below = argument
    sign = -1 if above and above[min(above)] < 0 else 1
    return sign, _key_of((_scaled(argument, sign)[0], below)) if above else _ZERO


def _primes(number: int) -> list[tuple[int, int]]:
    """Factor a positive integer by trial division up to 1000; what is left is taken for a prime."""
    result, divisor = [], 2
    while number > 1 and divisor <= 1000:
        count = 0
        while number % divisor == 0:
            number, count = number // divisor, count + 1
        if count:
            result.append((divisor, count))
        divisor += 1
        if divisor * divisor > number:
            break
    root = isqrt(number)
    if number > 1:
        result.append((root, 2) if root * root == number else (number, 1))
    return result


def check_normal_form(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Decide `(identity f g)`: both are defined on D, and the numerator of f − g is zero."""
    match sequent.goal:
        case ("identity", f, g) if proves_defined(sequent, f, g):
            for expand in (False, True):
                if not NormalForms(expand).of(("-", f, g))[0]:
                    return True
    return False
