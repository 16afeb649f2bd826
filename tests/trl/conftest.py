"""An exported corpus, and a language model of a few thousand weights whose words are those of its texts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
import torch
from datasets import load_dataset
from tokenizers import Regex, Tokenizer
from tokenizers.decoders import Fuse
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from synth.export.export import export
from synth.family.registry import families
from synth.run.recipe import resolve
from synth.run.rounds import generate

torch.set_num_threads(1)  # the model is so small that threads would only wait for each other

TEMPLATE = "{% for message in messages %}{{ message['content'] + '\n' }}{% endfor %}"


def tokenizer_of(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Return a tokenizer with a token for each word and gap in the texts, and for anything else together."""
    words = dict.fromkeys(["<pad>", "<end>", "<other>"])
    split = Split(Regex(r"\s|[^\s]+"), "isolated")
    for text in texts:
        words.update(dict.fromkeys(word for word, _ in split.pre_tokenize_str(text)))
    made = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="<other>"))
    made.pre_tokenizer = split
    made.decoder = Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="<other>", pad_token="<pad>", eos_token="<end>", chat_template=TEMPLATE
    )


def model_of(tokenizer: PreTrainedTokenizerFast, likely: Iterable[str]) -> LlamaForCausalLM:
    """Return a model of one layer with random weights, the same ones every time, to which some words are likely."""
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=None,
        )
    )
    with torch.no_grad():  # one coordinate is the same for every word, and speaks for the likely ones
        model.model.embed_tokens.weight[:, 0] = 1.0
        model.lm_head.weight[tokenizer.convert_tokens_to_ids(list(likely)), 0] = 1.0
    return model


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus in `dataset` and a model in `model`."""
    folder = tmp_path_factory.mktemp("trl")
    asked = {"rows": 24, "families": {"entailment": {"levels": [1]}}, "split": {"test": 0.2}}
    generate(resolve(asked, "test", families()), folder / "run")
    export(folder / "run", folder / "dataset")
    rows = load_dataset(str(folder / "dataset"), "sft", split="train", cache_dir=str(folder / "cache"))
    tokenizer = tokenizer_of(message["content"] for row in rows for message in row["messages"])
    tokenizer.save_pretrained(folder / "model")
    likely = {row["messages"][-1]["content"] for row in rows} | {"<end>"}
    model_of(tokenizer, sorted(likely)).save_pretrained(folder / "model")
    return folder
