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
from typing import Any

from synth_kernel.terms import Sort, Term, TermError, check_sort, read, size, sort_of, write

MAX_UNKNOWNS = 1024
MAX_NODES = 40_000  # of all terms of one theory together
FORMS = ("model", "entails", "identity", "count")
ASKS = ("find", "all", "decide", "compute", "construct", "optimize", "count")


def digest(*parts: str, size: int = 16) -> str:
    """Return a hexadecimal content hash of texts, `size` bytes long; no concatenation of parts collides with another.

    >>> digest("a", "b") != digest("ab")
    True
    """
    mixed = blake2b(digest_size=size)
    for part in parts:
        data = part.encode()
        mixed.update(b"%d:" % len(data))
        mixed.update(data)
    return mixed.hexdigest()


@dataclass(frozen=True)
class Theory:
    """What one problem states: unknowns with sorts, axioms, clauses, the domain D of an identity, and what is asked.

    `ask` is `(find x …)`, `(all x)`, `(decide g 'strong)`, `(compute f)`, `(compute (I f x))`, `(construct e)`,
    `(optimize w cost)` or `(count)`. Axioms are what a domain always assumes, clauses what this problem says.

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
        lists: dict[str, list[Term]] = {"axiom": [], "clause": [], "domain": [], "ask": []}
        declared: dict[str, Sort] = {}
        for part in parts:
            match part:
                case ("declare", str(name), sort):
                    if name in declared:
                        raise TermError(f"{name} is declared twice")
                    declared[name] = sort
                case ("axiom" | "clause" | "domain" | "ask" as kind, term):
                    lists[str(kind)].append(term)
                case _:
                    raise TermError(f"not a part of a theory: {write(part)[:80]}")
        if len(lists["ask"]) != 1:
            raise TermError(f"a theory asks one thing, not {len(lists['ask'])}")
        theory = Theory(tuple(declared.items()), tuple(lists["axiom"]), tuple(lists["clause"]), tuple(lists["domain"]),
                        lists["ask"][0])  # fmt: skip
        theory.check()
        return theory

    def text(self) -> str:
        """Return the canonical text; `Theory.read` is its inverse."""
        return self._text

    @cached_property
    def _text(self) -> str:
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
        sorted_by = tuple(sort for _, sort in self.declarations)
        if sum(map(size, self.axioms + self.clauses + self.domain + sorted_by)) > MAX_NODES:
            raise TermError(f"a theory has at most {MAX_NODES} nodes, those of its sorts included")
        for statement in self.axioms + self.clauses + self.domain:
            if sort_of(statement, sorts) != "Bool":
                raise TermError(f"a statement is Boolean: {write(statement)}")
        _check_ask(self.ask, sorts)
        return True


def _check_ask(ask: Term, sorts: Mapping[str, str]) -> None:
    match ask:
        case ("find" | "all", *names) if len(set(names)) == len(names):
            if set(names) != set(sorts):
                raise TermError(f"{write(ask)} must list every unknown")
        case ("decide", goal, "'strong" | "'weak") if sort_of(goal, sorts) == "Bool":
            pass
        case ("compute", ("I", f, str(x))) if sort_of(f, sorts) in ("Int", "Rational", "Real") and x in sorts:
            pass
        case ("compute", f) if sort_of(f, sorts) in ("Int", "Rational", "Real"):
            pass
        case ("construct", str(name)) if list(sorts) == [name]:
            pass
        case ("optimize", str(name), cost) if list(sorts) == [name] and sort_of(cost, sorts) == "Int":
            pass
        case ("count",):
            pass
        case _:
            raise TermError(f"a problem asks one of {', '.join(ASKS)}, not {write(ask)}")


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
    names: list[str] = []
    premises: list[Term] = []
    for name in claim.premises:
        for each, term in _premise(theory, name, steps):
            if each not in names:
                names.append(each)
                premises.append(term)
    _check_goal(theory, claim)
    return Sequent(claim.form, theory.declared, theory.sorts, tuple(names), tuple(premises), theory.domain, claim.goal)


def _premise(theory: Theory, name: str, steps: Sequence[Claim]) -> Sequence[tuple[str, Term]]:
    if name == "T":
        return theory.statements
    if name == "D":
        return [(f"d{i}", term) for i, term in enumerate(theory.domain)]
    if name in ("goal", "not-goal") and theory.kind == "decide":
        ask: Any = theory.ask
        return [(name, ask[1] if name == "goal" else ("not", ask[1]))]
    index = int(name[1:]) if name[1:].isascii() and name[1:].isdigit() and len(name) < 8 else -1
    if name == f"s{index}" and index < len(steps):
        if steps[index].form != "entails":
            raise TermError(f"the step {name!r} states no fact that could be a premise")
        return [(name, steps[index].goal)]
    listed = {"a": theory.axioms, "c": theory.clauses}.get(name[:1], ())
    if name[1:] != str(index) or index >= len(listed):
        raise TermError(f"no premise is called {name!r}")
    return [(name, listed[index])]


def _check_goal(theory: Theory, claim: Claim) -> None:
    sorts = theory.sorts
    match claim.form, claim.goal:
        case "model", ("model", *bindings):
            bound = []
            for binding in bindings:
                match binding:
                    case ("=", str(name), value) if name in sorts:
                        _check_value(name, value, theory.declared[name], sorts[name])
                        bound.append(name)
                    case _:
                        raise TermError(f"not a binding of an unknown: {write(binding)}")
            if bound != list(sorts):
                raise TermError("a model binds every unknown once, in the order of declaration")
        case "entails", goal if sort_of(goal, sorts) == "Bool":
            pass
        case "identity", ("identity", f, g) if {sort_of(f, sorts), sort_of(g, sorts)} <= {"Int", "Rational", "Real"}:
            if claim.premises != ("D",):
                raise TermError("an identity is claimed on the domain D")
        case "count", int(n) if n >= 0 and type(n) is int:
            pass
        case _:
            raise TermError(f"a claim of form {claim.form!r} does not state {write(claim.goal)[:80]}")


def _check_value(name: str, value: Term, declared: Sort, sort: str) -> None:
    """Raise TermError unless the value is a constant of the declared sort, inside its range."""
    given = sort_of(value, {})
    chain = ("Int", "Rational", "Real")
    fits = given == sort or (given in chain and sort in chain and chain.index(given) <= chain.index(sort))
    match declared:
        case ("range", int(low), int(high)):
            fits = type(value) is int and low <= value <= high
        case ("enum", *members):
            fits = value in members
        case "Int":
            fits = type(value) is int
        case "Bool":
            fits = value in ("true", "false")
        case ("Walk", *_):
            fits = isinstance(value, tuple) and value[0] == "walk"
    if not fits:
        raise TermError(f"{write(value)} is no value of {name}, which is {write(declared)[:60]}")
