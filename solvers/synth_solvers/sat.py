"""python-sat: models of finite theories, and refutations as `lrat` certificates.

The solver's proof is a list of clauses; each follows by unit propagation (RUP) from the clauses before it. We replay
it backwards from the empty clause, keep only the clauses that are used, and write down the clauses that propagation
touches: the hints of the kernel's body `lrat`. Facts that need no assumption are propagated once, for all steps.
The trick of replaying only marked clauses is Goldberg and Novikov's; the order of hints is that of the solver's trail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from pysat.solvers import Solver

from synth_kernel.claims import Sequent, Theory
from synth_kernel.encoding import Clause, Encoding
from synth_kernel.evaluate import Undecided, Value, holds
from synth_kernel.exhaustive import finite
from synth_kernel.terms import Sort, Term, TermError

CONFLICTS = 20_000
MAX_WIDTH = 256  # values of one unknown, because "at most one" takes a clause for each pair
_PROVER = "glucose4"
_PROPAGATOR = "minisat22"

Address = tuple[int, int]


def _domain_clauses(encoding: Encoding, place: int) -> list[list[int]]:
    """Say to the solver that an unknown has exactly one value; the kernel's literals know that by themselves."""
    first, after = encoding.offsets[place], encoding.offsets[place + 1]
    if after - first <= 1 and encoding.full[place] != 1:
        return []
    if after - first > MAX_WIDTH:
        raise TermError(f"an unknown has more than {MAX_WIDTH} values")
    variables = range(first, after)
    return [list(variables), *[[-a, -b] for a in variables for b in range(a + 1, after)]]


def _signed(encoding: Encoding, clause: Clause) -> list[int]:
    """Write a clause of the kernel in the solver's variables."""
    literals = []
    for place, mask in clause:
        first, full = encoding.offsets[place], encoding.full[place]
        if encoding.offsets[place + 1] - first == 1 and full == 3:
            literals.append(first if mask == 2 else -first)
            continue
        excluded = full ^ mask
        if excluded & (excluded - 1) == 0 and full & (full - 1):
            literals.append(-(first + excluded.bit_length() - 1))
        else:
            literals += [first + value for value in range(full.bit_length()) if mask >> value & 1]
    return literals


def _constraint_clauses(encoding: Encoding, constraint: int) -> Iterator[tuple[list[int], Address]]:
    for index in range(encoding.length(constraint)):
        yield _signed(encoding, encoding.clause(constraint, index)), (constraint, index)


@dataclass(frozen=True)
class _Base:
    """The clauses of the domains and axioms, the same for many problems, and where each literal occurs."""

    clauses: list[list[int]]
    addresses: list[Address | None]  # None: the clause says what a domain is
    occurrences: dict[int, list[int]]
    complete: bool  # whether every axiom could be encoded


def _base(declared: Iterable[tuple[str, Sort]], axioms: Iterable[Term]) -> _Base:
    """Return the clauses of domains and axioms; problems that differ in names only share them."""
    numbers: dict[str, Term] = {}
    sorts = []
    for place, (name, sort) in enumerate(declared):
        numbers[name] = f"v{place}"
        sorts.append(sort)
    return _numbered_base(tuple(sorts), tuple(_renamed(axiom, numbers) for axiom in axioms))


def _renamed(term: Term, names: Mapping[str, Term]) -> Term:
    if isinstance(term, tuple):
        return (term[0], *[_renamed(part, names) for part in term[1:]])
    return names.get(term, term) if isinstance(term, str) else term


@lru_cache(maxsize=16)
def _numbered_base(sorts: tuple[Sort, ...], axioms: tuple[Term, ...]) -> _Base:
    declared = {f"v{place}": sort for place, sort in enumerate(sorts)}
    encoding = Encoding(declared, [(axiom, True) for axiom in axioms])
    domains = [clause for place in range(len(declared)) for clause in _domain_clauses(encoding, place)]
    found: list[tuple[list[int], Address]] = []
    complete = True
    for constraint in range(len(axioms)):
        try:
            found += _constraint_clauses(encoding, constraint)
        except (TermError, Undecided):
            complete = False
    base = _Base(domains + [literals for literals, _ in found],
                 [None] * len(domains) + [address for _, address in found], {}, complete)  # fmt: skip
    _index(base.occurrences, base.clauses, 0)
    return base


def _index(occurrences: dict[int, list[int]], clauses: list[list[int]], first: int) -> None:
    for number, literals in enumerate(clauses, first):
        for literal in literals:
            occurrences.setdefault(literal, []).append(number)


