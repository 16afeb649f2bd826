"""Find a Python expression, not larger than a bound, that has given values.

The values are the whole table of a function on a small range, so an expression is judged by running it, as in
programming by example (Gulwani, Polozov, Singh, *Program Synthesis*, 2017, section 1); the bound on its size, as in the
grammars of SyGuS (Alur et al., FMCAD 2013), leaves no room for the table itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from random import Random
from typing import Any, TypeAlias

from synth.family import Family, Proposal, Theory, Tree, bindings, program, reduced, returned
from synth_kernel.terms import Term

Inputs: TypeAlias = "tuple[tuple[int, ...], ...]"

DRAWS = 300  # expressions drawn for one problem
LARGEST = 200  # absolute value
MOST_ALIKE = 0.5  # of the values
ONE = [(0, 7), (1, 8), (0, 8), (0, 9), (1, 9), (1, 10), (-3, 4), (-4, 4), (-4, 5), (-5, 4), (-2, 6), (2, 11)]
TWO = [
    ((0, 3), (0, 3)), ((1, 4), (1, 4)), ((0, 4), (0, 2)), ((-2, 2), (0, 3)), ((0, 4), (0, 3)), ((-2, 2), (-2, 2)),
]  # fmt: skip
SIGNS = ("+", "+", "-", "-", "*", "*", "floordiv", "floormod", "floormod", "min", "max")
_ALIASES: dict[Any, str] = {
    "+": "add", "*": "multiply", "floordiv": "quotient", "floormod": "remainder", "abs": "absolute", "min": "least",
    "max": "greatest", "orelse": "either", "andalso": "both", "not": "negated", "<": "less", "<=": "at_most",
    ">": "greater", ">=": "at_least", "=": "equal", "distinct": "unequal",
}  # fmt: skip


class ProgramSynthesis(Family):
    """An expression is drawn, and the bound is its size, or that of a smaller one with the same values if one is found.

    So what the level says about sizes is said of the smallest expression that is known.
    """

    domain = "programs"
    kind = "construct"
    summary = "a Python expression with given values"
    levels = {  # noqa: RUF012
        1: {"arguments": (1,), "drawn": (3, 5), "least": 3, "most": 5, "choice": 0, "slack": 1},
        2: {"arguments": (1,), "drawn": (6, 8), "least": 5, "most": 7, "choice": 0.1, "slack": 1},
        3: {"arguments": (1, 2), "drawn": (8, 10), "least": 7, "most": 9, "choice": 0.3, "slack": 0},
        4: {"arguments": (1, 2), "drawn": (9, 11), "least": 9, "most": 11, "choice": 0.4, "slack": 0},
        5: {"arguments": (2,), "drawn": (11, 14), "least": 11, "most": 14, "choice": 0.5, "slack": 0},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        """Draw expressions until one has values worth asking for and no smaller one is known than the level wants."""
        ranges = [rng.choice(ONE)] if rng.choice(level["arguments"]) == 1 else rng.choice(TWO)
        inputs = tuple(product(*[range(low, high + 1) for low, high in ranges]))
        for _ in range(DRAWS):
            term = _drawn(rng.randint(*level["drawn"]), ("'x", "'y")[: len(ranges)], level["choice"], rng)
            values = returned(program(term, len(ranges)), inputs)
            if values is None or max(map(abs, values)) > LARGEST or not _telling(values, inputs):
                continue
            size, least = reduced(term, inputs, tuple(values)) or (0, term)
            if level["least"] <= size <= level["most"]:
                tree = _tree(inputs, values, size + rng.randint(0, level["slack"]))
                return Proposal(self.formal.render(tree), ("model", ("=", "f", program(least, len(ranges)))))
        return None

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"size:{tree[2]}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        match bindings(answer).get("f"):
            case ("prog", _, ("return", term)):
                return self.formal.render(("answer", _written(term)), "solution")
        raise ValueError(f"not an expression: {answer}")


def _drawn(size: int, names: Sequence[str], choice: float, rng: Random) -> Term:
    """Draw an expression of a size; a choice stands near its root."""
    if size == 1:
        return rng.choice(names) if rng.random() < 0.65 else rng.randint(1, 9)
    if size == 2 or rng.random() < 0.06:
        kind = rng.choice(("number", "-", "abs")) if size == 2 else rng.choice(("-", "abs"))
        return rng.randint(10, 30) if kind == "number" else (kind, _drawn(size - 1, names, 0, rng))
    if size > 6 and rng.random() < choice:
        condition = rng.choice([kind for kind in (3, 3, 5, 7, 8) if kind < size - 3])
        left = rng.randint(1, size - condition - 2)
        parts = [_drawn(n, names, choice / 2, rng) for n in (left, size - condition - 1 - left)]
        return ("ite", _condition(condition, names, rng), *parts)
    sign = rng.choice(SIGNS)
    if sign in ("floordiv", "floormod"):
        divisor = 1 if size < 6 or rng.random() < 0.8 else rng.randint(1, size // 2)
        right = rng.randint(2, 9) if divisor == 1 and rng.random() < 0.8 else _drawn(divisor, names, 0, rng)
        return (sign, _drawn(size - 1 - divisor, names, choice, rng), right)
    left = rng.randint(1, size - 2)
    return (sign, _drawn(left, names, choice, rng), _drawn(size - 1 - left, names, choice, rng))


def _condition(size: int, names: Sequence[str], rng: Random) -> Term:
    """Draw a comparison, or two comparisons of size 3, or the negation of these."""
    if size > 6:
        first, second = (_condition(3, names, rng) for _ in range(2))
        joined: Term = (rng.choice(("andalso", "orelse")), first, second)
        return ("not", joined) if size > 7 else joined
    left = _drawn(size - 2, names, 0, rng) if size > 3 else rng.choice(names)
    right = _drawn(1, [name for name in names if name != left] or ["'x"], 0, rng)
    return (rng.choice(("<", ">", "<=", ">=", "=", "distinct")), left, 0 if right == left else right)


def _telling(values: Sequence[int], inputs: Inputs) -> bool:
    """Say whether values are neither those of an argument nor mostly the same, and depend on each argument."""
    counts = Counter(values)
    if len(counts) < 3 or counts.most_common(1)[0][1] > MOST_ALIKE * len(values):
        return False
    columns = list(zip(*inputs, strict=True))
    if any(tuple(values) == column for column in columns):
        return False
    for place in range(len(columns) if len(columns) > 1 else 0):
        others = {(each[:place] + each[place + 1 :], value) for each, value in zip(inputs, values, strict=True)}
        if len(others) == len({rest for rest, _ in others}):
            return False
    return True


def _tree(inputs: Inputs, values: Sequence[int], bound: int) -> Tree:
    """Write a table: five values on a line, or those for one x."""
    points: list[Tree] = [
        ("point", ("arguments", *map(_number, each)), _number(v)) for each, v in zip(inputs, values, strict=True)
    ]
    width = 5 if len(inputs[0]) == 1 else len({y for _, y in inputs})
    rows: list[Tree] = [("row", *points[start : start + width]) for start in range(0, len(points), width)]
    return ("problem", ("of_x",) if len(inputs[0]) == 1 else ("of_x_and_y",), str(bound), *rows)


def _number(n: int) -> Tree:
    return ("number", str(n)) if n >= 0 else ("below_zero", str(-n))


def _written(term: Any) -> Tree:
    """Return the tree of an expression or condition."""
    if isinstance(term, int):
        return ("whole", str(term)) if term >= 0 else ("negative", ("whole", str(-term)))
    if isinstance(term, str):
        return (term[1:],)
    head, *parts = term
    if head == "ite":
        condition, yes, no = map(_written, parts)
        return ("choice", yes, condition, no)
    alias = ("negative" if len(parts) == 1 else "subtract") if head == "-" else _ALIASES[head]
    return (alias, *map(_written, parts))
