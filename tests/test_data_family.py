"""A family may be data alone: `family.toml` stands in the place of a class, and every mistake in it is told."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from synth.admission.ask import example_files
from synth.domain import Domain
from synth.family.backwards import Backwards
from synth.family.folder import family_at
from synth.family.registry import FamilyError, families
from synth.records import Record
from synth.testing import check_family

PARITY = {
    "family.toml": "\n".join(
        ['kind = "decide"', 'domain = "arithmetic"', 'summary = "whether two sums are equal"']
        + [f"[levels.{level}]\nproblem = [{2 * level + 5}]\nnumbers = {{ sum = [1, 5] }}" for level in (1, 2, 3, 4, 5)]
    ),
    "grammar.lark": """problem: "is" sum "=" sum "?"   -> problem
sum: INT ("+" INT)*             -> sum
solution: "yes"                 -> yes
    | "no"                      -> no
INT: /[0-9]+/
%import common.WS
%ignore WS
""",
    "meaning.toml": """"problem(one, other)" = "(problem (ask (decide (= one other) 'strong)))"
"sum(*numbers)" = "(+ *numbers 0)"
"yes()" = "'yes"
"no()" = "'no"
""",
    "phrases.en.toml": """problem = ["Is {one} equal to {other}?"]
sum = ["{numbers| + }"]
[answer]
hint = "Say yes or no."
""",
}


def written(where: Path, files: dict[str, str], *edits: tuple[str, str]) -> Path:
    folder = where / "marbles"
    folder.mkdir()
    for name, text in files.items():
        for old, new in edits if name == "family.toml" else ():
            assert old in text
            text = text.replace(old, new, 1)
        (folder / name).write_text(text)
    return folder


def test_the_template_as_data_keeps_the_contract(tmp_path: Path) -> None:
    family = family_at(written(tmp_path, example_files()))
    assert [str(each) for each in check_family(family, samples=3, levels=[1, 3])] == []


def test_a_whole_problem_is_drawn_and_a_verdict_chosen_first(tmp_path: Path) -> None:
    domain = Domain(family_at(written(tmp_path, PARITY)))
    made = [domain.make(level, 1, index) for level in (1, 4) for index in range(6)]
    assert all(isinstance(each, Record) for each in made)
    assert {each.formal_answer for each in made if isinstance(each, Record)} == {"yes", "no"}
    assert all(_holds(each.formal) == (each.formal_answer == "yes") for each in made if isinstance(each, Record))


def _holds(formal: str) -> bool:
    one, other = formal.removeprefix("is ").rstrip("? ").split("=")
    return sum(map(int, one.split("+"))) == sum(map(int, other.split("+")))


def test_the_settings_on_the_page_for_authors_are_those_of_its_worked_example(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "new-family.md").read_text("utf-8")
    settings = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[-1]
    head, _, level = settings.partition("[levels.1]")
    files = dict(re.findall(r"^## [^\n]*`([\w.]+)`\n.*?^```\w+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    del files["__init__.py"]
    files["family.toml"] = head + "".join(f"[levels.{number}]{level}" for number in (1, 2, 3, 4, 5))
    assert isinstance(Domain(family_at(written(tmp_path, files))).make(1, 1, 0), Record)


MISTAKES = [
    ("level 1: header: no text of the rule boxes has 8 tokens; possible: 7, 9", ("[9]", "[8]")),
    ("no production is called 'togethr'", ("together", "togethr")),
    ("clause = 'clues_' is no rule of grammar.lark", ('"clue"', '"clues_"')),
    ("there are five levels", ("[levels.5]", "[levels.6]")),
    ("level 1 lacks the sizes `clause", ("clause = [3, 5, 5]\n", "")),
    ("the range of more_by is empty", ("[1, 5]", "[5, 1]")),
    ("kind: Input should be 'find', 'all'", ('"find"', '"guess"')),
    ("which a compute family does not draw|lacks the sizes `problem", ('"find"', '"compute"')),
    ("levels.1.numbers.boxes", ("[6, 6]", "[6, 1e9]")),
    ("levels.1.header.0", ("[9]", "[1000000]")),
    ("names the rules of its `header`", ('header = "boxes"', "")),
    ("Extra inputs are not permitted", ("[levels.1]", '[levels.1]\nrun = "ls"')),
    ("the family is called 'other', and its folder 'marbles'", ('"marbles"', '"other"')),
    ("Invalid|Expected", ("[levels.1]", "[levels.1")),
]


@pytest.mark.parametrize(("why", "edit"), MISTAKES, ids=lambda each: each if isinstance(each, str) else "")
def test_a_mistake_in_the_settings_is_told_with_the_file(why: str, edit: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(FamilyError, match=f"marbles/family.toml: .*({why.replace('[', chr(92) + '[')})"):
        family_at(written(tmp_path, example_files(), edit))


def test_a_family_is_data_or_a_class_not_both(tmp_path: Path) -> None:
    folder = written(tmp_path, example_files())
    (folder / "__init__.py").write_text("raise SystemExit('executed')")
    with pytest.raises(FamilyError, match="has both"):
        family_at(folder)


@pytest.mark.parametrize("name", ["linear_system", "knights", "graph_coloring", "entailment"])
def test_an_answer_is_written_by_reading_the_templates_backwards(name: str) -> None:
    family = families()[name]
    backwards = Backwards(family.formal.grammar, family.meaning_table)
    for index in range(3):
        record = Domain(family).make(2, 3, index)
        assert isinstance(record, Record)
        reading = family.problem(record.formal)[1]
        answer = reading.answer(family.formal.read(record.formal_answer, "solution"))
        tree = backwards.tree("solution", answer)
        assert tree is not None
        assert reading.answer(family.formal.read(family.formal.render(tree, "solution"), "solution")) == answer


def test_what_no_template_gives_is_not_written() -> None:
    family = families()["linear_system"]
    backwards = Backwards(family.formal.grammar, family.meaning_table)
    assert backwards.tree("solution", ("model", ("=", "x", Fraction(-2, 3)))) == (
        "solution", ("binding", "x", ("negative", ("fraction", "2", "3"))),
    )  # fmt: skip
    for answer in (("values", 1), ("model", ("=", "x", ("+", 1, 2))), 7, "'yes"):
        assert backwards.tree("solution", answer) is None
