"""One call of a model behind a server: its requests, what is asked again, and what is left out when refused."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from synth.family.registry import families
from synth.propose.ask import Ask, Draw, Reply
from synth.propose.repair import repair
from synth.propose.server.dialects import grammar_fields, request_body
from synth.propose.server.prices import Held, Purse, tokens_of
from synth.propose.server.replies import Choice, Completion, NotACompletion, message_of, read_completion
from synth.propose.server.wire import Answer, Lost, Wire
from synth.propose.trace import MAX_TEXT
from synth_kernel.claims import digest

if TYPE_CHECKING:
    from synth.propose.server.client import ServerModel

MAX_N = 16  # replies asked for in one request
GIVE_UP = 3  # requests in a row that come to nothing before the server counts as gone
AGAIN = (408, 409, 425, 429)  # statuses, beside 5xx, after which the same request is sent again
_OPTIONAL = ("seed", "stop", "temperature", "max_tokens", "n")  # fields that a server may not take


@dataclass(frozen=True)
class _Failed:
    """Why one request came to nothing."""

    why: str


@dataclass(frozen=True)
class _NoChat:
    """The server came to grief over a chat, and never before answered one."""


_Result = Completion | Answer | _Failed | _NoChat


class Call:
    """One call of `propose`: the state that ends with it."""

    def __init__(self, model: ServerModel, draw: Draw) -> None:
        self.model, self.draw = model, draw
        self.purse = Purse(model.usage, model.prices, model.max_cost)
        self.slots = asyncio.Semaphore(model.concurrency)
        self.over = asyncio.Event()  # set where the rest is not to be sent
        self.why: BaseException | None = None
        self.jitter = random.Random()
        self.wire: Wire

    async def replies(self, asks: Sequence[Ask]) -> list[list[Reply]]:
        """Return the replies to each ask, or raise the first error once all that is under way has ended."""
        async with self.model.wire() as self.wire:
            work = [self._guarded(self._ask(place, ask)) for place, ask in enumerate(asks)]
            found = await asyncio.gather(*work)
        if self.why:
            raise self.why
        return [replies or [] for replies in found]

    async def _guarded(self, work: Coroutine[Any, Any, list[Reply]]) -> list[Reply] | None:
        """Do one piece of work; its error stops what is not under way yet, and is raised when the rest has ended."""
        try:
            return await work
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self.why = self.why or error
            self.over.set()
            return None

    async def _ask(self, place: int, ask: Ask) -> list[Reply]:
        replies: list[Reply] = []
        seeds = _seeds(self.draw.seed, place, ask)
        while len(replies) < self.draw.n and self.model.takes_n and self.draw.n > 1:
            wanted = min(MAX_N, self.draw.n - len(replies))
            got = await self._request(ask, wanted, next(seeds))
            self.model.takes_n &= len(got) == wanted
            replies += got
        single = [self._guarded(self._request(ask, 1, next(seeds))) for _ in range(self.draw.n - len(replies))]
        for more in await asyncio.gather(*single):
            replies += more or []
        return replies

    async def _request(self, ask: Ask, n: int, seed: int) -> list[Reply]:
        """Return the replies of one request, from 1 to n; where it came to nothing, n failures."""
        model = self.model
        doubtful = False  # whether the grammar was left out because the server may not have taken it
        while True:
            chat = model.chat
            language = ask.language.name if ask.language else ""
            dialect = replace(model.dialect, grammar=None) if language in model.refused else model.dialect
            held = grammar_fields(dialect, ask, self.draw)
            body = request_body(dialect, model.address.model, ask, self.draw,
                                chat=chat, held=held, n=n, seed=seed)  # fmt: skip
            for name in model.dropped & set(body):
                value = body.pop(name)
                if name == "max_tokens":
                    body["max_completion_tokens"] = value
            result = await self._persist(body, ask, n, chat)
            if isinstance(result, Completion):
                if model.unsure and not chat:
                    model.note("it knows no chat; going on with the bare text, as --server-kind completions does")
                if doubtful:
                    model.note(
                        f"it does not take the grammar of {language}; going on without, and reading what it says"
                    )
                return self._read(result, ask, n)
            if isinstance(result, _NoChat):
                model.chat = False
                continue
            if isinstance(result, _Failed):
                return [Reply("", 0, finished=False, failure=result.why)] * n
            if self._dropped(result, body):
                continue
            if held:
                model.refused.add(language)
                doubtful = True
                continue
            if doubtful:
                model.refused.discard(language)  # it was not the grammar
            why = f"the server refused it ({result.status}): {model.said(result)}"
            return [Reply("", 0, finished=False, failure=why)] * n

    def _dropped(self, answer: Answer, body: dict[str, Any]) -> bool:
        """Leave out a field that the server says it does not take, from now on; say whether there was one."""
        said = message_of(answer.body).lower()
        for name in _OPTIONAL:
            if name in body and any(f"{mark}{name}{mark}" in said for mark in "'\"`"):
                self.model.dropped.add(name)
                self.model.takes_n &= name != "n"
                self.model.note(f"it does not take {name}; going on without")
                return True
        return False

    async def _persist(self, body: dict[str, Any], ask: Ask, n: int, chat: bool) -> _Result:
        """Send a request until it is answered: an `Answer` is one that refuses it. Raise `UserError`."""
        model, patience = self.model, self.model.patience
        path = "/chat/completions" if chat else "/completions"
        asked = tokens_of(repr([body.get(name) for name in ("messages", "prompt", "tools")])) + 16
        began, deadline = model.answered, asyncio.get_running_loop().time() + patience.total_s
        why, status, refused, broke = "", 0, False, False
        for attempt in range(patience.tries):
            if self.over.is_set():
                return _Failed("not sent")
            wait = patience.first_wait_s * 2**attempt * (0.5 + self.jitter.random() / 2)
            async with self.slots, self.purse.hold(asked, n * self.draw.max_tokens) as held:
                if self.over.is_set():
                    return _Failed("not sent")
                model.usage.requests += 1
                try:
                    answer = await self.wire.post(path, body)
                except Lost as lost:
                    why, status, refused = str(lost), 0, lost.refused
                    if not lost.refused:
                        held.pay_all()
                    if not lost.again:
                        return self._nothing(why, began)
                else:
                    refused = False
                    if answer.status == 200:
                        return self._completion(answer, held, ask, n, began)
                    if answer.status in (401, 402, 403, 404) or 300 <= answer.status < 400:
                        raise model.gone_for(answer)
                    if answer.status not in AGAIN and answer.status < 500:
                        model.lost = 0
                        untold = chat and model.doubts_chat and "chat template" in message_of(answer.body).lower()
                        return _NoChat() if untold else answer
                    why, status = f"it answers with status {answer.status}", answer.status
                    broke |= status == 500
                    wait = max(wait, answer.retry_after_s or 0.0)
            left = deadline - asyncio.get_running_loop().time()
            if attempt + 1 == patience.tries or left <= 0:
                break
            model.usage.retries += 1
            await self._sleep(min(wait, patience.longest_wait_s, left))
        if refused or status == 429:
            raise model.gone(why)
        if broke and chat and model.doubts_chat:
            return _NoChat()
        if broke and chat and not model.answered:
            why += " (a model that knows no chat needs --server-kind completions)"
        return self._nothing(why, began)

    async def _sleep(self, wait: float) -> None:
        try:
            await asyncio.wait_for(self.over.wait(), wait)
        except TimeoutError:
            return

    def _nothing(self, why: str, began: int) -> _Failed:
        """Book a request that came to nothing; raise `UserError` where nothing else comes from this server either."""
        model = self.model
        model.lost += 1
        if model.answered == began and (not model.answered or model.lost >= GIVE_UP):
            model.chat |= model.unsure and not model.answered  # it was not the chat
            raise model.gone(why)
        return _Failed(why)

    def _completion(self, answer: Answer, held: Held, ask: Ask, n: int, began: int) -> Completion | _Failed:
        try:
            found = read_completion(answer.body, n, ask.stops, self.model.dialect.stopped)
        except NotACompletion as error:
            held.pay_all()
            return self._nothing(f"{error}, not with completions; the address often ends in /v1", began)
        told = found.prompt_tokens is not None and found.completion_tokens is not None
        self.model.usage.estimated += not told
        written = sum(tokens_of(choice.text) for choice in found.choices)
        prompt = held.prompt if found.prompt_tokens is None else found.prompt_tokens
        completion = written if found.completion_tokens is None else found.completion_tokens
        held.pay(prompt, completion)
        self.model.answered += 1
        self.model.lost = 0
        return Completion(found.choices, prompt, completion)

    def _read(self, found: Completion, ask: Ask, n: int) -> list[Reply]:
        """Return the replies; the tokens of a request are shared out by length, those of its prompt go to the first."""
        if not found.choices:
            return [Reply("", 0, finished=False, failure="no choice in the reply")] * n
        shares = _shares(found.completion_tokens or 0, [len(choice.text) + 1 for choice in found.choices])
        replies = [self._reply(choice, tokens, ask) for choice, tokens in zip(found.choices, shares, strict=True)]
        return [replace(replies[0], prompt_tokens=found.prompt_tokens or 0), *replies[1:]]

    def _reply(self, choice: Choice, tokens: int, ask: Ask) -> Reply:
        if choice.failure:
            return Reply("", tokens, finished=False, failure=choice.failure)
        text = _repaired(choice.text, ask)
        cut = len(text) > MAX_TEXT
        return Reply(text[:MAX_TEXT], tokens, finished=choice.finished and not cut, stopped=choice.stopped)


def _repaired(text: str, ask: Ask) -> str:
    """Return what a reply says in the language of the ask, after its prefix, as far as that can be found."""
    known = families()
    if ask.language is None or ask.role not in ("solve", "pose") or ask.family not in known:
        return text
    whole = text if not ask.prefix or text.startswith(ask.prefix) else ask.prefix + text
    found = repair(known[ask.family], ask.role, whole)
    return found.removeprefix(ask.prefix) if found.startswith(ask.prefix) else text


def _seeds(seed: int, place: int, ask: Ask) -> Iterator[int]:
    """Yield the seeds of the requests for one ask, from 0 to 2³¹ - 1; other asks and other seeds have others."""
    index = 0
    while True:
        yield int(digest("request", str(seed), str(place), ask.text, str(index)), 16) % 2**31
        index += 1


def _shares(total: int, weights: Sequence[int]) -> list[int]:
    """Share a number out in proportion; the shares sum to it.

    >>> _shares(10, [1, 1, 2])
    [2, 3, 5]
    """
    ends = [total * sum(weights[: i + 1]) // sum(weights) for i in range(len(weights))]
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]
