"""`synth family check` on families whole: one table, a mark for each law, and a raising hook that hides nothing."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from synth.cli.app import app
from synth.family import Family
from synth.family.registry import families
from synth.testing import LAWS, examine
from synth.testing.answers import _same
from synth.testing.levels import _grows

FEW = ("factorization", "gcd_bezout", "linear_system")


def check(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["family", "check", *map(str, arguments)], env={"COLUMNS": "120"})
    return done.exit_code, done.output


def test_the_check_passes_for_a_few_families_and_prints_one_row_for_each() -> None:
    code, said = check(*FEW, "--samples", 2, "--seed", 3, "-l", 1, "-l", 3)
    assert code == 0, said
    rows = [line for line in said.splitlines() if line.startswith("│")]
    assert [row.split()[1] for row in rows] == list(FEW)
    for row in rows:
        marks = row.split()[3]
        assert len(marks) == len(LAWS) and set(marks) <= set("✓–·"), row
    assert all(f"{number} " in said for number in range(1, len(LAWS) + 1))
    assert "all laws hold in 3 families" in said


def test_the_same_as_json_has_every_law_of_every_family() -> None:
    code, said = check("gcd_bezout", "factorization", "--samples", 1, "--levels", 1, "--json")
    found = json.loads(said)
    assert set(found) == {"gcd_bezout", "factorization"} and code == 0
    assert all(len(laws) == len(LAWS) for laws in found.values())
    said_of = {name: {law["law"]: law["figure"] for law in laws} for name, laws in found.items()}
    assert said_of["gcd_bezout"]["two solvers agree"] == "both confirm 1 of 1 entailments"
    assert said_of["factorization"]["two solvers agree"].startswith("1 entailments beyond both: unsupported")


def test_a_law_that_raises_is_broken_and_the_others_are_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    family: Family = families()["gcd_bezout"]

    def wrong(*_: object) -> float:
        raise ZeroDivisionError("of the author's")

    monkeypatch.setattr("synth.testing.levels.size", wrong)
    found = list(examine(family, 1, [1, 2]))
    (broken,) = [each for each in found if each.broken]
    assert len(found) == len(LAWS) and "ZeroDivisionError in wrong, test_check.py" in broken.broken[0].found


def test_answers_are_the_same_if_their_intervals_hold_the_same_root() -> None:
    square = ("poly", -2, 0, 1)

    def root(low: int, high: int) -> tuple[object, ...]:
        return ("root", square, low, high)

    assert _same(("values", root(0, 2), root(-2, 0)), ("values", root(-3, -1), root(1, 2)))
    assert not _same(("values", root(0, 2)), ("values", root(-2, 0)))
    assert not _same(("values", root(0, 2), 1), ("values", root(0, 2), 2))
    assert not _same(("values", 1, 1), ("values", 1, 2))


def test_levels_must_grow_but_few_rows_may_vary() -> None:
    assert _grows([[1, 2, 3, 2], [2, 3, 3, 4], [5, 5, 4, 6]])
    assert not _grows([[5, 6, 7, 8], [1, 1, 2, 2], [9, 9, 9, 9]])  # a fall that is no accident
    assert _grows([[1, 1, 1, 1], [20, 30, 37, 40], [18, 25, 35, 50]])  # one that may be
    rows = [[1.0] * 12, [37.0] * 7 + [20.0] * 5, [37.0] * 5 + [20.0] * 7]
    assert not _grows(rows)  # with twelve rows the medians themselves decide
    assert not _grows([[3, 3, 3, 3], [3, 3, 3, 3]])
