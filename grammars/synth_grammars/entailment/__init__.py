"""What follows from a few statements, what they exclude and what they leave open, in an open world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, Tree, Worlds, verdict_word
from synth_kernel.terms import Term

NAMES = ("Ann", "Bob", "Cid", "Dot", "Eve", "Fay", "Gus", "Hal", "Ivy", "Jon", "Kit", "Lea")
TRAITS = (
    "tall", "shy", "kind", "rich", "brave", "calm", "clever", "happy", "honest", "hungry", "lazy", "lucky",
    "merry", "polite", "proud", "quick", "quiet", "strong", "tired", "wise",
)  # fmt: skip
COLOURS = ("red", "green", "blue", "white", "black", "yellow", "brown", "pink")

PAIRED = ("implies", "equivalent", "either", "just_one", "not_both")  # of two facts
GROUPED = ("every", "no_one", "some", "more")  # of two kinds
COUNTED = ("exactly", "at_least", "at_most")
HATS = ("same_hat", "other_hat")

VERDICTS = {"strong": ("is_true", "is_false", "is_unknown"), "weak": ("follows", "does_not_follow")}
DRAWS = 40  # sets of premises tried for one question
GOALS = 12  # goals tried for one set of premises
STATEMENTS = 120  # statements drawn for one set of premises


class Entailment(Family):
    """The question and the verdict are chosen first, then the premises and a goal that fit them.

    So every verdict is equally frequent at each level, and for each form of the goal as far as one exists. A goal that
    is settled needs several of the premises; one that is not settled is still narrowed by them.
    """

    domain = "logic"
    kind = "decide"
    summary = "what follows from statements about a few people, in an open world"
    levels = {  # noqa: RUF012
        1: {"worlds": [(2, 2, 0), (4, 1, 0)], "premises": (3, 4), "needed": 2},
        2: {"worlds": [(3, 2, 0), (3, 1, 2), (2, 2, 3)], "premises": (4, 5), "needed": 2},
        3: {"worlds": [(4, 2, 0), (3, 3, 0), (3, 2, 3), (4, 1, 3)], "premises": (5, 6), "needed": 3},
        4: {"worlds": [(5, 2, 0), (3, 4, 0), (4, 2, 2), (4, 1, 4)], "premises": (6, 8), "needed": 3},
        5: {"worlds": [(4, 3, 0), (6, 2, 0), (3, 2, 4), (5, 1, 3), (4, 2, 3)], "premises": (8, 10), "needed": 4},
    }

    def header(self, level: Mapping[str, Any], rng: Random) -> Tree:
        people, traits, colours = rng.choice(level["worlds"])
        parts = [("people", *rng.sample(NAMES, people))]
        if traits:
            parts.append(("traits", *rng.sample(TRAITS, traits)))
        if colours:
            parts.append(("colours", *rng.sample(COLOURS, colours)))
        return ("with_both" if len(parts) == 3 else "with_traits" if traits else "with_hats", *parts)

    def frame(self, header: Tree, clauses: Sequence[Tree]) -> Tree:
        """Join a header and clauses; the last clause is the question."""
        return ("problem", header, ("premises", *clauses[:-1]), clauses[-1])

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        header = self.header(level, rng)
        cast = _Cast(header, rng)
        reading = self.meaning.problem(self.frame(header, [("strong", cast.statement("fact"))]))
        worlds = Worlds(reading.theory.declared)
        mode = rng.choice(("strong", "weak"))
        verdict = rng.choice(VERDICTS[mode])
        form = rng.choice(cast.forms("goal"))
        count = rng.randint(*level["premises"])
        for _ in range(DRAWS):
            premises = self._premises(cast, reading, worlds, count)
            if premises is None:
                continue
            known = worlds.full
            for _, mask in premises:
                known &= mask
            for _ in range(GOALS):
                goal = cast.statement(form)
                where = worlds.of(reading.term(goal))
                if _settled(verdict, known, where) and self._worth(level["needed"], worlds, premises, verdict, where):
                    rng.shuffle(premises)
                    clauses = [*[statement for statement, _ in premises], (mode, goal)]
                    tree = self.frame(header, clauses)
                    answer = {"is_true": "'yes", "follows": "'yes", "is_unknown": "'unknown"}.get(verdict, "'no")
                    return Proposal(self.formal.render(tree), answer)
        return None

    def _premises(self, cast: _Cast, reading: Any, worlds: Worlds, count: int) -> list[tuple[Tree, int]] | None:
        """Draw statements that hold together, each of which says something new, and leave something open."""
        known, found = worlds.full, []
        plain = 0
        for _ in range(STATEMENTS):
            form = cast.rng.choice(cast.forms("premise"))
            if form == "fact" and plain == 1 + count // 5:
                continue
            statement = cast.statement(form)
            mask = worlds.of(reading.term(statement))
            left = known & mask
            if left == known or not left or 4 * mask.bit_count() < worlds.full.bit_count():
                continue
            found.append((statement, mask))
            known = left
            plain += form == "fact"
            if len(found) == count:
                return found if known.bit_count() > 1 else None
        return None

    def _worth(self, needed: int, worlds: Worlds, premises: list[tuple[Tree, int]], verdict: str, where: int) -> bool:
        """Say whether a settled goal needs enough of the premises, and an open one is made more or less likely."""
        known = worlds.full
        for _, mask in premises:
            known &= mask
        share, prior = (known & where).bit_count() * worlds.full.bit_count(), where.bit_count() * known.bit_count()
        if where in (0, worlds.full) or share == prior:
            return False
        if verdict in ("is_unknown", "does_not_follow"):
            return True
        wrong = where if verdict == "is_false" else worlds.full ^ where
        for few in combinations([mask for _, mask in premises], needed - 1):
            rest = wrong
            for mask in few:
                rest &= mask
            if not rest:
                return False
        return True

    def features(self, tree: Tree) -> Iterable[str]:
        header, premises = tree[1], tree[2]
        sizes = {part[0]: len(part) - 1 for part in header[1:]}
        return [*[f"{name}:{size}" for name, size in sizes.items()], f"premises:{len(premises) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        return verdict_word(theory, answer)


def _settled(verdict: str, known: int, where: int) -> bool:
    """Say whether the goal that holds `where` has this verdict in the worlds that are `known` to be possible."""
    always, never = not known & ~where, not known & where
    match verdict:
        case "is_true" | "follows":
            return always
        case "is_false":
            return never
        case "does_not_follow":
            return not always
    return not always and not never


class _Cast:
    """Draws statements about the people of one header."""

    def __init__(self, header: Tree, rng: Random) -> None:
        parts = {str(part[0]): [str(word) for word in part[1:]] for part in header[1:]}
        self.people, self.traits = parts["people"], parts.get("traits", [])
        self.colours, self.rng = parts.get("colours", []), rng

    def forms(self, place: str) -> list[str]:
        """Return the forms that a premise or a goal may have."""
        shown = ["fact", *PAIRED, "exactly"]
        if len(self.people) > 2:
            shown += ["at_least", "at_most"]
        if len(self.traits) + bool(self.colours) > 1:
            shown += GROUPED
        if self.colours:
            shown += HATS
        return [*shown, "both"] if place == "goal" else [*shown, "implies", "either"]

    def statement(self, form: str) -> Tree:
        """Draw a statement of a form."""
        rng = self.rng
        if form == "fact":
            return self._fact(rng.choice(self.people))
        if form in HATS:
            return (form, *rng.sample(self.people, 2))
        if form in COUNTED:
            top = len(self.people) - 1
            low, high = {"exactly": (1, top), "at_least": (2, top), "at_most": (1, top - 1)}[form]
            return (form, str(rng.randint(low, max(low, high))), self._kind(self._subjects()))
        subjects = self._subjects(), self._subjects()
        while subjects[0] == subjects[1] and not (form in (*PAIRED, "both") and len(self.people) > 1):
            subjects = self._subjects(), self._subjects()
        if form in GROUPED:
            return (form, self._kind(subjects[0]), self._kind(subjects[1]))
        one, other = rng.choice(self.people), rng.choice(self.people)
        while one == other and subjects[0] == subjects[1]:
            other = rng.choice(self.people)
        return (form, self._fact(one, subjects[0]), self._fact(other, subjects[1]))

    def _subjects(self) -> str:
        """Draw a trait, or the hat."""
        if self.colours and self.rng.random() < 1 / (1 + len(self.traits) / 2):
            return "hat"
        return self.rng.choice(self.traits)

    def _fact(self, who: str, subject: str = "") -> Tree:
        subject = subject or self._subjects()
        plain = self.rng.random() < 0.6
        if subject == "hat":
            return ("wears" if plain else "wears_not", who, self.rng.choice(self.colours))
        return ("has" if plain else "lacks", who, subject)

    def _kind(self, subject: str) -> Tree:
        plain = self.rng.random() < 0.65
        if subject == "hat":
            return ("wearing" if plain else "not_wearing", self.rng.choice(self.colours))
        return ("being" if plain else "not_being", subject)
