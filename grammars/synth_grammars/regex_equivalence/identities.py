"""Regular expressions and what may be put in their place: laws of Kleene algebra, and near misses of them.

An expression is a letter or `(kind, part, …)`, where `either` and `then` have two parts or more, none of their own
kind, and `star`, `plus` and `option` have one. The laws are those of Salomaa (1966), Conway (1971) and Kozen (1994).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from random import Random
from typing import Any, TypeAlias

Expression: TypeAlias = Any  # str | tuple[str, Expression, …]
Law: TypeAlias = "Callable[[Expression, Random], Expression | None]"


def make(kind: str, *parts: Expression) -> Expression:
    """Build an expression; parts of the same kind are flattened, and one part alone is itself.

    >>> make("then", "a", make("then", "b", "c"))
    ('then', 'a', 'b', 'c')
    """
    if kind in ("star", "plus", "option"):
        return (kind, *parts)
    flat: list[Expression] = []
    for part in parts:
        flat += part[1:] if part[0] == kind else [part]
    return flat[0] if len(flat) == 1 else (kind, *flat)


def letters_in(expression: Expression) -> int:
    """Count the occurrences of letters."""
    return 1 if isinstance(expression, str) else sum(map(letters_in, expression[1:]))


def settled(expression: Expression) -> Expression:
    """Return an expression with its alternatives sorted and listed once: equal for those that differ in no more."""
    if isinstance(expression, str):
        return expression
    parts = [settled(part) for part in expression[1:]]
    return make(expression[0], *(sorted(set(parts), key=repr) if expression[0] == "either" else parts))


def plain(expression: Expression) -> bool:
    """Say whether no sum lists a part twice and no sign of repetition stands on another.

    >>> plain(("star", "a")), plain(("star", ("plus", "a"))), plain(("either", "a", "a"))
    (True, False, False)
    """
    if isinstance(expression, str):
        return True
    kind, *parts = expression
    signs = ("star", "plus", "option")
    doubled = parts[0][0] in signs if kind in signs else kind == "either" and len(set(parts)) < len(parts)
    return not doubled and all(map(plain, parts))


def drawn(letters: list[str], size: int, rng: Random) -> Expression:
    """Draw an expression with that many occurrences of letters."""
    if size == 1:
        whole: Expression = rng.choice(letters)
    else:
        first = rng.randint(1, size - 1)
        parts = drawn(letters, first, rng), drawn(letters, size - first, rng)
        whole = make(rng.choice(("either", "then", "then")), *parts)
    chance = rng.random()
    if chance < (0.2 if size == 1 else 0.45):
        return (rng.choice(("star", "star", "star", "plus", "option")), whole)
    return whole


def places(expression: Expression) -> Iterator[tuple[int, ...]]:
    """Yield the place of every subexpression."""
    yield ()
    if not isinstance(expression, str):
        for i, part in enumerate(expression[1:], 1):
            yield from [(i, *place) for place in places(part)]


def at(expression: Expression, place: tuple[int, ...]) -> Expression:
    """Return the subexpression at a place."""
    for i in place:
        expression = expression[i]
    return expression


def put(expression: Expression, place: tuple[int, ...], part: Expression) -> Expression:
    """Return the expression with another part at a place."""
    if not place:
        return part
    i = place[0]
    kind, *parts = expression
    parts[i - 1] = put(parts[i - 1], place[1:], part)
    return make(kind, *parts)


def changed(expression: Expression, laws: list[Law], rng: Random, tries: int = 30) -> Expression | None:
    """Apply one of the laws at one place, both drawn; None if none of the tries fits."""
    where = list(places(expression))
    for _ in range(tries):
        place = rng.choice(where)
        part = rng.choice(laws)(at(expression, place), rng)
        if part is not None:
            return put(expression, place, part)
    return None


# ---- laws ------------------------------------------------------------------------------------------------------------
# Each returns an expression with the same language, None where it does not apply.


def _two(expression: Expression, rng: Random) -> tuple[Expression, Expression]:
    """Split a sum or product in two."""
    kind, *parts = expression
    cut = rng.randint(1, len(parts) - 1)
    return make(kind, *parts[:cut]), make(kind, *parts[cut:])


def star_of_sum(e: Expression, rng: Random) -> Expression | None:
    """(A | B)* is (A* B*)*, (A* | B)*, A* (B A*)* and (A* B)* A*."""
    if e[0] != "star" or e[1][0] != "either":
        return None
    a, b = _two((*e[1][:1], *rng.sample(e[1][1:], len(e[1]) - 1)), rng)
    return rng.choice((
        ("star", make("then", ("star", a), ("star", b))),
        ("star", make("either", ("star", a), b)),
        make("then", ("star", a), ("star", make("then", b, ("star", a)))),
        make("then", ("star", make("then", ("star", a), b)), ("star", a)),
    ))  # fmt: skip


def sum_in_star(e: Expression, rng: Random) -> Expression | None:
    """The same backwards: (A* B*)* and (A* | B)* are (A | B)*."""
    if e[0] != "star" or e[1][0] not in ("then", "either") or not any(part[0] == "star" for part in e[1][1:]):
        return None
    if e[1][0] == "then" and not all(part[0] == "star" for part in e[1][1:]):
        return None
    return ("star", make("either", *[part[1] if part[0] == "star" else part for part in e[1][1:]]))


def star_of_product(e: Expression, rng: Random) -> Expression | None:
    """(A B)* is (A (B A)* B)?."""
    if e[0] != "star" or e[1][0] != "then":
        return None
    a, b = _two(e[1], rng)
    return ("option", make("then", a, ("star", make("then", b, a)), b))


def unrolled(e: Expression, rng: Random) -> Expression | None:
    """A* is (A A)* A?, (A A*)?, A* A* and (A?)*; A+ is A A*, A* A and A | A A+."""
    if e[0] == "star":
        a = e[1]
        return rng.choice((
            make("then", ("star", make("then", a, a)), ("option", a)),
            make("then", ("option", a), ("star", make("then", a, a))),
            ("option", make("then", a, ("star", a))),
            make("either", ("plus", make("then", a, a)), ("option", a), make("then", a, ("star", make("then", a, a)))),
            make("then", ("star", a), ("star", a)),
            ("star", make("either", make("then", a, a), a)),
        ))  # fmt: skip
    if e[0] == "plus":
        a = e[1]
        return rng.choice((
            make("then", a, ("star", a)), make("then", ("star", a), a), make("either", a, make("then", a, ("plus", a)))
        ))  # fmt: skip
    return None


def rolled(e: Expression, rng: Random) -> Expression | None:
    """A A* and A* A are A+; A* A* and A? A* are A*; (A+)? is A*."""
    if e[0] == "option" and e[1][0] in ("plus", "star"):
        return ("star", e[1][1])
    if e[0] != "then":
        return None
    for i, (left, right) in enumerate(pairwise(e[1:]), 1):
        new = None
        if right == ("star", left) or left == ("star", right):
            new = ("plus", left if right == ("star", left) else right)
        elif "star" in (left[0], right[0]) and left[1:] == right[1:] and {left[0], right[0]} <= {"star", "option"}:
            new = ("star", left[1])
        if new is not None:
            return make("then", *e[1:i], new, *e[i + 2 :])
    return None


def slid(e: Expression, rng: Random) -> Expression | None:
    """A (B A)* is (A B)* A, and back."""
    if e[0] != "then":
        return None
    for i, (left, right) in enumerate(pairwise(e[1:]), 1):
        if right[0] == "star" and right[1][0] == "then" and right[1][-1] == left:
            return make("then", *e[1:i], ("star", make("then", left, *right[1][1:-1])), left, *e[i + 2 :])
        if left[0] == "star" and left[1][0] == "then" and left[1][1] == right:
            return make("then", *e[1:i], right, ("star", make("then", *left[1][2:], right)), *e[i + 2 :])
    return None


def distributed(e: Expression, rng: Random) -> Expression | None:
    """C (A | B) is C A | C B, on either side."""
    if e[0] != "then":
        return None
    sums = [i for i, part in enumerate(e) if part[0] == "either"]
    if not sums:
        return None
    i = rng.choice(sums)
    if i > 1 and (i == len(e) - 1 or rng.random() < 0.5):
        return make("then", *e[1 : i - 1], make("either", *[make("then", e[i - 1], a) for a in e[i][1:]]), *e[i + 1 :])
    return make("then", *e[1:i], make("either", *[make("then", a, e[i + 1]) for a in e[i][1:]]), *e[i + 2 :])


def factored(e: Expression, rng: Random) -> Expression | None:
    """C A | C B is C (A | B), on either side."""
    if e[0] != "either":
        return None
    for i, one in enumerate(e[1:], 1):
        for k, other in enumerate(e[i + 1 :], i + 1):
            if one[0] != "then" or other[0] != "then":
                continue
            rest = [part for place, part in enumerate(e[1:], 1) if place not in (i, k)]
            if one[1] == other[1]:
                inner = make("either", make("then", *one[2:]), make("then", *other[2:]))
                return make("either", *rest, make("then", one[1], inner))
            if one[-1] == other[-1]:
                inner = make("either", make("then", *one[1:-1]), make("then", *other[1:-1]))
                return make("either", *rest, make("then", inner, one[-1]))
    return None


def absorbed(e: Expression, rng: Random) -> Expression | None:
    """A is A | B where B is drawn so that it matches no other words."""
    part = below(e, rng)
    return None if part == e or letters_in(part) > letters_in(e) + 1 else make("either", *rng.sample((e, part), 2))


def below(e: Expression, rng: Random) -> Expression:
    """Draw an expression all of whose words the given one matches, because every operator is monotone."""
    if isinstance(e, str):
        return e
    kind, *parts = e
    if kind == "either":
        return below(rng.choice(parts), rng)
    if kind == "then":
        return make("then", *[below(part, rng) for part in parts])
    inner = below(parts[0], rng)
    if kind == "option":
        return rng.choice((inner, e))
    grown = (inner, ("plus", inner), make("then", inner, inner), make("then", inner, (kind, parts[0])))
    return rng.choice(grown if kind == "plus" else (*grown, ("star", inner), e))


LAWS: list[Law] = [
    star_of_sum, star_of_sum, sum_in_star, star_of_product, unrolled, rolled, slid, slid, distributed, factored,
    absorbed,
]  # fmt: skip


# ---- near misses -----------------------------------------------------------------------------------------------------
# Each resembles a law, and may or may not change the language.


def other_sign(e: Expression, rng: Random) -> Expression | None:
    """Another sign of repetition, one more, or one less."""
    if e[0] in ("star", "plus", "option"):
        return rng.choice([*[(kind, e[1]) for kind in ("star", "plus", "option") if kind != e[0]], e[1]])
    return (rng.choice(("star", "plus", "option")), e)


def moved_sign(e: Expression, rng: Random) -> Expression | None:
    """A sign of repetition that moves from one part to its neighbour, or from a whole to its parts and back."""
    if e[0] in ("star", "plus", "option") and e[1][0] in ("then", "either"):
        kind, (inner, *parts) = e
        return make(inner, *[(kind, part) for part in parts])
    if e[0] not in ("then", "either"):
        return None
    signed = [i for i, part in enumerate(e) if part[0] in ("star", "plus", "option")]
    if not signed:
        return None
    i = rng.choice(signed)
    k = rng.choice([k for k in (i - 1, i + 1) if 0 < k < len(e)])
    parts = list(e)
    parts[i], parts[k] = e[i][1], (e[i][0], e[k])
    return make(parts[0], *parts[1:])


def other_order(e: Expression, rng: Random) -> Expression | None:
    """Two neighbours that change places."""
    if e[0] != "then":
        return None
    i = rng.randint(1, len(e) - 2)
    return make("then", *e[1:i], e[i + 1], e[i], *e[i + 2 :])


def regrouped(e: Expression, rng: Random) -> Expression | None:
    """C A | B for C (A | B), and back."""
    if e[0] == "then":
        return distributed_once(e, rng)
    if e[0] == "either" and any(part[0] == "then" for part in e[1:]):
        i = rng.choice([i for i, part in enumerate(e) if part[0] == "then"])
        rest = [part for k, part in enumerate(e[1:], 1) if k != i]
        return make("then", e[i][1], make("either", make("then", *e[i][2:]), *rest))
    return None


def distributed_once(e: Expression, rng: Random) -> Expression | None:
    """C (A | B) with C before A only."""
    for i, part in enumerate(e[2:], 2):
        if part[0] == "either":
            inner = make("either", make("then", e[i - 1], part[1]), *part[2:])
            return make("then", *e[1 : i - 1], inner, *e[i + 1 :])
    return None


def other_letter(e: Expression, rng: Random) -> Expression | None:
    """Two letters of a product or sum that change places, wherever they stand in it."""
    if isinstance(e, str):
        return None
    where = [place for place in places(e) if isinstance(at(e, place), str)]
    one, other = rng.choice(where), rng.choice(where)
    if at(e, one) == at(e, other):
        return None
    return put(put(e, one, at(e, other)), other, at(e, one))


MISSES: list[Law] = [other_sign, moved_sign, moved_sign, other_order, regrouped, other_letter, other_letter]
