"""`python -m benchmarks`: measure, print tables, write `results.json` and `results.md` beside this file."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as Printed

from benchmarks.figure import figure
from benchmarks.measure import Options, Table
from synth.family.registry import families

HERE = Path(__file__).parent
BENCHMARKS = (
    *("rows", "recheck", "score", "sampler", "keys", "memory", "peers"),
    *("decoding", "bundled", "search", "paraphrase"),
    *("graph_keys", "graph_store", "select", "demand", "corpus"),
    "monitor",
)
PEER_PYTHON = HERE.parent / ".venv-bench" / "bin" / "python"
LIBRARIES = ("z3-solver", "cvc5", "python-sat", "python-flint", "sympy", "lark")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks asked for; results of the others are kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK", help=f"of {', '.join(BENCHMARKS)}; default all")
    parser.add_argument("-f", "--family", action="append", default=[], help="only this family; may be repeated")
    parser.add_argument("-s", "--seconds", type=float, default=10.0, help="CPU-seconds a family and benchmark")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--memory-rows", type=int, default=10_000, help="rows of the run whose memory is watched")
    parser.add_argument("--key-draws", type=int, default=4_000, help="draws for each estimate of distinct keys")
    parser.add_argument("--corpus-rows", type=int, default=20_000, help="rows that duplicates are looked for in")
    parser.add_argument("--corpus", default="", metavar="DIR", help="look for them in this run, instead of a new one")
    parser.add_argument("--monitor-rows", type=int, default=1_000_000, help="rows that the monitor measures")
    parser.add_argument("--peer-python", default=str(PEER_PYTHON), help="python of the environment with the peers")
    parser.add_argument("--profile", action="store_true", help="print where making rows spends its time, and stop")
    parser.add_argument("--no-write", action="store_true", help="print only")
    given = parser.parse_args(arguments)
    if unknown := set(given.benchmarks) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    if unknown := set(given.family) - set(families()):
        parser.error(f"no family {', '.join(sorted(unknown))}; there are {', '.join(families())}")
    chosen = {name: families()[name] for name in given.family or families()}
    options = Options(
        *(chosen, given.seconds, given.seed, given.peer_python, given.memory_rows, given.key_draws),
        *(given.corpus_rows, given.corpus, given.monitor_rows),
    )
    if given.profile:
        from benchmarks.rows import profile

        for name, family in chosen.items():
            print(f"== {name} ==\n{profile(family, given.seconds, given.seed)}")
        return 0
    console = Console()
    tables: dict[str, dict[str, Any]] = {}
    for name in given.benchmarks or BENCHMARKS:
        try:
            module = import_module(f"benchmarks.{name}")
        except ModuleNotFoundError as missing:
            print(f"{name}: needs {missing.name}, which is not installed here; `make bench` has it", file=sys.stderr)
            continue
        for table in module.measure(options):
            show(console, table)
            tables[table.name] = {**table.facts(), "seconds": given.seconds, "machine": machine()}
            if not given.no_write:
                write(tables, others=bool(given.family))
    return 0


def machine() -> dict[str, Any]:
    """Return what the figures depend on beside our code."""
    model = ""
    if (facts := Path("/proc/cpuinfo")).is_file():
        lines = [line.split(":", 1)[1].strip() for line in facts.read_text().splitlines() if "model name" in line]
        model = lines[0] if lines else ""
    return {
        "cpu": model or platform.processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "synth": version("synth-corpus"),
        "date": datetime.now(UTC).date().isoformat(),
    }


def kept_rows(old: dict[str, Any], new: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of an earlier table about families that a new one with the same columns says nothing of.

    >>> kept_rows({"rows": [{"family": "a", "n": 1}, {"family": "b", "n": 2}]}, {"rows": [{"family": "b", "n": 3}]})
    [{'family': 'a', 'n': 1}]
    """
    measured = {row.get("family") for row in new["rows"]}
    like = [row.keys() for row in new["rows"][:1]]
    return [row for row in old.get("rows", ()) if row.get("family", None) not in measured and [row.keys()] == like]


def _order(row: dict[str, Any]) -> tuple[str, int]:
    return str(row["family"]), int(row.get("level", 0))


def show(console: Console, table: Table) -> None:
    """Print a table."""
    printed = Printed(title=table.title, title_justify="left")
    for number, column in enumerate(table.columns):
        printed.add_column(column, justify="right" if number else "left", no_wrap=not number)
    for row in table.rows:
        printed.add_row(*map(said, row))
    console.print(printed)
    for note in table.notes:
        console.print(f"  {note}", style="dim", highlight=False, markup=False)
    console.print()


def said(value: object) -> str:
    """Write a figure for people.

    >>> said(12300), said(0.5), said(None)
    ('12,300', '0.5', '–')
    """
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def write(new: dict[str, dict[str, Any]], others: bool = False) -> None:
    """Put tables into `results.json`, keeping those not measured now, and write all of them as Markdown.

    With `others` the rows of a table about families that were not measured now are kept as well.
    """
    place = HERE / "results.json"
    results: dict[str, dict[str, Any]] = json.loads(place.read_text()) if place.is_file() else {}
    for name, table in new.items():
        kept = kept_rows(results.get(name, {}), table) if others else []
        results[name] = {**table, "rows": sorted([*table["rows"], *kept], key=_order) if kept else table["rows"]}
    place.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (HERE / "results.md").write_text(markdown(results), encoding="utf-8")
    if "demand_unseen" in new:
        (HERE.parent / "docs" / "coverage.svg").write_text(figure(results), encoding="utf-8")


def markdown(results: dict[str, dict[str, Any]]) -> str:
    """Return tables as Markdown."""
    parts = ["<!-- written by `make bench`; do not edit -->\n"]
    for table in results.values():
        columns = list(table["rows"][0]) if table["rows"] else []
        facts = table["machine"]
        parts.append(f"## {table['title']}\n")
        if columns:
            parts.append(f"| {' | '.join(columns)} |\n|---|{'---:|' * (len(columns) - 1)}")
            parts += [f"| {' | '.join(said(row[column]) for column in columns)} |" for row in table["rows"]]
        parts.append("\n" + "\n".join(f"- {note}" for note in table["notes"]))
        parts.append(
            f"- {facts['date']}, {facts['cpu']}, {facts['cores']} cores under load {facts['load']}, Python "
            f"{facts['python']}, {table['seconds']:g} CPU-seconds a family.\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
