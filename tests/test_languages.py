"""Languages are data: what can be asked in two is asked in both, reads back and scores, and no code knows of either."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synth.domain import Domain
from synth.export.export import export
from synth.family.registry import families
from synth.judge.judge import Setting
from synth.judge.row import row_of
from synth.recheck.rows import Package
from synth.records import Record
from synth.run import rounds
from synth.run.recipe import resolve

BOTH = ("en", "de")
TRANSLATED = [name for name in sorted(families()) if "de" in families()[name].languages]


def german(name: str, level: int, count: int) -> Iterator[Record]:
    for index in range(count):
        record = Domain(families()[name]).make(level, 3, index, Setting(languages=("de",)))
        assert isinstance(record, Record), record
        yield record


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("languages")
    recipe = {"rows": 12, "languages": list(BOTH), "families": {name: {"levels": [1]} for name in TRANSLATED}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))
        rounds.generate(resolve(recipe, "test", families()), folder / "run")
    export(folder / "run", folder / "dataset")
    return folder / "dataset"


def rows(dataset: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in dataset.glob("*.jsonl") for line in file.read_text("utf-8").splitlines()]


def test_a_recipe_of_two_languages_makes_rows_in_both_and_they_recheck_from_their_words(dataset: Path) -> None:
    assert len(TRANSLATED) >= 2
    assert {(row["family"], row["language"]) for row in rows(dataset)} == {
        (n, lang) for n in TRANSLATED for lang in BOTH
    }
    command = [sys.executable, "-I", str(dataset / "recheck.pyz"), *map(str, dataset.glob("*.jsonl"))]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("name", TRANSLATED)
def test_every_phrasing_of_a_production_reads_back(name: str) -> None:
    family = families()[name]
    for record in german(name, 3, 12):
        tree = family.formal.read(record.formal)
        for turn in range(4):
            text = family.language("de").render(tree, "problem", lambda count, turn=turn: turn % count)  # type: ignore[misc]
            assert family.language("de").read(text) == tree, text


@pytest.mark.parametrize("name", TRANSLATED)
def test_what_one_language_has_phrases_for_the_other_has_too(name: str) -> None:
    english, other = (set(families()[name].phrases(language)) - {"words"} for language in BOTH)
    assert english == other


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_german_row_has_no_english_around_it_and_a_changed_word_is_noticed(name: str) -> None:
    packed = {"v": 1, "prompt": {"system": "", "answer_in": "boxed"}, "families": {name: families()[name].pack(BOTH)}}
    package = Package(json.loads(json.dumps(packed)))
    for record in german(name, 2, 4):
        row = row_of(record)
        assert package.check(row) == ""
        text = record.prompt[-1]["content"] + record.completion[0]["content"]
        assert not re.search(r"\b(the|is|of|and|given|step|eliminate|solve|substitute|combine|read off)\b", text), text
        answer_format = row["answer_format"].replace("Schreibe", "Put")
        assert package.check({**row, "answer_format": answer_format}) != ""
        (message,) = row["completion"]
        completion = [{**message, "content": message["content"].replace("Angabe", "given", 1)}]
        assert package.check({**row, "completion": completion}) != ""
        assert package.check({**row, "language": "en"}) != ""
        assert Domain(families()[name]).score(record.completion[0]["content"], record).score == 1
        assert Domain(families()[name]).score(record.question, record).score == 0


def test_no_code_knows_a_language_but_the_usual_one() -> None:
    root = Path(__file__).parent.parent
    for folder in ("synth", "solvers", "grammars"):
        for file in (root / folder).rglob("*.py"):
            assert not re.search(r"""["']de["']|\bgerman|Deutsch""", file.read_text("utf-8"), re.IGNORECASE), file
