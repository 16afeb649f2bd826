"""Begin a new family: a folder that passes every law at once, to be changed step by step."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from pathlib import Path

from synth.family.registry import FamilyError, families

DATA = ("grammar.lark", "meaning.toml", "phrases.en.toml")


def new_family(name: str, where: Path, package: bool = False) -> list[Path]:
    """Write a family into the folder `where / name` and return its files; with `package` one that can be installed.

    Raise FamilyError where the name cannot be one, is taken by an installed family, or the folder exists.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise FamilyError(
            f"{name!r} cannot be the name of a family; write small letters, digits and _, as in my_family"
        )
    if name in families():
        raise FamilyError(f"a family called {name!r} is installed; choose another name")
    project = where / name
    if project.exists():
        raise FamilyError(f"{project} exists; choose another name, or another place with --out")
    template = files("synth.family").joinpath("template")

    def text(file: str) -> str:
        found = template.joinpath(file).read_text("utf-8")
        class_name = "".join(part.capitalize() for part in name.split("_"))
        found = found.replace("NAME: how", f"{name}: how") if file == "family.py.txt" else found
        return found.replace("CLASS", class_name).replace("FOLDER", f' / "{name}"' if package else "")

    folder = project / name if package else project
    texts = {folder / file: template.joinpath(file).read_text("utf-8") for file in DATA}
    texts[folder / "__init__.py"] = text("family.py.txt")
    texts[project / f"test_{name}.py"] = text("test.py.txt")
    if package:
        settings = template.joinpath("pyproject.toml.txt").read_text("utf-8")
        settings = settings.replace("DASHED", name.replace("_", "-")).replace("NAME", name)
        texts[project / "pyproject.toml"] = settings
    for path, content in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return list(texts)
