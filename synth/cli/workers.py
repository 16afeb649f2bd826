"""How many worker processes a command starts where nobody says."""

from __future__ import annotations

import os
from typing import Annotated

import typer

Workers = Annotated[int, typer.Option("--workers", "-w", help="Worker processes; 0: one a core. Same result.")]


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
