"""Seeds are unrelated: two seeds share no more problems than two ranges of indices of one seed do."""

from __future__ import annotations

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
