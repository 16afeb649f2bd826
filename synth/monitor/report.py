"""What the counts of a corpus say: figures with error and bias, beside a reference where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import exp, isfinite, isnan, sqrt
from typing import Any

from synth.errors import UserError
from synth.monitor import text
from synth.monitor.columns import NONE, SOURCES, UNKNOWN
from synth.monitor.corpus import Amount, CorpusMonitor
from synth.statistics import coverage, divergence, entropy

FRESH = ("human", "authored", "grammar_solver")  # from outside of the loop: no model composed the problem
Z = 1.96
ENOUGH = 5  # rows for each cell that was seen; with fewer, a change that is not seen may be there


@dataclass(frozen=True)
class Metric:
    """One figure. `value` is None where the data does not show it, and `note` says why.

    `se` is its standard error, None where there is none (an exact count) or it is not shown. `bias` is how far the
    figure may be off on average at this sample size: a difference that is no larger is none. `low` and `high` are the
    ends of a 95 % interval.
    """

    value: float | None
    se: float | None = None
    bias: float = 0.0
    low: float | None = None
    high: float | None = None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what is known, as JSON data."""
        facts = {"value": self.value, "se": self.se, "low": self.low, "high": self.high}
        return {
            "value": _rounded(self.value),
            **{name: _rounded(fact) for name, fact in facts.items() if name != "value" and fact is not None},
            **({"bias": _rounded(self.bias)} if self.bias else {}),
            **({"note": self.note} if self.note else {}),
        }


@dataclass(frozen=True)
class Report:
    """What a corpus shows. `cells` names its columns, `generations` has a line for each, `notes` are for people."""

    name: str
    cells: tuple[str, ...]
    metrics: dict[str, Metric]
    generations: tuple[dict[str, Any], ...]
    mix: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    reference: str = ""
    lost: tuple[tuple[str, int, int], ...] = field(default=())  # cells that lost most: (cell, rows, of the reference)

    def as_json(self) -> dict[str, Any]:
        """Return all figures as JSON data."""
        return {
            "data": self.name,
            "reference": self.reference,
            "cells": list(self.cells),
            "metrics": {name: metric.as_json() for name, metric in self.metrics.items()},
            "generations": list(self.generations),
            "mix": list(self.mix),
            "lost": [{"cell": cell, "rows": rows, "reference": there} for cell, rows, there in self.lost],
            "notes": list(self.notes),
        }


def report(monitor: CorpusMonitor, reference: CorpusMonitor | None = None) -> Report:
    """Return what a corpus shows, against a reference where there is one; costs seconds at most, whatever its size.

    Raise `UserError` where nothing was counted, or the two were counted by other columns.
    """
    if monitor.columns is None or not monitor.rows:
        raise UserError(f"{monitor.name} holds no rows; there is nothing to measure")
    found = monitor.counts()
    counts = list(found.values())
    metrics = {**_size(counts), **_variety(counts), **_shares(monitor), **text.views(monitor.texts)}
    lost: tuple[tuple[str, int, int], ...] = ()
    if reference is not None:
        if reference.columns is None or reference.columns.cells != monitor.columns.cells:
            raise UserError(f"the reference {reference.name} is not counted by {', '.join(monitor.columns.cells)}")
        wanted = reference.counts()
        names = sorted({*found, *wanted})
        metrics |= _against([found[name] for name in names], [wanted[name] for name in names])
        scale = monitor.rows / reference.rows
        thin = sorted(names, key=lambda name: (found[name] - wanted[name] * scale, name))
        lost = tuple(
            (" · ".join(name), found[name], wanted[name]) for name in thin[:10] if found[name] < wanted[name] * scale
        )
    generations = tuple(_generations(monitor))
    metrics |= _over_generations(monitor)
    return Report(
        monitor.name,
        monitor.columns.cells,
        metrics,
        generations,
        tuple(_mix(monitor)),
        tuple(_notes(monitor, metrics, reference)),
        reference.name if reference else "",
        lost,
    )


# ---- one sample ------------------------------------------------------------------------------------------------------


def _size(counts: list[int]) -> dict[str, Metric]:
    return {"rows": Metric(sum(counts)), "cells": Metric(len(counts))}


def _variety(counts: list[int]) -> dict[str, Metric]:
    best, plain, corrected = entropy.chao_wang_jost(counts), entropy.plug_in(counts), entropy.miller_madow(counts)
    off = entropy.bias(counts)
    why = _why_no_error(counts)
    missing, richness = coverage.unseen(counts), coverage.chao1(counts)
    known = not isnan(best.se)
    return {
        "entropy": Metric(best.value, best.se if known else None, off, note=why),
        "entropy_plug_in": Metric(plain.value, plain.se if known else None, off, note=why),
        "entropy_miller_madow": Metric(corrected.value, corrected.se if known else None, off, note=why),
        "effective_cells": Metric(exp(best.value), exp(best.value) * best.se if known else None, exp(best.value) * off),
        "unseen": Metric(missing.value, None, 1 / sum(counts), missing.low, missing.high, why),
        "chao1": Metric(richness.value, None, richness.value - len(counts), richness.low, _known(richness.high)),
    }


