"""Estimators against exact enumeration, closed forms, and the bias that they are known to have."""

from itertools import product
from math import comb, exp, factorial, isinf, isnan, log, log1p, prod, sqrt

import numpy as np
import pytest

from synth.statistics import coverage, divergence, entropy
from synth.statistics.intervals import clopper_pearson, wilson

SHARES = (0.5, 0.3, 0.15, 0.05)


def samples(n, shares=SHARES):
    """Every outcome of n draws with its probability."""
    for counts in product(range(n + 1), repeat=len(shares)):
        if sum(counts) == n:
            ways = factorial(n) // prod(map(factorial, counts))
            yield counts, ways * prod(p**k for p, k in zip(shares, counts, strict=True))


def mean(statistic, n, shares=SHARES):
    return sum(chance * statistic(counts) for counts, chance in samples(n, shares))


def zipf(cells):
    weights = 1 / np.arange(1, cells + 1)
    return weights / weights.sum()


# ---- entropy ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 5, 9])
def test_the_part_of_chao_wang_jost_that_was_seen_has_the_mean_of_its_series(n):
    """Σ over k < n of 1/k × Σ p(1-p)^k: exact, Chao, Wang and Jost 2013, equation 5."""

    def seen(counts):
        once, twice = counts.count(1), counts.count(2)
        return entropy.chao_wang_jost(counts).value - entropy._unseen(n, once, twice)

    series = sum(p * (1 - p) ** k / k for k in range(1, n) for p in SHARES)
    assert mean(seen, n) == pytest.approx(series, abs=1e-12)


@pytest.mark.parametrize(("n", "once", "twice"), [(5, 2, 1), (20, 7, 3), (60, 1, 0), (60, 12, 0), (200, 5, 1)])
def test_the_part_that_was_not_seen_is_the_formula_as_printed(n, once, twice):
    a = 2 * twice / ((n - 1) * once + 2 * twice) if twice else 2 / ((n - 1) * (once - 1) + 2)
    printed = 0.0
    if a < 1:
        printed = once / n * (1 - a) ** (1 - n) * (-log(a) - sum((1 - a) ** r / r for r in range(1, n)))
    assert entropy._unseen(n, once, twice) == pytest.approx(printed, rel=1e-8)


@pytest.mark.parametrize(("n", "once", "twice"), [(400, 400, 0), (2000, 60, 3), (50, 50, 0), (10**6, 40, 4000)])
def test_the_part_that_was_not_seen_is_summed_right_where_its_series_is_long(n, once, twice):
    a = 2 * twice / ((n - 1) * once + 2 * twice) if twice else 2 / ((n - 1) * (once - 1) + 2)
    j = np.arange(1, int(45 / a), 1.0)
    terms = np.exp(j * log1p(-a)) / (n - 1 + j)
    assert entropy._unseen(n, once, twice) == pytest.approx(once / n * terms.sum(), rel=1e-7)


def test_the_plug_in_estimate_is_too_low_by_about_what_miller_and_madow_add():
    true, n = -sum(p * log(p) for p in SHARES), 12
    plug_in = mean(lambda counts: entropy.plug_in(counts).value, n)
    corrected = mean(lambda counts: entropy.miller_madow(counts).value, n)
    assert plug_in - true == pytest.approx(-(len(SHARES) - 1) / (2 * n), abs=0.03)
    assert abs(corrected - true) < abs(plug_in - true) / 2


@pytest.mark.parametrize(
    ("shares", "n", "expected"),
    [
        (zipf(1000), 50, (-1.82, -1.48, -0.53)),
        (zipf(1000), 200, (-1.03, -0.76, -0.24)),
        (zipf(1000), 1000, (-0.42, -0.25, -0.05)),
        (np.full(1000, 1e-3), 200, (-1.74, -1.29, 0.03)),
    ],
    ids=["Zipf 50", "Zipf 200", "Zipf 1000", "uniform 200"],
)
def test_estimators_have_the_bias_that_the_documentation_states(shares, n, expected):
    rng, true = np.random.default_rng(1), -(shares * np.log(shares)).sum()
    drawn = [rng.multinomial(n, shares) for _ in range(60)]
    for estimator, error in zip((entropy.plug_in, entropy.miller_madow, entropy.chao_wang_jost), expected, strict=True):
        found = [estimator(counts).value - true for counts in drawn]
        assert np.mean(found) == pytest.approx(error, abs=max(0.05, 3 * np.std(found) / sqrt(60)))
    gauge = [entropy.bias(counts.tolist()) for counts in drawn]
    assert np.mean(gauge) > abs(np.mean([entropy.chao_wang_jost(counts).value - true for counts in drawn]))


