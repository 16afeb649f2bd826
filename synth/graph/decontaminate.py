"""Rows that a benchmark contains: found in files that the user supplies, each with its evidence.

Three layers, from sure to likely. The first that finds something gives the evidence.

- `exact`: question, prompt or formal text is that of an item, up to case, white space and form of characters.
- `canonical`: a family's language reads the item, and the problem is the same up to names and order (or may be, where
  the key is not exact and nothing tells the two apart).
- `ngrams`: row and item share sequences of 13 words. Each counts 1/n where n texts of the corpus have it, so phrases of
  the grammar count for little. Two or more are needed, a weight of 2, and half of the weight of all that the item has:
  texts of one grammar share long phrases, but not what is peculiar to one problem.

Items are hostile text: tables and bounded terms read them. Texts of an item are kept in memory only; evidence holds
hashes, the place in the file and the file's SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from synth.errors import UserError
from synth.graph.equivalence import isomorphic
from synth.graph.keys import normal, surface
from synth.propose.sampler import draw
from synth.recheck.canonical import canonical
from synth.records import Rejection, Source
from synth_kernel.claims import Theory, digest

if TYPE_CHECKING:
    from synth.family import Family

COLUMNS = ("question", "problem", "prompt", "text", "input")  # looked for in this order where none is named
WORDS = 13  # of an n-gram
ENOUGH = 2  # n-grams of one item, before and after the discount
SHARE = 0.5  # of the weight of an item's n-grams
MAX_READ = 20_000  # characters of an item that a family may try to read; longer ones are compared as text alone
MAX_LINE = 1 << 24  # characters of one line of a file
MAX_HASHES = 8  # of n-grams in one evidence
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Evidence:
    """Why a row is held to be in a benchmark: the item by file and line (rows of Parquet count from 1), layer, hashes.

    `weight` is what the shared n-grams count together and `share` what part of the item's that is, both 0 in the other
    layers; `hashes` are those of the rarest few, or the one key that is shared.
    """

    row: str
    file: str
    sha256: str
    line: int
    layer: str
    hashes: tuple[str, ...]
    weight: float = 0.0
    share: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the evidence as JSON data."""
        return {**asdict(self), "hashes": list(self.hashes)}


class Benchmark(NamedTuple):
    """A file of benchmark items, and the column that holds their text; None: the first of `COLUMNS` that is there."""

    path: Path
    column: str | None = None


@dataclass(frozen=True)
class Item:
    """One text of a benchmark file and where it stands."""

    file: int
    line: int
    text: str


class Contaminants:
    """The items of benchmark files, ready to be looked for.

    Reading costs about a millisecond an item, most of it the families' readers; looking for a row about 0.2 ms. A hit
    depends on the row, the files and the texts that were discounted, not on the rows that were looked for before.
    """

    def __init__(self, files: Sequence[Benchmark], families: Mapping[str, Family], common: Iterable[str] = ()) -> None:
        """Read the files; `common` are texts of the corpus, or a sample, whose n-grams are discounted.

        They are not looked at before a row shares two n-grams with an item: until then they make no difference.
        Raise `UserError` where a file is missing, is neither Parquet nor JSON lines, lacks the column, or is empty.
        """
        self.files = [(str(file.path), sha256(file.path)) for file in files]
        self.items = [item for number, file in enumerate(files) for item in _items(number, *file)]
        self._exact: dict[str, int] = {}
        self._problems: dict[str, list[tuple[int, Theory | None]]] = {}
        self._grams: dict[str, list[int]] = {}
        self.read = 0  # items that a family's language reads
        for number, item in enumerate(self.items):
            self._exact.setdefault(surface(item.text), number)
            for gram in grams(item.text):
                self._grams.setdefault(gram, []).append(number)
            found = _theory(item.text, families)
            if found is not None:
                self.read += 1
                key, exact = canonical(found)
                self._problems.setdefault(key, []).append((number, None if exact else found))
        self._common: Counter[str] = Counter()
        self._waiting = iter(common)

    def discount(self, texts: Iterable[str]) -> None:
        """Count texts of the corpus, so that the n-grams they have in common count less."""
        for text in texts:
            self._common.update(gram for gram in grams(text) if gram in self._grams)

    def hit(self, row: Mapping[str, Any]) -> Evidence | None:
        """Return the evidence that a row of the export contract is in a benchmark, None where there is none."""
        prompt = "\n".join(message["content"] for message in row.get("prompt") or () if message["role"] == "user")
        for text in (row["question"], prompt, row["formal"]):
            number = self._exact.get(surface(text)) if text else None
            if number is not None:
                return self._evidence(row, number, "exact", (surface(text),))
        for number, theory in self._problems.get(row["problem"], ()):
            if theory is None or isomorphic(theory, Theory.read(row["theory"])) is not False:
                return self._evidence(row, number, "canonical", (row["problem"],))
        return self._shared(row)

    def _shared(self, row: Mapping[str, Any]) -> Evidence | None:
        """Look for the item of which the row shares most."""
        shared: dict[int, list[str]] = {}
        for gram in grams(row["question"]):
            for number in self._grams.get(gram, ()):
                shared.setdefault(number, []).append(gram)
        best: Evidence | None = None
        for number, several in sorted(shared.items()):
            if len(several) < ENOUGH:
                continue
            self.discount(self._waiting)
            weight = self._weight(several)
            if weight < ENOUGH:
                continue
            share = weight / self._weight(grams(self.items[number].text))
            if share >= SHARE and (best is None or share > best.share):
                rarest = sorted(several, key=lambda gram: (self._common[gram], gram))[:MAX_HASHES]
                hashes = tuple(digest(gram, size=8) for gram in rarest)
                best = self._evidence(row, number, "ngrams", hashes, weight, share)
        return best

    def _weight(self, found: Iterable[str]) -> float:
        return sum(1 / max(1, self._common[gram]) for gram in found)

    def _evidence(
        self,
        row: Mapping[str, Any],
        number: int,
        layer: str,
        hashes: tuple[str, ...],
        weight: float = 0.0,
        share: float = 0.0,
    ) -> Evidence:
        item = self.items[number]
        file, sha256 = self.files[item.file]
        return Evidence(row["id"], file, sha256, item.line, layer, hashes, round(weight, 3), round(share, 3))


