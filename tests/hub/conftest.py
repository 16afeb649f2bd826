"""A Hub on this computer, at an address that the clients are told before they are imported, and exports to push."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.loopback import TOKEN, Loopback

assert "huggingface_hub" not in sys.modules, "the client reads its environment when it is imported"
_HUB = Loopback().open()
_HOME = tempfile.mkdtemp(prefix="hub-home-")
os.environ |= {
    "HF_ENDPOINT": _HUB.url,
    "HF_HOME": _HOME,
    "HF_TOKEN": TOKEN,
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_ETAG_TIMEOUT": "5",
}


def pytest_unconfigure() -> None:
    """Close the server and forget what was downloaded."""
    _HUB.close()
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """An empty Hub, and a client that does not wait before it tries again."""
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    _HUB.clear()
    yield _HUB
    _HUB.clear()


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of 24 rows with every format."""
    from synth.export.export import export
    from synth.family.registry import families
    from synth.run import rounds
    from synth.run.recipe import resolve

    folder = tmp_path_factory.mktemp("export")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))
        shares = {"knights": {"levels": [1, 2]}, "linear_system": {"levels": [1, 2]}}
        recipe = resolve({"rows": 24, "split": {"test": 0.3}, "families": shares}, "test", families())
        rounds.generate(recipe, folder / "run")
    export(folder / "run", folder / "dataset")
    return folder / "dataset"


@pytest.fixture
def dataset(exported: Path, tmp_path: Path) -> Path:
    """A copy of the export that a test may change."""
    return Path(shutil.copytree(exported, tmp_path / "dataset"))
