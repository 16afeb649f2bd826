"""The tokenizer of the bundled proposer: byte-level pairs, so that every text has tokens.

A word is cut off together with the space before it, a digit always stands alone (with the space before it, if any), so
does every other sign, and a line end is a token of its own: what is encoded line by line is encoded the same at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

START, END, PAD = "<|start|>", "<|end|>", "<|pad|>"
_PIECE = r" ?[A-Za-z]+| ?[0-9]|\n| ?[^A-Za-z0-9\s]|\s"


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Learn a tokenizer of at most `vocabulary` tokens (at least the 256 bytes and three special ones)."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECE), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[START, END, PAD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=START,
        eos_token=END,
        pad_token=PAD,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        model_max_length=1024,
    )


def save_tokenizer(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write a tokenizer as `AutoTokenizer` of every version reads it; what describes this machine is left out."""
    tokenizer.save_pretrained(folder)
    place = folder / "tokenizer_config.json"
    facts = json.loads(place.read_text(encoding="utf-8"))
    kept = {key: value for key, value in facts.items() if key not in ("backend", "is_local", "local_files_only")}
    kept["tokenizer_class"] = "PreTrainedTokenizerFast"
    place.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """Load the tokenizer of a folder."""
    return PreTrainedTokenizerFast.from_pretrained(folder)
