"""Run the check of a proposed family in a process of its own, with an empty environment and a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synth.admission.novelty import Signature

MAX_RESULT = 4 << 20  # bytes of what the process wrote that are read
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from synth.admission.inside import main; main(sys.argv[2:])"
)


@dataclass(frozen=True)
class Limits:
    """What one check may use: CPU and wall seconds, megabytes of address space."""

    cpu_s: int = 120
    wall_s: int = 600
    memory_mb: int = 4096


@dataclass(frozen=True)
class Found:
    """What the process found. `refused` says why the files were not looked at; `ended` how it ended, "" where well."""

    laws: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    nearest: tuple[str, float] = ("", 0.0)  # the known family that is most like it
    refused: str = ""
    ended: str = ""


def check_isolated(folder: Path, samples: int, limits: Limits, known: Mapping[str, Signature]) -> Found:
    """Check the family in a folder, which is only read; never raises for what is in it.

    Costs a second to start, then what `synth.testing.examine` costs, at most the limits.
    """
    with tempfile.TemporaryDirectory(prefix="synth-proposal-") as place:
        work = Path(place)
        copy = work / folder.name
        copy.mkdir()
        for file in folder.iterdir():
            (copy / file.name).write_bytes(file.read_bytes())
        result, log, signatures = work / "result.jsonl", work / "log", work / "known.json"
        signatures.write_text(json.dumps({name: (each.whole, each.productions) for name, each in known.items()}))
        paths = [os.path.abspath(each) for each in sys.path]  # noqa: PTH100 ("" is the folder we are in)
        told = [str(copy), str(result), str(signatures), str(samples), str(limits.cpu_s), str(limits.memory_mb)]
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", _START, json.dumps(paths), *told],
                cwd=work, env=_environment(work), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                start_new_session=True,
            )  # fmt: skip
            try:
                ended = _ending(process.wait(limits.wall_s), limits)
            except subprocess.TimeoutExpired:
                ended = f"it took more than {limits.wall_s} seconds"
            finally:
                _kill(process)
        return _read(result, ended or "", log)


def _environment(work: Path) -> dict[str, str]:
    """Return an environment with nothing of ours: one thread for linear algebra, a cache in the process's folder."""
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {"HOME": str(work), "XDG_CACHE_HOME": str(work / "cache"), "LC_ALL": "C.UTF-8", **single}


def _ending(code: int, limits: Limits) -> str:
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"it was ended after {limits.cpu_s} seconds of CPU"
    return "" if code == 0 else f"it ended with code {code}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(result: Path, ended: str, log: Path) -> Found:
    """Read what the process wrote; lines that are no JSON objects, such as a last one cut off, do not count."""
    lines = result.read_bytes()[:MAX_RESULT].decode("ascii", "replace").split("\n") if result.is_file() else []
    parts: list[dict[str, Any]] = []
    for line in lines:
        try:
            part = json.loads(line)
        except ValueError:
            continue
        parts += [part] if isinstance(part, dict) else []
    if ended and not ended.startswith("it took"):
        last = log.read_bytes()[-400:].decode("utf-8", "replace").strip().split("\n")[-1]
        ended += f": {last[:200]}" if last else ""
    found = {key: [part[key] for part in parts if key in part] for key in ("law", "problem", "nearest", "refused")}
    done = any("whole" in part for part in parts) or found["refused"] or any("found" in law for law in found["law"])
    return Found(
        found["law"],
        found["problem"],
        tuple(found["nearest"][0]) if found["nearest"] else ("", 0.0),
        found["refused"][0] if found["refused"] else "",
        ended or ("" if done else "it ended without a verdict"),
    )
