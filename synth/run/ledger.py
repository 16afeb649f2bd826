"""The ledger of a run: one SQLite file in its folder, and the truth about it. A file it does not name does not exist.

Everything a batch changes (accepted rows, rejections, duplicate keys, counts, the place in the round) is one
transaction, so a run can be killed at any moment. Accepted rows wait in the ledger until there are enough for a shard;
a shard is written under a temporary name, renamed, and then named in the ledger in one transaction.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from synth.errors import UserError
from synth.graph import store
from synth.run.tally import Cell

if TYPE_CHECKING:
    import pyarrow as pa

NAME = "ledger.sqlite"
SHARD_ROWS = 2048  # accepted rows that make a shard; part of what fixes the bytes of a run
SHARD_REJECTIONS = 8192
ACCEPTED = "accepted"  # the stage under which accepted rows are counted; the reason says who solved them
TRIED = "tried"  # the stage under which problems are counted that a model tried
TRY = "try"  # the stage of the rejection of one try
RETRACTED = "retracted"  # the stage under which rows are counted that were taken back; the reason says because of what
PARAPHRASE = "paraphrase"  # the stage of the rejection of other words for an accepted row
UNSOLVED = "unsolved"  # the stage under which tried problems are counted that nobody solved
NOT_LOST = frozenset(
    {ACCEPTED, TRIED, TRY, PARAPHRASE, UNSOLVED}
)  # stages that count something else than a lost problem

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quotas (family TEXT, level INTEGER, quota INTEGER, accepted INTEGER, proposed INTEGER,
    next_index INTEGER, round_accepted INTEGER, round_proposed INTEGER, dry_rounds INTEGER, gap TEXT,
    PRIMARY KEY (family, level)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rounds (round INTEGER PRIMARY KEY, plan TEXT NOT NULL, merged INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS demands (round INTEGER, family TEXT, level INTEGER, data BLOB NOT NULL,
    PRIMARY KEY (round, family, level)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending (number INTEGER PRIMARY KEY, rows INTEGER, rejections INTEGER, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS shards (name TEXT PRIMARY KEY, rows INTEGER, sha256 TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (family TEXT, level INTEGER, stage TEXT, reason TEXT, n INTEGER,
    PRIMARY KEY (family, level, stage, reason)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cells (family TEXT, level INTEGER, one TEXT, other TEXT, proposed REAL, accepted REAL,
    PRIMARY KEY (family, level, one, other)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keys (problem BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meanings (key BLOB, id TEXT, family TEXT, side TEXT, formal TEXT,
    PRIMARY KEY (key, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alike (one TEXT, type TEXT, other TEXT, score REAL,
    PRIMARY KEY (one, type, other)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replies (batch TEXT, call TEXT, data BLOB NOT NULL, PRIMARY KEY (batch, call)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS usage (model TEXT PRIMARY KEY, prompt_tokens INTEGER, completion_tokens INTEGER,
    requests INTEGER, cost REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pass_rates (id TEXT, model TEXT, passed INTEGER, tries INTEGER,
    PRIMARY KEY (id, model)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS retractions (number INTEGER PRIMARY KEY, of TEXT NOT NULL, reason TEXT NOT NULL,
    rows INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS tombstones (id TEXT, retraction INTEGER, cause TEXT,
    PRIMARY KEY (id, retraction)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS proofs (id TEXT, retraction INTEGER, claim INTEGER, certificate TEXT NOT NULL,
    PRIMARY KEY (id, retraction, claim)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Quota:
    """How far one (family, level) is: rows wanted and accepted, sources looked at, and the last round's yield."""

    family: str
    level: int
    quota: int
    accepted: int = 0
    proposed: int = 0
    next_index: int = 0
    round_accepted: int = 0
    round_proposed: int = 0
    dry_rounds: int = 0
    gap: str = ""

    @property
    def need(self) -> int:
        """Rows still wanted; none where the quota is booked as a gap."""
        return 0 if self.gap else self.quota - self.accepted


@dataclass(frozen=True)
class Round:
    """A round under way: for each (family, level) the first index and how many; `merged` batches are in the ledger."""

    number: int
    plan: tuple[tuple[str, int, int, int], ...]
    merged: int


