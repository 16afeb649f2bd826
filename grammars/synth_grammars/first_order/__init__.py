"""What follows from statements about everybody and somebody: the class ∃*∀* over people of any number.

A statement that follows is proved by a refutation of instances, one that does not by a countermodel (Bernays and
Schönfinkel, *Mathematische Annalen* 99, 1928).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from synth.family import Entailments, Family, Proposal, Theory, Tree, verdict_word
from synth_kernel.terms import Term

NAMES = ("Ann", "Bob", "Cid", "Dot", "Eve", "Fay", "Gus", "Hal", "Ivy", "Jon", "Kit", "Lea")
TRAITS = (
    "tall", "shy", "kind", "rich", "brave", "calm", "clever", "honest", "lazy", "lucky", "merry", "polite", "proud",
    "quick", "quiet", "strong", "tired", "wise",
)  # fmt: skip
ROLES = (
    "fan", "critic", "client", "guest", "helper", "supporter", "follower", "debtor", "mentor", "pupil",
)  # fmt: skip

UNARY = ("fact", "fact", "implies", "either", "every", "every", "no_one", "some", "everybody", "somebody")
BINARY = (
    *UNARY, "every", "all_to_all", "none_to_any", "some_to_all", "some_to_none", "some_to_some", "mutual", "chained",
    "includes",
)  # fmt: skip
COSTLY = ("some", "somebody", "some_to_all", "some_to_none", "some_to_some", "chained")  # of them at most AT_MOST
BESIDE = ("fact", "implies", "either", *COSTLY[:-1])  # of little use to a goal that only rules can settle
GOALS = ("fact", "fact", "implies", "every", "no_one", "some", "somebody")  # of which the negation is in the class too
VERDICTS = {"strong": ("is_true", "is_false", "is_unknown"), "weak": ("follows", "does_not_follow")}
ANSWERS = {"is_true": "'yes", "follows": "'yes", "is_unknown": "'unknown"}  # of the others: 'no
DRAWS = 400  # models and pools tried for one question
STATEMENTS = 30  # drawn for a true one of some form
TWINS = 4  # statements tried in the place of one that is needed
TRIED = 12  # goals tried with one pool
THINNED = 4  # ways tried to leave out statements until more of the others are needed
AT_MOST = (1, 1, 2)  # statements of a pool that make many instances, because there is somebody or of three people
BESIDE_RULES = 0.6  # of the statements that are of little use are left out where only rules settle a goal
STRANGERS = 2  # people of the planted model without a name


class FirstOrder(Family):
    """A model is planted, and a pool of statements true in it is drawn; of those that settle a goal few are needed.

    So premises never contradict each other. An open question is a settled one, one of whose needed premises is drawn
    anew in the same form until the goal is open: so its statements have the forms of a settled one.
    """

    domain = "logic"
    kind = "decide"
    summary = "what follows from statements about everybody and somebody, among any number of people"
    levels = {  # noqa: RUF012
        1: {"worlds": [(2, 2, 0), (2, 3, 0), (3, 2, 0)], "pool": 8, "needed": (2, 3), "spare": 1},
        2: {"worlds": [(2, 3, 0), (2, 4, 0), (2, 2, 1)], "pool": 10, "needed": (2, 3), "spare": 2},
        3: {"worlds": [(2, 3, 1), (3, 2, 1)], "pool": 14, "needed": (3, 4), "spare": 1},
        4: {"worlds": [(3, 3, 1), (2, 4, 1), (2, 2, 2)], "pool": 16, "needed": (3, 4), "spare": 2},
        5: {"worlds": [(3, 4, 1), (2, 3, 2)], "pool": 18, "needed": (4, 6), "spare": 2},
    }

    def header(self, level: Mapping[str, Any], rng: Random) -> Tree:
        people, traits, roles = rng.choice(level["worlds"])
        parts = [("names", *rng.sample(NAMES, people)), ("traits", *rng.sample(TRAITS, traits))]
        if roles:
            parts.append(("roles", *rng.sample(ROLES, roles)))
        return ("with_both" if roles else "with_traits", *parts)

    def frame(self, header: Tree, clauses: Sequence[Tree]) -> Tree:
        """Join a header and clauses; the last clause is the question."""
        return ("problem", header, ("premises", *clauses[:-1]), clauses[-1])

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        mode = rng.choice(("strong", "weak"))
        verdict = rng.choice(VERDICTS[mode])
        form = rng.choice(GOALS)
        is_open = verdict in ("is_unknown", "does_not_follow")
        for _ in range(DRAWS):
            false = verdict == "is_false" or (is_open and rng.random() < 0.5)
            cast = _Cast(self.header(level, rng), rng)
            found = self.question(cast, form, false, is_open, level)
            if found is not None:
                premises, goal = found
                rng.shuffle(premises)
                tree = self.frame(cast.header, [*premises, (mode, goal)])
                return Proposal(self.formal.render(tree), ANSWERS.get(verdict, "'no"))
        return None

    def question(
        self, cast: _Cast, form: str, false: bool, is_open: bool, level: Mapping[str, Any]
    ) -> tuple[list[Tree], Tree] | None:
        """Return statements of a pool that settle a goal, or barely do not if it is open, and that goal."""
        goals = cast.several(form, not false, TRIED)
        if not goals:
            return None
        by_rules = form in (("some", "somebody") if false else ("every", "no_one"))
        pool = cast.pool(level["pool"], by_rules)
        goals = [goal for goal in goals if goal not in pool]
        fact: Tree = ("has", cast.people[0], cast.traits[0])
        reading = self.meaning.problem(self.frame(cast.header, [fact, fact, ("strong", fact)]))

        def entailments(premises: Sequence[Tree], goals: Sequence[Tree]) -> Entailments:
            wanted = [("not", term) if false else term for term in map(reading.term, goals)]
            return Entailments(reading.theory.declared, [*map(reading.term, premises)], wanted)

        found = entailments(pool, goals)
        for place, goal in enumerate(goals):
            needed = self._needed(found, place, len(pool), level, cast.rng)
            if needed is None:
                continue
            spare = [each for number, each in enumerate(pool) if number not in needed][: level["spare"]]
            premises = [*[pool[number] for number in needed], *spare]
            if not is_open:
                return premises, goal
            twins = [(old, twin) for old in range(len(needed)) for twin in cast.twins(premises[old], premises, goal)]
            cast.rng.shuffle(twins)
            opened = entailments([*premises, *[twin for _, twin in twins]], [goal])
            for number, (old, twin) in enumerate(twins, len(premises)):
                kept = [each for each in range(len(premises)) if each != old]
                if opened.needed(0, [*kept, number]) is None:  # and the planted model excludes the contrary
                    return [*[premises[each] for each in kept], twin], goal
        return None

    @staticmethod
    def _needed(found: Entailments, goal: int, size: int, level: Mapping[str, Any], rng: Random) -> list[int] | None:
        """Return as many needed premises as the level asks for; where there are fewer, try without one of them."""
        low, high = level["needed"]
        for _ in range(THINNED):
            among = rng.sample(range(size), size)
            while (needed := found.needed(goal, among)) is not None and len(needed) < low:
                among.remove(rng.choice(needed) if needed else among[0])
            if needed is not None and len(needed) <= high:
                return needed
            if len(among) == size:  # not even all of them
                break
        return None

    def features(self, tree: Tree) -> Iterable[str]:
        header, premises = tree[1], tree[2]
        sizes = {part[0]: len(part) - 1 for part in header[1:]}
        return [*[f"{name}:{size}" for name, size in sizes.items()], f"premises:{len(premises) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        return verdict_word(theory, answer)


class _Cast:
    """The people, traits and roles of one header, a planted model of theirs, and what is drawn about them.

    A set of members is an integer, one bit for each; a relation is a list of such sets, one for each member.
    """

    def __init__(self, header: Tree, rng: Random) -> None:
        parts = {str(part[0]): [str(word) for word in part[1:]] for part in header[1:]}
        self.people, self.traits, self.roles = parts["names"], parts["traits"], parts.get("roles", [])
        self.header, self.rng = header, rng
        self.members = range(len(self.people) + STRANGERS)
        self.every = (1 << len(self.members)) - 1
        self.who = {name: place for place, name in enumerate(self.people)}
        self.sets = {trait: rng.getrandbits(len(self.members)) for trait in self.traits}
        self.rows = {role: self._relation() for role in self.roles}

    def _relation(self) -> list[int]:
        """Draw a relation, now and then a symmetric or a transitive one."""
        rows = [self.rng.getrandbits(len(self.members)) for _ in self.members]
        chance = self.rng.random()
        if chance < 0.3:
            return [sum(1 << z for z in self.members if (rows[min(x, z)] >> max(x, z)) & 1) for x in self.members]
        if chance < 0.6:
            rows = [row & self.rng.getrandbits(len(self.members)) for row in rows]
            for y in self.members:  # Warshall
                rows = [row | rows[y] if row >> y & 1 else row for row in rows]
        return rows

    # ---- drawing ----------------------------------------------------------------------------------------------

    def pool(self, size: int, by_rules: bool) -> list[Tree]:
        """Draw statements that are true in the planted model, perhaps mostly rules."""
        found: list[Tree] = []
        most = self.rng.choice(AT_MOST)
        while len(found) < size:
            form = self.rng.choice(BINARY if self.roles else UNARY)
            if by_rules and form in BESIDE and self.rng.random() < BESIDE_RULES:
                continue
            if form in COSTLY and sum(each[0] in COSTLY for each in found) >= most:
                continue
            found += [each for each in self.several(form, True, 1) if each not in found]
        return found

    def several(self, form: str, true: bool, count: int) -> list[Tree]:
        """Draw different statements of a form that are true, or false, in the planted model; perhaps fewer."""
        found: list[Tree] = []
        for _ in range(STATEMENTS):
            drawn = self._statement(form)
            if self.true(drawn) is true and drawn not in found:
                found.append(drawn)
            if len(found) == count:
                break
        return found

    def twins(self, statement: Tree, others: Sequence[Tree], goal: Tree) -> list[Tree]:
        """Draw true statements that differ from a true one only in their words."""
        found: list[Tree] = []
        for _ in range(STATEMENTS):
            drawn = self._renamed(statement)
            if drawn not in (*others, *found, goal) and _sensible(drawn) and self.true(drawn):
                found.append(drawn)
            if len(found) == TWINS:
                break
        return found

    def _renamed(self, statement: Tree) -> Tree:
        """Draw new words for a statement."""
        lists = (self.people, self.traits, self.roles)
        parts: list[Tree | str] = []
        for part in statement[1:]:
            if isinstance(part, tuple):
                parts.append(self._renamed(part))
            else:
                parts.append(self.rng.choice(next(words for words in lists if part in words)))
        return (statement[0], *parts)

    def _statement(self, form: str) -> Tree:
        """Draw a statement of a form that says something."""
        rng = self.rng
        while True:
            match form:
                case "fact":
                    drawn = self._fact()
                case "implies" | "either":
                    drawn = (form, self._fact(), self._fact())
                case "everybody" | "somebody":
                    drawn = (form, self._kind())
                case "mutual" | "chained":
                    drawn = (form, rng.choice(self.roles))
                case "includes":
                    drawn = (form, rng.choice(self.roles), rng.choice(self.roles))
                    if len(self.roles) < 2:
                        drawn = ("mutual", *self.roles)
                case "every" | "no_one" | "some":
                    drawn = (form, self._kind(), self._kind())
                case _:
                    drawn = (form, self._kind(), rng.choice(self.roles), self._kind())
            if _sensible(drawn):
                return drawn

    def _fact(self) -> Tree:
        rng = self.rng
        plain = rng.random() < 0.6
        if self.roles and rng.random() < 0.4:
            one, other = rng.sample(self.people, 2)
            return ("is_to" if plain else "is_not_to", one, rng.choice(self.roles), other)
        return ("has" if plain else "lacks", rng.choice(self.people), rng.choice(self.traits))

    def _kind(self) -> Tree:
        rng = self.rng
        if self.roles and rng.random() < 0.35:
            return (rng.choice(("to", "to", "not_to", "whose")), rng.choice(self.roles), rng.choice(self.people))
        return ("being" if rng.random() < 0.65 else "not_being", rng.choice(self.traits))

    # ---- the planted model ------------------------------------------------------------------------------------

    def true(self, statement: Tree) -> bool:
        """Say whether a statement is true in the planted model."""
        form, said, words = str(statement[0]), _trees(statement), _words(statement)
        match form:
            case "implies":
                return self.true(said[1]) or not self.true(said[0])
            case "either":
                return any(map(self.true, said))
            case "has" | "lacks":
                who, trait = words
                return bool(self.sets[trait] >> self.who[who] & 1) is (form == "has")
            case "is_to" | "is_not_to":
                who, role, whom = words
                return bool(self.rows[role][self.who[who]] >> self.who[whom] & 1) is (form == "is_to")
            case "mutual" | "chained" | "includes":
                return self._true_of_roles(form, [self.rows[role] for role in words])
        kept = [self._kept(kind) for kind in said]
        if words:
            rows = [row for x, row in enumerate(self.rows[words[0]]) if kept[0] >> x & 1]
            return self._true_of_pairs(form, rows, kept[1])
        match form:
            case "everybody":
                return kept[0] == self.every
            case "somebody":
                return kept[0] > 0
            case "every":
                return not kept[0] & ~kept[1]
        return (kept[0] & kept[1] > 0) is (form == "some")

    def _true_of_roles(self, form: str, relations: Sequence[list[int]]) -> bool:
        """Say whether a relation is symmetric or transitive, or whether the second one includes the first."""
        rows, others = relations[0], relations[-1]
        if form == "mutual":
            others = [sum(1 << z for z in self.members if rows[z] >> x & 1) for x in self.members]
        elif form == "chained":
            rows = [0] * len(others)
            for x, row in enumerate(others):
                for y in self.members:
                    rows[x] |= others[y] if row >> y & 1 else 0
        return not any(row & ~other for row, other in zip(rows, others, strict=True))

    def _true_of_pairs(self, form: str, rows: list[int], kept: int) -> bool:
        """Say whether a statement about pairs is true: `rows` are those of its first kind, `kept` is its second."""
        match form:
            case "all_to_all":
                return all(row & kept == kept for row in rows)
            case "some_to_all":
                return any(row & kept == kept for row in rows)
            case "some_to_none":
                return any(not row & kept for row in rows)
        return any(row & kept for row in rows) is (form == "some_to_some")

    def _kept(self, kind: Tree) -> int:
        """Return the members of a kind."""
        match _words(kind):
            case [trait]:
                kept = self.sets[trait]
            case [role, who] if kind[0] == "whose":
                return self.rows[role][self.who[who]]
            case [role, whom]:
                kept = sum(1 << x for x in self.members if self.rows[role][x] >> self.who[whom] & 1)
        return kept if kind[0] in ("being", "to") else self.every & ~kept


def _trees(tree: Tree) -> list[Tree]:
    """Return the statements or kinds that a statement is made of."""
    return [part for part in tree[1:] if isinstance(part, tuple)]


def _words(tree: Tree) -> list[str]:
    """Return the names, traits and roles that stand in a statement or kind by themselves."""
    return [part for part in tree[1:] if isinstance(part, str)]


def _sensible(statement: Tree) -> bool:
    """Say whether the parts of a statement are about different things, and no "nobody" is followed by a "not"."""
    form, *parts = statement
    if form in ("is_to", "is_not_to"):
        return parts[0] != parts[2]
    if form == "no_one" and parts[1][0] in ("not_being", "not_to"):
        return False
    said = [part[1:] if isinstance(part, tuple) else part for part in parts]
    return len(said) != 2 or (said[0] != said[1] and all(_sensible(part) for part in parts if isinstance(part, tuple)))