@pytest.mark.parametrize("n", [50, 500])
def test_the_jackknife_says_how_much_the_estimate_scatters(n):
    rng, shares = np.random.default_rng(2), zipf(100)
    found = [entropy.chao_wang_jost(rng.multinomial(n, shares)) for _ in range(300)]
    scatter = np.std([each.value for each in found])
    assert 0.8 * scatter < np.mean([each.se for each in found]) < 1.6 * scatter


def test_the_jackknife_is_the_one_that_leaves_out_each_draw_in_turn():
    counts = [5, 3, 3, 2, 1, 1]
    n, without = sum(counts), []
    for place, count in enumerate(counts):
        less = [*counts[:place], count - 1, *counts[place + 1 :]]
        without += [entropy.chao_wang_jost(less).value] * count
    spread = sum((each - sum(without) / n) ** 2 for each in without)
    assert entropy.chao_wang_jost(counts).se == pytest.approx(sqrt((n - 1) / n * spread + 5 / (2 * n * n)))


@pytest.mark.parametrize("estimator", [entropy.plug_in, entropy.chao_wang_jost])
def test_equal_shares_have_an_error_too(estimator):
    rng, n = np.random.default_rng(8), 400
    found = [estimator(rng.multinomial(n, np.full(8, 1 / 8))) for _ in range(200)]
    assert estimator([50] * 8).se == pytest.approx(sqrt(7 / 2) / n)
    assert estimator([50] * 8).se == pytest.approx(np.std([each.value for each in found]), rel=0.2)


@pytest.mark.parametrize("counts", [[], [1], [100], [1] * 50])
def test_a_sample_that_cannot_show_its_error_has_none(counts):
    for estimator in (entropy.plug_in, entropy.miller_madow, entropy.chao_wang_jost):
        assert isnan(estimator(counts).se)


@pytest.mark.parametrize("counts", [[-1, 2], [float("nan")], [float("inf")]])
def test_what_is_no_count_is_refused(counts):
    with pytest.raises(ValueError, match="finite and not negative"):
        entropy.chao_wang_jost(counts)


# ---- coverage --------------------------------------------------------------------------------------------------------


def test_good_and_turing_estimate_the_mass_that_one_draw_less_would_not_have_seen():
    n = 7
    missed = sum(p * (1 - p) ** (n - 1) for p in SHARES)
    assert mean(lambda counts: counts.count(1) / n, n) == pytest.approx(missed)
    assert mean(lambda counts: coverage.unseen(counts).value, n) >= missed  # each cell once: all may be unseen


def test_the_interval_of_unseen_mass_holds_it():
    rng, shares = np.random.default_rng(3), zipf(200)
    held = 0
    for _ in range(300):
        counts = rng.multinomial(150, shares)
        found = coverage.unseen(counts)
        held += found.low <= shares[counts == 0].sum() <= found.high
    assert held >= 270


def test_one_cell_alone_leaves_room_for_what_was_not_seen():
    found = coverage.unseen([20])
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(1 - 0.05 ** (1 / 20))
    assert coverage.unseen([]).high == coverage.unseen([1, 1]).high == 1.0


def test_chao1_is_the_formula_and_on_average_no_more_than_there_is():
    assert coverage.chao1([1, 1, 1, 2, 2, 5]).value == pytest.approx(6 + 11 / 12 * 9 / 4)
    assert coverage.chao1([1, 1, 1, 5]).value == pytest.approx(4 + 7 / 8 * 3)
    assert mean(lambda counts: coverage.chao1(counts).value, 10) <= len(SHARES)
    assert isinf(coverage.chao1([1, 1]).high)


