"""The author's path: a new family passes every law, known mistakes are told with place and fix, and wrongs are seen."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from synth.cli.app import app
from synth.family import registry
from synth.family.folder import family_at
from synth.family.mistakes import MISTAKES, Mistake
from synth.family.new import new_family
from synth.testing import Finding, examine


def edited(where: Path, *edits: tuple[str, str, str]) -> Path:
    """Write the template and change it."""
    new_family("boxes", where)
    for file, old, new in edits:
        text = (where / "boxes" / file).read_text()
        assert old in text, (file, old)
        (where / "boxes" / file).write_text(text.replace(old, new, 1))
    return where / "boxes"


def broken(found: list[Finding]) -> dict[str, Finding]:
    return {each.law: each for each in found if each.broken}


def check(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["family", "check", *map(str, arguments)])


@pytest.mark.parametrize("mistake", [each for each in MISTAKES if each.edits], ids=lambda each: each.what)
def test_a_known_mistake_is_told_with_file_line_and_fix(mistake: Mistake, tmp_path: Path) -> None:
    folder = edited(tmp_path, *mistake.edits)
    found = broken(list(examine(family_at(folder), samples=2, levels=[1])))
    (law,) = ["draws become rows"] if mistake.seen == "check" else ["it loads, without conflicts"]
    assert law in found and found[law].example
    said = f"{found[law].example.found} {found[law].cause}"
    assert re.search(mistake.says, f"{said} {found[law].figure}"), said
    assert said.count(mistake.fix) == 1, said
    place = re.search(r"boxes/([\w.]+), line (\d+)", said)
    assert place, said
    assert mistake.line in (folder / place[1]).read_text().splitlines()[int(place[2]) - 1], said


def test_two_families_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [EntryPoint(name, f"{name}.twin:Twin", registry.GROUP) for name in ("one", "other")]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    (mistake,) = [each for each in MISTAKES if each.seen == "install"]
    with pytest.raises(registry.FamilyError, match=rf"{mistake.says} .*one.twin and other.twin; {mistake.fix}"):
        registry.families.__wrapped__()


WRONG = [
    ("every production matters", ("meaning.toml", '"(> one other)"', '"(= one one)"')),
    ("every production has a meaning", ("meaning.toml", '"holds(box', '"empty(box)" = "(= box 0)"\n"holds(box')),
    ("every production is said in words", ("grammar.lark", 'NAME ">" NAME  ', 'NAME "exceeds" NAME  ')),
]


@pytest.mark.parametrize(("law", "edit"), WRONG, ids=lambda each: each if isinstance(each, str) else "")
def test_a_family_that_breaks_a_law_is_told_which(law: str, edit: tuple[str, str, str], tmp_path: Path) -> None:
    extra = [("phrases.en.toml", "more = [", "# more = [")] if edit[0] == "grammar.lark" else []
    found = broken(list(examine(family_at(edited(tmp_path, edit, *extra)), samples=6, levels=[2, 3])))
    assert law in found, found
    assert found[law].cause


def test_a_new_family_passes_every_law_and_the_command_says_so(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["family", "new", "crates", "--out", str(tmp_path)])
    assert made.exit_code == 0, made.output
    done = check(tmp_path / "crates", "--samples", 4, "--json")
    assert done.exit_code == 0, done.output
    assert {each["verdict"] for each in json.loads(done.output)["crates"]} == {"holds", "does not apply", "told"}
    assert CliRunner().invoke(app, ["family", "new", "knights", "--out", str(tmp_path)]).exit_code == 2


def test_a_broken_family_gives_exit_code_1_and_names_no_traceback(tmp_path: Path) -> None:
    done = check(edited(tmp_path, ("meaning.toml", "(> one other)", "(> one others)")))
    assert done.exit_code == 1
    assert "BROKEN it loads" in done.output and "boxes/meaning.toml, line 6" in done.output
    assert check(tmp_path / "nowhere").exit_code == 2


def test_a_package_by_somebody_else_is_installed_and_found(tmp_path: Path) -> None:
    new_family("crates", tmp_path, package=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run(
        [*pip, "--target", str(tmp_path / "site"), str(tmp_path / "crates")], check=True, capture_output=True
    )
    path = os.pathsep.join([str(tmp_path / "site"), *sys.path])
    command = [sys.executable, "-m", "synth", "show", "crates", "--json"]
    shown = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(shown.stdout)["family"] == "crates"


def test_the_worked_example_is_short_and_passes_every_law(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "new-family.md").read_text("utf-8")
    files = re.findall(r"^## [^\n]*`([\w.]+)`\n.*?^```\w+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert [name for name, _ in files] == ["grammar.lark", "meaning.toml", "phrases.en.toml", "__init__.py"]
    assert sum(len(text.splitlines()) for _, text in files) < 80
    (tmp_path / "code_lock").mkdir()
    for name, text in files:
        (tmp_path / "code_lock" / name).write_text(text, encoding="utf-8")
    assert broken(list(examine(family_at(tmp_path / "code_lock"), samples=4))) == {}
