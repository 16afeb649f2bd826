"""A training mix of several datasets, with exact shares of where rows come from."""

from __future__ import annotations

import json
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from math import floor, isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from synth.errors import UserError, did_you_mean
from synth.monitor.columns import SOURCES, TEXTS, UNKNOWN, length_of, names_in, source_name, text_of, value_at
from synth.monitor.read import rows_in

if TYPE_CHECKING:
    from synth.graph.decontaminate import Contaminants

By = Literal["rows", "tokens"]
BYS: tuple[By, ...] = get_args(By)
NAMES = (*SOURCES, UNKNOWN)
EXCHANGES = 8  # of rows for longer ones, by which a share of tokens comes close to what was asked
MIXED_FROM = "mixed_from"  # the column that says which file and row of it a row was


@dataclass(frozen=True)
class Input:
    """A dataset to take rows from. Rows that do not say where they come from are taken to be of `source`."""

    data: str
    source: str = ""

    @classmethod
    def read(cls, text: str) -> Input:
        """Return the input that `DATA` or `SOURCE:DATA` names.

        >>> Input.read("human:mine.jsonl"), Input.read("dataset")
        (Input(data='mine.jsonl', source='human'), Input(data='dataset', source=''))
        """
        source, colon, data = text.partition(":")
        return cls(data, source) if colon and source in SOURCES and data else cls(text)


