"""What a search came to, by family and level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from synth.search.metrics import calls_per_accept, pass_at_k, per_thousand
from synth.search.outcome import Outcome
from synth.statistics.intervals import wilson


@dataclass(frozen=True)
class Cell:
    """The figures of one family and level; `level` is 0 in the sum of all. Shares lie in 0 to 1.

    `pass_1` and `pass_k` are None where the samples of a search say nothing unbiased about them.
    """

    family: str
    level: int
    problems: int
    solved: int
    solved_from: float  # 95 % interval of the share that is solved
    solved_to: float
    pass_1: float | None
    pass_k: float | None
    samples: int
    tokens: int
    accepted_per_1000_tokens: float
    verifier_calls: int
    calls_per_accept: float | None

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON data."""
        return asdict(self)


def cells(outcomes: Sequence[Outcome], k: int, independent: bool, all_samples: bool = False) -> list[Cell]:
    """Return the figures of each family and level, in order, and of all together where there are several.

    `independent` says that the solutions were fresh draws; `all_samples` that they went on after the first accepted.
    """
    groups: dict[tuple[str, int], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.task.cell, []).append(outcome)
    found = [_cell(*key, groups[key], k, independent, all_samples) for key in sorted(groups)]
    return found if len(found) < 2 else [*found, _cell("all", 0, outcomes, k, independent, all_samples)]


def _cell(family: str, level: int, outcomes: Sequence[Outcome], k: int, independent: bool, all_samples: bool) -> Cell:
    solved, accepted = sum(o.solved for o in outcomes), sum(o.passed for o in outcomes)
    tokens, calls = sum(o.tokens for o in outcomes), sum(o.verifier_calls for o in outcomes)
    return Cell(
        family,
        level,
        len(outcomes),
        solved,
        *wilson(solved, len(outcomes)),
        pass_at(outcomes, 1, all_samples) if independent else None,
        pass_at(outcomes, k, all_samples) if independent else None,
        sum(o.samples for o in outcomes),
        tokens,
        per_thousand(accepted, tokens),
        calls,
        calls_per_accept(calls, accepted),
    )


def pass_at(outcomes: Sequence[Outcome], k: int, all_samples: bool) -> float | None:
    """Return the mean pass@k of problems, unbiased; None where one has too few samples.

    With all samples drawn it is the estimator of `pass_at_k`. A search that stops at the first accepted sample tells
    whether that came among the first k, whose mean is pass@k too.
    """
    shares = []
    for outcome in outcomes:
        judged = outcome.judged
        if not all_samples and True in judged[:k]:
            shares.append(1.0)
        elif len(judged) < k:
            return None
        else:
            shares.append(pass_at_k(len(judged), sum(judged), k) if all_samples else 0.0)
    return sum(shares) / len(shares) if shares else None


def losses(outcomes: Iterable[Outcome]) -> Counter[str]:
    """Count the rejections under their stage and reason."""
    return Counter(f"{r.stage}: {r.reason}" for outcome in outcomes for r in outcome.rejections)
