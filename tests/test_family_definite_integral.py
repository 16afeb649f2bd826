"""Definite integrals: an oracle reads the formal text by itself and integrates numerically; the body is attacked."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from random import Random
from typing import Any

import mpmath
import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family
from synth_kernel.claims import Claim, Theory
from synth_kernel.recheck import recheck
from synth_kernel.terms import Term, read, write
from synth_solvers.integrals import integral

NAME = "definite_integral"
FUNCTIONS = {name: getattr(mpmath, name) for name in ("sin", "cos", "tan", "atan", "exp", "log", "sqrt")}


def value(text: str, x: Any = None) -> Any:
    """Return the value of an expression of the formal language, by way of Python's own parser."""

    def walk(node: Any) -> Any:
        match node:
            case ast.Constant(int() as number):
                return mpmath.mpf(number)
            case ast.Name("x") if x is not None:
                return x
            case ast.Name("pi"):
                return mpmath.pi
            case ast.UnaryOp(ast.USub(), operand):
                return -walk(operand)
            case ast.BinOp(left, operator, right):
                a, b = walk(left), walk(right)
                apply = {ast.Add: a.__add__, ast.Sub: a.__sub__, ast.Mult: a.__mul__, ast.Div: a.__truediv__}
                return a ** int(b) if isinstance(operator, ast.Pow) else apply[type(operator)](b)
            case ast.Call(ast.Name(name), [argument]):
                return FUNCTIONS[name](walk(argument))
        raise AssertionError(ast.dump(node))

    return walk(ast.parse(text.replace("^", "**"), mode="eval").body)


def right(formal: str, answer: str) -> bool:
    found = re.fullmatch(r"integrate x from (\S+) to (\S+): (.+)", formal)
    assert found
    with mpmath.workdps(30):
        area = mpmath.quad(lambda x: value(found[3], x), [value(found[1]), value(found[2])])
        return bool(abs(area - value(answer)) <= mpmath.mpf(10) ** -15 * (1 + abs(area)))


def judged(formal: str, answer: str = "") -> Record | Rejection:
    source = Source(NAME, 1, 0, 0)
    if not answer:
        candidate = solve(families()[NAME], Candidate(source, formal))
        return candidate if isinstance(candidate, Rejection) else judge(families()[NAME], candidate, Setting())
    return judge(families()[NAME], Candidate(source, formal, answer, (Step("s0", answer, (), "answer"),)), Setting())


def test_the_laws_of_a_family_hold() -> None:
    assert list(check_family(families()[NAME], samples=20)) == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_every_answer_is_the_area_that_quadrature_finds(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 25)
    assert len(records) >= 24
    for record in records[:15]:
        assert right(record.formal, record.formal_answer), (record.formal, record.formal_answer)


def test_another_form_of_the_value_scores_and_another_value_does_not(draw: Callable[..., list[Record]]) -> None:
    for level in (1, 3, 5):
        for record in draw(NAME, level, 25)[:6]:
            for text, score in ((f"1 + ({record.formal_answer}) - 1", 1), (f"{record.formal_answer} + 1", 0), ("0", 0)):
                assert Domain(families()[NAME]).score(text, row_of(record)).score == score, (record.formal, text)


@pytest.mark.parametrize(("formal", "answer", "fits"), [
    ("integrate x from 1 to 3: 1/x", "log(3)", True),
    ("integrate x from -3 to -1: 1/x", "-log(3)", True),
    ("integrate x from 0 to 1: 4/(1 + x^2)", "pi", True),
    ("integrate x from 0 to 1: 4/(1 + x^2)", "4*atan(1)", True),
    ("integrate x from 1/2 to 5/2: 2*x", "6", True),
    ("integrate x from -1/2 to 1/2: 2*x", "0", True),
    ("integrate x from 2 to 2: x", "0", True),
    ("integrate x from 1 to 2: sqrt(x)", "4*sqrt(2)/3 - 2/3", True),
    ("integrate x from -1 to 1: 1/x", "0", False),  # a pole inside
    ("integrate x from -1 to 1: 1/x^2", "-2", False),
    ("integrate x from 0 to 1: 1/sqrt(x)", "2", False),  # improper, though it converges
    ("integrate x from 0 to 1: log(x)", "-1", False),
    ("integrate x from 0 to 1: 1/x", "0", False),
    ("integrate x from 0 to 2: tan(x)", "-log(-cos(2))", False),  # a pole at pi/2
    ("integrate x from -2 to -1: sqrt(x)", "0", False),
    ("integrate x from 3 to 1: 1/x", "-log(3)", False),  # the wrong way round
    ("integrate x from 1 to 3: 1/x", "log(-3)", False),  # a value that there is not
    ("integrate x from 1 to 3: 1/x", "log(x)", False),
    ("integrate x from 1 to 3: 1/x", "1/0", False),
])  # fmt: skip
def test_a_value_holds_only_where_the_function_has_values_from_end_to_end(formal: str, answer: str, fits: bool) -> None:
    assert isinstance(judged(formal, answer), Record) is fits


