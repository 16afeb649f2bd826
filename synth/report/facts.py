"""The facts of a report: one JSON value about a corpus, of bounded size, the same for the same corpus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synth.errors import UserError
from synth.report import nats
from synth.report.browse import Samples
from synth.report.layout import drawings
from synth.report.measures import FAMILIES, LEVELS, MEASURES, NAME_CHARACTERS, Measures
from synth.report.reading import Corpus, corpus_at
from synth.report.sample import bytes_of, cut, largest
from synth.run import alike, benchmarks, demand
from synth.run.graph import audit_split, graph_of
from synth.run.status import Status

MAX_BYTES = 2_800_000  # of the facts on a page; the page around them takes some 50 KB
SAMPLE_BYTES = 1_600_000  # of them, at most, for rows and refused candidates
SHARE_OF_ROWS = 0.7  # of the samples; the rest is for refused candidates
FEATURES = (64, 40, 24)  # of a family in the map of pairs, the most frequent ones: the first that fits
PAIR_BYTES = 1_000_000
REASONS = 60  # reasons of losses and of refused tries that are listed
SENTENCES, SENTENCE_CHARACTERS = 40, 1_200


@dataclass(frozen=True)
class Facts:
    """What a report shows, as JSON data.

    `corpus` says what was read; `variety` is of the rows, in nats. `funnel` is None where the corpus is no run, so that
    nothing is known of what was refused; `split` is None where it was not audited, for want of a recipe. `rows` and
    `refused` are samples: `shown` of `of`, with the `items`.
    """

    corpus: dict[str, Any]
    variety: dict[str, Any]
    funnel: dict[str, Any] | None
    coverage: dict[str, Any]
    evidence: dict[str, Any]
    answers: list[dict[str, Any]]
    effort: dict[str, Any]
    split: dict[str, Any] | None
    concepts: list[dict[str, Any]]
    rows: dict[str, Any]
    refused: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the facts as JSON data."""
        return asdict(self)


def facts(path: Path | str) -> Facts:
    """Return the facts about a run folder, an export, or a file of rows; reads it three times, about 2 ms a row.

    The same corpus gives the same facts, wherever it lies. Raise `UserError` where there is no corpus, or rows that the
    export contract does not allow.
    """
    corpus = corpus_at(path)
    measures, samples = Measures(), Samples()
    for number, row in enumerate(corpus.rows(), 1):
        try:
            measures.count(row)
            samples.row(row)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(
                f"row {number} of {corpus.path} is not as the export contract says ({type(error).__name__}: {error}); "
                "`synth verify` names what is wrong with it"
            ) from error
    for refused in corpus.refused():
        samples.refusal(refused)
    families = measures.families()
    found = Facts(
        corpus=_corpus(corpus, measures, families),
        variety=nats.parts(measures.cells),
        funnel=_funnel(corpus, families) if corpus.status else None,
        coverage=_coverage(measures, families),
        evidence=_evidence(measures, families),
        answers=[measures.answers_of(family) for family in families],
        effort=_effort(measures, families),
        split=_split(corpus),
        concepts=drawings(graph_of(corpus.path), families) if families else [],
        rows={},
        refused={},
    )
    room = min(SAMPLE_BYTES, MAX_BYTES - bytes_of(found.as_json()))
    found.rows.update(samples.rows(round(room * SHARE_OF_ROWS)))
    found.refused.update(samples.refusals(room - bytes_of(found.rows)))
    return found


def _corpus(corpus: Corpus, measures: Measures, families: list[str]) -> dict[str, Any]:
    recipe, status = corpus.recipe, corpus.status
    return {
        "kind": corpus.kind,
        "rows": measures.rows(),
        "families": families,
        "families_of": len({family for family, _ in measures.levels}),
        "done": status.done if status else True,
        "requested": status.requested if status else None,
        "seed": recipe.seed if recipe else None,
        "min_grade": recipe.min_grade if recipe else None,
        "sources": [[cut(name, NAME_CHARACTERS), n] for name, n in measures.sources.most_common(LEVELS)],
        "said": _said(status) if status else {},
    }


def _said(status: Status) -> dict[str, list[str]]:
    """Return what `synth status` says in sentences."""
    found = {
        "demand": demand.said(status.demand),
        "benchmarks": benchmarks.said(status.benchmarks, status.losses),
    }
    return {
        name: [cut(sentence, SENTENCE_CHARACTERS) for sentence in list(sentences)[:SENTENCES]]
        for name, sentences in found.items()
    }


