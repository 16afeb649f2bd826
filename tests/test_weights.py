"""The bundled proposer as files: found, and known, without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from synth.errors import UserError
from synth.family.registry import families
from synth.propose.weights import bundled_folder, facts, known_families, known_levels, worth


def test_the_folder_holds_weights_tokenizer_and_card() -> None:
    there = {path.name for path in bundled_folder().iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "lessons.json", "exam.json", "README.md"} <= there


def test_what_it_knows_are_levels_of_installed_families() -> None:
    assert known_families() == set(known_levels())
    for name, levels in known_levels().items():
        assert set(levels) <= set(families()[name].levels)


def test_what_it_knows_was_taught() -> None:
    stages = facts(bundled_folder(), "lessons.json")["recipe"]["stages"]
    for name, levels in known_levels().items():
        assert {str(level) for level in levels} <= {level for stage in stages for level in stage["mix"].get(name, ())}


def test_a_level_is_known_where_eight_tries_solve_a_tenth() -> None:
    rows = [("a", 1, 0.1), ("a", 2, 0.09), ("b", 1, 0.0), ("c", 3, 1.0)]
    exam = {"solve": [{"family": name, "level": level, "pass_at": {"8": share}} for name, level, share in rows]}
    assert worth(exam) == {"a": (1,), "c": (3,)}


def test_asking_what_it_knows_imports_no_torch() -> None:
    code = (
        "import sys; from synth.propose.weights import known_families; assert known_families(); "
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("content", [None, "", "[1]", "{", "\ud800".encode("utf-8", "surrogatepass")])
def test_an_unreadable_file_is_a_mistake_that_names_it(tmp_path: Path, content: str | bytes | None) -> None:
    if content is not None:
        (tmp_path / "exam.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=r"exam\.json"):
        facts(tmp_path, "exam.json")
