"""The planting loop: fix a model, draw clauses that it satisfies, keep those that narrow, stop when it is alone.

Works for any family whose problems are a header and a list of clauses. A number that must fit the model is computed
from it by the family's `draw`, as `linear_system` does; drawn blindly it would almost never be true.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import TYPE_CHECKING

from synth_kernel.claims import Theory
from synth_kernel.evaluate import Undecided, Value, holds
from synth_kernel.meaning import MeaningError, Tree
from synth_kernel.terms import Term, TermError
from synth_solvers.narrowing import narrowing

if TYPE_CHECKING:
    from synth.family.contract import Family, Proposal

TRIES_MODEL = 200
DRAWS = 400  # clauses drawn before a problem is given up


def plant(family: Family, level: Mapping[str, object], rng: Random) -> Proposal | None:
    """Make one problem with exactly one model; None if `DRAWS` clauses did not single it out."""
    from synth.family.contract import Proposal, World

    header = family.header(level, rng)
    reading = family.meaning.problem(family.frame(header, ()))
    theory = reading.theory
    model = family.model(theory, level, rng)
    world = World(level, header, reading, model)
    engine = narrowing(theory, {name: as_term(value) for name, value in model.items()})
    clauses: list[Tree] = []
    for _ in range(DRAWS):
        if engine.unique:
            break
        drawn = family.draw(world, rng)
        if drawn is None:
            continue
        try:
            clause = reading.term(drawn)
        except (MeaningError, TermError):
            continue
        if family.sensible(clause) and holds_safely(clause, model) and engine.add(clause):
            clauses.append(drawn)
    if not engine.unique:
        return None
    rng.shuffle(clauses)
    answer: Term = ("model", *[("=", name, as_term(model[name])) for name in theory.declared])
    return Proposal(family.formal.render(family.frame(header, clauses)), answer)


def holds_safely(clause: Term, model: Mapping[str, Value]) -> bool:
    """Say whether a clause is true in the model; one beyond exact evaluation is not."""
    try:
        return holds(clause, model)
    except Undecided:
        return False


def as_term(value: Value) -> Term:
    """Write a value as a constant term."""
    if value is True or value is False:
        return "true" if value else "false"
    return value  # type: ignore[no-any-return]


def random_model(theory: Theory, rng: Random) -> dict[str, Value]:
    """Draw a value for each unknown from its sort until the axioms hold; small integers for rationals."""
    for _ in range(TRIES_MODEL):
        model = {name: _random_value(sort, rng) for name, sort in theory.declared.items()}
        if all(holds_safely(axiom, model) for axiom in theory.axioms):
            return model
    raise ValueError("no random model satisfies the axioms: override model() to plant one")


def _random_value(sort: Term, rng: Random) -> Value:
    match sort:
        case "Bool":
            return rng.random() < 0.5
        case ("range", int(low), int(high)):
            return rng.randint(low, high)
        case ("enum", *members):
            return rng.choice(members)
        case "Int" | "Rational" | "Real":
            return rng.randint(-9, 9)
    raise ValueError(f"no random value of sort {sort}: override model()")
