"""The figures by which searches are compared, with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

Item = TypeVar("Item")


def pass_at_k(samples: int, passed: int, k: int) -> float:
    """Return the unbiased estimate that one of k samples passes, from `passed` of at least k samples.

    1 - C(n-c, k) / C(n, k): Chen et al. 2021, arXiv 2107.03374 §2.1. Raise `ValueError` below k samples.

    >>> pass_at_k(4, 1, 1), pass_at_k(4, 1, 2), pass_at_k(4, 4, 2)
    (0.25, 0.5, 1.0)
    """
    if not 0 <= passed <= samples or not 1 <= k <= samples:
        raise ValueError(f"pass@{k} needs at least {k} samples and 0 to all of them passed, not {passed} of {samples}")
    failing = 1.0
    for i in range(k):
        failing *= max(0, samples - passed - i) / (samples - i)
    return 1.0 - failing


def per_thousand(accepted: int, tokens: int) -> float:
    """Return accepted solutions per 1,000 generated tokens."""
    return 1000 * accepted / tokens if tokens else 0.0


def calls_per_accept(calls: int, accepted: int) -> float | None:
    """Return the verifier calls that an accepted solution took; None where none was accepted."""
    return calls / accepted if accepted else None


def bootstrap(
    items: Sequence[Item],
    statistic: Callable[[Sequence[Item]], float],
    rng: Random,
    draws: int = 1_000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return the percentile interval of a statistic over resampled items, such as problems (Efron 1979).

    Give pairs of results as items to compare two searches on the same problems. Costs `draws` evaluations. Raise
    `ValueError` where there are no items.
    """
    if not items:
        raise ValueError("an interval needs at least one item")
    found = sorted(statistic(rng.choices(items, k=len(items))) for _ in range(draws))
    tail = (1 - level) / 2
    return found[round(tail * (draws - 1))], found[round((1 - tail) * (draws - 1))]