@dataclass(frozen=True)
class Mix:
    """What a mix came to: rows and tokens by source, which shares were asked for, and what was kept out.

    `missed` is the largest difference between a share and what was asked, of rows or of tokens as they were counted.
    """

    rows: dict[str, int]
    tokens: dict[str, int]
    asked: dict[str, float]
    by: By
    missed: float
    contaminated: int

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON data."""
        return {**vars(self)}


@dataclass(frozen=True)
class _Row:
    """A row that may be taken: its input, its place there, its size, and its turn in the order of its source."""

    number: int
    place: int
    tokens: int
    turn: bytes


def mix(
    inputs: Sequence[Input],
    out: Path,
    shares: Mapping[str, float],
    *,
    rows: int | None = None,
    by: By = "rows",
    seed: int = 0,
    contaminants: Contaminants | None = None,
) -> Mix:
    """Write a mix of datasets to a .jsonl or .parquet file; return what it came to.

    `shares` are of the sources named; what they leave goes to the other sources as they come. The mix is as large as
    the rows allow, or of so many `rows`. Shares of rows are exact to one row. Shares of tokens (characters stand for
    them) are as close as whole rows allow, or nearly: a source is filled until no row of it fits, then a few rows are
    exchanged for longer ones. The same inputs and seed give the same bytes. Every row keeps its provenance, or gets
    that of its input, and a column that says which file and row it was.

    Each input is read twice; in memory are about 200 bytes a row, for Parquet the mix itself. Raise `UserError` where
    a share cannot be met.
    """
    _check(inputs, out, shares, rows, by)
    pools: dict[str, list[_Row]] = {}
    contaminated = 0
    for number, given in enumerate(inputs):
        for place, row in enumerate(rows_in(given.data)):
            if contaminants is not None and contaminants.hit(_asked(row)) is not None:
                contaminated += 1
                continue
            turn = blake2b(f"{seed} {number} {place}".encode(), digest_size=8).digest()
            pools.setdefault(_source(row, given), []).append(_Row(number, place, length_of(_texts(row)), turn))
    for pool in pools.values():
        pool.sort(key=lambda each: (each.turn, each.number, each.place))
    targets = _targets({source: _amount(pool, by) for source, pool in pools.items()}, shares, _whole(pools, rows, by))
    chosen = {source: _fill(pools[source], target, by) for source, target in targets.items() if target}
    counted: dict[By, dict[str, int]] = {
        "rows": {source: len(found) for source, found in sorted(chosen.items())},
        "tokens": {source: sum(each.tokens for each in found) for source, found in sorted(chosen.items())},
    }
    total = sum(counted[by].values())
    if not total:
        raise UserError(f"the mix would hold no {by}; the inputs need rows{' with text' if by == 'tokens' else ''}")
    _write(out, inputs, chosen)
    missed = max((abs(counted[by].get(name, 0) / total - share) for name, share in shares.items()), default=0.0)
    return Mix(counted["rows"], counted["tokens"], dict(shares), by, missed, contaminated)


def _check(inputs: Sequence[Input], out: Path, shares: Mapping[str, float], rows: int | None, by: By) -> None:
    for name, share in shares.items():
        if name not in NAMES:
            raise UserError(f"--share: there is no source {name!r}; {did_you_mean(name, NAMES)}")
        if not (isfinite(share) and 0 <= share <= 1):
            raise UserError(f"--share {name}={share}: a share lies in 0 to 1")
    if sum(shares.values()) > 1 + 1e-9:
        raise UserError(f"the shares add up to {sum(shares.values()):g}; they may not exceed 1")
    if by not in BYS:
        raise UserError(f"--by {by}: shares are of rows or of tokens")
    if rows is not None and rows < 1:
        raise UserError(f"--rows must be at least 1, not {rows}")
    if out.suffix not in (".jsonl", ".parquet"):
        raise UserError(f"cannot write {out}: name a .jsonl or .parquet file")
    for given in inputs:
        if Path(given.data).exists() and out.exists() and out.samefile(given.data):
            raise UserError(f"{out} is one of the inputs; name another --out")


# ---- how much of each source -----------------------------------------------------------------------------------------


def _amount(pool: Iterable[_Row], by: By) -> int:
    return sum(1 if by == "rows" else each.tokens for each in pool)


def _whole(pools: Mapping[str, Sequence[_Row]], rows: int | None, by: By) -> int | None:
    """Return how large the mix is to be, None: as large as can be. Counted in tokens, rows are of mean size."""
    if rows is None:
        return None
    every = list(chain.from_iterable(pools.values()))
    if rows > len(every):
        raise UserError(f"{rows:,} rows were asked for, the inputs hold {len(every):,}; ask for fewer, or add data")
    return rows if by == "rows" else rows * _amount(every, by) // len(every)


def _targets(there: Mapping[str, int], shares: Mapping[str, float], whole: int | None) -> dict[str, int]:
    """Return how much to take of each source: the shares of the whole, the rest in proportion to what there is.

    >>> _targets({"human": 30, "verified": 500, "grammar_solver": 500}, {"human": 0.3}, None)
    {'human': 30, 'grammar_solver': 35, 'verified': 35}
    """
    lacking = [name for name, share in shares.items() if share and not there.get(name)]
    if lacking:
        raise UserError(
            f"no row is of the source {lacking[0]}; the inputs hold {', '.join(sorted(there)) or 'nothing'} (name the "
            f"source of rows that do not say it: {lacking[0]}:FILE)"
        )
    others = {name: n for name, n in sorted(there.items()) if name not in shares}
    rest, left = sum(others.values()), max(0.0, 1 - sum(shares.values()))
    if left > 1e-9 and not rest:
        raise UserError(f"the shares add up to {1 - left:g} and no row is of another source; let them add up to 1")
    limits = {name: there[name] / share for name, share in shares.items() if share}
    if left > 1e-9:
        limits["the other sources"] = rest / left
    tight = min(limits, key=lambda name: limits[name])
    most = floor(limits[tight] + 1e-9)
    if whole is not None and whole > most:
        raise UserError(
            f"of {tight} there is enough for a mix of {most:,} at most, not {whole:,}; ask for less, or add data"
        )
    size = most if whole is None else whole
    exact = {name: share * size for name, share in shares.items()}
    exact |= {name: left * size * n / rest for name, n in others.items() if left > 1e-9}
    found = {name: floor(part + 1e-9) for name, part in exact.items()}
    short = size - sum(found.values())
    for name in sorted(exact, key=lambda name: (found[name] - exact[name], name)):
        if short > 0 and found[name] < there[name]:
            found[name] += 1
            short -= 1
    return found


def _fill(pool: Sequence[_Row], target: int, by: By) -> list[_Row]:
    """Return rows in their turn until the target is reached; of tokens until no row fits, then some are exchanged."""
    if by == "rows":
        return list(pool[:target])
    found: list[_Row] = []
    rest: list[_Row] = []
    left = target
    for each in pool:
        fits = each.tokens <= left
        (found if fits else rest).append(each)
        left -= each.tokens if fits else 0
    rest.sort(key=lambda each: each.tokens)
    for _ in range(EXCHANGES):
        gain, mine, other = _exchange(found, rest, left)
        if not gain:
            break
        out, into = found[mine], rest.pop(other)
        found[mine] = into
        insort(rest, out, key=lambda each: each.tokens)
        left -= gain
    return found


def _exchange(found: Sequence[_Row], rest: Sequence[_Row], left: int) -> tuple[int, int, int]:
    """Return the exchange for a longer row, by `left` at most, that gains most: (gain, place, place)."""
    sizes = [each.tokens for each in rest]
    best = (0, 0, 0)
    for mine, each in enumerate(found):
        other = bisect_right(sizes, each.tokens + left) - 1
        if other >= 0 and sizes[other] - each.tokens > best[0]:
            best = (sizes[other] - each.tokens, mine, other)
            if best[0] == left:
                break
    return best


# ---- rows ------------------------------------------------------------------------------------------------------------


def _source(row: Mapping[str, Any], given: Input) -> str:
    for name in ("provenance", "source", "src"):
        if (found := source_name(row.get(name))) != UNKNOWN:
            return found
    return given.source or UNKNOWN


def _texts(row: Mapping[str, Any]) -> list[Any]:
    there = names_in(row)
    names = next((names for names in TEXTS if set(names) <= there), ())
    return [value_at(row, name) for name in names]


def _asked(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of any kind with the columns that the search for benchmarks looks at."""
    question = row.get("question")
    empty: dict[str, Any] = {"id": "", "formal": "", "problem": "", "theory": "", "prompt": []}
    found = {**empty, **{key: row[key] for key in empty if key in row}}
    found["prompt"] = found["prompt"] if isinstance(found["prompt"], list) else []
    return {**found, "question": question if isinstance(question, str) else text_of(_texts(row))}


