"""Tiny checkpoints of random weights: three architectures and three kinds of tokenizer, made on the spot."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from synth.family.registry import families
from synth.propose import prompts, trace
from synth.propose.ask import Ask
from synth.propose.sampler import propose
from synth.records import Candidate, Source

END = "</s>"
TEMPLATE = (
    "{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
ARCHITECTURES = ("llama", "gpt2", "gpt_neox")
TOKENIZERS = ("byte_level", "sentencepiece_bpe", "sentencepiece_unigram")


@cache
def asks() -> tuple[Ask, ...]:
    """Return one ask for a solution and one for a problem of each family."""
    found = []
    for family in families().values():
        drawn = (propose(family, Source(family.name, 1, 5, index)) for index in range(50))
        candidate = next(each for each in drawn if isinstance(each, Candidate))
        found += [prompts.solve(family, candidate.formal), prompts.pose(family, 1, [])]
    return tuple(found)


@cache
def lessons() -> tuple[str, ...]:
    """Return solved problems of all families as texts."""
    texts = []
    for family in families().values():
        for index in range(4):
            candidate = propose(family, Source(family.name, 1, 6, index))
            if isinstance(candidate, Candidate):
                texts.append(prompts.solve(family, candidate.formal).text + trace.write(family, candidate))
    return tuple(texts)


def tokenizer(kind: str, chat: bool = False, pad: bool = True) -> Any:
    """Return a tokenizer: byte-level BPE, or BPE or Unigram over `▁` with a token for each byte as the last resort."""
    special = ["<unk>", "<s>", END]
    if kind == "byte_level":
        made = Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=500, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        )
        made.train_from_iterator(lessons(), trainer)
    else:
        spaces = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
        fallback = [f"<0x{byte:02X}>" for byte in range(256)]
        if kind == "sentencepiece_bpe":
            learnt = Tokenizer(models.BPE())
            learnt.normalizer = normalizers.Sequence(spaces)
            learnt.train_from_iterator(lessons(), trainers.BpeTrainer(vocab_size=300, show_progress=False))
            vocabulary, merges = _learnt(learnt)
            names = [*special, *fallback, *(piece for piece in vocabulary if piece != "\n")]
            kept = {name: number for number, name in enumerate(dict.fromkeys(names))}
            pairs = [pair for pair in merges if "".join(pair) in kept and all(part in kept for part in pair)]
            made = Tokenizer(models.BPE(vocab=kept, merges=pairs, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
        else:
            words = {
                word
                for text in lessons()
                for line in text.splitlines()
                for word in f"▁{line}".replace(" ", " ▁").split()
            }
            pieces = sorted(words)
            letters = sorted({letter for piece in pieces for letter in piece} | {"▁"})
            scores = [(piece, -2.0 - len(piece) / 10) for piece in [*pieces[:200], *letters] if len(piece) != 1]
            scores += [(letter, -6.0) for letter in letters]
            vocabulary = [(name, 0.0) for name in special] + [(name, -20.0) for name in fallback] + scores
            made = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=True))
        made.normalizer = normalizers.Sequence(spaces)
        made.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )
        made.add_special_tokens(special)
    given = {"pad_token": "<unk>"} if pad else {}
    fast = PreTrainedTokenizerFast(tokenizer_object=made, eos_token=END, bos_token="<s>", unk_token="<unk>", **given)
    if chat:
        fast.chat_template = TEMPLATE
    return fast


def _learnt(made: Any) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the vocabulary and the merges of a trained BPE model."""
    model = json.loads(made.to_str())["model"]
    return list(model["vocab"]), [tuple(pair) for pair in model["merges"]]


def network(kind: str, size: int, context: int = 1024, seed: int = 1) -> Any:
    """Return a network of random weights, about 30,000 of them."""
    torch.manual_seed(seed)
    if kind == "llama":
        return LlamaForCausalLM(
            LlamaConfig(
                vocab_size=size, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                num_key_value_heads=2, max_position_embeddings=context, eos_token_id=2, bos_token_id=1, pad_token_id=0,
            )
        )  # fmt: skip
    if kind == "gpt2":
        return GPT2LMHeadModel(
            GPT2Config(
                vocab_size=size, n_embd=32, n_layer=2, n_head=4, n_positions=context, eos_token_id=2, bos_token_id=1,
                resid_pdrop=0, embd_pdrop=0, attn_pdrop=0,
            )
        )  # fmt: skip
    return GPTNeoXForCausalLM(
        GPTNeoXConfig(
            vocab_size=size, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
            max_position_embeddings=context, eos_token_id=2, bos_token_id=1,
        )
    )  # fmt: skip


def save(folder: Path, architecture: str = "llama", kind: str = "byte_level", **options: Any) -> str:
    """Write a checkpoint and return its path; `chat`, `pad`, `context` and `seed` as above, `scale` for the weights."""
    chat, pad = options.get("chat", False), options.get("pad", True)
    fast = tokenizer(kind, chat, pad)
    made = network(architecture, len(fast), options.get("context", 1024), options.get("seed", 1))
    with torch.no_grad():
        made.get_output_embeddings().weight.mul_(options.get("scale", 1.0))
    made.save_pretrained(folder)
    fast.save_pretrained(folder)
    return str(folder)
