"""Search over a model in this process: budgets hold, prefixes stay in the language, the mask's mass is used."""

from __future__ import annotations

from random import Random

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from synth.family.registry import families
from synth.propose.ask import Draw, Reply
from synth.propose.local.model import LocalModel
from synth.search import smc
from synth.search.budget import Budget
from synth.search.report import losses
from synth.search.strategies import STRATEGIES, strategy
from synth.search.task import Task, draw


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    return draw(families()["linear_system"], 1, 2, seed=5)


@pytest.fixture(scope="module")
def model(tmp_path_factory, tasks) -> LocalModel:
    """A network of random weights that writes single characters."""
    folder = str(tmp_path_factory.mktemp("search") / "model")
    split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    letters = Tokenizer(models.BPE())
    letters.pre_tokenizer, letters.decoder = split, decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=2 + len(alphabet), special_tokens=["<pad>", "<end>"], initial_alphabet=alphabet, show_progress=False
    )
    letters.train_from_iterator([], trainer)
    PreTrainedTokenizerFast(tokenizer_object=letters, eos_token="<end>", pad_token="<pad>").save_pretrained(folder)
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=2 + len(alphabet), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=1024, tie_word_embeddings=True, eos_token_id=1, bos_token_id=1, pad_token_id=0,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return LocalModel(folder, "tiny")


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_keeps_its_budget_over_a_masked_network(name, model, tasks):
    budget = Budget(samples=8, tokens=500)
    outcomes = strategy(name)(tasks, model, budget, Draw(max_tokens=80, seed=3))
    assert 0 < budget.spent_tokens <= 500
    assert budget.spent_samples <= 8
    assert sum(outcome.tokens for outcome in outcomes) == budget.spent_tokens
    lost = losses(outcomes)
    assert not [reason for reason in lost if reason.startswith(("propose", "judge: fault"))], lost


def test_segments_of_a_masked_network_go_on_within_the_language(model, tasks):
    """Cut after every few tokens and asked to go on, a text never leaves the language; masking leaves a mass."""
    group = smc.Group(0, tasks[0].ask, [smc.Particle()] * 4)
    replies: list[Reply] = []

    def send(requests, tokens):
        assert all(request.ask.prefix in seen for request in requests)
        found = [model.propose([request.ask], Draw(max_tokens=tokens, seed=len(replies) + k))[0][0]
                 for k, request in enumerate(requests)]  # fmt: skip
        replies.extend(found)
        seen.update(r.ask.prefix + reply.text + reply.stopped for r, reply in zip(requests, found, strict=True))
        return list(zip(requests, found, strict=True))

    seen = {""}
    smc.grow([group], send, 60, Random(2), segment=12)
    assert not [reply.failure for reply in replies if reply.failure]
    assert all(reply.log_mass is not None and reply.log_mass < 0 for reply in replies if reply.tokens)
    assert group.resampled > 0
    assert all(particle.text in seen for particle in group.particles)