def _write(out: Path, inputs: Sequence[Input], chosen: Mapping[str, Sequence[_Row]]) -> None:
    """Write the chosen rows in the order of the inputs, whole or not at all."""
    wanted: dict[tuple[int, int], str] = {
        (each.number, each.place): source for source, found in chosen.items() for each in found
    }
    made = _made(inputs, wanted)
    partial = out.with_name(f"{out.name}.partial")
    try:
        if out.suffix == ".jsonl":
            with partial.open("w", encoding="utf-8", newline="\n") as file:
                for row in made:
                    file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=str) + "\n")
        else:
            _write_parquet(partial, list(made))
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def _made(inputs: Sequence[Input], wanted: Mapping[tuple[int, int], str]) -> Iterator[dict[str, Any]]:
    for number, given in enumerate(inputs):
        for place, row in enumerate(rows_in(given.data)):
            source = wanted.get((number, place))
            if source is not None:
                before = row.get("provenance")
                provenance = {**before, "source": source} if isinstance(before, Mapping) else {"source": source}
                yield {**row, "provenance": provenance, MIXED_FROM: {"file": Path(given.data).name, "row": place}}


def _write_parquet(out: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(Counter(name for row in rows for name in row))
    try:
        table = pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows])
        pq.write_table(table, out, compression="zstd")
    except (pa.ArrowException, TypeError) as error:
        raise UserError(
            f"the inputs do not go into one table: {str(error)[:200]}; write .jsonl, which needs no common types"
        ) from error
