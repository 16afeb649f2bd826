"""What a machine reads of an export: the front matter of its card, its configs, the command that makes it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from synth.export.formats import DEFAULT, FORMATS
from synth.run.corpus import RECIPE, SPLITS
from synth.run.schema import ROW

if TYPE_CHECKING:
    from synth.export.tables import Figures
    from synth.run.recipe import Recipe

ROWS = "rows"  # the config that holds the rows of the corpus themselves
LICENCE = "cc0-1.0"
TAGS = ("synthetic", "synth", "reasoning", "verifiable-rewards", "proofs")
_UNITS = ("1K", "10K", "100K", "1M", "10M", "100M", "1B")


@dataclass(frozen=True)
class Asked:
    """What an export was asked for beside the run: how many rows chosen by what, their order, the formats."""

    rows: int | None = None
    select: str = "coverage"
    order: str = "run"
    formats: Sequence[str] = DEFAULT

    def command(self) -> str:
        """Return the command that exports like this.

        >>> Asked(100, formats=("sft",)).command()
        'synth export corpus --out dataset --rows 100 --select coverage --for sft'
        """
        words = ["synth", "export", "corpus", "--out", "dataset"]
        if self.rows is not None:
            words += ["--rows", str(self.rows), "--select", self.select]
        if self.order != "run":
            words += ["--order", self.order]
        if tuple(self.formats) != DEFAULT:
            words += [word for name in self.formats for word in ("--for", name)]
        return shlex.join(words)


def front(recipe: Recipe, figures: Figures) -> dict[str, Any]:
    """Return the front matter of the card, as the Hugging Face Hub reads it."""
    return {
        "pretty_name": "Proved problems",
        "license": LICENCE,
        "language": list(recipe.languages),
        "task_categories": ["text-generation", "question-answering"],
        "tags": list(TAGS),
        "annotations_creators": ["machine-generated"],
        "size_categories": [size_category(figures.splits.total())],
        "configs": list(configs(figures)),
    }


def size_category(rows: int) -> str:
    """Return the size category of the Hub.

    >>> size_category(999), size_category(1000), size_category(20_000_000), size_category(10**10)
    ('n<1K', '1K<n<10K', '10M<n<100M', 'n>1B')
    """
    place = sum(rows >= 10**power for power in range(3, 10))
    if place == 0:
        return "n<1K"
    return f"{_UNITS[place - 1]}<n<{_UNITS[place]}" if place < len(_UNITS) else "n>1B"


def configs(figures: Figures) -> Iterator[dict[str, Any]]:
    """Yield the configs of the dataset: the rows themselves, and every format that has rows."""
    yield {
        "config_name": ROWS,
        "default": True,
        "data_files": [{"split": split, "path": f"{split}.parquet"} for split in splits(figures.splits)],
    }
    for name, found in figures.formats.items():
        if held := splits(found):
            yield {
                "config_name": name,
                "data_files": [{"split": split, "path": f"{name}/{split}.parquet"} for split in held],
            }


def splits(rows: Mapping[str, int]) -> list[str]:
    """Return the splits that have rows, train first."""
    return [split for split in SPLITS if rows.get(split)]


def tables_of(figures: Figures) -> dict[str, pa.Schema]:
    """Return the schema of every Parquet file of an export that has rows, by its path."""
    found = {f"{split}.parquet": ROW for split in splits(figures.splits)}
    for name, rows in figures.formats.items():
        found |= {f"{name}/{split}.parquet": FORMATS[name].schema for split in splits(rows)}
    return found


def commands(recipe: Recipe, asked: Asked) -> str:
    """Return the commands that make an export again from its recipe."""
    extra = "[server]" if recipe.model.name.startswith("openai:") else "[model]" if recipe.model.name else ""
    install = shlex.join(["pip", "install", f"synth-corpus{extra}=={version('synth-corpus')}"])
    return "\n".join([install, f"synth generate {RECIPE} --out corpus", asked.command()])
