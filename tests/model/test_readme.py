"""The lines of the README on models are run as they stand, with fewer rows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"


def lines():
    section = README.read_text("utf-8").partition("## A model in the loop")[2].partition("\n## ")[0]
    block = section.partition("```\n")[2].partition("```")[0]
    return [line.partition("#")[0].split() for line in block.splitlines()]


def test_the_lines_about_models_run(tmp_path):
    found = lines()
    assert len(found) == 5 and all(line[0] == "synth" for line in found)
    for line in found:
        smaller = ["22" if word == "500" else word for word in line[1:]]
        more = ["-n", "4"] if line[1:3] == ["solve", "linear_system"] else []
        ran = subprocess.run(
            [sys.executable, "-m", "synth", *smaller, *more], cwd=tmp_path, capture_output=True, text=True,
            env={**os.environ, "COLUMNS": "160"},
        )  # fmt: skip
        assert ran.returncode == 0, (line, ran.stdout, ran.stderr)
        assert ran.stdout.strip(), line


@pytest.mark.parametrize("kind", ["hf:", "openai:"])
def test_the_other_kinds_are_named(kind):
    assert re.search(rf"--model {kind}\S+", README.read_text("utf-8"))
