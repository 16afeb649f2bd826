"""One browser for all tests, and pages about a run, its export, and an empty corpus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import report_corpus
from chromium import Tab, browser

from synth.export.export import export
from synth.report.write import write


@pytest.fixture(scope="session")
def tab() -> Iterator[Tab]:
    with browser() as found:
        yield found


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the addresses of the pages by what they are about."""
    folder = tmp_path_factory.mktemp("pages")
    run, empty = report_corpus.made(folder / "run"), folder / "empty"
    export(run, folder / "export")
    empty.mkdir()
    (empty / "train.jsonl").write_text("", encoding="utf-8")
    return {name: Path(write(folder / name)).as_uri() for name in ("run", "export", "empty")}
