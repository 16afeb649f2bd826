"""The dataset card: what is in an export, what was lost on the way, what has to be trusted, and where it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import yaml

from synth.export.formats import FORMATS
from synth.export.front import ROWS, Asked, commands, front
from synth.export.worked import worked
from synth.run import alike, benchmarks, demand
from synth.run.status import Status, table

if TYPE_CHECKING:
    from synth.export.tables import Figures
    from synth.graph.select import Selection
    from synth.run.recipe import Recipe

THIN = 12  # cells that are named where a selection falls short
HERE = "path/to/dataset"  # what the card calls the place of the export; a push puts its name there


def card(
    recipe: Recipe,
    status: Status,
    figures: Figures,
    digest: str,
    asked: Asked,
    selection: Selection | None = None,
) -> str:
    """Return the text of README.md for an export, with front matter that the Hugging Face Hub reads."""
    parts = (
        _head(recipe, status, figures),
        _formats(figures),
        worked(figures.plainest) if figures.plainest else (),
        _yield(status, figures),
        _lost(status),
        _steered(status),
        _selection(selection) if selection else (),
        _order(asked.order),
        _model(recipe, status) if status.tries else (),
        _evidence(figures, digest),
        _again(recipe, asked),
        _limits(recipe, status, figures),
    )
    text = "\n".join(line for part in parts for line in part)
    return f"---\n{yaml.safe_dump(front(recipe, figures), sort_keys=False)}---\n\n{text}\n"


def _formats(figures: Figures) -> Iterator[str]:
    """Say what each config is for and how many rows it has."""
    yield "## Configs\n"
    yield (
        f"`{ROWS}` holds the rows themselves, with claims and certificates. The others are made of them, for one "
        "consumer each. All have `id`, `family`, `level` and `grade`; by `id` a row is found among the rows and "
        "checked, and `certificate` is the SHA-256 of its certificates, one a line.\n"
    )
    total = figures.splits.total()
    yield from _table(
        ("config", "rows", "what it is"),
        [
            (ROWS, total, "Everything that is known about a row."),
            *((name, found.total(), FORMATS[name].summary) for name, found in figures.formats.items()),
        ],
    )
    loads = f'data = load_dataset("{HERE}", "{ROWS}", split="train")'
    yield f"```python\nfrom datasets import load_dataset\n\n{loads}\n```\n"
    for name, lacking in figures.without.items():
        if not figures.formats[name].total():
            yield f"`{name}`: no row of this corpus has anything for it, so there is no such config.\n"
        elif lacking:
            named = ", ".join(f"{family} {n:,}" for family, n in sorted(lacking.items()))
            yield f"`{name}` has nothing for {lacking.total():,} of {total:,} rows: {named}.\n"


def _head(recipe: Recipe, status: Status, figures: Figures) -> Iterator[str]:
    held_out = ", ".join(f"{n:,} in `{split}`" for split, n in sorted(figures.splits.items()))
    yield "# A corpus of proved problems\n"
    yield (
        f"{figures.splits.total():,} problems with their answers over {len(status.levels)} families, {held_out}. Every "
        "row carries the claims that make its answer right and a certificate for each. Check them without installing "
        "anything:\n"
    )
    yield "```\npython recheck.pyz train.jsonl test.jsonl\n```\n"
    same = "" if recipe.model.name.startswith("openai:") else "; the same recipe gives the same bytes"
    yield f"Made by `synth` from `recipe.yaml` (seed {recipe.seed}){same}.\n"


def _yield(status: Status, figures: Figures) -> Iterator[str]:
    yield "## Yield\n"
    share = status.accepted / status.proposed if status.proposed else 0
    yield (
        f"{status.proposed:,} problems were proposed, {status.accepted:,} accepted ({share:.1%}), "
        f"{figures.splits.total():,} exported. "
        f"Variety over {status.cells['accepted']:,} cells (family × level × pair of features): "
        f"{status.entropy_nats['proposed']:.3f} nats proposed, {status.entropy_nats['accepted']:.3f} nats accepted "
        "(plug-in estimate).\n"
    )
    yield from _table(
        ("family", "level", "proposed", "accepted", "yield", "asked for"),
        ((f, n, p, a, f"{a / p:.1%}" if p else "–", q) for f, n, p, a, q in table(status)),
    )


def _lost(status: Status) -> Iterator[str]:
    yield "### What was lost, and why\n"
    if status.losses:
        yield from _table(
            ("family", "stage: reason", "problems"),
            ((family, reason, n) for family, found in status.losses.items() for reason, n in found.items()),
        )
    else:
        yield "Nothing.\n"
    if status.gaps:
        yield "### Gaps: rows that were asked for and could not be made\n"
        keys = ("family", "level", "missing", "why")
        yield from _table(keys, ([gap[key] for key in keys] for gap in status.gaps))


def _steered(status: Status) -> Iterator[str]:
    """Say what was demanded, and what was kept out."""
    for title, sentences in (
        ("What was demanded", demand.said(status.demand)),
        ("What was kept out", benchmarks.said(status.benchmarks, status.losses)),
    ):
        if found := list(sentences):
            yield f"## {title}\n"
            yield from (f"- {sentence}" for sentence in found)
            yield ""


def _order(order: str) -> Iterator[str]:
    if order == "curriculum":
        yield "## The order of the rows\n"
        yield (
            "A curriculum. A concept (a feature of a family) requires another that at least 80 % of its problems have, "
            "that more problems have, and that is met at no higher level; its own level is the longest chain of what "
            "it requires. Rows stand by the highest level among their concepts; ties by effort, as far as it shows in "
            "a row: the number of steps, the number of claims, the length of the problem.\n"
        )


def _evidence(figures: Figures, digest: str) -> Iterator[str]:
    """Say by what rows are shown, and what has to be trusted."""
    yield "## Grades\n"
    names = {
        "W": "W (witness: the kernel accepted a certificate for every claim)",
        "A": "A (two solvers agree, or the words of the question rest on agreement)",
    }
    yield from _table(("grade of the row", "rows"), ((names[grade], n) for grade, n in sorted(figures.grades.items())))
    yield from _table(("certificate", "claims"), sorted(figures.bodies.items()))
    sizes = sorted(figures.sizes.elements())
    if sizes:
        middle = sizes[len(sizes) // 2]
        yield f"Certificates of a row together: {middle:,} bytes at the median, {sizes[-1]:,} at most.\n"
    yield "## What is trusted\n"
    yield (
        "- the kernel inside `recheck.pyz` (standard library only): is a claim true?\n"
        "- the *meaning* of each family: does the theory say what the formal text says?\n"
        "- the *phrases* of each family: does the question say it in words?\n"
    )
    yield (
        f"Grammar, meaning and phrases travel inside `recheck.pyz`; their digest is `{digest}`. Solvers, samplers and "
        "models are not trusted: what they find is checked.\n"
    )


def _again(recipe: Recipe, asked: Asked) -> Iterator[str]:
    """Say how to check the rows again, and how to make them again."""
    yield "## Checking it again\n"
    yield (
        "`recheck.pyz` starts from the words of each question: it reads them, builds the theory again, derives the "
        "claims and checks every certificate. It needs Python and nothing else. With the package, `synth verify DIR` "
        "does the same and compares what is trusted here with what is installed.\n"
    )
    yield "```\npython recheck.pyz train.jsonl test.jsonl\n```\n"
    yield "## Making it again\n"
    yield f"```\n{commands(recipe, asked)}\n```\n"
    if recipe.model.name.startswith("openai:"):
        yield "A model behind a server took part; it may answer otherwise than before.\n"


def _limits(recipe: Recipe, status: Status, figures: Figures) -> Iterator[str]:
    rows = figures.splits.total()
    share = figures.splits["test"] / rows if rows else 0
    whole = sorted({family for family, _ in figures.families if not figures.families[family, "test"]})
    untested = f" No row of {', '.join(whole)} is on the test side." if whole and recipe.split.test else ""
    alike_too = "".join(f" In the run, {sentence}." for sentence in alike.said(status.alike))
    yield "## Known limits\n"
    yield (
        f"- The split is by {recipe.split.by}: {share:.1%} of the rows are on the test side, {recipe.split.test:.1%} "
        f"were asked for; where a family has few of them the share is coarse.{untested} The split holds along the "
        "relations that are recorded: equal problems, proved equivalences, equal shapes where it is by shape, "
        "descent.\n"
        "- Duplicates are problems with equal canonical keys; problems that merely resemble each other are kept."
        f"{alike_too}\n"
        "- Problems come from a grammar: their wording is regular, and their mix is that of the sampler"
        f"{' and of the model' if recipe.model.name and recipe.model.pose else ''}"
        f"{', steered towards what was demanded' if status.demand else ''}.\n"
        "- `level` is set by the size of the problem, not measured on a model.\n"
    )
    yield "## Licence\n\nCC0-1.0: the data is in the public domain."


def _selection(selection: Selection) -> Iterator[str]:
    """Say how the rows of an export were chosen, and where the pool fell short of what was wanted."""
    yield "## How the rows were chosen\n"
    yield (
        f"{len(selection.rows):,} of {selection.pool:,} rows, by {selection.method}: exact quotas for family × level, "
        f"and inside each by the mix of pairs of features. Variety over cells: {selection.nats_before:.3f} nats in the "
        f"{selection.pool:,} rows, {selection.nats_after:.3f} nats in the chosen ones (plug-in estimate); "
        f"{selection.cells_after:,} of {selection.cells_before:,} cells are kept.\n"
    )
    if selection.short:
        yield "The pool is too small for these quotas; nothing else takes their place.\n"
        yield from _table(("family", "level", "rows wanted", "rows in the pool"), selection.short)
    if selection.thin:
        yield (
            f"{selection.lacking:,} cells have less than their share; the thinnest ones, in rows (a row with k pairs "
            "counts 1/k in each):\n"
        )
        yield from _table(
            ("family", "level", "pair of features", "wanted", "chosen", "in the pool"),
            (
                (c.family, c.level, " + ".join(c.pair), f"{c.wanted:.2f}", f"{c.taken:.2f}", f"{c.pool:.2f}")
                for c in selection.thin[:THIN]
            ),
        )


def _model(recipe: Recipe, status: Status) -> Iterator[str]:
    """Say what the model did, cell by cell."""
    asked = recipe.model
    yield "## The model in the loop\n"
    yield (
        f"`{asked.name}` tried problems at temperature {asked.temperature}, at most {asked.tries} times; of families "
        f"that it knows, {asked.pose:.0%} of the problems were its own. What it wrote became a row only if every claim "
        "was proved. What it did not solve was answered by a solver, and is in the corpus too. Rows by the model have "
        "the source `verified` in their provenance. Families that are not listed were made without it.\n"
    )
    yield from _table(
        ("family", "level", "tried", "solved", "answered by the solver", "unsolved"),
        (
            (family, level, *found.values())
            for family, levels in status.tries.items()
            for level, found in levels.items()
        ),
    )
    if status.refused:
        yield from _table(
            ("family", "why a try was refused", "tries"),
            ((family, reason, n) for family, found in status.refused.items() for reason, n in found.items()),
        )
    for used in status.usage:
        cost = f", cost {used['cost']:,.4f}" if used["cost"] else ""
        yield (
            f"{used['requests']:,} replies: {used['prompt_tokens']:,} tokens read, "
            f"{used['completion_tokens']:,} tokens written{cost}.\n"
        )


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |\n|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in row)} |"
    yield ""