def _funnel(corpus: Corpus, families: list[str]) -> dict[str, Any]:
    """Return what a run's ledger books: problems and nats at every stage."""
    status, cells = corpus.status, corpus.cells
    assert status is not None and cells is not None
    by_level = nats.by_level(cells)
    gaps = {(gap["family"], gap["level"]): gap["why"] for gap in status.gaps}
    shown = sorted({*families, *sorted(set(status.levels) - set(families))[: max(0, FAMILIES - len(families))]})
    levels = []
    for family in shown:
        for level, (proposed, accepted, quota) in sorted(status.levels.get(family, {}).items())[:LEVELS]:
            before, after = by_level.get((family, level), (0.0, 0.0))
            levels.append({"family": family, "level": level, "proposed": proposed, "accepted": accepted,
                           "requested": quota, "nats_proposed": before, "nats_accepted": after,
                           "gap": gaps.get((family, level), "")})  # fmt: skip
    reasons = nats.by_reason(status, cells, corpus.refused())
    return {
        "requested": status.requested,
        "proposed": status.proposed,
        "accepted": status.accepted,
        "done": status.done,
        "nats": dict(status.entropy_nats),
        "cells": dict(status.cells),
        "variety": {
            name: nats.parts({(f, level, one, two): n[place] for f, level, one, two, *n in cells})
            for place, name in enumerate(("proposed", "accepted"))
        },
        "losses": reasons[:REASONS],
        "losses_of": len(reasons),
        "levels": levels,
        "tries": [
            {"family": family, "level": level, **found}
            for family in shown
            for level, found in sorted(status.tries.get(family, {}).items())[:LEVELS]
        ],
        "refused_tries": [
            {"family": family, "reason": cut(reason, NAME_CHARACTERS), "tries": n}
            for family in shown
            for reason, n in sorted(status.refused.get(family, {}).items(), key=lambda pair: (-pair[1], pair[0]))[:8]
        ],
        "usage": status.usage[:LEVELS],
    }


def _coverage(measures: Measures, families: list[str]) -> dict[str, Any]:
    """Return how many rows each family has at each level, and which pairs of features occur together."""
    return {
        "levels": [
            {"family": family, "level": level, "rows": measures.levels[family, level]}
            for family in families
            for level in measures.levels_of(family)
        ],
        "pairs": largest(PAIR_BYTES, FEATURES, lambda most: [measures.coverage(family, most) for family in families]),
    }


def _evidence(measures: Measures, families: list[str]) -> dict[str, Any]:
    return {
        "grades": [
            {"family": family, "W": measures.grades[family, "W"], "A": measures.grades[family, "A"]}
            for family in families
        ],
        "claims": [
            {"role": role[:NAME_CHARACTERS], "form": form[:NAME_CHARACTERS], "body": body, "grade": grade, "claims": n}
            for (role, form, body, grade), n in sorted(measures.evidence.items())[: FAMILIES * 2]
        ],
        "claims_total": measures.evidence.total(),
    }


def _effort(measures: Measures, families: list[str]) -> dict[str, Any]:
    return {
        "levels": [measures.effort_of(family, level) for family in families for level in measures.levels_of(family)],
        "histograms": {name: measures.histogram(name) for name in MEASURES},
        "pass_rates": measures.pass_rates(),
    }


def _split(corpus: Corpus) -> dict[str, Any] | None:
    """Return the audit of the split, and what is known of duplicates; None without a recipe."""
    if corpus.recipe is None:
        return None
    found = audit_split(corpus.path)
    lists: Mapping[str, int] = {"crossings": LEVELS, "misplaced_rows": LEVELS, "held_out": FAMILIES}
    audited = {
        **found,
        **{name: found[name][:most] for name, most in lists.items()},
        "test_share": float(corpus.recipe.split.test),
    }
    status = corpus.status
    duplicates = None
    if status:
        duplicates = {
            "refused": sum(n for reason, n in status.rejected.items() if reason.startswith("dedup:")),
            "other_side": status.rejected.get(": ".join(alike.OTHER_SIDE), 0),
            "alike": status.alike,
        }
    return {"audit": audited, "duplicates": duplicates}
