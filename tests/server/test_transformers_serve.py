"""A real server: `transformers serve` on this computer. It is killed in the middle of the work, and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

import synth
from synth.errors import UserError
from synth.family import Family
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.propose import prompts, trace
from synth.propose.ask import Draw
from synth.propose.sampler import propose
from synth.propose.server.client import Patience, ServerModel, open_server
from synth.records import Candidate, Record, Source

TEMPLATE = "{% for message in messages %}{{ message.content }}\n{% endfor %}"
PATIENCE = Patience(tries=3, first_wait_s=0.05, longest_wait_s=0.1, reply_s=120.0, total_s=240.0)
ASK = prompts.solve(families()["linear_system"], "solve x, y: x + y = 3; x - y = 1")


class Served:
    """The process of a server and where it listens; nobody else is asked for the port in between."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.home = home
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it says that it is well."""
        command = [sys.executable, "-m", "transformers.cli.transformers", "serve", "--device", "cpu"]
        offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(self.home), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(self.port)],
            env={**os.environ, **offline}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(1_800):
            assert self.process.poll() is None, "the server ended before it listened"
            try:
                connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/health")
                answer = connection.getresponse().status
                connection.close()
                if answer == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server does not listen")

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def open(self, folder: Path, kind: str, **settings: Any) -> ServerModel:
        """Return a model behind it: it serves any folder that it is asked for."""
        spec = f"http://127.0.0.1:{self.port}/v1#{folder}"
        return open_server(spec, kind=kind, patience=PATIENCE, say=lambda text: None, **settings)


def tiny(folder: Path, template: str | None = None) -> Path:
    """Make a model with random weights, a tokenizer of bytes and perhaps a chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    torch.set_num_threads(1)
    letters = {letter: i for i, letter in enumerate(["<end>", *sorted(pre_tokenizers.ByteLevel.alphabet())])}
    core = Tokenizer(models.BPE(vocab=letters, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<end>", pad_token="<end>")
    tokenizer.chat_template = template
    config = LlamaConfig(vocab_size=len(letters), hidden_size=32, intermediate_size=64, num_hidden_layers=1,
                         num_attention_heads=2, max_position_embeddings=8_192, bos_token_id=0, eos_token_id=0,
                         pad_token_id=0)  # fmt: skip
    model = LlamaForCausalLM(config)
    model.generation_config.do_sample = True
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(tmp_path_factory.mktemp("home"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def chatty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("chatty"), TEMPLATE)


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("silent"))


@pytest.mark.parametrize("kind", ["plain", "completions", "auto"])
def test_replies_come_from_a_real_server(served: Served, chatty: Path, kind: str) -> None:
    model = served.open(chatty, kind)
    replies = model.propose([ASK, ASK], Draw(n=2, max_tokens=12, seed=3))
    assert [len(each) for each in replies] == [2, 2]
    for reply in replies[0] + replies[1]:
        assert not reply.failure and 0 < reply.tokens <= 12 and model.dialect.name == "plain"
    assert len({reply.text for each in replies for reply in each}) > 1
    assert model.usage.estimated == 0 and model.usage.completion <= 48 and model.usage.prompt > 100


def test_a_model_without_a_chat_template_is_asked_by_its_bare_text(served: Served, silent: Path) -> None:
    model = served.open(silent, "auto")
    replies = model.propose([ASK] * 4, Draw(max_tokens=12))
    assert all(not reply.failure for [reply] in replies) and "knows no chat" in model.notes[0]


def test_a_grammar_that_it_does_not_take_is_left_out(served: Served, chatty: Path) -> None:
    model = served.open(chatty, "llamacpp")
    assert not model.propose([ASK], Draw(max_tokens=4))[0][0].failure
    assert "does not take the grammar" in model.notes[0]


def test_the_bundled_model_solves_problems_from_behind_a_server(served: Served, silent: Path) -> None:
    bundled = Path(synth.__file__).parent / "propose" / "bundled"
    trained = (bundled / "model.safetensors").is_file()
    model = served.open(bundled if trained else silent, "completions", concurrency=1)
    family, proved = families()["linear_system"], 0
    candidates = [propose(family, Source("linear_system", 1, 2, index)) for index in range(6)]
    problems = [candidate.formal for candidate in candidates if isinstance(candidate, Candidate)]
    replies = model.propose([prompts.solve(family, problem) for problem in problems], Draw(n=4, max_tokens=120))
    for problem, each in zip(problems, replies, strict=True):
        for reply in each:
            proved += not reply.failure and accepted(family, problem, reply.text)
    assert model.usage.requests == 4 * len(problems) and model.usage.completion > 0
    assert proved >= 1 if trained else proved == 0


def accepted(family: Family, problem: str, text: str) -> bool:
    try:
        steps, answer = trace.read(text)
    except trace.TraceError:
        return False
    candidate = Candidate(Source(family.name, 1, 2, 0), problem, answer, steps)
    return isinstance(judge(family, candidate, Setting()), Record)


def test_killed_in_the_middle_it_is_one_clear_error_and_the_same_call_goes_on_when_it_is_back(
    served: Served, chatty: Path
) -> None:
    model = served.open(chatty, "plain", concurrency=2)
    asks, draw = [ASK] * 12, Draw(max_tokens=60)

    def kill_after_some() -> None:
        while model.answered < 2:
            time.sleep(0.005)
        served.kill()

    killer = threading.Thread(target=kill_after_some, daemon=True)
    killer.start()
    with pytest.raises(
        UserError, match=r"is not answering: .*; start it again and run the same command: nothing is lost"
    ):
        model.propose(asks, draw)
    killer.join()
    assert 2 <= model.answered < len(asks)
    served.start()
    assert all(not reply.failure for [reply] in model.propose(asks, draw))
