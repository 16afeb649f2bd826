"""Laws of statements: each returns a body that returns the same, None where it does not apply.

They hold for bodies such as `programs.drawn` draws, with arguments in their ranges. Nothing here is trusted: a wrong
law costs a draw, never a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from synth_grammars.program_equivalence.expressions import opposite
from synth_grammars.program_equivalence.programs import (
    CONDITIONS,
    COUNTERS,
    LOCALS,
    Body,
    Ranges,
    Tree,
    at,
    name,
    number_of,
    places,
    plus,
    put,
    reads,
    renamed,
    replaced,
    returns,
    size,
    whole,
    writes,
)

BodyLaw = Callable[[Body, Ranges, Random], "Body | None"]


def splice(body: Body, i: int, taken: int, *new: Tree) -> Body:
    return (*body[:i], *new, *body[i + taken :])


def somewhere(body: Body, rng: Random) -> Iterator[tuple[int, Tree]]:
    """Yield the statements with their numbers, in any order."""
    where = list(enumerate(body))
    return iter(rng.sample(where, len(where)))


def swapped_branches(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """if c: A else: B is if not c: B else: A."""
    for i, s in somewhere(body, rng):
        if s[0] == "branch" and s[3][0] != "elif":
            return splice(body, i, 1, ("branch", opposite(s[1]), s[3], s[2]))
        if s[0] == "loop" and s[4][0] == "inner_branch":
            return splice(body, i, 1, (*s[:4], ("inner_branch", opposite(s[4][1]), s[4][3], s[4][2])))
    return None


def branch_to_choice(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """if c: x = a else: x = b is x = (a if c else b); without else, x keeps its value."""
    for i, s in somewhere(body, rng):
        match s:
            case ("branch", c, ("assign", x, a), ("assign", y, b)) if x == y:
                return splice(body, i, 1, ("assign", x, ("choice", a, c, b)))
            case ("branch", c, ("returns", a), ("returns", b)):
                return splice(body, i, 1, ("returns", ("choice", a, c, b)))
            case ("when", c, ("assign", x, a)):
                return splice(body, i, 1, ("assign", x, ("choice", a, c, name(x))))
            case ("loop", *head, ("inner_when", c, ("assign", x, ("add" | "subtract" as sign, r, a)))) if r == name(x):
                return splice(body, i, 1, ("loop", *head, ("assign", x, (sign, r, ("choice", a, c, whole(0))))))
            case ("loop", *head, ("inner_branch", c, ("assign", x, a), ("assign", y, b))) if x == y:
                return splice(body, i, 1, ("loop", *head, ("assign", x, ("choice", a, c, b))))
    return None


def choice_to_branch(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """The same backwards."""
    for i, s in somewhere(body, rng):
        match s:
            case ("assign", x, ("choice", a, c, b)):
                return splice(body, i, 1, ("branch", c, ("assign", x, a), ("assign", x, b)))
            case ("returns", ("choice", a, c, b)):
                return splice(body, i, 1, ("when", c, ("returns", a)), ("returns", b))
            case ("loop", *head, ("assign", x, ("choice", a, c, b))):
                return splice(body, i, 1, ("loop", *head, ("inner_branch", c, ("assign", x, a), ("assign", x, b))))
    return None


def early_return(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """if c: return a, then return b is if c: … else: …; a value that is only returned is returned at once."""
    match body[-2:]:
        case (("when", c, ("returns", a)), ("returns", b)):
            if rng.random() < 0.5:
                return (*body[:-2], ("when", opposite(c), ("returns", b)), ("returns", a))
            return (*body[:-2], ("branch", c, ("returns", a), ("returns", b)))
        case (("branch", c, ("assign", x, a), ("assign", y, b)), ("returns", last)) if x == y and x in reads(last):
            yes, no = (("returns", replaced(last, x, value)) for value in (a, b))
            return (*body[:-2], ("when", c, yes), no)
    return None


def inlined(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """A name that is set once, with what it stands for written in its place."""
    for i, s in somewhere(body, rng):
        if s[0] != "assign" or s[1] in ranges or s[1] in reads(s[2]):
            continue
        _, x, value = s
        before, rest = body[:i], body[i + 1 :]
        last = max([k for k, t in enumerate(rest) if x in reads(t)], default=-1)
        changed = set().union(*[writes(t) for t in rest[:last]])
        inside = writes(rest[last]) if rest[last][0] == "loop" else set()
        used = sum(str(t).count(str(name(x))) for t in rest)
        if x in set().union(*map(writes, (*before, *rest))) or (changed | inside) & reads(value):
            continue
        if last >= 0 and (used == 1 or size(value) * used <= 6):
            return (*before, *[replaced(t, x, value) for t in rest])
    return None


def named(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """A part of an expression gets a name of its own before the statement."""
    taken = set(ranges).union(*map(writes, body))
    free = [x for x in LOCALS if x not in taken]
    for i, s in somewhere(body, rng):
        if s[0] not in ("assign", "returns", "when", "branch") or not free:
            continue
        inside = 1 if s[0] in ("when", "branch") else len(s) - 1  # the condition, or the value
        found = [
            p
            for p in places(s)
            if p[:1] == (inside,)
            and (len(p) > 1 or s[0] == "returns")
            and size(at(s, p)) > 2
            and at(s, p)[0] not in CONDITIONS
        ]
        if found:
            place, x = rng.choice(found), rng.choice(free)
            if number_of(at(s, place)) is None:
                return splice(body, i, 1, ("assign", x, at(s, place)), put(s, place, name(x)))
    return None


def independent(one: Tree, other: Tree) -> bool:
    """Say whether two statements may change places: neither returns, nor sets what the other reads or sets."""
    apart = not writes(one) & (reads(other) | writes(other)) and not writes(other) & reads(one)
    return apart and not returns(one) and not returns(other)


def reordered(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """Two independent statements change places."""
    for i, s in somewhere(body[:-1], rng):
        if independent(s, body[i + 1]):
            return splice(body, i, 2, body[i + 1], s)
    return None


def paired(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """Two independent assignments in one, and back."""
    for i, s in somewhere(body[:-1], rng):
        match s, body[i + 1]:
            case ("assign", x, a), ("assign", y, b) if x != y and x not in reads(b):
                return splice(body, i, 2, ("assign_both", x, y, a, b))
            case ("assign_both", x, y, a, b), _ if x not in reads(b):
                return splice(body, i, 1, ("assign", x, a), ("assign", y, b))
            case ("assign_both", x, y, a, b), _ if y not in reads(a):
                return splice(body, i, 1, ("assign", y, b), ("assign", x, a))
    return None


def called_otherwise(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """A name that is not an argument changes everywhere, or two of them change places."""
    own = sorted(set().union(*map(writes, body)) - set(ranges) - set(COUNTERS))
    if not own:
        return None
    x, y = rng.choice(own), rng.choice(LOCALS)
    return tuple([renamed(statement, {x: y, y: x}) for statement in body])


def summed_in_parts(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """s = s + a + b is s = s + a, then s = s + b."""
    for i, s in somewhere(body, rng):
        match s:
            case ("assign", x, ("add" | "subtract" as sign, ("add" | "subtract", _, _) as first, b)) if x not in reads(
                b
            ):
                return splice(body, i, 1, ("assign", x, first), ("assign", x, (sign, name(x), b)))
    return None


# ---- laws of loops


def _loops(body: Body, rng: Random) -> Iterator[tuple[int, Tree]]:
    return ((i, s) for i, s in somewhere(body, rng) if s[0] == "loop")


def shifted(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """A loop counts from another number, and its body makes up for it."""
    for i, (_, x, low, high, inside) in _loops(body, rng):
        if x in reads(inside):
            n = rng.choice((-1, 1, 1, 2))
            return splice(body, i, 1, ("loop", x, plus(low, n), plus(high, n), replaced(inside, x, plus(name(x), -n))))
    return None


def reversed_loop(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """A loop that only adds counts down: i becomes low + high - 1 - i."""
    for i, (_, x, low, high, inside) in _loops(body, rng):
        if x in reads(inside) and _adds(inside) is not None:
            n = number_of(low)
            if n is not None and not reads(high) & writes(inside):
                down = ("subtract", plus(high, n - 1), name(x))
                return splice(body, i, 1, ("loop", x, low, high, replaced(inside, x, down)))
    return None


def _adds(inside: Tree) -> tuple[str, str, Tree] | None:
    """Return (s, sign, a) where a loop's body does nothing but s = s ± a, for an a that does not read s."""
    match inside:
        case ("assign", s, ("add" | "subtract" as sign, ("name", r), a)) if s == r and s not in reads(a):
            return s, sign, a
        case ("inner_when", c, ("assign", s, ("add" | "subtract" as sign, ("name", r), a))) if s == r:
            return (s, sign, ("choice", a, c, whole(0))) if s not in reads(a) | reads(c) else None
    return None


