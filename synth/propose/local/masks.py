"""Masks: which tokens may come next so that a text stays in its language.

A vocabulary is a tokenizer as llguidance reads it: the bytes of each token. A language is compiled once a vocabulary;
each row of a batch has a copy of the matcher (3 µs), so rows may have different languages or none. A token that ends
the text is allowed exactly where the text so far is a sentence.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import llguidance
import llguidance.hf
import torch
from transformers import LogitsProcessor

from synth.errors import UserError

_KEPT = 64  # compiled languages a vocabulary keeps


class Vocabulary:
    """The bytes of the tokens of a tokenizer, with the compiled languages; `size` is the width of the model's scores.

    Building costs about 5 ms for 640 tokens and 0.2 s for 16,000. Raise `UserError` for a tokenizer that does not say
    what bytes its tokens are.
    """

    def __init__(self, tokenizer: Any, size: int, ends: Sequence[int]) -> None:
        if not ends:
            raise UserError(
                f"{tokenizer.name_or_path}: the tokenizer has no token that ends a text; "
                "set `eos_token` in its tokenizer_config.json"
            )
        self.size, self.ends = size, frozenset(ends)
        try:
            self.tokens = llguidance.hf.from_tokenizer(
                tokenizer, n_vocab=max(size, len(tokenizer)), eos_token=sorted(ends)
            )
        except Exception as error:
            raise UserError(
                f"{tokenizer.name_or_path}: cannot tell which bytes the tokens of its tokenizer stand for "
                f"({str(error)[:200]}); only fast tokenizers (tokenizer.json) can be masked"
            ) from None
        self.words = (self.tokens.vocab_size + 31) // 32
        self._bytes: dict[int, bytes] = {}
        self._compiled: OrderedDict[str, Any] = OrderedDict()

    def bytes_of(self, token: int) -> bytes:
        """Return what a token stands for; nothing for special tokens such as the end of the text."""
        found = self._bytes.get(token)
        if found is None:
            hidden = token in self.ends or token >= self.tokens.vocab_size or self.tokens.is_special_token(token)
            found = self._bytes[token] = b"" if hidden else self.tokens.decode_bytes([token])
        return found

    def spell(self, text: str) -> list[int]:
        """Return tokens that stand for a text, the longest that fit first."""
        return list(self.tokens.greedy_tokenize(text))

    def matcher(self, lark: str, prefix: str = "") -> Any:
        """Return a matcher of a language (flat Lark) that has read a prefix.

        A prefix outside the language leaves the matcher in its error state. Raise `UserError` for a grammar that does
        not compile. Costs 1–5 ms the first time, then microseconds.
        """
        if lark not in self._compiled:
            made = llguidance.LLMatcher(self.tokens, llguidance.LLMatcher.grammar_from_lark(lark), log_level=0)
            if made.is_error():
                raise UserError(f"the decoding grammar does not compile: {_first_line(made)}")
            self._compiled[lark] = made
            if len(self._compiled) > _KEPT:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(lark)
        copy = self._compiled[lark].deep_copy()
        if prefix:
            copy.consume_tokens(self.spell(prefix))
        return copy


class Masks:
    """The masks of the rows of a batch. A row without a matcher is free.

    A row is over when its text can only end, or when its matcher fails; `failure` then says why. From then on only a
    token that ends the text is allowed in it.
    """

    def __init__(self, vocabulary: Vocabulary, matchers: Sequence[Any]) -> None:
        self.vocabulary, self.matchers = vocabulary, list(matchers)
        self.ends = vocabulary.ends
        self._bits = torch.full((len(self.matchers), vocabulary.words), -1, dtype=torch.int32)
        self._shifts = torch.arange(32, dtype=torch.int32)
        self._row_bytes = 4 * vocabulary.words

    def allowed(self) -> torch.Tensor | None:
        """Return the tokens that may come next, bool [rows, size]; None where every row is free."""
        start, step, masked = self._bits.data_ptr(), self._row_bytes, False
        for number, matcher in enumerate(self.matchers):
            if matcher is not None:
                matcher.unsafe_compute_mask_ptr(start + number * step, step)
                masked = True
        if not masked:
            return None
        spread = (self._bits.unsqueeze(-1) >> self._shifts).bitwise_and_(1).view(len(self.matchers), -1)
        return spread[:, : self.vocabulary.size].bool()

    def consume(self, row: int, token: int) -> None:
        """Go on with a token; a row that is over ignores it."""
        matcher = self.matchers[row]
        if matcher is not None and not matcher.is_stopped():
            matcher.consume_token(token)

    def takes(self, row: int, tokens: Sequence[int]) -> bool:
        """Tell whether tokens may follow one after the other."""
        matcher = self.matchers[row]
        return matcher is None or matcher.validate_tokens(list(tokens)) == len(tokens)

    def over(self, row: int) -> bool:
        """Tell whether nothing but the end may follow."""
        matcher = self.matchers[row]
        return matcher is not None and bool(matcher.is_stopped())

    def failure(self, row: int) -> str:
        """Return why the matcher of a row gave up; "" if it did not."""
        matcher = self.matchers[row]
        return _first_line(matcher) if matcher is not None and matcher.is_error() else ""

    def keep(self, rows: Sequence[int]) -> None:
        """Keep some rows, in this order."""
        self.matchers = [self.matchers[row] for row in rows]
        self._bits = torch.full((len(rows), self.vocabulary.words), -1, dtype=torch.int32)


class GrammarProcessor(LogitsProcessor):  # type: ignore[misc]
    """The same masks for `generate` of transformers: one language a row, no beams, used for one call only.

    Scores are float [rows, size]. The prompt is not matched; the first call sees the first new token.
    """

    def __init__(self, vocabulary: Vocabulary, matchers: Sequence[Any]) -> None:
        self.masks = Masks(vocabulary, matchers)
        self._started = False

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Read the last tokens and rule out what the languages do."""
        if self._started:
            for row, token in enumerate(input_ids[:, -1].tolist()):
                self.masks.consume(row, token)
        self._started = True
        allowed = self.masks.allowed()
        return scores if allowed is None else scores.masked_fill(~allowed.to(scores.device), float("-inf"))


def _first_line(matcher: Any) -> str:
    return str(matcher.get_error()).split("\n", 1)[0][:200]
