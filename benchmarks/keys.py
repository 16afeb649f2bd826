"""How many distinct problems a level holds, estimated from the collisions among n draws.

Draws are not uniform, so two numbers are given. *Effective*: 1/Σp², the size of a uniform set that would collide as
often, by the birthday estimator C(n, 2) / (pairs that collide); without a collision, the 95 % lower bound C(n, 2) / 3
(a Poisson mean of 3 gives no event in 5 % of cases). *Distinct*: Chao's (1984) lower bound on the number of keys with
positive probability, bias-corrected: seen + f1(f1 - 1) / (2(f2 + 1)), where fk keys were seen k times; without a
collision it says no more than the number of draws does, and is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import comb
from time import process_time

from benchmarks.measure import Options, Table, digits, prepare
from synth.family import Family
from synth.propose.sampler import propose
from synth.recheck.canonical import canonical
from synth.records import Candidate, Source


def measure(options: Options) -> Iterator[Table]:
    """Yield the table of estimates, one row a level."""
    rows = [
        (name, level, *_figures(family, level, options))
        for name, family in options.families.items()
        for level in family.levels
    ]
    yield Table(
        "keys",
        "Estimated distinct problems of each level",
        ("family", "level", "draws", "seen", "repeated_%", "effective", "distinct_at_least", "key_us", "inexact"),
        tuple(rows),
        (
            "effective: 1/Σp² by the birthday estimator; “> n” where no two draws were equal (95 % bound). "
            "distinct_at_least: Chao's bias-corrected lower bound. Keys are those of proposed problems, before proof.",
            "key_us: CPU-microseconds of the canonical key; inexact: keys whose refinement hit its limit.",
        ),
    )


def _figures(family: Family, level: int, options: Options) -> Iterator[object]:
    prepare(family, rounds=1)
    seen: Counter[str] = Counter()
    inexact, spent, started = 0, 0.0, process_time()
    for index in range(options.key_draws):
        if process_time() - started > options.seconds / len(family.levels):
            break
        candidate = propose(family, Source(family.name, level, options.seed + 2, index))
        if isinstance(candidate, Candidate):
            theory = family.problem(candidate.formal)[1].theory
            before = process_time()
            key, exact = canonical(theory)
            spent += process_time() - before
            seen[key] += 1
            inexact += not exact
    draws = seen.total()
    times = Counter(seen.values())
    yield draws
    yield len(seen)
    yield digits(100 * (draws - len(seen)) / max(1, draws))
    yield effective(seen)
    yield distinct(len(seen), times[1], times[2]) if draws > len(seen) else None
    yield round(1e6 * spent / max(1, draws))
    yield inexact


def effective(seen: Counter[str]) -> object:
    """Return the birthday estimate of 1/Σp², or “> n” where nothing collided.

    >>> effective(Counter(a=2, b=1, c=1)), effective(Counter("abcd"))
    (6, '> 2')
    """
    draws = seen.total()
    pairs = sum(comb(times, 2) for times in seen.values())
    return digits(comb(draws, 2) / pairs) if pairs else f"> {digits(comb(draws, 2) / 3):,}"


def distinct(seen: int, once: int, twice: int) -> float:
    """Return Chao's lower bound on the number of distinct keys.

    >>> distinct(50, 40, 9)
    128
    """
    return digits(seen + once * (once - 1) / (2 * (twice + 1)))