def refute(sequent: Sequent, conflicts: int = CONFLICTS) -> dict[str, Any] | None:
    """Return an `lrat` certificate of an `entails` sequent, None if there is none within so many conflicts.

    >>> from synth_kernel.lrat import check
    >>> sorts = {"x": ("range", 1, 3), "y": ("range", 1, 3)}
    >>> premises = (("<", "x", "y"), ("distinct", "y", 2))
    >>> sequent = Sequent("entails", sorts, {}, ("c0", "c1"), premises, (), ("=", "y", 3))
    >>> check(sequent, refute(sequent))
    True
    """
    encoding = Encoding.of(sequent)
    axioms = next((k for k, name in enumerate(sequent.names) if name[0] != "a"), len(sequent.names))
    try:
        base = _base(sequent.declared.items(), sequent.premises[:axioms])
    except TermError:
        return None
    found: list[tuple[list[int], Address]] = []
    for constraint in range(axioms, len(encoding.constraints)):
        with suppress(TermError, Undecided):  # what cannot be encoded is not used
            found += _constraint_clauses(encoding, constraint)
    clauses = base.clauses + [literals for literals, _ in found]
    addresses = base.addresses + [address for _, address in found]
    for literals, address in zip(clauses, addresses, strict=True):
        if not literals and address is not None:
            return {"v": 1, "body": "lrat", "proof": [[[], list(address)]]}
    proof = _Replay(clauses, addresses, base).proof(conflicts)
    return None if proof is None else {"v": 1, "body": "lrat", "proof": proof}


