"""program_synthesis: the oracle is Python itself, which evaluates an answer for every input of the table."""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter
from collections.abc import Callable
from itertools import product
from random import Random
from typing import Any

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source
from synth.testing import check_family
from synth_kernel.claims import Theory
from synth_solvers.answer import answer_of
from synth_solvers.expressions import Bank, expression
from tests.python_texts import functions

NAME = "program_synthesis"
FAMILY = families()[NAME]
SQUARES = "f(x) of size {}\n    f(0) = 1, f(1) = 2, f(2) = 5, f(3) = 10, f(-1) = 2"


def read(formal: str) -> tuple[int, dict[tuple[int, ...], int]]:
    """Read the bound and the table."""
    size = re.match(r"f\(x(?:, y)?\) of size (\d+)\s", formal)
    points = re.findall(r"f\(([-\d, ]+)\) = (-?\d+)", formal)
    assert size is not None and len(points) == formal.count("=")
    return int(size[1]), {tuple(map(int, at.split(","))): int(value) for at, value in points}


def value(answer: str, arguments: tuple[int, ...]) -> int | None:
    names = ", ".join("xy"[: len(arguments)])
    try:
        return functions(f"def f({names}):\n    return {answer}")["f"](*arguments)  # type: ignore[no-any-return]
    except (ZeroDivisionError, NameError):
        return None


def size(answer: str) -> int:
    """Count Python's tokens; a number counts its digits."""
    tokens = [token.string for token in tokenize.generate_tokens(io.StringIO(answer).readline)]
    return sum(len(each) if each.isdigit() else 1 for each in tokens if each.strip() not in ("", "(", ")", ",", "else"))


def record_of(formal: str) -> Record:
    solved = solve(FAMILY, Candidate(Source(NAME, 1, 0, 0), formal))
    assert isinstance(solved, Candidate), solved
    record = judge(FAMILY, solved, Setting())
    assert isinstance(record, Record), record
    return record


def test_the_laws_of_a_family_hold() -> None:
    assert [str(broken) for broken in check_family(FAMILY, samples=20)] == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_python_returns_every_value_of_the_table(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 20)
    assert len(records) >= 19
    for record in records:
        bound, table = read(record.formal)
        assert {at: value(record.answer, at) for at in table} == table, record.formal
        assert size(record.answer) <= bound
        assert [*table] == [*product(*[sorted(set(column)) for column in zip(*table, strict=True)])]
        assert all(f"f({', '.join(map(str, at))}) = {wanted}" in record.question for at, wanted in table.items())
        assert record.question.count("=") == len(table)
        assert re.search(rf"size[a-z ]* {bound}\b", record.question)


def test_a_table_is_not_that_of_an_argument_nor_mostly_one_value(draw: Callable[..., list[Record]]) -> None:
    for level in (1, 3, 5):
        for record in draw(NAME, level, 20):
            _, table = read(record.formal)
            counts = Counter(table.values())
            assert len(counts) > 2 and max(counts.values()) <= len(table) / 2
            assert all([*table.values()] != [at[place] for at in table] for place in range(len(next(iter(table)))))


def test_the_least_expression_that_is_known_has_the_size_that_the_level_wants(
    draw: Callable[..., list[Record]],
) -> None:
    """At the first levels this is certain: all expressions up to size 4 are tried here, by another enumeration."""
    for level in (1, 2, 3):
        for record in draw(NAME, level, 20):
            bound, table = read(record.formal)
            inputs = tuple(table)
            if len(inputs[0]) == 1:
                least = FAMILY.levels[level]["least"]
                assert least <= size(record.answer) <= FAMILY.levels[level]["most"] <= bound + 4
                assert tuple(table.values()) not in small(inputs, least - 1)


