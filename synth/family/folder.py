"""Load a family from a folder on disk that is not installed: what its author works on."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

from synth.family.registry import SETTINGS, FamilyError, family_in, family_of_data

if TYPE_CHECKING:
    from synth.family.contract import Family

GRAMMAR = "grammar.lark"
DEPTH = 3  # folders between a project and its family


def family_at(path: Path) -> Family:
    """Load the family in a folder, or the only one somewhere in a project's folder; runs its `__init__.py`.

    Nothing is run where the family is data alone (`family.toml`). Raise FamilyError where there is none, or several.
    """
    folder = _folder(path)
    module = f"synth_family_at_{abs(hash(str(folder)))}"
    init = folder / "__init__.py"
    if (folder / SETTINGS).is_file():
        return family_of_data(folder.name, folder)
    if not init.is_file():
        raise FamilyError(f"{init} is missing; it holds the class of the family, see `synth family new`")
    spec = spec_from_file_location(module, init, submodule_search_locations=[str(folder)])
    assert spec is not None and spec.loader is not None
    package = module_from_spec(spec)
    sys.modules[module] = package  # so that a family may import its own files
    try:
        spec.loader.exec_module(package)
    except Exception as error:
        del sys.modules[module]
        raise FamilyError(f"{init}{_line(error, init)}: {type(error).__name__}: {error}") from error
    return family_in(package, folder.name, str(init), folder)


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise FamilyError(f"no folder {path}; name a family, or a folder with {GRAMMAR}")
    patterns = ["/".join(["*"] * depth + [GRAMMAR]) for depth in range(DEPTH)]
    found = sorted({file.parent for pattern in patterns for file in path.resolve().glob(pattern)})
    if len(found) != 1:
        names = ", ".join(str(each) for each in found) or "none"
        raise FamilyError(f"{path} holds {len(found)} families ({names}); name the folder of one")
    return found[0]


def _line(error: BaseException, file: Path) -> str:
    """Return the line of the file in which an error arose."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    lines, trace = [0], error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return f", line {lines[-1]}" if lines[-1] else ""
