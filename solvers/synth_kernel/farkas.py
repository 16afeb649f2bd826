"""Body `farkas`: linear statements follow from others because they are nonnegative combinations of them.

Farkas' lemma (Schrijver, *Theory of Linear and Integer Programming*, 1986, section 7.8; strict ones: Motzkin's
transposition theorem): f ≥ 0 follows over the rationals from consistent fᵢ ≥ 0 exactly if f = Σ λᵢ fᵢ + c with λᵢ ≥ 0
and c ≥ 0. The multipliers are the witness of linear programming (*Certifying algorithms*, section 5).

Certificate: `rows`, one for each part of the goal and two for an equation, which is shown from both sides; a row maps
names of premises to multipliers. `low x` and `high x` name the bounds of an unknown x of a range sort.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import lcm
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.linear import MAX_ENTRIES, Form, NotLinear, form, multipliers, plus
from synth_kernel.terms import NUMBERS, Term

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@lru_cache(maxsize=4096)
def fact(term: Term) -> tuple[Form, str]:
    """Return f and `=`, `>=` or `>` for a statement "f relation 0"; raise NotLinear where it is none.

    >>> fact(("<", ("*", 2, "x"), 5))
    ({'': 5, 'x': -2}, '>')
    """
    match term:
        case ("=" | ">" | ">=", left, right):
            return plus(form(left), form(right), -1), str(term[0])
        case ("<" | "<=", left, right):
            return plus(form(right), form(left), -1), str(term[0]).replace("<", ">")
        case ("not", (relation, left, right)) if relation in _OPPOSITE:
            return fact((_OPPOSITE[str(relation)], left, right))
        case "false":
            return {}, ">"
    raise NotLinear(term)


def goals(term: Term) -> Iterator[tuple[Form, str]]:
    """Yield the inequalities that make up a goal: f >= 0 or f > 0."""
    for part in term[1:] if isinstance(term, tuple) and term[0] == "and" else (term,):
        found, relation = fact(part)
        yield found, ">" if relation == ">" else ">="
        if relation == "=":
            yield plus({}, found, -1), ">="


def bounds(sequent: Sequent) -> Iterator[tuple[str, tuple[Form, str]]]:
    """Yield the name and the fact of each bound that the sort of an unknown says."""
    for name, sort in sequent.declared.items():
        match sort:
            case ("range", int(low), int(high)):
                yield f"low {name}", fact((">=", name, low))
                yield f"high {name}", fact(("<=", name, high))


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Add up the named multiples and compare with each inequality of the goal: what is left over has to be enough."""
    rows, wanted = certificate["rows"], list(goals(sequent.goal))
    if not set(sequent.sorts.values()) <= set(NUMBERS) or len(rows) != len(wanted):
        return False
    if sum(map(len, rows)) > MAX_ENTRIES:
        return False
    premises = dict(zip(sequent.names, sequent.premises, strict=True))
    limits = dict(bounds(sequent))
    return all(
        _follows(goal, [(limits.get(name) or fact(premises[name]), factor) for name, factor in multipliers(row)])
        for goal, row in zip(wanted, rows, strict=True)
    )


def _follows(goal: tuple[Form, str], parts: list[tuple[tuple[Form, str], Any]]) -> bool:
    """Say whether goal − Σ factor × fact is a number ≥ 0, and > 0 where the goal is strict but no fact is."""
    if any(factor < 0 and relation != "=" for (_, relation), factor in parts):
        return False
    scale = lcm(*[factor.denominator for _, factor in parts])  # whole numbers are ten times as quick
    left = plus({}, goal[0], scale)
    for (found, _), factor in parts:
        left = plus(left, found, -factor.numerator * (scale // factor.denominator))
    strict = goal[1] == ">" and not any(relation == ">" and factor > 0 for (_, relation), factor in parts)
    return left.keys() <= {""} and (left.get("", 0) > 0 if strict else left.get("", 0) >= 0)
