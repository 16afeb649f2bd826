"""Training data you can prove: grammars ask, models propose, provers decide, and every row re-checks.

>>> import synth
>>> synth.__version__[0].isdigit()
True
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synth.consumers.gym import create_dataset, register
    from synth.consumers.stream import stream
    from synth.domain import Domain
    from synth.run.rounds import generate
    from synth.run.status import status
    from synth.run.verify import verify

    families: Mapping[str, Domain]

__all__ = ["__version__", "create_dataset", "families", "generate", "register", "status", "stream", "verify"]

_PLACES = {
    "create_dataset": "synth.consumers.gym",
    "generate": "synth.run.rounds",
    "register": "synth.consumers.gym",
    "status": "synth.run.status",
    "stream": "synth.consumers.stream",
    "verify": "synth.run.verify",
}

try:
    __version__ = version("synth-corpus")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0"


def __getattr__(name: str) -> Any:
    """Import what is asked for, and nothing before (PEP 562)."""
    if name == "families":
        from synth.domain import domains

        return domains()
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'synth' has no attribute {name!r}")
