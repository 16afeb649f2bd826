"""Seeds are unrelated: two seeds share no more problems than two ranges of indices of one seed do."""

from __future__ import annotations

import os
import subprocess
import sys
from math import sqrt

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.records import Record

DRAWS = 120
Z = 2.576  # the 99 % point of the normal law


@pytest.mark.parametrize("name", sorted(families()))
def test_two_seeds_overlap_no_more_than_two_ranges_of_one(name: str) -> None:
    """Both overlaps count chance collisions of one distribution, so their difference is noise of about √(sum)."""
    domain = Domain(families()[name])

    def problems(level: int, seed: int, first: int) -> set[str]:
        made = [domain.make(level, seed, index) for index in range(first, first + DRAWS)]
        return {record.problem for record in made if isinstance(record, Record)}

    level = min(domain.family.levels)
    here, further, elsewhere = problems(level, 1, 0), problems(level, 1, DRAWS), problems(level, 2, 0)
    ranges, seeds = len(here & further), len(here & elsewhere)
    assert abs(ranges - seeds) <= Z * sqrt(ranges + seeds + 1), (ranges, seeds)
    neighbours = problems(level, 3, 1)
    assert len(neighbours & here) <= ranges + Z * sqrt(2 * ranges + 1), "a seed must not shift another's indices"


@pytest.mark.parametrize("name", sorted(families()))
def test_what_was_made_before_does_not_change_a_record(name: str) -> None:
    """A solver kept between problems would: batches must not depend on the worker that makes them."""
    domain = Domain(families()[name])
    sources = [(level, index) for level in (2, 5) for index in range(4)]
    forwards = [domain.make(level, 8, index) for level, index in sources]
    backwards = [domain.make(level, 8, index) for level, index in reversed(sources)]
    assert forwards == backwards[::-1]


DIGEST = """
import hashlib, json
from synth.domain import Domain
from synth.family.registry import families
from synth.judge.row import row_of
for name in families():
    records = [Domain(families()[name]).make(level, 8, index) for level in (1, 3, 5) for index in range(3)]
    rows = json.dumps([row_of(record) if hasattr(record, "problem") else str(record) for record in records])
    print(name, hashlib.sha256(rows.encode()).hexdigest())
"""


def test_rows_do_not_depend_on_the_hash_seed_of_the_process() -> None:
    def printed(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", DIGEST]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    first = printed("1")
    assert len(first.splitlines()) == len(families())
    assert printed("2") == first and printed("77") == first
