"""A row of the corpus, shown whole on its card: the question, the solution, and what shows each claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SHORT = 300  # characters of a certificate or a goal that are shown


def plainness(row: Mapping[str, Any]) -> tuple[bool, int]:
    """Return how plain a row is, for `min`: one with steps before one without, then the one with the least text."""
    return len(row["steps"]) < 2, len(row["question"]) + len(row["completion"][0]["content"])


def worked(row: Mapping[str, Any]) -> Iterator[str]:
    """Say what a row asks, answers and claims, as Markdown."""
    yield "## A row, worked\n"
    yield f"`{row['id']}`, {row['family']} level {row['level']}. The question:\n"
    yield _quoted(row["question"])
    yield "The completion:\n"
    yield _quoted(row["completion"][0]["content"])
    yield "What the question states, as a theory that is built again from its words:\n"
    yield _quoted(row["theory"])
    yield "The claims about it, each with the certificate that the kernel accepts:\n"
    lines = []
    for claim, certificate in zip(row["claims"], row["certificates"], strict=True):
        premises = " ".join(claim["premises"])
        lines.append(f"{claim['role']}, grade {claim['grade']}: {claim['form']} {premises}: {_short(claim['goal'])}")
        lines.append(f"    {_short(certificate)}")
    yield _quoted("\n".join(lines))


def _quoted(text: str) -> str:
    return f"```text\n{text}\n```\n"


def _short(text: str) -> str:
    return text if len(text) <= SHORT else text[:SHORT] + " …"
