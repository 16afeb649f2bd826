"""Intervals of proportions."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True)
class Estimate:
    """A figure and its standard error; an error of nan says that the sample does not show how sure the figure is."""

    value: float
    se: float


@dataclass(frozen=True)
class Interval:
    """A figure and an interval that holds the truth in 95 % of samples, about."""

    value: float
    low: float
    high: float


def wilson(passed: float, tried: float, z: float = 1.96) -> tuple[float, float]:
    """Return the interval of a proportion (Wilson 1927), 95 % at the default z; (0, 1) where nothing was tried.

    >>> [round(end, 3) for end in wilson(8, 10)]
    [0.49, 0.943]
    """
    if not tried:
        return 0.0, 1.0
    share, spread = passed / tried, z * z / tried
    middle = (share + spread / 2) / (1 + spread)
    half = sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def clopper_pearson(passed: int, tried: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a proportion (Clopper and Pearson 1934): it covers `level` or more, whatever n is.

    Each end alone errs with probability (1 - level) / 2 at most. (0, 1) where nothing was tried.

    >>> [round(end, 4) for end in clopper_pearson(0, 20)]
    [0.0, 0.1684]
    """
    from scipy.stats import beta

    if not 0 <= passed <= tried:
        raise ValueError(f"{passed} of {tried} is no proportion")
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, passed, tried - passed + 1)) if passed else 0.0
    high = float(beta.ppf(1 - tail, passed + 1, tried - passed)) if passed < tried else 1.0
    return low, high
