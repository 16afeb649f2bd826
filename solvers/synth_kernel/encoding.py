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
from itertools import accumulate
from typing import Any, TypeAlias

from synth_kernel.claims import Sequent
from synth_kernel.evaluate import Undecided, Undefined, Value, evaluate
from synth_kernel.exhaustive import finite, work
from synth_kernel.terms import Sort, Term, TermError, symbols

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
        widths = [_width(sort) for sort in declared.values()]
        self.full = [(1 << width) - 1 for width in widths]
        self.offsets = list(
            accumulate([1 if sort == "Bool" else _width(sort) for sort in declared.values()], initial=1)
        )
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
        full, index = self.full[place], abs(number) - self.offsets[place]
        boolean = full == 3 and self.offsets[place + 1] - self.offsets[place] == 1
        bit = 2 if boolean else 1 << index
        return place, bit if number > 0 else full ^ bit

    def clause(self, constraint: int, index: int) -> Clause:
        """Return one clause; raise where there is none such or the constraint cannot be encoded."""
        unknowns, clauses = self._derive(constraint)
        if index < 0:
            raise IndexError("clauses are numbered from 0")
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
            if constraint < 0:
                raise IndexError("constraints are numbered from 0")
            term, sign = self.constraints[constraint]
            names: dict[str, str] = {}
            shape = _shape(term, self.declared, names)
            clauses, cost = _clauses(shape, sign, tuple(self.declared[name] for name in names))
            self.charge(cost)  # whether remembered or not, so that a verdict never depends on what came before
            known = self._derived[constraint] = ([self.places[name] for name in names], clauses)
        return known


def _width(sort: Sort) -> int:
    match sort:
        case ("range", int(low), int(high)):
            return high - low + 1
    return len(finite(sort) or ())


def _shape(term: Term, declared: Mapping[str, Sort], names: dict[str, str]) -> Term:
    """Rename the unknowns to 0, 1, … in order of first occurrence, so that equal shapes share their clauses."""
    if type(term) is tuple:
        return (term[0], *[_shape(part, declared, names) for part in term[1:]])
    if type(term) is str and term in declared:
        return names.setdefault(term, str(len(names)))
    return term


@lru_cache(maxsize=512)
def _clauses(term: Term, sign: bool, sorts: tuple[Sort, ...]) -> tuple[tuple[Clause, ...], int]:
    """Return the clauses of a statement about the unknowns "0", "1", … and what deriving them cost."""
    domains = []
    for sort in sorts:
        domain = finite(sort)
        if domain is None:
            raise TermError("an unknown ranges over an infinite sort")
        domains.append(domain)
    builder = _Builder(domains)
    found = tuple(builder.statement(term, sign))
    return found, builder.cost + len(found)


class _Partial(dict[str, Value]):
    """Values of some unknowns; to ask for another one is undecided."""

    def __contains__(self, name: object) -> bool:
        return type(name) is str and name.isdigit()

    def __missing__(self, name: str) -> Value:
        raise Undecided(name)


class _Builder:
    def __init__(self, domains: list[tuple[Value, ...]]) -> None:
        self.domains = domains
        self.cost = 0

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
                parts = _flattened(term, term[0])
                occurring = [set(filter(str.isdigit, symbols(part))) for part in parts]
                if all(len(names) <= 1 for names in occurring):
                    return self.disjunction(parts, occurring, sign)
        names = list(dict.fromkeys(filter(str.isdigit, symbols(term))))
        self.branches = 0
        return list(self.tree(term, work(term), sign, names, _Partial()))

    def distinct(self, places: list[int]) -> list[Clause]:
        found: list[Clause] = []
        domains = [self.domains[place] for place in places]
        self.cost += len(places) ** 2 * max(map(len, domains))
        if self.cost > FUEL:
            raise TermError("too many clauses")
        for i, one in enumerate(domains):
            for j in range(i + 1, len(domains)):
                numbers = {value: number for number, value in enumerate(domains[j])}
                for number, value in enumerate(one):
                    if value in numbers:
                        left = (1 << len(one)) - 1 ^ 1 << number
                        right = (1 << len(domains[j])) - 1 ^ 1 << numbers[value]
                        found.append(((places[i], left), (places[j], right)))
        if all(domain == domains[0] for domain in domains) and len(domains) == len(domains[0]):
            found += [tuple((place, 1 << number) for place in places) for number in range(len(places))]
        return found

    def disjunction(self, parts: list[Term], occurring: list[set[str]], sign: bool) -> list[Clause]:
        allowed: dict[int, int] = {}
        for part, names in zip(parts, occurring, strict=True):
            if not names:
                if self.decided(part, work(part), _Partial()) is sign:
                    return []
                continue
            (name,) = names
            place, cost = int(name), work(part)
            for number, value in enumerate(self.domains[place]):
                if self.decided(part, cost, _Partial({name: value})) is sign:
                    allowed[place] = allowed.get(place, 0) | 1 << number
        if any(mask == (1 << len(self.domains[place])) - 1 for place, mask in allowed.items()):
            return []
        return [tuple(allowed.items())]

    def decided(self, term: Term, cost: int, values: _Partial) -> bool:
        """Say whether a term is true; raise Undecided where the values do not tell."""
        self.cost += cost
        if self.cost > FUEL:
            raise TermError("too many clauses")
        try:
            return evaluate(term, values) is True
        except Undefined:
            return False

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
        for number, value in enumerate(self.domains[place]):
            values[names[0]] = value
            subtree = self.tree(term, cost, sign, names[1:], values)
            subtrees[subtree] = subtrees.get(subtree, 0) | 1 << number
        del values[names[0]]
        if len(subtrees) == 1:
            return next(iter(subtrees))
        full = (1 << len(self.domains[place])) - 1
        return tuple(((place, full ^ mask), *clause) for subtree, mask in subtrees.items() for clause in subtree)


_DUAL: dict[Any, str] = {"and": "or", "or": "and"}


def _inwards(term: Term) -> Term:
    """Rewrite `=>`, and `not` before a connective; strong Kleene logic gives both sides the same value, or none."""
    while isinstance(term, tuple):
        match term:
            case ("=>", a, b):
                term = ("or", ("not", a), b)
            case ("not", ("not", a)):
                term = a
            case ("not", ("=>", a, b)):
                term = ("and", a, ("not", b))
            case ("not", (("and" | "or") as head, *parts)):
                term = (_DUAL[head], *[("not", part) for part in parts])
            case _:
                break
    return term


def _flattened(term: Term, head: Any) -> list[Term]:
    term = _inwards(term)
    if isinstance(term, tuple) and term[0] == head:
        return [part for each in term[1:] for part in _flattened(each, head)]
    return [term]
