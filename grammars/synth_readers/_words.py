"""What several readers share: whole texts matched by a pattern, and numbers."""

from __future__ import annotations

import re

from synth.audit.reader import NotRead

MAX_DIGITS = 60  # of one number


def matched(pattern: str, text: str, what: str = "question") -> re.Match[str]:
    """Return the match of a whole text, white space around it left out; raise `NotRead` where it says anything else.

    >>> matched(r"make ([0-9]+)", " make 24 ")[1]
    '24'
    """
    found = re.fullmatch(pattern, text.strip())
    if found is None:
        raise NotRead(f"the {what} has other words than this reader knows")
    return found


def whole(text: str) -> int:
    """Return an integer of bounded length; raise `NotRead` where a text is none."""
    if not re.fullmatch(r"\s*-?[0-9]+\s*", text, re.ASCII) or len(text) > MAX_DIGITS:
        raise NotRead(f"no number: {text[:40]!r}")
    return int(text)


def wholes(text: str, separator: str | None = ",") -> list[int]:
    """Return the integers of a list.

    >>> wholes("36, 29"), wholes("4 0 13", None)
    ([36, 29], [4, 0, 13])
    """
    return [whole(part) for part in text.split(separator)]


def grid(text: str, what: str = "question") -> list[list[str]]:
    """Return the cells of lines of equal length; raise `NotRead` where they differ."""
    rows = [line.split() for line in text.strip().splitlines()]
    if not rows or len({len(row) for row in rows}) != 1:
        raise NotRead(f"the {what} has no grid of lines of equal length")
    return rows
