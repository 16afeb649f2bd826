"""Find rows that are one problem. Only an equal exact key, an isomorphism or a proved equivalence says so."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from synth.errors import UserError
from synth.graph.equivalence import Equivalence, equivalent, isomorphic
from synth.graph.semantic import semantic
from synth.recheck.canonical import canonical
from synth_kernel.claims import Theory

if TYPE_CHECKING:
    import numpy as np

Rows: TypeAlias = "Callable[[], Iterable[Mapping[str, Any]]]"
_NUMBERS = (" Int)", " Rational)", " Real)")  # how a theory that has a semantic key declares an unknown


@dataclass(frozen=True)
class Duplicate:
    """A row `id` that is the same problem as the earlier row `of`, and why: `exact`, `isomorphic` or `equivalent`.

    `key` is the one that they share; `proof` is that of an equivalence.
    """

    id: str
    of: str
    why: str
    key: str
    proof: Equivalence | None = None


@dataclass(frozen=True)
class Found:
    """What a search for duplicates found; `undecided` are pairs (row, earlier row) that no proof decided: both stay."""

    duplicates: Sequence[Duplicate]
    undecided: Sequence[tuple[str, str]]


@dataclass
class _Bucket:
    """The rows of one key that are not known to be the same."""

    kept: list[tuple[str, str]] = field(default_factory=list)  # id, text of the theory
    exact: bool = False


def duplicates(rows: Rows, *, proved: bool = True) -> Found:
    """Return which rows repeat an earlier one; without `proved` equivalence is not looked for.

    `rows` is called twice and must give the same rows of the export contract in the same order. The first pass reads
    keys, the second only rows that share one. Memory: 40 bytes a row, and the theories of rows with equal keys. Cost:
    a sort, and the semantic key of rows about numbers (about 0.3 ms each). Raise `UserError` at a row whose key is not
    that of its theory.
    """
    exact, numeric = bytearray(), array("q")
    meaning = bytearray()
    for place, row in enumerate(rows()):
        exact += key_bytes(row)
        found = semantic_key(row["theory"]) if proved else None
        if found is not None:
            numeric.append(place)
            meaning += bytes.fromhex(found)
    shared = _places(exact, None)
    alike = _places(meaning, numeric) if numeric else {}
    duplicate: list[Duplicate] = []
    undecided: list[tuple[str, str]] = []
    buckets: dict[tuple[str, int], _Bucket] = {}
    for place, row in enumerate(rows()):
        for kind, groups, decide in (("exact", shared, _isomorphic), ("semantic", alike, _equivalent)):
            if place in groups:
                bucket = buckets.setdefault((kind, groups[place]), _Bucket())
                same = decide(row, bucket, undecided)
                if same is not None:
                    duplicate.append(same)
                    break
    return Found(duplicate, undecided)


def key_bytes(row: Mapping[str, Any]) -> bytes:
    """Return the canonical key of a row as 16 bytes; raise `UserError` where it is none."""
    try:
        found = bytes.fromhex(row["problem"])
    except (KeyError, TypeError, ValueError):
        found = b""
    if len(found) != 16:
        raise UserError(f"row {row.get('id')} has no canonical key; `synth verify` says what else is wrong")
    return found


def groups(keys: bytes | bytearray) -> Iterator[np.ndarray[Any, Any]]:
    """Yield the places of each 16-byte key that occurs twice or more, ascending; in the order of the keys.

    >>> [places.tolist() for places in groups(bytes(16) + b"x" * 16 + bytes(16))]
    [[0, 2]]
    """
    import numpy as np

    halves = np.frombuffer(bytes(keys), dtype=">u8").reshape(-1, 2)
    order = np.lexsort((halves[:, 1], halves[:, 0]))  # stable: places ascend within a key
    ordered = halves[order]
    starts = np.flatnonzero(np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1), True]) if len(order) else order
    for chosen in np.flatnonzero(np.diff(starts) > 1):
        yield order[starts[chosen] : starts[chosen + 1]]


def _places(keys: bytearray, place: Sequence[int] | None) -> dict[int, int]:
    """Return the number of its group for each row that shares its key; `place` says which rows the keys are of."""
    found: dict[int, int] = {}
    for number, members in enumerate(groups(keys)):
        for member in members.tolist():
            found[member if place is None else place[member]] = number
    return found


def semantic_key(theory: str) -> str | None:
    """Return the semantic key of a theory by its text, None where it is not about numbers alone."""
    return semantic(Theory.read(theory)) if any(sort in theory for sort in _NUMBERS) else None


def _isomorphic(row: Mapping[str, Any], bucket: _Bucket, undecided: list[tuple[str, str]]) -> Duplicate | None:
    """Decide among rows with one canonical key."""
    if not bucket.kept:
        key, bucket.exact = canonical(Theory.read(row["theory"]))
        if key != row["problem"]:
            raise UserError(f"row {row['id']} has another key than its theory; `synth verify` says what else is wrong")
        bucket.kept.append((row["id"], "" if bucket.exact else row["theory"]))
        return None
    if bucket.exact:
        return Duplicate(row["id"], bucket.kept[0][0], "exact", row["problem"])
    for id_, theory in bucket.kept:
        same = isomorphic(Theory.read(theory), Theory.read(row["theory"]))
        if same:
            return Duplicate(row["id"], id_, "isomorphic", row["problem"])
        if same is None:
            undecided.append((row["id"], id_))
    bucket.kept.append((row["id"], row["theory"]))
    return None


def _equivalent(row: Mapping[str, Any], bucket: _Bucket, undecided: list[tuple[str, str]]) -> Duplicate | None:
    """Decide among rows with one semantic key."""
    theory = Theory.read(row["theory"])
    for id_, text in bucket.kept:
        proof = equivalent(Theory.read(text), theory)
        if proof is not None:
            return Duplicate(row["id"], id_, "equivalent", semantic(theory) or "", proof)
        undecided.append((row["id"], id_))
    bucket.kept.append((row["id"], row["theory"]))
    return None
