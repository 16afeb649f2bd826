"""One batch of replies, token by token: a prefill of the distinct prompts, then a step for all rows that go on."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import torch

from synth.propose.ask import Reply
from synth.propose.local.cache import growing_cache
from synth.propose.local.closing import Ending, Flat
from synth.propose.local.masks import Masks, Vocabulary
from synth.propose.local.sampling import pick

_SHRINK = 0.75  # rows that are over are dropped when so few of a batch go on


@dataclass(frozen=True)
class Row:
    """One reply to write: `prompt` is its token ids, `matcher` what masks it, `most` its limit of tokens.

    `uniform` are the random numbers it draws by, float32 [most]; `stops` end it. With `grammar` it is steered to the
    end of a sentence before its tokens run out; `prefix` is the beginning of that sentence, in the prompt already.
    """

    prompt: tuple[int, ...]
    matcher: Any
    uniform: torch.Tensor
    most: int
    stops: tuple[bytes, ...] = ()
    grammar: Flat | None = None
    prefix: str = ""


class _Writing:
    """A reply in the making."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.written = bytearray()
        self.tokens = 0
        self.log_probability = self.log_mass = 0.0
        self.reply: Reply | None = None
        self.ending = Ending(row.grammar) if row.grammar else None
        self.way: list[int] | None = None  # tokens of the shortest end of what is written
        self.closing = False  # that end is being written

    def end(self, finished: bool = True, stopped: bytes = b"", failure: str = "") -> None:
        """Make the reply of what was written; a failure has no text."""
        self.reply = Reply(
            "" if failure else self.written.decode("utf-8", "replace"),
            self.tokens,
            finished and not failure,
            self.log_probability,
            self.log_mass,
            len(self.row.prompt),
            stopped.decode(),
            failure,
        )

    def steer(self, number: int, token: int, masks: Masks) -> int:
        """Return the token if the sentence can still be finished after it, else the first of its shortest end.

        Gives up where the tokens did not suffice in the first place. Costs about a millisecond near the limit.
        """
        grammar, left = self.row.grammar, self.row.most - self.tokens - 1
        if grammar is None or self.ending is None or self.closing or left > grammar.reserve or token in masks.ends:
            return token
        if self.way is None:
            self.way = self._shortest_end(number, masks)
        after = self._shortest_end(number, masks, token)
        if after is not None and len(after) <= left:
            self.way = after
        elif self.way is not None and len(self.way) <= left + 1:
            self.closing = True
            return self.way[0]
        else:
            self.ending = None
        return token

    def _shortest_end(self, number: int, masks: Masks, token: int | None = None) -> list[int] | None:
        """Return the tokens that end the sentence soonest, after one more token if one is given."""
        assert self.ending is not None
        piece = b"" if token is None else masks.vocabulary.bytes_of(token)
        try:
            found = self.ending.of(self.row.prefix + (self.written + piece).decode())
        except UnicodeDecodeError:
            return None
        tokens = masks.vocabulary.spell(found or "")
        first = [] if token is None else [token]
        return [*tokens, min(masks.ends)] if found is not None and masks.takes(number, [*first, *tokens]) else None

    def stop(self, added: int) -> bytes:
        """Cut the text before the first stop string that the last bytes complete, and return that string."""
        found = b""
        place = len(self.written)
        for each in self.row.stops:
            at = self.written.find(each, max(0, len(self.written) - added - len(each) + 1))
            if 0 <= at < place or (at == place and len(each) > len(found)):
                place, found = at, each
        if found:
            del self.written[place:]
        return found


