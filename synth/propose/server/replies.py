"""Read what a server answered, which may be any bytes at all: bounded texts and counts come out, or one error."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from synth.propose.trace import MAX_TEXT

MAX_REPLY = 10 * MAX_TEXT  # characters of one reply that are looked at
MAX_COUNT = 10**9  # a larger number of tokens is not believed


class NotACompletion(ValueError):
    """The body is not the answer to a request for completions; says what it is instead."""


@dataclass(frozen=True)
class Choice:
    """One text of an answer. `failure` says why there is none."""

    text: str
    finished: bool = True
    stopped: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Completion:
    """The choices of an answer, at most as many as were wanted, and the tokens it says it took; None: it does not."""

    choices: tuple[Choice, ...]
    prompt_tokens: int | None
    completion_tokens: int | None


def read_json(body: bytes) -> Any:
    """Return the value of a JSON text; raise `NotACompletion` for anything else, however deep or broken."""
    text = body.decode("utf-8-sig", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        page = text[:200].lstrip().lower().startswith(("<!doctype", "<html"))
        kind = "a web page" if page else "nothing" if not text.strip() else "a text that is no JSON"
        raise NotACompletion(f"it answers with {kind}") from None


def read_completion(body: bytes, wanted: int, stops: Sequence[str] = (), stopped: str = "") -> Completion:
    """Return the choices of an answer; `stopped` is the field of a choice that may hold the stop string.

    >>> body = b'{"choices": [{"message": {"content": "x = 1"}, "finish_reason": "length"}]}'
    >>> read_completion(body, 1).choices
    (Choice(text='x = 1', finished=False, stopped='', failure=''),)
    """
    value = read_json(body)
    if not isinstance(value, dict) or not isinstance(value.get("choices"), list):
        raise NotACompletion("it answers with JSON that has no list of choices")
    usage = value.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    choices = tuple(_choice(choice, stops, stopped) for choice in value["choices"][:wanted])
    return Completion(choices, _count(counts.get("prompt_tokens")), _count(counts.get("completion_tokens")))


def clean(text: str) -> str:
    """Return a text without what no file or database takes: half of a surrogate pair, a null byte."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


def message_of(body: bytes) -> str:
    """Return what an answer with an error says, on one line, short and printable.

    >>> message_of(b'{"error": {"message": "no such field"}}')
    'no such field'
    """
    text = body[:4_000].decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    for name in ("error", "detail", "message"):
        while isinstance(value, dict) and name in value:
            value = value[name]
    said = value if isinstance(value, str) else text
    return "".join(char if char.isprintable() else " " for char in clean(said))[:200].strip()


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT else None


def _choice(choice: object, stops: Sequence[str], stopped: str) -> Choice:
    if not isinstance(choice, dict):
        return Choice("", False, failure="a choice that is no object")
    reason = choice.get("finish_reason")
    message = choice.get("message")
    said = choice.get("text") if "text" in choice else _said(message) if isinstance(message, dict) else None
    if reason == "content_filter":
        return Choice("", False, failure="the content filter of the server stopped it")
    if not isinstance(said, str):
        refused = isinstance(message, dict) and isinstance(message.get("refusal"), str)
        return Choice("", False, failure="the model refused" if refused else "no text in the reply")
    text, cut = clean(said[-MAX_REPLY:]), ""
    places = sorted((place, stop) for stop in stops if stop and (place := text.find(stop)) >= 0)
    if places:
        text, cut = text[: places[0][0]], places[0][1]
    elif choice.get(stopped) in tuple(stops) and stopped:
        cut = choice[stopped]
    return Choice(text, reason != "length" or bool(cut), cut)


def _said(message: dict[str, Any]) -> str | None:
    """Return the text of a message: the input of the custom tool, or the content, which may come in parts."""
    calls = message.get("tool_calls")
    for call in calls[:4] if isinstance(calls, list) else []:
        custom = call.get("custom") if isinstance(call, dict) else None
        if isinstance(custom, dict) and isinstance(custom.get("input"), str):
            return str(custom["input"])
    content = message.get("content")
    if isinstance(content, list):
        texts = [part.get("text") for part in content[:1_000] if isinstance(part, dict)]
        return "".join(text for text in texts if isinstance(text, str)) or None
    return content if isinstance(content, str) else None
