"""Which rows of a run count: those that were not taken back, with the proofs that took the place of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from synth.run.corpus import files_of, rows_of
from synth.run.ledger import NAME, Ledger


class Kept:
    """What the retractions of a run say about its rows; a row is meant by its id and its place in the run, from 0."""

    def __init__(self, ledger: Ledger) -> None:
        self._tombstones = ledger.tombstones()
        self._proofs = ledger.proofs()

    def __bool__(self) -> bool:
        return bool(self._tombstones or self._proofs)

    def dead(self, identity: str, place: int) -> bool:
        """Say whether a row was taken back. One that was made later under the same id was not."""
        return any(place < before for before, _, _ in self._tombstones.get(identity, ()))

    def tombstones(self, identity: str, place: int) -> list[tuple[int, str]]:
        """Return (retraction, cause) of each tombstone of a row."""
        return [(number, cause) for before, number, cause in self._tombstones.get(identity, ()) if place < before]

    def proofs(self, identity: str, place: int) -> dict[int, str]:
        """Return the certificates that took the place of others, by place of the claim."""
        return {claim: text for before, claim, text in self._proofs.get(identity, ()) if place < before}

    def reproved(self) -> Iterator[tuple[str, str]]:
        """Yield (id, certificate) of every proof that took the place of another."""
        for identity, found in self._proofs.items():
            for _, _, text in found:
                yield identity, text

    def row(self, row: Mapping[str, Any], place: int) -> Mapping[str, Any] | None:
        """Return a row as it counts, None where it was taken back."""
        if self.dead(row["id"], place):
            return None
        return with_proofs(row, self.proofs(row["id"], place))


def with_proofs(row: Mapping[str, Any], proofs: Mapping[int, str]) -> Mapping[str, Any]:
    """Return a row with other certificates for some of its claims, given by place."""
    if not proofs:
        return row
    return {**row, "certificates": [proofs.get(claim, text) for claim, text in enumerate(row["certificates"])]}


def rows_at(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a run folder, an export or a file, without those that were taken back."""
    for _, row in placed_rows(path):
        if row is not None:
            yield row


def placed_rows(path: Path) -> Iterator[tuple[Path, Mapping[str, Any] | None]]:
    """Yield (file, row) of a corpus wherever it lies, in order; None for a row that was taken back."""
    kept = None
    if path.is_dir() and (path / NAME).is_file():
        with Ledger(path) as ledger:
            kept = Kept(ledger)
    place = 0
    for file in files_of(path):
        for row in rows_of(file):
            yield file, kept.row(row, place) if kept else row
            place += 1
