"""Theories, claims about them, and the sequents that checkers decide.

A `Theory` says everything a problem states. A `Claim` is one statement about it, in one of four forms:

`model`     `(model (= x 2) …)`: this assignment, one binding per unknown, satisfies the premises
`entails`   a Boolean term: every assignment in the declared domains that satisfies the premises satisfies it
`identity`  `(identity f g)`: at every point of the domain D both have a value and the values are equal
`count`     an integer: exactly that many assignments satisfy the premises

Premises are names: `T` (all axioms and clauses), `a0`, `c0` (one axiom or clause), `s0` (an earlier step), `goal` and
`not-goal` (what a decide problem asks about), `D` (the domain; what an identity is about). Whatever fixes *what* is
claimed stands in the claim; a certificate only says *why*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import zip_longest
from typing import Any

from synth_kernel.quantifiers import witnessed
from synth_kernel.terms import NUMBERS, Sort, Term, TermError, check_sort, is_member, read, size, sort_of, write

MAX_UNKNOWNS = 1024
MAX_NODES = 40_000  # of all terms of one theory together
ASKS = ("find", "all", "decide", "compute", "construct", "optimize", "count")


def digest(*parts: str, size: int = 16) -> str:
    """Return a hexadecimal content hash of texts, `size` bytes long; no concatenation of parts collides with another.

    >>> digest("a", "b") != digest("ab")
    True
    """
    data = [part.encode() for part in parts]
    return blake2b(b"".join([b"%d:%b" % (len(part), part) for part in data]), digest_size=size).hexdigest()


@dataclass(frozen=True)
class Theory:
    """What one problem states: unknowns with sorts, axioms, clauses, the domain D of an identity, and what is asked.

    `ask` is `(find x …)`, `(all x)`, `(decide g 'strong)`, `(compute f)`, `(compute (I f x))`, `(compute (F n))`,
    `(compute (F f x))`, `(construct e …)`, `(optimize x … cost)` or `(count)`. Axioms are what a domain always assumes,
    clauses what this problem says.

    >>> theory = Theory.read("(theory (declare x Rational) (clause (= (* 2 x) 3)) (ask (find x)))")
    >>> theory.sorts, theory.clauses
    ({'x': 'Rational'}, (('=', ('*', 2, 'x'), 3),))
    """

    declarations: tuple[tuple[str, Sort], ...]
    axioms: tuple[Term, ...] = ()
    clauses: tuple[Term, ...] = ()
    domain: tuple[Term, ...] = ()
    ask: Term = ("find",)

    @staticmethod
    def read(text: str) -> Theory:
        """Parse and sort-check the text of a theory; raise TermError where it is none."""
        term = read(text)
        if not isinstance(term, tuple) or term[0] != "theory":
            raise TermError("a theory begins with (theory …")
        return Theory.of(term[1:])

    @staticmethod
    def of(parts: Sequence[Term]) -> Theory:
        """Build a theory from `(declare n S)`, `(axiom t)`, `(clause t)`, `(domain t)`, `(ask k)` in any order."""
        lists: dict[str, list[Any]] = {"declare": [], "axiom": [], "clause": [], "domain": [], "ask": []}
        for part in parts:
            match part:
                case ("declare", str(name), sort):
                    lists["declare"].append((name, sort))
                case ("axiom" | "clause" | "domain" | "ask" as kind, term):
                    lists[str(kind)].append(term)
                case _:
                    raise TermError(f"not a part of a theory: {write(part)[:80]}")
        asked = lists.pop("ask")
        if len(asked) != 1:
            raise TermError(f"a theory asks one thing, not {len(asked)}")
        declared, axioms, clauses, domain = map(tuple, lists.values())
        theory = Theory(declared, axioms, clauses, domain, asked[0])
        theory.check()
        return theory

    def text(self) -> str:
        """Return the canonical text; `Theory.read` is its inverse."""
        parts = [f"(declare {name} {write(sort)})" for name, sort in self.declarations]
        for kind, terms in (("axiom", self.axioms), ("clause", self.clauses), ("domain", self.domain)):
            parts += [f"({kind} {write(term)})" for term in terms]
        return f"(theory {' '.join([*parts, f'(ask {write(self.ask)})'])})"

    @cached_property
    def digest(self) -> str:
        """The content hash that every claim about this theory carries."""
        return digest(self.text())

    @cached_property
    def declared(self) -> dict[str, Sort]:
        """The sort of each unknown as declared, in order."""
        return dict(self.declarations)

    @cached_property
    def sorts(self) -> dict[str, str]:
        """The coarse sort of each unknown, in order."""
        return {name: check_sort(sort) for name, sort in self.declarations}

    @cached_property
    def statements(self) -> list[tuple[str, Term]]:
        """Every axiom and clause with its name."""
        axioms = [(f"a{i}", term) for i, term in enumerate(self.axioms)]
        return axioms + [(f"c{i}", term) for i, term in enumerate(self.clauses)]

    @property
    def kind(self) -> str:
        """The kind of problem, the head of `ask`."""
        return self.ask[0] if isinstance(self.ask, tuple) and isinstance(self.ask[0], str) else ""

    def check(self) -> None:
        """Raise TermError unless every sort is one, every statement is Boolean and what is asked makes sense."""
        _ = self._checked  # once for each theory

    @cached_property
    def _checked(self) -> bool:
        sorts = self.sorts
        if len(sorts) != len(self.declarations) or len(sorts) > MAX_UNKNOWNS:
            raise TermError(f"a theory declares at most {MAX_UNKNOWNS} unknowns, each once")
        for name in sorts:
            if not isinstance(name, str) or name in ("true", "false") or name.startswith("'"):
                raise TermError(f"an unknown cannot be called {name}")
        statements = self.axioms + self.clauses + self.domain
        if sum(map(size, (*statements, *self.declared.values()))) > MAX_NODES:
            raise TermError(f"a theory has at most {MAX_NODES} nodes, those of its sorts included")
        for statement in statements:
            if sort_of(statement, sorts) != "Bool":
                raise TermError(f"a statement is Boolean: {write(statement)}")
        for name, sort in self.declarations:
            match sort:
                case ("Member" | "Relation", *universes) if {sorts.get(str(each)) for each in universes} != {"Open"}:
                    raise TermError(f"{name} is of no declared universe: {write(sort)}")
        for statement in self.axioms + self.clauses if "Open" in sorts.values() else ():
            witnessed(statement, True, {})
        if not _makes_sense(self.ask, sorts):
            raise TermError(f"a problem asks one of {', '.join(ASKS)}, about its unknowns, not {write(self.ask)}")
        return True


def _makes_sense(ask: Term, sorts: Mapping[str, str]) -> bool:
    match ask:
        case ("find" | "all" | "construct", *names):
            return len(names) == len(sorts) and set(names) == set(sorts)
        case ("decide", goal, "'strong" | "'weak"):
            for sign in (True, False) if "Open" in sorts.values() else ():
                witnessed(goal, sign, {})  # the goal and its negation are premises, each in its turn
            return sort_of(goal, sorts) == "Bool"
        case ("compute", ("I", f, str(x))):
            return x in sorts and sort_of(f, sorts) in NUMBERS
        case ("compute", ("F", f)):
            return sort_of(f, {}) == "Int"
        case ("compute", ("F", f, str(x))):
            return sorts in ({x: "Rational"}, {x: "Real"}) and sort_of(f, sorts) in NUMBERS
        case ("compute", f):
            return sort_of(f, sorts) in NUMBERS
        case ("optimize", *names, cost):
            return len(names) == len(sorts) and set(names) == set(sorts) and sort_of(cost, sorts) == "Int"
    return ask == ("count",)


@dataclass(frozen=True)
class Claim:
    """One statement about a theory. `role` says why it is made; it does not change what is claimed."""

    role: str
    form: str
    premises: tuple[str, ...]
    goal: Term

    def id(self, theory: Theory) -> str:
        """Return the content hash of the claim, 24 hexadecimal digits: equal for equal statements."""
        return digest(theory.digest, self.form, " ".join(self.premises), write(self.goal), size=12)


@dataclass(frozen=True)
class Sequent:
    """A claim with its premises looked up: all that a checker may use.

    `declared` maps every unknown to its sort, `premises` and `names` run in parallel, `domain` is the theory's D.
    """

    form: str
    declared: Mapping[str, Sort]
    sorts: Mapping[str, str]
    names: tuple[str, ...]
    premises: tuple[Term, ...]
    domain: tuple[Term, ...]
    goal: Term

    @property
    def bindings(self) -> dict[str, Term]:
        """The bindings of a `model` goal, checked to be one for each unknown."""
        assert isinstance(self.goal, tuple)
        bound: Any = self.goal[1:]
        return {name: value for _, name, value in bound}


def sequent(theory: Theory, claim: Claim, steps: Sequence[Claim] = ()) -> Sequent:
    """Look up the premises of a claim and sort-check its goal; raise TermError where they do not fit.

    `steps` are the earlier claims that `s0`, `s1`, … name; whoever trusts the result has checked them too.
    """
    theory.check()
    premises: dict[str, Term] = {}
    for name in claim.premises:
        premises.update(_premises(theory, name, steps))
    _check_goal(theory, claim)
    declared, sorts, terms = theory.declared, theory.sorts, tuple(premises.values())
    return Sequent(claim.form, declared, sorts, tuple(premises), terms, theory.domain, claim.goal)


def _premises(theory: Theory, name: str, steps: Sequence[Claim]) -> Sequence[tuple[str, Term]]:
    if name == "T":
        return theory.statements
    if name == "D":
        return [(f"d{i}", term) for i, term in enumerate(theory.domain)]
    if name in ("goal", "not-goal") and theory.kind == "decide":
        ask: Any = theory.ask
        return [(name, ask[1] if name == "goal" else ("not", ask[1]))]
    listed: Sequence[Any] = {"a": theory.axioms, "c": theory.clauses, "s": steps}.get(name[:1], ())
    index = int(name[1:]) if name[1:].isdecimal() and len(name) < 8 else len(listed)
    if name[1:] != str(index) or index >= len(listed) or (name[0] == "s" and listed[index].form != "entails"):
        raise TermError(f"no premise is called {name!r}; a step is one where it states a fact")
    return [(name, listed[index].goal if name[0] == "s" else listed[index])]


def _check_goal(theory: Theory, claim: Claim) -> None:
    sorts = theory.sorts
    match claim.form, claim.goal:
        case "model", ("model", *bindings):
            for binding, name in zip_longest(bindings, sorts):
                match binding:
                    case ("=", str(bound), value) if bound == name:
                        _check_value(name, value, theory.declared[name], sorts[name])
                    case _:
                        raise TermError(f"a model binds all unknowns in the order of declaration, not {write(binding)}")
            _check_members(theory.declared, {binding[1]: binding[2] for binding in bindings})  # type: ignore[index,misc]
            return
        case "entails", goal if sort_of(goal, sorts) == "Bool":
            return
        case "identity", ("identity", f, g) if sort_of(f, sorts) in NUMBERS and sort_of(g, sorts) in NUMBERS:
            if claim.premises == ("D",):
                return
        case "count", int(n) if n >= 0 and type(n) is int:
            return
    raise TermError(f"a claim of form {claim.form!r} does not state {write(claim.goal)[:80]}")


def _check_value(name: str, value: Term, declared: Sort, sort: str) -> None:
    """Raise TermError unless the value is a constant of the declared sort, inside its range."""
    given = sort_of(value, {})
    match declared:
        case "Bool" | ("range" | "enum", *_):
            fits = is_member(value, declared)
        case ("Word", *letters):
            fits = given == "Word" and set(value[1:]) <= set(letters)  # type: ignore[index]
        case "Int":
            fits = type(value) is int
        case "Open":
            fits = given == "Universe"
        case ("Member", _):
            fits = given == "Symbol"
        case ("Relation", *_):
            fits = given == "Relation"
        case _:
            fits = given in (NUMBERS[: NUMBERS.index(sort) + 1] if sort in NUMBERS else (sort,))
    if not fits:
        raise TermError(f"{write(value)} is no value of {name}, which is {write(declared)[:60]}")


def _check_members(declared: Mapping[str, Sort], bound: Mapping[str, Any]) -> None:
    """Raise TermError unless members, and whatever a relation holds of, belong to their universes."""
    for name, sort in declared.items():
        match sort:
            case ("Member", str(universe)):
                tuples, universes = [(bound[name],)], [bound[universe]]
            case ("Relation", *names):
                tuples = [members[1:] for members in bound[name][1:]]
                universes = [bound[each] for each in names]  # type: ignore[index]
            case _:
                continue
        for members in tuples:
            if not all(member in universe[1:] for member, universe in zip(members, universes, strict=True)):
                raise TermError(f"{name} is outside its universe: {write(('tuple', *members))}")