class _Replay:
    """The clauses, the lemmas so far, and what propagation from the unit clauses has found."""

    def __init__(self, clauses: list[list[int]], addresses: Sequence[Address | None], base: _Base) -> None:
        self.clauses = clauses
        self.addresses = addresses
        self.originals = len(clauses)
        self.occurrences = {literal: numbers.copy() for literal, numbers in base.occurrences.items()}
        _index(self.occurrences, clauses[len(base.clauses) :], len(base.clauses))
        self.units = list(dict.fromkeys(literals[0] for literals in clauses if len(literals) == 1))
        self.root: dict[int, int] = {}  # a literal that holds without assumptions -> the stage at which it was found
        self.needed: set[int] = set()  # literals of `root`
        self.used: set[int] = set()  # numbers of lemmas

    def proof(self, conflicts: int) -> list[list[list[int]]] | None:
        # a solver of its own: one kept between problems would remember the order of its watches, and the same problem
        # would get another proof (and the run other bytes) depending on what was proved before
        propagator = Solver(name=_PROPAGATOR, bootstrap_with=[c for c in self.clauses if len(c) > 1])
        try:
            consistent, final = propagator.propagate(self.units)
            trails: list[list[int]] = []
            if consistent:
                self._extend_root(final, 0)
                lemmas = self._lemmas(conflicts)
                if lemmas is None:
                    return None
                for lemma in lemmas:
                    known = len(self.clauses) - self.originals
                    consistent, trail = propagator.propagate([*self.units, *[-literal for literal in lemma]])
                    if consistent:
                        return None  # not a consequence by propagation: nothing that we could write down
                    trails.append(trail)
                    for literal in lemma:
                        self.occurrences.setdefault(literal, []).append(len(self.clauses))
                    self.clauses.append(lemma)
                    if len(lemma) > 1:
                        propagator.add_clause(lemma)
                        continue
                    self.units.append(lemma[0])
                    consistent, final = propagator.propagate(self.units)
                    if not consistent:
                        break
                    self._extend_root(final, known + 1)
                if consistent:
                    consistent, final = propagator.propagate(self.units)
                    if consistent:
                        return None
            return self._written(trails, final)
        finally:
            propagator.delete()

    def _lemmas(self, conflicts: int) -> list[list[int]] | None:
        known = set(self.root)  # what is known without assumptions makes most clauses true and the others shorter
        left = [[x for x in clause if -x not in known] for clause in self.clauses if known.isdisjoint(clause)]
        with Solver(name=_PROVER, bootstrap_with=left, with_proof=True) as prover:
            prover.conf_budget(conflicts)
            if prover.solve_limited() is not False:
                return None
            lines = [line for line in prover.get_proof() if not line.startswith("d")]
        lemmas = [[int(word) for word in line.split()[:-1]] for line in lines]
        return [lemma for lemma in lemmas if lemma]

    def _extend_root(self, trail: list[int], stage: int) -> None:
        for literal in trail:
            self.root.setdefault(literal, stage)

    def _written(self, trails: list[list[int]], final: list[int]) -> list[list[list[int]]]:
        """Go backwards over stages, marking what is used, then forwards, writing it down."""
        end = len(trails)
        last_hints = self._hints(final, [], end)
        root_hints: dict[int, list[list[int]]] = {}
        lemma_hints: dict[int, list[int]] = {}
        facts = list(self.root)
        order = {literal: position for position, literal in enumerate(facts)}
        for stage in range(end, -1, -1):
            if stage < end and self.originals + stage in self.used:
                lemma = self.clauses[self.originals + stage]
                lemma_hints[stage] = self._hints(trails[stage], lemma, stage)
            # facts found at this stage are derived after lemma stage − 1 and before lemma `stage`
            hints = []
            for literal in reversed([fact for fact in facts if self.root[fact] == stage]):
                if literal in self.needed:
                    number = self._reason(literal, order, stage, set(self.needed))
                    self.needed.update(-other for other in self.clauses[number] if other != literal)
                    hints.append(self._address(number))
            root_hints[stage] = hints[::-1]
        return self._in_order(root_hints, lemma_hints, last_hints, end)

    def _in_order(
        self, root_hints: dict[int, list[list[int]]], lemma_hints: dict[int, list[int]], last: list[int], end: int
    ) -> list[list[list[int]]]:
        steps: list[list[list[int]]] = []
        numbers: dict[int, int] = {}  # of a lemma's clause -> of its step
        pending: list[int] = []

        def resolved(hints: list[int]) -> list[int]:
            return [-numbers[-hint - 1] if hint < 0 else hint for hint in hints]

        for stage in range(end + 1):
            pending += resolved([part for hint in root_hints[stage] for part in hint])
            if stage in lemma_hints:
                if pending:
                    steps.append([[], pending])
                    pending = []
                number = self.originals + stage
                steps.append([self.clauses[number], resolved(lemma_hints[stage])])
                numbers[number] = len(steps)
        steps.append([[], pending + resolved(last)])
        return steps

    def _address(self, number: int) -> list[int]:
        """Return the hint of a clause: none for a domain, −(number + 1) for a lemma, to be renumbered."""
        if number < self.originals:
            return list(self.addresses[number] or ())
        self.used.add(number)
        return [] if len(self.clauses[number]) == 1 else [-number - 1]

    def _hints(self, trail: list[int], lemma: list[int], stage: int) -> list[int]:
        """Return the hints that lead from the negated lemma to a contradiction, along the solver's trail."""
        order = {literal: position for position, literal in enumerate(trail)}
        assumed = {-literal for literal in lemma}
        marked: set[int] = set()
        tail: list[list[int]] = []

        def mark(number: int, derived: int) -> None:
            for other in self.clauses[number]:
                if other != derived:
                    if self.root.get(-other, stage + 1) <= stage:
                        self.needed.add(-other)
                    elif -other not in assumed:
                        marked.add(-other)
            tail.append(self._address(number))

        last = trail[-1]
        if order.get(-last, len(trail)) < len(trail) - 1:  # the first literal of the clause that failed
            order.pop(last)
            trail = trail[:-1]
            number = self._reason(last, {**order, last: len(trail)}, stage, marked)
            mark(number, 0)
        else:  # an assumption or a unit clause was found false
            wrong = next(literal for literal in [*assumed, *self.units] if -literal in order)
            if wrong not in assumed:
                mark(self._reason(wrong, {**order, wrong: len(trail)}, stage, marked), 0)
            elif self.root.get(-wrong, stage + 1) <= stage:
                self.needed.add(-wrong)
            else:
                mark(self._reason(-wrong, order, stage, marked), 0)
        for literal in reversed(trail):
            if literal in marked:
                mark(self._reason(literal, order, stage, marked), literal)
        return [part for hint in reversed(tail) for part in hint]

    def _reason(self, literal: int, order: Mapping[int, int], stage: int, marked: set[int]) -> int:
        """Return a clause that makes the literal true given the earlier ones; prefer few new literals, and no hint."""
        position, limit = order[literal], self.originals + stage
        best, fewest = -1, 1 << 30
        for number in self.occurrences.get(literal, ()):
            if number >= limit:
                break
            new = 0
            for other in self.clauses[number]:
                if other != literal:
                    if order.get(-other, position) >= position:
                        break
                    new += 2 * (-other not in marked and self.root.get(-other, stage + 1) > stage)
            else:
                new += self.addresses[number] is not None if number < self.originals else 1
                if new < fewest:
                    best, fewest = number, new
        if best < 0:
            raise AssertionError(f"no clause gives {literal}")
        return best