def small(inputs: tuple[tuple[int, ...], ...], most: int) -> set[tuple[int | None, ...]]:
    """The values of all expressions in x of at most this size, at most 4, read and evaluated by Python."""
    texts: list[list[str]] = [[], ["x", *map(str, range(10))]]
    for length in range(2, min(most, 4) + 1):
        found = [f"{sign}({part})" for part in texts[length - 1] for sign in ("-", "abs")]
        found += map(str, range(10, 31)) if length == 2 else []
        for left in range(1, length - 1):
            for a, b in product(texts[left], texts[length - 1 - left]):
                found += [f"({a}) {sign} ({b})" for sign in ("+", "-", "*", "//", "%")]
                found += [f"min({a}, {b})", f"max({a}, {b})"]
        texts.append([text for text in found if "x" in text or text.isdigit()])
    codes = [compile(text, "<small>", "eval") for listed in texts[: most + 1] for text in listed]
    values: set[tuple[int | None, ...]] = set()
    for code in codes:
        try:
            values.add(tuple(eval(code, {"x": x}) for (x,) in inputs))
        except ZeroDivisionError:
            continue
    return values


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("x * x + 1", 1),
        ("1 + x * x", 1),
        ("(x) * (x) + (1)", 1),  # parentheses do not count
        ("x * x - -1", 1),  # of size 6
        ("1 if x == 0 else x * x + 1", 0),  # too large
        ("abs(x) * x + 1", 0),  # another value for -1
        ("2 * x", 0),
        ("x * x + 01", 0),  # no number in Python
        ("x ** 2 + 1", 0),  # not listed
        ("x * x + y", 0),  # no argument
        ("x * x + 1 // 0", 0),  # no value
        ("x * x + 1 % x", 0),  # no value for 0, others elsewhere
        ("f(x)", 0),
        ("lambda x: x * x + 1", 0),
        ("x * x + 1 + 0 * 99999999999999999999999999999999999", 0),
        ("(" * 300 + "x" + ")" * 300, 0),
        ("x" + " * x" * 3000, 0),
        ("", 0),
    ],
)
def test_any_expression_that_python_evaluates_to_the_table_scores(answer: str, score: int) -> None:
    record = record_of(SQUARES.format(6))
    assert Domain(FAMILY).score(answer, row_of(record)).score == score


def test_the_bound_is_kept_exactly() -> None:
    for bound, right in ((5, True), (4, False)):
        solved = solve(FAMILY, Candidate(Source(NAME, 1, 0, 0), SQUARES.format(bound)))
        record = judge(FAMILY, solved, Setting()) if isinstance(solved, Candidate) else solved
        assert isinstance(record, Record if right else Rejection)
    row = row_of(record_of(SQUARES.format(5)))
    assert [Domain(FAMILY).score(text, row).score for text in ("x * x + 1", "x * x - -1")] == [1, 0]


OPERATIONS = ["{} + {}", "{} - {}", "{} * {}", "{} // {}", "{} % {}", "-{}", "abs({})", "min({}, {})", "max({}, {})"]
CONDITIONS = [
    "{} < {}", "{} <= {}", "{} > {}", "{} >= {}", "{} == {}", "{} != {}", "not ({} > {})", "{} < {} and x > 0",
    "{} < {} or y != 1", "not ({} < {} or x == y) and not y > 2", "({} < {})",
]  # fmt: skip


def drawn(rng: Random, depth: int) -> str:
    """Draw an expression as Python writes it, with few parentheses, so that precedence matters."""
    if depth == 0 or rng.random() < 0.2:
        return rng.choice(["x", "y", str(rng.randint(0, 12))])
    parts = drawn(rng, depth - 1), drawn(rng, depth - 1)
    if rng.random() < 0.25:
        text = f"{parts[0]} if {rng.choice(CONDITIONS).format(*rng.sample('xy3', 2))} else {parts[1]}"
        return f"({text})" if rng.random() < 0.7 else text
    text = rng.choice(OPERATIONS).format(*parts)
    return f"({text})" if rng.random() < 0.4 else text


