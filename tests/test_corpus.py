"""A corpus of all families, looked at by tools that share no code with it: no duplicates, no leak; and these tools."""

from __future__ import annotations

import json
from collections import Counter
from itertools import permutations
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest

import benchmarks
from benchmarks.__main__ import BENCHMARKS
from benchmarks.alike import (
    Reading,
    alike,
    blind,
    compare,
    formal_reading,
    keywords,
    least,
    scrambled_theory,
    theory_reading,
)
from benchmarks.corpus import audited, check, make, read
from benchmarks.figure import figure
from benchmarks.measure import Options
from synth.family.registry import families

ROWS = 110


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    place = tmp_path_factory.mktemp("corpus") / "run"
    make(Options(families(), corpus_rows=ROWS), place)
    return place


@pytest.fixture(scope="module")
def facts(corpus):
    total = Counter()
    for name, rows in read(corpus).items():
        total.update(check(name, rows, 1).facts)
    return total


def test_a_corpus_of_all_families_has_no_two_rows_alike(facts):
    assert facts["rows"] == ROWS
    assert not any(facts[f"equal_{what}"] for what in ("keys", "texts", "questions"))
    assert not any(facts[f"alike_{how}"] for how in ("formal", "theory", "as_lists"))
    assert facts["unsure"] == 0


def test_copies_among_the_rows_are_found_and_rows_with_another_number_are_not(facts):
    assert facts["found"] == facts["planted"] == 2 * ROWS
    assert facts["key_kept"] == facts["scrambled"] == ROWS
    assert facts["near_misses"] > 0.8 * ROWS  # the others have no number to change
    assert facts["called_alike"] == facts["key_equal"] == 0


def test_the_split_of_the_corpus_does_not_leak(corpus):
    found = audited(corpus)
    assert sum(found["rows"].values()) == ROWS
    assert found["ok"]


def test_every_benchmark_can_be_run_by_its_name_and_is_explained():
    folder = Path(benchmarks.__file__).parent
    readme = (folder / "README.md").read_text(encoding="utf-8")
    for name in BENCHMARKS:
        assert "\ndef measure(options: Options) -> Iterator[Table]:" in (folder / f"{name}.py").read_text("utf-8")
        assert f"| `{name}.py` |" in readme


def test_the_figure_of_the_docs_is_drawn_from_the_stored_results():
    folder = Path(benchmarks.__file__).parent
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    drawn = figure(results)
    assert (folder.parent / "docs" / "coverage.svg").read_text(encoding="utf-8") == drawn
    assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"


# ---- the tools -------------------------------------------------------------------------------------------------------


def graph(edges, nodes):
    """The theory of the 3-colourings of a graph."""
    declared = " ".join(f"(declare v{i} (range 1 3))" for i in range(nodes))
    clauses = " ".join(f"(clause (distinct v{i} v{j}))" for i, j in edges)
    return f"(theory {declared} {clauses} (ask (count)))"


RING = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0)]
TRIANGLES = [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)]


def test_the_search_tells_regular_graphs_apart_that_refinement_does_not():
    ring, triangles = (theory_reading(graph(edges, 6)) for edges in (RING, TRIANGLES))
    assert blind(ring) == blind(triangles)
    assert alike(ring, triangles) is False
    assert least(ring) != least(triangles)
    assert alike(ring, theory_reading(scrambled_theory(graph(RING, 6), Random(1)))) is True


def test_the_search_agrees_with_trying_every_renaming():
    rng = Random(2)
    texts = [graph([(i, j) for i in range(5) for j in range(i) if rng.random() < 0.5], 5) for _ in range(40)]
    readings = [theory_reading(text) for text in texts]
    for one in readings:
        for other in readings:
            assert alike(one, other) is (least(one) == least(other))


def test_large_readings_are_compared_too():
    edges = [(i, (i + step) % 9) for i in range(9) for step in (1, 3)]
    text = graph(edges, 9)
    other = graph([*edges[:-1], (0, 4)], 9)
    found = compare(theory_reading(each) for each in (text, other, scrambled_theory(text, Random(3))))
    assert (found.groups, found.unsure) == (((0, 2),), 0)
    assert found.searched > 0


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("(clause (< a b))", "(clause (> b a))", True),
        ("(clause (< a b)) (clause (= a 1))", "(clause (< a b)) (clause (= b 1))", False),
        ("(clause (=> a b)) (clause a)", "(clause (=> b a)) (clause b)", True),
        ("(clause (=> a b)) (clause a)", "(clause (=> a b)) (clause b)", False),
        ("(clause (= a 1)) (clause (= a 1)) (clause (= b 2))", "(clause (= b 2)) (clause (= 1 a))", True),
        ("(clause (= a 'red)) (clause (= b 'tea))", "(clause (= a 'tea)) (clause (= b 'red))", True),
        ("(clause (= a 'red)) (clause (= b 'red))", "(clause (= a 'tea)) (clause (= b 'red))", False),
    ],
)
def test_theories_are_alike_up_to_names_and_order(one, other, expected):
    texts = [f"(theory (declare a Int) (declare b Int) {text} (ask (find a b)))" for text in (one, other)]
    assert alike(*map(theory_reading, texts)) is expected


def test_formal_texts_are_alike_up_to_names_and_the_order_of_clauses():
    known = keywords('problem: "people" names ":" claims\nclaim: NAME "says" NAME "lies"\nNAME: "Ann" | "Bob"\n')
    assert known == {"people", "says", "lies"}
    texts = [
        "people Ann, Bob: Ann says Bob lies; Bob says Bob lies",
        "people Bob, Ann: Ann says Ann lies; Bob says Ann lies",
        "people Ann, Bob: Ann says Bob lies; Ann says Ann lies",
    ]
    readings = [formal_reading(text, known) for text in texts]
    assert [[alike(one, other) for other in readings] for one in readings] == [
        [True, True, False],
        [True, True, False],
        [False, False, True],
    ]


def test_a_reading_without_names_is_like_itself_only():
    one, other = Reading(("a", "b"), ()), Reading(("a", "c"), ())
    assert compare([one, other, one]).groups == ((0, 2),)
    assert len(list(permutations(one.names))) == one.renamings
