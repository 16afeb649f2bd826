"""Random walks on a few places: expected times until a goal, or chances of one goal before another.

The values of all places solve one linear equation each, got from the first move (Kemeny and Snell, *Finite Markov
Chains*, 1960, chapter 3). Where a goal can be reached from every place the system has one solution, and that is the
vector of expectations; where it cannot, the system has none or many, and the problem is refused. A left inverse shows
that the solution is the only one (McConnell, Mehlhorn, Näher, Schweitzer, *Certifying algorithms*, Computer Science
Review 5, 2011, section 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any

from synth.family import Family, Move, Proposal, Theory, Tree, bindings, infix, solve
from synth_kernel.terms import Term

NAMES = ("B", "C", "D", "E", "F", "G", "H", "K", "L", "M", "P", "Q", "R", "S", "T", "W")
LARGEST = 10_000  # numerator or denominator of a value; larger ones are drawn again


class MarkovExpectation(Family):
    """Places with a rule each; `rules` weighs equal choice, listed probabilities and a die."""

    domain = "probability"
    kind = "find"
    summary = "expected times and chances of random walks on a few places"
    method = "elimination"
    levels = {  # noqa: RUF012
        1: {"places": 2, "parts": [5, 6, 7, 8, 9, 10, 12, 15, 20], "rules": [1, 12, 2], "chance": 0.2},
        2: {"places": 3, "parts": [2, 3, 4, 5], "rules": [2, 3, 2], "chance": 0.3},
        3: {"places": 4, "parts": [2, 3, 4], "rules": [3, 2, 1], "chance": 0.3},
        4: {"places": 5, "parts": [2, 3, 4, 6], "rules": [3, 2, 1], "chance": 0.4},
        5: {"places": 6, "parts": [2, 3, 4, 5, 6], "rules": [2, 2, 1], "chance": 0.4},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        """Draw rules until the system has one solution with numbers of moderate size."""
        for _ in range(60):
            chance = rng.random() < level["chance"]
            names = rng.sample(NAMES, level["places"] + 1 + chance)
            goals, places = names[: 1 + chance], sorted(names[1 + chance :])
            rules = [_rule(place, places, goals, level, rng) for place in places]
            goal: Tree = ("chance", *goals) if chance else ("time", *goals)
            formal = self.formal.render(("problem", goal, ("rules", *rules)))
            theory = self.problem(formal)[1].theory
            values = solve(theory.clauses, places)
            if values is None or any(max(v.numerator, v.denominator) > LARGEST for v in values.values()):
                continue
            if not chance or all(0 < value < 1 for value in values.values()):
                return Proposal(formal, ("model", *[("=", place, values[place]) for place in places]))
        return None

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"places:{len(tree[2]) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        return ", ".join(f"{name} = {infix(value)}" for name, value in bindings(answer).items())

    def sentence(self, move: Move) -> str:
        return infix(move.goal)


def _rule(place: str, places: Sequence[str], goals: Sequence[str], level: Mapping[str, Any], rng: Random) -> Tree:
    """Draw what happens at a place: two or three targets, goals a little likelier than other places."""
    others = [other for other in places if other != place]
    candidates = others + [goal for goal in goals for _ in range(2)]
    targets: list[str] = []
    wanted = rng.choice([2, 2, 3])
    while len(targets) < min(wanted, len(set(candidates))):
        target = rng.choice(candidates)
        if target not in targets:
            targets.append(target)
    kind = rng.choices(["equally", "weighted", "thrown"], level["rules"])[0]
    if kind == "equally" and len(targets) > 1:
        return ("equally", place, ("targets", *[("place", target) for target in targets]))
    stays = rng.random() < (0.4 if others[1:] else 0.75) or len(targets) == 1
    targets = targets[: 2 if stays else 3]
    parts = len(targets) + stays
    if kind == "thrown":
        shown = [("faces", str(share), ("place", target)) for share, target in
                 zip(_cut(6, parts, rng), targets, strict=False)]  # fmt: skip
        rest = 6 - sum(int(str(share[1])) for share in shown)
        return ("thrown", place, ("shares", *shown, *([("faces_stay", str(rest))] if stays else [])))
    whole = rng.choice([total for total in level["parts"] if total >= parts])
    shares = [Fraction(share, whole) for share in _cut(whole, parts, rng)]
    written: list[Tree] = [("fraction", str(share.numerator), str(share.denominator)) for share in shares]
    branches: list[Tree] = [("goes", p, ("place", target)) for p, target in zip(written, targets, strict=False)]
    return ("weighted", place, ("branches", *branches, *([("stays", written[-1])] if stays else [])))


def _cut(total: int, parts: int, rng: Random) -> list[int]:
    """Cut a whole number into positive parts."""
    cuts = sorted(rng.sample(range(1, total), parts - 1))
    return [high - low for low, high in zip([0, *cuts], [*cuts, total], strict=True)]
