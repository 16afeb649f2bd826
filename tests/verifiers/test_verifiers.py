"""verifiers validates the exported taskset, refuses a row that was tampered with, and rewards by proof."""

from __future__ import annotations

import asyncio
import json
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
import verifiers.v1 as vf

from synth.consumers import needed
from synth.consumers.verifiers import ProblemsConfig
from synth.errors import UserError
from tests.consumers_page import make_run, run_commands


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verifiers")
    make_run(folder)
    run_commands("verifiers", folder)
    return folder


@pytest.fixture
def taskset(place: Path, monkeypatch: pytest.MonkeyPatch) -> vf.Taskset:
    monkeypatch.syspath_prepend(place / "dataset" / "verifiers")
    monkeypatch.delitem(sys.modules, "proved", raising=False)
    return import_module("proved").Proved(ProblemsConfig(id="proved", split="train"))


@pytest.fixture
def tasks(taskset: vf.Taskset) -> list[vf.Task]:
    return list(taskset)


def test_the_lines_of_the_page_run_and_every_row_is_valid(place: Path, tasks: list[vf.Task]) -> None:
    found = [json.loads(line) for line in next((place / "validated").rglob("results.jsonl")).read_text().splitlines()]
    assert len(found) == len(tasks) > 0
    assert all(row["valid"] is True for row in found), found


def test_a_row_that_was_tampered_with_is_invalid(tasks: list[vf.Task]) -> None:
    row = json.loads(tasks[0].data.row)
    for change in (
        {"answer": "x = 0"},
        {"certificates": ["{}"] * len(row["certificates"])},
        {"level": row["level"] + 1},
    ):
        wrong = tasks[0].with_data(row=json.dumps({**row, **change}))
        assert asyncio.run(tasks[0].validate(None)) is True
        assert asyncio.run(wrong.validate(None)) is False


def test_a_right_reply_is_rewarded_and_the_question_is_not(tasks: list[vf.Task]) -> None:
    assert len({task.key for task in tasks}) == len(tasks) > 0
    for task in tasks:
        answer = json.loads(task.data.row)["answer"]
        for reply, reward in ((rf"\boxed{{{answer}}}", 1.0), (task.data.prompt_text, 0.0), ("", 0.0)):
            assert asyncio.run(task.proved(SimpleNamespace(last_reply=reply))) == reward


def test_a_version_that_is_too_old_is_one_message(taskset: vf.Taskset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needed, "version", lambda package: "0.1.14")
    with pytest.raises(UserError, match=r"verifiers 0\.1\.14 is too old, 0\.4 or later is needed"):
        list(taskset)
