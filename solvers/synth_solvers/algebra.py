"""Polynomials through python-flint: exact real roots. The only file that knows flint; nothing here is trusted."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt, lcm

import flint

from synth_kernel.polynomial import Number, Polynomial, count_roots, trim
from synth_kernel.terms import Term, number


def real_roots(coefficients: Sequence[Number]) -> list[Term]:
    """Return the distinct real roots of Σ cᵢxⁱ as terms, ascending; raise ValueError for the zero polynomial.

    Rationals; `a ± q√d` with a squarefree d; otherwise `(root (poly c0 … cn) low high)` with the irreducible factor,
    between neighbours on the coarsest of the grids 1/100, 1/1000, … that isolates.

    >>> real_roots([-2, -2, 1])
    [('-', 1, ('sqrt', 3)), ('+', 1, ('sqrt', 3))]
    >>> real_roots([-2, 0, 0, 1])
    [('root', ('poly', -2, 0, 0, 1), Fraction(5, 4), Fraction(63, 50))]
    """
    found: list[tuple[float, Term]] = []
    for factor in factors(coefficients):
        if len(factor) == 2:
            root = Fraction(-factor[0], factor[1])
            found.append((float(root), number(root)))
        elif len(factor) == 3:
            found += _surds(*factor)
        elif count_roots(factor):
            found += _isolated(factor)
    return [term for _, term in sorted(found, key=lambda pair: pair[0])]


def factors(coefficients: Sequence[Number]) -> list[tuple[int, ...]]:
    """Return the distinct irreducible factors over Q, primitive, without constants.

    >>> factors([0, -1, 0, 1])
    [(-1, 1), (0, 1), (1, 1)]
    """
    if not trim(coefficients):
        raise ValueError("every number is a root of the zero polynomial")
    return [factor for factor, _ in factored(trim(coefficients))[1]]


def factored(p: Sequence[Number]) -> tuple[Fraction, list[tuple[tuple[int, ...], int]]]:
    """Write a polynomial that is not 0 as a rational and powers of primitive irreducible ones, by degree.

    >>> factored((2, 0, -2))
    (Fraction(-2, 1), [((-1, 1), 1), ((1, 1), 1)])
    """
    scale = lcm(*[c.denominator for c in p])
    content, pairs = flint.fmpz_poly([int(c * scale) for c in p]).factor()
    found = [(tuple(int(c) for c in factor.coeffs()), int(exponent)) for factor, exponent in pairs]
    return Fraction(int(content), scale), sorted(found, key=lambda pair: (len(pair[0]), pair))


def integer_factored(n: int) -> list[tuple[int, int]]:
    """Return the primes that divide a positive integer, ascending, with their exponents.

    >>> integer_factored(360)
    [(2, 3), (3, 2), (5, 1)]
    """
    return sorted((int(prime), int(exponent)) for prime, exponent in flint.fmpz(n).factor())


def equal(p: Polynomial, q: Polynomial) -> bool:
    """Say whether two polynomials are equal, in flint's arithmetic.

    >>> equal((Fraction(2, 2), 1), (1, 1))
    True
    """
    first, second = [flint.fmpq_poly([flint.fmpq(c.numerator, c.denominator) for c in trim(each)]) for each in (p, q)]
    return bool(first == second)


def _surds(c: int, b: int, a: int) -> list[tuple[float, Term]]:
    radicand = b * b - 4 * a * c
    if radicand < 0:
        return []
    square, free = squarefree(radicand)
    centre, distance = Fraction(-b, 2 * a), Fraction(square, 2 * abs(a))
    root: Term = ("sqrt", free) if distance == 1 else ("*", number(distance), ("sqrt", free))
    shift = float(distance) * float(free) ** 0.5
    low: Term = ("-", number(centre), root) if centre else ("-", root)
    high: Term = ("+", number(centre), root) if centre else root
    return [(float(centre) - shift, low), (float(centre) + shift, high)]


def squarefree(radicand: int) -> tuple[int, int]:
    """Write a positive integer as s²·d with d squarefree, and return (s, d).

    >>> squarefree(72)
    (6, 2)
    """
    square, free = 1, 1
    for prime, exponent in flint.fmpz(radicand).factor():
        square *= int(prime) ** (exponent // 2)
        free *= int(prime) ** (exponent % 2)
    assert square * square * free == radicand and isqrt(free) ** 2 in range(free + 1)
    return square, free


def _isolated(factor: tuple[int, ...]) -> list[tuple[float, Term]]:
    found: list[tuple[float, Term]] = []
    for root in flint.fmpz_poly(list(factor)).complex_roots():
        value = root[0] if isinstance(root, tuple) else root
        if value.imag != 0:
            continue
        for digits in range(2, 40):
            grid = 10**digits
            low = int((value.real * grid).floor().unique_fmpz() or 0)
            for start in (low, low - 1):
                if count_roots(factor, Fraction(start, grid), Fraction(start + 1, grid)) == 1:
                    break
            else:
                continue
            ends = number(Fraction(start, grid)), number(Fraction(start + 1, grid))
            found.append((float(value.real), ("root", ("poly", *factor), *ends)))
            break
    return found
