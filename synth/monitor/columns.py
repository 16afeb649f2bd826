"""Which columns of a dataset say what: the cell of a row, where it comes from, its text."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from synth.errors import UserError

SOURCES = ("human", "authored", "grammar_solver", "verified", "unverified")
UNKNOWN = "unknown"  # the source of rows that do not say
NONE = "(none)"  # the cell of rows that have no value there
CELLS = (("family", "level"), ("family",))
SOURCE = ("provenance.source", "provenance", "source", "src")
GENERATION = ("provenance.generation", "generation", "gen")
TEXTS = (
    ("messages",),
    ("prompt", "completion"),
    ("text",),
    ("question", "answer"),
    ("instruction", "output"),
    *(("question",), ("problem",), ("prompt",), ("input",)),
)


@dataclass(frozen=True)
class Columns:
    """Names of columns; a dot leads into a struct. What is empty is looked for in the data, or is not there.

    `cells` together make the cell of a row. `tokens` holds how many tokens a row has; without it characters of
    `texts` stand for them. `weight` is what a row counts in a training loss.
    """

    cells: tuple[str, ...] = ()
    source: str = ""
    generation: str = ""
    texts: tuple[str, ...] = ()
    tokens: str = ""
    weight: str = ""

    def wanted(self) -> list[str]:
        """Return the columns to read, each once."""
        names = (*self.cells, self.source, self.generation, *self.texts, self.tokens, self.weight)
        return list(dict.fromkeys(name for name in names if name))


def settle(asked: Columns, there: Collection[str], where: str) -> Columns:
    """Return the columns to use, given those that there are (with those inside structs, dotted).

    Raise `UserError` where one that was named is missing, or nothing can be a cell.
    """
    for name in asked.wanted():
        if name not in there:
            raise UserError(f"{where} has no column {name!r}; there are {_listed(there)}")
    cells = asked.cells or next((names for names in CELLS if set(names) <= set(there)), ())
    if not cells:
        raise UserError(
            f"{where} has no columns family and level, so what makes two rows of one kind is not known; name the "
            f"columns that do, for example --cells topic,difficulty; there are {_listed(there)}"
        )
    return replace(
        asked,
        cells=cells,
        source=asked.source or next((name for name in SOURCE if name in there), ""),
        generation=asked.generation or next((name for name in GENERATION if name in there), ""),
        texts=asked.texts or next((names for names in TEXTS if set(names) <= set(there)), ()),
    )


def names_in(row: Mapping[str, Any]) -> set[str]:
    """Return the columns of a row, with those inside structs.

    >>> sorted(names_in({"a": 1, "b": {"c": 2}}))
    ['a', 'b', 'b.c']
    """
    inside = {f"{name}.{key}" for name, value in row.items() if isinstance(value, Mapping) for key in value}
    return {*map(str, row), *inside}


def value_at(row: Mapping[str, Any], name: str) -> Any:
    """Return the value of a column, None where it is missing; a name with a dot may be that of a column, too."""
    if name in row:
        return row[name]
    outer, _, inner = name.partition(".")
    struct = row.get(outer)
    return struct.get(inner) if inner and isinstance(struct, Mapping) else None


def cell_name(value: Any) -> str:
    """Return a value as a part of a cell; the order inside a list does not matter.

    >>> cell_name(["b", "a"]), cell_name(2), cell_name(None)
    ('a+b', '2', '(none)')
    """
    if value is None:
        return NONE
    if isinstance(value, (list, tuple)):
        return "+".join(sorted({cell_name(each) for each in value}))
    return str(value)


def source_name(value: Any) -> str:
    """Return one of `SOURCES` for what a row says about itself, else `UNKNOWN`.

    >>> source_name("human"), source_name({"source": "verified"}), source_name("https://example.org")
    ('human', 'verified', 'unknown')
    """
    if isinstance(value, Mapping):
        value = value.get("source")
    return value if value in SOURCES else UNKNOWN


def generation_of(value: Any) -> int:
    """Return the generation that a row says it is of, 0 where it says none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def text_of(values: Sequence[Any]) -> str:
    """Return the text of a row: texts as they are, lists of messages by their contents.

    >>> text_of(["Why?", [{"role": "assistant", "content": "Because."}]])
    'Why?\\nBecause.'
    """
    return "\n".join(_parts(values))


def length_of(values: Sequence[Any]) -> int:
    """Return how many characters the text of a row has; they stand for tokens where no column counts those.

    >>> length_of(["Why?", [{"role": "assistant", "content": "Because."}]])
    12
    """
    return sum(map(len, _parts(values)))


def _parts(values: Sequence[Any]) -> list[str]:
    parts: list[str] = []
    for value in values:
        if isinstance(value, str):
            parts.append(value)
        elif isinstance(value, (list, tuple)):
            contents = [each.get("content") if isinstance(each, Mapping) else each for each in value]
            parts += [content for content in contents if isinstance(content, str)]
    return parts


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)[:30]) or "none"
