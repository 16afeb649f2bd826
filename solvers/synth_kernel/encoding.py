"""The clauses of an `entails` sequent over finite domains: a written-down format that certificates address.

*Values and literals.* The values of an unknown are numbered from 0: `false`, `true` for Bool; ascending for a range; as
listed for an enumeration. A literal is a pair (unknown, set): "the value of the unknown lies in the set", the set being
an integer whose bit v stands for value number v, and the unknown its place in the declarations. A clause is a tuple of
literals about different unknowns, at least one of which is true. That an unknown has exactly one value is part of what
a literal means, so there are no clauses for it.

*Variables.* Proofs write literals as signed integers. A Boolean has one variable (true: positive), another finite
unknown one variable for each value, in order; they are numbered from 1 through the declarations in order. An unknown of
an infinite sort has none, and a constraint about one is refused.

*Constraints.* Constraint k is "premise k is true", in order; the last one is "the goal is not true". A clause is
addressed [constraint, index]. A statement "t is true" or "t is not true" becomes clauses as follows, first rule first:

1. `(=> a b)` is read as `(or (not a) b)`; `not` before `and`, `or`, `=>` or `not` is moved inwards.
2. "(and …) is true" and "(or …) is not true" are those statements about each part, in order.
3. "(distinct x…) is true" of two or more finite unknowns, each listed once: for each pair of places i < j in
   lexicographic order and each value (in the order of i's domain) that both can have: xᵢ is not it or xⱼ is not it.
   Then, if all domains are equal and as large as the list is long: for each value, some x has it.
4. "(or …) is true" and "(and …) is not true", nested ones flattened, when each part has at most one unknown: one clause
   with the set of values for which some part about that unknown is as stated; none if a set is full or a part without
   unknowns is as stated.
5. Otherwise the unknowns are assigned in order of first occurrence, values in order, as a decision tree, stopping where
   the partial evaluation decides. A tree whose leaves are all violations is the empty clause. Values with equal
   subtrees are joined into one set, in order of its first value; for each such set and each clause of its subtree
   there is a clause "the value is not in the set, or (clause)". A tree with one subtree is that subtree.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, combinations
from typing import Any, TypeAlias

from synth_kernel.claims import Sequent
from synth_kernel.evaluate import Undecided, Value, holds
from synth_kernel.exhaustive import domains, finite, work
from synth_kernel.terms import Sort, Term, TermError, substitute, symbols

Literal: TypeAlias = "tuple[int, int]"
Clause: TypeAlias = "tuple[Literal, ...]"

MAX_BRANCHES = 1 << 14  # nodes of one decision tree
FUEL = 1 << 21  # nodes of terms evaluated and clauses made, for one sequent
_EMPTY: tuple[Clause, ...] = ((),)


class Encoding:
    """The clauses of some constraints, each derived when it is first asked for.

    >>> from synth_kernel.terms import read
    >>> encoding = Encoding({"x": ("range", 1, 3), "y": ("range", 1, 3)}, [(read("(< x y)"), True)])
    >>> [encoding.clause(0, index) for index in range(encoding.length(0))]
    [((0, 6), (1, 6)), ((0, 5), (1, 4)), ((0, 3),)]
    """

    def __init__(self, declared: Mapping[str, Sort], constraints: Sequence[tuple[Term, bool]]) -> None:
        self.declared = declared
        self.constraints = constraints
        self.places = {name: place for place, name in enumerate(declared)}
        self.sorts = list(declared.values())
        widths = [len(finite(sort) or ()) for sort in self.sorts]
        self.full = [(1 << width) - 1 for width in widths]
        variables = [1 if sort == "Bool" else width for sort, width in zip(self.sorts, widths, strict=True)]
        self.offsets = list(accumulate(variables, initial=1))
        self._derived: dict[int, tuple[list[int], tuple[Clause, ...]]] = {}
        self._fuel = FUEL

    @staticmethod
    def of(sequent: Sequent) -> Encoding:
        """Return the encoding of a sequent: its premises are true and its goal is not."""
        return Encoding(sequent.declared, [*[(premise, True) for premise in sequent.premises], (sequent.goal, False)])

    def literal(self, number: int) -> Literal:
        """Decode a signed variable; raise ValueError if there is none such."""
        place = bisect_right(self.offsets, abs(number)) - 1
        if type(number) is not int or number == 0 or place >= len(self.full):
            raise ValueError(f"no literal {number}")
        full = self.full[place]
        bit = 2 if self.sorts[place] == "Bool" else 1 << abs(number) - self.offsets[place]
        return place, bit if number > 0 else full ^ bit

    def clause(self, constraint: int, index: int) -> Clause:
        """Return one clause; raise where there is none such or the constraint cannot be encoded."""
        if constraint < 0 or index < 0:
            raise IndexError("constraints and clauses are numbered from 0")
        unknowns, clauses = self._derive(constraint)
        return tuple([(unknowns[position], allowed) for position, allowed in clauses[index]])

    def length(self, constraint: int) -> int:
        """Return the number of clauses of a constraint."""
        return len(self._derive(constraint)[1])

    def charge(self, cost: int) -> None:
        """Spend some of the fuel of this sequent; raise TermError when none is left."""
        self._fuel -= cost
        if self._fuel < 0:
            raise TermError("too much work for one claim")

    def _derive(self, constraint: int) -> tuple[list[int], tuple[Clause, ...]]:
        known = self._derived.get(constraint)
        if known is None:
            term, sign = self.constraints[constraint]
            names = [name for name in dict.fromkeys(symbols(term)) if name in self.declared]
            # unknowns are renamed to 0, 1, … in order of first occurrence, so that equal shapes share their clauses
            shape = substitute(term, {name: str(number) for number, name in enumerate(names)})
            clauses, cost = _clauses(shape, sign, tuple(self.declared[name] for name in names))
            self.charge(cost)  # whether remembered or not, so that a verdict never depends on what came before
            known = self._derived[constraint] = ([self.places[name] for name in names], clauses)
        return known


@lru_cache(maxsize=512)
def _clauses(term: Term, sign: bool, sorts: tuple[Sort, ...]) -> tuple[tuple[Clause, ...], int]:
    """Return the clauses of a statement about the unknowns "0", "1", … and what deriving them cost."""
    builder = _Builder(domains(sorts))
    found = tuple(builder.statement(term, sign))
    return found, builder.cost + len(found)


class _Partial(dict[str, Value]):
    """Values of some unknowns; to ask for another one is undecided."""

    def __contains__(self, name: object) -> bool:
        return type(name) is str and name.isdigit()

    def __missing__(self, name: str) -> Value:
        raise Undecided(name)


class _Builder:
    def __init__(self, values: list[tuple[Value, ...]]) -> None:
        self.values = values
        self.full = [(1 << len(domain)) - 1 for domain in values]
        self.cost = 0

    def spend(self, cost: int) -> None:
        self.cost += cost
        if self.cost > FUEL:
            raise TermError("too many clauses")

    def statement(self, term: Term, sign: bool) -> list[Clause]:
        term = _inwards(term)
        if isinstance(term, tuple):
            if term[0] == ("and" if sign else "or"):
                return [clause for part in term[1:] for clause in self.statement(part, sign)]
            if term[0] == "distinct" and sign and all(type(x) is str and x.isdigit() for x in term[1:]):
                places = [int(x) for x in term[1:]]  # type: ignore[arg-type]
                if len(set(places)) == len(places):
                    return self.distinct(places)
            if term[0] == ("or" if sign else "and"):
                parts = [(part, _unknowns(part)) for part in _flattened(term, term[0])]
                if all(len(names) <= 1 for _, names in parts):
                    return self.disjunction(parts, sign)
        self.branches = 0
        return list(self.tree(term, work(term), sign, _unknowns(term), _Partial()))

    def distinct(self, places: list[int]) -> list[Clause]:
        self.spend(len(places) ** 2 * max(len(self.values[place]) for place in places))
        numbered = [{value: number for number, value in enumerate(self.values[place])} for place in places]
        found: list[Clause] = [
            ((i, self.full[i] ^ 1 << number), (j, self.full[j] ^ 1 << other[value]))
            for (i, one), (j, other) in combinations(zip(places, numbered, strict=True), 2)
            for value, number in one.items()
            if value in other
        ]
        if all(domain == numbered[0] for domain in numbered) and len(numbered) == len(numbered[0]):
            found += [tuple((place, 1 << number) for place in places) for number in range(len(places))]
        return found

    def disjunction(self, parts: list[tuple[Term, list[str]]], sign: bool) -> list[Clause]:
        allowed: dict[int, int] = {}
        for part, names in parts:
            cost = work(part)
            if not names and self.decided(part, cost, _Partial()) is sign:
                return []
            for name in names:
                for number, value in enumerate(self.values[int(name)]):
                    if self.decided(part, cost, _Partial({name: value})) is sign:
                        allowed[int(name)] = allowed.get(int(name), 0) | 1 << number
        return [] if any(mask == self.full[place] for place, mask in allowed.items()) else [tuple(allowed.items())]

    def decided(self, term: Term, cost: int, values: _Partial) -> bool:
        """Say whether a term is true; raise Undecided where the values do not tell."""
        self.spend(cost)
        return holds(term, values)

    def tree(self, term: Term, cost: int, sign: bool, names: list[str], values: _Partial) -> tuple[Clause, ...]:
        self.branches += 1
        if self.branches > MAX_BRANCHES:
            raise TermError("a constraint has too many cases")
        try:
            return () if self.decided(term, cost, values) is sign else _EMPTY
        except Undecided:
            if not names:
                raise
        place = int(names[0])
        subtrees: dict[tuple[Clause, ...], int] = {}
        for number, value in enumerate(self.values[place]):
            values[names[0]] = value
            subtree = self.tree(term, cost, sign, names[1:], values)
            subtrees[subtree] = subtrees.get(subtree, 0) | 1 << number
        del values[names[0]]
        if len(subtrees) == 1:
            return next(iter(subtrees))
        return tuple(
            ((place, self.full[place] ^ mask), *clause) for subtree, mask in subtrees.items() for clause in subtree
        )


def _unknowns(term: Term) -> list[str]:
    return list(dict.fromkeys(filter(str.isdigit, symbols(term))))


def _inwards(term: Term) -> Term:
    """Rewrite `=>`, and `not` before a connective; strong Kleene logic gives both sides the same value, or none."""
    match term:
        case ("=>", a, b):
            return ("or", ("not", a), b)
        case ("not", negated):
            match _inwards(negated):
                case ("not", a):
                    return _inwards(a)
                case (("and" | "or") as head, *parts):
                    return ("and" if head == "or" else "or", *[("not", part) for part in parts])
    return term


def _flattened(term: Term, head: Any) -> list[Term]:
    term = _inwards(term)
    if isinstance(term, tuple) and term[0] == head:
        return [part for each in term[1:] for part in _flattened(each, head)]
    return [term]
