"""What is counted of a corpus, row by row: how many rows lie in each cell, and who made them.

A monitor keeps counts and a few texts, never rows: its memory is bounded by the number of cells. Two monitors of parts
of a corpus merge into that of the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any

from synth.errors import UserError
from synth.monitor.columns import (
    NONE,
    UNKNOWN,
    Columns,
    cell_name,
    generation_of,
    length_of,
    names_in,
    settle,
    source_name,
    text_of,
    value_at,
)

if TYPE_CHECKING:
    import pyarrow as pa

Cell = tuple[str, ...]
MAX_CELLS = 500_000
AT_A_TIME = 4096
SAMPLE = 256  # texts that are kept for the views of text


@dataclass
class Amount:
    """How much one source contributed in one generation. Without a column of weights each row weighs 1."""

    rows: int = 0
    tokens: int = 0
    weight: float = 0.0

    def add(self, rows: int, tokens: int, weight: float) -> None:
        """Add rows."""
        self.rows += rows
        self.tokens += tokens
        self.weight += weight


class CorpusMonitor:
    """The counts of a corpus: give it rows, as they come, and ask `synth.monitor.report` what they say.

    >>> one, other = CorpusMonitor(Columns(cells=("topic",))), CorpusMonitor(Columns(cells=("topic",)))
    >>> one.update([{"topic": "sums"}, {"topic": "sets"}])
    >>> other.update([{"topic": "sums"}])
    >>> one.merge(other)
    >>> sorted(one.counts().items())
    [(('sets',), 1), (('sums',), 2)]
    """

    def __init__(self, columns: Columns | None = None, *, name: str = "the data", seed: int = 0) -> None:
        """Count by these columns; `seed` chooses which texts are kept, parts of a corpus want different ones."""
        import numpy as np

        self.asked = columns or Columns()
        self.columns: Columns | None = None
        self.name = name
        self.cells: dict[int, Counter[Cell]] = {}
        self.mix: dict[tuple[int, str], Amount] = {}
        self.rows = 0
        self.lacking = 0  # rows that lack a value for their cell
        self.texts: list[tuple[float, str]] = []  # with the number by which each was chosen
        self._size = 0
        self._rng = np.random.default_rng(seed)

    # ---- rows --------------------------------------------------------------------------------------------------------

    def update(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Count rows: dictionaries with the columns, 10 microseconds each or so.

        Raise `UserError` where the first row lacks a column that is needed, at a weight that is none, and above half a
        million cells.
        """
        remaining = iter(rows)
        while chunk := list(islice(remaining, AT_A_TIME)):
            columns = self._settled(names_in(chunk[0]))
            self._update(chunk, columns)

    def _update(self, chunk: Sequence[Mapping[str, Any]], columns: Columns) -> None:
        booked: dict[tuple[Cell, str, int], list[float]] = {}
        for row in chunk:
            cell = tuple(cell_name(value_at(row, name)) for name in columns.cells)
            source = source_name(value_at(row, columns.source)) if columns.source else UNKNOWN
            generation = generation_of(value_at(row, columns.generation)) if columns.generation else 0
            amount = booked.setdefault((cell, source, generation), [0, 0, 0.0])
            amount[0] += 1
            amount[1] += self._tokens(row, columns)
            amount[2] += self._weight(value_at(row, columns.weight)) if columns.weight else 1.0
        self._keep_texts(len(chunk), lambda place: text_of([value_at(chunk[place], name) for name in columns.texts]))
        for key, (n, tokens, weight) in booked.items():
            self.book(*key, int(n), int(tokens), weight)

    def _tokens(self, row: Mapping[str, Any], columns: Columns) -> int:
        if columns.tokens:
            found = value_at(row, columns.tokens)
            return found if isinstance(found, int) else 0
        return length_of([value_at(row, name) for name in columns.texts])

    def _weight(self, value: Any) -> float:
        if isinstance(value, (int, float)) and isfinite(value) and value >= 0:
            return float(value)
        assert self.columns is not None
        raise UserError(
            f"{self.name}: a row has the weight {value!r} in {self.columns.weight!r}; weights are finite and not "
            "negative, so no share by weight can be given"
        )

    # ---- columns of Arrow --------------------------------------------------------------------------------------------

    def update_batch(self, batch: pa.RecordBatch) -> None:
        """Count the rows of a batch of Arrow columns; the same counts as `update`, several times as fast."""
        import numpy as np

        from synth.monitor.arrow import codes, lengths, names_of, numbers, texts_at

        columns = self._settled(names_of(batch.schema))
        size = batch.num_rows
        parts: list[tuple[Any, list[Any]]] = [codes(batch, name, cell_name) for name in columns.cells]
        parts.append(codes(batch, columns.source, source_name) if columns.source else (np.zeros(size, int), [UNKNOWN]))
        parts.append(
            codes(batch, columns.generation, generation_of) if columns.generation else (np.zeros(size, int), [0])
        )
        key = np.zeros(size, dtype=np.int64)
        for code, _ in parts:
            _, key = np.unique(key * (int(code.max(initial=0)) + 1) + code, return_inverse=True)
        _, first, key = np.unique(key, return_index=True, return_inverse=True)
        tokens = numbers(batch, columns.tokens) if columns.tokens else lengths(batch, columns.texts)
        weight = numbers(batch, columns.weight) if columns.weight else np.ones(size)
        if columns.weight and size and not (np.isfinite(weight).all() and (weight >= 0).all()):
            self._weight(float(weight[~(np.isfinite(weight) & (weight >= 0))][0]))
        amounts = [np.bincount(key, each, minlength=len(first)) for each in (np.ones(size), tokens, weight)]
        self._keep_texts(size, lambda place: texts_at(batch, columns.texts, place))
        for number, place in enumerate(first):
            *cell, source, generation = (names[code[place]] for code, names in parts)
            rows, n_tokens, n_weight = (float(amount[number]) for amount in amounts)
            self.book(tuple(cell), source, generation, round(rows), round(n_tokens), n_weight)

    # ---- what both do ------------------------------------------------------------------------------------------------

    def _settled(self, names: set[str]) -> Columns:
        if self.columns is None:
            self.columns = settle(self.asked, names, self.name)
        return self.columns

    def book(self, cell: Cell, source: str, generation: int, rows: int, tokens: int, weight: float) -> None:
        """Count rows of one cell, source and generation at once."""
        self.rows += rows
        self.lacking += rows if NONE in cell else 0
        tally = self.cells.setdefault(generation, Counter())
        if cell not in tally:
            self._size += 1
            if self._size > MAX_CELLS:
                raise UserError(
                    f"{self.name}: more than {MAX_CELLS:,} different cells in {', '.join(self.columns.cells)}; "  # type: ignore[union-attr]
                    "name coarser columns with --cells, such as a topic and a difficulty"
                )
        tally[cell] += rows
        self.mix.setdefault((generation, source), Amount()).add(rows, tokens, weight)

    def _keep_texts(self, size: int, text: Any) -> None:
        """Keep each text with the same chance: those with the smallest random numbers so far."""
        import numpy as np

        drawn = self._rng.random(size)
        if self.columns is None or not self.columns.texts:
            return
        limit = self.texts[-1][0] if len(self.texts) == SAMPLE else 1.0
        near = np.flatnonzero(drawn < limit)
        for place in near[np.argsort(drawn[near], kind="stable")[:SAMPLE]]:
            self.texts.append((float(drawn[place]), text(int(place))))
        self.texts = sorted(self.texts)[:SAMPLE]

    def merge(self, other: CorpusMonitor) -> None:
        """Add the counts of another part of the corpus. Raise `UserError` where it was counted by other columns."""
        if self.columns is None:
            self.columns = other.columns
        elif other.columns is not None and other.columns.cells != self.columns.cells:
            raise UserError(
                f"{other.name} is counted by {', '.join(other.columns.cells)}, {self.name} by "
                f"{', '.join(self.columns.cells)}; count both by the same columns"
            )
        lacking = self.lacking + other.lacking
        for generation, tally in other.cells.items():
            for cell, rows in tally.items():
                self.book(cell, "", generation, rows, 0, 0.0)
            self.mix.pop((generation, ""), None)
        for (generation, source), amount in other.mix.items():
            self.mix.setdefault((generation, source), Amount()).add(amount.rows, amount.tokens, amount.weight)
        self.lacking = lacking
        self.texts = sorted([*self.texts, *other.texts])[:SAMPLE]

    def counts(self, generation: int | None = None) -> Counter[Cell]:
        """Return the rows in each cell, of one generation or of all."""
        if generation is not None:
            return Counter(self.cells.get(generation, {}))
        found: Counter[Cell] = Counter()
        for tally in self.cells.values():
            found.update(tally)
        return found

    def amounts(self, generations: Sequence[int] | None = None) -> dict[str, Amount]:
        """Return how much each source contributed, in some generations or in all."""
        found: dict[str, Amount] = {}
        for (generation, source), amount in sorted(self.mix.items()):
            if generations is None or generation in generations:
                found.setdefault(source, Amount()).add(amount.rows, amount.tokens, amount.weight)
        return found
