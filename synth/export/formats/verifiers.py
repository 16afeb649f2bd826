"""A taskset of verifiers (its v1 protocol): the whole rows, what checks them, and the module that verifiers imports.

`PYTHONPATH=OUT/verifiers vf-validate proved --only-gold --runtime.type subprocess` checks every certificate again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from synth.export.formats.format import MESSAGES, Around, Format, Row, Written, columns, common
from synth.run.package import package_of

PACKAGE = "package.json"
_MODULE = '''\
"""Proved problems as a taskset of verifiers; needs synth-corpus[verifiers]."""

from pathlib import Path

from synth.consumers.verifiers import Problems

__all__ = ["Proved"]


class Proved(Problems):
    """The rows beside this file; `--taskset.split test` takes those of the test side."""

    FOLDER = Path(__file__).parent
'''


def _rows(row: Row, around: Around) -> Iterator[dict[str, Any]]:
    whole = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    yield {**common(row), "prompt": row["prompt"], "answer": row["answer"], "row": whole}


def _files(written: Written) -> Mapping[str, str]:
    packed = json.dumps(package_of(written.recipe), ensure_ascii=False, separators=(",", ":"))
    return {"proved.py": _MODULE, PACKAGE: packed + "\n"}


FORMAT = Format(
    "verifiers",
    "A taskset of verifiers: prompts with the whole row as JSON, the module `proved`, and what checks certificates.",
    columns(("prompt", MESSAGES), ("answer", pa.string()), ("row", pa.string())),
    _rows,
    _files,
)
