"""Syllogisms: what follows from two or three statements about all, no or some members of groups, in an open world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, Tree
from synth_kernel.terms import Term

NAMES = ("Ann", "Bob", "Cid", "Dot", "Eve", "Fay", "Gus", "Hal", "Ivy", "Jon", "Kit", "Lea")
GROUPS = (
    "actors", "archers", "bakers", "bankers", "barbers", "climbers", "cooks", "cyclists", "dancers", "divers",
    "doctors", "drummers", "farmers", "gardeners", "golfers", "hikers", "jugglers", "lawyers", "nurses", "painters",
    "pianists", "pilots", "plumbers", "poets", "sailors", "singers", "skaters", "swimmers", "tailors", "teachers",
)  # fmt: skip

CATEGORICAL = ("every", "none", "some", "some_not")
SINGULAR = ("is_one", "is_one", "is_not_one", "is_not_one", "some", "some_not")  # goals where a premise is about one
OPPOSITE = {
    "every": "some_not", "some_not": "every", "none": "some", "some": "none",
    "is_one": "is_not_one", "is_not_one": "is_one",
}  # fmt: skip
VERDICTS = {"strong": ("is_true", "is_false", "is_unknown"), "weak": ("follows", "does_not_follow")}
ANSWERS = {"is_true": "'yes", "follows": "'yes", "is_unknown": "'unknown"}  # of the others: 'no
DRAWS = 400  # sets of premises tried for one question
REWIRINGS = 60  # tried for one settled question


class Syllogism(Family):
    """The verdict and the form of the goal are chosen first, then premises that settle the goal.

    An open question is a settled one whose groups are exchanged until it is open: so open and settled questions have
    the same forms of statements, and the forms alone do not tell them apart.
    """

    domain = "logic"
    kind = "decide"
    summary = "what follows from two or three categorical statements, in an open world"
    levels = {  # noqa: RUF012
        1: {"premises": (2, 3, 3, 3), "needed": 2, "others": 0.1, "compound": 0.0},
        2: {"premises": (3,), "needed": 2, "others": 0.3, "compound": 0.1},
        3: {"premises": (3,), "needed": 3, "others": 0.15, "compound": 0.1},
        4: {"premises": (3,), "needed": 3, "others": 0.35, "compound": 0.2},
        5: {"premises": (3,), "needed": 3, "others": 0.4, "compound": 0.5},
    }

    def frame(self, header: Tree, clauses: Sequence[Tree]) -> Tree:
        """Join a header and clauses; the last clause is the question."""
        return ("problem", header, ("premises", *clauses[:-1]), clauses[-1])

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        mode = rng.choice(("strong", "weak"))
        verdict = rng.choice(VERDICTS[mode])
        named = rng.random() < 0.35
        settling = rng.choice(SINGULAR if named else CATEGORICAL)
        goal_form = OPPOSITE[settling] if verdict == "is_false" else settling
        for _ in range(DRAWS):
            count = rng.choice(level["premises"])
            town = _Town.draw(count + 1 - named, named, rng)
            premises = town.premises(count, level, rng)
            if premises is None:
                continue
            goal = town.settled(premises, settling, level["needed"], rng)
            if goal is None:
                continue
            if verdict == "is_false":
                goal = (goal_form, *goal[1:])
            elif verdict in ("is_unknown", "does_not_follow"):
                found = town.rewired(premises, goal, verdict == "is_unknown", rng)
                if found is None:
                    continue
                premises, goal = found
            rng.shuffle(premises)
            tree = self.frame(town.header(), [*premises, (mode, goal)])
            return Proposal(self.formal.render(tree), ANSWERS.get(verdict, "'no"))
        return None

    def features(self, tree: Tree) -> Iterable[str]:
        header, premises = tree[1], tree[2]
        return [f"groups:{len(header[1]) - 1}", f"premises:{len(premises) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        strong = theory.ask[2] == "'strong"  # type: ignore[index]
        words = {"'yes": ("yes", "true"), "'no": ("no", "false"), "'unknown": ("unknown", "unknown")}
        return words[str(answer)][strong]


@dataclass(frozen=True)
class _Town:
    """Groups and names. People of a *type* are in the same groups; a kind is the set of its types, one bit for each.

    Universal statements say which types there are not. The others say that somebody is of one of some types, and what
    holds of all the types which he may have, holds of somebody. This decides everything that can be asked here.
    """

    groups: tuple[str, ...]
    names: tuple[str, ...]
    may_be_empty: bool

    @classmethod
    def draw(cls, groups: int, named: bool, rng: Random) -> _Town:
        return cls(tuple(rng.sample(GROUPS, groups)), tuple(rng.sample(NAMES, 1)) if named else (), rng.random() < 0.5)

    def header(self) -> Tree:
        convention = ("may_be_empty",) if self.may_be_empty else ("not_empty",)
        groups = ("groups", *self.groups)
        return ("named", groups, *self.names, convention) if self.names else ("unnamed", groups, convention)

    # ---- drawing ----------------------------------------------------------------------------------------------

    def premises(self, count: int, level: Mapping[str, Any], rng: Random) -> list[Tree] | None:
        """Draw statements along a chain of all groups, the first one about the name if there is one."""
        found: list[Tree] = []
        chain = rng.sample(self.groups, len(self.groups))
        for place in range(count):
            if self.names and place == 0:
                found.append((rng.choice(("is_one", "is_not_one")), self.names[0], chain[0]))
                continue
            first = place - len(self.names)
            found.append(self.statement(rng.sample(chain[first : first + 2], 2), level, rng))
        return found if self.known(found).consistent else None

    def statement(self, pair: Sequence[str], level: Mapping[str, Any], rng: Random) -> Tree:
        """Draw a categorical statement about two groups, and perhaps a third one."""
        form = rng.choice(CATEGORICAL)
        one, other = pair
        subject: Tree = ("others" if rng.random() < level["others"] else "members", one)
        if rng.random() < level["compound"]:
            third = rng.choice([group for group in self.groups if group not in pair])
            subject = (rng.choice(("both", "but_not")), one, third)
        plain = form in ("none", "some_not") or rng.random() >= level["others"]  # not two negations in one statement
        return (form, subject, ("members" if plain else "others", other))

    def settled(self, premises: list[Tree], form: str, needed: int, rng: Random) -> Tree | None:
        """Return a goal of a form that follows from the premises, but from no `needed` - 1 of them."""
        pairs = list(combinations(self.groups, 2))
        goals: list[Tree] = [(form, ("members", a), ("members", b)) for x, y in pairs for a, b in ((x, y), (y, x))]
        if form in ("is_one", "is_not_one"):
            goals = [(form, name, group) for name in self.names for group in self.groups]
        rng.shuffle(goals)
        known = self.known(premises)
        fewer = [self.known(few) for few in combinations(premises, needed - 1)]
        for goal in goals:
            if self.follows(known, goal) and not any(self.follows(few, goal) for few in fewer):
                return goal
        return None

    def rewired(self, premises: list[Tree], goal: Tree, open_: bool, rng: Random) -> tuple[list[Tree], Tree] | None:
        """Exchange groups in each statement until the goal does not follow, and is not excluded if it must be open."""
        for _ in range(REWIRINGS):
            changed = [_renamed(each, self.groups, rng.sample(self.groups, len(self.groups))) for each in premises]
            used = {word for statement in changed for word in _words(statement)}
            if len(set(map(str, changed))) < len(changed) or not used >= set(_words(goal)):
                continue
            known = self.known(changed)
            if not known.consistent or self.follows(known, goal):
                continue
            if not open_ or not self.follows(known, (OPPOSITE[str(goal[0])], *goal[1:])):
                return changed, goal
        return None

    # ---- deciding ---------------------------------------------------------------------------------------------

    def types(self, kind: Tree) -> int:
        """Return the types of a kind as a set of bits."""
        every, sets = _types(len(self.groups))
        first, second = [sets[self.groups.index(str(group))] for group in (kind[1], kind[-1])]
        match kind[0]:
            case "members":
                return first
            case "others":
                return every & ~first
        return first & (second if kind[0] == "both" else ~second)

    def said(self, statement: Tree) -> tuple[str, int]:
        """Return what a statement says: "none", "some" or the name of one, and of which types."""
        form = str(statement[0])
        if form in ("is_one", "is_not_one"):
            return str(statement[1]), self.types(("members" if form == "is_one" else "others", statement[2]))
        first, second = self.types(statement[1]), self.types(statement[2])  # type: ignore[arg-type]
        types = first & (second if form in ("none", "some") else ~second)
        return "none" if form in ("none", "every") else "some", types

    def known(self, premises: Sequence[Tree]) -> _Known:
        """Return what the premises say."""
        said = list(map(self.said, premises))
        every, sets = _types(len(self.groups))
        possible = every
        for who, types in said:
            possible &= ~types if who == "none" else every
        named = dict.fromkeys(self.names, possible)
        for who, types in said:
            if who in named:
                named[who] &= types
        some = [types & possible for who, types in said if who == "some"]
        some += [] if self.may_be_empty else [types & possible for types in sets]
        return _Known(possible, [possible, *some, *named.values()], named)

    def follows(self, known: _Known, goal: Tree) -> bool:
        """Say whether a goal follows from what is known, where that is consistent."""
        who, types = self.said(goal)
        if who == "none":
            return not known.possible & types
        return any(not each & ~types for each in ([known.named[who]] if who in known.named else known.some))


@dataclass(frozen=True)
class _Known:
    """The types there may be, sets of types of each of which there is somebody, and the types of each name."""

    possible: int
    some: list[int]
    named: Mapping[str, int]

    @property
    def consistent(self) -> bool:
        return all(self.some)


@cache
def _types(groups: int) -> tuple[int, list[int]]:
    """Return all types of so many groups, and those of each group."""
    every = range(1 << groups)
    return (1 << len(every)) - 1, [sum(1 << t for t in every if t >> place & 1) for place in range(groups)]


def _words(statement: Tree) -> list[str]:
    """Return the names and groups in a statement."""
    return [word for part in statement[1:] for word in (part[1:] if isinstance(part, tuple) else (part,))]  # type: ignore[misc]


def _renamed(statement: Tree, groups: Sequence[str], others: Sequence[str]) -> Tree:
    """Put other groups for the groups of a statement."""
    to = dict(zip(groups, others, strict=True))
    parts = [
        _renamed(part, groups, others) if isinstance(part, tuple) else to.get(part, part) for part in statement[1:]
    ]
    return (statement[0], *parts)
