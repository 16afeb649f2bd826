"""Entropy in nats: of a distribution that is known, and of one that a sample of counts shows.

All estimates from samples are too low while cells are unseen. Mean error at 200 draws of 1,000 cells, Zipf-like (true
entropy 5.19 nats): plug-in -1.03, Miller-Madow -0.76, Chao-Wang-Jost -0.24. So a change counts as one only where it is
larger than the bias can be, see `bias`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import exp, log, log1p, nan, sqrt
from typing import Any

from synth.statistics.intervals import Estimate

_DIRECT = 1e-3  # the smallest `A` at which the tail is summed term by term; below, Euler and Maclaurin's formula


def entropy_nats(weights: Iterable[float]) -> float:
    """Return the entropy of a distribution given by the weights of its cells; an empty one has none.

    Of a sample this is the plug-in estimate: too low for small samples, so compare tallies of similar size. Its usual
    correction (`miller_madow`) takes observations to be independent. The cells of one problem are not, where a problem
    lies in several; there it would exceed log(cells).

    >>> entropy_nats([2.0, 2.0]) == log(2)
    True
    >>> entropy_nats([])
    0.0
    """
    seen = [weight for weight in weights if weight > 0]
    total = sum(seen)
    return -sum(weight / total * log(weight / total) for weight in seen) if total else 0.0


def plug_in(counts: Iterable[int]) -> Estimate:
    """Return the entropy of the observed shares; the error by the delta method (Basharin 1959).

    Of second order, so that equal shares have an error too. The bias is -(S - 1) / 2n.

    >>> plug_in([5, 5]).value == log(2)
    True
    """
    import numpy as np

    x, f = frequencies(counts)
    n = float((x * f).sum())
    if not n:
        return Estimate(0.0, nan)
    share = x / n
    value = float(-(f * share * np.log(share)).sum())
    spread = float((f * share * np.log(share) ** 2).sum()) - value * value
    known = _shows_its_error(x, f)
    return Estimate(max(0.0, value), sqrt(max(0.0, spread) / n + _second_order(n, f)) if known else nan)


def miller_madow(counts: Iterable[int]) -> Estimate:
    """Return the plug-in estimate plus (S - 1) / 2n for the S cells that were seen (Miller 1955); the same error.

    >>> round(miller_madow([5, 5]).value - log(2), 3)
    0.05
    """
    x, f = frequencies(counts)
    found, n = plug_in(counts), float((x * f).sum())
    return Estimate(found.value + (float(f.sum()) - 1) / (2 * n) if n else 0.0, found.se)


def chao_wang_jost(counts: Iterable[int]) -> Estimate:
    """Return the entropy by the slope of the accumulation curve (Chao, Wang and Jost 2013, equation 7).

    The least biased of the estimates here at small n. The error is a jackknife over observations, and (S - 1)/2n² for
    what that does not see at equal shares. It is nan where a sample cannot show it: one cell alone was seen, or every
    cell once. Costs O(d²) for d different counts, d ≤ √2n.

    >>> round(chao_wang_jost([4, 3, 2, 1]).value, 3), round(plug_in([4, 3, 2, 1]).value, 3)
    (1.479, 1.28)
    """
    import numpy as np
    from scipy.special import digamma

    x, f = frequencies(counts)
    n = int((x * f).sum())
    if n < 2:
        return Estimate(0.0, nan)
    once, twice = _of(x, f, 1), _of(x, f, 2)
    value = float((f * x / n * (digamma(n) - digamma(x))).sum()) + _unseen(n, once, twice)
    if not _shows_its_error(x, f):
        return Estimate(max(0.0, value), nan)
    m = n - 1
    one_less = np.maximum(x - 1, 1)
    part = x / m * (digamma(m) - digamma(x))
    seen = (f * part).sum() - part + (x - 1) / m * (digamma(m) - digamma(one_less))
    change = {1: (-1, 0), 2: (1, -1), 3: (0, 1)}
    unseen = [_unseen(m, once + a, twice + b) for a, b in (change.get(int(k), (0, 0)) for k in x)]
    without = seen + np.array(unseen)
    weight = x * f
    middle = (weight * without).sum() / n
    spread = m / n * float((weight * (without - middle) ** 2).sum())
    return Estimate(max(0.0, value), sqrt(spread + _second_order(n, f)))


def bias(counts: Iterable[int]) -> float:
    """Return what the bias of `chao_wang_jost` may be: how far it is from `miller_madow`, or (S - 1) / 2n if more.

    A gauge, no bound. It exceeded the true bias in each case of the table in docs/monitor.md.

    >>> bias([50, 50]) < 0.01 < bias([1, 1, 1, 2])
    True
    """
    found = list(counts)
    n = sum(found)
    least = (sum(count > 0 for count in found) - 1) / (2 * n) if n else 0.0
    return max(abs(chao_wang_jost(found).value - miller_madow(found).value), least)


def frequencies(counts: Iterable[int]) -> tuple[Any, Any]:
    """Return the different positive counts and how many cells have each, as two arrays of numbers.

    >>> [part.tolist() for part in frequencies([3, 1, 0, 1])]
    [[1.0, 3.0], [2, 1]]
    """
    import numpy as np

    found = np.asarray(counts if hasattr(counts, "__len__") else list(counts), dtype=float)
    if found.size and not (np.isfinite(found).all() and (found >= 0).all()):
        raise ValueError("counts are finite and not negative")
    return np.unique(found[found > 0], return_counts=True)


def _of(x: Any, f: Any, count: int) -> int:
    return int(f[x == count].sum())


def _shows_its_error(x: Any, f: Any) -> bool:
    """Say whether a sample varies enough to show how sure a figure is: more than one cell, not every cell once."""
    return f.sum() > 1 and not (x == 1).all()


def _second_order(n: float, f: Any) -> float:
    """Return (S - 1)/2n², the variance that is left where all cells have equal shares, and others see none."""
    return (float(f.sum()) - 1) / (2 * n * n)


@lru_cache(maxsize=64)
def _unseen(n: int, once: int, twice: int) -> float:
    """Return the part of the entropy that cells not seen contribute.

    Chao, Wang and Jost write f₁/n × (1-A)^(1-n) × (-log A - the first n-1 terms of that series), which cancels. It is
    f₁/n × Σ (1-A)^j / (n-1+j) over j ≥ 1.
    """
    import numpy as np
    from scipy.special import exp1

    if once <= 0:
        return 0.0
    a = 2 * twice / ((n - 1) * once + 2 * twice) if twice > 0 else 2 / ((n - 1) * (once - 1) + 2)
    if a >= 1:
        return 0.0
    if a >= _DIRECT:
        j: Any = np.arange(1, int(40 / a) + 2, dtype=float)
        return once / n * float(np.exp(j * log1p(-a) - np.log(n - 1 + j)).sum())
    rate = -log1p(-a)
    z = rate * n
    integral = exp(z) * float(exp1(z)) if z < 300 else (1 - 1 / z + 2 / z**2 - 6 / z**3 + 24 / z**4) / z
    first = exp(-rate) / n
    return once / n * (exp(-rate) * integral + first / 2 + first * (rate + 1 / n) / 12)
