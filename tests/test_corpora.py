"""What lies in `corpora` is proved again by every run: golden rows must not drift, seed problems must be solvable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.recheck.rows import Package
from synth.records import Candidate, Record, Source, Step

FOLDER = Path(__file__).parent.parent / "corpora"
SETTING = Setting(system="Think, then answer.", answer_in="boxed")
NAMES = sorted(families())
PROVED_ANEW = ["problem", "id", "kind", "theory", "formal", "formal_answer", "claims", "steps"]


def lines(kind: str, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / kind / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", NAMES)
def test_golden_rows_re_check_and_prove_again_to_the_same_claims(name: str) -> None:
    family = families()[name]
    prompt = {"system": SETTING.system, "answer_in": SETTING.answer_in}
    package = Package({"v": 1, "prompt": prompt, "families": {name: family.pack(["en"])}})
    golden = lines("golden", name)
    assert len(golden) == 20 and {row["level"] for row in golden} == {1, 2, 3, 4, 5}
    for row in golden:
        assert package.check(row) == "", row["id"]
        origin = row["provenance"]
        source = Source(name, row["level"], origin["seed"], origin["index"])
        steps = tuple(Step(s["id"], s["formal"], tuple(s["parents"]), s["rule"]) for s in row["steps"])
        again = judge(family, Candidate(source, row["formal"], row["formal_answer"], steps), SETTING)
        assert isinstance(again, Record), (row["id"], again)
        same = row_of(again)
        same["id"] = row["id"] if same["question"] != row["question"] else same["id"]  # another phrasing, another id
        changed = [field for field in PROVED_ANEW if same[field] != row[field]]
        witnesses = any(claim["role"] == "consistent" for claim in row["claims"])  # any model will do
        assert changed == [] or (changed == ["claims"] and witnesses), (row["id"], changed)


@pytest.mark.parametrize("name", NAMES)
def test_seed_problems_are_read_solved_and_proved(name: str) -> None:
    family = families()[name]
    seeds = lines("seeds", name)
    assert len(seeds) >= 25
    keys = set()
    for i, seed in enumerate(seeds):
        assert seed["provenance"] == "authored" and seed["family"] == name
        tree = family.formal.read(seed["formal"])
        assert family.language("en").read(seed["question"]) == tree, seed["question"]
        source = Source(name, seed["level"], 0, i, kind="authored", proposer="corpora/seeds")
        candidate = solve(family, Candidate(source, seed["formal"]))
        assert isinstance(candidate, Candidate), (seed, candidate)
        record = judge(family, candidate, SETTING)
        assert isinstance(record, Record), (seed["formal"], record)
        keys.add(record.problem)
    assert len(keys) == len(seeds), "two seed problems are the same up to renaming"
