"""Find the installed families: entry points of the group `synth.families`.

An entry point names a package whose folders are families, or one class. Classes are imported only when used, so
listing is cheap; a folder whose name begins with `_` is no family. A folder with `family.toml` has no class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.family.contract import Family

GROUP = "synth.families"
SETTINGS = "family.toml"  # of a family that is data alone


class FamilyError(ValueError):
    """A family cannot be found or loaded; the message names it, its place and the next step."""


class Families(Mapping[str, "Family"]):
    """The installed families by name, each loaded on first use."""

    def __init__(self, places: Mapping[str, tuple[str, str]]) -> None:
        self._places = dict(sorted(places.items()))
        self._loaded: dict[str, Family] = {}

    def __getitem__(self, name: str) -> Family:
        if name not in self._loaded:
            if name not in self._places:
                raise KeyError(name)
            self._loaded[name] = _load(name, *self._places[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


@cache
def families() -> Families:
    """Return every installed family; raise FamilyError if there is none or two share a name."""
    places: dict[str, tuple[str, str]] = {}
    for point in entry_points(group=GROUP):
        for name, module in _places_of(point):
            if name in places and places[name][0] != module:
                raise FamilyError(f"two families are called {name!r}: {places[name][0]} and {module}; uninstall one")
            places[name] = (module, point.name)
    if not places:
        raise FamilyError("no family is installed; run `pip install -e .` in the project, or install synth-corpus")
    return Families(places)


def _places_of(point: EntryPoint) -> Iterator[tuple[str, str]]:
    package = point.module
    if point.attr:
        yield package.rpartition(".")[2], package
        return
    try:
        folder = files(package)
    except ModuleNotFoundError as error:
        raise FamilyError(f"entry point {point.name!r} names the package {package!r}, which cannot be found") from error
    if folder.joinpath("grammar.lark").is_file():
        yield package.rpartition(".")[2], package
        return
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and not entry.name.startswith("_") and entry.joinpath("grammar.lark").is_file():
            yield entry.name, f"{package}.{entry.name}"


def _load(name: str, module: str, origin: str) -> Family:
    from synth.family.contract import folder_of

    folder = folder_of(*module.rsplit(".", 1)) if "." in module else files(module)
    if folder.joinpath(SETTINGS).is_file():
        return family_of_data(name, folder)
    return family_in(import_module(module), name, f"entry point {origin!r}, {module}", folder)


def family_of_data(name: str, folder: Traversable) -> Family:
    """Return the family of a folder that is data alone; nothing in it is executed."""
    from synth.family.data import data_family

    if folder.joinpath("__init__.py").is_file():
        raise FamilyError(f"family {name!r} has both {SETTINGS} and __init__.py; it is data or a class, delete one")
    return data_family(name, folder)


def family_in(package: ModuleType, name: str, origin: str, folder: Traversable) -> Family:
    """Return the one family that a module defines, with the data of a folder; `origin` says where, for messages."""
    from synth.family.contract import Family

    found = [each for each in vars(package).values() if _is_family(each, Family, package)]
    if len(found) != 1:
        raise FamilyError(f"family {name!r} ({origin}) defines {len(found)} classes of families, not 1")
    family = found[0](name, folder)
    for attribute in ("domain", "kind", "summary", "levels"):
        if not hasattr(family, attribute):
            raise FamilyError(f"family {name!r} ({origin}) has no `{attribute}`; add it to class {found[0].__name__}")
    return family  # type: ignore[no-any-return]


def _is_family(each: object, base: type, package: ModuleType) -> bool:
    return isinstance(each, type) and issubclass(each, base) and each.__module__ == package.__name__
