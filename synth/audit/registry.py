"""Find readers: entry points of the group `synth.readers`, and every installed family by its own phrases.

An entry point names a package. Each of its modules whose name does not begin with `_` defines one `READER`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules

from synth.audit.phrased import phrased
from synth.audit.reader import Reader
from synth.errors import UserError, did_you_mean
from synth.family.registry import families

GROUP = "synth.readers"


@cache
def readers() -> dict[str, Reader]:
    """Return the installed readers by name; raise `UserError` where two share one or a module defines none."""
    found: dict[str, Reader] = {}
    for point in entry_points(group=GROUP):
        package = import_module(point.module)
        for module in sorted(each.name for each in iter_modules(package.__path__) if not each.name.startswith("_")):
            reader = getattr(import_module(f"{point.module}.{module}"), "READER", None)
            if not isinstance(reader, Reader):
                raise UserError(f"{point.module}.{module} defines no READER; define one, or begin its name with _")
            if reader.name in found:
                raise UserError(f"two readers are called {reader.name!r}; uninstall one")
            found[reader.name] = reader
    return found


def readers_for(name: str) -> Sequence[Reader]:
    """Return what may read questions `--as NAME`: the reader or readers of that name or family, and its phrases.

    Raise `UserError` where there is neither.

    >>> [reader.name for reader in readers_for("polynomial_roots")]
    ['polynomial_roots', 'polynomial_equations']
    """
    found = [phrased(name)] if name in families() else []
    found += [reader for reader in readers().values() if name in (reader.name, reader.family)]
    if not found:
        raise UserError(f"no family and no reader is called {name!r}; {did_you_mean(name, [*families(), *readers()])}")
    return found
