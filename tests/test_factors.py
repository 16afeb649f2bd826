"""Primes and irreducible polynomials: the operator `prime` and the body `irreducible` under attack.

The oracles are a sieve, published strong pseudoprimes, and products that were put together by hand; flint factors the
polynomials that are not known to be products.
"""

from __future__ import annotations

import os
from random import Random
from typing import Any

import flint
import pytest

from synth_kernel.claims import Claim, Theory
from synth_kernel.evaluate import Undecided, evaluate
from synth_kernel.kinds import required
from synth_kernel.primality import BASES, PRIME_BELOW, is_prime
from synth_kernel.recheck import recheck
from synth_kernel.terms import Term, TermError, read, write
from synth_solvers.answer import answer_of
from synth_solvers.prove import prove
from synth_solvers.verdicts import Proved

MUTANTS = int(os.environ.get("MUTANTS", "1000"))
EMPTY = Theory.read("(theory (ask (count)))")

# ---- primes ----------------------------------------------------------------------------------------------------------


def sieve(limit: int) -> list[bool]:
    prime = [False, False, *[True] * (limit - 2)]
    for n in range(2, int(limit**0.5) + 1):
        if prime[n]:
            prime[n * n :: n] = [False] * len(prime[n * n :: n])
    return prime


def test_small_numbers_are_prime_where_a_sieve_says_so() -> None:
    limit = 20 * MUTANTS
    assert [is_prime(n) for n in range(limit)] == sieve(limit)
    assert not any(is_prime(n) for n in range(-50, 2))


def test_strong_pseudoprimes_to_the_first_bases_are_not_prime() -> None:
    """ψ1 … ψ12: the least strong pseudoprimes to the first 1 … 12 prime bases (OEIS A014233)."""
    least = (
        2047, 1373653, 25326001, 3215031751, 2152302898747, 3474749660383, 341550071728321, 341550071728321,
        3825123056546413051, 3825123056546413051, 3825123056546413051, 318665857834031151167461,
    )  # fmt: skip
    assert [is_prime(n) for n in least] == [False] * 12


