"""Audit reasoning-gym and keep the disagreements: `python -m benchmarks.audit`, in an environment with that package.

Prints the table of docs/audit.md and writes corpora/audit/. Audits that lie in --work already are not made again; all
of them take about four minutes of CPU.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from synth.audit.report import interval
from synth.audit.run import audit
from synth.audit.sources import Wanted
from synth.audit.verdicts import VERDICTS
from synth.graph.rows import rows_of

SEED = 2026
KEPT = 12  # lines of each dataset and verdict
ROWS = {
    "gcd": 500,
    "prime_factorization": 500,
    "syllogism": 1000,
    "knights_knaves": 500,
    "polynomial_equations": 500,
    "polynomial_equations?min_degree=4&max_degree=4": 100,
    "polynomial_equations?min_degree=5&max_degree=5": 50,
    "countdown": 300,
    "sudoku": 300,
    "mini_sudoku": 300,
    "shortest_path": 500,
    "graph_color": 500,
    "intermediate_integration": 200,
    "propositional_logic": 1000,
    "survo": 1000,
    "cryptarithm": 300,
    "simple_equations": 1000,
}


def lines_of(spec: str, work: Path) -> list[dict[str, Any]]:
    """Return the lines of an audit, made now if they are not there."""
    path = work / f"{re.sub('[?&=]', '_', spec)}.jsonl"
    if not path.exists():
        part = path.with_suffix(".part")
        audit(f"reasoning-gym:{spec}", spec.partition("?")[0], Wanted(ROWS[spec], SEED), part)
        part.rename(path)
    return list(rows_of(path))


def kept(lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the first disagreements of each verdict."""
    seen: Counter[str] = Counter()
    for line in lines:
        seen[line["verdict"]] += 1
        if line["verdict"] not in ("right", "not_read") and seen[line["verdict"]] <= KEPT:
            yield line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/audit"))
    parser.add_argument("--out", type=Path, default=Path("corpora/audit"))
    options = parser.parse_args()
    for folder in (options.work, options.out):
        folder.mkdir(parents=True, exist_ok=True)
    print(f"| questions | rows | {' | '.join(VERDICTS)} |")
    for spec in ROWS:
        lines = lines_of(spec, options.work)
        counted = Counter(line["verdict"] for line in lines)
        cells = []
        for verdict in VERDICTS:
            low, high = interval(counted[verdict], len(lines))
            cells.append(f"{counted[verdict]:,} ({low:.1%}–{high:.1%})" if counted[verdict] else "–")
        print(f"| `{spec}` | {len(lines):,} | {' | '.join(cells)} |")
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in kept(lines))
        if text:
            (options.out / f"{re.sub('[?&=]', '_', spec)}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
