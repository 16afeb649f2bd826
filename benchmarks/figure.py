"""The figure of `docs/coverage.md`, drawn as SVG from `results.json`: one column a family, one row a metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import log
from typing import Any

METRICS = {"coverage": "cells covered, %", "entropy": "entropy, nats", "unseen": "unseen mass, %"}
SHOWN = 4  # families, the first of the table
WIDTH, HEIGHT, GAP_X, GAP_Y, LEFT, TOP = 190, 110, 52, 44, 76, 62  # pixels
STYLE = """
  svg { font: 12px system-ui, sans-serif; }
  .back { fill: #ffffff; } .text { fill: #24292f; } .faint { fill: #57606a; font-size: 10.5px; }
  .axis { stroke: #8c959f; fill: none; } .grid { stroke: #d8dee4; }
  .plain { stroke: #57606a; } .steered { stroke: #bc4c00; } .line { fill: none; stroke-width: 2; }
  .band { stroke: none; opacity: .2; } .plain.band { fill: #57606a; } .steered.band { fill: #bc4c00; }
  .plain.dot { fill: #57606a; } .steered.dot { fill: #bc4c00; }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117; } .text { fill: #e6edf3; } .faint { fill: #9198a1; }
    .axis { stroke: #6e7681; } .grid { stroke: #30363d; }
    .plain { stroke: #9198a1; } .steered { stroke: #f0883e; }
    .plain.band { fill: #9198a1; } .steered.band { fill: #f0883e; }
    .plain.dot { fill: #9198a1; } .steered.dot { fill: #f0883e; }
  }
"""
Row = Mapping[str, Any]


def figure(results: Mapping[str, Any]) -> str:
    """Return the SVG; its text is that of the tables `demand_…`, so it is drawn again whenever they are measured."""
    tables = {metric: results[f"demand_{metric}"]["rows"] for metric in METRICS}
    families = list(dict.fromkeys(row["family"] for row in tables["coverage"]))[:SHOWN]
    width = LEFT + len(families) * (WIDTH + GAP_X)
    height = TOP + len(METRICS) * (HEIGHT + GAP_Y) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-label="Coverage, entropy and unseen mass against CPU-seconds, plain and steered">',
        f"<style>{STYLE}</style>",
        f'<rect class="back" width="{width}" height="{height}"/>',
        *_legend(),
    ]
    for column, family in enumerate(families):
        x = LEFT + column * (WIDTH + GAP_X)
        parts.append(f'<text class="text" x="{x}" y="{TOP - 12}" font-weight="600">{escape(family)}</text>')
        for row, (metric, title) in enumerate(METRICS.items()):
            y = TOP + row * (HEIGHT + GAP_Y)
            if column == 0:
                middle = y + HEIGHT / 2
                parts.append(
                    f'<text class="text" x="18" y="{middle}" text-anchor="middle" '
                    f'transform="rotate(-90 18 {middle})">{title}</text>'
                )
            parts += panel([line for line in tables[metric] if line["family"] == family], x, y, row == len(METRICS) - 1)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend() -> Iterator[str]:
    for number, (name, said) in enumerate({"plain": "plain sampling", "steered": "demand: coverage"}.items()):
        x = LEFT + 150 * number
        yield f'<path class="{name} line" d="M{x} 20h24"/><text class="text" x="{x + 30}" y="24">{said}</text>'
    yield f'<text class="faint" x="{LEFT + 310}" y="24">bands: 95 % intervals over the seeds</text>'


def panel(rows: Sequence[Row], left: float, top: float, last: bool) -> Iterator[str]:
    """Yield the elements of one panel: axes, then for each method its band, its line and its points."""
    lows = [row[name] - row[f"{name}_±"] for row in rows for name in ("plain", "steered")]
    highs = [row[name] + row[f"{name}_±"] for row in rows for name in ("plain", "steered")]
    ticks = ticks_of(max(0, min(lows)), min(100, max(highs)))
    low, high = ticks[0], ticks[-1]
    first, end = log(rows[0]["cpu_s"]), log(rows[-1]["cpu_s"])

    def at(row: Row, value: float) -> str:
        x = left + WIDTH * (log(row["cpu_s"]) - first) / ((end - first) or 1)
        y = top + HEIGHT * (1 - (min(max(value, low), high) - low) / (high - low))
        return f"{x:.1f} {y:.1f}"

    for tick in ticks:
        y = top + HEIGHT * (1 - (tick - low) / (high - low))
        yield f'<path class="grid" d="M{left} {y:.1f}h{WIDTH}"/>'
        yield f'<text class="faint" x="{left - 6}" y="{y + 3.5:.1f}" text-anchor="end">{tick:g}</text>'
    yield f'<path class="axis" d="M{left} {top}v{HEIGHT}h{WIDTH}"/>'
    for row in rows:
        x = at(row, low).split()[0]
        yield f'<text class="faint" x="{x}" y="{top + HEIGHT + 14}" text-anchor="middle">{row["cpu_s"]:g}</text>'
    if last:
        yield (f'<text class="text" x="{left + WIDTH / 2}" y="{top + HEIGHT + 32}" text-anchor="middle">'
               "CPU-seconds</text>")  # fmt: skip
    for name in ("plain", "steered"):
        above = [at(row, row[name] + row[f"{name}_±"]) for row in rows]
        below = [at(row, row[name] - row[f"{name}_±"]) for row in reversed(rows)]
        yield f'<path class="{name} band" d="M{" L".join([*above, *below])}Z"/>'
        line = [at(row, row[name]) for row in rows]
        yield f'<path class="{name} line" d="M{" L".join(line)}"/>'
        for point in line:
            x, y = point.split()
            yield f'<circle class="{name} dot" cx="{x}" cy="{y}" r="2.5"/>'


def ticks_of(low: float, high: float) -> list[float]:
    """Return three to six round numbers that reach from below `low` to above `high`.

    >>> ticks_of(0.3, 97), ticks_of(5.52, 5.81)
    ([0.0, 20.0, 40.0, 60.0, 80.0, 100.0], [5.5, 5.6, 5.7, 5.8, 5.9])
    """
    spread = max(high - low, 1e-6)
    power = 10.0
    while power > spread:
        power /= 10
    step = next(found for found in (power / 5, power / 2, power, 2 * power, 5 * power) if spread / found <= 5)
    first, last = int(low // step), -int(-high // step)
    return [round(number * step, 9) for number in range(first, max(last, first + 1) + 1)]
