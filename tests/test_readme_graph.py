"""The lines of the README on the dependency graph are run as they stand, on a small corpus."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from synth.cli.app import app
from synth.family.registry import families
from synth.run.recipe import resolve
from synth.run.rounds import generate

README = Path(__file__).parents[1] / "README.md"


def lines():
    section = README.read_text("utf-8").partition("## What depends on what")[2].partition("\n## ")[0]
    block = section.partition("```\n")[2].partition("```")[0]
    return [line.partition("#")[0].split() for line in block.splitlines()]


def test_the_lines_about_the_graph_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = {"knights": {"levels": [1, 2]}, "sudoku": {"levels": [4, 5]}}
    generate(resolve({"rows": 12, "families": asked}, "test", families()), tmp_path / "run")
    Path("benchmark.jsonl").write_text(json.dumps({"question": "How many legs have four dogs?"}) + "\n")
    found = lines()
    assert len(found) == 6 and all(line[0] == "synth" for line in found)
    for line in found:
        ran = CliRunner().invoke(app, ["8" if word == "200" else word for word in line[1:]])
        assert ran.exit_code == 0 and ran.output.strip(), (line, ran.output)
    assert all((tmp_path / name / "train.parquet").is_file() for name in ("smaller", "ordered"))
