"""A peer's families, timed: runs in the peers' own environment and imports nothing of ours.

Reads lines `{"peer": …, "task": …, "seconds": s, "seed": n}` and answers `{"instances": n, "cpu_s": t, "wall_s": t}`
or `{"error": …}`. The time of child processes that were waited for counts; what is paid once a process does not.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from typing import Any

_tasks: dict[tuple[str, str], Any] = {}


def cpu_seconds() -> float:
    """Return the CPU time of this process and of the children it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def instances(peer: str, task: str, seed: int) -> Iterator[Any]:
    """Yield instances of a task in its default configuration."""
    if peer == "reasoning-gym":
        yield from import_module("reasoning_gym").create_dataset(task, size=1_000_000, seed=seed)
    elif peer == "reasoning-core":
        if (peer, task) not in _tasks:
            found = import_module("reasoning_core").get_task(task)
            _tasks[peer, task] = found() if isinstance(found, type) else found
        random.seed(seed)
        generate: Callable[[], Any] = _tasks[peer, task].generate_example
        while True:
            yield generate()
    else:
        raise ValueError(f"no peer {peer!r}")


def timed(peer: str, task: str, seconds: float, seed: int) -> dict[str, Any]:
    """Make instances for about this many CPU-seconds, at least one."""
    source = instances(peer, task, seed * 1_000_000)
    next(source)  # imports, tables
    began, wall = cpu_seconds(), time.monotonic()
    count = 0
    while not count or (cpu_seconds() - began < seconds and time.monotonic() - wall < 10 * seconds):
        next(source)
        count += 1
    return {"instances": count, "cpu_s": cpu_seconds() - began, "wall_s": time.monotonic() - wall}


def main() -> None:
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a peer prints must not end up among the answers
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "task" in request:
                found = timed(request["peer"], request["task"], request["seconds"], request["seed"])
            else:
                found = {"version": version(request["peer"])}
        except Exception as error:  # a peer may fail in any way; that is its result
            found = {"error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(found), file=answers, flush=True)


if __name__ == "__main__":
    main()
