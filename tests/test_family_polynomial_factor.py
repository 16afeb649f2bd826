"""polynomial_factor against a reading of its texts of our own and the factors that sympy finds."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sympy

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source
from synth.testing import check_family

NAME = "polynomial_factor"
FAMILY = families()[NAME]
Coefficients = dict[int, int]  # power -> coefficient


def expanded(text: str) -> Coefficients:
    """Read a sum of monomials."""
    found: Coefficients = {}
    for sign, factor, name, power in re.findall(r"([+-]?)(\d*)\*?([a-z]?)\^?(\d*)", text.replace(" ", "")):
        if factor or name:
            exponent = int(power or 1) if name else 0
            found[exponent] = found.get(exponent, 0) + int(f"{sign}{factor or 1}")
    return {exponent: c for exponent, c in found.items() if c}


def factors(answer: str) -> list[tuple[Coefficients, int]]:
    """Read a product of sums in parentheses, numbers and powers of the unknown, or one sum."""
    text = answer.replace(" ", "")
    if "(" not in text and re.search(r".[+-]", text):
        return [(expanded(text), 1)]
    sign, text = (-1, text[1:]) if text.startswith("-") else (1, text)
    parts = re.findall(r"(?:\(([^()]*)\)|(\d+|[a-z]))(?:\^(\d+))?", text)
    return [({0: sign}, 1), *[(expanded(inside or plain), int(power or 1)) for inside, plain, power in parts]]


def dense(p: Coefficients) -> list[int]:
    return [p.get(i, 0) for i in range(max(p), -1, -1)]


def is_complete(formal: str, answer: str) -> bool:
    """Multiply the factors out again, and ask sympy whether any of them has factors."""
    x = sympy.Symbol("x")
    product = sympy.Poly(1, x)
    for p, power in factors(answer):
        factor = sympy.Poly(dense(p), x)
        if factor.degree() > 0 and not factor.is_irreducible:
            return False
        product *= factor**power
    return bool(product == sympy.Poly(dense(expanded(formal.partition(": ")[2])), x))


def test_the_laws_of_a_family_hold() -> None:
    assert [str(broken) for broken in check_family(FAMILY, samples=12)] == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_answer_is_a_product_of_irreducible_polynomials(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 20)
    assert len(records) == 20
    for record in records:
        assert is_complete(record.formal, record.answer), (record.formal, record.answer)


def record_of(formal: str) -> Record:
    candidate = solve(FAMILY, Candidate(Source(NAME, 1, 0, 0), formal))
    assert isinstance(candidate, Candidate), candidate
    record = judge(FAMILY, candidate, Setting())
    assert isinstance(record, Record), record
    return record


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("4*(x - 1)*(x + 1)*(x^2 + 1)", 1),
        ("(x^2 + 1)*(2*x - 2)*(2 + 2*x)", 1),
        ("-4*(1 - x)*(x + 1)*(x^2 + 1)", 1),
        ("8*(x - 1)*(x + 1)*(x^2 + 1)/2", 1),
        ("4*x^4 - 4", 0),
        ("4*(x^2 - 1)*(x^2 + 1)", 0),
        ("(2*x^2 - 2)*(2*x^2 + 2)", 0),
        ("(x - 1)*(x + 1)*(x^2 + 1)", 0),
        ("4*(x - 1)*(x + 1)*(x^2 + 2)", 0),
        ("4*(y - 1)*(y + 1)*(y^2 + 1)", 0),
        ("0", 0),
    ],
)
def test_only_a_complete_factorization_scores(answer: str, score: int) -> None:
    assert Domain(FAMILY).score(answer, row_of(record_of("factor x: 4*x^4 - 4"))).score == score


def test_a_polynomial_is_its_own_factorization_where_it_has_no_factors() -> None:
    assert factors(record_of("factor x: x^4 + 1").answer) == [({4: 1, 0: 1}, 1)]
    for formal in ("x^4 + 4", "x^4 - 1", "x^2 + x", "2*x^2 + 4*x + 2"):
        result = judge(FAMILY, Candidate(Source(NAME, 1, 0, 0), f"factor x: {formal}", formal), Setting())
        assert isinstance(result, Rejection), formal


@pytest.mark.parametrize("formal", ["factor x: 0", "factor x: x - x", "factor x: y^2 - 1", "factor x: x^65 - 1"])
def test_what_is_no_polynomial_in_the_unknown_makes_no_row(formal: str) -> None:
    assert not isinstance(solve(FAMILY, Candidate(Source(NAME, 1, 0, 0), formal)), Candidate)
    assert isinstance(judge(FAMILY, Candidate(Source(NAME, 1, 0, 0), formal, "x - 1"), Setting()), Rejection)


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    missed = unnoticed(NAME, draw(NAME, 2, 20)[:8])
    assert set(missed) <= {"certificates"}  # a point that shows one polynomial to be irreducible may show another