def test_large_numbers_are_prime_where_flint_says_so() -> None:
    rng = Random(31)
    primes = [n for n, prime in enumerate(sieve(10**5)) if prime]
    found = 0
    for _ in range(MUTANTS // 2):
        for n in (rng.randrange(10 ** rng.randint(6, 24)) * 2 + 1, rng.choice(primes) * rng.choice(primes)):
            assert is_prime(n) is bool(flint.fmpz(n).is_prime())
            found += bool(is_prime(n))
    assert found > MUTANTS / 50


def test_nothing_is_said_of_numbers_that_are_too_large() -> None:
    assert is_prime(PRIME_BELOW - 2) is not None
    for n in (PRIME_BELOW, PRIME_BELOW + 1, 2**89 - 1, 2**89):
        assert is_prime(n) is None
        with pytest.raises(Undecided):
            evaluate(("prime", n), {})
        assert not recheck(EMPTY, Claim("", "entails", (), ("prime", n)), {"v": 1, "body": "exhaustive"})
        assert not recheck(EMPTY, Claim("", "entails", (), ("not", ("prime", n))), {"v": 1, "body": "exhaustive"})
    assert all(is_prime(base) for base in BASES)


# ---- irreducible polynomials -----------------------------------------------------------------------------------------


def times(p: list[int], q: list[int]) -> list[int]:
    result = [0] * (len(p) + len(q) - 1)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            result[i + j] += a * b
    return result


def polynomial(degree: int, rng: Random) -> list[int]:
    size = rng.choice([1, 2, 4, 12])
    return [rng.randint(-size, size) for _ in range(degree)] + [rng.choice([1, 1, 1, -1, 2, 3, 6])]


def claimed(p: list[int]) -> Claim:
    return Claim("irreducible", "entails", (), ("irreducible", ("poly", *p)))


def certificate(*pairs: Any) -> dict[str, Any]:
    return {"v": 1, "body": "irreducible", "at": list(pairs)}


def test_no_product_is_shown_to_be_irreducible() -> None:
    """Points near, beyond and before the bound, with every cofactor that divides: only the bound itself refuses."""
    rng = Random(32)
    prime_values = 0
    for _ in range(MUTANTS):
        p = times(polynomial(rng.randint(1, 3), rng), polynomial(rng.randint(1, 3), rng))
        n = rng.choice([rng.randint(-5, 5), rng.randint(-60, 60), rng.randint(-(10**4), 10**4)])
        value = abs(sum(c * n**i for i, c in enumerate(p)))
        small = [d for d in range(1, min(value, 3 * abs(n) + 3) + 1) if value % d == 0]
        prime_values += any(is_prime(value // d) for d in small)
        for d in [*small, value, 0, -1, rng.choice([True, "1", None, 10**30])]:
            assert not recheck(EMPTY, claimed(p), certificate([n, d])), (p, n, d)
    assert prime_values > MUTANTS / 10  # the mutants do reach values that are prime but for a cofactor


def test_irreducible_polynomials_are_found_and_no_other() -> None:
    rng = Random(33)
    shown = 0
    for _ in range(MUTANTS // 8):
        p = polynomial(rng.randint(1, 7), rng)
        _, factors = flint.fmpz_poly(p).factor()
        alone = sum(exponent for _, exponent in factors) == 1
        verdict = prove(EMPTY, claimed(p))
        assert isinstance(verdict, Proved) is alone, p
        shown += alone
    assert shown > MUTANTS / 20


@pytest.mark.parametrize(
    "p", [[1, 0, 0, 0, 1], [2, 1, 1], [1, 0, -10, 0, 1], [6, 5, 5, 0, 0, 1], [-2, 0, 0, 0, 0, 0, 4]]
)
def test_what_has_factors_modulo_every_prime_or_even_values_only_is_shown_too(p: list[int]) -> None:
    assert isinstance(prove(EMPTY, claimed(p)), Proved)


@pytest.mark.parametrize(
    ("goal", "pairs"),
    [
        ("(irreducible (poly 4 0 0 0 1))", [[5, 17]]),  # x⁴ + 4 at 5: 17 · 37, a cofactor beyond the bound
        ("(irreducible (poly -1 0 1))", [[2, 1]]),  # x² − 1 at 2 is 3, too near the roots
        ("(irreducible (poly -2 3 -1))", [[0, 1]]),
        ("(irreducible (poly 0 0 1))", [[7, 7]]),
        ("(irreducible (poly 1 0 1))", []),
        ("(irreducible (poly 1 0 1))", [[4, 1], [4, 1]]),
        ("(and (irreducible (poly 1 0 1)) (irreducible (poly -1 0 1)))", [[4, 1], [4, 1]]),
        ("(or (irreducible (poly 1 0 1)))", [[4, 1]]),
        ("(not (irreducible (poly 1 0 1)))", [[4, 1]]),
        ("(irreducible (poly 5))", [[4, 1]]),  # no polynomial
        ("(irreducible (poly 1 0 0))", [[4, 1]]),
        ("(irreducible (poly 1 0 1/2))", [[4, 1]]),
        ("(prime 1)", [[4, 1]]),
        ("(irreducible (poly 1 0 1))", [[4.0, 1]]),
        ("(irreducible (poly 1 0 1))", [[10**400, 1]]),
        ("(irreducible (poly 1 0 1))", "41"),
    ],
)
def test_a_hole_stays_closed(goal: str, pairs: Any) -> None:
    assert not recheck(EMPTY, Claim("", "entails", (), read(goal)), {"v": 1, "body": "irreducible", "at": pairs})


def test_no_other_body_says_that_a_polynomial_is_irreducible() -> None:
    for goal in ("(irreducible (poly 1 0 1))", "(not (irreducible (poly 1 0 1)))"):
        for body in ("exhaustive", "left-inverse", "farkas", "roots", "lrat"):
            assert not recheck(
                EMPTY, Claim("", "entails", (), read(goal)), {"v": 1, "body": body, "rows": [], "proof": []}
            )


# ---- what a factorization claims -------------------------------------------------------------------------------------


def accepted(ask: str, answer: Term) -> bool:
    theory = Theory.read(ask)
    try:
        claims = required(theory, answer)
    except ValueError:
        return False
    return all(isinstance(prove(theory, claim), Proved) for claim in claims)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("(* (^ 2 3) 3)", True), ("(* 3 2 2 2)", True), ("(* (* 2 3) (^ 2 2))", True), ("24", False),
        ("(* 4 6)", False),
        ("(* 2 12)", False), ("(* 1 (^ 2 3) 3)", False), ("(+ 21 3)", False), ("(* 2 3)", False), ("(^ 2 3)", False),
        ("(- (* -2 (^ 2 2) 3))", False), ("(/ (* (^ 2 3) 3 5) 5)", False), ("(* (^ 2 3) 3 (^ 7 0))", False),
        ("(F 24)", False), ("(* (^ 2 3) (ite true 3 3))", False), ("(* 48 1/2)", False), ("(* (^ 2 3) (abs 3))", False),
    ],
)  # fmt: skip
def test_only_a_product_of_primes_factors_a_number(answer: str, right: bool) -> None:
    assert accepted("(theory (ask (compute (F 24))))", read(answer)) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("(* 4 (- x 1) (+ x 1))", True), ("(* (- (* 2 x) 2) (+ (* 2 x) 2))", True), ("(- (* 4 (- 1 x) (+ x 1)))", True),
        ("(/ (* 8 (- x 1) (+ x 1)) 2)", True), ("(* (- 4 (* 4 x)) (- -1 x))", True), ("(- (* 4 (^ x 2)) 4)", False),
        ("(* 4 (- (^ x 2) 1))", False), ("(* (- x 1) (+ x 1))", False), ("(* 4 (^ (- x 1) 2))", False), ("4", False),
        ("(* 4 (- x 1) (^ (/ 1 (+ x 1)) -1))", False), ("(D (* 4 (- (/ (^ x 3) 3) x)) x)", False),
    ],
)  # fmt: skip
def test_only_irreducible_factors_factor_a_polynomial(answer: str, right: bool) -> None:
    ask = "(theory (declare x Rational) (ask (compute (F (- (* 4 (^ x 2)) 4) x))))"
    assert accepted(ask, read(answer)) is right


def test_a_factorization_asks_about_a_closed_integer_or_a_polynomial_in_the_unknown() -> None:
    for ask in ("(F x)", "(F 1/2)", "(F x y)", "(F (^ x 2) 3)", "(F)"):
        with pytest.raises(TermError):
            Theory.read(f"(theory (declare x Rational) (ask (compute {ask})))")
    with pytest.raises(TermError):  # on whole numbers of a range different polynomials can agree
        Theory.read("(theory (declare x (range 0 3)) (ask (compute (F (^ x 2) x))))")


def test_the_finders_answer_is_proved() -> None:
    rng = Random(34)
    for _ in range(60):
        p: Term = ("+", *[("*", c, ("^", "x", i)) for i, c in enumerate(times(polynomial(2, rng), polynomial(3, rng)))])
        for theory in (
            Theory((), ask=("compute", ("F", rng.randint(2, 10**12)))),
            Theory((("x", "Rational"),), ask=("compute", ("F", p, "x"))),
        ):
            answer = answer_of(theory)
            assert answer is not None and accepted(theory.text(), answer), (theory.text(), write(answer))
