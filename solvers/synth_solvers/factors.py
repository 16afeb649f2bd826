"""Complete factorizations through the finders of `algebra`, and points that show polynomials to be irreducible."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from synth_kernel.claims import Sequent, Theory
from synth_kernel.evaluate import evaluate
from synth_kernel.irreducible import horner, shows
from synth_kernel.polynomial import from_term
from synth_kernel.terms import Term, number
from synth_solvers.algebra import factored, integer_factored
from synth_solvers.monomials import polynomial_term

MAX_TRIES = 2_000  # values looked at for one polynomial


def factorization(theory: Theory) -> Term | None:
    """Answer `(compute (F n))` and `(compute (F f x))` by a product of powers; None where the input is 0.

    >>> factorization(Theory((), ask=("compute", ("F", 360))))
    ('*', ('*', ('^', 2, 3), ('^', 3, 2)), 5)
    """
    match theory.ask:
        case ("compute", ("F", f, str(x))):
            p = from_term(f, x)
            if not p:
                return None
            unit, factors = factored(p)
            powers = [_power(polynomial_term(factor, x), exponent) for factor, exponent in factors]
            found = _product([number(abs(unit)), *powers] if abs(unit) != 1 or not powers else powers)
            return found if unit > 0 else ("-", found)
        case ("compute", ("F", f)):
            n = evaluate(f, {})
            return _product([_power(prime, exponent) for prime, exponent in integer_factored(n)]) if n > 1 else None
    return None


def _power(base: Term, exponent: int) -> Term:
    return base if exponent == 1 else ("^", base, exponent)


def _product(parts: Sequence[Term]) -> Term:
    return reduce(lambda total, part: ("*", total, part), parts)


def irreducible(sequent: Sequent) -> dict[str, Any] | None:
    """Find a value with a large prime factor for each polynomial of the goal; None where none is found."""
    goal: Any = sequent.goal
    parts = goal[1:] if isinstance(goal, tuple) and goal[0] == "and" else (goal,)
    if not all(isinstance(part, tuple) and part[0] == "irreducible" for part in parts):
        return None
    pairs = [_point(part[1][1:]) for part in parts if len(part[1]) > 3]
    return None if None in pairs else {"v": 1, "body": "irreducible", "at": pairs}


def _point(p: Sequence[int]) -> list[int] | None:
    """Look at the values right and left of all roots; a cofactor is what small primes divide out."""
    height = -(-max([abs(c) for c in p[:-1]]) // abs(p[-1]))
    for step in range(MAX_TRIES):
        n = (height + 2 + step // 2) * (-1 if step % 2 else 1)
        value = abs(horner(p, n))
        cofactor = 1
        for prime in (2, 3, 5, 7, 11, 13):
            while value and value % (cofactor * prime) == 0 and cofactor * prime <= abs(n) - height - 1:
                cofactor *= prime
        if shows(p, n, cofactor):
            return [n, cofactor]
    return None