def test_rarefaction_is_the_mean_over_all_parts():
    counts = (4, 3, 1, 1)
    drawn = [cell for cell, count in enumerate(counts) for _ in range(count)]
    for m in range(1, 10):
        chosen = [len({drawn[i] for i in range(9) if mask >> i & 1}) for mask in range(512) if mask.bit_count() == m]
        assert len(chosen) == comb(9, m)
        assert coverage.rarefied(counts, m).value == pytest.approx(sum(chosen) / len(chosen))
    with pytest.raises(ValueError, match="10 draws"):
        coverage.rarefied(counts, 10)


# ---- divergence ------------------------------------------------------------------------------------------------------


def test_divergences_of_large_samples_are_those_of_their_distributions():
    p, q = [600_000, 300_000, 100_000], [200_000, 300_000, 500_000]
    expected = 0.6 * log(3) + 0.1 * log(0.2)
    assert divergence.kullback_leibler(p, q).value == pytest.approx(expected, abs=1e-4)
    assert divergence.jensen_shannon([10**7, 0], [0, 10**7]).value == pytest.approx(log(2), abs=1e-5)
    assert divergence.jensen_shannon(p, q).value == pytest.approx(divergence.jensen_shannon(q, p).value)


def test_two_samples_of_one_distribution_diverge_by_the_bias_that_is_stated():
    rng, shares, n, m = np.random.default_rng(4), zipf(20), 4000, 2000
    drawn = [(rng.multinomial(n, shares), rng.multinomial(m, shares)) for _ in range(300)]
    expected = 19 / 2 * (1 / n + 1 / m)
    kl = np.mean([divergence.kullback_leibler(*pair).value for pair in drawn])
    js = np.mean([divergence.jensen_shannon(*pair).value for pair in drawn])
    assert kl == pytest.approx(expected, rel=0.1)
    assert js == pytest.approx(expected / 4, rel=0.1)


def test_the_errors_are_how_much_the_divergences_scatter():
    rng, n = np.random.default_rng(5), 3000
    p, q = zipf(30), zipf(30)[::-1]
    for function in (divergence.kullback_leibler, divergence.jensen_shannon):
        found = [function(rng.multinomial(n, p), rng.multinomial(n, q)) for _ in range(200)]
        assert np.mean([each.se for each in found]) == pytest.approx(np.std([each.value for each in found]), rel=0.2)


@pytest.mark.parametrize("size", [200, 2000, 20_000])
def test_the_floor_is_seldom_exceeded_where_nothing_has_changed(size, monkeypatch):
    monkeypatch.setattr(divergence, "DRAWS", 60)
    rng, shares, above = np.random.default_rng(6), zipf(300), 0
    for _ in range(15):
        reference = rng.multinomial(2000, shares)
        kl, _ = divergence.floors(reference, size)
        above += divergence.kullback_leibler(reference, rng.multinomial(size, shares)).value > kl.high
    assert above <= 3


def test_the_floor_is_the_same_each_time_and_needs_two_rows():
    assert divergence.floors([50, 30, 20], 40) == divergence.floors([50, 30, 20], 40)
    with pytest.raises(ValueError, match="two halves"):
        divergence.floors([1], 10)
    with pytest.raises(ValueError, match="without draws"):
        divergence.kullback_leibler([1, 2], [0, 0])


# ---- proportions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.02, 0.3, 0.97])
def test_the_exact_interval_covers_at_least_what_it_says(share):
    n, held = 25, 0.0
    for k in range(n + 1):
        low, high = clopper_pearson(k, n)
        held += comb(n, k) * share**k * (1 - share) ** (n - k) * (low <= share <= high)
    assert held >= 0.95


def test_intervals_of_nothing_and_of_all():
    assert wilson(0, 0) == clopper_pearson(0, 0) == (0.0, 1.0)
    assert clopper_pearson(20, 20)[0] == pytest.approx(0.025 ** (1 / 20))
    assert exp(log(wilson(3, 3)[0])) > 0.4
    with pytest.raises(ValueError, match="no proportion"):
        clopper_pearson(3, 2)
