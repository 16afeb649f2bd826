"""program_equivalence: the oracle is Python itself, which runs the text of both functions on every input."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.grammar.decode import check_decoding
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family
from synth_grammars.program_equivalence.expressions import LAWS
from synth_grammars.program_equivalence.misses import BODY_MISSES, MISSES
from synth_grammars.program_equivalence.programs import Body, at, drawn, places, put, written
from synth_grammars.program_equivalence.statements import BODY_LAWS
from tests.python_texts import functions, lint

NAME = "program_equivalence"
FAMILY = families()[NAME]
RANGES = {"x": (-5, 5), "n": (0, 6)}
BLOCKS = ["let", "case", "when", "exit", "loop", "loop"]


def read(formal: str) -> tuple[list[tuple[int, int]], Callable[..., Any], Callable[..., Any]]:
    """Read the ranges, and let Python make the functions, of nothing but what `tests.python_texts` lists."""
    head, code = formal.split("\n\n", 1)
    ranges = [(int(low), int(high)) for low, high in re.findall(r"\w from (-?\d+) to (-?\d+)", head)]
    space = functions(code)
    return ranges, space["f"], space["g"]


def differing(formal: str) -> list[tuple[int, ...]]:
    """The inputs on which the functions return different values."""
    ranges, f, g = read(formal)
    return [each for each in product(*[range(low, high + 1) for low, high in ranges]) if f(*each) != g(*each)]


def text(one: Body, other: Body) -> str:
    """Write two bodies as a problem."""
    inputs = [("input", x, ("number" if a >= 0 else "below_zero", str(abs(a))), ("number", str(b)))
              for x, (a, b) in RANGES.items()]  # fmt: skip
    params = ("params", *[("param", x) for x in RANGES])
    one, other = (tuple(map(written, body)) for body in (one, other))
    return FAMILY.formal.render(("problem", ("inputs", *inputs), ("one", params, *one), ("other", params, *other)))


def test_the_laws_of_a_family_hold() -> None:
    assert [str(broken) for broken in check_family(FAMILY, samples=20)] == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_python_returns_the_same_values_or_others_for_few_inputs_and_for_the_one_that_is_claimed(
    level: int, draw: Callable[..., list[Record]]
) -> None:
    records = draw(NAME, level, 20)
    assert len(records) >= 19
    for record in records:
        differ = differing(record.formal)
        if record.formal_answer == "yes":
            assert differ == [], record.formal
            continue
        (claimed,) = [item.claim.goal for item in record.evidence if item.claim.role == "correct"]
        point = tuple(value for _, _, value in claimed[1:])  # type: ignore[union-attr, misc]
        ranges, _, _ = read(record.formal)
        inputs = len([*product(*[range(low, high + 1) for low, high in ranges])])
        assert point in differ, record.formal
        assert len(differ) <= max(FAMILY.levels[level]["differ"] * inputs, 1)


def test_the_other_verdict_is_refused(draw: Callable[..., list[Record]]) -> None:
    for level in (1, 4):
        for record in draw(NAME, level, 20):
            wrong = "no" if record.formal_answer == "yes" else "yes"
            candidate = Candidate(record.source, record.formal, wrong, (Step("s0", wrong, (), "answer"),))
            refused = judge(FAMILY, candidate, Setting())
            assert isinstance(refused, Rejection) and refused.reason == "correct refuted"


@pytest.mark.parametrize(
    ("f", "g", "answer"),
    [
        ("return -(x // 2)", "return -x // 2", "no"),  # a sign binds tighter than //, which rounds down
        ("return x - x // 3 * 3", "return x % 3", "yes"),
        ("return -1 - x % -3", "return -1 + -x % 3", "yes"),  # % has the sign of its right side
        ("return 1 - (2 - x)", "return 1 - 2 - x", "no"),
        ("s, t = x, n\n    s, t = t, s\n    return s - t", "return n - x", "yes"),
        ("return (1 if x > 0 and n > 0 or x > 3 else 0)", "return (1 if x > 0 and (n > 0 or x > 3) else 0)", "yes"),
        ("return (1 if x > 0 or n > 0 and x > 3 else 0)", "return (1 if (x > 0 or n > 0) and x > 3 else 0)", "no"),
        ("s = 0\n    for i in range(1, n): s = s + i\n    return s", "return n * (n - 1) // 2", "yes"),
        ("s = 0\n    for i in range(x, n): s = s + 1\n    return s", "return n - x", "no"),  # no round, not fewer
        ("if x < 1: return 0\n elif x < 3: return 1\n else: return 2", "return (x > 0)", ""),
        ("return 6 // n", "return 6 // n", ""),  # an error is no value
        ("return s", "return s", ""),
    ],
)  # fmt: skip
def test_programs_mean_what_python_means(f: str, g: str, answer: str) -> None:
    codes = [f"def {name}(x: int, n: int) -> int:\n    {body}" for name, body in (("f", f), ("g", g))]
    formal = "\n\n".join(["x from -5 to 5, n from 0 to 6", *codes])
    solved = solve(FAMILY, Candidate(Source(NAME, 1, 0, 0), formal))
    record = judge(FAMILY, solved, Setting()) if isinstance(solved, Candidate) else solved
    if not answer:
        assert isinstance(record, Rejection)
        return
    assert isinstance(record, Record) and record.formal_answer == answer
    rendered = FAMILY.formal.render(FAMILY.formal.read(formal))  # with its lines as Python wants them
    assert (differing(rendered) == []) is (answer == "yes")
    for said in ("yes", "no"):
        assert Domain(FAMILY).score(said, row_of(record)).score == (said == answer)


X, N = ("name", "x"), ("name", "n")
RARE = [  # shapes that some laws and misses need, and that are seldom drawn
    ("choice", X, ("less", X, N), N),
    ("choice", N, ("at_least", X, N), X),
    ("subtract", ("subtract", X, N), ("multiply", ("whole", "2"), X)),
    ("add", ("add", X, ("quotient", N, ("whole", "2"))), ("quotient", X, ("whole", "2"))),
]


def bodies(rng: Random, count: int) -> Iterator[Body]:
    for _ in range(count):
        body = drawn(RANGES, rng.choices(BLOCKS, k=rng.randint(1, 3)), rng)
        yield body
        yield (("assign", "c", rng.choice(RARE)), *body[:-1], ("returns", ("add", ("name", "c"), body[-1][1])))


def applied(law: Any, body: Body, rng: Random) -> Body | None:
    """Apply a law at one place of a body."""
    if law in BODY_LAWS or law in BODY_MISSES:
        return law(body, RANGES, rng)  # type: ignore[no-any-return]
    where = [place for place in places(body) if len(place) > 1]
    found = [(place, law(at(body, place), rng)) for place in where]
    fitting = [(place, part) for place, part in found if part is not None]
    if not fitting:
        return None
    place, part = rng.choice(fitting)
    return put(body, place, part)


@pytest.mark.parametrize("law", dict.fromkeys([*LAWS, *BODY_LAWS]), ids=lambda law: law.__name__)
def test_a_law_keeps_what_is_returned(law: Any) -> None:
    """Laws are not trusted, but a wrong one would lose draws. Some apply only to what others have made."""
    rng, tried = Random(4), 0
    for body in bodies(rng, 80):
        for other in rng.choices([*LAWS, *BODY_LAWS], k=4):
            body = applied(other, body, rng) or body
        after = applied(law, body, rng)
        if after is not None:
            assert differing(text(body, after)) == [], text(body, after)
            tried += 1
        if tried == 12:
            break
    assert tried >= 4


def test_near_misses_often_miss() -> None:
    rng = Random(6)
    for miss in (*MISSES, *BODY_MISSES):
        found = missed = 0
        for body in bodies(rng, 30):
            after = applied(miss, body, rng)
            if after is None or found == 20:
                continue
            found += 1
            try:
                missed += differing(text(body, after)) != []
            except UnboundLocalError:
                missed += 1
        assert missed >= 3, (miss.__name__, missed, found)


def test_verdicts_are_balanced_and_counting_words_does_not_tell_them() -> None:
    """Whether both functions use the same words and numbers, and as many, says next to nothing."""
    rng = Random(8)
    verdicts: Counter[str] = Counter()
    right = 0
    for _ in range(80):
        proposal = FAMILY.propose(FAMILY.levels[1], rng)
        assert proposal is not None
        _, one, other = proposal.formal.split("\n\n")
        words = [Counter(re.findall(r"\w+|[^\w\s]+", code)) for code in (one, other)]
        alike = (words[0] & words[1]).total() >= 0.75 * max(map(Counter.total, words))
        right += alike is (proposal.answer == "'yes")
        verdicts[str(proposal.answer)] += 1
    assert min(verdicts.values()) > 25 and len(verdicts) == 2
    assert 25 <= right <= 55, right


def test_the_decoding_grammar_writes_lines_as_the_renderer_does() -> None:
    assert check_decoding(FAMILY.formal, "problem", 2, [30, 40], Random(1), 5) == 20


def test_linters_find_nothing_in_a_batch(draw: Callable[..., list[Record]], tmp_path: Path) -> None:
    """Of this family and of `program_synthesis`; each linter runs once."""
    for level in (1, 3, 5):
        for number, record in enumerate(draw(NAME, level, 20)):
            (tmp_path / f"level_{level}_{number}.py").write_text(record.formal.split("\n\n", 1)[1] + "\n")
        for number, record in enumerate(draw("program_synthesis", level, 20)):
            code = f"def f(x: int, y: int) -> int:\n    return {record.answer}\n"
            (tmp_path / f"expression_{level}_{number}.py").write_text(code)
    assert len([*tmp_path.iterdir()]) >= 114
    lint(tmp_path)


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 20)[:8]) == []
