"""How far a run is, while it runs: a bar with rate and time left on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS = 5.0  # between plain lines


@contextmanager
def shown(quiet: bool = False) -> Iterator[Callable[[int, int, int], None]]:
    """Yield what to call with (accepted, requested, proposed); it writes to standard error."""
    if quiet:
        yield lambda accepted, requested, proposed: None
    elif sys.stderr.isatty():
        with _bar() as report:
            yield report
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Callable[[int, int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("proved"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=None, rate="")
        start: list[float] = []

        def report(accepted: int, requested: int, proposed: int) -> None:
            start[:] = start or [time.monotonic(), accepted]
            seconds = time.monotonic() - start[0]
            rate = f"{(accepted - start[1]) / seconds:,.0f} rows/s" if seconds > 0.5 else ""
            progress.update(task, completed=accepted, total=requested, rate=rate)

        yield report


def _lines() -> Callable[[int, int, int], None]:
    state: list[float] = []

    def report(accepted: int, requested: int, proposed: int) -> None:
        now = time.monotonic()
        if not state:
            state[:] = [now, accepted, now]
        if now - state[2] < SECONDS:
            return
        state[2] = now
        rate = (accepted - state[1]) / (now - state[0])
        left = f"{(requested - accepted) / rate:,.0f} s left" if rate > 0 else "time left unknown"
        line = f"{accepted:,} of {requested:,} rows, {proposed:,} proposed, {rate:,.0f} rows/s, {left}"
        print(line, file=sys.stderr, flush=True)

    return report
