"""Trees and strings per CPU-second of the counting sampler, at 15 terminals."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from time import process_time

from benchmarks.measure import Options, Table, quantile, rate
from synth.family import Family

TERMINALS = 15
BLOCK = 200  # trees between two looks at the clock


def measure(options: Options) -> Iterator[Table]:
    """Yield the table of sampler rates."""
    rows = tuple((name, *_figures(family, options)) for name, family in options.families.items())
    strings = [float(str(row[4])) for row in rows if row[4]]
    yield Table(
        "sampler",
        f"Grammar sampler at {TERMINALS} terminals, per CPU-second",
        ("family", "start", "terminals", "trees", "strings", "strings_read_back"),
        rows,
        (
            f"Median over the families: {quantile(strings, 0.5)} strings/s (target 40,000). A string is a tree drawn "
            "and rendered; read back: parsed again besides. Tables warm; terminals drawn from their patterns.",
            "The start is the rule whose clauses are drawn, else `problem`; the size the largest one up to "
            f"{TERMINALS} that it has.",
        ),
    )


def _figures(family: Family, options: Options) -> Iterator[object]:
    start = family.clause or "problem"
    sampler = family.sampler(next(iter(family.levels.values())))
    sizes = [size for size in sampler.sizes(start, TERMINALS) if size >= TERMINALS // 2]
    yield start
    if not sizes:
        yield from (None, None, None, None)
        return
    size, syntax, rng = sizes[-1], family.formal, Random(options.seed)
    for _ in range(BLOCK):
        syntax.render(sampler.tree(start, size, rng), start)
    yield size
    seconds = [0.0, 0.0, 0.0]
    done = 0
    readable = start in syntax.starts
    while sum(seconds) < options.seconds / 2:
        started = process_time()
        trees = [sampler.tree(start, size, rng) for _ in range(BLOCK)]
        drawn = process_time()
        texts = [syntax.render(tree, start) for tree in trees]
        written = process_time()
        if readable:
            for text in texts:
                syntax.read(text, start)
        read = process_time()
        for number, spent in enumerate((drawn - started, written - drawn, read - written)):
            seconds[number] += spent
        done += BLOCK
    yield rate(done, seconds[0])
    yield rate(done, seconds[0] + seconds[1])
    yield rate(done, sum(seconds)) if readable else None
