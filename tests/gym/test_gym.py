"""Fresh questions of reasoning-gym, judged by our provers and by brute force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gym_oracles import ORACLES
from typer.testing import CliRunner

from synth.audit.gym import questions
from synth.audit.registry import readers_for
from synth.audit.report import interval
from synth.audit.verdicts import audited
from synth.cli.app import app
from synth_kernel.recheck import recheck


@pytest.mark.parametrize("kind", sorted(ORACLES))
def test_fresh_questions_are_all_read_and_judged_as_brute_force_judges_them(kind: str) -> None:
    for index, row in questions(kind, 8, 90_000):
        verdict, data = audited(row, readers_for(kind)), json.loads(json.dumps(dict(row.metadata), default=str))
        assert verdict.verdict == ORACLES[kind](data, row.answer), (index, verdict.why)
        assert all(recheck(each.theory, each.claim, each.certificate) for each in verdict.evidence)


def test_a_share_of_the_syllogisms_is_wrong_as_was_found_by_hand() -> None:
    """637 of 5,000 were, in another sample by another checker; the intervals of both have to meet."""
    found = [audited(row, readers_for("syllogism")).verdict for _, row in questions("syllogism", 150, 70_000)]
    for verdict, before in (("wrong", 637), ("depends_on_convention", 873)):
        (low, high), (earlier_low, earlier_high) = interval(found.count(verdict), len(found)), interval(before, 5000)
        assert low <= earlier_high and earlier_low <= high, (verdict, found.count(verdict))


def audit(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["audit", *map(str, arguments)])


def test_polynomials_of_the_fifth_degree_lose_roots() -> None:
    settings = "min_degree=5&max_degree=5"
    done = audit(
        f"reasoning-gym:polynomial_equations?{settings}", "-n", 25, "--seed", 1, "--fail-on", "wrong", "--json"
    )
    assert done.exit_code == 1, done.output
    assert json.loads(done.output)["as"] == "polynomial_equations"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("reasoning-gym:sylogism", "reasoning-gym has no dataset 'sylogism'; did you mean 'syllogism'?"),
        ("reasoning-gym:gcd?max_value=0", "reasoning-gym does not make gcd?max_value=0: max_value must be > min_value"),
        ("reasoning-gym:gcd?most=3", "give settings that gcd has"),
    ],
)
def test_what_it_does_not_make_gets_one_message(source: str, message: str) -> None:
    done = audit(source, "--as", "gcd")
    assert done.exit_code == 2
    assert message in done.output
    assert done.output.count("\n") == 1


def test_a_folder_in_the_form_of_the_hub_is_read_with_its_splits(tmp_path: Path) -> None:
    for split, rows in (("train", 3), ("test", 2)):
        text = "\n".join(
            json.dumps({"question": row.question, "answer": row.answer}) for _, row in questions("gcd", rows, 5)
        )
        (tmp_path / f"{split}.jsonl").write_text(text)
    for options, rows in (([], 3), (["--split", "test"], 2), (["-n", 1], 1)):
        done = audit(tmp_path, "--as", "gcd", "--json", *options)
        assert done.exit_code == 0, done.output
        assert json.loads(done.output)["verdicts"]["right"]["rows"] == rows
    done = audit(tmp_path, "--as", "gcd", "--split", "dev")
    assert done.exit_code == 2
    assert done.output.startswith(f"synth: cannot read the dataset {tmp_path}")
    assert audit("no/such/place", "--as", "gcd").output.startswith("synth: no/such/place is no file and no dataset")


def test_a_hub_that_does_not_answer_gets_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    def dead(*arguments: object, **options: object) -> None:
        raise ConnectionError("connection refused")

    monkeypatch.setattr(datasets, "load_dataset", dead)
    done = audit("someone/something", "--as", "gcd")
    assert done.exit_code == 2
    assert done.output == "synth: cannot read the dataset someone/something: ConnectionError: connection refused\n"
