"""Rows for an export are chosen by exact quotas and by pairs of features; what cannot be met is said."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from random import Random

import numpy as np
import pytest

from benchmarks.select import at_random, entropies, shares, skewed_pool
from synth.errors import UserError
from synth.export.export import export
from synth.family.registry import families
from synth.graph.select import METHODS, choose, pair_matrix, select, weights
from synth.run import rounds
from synth.run.batch import make
from synth.run.corpus import files_of, rows_of
from synth.run.recipe import quotas, resolve
from synth.statistics.entropy import entropy_nats


def pool_of(size, seed=1, names="abcdefgh"):
    rng = Random(seed)
    zipf = [1 / (n + 1) for n in range(len(names))]
    return [("f", rng.choice((1, 2)), tuple(sorted(set(rng.choices(names, zipf, k=4))))) for _ in range(size)]


@pytest.mark.parametrize("method", METHODS)
def test_quotas_are_met_exactly_and_no_row_is_taken_twice(method):
    pool = pool_of(400)
    found = select(pool, {("f", 1): 61, ("f", 2): 17}, method=method)
    assert len(set(found.rows)) == len(found.rows) == 78
    assert sorted(pool[row][1] for row in found.rows) == [1] * 61 + [2] * 17
    assert not found.short and list(found.rows) == sorted(found.rows)


@pytest.mark.parametrize("method", METHODS)
def test_pairs_are_more_even_than_in_random_rows_of_the_same_quotas(method):
    pool = skewed_pool(16_000, seed=1)
    sizes = Counter(row[:2] for row in pool)
    wanted = shares(1600, sizes)
    found = select(pool, wanted, method=method)
    chance = [entropies(pool, at_random(pool, wanted, seed))[0] for seed in range(3)]
    assert entropies(pool, found.rows)[0] > 1.1 * max(chance)
    assert nats_of(pool, found.rows) == pytest.approx(found.nats_after)


def nats_of(pool, rows):
    """The entropy over cells, counted another way."""
    cells = {}
    for row in rows:
        family, level, features = pool[row]
        pairs = list(itertools.combinations(sorted(features), 2)) or [(features[0], features[0])]
        for pair in pairs:
            cells[family, level, pair] = cells.get((family, level, pair), 0) + 1 / len(pairs)
    found = np.array(list(cells.values()))
    return float(-(found / found.sum() * np.log(found / found.sum())).sum())


def test_a_small_choice_by_coverage_is_nearly_the_best_there_is():
    rows = [tuple(sorted(set(Random(n).choices("abcde", k=3)))) for n in range(14)]
    names, matrix = pair_matrix(rows)
    even = np.full(len(names), 1 / len(names))
    found = entropy_nats(weights(matrix, choose(matrix, 5, even)).tolist())
    best = max(entropy_nats(weights(matrix, some).tolist()) for some in itertools.combinations(range(len(rows)), 5))
    assert found > 0.95 * best


@pytest.mark.parametrize("method", METHODS)
def test_a_target_is_approached(method):
    pool = [("f", 1, pair) for pair in (("a", "b"), ("a", "c"), ("b", "c")) for _ in range(100)]
    target = {("a", "b"): 0.7, ("a", "c"): 0.2, ("b", "c"): 0.1}
    found = select(pool, {("f", 1): 100}, method=method, targets={("f", 1): target})
    counts = {pair: sum(pool[row][2] == pair for row in found.rows) for pair in target}
    assert all(abs(counts[pair] - 100 * share) <= 3 for pair, share in target.items()), counts


def test_what_the_pool_is_too_small_for_is_named_and_nothing_takes_its_place():
    pool = [("f", 1, ("a", "b"))] * 5 + [("f", 2, ("a", "b"))] * 50
    target = {("a", "b"): 0.5, ("b", "x"): 0.5}
    found = select(pool, {("f", 1): 9, ("f", 2): 9, ("g", 1): 2}, targets={("f", 2): target})
    assert found.short == (("f", 1, 9, 5), ("g", 1, 2, 0))
    assert len(found.rows) == 14 and found.wanted == 20
    assert (found.thin[0].pair, found.thin[0].taken, found.thin[0].pool, found.lacking) == (("b", "x"), 0, 0, 2)
    assert json.loads(json.dumps(found.as_json()))["short"][0] == {"family": "f", "level": 1, "wanted": 9, "pool": 5}


def test_rows_without_features_and_single_features_are_rows_too():
    pool = [("f", 1, ()), ("f", 1, ("a",)), ("f", 1, ("a", "b"))]
    for method in METHODS:
        assert select(pool, {("f", 1): 3}, method=method).rows == (0, 1, 2)
        assert len(select(pool, {("f", 1): 2}, method=method).rows) == 2
        assert select([], {("f", 1): 2}, method=method).short == (("f", 1, 2, 0),)
        assert select([("f", 1, ())] * 9, {("f", 1): 4}, method=method).nats_after == 0


def test_a_choice_depends_on_the_pool_alone():
    pool = pool_of(300)
    for method in METHODS:
        assert select(pool, {("f", 1): 40}, method=method) == select(list(pool), {("f", 1): 40}, method=method)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("select") / "run"
    data = {"rows": 60, "families": {"linear_system": {"levels": [1, 2]}, "knights": {"levels": [1]}}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))
        rounds.generate(resolve(data, "test", families()), folder, make=make)
    return folder


@pytest.mark.parametrize("method", METHODS)
def test_an_export_holds_what_was_chosen_and_says_how(run, tmp_path, method):
    found = export(run, tmp_path / "data", rows=20, select=method)
    rows = [row for file in files_of(tmp_path / "data") for row in rows_of(file)]
    recipe = resolve(
        {"rows": 20, "families": {"linear_system": {"levels": [1, 2]}, "knights": {"levels": [1]}}}, "test", families()
    )
    counts = {key: sum((row["family"], row["level"]) == key for row in rows) for key in quotas(recipe)}
    assert counts == quotas(recipe) and found["rows"] == len({row["id"] for row in rows}) == 20
    card = (tmp_path / "data" / "README.md").read_text()
    after = found["selection"]["entropy_nats"]["after"]
    assert f"20 of 60 rows, by {method}" in card and f"{after:.3f} nats in the chosen ones" in card
    assert found["selection"]["thin"][0]["pair"][0] in card
    again = export(run, tmp_path / "again", rows=20, select=method)
    assert again["selection"] == found["selection"]
    for name in ("train.jsonl", "test.jsonl", "README.md"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "data" / name).read_bytes()


def test_more_rows_than_there_are_is_a_shortfall_on_the_card(run, tmp_path):
    found = export(run, tmp_path / "data", rows=90)
    assert found["rows"] == 60
    assert sum(cell["wanted"] - cell["pool"] for cell in found["selection"]["short"]) == 30
    assert "| knights | 1 | 45 | 30 |" in (tmp_path / "data" / "README.md").read_text()


def test_an_unknown_way_or_no_rows_is_one_clear_message(run, tmp_path):
    with pytest.raises(UserError, match=r"no way to select 'rakng'; did you mean 'raking'\?"):
        export(run, tmp_path / "data", rows=5, select="rakng")
    with pytest.raises(UserError, match="--rows must be at least 1, not 0"):
        export(run, tmp_path / "data", rows=0)
    assert not list(tmp_path.iterdir())
