"""Polynomial roots: an oracle reads the formal text by itself and finds the roots numerically, with 80 digits."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import pytest

from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family
from synth_kernel.meaning import Meaning, MeaningError

NAME = "polynomial_roots"
DIGITS = 80


def value(text: str, names: dict[str, Any]) -> Any:
    """Evaluate an expression of the formal language by way of Python's own parser."""

    def walk(node: Any) -> Any:
        match node:
            case ast.Constant(int() as number):
                return Fraction(number)
            case ast.Name(name):
                return names[name]
            case ast.UnaryOp(ast.USub(), operand):
                return -walk(operand)
            case ast.BinOp(left, operator, right):
                a, b = walk(left), walk(right)
                if not (isinstance(a, Fraction) and isinstance(b, Fraction)):
                    a, b = mp(a), mp(b)
                match operator:
                    case ast.Add():
                        return a + b
                    case ast.Sub():
                        return a - b
                    case ast.Mult():
                        return a * b
                    case ast.Div():
                        return a / b
                    case ast.Pow():
                        return a ** int(b)
            case ast.Call(ast.Name("sqrt"), [argument]):
                return mpmath.sqrt(mp(walk(argument)))
        raise AssertionError(ast.dump(node))

    return walk(ast.parse(text.replace("^", "**"), mode="eval").body)


def mp(number: Any) -> Any:
    return mpmath.mpf(number.numerator) / number.denominator if isinstance(number, Fraction) else number


def coefficients(formal: str) -> list[Fraction]:
    """Interpolate left − right at 0, 1, 2, … exactly (Newton)."""
    found = re.fullmatch(r"solve (\w): (.+) = (.+)", formal)
    assert found
    points = [value(f"({found[2]}) - ({found[3]})", {found[1]: Fraction(i)}) for i in range(9)]
    differences, row = [], points
    while row:
        differences.append(row[0])
        row = [b - a for a, b in pairwise(row)]
    result, basis = [Fraction(0)] * 9, [Fraction(1)]
    scale = 1
    for k, difference in enumerate(differences):
        scale *= max(k, 1)
        for i, c in enumerate(basis):
            result[i] += difference / scale * c
        basis = [a - k * b for a, b in zip([Fraction(0), *basis], [*basis, Fraction(0)], strict=True)]
    while result and not result[-1]:
        result.pop()
    return result


def distinct_real_roots(p: list[Fraction]) -> list[Any]:
    with mpmath.workdps(DIGITS):
        if len(p) == 2:
            return [mp(-p[0] / p[1])]
        roots = mpmath.polyroots([mp(c) for c in reversed(p)], maxsteps=500, extraprec=800)
        real = sorted(root.real for root in roots if abs(mpmath.im(root)) < mpmath.mpf(10) ** -25)
        return [root for i, root in enumerate(real) if i == 0 or root - real[i - 1] > mpmath.mpf(10) ** -20]


def answers(text: str) -> list[tuple[Any, Any]]:
    """Return an interval for each stated root, of length zero for exact ones."""
    if text == "no real roots":
        return []
    found = re.findall(r"\w (?:in ?\(([^,]+), ([^,]+)\)(?:,|$)|= ([^,]+))", text)
    return [
        (mp(value(low, {})), mp(value(high, {}))) if low else (mp(value(exact, {})),) * 2 for low, high, exact in found
    ]


def right(formal: str, text: str) -> bool:
    with mpmath.workdps(DIGITS):
        roots, stated = distinct_real_roots(coefficients(formal)), answers(text)
        slack = mpmath.mpf(10) ** -20
        inside = [[root for root in roots if low - slack < root < high + slack] for low, high in stated]
        short = all(high - low <= mpmath.mpf(1) / 10 + slack for low, high in stated)
        return (
            all(len(each) == 1 for each in inside)
            and sorted(root for each in inside for root in each) == roots
            and short
        )


def test_the_laws_of_a_family_hold() -> None:
    assert list(check_family(families()[NAME], samples=15)) == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_every_root_and_no_other_is_found_numerically(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 40)
    assert len(records) >= 38
    for record in records:
        assert right(record.formal, record.formal_answer), (record.formal, record.formal_answer)


