"""What a chat model writes around a trace is taken away; a right trace comes back as it was; nothing is evaluated."""

from __future__ import annotations

from typing import Any

import pytest

from synth.family.registry import families
from synth.propose import trace
from synth.propose.repair import MAX_PIECE, repair
from synth.propose.sampler import propose
from synth.records import Candidate, Source

NAMES = sorted(families())
SYSTEM = families()["linear_system"]
RIGHT = "s0 c0 c1 eliminate: y = -4\ns1 c0 s0 substitute: x = 0\nanswer: x = 0, y = -4"


def solved(name: str, level: int) -> Candidate:
    family = families()[name]
    found = [propose(family, Source(name, level, 5, index)) for index in range(4)]
    return next(candidate for candidate in found if isinstance(candidate, Candidate))


@pytest.fixture(scope="module")
def traces() -> dict[tuple[str, int], str]:
    return {
        (name, level): trace.write(families()[name], solved(name, level))
        for name in NAMES
        for level in (min(families()[name].levels), max(families()[name].levels))
    }


def test_a_right_trace_comes_back_as_it_was(traces: dict[tuple[str, int], str]) -> None:
    assert {key: repair(families()[key[0]], "solve", text) for key, text in traces.items()} == traces


def test_a_right_problem_comes_back_as_it_was() -> None:
    for name in NAMES:
        family = families()[name]
        problem = trace.canonical(family, solved(name, 1).formal, "problem")
        assert repair(family, "pose", problem) == problem


DISGUISES = {
    "fenced": "Here is the solution you asked for.\n\n```text\n{}\n```\nLet me know if you need more!",
    "thought": "<think>s0 is hard. answer: no idea\n</think>\n\n{}",
    "spaced": "\n\n   {}  \n\n",
    "prose": "Sure, I can solve this.\n{}\nThat is all there is to it.",
}


@pytest.mark.parametrize("words", DISGUISES.values(), ids=list(DISGUISES))
def test_a_trace_is_found_in_what_stands_around_it(words: str, traces: dict[tuple[str, int], str]) -> None:
    for (name, _), text in traces.items():
        assert trace.read(repair(families()[name], "solve", words.format(text))) == trace.read(text)


@pytest.mark.parametrize("name", NAMES)
def test_a_problem_is_found_in_what_stands_around_it(name: str) -> None:
    family = families()[name]
    problem = trace.canonical(family, solved(name, 1).formal, "problem")
    for words in ("```\n{}\n```", "Here is a new problem:\n\n{}\n\nGood luck with it!", "**Problem:** {}", "1. `{}`"):
        found = repair(family, "pose", words.format(problem))
        assert trace.canonical(family, found, "problem") == problem, words


@pytest.mark.parametrize("name", [name for name in NAMES if families()[name].method])
def test_steps_counted_from_one_are_numbered_from_zero(name: str, traces: dict[tuple[str, int], str]) -> None:
    for (family, _), text in traces.items():
        if family == name:
            steps, answer = trace.read(text)
            shift = {step.id: f"s{i + 1}" for i, step in enumerate(steps)}
            lines = [
                f"{' '.join([shift[step.id], *[shift.get(parent, parent) for parent in step.parents]])} "
                f"{step.rule}: {step.formal}"
                for step in steps
            ]
            other = "\n".join([*lines, f"Answer: {answer}"])
            assert other != text
            assert repair(families()[name], "solve", other) == text


@pytest.mark.parametrize(
    "said",
    [
        RIGHT.replace("-", "−"),
        RIGHT.replace("answer:", "**Answer:**"),
        RIGHT.replace("answer:", "The final answer is"),
        RIGHT.replace("answer: x = 0, y = -4", r"So \boxed{x = 0, y = -4}."),
        RIGHT.replace("answer: ", ""),
        RIGHT.replace("answer: x = 0, y = -4", "Answer:\n- x = 0\n- y = -4"),
        RIGHT.replace("s0 c0 c1 eliminate", "1. s0 (c0, c1) eliminate").replace("s1 c0", "2. s1 c0"),
        RIGHT.replace("s0 c0 c1", "Step 0: from c0 and c1")
        .replace("s1 c0 s0", "Step 1: from c0, s0")
        .replace(": from", " from"),
        "s0 c0 eliminate: y = 7\nNo, that is wrong. Again:\n" + RIGHT,
    ],
)
def test_common_ways_of_writing_a_trace_are_read(said: str) -> None:
    assert repair(SYSTEM, "solve", said) == RIGHT


def test_a_part_of_a_trace_stays_that_part() -> None:
    part = RIGHT.rpartition("\n")[0]
    assert repair(SYSTEM, "solve", part) == part


def test_numbers_that_mean_something_else_are_left_alone() -> None:
    said = "s2 c0 s7 eliminate: y = -4\nanswer: x = 0, y = -4"
    assert repair(SYSTEM, "solve", said) == said
    with pytest.raises(trace.TraceError, match="it is s0"):
        trace.read(said)


@pytest.mark.parametrize("role", ["solve", "pose", "paraphrase"])
@pytest.mark.parametrize(
    "said",
    ["", "\x00\x00", "[" * 100_000, "answer: " * 12_000, "9^" * 50_000, "s0 c0 " * 20_000, "a, " * 40_000,
     "```" * 30_000, "\\boxed{" * 20_000, "**" * 50_000, "1. " * 40_000, "(" * 9_000 + "x" + ")" * 9_000,
     "x = " * 30_000, "\n" * 100_000, "__import__('os').system('true')", "(assert (= x 1))", "ответ: х = да",
     "answer: \ud800"],
    ids=range(18),
)  # fmt: skip
def test_hostile_text_costs_little_and_nothing_is_made_of_it(
    role: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("linear_system", "derivative", "sudoku"):
        family = families()[name]
        tried: list[int] = []

        def read(text: str, start: str, read: Any = family.formal.read, tried: list[int] = tried) -> object:
            tried.append(len(text))
            return read(text, start)

        with monkeypatch.context() as patch:
            patch.setattr(family.formal, "read", read)
            found = repair(family, role, said)
        assert len(tried) <= 2_000 and max(tried, default=0) <= MAX_PIECE
        assert len(found) <= trace.MAX_TEXT
        if role == "solve":
            with pytest.raises((trace.TraceError, ValueError)):
                trace.canonical(families()[name], trace.read(found)[1], "solution")
