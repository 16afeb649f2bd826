"""How much of a distribution a sample has seen: mass, number of cells, and both at equal sample size."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, inf, log, nan, sqrt

from synth.statistics.entropy import frequencies
from synth.statistics.intervals import Estimate, Interval

_Z = 1.96


def unseen(counts: Iterable[int]) -> Interval:
    """Return the mass of the cells that were not seen: f₁/n (Good 1953), with Esty's interval (1983).

    Its bias is below 1/n. The upper end is never below 1 - 0.05^(1/n): so much one cell may have and be missed by n
    draws in one of twenty samples. Without draws nothing is known: (1, 0, 1).

    >>> found = unseen([3, 2, 1])
    >>> round(found.value, 3), round(found.high, 3)
    (0.167, 0.717)
    """
    x, f = frequencies(counts)
    n = float((x * f).sum())
    if not n:
        return Interval(1.0, 0.0, 1.0)
    once, twice = float(f[x == 1].sum()), float(f[x == 2].sum())
    value = once / n
    half = _Z * sqrt(max(0.0, once + 2 * twice - once * once / n)) / n
    if once == n:  # each cell once: the sample says nothing against all of the mass being elsewhere
        return Interval(1.0, 0.0, 1.0)
    return Interval(value, max(0.0, value - half), min(1.0, max(value + half, 1 - 0.05 ** (1 / n))))


def chao1(counts: Iterable[int]) -> Interval:
    """Return a lower bound on the number of cells (Chao 1984), with her log-normal interval (1987).

    S + (n-1)/n × f₁²/2f₂, without doubletons S + (n-1)/n × f₁(f₁-1)/2. Where each cell was seen once the upper end is
    infinite.

    >>> chao1([5, 5]).value, chao1([4, 2, 1, 1]).value
    (2.0, 5.75)
    """
    x, f = frequencies(counts)
    n, seen = float((x * f).sum()), float(f.sum())
    if not n:
        return Interval(0.0, 0.0, inf)
    once, twice, k = float(f[x == 1].sum()), float(f[x == 2].sum()), (n - 1) / n
    if twice:
        more, r = k * once * once / (2 * twice), once / twice
        spread = twice * (k / 2 * r**2 + k**2 * r**3 + k**2 / 4 * r**4)
    else:
        more = k * once * (once - 1) / 2
        spread = more + k**2 * once * (2 * once - 1) ** 2 / 4 - k**2 * once**4 / (4 * (seen + more))
    if once == n:
        return Interval(seen + more, seen, inf)
    if not more or spread <= 0:
        return Interval(seen + more, seen, seen + more)
    factor = exp(_Z * sqrt(log(1 + spread / more**2)))
    return Interval(seen + more, seen + more / factor, seen + more * factor)


def rarefied(counts: Iterable[int], draws: int) -> Estimate:
    """Return how many cells a random part of so many draws shows (Hurlbert 1971); the error of Colwell et al. 2012.

    Σ 1 - C(n-x, m)/C(n, m), exact. Samples of different sizes are compared at equal m only. Raise `ValueError` above n.

    >>> round(rarefied([2, 1], 2).value, 4), rarefied([2, 1], 3).value
    (1.6667, 2.0)
    """
    import numpy as np
    from scipy.special import gammaln

    found = list(counts)
    x, f = frequencies(found)
    n = float((x * f).sum())
    if not 0 <= draws <= n:
        raise ValueError(f"a part of {draws} draws of a sample of {n:.0f}")
    if not draws:
        return Estimate(0.0, 0.0)
    missed = np.zeros(len(x))
    may = x <= n - draws
    rest = n - x[may]
    missed[may] = np.exp(gammaln(rest + 1) - gammaln(rest - draws + 1) - gammaln(n + 1) + gammaln(n - draws + 1))
    value = float((f * (1 - missed)).sum())
    spread = float((f * (1 - missed) ** 2).sum()) - value * value / chao1(found).value
    alone = len(x) == 1 and f[0] == 1
    return Estimate(value, nan if alone else sqrt(max(0.0, spread)))
