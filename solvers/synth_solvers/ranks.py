"""The rank of a small matrix by its minors: one that is not 0, and that no larger one is. Nothing is trusted.

The shape of theory that is understood: one clause `(= r (count (or (distinct e 0) …) …))` whose first `or` lists all
entries row by row, and one axiom for each row that says how long it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

from synth_kernel.claims import Theory
from synth_kernel.terms import Term, number

Step = tuple[Term, tuple[str, ...], str]  # a fact, the premises it follows from, the name of the rule
Entries = Sequence[Sequence["int | Fraction"]]


def minors(theory: Theory, answer: Term) -> list[Step]:
    """Return a minor of the size of the rank that is not 0, then the rank; empty where no rank is asked for.

    The first fact is written `(minor (rows 1 2) (columns 1 3) -5)`: whoever states it knows the matrix.

    >>> entries = " ".join(f"(distinct {entry} 0)" for entry in (1, 2, 2, 4))
    >>> rows = "(axiom (= 2 2)) (axiom (= 2 2))"
    >>> text = f"(theory (declare r (range 0 3)) {rows} (clause (= r (count (or {entries})))) (ask (find r)))"
    >>> minors(Theory.read(text), ("model", ("=", "r", 1)))[0]
    (('minor', ('rows', 1), ('columns', 1), 1), ('c0',), 'minor')
    """
    match theory.clauses, answer:
        case (("=", str(r), ("count", ("or", *entries), *_)),), ("model", ("=", _, int(rank))):
            rows = _matrix(theory, entries)
            places = range(len(rows)), range(len(rows[0]))
            for chosen in combinations(places[0], rank):
                for columns in combinations(places[1], rank):
                    value = determinant([[rows[i][j] for j in columns] for i in chosen]) if rank else 0
                    if value:
                        named: tuple[Term, Term] = (_counted("rows", chosen), _counted("columns", columns))
                        fact: Term = ("minor", *named, number(value))
                        return [(fact, ("c0",), "minor"), (("=", r, rank), ("c0", "s0"), "no larger minor")]
            return [(("=", r, rank), ("c0",), "no larger minor")]
    return []


def determinant(rows: Entries) -> int | Fraction:
    """Return the determinant by expansion along the first row; for a handful of rows.

    >>> determinant([[1, 2], [3, 4]])
    -2
    """
    if len(rows) == 1:
        return rows[0][0]
    total: int | Fraction = 0
    for j, entry in enumerate(rows[0]):
        total += (1, -1)[j % 2] * entry * determinant([[*row[:j], *row[j + 1 :]] for row in rows[1:]])
    return total


def _counted(kind: str, places: Sequence[int]) -> Term:
    """Name places as people count, from 1."""
    return (kind, *[place + 1 for place in places])


def _matrix(theory: Theory, entries: Sequence[Any]) -> Entries:
    values = [entry for _, entry, _ in entries]
    width = len(values) // len(theory.axioms)
    return [values[start : start + width] for start in range(0, len(values), width)]
