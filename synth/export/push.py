"""Push an export to the Hugging Face Hub: one commit with all of it, once its files and rows were checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from synth.errors import UserError
from synth.export import croissant
from synth.export.card import HERE
from synth.export.export import CARD, PROGRAM, SELECTION
from synth.export.formats import FORMATS
from synth.export.hub import Hub, Patience
from synth.run.corpus import RECIPE, SPLITS
from synth.run.ledger import NAME, sha256
from synth.run.verify import verify

_KINDS = ("parquet", "jsonl")
MAX_FILE = 50 << 30  # bytes of one file that the Hub takes
_OURS = {CARD, PROGRAM, RECIPE, SELECTION, croissant.FILE, *(f"{split}.{kind}" for split in SPLITS for kind in _KINDS)}


@dataclass(frozen=True)
class Plan:
    """What a push sends: files by their path, and the configs that the card declares, with their splits.

    `left_out` are files in the folder that are no part of the export.
    """

    folder: Path
    name: str
    files: tuple[str, ...]
    configs: Mapping[str, Sequence[str]]
    left_out: tuple[str, ...] = ()
    changed: Mapping[str, bytes] = field(default_factory=dict)  # files that say their name on the Hub

    def size(self, path: str) -> int:
        """Return the bytes of a file."""
        return len(self.changed[path]) if path in self.changed else (self.folder / path).stat().st_size

    def as_json(self) -> dict[str, Any]:
        """Return the plan as JSON data."""
        return {
            "repo": self.name,
            "configs": {name: list(splits) for name, splits in self.configs.items()},
            "files": {path: self.size(path) for path in self.files},
            "bytes": sum(map(self.size, self.files)),
            "left_out": list(self.left_out),
        }


def push(
    folder: Path | str,
    name: str,
    *,
    private: bool = False,
    allow_failed: bool = False,
    dry_run: bool = False,
    workers: int = 1,
    patience: Patience = Patience(),  # noqa: B008  # frozen
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Push an export to the dataset `name` (USER/NAME) as one commit; return what was pushed as JSON data.

    `{"repo", "configs", "files", "bytes", "left_out", "rows", "failed", "pushed", "url", "commit", "removed"}`, where
    `pushed` is false where rows failed their check and that was not allowed, or where it was a dry run, which asks the
    Hub nothing. What an earlier push left there and this one does not have is removed. Costs one check of every row
    and one reading of every file; files are streamed. The folder is not changed. Raise `UserError` where the folder is
    no whole export, or where the Hub cannot be used.
    """
    folder = Path(folder)
    hub = Hub(patience, say)
    hub.check_name(name)
    plan = plan_of(folder, name)
    if not dry_run:
        hub.check_token()
    if b"openai:" in (folder / RECIPE).read_bytes():
        say(f"{RECIPE} and the card name the server of the model in this run, and are pushed as they are")
    checked = verify(folder, workers=workers)
    found = {**plan.as_json(), "rows": checked["rows"], "failed": checked["failed"], "url": hub.address(name)}
    if dry_run or (checked["failed"] and not allow_failed):
        return {**found, "pushed": False}
    held = hub.held(name)
    if held is None:
        hub.create(name, private)
    elif held.files - {".gitattributes"} and PROGRAM not in held.files:
        raise UserError(f"{hub.address(name)} holds another dataset; push to another name, or delete that one there")
    elif private and not held.private:
        raise UserError(f"{hub.address(name)} exists and is public; make it private there, or push to another name")
    removed = sorted(path for path in (held.files if held else ()) if _ours(path) and path not in plan.files)
    changed = {**plan.changed, CARD: _with_failures(plan.changed[CARD], checked)}
    add = {path: changed.get(path, folder / path) for path in plan.files}
    commit = hub.commit(name, add, removed, f"{checked['rows']:,} rows, {checked['verified']:,} of them verified")
    return {**found, "pushed": True, "commit": commit, "removed": removed}


