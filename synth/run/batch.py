"""One batch: consecutive sources of one family and level, proposed and judged. A pure function of its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synth.records import Candidate, Rejection, Source
from synth.run.split import split_of

if TYPE_CHECKING:
    from synth.family.contract import Family
    from synth.judge.judge import Setting
    from synth.run.recipe import Recipe

SIZE = 64  # sources; part of what fixes the bytes of a run


@dataclass(frozen=True)
class Outcome:
    """What became of one source: a row of the export contract, or a rejection; the features are known if it parsed.

    `exact` says whether rows with equal `problem` are the same problem: only then may one be dropped as a duplicate.
    """

    row: Mapping[str, Any] | None
    rejection: Mapping[str, Any] | None
    features: tuple[str, ...]
    exact: bool = True


def setting_of(recipe: Recipe) -> Setting:
    """Return what a recipe says about rows, as the judge takes it."""
    from synth.judge.judge import Setting

    return Setting(recipe.prompt.system, recipe.prompt.answer_in, recipe.languages, recipe.min_grade)


def make(recipe: Recipe, sources: Sequence[Source]) -> list[Outcome]:
    """Propose and judge each source; runs in a worker process."""
    return [make_one(recipe, source) for source in sources]


def make_one(recipe: Recipe, source: Source) -> Outcome:
    """Propose and judge one source."""
    from synth.family.registry import families
    from synth.judge.judge import judge
    from synth.judge.row import row_of
    from synth.propose.sampler import propose

    family = families()[source.family]
    found = propose(family, source)
    judged = judge(family, found, setting_of(recipe)) if isinstance(found, Candidate) else found
    if isinstance(judged, Rejection):
        return Outcome(None, rejection_of(judged), _features(family, judged.candidate.formal))
    row = row_of(judged)
    split = recipe.split
    row["split"] = split_of(
        judged.formal, judged.theory, judged.problem, seed=recipe.seed, test=float(split.test), by=split.by
    )
    return Outcome(row, None, judged.features, judged.exact)


def rejection_of(rejection: Rejection) -> dict[str, Any]:
    """Return a rejection as a row of `synth.run.schema.REJECTION`."""
    candidate, source = rejection.candidate, rejection.candidate.source
    return {
        "family": source.family,
        "level": source.level,
        "stage": rejection.stage,
        "reason": rejection.reason,
        "detail": rejection.detail,
        "counterexample": rejection.counterexample,
        "formal": candidate.formal,
        "formal_answer": candidate.formal_answer or "",
        "seed": source.seed,
        "index": source.index,
        "round": source.round,
    }


def lost(source: Source, reason: str, detail: str = "") -> Outcome:
    """Return the outcome of a source that took its worker down: a crash, a hang, out of memory."""
    return Outcome(None, rejection_of(Rejection(Candidate(source, ""), "worker", reason, detail)), ())


def _features(family: Family, formal: str) -> tuple[str, ...]:
    """Return the features of a rejected problem, none where it cannot be read."""
    from synth.grammar.features import productions

    if not formal:
        return ()
    try:
        tree = family.formal.read(formal, "problem")
        return tuple(sorted({*productions(tree), *family.features(tree)}))
    except ValueError:
        return ()
