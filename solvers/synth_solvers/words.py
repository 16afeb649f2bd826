"""Shortest words, by the breadth-first search that the kernel's body `bisimulation` makes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from synth_kernel.bisimulation import abstract, explore
from synth_kernel.claims import Theory
from synth_kernel.evaluate import holds
from synth_kernel.numbers import Undecided
from synth_kernel.terms import Term
from synth_kernel.words import Automaton


def shortest(alphabet: Sequence[str], word: str, statements: Sequence[Term]) -> tuple[str, ...] | None:
    """Return a shortest word for which all statements hold, None if there is none or none was found.

    >>> a, b = ("letter", "'a"), ("letter", "'b")
    >>> shortest(["'a", "'b"], "w", [("matches", "w", ("concat", ("star", b), a, b))])
    ("'a", "'b")
    """
    automata: dict[str, Automaton] = {}
    try:
        asked = [abstract(statement, word, automata) for statement in statements]
        for values, path in explore(alphabet, automata):
            if all(holds(statement, values) for statement in asked):
                return _spelled(path)
    except (Undecided, ValueError):
        pass
    return None


def _spelled(path: Any) -> tuple[str, ...]:
    letters: list[str] = []
    while path is not None:
        path, letter = path
        letters.append(letter)
    return tuple(reversed(letters))


def model(theory: Theory, statements: Iterable[Term]) -> dict[str, Term] | None:
    """Return a shortest word that satisfies a theory and these statements, None where it is not about one word."""
    match theory.declarations:
        case ((name, ("Word", *letters)),):
            alphabet: Any = letters
            found = shortest(alphabet, name, [*theory.axioms, *theory.clauses, *statements])
            return None if found is None else {name: ("word", *found)}
    return None


def distinguish(alphabet: Sequence[str], one: Term, other: Term) -> tuple[str, ...] | None:
    """Return a shortest word that one of two regular expressions matches and the other does not, None if none does.

    >>> a, b = ("letter", "'a"), ("letter", "'b")
    >>> distinguish(["'a", "'b"], ("star", ("union", a, b)), ("concat", ("star", a), ("star", b)))
    ("'b", "'a")
    """
    return shortest(alphabet, "w", [("xor", ("matches", "w", one), ("matches", "w", other))])
