"""The bodies `normal-form` and `sign`, attacked; derivatives with textbook steps; the second opinion."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from random import Random

import pytest

from synth_kernel.calculus import CalculusError, derivative
from synth_kernel.claims import Claim, Theory
from synth_kernel.recheck import recheck
from synth_kernel.terms import Term, read, write
from synth_solvers import sympy_check
from synth_solvers.calculus import differentiate, simplify

NORMAL, SIGN = {"v": 1, "body": "normal-form"}, {"v": 1, "body": "sign"}


def identity(f: Term, g: Term, *domain: str) -> tuple[Theory, Claim]:
    theory = Theory((("x", "Real"),), (), (), tuple(map(read, domain)), ("compute", f))
    return theory, Claim("correct", "identity", ("D",), ("identity", f, g))


def proves(f: str, g: str, *domain: str) -> bool:
    body = SIGN if f == g else NORMAL
    return recheck(*identity(read(f), read(g), *domain), body)


# ---- an oracle that shares no code with the kernel: a value and a derivative in floating point --------------------


class NoValueError(Exception):
    pass


TINY = 1e-9  # what is smaller counts as zero; where a product of larger numbers is as small, the point is passed over


def visible(result: float, *factors: float) -> float:
    if abs(result) < TINY and all(abs(factor) >= TINY for factor in factors):
        raise OverflowError("too small to tell from zero")
    return result


def dual(term: Term, x: float) -> tuple[float, float, float]:
    """Return value, derivative, and a bound of the rounding error, relative to sizes met on the way."""
    if isinstance(term, int | Fraction):
        return float(term), 0.0, abs(float(term))
    if term == "x":
        return x, 1.0, abs(x)
    assert isinstance(term, tuple)
    operator, *parts = term
    if operator == "^":
        u, du, size = dual(parts[0], x)
        n = parts[1]
        assert isinstance(n, int)
        if n < 0 and abs(u) < TINY:
            raise NoValueError
        visible(u**n, u)
        return u**n, (n * u ** (n - 1) * du if n else 0.0), max(size, abs(u) ** n, abs(u) ** abs(n))
    values = [dual(part, x) for part in (parts[:1] if operator == "D" else parts)]
    size = max(each[2] for each in values)
    u, du, _ = values[0]
    match operator:
        case "+":
            return sum(v[0] for v in values), sum(v[1] for v in values), size
        case "-":
            if len(values) == 1:
                return -u, -du, size
            return u - values[1][0], du - values[1][1], size
        case "*":
            for v, dv, _ in values[1:]:
                visible(u * v, u, v)
                u, du, size = u * v, du * v + u * dv, max(size, abs(u), abs(v), abs(u * v))
            return u, du, size
        case "/":
            v, dv, _ = values[1]
            if abs(v) < TINY:
                raise NoValueError
            visible(u / v, u)
            return u / v, (du * v - u * dv) / (v * v), max(size, abs(u / v), abs(1 / v))
        case "sqrt" | "log" if u < (-TINY if operator == "sqrt" else TINY):
            raise NoValueError
        case "sqrt":
            root = math.sqrt(max(u, 0.0))
            return root, du / (2 * root) if root > 1e-5 else math.inf, size
        case "log":
            return math.log(u), du / u, max(size, 1 / u)
        case "exp":
            visible(math.exp(u), 1)
            if abs(du) < math.inf == abs(math.exp(u) * du):
                raise OverflowError("a finite derivative too large for a float")
            return math.exp(u), math.exp(u) * du, max(size, math.exp(u) * (1 + abs(u)))
        case "sin":
            return math.sin(u), math.cos(u) * du, size
        case "cos":
            return math.cos(u), -math.sin(u) * du, size
        case "tan":
            if abs(math.cos(u)) < TINY:
                raise NoValueError
            return math.tan(u), du / math.cos(u) ** 2, max(size, 1 / math.cos(u) ** 2)
        case "atan":
            return math.atan(u), du / (1 + u * u), size
        case "D":
            if math.isinf(du):
                raise NoValueError
            return du, math.nan, max(size, abs(du))
    raise NoValueError


def points(domain: tuple[Term, ...]) -> list[float]:
    """Return points of a domain of bounds (< a x), (< x a), … : inside, close to the ends, and the included ends."""
    candidates = [n / 4 for n in range(-40, 41)] + [n + sign * 1e-3 for n in range(-5, 6) for sign in (-1, 1)]

    def inside(x: float) -> bool:
        for relation, left, right in domain:  # type: ignore[misc]
            a, b = (x if each == "x" else float(each) for each in (left, right))
            if not {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[relation]:
                return False
        return True

    return [x for x in candidates if inside(x)]


def seen_false(f: Term, g: Term, domain: tuple[Term, ...]) -> bool:
    """Say whether some point of the domain shows that f or g has no value there or that they differ."""
    for x in points(domain):
        try:
            a, _, size_a = dual(f, x)
            b, _, size_b = dual(g, x)
        except NoValueError:
            return True
        except OverflowError:
            continue
        size = max(size_a, size_b, 1.0)
        if size < 1e6 and abs(a - b) > 1e-6 * size:
            return True
    return False


# ---- terms and mutants --------------------------------------------------------------------------------------------


def expression(depth: int, rng: Random) -> Term:
    if not depth:
        return rng.choice(["x", "x", "x", rng.randint(1, 5), ("^", "x", 2), ("*", rng.randint(2, 4), "x")])
    pick = rng.choice(["+", "-", "*", "/", "power", "sqrt", "log", "exp", "sin", "cos", "atan"])
    u = expression(depth - 1, rng)
    if pick in ("+", "-", "*"):
        return (pick, u, expression(depth - 1, rng))
    if pick == "/":
        return ("/", u, ("+", rng.randint(1, 4), ("^", expression(depth - 1, rng), 2)))
    if pick == "power":
        return ("^", u, rng.randint(2, 3))
    if pick in ("sqrt", "log"):
        u = ("+", rng.randint(1, 4), ("^", u, 2)) if rng.random() < 0.8 else u
    return (pick, u)


def subterms(term: Term, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Term]]:
    yield path, term
    if isinstance(term, tuple):
        for i, part in enumerate(term[1:], 1):
            if not (term[0] in ("^", "D") and i == 2):
                yield from subterms(part, (*path, i))


def replaced(term: Term, path: tuple[int, ...], new: Term) -> Term:
    if not path:
        return new
    assert isinstance(term, tuple)
    return (*term[: path[0]], replaced(term[path[0]], path[1:], new), *term[path[0] + 1 :])


def mutant(term: Term, rng: Random) -> Term:
    """Change one place of a term: another number, operator, order, sign, a factor that may be zero or undefined."""
    path, old = rng.choice(list(subterms(term)))
    choices: list[Callable[[], Term]] = [
        lambda: rng.randint(-3, 5),
        lambda: "x",
        lambda: ("-", old),
        lambda: ("*", old, ("/", ("log", -1), ("log", -1))),
        lambda: ("*", old, ("/", "x", "x")),
        lambda: ("/", old, ("-", ("+", ("^", ("sin", "x"), 2), ("^", ("cos", "x"), 2)), 1)),
        lambda: ("sqrt", ("^", old, 2)),
        lambda: ("log", ("exp", old)),
        lambda: ("exp", ("log", old)),
        lambda: ("+", old, rng.choice([1, ("sin", "x")])),
        lambda: rng.choice(list(subterms(term)))[1],
    ]
    if isinstance(old, tuple) and old[0] in ("+", "*", "-", "/") and len(old) == 3:
        choices += [lambda: (rng.choice("+-*/"), *old[1:]), lambda: (old[0], old[2], old[1])] * 2
    if isinstance(old, tuple) and len(old) == 2 and old[0] != "-":
        choices += [lambda: (rng.choice(["sin", "cos", "exp", "log", "sqrt", "tan"]), old[1])] * 2
    if isinstance(old, tuple) and old[0] == "^":
        choices += [lambda: ("^", old[1], rng.randint(-2, 4))] * 3
    return replaced(term, path, rng.choice(choices)())


DOMAINS = ((), ("(< 0 x)",), ("(<= 0 x)",), ("(< x 0)",), ("(< -1 x)", "(< x 1)"), ("(<= 1 x)", "(<= x 3)"))


def rows(count: int, seed: int) -> Iterator[tuple[Term, Term, tuple[Term, ...]]]:
    rng = Random(seed)
    for _ in range(count):
        f = expression(rng.choice([1, 1, 2]), rng)
        yield ("D", f, "x"), differentiate(f, "x")[0], tuple(map(read, rng.choice(DOMAINS)))


def test_no_false_identity_of_ten_thousand_mutants_is_proved() -> None:
    rng, false, proved = Random(1), 0, 0
    known = list(rows(500, seed=2))
    for index in range(10_000):
        f, g, domain = known[index % len(known)]
        kind = index % 5
        if kind == 0:
            f = mutant(f, rng)
        elif kind < 3:
            g = mutant(g, rng)
        elif kind == 3:
            g = rng.choice(known)[1]  # swapped between rows
        else:
            domain = tuple(map(read, rng.choice(DOMAINS)))
        theory = Theory((("x", "Real"),), (), (), domain, ("compute", "x"))
        claim = Claim("correct", "identity", ("D",), ("identity", f, g))
        if seen_false(f, g, domain):
            false += 1
            assert not recheck(theory, claim, NORMAL), (write(f), write(g), domain)
        else:
            proved += recheck(theory, claim, NORMAL)
    assert false > 5_000 and proved > 500


def test_nothing_undefined_of_ten_thousand_mutants_is_called_defined() -> None:
    rng, false, proved = Random(3), 0, 0
    for index in range(10_000):
        f = expression(index % 3 + 1, rng) if index % 3 < 2 else expression(2, rng)
        for _ in range(index % 3):
            f = mutant(f, rng)
        f = ("D", f, "x") if index % 2 else f
        domain = tuple(map(read, rng.choice(DOMAINS)))
        theory = Theory((("x", "Real"),), (), (), domain, ("compute", "x"))
        claim = Claim("well_defined", "identity", ("D",), ("identity", f, f))
        if seen_false(f, f, domain):
            false += 1
            assert not recheck(theory, claim, SIGN), (write(f), domain)
        else:
            proved += recheck(theory, claim, SIGN)
    assert false > 2_000 and proved > 2_000


# ---- holes, each reproduced before the rule that closes it ---------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "g", "domain"),
    [
        ("(D (log (- -1 (^ x 2))) x)", "(/ (* 2 x) (+ 1 (^ x 2)))", ()),
        ("(D (^ x 2) x)", "(/ (* 2 x (log -1)) (log -1))", ()),
        ("(D (log x) x)", "(/ 1 x)", ("(< x 0)",)),
        ("(D (log x) x)", "(/ 1 x)", ("(<= 0 x)",)),
        ("(/ 7 (- (+ (^ (sin x) 2) (^ (cos x) 2)) 1))", "(/ 1 (- (+ (^ (sin x) 2) (^ (cos x) 2)) 1))", ()),
        ("(D (sqrt x) x)", "(/ 1 (* 2 (sqrt x)))", ("(<= 0 x)",)),
        ("(D (abs x) x)", "1", ("(< 0 x)",)),
        ("(D (sqrt (^ x 2)) x)", "(/ x (sqrt (^ x 2)))", ()),
        ("(sqrt (^ x 2))", "x", ()),
        ("(log (^ x 2))", "(* 2 (log x))", ("(< x 0)",)),
        ("(/ (- (^ x 2) 1) (- x 1))", "(+ x 1)", ()),
        ("(tan x)", "(/ (sin x) (cos x))", ("(< 0 x)", "(< x 2)")),
        ("(/ x x)", "1", ()),
        ("(log x)", "(log x)", ("(< 0 x)", "(< x 0)")),  # nothing is well defined on an empty domain
    ],
)
def test_a_hole_stays_closed(f: str, g: str, domain: tuple[str, ...]) -> None:
    assert not proves(f, g, *domain)


@pytest.mark.parametrize(
    ("f", "g", "domain"),
    [
        ("(D (log (+ 2 (sin x))) x)", "(/ (cos x) (+ 2 (sin x)))", ()),
        ("(D (^ (+ 1 (^ x 2)) -1) x)", "(/ (* -2 x) (^ (+ 1 (^ x 2)) 2))", ()),
        ("(D (sqrt x) x)", "(/ 1 (* 2 (sqrt x)))", ("(< 0 x)",)),
        ("(D (atan x) x)", "(/ 1 (+ 1 (^ x 2)))", ()),
        ("(D (tan x) x)", "(+ 1 (^ (tan x) 2))", ("(< -1 x)", "(< x 1)")),
        ("(D (- (/ x 2) (/ (sin (* 2 x)) 4)) x)", "(^ (sin x) 2)", ()),
        ("(D (D (sin (^ x 2)) x) x)", "(- (* 2 (cos (^ x 2))) (* 4 (^ x 2) (sin (^ x 2))))", ()),
        ("(D (sqrt (/ (- 1 x) (+ 1 x))) x)", "(/ -1 (* (^ (+ 1 x) 2) (sqrt (/ (- 1 x) (+ 1 x)))))",
         ("(< -1 x)", "(< x 1)")),
        ("(log 2500)", "(* 2 (log 50))", ()),
        ("(exp (* 2 (log x)))", "(^ x 2)", ("(< 0 x)",)),
        ("(log (^ x 3))", "(* 3 (log x))", ("(< 0 x)",)),
        ("(sqrt (* 8 x))", "(* 2 (sqrt 2) (sqrt x))", ("(<= 0 x)",)),
        ("(/ (exp x) (exp (/ x 2)))", "(exp (/ x 2))", ()),
        ("(sin (* 3 x))", "(- (* 3 (sin x)) (* 4 (^ (sin x) 3)))", ()),
        ("(log (log x))", "(log (log x))", ("(< 1 x)",)),
        ("(/ 1 (+ (^ (sin x) 2) (* 2 (sin x)) 2))", "(/ 1 (+ (^ (sin x) 2) (* 2 (sin x)) 2))", ()),
        ("(sqrt (+ (exp x) (^ x 2) (* -2 x) 1))", "(sqrt (+ (exp x) (^ x 2) (* -2 x) 1))", ()),
        ("(/ 1 (- (^ x 3) 8))", "(/ 1 (- (^ x 3) 8))", ("(< 2 x)",)),
    ],
)  # fmt: skip
def test_a_true_identity_is_proved(f: str, g: str, domain: tuple[str, ...]) -> None:
    assert proves(f, g, *domain)


def test_a_hostile_term_is_refused_soon() -> None:
    x: Term = "x"
    nested = x
    for _ in range(60):
        nested = ("*", ("+", nested, 1), ("exp", ("sin", nested))) if len(write(nested)) < 4_000 else ("exp", nested)
    wide = ("*", *[("+", i, ("sin", ("*", i, x)), ("^", ("exp", x), i)) for i in range(1, 60)])
    for f in (nested, wide, ("^", ("^", ("+", x, ("sin", x), ("exp", x)), 64), 64)):
        assert not recheck(*identity(("D", f, x), ("cos", f)), NORMAL)
    tower: Term = x
    for _ in range(50):
        tower = ("D", ("*", tower, ("exp", x)), "x")
    assert not recheck(*identity(tower, 0), NORMAL)


# ---- derivatives ---------------------------------------------------------------------------------------------------


def test_every_derivative_of_depth_three_is_proved_and_agrees_with_the_oracle() -> None:
    rng, proved = Random(5), 0
    for _ in range(300):
        f = expression(3, rng)
        g = differentiate(f, "x")[0]
        try:
            different = seen_false(derivative(f, "x"), g, (read("(< 1 x)"), read("(< x 3)")))
        except CalculusError:
            continue
        assert not different or seen_false(f, f, (read("(< 1 x)"), read("(< x 3)"))), write(f)
        proved += recheck(*identity(("D", f, "x"), g, "(< 1 x)", "(< x 2)"), NORMAL)
    assert proved > 240


def test_every_step_of_a_derivative_is_a_true_identity() -> None:
    rng = Random(6)
    for _ in range(100):
        f = expression(2, rng)
        if not recheck(*identity(("D", f, "x"), ("D", f, "x"), "(< 0 x)"), SIGN):
            continue
        result, steps = differentiate(f, "x")
        assert steps[-1][1] == result
        for part, value, rule in steps:
            assert recheck(*identity(("D", part, "x"), value, "(< 0 x)"), NORMAL), (write(part), write(value), rule)


def test_steps_follow_the_textbook() -> None:
    _, steps = differentiate(read("(* (^ x 3) (sin (* 2 x)))"), "x")
    assert [(write(part), write(value), rule) for part, value, rule in steps] == [
        ("(^ x 3)", "(* 3 (^ x 2))", "power"),
        ("(* 2 x)", "2", "multiple"),
        ("(sin (* 2 x))", "(* 2 (cos (* 2 x)))", "chain"),
        ("(* (^ x 3) (sin (* 2 x)))", "(+ (* (* 3 (^ x 2)) (sin (* 2 x))) (* (* 2 (^ x 3)) (cos (* 2 x))))", "product"),
    ]


@pytest.mark.parametrize(
    ("term", "tidy"),
    [
        ("(+ (* 1 x) 0)", "x"),
        ("(* -1 (- x))", "x"),
        ("(+ (* 2 x) (* -5 x) 1)", "(- 1 (* 3 x))"),
        ("(/ (* 6 (^ x 3)) (* 4 x))", "(/ (* 3 (^ x 2)) 2)"),
        ("(* (sqrt x) (sqrt x))", "x"),
        ("(^ x -2)", "(/ 1 (^ x 2))"),
        ("(- (exp 0) (cos 0))", "0"),
        ("(/ 1 0)", "(/ 1 0)"),
    ],
)
def test_simplify_writes_it_as_a_person_would(term: str, tidy: str) -> None:
    assert write(simplify(read(term))) == tidy


def test_simplify_keeps_the_value_and_is_stable() -> None:
    rng = Random(7)
    for _ in range(500):
        f = mutant(expression(2, rng), rng)
        tidy = simplify(f)
        assert simplify(tidy) == tidy, write(f)
        for x in (0.3, 1.7, -2.2):
            try:
                a, _, size = dual(f, x)
                b = dual(tidy, x)[0]
            except (NoValueError, OverflowError, ZeroDivisionError):
                continue
            assert abs(a - b) <= 1e-6 * max(1, size), (write(f), write(tidy))


def test_a_second_opinion_agrees() -> None:
    f = read("(* (^ x 2) (exp x))")
    g, _ = differentiate(f, "x")
    assert sympy_check.agrees(("D", f, "x"), g, "x") is True
    assert sympy_check.agrees(("D", f, "x"), ("+", g, 1), "x") is False
    found = sympy_check.antiderivative(g, "x")
    assert found is not None and recheck(*identity(("D", found, "x"), g), NORMAL)


def test_the_search_for_an_antiderivative_ends_after_so_many_calls_and_leaves_nothing_behind():
    hard = ("*", ("^", ("+", ("sin", "x"), 7), 5), ("log", ("+", ("^", "x", 2), 3)))
    before = sys.getprofile()
    assert sympy_check.antiderivative(hard, "x", calls=20_000) is None
    assert sys.getprofile() is before
    assert sympy_check.antiderivative(("*", 2, "x"), "x", calls=500_000) == ("^", "x", 2)