def peeled(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """The first or the last round of a loop with a fixed number of rounds is written out."""
    for i, (_, x, low, high, inside) in _loops(body, rng):
        first, last = number_of(low), number_of(high)
        if first is None or last is None or last - first < 2 or not inside[0].startswith("assign"):
            continue
        if rng.random() < 0.5:
            return splice(body, i, 1, _at(inside, x, first), ("loop", x, whole(first + 1), high, inside))
        return splice(body, i, 1, ("loop", x, low, whole(last - 1), inside), _at(inside, x, last - 1))
    return None


def _at(inside: Tree, x: str, n: int) -> Tree:
    return replaced(inside, x, whole(n))


def moved_start(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """What a loop only adds to is set to 0 before it, and its first value is added behind."""
    for i, s in _loops(body, rng):
        adds = _adds(s[4])
        if adds is not None and i and body[i - 1][:2] == ("assign", adds[0]) and number_of(body[i - 1][2]) != 0:
            x, start = adds[0], body[i - 1][2]
            if not reads(start) & {x, s[1]}:
                return splice(body, i - 1, 2, ("assign", x, whole(0)), s, ("assign", x, ("add", name(x), start)))
    return None


def closed(body: Body, ranges: Ranges, rng: Random) -> Body | None:
    """A loop that adds the same, or its counter, in every round is a product; it may run no round at all."""
    for i, (_, x, low, high, inside) in _loops(body, rng):
        adds, first = _adds(inside), number_of(low)
        if adds is None or first is None:
            continue
        s, sign, a = adds
        rounds = plus(high, -first)
        some = number_of(rounds) is not None or (rounds[0] == "name" and ranges.get(rounds[1], (-1, 0))[0] >= 0)
        rounds = rounds if some else ("greatest", rounds, whole(0))
        if x not in reads(a):
            return splice(body, i, 1, ("assign", s, (sign, name(s), ("multiply", rounds, a))))
        if a == name(x) and first in (0, 1) and high[0] == "name" and some:
            half = ("quotient", ("multiply", high, plus(high, -1)), whole(2))
            return splice(body, i, 1, ("assign", s, (sign, name(s), half)))
    return None


BODY_LAWS: list[BodyLaw] = [
    swapped_branches, branch_to_choice, choice_to_branch, early_return, inlined, named, reordered, reordered, paired,
    called_otherwise, summed_in_parts, shifted, reversed_loop, peeled, moved_start, closed,
]  # fmt: skip
