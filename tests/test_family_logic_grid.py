"""logic_grid against a reading of its texts of our own: every arrangement is tried, category by category."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import permutations

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source
from synth.testing import check_family

FAMILY = families()["logic_grid"]
Homes = dict[str, int]


def between(a: int, b: int, c: int) -> bool:
    return len({a, b, c}) == 3 and sorted((a, b, c))[1] == a


def apart(a: int, b: int) -> int:
    """How many houses lie between two; -1 for the same house."""
    return abs(a - b) - 1


# notation of a clue (X is a thing, N a number) -> whether it holds, given the homes of all things and its own parts
CLUES: list[tuple[str, Callable[..., bool]]] = [
    ("X is not X", lambda h, a, b: h[a] != h[b]),
    ("X is X", lambda h, a, b: h[a] == h[b]),
    ("X either X or X", lambda h, a, b, c: (h[a] == h[b]) + (h[a] == h[c]) == 1),
    ("X at an end", lambda h, a: h[a] in (1, max(h.values()))),
    ("X at N or N", lambda h, a, n, m: str(h[a]) in (n, m)),
    ("X at N", lambda h, a, n: str(h[a]) == n),
    ("X not at N", lambda h, a, n: str(h[a]) != n),
    ("X just left of X", lambda h, a, b: h[b] - h[a] == 1),
    ("X left of X", lambda h, a, b: h[a] < h[b]),
    ("X not next to X", lambda h, a, b: apart(h[a], h[b]) > 0),
    ("X next to X", lambda h, a, b: apart(h[a], h[b]) == 0),
    ("X between X and X", lambda h, a, b, c: between(h[a], h[b], h[c])),
    ("N between X and X", lambda h, n, a, b: apart(h[a], h[b]) == int(n)),
]
PATTERNS = [(re.compile(text.replace("X", "([A-Za-z]+)").replace("N", r"(\d)")), test) for text, test in CLUES]


def read(formal: str) -> tuple[int, list[list[str]], list[tuple[list[str], Callable[[Homes], bool]]]]:
    """Read a text: houses, categories, and for each clue the words in it and its test."""
    found = re.fullmatch(r"houses (\d): (.*) where (.*)", formal)
    assert found is not None
    clues: list[tuple[list[str], Callable[[Homes], bool]]] = []
    for text in found[3].split("; "):
        (match, test), *others = [(m, test) for pattern, test in PATTERNS if (m := pattern.fullmatch(text))]
        assert not others
        parts = match.groups()
        clues.append(([part for part in parts if not part.isdigit()], partial(_holds, test, parts)))
    return int(found[1]), [group.split(", ") for group in found[2].split("; ")], clues


def _holds(test: Callable[..., bool], parts: tuple[str, ...], homes: Homes) -> bool:
    return test(homes, *parts)


def arrangements(formal: str) -> Iterator[Homes]:
    """Yield every arrangement that satisfies the clues, testing each clue as soon as all its things have homes."""
    houses, groups, clues = read(formal)
    placed: set[str] = set()
    ready = []
    for group in groups:
        assert len(group) == houses
        ready.append(
            [test for words, test in clues if not placed.issuperset(words) and placed.union(group).issuperset(words)]
        )
        placed.update(group)

    def extend(homes: Homes, level: int) -> Iterator[Homes]:
        if level == len(groups):
            yield homes
            return
        for order in permutations(range(1, houses + 1)):
            more = {**homes, **dict(zip(groups[level], order, strict=True))}
            if all(test(more) for test in ready[level]):
                yield from extend(more, level + 1)

    return extend({}, 0)


def records(level: int, count: int) -> list[Record]:
    made = [Domain(FAMILY).make(level, 5, index) for index in range(count)]
    return [record for record in made if isinstance(record, Record)]


@pytest.mark.parametrize(("level", "count"), [(1, 40), (2, 40), (3, 20), (4, 4), (5, 1)])
def test_one_arrangement_fits_and_it_is_the_answer(level: int, count: int) -> None:
    for record in records(level, count):
        (homes,) = arrangements(record.formal)
        stated = {}
        for house in record.answer.split("; "):
            match = re.fullmatch(r"[Hh]ouse (\d): (.*)", house)
            assert match is not None
            stated.update(dict.fromkeys(match[2].split(", "), int(match[1])))
        assert stated == homes, record.formal


def test_no_word_is_used_in_two_categories() -> None:
    from synth_grammars.logic_grid import CATEGORIES

    words = [word for group in CATEGORIES.values() for word in group]
    assert len(words) == len(set(words))
    assert not any(one != other and other.startswith(one) for one in words for other in words)


@pytest.mark.parametrize(
    ("clues", "answer"),
    [
        ("Ann left of Bob; Bob left of Cid; Ann is red; Bob is blue", "Ann, red; Bob, blue; Cid, grey"),
        (
            "Ann just left of Bob; Cid at 1; red at an end; grey at an end; red left of grey",
            "Cid, red; Ann, blue; Bob, grey",
        ),
        (
            "Ann between Bob and Cid; Cid not at 1; Bob either red or blue; Ann is blue",
            "Bob, red; Ann, blue; Cid, grey",
        ),
        ("Ann not next to Bob; Bob at 3; Cid is not red; Ann is not red; blue next to red; grey at 2", None),
        ("Ann at 1; Bob at 2; 1 between red and grey; red at 1 or 2", "Ann, red; Bob, blue; Cid, grey"),
        ("Ann at 1; Bob at 2; red not at 3; red not next to grey", "Ann, red; Bob, blue; Cid, grey"),
        ("Ann at 1; Bob at 2", None),  # two arrangements
    ],
)
def test_a_clue_means_what_it_says(clues: str, answer: str | None) -> None:
    formal = f"houses 3: Ann, Bob, Cid; red, blue, grey where {clues}"
    candidate = solve(FAMILY, Candidate(Source("logic_grid", 1, 0, 0), formal))
    result = judge(FAMILY, candidate, Setting()) if isinstance(candidate, Candidate) else candidate
    if answer is None:
        assert isinstance(result, Rejection)
        return
    assert isinstance(result, Record), result
    assert re.sub(r"[Hh]ouse \d: ", "", result.answer) == answer


def test_a_category_without_a_thing_for_every_house_has_no_solution() -> None:
    formal = "houses 3: Ann, Bob, Cid; red, blue where Ann at 1; Bob at 2; red at 1; blue at 2"
    assert isinstance(solve(FAMILY, Candidate(Source("logic_grid", 1, 0, 0), formal)), Rejection)


def test_level_5_is_five_by_five() -> None:
    for record in records(5, 10):
        houses, groups, _ = read(record.formal)
        assert (houses, len(groups)) == (5, 5)


def test_the_family_keeps_the_laws() -> None:
    assert [str(broken) for broken in check_family(FAMILY, samples=20)] == []