@torch.inference_mode()  # type: ignore[untyped-decorator,unused-ignore]
def run(model: Any, vocabulary: Vocabulary, rows: Sequence[Row], temperature: float) -> list[Reply]:
    """Return the replies of rows, which are at most as many as memory holds.

    A row ends at a token of the vocabulary's `ends`, where its language allows nothing more, before a stop string, or
    at its limit. Costs a forward pass a token of the longest reply.
    """
    device = model.device
    prompts = list(dict.fromkeys(row.prompt for row in rows))
    index = torch.tensor([prompts.index(row.prompt) for row in rows], device=device)
    longest = max(map(len, prompts))
    pad = min(vocabulary.ends)
    ids = torch.tensor([[pad] * (longest - len(prompt)) + list(prompt) for prompt in prompts], device=device)
    seen = torch.tensor(
        [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts], dtype=torch.long, device=device
    )
    past = growing_cache(model.config)
    scores = _forward(model, ids, seen, (seen.cumsum(-1) - 1).clamp(min=0), past).float()[index]
    if len(prompts) < len(rows):
        past.batch_select_indices(index)
    attention = torch.ones((len(rows), longest + max(row.most for row in rows)), dtype=torch.long, device=device)
    attention[:, :longest] = seen[index]
    places = seen.sum(-1)[index].unsqueeze(-1)
    every = [_Writing(row) for row in rows]
    live = every
    masks = Masks(vocabulary, [row.matcher and row.matcher.deep_copy() for row in rows])
    uniform = torch.zeros((len(rows), max(row.most for row in rows)))
    for number, row in enumerate(rows):
        uniform[number, : len(row.uniform)] = row.uniform
    uniform = uniform.to(device)
    for step in range(uniform.shape[1]):
        allowed = masks.allowed()
        for number, each in enumerate(live):
            if each.closing and each.way and each.reply is None and allowed is not None:
                allowed[number] = False
                allowed[number, each.way[0]] = True
        chosen, facts = pick(scores, None if allowed is None else allowed.to(device), uniform[:, step], temperature)
        tokens: list[int] = chosen.tolist()
        for number, (token, log_p, log_m) in enumerate(zip(tokens, *facts.tolist(), strict=True)):
            each = live[number]
            if each.reply is None:
                steered = each.steer(number, token, masks)
                if steered != token:
                    chosen[number] = steered
                    log_p = log_m = float(scores[number].log_softmax(-1)[steered])
                _go_on(each, number, steered, (log_p, log_m), masks)
        going = [number for number, row in enumerate(live) if row.reply is None]
        if not going:
            break
        if len(going) <= _SHRINK * len(live):
            kept = torch.tensor(going, device=device)
            live = [live[number] for number in going]
            masks.keep(going)
            past.batch_select_indices(kept)
            chosen, attention, places, uniform = chosen[kept], attention[kept], places[kept], uniform[kept]
        scores = _forward(model, chosen.unsqueeze(-1), attention[:, : longest + step + 1], places, past).float()
        places = places + 1
    return [row.reply for row in every if row.reply is not None]


def _go_on(row: _Writing, number: int, token: int, facts: tuple[float, float], masks: Masks) -> None:
    """Add a token to a row and end it where it must."""
    log_probability, log_mass = facts
    free = row.row.matcher is None
    if log_probability != log_probability:
        row.end(failure=masks.failure(number) or "the model gave no usable scores")
        return
    row.tokens += 1
    row.log_probability += log_probability
    row.log_mass += 0.0 if free else log_mass
    if token in masks.ends:
        row.end(failure=masks.failure(number))
        return
    piece = masks.vocabulary.bytes_of(token)
    if row.closing and row.way:
        row.way.pop(0)
    row.written += piece
    masks.consume(number, token)
    if failure := masks.failure(number):
        row.end(failure=failure)
    elif row.row.stops and (stopped := row.stop(len(piece))):
        row.end(stopped=stopped)
    elif masks.over(number):
        row.end()
    elif row.tokens >= row.row.most:
        row.end(finished=False)


def _forward(model: Any, ids: torch.Tensor, seen: torch.Tensor, places: torch.Tensor, past: Any) -> torch.Tensor:
    """Return the scores of the last place, [rows, size]."""
    given = {"input_ids": ids, "attention_mask": seen, "past_key_values": past, "use_cache": True}
    accepted = _accepted(model.forward.__func__)
    if "position_ids" in accepted:
        given["position_ids"] = places
    if "logits_to_keep" in accepted:
        given["logits_to_keep"] = 1
    scores: torch.Tensor = model(**given).logits[:, -1]
    return scores


@cache
def _accepted(forward: Any) -> frozenset[str]:
    return frozenset(inspect.signature(forward).parameters)


_Numbered = TypeVar("_Numbered", bound=tuple[Any, ...])


def batches(rows: Sequence[_Numbered], most_rows: int, most_tokens: int) -> Iterator[list[_Numbered]]:
    """Yield tuples that begin with a row in batches of similar length, longest first.

    A batch has at most `most_rows` rows, and `most_tokens` places in the cache: a row takes as many as the longest
    prompt of its batch and the highest limit need.
    """
    batch: list[_Numbered] = []
    widest = highest = 0
    for each in sorted(rows, key=lambda each: (len(each[0].prompt), each[0].prompt), reverse=True):
        row: Row = each[0]
        widest, highest = max(widest, len(row.prompt)), max(highest, row.most)
        if batch and (len(batch) >= most_rows or (len(batch) + 1) * (widest + highest) > most_tokens):
            yield batch
            batch, widest, highest = [], len(row.prompt), row.most
        batch.append(each)
    if batch:
        yield batch
