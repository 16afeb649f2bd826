"""One batch: consecutive sources of one family and level, proposed and judged. A pure function of its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synth.records import Candidate, Record, Rejection, Source
from synth.run.split import split_of

if TYPE_CHECKING:
    from synth.family.contract import Family
    from synth.judge.judge import Setting
    from synth.run.recipe import Recipe

SIZE = 64  # sources; part of what fixes the bytes of a run
MAX_TEXT = 2000  # characters of what a model wrote that are kept with a rejection


@dataclass(frozen=True)
class Outcome:
    """What became of one source: a row of the export contract, or a rejection; the features are known if it parsed.

    `exact` says whether rows with equal `problem` are the same problem: only then may one be dropped as a duplicate.
    `tried` says whether a model tried the problem, `tries` are the rejections of what it wrote, and `by` is `model` or
    `solver`, whoever found the solution of a tried problem. `meaning` is the semantic key of a row about numbers.
    """

    row: Mapping[str, Any] | None
    rejection: Mapping[str, Any] | None
    features: tuple[str, ...]
    exact: bool = True
    tried: bool = False
    tries: tuple[Mapping[str, Any], ...] = ()
    by: str = ""
    record: Record | None = None  # of a row that is to be reworded
    meaning: str = ""


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
    from synth.graph.steer import propose
    from synth.judge.judge import judge

    family = families()[source.family]
    found = propose(family, source)
    judged = judge(family, found, setting_of(recipe)) if isinstance(found, Candidate) else found
    return outcome_of(recipe, family, judged)


def outcome_of(
    recipe: Recipe,
    family: Family,
    judged: Record | Rejection,
    rates: Sequence[tuple[str, int, int]] = (),
    asks: bool = True,
) -> Outcome:
    """Return the outcome of what was judged; `rates` are (model, passed, tries) of the problem.

    With `asks` the record stays beside its row where the recipe asks for other words.
    """
    from synth.graph.duplicates import semantic_key
    from synth.judge.row import row_of

    if isinstance(judged, Rejection):
        return Outcome(None, rejection_of(judged), features_in(family, judged.candidate.formal))
    row = row_of(judged)
    row["pass_rate"] = [{"model": model, "passed": passed, "tries": tries} for model, passed, tries in rates]
    row["split"] = split_of(row, recipe)
    share = recipe.paraphrase.share if asks and recipe.paraphrase else 0
    record = judged if share and judged.source.random("reword").random() < share else None
    return Outcome(row, None, judged.features, judged.exact, record=record, meaning=semantic_key(row["theory"]) or "")


def rejection_of(rejection: Rejection, text: str = "") -> dict[str, Any]:
    """Return a rejection as a row of `synth.run.schema.REJECTION`; `text` is what a model wrote, cut to a bound."""
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
        "proposer": source.proposer,
        "model": source.model,
        "text": text[:MAX_TEXT].encode("utf-8", "replace").decode(),  # half a surrogate cannot be written
    }


def lost(source: Source, reason: str, detail: str = "") -> Outcome:
    """Return the outcome of a source that took its worker down: a crash, a hang, out of memory."""
    return Outcome(None, rejection_of(Rejection(Candidate(source, ""), "worker", reason, detail)), ())


def features_in(family: Family, formal: str) -> tuple[str, ...]:
    """Return the features of a problem in the formal language, none where it cannot be read."""
    try:
        return family.features_of(family.formal.read(formal, "problem")) if formal else ()
    except ValueError:
        return ()
