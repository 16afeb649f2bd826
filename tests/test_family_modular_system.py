"""Systems of congruences: an oracle parses the formal text by itself and tries every number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family
from synth_kernel.claims import Claim
from synth_kernel.kinds import required
from synth_kernel.meaning import Meaning
from synth_kernel.recheck import recheck
from synth_kernel.terms import read
from synth_solvers.congruences import residues

NAME = "modular_system"
FORMAL = "solve x < 30: x^2 = 1 mod 5; x + 1 divisible by 3"  # 11, 14, 26, 29
EXHAUSTIVE = {"v": 1, "body": "exhaustive"}


def value(text: str, x: int) -> int:
    """The value of an expression by recursive descent, no code shared with the package."""
    tokens = re.findall(r"\d+|[a-z]|[-+*^()]", text)

    def total() -> int:
        result = -product() if tokens[:1] == ["-"] and tokens.pop(0) else product()
        while tokens[:1] in (["+"], ["-"]):
            result += (1 if tokens.pop(0) == "+" else -1) * product()
        return result

    def product() -> int:
        result = power()
        while tokens[:1] == ["*"]:
            tokens.pop(0)
            result *= power()
        return result

    def power() -> int:
        token = tokens.pop(0)
        base = total() if token == "(" else x if token.isalpha() else int(token)
        if token == "(":
            assert tokens.pop(0) == ")"
        if tokens[:1] == ["^"]:
            tokens.pop(0)
            base **= int(tokens.pop(0))
        return base

    result = total()
    assert not tokens, tokens
    return result


def holds(condition: str, x: int) -> bool:
    if found := re.fullmatch(r"(.+) divisible by (\d+)", condition):
        return value(found[1], x) % int(found[2]) == 0
    if found := re.fullmatch(r"(.+) mod (\d+) is (\d+)", condition):
        return value(found[1], x) % int(found[2]) == int(found[3])
    found = re.fullmatch(r"(.+) = (.+) mod (\d+)", condition)
    assert found, condition
    return (value(found[1], x) - value(found[2], x)) % int(found[3]) == 0


def solutions(formal: str) -> list[int]:
    found = re.fullmatch(r"solve \w < (\d+): (.+)", formal)
    assert found, formal
    return [x for x in range(int(found[1])) if all(holds(each, x) for each in found[2].split("; "))]


def stated(answer: str) -> list[int]:
    return [] if answer == "none" else [int(each) for each in answer.split(", ")]


def judged(formal: str, answer: str) -> Record | Rejection:
    steps = (Step("s0", answer, (), "answer"),)
    return judge(families()[NAME], Candidate(Source(NAME, 1, 0, 0), formal, answer, steps), Setting())


def test_the_laws_of_a_family_hold() -> None:
    assert [str(broken) for broken in check_family(families()[NAME], samples=20, levels=[1, 2, 3])] == []
    assert [str(broken) for broken in check_family(families()[NAME], samples=6, levels=[4, 5])] == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_every_solution_and_no_other_is_found_by_trying(level: int, draw: Callable[..., list[Record]]) -> None:
    count = 40 if level < 4 else 20
    records = draw(NAME, level, count)
    assert len(records) >= 0.95 * count
    for record in records:
        assert solutions(record.formal) == stated(record.formal_answer), record.formal


def test_each_step_holds_for_all_numbers_that_satisfy_its_parents(draw: Callable[..., list[Record]]) -> None:
    for level, count in ((1, 40), (3, 40), (5, 20)):
        for record in draw(NAME, level, count)[:12]:
            bound, conditions = re.findall(r"< (\d+): (.+)", record.formal)[0]
            known = {f"c{i}": text for i, text in enumerate(conditions.split("; "))}
            for step in record.steps:
                if step.rule == "answer":
                    continue
                found = re.fullmatch(r"\w = (.+) mod (\d+)", step.formal)
                among = [*map(int, found[1].split(", "))] if found else []
                modulus = int(found[2]) if found else 1
                for x in range(int(bound)):
                    if all(_true(known[parent], x) for parent in step.parents):
                        assert x % modulus in among, (record.formal, step)
                known[step.id] = step.formal


def _true(text: str, x: int) -> bool:
    """A condition, or a step: `x = 1, 3 mod 4`."""
    if found := re.fullmatch(r"\w = (\d+(?:, \d+)*) mod (\d+)", text):
        return x % int(found[2]) in map(int, found[1].split(", "))
    return holds(text, x)


@pytest.mark.parametrize(("answer", "fits"), [
    ("11, 14, 26, 29", True), ("29, 11, 26, 14", True), ("011, 14, 26, 29", True),
    ("11, 14, 26", False), ("11, 14, 26, 29, 29", False), ("11, 14, 26, 29, 30", False), ("11, 14, 26, 29, 41", False),
    ("1, 14, 26, 29", False), ("none", False), ("11", False), ("", False), ("x", False),
])  # fmt: skip
def test_all_solutions_in_any_order_and_nothing_else(answer: str, fits: bool) -> None:
    record = judged(FORMAL, "11, 14, 26, 29")
    assert isinstance(record, Record)
    assert isinstance(judged(FORMAL, answer), Record) is fits
    assert Domain(families()[NAME]).score(answer, row_of(record)).score == fits


@pytest.mark.parametrize(("formal", "answer"), [
    ("solve x < 20: x^2 = 2 mod 4", "none"), ("solve n < 9: n mod 3 is 3", "none"), ("solve x < 1: x mod 2 is 0", "0"),
    ("solve k < 12: -k + 1 = 0 mod 5; (k - 1)*(k + 2) divisible by 7", "1"),
    ("solve k < 12: -k + 1 = 0 mod 5; k^3 = 1 mod 4", "1"), ("solve t < 7: 3*t - 1 = t + 4 mod 7", "6"),
])  # fmt: skip
def test_the_finder_knows_the_edges(formal: str, answer: str) -> None:
    found = solve(families()[NAME], Candidate(Source(NAME, 1, 0, 0), formal))
    assert isinstance(found, Candidate) and found.formal_answer == answer
    assert isinstance(judge(families()[NAME], found, Setting()), Record)


@pytest.mark.parametrize("formal", [
    "solve x < 0: x mod 2 is 0", "solve x < 5000: x mod 2 is 0", "solve x < 9: y mod 2 is 0",
    "solve x < 9: x mod 0 is 0", "solve x < 9: x^0 mod 2 is 1", "solve x < 9: x^99999999 mod 2 is 1",
])  # fmt: skip
def test_what_is_no_problem_is_refused(formal: str) -> None:
    assert isinstance(solve(families()[NAME], Candidate(Source(NAME, 1, 0, 0), formal)), Rejection)


def test_residues_are_reduced_to_the_least_modulus() -> None:
    for text, modulus, among in (
        ("(= (mod (* 2 x) 12) 6)", 6, (3,)), ("(= (mod (* x x) 8) 1)", 2, (1,)), ("(= (mod (* x x) 3) 2)", 1, ()),
        ("(= (mod (* 6 x) 3) 0)", 1, (0,)), ("(= (mod x 5) 3)", 5, (3,)),
    ):  # fmt: skip
        found = residues(read(text), "x", "c0")
        assert found is not None and (found.modulus, found.among) == (modulus, among), text
    assert residues(read("(< x 4)"), "x", "c0") is None


def test_no_false_claim_is_accepted_whichever_values_are_listed(draw: Callable[..., list[Record]]) -> None:
    """Lists with a value lost, added, moved or repeated: the kernel accepts none."""
    rng, family = Random(5), families()[NAME]
    for record in draw(NAME, 3, 40)[:20]:
        theory, values = family.problem(record.formal)[1].theory, stated(record.formal_answer)
        claims = required(theory, ("values", *values))
        assert all(recheck(theory, claim, EXHAUSTIVE if claim.form == "entails" else {"v": 1, "body": "evaluation"})
                   for claim in claims)  # fmt: skip
        others = [values[1:], values[:-1], [*values[:-1], rng.randrange(40)], [v + 1 for v in values]]
        for wrong in others:
            if not set(values) <= set(wrong):
                goal = ("or", *[("=", next(iter(theory.declared)), v) for v in wrong])
                assert not recheck(theory, Claim("complete", "entails", ("T",), goal), EXHAUSTIVE)
        for premise in range(len(theory.clauses)):
            rest = [*map(str, record.formal.split(": ", 1)[1].split("; "))]
            bound = int(re.findall(r"< (\d+)", record.formal)[0])
            follows = {x for x in range(bound) if holds(rest[premise], x)} <= set(values)
            goal = claims[-1].goal
            assert recheck(theory, Claim("complete", "entails", (f"c{premise}",), goal), EXHAUSTIVE) is follows


@pytest.mark.parametrize(("alias", "template"), [
    ("remainder(sum, modulus, rest)", "(= (mod sum modulus) 0)"),
    ("congruent(left, right, modulus)", "(= (mod (+ left right) modulus) 0)"),
    ("header(x, bound)", "(list (define variable x) (unknown x (range 0 (* 2 bound))))"),
    ("negate(term)", "term"),
    ("power(base, exponent)", "base"),
    ("conditions(*conditions)", "(init conditions)"),
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
        return solutions(formal) == stated(answer)

    assert next(_broken(wrong, oracle), None) is not None


def _broken(family: object, oracle: object) -> Iterator[object]:
    return check_family(family, samples=14, levels=[3, 2], oracle=oracle)  # type: ignore[arg-type]


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 3, 40)[:8]) == []
