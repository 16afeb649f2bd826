"""Removing the folder of a family breaks no other: all that are left are found and loaded."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import synth_grammars
from synth.family import registry

PLACE = Path(synth_grammars.__file__).parent


@pytest.mark.parametrize("removed", sorted(registry.families()))
def test_removing_a_family_breaks_no_other(removed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "synth_grammars"
    package.mkdir()
    for entry in PLACE.iterdir():
        if entry.name not in (removed, "__pycache__"):
            (package / entry.name).symlink_to(entry)
    for name in [name for name in sys.modules if name.partition(".")[0] == "synth_grammars"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        left = registry.families.__wrapped__()
        assert set(left) == set(registry.families()) - {removed}
        for family in left.values():
            assert str(family.folder).startswith(str(tmp_path))
            assert family.meaning_table and family.languages
    finally:  # what was loaded from the copy goes; the originals come back
        for name in [name for name in sys.modules if name.partition(".")[0] == "synth_grammars"]:
            del sys.modules[name]
