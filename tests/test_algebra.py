"""Exact numbers, polynomials and the bodies `roots`, `sturm` and `multiple`, against flint and mpmath."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import flint
import mpmath
import pytest

from synth_kernel import numbers, polynomial
from synth_kernel.claims import Claim, Theory
from synth_kernel.evaluate import Undecided, Undefined, evaluate
from synth_kernel.polynomial import Polynomial
from synth_kernel.recheck import recheck
from synth_kernel.terms import Term, TermError, read, write
from synth_solvers.algebra import equal, factors, real_roots

ROOTS, STURM = {"v": 1, "body": "roots"}, {"v": 1, "body": "sturm"}
BOUNDS = ("(< 0 x)", "(<= x 1)", "(> x -2)", "(>= 3 x)", "(< x 1/2)", "(<= -1 x)")


def equation(p: Polynomial) -> Term:
    return ("=", ("+", 0, *[("*", c, ("^", "x", i)) for i, c in enumerate(p)]), 0)


def theory(*clauses: Term, sort: Term = "Real") -> Theory:
    return Theory((("x", sort),), (), clauses, (), ("all", "x"))


def listed(values: list[Term]) -> Term:
    return ("or", *[("=", "x", value) for value in values])


def random_polynomial(rng: Random, degree: int) -> Polynomial:
    if rng.random() < 0.5:
        return (*[rng.randint(-5, 5) for _ in range(degree)], rng.choice([1, 2, -1]))
    p: Polynomial = (rng.choice([1, -2]),)
    while len(p) <= degree:
        p = polynomial.multiply(p, rng.choice([(rng.randint(-3, 3), rng.randint(1, 2)), (rng.randint(-3, 3), 0, 1)]))
    return p


# ---- an oracle that shares no code with the kernel: flint's isolated roots, mpmath's values ------------------------


def oracle_roots(p: Polynomial) -> list[mpmath.mpf]:
    """Return the distinct real roots of a nonzero integer polynomial to 40 digits or so."""
    whole = flint.fmpz_poly([int(c) for c in p])
    result = []
    for factor, _ in whole.factor()[1]:
        for root in factor.complex_roots():
            value = root[0] if isinstance(root, tuple) else root
            if value.imag == 0:
                middle = mpmath.mpf(str(value.real.mid().str(25, radius=False)))
                coefficients = [int(c) for c in reversed(factor.coeffs())]
                result.append(mpmath.findroot(lambda x, c=coefficients: mpmath.polyval(c, x), middle, tol=1e-30))
    return sorted(result)


def oracle_value(term: Term) -> Any:
    if isinstance(term, int | Fraction):
        return mpmath.mpf(term.numerator) / term.denominator
    match term:
        case ("+", a, b):
            return oracle_value(a) + oracle_value(b)
        case ("-", a, b):
            return oracle_value(a) - oracle_value(b)
        case ("-", a):
            return -oracle_value(a)
        case ("*", a, b):
            return oracle_value(a) * oracle_value(b)
        case ("sqrt", a):
            return mpmath.sqrt(oracle_value(a))
        case ("root", ("poly", *p), low, high):
            low, high = oracle_value(low), oracle_value(high)
            inside = [root for root in oracle_roots(tuple(p)) if low < root < high]  # type: ignore[arg-type]
            return inside[0] if len(inside) == 1 else mpmath.nan
    raise ValueError(write(term))


def within(value: Any, bounds: tuple[str, ...]) -> bool:
    """Say whether a root satisfies bounds; ends are compared with a tolerance, as roots on them are exact."""
    for bound in bounds:
        relation, a, b = read(bound)  # type: ignore[misc]
        left, right = [value if each == "x" else oracle_value(each) for each in (a, b)]
        if relation in (">", ">="):
            left, right = right, left
        near = abs(left - right) < 1e-15
        if not (near if relation in ("<=", ">=") else False) and (near or not left < right):
            return False
    return True


def oracle_says(p: Polynomial, bounds: tuple[str, ...], values: list[Term]) -> bool:
    """Say whether the values cover every solution."""
    given = [oracle_value(value) for value in values]
    wanted = [root for root in oracle_roots(p) if within(root, bounds)]
    return all(any(abs(root - value) < 1e-15 for value in given) for root in wanted)


def altered(value: Term, rng: Random) -> Term:
    """Change a number a little: a sign, a part, a neighbouring interval."""
    match value:
        case ("root", ("poly", *p), low, high):
            changed = list(p)
            changed[rng.randrange(len(p) - 1)] += rng.choice([-1, 1])  # type: ignore[operator]
            return rng.choice([
                ("root", ("poly", *changed), low, high), ("root", ("poly", *p), high, high + 1),  # type: ignore[operator]
                ("root", ("poly", *p), low - 9, high), ("root", ("poly", *p), low - 1, low),  # type: ignore[operator]
            ])  # fmt: skip
        case (operator, a, b) if operator in ("+", "-"):
            return rng.choice(
                [("-" if operator == "+" else "+", a, b), (operator, b, a), b, (operator, a, altered(b, rng))]
            )
        case (str() as operator, *parts):
            return (operator, *[altered(part, rng) for part in parts])
        case _:
            assert isinstance(value, int | Fraction)
            return rng.choice([-value, value + 1, 2 * value, value])


def test_no_false_list_of_roots_of_ten_thousand_mutants_is_proved() -> None:
    rng = Random(11)
    known = []
    for index in range(250):
        p = random_polynomial(rng, index % 4 + 1)
        known.append((p, real_roots(p), {}))
    truth: dict[Any, bool] = {}
    false = proved = 0
    for index in range(10_000):
        p, values, _ = known[index % len(known)]
        values = list(values)
        bounds: tuple[str, ...] = ()
        kind = rng.randrange(7)
        if kind == 0 and values:
            values.pop(rng.randrange(len(values)))
        elif kind == 1 and values:
            values[rng.randrange(len(values))] = rng.choice(values)  # duplicated
        elif kind == 2 and values:
            place = rng.randrange(len(values))
            values[place] = altered(values[place], rng)
        elif kind == 3:
            values = list(rng.choice(known)[1])  # swapped between rows
        elif kind == 4:
            bounds = tuple(rng.sample(BOUNDS, rng.randint(1, 2)))
            values = [value for value in values if rng.random() < 0.7]
        elif kind == 5:
            values.append(rng.randint(-3, 3))
        key = (p, bounds, tuple(values))
        if key not in truth:
            try:
                truth[key] = oracle_says(p, bounds, values)
            except (ValueError, TypeError):
                continue
        claim = Claim("complete", "entails", ("T",), listed(values))
        accepted = recheck(theory(equation(p), *map(read, bounds)), claim, ROOTS)
        if not truth[key]:
            false += 1
            assert not accepted, (p, bounds, write(listed(values)))
        proved += accepted
    assert false > 3_000 and proved > 1_000


def test_no_false_count_of_ten_thousand_mutants_is_proved() -> None:
    rng = Random(12)
    known = [random_polynomial(rng, index % 5 + 1) for index in range(250)]
    oracle = {p: oracle_roots(p) for p in known}
    false = proved = 0
    for index in range(10_000):
        p = known[index % len(known)]
        bounds = tuple(rng.sample(BOUNDS, rng.choice([0, 0, 1, 2, 3])))
        count = sum(within(root, bounds) for root in oracle[p])
        said = count if rng.random() < 0.3 else rng.randint(0, 5)
        claim = Claim("correct", "count", ("T",), said)
        accepted = recheck(theory(equation(p), *map(read, bounds)), claim, STURM)
        if said != count:
            false += 1
            assert not accepted, (p, bounds, said)
        else:
            assert accepted, (p, bounds, said)
            proved += 1
    assert false > 5_000 and proved > 3_000


@mpmath.workdps(40)  # type: ignore[untyped-decorator]
def test_no_false_equation_of_ten_thousand_mutants_follows() -> None:
    """The oracle puts the roots in; an equation follows where it holds at each of them."""
    rng = Random(13)
    known = [random_polynomial(rng, index % 4 + 1) for index in range(200)]
    roots = {p: oracle_roots(p) for p in known}
    false = proved = 0
    for index in range(10_000):
        p = known[index % len(known)]
        q = polynomial.multiply(
            p, rng.choice([(1,), (3,), (Fraction(-1, 2),), (rng.randint(-3, 3), 1), rng.choice(known)])
        )
        if rng.random() < 0.7:
            changed = list(q)
            changed[rng.randrange(len(q))] += rng.choice([-1, 1, 2])
            q = tuple(changed)
        goal = ("=", ("+", q[0], *[("*", c, ("^", "x", i)) for i, c in enumerate(q) if i]), 0)
        claim = Claim("step", "entails", ("T",), goal)
        accepted = recheck(theory(equation(p)), claim, {"v": 1, "body": "multiple"})
        holds = all(abs(mpmath.polyval([mpmath.mpf(c.numerator) / c.denominator for c in reversed(q)], root)) < 1e-18
                    for root in roots[p])  # fmt: skip
        false += not holds
        proved += accepted
        assert holds or not accepted, (p, q)
    assert false > 3_000 and proved > 2_000


@pytest.mark.parametrize("goal", [
    "(= (/ (* x x) x) 0)", "(= (^ x 0) 1)", "(= (/ x 0) 0)", "(= (* x (- (/ 1 x) (/ 1 x))) 0)", "(= (^ x -1) 0)",
    "(= (* (sqrt -1) x) 0)", "(or (= x 0))", "(= (^ x (- 2 2)) 1)", "(> (* 2 x) 0)", "(= y 0)",
])  # fmt: skip
def test_no_equation_without_a_value_follows_from_x_is_zero(goal: str) -> None:
    claim = Claim("step", "entails", ("T",), read(goal))
    assert not recheck(theory(read("(= x 0)")), claim, {"v": 1, "body": "multiple"})


@pytest.mark.parametrize(
    ("sort", "clauses", "form", "goal"),
    [
        ("Real", "(= x x)", "entails", "(or)"),  # every number is a solution
        ("Real", "(= x x)", "count", "0"),
        ("Real", "(= (/ (- (^ x 2) 1) (- x 1)) 0)", "entails", "(or (= x 1) (= x -1))"),  # not a polynomial
        ("Real", "(= (^ x 2) 2)", "entails", "(= x (sqrt 2))"),
        ("Real", "(= (^ x 2) 2)", "entails", "(or (= x (sqrt 2)) (= x (* 1 (sqrt 2))))"),
        ("Real", "(= (^ x 2) 4)", "entails", "(or (= x (root (poly -4 0 1) 1 3)) (= x 2))"),  # one root twice
        ("Real", "(= (^ x 3) x)", "entails", "(or (= x 1) (= x (root (poly 0 -1 0 1) -2 2)) (= x -1))"),  # not isolated
        ("Real", "(= (^ x 2) 2)", "entails", "(or (= x x) (= x 1))"),
        ("Real", "(= x 1)", "entails", "(or (= x (/ 1 0)))"),
        ("Real", "(= x 1)", "entails", "(or (= x (sqrt -1)) (= x 1))"),
        ("Rational", "(= (^ x 2) 2)", "count", "2"),  # none of them is rational
        ("Int", "(= (^ x 2) 2)", "count", "2"),
        ("Real", "(= (^ x 2) 2) (< (sin x) 0)", "count", "2"),  # a count may leave no premise out
        ("Real", "(= (^ x 2) 2) (= x 7)", "count", "2"),
        ("Real", "(< x 1)", "count", "1"),
        ("Real", "(= (^ x 2) 2) (or (= x 1) (= x 2))", "entails", "(or)"),
    ],
)  # fmt: skip
def test_a_hole_stays_closed(sort: str, clauses: str, form: str, goal: str) -> None:
    parts = read(f"(clauses {clauses})")
    assert isinstance(parts, tuple)
    claim = Claim("complete", form, ("T",), read(goal))
    assert not recheck(theory(*parts[1:], sort=sort), claim, ROOTS if form == "entails" else STURM)


def test_the_roots_of_each_polynomial_are_found_and_proved() -> None:
    rng = Random(13)
    for index in range(200):
        p = random_polynomial(rng, index % 5 + 1)
        found = real_roots(p)
        values = [oracle_value(value) for value in found]
        assert values == sorted(values) and len(found) == len(oracle_roots(p))
        assert recheck(theory(equation(p)), Claim("complete", "entails", ("T",), listed(found)), ROOTS), p


def test_bounds_leave_only_the_roots_within() -> None:
    claim = Claim("complete", "entails", ("T",), read("(= x (sqrt 2))"))
    assert recheck(theory(read("(= (^ x 2) 2)"), read("(<= 0 x)")), claim, ROOTS)


def test_a_surd_is_written_in_lowest_terms() -> None:
    assert [write(root) for root in real_roots([-1, -1, 1])] == [
        "(- 1/2 (* 1/2 (sqrt 5)))",
        "(+ 1/2 (* 1/2 (sqrt 5)))",
    ]
    assert [write(root) for root in real_roots([-8, 0, 1])] == ["(- (* 2 (sqrt 2)))", "(* 2 (sqrt 2))"]
    assert [write(root) for root in real_roots([0, -1, 2])] == ["0", "1/2"]


def test_hostile_polynomials_are_refused_soon() -> None:
    tower = read("(= (^ (^ (+ x 1) 64) 64) 0)")
    large = ("=", ("*", *[("+", ("^", "x", 20), 10**60 + i) for i in range(400)]), 0)
    many = ("or", *[("=", "x", ("root", ("poly", -(10**90) - i, *[10**90] * 11, 1), 0, 1)) for i in range(60)])
    for clause in (tower, large, equation(tuple([10**190 + i for i in range(33)]))):
        assert not recheck(theory(clause), Claim("complete", "entails", ("T",), many), ROOTS)
        assert not recheck(theory(clause), Claim("correct", "count", ("T",), 1), STURM)


# ---- polynomials ---------------------------------------------------------------------------------------------------


def test_gcd_division_and_squarefree_counts_agree_with_flint() -> None:
    rng = Random(14)
    for _ in range(300):
        a, b, c = (random_polynomial(rng, rng.randint(0, 4)) for _ in range(3))
        p, q = polynomial.multiply(a, c), polynomial.multiply(b, c)
        p, q = polynomial.trim(p), polynomial.trim(q)
        flint_gcd = flint.fmpz_poly([int(x) for x in p]).gcd(flint.fmpz_poly([int(x) for x in q]))
        wanted = polynomial.primitive(tuple(int(x) for x in flint_gcd.coeffs()))
        assert polynomial.common(p, q) == (wanted if wanted[-1] > 0 else tuple(-x for x in wanted))
        quotient, rest = polynomial.divide(p, q)
        assert equal(polynomial.add(polynomial.multiply(quotient, q), rest), p)
        assert polynomial.count_roots(p) == len(oracle_roots(p))
        odd = [f for f, n in flint.fmpz_poly([int(x) for x in p]).factor()[1] if n % 2]
        assert sorted(factors(polynomial.odd_part(p))) == sorted(tuple(int(x) for x in f.coeffs()) for f in odd)


# ---- numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["exp", "log", "sin", "cos", "tan", "atan", "sqrt"])
def test_an_enclosure_contains_the_value_and_is_narrow(name: str) -> None:
    rng = Random(15)
    with mpmath.workprec(1_000):
        for _ in range(100):
            x = Fraction(rng.randint(-(10**5), 10**5), rng.randint(1, 10 ** rng.randint(0, 5)))
            x = x / 1000 if abs(x) > 600 else x
            x = abs(x) + Fraction(1, 99) if name in ("log", "sqrt") else x
            enclosure = numbers.enclose(numbers.function(name, x))
            true = getattr(mpmath, name)(mpmath.mpf(x.numerator) / x.denominator)
            low, high = [mpmath.mpf(end.numerator) / end.denominator for end in (enclosure.low, enclosure.high)]
            assert low <= true <= high
            assert high - low <= max(1, abs(true)) / 2**64


def test_algebraic_numbers_compute_as_mpmath_does() -> None:
    rng, decided = Random(16), 0
    leaves = [
        read("(sqrt 2)"), read("(sqrt 8)"), read("(sqrt 1/2)"), 3, Fraction(-1, 2),
        read("(root (poly -2 0 0 1) 1 2)"), read("(root (poly -1 -1 0 0 0 1) 1 6/5)"),
        read("(root (poly 0 -2 0 1) 1 2)"),
    ]  # fmt: skip

    def build(depth: int) -> Term:
        if not depth:
            return rng.choice(leaves)
        return (rng.choice("+-*"), build(depth - 1), build(depth - 1))

    for _ in range(1_000):
        a, b = build(2), build(2)
        x, y = oracle_value(a), oracle_value(b)
        for relation, wanted in (("<", x < y and abs(x - y) > 1e-12), ("=", abs(x - y) < 1e-12)):
            try:
                assert evaluate((relation, a, b), {}) is bool(wanted), write((relation, a, b))
                decided += 1
            except Undecided:
                assert abs(x - y) < 1e-12  # only what is equal may stay open
    assert decided > 1_800


@pytest.mark.parametrize(
    "statement",
    [
        "(= (^ (+ 1/2 (* 1/2 (sqrt 5))) 2) (+ 3/2 (* 1/2 (sqrt 5))))",
        "(= (/ 1 (sqrt 2)) (/ (sqrt 2) 2))",
        "(= (/ 1 (- (sqrt 2) 1)) (+ 1 (sqrt 2)))",
        "(= (root (poly 0 -1 0 1) -1 1) 0)",  # the ends of the interval are roots too
        "(< (root (poly 0 -1 0 1) -1 1) 1/1000)",
        "(= (sqrt 2) (root (poly -2 0 1) 1 2))",
        "(< (+ (sqrt 2) (sqrt 3)) (sqrt 10))",
        "(distinct (sqrt 2) (sqrt 3) (root (poly -2 0 0 1) 1 2))",
        "(< 27/10 (exp 1))",
        "(= (exp 0) 1)",
        "(< (abs (- (* 4 (atan 1)) 355/113)) 1/1000000)",
    ],
)
def test_a_true_statement_about_numbers_holds(statement: str) -> None:
    try:
        assert evaluate(read(statement), {}) is True
    except Undecided:
        assert "root (poly -2 0 1)" in statement  # two fields: it may stay open, never be denied


def test_what_has_no_value_or_no_answer_says_so() -> None:
    for text in ("(sqrt -1)", "(log 0)", "(log -2)", "(/ 1 (- (sqrt 2) (sqrt 2)))", "(sqrt (- 1 (sqrt 2)))"):
        with pytest.raises(Undefined):
            evaluate(read(text), {})
    for text in ("(= (exp 1) (exp 1))", "(root (poly 2 -3 1) 0 3)", "(exp 100000)", "(/ 1 (- (exp 1) (exp 1)))"):
        with pytest.raises(Undecided):
            evaluate(read(text), {})
    with pytest.raises((TermError, polynomial.PolynomialError)):
        polynomial.from_term(read("(exp x)"), "x")
