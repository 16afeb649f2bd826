"""The lines of the README on adding a domain are run as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from synth.cli.app import app

README = Path(__file__).parents[1] / "README.md"


def test_the_lines_about_a_new_family_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    section = README.read_text("utf-8").partition("## Add a domain")[2].partition("\n## ")[0]
    lines = [line.partition("#")[0].split() for line in section.splitlines() if line.startswith("synth ")]
    assert [line[:3] for line in lines] == [["synth", "family", "new"], ["synth", "family", "check"]]
    for line in lines:
        ran = CliRunner().invoke(app, line[1:])
        assert ran.exit_code == 0 and ran.output.strip(), (line, ran.output)
    assert (tmp_path / "marbles" / "grammar.lark").is_file()
