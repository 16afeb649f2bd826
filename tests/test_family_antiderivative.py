"""Antiderivatives: an oracle reads the formal text by itself and differentiates the answer numerically."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import mpmath
import pytest

from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family

NAME = "antiderivative"
FUNCTIONS = {name: getattr(mpmath, name) for name in ("sin", "cos", "tan", "atan", "exp", "log", "sqrt")}


def function(text: str) -> Callable[[Any], Any]:
    """Return an expression of the formal language as a function, by way of Python's own parser."""

    def walk(node: Any, x: Any) -> Any:
        match node:
            case ast.Constant(int() as number):
                return mpmath.mpf(number)
            case ast.Name("x"):
                return x
            case ast.UnaryOp(ast.USub(), operand):
                return -walk(operand, x)
            case ast.BinOp(left, operator, right):
                a, b = walk(left, x), walk(right, x)
                apply = {ast.Add: a.__add__, ast.Sub: a.__sub__, ast.Mult: a.__mul__, ast.Div: a.__truediv__}
                return a ** int(b) if isinstance(operator, ast.Pow) else apply[type(operator)](b)
            case ast.Call(ast.Name(name), [argument]):
                return FUNCTIONS[name](walk(argument, x))
        raise AssertionError(ast.dump(node))

    body = ast.parse(text.replace("^", "**"), mode="eval").body
    return lambda x: walk(body, x)


def points(domain: str, count: int = 15) -> Iterator[Any]:
    """Yield points of a domain, near its ends too."""
    numbers = [int(number) for number in re.findall(r"-?\d+", domain)]
    rng = Random(domain)
    for i in range(count):
        at = mpmath.mpf(rng.random())
        if len(numbers) == 2:
            yield numbers[0] + (numbers[1] - numbers[0]) * at
        elif numbers:
            away = at / 50 if i % 3 == 0 else 4 * at
            yield numbers[0] + (away if ">" in domain else -away)
        else:
            yield 8 * at - 4


def right(formal: str, answer: str) -> bool:
    """Say whether the answer is real, and its slope the function, at points of the domain."""
    found = re.fullmatch(r"integrate ([^:]+): (.+)", formal)
    assert found
    with mpmath.workdps(40):
        for x in points(found[1]):
            wanted, value, slope = function(found[2])(x), function(answer)(x), mpmath.diff(function(answer), x)
            if mpmath.im(value) or mpmath.im(slope) or abs(slope - wanted) > mpmath.mpf(10) ** -12 * (1 + abs(wanted)):
                return False
    return True


def judged(formal: str, answer: str) -> Record | Rejection:
    candidate = Candidate(Source(NAME, 1, 0, 0), formal, answer, (Step("s0", answer, (), "answer"),))
    return judge(families()[NAME], candidate, Setting())


def test_the_laws_of_a_family_hold() -> None:
    assert list(check_family(families()[NAME], samples=15)) == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_slope_of_every_answer_is_the_function_at_many_points(
    level: int, draw: Callable[..., list[Record]]
) -> None:
    records = draw(NAME, level, 40)
    assert len(records) >= 38
    for record in records[:: 1 if level < 3 else 2]:
        assert right(record.formal, record.formal_answer), (record.formal, record.formal_answer)


def test_a_wrong_antiderivative_is_refused_and_another_right_one_is_not(draw: Callable[..., list[Record]]) -> None:
    for level in (1, 3):
        for record in draw(NAME, level, 40)[:12]:
            for wrong in (f"{record.formal_answer} + x", f"2*({record.formal_answer})", "0"):
                assert isinstance(judged(record.formal, wrong), Rejection), (record.formal, wrong)
            for same in (
                f"{record.formal_answer} + C",
                f"{record.formal_answer} + 17",
                f"7 + ({record.formal_answer})",
            ):
                assert isinstance(judged(record.formal, same), Record), (record.formal, same)


@pytest.mark.parametrize(("formal", "answer", "fits"), [
    ("integrate x: 2*x/(1 + x^2)", "log(1 + x^2)", True),
    ("integrate x: 2*x/(1 + x^2)", "log(-1 - x^2)", False),  # has no value anywhere
    ("integrate x < 0: 1/x", "log(x)", False),
    ("integrate x < 0: 1/x", "log(-x)", True),
    ("integrate x > 0: 1/x", "log(x) + c", True),
    ("integrate x > 0: 1/x", "log(5*x)", True),
    ("integrate x: sin(x)^2", "(x - sin(x)*cos(x))/2", True),
    ("integrate x: sin(x)^2", "x/2 - sin(2*x)/4", True),
    ("integrate x: 1/(2 + cos(x))", "x", False),
])  # fmt: skip
def test_an_answer_must_have_values_on_the_whole_domain(formal: str, answer: str, fits: bool) -> None:
    assert isinstance(judged(formal, answer), Record) is fits


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 40)[:8]) == []
