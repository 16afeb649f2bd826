"""Laws of levels: few draws are lost, each has room, a higher one is harder, and all is reproducible."""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import median

from synth.family import Family
from synth.family.mistakes import likely_fix
from synth.family.registry import SETTINGS
from synth.propose.sampler import draw
from synth.recheck.canonical import canonical
from synth.records import Record, Rejection, Source
from synth.testing.answers import OPINION
from synth.testing.contract import few_lost, reproducible, rows_hold, seeds_differ
from synth.testing.finding import OPEN, TOLD, Broken, Finding, finding
from synth.testing.sampled import Sampled
from synth_kernel.claims import Theory
from synth_kernel.terms import read, size
from synth_solvers.opinions import opinions

DRAWS = 64  # problems that are drawn to estimate how many there are
SECONDS = 0.8  # of CPU for them, at each level
ROOM = 300  # a level with fewer different problems repeats itself
FEW = 12  # rows of a level that are measured; fewer are too few for a median to be trusted
SLACK = 0.95  # a level may be this much easier than the one before: medians of few rows vary


def accepted(sampled: Sampled) -> Finding:
    """At most 5 % of the draws of a level come to nothing."""
    broken = [each for drawn in sampled.levels for each in few_lost(sampled.family, drawn)]
    lost = Counter(f"{each.stage}: {each.reason}" for drawn in sampled.levels for each in drawn.lost)
    total = sum(drawn.samples for drawn in sampled.levels)
    least = min((len(drawn.records) / max(1, drawn.samples) for drawn in sampled.levels), default=0)
    figure = f"{total - sum(lost.values())} of {total} draws, worst level {least:.0%}"
    figure += "".join(f"; {count} {reason}" for reason, count in lost.most_common(2))
    worst = min(sampled.levels, key=lambda drawn: len(drawn.records))
    return finding("draws become rows", figure, broken, _why_lost(sampled.family, worst.level, lost))


def _why_lost(family: Family, level: int, lost: Mapping[str, int]) -> str:
    reasons = " ".join(lost)
    if fix := likely_fix(reasons):
        data = family.folder.joinpath(SETTINGS).is_file()
        file, begins = (SETTINGS, rf"\[levels\.{level}\]") if data else ("__init__.py", rf"\s*{level}: \{{")
        lines = family.text(file).splitlines()
        line = next((number for number, line in enumerate(lines, 1) if re.match(begins, line)), 1)
        return f"{family.name}/{file}, line {line}: {fix}"
    if "refuted" in reasons:
        return "propose() poses problems whose answer is not the only one, or plants a wrong one"
    return "the reason says which stage refused the problem; `synth show` repeats it"


def round_trips(sampled: Sampled) -> Finding:
    """A row re-checks from its words, each phrasing reads back, the completion scores and the question does not."""
    broken = [each for drawn in sampled.levels for each in rows_hold(sampled.family, drawn)]
    rows = len(sampled.records)
    figure = f"{rows} rows, {rows * (1 + 3 * len(sampled.family.languages))} texts read back"
    return finding("texts read back, rows re-check", figure, broken, "two productions are said alike; see found")


def same_again(sampled: Sampled) -> Finding:
    """The same source gives the same row, and two seeds share few problems."""
    broken = [each for drawn in sampled.levels for each in reproducible(sampled.family, drawn)]
    cause = "a hook uses a set, the clock or the global random stream; use the `rng` that it is given"
    return finding("rows are reproducible", f"{sum(d.samples for d in sampled.levels)} made twice", broken, cause)


def seeds_disjoint(sampled: Sampled) -> Finding:
    """Two seeds share few problems."""
    broken = [each for drawn in sampled.levels for each in seeds_differ(sampled.family, drawn)]
    shared = sum(len({r.problem for r in d.records} & {r.problem for r in d.others}) for d in sampled.levels)
    cause = "a level has too few problems: widen its settings, or add kinds of clause"
    return finding("two seeds differ", f"{shared} problems in common", broken, cause)


