"""What is counted while the rows of a corpus go by once: coverage, evidence, answers, effort."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from synth.run import tally
from synth.statistics.entropy import entropy_nats

# What a page can show of a corpus, whatever its size; it says where something was left out.
FAMILIES = 48
LEVELS = 8
ANSWERS = 8  # of a family
NAME_CHARACTERS = 60
ANSWER_CHARACTERS = 120

MEASURES = ("certificates", "claims", "steps", "formal")  # of effort: bytes, how many, how many, characters


class Measures:
    """Tallies over rows; memory grows with the number of different answers and cells, about 100 bytes for each."""

    def __init__(self) -> None:
        self.levels: Counter[tuple[str, int]] = Counter()
        self.features: dict[str, Counter[tuple[str, int]]] = {}
        self.pairs: dict[str, Counter[tuple[str, str, int]]] = {}
        self.cells: Counter[tally.Cell] = Counter()
        self.grades: Counter[tuple[str, str]] = Counter()
        self.evidence: Counter[tuple[str, str, str, str]] = Counter()
        self.answers: dict[str, Counter[str]] = {}
        self.effort: dict[tuple[str, int], dict[str, Counter[int]]] = {}
        self.rates: dict[tuple[str, str, int], list[float]] = {}
        self.sources: Counter[str] = Counter()

    def count(self, row: Mapping[str, Any]) -> None:
        """Count one row; about 0.2 ms."""
        family, level = str(row["family"])[:NAME_CHARACTERS], int(row["level"])
        self.levels[family, level] += 1
        names = sorted(set(row["features"]))
        self.features.setdefault(family, Counter()).update((name, level) for name in names)
        self.pairs.setdefault(family, Counter()).update((*pair, level) for pair in combinations(names, 2))
        tally.add(self.cells, family, level, names)
        claims, certificates = row["claims"], row["certificates"]
        self.grades[family, "A" if any(claim["grade"] == "A" for claim in claims) else "W"] += 1
        for claim, text in zip(claims, certificates, strict=True):
            role = "step" if claim["role"].startswith("step[") else claim["role"]
            self.evidence[role, claim["form"], _body(text), claim["grade"]] += 1
        self.answers.setdefault(family, Counter())[row["formal_answer"]] += 1
        values = (sum(len(text.encode()) for text in certificates), len(claims), len(row["steps"]), len(row["formal"]))
        effort = self.effort.setdefault((family, level), {name: Counter() for name in MEASURES})
        for name, value in zip(MEASURES, values, strict=True):
            effort[name][value] += 1
        for rate in row.get("pass_rate") or ():
            found = self.rates.setdefault((rate["model"], family, level), [0, 0, 0])
            for place, value in enumerate((1, rate["passed"], rate["tries"])):
                found[place] += value
        made_by = row["provenance"]
        self.sources[f"{made_by['source']}, {made_by['model'] or made_by['proposer']}"] += 1

    def rows(self) -> int:
        """Return how many rows were counted."""
        return self.levels.total()

    def families(self) -> list[str]:
        """Return the families by name, of very many those with the most rows."""
        rows: Counter[str] = Counter()
        for (family, _), n in self.levels.items():
            rows[family] += n
        return sorted(sorted(rows, key=lambda name: (-rows[name], name))[:FAMILIES])

    def levels_of(self, family: str) -> list[int]:
        """Return the levels of a family that have rows, the lowest ones."""
        return sorted(level for name, level in self.levels if name == family)[:LEVELS]

    def coverage(self, family: str, most: int) -> dict[str, Any]:
        """Return how many rows have each feature, and each two, by level: `pairs` of places in `features`.

        The `most` frequent features stand first, the others are left out; `of` says how many there are.
        Pairs that occur in no row are not listed; in `apart` are those that no problem of an installed family joins.
        """
        levels = self.levels_of(family)
        by_name: dict[str, list[int]] = {}
        for (name, level), n in self.features[family].items():
            if level in levels:
                by_name.setdefault(name, [0] * len(levels))[levels.index(level)] += n
        order = sorted(by_name, key=lambda name: (-sum(by_name[name]), name))
        names = order[:most]
        place = {name: number for number, name in enumerate(names)}
        pairs: dict[tuple[int, int], list[int]] = {}
        for (one, two, level), n in self.pairs[family].items():
            if one in place and two in place and level in levels:
                key = max(place[one], place[two]), min(place[one], place[two])
                pairs.setdefault(key, [0] * len(levels))[levels.index(level)] += n
        return {
            "family": family,
            "levels": levels,
            "features": [{"name": name[:NAME_CHARACTERS], "rows": by_name[name]} for name in names],
            "of": len(order),
            "pairs": [[*key, rows] for key, rows in sorted(pairs.items())],
            "apart": [sorted((place[one], place[two]), reverse=True) for one, two in _apart(family, names)],
        }

    def answers_of(self, family: str) -> dict[str, Any]:
        """Return how formal answers are spread: how many differ, their entropy in nats, and the most common ones."""
        found = self.answers[family]
        most = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:ANSWERS]
        return {
            "family": family,
            "rows": found.total(),
            "distinct": len(found),
            "nats": round(entropy_nats(found.values()), 4),
            "most": [[shortened(answer), n] for answer, n in most],
        }

    def effort_of(self, family: str, level: int) -> dict[str, Any]:
        """Return median and maximum of each measure of effort in one family and level."""
        found = self.effort[family, level]
        return {
            "family": family,
            "level": level,
            "rows": self.levels[family, level],
            **{name: {"median": _median(found[name]), "most": max(found[name])} for name in MEASURES},
        }

    def histogram(self, name: str) -> list[list[int]]:
        """Return `[from, to, rows]` of a measure of effort over all rows, in intervals that double."""
        bins: Counter[int] = Counter()
        for measures in self.effort.values():
            for value, n in measures[name].items():
                bins[value.bit_length()] += n
        if not bins:
            return []
        edges = range(min(bins), max(bins) + 1)
        return [[(1 << bit) >> 1, max(0, (1 << bit) - 1), bins[bit]] for bit in edges]

    def pass_rates(self) -> list[dict[str, Any]]:
        """Return how often models solved the rows of each family and level, where that was measured."""
        shown = set(self.families())
        return [
            {"model": model[:NAME_CHARACTERS], "family": family, "level": level, "rows": rows, "passed": passed,
             "tries": tries}
            for (model, family, level), (rows, passed, tries) in sorted(self.rates.items())
            if family in shown
        ][:FAMILIES * LEVELS]  # fmt: skip


def shortened(text: str) -> str:
    """Return a text that fits into a cell of a table."""
    return text if len(text) <= ANSWER_CHARACTERS else f"{text[: ANSWER_CHARACTERS - 1]}…"


def _median(values: Counter[int]) -> int:
    middle, below = (values.total() + 1) // 2, 0
    for value in sorted(values):
        below += values[value]
        if below >= middle:
            return value
    return 0


def _body(text: str) -> str:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return "?"
    return str(found.get("body", "?"))[:NAME_CHARACTERS] if isinstance(found, dict) else "?"


def _apart(family: str, names: list[str]) -> list[tuple[str, str]]:
    from synth.family.registry import families
    from synth.graph.reach import joinable

    installed = families()
    return joinable(installed[family], names)[1] if family in installed else []
