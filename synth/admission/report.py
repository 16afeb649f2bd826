"""The report on a proposed family as Markdown, for a person who decides whether to sign."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

LONG = 1_200  # characters of one text


def markdown(report: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """Return the report to read; a stranger's text stands in blocks that it cannot end, without hidden characters."""
    return "\n".join(_lines(report, files)) + "\n"


def _lines(report: Mapping[str, Any], files: Mapping[str, str]) -> Iterator[str]:
    yield f"# Proposal {report['name'] or 'without a name'}: {report['verdict']}"
    yield ""
    yield f"Written by the model {_plain(report['model'])}; reply {report['reply'][:12]}."
    if report["wish"]:
        yield f"Asked for: {_plain(report['wish'])}"
    yield ""
    if report["reasons"]:
        yield "It was refused, and stays in quarantine:"
        yield ""
        for reason in report["reasons"]:
            yield from _block(reason)
    else:
        yield "Every law holds. What no law can see is whether the words say what the meaning says, and whether the"
        yield "domain is worth having. Read the problems and the files below, then sign or leave it:"
        yield ""
        yield from _block('synth family admit FOLDER --signed-by "YOUR NAME"')
    if report["laws"]:
        yield "## Laws"
        yield ""
        yield f"{report['samples']} draws of each level."
        yield ""
        yield "| law | figure | verdict |"
        yield "|---|---|---|"
        for law in report["laws"]:
            yield f"| {_cell(law['law'])} | {_cell(law['figure'])} | {law['verdict']} |"
        yield ""
        for law in report["laws"]:
            if law["verdict"] == "broken":
                yield f"### Broken: {_cell(law['law'])}"
                yield ""
                yield from _block(
                    f"expected {law.get('expected')}\nfound    {law.get('found')}\n"
                    f"example  {law.get('example') or '–'}\ncause    {law.get('cause')}"
                )
    if report["nearest"]["family"]:
        likeness = f"{report['nearest']['likeness']:.0%} of the productions, up to names"
        yield f"The most alike known family is {report['nearest']['family']}: {likeness}."
        yield ""
    for problem in report["problems"]:
        yield f"## A problem of level {problem['level']}"
        yield ""
        yield from _block(f"{problem['question']}\n\nformal  {problem['formal']}\nanswer  {problem['answer']}\n"
                          f"theory  {problem['theory']}")  # fmt: skip
    for name, text in files.items():
        yield f"## `{name}`"
        yield ""
        yield from _block(text, len(text))


def _block(text: str, most: int = LONG) -> Iterator[str]:
    """Indent a text, so that nothing in it ends the block."""
    shown = text if len(text) <= most else f"{text[:most]} …"
    for line in shown.split("\n"):
        yield f"    {_plain(line)}" if line.strip() else ""
    yield ""


def _cell(text: str) -> str:
    return _plain(text).replace("|", "/").replace("`", "'").replace("<", "‹").replace("[", "(").replace("]", ")")[:200]


def _plain(text: str) -> str:
    """Show what cannot be seen as U+….

    >>> _plain("a\\u202eb")
    'aU+202Eb'
    """
    return "".join(
        f"U+{ord(each):04X}" if unicodedata.category(each)[0] == "C" and each != "\t" else each for each in str(text)
    )
