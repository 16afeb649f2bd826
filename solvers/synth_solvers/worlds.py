"""Every assignment of a small finite theory at once: a statement is the set of the worlds in which it is true.

A set of worlds is one big integer, bit w for world w, so that a connective costs one operation for all of them. Unlike
the kernel's `exhaustive` it covers enumerations and ranges too. Nothing here is trusted.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from synth_kernel.claims import Theory
from synth_kernel.exhaustive import finite
from synth_kernel.terms import Sort, Term

MAX_WORLDS = 1 << 18

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "distinct": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
Levels = dict[Any, int]  # value -> the worlds in which a term has it


class TooManyWorldsError(ValueError):
    """The unknowns have more than `MAX_WORLDS` assignments, or infinitely many."""


class NoWorldsError(ValueError):
    """A statement is outside the fragment of connectives, counts, comparisons and sums."""


class Worlds:
    """The worlds of declared unknowns; build once, ask often.

    >>> worlds = Worlds({"p": "Bool", "c": ("enum", "'red", "'blue", "'green")})
    >>> worlds.count(worlds.of(("=>", "p", ("=", "c", "'red"))))
    4
    """

    def __init__(self, declared: Mapping[str, Sort]) -> None:
        self.domains: dict[str, tuple[Any, ...]] = {}
        total = 1
        for name, sort in declared.items():
            domain = finite(sort)
            if domain is None or (total := total * len(domain)) > MAX_WORLDS:
                raise TooManyWorldsError(f"too many values of {name}")
            self.domains[name] = domain
        self.full = (1 << total) - 1
        self._strides: dict[str, int] = {}
        self._levels: dict[str, Levels] = {}
        stride = 1
        for name, domain in self.domains.items():
            period = stride * len(domain)
            every = self.full // ((1 << period) - 1)  # bit 0 of each period
            block = (1 << stride) - 1
            self._levels[name] = {value: every * (block << (i * stride)) for i, value in enumerate(domain)}
            self._strides[name] = stride
            stride = period

    @staticmethod
    def count(mask: int) -> int:
        """Return the number of worlds in a set."""
        return mask.bit_count()

    def of(self, term: Term) -> int:
        """Return the worlds in which a Boolean term is true; raise NoWorldsError outside the fragment."""
        if term == "true" or term == "false":
            return self.full if term == "true" else 0
        if isinstance(term, str):
            return self._levels[term][True]
        if not isinstance(term, tuple):
            raise NoWorldsError(f"no truth value: {term}")
        head, *parts = term
        match head:
            case "not":
                return self.full ^ self.of(parts[0])
            case "and":
                result = self.full
                for part in parts:
                    result &= self.of(part)
                return result
            case "or":
                result = 0
                for part in parts:
                    result |= self.of(part)
                return result
            case "=>":
                return (self.full ^ self.of(parts[0])) | self.of(parts[1])
            case "xor":
                return self.of(parts[0]) ^ self.of(parts[1])
        if head not in _COMPARE:
            raise NoWorldsError(f"no worlds of {head}")
        if head == "distinct" and len(parts) > 2:
            pairs = [("distinct", a, b) for i, a in enumerate(parts) for b in parts[:i]]
            return self.of(("and", *pairs))
        test, result = _COMPARE[str(head)], 0
        left, right = self.levels(parts[0]), self.levels(parts[1])
        for a, where in left.items():
            for b, there in right.items():
                if test(a, b):
                    result |= where & there
        return result

    def levels(self, term: Term) -> Levels:
        """Return for each value of a term the worlds in which it has it."""
        if isinstance(term, str):
            found = self._levels.get(term)
            return found if found is not None else {term == "true" if term in ("true", "false") else term: self.full}
        if not isinstance(term, tuple):
            return {term: self.full}
        head, *parts = term
        if head == "count":
            exactly = [self.full]
            for part in parts:
                found_true = self.of(part)
                missing = self.full ^ found_true
                more = [a & missing | b & found_true for a, b in zip(exactly, [0, *exactly], strict=False)]
                exactly = [*more, exactly[-1] & found_true]
            return dict(enumerate(exactly))
        if head in _ARITHMETIC and (len(parts) == 2 or head != "-"):
            total = self.levels(parts[0])
            for part in parts[1:]:
                total = self._combined(_ARITHMETIC[str(head)], total, self.levels(part))
            return total
        true = self.of(term)
        return {True: true, False: self.full ^ true}

    def _combined(self, apply: Callable[[Any, Any], Any], one: Levels, other: Levels) -> Levels:
        combined: Levels = {}
        for a, where in one.items():
            for b, there in other.items():
                if both := where & there:
                    combined[apply(a, b)] = combined.get(apply(a, b), 0) | both
        return combined

    def world(self, mask: int) -> dict[str, Term] | None:
        """Return the first world of a set as an assignment, None of the empty set."""
        if not mask:
            return None
        number = (mask & -mask).bit_length() - 1
        found: dict[str, Term] = {}
        for name, domain in self.domains.items():
            value = domain[number // self._strides[name] % len(domain)]
            found[name] = ("true" if value else "false") if type(value) is bool else value
        return found


def possible(theory: Theory) -> tuple[Worlds, int]:
    """Return the worlds of a theory and those in which its axioms and clauses hold."""
    worlds = Worlds(theory.declared)
    return worlds, worlds.of(("and", *theory.axioms, *theory.clauses))
