"""What follows from linear inequalities over the rationals, what they exclude and what they leave open.

A "yes" has multipliers of Farkas' lemma as its witness, a "no" a point (McConnell, Mehlhorn, Näher, Schweitzer,
*Certifying algorithms*, 2011, section 5, on linear programming).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import gcd
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, Tree, greatest, infix, support, verdict_word
from synth_kernel.terms import Term, number

NAMES = ("x", "y", "z", "w")
VERDICTS = {"strong": ("yes", "no", "unknown"), "weak": ("yes", "no")}
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
DRAWS = 60  # systems tried for one question
GOALS = 6  # goals tried for one system

Coefficients = dict[str, int]  # of the unknowns, none 0
Bound = tuple[Coefficients, str, int]  # Σ coefficients, relation, number


class LinearInequalities(Family):
    """Mode and verdict are chosen first, then a system around a point and a bound on a combination of its premises.

    The bound is on, just above or just below the greatest value that the premises allow, so that a guess from the size
    of the numbers does not pay. A verdict that is settled needs several of the premises.
    """

    domain = "algebra"
    kind = "decide"
    summary = "what follows from linear inequalities over the rationals"
    levels = {  # noqa: RUF012
        1: {"unknowns": 2, "premises": 2, "factor": 3, "needed": 2, "moved": 0.0},
        2: {"unknowns": 2, "premises": 3, "factor": 5, "needed": 2, "moved": 0.2},
        3: {"unknowns": 3, "premises": 4, "factor": 5, "needed": 2, "moved": 0.3},
        4: {"unknowns": 3, "premises": 5, "factor": 7, "needed": 3, "moved": 0.4},
        5: {"unknowns": 4, "premises": 6, "factor": 7, "needed": 3, "moved": 0.5},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        names = NAMES[: level["unknowns"]]
        declared = dict.fromkeys(names, "Rational")
        mode = rng.choice(("strong", "weak"))
        verdict = rng.choice(VERDICTS[mode])
        for _ in range(DRAWS):
            premises = _system(names, level, rng)
            terms = [_term(bound) for bound in premises]
            for _ in range(GOALS):
                goal = _goal(declared, premises, terms, level, rng)
                if goal is None:
                    break
                if mode == "weak" and rng.random() < 0.1 and goal[1] in ("<=", ">="):
                    goal = goal[0], "=", goal[2]
                if _fits(declared, terms, _term(goal), (mode, verdict), level["needed"]):
                    shown = [_shown(bound, level["moved"], rng) for bound in premises]
                    asked = f"{'decide' if mode == 'strong' else 'follows'}: {_shown(goal, level['moved'], rng)}"
                    text = f"numbers {', '.join(names)} given: {'; '.join(shown)}. {asked}"
                    return Proposal(text, f"'{verdict}")
        return None

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"unknowns:{len(tree[1]) - 1}", f"premises:{len(tree[2]) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        return verdict_word(theory, answer)


def _system(names: Sequence[str], level: Mapping[str, Any], rng: Random) -> list[Bound]:
    """Draw bounds that a point satisfies, each on other coefficients, so that the premises are consistent."""
    centre = {name: rng.randint(-6, 6) for name in names}
    found: list[Bound] = []
    while len(found) < level["premises"]:
        few = min(len(names), 3)
        used = sorted(rng.sample(names, rng.choice([1, *range(2, few + 1), few])), key=names.index)
        form = {name: rng.choice((1, 1, *range(1, level["factor"] + 1))) * rng.choice((1, -1)) for name in used}
        if gcd(*form.values()) > 1 or any(form.items() <= other.items() for other, _, _ in found):
            continue
        value = sum(factor * centre[name] for name, factor in form.items())
        slack = rng.randint(0, 7)
        relation = rng.choice(("<=", "<=", "<", ">=", ">=", ">"))
        if rng.random() < 0.08 and len(found) + 1 < level["premises"]:
            found.append((form, "=", value))
        else:
            slack = max(slack, len(relation) == 1)
            found.append((form, relation, value + slack if relation[0] == "<" else value - slack))
    return found


def _goal(
    declared: Mapping[str, Term],
    premises: Sequence[Bound],
    terms: Sequence[Term],
    level: Mapping[str, Any],
    rng: Random,
) -> Bound | None:
    """Bound a positive combination of some premises near the greatest value that all of them allow."""
    used = rng.sample(premises, min(len(premises), rng.choice((level["needed"], level["needed"] + 1))))
    total = dict.fromkeys(declared, 0)
    for form, relation, _ in used:
        sign = -1 if relation[0] == ">" else rng.choice((1, -1)) if relation == "=" else 1
        times = rng.choice((1, 1, 1, 2, 2, 3))
        for name, factor in form.items():
            total[name] += sign * times * factor
    shared = gcd(*total.values())
    form = {name: factor // (shared or 1) for name, factor in total.items() if factor}
    best = greatest(declared, terms, form) if form else None
    if best is None or max(map(abs, form.values())) > 12:
        return None
    top = best[0]
    scale = top.denominator
    if scale > 6:
        return None
    form, edge = {name: factor * scale for name, factor in form.items()}, int(top * scale)
    relation = rng.choice(("<=", "<", ">", ">="))
    bound = edge + rng.choice((0, 0, 0, 1, -1, -1, 2, -2, rng.randint(-9, 4)))
    if rng.random() < 0.5:  # the same, seen from below
        form, bound = {name: -factor for name, factor in form.items()}, -bound
        relation = relation.translate(str.maketrans("<>", "><"))
    shared = gcd(bound, *form.values())
    return {name: factor // shared for name, factor in form.items()}, relation, bound // shared


def _fits(
    declared: Mapping[str, Term], terms: Sequence[Term], goal: Term, wanted: tuple[str, str], needed: int
) -> bool:
    """Say whether the goal has this verdict, and whether that needs as many premises where it is settled."""
    mode, verdict = wanted
    yes = support(declared, terms, goal)
    denied: Term = (OPPOSITE.get(str(goal[0]), ""), *goal[1:])  # type: ignore[index]
    no = support(declared, terms, denied) if mode == "strong" and yes is None else None
    found = "yes" if yes is not None else "no" if no is not None or mode == "weak" else "unknown"
    if found != verdict:
        return False
    used, fact = (yes, goal) if yes is not None else (no, denied)
    if used is None:
        return True
    return len(used) >= needed and all(support(declared, [term], fact) is None for term in terms)


def _term(bound: Bound) -> Term:
    form, relation, value = bound
    return (relation, ("+", *[("*", factor, name) for name, factor in form.items()]), value)


def _shown(bound: Bound, moved: float, rng: Random) -> str:
    """Write a bound with some of its terms on the right; where all share a divisor with the number, as fractions."""
    form, relation, value = bound
    if relation != "=" and rng.random() < 0.25 and all(factor < 0 for factor in form.values()):
        form, value = {name: -factor for name, factor in form.items()}, -value
        relation = relation.translate(str.maketrans("<>", "><"))
    names = list(form)
    away = [name for name in names[1:] if rng.random() < moved]
    divisor = gcd(*form.values()) if not away else 1
    shown = {name: factor // divisor for name, factor in form.items() if name not in away}
    right = {name: -form[name] for name in away}
    constant = number(Fraction(value, divisor))
    left_over = 0
    if moved and type(constant) is int and rng.random() < moved / 2:
        left_over = rng.choice((-3, -2, -1, 1, 2, 3, 4))
    return f"{_side(shown, left_over)} {relation} {_side(right, constant + left_over)}"


def _side(form: Mapping[str, int], constant: int | Fraction) -> str:
    """Write a sum, the number last."""
    parts: list[tuple[int | Fraction, Term]] = [
        (factor, name if abs(factor) == 1 else ("*", abs(factor), name)) for name, factor in form.items()
    ]
    if constant or not parts:
        parts.append((constant, abs(constant)))
    sign, total = parts[0]
    total = ("-", total) if sign < 0 else total
    for sign, part in parts[1:]:
        total = ("-" if sign < 0 else "+", total, part)
    return infix(total)
