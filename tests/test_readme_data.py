"""The lines of the README on looking at data, comparing and auditing run; those for consumers are run elsewhere."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from synth.cli.app import app
from synth.family.registry import families
from synth.run.recipe import resolve
from synth.run.rounds import generate

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(heading: str, language: str = "") -> list[list[str]]:
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return [block.splitlines() for block in found]


def test_the_lines_about_looking_comparing_and_auditing_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked = {"rows": 40, "families": {"linear_system": {"levels": [1, 2]}}}
    generate(resolve(asked, "test", families()), tmp_path / "run")
    mine = [{"question": f"What is {i} + {i}?", "family": "sums", "level": 1} for i in range(9)]
    Path("mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in mine))
    wanted = [{"family": "linear_system", "level": 1 + i % 2} for i in range(200)]
    Path("wanted.jsonl").write_text("".join(json.dumps(row) + "\n" for row in wanted))
    others = {"question": "Solve for x and y: x + y = 3 and x - y = 1.", "answer": "x = 2, y = 2"}
    Path("others.jsonl").write_text(json.dumps(others) + "\n")
    (lines,) = blocks("Look, compare, audit")
    assert [line.split()[1] for line in lines] == ["report", "monitor", "mix", "audit"]
    for line in lines:
        ran = CliRunner().invoke(app, shlex.split(line, comments=True)[1:])
        assert ran.exit_code == 0 and ran.output.strip(), (line, ran.output)
    assert Path("run/report.html").is_file() and Path("mix.jsonl").is_file()


def test_the_lines_for_trainers_and_evaluators_are_those_that_the_tests_of_each_consumer_run() -> None:
    consumers = (ROOT / "docs" / "consumers.md").read_text("utf-8")
    (commands,) = blocks("To a trainer, an evaluator, the Hub")
    (step,) = blocks("To a trainer, an evaluator, the Hub", "py")
    assert "\n".join(step) in consumers
    export, *others, push = commands
    assert len(others) == 2 and all(f"\n{line}\n" in consumers for line in others)
    assert all(f"--for {name}" in export for name in ("sft", "rlvr", "lm-eval", "verifiers"))
    assert push.startswith("synth push dataset ")  # tests/hub runs it