def _ours(path: str) -> bool:
    """Say whether an export may have put a file there."""
    return path in _OURS or ("/" in path and path.split("/")[0] in FORMATS)


def _with_failures(card: bytes, checked: Mapping[str, Any]) -> bytes:
    """Return the card; where the check of the export failed, it says so first."""
    if not checked["failed"]:
        return card
    lost = checked["rows"] - checked["verified"]
    what = f"{lost:,} of {checked['rows']:,} rows failed their check" if lost else "The check of this export failed"
    reasons = "; ".join(f"{failure['id']}: {failure['reason']}" for failure in checked["failed"][:3])
    front, mark, text = card.decode().partition("\n---\n")
    return f"{front}{mark}\n**{what} when it was pushed** ({reasons}).\n{text}".encode()


def plan_of(folder: Path, name: str) -> Plan:
    """Return what a push of an export sends. Raise `UserError` where it is not whole, or not as it was written."""
    if (folder / NAME).is_file():
        raise UserError(f"{folder} is a run, not an export; first: synth export {folder} --out dataset")
    if not folder.is_dir() or not all((folder / file).is_file() for file in (PROGRAM, CARD, croissant.FILE)):
        raise UserError(f"{folder} holds no export that can be pushed; make one: synth export RUN --out {folder}")
    data = _metadata(folder)
    for path, digest in croissant.checksums(data):
        file = folder / path
        if not file.is_file() or sha256(file) != digest:
            raise UserError(f"{file} is not as {croissant.FILE} names it; export the run again")
        if file.stat().st_size > MAX_FILE:
            raise UserError(f"{file} is larger than {MAX_FILE >> 30} GiB; export fewer rows with --rows")
    named = sorted({CARD, croissant.FILE, *(path for path, _ in croissant.checksums(data))})
    card = (folder / CARD).read_text(encoding="utf-8")
    data |= {"name": name.split("/")[1], "url": f"https://huggingface.co/datasets/{name}"}
    changed = {
        CARD: card.replace(HERE, name).encode(),
        croissant.FILE: (json.dumps(data, indent=1) + "\n").encode(),
    }
    others = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    left_out = tuple(path for path in others if path not in named)
    return Plan(folder, name, tuple(named), dict(_configs(folder, card)), left_out, changed)


def _metadata(folder: Path) -> dict[str, Any]:
    """Return the Croissant metadata of an export."""
    file = folder / croissant.FILE
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        paths = [Path(path) for path, _ in croissant.checksums(data)]
        if any(path.is_absolute() or ".." in path.parts for path in paths):
            raise ValueError("a file outside the folder")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{file} does not name the files of an export ({error}); export the run again") from error
    return dict(data)


def _configs(folder: Path, card: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the configs that a card declares, each with its splits, which must all have the same columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        declared = yaml.safe_load(card.split("---\n")[1])["configs"]
        configs = [(str(each["config_name"]), {f["split"]: f["path"] for f in each["data_files"]}) for each in declared]
    except (yaml.YAMLError, LookupError, TypeError) as error:
        raise UserError(f"{folder / CARD} declares no configs in its first lines; export the run again") from error
    for name, files in configs:
        first: tuple[str, Any] | None = None
        for path in files.values():
            try:
                schema = pq.read_schema(folder / path)
            except (OSError, pa.ArrowException) as error:
                raise UserError(f"config {name}: cannot read {folder / path}: {error}; export the run again") from error
            if twice := sorted({column for column in schema.names if schema.names.count(column) > 1}):
                raise UserError(f"config {name}: {path} has two columns {twice[0]!r}; rename one and export again")
            if first and not schema.equals(first[1]):
                clash = sorted({f"{f.name}: {f.type}" for f in schema} ^ {f"{f.name}: {f.type}" for f in first[1]})
                raise UserError(
                    f"config {name}: the columns of {first[0]} and {path} clash ({'; '.join(clash)[:300]}); "
                    "all splits of a config have the same, so export the run again"
                )
            first = first or (path, schema)
        yield name, list(files)
