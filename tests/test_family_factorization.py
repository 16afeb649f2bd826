"""factorization against a reading of its texts of our own: trial division."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import factorial, prod

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source
from synth.testing import check_family

NAME = "factorization"
FAMILY = families()[NAME]


def number(formal: str) -> int:
    """Read the number that is asked about."""
    text = formal.removeprefix("factor ").replace(" ", "")
    if found := re.fullmatch(r"(\d+)\^(\d+)([+-]\d+)", text):
        return int(found[1]) ** int(found[2]) + int(found[3])
    if found := re.fullmatch(r"(\d+)!\+(\d+)", text):
        return factorial(int(found[1])) + int(found[2])
    return prod(map(int, text.split("*")))


def divided(n: int) -> dict[int, int]:
    """Trial division by every number."""
    found: dict[int, int] = {}
    d = 2
    while d * d <= n:
        while n % d == 0:
            n, found[d] = n // d, found.get(d, 0) + 1
        d += 1
    return found | ({n: 1} if n > 1 else {})


def powers(answer: str) -> dict[int, int]:
    pairs = [part.split("^") for part in answer.replace(" ", "").split("*")]
    assert len({pair[0] for pair in pairs}) == len(pairs)
    return {int(pair[0]): int(pair[1]) if len(pair) > 1 else 1 for pair in pairs}


def test_the_laws_of_a_family_hold() -> None:
    assert [str(broken) for broken in check_family(FAMILY, samples=20)] == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_answer_is_what_trial_division_finds(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 40)
    assert len(records) == 40
    for record in records:
        assert powers(record.answer) == divided(number(record.formal)), record.formal


def record_of(formal: str) -> Record:
    candidate = solve(FAMILY, Candidate(Source(NAME, 1, 0, 0), formal))
    assert isinstance(candidate, Candidate), candidate
    record = judge(FAMILY, candidate, Setting())
    assert isinstance(record, Record), record
    return record


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("2^3 * 3^2 * 5", 1),
        ("5*3*3*2*2*2", 1),
        ("2^3 · 3^2 · 5", 1),
        ("360", 0),
        ("36 * 10", 0),
        ("2^3 * 9 * 5", 0),
        ("2^3 * 3^2", 0),
        ("2^3 * 3^2 * 5 * 7^0", 0),
        ("1 * 2^3 * 3^2 * 5", 0),
        ("2^3 * 3^2 * 7", 0),
    ],
)
def test_only_a_product_of_primes_scores(answer: str, score: int) -> None:
    assert Domain(FAMILY).score(answer, row_of(record_of("factor 360"))).score == score


def test_a_prime_is_its_own_factorization_and_no_other_number_is() -> None:
    assert record_of("factor 65537").answer == "65537"
    for n in (91, 561, 2047, 1373653):  # pseudoprimes among them
        result = judge(FAMILY, Candidate(Source(NAME, 1, 0, 0), f"factor {n}", str(n)), Setting())
        assert isinstance(result, Rejection) and result.reason == "irreducible refuted", result


@pytest.mark.parametrize("formal", ["factor 0", "factor 1", "factor 2^3 - 8", "factor 2^3 - 30", "factor 2^70 + 1"])
def test_what_has_no_factorization_makes_no_row(formal: str) -> None:
    assert not isinstance(solve(FAMILY, Candidate(Source(NAME, 1, 0, 0), formal)), Candidate)
    assert isinstance(judge(FAMILY, Candidate(Source(NAME, 1, 0, 0), formal, "2"), Setting()), Rejection)


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 40)[:8]) == []