def _why_no_error(counts: list[int]) -> str:
    if len(counts) == 1:
        return "all rows lie in one cell, so nothing shows how sure this is; see the interval of unseen"
    if max(counts) == 1:
        return "every cell was seen once: the data does not show how many more there are"
    return ""


def _shares(monitor: CorpusMonitor) -> dict[str, Metric]:
    amounts = monitor.amounts()
    whole = Amount()
    for amount in amounts.values():
        whole.add(amount.rows, amount.tokens, amount.weight)
    found: dict[str, Metric] = {}
    unknown = amounts.get(UNKNOWN, Amount()).rows
    said = f"{unknown:,} rows do not say where they come from" if unknown else ""
    for source in (*SOURCES, UNKNOWN):
        amount = amounts.get(source, Amount())
        slack = unknown if source != UNKNOWN else 0
        ends = (amount.rows / whole.rows, (amount.rows + slack) / whole.rows)
        note = said if slack else ""
        value = None if slack == whole.rows else ends[0]  # where no row says it, no share is known
        found[f"share_{source}"] = Metric(value, None, ends[1] - ends[0], *ends, note=note)
        if whole.tokens:
            found[f"token_share_{source}"] = Metric(
                None if value is None else amount.tokens / whole.tokens,
                bias=amounts[UNKNOWN].tokens / whole.tokens if slack else 0.0,
                note=note,
            )
        if monitor.columns and monitor.columns.weight and whole.weight:
            share = amount.weight / whole.weight
            found[f"weight_share_{source}"] = Metric(None if value is None else share, note=note)
    fresh = sum(amounts.get(source, Amount()).rows for source in FRESH)
    known = None if unknown == whole.rows else fresh
    found["fresh"] = Metric(known, None, unknown, fresh, fresh + unknown, said)
    part = None if known is None else fresh / whole.rows
    ends = (fresh / whole.rows, (fresh + unknown) / whole.rows)
    found["fresh_share"] = Metric(part, None, unknown / whole.rows, *ends, note=said)
    return found


def _mix(monitor: CorpusMonitor) -> Iterator[dict[str, Any]]:
    """Yield what each source contributed, generation by generation."""
    for generation in sorted(monitor.cells):
        amounts = monitor.amounts([generation])
        rows, tokens = (sum(getattr(each, name) for each in amounts.values()) for name in ("rows", "tokens"))
        for source, amount in amounts.items():
            yield {
                "generation": generation,
                "source": source,
                "rows": amount.rows,
                "share": _rounded(amount.rows / rows),
                "tokens": amount.tokens,
                "token_share": _rounded(amount.tokens / tokens) if tokens else None,
            }


def _generations(monitor: CorpusMonitor) -> Iterator[dict[str, Any]]:
    """Yield the variety of each generation."""
    for generation in sorted(monitor.cells):
        counts = list(monitor.counts(generation).values())
        found = entropy.chao_wang_jost(counts)
        amounts = monitor.amounts([generation])
        yield {
            "generation": generation,
            "rows": sum(counts),
            "fresh": sum(amounts[source].rows for source in FRESH if source in amounts),
            "cells": len(counts),
            "entropy": _rounded(found.value),
            "se": _known(found.se),
            "bias": _rounded(entropy.bias(counts)),
            "unseen": _rounded(coverage.unseen(counts).value),
        }


# ---- two samples -----------------------------------------------------------------------------------------------------


def _against(found: list[int], wanted: list[int]) -> dict[str, Metric]:
    """Return how a sample differs from a reference; counts over the same cells."""
    n, m = sum(found), sum(wanted)
    small = min(n, m)
    kl, js = divergence.kullback_leibler(wanted, found), divergence.jensen_shannon(wanted, found)
    metrics: dict[str, Metric] = {}
    if m >= 2:
        kl_floor, js_floor = divergence.floors(wanted, n)
        for name, value, floor in (("kl", kl, kl_floor), ("js", js, js_floor)):
            metrics[name] = Metric(value.value, value.se, floor.high)
            metrics[f"{name}_floor"] = Metric(floor.mean, None, 0.0, None, floor.high)
        metrics["drifted"] = Metric(float(kl.value > kl_floor.high))
    else:
        why = "a reference of one row has no two halves, so no floor is known"
        metrics |= {name: Metric(None, note=why) for name in ("kl", "js", "kl_floor", "js_floor", "drifted")}
    here, there = (coverage.rarefied(counts, small) for counts in (found, wanted))
    metrics["richness"] = Metric(here.value, _known(here.se), note=f"cells in {small:,} rows")
    metrics["richness_reference"] = Metric(there.value, _known(there.se), note=f"cells in {small:,} rows")
    fall = _fall(wanted, found)
    metrics["entropy_drop"] = fall
    metrics |= _budget(wanted, found)
    fewer = there.value - here.value
    spread = sqrt(here.se**2 + there.se**2)
    metrics["narrows"] = _narrows(found, wanted, fall, fewer, spread)
    return metrics


