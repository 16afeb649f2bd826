"""Our rows against the instances of the nearest families of reasoning-gym and reasoning-core, turn by turn.

Ours are proved, re-checked, worded and read back; theirs come with an answer and no certificate. Levels are mixed
uniformly on our side, theirs run in their default configuration, so a ratio compares what a user gets by asking for a
family, not problems of equal difficulty.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from benchmarks.measure import Options, Table, digits, forget, make, mix, prepare, quantile
from synth.family import Family
from synth.judge.row import row_of
from synth.records import Record

NEAREST = {
    "linear_system": (("reasoning-gym", "simple_equations"), ("reasoning-core", "equation_system")),
    "polynomial_roots": (("reasoning-gym", "polynomial_equations"), ("reasoning-core", "inverse_math")),
    "knights": (("reasoning-gym", "knights_knaves"), ("reasoning-core", "belief_tracking")),
    "logic_grid": (("reasoning-gym", "zebra_puzzles"), ("reasoning-core", "constraint_satisfaction")),
    "sudoku": (("reasoning-gym", "sudoku"), ("reasoning-gym", "mini_sudoku")),
    "entailment": (("reasoning-gym", "propositional_logic"), ("reasoning-core", "logic_qa"),
                   ("reasoning-core", "multistep_nli")),
    "derivative": (("reasoning-core", "function_manipulation"),),
    "antiderivative": (("reasoning-gym", "simple_integration"), ("reasoning-gym", "intermediate_integration")),
    "countdown": (("reasoning-gym", "countdown"), ("reasoning-core", "arithmetics")),
    "shortest_path": (("reasoning-gym", "shortest_path"), ("reasoning-core", "graph_pathfinding")),
    "lattice_paths": (("reasoning-core", "combinatorics_formula"),),
}  # fmt: skip
TURNS = 3
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class Peers:
    """The worker in the peers' environment; `absent` says why there is none."""

    def __init__(self, python: str) -> None:
        self.absent = ""
        self._process: subprocess.Popen[str] | None = None
        self.versions: dict[str, str] = {}
        if not Path(python).is_file():
            self.absent = f"no {python}; `make bench` makes it if pip can install benchmarks/requirements.txt"
            return
        worker = str(Path(__file__).with_name("peer_worker.py"))
        self._process = subprocess.Popen(
            [python, "-P", "-W", "ignore", worker], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env=ENVIRONMENT,
        )  # fmt: skip
        for peer in ("reasoning-gym", "reasoning-core"):
            found = self.ask(peer=peer)
            self.versions[peer] = found.get("version", "not installed")

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for the answer."""
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = ""
        return json.loads(line) if line else {"error": "the peer's process ended"}

    def close(self) -> None:
        """End the worker."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def measure(options: Options) -> Iterator[Table]:
    """Yield the table of ratios."""
    peers = Peers(options.peer_python)
    rows: list[tuple[object, ...]] = []
    try:
        for name, family in options.families.items() if not peers.absent else ():
            prepare(family)
            for peer, task in NEAREST.get(name, ()):
                rows.append((name, peer, task, *_figures(family, peer, task, peers, options)))
    finally:
        peers.close()
    notes = [f"Not measured: {peers.absent}."] if peers.absent else []
    for peer, said in peers.versions.items():
        found = [float(str(row[4])) for row in rows if row[1] == peer and row[4]]
        notes.append(f"{peer} {said}: median of these families {quantile(found, 0.5)} instances/s.")
    yield Table(
        "peers",
        "Against the nearest families of peers, per CPU-second",
        ("family", "peer", "task", "ours_proved", "theirs", "ratio", "remark"),
        tuple(rows),
        (
            *notes,
            f"{TURNS} turns each, alternating; ratio: the median of ours / theirs in the same turn. Theirs in default "
            "configuration, without certificate or read back; ours proved and re-checked, levels mixed uniformly.",
        ),
    )


def _figures(family: Family, peer: str, task: str, peers: Peers, options: Options) -> Iterator[object]:
    """Alternate between both sides; yield our rate, theirs, the ratio and a remark."""
    slices = options.seconds / (2 * TURNS)
    ours, theirs, ratios, remark = [], [], [], ""
    sources = mix(family, options.seed + 3)
    forget()
    for turn in range(TURNS):
        accepted, started = 0, process_time()
        while process_time() - started < slices:
            for source in next(islice(sources, 1)):
                record = make(family, source)
                if isinstance(record, Record):
                    row_of(record)
                    accepted += 1
        ours.append(accepted / (process_time() - started))
        found = peers.ask(peer=peer, task=task, seconds=slices, seed=options.seed + turn)
        if "error" in found:
            remark = found["error"]
            break
        theirs.append(found["instances"] / found["cpu_s"])
        ratios.append(ours[-1] / theirs[-1])
        if found["wall_s"] > 3 * found["cpu_s"]:
            remark = "their time is partly spent outside the process, and not counted"
    yield digits(median(ours))
    yield digits(median(theirs)) if theirs else None
    yield digits(median(ratios)) if ratios else None
    yield remark
