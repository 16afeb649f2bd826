"""What the laws find: a broken law with its example, and the figure of a law."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

HOLDS, BROKEN, OPEN, TOLD = "holds", "broken", "does not apply", "told"


@dataclass(frozen=True)
class Broken:
    """A law that does not hold, with what was expected, what was found and the text it was found on."""

    law: str
    expected: str
    found: str
    text: str = ""

    def __str__(self) -> str:
        return f"{self.law}: expected {self.expected}, found {self.found}" + (f"\n    {self.text}" if self.text else "")


@dataclass(frozen=True)
class Finding:
    """One law on one family: its figure, the verdict, and where it is broken the shortest example and a likely cause.

    The verdict is `holds`, `broken`, `does not apply`, or `told` for a figure of which nothing is asked.
    """

    law: str
    figure: str
    verdict: str = HOLDS
    broken: tuple[Broken, ...] = ()
    cause: str = ""

    @property
    def example(self) -> Broken | None:
        """The broken law on the shortest text, if any."""
        return min(self.broken, key=lambda each: (len(each.text), each.text), default=None)

    def as_json(self) -> dict[str, Any]:
        """Return JSON data: law, figure, verdict, and example and cause where it is broken."""
        found: dict[str, Any] = {"law": self.law, "figure": self.figure, "verdict": self.verdict}
        if (example := self.example) is not None:
            found |= {"expected": example.expected, "found": example.found, "example": example.text}
            found |= {"cause": self.cause}
        return found


def finding(law: str, figure: str, broken: Iterable[Broken] = (), cause: str = "") -> Finding:
    """Return a law that holds, or is broken if anything broke it.

    >>> finding("the sky is blue", "3 looks", [Broken("sky", "blue", "grey", "at noon")], "clouds").verdict
    'broken'
    """
    found = tuple(broken)
    return Finding(law, figure, BROKEN if found else HOLDS, found, cause if found else "")
