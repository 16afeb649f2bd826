"""Elimination by Fourier and Motzkin: the oracle of linear inequalities, shared by the tests of body and family."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import product

Inequality = tuple[dict[str, Fraction], bool]  # Σ coefficients + constant (under "") ≥ 0, or > 0 if True


def satisfiable(system: Iterable[Inequality], names: Sequence[str]) -> bool:
    """Eliminate one unknown after another; what is left are inequalities between numbers."""
    left = _strongest(system, names)
    for name in names:
        above = [each for each in left if each[0][name] > 0]
        below = [each for each in left if each[0][name] < 0]
        combined = [
            ({key: f[key] * -g[name] + g[key] * f[name] for key in f}, one or other)
            for (f, one), (g, other) in product(above, below)
        ]
        left = _strongest([*[each for each in left if not each[0][name]], *combined], names)
    return all(form[""] > 0 or (form[""] == 0 and not strict) for form, strict in left)


def _strongest(system: Iterable[Inequality], names: Sequence[str]) -> list[Inequality]:
    """Keep the strongest of those with the same unknowns up to a positive factor."""
    found: dict[tuple[Fraction, ...], tuple[Fraction, bool]] = {}
    for form, strict in system:
        scale = next((abs(form[name]) for name in names if form[name]), Fraction(1))
        key, bound = tuple([form[name] / scale for name in names]), (form[""] / scale, not strict)
        found[key] = min(found.get(key, bound), bound)
    return [(dict(zip(names, key, strict=True)) | {"": constant}, not weak) for key, (constant, weak) in found.items()]
