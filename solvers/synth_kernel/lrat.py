"""Body `lrat` of `entails`: a proof by unit propagation, whose clauses the kernel derives from the claim itself.

The certificate is `{"v": 1, "body": "lrat", "proof": [step, …]}`. A step is `[literals, hints]`, two lists of integers.
Literals are signed variables as numbered in `synth_kernel.encoding`. Hints are read from left to right: a negative
number −k names the clause that step k proved (from 1), a number c ≥ 0 is followed by i and names clause [c, i] of the
encoding.

Every unknown has a set of possible values; at first all values of its sort. A step with literals assumes that all of
them are false, in a copy of these sets, and follows its hints: each hinted clause must have at most one literal that is
still possible; that one narrows its unknown's set; with none, or when a set becomes empty, the step is proved. Its
literals are then a clause (hint −k); if they are about one unknown they also narrow its set for good. A step without
literals follows its hints in the sets themselves, and what it finds stays. The proof succeeds when a step without
literals arrives at a contradiction, or when a set is narrowed for good to nothing.

Unit propagation is Zhang and Stickel's; hints are those of LRAT (Cruz-Filipe, Heule, Hunt, Kaufmann, Schneider-Kamp,
CADE 2017), with literals about finite domains, so that "exactly one value" needs no clauses and no hints.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.encoding import Clause, Encoding

MAX_HINTS = 200_000  # literals and hints of one proof together


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Follow the proof that no assignment makes every premise true and the goal not; raise or refuse where it fails.

    >>> from synth_kernel.claims import Sequent
    >>> sorts = {"p": "Bool", "q": "Bool"}
    >>> sequent = Sequent("entails", sorts, sorts, ("c0", "c1"), (("or", "p", "q"), ("not", "p")), (), "q")
    >>> check(sequent, {"v": 1, "body": "lrat", "proof": [[[], [1, 0, 0, 0, 2, 0]]]})
    True
    """
    encoding = Encoding.of(sequent)
    base = list(encoding.full)
    lemmas: list[Clause | None] = []
    budget = MAX_HINTS
    for literals, hints in certificate["proof"]:
        budget -= 1 + len(literals) + len(hints)
        if budget < 0:
            raise ValueError("the proof is too long")
        if not literals:
            if _contradiction(hints, base, encoding, lemmas):
                return True
            lemmas.append(None)
            continue
        allowed: dict[int, int] = {}
        for number in literals:
            place, mask = encoding.literal(number)
            allowed[place] = allowed.get(place, 0) | mask
        possible = base.copy()
        for place, mask in allowed.items():
            possible[place] &= ~mask
        if all(possible[place] for place in allowed) and not _contradiction(hints, possible, encoding, lemmas):
            return False
        if len(allowed) == 1:
            base[place] &= allowed[place]
            if not base[place]:
                return True
        lemmas.append(tuple(allowed.items()))
    return False


def _contradiction(hints: list[int], possible: list[int], encoding: Encoding, lemmas: list[Clause | None]) -> bool:
    """Narrow the possible values along the hints; say whether they arrive at a contradiction."""
    hinted = iter(hints)
    for hint in hinted:
        clause = lemmas[-hint - 1] if hint < 0 else encoding.clause(hint, next(hinted))
        if clause is None:
            raise ValueError("a hint names a step that proved no clause")
        encoding.charge(len(clause))
        unit = None
        for place, mask in clause:
            if possible[place] & mask:
                if unit is not None:
                    raise ValueError("a hinted clause has two literals that are possible")
                unit = place, mask
        if unit is None:
            return True
        possible[unit[0]] &= unit[1]
    return False
