"""The model behind a server: many requests at once, patience with it, distrust of all it says."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from synth.errors import UserError, did_you_mean
from synth.propose.ask import Ask, Draw, Reply
from synth.propose.server.address import KEY, Address, parse
from synth.propose.server.call import Call
from synth.propose.server.dialects import DIALECTS, Dialect, kind_of
from synth.propose.server.prices import BudgetSpent, Prices, Usage
from synth.propose.server.replies import (
    NotACompletion,
    message_of,
    read_json,
)
from synth.propose.server.wire import Answer, Lost, Patience, Wire

__all__ = ["BudgetSpent", "Patience", "Prices", "ServerModel", "Usage", "open_server"]

KINDS = ("auto", *DIALECTS, "completions")
_PAGES = ("/props", "/server_info", "/get_server_info", "/version")
_LOG = logging.getLogger("synth.propose.server")
_T = TypeVar("_T")


def open_server(
    spec: str,
    *,
    kind: str = "auto",
    concurrency: int = 8,
    prices: Prices | None = None,
    max_cost: float | None = None,
    timeout: float = 120.0,
    patience: Patience | None = None,
    say: Callable[[str], None] = _LOG.warning,
) -> ServerModel:
    """Return the model at an address `URL#MODEL`; where no model is named, the only one that the server has.

    `kind` is one of `KINDS`; `auto` asks the server what it is, by pages that cost nothing, and `completions` does the
    same but then puts the bare text to the model, for models that know no chat; `auto` goes over to that where
    the server comes to grief over its first chat. `timeout` is that of one request in
    seconds, `patience` gives all limits at once; `max_cost` is in the currency of the prices. `say` is told, once
    each, what the server does not take. The key is that of `OPENAI_API_KEY`; it goes over https or to this computer.
    Raise `UserError` where the settings are wrong, or nobody listens there and something must be asked.
    """
    if kind not in KINDS:
        raise UserError(f"there is no kind of server {kind!r}; {did_you_mean(kind, KINDS)}")
    if concurrency < 1:
        raise UserError(f"a concurrency of {concurrency} sends nothing; say 1 or more")
    if max_cost is not None and prices is None:
        raise UserError("--max-cost needs the prices of a million tokens: --price-in and --price-out")
    address = parse(spec)
    model = ServerModel(
        address,
        DIALECTS.get(kind, DIALECTS["plain"]),
        chat=kind != "completions",
        unsure=kind == "auto",
        concurrency=concurrency,
        prices=prices,
        max_cost=max_cost,
        patience=patience or Patience(reply_s=timeout),
        say=say,
    )
    if kind in ("auto", "completions") or not address.model:
        _run(model.look(find_kind=kind in ("auto", "completions")))
    return model


class ServerModel:
    """A model behind a server, as `synth.propose.ask.Model` wants it. Not for several threads at once.

    `usage` counts tokens, requests, retries and money, over all calls; `notes` what the server did not take.
    """

    def __init__(
        self,
        address: Address,
        dialect: Dialect,
        *,
        chat: bool,
        unsure: bool,
        concurrency: int,
        prices: Prices | None,
        max_cost: float | None,
        patience: Patience,
        say: Callable[[str], None],
    ) -> None:
        self.address, self.dialect, self.chat, self.concurrency = address, dialect, chat, concurrency
        self.prices, self.max_cost, self.patience = prices, max_cost, patience
        self.unsure = unsure  # whether it may turn out to know no chat
        self.usage = Usage()
        self.notes: list[str] = []
        self.takes_n = True  # until it returns fewer
        self.dropped: set[str] = set()  # fields that it does not take
        self.refused: set[str] = set()  # languages whose grammar it does not take
        self.answered = 0  # requests that it answered as it should
        self.lost = 0  # requests in a row that came to nothing
        self._say = say

    @property
    def name(self) -> str:
        """How provenance names it; without the address, which tells nobody else anything."""
        return f"openai:{self.address.model}"

    @property
    def continues(self) -> bool:
        """Whether it goes on from a prefix as if it had written it."""
        return not self.chat or bool(self.dialect.going_on)

    def knows(self, family: str, level: int | None = None) -> bool:
        """Say that it may be asked about any family."""
        return True

    def projected(self, done: int, total: int) -> float | None:
        """Return what a whole run will cost, judged by what `done` of `total` pieces cost; None before the first."""
        return self.usage.projected(done, total)

    def propose(self, asks: Sequence[Ask], draw: Draw) -> list[list[Reply]]:
        """Return `draw.n` replies to each ask; a request that came to nothing is a reply with a `failure`.

        Raise `BudgetSpent` before a request that may cost more than is left, and `UserError` where the server is gone,
        refuses the key, or does not have the model. Requests under way are then waited for and counted. Costs at most
        `patience.total_s` for each request, `concurrency` of them at a time.
        """
        if draw.n < 1 or not asks:
            return [[] for _ in asks]
        return _run(Call(self, draw).replies(asks))

    def note(self, text: str) -> None:
        """Tell the user something, once."""
        if text not in self.notes:
            self.notes.append(text)
            self._say(f"{self.address.url}: {text}")

    def wire(self) -> Wire:
        """Return a connection, to be opened as a context."""
        return Wire(self.address, self.address.key(os.environ), self.patience)

    async def look(self, *, find_kind: bool) -> None:
        """Ask the server which models it has and, if wanted, what kind it is; nothing of this costs tokens."""
        async with self.wire() as wire:
            try:
                listed = await wire.get(f"{self.address.url}/models")
            except Lost as lost:
                raise self.gone(str(lost)) from None
            if listed.status in (401, 403):
                raise self.gone_for(listed)
            models = _models(listed)
            if not self.address.model:
                self.address = Address(self.address.url, self._only(models))
            if find_kind:
                self.dialect = DIALECTS[kind_of(self.address.host, models, {})]
                facts: dict[str, dict[str, Any]] = {}
                for page in _PAGES if self.dialect.name == "plain" else ():
                    facts[page] = await _facts(wire, f"{self.address.root}{page}")
                    self.dialect = DIALECTS[kind_of(self.address.host, models, facts)]
                    if self.dialect.name != "plain":
                        break

    def _only(self, models: Sequence[dict[str, Any]]) -> str:
        names = [name for model in models if isinstance(name := model.get("id"), str) and name.isprintable()]
        if len(names) == 1:
            return names[0][:500]
        has = f"has {', '.join(name[:80] for name in names[:20])}" if names else "does not say which models it has"
        raise UserError(f"the server at {self.address.url} {has}; name one after #, as in openai:URL#MODEL")

    def said(self, answer: Answer) -> str:
        """Return what an answer with an error says, without the key."""
        key = self.address.key(os.environ)
        said = message_of(answer.body)
        return said.replace(key, "…") if key else said

    @property
    def doubts_chat(self) -> bool:
        """Whether it may still turn out that the model knows no chat, or has just done so."""
        return self.unsure and not (self.answered and self.chat)

    def gone(self, why: str) -> UserError:
        """Return the error for a server that stays away."""
        return UserError(
            f"the server at {self.address.url} is not answering: {why}; start it again and run the same command: "
            "nothing is lost"
        )

    def gone_for(self, answer: Answer) -> UserError:
        """Return the error for a status that no other request would get rid of."""
        url, model, status = self.address.url, self.address.model, answer.status
        if status in (401, 403):
            hint = "" if self.address.key(os.environ) or self.address.url.startswith("https") else (
                "; a key is sent over https, or to this computer, only"
            )  # fmt: skip
            return UserError(f"the server at {url} refuses the key ({status}); put the right one into {KEY}{hint}")
        if status == 402:
            return UserError(f"the server at {url} wants to be paid first (402); then run the same command again")
        if status == 404:
            return UserError(f"the server at {url} has no model {model!r}, or no such path (404); such an address "
                             "often ends in /v1, and its models stand under /models")  # fmt: skip
        return UserError(f"the server at {url} points to another address ({status}), which is not followed; "
                         "give the address of the server itself")  # fmt: skip


def _models(answer: Answer) -> list[dict[str, Any]]:
    """Return the list of models that an answer holds; none where it holds none."""
    try:
        value = read_json(answer.body) if answer.status == 200 else None
    except NotACompletion:
        return []
    data = value.get("data") if isinstance(value, dict) else None
    return [model for model in data[:1_000] if isinstance(model, dict)] if isinstance(data, list) else []


async def _facts(wire: Wire, url: str) -> dict[str, Any]:
    """Return what a page says, where it is a JSON object."""
    try:
        answer = await wire.get(url)
        value = read_json(answer.body) if answer.status == 200 else {}
    except (Lost, NotACompletion):
        return {}
    return value if isinstance(value, dict) else {}


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end, in a thread of its own where an event loop runs already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(partial(asyncio.run, work)).result()
