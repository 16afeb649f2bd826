"""How far one sample's distribution is from another's, and how far two samples of one distribution are by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from synth.statistics.intervals import Estimate

PRIOR = 0.5  # added to every count of the union of cells (Jeffreys), so that no cell is impossible
DRAWS = 200
MAX_WORK = 4_000_000  # cells × draws that a noise floor costs at most; 20 draws at least


@dataclass(frozen=True)
class Floor:
    """What a divergence comes to by chance alone: its mean, and what it exceeds in one case of twenty."""

    mean: float
    high: float


def kullback_leibler(reference: Sequence[int], found: Sequence[int]) -> Estimate:
    """Return KL(reference || found) in nats, from the counts of both over the same cells; the error by delta method.

    With Jeffreys' prior on both, the error of second order. It is too high by about (S - 1)/2 × (1/n + 1/m) for samples
    of n and m: compare it with its floor.

    >>> kullback_leibler([10, 10], [10, 10]).value
    0.0
    """
    p, q, n, m = _shares(reference, found)
    ratio = _log_ratio(p, q)
    value = float((p * ratio).sum())
    of_reference = float((p * ratio**2).sum()) - value**2
    of_found = float((p * p / q).sum()) - 1
    spread = max(0.0, of_reference) / n + max(0.0, of_found) / m
    return Estimate(max(0.0, value), sqrt(spread + _second_order(p, n, m)))


def jensen_shannon(reference: Sequence[int], found: Sequence[int]) -> Estimate:
    """Return the Jensen-Shannon divergence in nats, at most log 2 (Lin 1991); prior and error as in Kullback-Leibler's.

    Its bias is about (S - 1)/8 × (1/n + 1/m).

    >>> jensen_shannon([10**6, 0], [0, 10**6]).value < 0.6932
    True
    """
    p, q, n, m = _shares(reference, found)
    middle = (p + q) / 2
    one, other = _log_ratio(p, middle) / 2, _log_ratio(q, middle) / 2
    value = float((p * one).sum() + (q * other).sum())
    spread = sum(
        max(0.0, float((share * ratio**2).sum() - (share * ratio).sum() ** 2)) / size
        for share, ratio, size in ((p, one, n), (q, other, m))
    )
    return Estimate(max(0.0, value), sqrt(spread + _second_order(p, n, m) / 16))


def floors(reference: Sequence[int], draws_found: int, seed: int = 0) -> tuple[Floor, Floor]:
    """Return the floors of both divergences, from the reference alone: it is split in two at random, again and again.

    One part plays the reference, the other, of half its size or of `draws_found` if fewer, plays the sample. The parts
    are smaller than what is compared, so the floor is rather too high than too low. Raise `ValueError` below 2 draws.
    """
    import numpy as np

    counts = np.asarray(reference, dtype=np.int64)
    counts = counts[counts > 0]
    n = int(counts.sum())
    size = min(draws_found, n // 2)
    if size < 1:
        raise ValueError("a reference of fewer than two rows has no two halves")
    rng = np.random.default_rng(seed)
    times = int(min(DRAWS, max(20, MAX_WORK // len(counts))))
    found = []
    for _ in range(times):
        part = rng.multivariate_hypergeometric(counts, size, method="marginals")
        rest = counts - part
        found.append((kullback_leibler(rest, part).value, jensen_shannon(rest, part).value))
    values = np.array(found)
    kl, js = (Floor(float(column.mean()), float(np.quantile(column, 0.95))) for column in values.T)
    return kl, js


def _shares(reference: Sequence[int], found: Sequence[int]) -> tuple[Any, Any, float, float]:
    """Return the shares of both samples over the cells that either has, and the sizes of the samples."""
    import numpy as np

    one, other = np.asarray(reference, dtype=float), np.asarray(found, dtype=float)
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError("both samples are counts over the same cells")
    kept = (one > 0) | (other > 0)
    one, other = one[kept], other[kept]
    if not one.sum() or not other.sum():
        raise ValueError("a sample without draws has no distribution")
    p, q = one + PRIOR, other + PRIOR
    return p / p.sum(), q / q.sum(), float(one.sum()), float(other.sum())


def _second_order(p: Any, n: float, m: float) -> float:
    """Return (S - 1)/2 × (1/n + 1/m)², the variance of KL between samples of one distribution (half a χ²)."""
    return (len(p) - 1) / 2 * (1 / n + 1 / m) ** 2


def _log_ratio(p: Any, q: Any) -> Any:
    import numpy as np

    return np.log(p) - np.log(q)
