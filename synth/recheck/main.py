"""The program inside `recheck.pyz`: check the rows of an export with nothing but a Python interpreter."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from pkgutil import get_data
from typing import Any

from synth.recheck.rows import Package

MAX_LINE = 1 << 23  # characters of one row as JSON


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a JSON-lines file, or of a Parquet file where pyarrow is installed."""
    if path.suffix == ".parquet":
        try:
            import pyarrow.parquet as parquet  # optional: the program itself needs only the standard library
        except ImportError:
            raise SystemExit(f"{path}: reading Parquet needs pyarrow; give the .jsonl file beside it instead") from None
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=256):
            yield from batch.to_pylist()
        return
    with path.open(encoding="utf-8") as lines:
        while line := lines.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                raise SystemExit(f"{path}: a row is longer than {MAX_LINE} characters; this is no export of ours")
            if line.strip():
                yield json.loads(line)


def main(argv: list[str] | None = None, packed: dict[str, Any] | None = None) -> int:
    """Check files; print what was checked; return 0 if all rows hold, 1 at the first that does not, 2 on misuse."""
    parser = argparse.ArgumentParser(
        prog="recheck.pyz",
        description="Re-check every row of an export: question, theory, claims, certificates, text.",
        epilog="example: python recheck.pyz train.jsonl test.jsonl",
    )
    parser.add_argument("files", nargs="+", type=Path, help=".jsonl files, or .parquet where pyarrow is installed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(argv)
    package = Package(packed if packed is not None else _package())
    rows = 0
    grades: Counter[str] = Counter()
    agreed = 0
    failed: dict[str, str] | None = None
    for path in options.files:
        try:
            for row in rows_of(path):
                rows += 1
                if reason := package.check(row):
                    failed = {"file": str(path), "row": str(rows), "id": str(row.get("id", "?")), "reason": reason}
                    break
                grades["A" if any(claim["grade"] == "A" for claim in row["claims"]) else "W"] += 1
                agreed += row["reading"] == "agreed"
        except (OSError, ValueError) as error:
            print(f"{path}: cannot be read as rows: {error}", file=sys.stderr)
            return 2
        if failed:
            break
    if options.json:
        print(json.dumps({"rows": rows, "verified": sum(grades.values()), "failed": [failed] if failed else [],
                          "grades": dict(grades), "agreed": agreed, "package": package.digest}))  # fmt: skip
    else:
        print(f"trusted: tables and meanings with digest {package.digest}")
        if failed:
            print(f"FAILED: {failed['file']}, row {failed['row']}, id {failed['id']}: {failed['reason']}")
        print(
            f"{sum(grades.values())} of {rows} rows re-checked: "
            + ", ".join(f"{n} at grade {g}" for g, n in grades.items())
        )
        if agreed:
            print(f"{agreed} rows whose words rest on agreement: what their clauses say was read by models")
    return 1 if failed else 0


def _package() -> dict[str, Any]:
    data = get_data("synth.recheck", "package.json")
    if data is None:
        raise SystemExit("this copy of the kernel carries no package.json; run the recheck.pyz of an export")
    return json.loads(data)  # type: ignore[no-any-return]