def test_an_expression_means_what_python_means_by_it() -> None:
    """A random text either cannot be read, or scores exactly where Python computes the table and the size is kept."""
    rng = Random(5)
    inputs = [*product(range(-2, 4), range(3))]
    seen: Counter[Any] = Counter()
    for _ in range(150):
        text = drawn(rng, 3)
        values = {at: value(text, at) for at in inputs}
        kept = {at: wanted for at, wanted in values.items() if wanted is not None}
        if not kept:
            continue
        bound = size(text) + rng.choice((0, 0, 0, 1, -1))
        wrong = rng.random() < 0.3
        points = [f"f({x}, {y}) = {kept[x, y] + (wrong and (x, y) == [*kept][-1])}" for x, y in kept]
        reading = FAMILY.meaning.problem(FAMILY.formal.read(f"f(x, y) of size {bound} {', '.join(points)}"))
        answer = reading.answer(FAMILY.formal.read(text, "solution"))
        candidate = Candidate(Source(NAME, 1, 0, 0), f"f(x, y) of size {bound} {', '.join(points)}", text)
        record = judge(FAMILY, candidate, Setting())
        right = not wrong and size(text) <= bound
        assert isinstance(record, Record) is right, (text, bound, answer)
        seen[right] += 1
    assert min(seen.values()) > 30, seen


# ---- the finder ------------------------------------------------------------------------------------------------------


def test_listed_expressions_have_their_values_and_sizes() -> None:
    """Written by the family, evaluated by Python."""
    for inputs in (tuple((x,) for x in range(-2, 4)), tuple(product(range(3), range(1, 4)))):
        bank = Bank(inputs, 4)
        for values, (length, term) in [*bank.of.items()][::7]:
            text = FAMILY.solution(FAMILY.problem("f(x) of size 1 f(0) = 0")[1].theory, bound(term))
            assert tuple(value(text, at) for at in inputs) == values and size(text) == length


def bound(term: Any) -> Any:
    return ("model", ("=", "f", ("prog", ("params", "'x", "'y"), ("return", term))))


def test_listed_expressions_are_all_that_there_are_up_to_size_4() -> None:
    inputs = ((-2,), (0,), (1,), (5,))
    assert small(inputs, 4) <= set(Bank(inputs, 4).of) | {(n,) * 4 for n in range(-30, 1000)}


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("x * (x + 1) // 2", range(8)),
        ("3 if x > 4 else x", range(9)),
        ("(x + 2) * (x + 3)", range(8)),
        ("abs(x - 3) % 3", range(8)),
        ("abs(x - 3) // 2 + 9", range(8)),
        ("max(x * x, 9 - x)", range(-3, 5)),
        ("(x if x % 2 == 0 else 7) + x", range(8)),
    ],
)
def test_larger_expressions_are_put_together(text: str, inputs: range) -> None:
    at = tuple((x,) for x in inputs)
    wanted = tuple(value(text, each) or 0 for each in at)
    found = expression(at, wanted)
    assert found is not None and found[0] <= size(text)
    record = record_of(
        f"f(x) of size {found[0]} " + ", ".join(f"f({x}) = {v}" for (x,), v in zip(at, wanted, strict=True))
    )
    assert tuple(value(record.answer, each) for each in at) == wanted and size(record.answer) == found[0]


def test_what_no_small_expression_returns_is_not_found() -> None:
    at = tuple((x,) for x in range(8))
    assert expression(at, (3, 1, 4, 1, 5, 9, 2, 6)) is None


@pytest.mark.parametrize(
    "theory",
    [
        "(declare f (Prog 1)) (declare g (Prog 1)) (clause (= (run f 1) 2)) (ask (construct f g))",
        "(declare f (Prog 1)) (clause (= (run f (+ 1 1)) 2)) (ask (construct f))",
        "(declare f (Prog 3)) (clause (= (run f 1 2 3) 2)) (ask (construct f))",
        "(declare f (Prog 0)) (clause (= (run f) 2)) (ask (construct f))",
        "(declare f (Prog 1)) (ask (construct f))",
        "(declare f (Prog 1)) " + " ".join(f"(clause (= (run f {x}) {x}))" for x in range(65)) + " (ask (construct f))",
        f"(declare f (Prog 1)) (clause (= (run f {10**70}) {10**150})) (clause (= (run f 0) 1)) (ask (construct f))",
    ],
)
def test_what_the_finder_cannot_read_it_does_not_answer(theory: str) -> None:
    assert answer_of(Theory.read(f"(theory {theory})")) is None


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 20)[:8]) == []
