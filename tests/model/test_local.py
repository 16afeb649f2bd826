"""A local checkpoint answers within the language, repeatably, and never brings anything down with it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from synth.errors import UserError
from synth.family.registry import families
from synth.propose import prompts, trace
from synth.propose.ask import Ask, Draw, Language, Model, Reply
from synth.propose.local import model as local
from synth.propose.local.batch import Row, batches
from synth.propose.local.model import LocalModel, open_local
from tests.model.makers import ARCHITECTURES, TOKENIZERS, asks, save

SHORT = Language("short", 'start: "a" ("b" | "é")~0..2\n', "")


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> LocalModel:
    return LocalModel(save(tmp_path_factory.mktemp("llama")), "tiny")


def ask(text: str = "a b\n", language: Language | None = SHORT, **given: Any) -> Ask:
    return Ask("solve", "none", text, ({"role": "user", "content": text},), language, **given)


LONGEST = 200  # tokens: the shortest problem of a family is 60 words of which these tokenizers know few


def reads(asked: Ask, text: str) -> bool:
    """Tell whether a text is what was asked for, by the parser of the family."""
    family = families()[asked.family]
    if asked.role == "pose":
        return bool(family.formal.read(text, "problem"))
    steps, answer = trace.read(text)
    for step in steps if family.method else ():
        if step.rule != "answer":
            family.formal.read(step.formal, "step")
    return bool(family.formal.read(answer, "solution"))


@pytest.mark.parametrize(
    ("architecture", "kind", "chat"),
    [
        ("llama", "byte_level", False),
        ("llama", "sentencepiece_bpe", True),
        ("gpt2", "byte_level", True),
        ("gpt2", "sentencepiece_unigram", False),
        ("gpt_neox", "sentencepiece_bpe", False),
    ],
)
def test_every_constrained_reply_is_finished_and_parses(
    architecture: str, kind: str, chat: bool, tmp_path: Path
) -> None:
    model = LocalModel(save(tmp_path, architecture, kind, chat=chat, pad=chat, context=4096))
    assert isinstance(model, Model) and model.continues and model.chat == chat
    for asked, replies in zip(asks(), model.propose(asks(), Draw(2, 1.0, LONGEST, 3)), strict=True):
        for reply in replies:
            assert reply.failure == "" and reply.finished and 0 < reply.tokens <= LONGEST, (asked.family, reply)
            assert reads(asked, reply.text), (asked.family, reply.text)
            assert reply.log_probability is not None and reply.log_probability < 0
            assert reply.log_mass is not None and reply.log_mass <= 0


def test_unconstrained_garbage_is_a_reply(llama: LocalModel) -> None:
    for reply in (r for some in llama.propose(asks()[:6], Draw(3, 2.0, 40, 1, False)) for r in some):
        assert reply.failure == "" and reply.log_mass == 0.0 and reply.tokens <= 40
        assert reply.finished or reply.tokens == 40
        assert reply.text.encode() or reply.tokens == 1


def test_the_same_draw_gives_the_same_replies_and_another_seed_others(llama: LocalModel) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = llama.propose(asks()[:4], Draw(3, 1.0, 60, 7))
    assert first == llama.propose(asks()[:4], Draw(3, 1.0, 60, 7))
    assert first != llama.propose(asks()[:4], Draw(3, 1.0, 60, 8))
    assert torch.equal(before, torch.get_rng_state())


def test_equal_asks_in_one_call_get_other_replies(llama: LocalModel) -> None:
    some = asks()[0]
    one, two = llama.propose([some, some], Draw(2, 1.0, 60, 7))
    assert one != two and [*one, *two] == llama.propose([some], Draw(4, 1.0, 60, 7))[0]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_greedy_reply_does_not_depend_on_its_company(architecture: str, tmp_path: Path) -> None:
    model = LocalModel(save(tmp_path, architecture, scale=20.0))
    draw = Draw(1, 0.0, 40, 0)
    together = model.propose(asks(), draw)
    for asked, (reply,) in zip(asks(), together, strict=True):
        (alone,) = model.propose([asked], draw)
        assert (alone[0].text, alone[0].tokens) == (reply.text, reply.tokens)
        assert alone[0].log_probability == pytest.approx(reply.log_probability, abs=1e-2)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_greedy_reply_is_what_transformers_generates(architecture: str, tmp_path: Path) -> None:
    model = LocalModel(save(tmp_path, architecture, scale=20.0))
    some = [replace(each, language=None) for each in asks()[:5]]
    replies = model.propose(some, Draw(1, 0.0, 150))
    for asked, (reply,) in zip(some, replies, strict=True):
        ids = torch.tensor([model.tokenizer(asked.text)["input_ids"]])
        out = model.network.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=150, pad_token_id=0
        )
        expected = b"".join(map(model.vocabulary.bytes_of, out[0, ids.shape[1] :].tolist()))
        assert reply.text == expected.decode("utf-8", "replace")


def test_greedy_replies_are_all_the_same_and_the_likeliest(llama: LocalModel) -> None:
    (replies,) = llama.propose([ask()], Draw(3, 0.0, 20))
    assert len(set(replies)) == 1
    (drawn,) = llama.propose([ask()], Draw(1, 1e-4, 20))
    assert drawn[0].text == replies[0].text


def test_log_probability_and_log_mass_are_those_of_the_network(llama: LocalModel) -> None:
    asked = ask(language=Language("letter", "start: /[a-z]/\n", ""))
    scores = llama.network(torch.tensor([llama.tokenizer(asked.text)["input_ids"]])).logits[0, -1].log_softmax(-1)
    letters = {f"{chr(code)}": token for token in range(500) for code in llama.vocabulary.bytes_of(token)[:1]
               if llama.vocabulary.bytes_of(token) == bytes([code]) and 97 <= code <= 122}  # fmt: skip
    assert len(letters) == 26
    mass = float(scores[list(letters.values())].logsumexp(-1))
    (replies,) = llama.propose([asked], Draw(6, 0.7, 20, 2))
    for reply in replies:
        assert reply.tokens == 1 and reply.finished
        assert reply.log_probability == pytest.approx(float(scores[letters[reply.text]]), abs=1e-4)
        assert reply.log_mass == pytest.approx(mass, abs=1e-4)


def test_a_language_that_rules_nothing_out_has_a_log_mass_near_zero(llama: LocalModel) -> None:
    free = Language("free", "start: /(?s:.)*/\n", "")
    (masked,) = llama.propose([ask(language=free)], Draw(4, 1.0, 12, 5))
    (unmasked,) = llama.propose([ask(language=None)], Draw(4, 1.0, 12, 5))
    assert all(reply.log_mass == 0.0 for reply in unmasked)
    assert all(reply.log_mass is not None and -12 < reply.log_mass <= 0 for reply in masked)


def test_a_reply_goes_on_from_its_prefix(llama: LocalModel) -> None:
    family = families()["linear_system"]
    formal = "solve x, y: x + y = 3; x - y = 1"
    begun = "s0 c0 c1 eliminate: 2 * x = 4\nanswer: x = "
    asked = prompts.solve(family, formal, begun)
    for reply in llama.propose([asked], Draw(5, 1.0, 50, 1))[0]:
        steps, answer = trace.read(begun + reply.text)
        assert steps[0].formal == "2 * x = 4" and answer.startswith("x = ") and reply.finished
    (wrong,) = llama.propose([replace(asked, prefix="nonsense")], Draw(2))
    assert [reply.failure for reply in wrong] == ["prefix not in the language"] * 2
    (whole,) = llama.propose([ask(prefix="abb")], Draw(1))
    assert whole[0].finished and whole[0].text == "" and whole[0].tokens == 0


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_a_reply_ends_before_the_first_stop(kind: str, tmp_path: Path) -> None:
    model = LocalModel(save(tmp_path, "llama", kind))
    family = families()["shortest_path"]
    asked = replace(prompts.solve(family, "roads Ayr - Bath 3; Bath - Cork 2 from Ayr to Cork"), stops=("\n", ": "))
    seen = set()
    for reply in model.propose([asked], Draw(12, 1.0, 60, 4))[0]:
        assert "\n" not in reply.text and ": " not in reply.text
        assert reply.finished == (reply.stopped != "") or reply.tokens == 60
        seen.add(reply.stopped)
    assert ": " in seen


def test_rows_of_other_families_and_of_none_share_a_batch(llama: LocalModel) -> None:
    mixed = [asks()[0], ask(language=None), asks()[5], ask(), asks()[10]]
    replies = llama.propose(mixed, Draw(2, 1.0, 80, 6))
    for asked, some in zip(mixed, replies, strict=True):
        assert len(some) == 2
        for reply in some:
            assert asked.family == "none" or reads(asked, reply.text)
    assert {reply.text[0] for reply in replies[3]} == {"a"}


def test_prompts_that_are_too_long_fail_alone_and_long_ones_get_less_room(tmp_path: Path) -> None:
    model = LocalModel(save(tmp_path, "gpt2", context=64))
    long, full, short = ask("x y " * 100), ask("ab" * 20, prompts.problems(families()["knights"])), ask()
    replies = model.propose([long, full, short], Draw(2, 1.0, 500, 1))
    assert [reply.failure for reply in replies[0]] == ["prompt too long"] * 2
    assert replies[0][0].prompt_tokens > 64
    assert all(0 < reply.tokens + reply.prompt_tokens <= 64 for some in replies[1:] for reply in some)
    assert all(reply.finished and not reply.failure for reply in replies[2])


def test_a_limit_below_the_shortest_sentence_is_said_to_be_unfinished(llama: LocalModel) -> None:
    (replies,) = llama.propose([asks()[0]], Draw(3, 1.0, 2, 1))
    assert all(not reply.finished and reply.tokens == 2 and reply.failure == "" for reply in replies)


def test_asks_that_hold_nothing_or_other_alphabets_are_no_trouble(llama: LocalModel) -> None:
    texts = ["", "\n", "\0", "ελ 数学 🙂\u202e", "</s><s>", "(" * 3000, "\ud800"]
    replies = llama.propose([ask(text, None) for text in texts], Draw(1, 1.0, 4, 1))
    assert len(replies) == len(texts) and all(len(some) == 1 for some in replies)
    assert replies[0][0].failure == "prompt empty" or replies[0][0].tokens


def test_no_asks_and_no_replies_are_nothing(llama: LocalModel) -> None:
    assert llama.propose([], Draw()) == []
    assert llama.propose([ask()], Draw(0)) == [[]]


def test_a_network_of_no_numbers_fails_by_the_reply(tmp_path: Path) -> None:
    model = LocalModel(save(tmp_path, scale=float("nan")))
    for reply in model.propose([ask(), ask(language=None)], Draw(2, 1.0, 5))[0]:
        assert reply == Reply("", 0, False, 0.0, 0.0, reply.prompt_tokens, "", "the model gave no usable scores")


def test_what_does_not_fit_into_memory_is_done_in_halves(llama: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    whole = llama.propose(asks()[:3], Draw(3, 0.0, 30))
    real = local.run

    def small(network: Any, vocabulary: Any, rows: Sequence[Row], temperature: float) -> list[Reply]:
        sizes.append(len(rows))
        if len(rows) > 2:
            raise torch.OutOfMemoryError
        return list(real(network, vocabulary, rows, temperature))

    monkeypatch.setattr(local, "run", small)
    halves = llama.propose(asks()[:3], Draw(3, 0.0, 30))
    assert sizes[0] == 9 and max(size for size in sizes if size <= 2) == 2
    assert [[r.text for r in some] for some in halves] == [[r.text for r in some] for some in whole]
    monkeypatch.setattr(local, "run", lambda *_: (_ for _ in ()).throw(MemoryError))
    assert {r.failure for some in llama.propose(asks()[:3], Draw(3)) for r in some} == {"out of memory"}


def test_batches_hold_every_row_once_and_keep_their_bounds() -> None:
    rows = [(Row((1,) * length, None, torch.zeros(1), 10), length) for length in (3, 90, 5, 5, 40, 1, 90)]
    made = list(batches(rows, 3, 200))
    assert sorted(n for batch in made for _, n in batch) == [1, 3, 5, 5, 40, 90, 90]
    assert all(len(batch) <= 3 and len(batch) * (max(n for _, n in batch) + 10) <= 200 for batch in made)
    assert [[n for _, n in batch] for batch in batches(rows, 1, 1)] == [[90], [90], [40], [5], [5], [3], [1]]


def test_it_knows_the_families_that_it_is_told(tmp_path: Path) -> None:
    folder = save(tmp_path)
    assert open_local(folder, "hf:x").knows("anything") and open_local(folder, "hf:x").name == "hf:x"
    some = LocalModel(folder, knows={"knights": (1, 2)})
    assert some.knows("knights") and some.knows("knights", 2) and not some.knows("knights", 3)
    assert not some.knows("sudoku") and some.name == f"hf:{folder}"


def test_a_template_without_a_system_role_gets_the_words_in_one_message(tmp_path: Path) -> None:
    folder = save(tmp_path, chat=True)
    model = LocalModel(folder)
    model.tokenizer.chat_template = (
        "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
        "{{ m['content'] }}|{% endfor %}"
    )
    (replies,) = model.propose([asks()[0]], Draw(1, 1.0, 60))
    assert replies[0].failure == "" and reads(asks()[0], replies[0].text)
    model.tokenizer.chat_template = "{{ raise_exception('never') }}"
    (replies,) = model.propose([asks()[0]], Draw(2, 1.0, 60))
    assert [reply.failure for reply in replies] == ["the chat template refuses the messages"] * 2


# ---- checkpoints that cannot be opened -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: [each.unlink() for each in f.iterdir()], "no config.json there"),
        (lambda f: (f / "config.json").write_text("{"), "its config.json cannot be used"),
        (lambda f: (f / "config.json").write_text('{"model_type": "no_such_type"}'), "its config.json cannot be used"),
        (lambda f: (f / "model.safetensors").unlink(), "no weights in safetensors; save the weights"),
        (lambda f: _cut(f / "model.safetensors", 0.6), "its weights cannot be loaded"),
        (lambda f: _cut(f / "model.safetensors", 0.0), "its weights cannot be loaded"),
        (lambda f: (f / "model.safetensors").write_bytes(b"\xff" * 4096), "its weights cannot be loaded"),
        (lambda f: _more_layers(f / "config.json"), "lacks .* of the model's weights"),
        (lambda f: [each.unlink() for each in f.glob("tokenizer*")], "no tokenizer there"),
        (lambda f: (f / "tokenizer.json").write_text("{}"), "its tokenizer cannot be loaded"),
        (lambda f: _no_end(f), "no token that ends a text"),
    ],
)
def test_a_checkpoint_that_cannot_be_used_is_one_clear_error(spoil: Any, message: str, tmp_path: Path) -> None:
    folder = Path(save(tmp_path / "broken"))
    spoil(folder)
    with pytest.raises(UserError, match=message) as caught:
        LocalModel(str(folder))
    assert str(folder) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["/no/such/folder", "./nothing", "~/nothing/here", "a/b/c", "plainname"])
def test_a_folder_that_does_not_exist_is_said_to_be_missing(name: str) -> None:
    with pytest.raises(UserError, match="no such folder"):
        LocalModel(name)


def test_a_pickled_checkpoint_is_refused_and_not_read(tmp_path: Path) -> None:
    folder, touched = Path(save(tmp_path / "pickled")), tmp_path / "touched"

    class Attack:
        def __reduce__(self) -> Any:
            return Path.touch, (touched,)

    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Attack()))
    with pytest.raises(UserError, match=r"pytorch_model.bin is a pickle"):
        LocalModel(str(folder))
    assert not touched.exists()


def test_code_of_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    folder = Path(save(tmp_path / "code"))
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own", "AutoModelForCausalLM": "own.Own"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"from pathlib import Path\nPath({str(tmp_path / 'touched')!r}).touch()\n")
    with pytest.raises(UserError, match=r"config.json cannot be used"):
        LocalModel(str(folder))
    assert not (tmp_path / "touched").exists()


def _cut(file: Path, share: float) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])


def _more_layers(file: Path) -> None:
    config = json.loads(file.read_text())
    file.write_text(json.dumps(config | {"num_hidden_layers": 3}))


def _no_end(folder: Path) -> None:
    for name in ("config.json", "generation_config.json", "tokenizer_config.json", "special_tokens_map.json"):
        if (folder / name).is_file():
            facts = json.loads((folder / name).read_text())
            facts = {key: value for key, value in facts.items() if not key.startswith("eos")}
            (folder / name).write_text(json.dumps(facts))
