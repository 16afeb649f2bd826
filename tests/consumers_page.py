"""The lines of docs/consumers.md, for the tests that run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from synth.family.registry import families
from synth.run.recipe import resolve
from synth.run.rounds import generate

PAGE = Path(__file__).parents[1] / "docs" / "consumers.md"


def block(heading: str, number: int = 0, language: str = "py") -> str:
    """Return the text of a fenced block below a heading, the first one where no number says otherwise."""
    section = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)[number]


def make_run(folder: Path, rows: int = 8) -> None:
    """Make a corpus in `run` of a folder, where the commands of the page look for it."""
    asked = {"rows": rows, "families": {"linear_system": {"levels": [1]}, "gcd_bezout": {"levels": [1]}}}
    generate(resolve({**asked, "split": {"test": 0.4}}, "test", families()), folder / "run")


def run_commands(heading: str, folder: Path, **environment: str) -> list[str]:
    """Run the commands below a heading as they stand, in a folder; return what each printed."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    said = []
    for line in block(heading, 0, "").splitlines():
        ran = subprocess.run(
            line, shell=True, cwd=folder, capture_output=True, text=True, timeout=300,
            env={**os.environ, "PATH": path, "COLUMNS": "160", **environment},
        )  # fmt: skip
        assert ran.returncode == 0, (line, ran.stdout[-2000:], ran.stderr[-2000:])
        said.append(ran.stdout + ran.stderr)
    return said
