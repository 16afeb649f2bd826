"""Keys, duplicates and near-duplicates: how many a CPU-second, and what a million rows cost.

*Canonical keys* are measured on systems of equations of about as many nodes (terms, symbols and numbers) as said, and
on the problems of the families, sorted by the nodes of their graphs. *A million rows* are synthetic: keys of 16 bytes
of which one in twenty repeats an earlier one, and texts of 35 words of which one in twenty is the one before with a
word changed. Each runs in a process of its own, whose peak memory is given.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from time import process_time
from typing import Any

from benchmarks.measure import Options, Table, digits, prepare, rate
from synth.graph.duplicates import groups
from synth.graph.equivalence import isomorphic
from synth.graph.neardup import NearDuplicates, jaccard, near_duplicates
from synth.graph.semantic import semantic
from synth.propose.sampler import draw
from synth.recheck.canonical import Graph, canonical
from synth.records import Source
from synth_kernel.claims import Theory, digest
from synth_kernel.terms import size

MILLION = 1_000_000
REPEATED = 20  # one in so many is planted
BANDS = ((20, 40), (80, 100))  # nodes of a graph: about 30, about 90
TEMPLATES = (
    "{a} has {x} {t} and buys {y} more at the market before giving {z} of them to {b} on the way home. "
    "How many {t} does {a} have now?",
    "There are {x} {t} in a box. {a} takes {y} of them out and {b} puts {z} back into the same box. "
    "How many {t} are in the box at the end?",
    "{a} and {b} share {x} {t} so that {a} gets {y} more than {b}, and then {a} loses {z} of them. "
    "How many {t} do they have together?",
)


def measure(options: Options) -> Iterator[Table]:
    """Yield the table of rates and the table of what a million rows cost."""
    yield Table(
        "graph_keys",
        "Canonical and semantic keys",
        ("what", "theories", "nodes", "keys_per_cpu_s", "inexact", "wrong"),
        tuple(_rates(options)),
        (
            "nodes: of the systems, all symbols, numbers and operators; of the families, those of the coloured graph.",
            "wrong: scrambled copies with another key (systems), regular graphs that are merged or split (regular).",
            "semantic: keys of those theories among all families that have one.",
        ),
    )
    yield Table(
        "graph_duplicates",
        "Duplicates and near-duplicates",
        ("what", "rows", "cpu_s", "peak_mb", "planted", "found", "leaders"),
        tuple(_alone(name) for name in ("keys", "texts", "templates")),
        (
            "keys: grouping 16-byte keys. texts: 35 words each, MinHash 16 × 8 over shingles of 3 words, verified. "
            "cpu_s of texts is without making them.",
            "templates: distinct word problems of three templates. Similar text deletes nothing: found are edges of a "
            "score of at least 0.8, and leaders are what a leader cover would keep.",
        ),
    )


# ---- keys ------------------------------------------------------------------------------------------------------------


def _rates(options: Options) -> Iterator[tuple[object, ...]]:
    rng = random.Random(options.seed)
    for nodes in (30, 90):
        texts = [system(rng, nodes) for _ in range(400)]
        theories = [Theory.read(text) for text in texts]
        copies = [Theory.read(renamed(text, rng)) for text in texts[:100]]
        keys = [canonical(theory) for theory in theories]
        wrong = sum(canonical(copy) != key for copy, key in zip(copies, keys, strict=False))
        yield (
            f"systems of {nodes} nodes",
            len(theories),
            round(sum(size(term) for theory in theories for term in theory.clauses) / len(theories)),
            speed(canonical, theories, options.seconds),
            sum(not exact for _, exact in keys),
            wrong,
        )
    drawn = list(_drawn(options, 20))
    for low, high in BANDS:
        theories = [theory for theory in drawn if low <= len(Graph.of(theory).labels) <= high]
        if theories:
            yield (
                f"families, {low} to {high} nodes",
                len(theories),
                round(sum(len(Graph.of(theory).labels) for theory in theories) / len(theories)),
                speed(canonical, theories, options.seconds),
                sum(not canonical(theory)[1] for theory in theories),
                None,
            )
    numeric = [theory for theory in drawn if semantic(theory)]
    if numeric:
        yield "semantic", len(numeric), None, speed(semantic, numeric, options.seconds), None, None
    yield _regular(rng)


def _drawn(options: Options, each: int) -> Iterator[Theory]:
    for name, family in options.families.items():
        prepare(family, rounds=1)
        for level in family.levels:
            for index in range(each):
                found = draw(family, Source(name, level, options.seed, index))
                if isinstance(found, tuple):
                    yield family.problem(found[0].formal)[1].theory


def speed(function: Callable[[Theory], object], theories: Sequence[Theory], seconds: float) -> float:
    """Return how many theories a CPU-second a function takes, over whole turns."""
    started, done = process_time(), 0
    while process_time() - started < max(0.1, seconds / 10):
        for theory in theories:
            function(theory)
        done += len(theories)
    return rate(done, process_time() - started)


def system(rng: random.Random, nodes: int) -> str:
    """Return a theory of equations with about so many nodes, its unknowns called x0, x1, …"""
    count = max(2, nodes // 14)
    clauses, left = [], nodes
    while left > 0:
        one, two, three = (f"x{rng.randrange(count)}" for _ in range(3))
        clause = rng.choice([
            f"(= (+ {one} (* {rng.randint(2, 99)} {two})) {rng.randint(1, 99)})",
            f"(= (* {one} (- {two} {rng.randint(1, 99)})) (^ {three} {rng.randint(2, 5)}))",
            f"(= (+ {one} {two} {three}) {rng.randint(1, 99)})",
        ])  # fmt: skip
        clauses.append(f"(clause {clause})")
        left -= size(Theory.read(f"(theory {_declared(count)} {clauses[-1]} (ask (count)))").clauses[0])
    return f"(theory {_declared(count)} {' '.join(clauses)} (ask (count)))"


def _declared(count: int) -> str:
    return " ".join(f"(declare x{i} Rational)" for i in range(count))


def renamed(text: str, rng: random.Random) -> str:
    """Return a system with its unknowns renamed and its parts in another order."""
    theory = Theory.read(text)
    new = [f"y{i}" for i in range(len(theory.declarations))]
    rng.shuffle(new)
    for i, name in enumerate(new):
        text = text.replace(f"x{i})", f"{name})").replace(f"x{i} ", f"{name} ")
    parts = ["(" + part.strip() for part in text[len("(theory ") : -1].replace("(declare", "\n(declare")
             .replace("(clause", "\n(clause").replace("(ask", "\n(ask").split("\n(")[1:]]  # fmt: skip
    rng.shuffle(parts)
    return f"(theory {' '.join(parts)})"


def _regular(rng: random.Random) -> tuple[object, ...]:
    """Compare the classes of random cubic graphs, and of unions of two strongly regular ones, with the keys."""
    import networkx as nx

    graphs = [nx.random_regular_graph(3, 12, seed=rng.randrange(1 << 30)) for _ in range(60)]
    classes: list[Any] = []
    for graph in graphs:
        if not any(nx.is_isomorphic(graph, other) for other in classes):
            classes.append(graph)
    theories = [coloured(list(graph.edges), 12) for graph in graphs]
    keys = [canonical(theory) for theory in theories]
    wrong = abs(len(set(keys)) - len(classes))
    rook, shrikhande = (torus(steps) for steps in (ROOK, SHRIKHANDE))
    unions = [
        coloured([*one, *[(i + 16, j + 16) for i, j in two]], 32)
        for one, two in ((rook, rook), (rook, shrikhande), (shrikhande, shrikhande), (shrikhande, rook))
    ]
    same = [[isomorphic(one, two) for two in unions] for one in unions]
    wrong += sum(same[i][j] is not (i == j or {i, j} == {1, 3}) for i in range(4) for j in range(4))
    return "regular", len(theories) + len(unions), None, None, sum(not exact for _, exact in keys), wrong


ROOK = ((0, 1), (0, 2), (0, 3), (1, 0), (2, 0), (3, 0))
SHRIKHANDE = ((0, 1), (0, 3), (1, 0), (3, 0), (1, 1), (3, 3))


def torus(steps: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the graph on a 4×4 torus whose neighbours differ by one of these steps."""
    points = [(i, j) for i in range(4) for j in range(4)]
    return [(a * 4 + b, c * 4 + d) for a, b in points for c, d in points
            if (a, b) < (c, d) and ((c - a) % 4, (d - b) % 4) in steps]  # fmt: skip


