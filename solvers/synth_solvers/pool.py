"""Worker processes that a hostile candidate cannot take down. Only this file imports pebble.

Batches go to the workers; a batch whose worker hangs, crashes or runs out of memory is run again one candidate at a
time, so that exactly the guilty one is lost and every other result is what it would have been.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

Item = TypeVar("Item")
Result = TypeVar("Result")

MEMORY_BYTES = 3 << 30
SECONDS = 60.0  # for one candidate; a safety net behind the budgets, which decide
MAX_TASKS = 500  # batches a worker lives for
_OUT_OF_MEMORY = 77  # exit status


@dataclass(frozen=True)
class Lost:
    """A candidate that took its worker down: `crash`, `hang` or `memory`."""

    reason: str
    detail: str = ""


def _prepare(memory_bytes: int) -> None:
    """Set the limits of a new worker; z3 is loaded before, because under the limit its library cannot be mapped."""
    import synth_solvers.smt  # noqa: F401  (the one file that imports z3)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which stops the workers
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _run(function: Callable[[Sequence[Any]], list[Any]], batch: Sequence[Any]) -> list[Any]:
    try:
        results = function(batch)
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)  # its traceback keeps the memory, so the next task would fail as well
    if len(results) != len(batch):
        raise ValueError(f"{len(batch)} candidates gave {len(results)} results")
    return results


class Pool:
    """A pool of processes for batches; use it as a context manager.

    `memory_bytes` bounds the address space of a worker, `seconds` the time of one candidate when it runs alone (a batch
    has twice as long). Functions and candidates are pickled.
    """

    def __init__(self, workers: int, memory_bytes: int = MEMORY_BYTES, seconds: float = SECONDS) -> None:
        # forkserver: a fork of a process with threads (pyarrow, z3) may deadlock
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["z3", "synth_solvers.pool"])
        self._pool = ProcessPool(
            max_workers=workers, max_tasks=MAX_TASKS, context=context, initializer=_prepare, initargs=(memory_bytes,)
        )
        self.ahead = 2 * workers
        self._seconds = seconds

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]  # what is still running was not asked for any more
        self._pool.join()

    def map(
        self, function: Callable[[Sequence[Item]], list[Result]], batches: Iterable[Sequence[Item]]
    ) -> Iterator[tuple[Sequence[Item], list[Result | Lost]]]:
        """Yield each batch with its results, in order; takes batches only as far ahead as keeps the workers busy."""
        waiting: deque[Job[Item, Result]] = deque()
        source = iter(batches)
        while True:
            while len(waiting) < self.ahead and (batch := next(source, None)) is not None:
                waiting.append(self.submit(function, batch))
            if not waiting:
                return
            job = waiting.popleft()
            yield job.batch, job.results()

    def submit(self, function: Callable[[Sequence[Item]], list[Result]], batch: Sequence[Item]) -> Job[Item, Result]:
        """Start a batch; its results are fetched from the job."""
        return Job(self, function, batch, self._schedule(function, batch, 2 * self._seconds))

    def _schedule(
        self, function: Callable[[Sequence[Item]], list[Result]], batch: Sequence[Item], seconds: float
    ) -> Any:
        return self._pool.schedule(_run, args=(function, batch), timeout=seconds)

    def _alone(self, function: Callable[[Sequence[Item]], list[Any]], item: Item) -> Any:
        found = self._result(self._schedule(function, [item], self._seconds))
        return found if isinstance(found, Lost) else found[0]

    @staticmethod
    def _result(future: Any) -> list[Any] | Lost:
        """Return the results of a batch, or the reason why its worker is no more."""
        try:
            return list(future.result())
        except FutureTimeout as error:
            return Lost("hang", str(error))
        except ProcessExpired as error:
            out_of_memory = error.exitcode in (_OUT_OF_MEMORY, -signal.SIGKILL)
            return Lost("memory" if out_of_memory else "crash", f"exit status {error.exitcode}")
        except Exception as error:  # a bug that this candidate brings out; the run goes on and counts it
            return Lost("crash", f"{type(error).__name__}: {error}"[:400])


@dataclass
class Job(Generic[Item, Result]):
    """A batch that is under way."""

    pool: Pool
    function: Callable[[Sequence[Item]], list[Result]]
    batch: Sequence[Item]
    future: Any

    def ready(self) -> bool:
        """Say whether `results` would return at once, or nearly so."""
        return bool(self.future.done())

    def results(self) -> list[Result | Lost]:
        """Wait for the results; where the batch took its worker down, each item is run again alone."""
        found = self.pool._result(self.future)
        if isinstance(found, Lost):
            return [self.pool._alone(self.function, item) for item in self.batch]
        return found
