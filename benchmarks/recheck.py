"""Rows re-checked per CPU-second: certificates alone, and whole rows from the words of the question."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from statistics import median
from time import process_time
from typing import Any

from benchmarks.measure import Options, Stages, Table, digits, forget, prepare, quantile, rate, records
from synth.family import Family
from synth.judge.judge import Setting
from synth.judge.row import row_of
from synth.recheck.rows import Package
from synth_kernel.claims import Claim, Theory
from synth_kernel.recheck import recheck
from synth_kernel.terms import read

TARGETS = {  # certificates alone, rows a second
    "linear_system": 5000, "knights": 5000, "derivative": 500, "antiderivative": 500, "polynomial_roots": 500,
    "logic_grid": 600, "sudoku": 100,
}  # fmt: skip
STAGES = ("texts", "theory", "key", "certificates", "rest")
PASSES = 3


def measure(options: Options) -> Iterator[Table]:
    """Yield the table of re-check rates."""
    yield Table(
        "recheck",
        "Rows re-checked per CPU-second",
        ("family", "rows", "certificates_alone", "target", "whole_rows", "whole_%", "p99_ms", "slowest_claim",
         "json_theory", *(f"{stage}_%" for stage in STAGES)),
        tuple((name, *_figures(family, options)) for name, family in options.families.items()),
        (
            "Certificates alone: `recheck` of every claim; claims, certificates and theories were parsed before. Whole "
            "rows: `Package.check`, which reads question and answer, rebuilds theory, key and claims, and rechecks.",
            "whole_% is whole rows against certificates alone (target 60). p99_ms is of a whole row; slowest_claim the "
            "role that takes most of the certificates' time; json_theory is rows/s for parsing JSON and the theory's "
            f"text alone; the last columns share out a whole row. Each figure is the median of {PASSES} passes, every "
            "pass with new objects and empty caches.",
        ),
    )  # fmt: skip


def _figures(family: Family, options: Options) -> Iterator[object]:
    prepare(family)
    rows = [json.dumps(row_of(record)) for record in records(family, options.seconds / 2, options.seed, least=3)]
    package = Package({"v": 1, "prompt": {"system": Setting().system, "answer_in": Setting().answer_in},
                       "families": {family.name: json.loads(json.dumps(family.pack(family.languages)))}})  # fmt: skip
    if not rows:
        raise SystemExit(f"{family.name} made no row in {options.seconds / 2} CPU-seconds; give it more with -s")
    for text in rows[: len(family.levels)]:
        if reason := package.check(json.loads(text)):
            raise SystemExit(f"a row of {family.name} does not re-check, so its speed means nothing: {reason}")
    alone, whole, parsed = [], [], []
    times: list[float] = []
    by_role: dict[str, float] = {}
    for _ in range(PASSES):
        forget()
        gc.collect()
        started = process_time()
        ready = [_ready(json.loads(text)) for text in rows]
        parsed.append(process_time() - started)
        alone.append(_certificates(ready, by_role))
        forget()
        fresh = [json.loads(text) for text in rows]
        gc.collect()
        each = []
        for row in fresh:
            started = process_time()
            package.check(row)
            each.append(process_time() - started)
        whole.append(sum(each))
        times += each
    yield len(rows)
    yield rate(len(rows), median(alone))
    yield TARGETS.get(family.name)
    yield rate(len(rows), median(whole))
    yield digits(100 * median(alone) / median(whole))
    yield digits(1e3 * quantile(times, 0.99))
    role = max(by_role, key=by_role.__getitem__)
    yield f"{role} {round(100 * by_role[role] / sum(by_role.values()))}%"
    yield rate(len(rows), median(parsed))
    yield from _shares(package, rows)


def _ready(row: Mapping[str, Any]) -> tuple[Theory, list[Claim], list[Mapping[str, Any]]]:
    claims = [Claim(c["role"], c["form"], tuple(c["premises"]), read(c["goal"])) for c in row["claims"]]
    return Theory.read(row["theory"]), claims, [json.loads(text) for text in row["certificates"]]


def _certificates(ready: list[tuple[Theory, list[Claim], list[Mapping[str, Any]]]], by_role: dict[str, float]) -> float:
    """Recheck every claim of parsed rows; return the CPU-seconds, and add them up by role."""
    total = 0.0
    for theory, claims, certificates in ready:
        first_step = sum(not claim.role.startswith("step") for claim in claims)
        for number, (claim, certificate) in enumerate(zip(claims, certificates, strict=True)):
            earlier = claims[first_step : max(number, first_step)]
            started = process_time()
            shown = recheck(theory, claim, certificate, earlier)
            spent = process_time() - started
            if not shown:
                raise SystemExit(f"the certificate of {claim.role} does not re-check, so its speed means nothing")
            role = claim.role.split("[")[0]
            by_role[role] = by_role.get(role, 0.0) + spent
            total += spent
    return total


def _shares(package: Package, rows: list[str]) -> Iterator[object]:
    forget()
    stages = Stages()
    kernel_rows = import_module("synth.recheck.rows")
    places = {
        (kernel_rows.FamilyReader, "read"): "texts",
        (import_module("synth_kernel.meaning").Meaning, "problem"): "theory",
        (kernel_rows, "canonical"): "key",
        (kernel_rows, "recheck"): "certificates",
    }
    fresh = [json.loads(text) for text in rows]
    with stages.of(places):
        started = process_time()
        for row in fresh:
            package.check(row)
        total = process_time() - started
    stages.seconds["rest"] = max(0.0, total - sum(stages.seconds.values()))
    yield from (round(100 * stages.seconds[stage] / total) for stage in STAGES)
