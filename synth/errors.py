"""Mistakes that a user can make: one message that names the thing, the place and the next step."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """Something the user can put right. The command line prints it on one line and exits with code 2."""


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return a hint at the known name most like the given one, or else the known names.

    >>> did_you_mean("knigts", ["knights", "sudoku"])
    "did you mean 'knights'?"
    >>> did_you_mean("?", ["knights", "sudoku"])
    'known: knights, sudoku'
    """
    names = sorted(known)
    close = get_close_matches(given, names, n=1)
    return f"did you mean '{close[0]}'?" if close else f"known: {', '.join(names)}"