def _fall(before: list[int], after: list[int]) -> Metric:
    """Return by how much the entropy fell (Chao, Wang and Jost), with the bias that both may have."""
    one, other = entropy.chao_wang_jost(before), entropy.chao_wang_jost(after)
    se = sqrt(one.se**2 + other.se**2)
    note = _why_no_error([count for count in before if count]) or _why_no_error([count for count in after if count])
    off = max(entropy.bias(before), entropy.bias(after))
    return Metric(one.value - other.value, _known(se), off, note=note)


def _budget(before: list[int], after: list[int]) -> dict[str, Metric]:
    """Return what drawing so many rows from the reference would cost in entropy, and how much more was lost.

    (S - 1)/2n: the plug-in entropy of n draws from a distribution of S cells is so much lower on average. What was
    lost beyond it was lost by selection, not by sampling. Valid for n of S or more.
    """
    n, cells = sum(after), sum(count > 0 for count in before)
    one, other = entropy.plug_in(before), entropy.plug_in(after)
    if n < cells:
        note = f"no budget: it holds for as many rows as cells, and there are {n:,} rows for {cells:,} cells"
        return {name: Metric(None, note=note) for name in ("drift_budget", "drift_excess")}
    budget = (cells - 1) / (2 * n)
    excess = one.value - other.value - budget
    return {
        "drift_budget": Metric(budget),
        "drift_excess": Metric(excess, _known(other.se), budget, note="" if not isnan(other.se) else "one cell"),
    }


def _narrows(found: list[int], wanted: list[int], fall: Metric, fewer: float, spread: float) -> Metric:
    assert fall.value is not None
    if fall.se is not None and fall.value > max(fall.bias, Z * fall.se):
        return Metric(1.0, note=f"entropy fell by {fall.value:.3f} nats, more than error and bias explain")
    if not isnan(spread) and fewer > max(1.0, Z * spread):
        return Metric(1.0, note=f"{fewer:.1f} cells fewer than the reference has in as many rows")
    seen = sum(count > 0 for count in wanted)
    if min(sum(found), sum(wanted)) < ENOUGH * seen:
        said = f"{sum(found):,} rows and {sum(wanted):,} of the reference are too few for {seen:,} cells to tell"
        return Metric(None, note=said)
    if fall.se is None:
        return Metric(None, note=fall.note)
    return Metric(0.0, note="no loss that is larger than error and bias")


def _over_generations(monitor: CorpusMonitor) -> dict[str, Metric]:
    """Return by how much the entropy fell from the first generation to the last, where there are several."""
    first, *others = sorted(monitor.cells)
    if not others:
        return {}
    before, after = (list(monitor.counts(generation).values()) for generation in (first, others[-1]))
    fall = _fall(before, after)
    return {"generation_drop": fall}


# ---- words -----------------------------------------------------------------------------------------------------------


def _notes(monitor: CorpusMonitor, metrics: dict[str, Metric], reference: CorpusMonitor | None) -> Iterator[str]:
    assert monitor.columns is not None
    rows, unknown = monitor.rows, monitor.amounts().get(UNKNOWN, Amount()).rows
    if unknown == rows:
        yield (
            "no row says where it comes from (provenance.source: human, authored, grammar_solver, verified or "
            "unverified): nothing is assumed, the mix is unknown"
        )
    elif unknown:
        yield f"{unknown:,} of {rows:,} rows do not say where they come from; shares are given as intervals"
    if monitor.lacking:
        yield f"{monitor.lacking:,} rows lack a value for their cell and lie in {NONE!r}"
    if not monitor.columns.texts and not monitor.columns.tokens:
        yield "no column of text is known, so there are no shares by tokens; name a column of counts with --tokens"
    elif not monitor.columns.tokens:
        yield f"for tokens stand the characters of {', '.join(monitor.columns.texts)}"
    cells = metrics["cells"].value or 0
    if rows < ENOUGH * cells:
        yield (
            f"{rows:,} rows lie in {cells:,} cells: fewer than {ENOUGH} a cell, so entropy may be off by "
            f"{metrics['entropy'].bias:.2f} nats, and no change below that counts"
        )
    if why := metrics["entropy"].note:
        yield f"entropy: {why}"
    if reference is None and "generation_drop" not in metrics:
        yield "one sample alone cannot narrow: give a --reference, or rows of several generations"
    if reference is not None and (budget := metrics["drift_budget"]).note:
        yield budget.note


def _known(value: float) -> float | None:
    return value if isfinite(value) else None


def _rounded(value: float | None) -> float | None:
    if value is None or not isfinite(value):
        return None
    return value if isinstance(value, int) else round(value, 6)
