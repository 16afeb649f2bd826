"""Near misses: each resembles a law, and may or may not change what is returned."""

from __future__ import annotations

from random import Random

from synth_grammars.program_equivalence.expressions import Law, minus
from synth_grammars.program_equivalence.programs import (
    LOCALS,
    Body,
    Ranges,
    Tree,
    at,
    name,
    number_of,
    places,
    put,
    reads,
    returns,
    whole,
    writes,
)
from synth_grammars.program_equivalence.statements import BodyLaw, independent, somewhere, splice


def other_comparison(c: Tree, rng: Random) -> Tree | None:
    """< for <=, and the like."""
    loose = {"less": "at_most", "at_most": "less", "greater": "at_least", "at_least": "greater"}
    return (loose[c[0]], *c[1:]) if c[0] in loose else None


def other_number(e: Tree, rng: Random) -> Tree | None:
    """One more or one less."""
    known = number_of(e)
    return None if known is None else whole(known + rng.choice((-1, 1)))


def other_connective(c: Tree, rng: Random) -> Tree | None:
    """`and` for `or`, or one part of it alone."""
    match c:
        case ("either" | "both" as kind, a, b):
            return rng.choice((("both" if kind == "either" else "either", a, b), a, b))
    return None


def other_rounding(e: Tree, rng: Random) -> Tree | None:
    """-(a // m) for -a // m, a * n // m for a // m * n, a // m + b for (a + b) // m."""
    match e:
        case ("negative", ("quotient" | "remainder" as kind, a, m)):
            return (kind, minus(a), m)
        case ("quotient" | "remainder" as kind, ("negative", a), m):
            return ("negative", (kind, a, m))
        case ("multiply", n, ("quotient", a, m)) | ("multiply", ("quotient", a, m), n):
            return ("quotient", ("multiply", n, a), m)
        case ("quotient", ("multiply", n, a), m):
            return ("multiply", n, ("quotient", a, m))
        case ("quotient", ("add" | "subtract" as sign, a, b), m):
            return (sign, ("quotient", a, m), ("quotient", b, m))
        case ("add" | "subtract" as sign, ("quotient", a, m), ("quotient", b, n)) if m == n:
            return ("quotient", (sign, a, b), m)
    return None


def other_sign(e: Tree, rng: Random) -> Tree | None:
    """abs left out or put in."""
    return e[1] if e[0] == "absolute" else ("absolute", e) if e[0] in ("name", "subtract") else None


def other_extreme(e: Tree, rng: Random) -> Tree | None:
    """min for max, or one of the two alone."""
    match e:
        case ("least" | "greatest" as kind, a, b):
            return rng.choice((("least" if kind == "greatest" else "greatest", a, b), a, b))
    return None


def other_grouping(e: Tree, rng: Random) -> Tree | None:
    """a - (b - c) for a - b - c."""
    match e:
        case ("subtract", ("add" | "subtract" as sign, a, b), c):
            return ("subtract", a, (sign, b, c))
        case ("subtract", a, ("add" | "subtract" as sign, b, c)):
            return (sign, ("subtract", a, b), c)
    return None


MISSES: list[Law] = [
    other_comparison, other_number, other_connective, other_rounding, other_sign, other_extreme, other_grouping
]  # fmt: skip


def other_order(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """Two statements that depend on each other change places, or are done one after the other."""
    for i, s in somewhere(body[:-1], rng):
        if s[0] == "assign_both":
            return splice(body, i, 1, ("assign", s[1], s[3]), ("assign", s[2], s[4]))
        if (
            not independent(s, body[i + 1])
            and not returns(body[i + 1])
            and writes(s) <= {*writes(body[i + 1]), *LOCALS}
        ):
            return splice(body, i, 2, body[i + 1], s)
    return None


def other_name(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """Another name is read in one place."""
    where = [place for place in places(body) if at(body, place)[:1] == ("name",)]
    place = rng.choice(where)
    x = rng.choice(sorted(reads(body)))
    return put(body, place, name(x)) if at(body, place) != name(x) else None


BODY_MISSES: list[BodyLaw] = [other_order, other_name]
