"""A causal language model in this process: any checkpoint of transformers, under our masks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import jinja2
import torch

from synth.errors import UserError
from synth.propose.ask import Ask, Draw, Reply
from synth.propose.local.batch import Row, batches, run
from synth.propose.local.closing import flat
from synth.propose.local.loading import load
from synth.propose.local.masks import Vocabulary
from synth.propose.local.sampling import uniforms

_ROWS = {"cpu": 64, "cuda": 512}  # of a batch; more do not go faster
_CACHE_BYTES = 1 << 30  # of keys and values on a CPU; on a GPU half of the free memory


class LocalModel:
    """A checkpoint as a proposer.

    `name` is what provenance calls it. `knows` are the levels of each family that are worth asking about, None for all.
    With `chat` the messages of an ask are put through the tokenizer's chat template, else the bare text is continued;
    None: where there is a template. Sets PyTorch to one thread: more are slower where processes share cores.

    Replies to the same asks under the same draw are the same, on the same machine; a row's random numbers depend on
    nothing but the seed, its ask, and its number among the replies to that ask. Raise `UserError` where the checkpoint
    cannot be opened.
    """

    continues = True

    def __init__(
        self, path: str, name: str = "", knows: Mapping[str, Collection[int]] | None = None, chat: bool | None = None
    ) -> None:
        torch.set_num_threads(1)
        self.name = name or f"hf:{path}"
        self._knows = knows
        self.network, self.tokenizer = load(path)
        width = int(self.network.get_output_embeddings().weight.shape[0])
        ends = self.tokenizer.eos_token_id, getattr(self.network.generation_config, "eos_token_id", None)
        numbers = [each for end in ends for each in (end if isinstance(end, list) else [end])]
        self.vocabulary = Vocabulary(self.tokenizer, width, sorted({n for n in numbers if n is not None and n < width}))
        self.chat = bool(self.tokenizer.chat_template) if chat is None else chat
        if self.chat and not self.tokenizer.chat_template:
            raise UserError(f"{path}: the tokenizer has no chat template")
        config = self.network.config.get_text_config()
        self.context = int(
            getattr(config, "max_position_embeddings", 0) or getattr(config, "n_positions", 0) or 1 << 20
        )

    def knows(self, family: str, level: int | None = None) -> bool:
        """Say whether it is worth asking about a family."""
        if self._knows is None:
            return True
        return family in self._knows and (level is None or level in self._knows[family])

    def propose(self, asks: Sequence[Ask], draw: Draw) -> list[list[Reply]]:
        """Return `draw.n` replies to each ask, in order; what cannot be answered is a reply with a failure."""
        replies: list[list[Reply | None]] = []
        waiting: list[tuple[Row, int, int]] = []
        met: Counter[str] = Counter()
        for place, ask in enumerate(asks):
            text = self._text(ask)
            made = self._rows(ask, draw, text, met[text])
            met[text] += 1
            if isinstance(made, Reply):
                replies.append([made] * draw.n)
            else:
                replies.append([None] * draw.n)
                waiting += [(row, place, number) for number, row in enumerate(made)]
        for batch in batches(waiting, _ROWS[self.network.device.type], self._places()):
            for (_, place, number), reply in zip(batch, self._run([row for row, *_ in batch], draw), strict=True):
                replies[place][number] = reply
        return [[reply for reply in some if reply is not None] for some in replies]

    def _rows(self, ask: Ask, draw: Draw, text: str, before: int) -> list[Row] | Reply:
        """Return the rows of an ask; `before` counts equal asks before it, so that they draw other replies."""
        if not text:
            return Reply(
                "", 0, False, failure="the chat template refuses the messages" if self.chat else "prompt empty"
            )
        ids: list[int] = self.tokenizer(
            text.encode("utf-8", "replace").decode(),
            add_special_tokens=not self.chat,
            split_special_tokens=not self.chat,
        )["input_ids"]
        if len(ids) > 1 and ids[-1] in self.vocabulary.ends and not self.chat:
            ids = ids[:-1]  # a tokenizer that ends every text
        room = self.context - len(ids)
        if room < 1:
            return Reply("", 0, False, prompt_tokens=len(ids), failure="prompt too long")
        matcher = grammar = None
        if ask.language and draw.constrained:
            matcher = self.vocabulary.matcher(ask.language.lark, ask.prefix)
            if matcher.is_error():
                return Reply("", 0, False, prompt_tokens=len(ids), failure="prefix not in the language")
            if matcher.is_stopped():
                return Reply("", 0, log_probability=0.0, log_mass=0.0, prompt_tokens=len(ids))
            grammar = None if ask.stops else flat(ask.language.lark)
        most = min(draw.max_tokens, room)
        stops = tuple(stop.encode() for stop in ask.stops if stop)
        numbers = range(before * draw.n, (before + 1) * draw.n)
        return [
            Row(tuple(ids), matcher, uniforms(draw.seed, text, number, most), most, stops, grammar, ask.prefix)
            for number in numbers
        ]

    def _text(self, ask: Ask) -> str:
        """Return what the model is to continue; nothing if its template takes no such messages."""
        if not self.chat:
            return ask.text + ask.prefix
        messages = [dict(message) for message in ask.messages]
        merged = [{"role": "user", "content": "\n\n".join(message["content"] for message in messages)}]
        for each in (messages, merged):  # some templates have no system role
            try:
                text: str = self.tokenizer.apply_chat_template(each, tokenize=False, add_generation_prompt=True)
            except (jinja2.TemplateError, ValueError, TypeError, KeyError):
                continue
            return text + ask.prefix
        return ""

    def _places(self) -> int:
        """Return how many tokens the cache of keys and values may hold."""
        config = self.network.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        a_token = 2 * config.num_hidden_layers * heads * width * self.network.dtype.itemsize
        if self.network.device.type == "cuda":
            return int(torch.cuda.mem_get_info()[0] // 2 // a_token)
        return int(_CACHE_BYTES // a_token)

    def _run(self, rows: list[Row], draw: Draw) -> list[Reply]:
        """Write a batch; where memory does not suffice, its halves."""
        try:
            replies: list[Reply] = run(self.network, self.vocabulary, rows, draw.temperature)
            return replies
        except (torch.OutOfMemoryError, MemoryError):
            pass
        except RuntimeError as error:
            if "allocate memory" not in str(error):
                raise
        if self.network.device.type == "cuda":
            torch.cuda.empty_cache()
        if len(rows) == 1:
            return [Reply("", 0, False, prompt_tokens=len(rows[0].prompt), failure="out of memory")]
        half = len(rows) // 2
        return [*self._run(rows[:half], draw), *self._run(rows[half:], draw)]


def open_local(name_or_path: str, name: str, knows: Mapping[str, Collection[int]] | None = None) -> LocalModel:
    """Open a checkpoint by its folder or its name on the hub; without `knows` it is asked about every family."""
    return LocalModel(name_or_path, name, knows)
