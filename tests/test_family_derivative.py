"""Derivatives: an oracle reads the formal text by itself and differentiates numerically, with 40 digits."""

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

NAME = "derivative"
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

    body = ast.parse(text.replace("^", "**").replace("(- ", "(-"), mode="eval").body
    return lambda x: walk(body, x)


def points(domain: str, count: int = 12) -> Iterator[Any]:
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


def slopes_agree(domain: str, f: str, answer: str) -> bool:
    """Say whether the answer is a real number and the slope of f at points of the domain."""
    with mpmath.workdps(40):
        for x in points(domain):
            slope, found = mpmath.diff(function(f), x), function(answer)(x)
            if mpmath.im(slope) or mpmath.im(found):
                return False
            if abs(slope - found) > mpmath.mpf(10) ** -12 * (1 + abs(slope)):
                return False
    return True


def parts(formal: str) -> tuple[str, str]:
    found = re.fullmatch(r"differentiate ([^:]+): (.+)", formal)
    assert found
    return found[1], found[2]


def judged(formal: str, answer: str) -> Record | Rejection:
    candidate = Candidate(Source(NAME, 1, 0, 0), formal, answer, (Step("s0", answer, (), "answer"),))
    return judge(families()[NAME], candidate, Setting())


def test_the_laws_of_a_family_hold() -> None:
    assert list(check_family(families()[NAME], samples=12)) == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_every_answer_and_every_step_is_the_slope_at_many_points(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 40)
    assert len(records) >= 38
    for record in records[:: 1 if level < 3 else 3]:
        domain, f = parts(record.formal)
        assert slopes_agree(domain, f, record.formal_answer), (record.formal, record.formal_answer)
        for step in record.steps[:: 1 if level < 3 else 4]:
            found = re.fullmatch(r"d/dx ?\((.+)\) = (.+)", step.formal)
            assert found and slopes_agree(domain, found[1], found[2]), (record.formal, step)


def test_steps_grow_with_the_level_and_name_the_steps_they_use(draw: Callable[..., list[Record]]) -> None:
    lengths = []
    for level in (1, 2, 3, 4, 5):
        records = draw(NAME, level, 40)
        lengths.append(sorted(len(record.steps) for record in records)[len(records) // 2])
        for record in records:
            for i, step in enumerate(record.steps):
                assert all(int(parent[1:]) < i for parent in step.parents)
    assert lengths[0] < lengths[2] + 3 and lengths[1] < lengths[3] < lengths[4]


def test_a_wrong_derivative_is_refused(draw: Callable[..., list[Record]]) -> None:
    for level in (1, 3):
        for record in draw(NAME, level, 40)[:12]:
            for wrong in (
                f"{record.formal_answer} + 1",
                f"2*({record.formal_answer})",
                f"{record.formal_answer} + x/10",
            ):
                assert isinstance(judged(record.formal, wrong), Rejection), (record.formal, wrong)


@pytest.mark.parametrize(("formal", "answer", "fits"), [
    ("differentiate x: x^2", "2*x", True),
    ("differentiate x: x^2", "x + x", True),
    ("differentiate x: x^2", "2*x*log(-1)/log(-1)", False),  # has no value
    ("differentiate x: x^2", "2*x + sqrt(x) - sqrt(x)", False),  # has no value for x < 0
    ("differentiate x > 0: x^2", "2*x + sqrt(x) - sqrt(x)", True),
    ("differentiate x: log(x)", "1/x", False),  # no logarithm for x ≤ 0
    ("differentiate x > 0: log(x)", "1/x", True),
    ("differentiate x: sqrt(x^2)", "x/sqrt(x^2)", False),  # not differentiable at 0
    ("differentiate x: sin(x)^2", "sin(2*x)", True),
    ("differentiate 0 < x < 1: tan(x)", "1 + tan(x)^2", True),
])  # fmt: skip
def test_an_answer_must_have_values_on_the_whole_domain(formal: str, answer: str, fits: bool) -> None:
    assert isinstance(judged(formal, answer), Record) is fits


def test_an_answer_cannot_restate_the_question() -> None:
    result = judged("differentiate x: x^2", "d/dx (x^2)")
    assert isinstance(result, Rejection) and result.stage == "parse"


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 40)[:8]) == []