def coloured(edges: Sequence[tuple[int, int]], nodes: int) -> Theory:
    """Return the theory that asks for the 3-colourings of a graph."""
    declared = " ".join(f"(declare v{i} (range 1 3))" for i in range(nodes))
    clauses = " ".join(f"(clause (not (= v{i} v{j})))" for i, j in edges)
    return Theory.read(f"(theory {declared} {clauses} (ask (count)))")


# ---- a million rows --------------------------------------------------------------------------------------------------


def _alone(name: str) -> tuple[object, ...]:
    """Measure in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.graph_keys", name], capture_output=True, text=True, check=True
    )
    return tuple(json.loads(done.stdout))


def keys(rows: int = MILLION) -> list[object]:
    """Group keys of which one in twenty repeats an earlier one."""
    data = bytearray()
    for number in range(rows):
        data += bytes.fromhex(digest(str(number - 7 if number % REPEATED == REPEATED - 1 else number)))
    started = process_time()
    found = sum(len(places) - 1 for places in groups(data))
    return ["keys", rows, digits(process_time() - started), peak(), rows // REPEATED, found, None]


def texts(rows: int = MILLION) -> list[object]:
    """Find the texts of which one in twenty is the one before with a word changed."""
    words = [f"w{number}" for number in range(20_000)]

    def made() -> Iterator[str]:
        rng, last = random.Random(1), list[str]()
        for number in range(rows):
            if number % REPEATED == REPEATED - 1:
                last[rng.choice((0, -1))] = f"changed{number}"
            else:
                last = rng.choices(words, k=35)
            yield " ".join(last)

    started = process_time()
    for _ in made():
        pass
    making = process_time() - started
    started = process_time()
    edges = near_duplicates(made())
    spent = process_time() - started - making
    planted = rows // REPEATED
    right = int(((edges.targets % REPEATED == REPEATED - 1) & (edges.sources == edges.targets - 1)).sum())
    return ["texts", rows, digits(spent), peak(), planted, right, _leaders(edges)]


def templates(rows: int = 20_000) -> list[object]:
    """Look for near-duplicates among distinct problems of three templates."""
    rng = random.Random(2)
    made: dict[str, None] = {}
    for _ in range(rows):
        one, two = rng.sample(["Ann", "Bob", "Cid", "Dot", "Eve", "Fay", "Gus", "Hal", "Ivy", "Jon"], 2)
        thing = rng.choice(["apples", "books", "coins", "dolls", "eggs", "figs"])
        x, y, z = (rng.randint(2, 30) for _ in range(3))
        made[rng.choice(TEMPLATES).format(a=one, b=two, t=thing, x=x, y=y, z=z)] = None
    distinct = list(made)
    started = process_time()
    edges = near_duplicates(distinct)
    spent = process_time() - started
    wrong = sum(
        jaccard(distinct[source], distinct[target]) != score for source, target, score in list(edges.edges())[:1000]
    )
    assert not wrong, "a score is not the Jaccard index"
    return ["templates", len(distinct), digits(spent), peak(), 0, len(edges.sources), _leaders(edges)]


def _leaders(found: NearDuplicates) -> int:
    return len(set(found.leaders.tolist()))


def peak() -> int:
    """Return the most memory that this process has held, in megabytes."""
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


if __name__ == "__main__":
    print(json.dumps({"keys": keys, "texts": texts, "templates": templates}[sys.argv[1]]()))
