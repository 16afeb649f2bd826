"""Conditions for CI: `kl > 0.3 or entropy < 5 and rows >= 1000`. A closed language, read by a table, never evaluated.

    condition  = both { "or" both }
    both       = comparison { "and" comparison }
    comparison = METRIC ("<" | "<=" | ">" | ">=" | "==" | "!=") NUMBER

A comparison that holds by no more than the bias or 1.96 standard errors of its metric, or whose number lies inside the
metric's interval, does not count, and is named.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import inf, isfinite

from synth.errors import UserError, did_you_mean
from synth.monitor.report import Metric, Z

MAX_TEXT = 1000
OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|-?\.\d+)|(?P<name>[a-z][a-z0-9_]*)|(?P<op>[<>]=?|[=!]=))"
)
_PARTS = (("name", "the name of a metric"), ("op", "a comparison such as >"), ("number", "a number"))


@dataclass(frozen=True)
class Comparison:
    """One comparison of a metric with a number."""

    metric: str
    op: str
    number: float

    def __str__(self) -> str:
        return f"{self.metric} {self.op} {self.number:g}"


@dataclass(frozen=True)
class Outcome:
    """Whether a condition holds, which comparisons made it so, and which hold by less than their metric can show."""

    holds: bool
    because: tuple[str, ...]
    undecided: tuple[str, ...]


def parse(text: str) -> tuple[tuple[Comparison, ...], ...]:
    """Return a condition as alternatives of comparisons that hold together. Raise `UserError` with the place.

    >>> [[str(each) for each in both] for both in parse("kl > 0.3 or entropy<5 and rows >= 1e3")]
    [['kl > 0.3'], ['entropy < 5', 'rows >= 1000']]
    """
    tokens = _tokens(text)
    alternatives: list[list[Comparison]] = [[]]
    place = 0
    while True:
        for at, (kind, wanted) in enumerate(_PARTS, place):
            if at >= len(tokens) or tokens[at][0] != kind:
                raise _wrong(text, tokens[at][2] if at < len(tokens) else len(text), wanted)
        (_, name, _), (_, op, _), (_, number, _) = tokens[place : place + 3]
        alternatives[-1].append(Comparison(name, op, float(number)))
        place += 3
        if place == len(tokens):
            return tuple(map(tuple, alternatives))
        _, word, where = tokens[place]
        if word not in ("and", "or"):
            raise _wrong(text, where, "`and`, `or` or the end")
        if word == "or":
            alternatives.append([])
        place += 1


def check(condition: Collection[Collection[Comparison]], metrics: Mapping[str, Metric]) -> Outcome:
    """Say whether a condition holds. Raise `UserError` where a metric is not there, or its value is not known."""
    because: list[str] = []
    undecided: list[str] = []
    for both in condition:
        found = [_compare(each, metrics) for each in both]
        if all(held for held, _ in found):
            unsure = [why for _, why in found if why]
            if unsure:
                undecided += unsure
            else:
                because += [_said(each, metrics) for each in both]
    return Outcome(bool(because), tuple(because), tuple(undecided))


def _compare(each: Comparison, metrics: Mapping[str, Metric]) -> tuple[bool, str]:
    """Return whether a comparison holds, and why it is not sure where it is not."""
    metric = metrics.get(each.metric)
    if metric is None:
        hint = did_you_mean(each.metric, metrics)
        if each.metric in _OF_REFERENCE:
            hint = "it needs a --reference"
        raise UserError(f"--fail-on: there is no metric {each.metric!r} here; {hint}")
    if metric.value is None:
        why = metric.note or "the data does not show it"
        raise UserError(f"--fail-on: {each.metric} has no value here: {why}; leave it out, or give data that shows it")
    if not OPERATORS[each.op](metric.value, each.number):
        return False, ""
    margin = max(metric.bias, Z * (metric.se or 0.0))
    if metric.low is not None and metric.low < each.number < (inf if metric.high is None else metric.high):
        end = "no end" if metric.high is None else f"{metric.high:.3g}"
        return True, f"{_said(each, metrics)}, but its interval reaches from {metric.low:.3g} to {end}"
    if margin and abs(metric.value - each.number) <= margin:
        return True, f"{_said(each, metrics)}, but bias and error at this size may be {margin:.3g}"
    return True, ""


_OF_REFERENCE = frozenset(
    {"kl", "js", "kl_floor", "js_floor", "drifted", "richness", "richness_reference", "entropy_drop", "narrows",
     "drift_budget", "drift_excess"}
)  # fmt: skip


def _said(each: Comparison, metrics: Mapping[str, Metric]) -> str:
    return f"{each} ({each.metric} is {metrics[each.metric].value:.6g})"


def _tokens(text: str) -> list[tuple[str, str, int]]:
    if len(text) > MAX_TEXT:
        raise UserError(f"--fail-on: a condition has at most {MAX_TEXT} characters, not {len(text):,}")
    found: list[tuple[str, str, int]] = []
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            spaces = len(text[place:]) - len(text[place:].lstrip())
            raise _wrong(text, place + spaces, "a metric, a comparison or a number")
        kind = str(match.lastgroup)
        if kind == "number" and not isfinite(float(match[kind])):
            raise _wrong(text, match.start(kind), "a finite number")
        found.append((kind, match[kind], match.start(kind)))
        place = match.end()
    return found


def _wrong(text: str, place: int, wanted: str) -> UserError:
    return UserError(
        f"--fail-on: expected {wanted} at character {place + 1} of {text!r}, as in `kl > 0.3 or rows < 1000`"
    )
