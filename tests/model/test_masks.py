"""Masks allow exactly the tokens after which the text may still become a sentence, whatever the tokenizer."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from llguidance import LLMatcher, grammar_from
from transformers import AutoModelForCausalLM, AutoTokenizer

from synth.errors import UserError
from synth.family.registry import families
from synth.propose import prompts, trace
from synth.propose.local.closing import Ending, Flat, flat
from synth.propose.local.masks import GrammarProcessor, Masks, Vocabulary
from synth.propose.local.sampling import pick, uniforms
from synth.propose.sampler import propose
from synth.records import Candidate, Source
from tests.model.makers import TOKENIZERS, save, tokenizer

AB = 'start: "a" ("b" | "é")~0..2 | "c" "d"\n'


@pytest.fixture(scope="module", params=TOKENIZERS)
def vocabulary(request: pytest.FixtureRequest) -> Vocabulary:
    made = tokenizer(request.param)
    return Vocabulary(made, len(made) + 3, [made.eos_token_id])


def written(name: str, count: int = 6) -> list[tuple[str, str]]:
    """Return canonical problems and traces of a family, all levels."""
    family, found = families()[name], []
    for level in family.levels:
        for index in range(count):
            candidate = propose(family, Source(name, level, 12, index))
            if isinstance(candidate, Candidate):
                problem = trace.canonical(family, candidate.formal, "problem")
                found.append((problem, trace.write(family, candidate)))
    return found


@pytest.mark.parametrize("name", sorted(families()))
def test_right_answers_and_problems_belong_to_the_languages(name: str, vocabulary: Vocabulary) -> None:
    family = families()[name]
    texts = written(name, 2)
    assert texts
    for problem, answer in texts:
        for text, language in ((answer, trace.language(family)), (problem, prompts.problems(family))):
            gbnf = LLMatcher(vocabulary.tokens, grammar_from("gbnf", language.gbnf), log_level=0)
            for matcher in (vocabulary.matcher(language.lark), gbnf):
                assert matcher.consume_tokens(vocabulary.spell(text)), text
                assert matcher.is_accepting(), text


def test_a_token_is_allowed_exactly_if_the_text_can_go_on_with_it(vocabulary: Vocabulary) -> None:
    sentences = {"a", "ab", "aé", "abb", "abé", "aéb", "aéé", "cd"}
    beginnings = {text.encode()[:end] for text in sentences for end in range(len(text.encode()) + 1)}
    for begun in ("", "a", "ab", "aé"):
        masks = Masks(vocabulary, [vocabulary.matcher(AB, begun)])
        allowed = masks.allowed()
        assert allowed is not None and allowed.shape == (1, vocabulary.size)
        for token in range(vocabulary.size):
            piece = vocabulary.bytes_of(token)
            expected = (
                begun.encode() + piece in beginnings if piece else token in vocabulary.ends and begun in sentences
            )
            assert bool(allowed[0, token]) == expected, (begun, token, piece)


def test_half_a_character_is_allowed_and_must_be_finished(vocabulary: Vocabulary) -> None:
    matcher = vocabulary.matcher('start: "é"\n')
    half = next(t for t in range(vocabulary.size) if vocabulary.bytes_of(t) == b"\xc3")
    masks = Masks(vocabulary, [matcher])
    masks.consume(0, half)
    allowed = masks.allowed()
    assert allowed is not None
    assert [vocabulary.bytes_of(t) for t in allowed[0].nonzero().flatten().tolist()] == [b"\xa9"]


def test_rows_have_languages_of_their_own_or_none(vocabulary: Vocabulary) -> None:
    masks = Masks(vocabulary, [vocabulary.matcher(AB), None, vocabulary.matcher('start: "x"\n')])
    allowed = masks.allowed()
    assert allowed is not None and allowed[1].all()
    first = [{vocabulary.bytes_of(t)[:1] for t in row.nonzero().flatten().tolist()} for row in allowed]
    assert first[0] == {b"a", b"c"} and first[2] == {b"x"}
    masks.keep([2, 1])
    kept = masks.allowed()
    assert kept is not None and torch.equal(kept, allowed[[2, 1]])
    masks.keep([1])
    assert masks.allowed() is None


def test_a_row_that_is_over_allows_the_end_alone(vocabulary: Vocabulary) -> None:
    masks = Masks(vocabulary, [vocabulary.matcher('start: "x"\n')])
    masks.consume(0, vocabulary.spell("x")[0])
    assert masks.over(0) and masks.failure(0) == ""
    allowed = masks.allowed()
    assert allowed is not None and set(allowed[0].nonzero().flatten().tolist()) == set(vocabulary.ends)
    masks.consume(0, vocabulary.spell("x")[0])
    assert masks.failure(0) == ""


def test_a_matcher_that_fails_names_the_failure_and_leaves_others_alone(vocabulary: Vocabulary) -> None:
    masks = Masks(vocabulary, [vocabulary.matcher(AB), vocabulary.matcher(AB)])
    masks.consume(0, vocabulary.spell("x")[0])
    assert "doesn't satisfy the grammar" in masks.failure(0) and masks.failure(1) == ""
    allowed = masks.allowed()
    assert allowed is not None and allowed[1].any()


def test_a_prefix_outside_the_language_and_a_wrong_grammar_are_told_apart(vocabulary: Vocabulary) -> None:
    assert vocabulary.matcher(AB, "b").is_error()
    assert not vocabulary.matcher(AB).is_error()
    with pytest.raises(UserError, match="does not compile"):
        vocabulary.matcher("start: unknown_rule\n")


def test_a_tokenizer_without_an_end_is_refused() -> None:
    made = tokenizer("byte_level")
    with pytest.raises(UserError, match="no token that ends a text"):
        Vocabulary(made, len(made), [])


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_the_processor_keeps_generate_in_the_language(kind: str, tmp_path: Any) -> None:
    folder = save(tmp_path, "gpt2", kind)
    network, made = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    vocabulary = Vocabulary(made, network.config.vocab_size, [made.eos_token_id])
    prompt = made("a b", return_tensors="pt")["input_ids"].repeat(8, 1)
    processor = GrammarProcessor(vocabulary, [vocabulary.matcher(AB) for _ in range(8)])
    torch.manual_seed(3)
    out = network.generate(
        prompt, attention_mask=torch.ones_like(prompt), do_sample=True, max_new_tokens=12, logits_processor=[processor],
        pad_token_id=made.pad_token_id,
    )  # fmt: skip
    texts = {b"".join(map(vocabulary.bytes_of, row)).decode() for row in out[:, prompt.shape[1] :].tolist()}
    assert texts <= {"a", "ab", "aé", "abb", "abé", "aéb", "aéé", "cd"} and len(texts) > 1


# ---- the shortest end ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(families()))
def test_every_beginning_has_a_shortest_end_that_finishes_it(name: str) -> None:
    family, rng = families()[name], random.Random(4)
    for problem, answer in written(name, 1):
        for text, language, start in (
            (problem, prompts.problems(family), "problem"),
            (answer.split("answer: ")[1], None, "solution"),
            (answer, trace.language(family), ""),
        ):
            if language is None:
                continue
            grammar = Flat(language.lark)
            ending = Ending(grammar)
            for cut in sorted({0, len(text), *(rng.randrange(len(text)) for _ in range(8))}):
                end = ending.of(text[:cut])
                assert end is not None and len(end) <= grammar.reserve, text[:cut]
                assert end == Ending(grammar).of(text[:cut]) or len(end) == len(Ending(grammar).of(text[:cut]) or "")
                if start:
                    family.formal.read(text[:cut] + end, start)
                else:
                    steps, solution = trace.read(text[:cut] + end)
                    family.formal.read(solution, "solution")
                    assert not family.method or len(steps) <= trace.MAX_STEPS


def test_the_shortest_end_is_the_shortest() -> None:
    grammar = Flat('start: "(" inner ")"\n\ninner: NUMBER\n  | "-" NUMBER "," start\nNUMBER: /[0-9]{1,3}|ten/\n')
    ending = Ending(grammar)
    ends = {begun: ending.of(begun) for begun in ("", "(", "(1", "(t", "(-1", "(-1,(-2", "(12345")}
    assert ends == {"": "(0)", "(": "0)", "(1": ")", "(t": "en)", "(-1": ",(0))", "(-1,(-2": ",(0)))", "(12345": None}
    assert Ending(grammar).of("(12)") == "" and Ending(grammar).of("(12)x") is None


@pytest.mark.parametrize("text", ["root ::= 'a'", 'start: start "a"\n', "start: other\n", 'start: "a" |||(\n', ""])
def test_other_notations_have_no_shortest_end(text: str) -> None:
    assert flat(text) is None


# ---- drawing ---------------------------------------------------------------------------------------------------------


def test_tokens_are_drawn_with_the_probabilities_of_the_scores() -> None:
    scores = torch.tensor([[0.0, 1.0, 2.0, float("-inf")]]).repeat(20_000, 1)
    allowed = torch.tensor([[True, False, True, True]]).repeat(20_000, 1)
    uniform = uniforms(1, "drawing", 0, 20_000)
    for temperature in (0.5, 1.0, 2.0):
        chosen, facts = pick(scores, allowed, uniform, temperature)
        expected = torch.tensor([0.0, float("-inf"), 2.0, float("-inf")]).div(temperature).softmax(-1)
        assert torch.allclose(chosen.bincount(minlength=4) / 20_000, expected, atol=0.015)
        whole = torch.tensor([0.0, 1.0, 2.0]).softmax(-1)
        assert torch.allclose(facts[1], (whole[0] + whole[2]).log().expand(20_000), atol=1e-5)
        assert torch.allclose(facts[0], scores[0].log_softmax(-1)[chosen], atol=1e-5)


def test_nothing_ruled_out_leaves_a_log_mass_of_exactly_zero() -> None:
    scores = torch.randn((50, 300), generator=torch.Generator().manual_seed(2))
    assert (pick(scores, None, uniforms(1, "x", 0, 50), 1.0)[1][1] == 0).all()
    assert (pick(scores, scores > 0, uniforms(1, "x", 0, 50), 1.0)[1][1] < 0).all()


def test_a_token_is_never_drawn_that_is_ruled_out_or_impossible() -> None:
    scores = torch.randn((4000, 40), generator=torch.Generator().manual_seed(3)) * 30
    allowed = torch.rand((4000, 40), generator=torch.Generator().manual_seed(4)) < 0.2
    allowed[:, 7] = True
    for uniform in (torch.zeros(4000), uniforms(5, "y", 1, 4000), torch.full((4000,), 1 - 2**-24)):
        for temperature in (0.0, 0.3, 1.0):
            chosen, facts = pick(scores, allowed, uniform, temperature)
            assert allowed.gather(1, chosen.unsqueeze(1)).all() and facts.isfinite().all()


def test_scores_that_leave_nothing_are_not_a_number() -> None:
    none = torch.full((1, 3), float("-inf"))
    for scores in (none, torch.full((1, 3), float("nan")), torch.tensor([[float("inf"), 0.0, 0.0]])):
        assert pick(scores, None, torch.zeros(1), 1.0)[1].isnan().all()
    assert (
        pick(torch.tensor([[0.0, none[0, 0], 1.0]]), torch.tensor([[False, True, False]]), torch.zeros(1), 1.0)[1]
        .isnan()
        .all()
    )


def test_random_numbers_depend_on_seed_text_and_number_and_leave_the_global_state_alone() -> None:
    torch.manual_seed(9)
    before = torch.get_rng_state()
    first = uniforms(1, "a", 0, 5)
    assert torch.equal(first, uniforms(1, "a", 0, 5)) and torch.equal(before, torch.get_rng_state())
    assert not any(
        torch.equal(first, other) for other in (uniforms(2, "a", 0, 5), uniforms(1, "b", 0, 5), uniforms(1, "a", 1, 5))
    )
