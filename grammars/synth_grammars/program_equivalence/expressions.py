"""Laws of expressions and conditions: each returns one with the same value, None where it does not apply.

They hold for all integers; Python's `//` and `%` round down. Nothing here is trusted: a wrong law costs a draw, never a
row.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from synth_grammars.program_equivalence.programs import COMPARISONS, Tree, number_of, plus, whole

Law = Callable[[Tree, Random], "Tree | None"]

OPPOSITE = {"less": "at_least", "at_least": "less", "greater": "at_most", "at_most": "greater"}
_MIRRORED = {"less": "greater", "greater": "less", "at_most": "at_least", "at_least": "at_most", "equal": "equal"}


def opposite(condition: Tree) -> Tree:
    """Return the condition that is true where this one is false.

    >>> opposite(("less", ("name", "x"), ("whole", "1")))
    ('at_least', ('name', 'x'), ('whole', '1'))
    """
    if condition[0] == "negated":
        return condition[1]
    if condition[0] in OPPOSITE:
        return (OPPOSITE[condition[0]], *condition[1:])
    return ("negated", condition)


def commuted(e: Tree, rng: Random) -> Tree | None:
    """a + b is b + a; also of products, min, max, and, or."""
    return (e[0], e[2], e[1]) if e[0] in ("add", "multiply", "least", "greatest", "either", "both") else None


def regrouped(e: Tree, rng: Random) -> Tree | None:
    """a + b - c and the like, with the terms in another order."""
    match e:
        case ("add" | "subtract" as outer, ("add" | "subtract" as inner, a, b), c):
            return (inner, (outer, a, c), b)
        case ("subtract", a, ("subtract", b, c)):
            return ("add", ("subtract", a, b), c)
        case ("subtract", a, ("add", b, c)):
            return ("subtract", ("subtract", a, b), c)
        case ("subtract", a, b) if number_of(b) is None:
            return ("negative", ("subtract", b, a))
    return None


def distributed(e: Tree, rng: Random) -> Tree | None:
    """c (a + b) is c a + c b."""
    match e:
        case ("multiply", c, ("add" | "subtract" as sign, a, b)) | ("multiply", ("add" | "subtract" as sign, a, b), c):
            return (sign, _times(c, a), _times(c, b))
    return None


def _times(a: Tree, b: Tree) -> Tree:
    known = number_of(a), number_of(b)
    if None not in known:
        return whole(known[0] * known[1])  # type: ignore[operator]
    return ("multiply", a, b)


def factored(e: Tree, rng: Random) -> Tree | None:
    """c a + c b is c (a + b), c a + a is (c + 1) a."""
    if e[0] not in ("add", "subtract"):
        return None
    (c, a), (d, b) = [part[1:] if part[0] == "multiply" else (whole(1), part) for part in e[1:]]
    n, m = number_of(c), number_of(d)
    if n is not None and m is not None and a == b:
        return _times(whole(n + m if e[0] == "add" else n - m), a)
    return ("multiply", c, (e[0], a, b)) if c == d != whole(1) else None


def doubled(e: Tree, rng: Random) -> Tree | None:
    """n a is (n - 1) a + a, or (n + 1) a - a."""
    match e:
        case ("multiply", n, a) | ("multiply", a, n) if (k := number_of(n)) is not None and k > 1:
            if rng.random() < 0.5:
                return ("subtract", ("multiply", whole(k + 1), a), a)
            return ("add", a if k == 2 else ("multiply", whole(k - 1), a), a)
    return None


def cases_of_extremes(e: Tree, rng: Random) -> Tree | None:
    """min, max and abs as a choice, or by each other."""
    match e:
        case ("least" | "greatest" as kind, a, b):
            test = rng.choice(("less", "at_most") if kind == "least" else ("greater", "at_least"))
            other = "greatest" if kind == "least" else "least"
            return rng.choice((
                ("choice", a, (test, a, b), b),
                ("subtract", ("add", a, b), (other, a, b)),
                ("negative", (other, minus(a), minus(b))),
            ))  # fmt: skip
        case ("absolute", a):
            if rng.random() < 0.3:
                return ("choice", a, (rng.choice(("greater", "at_least")), a, whole(0)), minus(a))
            return rng.choice((("greatest", a, minus(a)), ("absolute", minus(a))))
    return None


def minus(e: Tree) -> Tree:
    known = number_of(e)
    if known is not None:
        return whole(-known)
    return e[1] if e[0] == "negative" else ("subtract", e[2], e[1]) if e[0] == "subtract" else ("negative", e)


def choices_of_extremes(e: Tree, rng: Random) -> Tree | None:
    """A choice of the smaller or greater one as min or max."""
    match e:
        case ("choice", a, (test, b, c), d) if test in OPPOSITE and {a, d} == {b, c} and a != d:
            return ("least" if (test in ("less", "at_most")) is (a == b) else "greatest", a, d)
    return None


def divided(e: Tree, rng: Random) -> Tree | None:
    """a % m is a - a // m * m; whole multiples of m may be added before; -(-a // m) rounds up."""
    match e:
        case ("quotient" | "remainder" as kind, a, n) if (m := number_of(n)) is not None and m > 1:
            shift = rng.choice((-1, 1, 1, 2)) * m
            choice = rng.random()
            if choice < 0.5:
                moved = (kind, plus(a, shift), n)
                return moved if kind == "remainder" else plus(moved, -shift // m)
            if kind == "remainder":
                return ("subtract", a, _times(n, ("quotient", a, n)))
            if choice < 0.75:
                return ("quotient", ("subtract", a, ("remainder", a, n)), n)
            return ("negative", ("quotient", plus(minus(a), m - 1), n))
    return None


def turned(e: Tree, rng: Random) -> Tree | None:
    """A choice with its parts exchanged."""
    return ("choice", e[3], opposite(e[2]), e[1]) if e[0] == "choice" else None


def mirrored(c: Tree, rng: Random) -> Tree | None:
    """a < b is b > a."""
    return (_MIRRORED[c[0]], c[2], c[1]) if c[0] in _MIRRORED else None


def stepped(c: Tree, rng: Random) -> Tree | None:
    """a < b is a <= b - 1 or a + 1 <= b, and so on."""
    match c:
        case ("less" | "greater" | "at_most" | "at_least" as kind, a, b):
            way = {
                "less": ("at_most", -1),
                "at_most": ("less", 1),
                "greater": ("at_least", 1),
                "at_least": ("greater", -1),
            }
            other, n = way[kind]
            return (other, a, plus(b, n)) if rng.random() < 0.7 or number_of(a) is not None else (other, plus(a, -n), b)
    return None


def compared(c: Tree, rng: Random) -> Tree | None:
    """a < b is a - b < 0, or a + n < b + n; a == b is a <= b and a >= b."""
    if c[0] not in COMPARISONS:
        return None
    kind, a, b = c
    if number_of(b) is None and rng.random() < 0.5:
        return (kind, ("subtract", a, b), whole(0))
    if kind == "equal" and rng.random() < 0.5:
        return ("both", ("at_most", a, b), ("at_least", a, b))
    n = rng.choice((-2, -1, 1, 2))
    return (kind, plus(a, n), plus(b, n))


def denied(c: Tree, rng: Random) -> Tree | None:
    """c is not (opposite of c); not (c or d) is not c and not d."""
    match c:
        case ("negated", ("either" | "both" as kind, a, b)):
            return ("both" if kind == "either" else "either", opposite(a), opposite(b))
        case ("either" | "both" as kind, a, b):
            return ("negated", ("both" if kind == "either" else "either", opposite(a), opposite(b)))
    return ("negated", opposite(c)) if c[0] in OPPOSITE else opposite(c[1]) if c[0] == "negated" else None


LAWS: list[Law] = [
    commuted, regrouped, distributed, factored, doubled, cases_of_extremes, choices_of_extremes, divided, turned,
    mirrored, stepped, stepped, compared, denied,
]  # fmt: skip
