"""Write the report of a corpus."""

from __future__ import annotations

from pathlib import Path

from synth.errors import UserError
from synth.report.facts import facts
from synth.report.page import page

NAME = "report.html"


def write(corpus: Path | str, out: Path | str | None = None) -> Path:
    """Write the page about a corpus, whole or not at all; return where it is: `report.html` in or beside the corpus.

    Raise `UserError` where there is no corpus, or the place is a folder.
    """
    corpus = Path(corpus)
    place = Path(out) if out is not None else (corpus if corpus.is_dir() else corpus.parent) / NAME
    if place.is_dir():
        raise UserError(f"{place} is a folder; give --out the name of a file, such as {place / NAME}")
    text = page(facts(corpus))
    partial = place.with_name(place.name + ".partial")
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        partial.replace(place)
    finally:
        partial.unlink(missing_ok=True)
    return place
