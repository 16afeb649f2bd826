"""The decoding grammars of every family say the same language as its parser, bounded so that every text can finish."""

from __future__ import annotations

import re
from random import Random

import pytest

from synth.family.registry import families
from synth.grammar.decode import Nesting, check_decoding, gbnf_text
from synth.grammar.sampler import Sampler
from synth.propose import prompts, trace
from synth.propose.sampler import propose
from synth.records import Candidate, Source

NAMES = sorted(families())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("start", ["problem", "solution"])
@pytest.mark.parametrize("depth", [1, trace.DEPTH])
def test_decoding_grammars_agree_with_the_parser(name: str, start: str, depth: int) -> None:
    syntax = families()[name].formal
    sizes = Sampler(syntax.grammar).sizes(start, 60)[:3]
    assert sizes, f"no {start} of {name} has at most 60 tokens"
    assert check_decoding(syntax, start, depth, sizes, Random(1), count=4) > 0
    assert gbnf_text(syntax.grammar, start, depth).startswith("root ::= ")


@pytest.mark.parametrize("name", NAMES)
def test_languages_are_finite_and_fit_to_be_shown(name: str) -> None:
    for language in (trace.language(families()[name]), prompts.problems(families()[name])):
        for text in (language.lark, language.gbnf):
            assert "\\u" not in text and text.isascii()
            bare = re.sub(r'"(\\.|[^"\\])*"', "", text)
            assert not re.search(r"[\])][*+]", bare), "a repeat without an end"
        ahead: dict[str, set[str]] = {}
        for rule in re.split(r"\n(?!\s)", re.sub(r'"(\\.|[^"\\])*"|/[^\n]*/', "", language.lark).strip()):
            own, _, body = rule.partition(":")
            ahead[own] = set(re.findall(r"[A-Za-z_]\w*", body))
        while ahead:  # take away what needs no other rule, until nothing is left: no rule comes back to itself
            ready = {own for own, needs in ahead.items() if not needs & set(ahead)}
            assert ready, "a rule comes back to itself"
            ahead = {own: needs for own, needs in ahead.items() if own not in ready}


@pytest.mark.parametrize("name", NAMES)
def test_right_answers_are_nested_less_deeply_than_a_model_may(name: str) -> None:
    family = families()[name]
    nesting, met = Nesting(family.formal.grammar), 0
    for level in family.levels:
        for index in range(3):
            candidate = propose(family, Source(name, level, 77, index))
            if isinstance(candidate, Candidate):
                texts = [(candidate.formal, "problem"), (candidate.formal_answer or "", "solution")]
                texts += [(step.formal, "step") for step in candidate.steps or () if step.rule != "answer"]
                for text, start in texts:
                    assert nesting.of(family.formal.read(text, start)) < trace.DEPTH
                    met += 1
    assert met


def test_long_sums_are_no_nesting_and_brackets_are() -> None:
    formal = families()["polynomial_roots"].formal
    nesting = Nesting(formal.grammar)
    texts = ("x = 1", "x = 1 + 2 - 3 + 4 - 5 * 6 * 7", "x = -(1 + 2)", "x = 1 - (2 - 3)", "x = sqrt(sqrt(2) + 1)")
    assert [nesting.of(formal.read(text, "solution")) for text in texts] == [0, 0, 1, 1, 2]


def test_steps_are_numbered_in_their_order() -> None:
    text = trace.language(families()["linear_system"]).lark
    assert text.startswith('start: "s0" step_line lines_1\n  | last_line\n')
    assert text.count(" step_line") == trace.MAX_STEPS and f'"s{trace.MAX_STEPS - 1}" step_line last_line' in text
