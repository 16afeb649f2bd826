"""The documentation runs, and its tables list exactly what the code has."""

from __future__ import annotations

import doctest
import json
import re
import runpy
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import propose
from synth.recheck.rows import Package
from synth.records import Candidate, Record, Source
from synth.run.schema import ROW
from synth_kernel.claims import ASKS, Theory
from synth_kernel.kinds import ROLES
from synth_kernel.meaning import FORMS, PARTS, SORTS, Meaning, Reading
from synth_kernel.recheck import BODIES
from synth_kernel.terms import OPERATORS, read, write

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [path for path in [ROOT / "README.md", *sorted(DOCS.glob("*.md"))] if path.is_file()]
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for found in _FENCE.finditer(text):
        yield Block(page, text.count("\n", 0, found.start()) + 1, found[1], found[2])


def rows(page: str, heading: str) -> list[list[str]]:
    """The body of the first table under a heading: its cells, marks of code removed from those that are all code."""
    text = (DOCS / page).read_text("utf-8")
    section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"{page} has no section {heading!r}"
    lines = [line for line in section[1].splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [[cell[1:-1] if re.fullmatch(r"`[^`]+`", cell) else cell for cell in row] for row in cells[2:]]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell if "`" in cell else f"`{cell}`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_python_block_of_a_page_runs_in_order(page: Path) -> None:
    names: dict[str, Any] = {"__name__": "documentation"}
    runner = doctest.DocTestRunner(verbose=False)
    said: list[str] = []
    for block in blocks(page):
        if block.language != "python":
            continue
        if ">>>" in block.text:
            test = doctest.DocTestParser().get_doctest(block.text, names, str(block), str(page), block.line)
            runner.run(test, out=said.append, clear_globs=False)
            names.update(test.globs)
        else:
            exec(compile(block.text, str(block), "exec"), names)
    assert not runner.failures, "".join(said)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_json_block_is_json_and_every_term_is_a_term(page: Path) -> None:
    for block in blocks(page):
        if block.language == "json":
            value = json.loads(block.text)
            if isinstance(value, dict) and "body" in value:
                assert value["body"] in {body for _, body in BODIES}, block
                assert value["v"] == 1, block
        elif block.language == "text" and block.text.startswith("(theory"):
            Theory.read(block.text)
        elif block.language == "text" and block.text.startswith("("):
            for line in block.text.splitlines():
                term = read(line)
                assert read(write(term)) == term, f"{block}: {line}"


def shown(value: Any) -> str:
    return f"[{', '.join(map(shown, value))}]" if isinstance(value, list) else write(value)


def test_the_table_of_forms_lists_the_forms_and_each_example_has_the_value_it_says() -> None:
    table = rows("meaning.md", "Forms")
    assert [row[0] for row in table] == list(FORMS)
    for form, _, example, value in table:
        assert f"({form} " in example
        assert shown(Reading(Meaning({"example()": example}), {}).value(("example",))) == value, example


def test_the_page_on_meaning_names_every_part_sort_and_kind() -> None:
    section = (DOCS / "meaning.md").read_text("utf-8").partition("### What a name means")[2].partition("```")[0]
    assert {*PARTS, *ASKS, *SORTS} <= set(code(section.replace("\n", " ")))


def test_the_table_of_operators_lists_the_operators() -> None:
    listed = [name for row in rows("certificates.md", "Operators") for name in code(row[0])]
    assert sorted(listed) == sorted(OPERATORS)


def test_the_table_of_bodies_lists_the_bodies_and_each_has_a_section() -> None:
    table = rows("certificates.md", "Bodies")
    assert [(form, body) for form, body, *_ in table] == list(BODIES)
    text = (DOCS / "certificates.md").read_text("utf-8")
    for form, body in BODIES:
        assert f"### `{body}` of `{form}`\n" in text


def test_the_table_of_kinds_lists_the_roles_of_each() -> None:
    table = rows("certificates.md", "Kinds and required roles")
    assert {kind: tuple(dict.fromkeys(code(roles))) for kind, roles, *_ in table} == dict(ROLES)


def test_the_table_of_bounds_has_the_numbers_of_the_code() -> None:
    for name, value, *_ in rows("certificates.md", "Bounds"):
        module, constant = name.split(".")
        package = "synth.recheck" if module in ("canonical", "rows", "main") else "synth_kernel"
        actual = getattr(import_module(f"{package}.{module}"), constant)
        assert actual == int(value.replace(",", "")), name


def test_the_table_of_columns_lists_the_columns_of_a_row() -> None:
    assert [row[0] for row in rows("design.md", "A row")] == ROW.names


def test_the_table_of_fields_says_which_changes_are_caught() -> None:
    family = families()["knights"]
    candidate = propose(family, Source("knights", 1, 7, 0))
    assert isinstance(candidate, Candidate)
    record = judge(family, candidate, Setting())
    assert isinstance(record, Record)
    row = row_of(record)
    packed = {"v": 1, "prompt": {"system": "", "answer_in": "boxed"}, "families": {"knights": family.pack(["en"])}}
    package = Package(packed)
    assert package.check(row) == ""
    table = [(field, how) for fields, how in rows("certificates.md", "How `recheck.pyz` checks a row")
             for field in code(fields)]  # fmt: skip
    assert sorted(field for field, _ in table) == sorted(ROW.names)
    for field, how in table:
        value = row[field]
        other: Any = value + 1 if isinstance(value, int) else value[:-1] if isinstance(value, str | list) else {}
        assert bool(package.check({**row, field: other})) is (how != "not checked"), field


def test_a_link_between_pages_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]*)#?[^)]*\)", page.read_text("utf-8")):
            if target and "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_documentation_of_commands_names_only_commands_that_exist() -> None:
    from synth.cli.app import app

    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    names |= {str(group.name) for group in app.registered_groups}
    for page in PAGES:
        for block in blocks(page):
            if block.language in ("bash", "sh", "console"):
                for name in re.findall(r"^\$? ?synth ([a-z]+)", block.text, re.MULTILINE):
                    assert name in names, f"{block}: synth {name}"


def test_these_tests_see_a_python_block() -> None:
    assert sys.version_info >= (3, 11)
    assert any(block.language == "python" for page in PAGES for block in blocks(page))


def test_the_readme_shows_the_row_and_the_families_that_there_are() -> None:
    made = runpy.run_path(str(Path(__file__).with_name("readme.py")))
    for page in made["PAGES"]:
        text = page.read_text(encoding="utf-8")
        assert text == made["written"](text), f"{page.name} is not up to date: run `python tests/readme.py`"
