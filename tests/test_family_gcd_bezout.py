"""Greatest common divisors: an oracle reads the formal text by itself, and puts the answer into Bézout's identity."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from math import gcd, prod
from random import Random

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.recheck.canonical import canonical
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family
from synth_kernel.claims import Claim, Theory
from synth_kernel.kinds import required
from synth_kernel.meaning import Meaning
from synth_kernel.recheck import recheck
from synth_kernel.terms import TermError

NAME = "gcd_bezout"
FORMAL = "gcd a = 12, b = 3 * 6: x * a - y * b"
EMPTY = {"v": 1, "body": "evaluation"}


def numbers(formal: str) -> dict[str, int]:
    given = formal.removeprefix("gcd ").split(":")[0].split(", ")
    return {name: prod(map(int, value.split(" * "))) for name, value in (each.split(" = ") for each in given)}


def right(formal: str, answer: str) -> bool:
    values = {name: int(value) for name, value in (each.split(" = ") for each in answer.split(", "))}
    known, total = numbers(formal), 0
    for sign, letter, name in re.findall(r"([+-]?) ?(\w) \* (\w)(?:$|(?= ))", formal.split(": ")[1]):
        total += (-1 if sign == "-" else 1) * values.pop(letter) * known[name]
    return values == {"g": gcd(*known.values())} and total == values["g"]


def judged(formal: str, answer: str, level: int = 1) -> Record | Rejection:
    steps = (Step("s0", answer, (), "answer"),)
    return judge(families()[NAME], Candidate(Source(NAME, level, 0, 0), formal, answer, steps), Setting())


def test_the_laws_of_a_family_hold() -> None:
    assert [str(broken) for broken in check_family(families()[NAME], samples=20)] == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_answer_is_the_gcd_and_a_combination(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 40)
    assert len(records) == 40
    for record in records:
        assert right(record.formal, record.formal_answer), (record.formal, record.formal_answer)


def test_each_step_is_a_remainder_of_the_two_before_it_and_each_run_ends_at_zero(
    draw: Callable[..., list[Record]],
) -> None:
    for level in (1, 3, 5):
        for record in draw(NAME, level, 20):
            known = numbers(record.formal)
            values = {f"c{i}": value for i, value in enumerate(known.values())}
            for i, step in enumerate(record.steps):
                left, value = step.formal.replace(" ", "").split("=")
                terms = re.findall(r"(-?)(?:(\d+)\*)?([a-z])", left)
                assert sum(int(sign + (factor or "1")) * known[name] for sign, factor, name in terms) == int(value)
                if step.rule != "multiply":
                    high, low = (values[parent] for parent in step.parents)
                    assert int(value) == high % low
                values[f"s{i}"] = int(value)
            assert values[f"s{len(record.steps) - 1}"] == 0


@pytest.mark.parametrize(("answer", "fits"), [
    ("g = 6, x = -1, y = -1", True), ("x = -1, y = -1, g = 6", True), ("g = 6, x = 2, y = 1", True),
    ("g = 6, x = 5000, y = 3333", True),  # any coefficients
    ("g = 3, x = -1, y = -1", False), ("g = -6, x = 1, y = 1", False), ("g = 12, x = -2, y = -2", False),
    ("g = 6, x = -1, y = 1", False), ("g = 0, x = 3, y = 2", False), ("g = 6, x = -1", False),
    ("x = -1, y = -1", False), ("g = 6, x = -1, y = -1, z = 0", False), ("g = 6, g = 6, x = -1, y = -1", False),
    ("g = 6, x = -1/1, y = -1", False), ("g = 6, a = 12, x = -1, y = -1", False), ("g = x, x = -1, y = -1", False),
])  # fmt: skip
def test_coefficients_are_free_and_the_divisor_is_not(answer: str, fits: bool) -> None:
    record = judged(FORMAL, "g = 6, x = -1, y = -1")
    assert isinstance(record, Record)
    assert isinstance(judged(FORMAL, answer), Record) is fits
    assert Domain(families()[NAME]).score(answer, row_of(record)).score == fits


def test_the_question_cannot_be_its_own_answer() -> None:
    record = judged(FORMAL, "g = 6, x = -1, y = -1")
    assert isinstance(record, Record)
    for echo in ("g = x * a - y * b", "g = 12 * x - 18 * y", "gcd a = 12, b = 18", "g = 12, x = a, y = b", FORMAL):
        assert Domain(families()[NAME]).score(echo, row_of(record)).score == 0


def test_no_false_answer_is_accepted_whichever_numbers_stand_in_it() -> None:
    """Answers near the right one, tried one by one: the kernel accepts those that the oracle calls right."""
    rng, family, accepted = Random(3), families()[NAME], 0
    for _ in range(25):
        a, b = rng.randint(1, 12), rng.randint(1, 12)
        formal = f"gcd a = {a}, b = {b}: x * a + y * b"
        reading = family.problem(formal)[1]
        for g, x, y in product(range(-1, 7), range(-2, 4), range(-2, 3)):
            answer = f"g = {g}, x = {x}, y = {y}"
            (claim,) = required(reading.theory, reading.answer(family.formal.read(answer, "solution")))
            shown = recheck(reading.theory, claim, EMPTY)
            assert shown is right(formal, answer), (formal, answer)
            accepted += shown
    assert accepted > 15


def test_the_finder_is_right_on_all_small_numbers() -> None:
    for values in [*product(range(1, 13), repeat=2), *product((2, 4, 6, 9, 15), repeat=3)]:
        names, letters = "abc"[: len(values)], "xyz"[: len(values)]
        given = ", ".join(f"{name} = {value}" for name, value in zip(names, values, strict=True))
        parts = " - ".join(f"{letter} * {name}" for letter, name in zip(letters, names, strict=True))
        found = solve(families()[NAME], Candidate(Source(NAME, 1, 0, 0), f"gcd {given}: {parts}"))
        assert isinstance(found, Candidate) and found.formal_answer
        assert right(found.formal, found.formal_answer), (found.formal, found.formal_answer)


def test_several_unknowns_can_be_constructed_and_each_must_be_listed() -> None:
    text = "(theory (declare x Int) (declare y Int) (clause (= (* x y) 6)) (ask (construct {})))"
    theory = Theory.read(text.format("x y"))
    for answer, holds in (((2, 3), True), ((-1, -6), True), ((2, 2), False)):
        model = ("model", *[("=", name, value) for name, value in zip("xy", answer, strict=True)])
        assert required(theory, model) == [Claim("correct", "model", ("T",), model)]
        assert recheck(theory, required(theory, model)[0], EMPTY) is holds
    assert not recheck(theory, Claim("correct", "model", ("T",), ("model", ("=", "x", 2))), EMPTY)
    assert canonical(theory) == canonical(Theory.read(text.format("y x")))
    for names in ("x", "x x", "x y z", ""):
        with pytest.raises(TermError):
            Theory.read(text.format(names).replace(" )", ")"))


@pytest.mark.parametrize(("alias", "template"), [
    ("minus(combination, parts)", "(list *combination *parts)"),
    ("product(value, factor)", "value"),
    ("subtract(sum, term)", "(+ sum term)"),
    ("multiple(factor, a)", "a"),
    ("negative(n)", "n"),
])  # fmt: skip
def test_a_wrong_meaning_breaks_a_law(alias: str, template: str) -> None:
    original = families()[NAME]
    wrong = type(original)(NAME, original.folder)
    table = dict(original.meaning_table)
    assert alias in table
    wrong.__dict__["meaning_table"] = table | {alias: template}
    wrong.__dict__["meaning"] = Meaning(wrong.meaning_table)

    def oracle(problem: object, solution: object) -> bool:
        formal, answer = (wrong.formal.render(tree) for tree in (problem, solution))  # type: ignore[arg-type]
        return right(formal, answer)

    assert list(check_family(wrong, samples=15, levels=[3, 4], oracle=oracle))


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 3, 40)[:8]) == []
