"""Body `residual` of `count`: the assignments of finite unknowns are counted by what remains of the premises.

The unknowns are assigned in order of declaration. After each one the premises are simplified; assignments that leave
the same residual premises are counted together, so the work grows with the number of different residuals, not of
assignments. The certificate is empty. This is the transfer-matrix (or "states of a dynamic program") method.

A `count` of different Booleans is kept as the set of those still open and the number of those that are true, so that a
step costs no more than a look at one bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.evaluate import Undecided, Undefined, Value, evaluate, holds
from synth_kernel.exhaustive import COMPARE, domains, work
from synth_kernel.terms import Sort, Term

FUEL = 1 << 20  # nodes of terms simplified and transitions made
_TRUE, _FALSE = 0, 1  # numbers of the residuals that are decided


class _Counting:
    """The numbered residual premises, and what becomes of each when an unknown gets a value."""

    def __init__(self, declared: Mapping[str, Sort]) -> None:
        self.bits: dict[Any, int] = {
            name: 1 << place for place, name in enumerate(declared) if declared[name] == "Bool"
        }
        self.numbers: dict[Any, int] = {"true": _TRUE, "false": _FALSE}
        self.residuals: list[Any] = ["true", "false"]
        self.fuel = FUEL

    def spend(self, cost: int) -> None:
        self.fuel -= cost
        if self.fuel < 0:
            raise ValueError("too many residual premises to count")

    def after(self, premise: Term, name: str = "", value: Value = None) -> int:
        """Return the number of what remains of a premise once an unknown has a value."""
        self.spend(work(premise))
        residual = self.reduced(premise, name, _term(value))
        found = self.numbers.setdefault(residual, len(self.residuals))
        if found == len(self.residuals):
            self.residuals.append(residual)
        return found

    def reduced(self, term: Any, name: str, value: Term) -> Any:
        """Replace an unknown by a constant and simplify; the result has the same value, or none, in every completion.

        `("#", open, true)` is a `count` of different Booleans: the bits of the open ones, and how many others are true.
        """
        if type(term) is not tuple:
            return value if term == name else term
        head = term[0]
        if head in ("quote", "root", "walk"):
            return term
        if head in ("D", "I"):
            raise ValueError("nothing finite is differentiated or integrated")
        if head == "#":
            bit = self.bits.get(name, 0) & term[1]
            known = term[2] + (bit > 0 and value == "true")
            return ("#", term[1] ^ bit, known) if term[1] ^ bit else known
        if head == "=>":
            head, term = "or", ("or", ("not", term[1]), term[2])
        parts = [self.reduced(part, name, value) for part in term[1:]]
        if head in ("and", "or"):
            neutral, decisive = ("true", "false") if head == "and" else ("false", "true")
            if decisive in parts:
                return decisive
            parts = [part for part in parts if part != neutral]
            return (head, *parts) if len(parts) > 1 else (*parts, neutral)[0]
        if head == "ite" and parts[0] in ("true", "false"):
            return parts[1] if parts[0] == "true" else parts[2]
        if all(map(_is_constant, parts)):
            return _evaluated((head, *parts))
        if head == "count":
            still = [part for part in parts if part not in ("true", "false")]
            bits = {self.bits.get(part, 0) for part in still}
            if 0 not in bits and len(bits) == len(still):
                return ("#", sum(bits), parts.count("true"))
            return ("count", *still, *["true"] * parts.count("true"))
        bounds = [_bounds(part) for part in parts]
        if head in COMPARE and len(parts) == 2 and None not in bounds:
            (fewest, most), (least, greatest) = bounds  # type: ignore[misc]
            low, high, holding = fewest - greatest, most - least, COMPARE[head]  # of the difference of the two
            if holding(low, 0) is holding(high, 0) and (head not in ("=", "distinct") or low * high > 0):
                return _term(holding(low, 0))
        return (head, *parts)


def _bounds(term: Any) -> tuple[int, int] | None:
    """Return the least and the greatest value that a count or a constant may have."""
    if type(term) is int:
        return term, term
    return (term[2], term[2] + term[1].bit_count()) if type(term) is tuple and term[0] == "#" else None


def _is_constant(term: Any) -> bool:
    return type(term) in (int, Fraction) or term in ("true", "false") or (type(term) is str and term[0] == "'")


def _term(value: Value) -> Term:
    return ("true" if value else "false") if type(value) is bool else value


def _evaluated(term: Term) -> Term:
    """Return the constant that a ground term is equal to, or the term where it has no value or not a simple one."""
    try:
        value = _term(evaluate(term, {}))
    except (Undefined, Undecided):
        return term
    return value if _is_constant(value) else term


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Count the assignments of all declared unknowns that satisfy the premises, and compare with the goal.

    >>> sorts = {"p": "Bool", "q": "Bool", "r": "Bool"}
    >>> premises = (("=", ("count", "p", "q", "r"), 2),)
    >>> check(Sequent("count", sorts, sorts, ("c0",), premises, (), 3), {})
    True
    """
    return count(sequent.declared, sequent.premises) == sequent.goal


def count(declared: Mapping[str, Sort], premises: tuple[Term, ...]) -> int:
    """Return the number of assignments that satisfy the premises; raise ValueError where that takes too long."""
    counting = _Counting(declared)
    ways = Counter({frozenset({_TRUE, *map(counting.after, premises)}): 1})  # residual premises -> assignments so far
    for name, values in zip(declared, domains(declared.values()), strict=True):
        steps: dict[int, list[int]] = {}
        following = Counter[frozenset[int]]()
        for state, many in ways.items():
            counting.spend((1 + len(state)) * len(values))
            for number in state - steps.keys():
                steps[number] = [counting.after(counting.residuals[number], name, value) for value in values]
            for choice in zip(*[steps[number] for number in state], strict=True):
                if _FALSE not in choice:
                    following[frozenset(choice)] += many
        ways = following
    return sum(many for state, many in ways.items() if all(holds(counting.residuals[number], {}) for number in state))