def judged(record: Record, answer: str) -> Record | Rejection:
    candidate = Candidate(record.source, record.formal, answer, (Step("s0", answer, (), "answer"),))
    return judge(families()[NAME], candidate, Setting())


def test_a_lost_an_added_and_a_repeated_root_are_refused(draw: Callable[..., list[Record]]) -> None:
    for level in (2, 3, 5):
        for record in draw(NAME, level, 40)[:15]:
            name = record.formal.split()[1].rstrip(":")
            roots = re.split(r", (?=\w (?:=|in))", record.formal_answer)
            wrong = [", ".join([*roots[1:]]) or "no real roots", ", ".join([*roots, f"{name} = 1234"]),
                     ", ".join([*roots, roots[0]])]  # fmt: skip
            if record.formal_answer == "no real roots":
                wrong = [f"{name} = 1"]
            for answer in wrong:
                assert isinstance(judged(record, answer), Rejection), (record.formal, answer)


def test_steps_expand_collect_and_factor(draw: Callable[..., list[Record]]) -> None:
    rules = [[step.rule for step in record.steps] for level in (1, 2, 3, 5) for record in draw(NAME, level, 40)]
    wanted = ["expand", "collect", "factor"]
    assert all(each == ["answer"] or each == [rule for rule in wanted if rule in each] for each in rules)
    assert sum("factor" in each for each in rules) > len(rules) // 2


@pytest.mark.parametrize(("formal", "fits"), [
    ("(x + 2) * (x - 3) = 0", True), ("2 * x^2 = 2 * x + 12", True), ("x^3 = x^2 + 6 * x", True),
    ("x - 3 = 0", False),  # loses a solution
    ("(x + 2) * (x - 4) = 0", False), ("(x^3 - x^2 - 6 * x) / x = 0", False), ("y = 3", False),
])  # fmt: skip
def test_a_step_that_loses_a_solution_is_refused(formal: str, fits: bool) -> None:
    steps = (Step("s0", formal, ("c0",), "collect"),)
    candidate = Candidate(Source(NAME, 1, 0, 0), "solve x: x^2 - x = 6", "x = -2, x = 3", steps)
    assert isinstance(judge(families()[NAME], candidate, Setting()), Record) is fits


@pytest.mark.parametrize(("answer", "fits"), [
    ("x in (6/5, 13/10)", True), ("x in (125/100, 126/100)", True),
    ("x in (1, 2)", False),  # longer than 1/10
    ("x in (13/10, 7/5)", False), ("x = 5/4", False), ("x in (13/10, 6/5)", False),
    ("y in (6/5, 13/10)", False), ("x = x", False), ("no real roots", False),
])  # fmt: skip
def test_an_interval_is_short_holds_the_root_and_is_about_the_unknown(answer: str, fits: bool) -> None:
    source = Source(NAME, 3, 0, 0)
    candidate = Candidate(source, "solve x: x^3 = 2", answer, (Step("s0", answer, (), "answer"),))
    assert isinstance(judge(families()[NAME], candidate, Setting()), Record) is fits


def test_the_form_polynomial_reads_terms_as_coprime_coefficients() -> None:
    table = {"p(x)": "(list (define q (polynomial (/ (- (* 6 x) 4) 3) x)) (unknown x Real))",
             "a(p)": "(problem p (ask (all y)))", "root()": "q"}  # fmt: skip
    with pytest.raises(MeaningError, match="unknown name 'y'"):
        Meaning(table)
    table["a(p, y)"] = "(problem p (clause (= y 1)) (ask (all y)))"
    del table["a(p)"]
    reading = Meaning(table).problem(("a", ("p", "x"), "x"))
    assert reading.term(("root",)) == ("poly", -2, 3)
    bad = {"p(x)": "(list (define q (polynomial (sin x) x)) (unknown x Real))", "a(p, y)": table["a(p, y)"]}
    with pytest.raises(ValueError, match="polynomial"):
        Meaning(bad).problem(("a", ("p", "x"), "x"))


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 3, 40)[:8]) == []