class _Models:
    """A solver loaded with a finite theory."""

    def __init__(self, theory: Theory, extra: Sequence[Term] = ()) -> None:
        self.declared = theory.declared
        self.domains: list[tuple[Value, ...]] = []
        for sort in self.declared.values():
            domain = finite(sort)
            if domain is None:
                raise TermError("an unknown ranges over an infinite sort")
            self.domains.append(domain)
        base = _base(theory.declarations, theory.axioms)
        if not base.complete:
            raise TermError("an axiom cannot be encoded")
        self.encoding = Encoding(self.declared, [])
        self.solver = Solver(name=_PROPAGATOR, bootstrap_with=[clause for clause in base.clauses if clause])
        if not all(base.clauses):
            self.solver.append_formula([[1], [-1]])
        for term in (*theory.clauses, *extra):
            self.add(term)

    def add(self, term: Term, sign: bool = True) -> None:
        """Say that a statement is true, or is not; raise TermError or Undecided where it cannot be encoded."""
        for literals, _ in _constraint_clauses(Encoding(self.declared, [(term, sign)]), 0):
            self.solver.append_formula([literals] if literals else [[1], [-1]])

    def block(self, model: Mapping[str, Value]) -> None:
        """Exclude one model."""
        literals = []
        for place, name in enumerate(self.declared):
            first, domain = self.encoding.offsets[place], self.domains[place]
            index = domain.index(model[name])
            boolean = self.declared[name] == "Bool"
            literals.append(first if boolean and index == 0 else -first if boolean else -first - index)
        self.solver.add_clause(literals)

    def next(self, conflicts: int) -> dict[str, Value] | None:
        """Return another model, None if there is none or none was found within so many conflicts."""
        self.solver.conf_budget(conflicts)
        if not self.solver.solve_limited():
            return None
        true = set(self.solver.get_model())
        model: dict[str, Value] = {}
        for place, (name, sort) in enumerate(self.declared.items()):
            first, domain = self.encoding.offsets[place], self.domains[place]
            if sort == "Bool":
                model[name] = first in true
            else:
                model[name] = next(value for index, value in enumerate(domain) if first + index in true)
        return model


def model(theory: Theory, extra: Sequence[Term] = (), conflicts: int = CONFLICTS) -> dict[str, Term] | None:
    """Return an assignment that makes the theory and the extra statements true, None if none was found.

    >>> model(Theory.read("(theory (declare x (range 1 3)) (clause (< 1 x)) (ask (find x)))"), [("<", "x", 3)])
    {'x': 2}
    """
    return next(iter(enumerate_models(theory, 1, extra, conflicts)), None)


def enumerate_models(
    theory: Theory, limit: int, extra: Sequence[Term] = (), conflicts: int = CONFLICTS
) -> list[dict[str, Term]]:
    """Return up to `limit` different models of a finite theory; none where it cannot be encoded."""
    try:
        models = _Models(theory, extra)
    except (TermError, Undecided):
        return []
    found: list[dict[str, Value]] = []
    with models.solver:
        while len(found) < limit:
            if found:
                models.block(found[-1])
            one = models.next(conflicts)
            if one is None:
                break
            found.append(one)
    return [{name: literal(value) for name, value in one.items()} for one in found]


def countermodel(sequent: Sequent, conflicts: int = CONFLICTS) -> dict[str, Term] | None:
    """Return an assignment that makes every premise true and the goal not, None if none was found.

    >>> sorts = {"x": ("range", 0, 2)}
    >>> countermodel(Sequent("entails", sorts, {}, (), (), (), ("=", ("div", 2, "x"), ("div", 2, "x"))))
    {'x': 0}
    """
    theory = Theory(tuple(sequent.declared.items()), clauses=sequent.premises)
    try:
        models = _Models(theory)
        models.add(sequent.goal, sign=False)
    except (TermError, Undecided):
        return None
    with models.solver:
        found = models.next(conflicts)
    return None if found is None else {name: literal(value) for name, value in found.items()}


def literal(value: Value) -> Term:
    """Return the constant term of a finite value."""
    return ("true" if value else "false") if type(value) is bool else value


