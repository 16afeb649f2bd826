"""A model may propose a family as data: each recorded proposal ends as it should, and only a signature lets one out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import EntryPoint
from itertools import combinations
from pathlib import Path

import pytest
from typer.testing import CliRunner

from synth.admission import Entry, Refused, admit, files_of, judge_reply, propose_family, quarantine
from synth.admission.ask import ask_for_family, example_files
from synth.admission.files import MAX_FILE, MAX_REPLY, NAMES, inspect, name_of
from synth.admission.inside import findings
from synth.admission.isolated import Limits, check_isolated
from synth.admission.novelty import COPY, signature
from synth.admission.quarantine import signatures
from synth.admission.report import markdown
from synth.cli.app import app
from synth.domain import Domain
from synth.errors import UserError
from synth.family import registry
from synth.family.folder import family_at
from synth.family.registry import families
from synth.propose.ask import Ask, Draw, Reply
from synth.records import Record

PROPOSALS = Path(__file__).parent / "data" / "proposals"
MODEL = "openai:recorded"
DAY = date(2026, 1, 2)


def recorded(name: str) -> str:
    return (PROPOSALS / f"{name}.md").read_text("utf-8")


def as_reply(files: Mapping[str, str]) -> str:
    return "".join(f"```{name}\n{text}```\n" for name, text in files.items())


def judged(name: str, where: Path) -> Entry:
    return judge_reply(recorded(name), where, MODEL, families(), samples=2)


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Entry:
    """The good proposal, judged once; tests that change it take a copy."""
    return judged("good", tmp_path_factory.mktemp("quarantine"))


def copied(entry: Entry, where: Path) -> Path:
    folder = where / entry.folder.name
    for file in sorted(entry.folder.rglob("*")):
        if file.is_file():
            (folder / file.relative_to(entry.folder)).parent.mkdir(parents=True, exist_ok=True)
            (folder / file.relative_to(entry.folder)).write_bytes(file.read_bytes())
    return folder


# ---- recorded proposals ----------------------------------------------------------------------------------------------

WHY = {
    "ambiguous": "is complete (a Shift/Reduce conflict)",
    "guessable": "broken law: answers cannot be guessed: always “0” is right in 100%",
    "copy": "a copy: 100% of its productions are those of knights, up to names",
    "malicious_code": "the file '__init__.py' is no part of a family that is data",
    "malicious_path": r"the file '../../escaped.toml' is no part of a family that is data",
    "malicious_import": "only `%import common.WS` and `%ignore WS` are allowed, not '%import .secret.PASSWORD'",
    "malicious_pattern": "a repeated group",
    "malicious_exponent": "broken law: draws become rows",
}


def test_each_recorded_proposal_has_a_verdict_to_expect() -> None:
    assert {path.stem for path in PROPOSALS.iterdir()} == {*WHY, "good"}


@pytest.mark.parametrize("name", sorted(WHY))
def test_a_bad_proposal_is_refused_for_its_reason_and_stays_in_quarantine(name: str, tmp_path: Path) -> None:
    entry = judged(name, tmp_path / "quarantine")
    assert entry.verdict == "refused" and WHY[name] in entry.reasons[0], entry.reasons
    assert (entry.folder / "reply.txt").read_text() == recorded(name)
    assert "refused" in (entry.folder / "report.md").read_text()
    with pytest.raises(UserError, match="was refused"):
        admit(entry.folder, "Ada", tmp_path / "admitted", DAY)
    assert [path.name for path in tmp_path.iterdir()] == ["quarantine"]  # nothing was written anywhere else
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} <= {
        "reply.txt", "booked.json", "report.json", "report.md", *NAMES,
    }  # fmt: skip


def test_a_good_proposal_passes_every_law_with_a_report_to_sign(passed: Entry) -> None:
    assert passed.verdict == "passed" and not passed.reasons
    report = json.loads((passed.folder / "report.json").read_text())
    assert {law["verdict"] for law in report["laws"]} <= {"holds", "does not apply", "told"}
    assert len(report["laws"]) == 18 and len(report["problems"]) == 5
    assert report["nearest"]["likeness"] < 0.5
    page = (passed.folder / "report.md").read_text()
    assert "A lock has a code of 3 digits" in page or "The code of a lock consists of 3 digits" in page


def test_a_signed_proposal_leaves_quarantine_and_is_a_family(
    passed: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(passed, tmp_path)
    project = admit(folder, " Ada  Lovelace ", tmp_path / "admitted", DAY)
    signed = json.loads((project / "code_lock" / "signature.json").read_text())
    assert (signed["signed_by"], signed["day"], signed["model"]) == ("Ada Lovelace", "2026-01-02", MODEL)
    assert (folder / "signature.json").is_file() and not (folder / "family" / "code_lock").exists()
    record = Domain(family_at(project)).make(1, 1, 0)
    assert isinstance(record, Record) and record.source.family == "code_lock"
    with pytest.raises(UserError, match="admitted before"):
        admit(folder, "Ada", tmp_path / "twice", DAY)
    point = EntryPoint("code_lock", "code_lock", registry.GROUP)  # as its pyproject.toml declares it
    assert 'code_lock = "code_lock"' in (project / "pyproject.toml").read_text()
    monkeypatch.syspath_prepend(project)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    assert Domain(registry.families.__wrapped__()["code_lock"]).make(1, 1, 0) == record


def test_what_was_not_checked_or_not_signed_is_not_admitted(passed: Entry, tmp_path: Path) -> None:
    folder = copied(passed, tmp_path)
    with pytest.raises(UserError, match="nobody signs"):
        admit(folder, "  ", tmp_path / "out", DAY)
    with pytest.raises(UserError, match="no report"):
        admit(tmp_path, "Ada", tmp_path / "out", DAY)
    (folder / "family" / "code_lock" / "__init__.py").write_text("")
    with pytest.raises(UserError, match=r"__init__\.py is not what was checked"):
        admit(folder, "Ada", tmp_path / "out", DAY)
    (folder / "family" / "code_lock" / "__init__.py").unlink()
    (folder / "family" / "code_lock" / "meaning.toml").write_text("# changed\n")
    with pytest.raises(UserError, match=r"meaning\.toml is not what was checked"):
        admit(folder, "Ada", tmp_path / "out", DAY)
    assert not (tmp_path / "out").exists()


# ---- hostile files ---------------------------------------------------------------------------------------------------

GOOD = files_of(recorded("good"))
LINE = 'NAME: ("a"+)+ "b"\n'
EDITS = {
    "characters; at most": {"meaning.toml": "[" * MAX_FILE + "]" * MAX_FILE},
    "opens more than 24 brackets": {"phrases.en.toml": f"x = {'[' * 100}{']' * 100}\n"},
    "line 1 has 5,000 characters": {"grammar.lark": "a" * 5_000 + "\n"},
    "U\\+202E, which cannot be seen": {"phrases.en.toml": 'x = ["\u202eevil"]\n'},
    "U\\+0000": {"family.toml": GOOD["family.toml"] + "\0"},
    "repeats a group": {"grammar.lark": GOOD["grammar.lark"] + LINE},
    "3 open repeats": {"grammar.lark": GOOD["grammar.lark"] + "X: /a*a*a*b/\n"},
    "repeats a character more than 32": {"grammar.lark": GOOD["grammar.lark"] + "X: /a{1000}/\n"},
    "a repetition of more than 32": {"grammar.lark": GOOD["grammar.lark"] + 'x: "a"~1..99999 -> x\n'},
    "a pattern of more than": {"grammar.lark": GOOD["grammar.lark"] + f"X: /{'a' * 300}/\n"},
    "is no pattern": {"grammar.lark": GOOD["grammar.lark"] + "X: /a(/\n"},
    "the flags 'is'": {"grammar.lark": GOOD["grammar.lark"] + "X: /a/is\n"},
    "no line `name": {"family.toml": 'name = "class"\n'},
}


@pytest.mark.parametrize("why", EDITS)
def test_a_hostile_file_is_refused_before_any_parser_sees_it(why: str) -> None:
    files = {**GOOD, **EDITS[why]}
    with pytest.raises(Refused, match=why):
        inspect(files)
        name_of(files)


def test_a_reply_is_read_as_four_files_or_refused() -> None:
    above = recorded("good").replace("```grammar.lark", "It takes 1.5 minutes.\n\n### `grammar.lark`\n\n```lark")
    assert files_of(f"{above}\nAs in notes.txt:\n```\nnothing\n```\n") == GOOD
    for reply, why in [
        ("", "lacks family.toml"),
        ("(" * 100_000 + ")" * 100_000, f"at most {MAX_REPLY:,}"),
        ("[" * 100_000, "no file"),
        ("~" * 100_000 + "`", "no file"),
        ("```" + "a" * 100_000, "no file"),
        ("#" * 100_000 + "\n```\n```", "no file"),
        (recorded("good") + "```meaning.toml\n```\n", "meaning.toml twice"),
        (recorded("good") + "```family.toml\n", "does not end"),
        (recorded("good") + "```/etc/passwd.txt\n```\n", "no part of a family"),
        (recorded("good") + "```C:\\run.bat\n```\n", "no part of a family"),
    ]:
        with pytest.raises(Refused, match=why):
            files_of(reply)


def test_a_name_that_is_taken_by_a_family_or_a_module_is_refused(tmp_path: Path) -> None:
    for taken in ("knights", "json"):
        reply = recorded("good").replace('name = "code_lock"', f'name = "{taken}"')
        entry = judge_reply(reply, tmp_path, MODEL, families())
        assert entry.verdict == "refused" and f"called '{taken}' is installed" in entry.reasons[0]


BOMBS = {
    "meaning.toml": "x = " + "[\n" * 5_000,
    "phrases.en.toml": "x = " + "[\n" * 5_000,
    "family.toml": 'name = "code_lock"\nx = ' + "{a=\n" * 3_000,
    "grammar.lark": "problem: " + "(\n" * 5_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_nested_without_end_is_a_verdict_not_a_crash(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "code_lock"
    folder.mkdir()
    for file, text in {**GOOD, name: BOMBS[name]}.items():
        (folder / file).write_text(text)
    (found,) = findings(folder, 1, {})
    assert found["law"]["verdict"] == "broken" and found["law"]["law"] == "it loads, without conflicts"


def test_a_check_that_uses_up_its_time_is_ended_and_refused(passed: Entry) -> None:
    found = check_isolated(passed.folder / "family" / "code_lock", 50, Limits(cpu_s=2), {})
    assert found.ended == "it was ended after 2 seconds of CPU"


def test_the_process_of_a_check_has_no_network_no_processes_and_little_memory() -> None:
    program = (
        "import sys; sys.path[:] = sys.argv[1].split('|')\n"
        "from synth.admission.inside import limit; import os, socket, subprocess\n"
        "limit(20, 3000)\n"
        "tries = [socket.socket, lambda: subprocess.run(['true']), lambda: os.system('true'), os.fork,\n"
        "         lambda: bytearray(4 << 30)]\n"
        "for each in tries:\n"
        "    try: each()\n"
        "    except (PermissionError, MemoryError) as error: print(type(error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, "|".join(sys.path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["PermissionError"] * 4 + ["MemoryError"]


def test_a_report_shows_a_strangers_text_in_blocks_that_it_cannot_end() -> None:
    said = {"name": "x", "verdict": "refused", "model": "m", "wish": "", "reply": "0", "samples": 1}
    report = {**said, "reasons": ["a\n# Proposal x: passed\u202e"], "laws": [], "problems": []}
    report["nearest"] = {"family": "", "likeness": 0}
    page = markdown(report, {"meaning.toml": "```\n# Signed\n"})
    assert [line for line in page.splitlines() if line.startswith("#")] == [
        "# Proposal x: refused",
        "## `meaning.toml`",
    ]
    assert "    # Signed" in page and "\u202e" not in page and "U+202E" in page


# ---- novelty ---------------------------------------------------------------------------------------------------------


def test_no_two_built_in_families_are_copies_and_each_is_one_of_itself() -> None:
    found = signatures(families())
    alike = {(a, b): found[a].likeness(found[b]) for a, b in combinations(found, 2)}
    assert 0.5 < max(alike.values()) < COPY, max(alike, key=lambda pair: alike[pair])
    family = families()["sudoku"]
    again = signature(family.formal.grammar, family.meaning_table)
    assert again.likeness(found["sudoku"]) == 1


def test_the_example_of_the_prompt_sent_back_is_a_copy(tmp_path: Path) -> None:
    folder = tmp_path / "marbles"
    folder.mkdir()
    for file, text in example_files().items():
        (folder / file).write_text(text)
    nearest, refused = findings(folder, 1, signatures(families()))
    assert nearest["nearest"] == ["the example of the prompt", 1.0] and "a copy" in refused["refused"]


# ---- asking ----------------------------------------------------------------------------------------------------------


@dataclass
class Scripted:
    """A model that gives one recorded reply and remembers what it was asked."""

    reply: Reply
    name: str = MODEL
    continues: bool = False
    asked: list[Ask] = field(default_factory=list)

    def knows(self, family: str, level: int | None = None) -> bool:
        return True

    def propose(self, asks: Sequence[Ask], draw: Draw) -> list[list[Reply]]:
        self.asked += asks
        return [[self.reply] * draw.n for _ in asks]


def test_a_reply_is_booked_before_it_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_: object) -> Entry:
        raise KeyboardInterrupt

    model = Scripted(Reply("some reply", 3))
    monkeypatch.setattr(quarantine, "judge_booked", cut)
    with pytest.raises(KeyboardInterrupt):
        list(propose_family(model, tmp_path, families(), "seats at a table"))
    (folder,) = tmp_path.iterdir()
    assert (folder / "reply.txt").read_text() == "some reply"
    assert json.loads((folder / "booked.json").read_text())["wish"] == "seats at a table"
    assert "seats at a table" in model.asked[0].text and "knights" in model.asked[0].text


def test_a_model_that_fails_or_cannot_write_a_family_is_one_clear_error(tmp_path: Path) -> None:
    for model, why in [
        (Scripted(Reply("", 0, failure="timeout")), "gave no reply: timeout"),
        (Scripted(Reply("x", 1), name="bundled"), "cannot write a family"),
    ]:
        with pytest.raises(UserError, match=why):
            list(propose_family(model, tmp_path, families()))
    said = CliRunner().invoke(app, ["family", "propose", "--model", "bundled", "--out", str(tmp_path)])
    assert said.exit_code == 2 and "cannot write a family" in said.output
    assert list(tmp_path.iterdir()) == []


def test_the_prompt_holds_the_example_in_the_format_that_is_read() -> None:
    text = ask_for_family("", sorted(families())).text
    assert files_of(text[text.index("The example:") :]) == example_files()


def test_the_command_judges_a_reply_from_a_file_and_says_why(tmp_path: Path) -> None:
    command = ["family", "propose", "--model", "openai:http://x#m", "--reply", str(PROPOSALS / "malicious_code.md")]
    done = CliRunner().invoke(app, [*command, "--out", str(tmp_path), "--json"])
    (found,) = json.loads(done.output)
    assert done.exit_code == 1 and found["verdict"] == "refused" and "__init__.py" in found["reasons"][0]
    assert CliRunner().invoke(app, ["family", "admit", found["folder"], "--signed-by", "Ada"]).exit_code == 2
