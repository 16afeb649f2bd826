"""Quantified statements of the Bernays–Schönfinkel class: models, and refutations of their instances.

A set of such statements has a model exactly where their instances about the constants and witnesses have one (Bernays
and Schönfinkel, 1928), so one question to the SAT solver gives a finite model or a refutation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any

from synth_kernel.claims import Sequent, Theory
from synth_kernel.instances import ground
from synth_kernel.quantifiers import Instances, witnessed
from synth_kernel.terms import Sort, Term, TermError, substitute, write
from synth_solvers import sat


def refute(sequent: Sequent, conflicts: int = sat.CONFLICTS) -> dict[str, Any] | None:
    """Return an `instances` certificate of an `entails` sequent, None if none is found within so many conflicts.

    >>> declared = {"u": "Open", "a": ("Member", "u"), "p": ("Relation", "u")}
    >>> every = ("forall", "x", "u", ("holds", "p", "x"))
    >>> refute(Sequent("entails", declared, {}, ("c0",), (every,), (), ("holds", "p", "a")))
    {'v': 1, 'body': 'instances', 'proof': [[[], [0, 0, 1, 0]]]}
    """
    try:
        found = sat.refute(ground(sequent), conflicts)
    except TermError:
        return None
    return None if found is None else {**found, "body": "instances"}


def model(
    declared: Mapping[str, Sort], statements: Sequence[Term], conflicts: int = sat.CONFLICTS
) -> dict[str, Term] | None:
    """Return values of the unknowns that make every statement true, None where there are none or none was found.

    Different constants get different members.

    >>> declared = {"u": "Open", "a": ("Member", "u"), "p": ("Relation", "u")}
    >>> model(declared, [("holds", "p", "a"), ("exists", "x", "u", ("not", ("holds", "p", "x")))])
    {'u': ('universe', "'a", "'other1"), 'a': "'a", 'p': ('relation', ('tuple', "'a"))}
    """
    try:
        found = Instances(declared, [(statement, True) for statement in statements])
    except TermError:
        return None
    clauses = tuple(term for term, _ in found.constraints)
    chosen = sat.model(Theory(tuple(found.declared.items()), clauses=clauses), (), conflicts)
    return None if chosen is None else _interpreted(declared, found, chosen)


class Entailments:
    """Which of some premises entail which of some goals: all of them share one solver and one list of constants.

    One goal is asked about at a time, so what its negation says of somebody may be said of the same new constants for
    all goals: a further goal makes no premise longer. Raise TermError where a premise, or the negation of a goal, is
    not of the class.

    >>> declared = {"u": "Open", "a": ("Member", "u"), "p": ("Relation", "u"), "q": ("Relation", "u")}
    >>> every = ("forall", "x", "u", ("holds", "p", "x"))
    >>> found = Entailments(declared, [("holds", "q", "a"), every], [("holds", "p", "a")])
    >>> found.needed(0, [0, 1]), found.needed(0, [0])
    ([1], None)
    """

    def __init__(self, declared: Mapping[str, Sort], premises: Sequence[Term], goals: Sequence[Term]) -> None:
        shared: dict[str, Sort] = {}
        denied = [(_denied(goal, shared), False) for goal in goals]
        said = Instances({**declared, **shared}, [*((term, True) for term in premises), *denied])
        self._said = sat.Assumptions(said.declared, said.constraints)
        self._premises = len(premises)

    def needed(self, goal: int, among: Sequence[int]) -> list[int] | None:
        """Return places of premises, each needed, that entail the goal; None where all of these do not, or may not."""
        return self._said.core(among, self._premises + goal)


def _denied(goal: Term, shared: dict[str, Sort]) -> Term:
    """Replace every "some" of the negation of a goal by a constant that other goals may share."""
    found: dict[str, Sort] = {}
    said = witnessed(goal, False, found)
    names: dict[str, Term] = {}
    for witness, sort in found.items():
        shared[f"{witness}{write(sort)}"] = sort  # no name of a witness of the premises, which are #0, #1, …
        names[witness] = f"{witness}{write(sort)}"
    return substitute(said, names)


def _interpreted(declared: Mapping[str, Sort], found: Instances, chosen: Mapping[str, Term]) -> dict[str, Term]:
    """Turn the truth of atoms into universes and relations; atoms that do not occur are false."""
    constants = [member for members in found.members.values() for member in members]
    named = dict(zip(constants, _names(constants), strict=True))
    tuples: dict[Term, list[Term]] = {}
    for atom in found.atoms:
        if chosen[atom] == "true":
            _, relation, *members = _holds(atom, named)
            tuples.setdefault(relation, []).append(("tuple", *members))
    values: dict[str, Term] = {}
    for name, sort in declared.items():
        match sort:
            case "Open":
                values[name] = ("universe", *[named[member] for member in found.members[name]])
            case ("Member", _):
                values[name] = named[name]
            case ("Relation", *_):
                values[name] = ("relation", *tuples.get(name, []))
            case _:
                values[name] = chosen[name]
    return values


def _holds(atom: str, named: Mapping[str, str]) -> list[Term]:
    """Read an atom; witnesses have names that no term has, so their members are put in first."""
    head, relation, *members = atom.strip("()").split(" ")
    return [head, relation, *[named[member] for member in members]]


def _names(constants: Iterable[str]) -> Iterable[str]:
    """Name the member of each constant: like the constant, or 'other1, 'other2, … for a witness."""
    taken = {f"'{constant}" for constant in constants}
    fresh = (name for number in count(1) if (name := f"'other{number}") not in taken)
    return [f"'{constant}" if constant[0] != "#" else next(fresh) for constant in constants]
