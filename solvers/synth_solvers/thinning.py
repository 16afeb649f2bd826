"""Which of many clauses are enough? For families that state everything first and take away what is not needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synth_kernel.claims import Theory
from synth_kernel.terms import Term


def thin(
    theory: Theory, model: Mapping[str, Term | bool], clauses: Sequence[Term], enough: int = 0
) -> list[int] | None:
    """Return places of clauses that leave only the planted model of a finite theory, None if all of them do not.

    Clauses are taken away until `enough` are left, or until each of them is needed.

    >>> theory = Theory.read("(theory (declare x (range 1 4)) (ask (find x)))")
    >>> thin(theory, {"x": 3}, [("<", "x", 4), ("<", 1, "x"), ("<", 2, "x")])
    [0, 2]
    """
    from synth_solvers.sat import sufficient

    return sufficient(theory, model, clauses, enough)
