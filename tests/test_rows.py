"""A row is re-derived from its question: changing any one field is caught."""

from __future__ import annotations

import copy
import json
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting
from synth.judge.row import row_of
from synth.recheck.rows import Package
from synth.records import Record

SETTING = Setting(system="Think, then answer.", answer_in="boxed")
FIELDS = ["problem", "id", "level", "question", "formal", "theory", "claims", "formal_answer", "answer", "prompt",
          "completion", "steps", "certificates", "kind", "family", "answer_format", "language", "reading"]  # fmt: skip


def package(*names: str) -> Package:
    packs = {name: families()[name].pack(["en"]) for name in names}
    prompt = {"system": SETTING.system, "answer_in": SETTING.answer_in}
    return Package(json.loads(json.dumps({"v": 1, "prompt": prompt, "families": packs})))


def row(name: str, index: int, level: int = 2) -> dict[str, Any]:
    while True:
        record = Domain(families()[name]).make(level, 11, index, SETTING)
        if isinstance(record, Record):
            return row_of(record)
        index += 1000


@pytest.mark.parametrize("name", sorted(families()))
@pytest.mark.parametrize("field", FIELDS)
def test_a_field_taken_from_another_row_is_caught(name: str, field: str) -> None:
    checker = package(*families())
    mine = row(name, 0)
    assert checker.check(mine) == ""
    others = (row(name, index, 3) for index in range(1, 50))
    other = next(r for r in others if r["answer"] != mine["answer"] and r["formal"] != mine["formal"])
    elsewhere = next(n for n in families() if n != name)
    other_words = {"kind": "any", "family": elsewhere, "language": "formal", "reading": "agreed",
                   "answer_format": "Just answer."}  # fmt: skip
    changed = other_words.get(field, other[field])
    if changed == mine[field]:  # empty certificates are alike: leave one out instead
        assert field in ("certificates", "claims")
        changed = mine[field][:-1]
    tampered = mine | {field: changed}
    assert checker.check(tampered) != "", f"{field} may be changed unnoticed"


@pytest.mark.parametrize("name", sorted(families()))
def test_a_small_change_anywhere_is_caught_or_changes_nothing_that_is_claimed(name: str) -> None:
    """Change one character, number or item; what is still accepted must say the same."""
    checker = package(name)
    rng = Random(5)
    labels = {"features", "split", "pass_rate", "provenance", "reading"}
    for index in range(4):
        mine = row(name, index)
        for _ in range(60):
            field = rng.choice([field for field in mine if field not in labels])
            tampered = copy.deepcopy(mine)
            tampered[field] = tweaked(mine[field], rng)
            if tampered[field] == mine[field]:
                continue
            if checker.check(tampered) == "":
                assert same_meaning(field, tampered[field], mine[field]), (field, tampered[field], mine[field])


def same_meaning(field: str, new: Any, old: Any) -> bool:
    """Letter case and spacing of words may vary without changing what is said; certificates may be other proofs."""
    if field == "certificates":
        return True
    return json.dumps(new).lower().replace(" ", "") == json.dumps(old).lower().replace(" ", "")


def tweaked(value: Any, rng: Random) -> Any:
    if isinstance(value, str) and value:
        place = rng.randrange(len(value))
        return value[:place] + rng.choice("0123456789xyab ()-~") + value[place + rng.choice([0, 1]) :]
    if isinstance(value, dict):
        key = rng.choice(list(value))
        return value | {key: tweaked(value[key], rng)}
    if isinstance(value, list) and value:
        place = rng.randrange(len(value))
        if rng.random() < 0.3:
            return rng.choice([value[:-1], value + value[-1:], value[::-1]])
        return [tweaked(item, rng) if i == place else item for i, item in enumerate(value)]
    return value + 1 if isinstance(value, int) else value


@pytest.mark.parametrize(
    "hostile", [{}, {"family": []}, {"family": "knights"}, {"family": "knights", "language": "xx"}]
)
def test_checking_a_hostile_row_never_raises(hostile: dict[str, Any]) -> None:
    assert package("knights").check(hostile) != ""


def test_a_certificate_from_another_row_does_not_pass() -> None:
    checker = package("linear_system")
    rows = [row("linear_system", i, 4) for i in range(6)]
    for one, other in pairwise(rows):
        swapped = one | {"certificates": one["certificates"][:1] + other["certificates"][1:]}
        assert checker.check(swapped) != ""
