"""Proved rows per CPU-second, and where the time goes: the whole chain from a source to the row as plain data."""

from __future__ import annotations

import cProfile
import io
import json
import pstats
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import import_module
from time import process_time

from benchmarks.measure import Options, Stages, Table, digits, forget, mix, prepare, quantile, rate
from synth.family import Family
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import propose
from synth.records import Candidate, Record, Rejection

STAGES = {
    "draw": "planting loop or sampler",
    "read": "formal text to tree",
    "theory": "trees to theory, answer and claims of steps",
    "answer": "solver finds the answer, written",
    "steps": "steps found and written",
    "claims": "required claims and their ids",
    "prove": "certificates found",
    "recheck": "kernel accepts them",
    "words": "English rendered and read back",
    "key": "canonical key",
    "row": "features, and the record as plain data",
    "rest": "everything else",
}
NESTED = frozenset({("prove", "recheck"), ("read", "theory")})


def measure(options: Options) -> Iterator[Table]:
    """Yield the table of rates and the table of stages."""
    rates: list[tuple[object, ...]] = []
    by_stage: list[tuple[object, ...]] = []
    lost: list[str] = []
    for name, family in options.families.items():
        prepare(family)
        rates.append((name, *_rates(family, options, lost)))
        forget()
        by_stage.append((name, *_stages(family, options)))
    medians = sorted(float(row[1]) for row in rates)  # type: ignore[arg-type]
    middle = quantile(list(medians), 0.5)
    yield Table(
        "rows",
        "Proved rows per CPU-second",
        ("family", "rows_per_s", "L1", "L2", "L3", "L4", "L5", "accepted_%", "worst_level_%", "cert_B_median",
         "cert_B_p99", "cert_zlib_B_median", "cert_zlib_B_max"),
        tuple(rates),
        (
            f"Median over the families: {middle} rows/s (target 500, stretch 1,000); the slowest: "
            f"{min(medians, default=0)} (target 20). Certificate bytes are those of a whole row.",
            "One process; proposing, proving, rechecking, English written and read back, key and plain data; no "
            "Parquet, ledger or pool. Levels mixed uniformly.",
            *lost,
        ),
    )  # fmt: skip
    yield Table(
        "stages",
        "Microseconds an index, by stage",
        ("family", "total", *STAGES),
        tuple(by_stage),
        ("; ".join(f"{stage}: {said}" for stage, said in STAGES.items()),),
    )


def _rates(family: Family, options: Options, lost: list[str]) -> Iterator[object]:
    """Yield the figures of a family; add to `lost` why candidates were."""
    spent = dict.fromkeys(family.levels, 0.0)
    tried: Counter[int] = Counter()
    accepted: Counter[int] = Counter()
    reasons: Counter[str] = Counter()
    raw: list[float] = []
    packed: list[float] = []
    for sources in mix(family, options.seed):
        if sum(spent.values()) >= options.seconds:
            break
        for source in sources:
            started = process_time()
            result = propose(family, source)
            if isinstance(result, Candidate):
                result = judge(family, result, Setting())  # type: ignore[assignment]
            row = row_of(result) if isinstance(result, Record) else None
            spent[source.level] += process_time() - started
            tried[source.level] += 1
            if row is not None:
                accepted[source.level] += 1
                text = "\n".join(row["certificates"]).encode()
                raw.append(len(text))
                packed.append(len(zlib.compress(text)))
            elif isinstance(result, Rejection):
                reasons[f"{result.stage}: {result.reason}"] += 1
    if reasons:
        said = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
        lost.append(f"{family.name} lost of {tried.total()}: {said}.")
    yield rate(accepted.total(), sum(spent.values()))
    yield from (rate(accepted[level], spent.get(level, 0.0)) for level in range(1, 6))
    yield digits(100 * accepted.total() / tried.total())
    yield digits(100 * min(accepted[level] / tried[level] for level in tried))
    yield from (quantile(raw, 0.5), quantile(raw, 0.99), quantile(packed, 0.5), max(packed, default=0))


def places(family: Family) -> Mapping[tuple[object, str], str]:
    """Return which functions belong to which stage of making a row."""
    sampler, judging = import_module("synth.propose.sampler"), import_module("synth.judge.judge")
    found: dict[tuple[object, str], str] = {
        (family, "propose"): "draw",
        (family, "problem"): "read",
        (family.formal, "read"): "read",
        (family.meaning, "problem"): "theory",
        (import_module("synth_kernel.meaning").Reading, "term"): "theory",
        (import_module("synth_kernel.meaning").Reading, "answer"): "theory",
        (sampler, "answer_of"): "answer",
        (import_module("synth_solvers.steps"), "find"): "steps",
        (family, "sentence"): "steps",
        (judging, "required"): "claims",
        (import_module("synth_kernel.claims").Claim, "id"): "claims",
        (judging, "prove"): "prove",
        (judging, "witness"): "prove",
        (import_module("synth_solvers.prove"), "recheck"): "recheck",
        (judging, "canonical"): "key",
        (judging, "productions"): "row",
        (family, "features"): "row",
        (family, "solution"): "answer",
    }
    for name in family.languages:
        found |= {(family.language(name), "read"): "words", (family.language(name), "render"): "words"}
    return found


def _stages(family: Family, options: Options) -> Iterator[object]:
    stages = Stages(NESTED)
    indices, spent = 0, 0.0
    with stages.of(places(family)):
        for sources in mix(family, options.seed + 1):
            if spent >= options.seconds / 2:
                break
            for source in sources:
                started = process_time()
                result = propose(family, source)
                judged = judge(family, result, Setting()) if isinstance(result, Candidate) else result
                if isinstance(judged, Record):
                    with stages.stage("row"):
                        row_of(judged)
                spent += process_time() - started
                indices += 1
    stages.seconds["rest"] = max(0.0, spent - sum(stages.seconds.values()))
    yield round(1e6 * spent / indices)
    yield from (round(1e6 * stages.seconds[stage] / indices) for stage in STAGES)


def profile(family: Family, seconds: float, seed: int, lines: int = 25) -> str:
    """Return the top lines of a profile of making rows, by own time and by cumulative time."""
    prepare(family)
    recorder = cProfile.Profile()
    started = process_time()
    for sources in mix(family, seed):
        if process_time() - started >= seconds:
            break
        for source in sources:
            recorder.enable()
            result = propose(family, source)
            judged = judge(family, result, Setting()) if isinstance(result, Candidate) else result
            if isinstance(judged, Record):
                json.dumps(row_of(judged))
            recorder.disable()
    text = io.StringIO()
    statistics = pstats.Stats(recorder, stream=text).strip_dirs()
    statistics.sort_stats("tottime").print_stats(lines)
    statistics.sort_stats("cumulative").print_stats(lines)
    return text.getvalue()
