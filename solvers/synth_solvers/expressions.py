"""Search small expressions whose values are given for finitely many inputs, by size and from the values backwards.

Expressions are listed by size, and of those with the same values for all inputs the first is kept: observational
equivalence (Udupa et al., *TRANSIT*, PLDI 2013; Albarghouthi, Gulwani, Kincaid, *Recursive program synthesis*, CAV
2013). A larger one is put together of two that are listed: what one operand leaves for the other is looked up, and
choices are made of expressions that are right for some of the inputs. Nothing is trusted, and small is not smallest.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache, partial
from itertools import compress, product
from typing import Any, TypeAlias

from synth_kernel import programs
from synth_kernel.claims import Theory
from synth_kernel.terms import Term
from synth_solvers.programs import returned

Inputs: TypeAlias = "tuple[tuple[int, ...], ...]"
Values: TypeAlias = "tuple[int, ...]"  # one for each input
Found: TypeAlias = "tuple[int, Term]"  # an expression, after its size

NAMES = ("'x", "'y")  # of the parameters
MAX_INPUTS = 64
LISTED = 20_000  # expressions of a bank at most
LARGEST = 999  # absolute value in a bank
_NUMBERS = range(31)
_COMMUTATIVE: dict[str, Callable[[int, int], int]] = {"+": operator.add, "*": operator.mul, "min": min, "max": max}
_ORDERED: dict[str, Callable[[int, int], int]] = {
    "-": operator.sub, "floordiv": operator.floordiv, "floormod": operator.mod
}  # fmt: skip
_COMPARE: dict[str, Callable[[int, int], bool]] = {"<": operator.lt, "<=": operator.le, "=": operator.eq}
_BITS = tuple(1 << place for place in range(MAX_INPUTS))
_SIDES = ((1, 1), (1, 2), (2, 1), (3, 1), (1, 3))  # sizes of what a condition compares


class Bank:
    """The values of all expressions up to a size of 3 or more, without choices; each with one of the least size.

    >>> bank = Bank(((0,), (1,), (2,), (3,)), 3)
    >>> bank.of[0, 1, 4, 9]
    (3, ('*', "'x", "'x"))
    """

    def __init__(self, inputs: Inputs, most: int) -> None:
        self.inputs = inputs
        self.full = (1 << len(inputs)) - 1
        self.of: dict[Values, Found] = {}
        self.sizes: list[list[tuple[Values, Term]]] = [[]]
        for size in range(1, most + 1):
            self.sizes.append([])
            for values, term in self._of_size(size):
                if len(self.of) == LISTED:
                    break
                if values not in self.of and max(values) <= LARGEST >= -min(values):
                    self.of[values] = size, term
                    self.sizes[-1].append((values, term))
        self.conditions = self._conditions()

    @cached_property
    def _with(self) -> dict[tuple[int, int], list[int]]:
        """Which expressions, counted in the order of their sizes, have a value for an input."""
        found: dict[tuple[int, int], list[int]] = {}
        for number, values in enumerate(self.of):
            for each in enumerate(values):
                found.setdefault(each, []).append(number)
        return found

    def partly(self, wanted: Values) -> Iterator[tuple[Values, int]]:
        """Yield the values that are right for some inputs, and these inputs as bits; the smallest expressions first."""
        same: dict[int, int] = {}
        for place, value in enumerate(wanted):
            for number in self._with.get((place, value), ()):
                same[number] = same.get(number, 0) | 1 << place
        for number in sorted(same):
            yield self._listed[number], same[number]

    def made_of(self, wanted: Values) -> Iterator[Found]:
        """Yield quotients and remainders by a digit, and absolute values, with these values."""
        most, first = max((abs(value), place) for place, value in enumerate(wanted))  # rarer than other values
        value = wanted[first]
        for n in range(2, 10):
            for values in self._having(first, range(value * n, value * n + n)):
                if values[-1] // n == wanted[-1] and tuple([each // n for each in values]) == wanted:
                    yield self.of[values][0] + 2, ("floordiv", self.of[values][1], n)
        if min(wanted) < 0:
            return
        for n in range(most + 1, 10):
            for values in self._having(first, range(value - LARGEST // n * n, LARGEST, n)):
                if values[-1] % n == wanted[-1] and tuple([each % n for each in values]) == wanted:
                    yield self.of[values][0] + 2, ("floormod", self.of[values][1], n)
        for values in self._having(first, (value, -value)):
            if tuple(map(abs, values)) == wanted:
                yield self.of[values][0] + 1, ("abs", self.of[values][1])

    def _having(self, place: int, some: Iterable[int]) -> Iterator[Values]:
        """Yield what is listed with one of some values for an input."""
        for value in some:
            for number in self._with.get((place, value), ()):
                yield self._listed[number]

    @cached_property
    def _listed(self) -> list[Values]:
        return list(self.of)

    def _of_size(self, size: int) -> Iterator[tuple[Values, Term]]:
        if size == 1:
            for place, name in enumerate(NAMES[: len(self.inputs[0])]):
                yield tuple([each[place] for each in self.inputs]), name
        for n in _NUMBERS:
            if len(str(n)) == size:
                yield (n,) * len(self.inputs), n
        for values, term in self.sizes[size - 1]:
            yield tuple(map(operator.neg, values)), ("-", term)
            yield tuple(map(abs, values)), ("abs", term)
        for left in range(1, size - 1):
            for head, function in (_ORDERED if 2 * left > size - 1 else {**_COMMUTATIVE, **_ORDERED}).items():
                yield from self._applied(head, function, left, size - 1 - left)

    def _applied(self, head: str, function: Callable[..., int], left: int, right: int) -> Iterator[tuple[Values, Term]]:
        for b, other in self.sizes[right]:
            if head in ("floordiv", "floormod") and 0 in b:
                continue
            for a, one in self.sizes[left]:
                yield tuple(map(function, a, b)), (head, one, other)

    def _conditions(self) -> dict[int, Found]:
        """Map sets of inputs, as bits, to a comparison that is true for exactly these."""
        found: dict[int, Found] = {}
        for left, right in _SIDES:
            for (a, one), (b, other) in product(*[self.sizes[each] for each in (left, right)]):
                for head, function in _COMPARE.items():
                    found.setdefault(_bits(map(function, a, b)), (left + right + 1, (head, one, other)))
        return found


@lru_cache(maxsize=32)
def bank(inputs: Inputs, most: int) -> Bank:
    """Return the bank of these inputs; it is remembered, so do not change it."""
    return Bank(inputs, most)


def expression(inputs: Inputs, wanted: Values, most: int = 5, depth: int = 1) -> Found | None:
    """Return a small expression with the wanted values and its size; None if none is found.

    `most` is the size up to which expressions are listed; `depth` says how often an operand that is a digit or a
    parameter is taken away before. Takes about 10 ms with depth 0 and half a second with depth 1, and as long as 200 ms
    more for inputs that are met for the first time.

    >>> expression(((0,), (1,), (2,), (3,), (4,)), (0, 1, 2, 10, 10))
    (7, ('ite', ('<=', "'x", 2), "'x", 10))
    """
    known = bank(inputs, most)
    found = [known.of[wanted]] if wanted in known.of else [*_sums(known, wanted), *_others(known, wanted)]
    if depth and wanted not in known.of:
        for values, term in known.sizes[1]:
            for needed, wrap in _inverses(values, wanted):
                inner = expression(inputs, needed, most, depth - 1)
                if inner is not None:
                    found.append((inner[0] + 2, wrap(term, inner[1])))
    return min(found, key=operator.itemgetter(0), default=None)


def reduced(term: Term, inputs: Inputs, wanted: Values) -> Found | None:
    """Return the smallest known expression with the values of this one, perhaps itself, and its size.

    None where some part of it has the values of a smaller expression, or is a condition that is always true or false.

    >>> reduced(("+", "'x", ("*", 2, "'x")), ((0,), (1,), (5,)), (0, 3, 15))
    (3, ('*', 3, "'x"))
    >>> reduced(("+", "'x", ("*", 1, "'x")), ((0,), (1,), (5,)), (0, 2, 10)) is None
    True
    """
    if _idle(term, bank(inputs, 5)):
        return None
    mine, found = (programs.size(term), term), expression(inputs, wanted, depth=0)
    return mine if found is None or mine[0] <= found[0] else found


def construct(theory: Theory) -> Term | None:
    """Return a model of a theory about one unknown program, all of whose statements name values that it returns.

    Bounds on its size are left to whoever checks the model.
    """
    name, *others = theory.declared
    values: dict[tuple[int, ...], int] = {}
    for clause in theory.clauses:
        match clause:
            case ("=", ("run", _, *arguments), int(value)) if all(isinstance(each, int) for each in arguments):
                values[tuple(arguments)] = value  # type: ignore[arg-type]
    if others or not 0 < len(values) <= MAX_INPUTS or not 0 < len(next(iter(values))) <= len(NAMES):
        return None
    inputs = tuple(values)
    found = expression(inputs, tuple(values.values()))
    return None if found is None else ("model", ("=", name, program(found[1], len(inputs[0]))))


def program(term: Term, parameters: int) -> Term:
    """Return the program that returns an expression.

    >>> program(("+", "'x", 1), 1)
    ('prog', ('params', "'x"), ('return', ('+', "'x", 1)))
    """
    return ("prog", ("params", *NAMES[:parameters]), ("return", term))


def _idle(term: Term, known: Bank) -> bool:
    """Say whether a part of an expression or condition may be replaced by a smaller one."""
    return any(map(partial(_replaced, known=known), term[1:])) if isinstance(term, tuple) else False


def _replaced(part: Term, known: Bank) -> bool:
    if not isinstance(part, tuple):
        return False
    truth = part[0] in (*_COMPARE, ">", ">=", "distinct", "not", "andalso", "orelse")
    values = returned(program(("ite", part, 1, 0) if truth else part, len(known.inputs[0])), known.inputs)
    if values is None or (truth and len(set(values)) == 1):
        return True
    least = known.of.get(tuple(values))
    return (not truth and least is not None and least[0] < programs.size(part)) or _idle(part, known)


def _bits(truths: Any) -> int:
    return sum(compress(_BITS, truths))


def _inverses(a: Values, wanted: Values) -> Iterator[tuple[Values, Callable[[Term, Term], Term]]]:
    """Yield what must be joined with a so that the wanted values come out, and how."""
    yield tuple(map(operator.sub, wanted, a)), lambda one, other: ("+", other, one)
    yield tuple(map(operator.add, wanted, a)), lambda one, other: ("-", other, one)
    yield tuple(map(operator.sub, a, wanted)), lambda one, other: ("-", one, other)
    if 0 not in a and not any(map(operator.mod, wanted, a)):
        yield tuple(map(operator.floordiv, wanted, a)), lambda one, other: ("*", other, one)


def _sums(known: Bank, wanted: Values) -> Iterator[Found]:
    for size, listed in enumerate(known.sizes[:5]):  # the other part may be larger
        for a, one in listed:
            for needed, join in _inverses(a, wanted):
                if needed in known.of:
                    more, other = known.of[needed]
                    yield size + more + 1, join(one, other)


def _others(known: Bank, wanted: Values) -> Iterator[Found]:
    """Yield quotients and remainders by digits, absolute values, extremes and choices."""
    yield from known.made_of(wanted)
    alike: dict[int, Found] = {}  # inputs for which the value is right -> the least expression
    bounds: dict[str, dict[int, Found]] = {"max": {}, "min": {}}
    for values, same in known.partly(wanted):
        alike.setdefault(same, known.of[values])
        for head, test in (("max", operator.le), ("min", operator.ge)):
            if all(map(test, values, wanted)):
                bounds[head].setdefault(same, known.of[values])
    for head, sets in bounds.items():
        yield from [(s + r + 1, (head, a, b)) for p, (s, a) in sets.items() for q, (r, b) in sets.items()
                    if p < q and p | q == known.full]  # fmt: skip
    yield from _choices(known, alike)


def _choices(known: Bank, alike: Mapping[int, Found]) -> Iterator[Found]:
    least: dict[int, Found | None] = {}
    most: dict[int, Found] = {}  # without what is right for no more inputs than a smaller expression
    for same, found in alike.items():
        if not any(same & larger == same for larger in most):
            most[same] = found

    def right(inputs: int) -> Found | None:
        if inputs not in least:
            least[inputs] = next((found for same, found in most.items() if inputs & same == inputs), None)
        return least[inputs]

    for inputs, (size, condition) in known.conditions.items():
        yes, no = right(inputs), right(known.full ^ inputs)
        if yes is not None and no is not None:
            yield size + yes[0] + no[0] + 1, ("ite", condition, yes[1], no[1])