@dataclass(frozen=True)
class Merge:
    """What one batch changes, to be booked in one transaction."""

    quota: Quota
    rows: Sequence[Mapping[str, Any]] = ()
    rejections: Sequence[Mapping[str, Any]] = ()
    counts: Mapping[tuple[str, str], int] | None = None
    proposed: Mapping[Cell, float] | None = None
    accepted: Mapping[Cell, float] | None = None


@dataclass(frozen=True)
class Retraction:
    """What one retraction changes, to be booked in one transaction.

    `rows` are those of the run at this time: a row that is made later under the same id is not meant. `tombstones` give
    the cause of each row's end, `proofs` the certificates that took the place of others by (row, place of the claim).
    `forgotten` are the texts whose problems may come again. A `final` one asks for nothing to be made instead.
    """

    number: int
    of: str
    reason: str
    rows: int
    tombstones: Mapping[str, str]
    proofs: Mapping[tuple[str, int], str]
    quotas: Sequence[Quota] = ()
    cells: Mapping[Cell, float] = field(default_factory=dict)
    counts: Mapping[tuple[str, int], int] = field(default_factory=dict)
    forgotten: Sequence[tuple[str, ...]] = ()
    final: bool = False


@contextmanager
def full_disk_is_a_user_error(folder: Path) -> Iterator[None]:
    """Turn a full disk into a message that says what to do; nothing that was booked is lost."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        if full or "disk is full" in str(error) or "No space left" in str(error):
            raise UserError(
                f"no space is left for {folder}; free some and run the same command again: it goes on where it stopped"
            ) from error
        raise


class Ledger:
    """The ledger of one run folder. One process writes it; any number may read."""

    def __init__(self, folder: Path, *, write: bool = False) -> None:
        """Open the ledger; with `write`, create what is missing and keep other writers out."""
        self.folder = folder
        self._lock: IO[str] | None = None
        if write:
            self._lock_folder()
        elif not (folder / NAME).is_file():
            raise UserError(f"{folder} holds no run; `synth generate --out {folder}` starts one")
        self.connection = sqlite3.connect(folder / NAME, isolation_level=None, timeout=30)
        try:
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=NORMAL")
            self.connection.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            self.close()
            if "full" in str(error):
                raise
            raise UserError(f"{folder / NAME} is no ledger of a run: {error}; choose another folder") from error

    def _lock_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / ".lock").open("w")
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            raise UserError(f"cannot write to {self.folder}: {error.strerror}; choose another --out") from error
        try:
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given back by the system however we end
        except OSError as error:
            self._lock.close()
            raise UserError(f"another `synth generate` is writing to {self.folder}; wait for it, or stop it") from error

    def close(self) -> None:
        """Close the file and let other writers in."""
        self.connection.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Book everything inside, or nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    # ---- what the run is -------------------------------------------------------------------------------------------

    def meta(self, key: str) -> str | None:
        """Return what is kept under a key."""
        found = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return found[0] if found else None

    def keep(self, **values: str) -> None:
        """Keep texts under their keys."""
        self.connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    def begin(self, quotas: Mapping[tuple[str, int], int], **values: str) -> None:
        """Write down what a new run is to make."""
        with self.transaction():
            self.keep(**values)
            for (family, level), quota in quotas.items():
                self._put(Quota(family, level, quota))

    # ---- rounds and batches ----------------------------------------------------------------------------------------

    def quotas(self) -> list[Quota]:
        """Return how far each (family, level) is, in their order."""
        return [Quota(*row) for row in self.connection.execute("SELECT * FROM quotas ORDER BY family, level")]

    def _put(self, quota: Quota) -> None:
        values = tuple(vars(quota).values())
        self.connection.execute(f"INSERT OR REPLACE INTO quotas VALUES ({','.join('?' * len(values))})", values)

    def round(self) -> Round | None:
        """Return the round under way, None before the first."""
        row = self.connection.execute("SELECT round, plan, merged FROM rounds ORDER BY round DESC LIMIT 1").fetchone()
        return row and Round(row[0], tuple(map(tuple, json.loads(row[1]))), row[2])

    def start_round(
        self,
        number: int,
        plan: Sequence[tuple[str, int, int, int]],
        quotas: Sequence[Quota],
        demands: Mapping[tuple[str, int], Any] | None = None,
    ) -> None:
        """Book a round before any of it is made: what the last one taught about the quotas, what is demanded (JSON)."""
        first = {(family, level): start + count for family, level, start, count in plan}
        with self.transaction():
            self.connection.execute("INSERT INTO rounds VALUES (?, ?, 0)", (number, json.dumps(plan)))
            for (family, level), demand in (demands or {}).items():
                packed = zlib.compress(json.dumps(demand, separators=(",", ":")).encode())
                self.connection.execute("INSERT INTO demands VALUES (?, ?, ?, ?)", (number, family, level, packed))
            for quota in quotas:
                index = first.get((quota.family, quota.level), quota.next_index)
                self._put(replace(quota, next_index=index, round_accepted=0, round_proposed=0))

    def demands(self, number: int) -> dict[tuple[str, int], Any]:
        """Return what a round demands of each family and level, as JSON data."""
        rows = self.connection.execute("SELECT family, level, data FROM demands WHERE round = ?", (number,))
        return {(family, level): json.loads(zlib.decompress(data)) for family, level, data in rows}

    def put_quotas(self, quotas: Sequence[Quota]) -> None:
        """Book what the last round taught about the quotas."""
        with self.transaction():
            for quota in quotas:
                self._put(quota)

    def claim_key(self, problem: str) -> bool:
        """Say whether the problem is new, and remember it; inside `transaction`."""
        return self.connection.execute("INSERT OR IGNORE INTO keys VALUES (?)", (_key(problem),)).rowcount == 1

    # ---- what models wrote -----------------------------------------------------------------------------------------

    def replies(self, batch: str, call: str) -> Any:
        """Return what a model wrote in a call for a batch that is not merged yet, as JSON data; None: never asked."""
        found = self.connection.execute(
            "SELECT data FROM replies WHERE batch = ? AND call = ?", (batch, call)
        ).fetchone()
        return json.loads(zlib.decompress(found[0])) if found else None

    def keep_replies(self, batch: str, call: str, data: Any) -> None:
        """Keep what a model wrote until its batch is merged: it is not asked again after a kill."""
        packed = zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 1)
        self.connection.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?)", (batch, call, packed))

    def forget_replies(self, batch: str) -> None:
        """Forget what was written for a batch; inside the `transaction` that merges it."""
        self.connection.execute("DELETE FROM replies WHERE batch = ?", (batch,))

    def use(self, model: str, prompt_tokens: int, completion_tokens: int, requests: int, cost: float) -> None:
        """Add to what a model has used."""
        self.connection.execute(
            "INSERT INTO usage VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " prompt_tokens = prompt_tokens + excluded.prompt_tokens,"
            " completion_tokens = completion_tokens + excluded.completion_tokens,"
            " requests = requests + excluded.requests, cost = cost + excluded.cost",
            (model, prompt_tokens, completion_tokens, requests, cost),
        )

    def usage(self) -> list[dict[str, Any]]:
        """Return what each model has used: tokens, requests, and cost in the currency of the prices that were given."""
        names = ("model", "prompt_tokens", "completion_tokens", "requests", "cost")
        return [dict(zip(names, row, strict=True)) for row in self.connection.execute("SELECT * FROM usage")]

    def put_pass_rates(self, rates: Iterable[tuple[str, str, int, int]]) -> None:
        """Keep (row id, model, passed, tries); a newer rate of the same row and model replaces the older."""
        with self.transaction():
            self.connection.executemany("INSERT OR REPLACE INTO pass_rates VALUES (?, ?, ?, ?)", rates)

    def pass_rates(self) -> dict[str, list[dict[str, Any]]]:
        """Return the rates that `put_pass_rates` kept, by row id."""
        found: dict[str, list[dict[str, Any]]] = {}
        for row, model, passed, tries in self.connection.execute("SELECT * FROM pass_rates ORDER BY id, model"):
            found.setdefault(row, []).append({"model": model, "passed": passed, "tries": tries})
        return found

    # ---- merging ---------------------------------------------------------------------------------------------------

    def skip(self, round_number: int) -> None:
        """Book that a batch was not needed."""
        with self.transaction():
            self._merged(round_number)

    def book(self, round_number: int, merge: Merge) -> None:
        """Book one batch; inside `transaction`."""
        run = self.connection.execute
        many = self.connection.executemany
        quota = merge.quota
        if merge.rows or merge.rejections:
            data = zlib.compress(json.dumps([merge.rows, merge.rejections], separators=(",", ":")).encode(), 1)
            run("INSERT INTO pending (rows, rejections, data) VALUES (?, ?, ?)",
                (len(merge.rows), len(merge.rejections), data))  # fmt: skip
        for (stage, reason), n in (merge.counts or {}).items():
            run("INSERT INTO counts VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
                (quota.family, quota.level, stage, reason, n))  # fmt: skip
        accepted = merge.accepted or {}
        many("INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
             " proposed = proposed + excluded.proposed, accepted = accepted + excluded.accepted",
             [(*cell, weight, accepted.get(cell, 0.0)) for cell, weight in (merge.proposed or {}).items()])  # fmt: skip
        self._put(quota)
        self._merged(round_number)

    def _merged(self, round_number: int) -> None:
        self.connection.execute("UPDATE rounds SET merged = merged + 1 WHERE round = ?", (round_number,))

    # ---- shards ----------------------------------------------------------------------------------------------------

    def pending(self) -> tuple[int, int]:
        """Return how many rows and rejections wait for a shard."""
        found = self.connection.execute("SELECT total(rows), total(rejections) FROM pending").fetchone()
        return int(found[0]), int(found[1])

    def shard_rows(self) -> int:
        """Return how many rows there are in shards."""
        found = self.connection.execute("SELECT total(rows) FROM shards WHERE name GLOB 'rows-*'").fetchone()
        return int(found[0])

    def waiting(self) -> tuple[list[Any], list[Any]]:
        """Return the rows and rejections that wait for a shard."""
        rows: list[Any] = []
        rejections: list[Any] = []
        for (data,) in self.connection.execute("SELECT data FROM pending ORDER BY number"):
            some, others = json.loads(zlib.decompress(data))
            rows += some
            rejections += others
        return rows, rejections

    def flush(self) -> None:
        """Write what waits as shards and name them, if there is anything."""
        from synth.run.schema import REJECTION, ROW, table

        rows, rejections = self.waiting()
        written = []
        if rows:
            name, *facts = self._write("rows", table(rows, ROW))
            written += [(name, *facts), *self._write_graph(name, rows)]
        if rejections:
            written.append(self._write("rejections", table(rejections, REJECTION)))
        with self.transaction():
            self.connection.executemany("INSERT OR REPLACE INTO shards VALUES (?, ?, ?)", written)
            self.connection.execute("DELETE FROM pending")

    def _write(self, kind: str, found: pa.Table) -> tuple[str, int, str]:
        import pyarrow.parquet as pq

        name = f"{kind}-{len(self.shards(kind)):05d}.parquet"
        partial = self.folder / f"{name}.partial"
        with partial.open("wb") as file:
            pq.write_table(found, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        checksum = sha256(partial)
        partial.rename(self.folder / name)
        return name, found.num_rows, checksum

    def _write_graph(self, shard: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, int, str]]:
        """Write the nodes and edges of the rows of a shard beside it."""
        from synth.graph.build import tables_of

        for name, found in zip(store.names_beside(shard), tables_of(rows), strict=True):
            store.write(found, self.folder / name)
            yield name, found.num_rows, sha256(self.folder / name)

    def shards(self, kind: str = "rows") -> list[Path]:
        """Return the shards of a kind (`rows` or `rejections`) in order."""
        names = self.connection.execute("SELECT name FROM shards WHERE name GLOB ? ORDER BY name", (f"{kind}-*",))
        return [self.folder / name for (name,) in names]

    def remove_strays(self) -> None:
        """Remove shard files that the ledger does not name: what a killed run left half done."""
        named = {path.name for kind in ("rows", "rejections") for path in self.shards(kind)}
        kept = named | {name for name in self.checksums() if name.startswith(f"{store.FOLDER}/")}
        for pattern in ("*.parquet", "*.partial"):
            for path in [*self.folder.glob(pattern), *(self.folder / store.FOLDER).glob(pattern)]:
                if str(path.relative_to(self.folder)) not in kept:
                    path.unlink()
        for name in named:
            if not (self.folder / name).is_file():
                raise UserError(f"{self.folder / name} is missing, though the ledger names it; start in a new folder")

    def name(self, files: Mapping[str, int], **values: str) -> None:
        """Name files in the folder of the run, each with how many rows it has, and keep texts, in one transaction."""
        found = [(name, rows, sha256(self.folder / name)) for name, rows in files.items()]
        with self.transaction():
            self.connection.executemany("INSERT INTO shards VALUES (?, ?, ?)", found)
            self.keep(**values)

    def alike(self) -> list[tuple[str, str, str, float]]:
        """Return the edges (row id, type, row id, score) that wait for a file of their own."""
        return self.connection.execute("SELECT * FROM alike").fetchall()

    def checksums(self) -> dict[str, str]:
        """Return the SHA-256 of each file that the ledger names, by its name in the folder of the run."""
        return dict(self.connection.execute("SELECT name, sha256 FROM shards"))

    # ---- what was taken back ---------------------------------------------------------------------------------------

    def retract(self, retraction: Retraction) -> None:
        """Book a retraction: its tombstones, proofs that took the place of others, and what quotas want again."""
        number, run = retraction.number, self.connection.execute
        many = self.connection.executemany
        with self.transaction():
            run("INSERT INTO retractions VALUES (?, ?, ?, ?)",
                (number, retraction.of, retraction.reason, retraction.rows))  # fmt: skip
            many("INSERT INTO tombstones VALUES (?, ?, ?)",
                 [(row, number, cause) for row, cause in retraction.tombstones.items()])  # fmt: skip
            many("INSERT INTO proofs VALUES (?, ?, ?, ?)",
                 [(row, number, claim, text) for (row, claim), text in retraction.proofs.items()])  # fmt: skip
            for quota in retraction.quotas:
                self._put(quota)
            many("UPDATE cells SET accepted = CASE WHEN accepted - ? < 1e-9 THEN 0 ELSE accepted - ? END"
                 " WHERE family = ? AND level = ? AND one = ? AND other = ?",
                 [(weight, weight, *cell) for cell, weight in retraction.cells.items()])  # fmt: skip
            many("INSERT INTO counts VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
                 [(*cell, RETRACTED, retraction.of, n) for cell, n in retraction.counts.items()])  # fmt: skip
            for row in retraction.forgotten:
                many("DELETE FROM keys WHERE problem = ?", [(_key(text),) for text in row])
            run("DELETE FROM meanings WHERE id IN (SELECT id FROM tombstones WHERE retraction = ?)", (number,))
            if retraction.tombstones and not retraction.final:
                run("DELETE FROM meta WHERE key = 'done'")

    def retractions(self) -> list[tuple[int, str, str, int]]:
        """Return (number, of what, reason, rows of the run at that time) of every retraction, in order."""
        return self.connection.execute("SELECT * FROM retractions ORDER BY number").fetchall()

    def tombstones(self) -> dict[str, list[tuple[int, int, str]]]:
        """Return (rows of the run at that time, retraction, cause) by row: it holds for rows of that id before."""
        found: dict[str, list[tuple[int, int, str]]] = {}
        for row, before, number, cause in self.connection.execute(
            "SELECT id, rows, number, cause FROM tombstones JOIN retractions ON number = retraction ORDER BY number"
        ):
            found.setdefault(row, []).append((before, number, cause))
        return found

    def proofs(self) -> dict[str, list[tuple[int, int, str]]]:
        """Return (rows of the run at that time, place of the claim, certificate) by row; the last one counts."""
        found: dict[str, list[tuple[int, int, str]]] = {}
        for row, before, claim, text in self.connection.execute(
            "SELECT id, rows, claim, certificate FROM proofs JOIN retractions ON number = retraction ORDER BY number"
        ):
            found.setdefault(row, []).append((before, claim, text))
        return found

    # ---- what it adds up to ----------------------------------------------------------------------------------------

    def counts(self) -> Counter[tuple[str, int, str, str]]:
        """Return how many outcomes there are by family, level, stage and reason."""
        found: Counter[tuple[str, int, str, str]] = Counter()
        for family, level, stage, reason, n in self.connection.execute("SELECT * FROM counts"):
            found[family, level, stage, reason] = n
        return found

    def cells(self) -> list[tuple[str, int, str, str, float, float]]:
        """Return (family, level, feature, feature, weight proposed, weight accepted) of every cell."""
        return self.connection.execute("SELECT * FROM cells").fetchall()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _key(problem: str) -> bytes:
    return bytes.fromhex(problem) if len(problem) == 32 and _is_hexadecimal(problem) else _digest(problem)


def _is_hexadecimal(text: str) -> bool:
    return all(letter in "0123456789abcdef" for letter in text)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
