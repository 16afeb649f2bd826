"""Near-duplicates: planted ones are found, scores are exact, and nobody is drowned in a template or a chain."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from synth.graph import neardup
from synth.graph.neardup import NearDuplicates, Sketch, jaccard, near_duplicates

WORDS = [f"w{number}" for number in range(5_000)]


def text(rng: random.Random, length: int = 40) -> list[str]:
    return rng.choices(WORDS, k=length)


def is_a_cover(found: NearDuplicates) -> bool:
    """Every text leads itself or has a verified edge to its leader, and no edge joins two leaders."""
    edges = {(source, target) for source, target, _ in found.edges()}
    leaders = found.leaders.tolist()
    led = all(
        leader == place or (min(place, leader), max(place, leader)) in edges for place, leader in enumerate(leaders)
    )
    heads = {place for place, leader in enumerate(leaders) if place == leader}
    return led and set(leaders) <= heads and not any(source in heads and target in heads for source, target in edges)


def test_planted_near_duplicates_are_found_with_their_exact_scores() -> None:
    rng = random.Random(1)
    originals = [text(rng) for _ in range(600)]
    texts, planted = [" ".join(words) for words in originals], []
    for number in range(0, 600, 3):
        words = originals[number][:]
        if number % 2:
            words[-1] = "changed"  # one of 38 shingles: 37/39
        else:
            words.append("more")  # 38/39
        planted.append((number, len(texts)))
        texts.append(" ".join(words).upper())
    found = near_duplicates(texts)
    assert [(source, target) for source, target, _ in found.edges()] == planted
    for source, target, score in found.edges():
        assert score == pytest.approx(jaccard(texts[source], texts[target]), abs=1e-12)
    assert is_a_cover(found)
    assert sum(leader != place for place, leader in enumerate(found.leaders.tolist())) == len(planted)


def test_what_is_less_alike_than_the_threshold_has_no_edge() -> None:
    rng = random.Random(2)
    words = text(rng, 60)
    texts = [" ".join(words[:50] + text(rng, 10)) for _ in range(12)]
    scores = [jaccard(one, two) for one in texts for two in texts if one != two]
    assert min(scores) > 0.6
    assert max(scores) < 0.8
    assert not list(near_duplicates(texts).edges())
    loose = near_duplicates(texts, Sketch(threshold=0.6))
    assert len(loose.sources) > 20
    assert all(score == jaccard(texts[one], texts[two]) for one, two, score in loose.edges())


def test_estimates_by_minhash_are_not_biased(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one row a band, the share of bands in which two texts agree estimates their Jaccard index."""
    rng = random.Random(3)
    sketch = Sketch(words=1, bands=400, rows=1)
    for shared in (10, 30, 50):
        common = rng.sample(WORDS, shared)
        pair = [" ".join(common + rng.sample(WORDS, 60 - shared)) for _ in range(2)]
        _, _, bands = neardup._sketched(pair, sketch)
        estimate = sum(int(band[0] == band[1]) for band in bands) / len(bands)
        assert estimate == pytest.approx(jaccard(*pair, words=1), abs=0.09)


def template(rng: random.Random) -> str:
    one, two = rng.sample(["Ann", "Bob", "Cid", "Dot", "Eve", "Fay", "Gus", "Hal"], 2)
    thing = rng.choice(["apples", "books", "coins", "dolls", "eggs"])
    a, b, c = (rng.randint(2, 60) for _ in range(3))
    return rng.choice([
        f"{one} has {a} {thing} and buys {b} more at the market before giving {c} of them to {two}. How many {thing}"
        f" does {one} have now, after all of that has happened?",
        f"There are {a} {thing} in a box. {one} takes {b} of them out and {two} puts {c} back into the same box. How"
        " many are in the box at the end of the day?",
        f"{one} and {two} share {a} {thing} so that {one} gets {b} more than {two}, and then {one} loses {c} on the way"
        f" home. How many {thing} are left to the two of them together?",
    ])  # fmt: skip


def test_a_template_is_not_one_cluster() -> None:
    rng = random.Random(4)
    texts = sorted({template(rng) for _ in range(3_000)})
    found = near_duplicates(texts)
    assert is_a_cover(found)
    leads = sum(leader == place for place, leader in enumerate(found.leaders.tolist()))
    assert leads > 0.9 * len(texts)
    scores = [jaccard(texts[one], texts[two]) for one, two, _ in list(found.edges())[:200]]
    assert min(scores, default=1) >= 0.8


def test_a_chain_of_small_changes_is_cut_where_it_has_drifted() -> None:
    rng = random.Random(5)
    words = text(rng, 60)
    texts = []
    for _ in range(200):
        words[rng.randrange(60)] = rng.choice(WORDS)
        texts.append(" ".join(words))
    found = near_duplicates(texts)
    assert is_a_cover(found)
    assert len(found.sources) >= 190
    for place, leader in enumerate(found.leaders.tolist()):
        assert jaccard(texts[place], texts[leader]) >= 0.8
    assert len(set(found.leaders.tolist())) > 20


def test_of_a_cluster_the_best_leads() -> None:
    rng = random.Random(6)
    words = text(rng)
    texts = [" ".join([*words, extra]) for extra in "abc"]
    assert near_duplicates(texts).leaders.tolist() == [0, 0, 0]
    assert near_duplicates(texts, quality=[1, 5, 2]).leaders.tolist() == [1, 1, 1]


def test_a_crowded_bucket_costs_little_and_is_counted() -> None:
    texts = ["the same words again and again"] * 500
    found = near_duplicates(texts)
    assert found.crowded == 500
    assert len(found.sources) <= 2 * neardup.NEIGHBOURS * 500
    assert set(found.leaders.tolist()) == {0}


@pytest.mark.parametrize("texts", [[], [""], ["", "one", "one two", "one two", "", "ÅÄ Ö"]])
def test_short_and_empty_texts_are_texts(texts: list[str]) -> None:
    found = near_duplicates(texts)
    wanted = [(i, j) for i, one in enumerate(texts) for j, two in enumerate(texts) if i < j and one == two]
    assert [(source, target) for source, target, _ in found.edges()] == wanted
    assert len(found.leaders) == len(texts)


def test_sketches_do_not_depend_on_the_process_nor_on_how_texts_are_cut_into_chunks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = (
        "import random, sys\nfrom synth.graph.neardup import Sketch, _sketched\nrng = random.Random(7)\n"
        "starts, shingles, bands = _sketched((' '.join(rng.choices('abcdefgh', k=9)) for _ in range(50)), Sketch())\n"
        "print(starts.sum(), shingles[:99].tolist(), [band[:3].tolist() for band in bands])"
    )
    found = {
        subprocess.run([sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
                       capture_output=True, text=True, check=True).stdout
        for seed in "12"
    }  # fmt: skip
    assert len(found) == 1
    rng = random.Random(8)
    texts = [template(rng) for _ in range(100)]
    one = near_duplicates(texts, Sketch(threshold=0.5))
    monkeypatch.setattr(neardup, "CHUNK", 7)
    monkeypatch.setattr(neardup, "PAIRS", 5)
    two = near_duplicates(texts, Sketch(threshold=0.5))
    assert list(one.edges()) == list(two.edges()) != []
    assert Sketch().as_json()["algorithm"] == "minhash/1"