class Narrowing:
    """Which clauses narrow a finite theory down to its planted model, asked one after another.

    The axioms are taken in, the clauses of the theory are not: the planting loop adds them.

    >>> theory = Theory.read("(theory (declare x (range 1 3)) (ask (find x)))")
    >>> narrowing = Narrowing(theory, {"x": 3})
    >>> narrowing.add(("<=", "x", 3)), narrowing.add(("<", 2, "x")), narrowing.alternative()
    (False, True, None)
    """

    def __init__(self, theory: Theory, planted: Mapping[str, Term | bool], conflicts: int = CONFLICTS) -> None:
        self._models = _Models(replace(theory, clauses=()))
        self._models.block({name: _value(value, theory.declared[name]) for name, value in planted.items()})
        self._conflicts = conflicts
        self._other = self._models.next(conflicts)

    def alternative(self) -> dict[str, Term] | None:
        """Return a model other than the planted one; None if there is none, or none was found in the budget."""
        return None if self._other is None else {name: literal(value) for name, value in self._other.items()}

    def add(self, clause: Term) -> bool:
        """Keep a clause that excludes the current alternative, and look for another; leave it out otherwise."""
        if self._other is None or holds(clause, self._other):
            return False
        self._models.add(clause)
        self._other = self._models.next(self._conflicts)
        return True


def sufficient(
    theory: Theory,
    planted: Mapping[str, Term | bool],
    clauses: Sequence[Term],
    enough: int = 0,
    conflicts: int = CONFLICTS,
) -> list[int] | None:
    """Return places of clauses that with the axioms leave only the planted model, None if all of them do not.

    They are thinned out until `enough` are left, or until each of them is needed. Each clause is an assumption of the
    solver; those that its last refutation used are kept (Marques-Silva, *Minimal unsatisfiability*, 2010).

    >>> theory = Theory.read("(theory (declare x (range 1 4)) (ask (find x)))")
    >>> sufficient(theory, {"x": 3}, [("<", "x", 4), ("<", 1, "x"), ("<", 2, "x"), ("<=", "x", 3)])
    [0, 2]
    """
    models = _Models(replace(theory, clauses=()))
    models.block({name: _value(value, theory.declared[name]) for name, value in planted.items()})
    first = models.encoding.offsets[-1]
    encoding = Encoding(theory.declared, [(clause, True) for clause in clauses])
    with models.solver as solver:
        for place in range(len(clauses)):
            for literals, _ in _constraint_clauses(encoding, place):
                solver.add_clause([*literals, -(first + place)])
        before = kept = [first + place for place in range(len(clauses))]
        needed: set[int] = set()
        while True:
            solver.conf_budget(conflicts)
            if solver.solve_limited(assumptions=kept) is not False:
                if not needed:
                    return None
                kept = before
            else:
                core = set(solver.get_core())
                kept = [selector for selector in kept if selector in core]
            candidate = next((selector for selector in kept if selector not in needed), None)
            if len(kept) <= enough or candidate is None:
                return [selector - first for selector in kept]
            needed.add(candidate)
            before, kept = kept, [selector for selector in kept if selector != candidate]


class Assumptions:
    """Statements about finite unknowns, any of which can be assumed, in one solver for many questions.

    A statement is a term and whether it is true or not true.

    >>> chain = [("p", True), (("=>", "p", "q"), True), ("q", True), ("q", False)]
    >>> said = Assumptions({"p": "Bool", "q": "Bool"}, chain)
    >>> said.core([0, 2], 3), said.core([0, 1], 3), said.core([0], 3)
    ([2], [0, 1], None)
    """

    def __init__(self, declared: Mapping[str, Sort], statements: Sequence[tuple[Term, bool]]) -> None:
        models = _Models(Theory(tuple(declared.items())))
        encoding = Encoding(declared, statements)
        self._solver, self._first = models.solver, encoding.offsets[-1]
        for place in range(len(statements)):
            for literals, _ in _constraint_clauses(encoding, place):
                self._solver.add_clause([*literals, -(self._first + place)])

    def core(self, assumed: Sequence[int], fixed: int, conflicts: int = CONFLICTS) -> list[int] | None:
        """Return places of assumed statements, each of them needed, that contradict each other and the fixed one.

        None where all of them are consistent, or may be. One is left out after the other (Marques-Silva, *Minimal
        unsatisfiability*, 2010), beginning with the last.
        """
        kept = [self._first + place for place in assumed]
        for candidate in (None, *reversed(kept)):
            fewer = [selector for selector in kept if selector != candidate]
            self._solver.conf_budget(conflicts)
            if candidate in (None, *kept) and self._solver.solve_limited([self._first + fixed, *fewer]) is False:
                found = set(self._solver.get_core())
                kept = [selector for selector in fewer if selector in found]
            elif candidate is None:
                return None
        return [selector - self._first for selector in kept]


def _value(term: Term | bool, sort: Sort) -> Value:
    return term in (True, "true") if sort == "Bool" else term