def grams(text: str) -> list[str]:
    """Return the different sequences of 13 words of a text, punctuation left out, in order.

    >>> len(grams("one two three four five six seven eight nine ten, eleven; twelve: thirteen! fourteen"))
    2
    """
    words = _WORD.findall(normal(text))
    return list(dict.fromkeys(" ".join(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)))


def phrasing(families: Iterable[Family], languages: Sequence[str] = ("en",), each: int = 64) -> Iterator[str]:
    """Yield questions as the grammar phrases them, `each` for every level: a sample to discount by inside a round.

    A pure function of the families: the seed is fixed and is no seed of a run. Costs what drawing costs.
    """
    for family in families:
        for level in family.levels:
            for index in range(each):
                source = Source(family.name, level, -1, index)
                drawn = draw(family, source)
                name = languages[index % len(languages)]
                if not isinstance(drawn, Rejection) and name in family.languages:
                    tree = family.problem(drawn[0].formal)[0]
                    yield family.language(name).render(tree, "problem", source.random("words").randrange)


# ---- files -----------------------------------------------------------------------------------------------------------


def sha256(path: Path) -> str:
    """Return the SHA-256 of a benchmark file. Raise `UserError` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"cannot read the benchmark file {path}: {error.strerror}; name a file") from error


def _items(number: int, path: Path, column: str | None) -> Iterator[Item]:
    """Yield the texts of a file; rows without one are left out."""
    if path.suffix not in (".parquet", ".jsonl", ".json", ".ndjson"):
        raise UserError(f"{path} is no benchmark file: give Parquet (.parquet) or JSON lines (.jsonl)")
    rows = _parquet(path, column) if path.suffix == ".parquet" else _lines(path, column)
    empty = True
    for line, value in rows:
        text = _text(value)
        if text:
            empty = False
            yield Item(number, line, text)
    if empty:
        raise UserError(f"{path} holds no text to compare with{f' in column {column}' if column else ''}; name another")


def _parquet(path: Path, column: str | None) -> Iterator[tuple[int, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            chosen = _column(path, column, file.schema_arrow.names)
            line = 0
            for batch in file.iter_batches(batch_size=256, columns=[chosen]):
                for row in batch.to_pylist():
                    line += 1
                    yield line, row[chosen]
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no Parquet file that can be read: {str(error)[:200]}") from error


def _lines(path: Path, column: str | None) -> Iterator[tuple[int, Any]]:
    chosen, seen, some = column, dict[str, None](), False
    try:
        with path.open(encoding="utf-8") as file:
            for line, text in enumerate(iter(lambda: file.readline(MAX_LINE), ""), 1):
                if not text.strip():
                    continue
                try:
                    row = json.loads(text)
                except (ValueError, RecursionError) as error:
                    raise UserError(f"{path}: line {line} is not JSON: {error}; give one object a line") from error
                if not isinstance(row, dict):
                    raise UserError(f"{path}: line {line} is no object but {text[:40]!r}; give one object a line")
                some = True
                seen.update(dict.fromkeys(map(str, row)))
                chosen = chosen or next((name for name in COLUMNS if name in row), None)
                if chosen in row:
                    yield line, row[chosen]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}; give Parquet or JSON lines in UTF-8") from error
    if some:
        _column(path, chosen, seen)


def _column(path: Path, column: str | None, names: Iterable[str]) -> str:
    """Return the column to read; raise `UserError` with those there are."""
    found = list(names)
    for name in [column] if column else COLUMNS:
        if name in found:
            return name
    there = ", ".join(found[:30]) or "none"
    wanted = f"no column {column!r}" if column else f"none of the columns {', '.join(COLUMNS)}"
    raise UserError(f"{path} has {wanted}; name the column to read, one of {there}")


def _text(value: Any) -> str:
    """Return what a cell asks: a text, or the contents of what the user says in a list of messages."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        messages = [each for each in value if isinstance(each, dict) and each.get("role") == "user"]
        return "\n".join(str(each.get("content", "")) for each in messages).strip()
    return ""


def _theory(text: str, families: Mapping[str, Family]) -> Theory | None:
    """Return what a text asks in the first language of a family that reads it."""
    if len(text) > MAX_READ:
        return None
    for family in families.values():
        for name in [*family.languages, "formal"]:
            try:
                return family.meaning.problem(family.language(name).read(text, "problem")).theory
            except ValueError:
                continue
    return None
