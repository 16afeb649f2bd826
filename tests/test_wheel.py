"""The wheel, built from the sdist, holds our packages with their data and works from site-packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"synth", "synth_kernel", "synth_solvers", "synth_grammars", "synth_readers"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build sdist, then wheel from sdist, and install it alone into a folder."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder / "site"), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    return folder / "site"


def run(site: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(
        [sys.executable, *command], env=environment, cwd=site.parent, capture_output=True, text=True, check=True
    )


def test_the_wheel_installs_our_packages_and_nothing_else(installed: Path) -> None:
    (wheel,) = (installed.parent / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == PACKAGES
    for data in (
        "synth_grammars/knights/grammar.lark",
        "synth/run/recipe_template.yaml",
        "synth/report/template/page.html",
        "synth_kernel/py.typed",
    ):
        assert data in names


def test_the_installed_package_shows_and_generates(installed: Path, tmp_path: Path) -> None:
    where = run(installed, "-c", "import synth; print(synth.__file__)").stdout
    assert where.startswith(str(installed)), where
    shown = json.loads(run(installed, "-m", "synth", "show", "knights", "--json").stdout)
    assert shown["family"] == "knights"
    out, data = str(tmp_path / "run"), str(tmp_path / "data")
    run(
        installed,
        "-m",
        "synth",
        "generate",
        "-n",
        "12",
        "--out",
        out,
        "--family",
        "knights",
        "--family",
        "countdown",
    )
    run(installed, "-m", "synth", "export", out, "--out", data)
    checked = run(installed, "-I", f"{data}/recheck.pyz", "--json", f"{data}/train.jsonl", f"{data}/test.jsonl")
    assert json.loads(checked.stdout)["verified"] == 12
