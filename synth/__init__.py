"""Training data you can prove: grammars ask, models propose, provers decide, and every row re-checks.

>>> import synth
>>> synth.__version__[0].isdigit()
True
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synth.domain import Domain
    from synth.run.rounds import generate
    from synth.run.status import status
    from synth.run.verify import verify

    families: Mapping[str, Domain]

__all__ = ["__version__", "families", "generate", "status", "verify"]

try:
    __version__ = version("synth-corpus")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0"


def __getattr__(name: str) -> Any:
    """Import what is asked for, and nothing before (PEP 562)."""
    if name == "families":
        from synth.domain import domains

        return domains()
    if name == "generate":
        from synth.run.rounds import generate

        return generate
    if name == "status":
        from synth.run.status import status

        return status
    if name == "verify":
        from synth.run.verify import verify

        return verify
    raise AttributeError(f"module 'synth' has no attribute {name!r}")
