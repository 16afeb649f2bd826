"""Body `exhaustive` of `entails`: every assignment of finitely many values is tried; the certificate is empty.

One big integer per Boolean holds its truth value in every world at once (bit w of the integer is its value in world
w), and one per value of any other unknown the worlds in which it has that value; so a connective costs one machine-like
operation for all worlds. What is not made of connectives, comparisons and counts is enumerated with the evaluator.
Unknowns that occur in no premise and not in the goal do not matter, because no sort is empty.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.evaluate import Value, holds
from synth_kernel.terms import Sort, Term, symbols

MAX_WORLDS = 1 << 12
MAX_WORK = 1 << 21  # worlds times work, when the evaluator enumerates
_SLOW = frozenset({"sqrt", "exp", "log", "sin", "cos", "tan", "atan", "root", "D"})
_MAX_PAIRS = 1 << 10  # of values compared with each other
_MAX_COUNTED = 64  # arguments of one `count`, because its table grows with their square

COMPARE: dict[Any, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "distinct": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def finite(sort: Sort) -> tuple[Value, ...] | None:
    """Return the values of a finite sort in their written-down order, None for an infinite one.

    >>> finite("Bool"), finite(("range", 1, 3)), finite("Int")
    ((False, True), (1, 2, 3), None)
    """
    match sort:
        case "Bool":
            return (False, True)
        case ("range", int(low), int(high)):
            return tuple(range(low, high + 1))
        case ("enum", *members):
            return tuple(members)
    return None


def work(term: Term) -> int:
    """Return about how long evaluating a term takes, in nodes; one that needs enclosures counts as many.

    >>> work(("+", "x", 1))
    3
    """
    if not isinstance(term, tuple):
        return 1
    return (500 if term[0] in _SLOW else 1) + sum(map(work, term[1:]))


@lru_cache(maxsize=16)
def _patterns(count: int) -> tuple[int, ...]:
    """Return for each of `count` unknowns the worlds in which it is true, as the bits of one integer."""
    full = (1 << (1 << count)) - 1
    return tuple(full // ((1 << (1 << i)) + 1) << (1 << i) for i in range(count))


def worlds(names: Sequence[str]) -> dict[str, int]:
    """Map at most 12 Boolean unknowns to the worlds in which each is true: unknown i is bit i of a world's number.

    >>> {name: bin(mask) for name, mask in worlds(["p", "q"]).items()}
    {'p': '0b1010', 'q': '0b1100'}
    """
    if 1 << len(names) > MAX_WORLDS:
        raise ValueError(f"{len(names)} Booleans have more than {MAX_WORLDS} worlds")
    return dict(zip(names, _patterns(len(names)), strict=True))


def all_worlds(declared: Mapping[str, Sort]) -> tuple[dict[str, Any], int]:
    """Map finite unknowns to the worlds in which each is true, or, if not Boolean, to {value: worlds}; and all worlds.

    >>> masks, full = all_worlds({"p": "Bool", "c": ("enum", "'red", "'blue")})
    >>> bin(masks["p"]), {value: bin(mask) for value, mask in masks["c"].items()}, bin(full)
    ('0b1010', {"'red": '0b11', "'blue": '0b1100'}, '0b1111')
    """
    domains = {name: finite(sort) or () for name, sort in declared.items()}
    full = (1 << prod(map(len, domains.values()))) - 1
    masks: dict[str, Any] = {}
    stride = 1
    for name, domain in domains.items():
        period = stride * len(domain)
        pattern = full // ((1 << period) - 1) * ((1 << stride) - 1)
        levels = {value: pattern << i * stride for i, value in enumerate(domain)}
        masks[name] = levels[True] if declared[name] == "Bool" else levels
        stride = period
    return masks, full


def truth(term: Term, masks: Mapping[str, Any], full: int) -> int | None:
    """Return the worlds in which a Boolean term is true, None where it is not made of connectives and counts.

    `full` has one bit for every world. Terms of this fragment have a value in every world.

    >>> bin(truth(("=", "p", ("not", "q")), worlds(["p", "q"]), 0b1111))
    '0b110'
    >>> bin(truth(("=", ("count", "p", "q"), 1), worlds(["p", "q"]), 0b1111))
    '0b110'
    """
    if type(term) is str:
        found = full if term == "true" else 0 if term == "false" else masks.get(term)
        return found if type(found) is int else None
    if type(term) is not tuple:
        return None
    head = term[0]
    if head in COMPARE and len(term) == 3:
        left = truth(term[1], masks, full)
        if left is None:
            return _compared(head, term, masks, full)
        right = truth(term[2], masks, full)
        if right is None or head not in ("=", "distinct"):
            return None
        return left ^ right if head == "distinct" else full ^ left ^ right
    parts = []
    for part in term[1:]:
        mask = truth(part, masks, full)
        if mask is None:
            return None
        parts.append(mask)
    return _connected(head, parts, full)


def _connected(head: Term, parts: list[int], full: int) -> int | None:
    match head, parts:
        case "not", [a]:
            return full ^ a
        case "and", _:
            every = full
            for part in parts:
                every &= part
            return every
        case "or", _:
            some = 0
            for part in parts:
                some |= part
            return some
        case "=>", [a, b]:
            return (full ^ a) | b
        case "xor", [a, b]:
            return a ^ b
        case "ite", [a, b, c]:
            return (a & b) | ((full ^ a) & c)
        case "distinct", [_, _, _, *_]:
            return 0  # of three truth values two are equal
    return None


def _compared(head: Term, term: tuple[Term, ...], masks: Mapping[str, Any], full: int) -> int | None:
    left, right = _levels(term[1], masks, full), _levels(term[2], masks, full)
    if left is None or right is None or len(left) * len(right) > _MAX_PAIRS:
        return None
    holding, test = 0, COMPARE[head]
    for a, worlds_of_a in left.items():
        for b, worlds_of_b in right.items():
            if test(a, b):
                holding |= worlds_of_a & worlds_of_b
    return holding


def _levels(term: Term, masks: Mapping[str, Any], full: int) -> dict[Value, int] | None:
    """Return, for each value of an unknown, a constant or a sum of counts, the worlds in which it has that value."""
    if type(term) is int:
        return {term: full}
    if type(term) is str:
        found = {term: full} if term.startswith("'") else masks.get(term)
        return found if type(found) is dict else None
    if not isinstance(term, tuple):
        return None
    if term[0] == "count" and len(term) <= _MAX_COUNTED:
        exactly = [full]  # exactly[k]: the worlds in which k of the arguments so far are true
        for part in term[1:]:
            found = truth(part, masks, full)
            if found is None:
                return None
            missing = full ^ found
            exactly = [
                *[(more & missing) | (fewer & found) for more, fewer in zip(exactly, [0, *exactly], strict=False)],
                exactly[-1] & found,
            ]
        return dict(enumerate(exactly))
    if term[0] == "+" and len(term) == 3:
        left, right = _levels(term[1], masks, full), _levels(term[2], masks, full)
        if left is not None and right is not None and len(left) * len(right) <= MAX_WORLDS:
            total: dict[int, int] = {}
            for a, worlds_of_a in left.items():
                for b, worlds_of_b in right.items():
                    total[a + b] = total.get(a + b, 0) | (worlds_of_a & worlds_of_b)
            return total
    return None


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Decide an `entails` sequent by trying every assignment of the finite unknowns that occur in it.

    Raises ValueError above `MAX_WORLDS` assignments or where an unknown is not finite.
    """
    terms = (*sequent.premises, sequent.goal)
    occurring = {name for term in terms for name in symbols(term)}
    names = [name for name in sequent.declared if name in occurring]
    domains = [finite(sequent.declared[name]) for name in names]
    total = 1
    for domain in domains:
        if domain is None:
            raise ValueError("an unknown ranges over an infinite sort")
        total *= len(domain)
        if total > MAX_WORLDS:
            raise ValueError(f"{total} assignments are too many to try")
    masks, full = all_worlds({name: sequent.declared[name] for name in names})
    found = [truth(term, masks, full) for term in terms]
    if None not in found:
        possible = full
        for mask in found[:-1]:
            possible &= mask  # type: ignore[operator]
        return not possible & ~found[-1]  # type: ignore[operator]
    if total * sum(map(work, terms)) > MAX_WORK:
        raise ValueError(f"{total} assignments are too many to try one by one")
    for chosen in product(*domains):  # type: ignore[arg-type]
        values = dict(zip(names, chosen, strict=True))
        if all(holds(premise, values) for premise in sequent.premises) and not holds(sequent.goal, values):
            return False
    return True
