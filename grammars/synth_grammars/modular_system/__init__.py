"""Systems of linear and quadratic congruences: all solutions in a range, shown complete by trying every number of it.

The steps are those of the Chinese remainder theorem (Knuth, *The Art of Computer Programming* 2, section 4.3.2): the
residues that each condition leaves, then those of two conditions together, modulo their least common multiple. For a
finite range trying all is the simplest certifying algorithm there is (McConnell, Mehlhorn, Näher, Schweitzer,
*Certifying algorithms*, Computer Science Review 5, 2011): the certificate is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import lcm
from random import Random
from typing import Any

from synth.family import Family, Move, Proposal, Theory, Tree, infix
from synth_kernel.terms import Term

NAMES = ("x", "n", "k", "t", "y", "z")


class ModularSystem(Family):
    """A number is planted that satisfies the conditions; now and then none is, so that there may be no solution.

    `forms` says what the left sides are: 0 the unknown alone, 1 linear, 2 quadratic; one tuple is drawn.
    """

    domain = "number theory"
    kind = "all"
    summary = "all solutions of congruences within a range"
    method = "sieve"
    levels = {  # noqa: RUF012
        1: {"forms": [(0, 0), (0, 1), (0, 1)], "modulus": 10, "factor": 5, "bound": 90},
        2: {"forms": [(1, 1), (1, 0, 0), (2,)], "modulus": 14, "factor": 9, "bound": 160},
        3: {"forms": [(2, 1), (2, 0), (1, 1, 0)], "modulus": 15, "factor": 12, "bound": 220},
        4: {"forms": [(2, 1, 0), (2, 1, 1), (2, 2)], "modulus": 18, "factor": 15, "bound": 400},
        5: {"forms": [(2, 2, 1), (2, 2, 2), (2, 2, 1, 0)], "modulus": 20, "factor": 20, "bound": 840},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        """Draw moduli whose multiple fits, then conditions, until there are few solutions."""
        for _ in range(100):
            forms = rng.sample(forms := rng.choice(level["forms"]), len(forms))
            moduli = [rng.randint(3, level["modulus"]) for _ in forms]
            period = lcm(*moduli)
            idle = len(moduli) > 1 and period in moduli  # a modulus that all others divide
            if len(set(moduli)) < len(moduli) or idle or not 20 <= period <= level["bound"]:
                continue
            name, planted = rng.choice(NAMES), rng.randrange(period)
            fits = rng.random() < 0.9
            conditions, allowed = [], set(range(period))
            for form, modulus in zip(forms, moduli, strict=True):
                side, values = _side(form, name, modulus, level, rng)
                rest = values[planted % modulus] if fits else rng.randrange(modulus)
                if values.count(rest) == modulus:  # says nothing
                    break
                allowed = {value for value in allowed if values[value % modulus] == rest}
                conditions.append(_condition(side, rest, name, modulus, form, rng))
            if len(conditions) < len(forms):
                continue
            bound = period * rng.choice([1, 1, 1, 1, 2]) if 2 * period <= level["bound"] else period
            if len(allowed) * (bound // period) <= 8 and (allowed or rng.random() < 0.2):
                return Proposal(f"solve {name} < {bound}: {'; '.join(conditions)}")
        return None

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"conditions:{len(tree[2]) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        assert isinstance(answer, tuple)
        return ", ".join(map(str, answer[1:])) or "none"

    def sentence(self, move: Move) -> str:
        match move.goal:
            case ("or", ("=", ("mod", name, modulus), _), *_):
                residues = [str(equation[2]) for equation in move.goal[1:]]  # type: ignore[index]
                return f"{name} = {', '.join(residues)} mod {modulus}"
        return "impossible"


def _side(form: int, name: str, modulus: int, level: Mapping[str, Any], rng: Random) -> tuple[Term, list[int]]:
    """Draw a left side, and its values modulo the modulus at 0, 1, 2, …."""
    if form == 0:
        return name, list(range(modulus))
    top = level["factor"]
    a, b = rng.randint(2, top), rng.choice([0, *range(-top, top + 1)])
    if form == 1:
        return _plus(_times(a, name), b), [(a * x + b) % modulus for x in range(modulus)]
    square: Term = ("^", name, 2)
    kind = rng.randrange(4)
    if kind == 0:
        b = b or 1
        a = rng.choice([1, 1, a])
        side = ("+" if b > 0 else "-", _times(a, square), _times(abs(b), name))
        return side, [(a * x * x + b * x) % modulus for x in range(modulus)]
    if kind == 1:
        a = rng.choice([1, 1, a])
        return _plus(_times(a, square), b), [(a * x * x + b) % modulus for x in range(modulus)]
    if kind == 2:
        return ("^", _plus(name, b or 1), 2), [(x + (b or 1)) ** 2 % modulus for x in range(modulus)]
    c = -a if b == a else b
    return ("*", _plus(name, a), _plus(name, c)), [(x + a) * (x + c) % modulus for x in range(modulus)]


def _condition(side: Term, rest: int, name: str, modulus: int, form: int, rng: Random) -> str:
    """Say that a left side has a remainder, in one of several ways."""
    if rest == 0 and rng.random() < 0.6:
        return f"{infix(side)} divisible by {modulus}"
    if rng.random() < (0.6 if form == 0 else 0.25):
        return f"{infix(side)} mod {modulus} is {rest}"
    if form == 0 or rng.random() < 0.5:
        shown = rest if rng.random() < 0.8 else rest - modulus
        return f"{infix(side)} = {infix(shown)} mod {modulus}"
    if form == 2 or rng.random() < 0.4:  # a constant moved over
        return f"{infix(_plus(side, -rest))} divisible by {modulus}"
    shift, more = rest - modulus * rng.randint(0, 1), rng.randint(1, 3)
    return f"{infix(_steeper(side, more))} = {infix(_plus(_times(more, name), shift))} mod {modulus}"


def _steeper(side: Term, more: int) -> Term:
    """Add a multiple of the unknown to a linear term.

    >>> _steeper(("+", ("*", 3, "x"), 4), 2)
    ('+', ('*', 5, 'x'), 4)
    """
    match side:
        case ("*", int(factor), name):
            return ("*", factor + more, name)
        case (sign, inner, last):
            return (sign, _steeper(inner, more), last)
    raise ValueError(f"not linear: {side}")


def _times(factor: int, term: Term) -> Term:
    return term if factor == 1 else ("*", factor, term)


def _plus(term: Term, number: int) -> Term:
    """Add a number of either sign; to a constant that stands last it is added up.

    >>> _plus(("+", "x", 2), -3)
    ('-', 'x', 1)
    """
    match term:
        case ("+", inner, int(last)):
            return _plus(inner, last + number)
        case ("-", inner, int(last)):
            return _plus(inner, number - last)
    return ("+" if number > 0 else "-", term, abs(number)) if number else term
