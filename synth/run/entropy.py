"""Variety in nats: the entropy of a tally of cells, and what a run loses of it."""

from __future__ import annotations

from collections.abc import Iterable
from math import log


def entropy_nats(weights: Iterable[float]) -> float:
    """Return the entropy of a distribution given by the weights of its cells; an empty one has none.

    The plug-in estimate: too low for small samples, so compare tallies of similar size. Its usual correction (Miller
    1955) takes observations to be independent, and the cells of one problem are not; it would exceed log(cells) here.

    >>> entropy_nats([2.0, 2.0]) == log(2)
    True
    >>> entropy_nats([])
    0.0
    """
    seen = [weight for weight in weights if weight > 0]
    total = sum(seen)
    return -sum(weight / total * log(weight / total) for weight in seen) if total else 0.0
