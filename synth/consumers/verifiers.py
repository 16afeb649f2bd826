"""A taskset of verifiers, by its v1 protocol: replies are rewarded by proof, `validate` checks the certificates.

The export `verifiers` has a module that names its folder; this file is all that knows the package.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Literal

import pyarrow.parquet as pq
import verifiers.v1 as vf

from synth.consumers.needed import need
from synth.errors import UserError
from synth.recheck.rows import Package

VERIFIERS = "0.4"  # the task-centric v1 protocol
PACKAGE = "package.json"


class ProblemData(vf.TaskData):  # type: ignore[misc]
    """A problem as it travels with a trace: the prompt, the whole row, and the folder of its export."""

    row: str
    folder: str


class Problem(vf.Task[ProblemData]):  # type: ignore[misc]
    """One proved problem."""

    @vf.reward(weight=1.0)  # type: ignore[untyped-decorator]
    async def proved(self, trace: vf.Trace) -> float:
        """Return 1.0 where the last reply satisfies the claims of the problem, else 0.0."""
        from synth.family.registry import families
        from synth.judge.score import score

        row = json.loads(self.data.row)
        if row["family"] not in families():
            raise UserError(f"the family {row['family']!r} is not installed; install the package that offers it")
        return float(score(families()[row["family"]], trace.last_reply, row).score)

    async def validate(self, runtime: vf.Runtime) -> bool | None:
        """Say whether the row re-checks: its texts follow from each other, every certificate shows its claim."""
        return not _package(Path(self.data.folder) / PACKAGE).check(json.loads(self.data.row))


class ProblemsConfig(vf.TasksetConfig):  # type: ignore[misc]
    """Which side of the split is taken."""

    split: Literal["train", "test"] = "train"


class Problems(vf.Taskset[Problem, ProblemsConfig]):  # type: ignore[misc]
    """The problems of an export, which lies in `FOLDER`."""

    FOLDER: ClassVar[Path]

    def load(self) -> Iterator[Problem]:
        """Yield the problems of the split, in the order of the export."""
        need("verifiers", VERIFIERS, "verifiers")
        file = pq.ParquetFile(self.FOLDER / f"{self.config.split}.parquet")
        for batch in file.iter_batches(batch_size=256):
            for row in batch.to_pylist():
                said = {message["role"]: message["content"] for message in row["prompt"]}
                data = ProblemData(
                    id=row["id"],
                    prompt=said["user"],
                    system_prompt=said.get("system"),
                    row=row["row"],
                    folder=str(self.FOLDER),
                )
                yield Problem(data, self.config.task)


@lru_cache(maxsize=4)
def _package(path: Path) -> Package:
    return Package(json.loads(path.read_text(encoding="utf-8")))