# ---- the body, attacked ----------------------------------------------------------------------------------------------


def shows(f: str, low: Term, high: Term, area: str, found: object) -> bool:
    theory = Theory.read(f"(theory (declare x Real) (ask (compute (I {f} x {write(low)} {write(high)}))))")
    claim = Claim("correct", "identity", ("D",), read(f"(identity (I {f} x {write(low)} {write(high)}) {area})"))
    return recheck(theory, claim, {"v": 1, "body": "antiderivative", "antiderivative": found})


@pytest.mark.parametrize("found", [
    "(* 2 x)", "(^ x 3)", "(+ (^ x 2) x)", "x", "(I (* 2 x) x 0 1)", "(abs x)", "(log -1)", "(+ (^ x 2) (log x))",
    "(+ (^ x 2) (/ 1 x))", "(+ (^ x 2) y)", "true", "(D (/ (^ x 3) 3) y)", "", "(", None, 5, [], {},
])  # fmt: skip
def test_nothing_but_an_antiderivative_on_the_whole_interval_shows_an_area(found: object) -> None:
    assert shows("(* 2 x)", -1, 2, "3", "(^ x 2)") and shows("(* 2 x)", -1, 2, "3", "(+ (^ x 2) 7)")
    assert not shows("(* 2 x)", -1, 2, "3", found)


def test_no_mutant_shows_an_area_that_quadrature_does_not_find() -> None:
    rng = Random(7)
    pieces = ["x", "(^ x 2)", "(sin x)", "(exp x)", "(/ 1 (+ x 4))", "(sqrt (+ x 4))", "(/ 1 x)", "(log (+ x 4))", "3"]
    accepted = 0
    for _ in range(600):
        f = f"(+ {rng.choice(pieces)} (* {rng.randint(-2, 2)} {rng.choice(pieces)}))"
        low, high = rng.randint(-5, 3), rng.randint(-3, 5)
        found = integral(read(f), "x", 1)
        if found is None:
            continue
        at = rng.choice([high, high, high - 1])
        area = f"(- {write(_at(found, at))} {write(_at(found, low))})"
        if not shows(f, low, high, area, write(found)):
            continue
        accepted += 1
        assert low <= high
        sides = [mpmath.quad(lambda x, f=f: _number(read(f), x), [low, high]), _number(read(area), 0)]  # type: ignore[misc]
        assert abs(sides[0] - sides[1]) < 1e-9, (f, low, high, area)
    assert accepted > 100


def _at(term: Term, x: int) -> Term:
    return (term[0], *[_at(part, x) for part in term[1:]]) if isinstance(term, tuple) else x if term == "x" else term


def _number(term: Term, x: Any) -> Any:
    if not isinstance(term, tuple):
        return x if term == "x" else mpmath.mpf(term.numerator) / term.denominator  # type: ignore[union-attr]
    parts = [_number(part, x) for part in term[1:]]
    match term[0]:
        case "+":
            return mpmath.fsum(parts)
        case "-":
            return parts[0] - parts[1] if len(parts) == 2 else -parts[0]
        case "*":
            return mpmath.fprod(parts)
        case "/":
            return parts[0] / parts[1]
        case "^":
            return parts[0] ** int(parts[1])
    return FUNCTIONS[str(term[0])](parts[0])


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 25)[:8]) == []
