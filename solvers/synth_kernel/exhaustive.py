"""Body `exhaustive` of `entails`: every assignment of finitely many values is tried; the certificate is empty.

One big integer per Boolean holds its truth value in every world at once (bit w of the integer is its value in world
w), and one per value of any other unknown the worlds in which it has that value; so a connective costs one machine-like
operation for all worlds. What is not made of connectives, comparisons and counts is enumerated with the evaluator.
Unknowns that occur in no premise and not in the goal do not matter, because no sort is empty.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, reduce
from itertools import product
from math import prod
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.evaluate import FUEL, Value, holds
from synth_kernel.programs import Fuel
from synth_kernel.terms import Sort, Term, TermError, symbols

MAX_WORLDS = 1 << 15
MAX_WORK = 1 << 21  # worlds times work, when the evaluator enumerates
_SLOW = frozenset({"sqrt", "exp", "log", "sin", "cos", "tan", "atan", "root", "D", "run"})
_MAX_PAIRS = 1 << 10  # of values compared with each other
_FEW = 1 << 8  # assignments so few that looking for unknowns that do not matter takes longer
_MAX_COUNTED = 64  # arguments of one `count`, because its table grows with their square

COMPARE: dict[Any, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "distinct": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
# from all worlds, and those in which each argument is true, to those in which the whole is
_CONNECTIVES: dict[Any, Callable[..., int]] = {
    "not": lambda full, a: full ^ a,
    "and": lambda full, *parts: reduce(operator.and_, parts, full),
    "or": lambda full, *parts: reduce(operator.or_, parts, 0),
    "=>": lambda full, a, b: (full ^ a) | b,
    "xor": lambda full, a, b: a ^ b,
    "=": lambda full, a, b: full ^ a ^ b,
    "distinct": lambda full, a, b, *others: 0 if others else a ^ b,  # of three truth values two are equal
    "ite": lambda full, a, b, c: (a & b) | ((full ^ a) & c),
}


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


def domains(sorts: Iterable[Sort]) -> list[tuple[Value, ...]]:
    """Return the values of each sort; raise TermError where one is infinite."""
    found = [finite(sort) for sort in sorts]
    if None in found:
        raise TermError("an unknown ranges over an infinite sort")
    return found  # type: ignore[return-value]


def work(term: Term) -> int:
    """Return about how long evaluating a term takes, in nodes; one that needs enclosures counts as many.

    >>> work(("+", "x", 1))
    3
    """
    if not isinstance(term, tuple):
        return 1
    return (500 if term[0] in _SLOW else 1) + sum(map(work, term[1:]))


def worlds(names: Sequence[str]) -> dict[str, int]:
    """Map at most 15 Boolean unknowns to the worlds in which each is true: unknown i is bit i of a world's number.

    >>> {name: bin(mask) for name, mask in worlds(["p", "q"]).items()}
    {'p': '0b1010', 'q': '0b1100'}
    """
    return all_worlds(dict.fromkeys(names, "Bool"))[0]


def all_worlds(declared: Mapping[str, Sort]) -> tuple[dict[str, Any], int]:
    """Map finite unknowns to the worlds in which each is true, or, if not Boolean, to {value: worlds}; and all worlds.

    Do not change the result: it is remembered.

    >>> masks, full = all_worlds({"p": "Bool", "c": ("enum", "'red", "'blue")})
    >>> bin(masks["p"]), {value: bin(mask) for value, mask in masks["c"].items()}, bin(full)
    ('0b1010', {"'red": '0b11', "'blue": '0b1100'}, '0b1111')
    """
    return _all_worlds(tuple(declared.items()))


@lru_cache(maxsize=16)  # the claims about one problem ask for the same
def _all_worlds(declared: tuple[tuple[str, Sort], ...]) -> tuple[dict[str, Any], int]:
    total = prod([len(finite(sort) or ()) for _, sort in declared])
    if not 0 < total <= MAX_WORLDS:
        raise ValueError(f"{total} assignments of finite unknowns, where from 1 to {MAX_WORLDS} can be tried")
    full = (1 << total) - 1
    masks: dict[str, Any] = {}
    stride = 1
    for name, sort in declared:
        domain = finite(sort) or ()
        period = stride * len(domain)
        pattern = full // ((1 << period) - 1) * ((1 << stride) - 1)
        levels = {value: pattern << i * stride for i, value in enumerate(domain)}
        masks[name] = levels[True] if sort == "Bool" else levels
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
    found = _levels(term, masks, full)
    return found if type(found) is int else None


def _levels(term: Term, masks: Mapping[str, Any], full: int) -> Any:
    """Return where a Boolean term is true, for another one {value: worlds}, and None beyond the fragment."""
    if type(term) is not tuple:
        if term in masks:
            return masks[term]  # type: ignore[index]
        if type(term) is int or (type(term) is str and term[0] == "'"):
            return {term: full}
        return full if term == "true" else 0 if term == "false" else None
    head: Any = term[0]
    parts: list[Any] = []
    for part in term[1:]:
        found = _levels(part, masks, full)
        if found is None:
            return None
        parts.append(found)
    if head == "count" and len(parts) < _MAX_COUNTED:
        exactly = [full]  # exactly[k]: the worlds in which k of the arguments so far are true
        for part in parts:
            pairs = zip([*exactly, 0], [0, *exactly], strict=True)
            exactly = [(more & ~part) | (fewer & part) for more, fewer in pairs]
        return dict(enumerate(exactly))
    if dict not in map(type, parts):
        return _CONNECTIVES[head](full, *parts) if head in _CONNECTIVES else None
    if head == "+" and dict is type(parts[0]):
        return reduce(_combined, parts)
    compared = _combined(parts[0], parts[1], head) if head in COMPARE and len(parts) == 2 else None
    return None if compared is None else compared.get(True, 0)


def _combined(one: Any, other: Any, head: str = "+") -> dict[Value, int] | None:
    """Return where a sum of two parts has which value, or where a comparison is true; None where it takes too long."""
    if type(one) is not dict or type(other) is not dict or len(one) * len(other) > _MAX_PAIRS:
        return None
    levels: dict[Value, int] = {}
    for (a, worlds_of_a), (b, worlds_of_b) in product(one.items(), other.items()):
        value = a + b if head == "+" else COMPARE[head](a, b)
        if value is not False:
            levels[value] = levels.get(value, 0) | (worlds_of_a & worlds_of_b)
    return levels


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Decide an `entails` sequent by trying every assignment of the finite unknowns that occur in it.

    Raises ValueError above `MAX_WORLDS` assignments or where an unknown is not finite.
    """
    terms = (*sequent.premises, sequent.goal)
    declared = sequent.declared
    if not 0 < prod([len(finite(sort) or ()) for sort in declared.values()]) <= _FEW:
        occurring = {name for term in terms for name in symbols(term)}
        declared = {name: sort for name, sort in declared.items() if name in occurring}
    masks, full = all_worlds(declared)
    found = [truth(term, masks, full) for term in terms]
    if None not in found:
        return not reduce(operator.and_, found[:-1], full) & ~found[-1]  # type: ignore[operator]
    if full.bit_length() * sum(map(work, terms)) > MAX_WORK:
        raise ValueError(f"{full.bit_length()} assignments are too many to try one by one")
    fuel = Fuel()  # for all assignments together
    for chosen in product(*domains(declared.values())):
        values = {**dict(zip(declared, chosen, strict=True)), FUEL: fuel}
        if all(holds(premise, values) for premise in sequent.premises) and not holds(sequent.goal, values):
            return False
    return True
