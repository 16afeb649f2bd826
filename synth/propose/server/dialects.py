"""How each kind of server takes a decoding grammar, goes on from a prefix and names what stopped it.

| kind | field | grammar | goes on from a prefix |
|---|---|---|---|
| `vllm` | `structured_outputs.grammar` | GBNF | `continue_final_message` |
| `sglang` | `ebnf` | GBNF | `continue_final_message` |
| `llamacpp` | `grammar` | GBNF | no |
| `openai` | a custom tool, its input is the reply | Lark | no |
| `plain` | none: the grammar stands in the prompt | Lark, as its author wrote it | no |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synth.family.registry import families
from synth.propose.ask import Ask, Draw, Language

MAX_STOPS = 4  # OpenAI takes no more; the rest is cut here
MAX_GRAMMAR = 8_000  # characters of a grammar that is put into a prompt
TOOL = "write"  # the name of the custom tool whose input is the reply


@dataclass(frozen=True)
class Dialect:
    """One way of speaking. `grammar` gives the fields for a language, `going_on` those for a prefix.

    `stopped` is the field of a choice that holds the stop string; `limit` the field that bounds the tokens.
    """

    name: str
    grammar: Callable[[Language], dict[str, Any]] | None = None
    going_on: Mapping[str, Any] = field(default_factory=dict)
    stopped: str = ""
    limit: str = "max_tokens"


def _custom_tool(language: Language) -> dict[str, Any]:
    form = {"type": "grammar", "grammar": {"syntax": "lark", "definition": language.lark}}
    tool = {"name": TOOL, "description": f"Writes a text of the language {language.name}.", "format": form}
    return {
        "tools": [{"type": "custom", "custom": tool}],
        "tool_choice": {"type": "custom", "custom": {"name": TOOL}},
    }


DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        Dialect(
            "vllm",
            lambda language: {"structured_outputs": {"grammar": language.gbnf}},
            {"add_generation_prompt": False, "continue_final_message": True},
            "stop_reason",
        ),
        Dialect("sglang", lambda language: {"ebnf": language.gbnf}, {"continue_final_message": True}, "matched_stop"),
        Dialect("llamacpp", lambda language: {"grammar": language.gbnf}),
        Dialect("openai", _custom_tool, limit="max_completion_tokens"),
        Dialect("plain"),
    )
}


def grammar_fields(dialect: Dialect, ask: Ask, draw: Draw) -> dict[str, Any]:
    """Return the fields that hold the server to the language of the ask; empty where they cannot.

    A server holds what it writes to the grammar, not the prefix before it. What follows whole lines of a trace is a
    trace again, so its grammar serves; what follows half a line is not.
    """
    whole = not ask.prefix or (ask.role == "solve" and ask.prefix.endswith("\n"))
    return dialect.grammar(ask.language) if dialect.grammar and ask.language and draw.constrained and whole else {}


def request_body(
    dialect: Dialect, model: str, ask: Ask, draw: Draw, *, chat: bool, held: Mapping[str, Any], n: int, seed: int
) -> dict[str, Any]:
    """Return the body of one request for `n` replies, with the fields `held` that hold it to the language."""
    limit = dialect.limit if chat else "max_tokens"
    body: dict[str, Any] = {"model": model, "temperature": draw.temperature, limit: draw.max_tokens, "seed": seed}
    if n > 1:
        body["n"] = n
    if ask.stops:
        body["stop"] = list(ask.stops[:MAX_STOPS])
    if not chat:
        return {**body, **held, "prompt": ask.text + ask.prefix}
    body["messages"] = _messages(dialect, ask, spelled=draw.constrained and not held)
    return {**body, **held, **(dialect.going_on if ask.prefix else {})}


def _messages(dialect: Dialect, ask: Ask, spelled: bool) -> list[dict[str, str]]:
    messages = [dict(message) for message in ask.messages] or [{"role": "user", "content": ask.text}]
    added = ""
    if spelled and ask.language:
        text = _grammar_text(ask)
        added = f"\n\nWhat you write belongs to this formal language, given as a Lark grammar:\n{text}" if text else ""
    if ask.prefix and not dialect.going_on:
        added += f"\n\nWritten so far:\n{ask.prefix}\nGo on from there and do not repeat it."
    messages[-1]["content"] += added
    return [*messages, *([{"role": "assistant", "content": ask.prefix}] if ask.prefix and dialect.going_on else [])]


def _grammar_text(ask: Ask) -> str:
    """Return the grammar as its author wrote it, which is far shorter than one made for decoding; "" if too long."""
    known = families()
    text = known[ask.family].text("grammar.lark") if ask.family in known else ask.language.lark if ask.language else ""
    return text if len(text) <= MAX_GRAMMAR else ""


def kind_of(host: str, models: Sequence[Mapping[str, Any]], facts: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the kind of a server from what it says of itself: its list of models and its pages of facts.

    >>> kind_of("127.0.0.1", [{"id": "m", "owned_by": "vllm"}], {})
    'vllm'
    >>> kind_of("127.0.0.1", [{"id": "m"}], {"/props": {"default_generation_settings": {}}})
    'llamacpp'
    """
    if host == "api.openai.com" or host.endswith(".openai.azure.com"):
        return "openai"
    owners = {owner for model in models if isinstance(owner := model.get("owned_by"), str)}
    for owner in ("vllm", "sglang", "llamacpp"):
        if owner in owners:
            return owner
    if "default_generation_settings" in facts.get("/props", {}):
        return "llamacpp"
    for page in ("/server_info", "/get_server_info"):
        if "model_path" in facts.get(page, {}):
            return "sglang"
    return "vllm" if set(facts.get("/version", {})) == {"version"} else "plain"