def harder(sampled: Sampled) -> Finding:
    """By some measure of work no level is easier than the one before, and the last is harder than the first."""
    law, found = "levels grow harder", dict[str, list[list[float]]]()
    if len(sampled.levels) < 2 or not all(drawn.records for drawn in sampled.levels):
        return Finding(law, "needs rows of two levels", "does not apply")
    for name, measure in MEASURES.items():
        found[name] = [list(map(measure, drawn.records[:FEW])) for drawn in sampled.levels]
    growing = [name for name, rows in found.items() if _grows(rows)]
    best = max(growing or found, key=lambda name: median(found[name][-1]) / max(1, median(found[name][0])))
    figure = f"{best} {' → '.join(f'{median(rows):,.0f}' for rows in found[best])}"
    shortest = min(sampled.levels[-1].records, key=lambda record: len(record.formal)).formal
    broken = [] if growing else [Broken(law, "more work at each level", figure, shortest)]
    return finding(law, figure, broken, "a level changes nothing that makes work; order the levels by size")


def _grows(levels: Sequence[Sequence[float]]) -> bool:
    """Say whether medians rise; a fall counts where it is more than what so few rows show by accident."""
    steps = [median(each) for each in levels]
    return steps[-1] > steps[0] and all(
        median(b) >= SLACK * median(a) or (len(b) < FEW and not _falls(a, b)) for a, b in pairwise(levels)
    )


def _falls(one: Sequence[float], other: Sequence[float]) -> bool:
    """Say whether the second sample lies below the first by two standard deviations (Mann and Whitney 1947).

    >>> _falls([3, 4, 5, 6], [1, 2, 2, 3]), _falls([30, 10, 22, 25], [22, 31, 9, 24])
    (True, False)
    """
    pairs = len(one) * len(other)
    below = sum((b < a) + (a == b) / 2 for a in one for b in other)
    return below - pairs / 2 > 2 * math.sqrt(pairs * (len(one) + len(other) + 1) / 12)


def _asked(record: Record) -> float:
    theory = Theory.read(record.theory)
    claims = [each.claim for each in record.evidence if each.claim.form == "entails"][:1]
    return float(
        max((answer.used for claim in claims for answer in opinions(theory, claim, OPINION).values()), default=0)
    )


MEASURES: Mapping[str, Callable[[Record], float]] = {
    "nodes of the theory": lambda record: size(read(record.theory)),
    "characters of the problem": lambda record: len(record.formal),
    "steps": lambda record: len(record.steps),
    "characters of the answer": lambda record: len(record.formal_answer),
    "bytes of certificates": lambda record: sum(len(str(each.certificate)) for each in record.evidence),
    "units of an SMT solver": _asked,
}


def roomy(sampled: Sampled) -> Finding:
    """Each level has many different problems, estimated from how many of a few draws coincide (birthdays)."""
    law, broken, figures = "there is room for many problems", list[Broken](), list[str]()
    for drawn in (drawn for drawn in sampled.levels if drawn.records):
        counts = _keys(sampled.family, drawn.level, drawn.seed)
        total = sum(counts.values())
        pairs = sum(count * (count - 1) // 2 for count in counts.values())
        room = total * (total - 1) // 2 // max(1, pairs)
        figures.append(f"{'≥' if not pairs else '~'} {room:,}")
        if pairs > 2 and room < ROOM:
            place = f"level {drawn.level}"
            broken.append(Broken(law, f"at least {ROOM} problems", f"about {room} at {place}", place))
    cause = "the settings of this level leave few problems: more names, wider numbers, more kinds of clause"
    return finding(law, " · ".join(figures), broken, cause) if figures else Finding(law, "no rows", OPEN)


def _keys(family: Family, level: int, seed: int) -> Counter[str]:
    """Draw problems without proving them and count them up to names and order."""
    found: Counter[str] = Counter()
    begun = time.process_time()
    for index in range(DRAWS):
        drawn = draw(family, Source(family.name, level, seed + 2, index))
        if not isinstance(drawn, Rejection):
            found[canonical(family.problem(drawn[0].formal)[1].theory)[0]] += 1
        if time.process_time() - begun > SECONDS:
            break
    return found


def fast(sampled: Sampled) -> Finding:
    """Tell how many rows a second of CPU makes."""
    seconds = sum(drawn.seconds for drawn in sampled.levels)
    return Finding("speed", f"{len(sampled.records) / max(seconds, 1e-9):,.0f} rows per CPU-second", TOLD)
