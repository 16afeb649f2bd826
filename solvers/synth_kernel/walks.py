"""Body `potential`: no walk is cheaper, because prices on the places never rise faster than the arcs cost.

If π(start) = 0 and π(head) ≤ π(tail) + cost for every arc, a walk from the start to v costs at least π(v): the
witness of the shortest-path problem (Certifying algorithms, section 2.4; LP duality). Certificate: `prices`, an object
from places to integers; the price of a place that is not in it is the bound of the goal, so that only the places
nearer than the bound need one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.terms import Term


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Check a lower bound on `(cost w)`, or on `(reach w v)` where w visits v, for walks from a given place.

    Goals: `(>= (cost w) c)`, with premises that fix `(start w)` and `(end w)`; and
    `(or (not (visits w v)) (>= (reach w v) c))`, with a premise that fixes `(start w)`.
    """
    match sequent.goal:
        case (">=", ("cost", str(walk)), int(bound)):
            target = _end(sequent, "end", walk)
        case ("or", ("not", ("visits", str(walk), str(target))), (">=", ("reach", again, place), int(bound))):
            if (again, place) != (walk, target) or not target.startswith("'"):  # an unknown may be any place
                return False
        case _:
            return False
    prices: Mapping[Term, int] = certificate["prices"]
    sort: Any = sequent.declared[walk]
    if any(type(price) is not int for price in prices.values()) or sort[0] != "Walk":
        return False
    if prices.get(_end(sequent, "start", walk), bound) != 0 or prices.get(target, bound) < bound:
        return False
    return all(prices.get(head, bound) <= prices.get(tail, bound) + cost for _, tail, head, cost in sort[1:])


def _end(sequent: Sequent, end: str, walk: str) -> Term:
    """Return the place that a premise fixes as the first or last one of the walk."""
    for premise in sequent.premises:
        match premise:
            case ("=", (operator, name), str(place)) | ("=", str(place), (operator, name)) if operator == end:
                if name == walk and place.startswith("'"):
                    return place
    raise LookupError(f"no premise fixes the {end} place of {walk}")
