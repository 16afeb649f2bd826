"""A model behind a server: what is sent, what is read, what it costs, and what becomes of servers that misbehave."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest

import synth
from synth.errors import UserError
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.propose import prompts, trace
from synth.propose.ask import Ask, Draw, Model
from synth.propose.server.client import KINDS, BudgetSpent, Patience, Prices, ServerModel, open_server
from synth.propose.server.dialects import DIALECTS
from synth.propose.server.wire import MAX_BODY
from synth.records import Candidate, Record, Source

SYSTEM = families()["linear_system"]
PROBLEM = "solve x, y: x + y = 3; x - y = 1"
ASK = prompts.solve(SYSTEM, PROBLEM)
SOLUTION = "s0 c0 c1 eliminate: y = 1\ns1 c0 s0 substitute: x = 2\nanswer: x = 2, y = 1"
SHORT = Patience(tries=3, first_wait_s=0.01, longest_wait_s=0.05, connect_s=2.0, reply_s=5.0, total_s=10.0)
IMPATIENT = Patience(tries=2, first_wait_s=0.01, longest_wait_s=0.02, connect_s=0.3, reply_s=0.3, total_s=2.0)


def opened(fake: Any, kind: str = "plain", patience: Patience = SHORT, **settings: Any) -> ServerModel:
    return open_server(f"{fake.url}#tiny", kind=kind, patience=patience, say=lambda text: None, **settings)


def bare(text: str = "say something", role: str = "paraphrase") -> Ask:
    return Ask(role, "linear_system", text, ({"role": "user", "content": text},))


# ---- what is sent and what is read ---------------------------------------------------------------------------------


def test_what_a_server_says_becomes_a_proved_row(serve: Any) -> None:
    model = opened(serve(serve.always(serve.text(f"Sure!\n```\n{SOLUTION}\n```"))))
    assert isinstance(model, Model)
    [[reply]] = model.propose([ASK], Draw())
    steps, answer = trace.read(reply.text)
    row = judge(SYSTEM, Candidate(Source("linear_system", 1, 0, 0), PROBLEM, answer, steps), Setting())
    assert isinstance(row, Record) and row.formal_answer == "x = 2, y = 1"
    assert (reply.tokens, reply.prompt_tokens, reply.finished) == (5, 10, True)


@pytest.mark.parametrize(
    ("kind", "field"),
    [("vllm", "structured_outputs"), ("sglang", "ebnf"), ("llamacpp", "grammar"), ("openai", "tools")],
)
def test_the_grammar_goes_into_the_field_of_the_kind(serve: Any, kind: str, field: str) -> None:
    fake = serve(serve.always(serve.text(SOLUTION)))
    opened(fake, kind).propose([ASK], Draw(seed=3, temperature=0.5, max_tokens=77))
    body = fake.seen[0].body
    assert ASK.language
    grammar = {
        "structured_outputs": {"grammar": ASK.language.gbnf},
        "ebnf": ASK.language.gbnf,
        "grammar": ASK.language.gbnf,
    }
    if kind == "openai":
        form = body["tools"][0]["custom"]["format"]["grammar"]
        assert form == {"syntax": "lark", "definition": ASK.language.lark}
        assert body["tool_choice"]["custom"]["name"] == body["tools"][0]["custom"]["name"]
    else:
        assert body[field] == grammar[field]
    assert body["messages"][-1]["content"] == ASK.messages[-1]["content"]
    assert body["model"] == "tiny" and body["temperature"] == 0.5 and 0 <= body["seed"] < 2**31
    assert body["max_completion_tokens" if kind == "openai" else "max_tokens"] == 77


def test_a_plain_server_finds_the_grammar_in_the_prompt(serve: Any) -> None:
    fake = serve(serve.always(serve.text(SOLUTION)))
    model = opened(fake)
    model.propose([ASK], Draw())
    model.propose([ASK], Draw(constrained=False))
    grammar = SYSTEM.text("grammar.lark")
    assert [grammar in seen.body["messages"][-1]["content"] for seen in fake.seen] == [True, False]


def test_the_input_of_the_custom_tool_is_the_reply(serve: Any) -> None:
    call = {"id": "1", "type": "custom", "custom": {"name": "write", "input": SOLUTION}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    fake = serve(serve.always(serve.json({"choices": [{"message": message, "finish_reason": "tool_calls"}]})))
    assert opened(fake, "openai").propose([ASK], Draw())[0][0].text == SOLUTION


@pytest.mark.parametrize(
    ("kind", "continues"), [("vllm", True), ("sglang", True), ("llamacpp", False), ("plain", False)]
)
def test_a_prefix_is_gone_on_from(serve: Any, kind: str, continues: bool) -> None:
    first, rest = SOLUTION.split("\n", 1)
    fake = serve(serve.always(serve.text(rest)))
    model = opened(fake, kind)
    [[reply]] = model.propose([prompts.solve(SYSTEM, PROBLEM, first + "\n")], Draw())
    body = fake.seen[0].body
    assert model.continues is continues and reply.text == rest
    assert (body["messages"][-1] == {"role": "assistant", "content": first + "\n"}) is continues
    assert body.get("continue_final_message", False) is continues
    assert any(first in message["content"] for message in body["messages"])


def test_half_a_line_is_not_held_to_the_grammar_of_whole_lines(serve: Any) -> None:
    fake = serve(serve.always(serve.text(" c1 eliminate: y = 1")))
    model = opened(fake, "vllm")
    model.propose([prompts.solve(SYSTEM, PROBLEM, "s0 c0")], Draw())
    model.propose([prompts.solve(SYSTEM, PROBLEM, "s0 c0 c1 eliminate: y = 1\n")], Draw())
    assert ["structured_outputs" in seen.body for seen in fake.seen] == [False, True]


def test_a_chat_model_that_begins_anew_is_cut_at_the_prefix(serve: Any) -> None:
    first, rest = SOLUTION.split("\n", 1)
    model = opened(serve(serve.always(serve.text(f"Of course:\n{SOLUTION}"))))
    assert model.propose([prompts.solve(SYSTEM, PROBLEM, first + "\n")], Draw())[0][0].text == rest


def test_completions_put_the_bare_text_to_a_model_without_chat(serve: Any) -> None:
    deed = serve.json({"choices": [{"text": SOLUTION, "finish_reason": "length"}], "usage": {}})
    fake = serve(serve.always(deed), {"/v1/models": {"data": [{"id": "tiny", "owned_by": "vllm"}]}})
    model = opened(fake, "completions")
    [[reply]] = model.propose([prompts.solve(SYSTEM, PROBLEM, "s0")], Draw())
    assert fake.seen[0].path == "/v1/completions" and fake.seen[0].body["prompt"] == ASK.text + "s0"
    assert model.continues and not reply.finished and model.dialect.name == "vllm"


def test_a_stop_that_is_left_in_the_text_is_cut(serve: Any) -> None:
    fake = serve(serve.always(serve.text("one\ntwo; three")))
    ask = Ask("formalise", "knights", "x", ({"role": "user", "content": "x"},), stops=(";", "\n"))
    [[reply]] = opened(fake).propose([ask], Draw())
    assert (reply.text, reply.stopped) == ("one", "\n") and fake.seen[0].body["stop"] == [";", "\n"]


def test_the_stop_that_vllm_names_is_told(serve: Any) -> None:
    ask = Ask("formalise", "knights", "x", ({"role": "user", "content": "x"},), stops=("\n",))
    model = opened(serve(serve.always(serve.text("one", stop_reason="\n"))), "vllm")
    assert model.propose([ask], Draw())[0][0].stopped == "\n"


# ---- several replies, seeds, concurrency ---------------------------------------------------------------------------


def test_several_replies_come_in_one_request_where_the_server_can(serve: Any) -> None:
    fake = serve(lambda seen: serve.text(*[f"r{i}" for i in range(seen.body.get("n", 1))], usage=(10, 20)))
    model = opened(fake)
    [replies] = model.propose([bare()], Draw(n=4))
    assert [reply.text for reply in replies] == ["r0", "r1", "r2", "r3"] and len(fake.seen) == 1
    assert sum(reply.tokens for reply in replies) == 20 and sum(reply.prompt_tokens for reply in replies) == 10


def test_a_server_that_returns_one_is_asked_again_with_other_seeds(serve: Any) -> None:
    fake = serve(lambda seen: serve.text(f"r{seen.index}"))
    model = opened(fake)
    [replies] = model.propose([bare()], Draw(n=4))
    assert len(replies) == 4 and len({seen.body["seed"] for seen in fake.seen}) == 4
    model.propose([bare()], Draw(n=2))
    assert "n" not in fake.seen[-1].body and "n" not in fake.seen[-2].body


def test_a_thousand_choices_are_as_many_as_were_wanted(serve: Any) -> None:
    model = opened(serve(serve.always(serve.text(*["x"] * 1_000, usage=(1, 1_000)))))
    assert [len(replies) for replies in model.propose([bare(), bare()], Draw(n=3))] == [3, 3]


def test_replies_come_in_the_order_of_the_asks_and_not_too_many_at_once(serve: Any) -> None:
    fake = serve(lambda seen: serve.text(seen.body["messages"][-1]["content"]))
    asks = [bare(f"text {i}") for i in range(30)]
    replies = opened(fake, concurrency=3).propose(asks, Draw())
    assert [reply.text for [reply] in replies] == [ask.text for ask in asks]
    assert fake.most_at_once <= 3


def test_the_same_seed_sends_the_same_seeds(serve: Any) -> None:
    fake = serve(serve.always(serve.text("x")))
    for seed in (7, 7, 8):
        opened(fake).propose([bare()], Draw(seed=seed))
    seeds = [seen.body["seed"] for seen in fake.seen]
    assert seeds[0] == seeds[1] != seeds[2]


def test_it_works_inside_a_running_event_loop(serve: Any) -> None:
    model = opened(serve(serve.always(serve.text("x"))))

    async def cell() -> str:
        return model.propose([bare()], Draw())[0][0].text

    assert asyncio.run(cell()) == "x"


# ---- retries, refusals, fallbacks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["429", "500", "503", "408", "reset", "half"])
def test_a_passing_trouble_is_waited_out(serve: Any, trouble: str) -> None:
    deed = serve.json({}, int(trouble)) if trouble.isdigit() else getattr(serve, trouble)
    fake = serve(lambda seen: deed if seen.index < 2 else serve.text("x"))
    model = opened(fake)
    assert model.propose([bare()], Draw())[0][0].text == "x"
    assert (model.usage.requests, model.usage.retries) == (3, 2)


@pytest.mark.parametrize("wait", ["0.01", "1e9", "soon", "Wed, 21 Oct 2099 07:28:00 GMT", "-5", "nan"])
def test_retry_after_is_honoured_up_to_a_limit(serve: Any, wait: str) -> None:
    fake = serve(lambda seen: serve.json({}, 429, retry_after=wait) if seen.index < 1 else serve.text("x"))
    assert opened(fake).propose([bare()], Draw())[0][0].text == "x"


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_server_that_stays_ill_is_one_clear_error(serve: Any, status: int) -> None:
    fake = serve(serve.always(serve.json({}, status)))
    with pytest.raises(
        UserError, match=rf"not answering: it answers with status {status}.*; start it again .* nothing is lost"
    ):
        opened(fake).propose([bare()], Draw())
    assert len(fake.seen) == SHORT.tries


def test_nobody_listening_is_one_clear_error_and_the_same_call_goes_on_later(serve: Any) -> None:
    fake = serve(serve.always(serve.text("x")))
    model, port = opened(fake), fake.port
    assert model.propose([bare()], Draw())[0][0].text == "x"
    fake.close()
    with pytest.raises(UserError, match="nobody listens there; start it again"):
        model.propose([bare()], Draw())
    fake.open(port)
    assert model.propose([bare()], Draw())[0][0].text == "x"


def test_one_request_that_always_fails_does_not_stop_the_others(serve: Any) -> None:
    def script(seen: Any) -> Any:
        return serve.json({}, 500) if "poison" in seen.body["messages"][-1]["content"] else serve.text("x")

    model = opened(serve(script), concurrency=1)
    replies = model.propose([bare("a"), bare("poison"), bare("b")], Draw())
    assert [reply.text for [reply] in replies] == ["x", "", "x"] and replies[1][
        0
    ].failure == "it answers with status 500"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "refuses the key"),
        (403, "refuses the key"),
        (404, "no model 'tiny'"),
        (402, "paid"),
        (302, "not followed"),
    ],
)
def test_what_no_other_request_would_cure_is_an_error_at_once(serve: Any, status: int, said: str) -> None:
    fake = serve(serve.always(serve.json({}, status, location="http://127.0.0.1:9/")))
    with pytest.raises(UserError, match=said):
        opened(fake).propose([bare()] * 5, Draw())
    assert len(fake.seen) <= 8


def test_an_error_stops_what_is_not_sent_yet(serve: Any) -> None:
    fake = serve(serve.always(serve.json({}, 401)))
    with pytest.raises(UserError):
        opened(fake, concurrency=1).propose([bare()] * 50, Draw(n=4))
    assert len(fake.seen) == 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_request_that_is_refused_is_a_reply_with_the_reason(serve: Any, status: int) -> None:
    fake = serve(
        lambda seen: (
            serve.json({"error": {"message": "too\x1b[2J long"}}, status) if seen.index == 0 else serve.text("x")
        )
    )
    [[first], [second]] = opened(fake, concurrency=1).propose([bare("a"), bare("b")], Draw())
    assert first.failure == f"the server refused it ({status}): too [2J long" and not first.finished
    assert second.text == "x"


def test_a_server_that_does_not_take_the_grammar_gets_it_in_the_prompt_from_then_on(serve: Any) -> None:
    fake = serve(lambda seen: serve.json({}, 400) if "grammar" in seen.body else serve.text(SOLUTION))
    notes: list[str] = []
    model = open_server(f"{fake.url}#tiny", kind="llamacpp", patience=SHORT, say=notes.append)
    for _ in range(3):
        assert model.propose([ASK], Draw())[0][0].text == SOLUTION
    assert ["grammar" in seen.body for seen in fake.seen] == [True, False, False, False]
    assert len(notes) == 1 and "does not take the grammar" in notes[0]
    assert SYSTEM.text("grammar.lark") in fake.seen[-1].body["messages"][-1]["content"]


def test_a_refusal_that_was_not_about_the_grammar_leaves_it_on(serve: Any) -> None:
    fake = serve(lambda seen: serve.json({}, 400) if seen.index < 2 else serve.text(SOLUTION))
    model = opened(fake, "llamacpp")
    assert model.propose([ASK], Draw())[0][0].failure
    assert model.propose([ASK], Draw())[0][0].text == SOLUTION and "grammar" in fake.seen[-1].body


def test_fields_that_a_server_names_are_left_out_from_then_on(serve: Any) -> None:
    def script(seen: Any) -> Any:
        for name in ("temperature", "max_tokens", "stop"):
            if name in seen.body:
                return serve.json({"error": {"message": f"Unsupported parameter: '{name}'."}}, 400)
        return serve.text("x")

    fake = serve(script)
    model = opened(fake)
    ask = Ask("formalise", "knights", "x", ({"role": "user", "content": "x"},), stops=(";",))
    for _ in range(2):
        assert model.propose([ask], Draw())[0][0].text == "x"
    assert len(fake.seen) == 5 and fake.seen[-1].body["max_completion_tokens"] == 512
    assert len(model.notes) == 3


@pytest.mark.parametrize(
    ("status", "said"), [(500, "Internal Server Error"), (400, "you must provide a chat template if there is none")]
)
def test_a_model_that_knows_no_chat_is_asked_by_its_bare_text(serve: Any, status: int, said: str) -> None:
    def script(seen: Any) -> Any:
        bare_text = serve.json({"choices": [{"text": SOLUTION}]})
        return bare_text if seen.path == "/v1/completions" else serve.json({"error": said}, status)

    fake, notes = serve(script), []
    model = open_server(fake.url, patience=SHORT, say=notes.append)
    for _ in range(2):
        assert [reply.text for [reply] in model.propose([ASK] * 4, Draw())] == [SOLUTION] * 4
    assert len(notes) == 1 and "knows no chat" in notes[0] and model.continues


def test_a_connection_closed_after_an_error_does_not_hide_it(serve: Any) -> None:
    def script(seen: Any) -> Any:
        if seen.path == "/v1/completions":
            return serve.json({"choices": [{"text": "x"}]})
        return serve.json({}, 500) if seen.index == 0 else serve.reset

    fake = serve(script)
    model = open_server(fake.url, patience=SHORT, say=lambda text: None)
    assert model.propose([bare()], Draw())[0][0].text == "x" and len(fake.seen) == SHORT.tries + 1


def test_where_chat_was_said_the_error_names_the_other_way(serve: Any) -> None:
    with pytest.raises(UserError, match=r"status 500 .*--server-kind completions"):
        opened(serve(serve.always(serve.json({}, 500)))).propose([ASK], Draw())


def test_a_server_that_is_ill_in_both_ways_is_gone_and_chat_is_tried_again(serve: Any) -> None:
    fake = serve(lambda seen: serve.json({}, 500) if seen.index < 2 * SHORT.tries else serve.text("x"))
    model = open_server(fake.url, patience=SHORT, say=lambda text: None)
    with pytest.raises(UserError, match="status 500; start it again"):
        model.propose([bare()], Draw())
    assert model.propose([bare()], Draw())[0][0].text == "x" and fake.seen[-1].path == "/v1/chat/completions"


# ---- hostile servers ------------------------------------------------------------------------------------------------

BOMBS = {
    "gzip": gzip.compress(b"[" * 50_000_000, 1),
    "deflate": zlib.compress(b"[" * 50_000_000, 1),
    "br": b"x",
    "broken": b"no gzip",
}
CHOICE = {"message": {"content": "x"}, "finish_reason": "stop"}
BODIES: dict[str, bytes] = {
    "html": b"<!DOCTYPE html><html><body>Welcome to nginx!</body></html>",
    "nothing": b"",
    "other json": b'{"hello": "world"}',
    "a list": b"[1, 2, 3]",
    "choices that are none": b'{"choices": 7}',
    "brackets": b"[" * 1_000_000,
    "objects": b'{"a":' * 200_000,
    "long number": b'{"choices": ' + b"9" * 10_000 + b"}",
    "invalid utf-8": b'{"choices": \xff\xfe}',
}
REPLIES: dict[str, Any] = {
    "no choice": [],
    "null choice": [None],
    "no message": [{"finish_reason": "stop"}],
    "null content": [{"message": {"content": None}}],
    "number content": [{"message": {"content": 7}}],
    "refusal": [{"message": {"content": None, "refusal": "I cannot help with that"}}],
    "filter": [{"message": {"content": "x"}, "finish_reason": "content_filter"}],
    "parts that are none": [{"message": {"content": [1, None, {"text": 7}]}}],
    "tool calls that are none": [{"message": {"tool_calls": [None, {"custom": 7}, {"custom": {"input": 7}}]}}],
}


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_a_body_that_is_no_completion_is_an_error_at_first_and_a_failure_later(serve: Any, body: bytes) -> None:
    with pytest.raises(UserError, match="nothing is lost"):
        opened(serve(serve.always(serve.raw(body)))).propose([bare()], Draw())
    model = opened(serve(lambda seen: serve.raw(body) if seen.index == 1 else serve.text("x")), concurrency=1)
    replies = model.propose([bare(), bare(), bare()], Draw())
    assert [bool(reply.failure) for [reply] in replies] == [False, True, False]


@pytest.mark.parametrize("choices", REPLIES.values(), ids=list(REPLIES))
def test_a_choice_without_a_text_is_a_failure(serve: Any, choices: Any) -> None:
    [[reply]] = opened(serve(serve.always(serve.json({"choices": choices})))).propose([ASK], Draw())
    assert reply.failure and reply.text == "" and not reply.finished


@pytest.mark.parametrize(
    "usage",
    [None, 7, {"prompt_tokens": -5, "completion_tokens": "many"}, {"completion_tokens": 1e99}, {"prompt_tokens": True}],
)
def test_tokens_that_the_server_does_not_tell_are_estimated_and_marked(serve: Any, usage: Any) -> None:
    model = opened(serve(serve.always(serve.json({"choices": [CHOICE], "usage": usage}))))
    [[reply]] = model.propose([bare("words " * 30)], Draw())
    assert reply.tokens == 1 and reply.prompt_tokens > 30 and model.usage.estimated == 1


@pytest.mark.parametrize("said", ["[" * 100_000, "\x00" * 50, "x\ud800y", "9^" * 200_000, "answer: " * 50_000])
def test_hostile_content_is_bounded_and_can_be_written(serve: Any, said: str) -> None:
    for ask in (ASK, bare()):
        [[reply]] = opened(serve(serve.always(serve.text(said)))).propose([ask], Draw())
        assert len(reply.text) <= trace.MAX_TEXT and "\x00" not in reply.text
        reply.text.encode("utf-8")


def test_content_in_parts_is_joined(serve: Any) -> None:
    parts = [{"type": "text", "text": "one "}, {"type": "image"}, {"type": "text", "text": "two"}]
    assert opened(serve(serve.always(serve.text(parts)))).propose([bare()], Draw())[0][0].text == "one two"


@pytest.mark.parametrize("trouble", ["stall", "drip"])
def test_a_server_that_never_ends_is_left(serve: Any, trouble: str) -> None:
    model = opened(serve(serve.always(getattr(serve, trouble))), patience=IMPATIENT)
    with pytest.raises(UserError, match=r"did not answer within 0.3 s"):
        model.propose([bare()], Draw())
    assert model.usage.requests == IMPATIENT.tries


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("packing", ["gzip", "deflate", "none", "br", "broken"])
def test_an_answer_without_end_is_not_unpacked(serve: Any, status: int, packing: str) -> None:
    encoding = "gzip" if packing == "broken" else packing
    deed = serve.endless if packing == "none" else serve.raw(BOMBS[packing], status, content_encoding=encoding)
    with pytest.raises(UserError, match=r"longer than 4 MiB|cannot be unpacked|not asked for"):
        opened(serve(serve.always(deed))).propose([bare()], Draw())


def test_an_answer_that_is_packed_without_harm_is_read(serve: Any) -> None:
    packed = gzip.compress(json.dumps({"choices": [CHOICE]}).encode())
    model = opened(serve(serve.always(serve.raw(packed, content_encoding="gzip"))))
    assert model.propose([bare()], Draw())[0][0].text == "x"


# ---- the key --------------------------------------------------------------------------------------------------------


def test_the_key_is_sent_but_never_told(
    serve: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    caplog.set_level(0)
    other = serve(serve.always(serve.text("x")))
    fake = serve(serve.always(serve.json({}, 307, location=f"{other.url}/chat/completions")))
    with pytest.raises(UserError) as error:
        opened(fake).propose([bare()], Draw())
    assert fake.seen[0].headers["authorization"] == "Bearer sk-very-secret"
    assert not other.seen and "secret" not in str(error.value) + caplog.text


def test_a_key_that_the_server_echoes_is_not_told(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    model = opened(serve(serve.always(serve.json({"error": "you sent sk-very-secret"}, 400))))
    assert "secret" not in model.propose([bare()], Draw())[0][0].failure


def test_no_key_travels_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    from synth.propose.server.address import parse

    keys = {"OPENAI_API_KEY": "k"}
    hosts = (
        "https://api.example.org/v1",
        "http://127.0.0.1:1/v1",
        "http://10.0.0.1/v1",
        "http://localhost.example.org/v1",
    )
    assert [parse(url).key(keys) for url in hosts] == ["k", "k", "", ""]


# ---- opening --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pages", "kind"),
    [
        ({"/v1/models": {"data": [{"id": "m", "owned_by": "vllm"}]}}, "vllm"),
        ({"/v1/models": {"data": [{"id": "m", "owned_by": "sglang"}]}}, "sglang"),
        ({"/v1/models": {"data": [{"id": "m", "owned_by": "llamacpp"}]}}, "llamacpp"),
        ({"/v1/models": {"data": [{"id": "m", "owned_by": "library"}]}, "/api/version": {"version": "0.6"}}, "plain"),
        ({"/v1/models": {"data": [{"id": "m"}]}, "/props": {"default_generation_settings": {}}}, "llamacpp"),
        ({"/v1/models": {"data": [{"id": "m"}]}, "/get_server_info": {"model_path": "m"}}, "sglang"),
        ({"/v1/models": {"data": [{"id": "m"}]}, "/version": {"version": "0.12.0"}}, "vllm"),
        ({"/v1/models": {"data": [{"id": "m", "owned_by": ["vllm"]}, 7]}, "/props": [], "/version": "x"}, "plain"),
    ],
)
def test_the_kind_is_found_out_without_a_token(serve: Any, pages: dict[str, Any], kind: str) -> None:
    fake = serve(serve.always(serve.text("x")), pages)
    model = open_server(fake.url, patience=SHORT)
    assert (model.dialect.name, model.name) == (kind, "openai:m") and not fake.seen


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ({"data": [{"id": "a"}, {"id": "b"}]}, "has a, b; name one after #"),
        ({"data": []}, "does not say which models"),
        ({"data": [{"id": 7}, {"id": "x\x1b[2J"}]}, "does not say which models"),
        ("<html>", "does not say which models"),
    ],
)
def test_a_model_that_is_not_named_must_be_the_only_one(serve: Any, page: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        open_server(serve(serve.always(serve.text("x")), {"/v1/models": page}).url, patience=SHORT)


def test_a_named_model_and_kind_are_taken_at_their_word(serve: Any) -> None:
    fake = serve(serve.always(serve.text("x")))
    opened(fake)
    assert not fake.pages


@pytest.mark.parametrize(
    ("spec", "settings", "said"),
    [
        ("http://user:pw@127.0.0.1/v1#m", {}, "no user name"),
        ("http://127.0.0.1/v1?key=pw#m", {}, "no query"),
        ("ftp://127.0.0.1/v1#m", {}, "is no address"),
        ("localhost:8000#m", {}, "is no address"),
        ("http://[::1/v1#m", {}, "cannot be read"),
        ("http://127.0.0.1:99999/v1#m", {}, "cannot be read"),
        ("http:///v1#m", {}, "is no address"),
        ("http://127.0.0.1:9/v1#m", {"kind": "vlm"}, "did you mean 'vllm'"),
        ("http://127.0.0.1:9/v1#m", {"concurrency": 0}, "sends nothing"),
        ("http://127.0.0.1:9/v1#m", {"max_cost": 1.0}, "needs the prices"),
        ("http://127.0.0.1:9/v1", {"patience": IMPATIENT}, "nobody listens there"),
    ],
)
def test_a_wrong_setting_is_one_clear_error(spec: str, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        open_server(spec, **settings)
    assert "pw" not in str(error.value)


# ---- money ----------------------------------------------------------------------------------------------------------


def test_cost_is_counted_and_projected(serve: Any) -> None:
    model = opened(serve(serve.always(serve.text("x", usage=(1_000, 100)))), prices=Prices(2.0, 10.0))
    model.propose([bare()] * 4, Draw())
    usage = model.usage
    assert (usage.prompt, usage.completion, usage.requests) == (4_000, 400, 4)
    assert usage.cost == pytest.approx(0.012) and model.projected(4, 100) == pytest.approx(0.3)
    assert model.projected(0, 100) is None


@pytest.mark.parametrize("concurrency", [1, 8])
def test_the_limit_is_never_passed(serve: Any, concurrency: int) -> None:
    fake = serve(serve.always(serve.text("x", usage=(0, 100))))
    model = opened(fake, prices=Prices(0.0, 1e4), max_cost=5.5, concurrency=concurrency)
    with pytest.raises(BudgetSpent, match="higher --max-cost: nothing is lost"):
        model.propose([bare()] * 20, Draw(max_tokens=100))
    assert len(fake.seen) == 5 and model.usage.cost == pytest.approx(5.0)


def test_money_put_aside_comes_back_when_less_was_used(serve: Any) -> None:
    fake = serve(serve.always(serve.text("x", usage=(0, 10))))
    model = opened(fake, prices=Prices(0.0, 1e4), max_cost=1.9, concurrency=8)
    with pytest.raises(BudgetSpent):
        model.propose([bare()] * 20, Draw(max_tokens=100))
    assert len(fake.seen) == 10  # after ten, 1.0 is spent and the next may cost 1.0


def test_an_answer_that_was_lost_counts_as_paid(serve: Any) -> None:
    fake = serve(lambda seen: serve.reset if seen.index == 0 else serve.text("x", usage=(0, 10)))
    model = opened(fake, prices=Prices(0.0, 1e4))
    model.propose([bare()], Draw(max_tokens=100))
    assert model.usage.cost == pytest.approx(1.1)


# ---- the page -------------------------------------------------------------------------------------------------------


def test_the_page_on_servers_lists_the_kinds_and_their_fields(serve: Any) -> None:
    page = (Path(synth.__file__).parents[1] / "docs" / "servers.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*)$", page, re.MULTILINE))
    assert set(rows) == set(KINDS)
    for kind, dialect in DIALECTS.items():
        assert ("| yes |" in rows[kind]) is bool(dialect.going_on), kind
        fields = dialect.grammar(ASK.language) if dialect.grammar and ASK.language else {}
        assert kind in ("openai", "plain") or f"`{next(iter(fields))}`" in rows[kind]
    assert f"{MAX_BODY // 2**20} MiB" in page and f"{trace.MAX_TEXT:,} characters" in page
