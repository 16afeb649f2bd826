"""Small programs as trees of the grammar: what they read and write, and how they are drawn.

A body is a tuple of statements. Bodies that are drawn read every argument and every name that they set, divide by
positive numbers only, and end with a `return`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, TypeAlias

Tree: TypeAlias = Any  # str | tuple[Tree, …]: a node of the grammar, or the text of a token
Body: TypeAlias = tuple[Tree, ...]
Ranges: TypeAlias = Mapping[str, tuple[int, int]]

COMPARISONS = ("less", "at_most", "greater", "at_least", "equal")
CONDITIONS = (*COMPARISONS, "either", "both", "negated")
LOCALS = "prstuvz"
COUNTERS = "ij"


# ---- trees -----------------------------------------------------------------------------------------------------------


def whole(n: int) -> Tree:
    """Return the tree of a number.

    >>> whole(-3)
    ('negative', ('whole', '3'))
    """
    return ("whole", str(n)) if n >= 0 else ("negative", ("whole", str(-n)))


def name(x: str) -> Tree:
    """Return the tree of a name that is read."""
    return ("name", x)


def number_of(tree: Tree) -> int | None:
    """Return the number that a tree is, None where it is none."""
    match tree:
        case ("whole", digits):
            return int(digits)
        case ("negative", ("whole", digits)):
            return -int(digits)
    return None


def plus(tree: Tree, n: int) -> Tree:
    """Add a number, at once where one is added or stands there alone.

    >>> plus(("add", ("name", "x"), ("whole", "2")), -3)
    ('subtract', ('name', 'x'), ('whole', '1'))
    """
    known = number_of(tree)
    if known is not None:
        return whole(known + n)
    if tree[0] in ("add", "subtract") and (last := number_of(tree[2])) is not None:
        return plus(tree[1], (last if tree[0] == "add" else -last) + n)
    return tree if n == 0 else ("add" if n > 0 else "subtract", tree, whole(abs(n)))


def places(tree: Tree) -> Iterator[tuple[int, ...]]:
    """Yield the place of every node, the whole first."""
    yield ()
    for i, part in enumerate(tree):
        if isinstance(part, tuple):
            yield from [(i, *place) for place in places(part)]


def at(tree: Tree, place: tuple[int, ...]) -> Tree:
    """Return the node at a place."""
    for i in place:
        tree = tree[i]
    return tree


def put(tree: Tree, place: tuple[int, ...], part: Tree) -> Tree:
    """Return the tree with another node at a place."""
    if not place:
        return part
    i = place[0]
    return (*tree[:i], put(tree[i], place[1:], part), *tree[i + 1 :])


def reads(tree: Tree) -> set[str]:
    """Return the names that are read somewhere in a tree.

    >>> sorted(reads(("assign", "s", ("add", ("name", "x"), ("name", "y")))))
    ['x', 'y']
    """
    if tree[0] == "name":
        return {tree[1]}
    return set().union(*[reads(part) for part in tree if isinstance(part, tuple)])


def writes(tree: Tree) -> set[str]:
    """Return the names that may be set somewhere in a tree."""
    own = {"assign": tree[1:2], "loop": tree[1:2], "assign_both": tree[1:3]}.get(tree[0], ())
    return set(own).union(*[writes(part) for part in tree if isinstance(part, tuple)])


def returns(tree: Tree) -> bool:
    """Say whether a statement may return."""
    return tree[0] == "returns" or any(returns(part) for part in tree if isinstance(part, tuple))


def replaced(tree: Tree, x: str, value: Tree) -> Tree:
    """Write an expression wherever a name is read."""
    if tree == ("name", x):
        return value
    return tuple([replaced(part, x, value) if isinstance(part, tuple) else part for part in tree])


def written(statement: Tree) -> Tree:
    """Write a loop that begins at 0 as Python does.

    >>> written(("loop", "i", ("whole", "0"), ("name", "n"), ("returns", ("name", "i"))))
    ('repeat', 'i', ('name', 'n'), ('returns', ('name', 'i')))
    """
    begins = statement[0] == "loop" and number_of(statement[2]) == 0
    return ("repeat", statement[1], *statement[3:]) if begins else statement


def renamed(tree: Tree, names: Mapping[str, str]) -> Tree:
    """Call names otherwise, where they are read and where they are set."""
    return tuple([renamed(part, names) if isinstance(part, tuple) else names.get(part, part) for part in tree])


def size(tree: Tree) -> int:
    """Count the nodes of a tree."""
    return sum([size(part) for part in tree if isinstance(part, tuple)], 1)


def depth(tree: Tree) -> int:
    """Return how many parts of an expression stand in each other."""
    return 1 + max([depth(part) for part in tree if isinstance(part, tuple)], default=0)


def plain(tree: Tree) -> bool:
    """Say whether nothing in a tree could be calculated at once, or is there for nothing.

    >>> plain(("add", ("name", "x"), ("whole", "0"))), plain(("subtract", ("name", "x"), ("whole", "1")))
    (False, True)
    """
    return not _idle(tree) and all(plain(part) for part in tree if isinstance(part, tuple))


def _idle(tree: Tree) -> bool:
    match tree:
        case (("either" | "both"), (_, *one), (_, *other)):
            return bool(one == other)
        case ("add" | "subtract" as kind, a, b):
            first, second = number_of(a), number_of(b)
            if None not in (first, second) or 0 in (first, second) or (kind == "subtract" and a == b):
                return True
            return (
                (second is not None or b[0] == "subtract")
                and a[0] in ("add", "subtract", "whole")
                and any(number_of(part) is not None for part in (*a[1:], a) if isinstance(part, tuple))
            )
        case ("multiply" | "quotient" | "remainder" as kind, a, b):
            numbers = number_of(a), number_of(b)
            return None not in numbers or bool({-1, 0, 1} & {*numbers}) or (kind != "multiply" and a == b)
        case ("least" | "greatest" | "less" | "at_most" | "greater" | "at_least" | "equal", a, b):
            return bool(a == b) or (number_of(a) is not None and number_of(b) is not None)
        case ("choice", a, _, b):
            return bool(a == b)
        case ("branch" | "inner_branch", _, one, other):
            return bool(one == other)
        case ("negative" | "absolute", a):
            return bool(a[0] in ("negative", "absolute") or (tree[0] == "absolute" and a[0] == "whole"))
        case ("assign", _, ("name", _)) | ("loop", _, ("whole", "1"), ("whole", "1"), *_):
            return True
    return False


# ---- drawing ---------------------------------------------------------------------------------------------------------


class Draft:
    """A body while it is drawn: what may be read, and what has not been read yet."""

    def __init__(self, ranges: Ranges, rng: Random) -> None:
        self.ranges, self.rng = ranges, rng
        self.unread = list(ranges)
        self.locals: list[str] = []
        self.body: list[Tree] = []

    def body_of(self, blocks: list[str]) -> Body:
        """Draw a body made of these kinds of blocks, and of a `return` that reads what was not read."""
        for kind in blocks:
            self.body += getattr(self, f"_{kind}")()
        value = self._term() if self.unread else self._mixed()
        while self.unread:
            value = (self.rng.choice(("add", "add", "subtract")), value, self._term())
        return (*self.body, ("returns", value))

    def _fresh(self) -> str:
        return self.rng.choice([x for x in LOCALS if x not in self.locals] or LOCALS)

    def _known(self, new: str) -> None:
        self.locals.append(new)
        self.unread.append(new)

    def _name(self, among: tuple[str, ...] = ()) -> Tree:
        """Draw a name, mostly one that was not read yet."""
        unread = [x for x in self.unread if not among or x in among]
        x = self.rng.choice(unread if unread and self.rng.random() < 0.8 else among or [*self.ranges, *self.locals])
        if x in self.unread:
            self.unread.remove(x)
        return name(x)

    def _term(self, x: Tree | None = None) -> Tree:
        """Draw something small of one name."""
        x, rng = x or self._name(), self.rng
        kind = rng.choice(("plain", "plain", "multiple", "multiple", "quotient", "remainder", "absolute", "bound"))
        if kind == "plain":
            return x
        if kind == "multiple":
            return ("multiply", whole(rng.randint(2, 5)), x)
        if kind == "absolute":
            return ("absolute", plus(x, -rng.randint(1, 4)))
        if kind == "bound":
            return (rng.choice(("least", "greatest")), x, whole(rng.randint(-2, 5)))
        return (kind, self.rng.choice((x, plus(x, rng.randint(1, 3)))), whole(rng.randint(2, 5)))

    def _mixed(self) -> Tree:
        """Draw a sum, a difference or a product of two, or one with a number."""
        rng, first = self.rng, self._term()
        kind = rng.choice(("add", "add", "subtract", "multiply", "number"))
        if kind == "number":
            return plus(first, rng.choice((-3, -2, -1, 1, 2, 3)))
        return (kind, first, self._name() if kind == "multiply" else self._term())

    def _condition(self, among: tuple[str, ...] = ()) -> Tree:
        rng = self.rng
        if rng.random() < 0.2:
            return (rng.choice(("both", "either")), self._comparison(among), self._comparison(among))
        return self._comparison(among)

    def _comparison(self, among: tuple[str, ...] = ()) -> Tree:
        rng, x = self.rng, self._name(among)
        if rng.random() < 0.2:
            m = rng.randint(2, 4)
            return ("equal", ("remainder", x, whole(m)), whole(rng.randint(0, m - 1)))
        low, high = self.ranges.get(x[1], (0, 8))
        bound = whole(rng.randint(low + 1, high - 1)) if rng.random() < 0.7 else self._term()
        if reads(bound) == {x[1]}:
            bound = whole(rng.randint(low + 1, high - 1))
        return (rng.choice(COMPARISONS[:4]), x, bound)

    # ---- blocks

    def _let(self) -> list[Tree]:
        value, new = self._mixed(), self._fresh()
        self._known(new)
        return [("assign", new, value)]

    def _case(self) -> list[Tree]:
        condition, values = self._condition(), [self._mixed() for _ in range(3)]
        between = self._condition(tuple(self.ranges))
        new = self._fresh()
        self._known(new)
        first, second, third = [("assign", new, value) for value in values]
        if self.rng.random() < 0.3:
            return [("branch", condition, first, ("elif", between, second, third))]
        return [("branch", condition, first, second)]

    def _when(self) -> list[Tree]:
        before = [] if self.locals else self._let()
        x = self.rng.choice(self.locals)
        condition = self._condition(tuple(self.ranges)) if self.rng.random() < 0.6 else self._condition((x,))
        value = self._mixed()
        if x not in self.unread:
            self.unread.append(x)
        return [*before, ("when", condition, ("assign", x, value))]

    def _exit(self) -> list[Tree]:
        return [("when", self._condition(tuple(self.ranges)), ("returns", self._mixed()))]

    def _loop(self) -> list[Tree]:
        """Draw an accumulator and a loop over it."""
        rng = self.rng
        before: list[Tree] = []
        if not self.locals or rng.random() < 0.5:
            x = self._fresh()
            before, first = [("assign", x, whole(rng.randint(0, 3)))], whole(rng.randint(0, 1))
            self._known(x)
        else:
            x, first = rng.choice(self.locals), whole(rng.randint(0, 2))
        rounds = [y for y, (low, high) in self.ranges.items() if low >= 0 and high <= 12]
        last = whole(rng.randint(3, 6))
        if rounds and rng.random() < 0.75:
            last = self._name(tuple(rounds))
            last = plus(last, 1) if rng.random() < 0.3 else last
        counted = [statement[1] for statement in self.body if statement[0] == "loop"]
        i = rng.choice([i for i in COUNTERS if i not in counted] or COUNTERS)
        statements = self._round(x, name(i))
        if statements[0][0] == "assign_both":
            before = [*before, ("assign", statements[0][2], whole(1))]
        if x not in self.unread:
            self.unread.append(x)
        return [*before, ("loop", i, first, last, *statements)]

    def _round(self, x: str, i: Tree) -> list[Tree]:
        """Draw what a loop repeats."""
        rng, s = self.rng, name(x)
        step = rng.choice(
            (i, self._term(), self._term(), ("multiply", self._name(tuple(self.ranges)), i), self._term(i))
        )
        step = s if reads(step) == {x} else step
        more = ("assign", x, (rng.choice(("add", "add", "add", "subtract")), s, step))
        kind = rng.choice(("sum", "sum", "sum", "when", "branch", "both", "wrap"))
        if kind == "both" and (free := [y for y in LOCALS if y not in (*self.locals, x)]):
            y = rng.choice(free)
            self._known(y)
            self.unread.remove(y)
            return [("assign_both", x, y, name(y), ("add", s, name(y)))]
        if kind == "wrap":
            return [("assign", x, ("remainder", ("add", ("multiply", s, whole(2)), step), whole(rng.randint(5, 9))))]
        if kind in ("when", "branch"):
            m = rng.randint(2, 3)
            bound = self._name(tuple(self.ranges))
            condition = rng.choice((
                ("equal", ("remainder", i, whole(m)), whole(rng.randint(0, m - 1))),
                (rng.choice(COMPARISONS[:4]), i, bound),
                (rng.choice(COMPARISONS[:4]), s, whole(rng.randint(2, 9))),
            ))  # fmt: skip
            if kind == "when":
                return [("inner_when", condition, more)]
            return [("inner_branch", condition, more, ("assign", x, plus(s, rng.choice((-2, -1, 1, 2)))))]
        return [more]


def drawn(ranges: Ranges, blocks: list[str], rng: Random) -> Body:
    """Draw a body for arguments with these ranges."""
    return Draft(ranges, rng).body_of(blocks)
