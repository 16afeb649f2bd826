"""The finite bodies against an oracle that shares no code with the kernel: `exhaustive`, `lrat`, `residual`."""

from __future__ import annotations

import copy
import itertools
import json
import math
import random
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from synth_kernel import exhaustive, lrat, residual
from synth_kernel.claims import Claim, Theory, sequent
from synth_kernel.encoding import Encoding
from synth_kernel.recheck import recheck
from synth_kernel.terms import Sort, Term, TermError, read, symbols
from synth_solvers import sat

PAIRS = 10_000  # mutated (claim, certificate) pairs for each body
SORTS: list[Sort] = [
    "Bool",
    "Bool",
    ("range", 0, 2),
    ("range", -1, 1),
    ("enum", "'a", "'b"),
    ("enum", "'b", "'c", "'a"),
]

# ---- the oracle ----------------------------------------------------------------------------------------------------


def values_of(sort: Any) -> list[Any]:
    if sort == "Bool":
        return [False, True]
    return list(range(sort[1], sort[2] + 1)) if sort[0] == "range" else list(sort[1:])


def value(term: Any, world: Mapping[str, Any]) -> Any:
    """Strong Kleene logic over partial arithmetic; None is "no value"."""
    if not isinstance(term, tuple):
        if term in ("true", "false"):
            return term == "true"
        return world.get(term, term) if isinstance(term, str) else term
    head = term[0]
    parts = [value(part, world) for part in term[1:]]
    if head in ("and", "or"):
        decisive = head == "or"
        return decisive if any(part is decisive for part in parts) else None if None in parts else not decisive
    if head == "=>":
        return value(("or", ("not", term[1]), term[2]), world)
    if head == "ite":
        return None if parts[0] is None else parts[1] if parts[0] else parts[2]
    if any(part is None for part in parts):
        return None
    match head, parts:
        case "not", [a]:
            return not a
        case "xor", [a, b]:
            return a != b
        case "=", [a, b]:
            return a == b
        case "distinct", _:
            return len(set(parts)) == len(parts)
        case "count", _:
            return parts.count(True)
        case "<", [a, b]:
            return a < b
        case "<=", [a, b]:
            return a <= b
        case ">", [a, b]:
            return a > b
        case ">=", [a, b]:
            return a >= b
        case "+", _:
            return sum(parts)
        case "*", _:
            return math.prod(parts)
        case "-", [a, b]:
            return a - b
        case "-", [a]:
            return -a
        case "abs", [a]:
            return abs(a)
        case "/", [a, b]:
            return None if b == 0 else Fraction(a) / b
        case "mod", [a, b]:
            return None if b == 0 else a - abs(b) * (a // abs(b))
        case "div", [a, b]:
            return None if b == 0 else (a - (a - abs(b) * (a // abs(b)))) // b
    raise AssertionError(term)


def all_worlds(theory: Theory) -> list[dict[str, Any]]:
    domains = [values_of(sort) for _, sort in theory.declarations]
    return [dict(zip(theory.declared, chosen, strict=True)) for chosen in itertools.product(*domains)]


def true_claim(theory: Theory, claim: Claim) -> bool:
    """Say whether an `entails` or `count` claim from all axioms and clauses holds."""
    statements = theory.axioms + theory.clauses
    models = [w for w in all_worlds(theory) if all(value(s, w) is True for s in statements)]
    if claim.form == "count":
        return len(models) == claim.goal
    return all(value(claim.goal, world) is True for world in models)


# ---- random theories -----------------------------------------------------------------------------------------------


class Writer:
    """Writes random well-sorted terms over some unknowns."""

    def __init__(self, rng: random.Random, declared: Mapping[str, Sort]) -> None:
        self.rng = rng
        self.booleans = [name for name, sort in declared.items() if sort == "Bool"]
        self.integers = [name for name, sort in declared.items() if sort[0] == "range"]
        self.members = [name for name, sort in declared.items() if sort[0] == "enum"]

    def boolean(self, depth: int) -> Term:
        rng = self.rng
        if depth <= 0 or rng.random() < 0.15:
            return rng.choice([*self.booleans, *self.booleans, "true", "false"])
        part = lambda: self.boolean(depth - 1)  # noqa: E731
        number = lambda: self.integer(depth - 1)  # noqa: E731
        kind = rng.randrange(12)
        if kind < 2:
            return (rng.choice(["and", "or"]), *[part() for _ in range(rng.randrange(4))])
        if kind < 4:
            return (rng.choice(["=>", "xor", "=", "distinct"]), part(), part())
        if kind == 4:
            return ("not", part())
        if kind == 5:
            return ("ite", part(), part(), part())
        if kind == 6 and self.members:
            members = [*self.members, "'a", "'b", "'d"]
            return (rng.choice(["=", "distinct"]), *rng.choices(members, k=2))
        if kind == 7 and len(self.integers) > 1:
            return ("distinct", *rng.choices(self.integers, k=rng.randrange(2, 4)))
        return (rng.choice(["=", "distinct", "<", "<=", ">", ">="]), number(), number())

    def integer(self, depth: int) -> Term:
        rng = self.rng
        if depth <= 0 or rng.random() < 0.3:
            return rng.choice([*self.integers, *self.integers, rng.randrange(-1, 4)])
        a, b = self.integer(depth - 1), self.integer(depth - 1)
        kind = rng.randrange(9)
        if kind < 3:
            return (rng.choice(["+", "-", "*"]), a, b)
        if kind < 5:
            return (rng.choice(["div", "mod"]), a, b)
        if kind == 5:
            return ("ite", self.boolean(depth - 1), a, b)
        if kind == 6:
            return ("abs", a)
        return ("count", *[self.boolean(depth - 2) for _ in range(rng.randrange(4))])


def random_theory(rng: random.Random, unknowns: int, clauses: int, depth: int = 3) -> Theory:
    declared = {f"x{i}": rng.choice(SORTS) for i in range(unknowns)}
    writer = Writer(rng, declared)
    parts: list[Term] = [("declare", name, sort) for name, sort in declared.items()]
    parts += [(rng.choice(["axiom", "clause"]), writer.boolean(depth)) for _ in range(clauses)]
    return Theory.of([*parts, ("ask", ("find", *declared))])


def random_goal(rng: random.Random, theory: Theory) -> Term:
    if rng.random() < 0.5:
        return Writer(rng, theory.declared).boolean(3)
    world = rng.choice(all_worlds(theory))
    return ("and", *[("=", name, sat.literal(found)) for name, found in world.items()])


# ---- the encoder ---------------------------------------------------------------------------------------------------


def assert_encodes(theory: Theory, goal: Term) -> int:
    """Compare the clauses of each constraint with the oracle in every world; return how many were compared."""
    wanted = sequent(theory, Claim("unique", "entails", ("T",), goal))
    encoding = Encoding.of(wanted)
    numbers = {name: {v: i for i, v in enumerate(values_of(sort))} for name, sort in theory.declarations}
    worlds = all_worlds(theory)
    placed = [[1 << numbers[name][found] for name, found in world.items()] for world in worlds]
    for constraint, (term, sign) in enumerate(encoding.constraints):
        clauses = [encoding.clause(constraint, index) for index in range(encoding.length(constraint))]
        for world, bits in zip(worlds, placed, strict=True):
            satisfied = all(any(bits[place] & mask for place, mask in clause) for clause in clauses)
            assert satisfied is ((value(term, world) is True) is sign), (term, sign, world, clauses)
    return len(worlds) * len(encoding.constraints)


def test_the_clauses_of_a_statement_say_what_the_evaluator_says_in_every_world() -> None:
    rng = random.Random(1)
    compared = 0
    for _ in range(2_000):
        theory = random_theory(rng, rng.randrange(1, 5), rng.randrange(1, 4))
        compared += assert_encodes(theory, random_goal(rng, theory))
    assert compared > 80_000


@pytest.mark.parametrize(
    ("sort", "unknowns", "goal"),
    [
        ("Bool", 16, "(= (count x0 x1 x2 x3 x4 x5) 3)"),
        ("Bool", 16, "(or x0 (not x1) x2 x3 x4 x5 x6 x7 x8 x9 x10 x11 x12 x13 x14 x15)"),
        (("range", 1, 4), 8, "(distinct x0 x1 x2 x3)"),
        (("range", 1, 4), 8, "(and (= x0 1) (= x1 2) (= x2 3) (= x3 4) (= x4 1) (not (= x4 2)) (= x4 1))"),
        (("range", 0, 3), 8, "(= (div x0 x1) (mod x2 x3))"),
    ],
)
def test_claims_with_two_to_the_sixteen_assignments_are_encoded_right(sort: Sort, unknowns: int, goal: str) -> None:
    declared: list[Term] = [("declare", f"x{i}", sort) for i in range(unknowns)]
    ask = ("ask", ("find", *[f"x{i}" for i in range(unknowns)]))
    assert assert_encodes(Theory.of([*declared, ask]), read(goal)) == 1 << 16


def test_a_constraint_with_too_many_cases_or_an_infinite_sort_is_refused() -> None:
    declared = {f"x{i}": ("range", 0, 9) for i in range(8)}
    encoding = Encoding(declared, [(("=", ("+", *declared), 30), True)])
    with pytest.raises(TermError, match="too many"):
        encoding.length(0)
    with pytest.raises(TermError, match="infinite"):
        Encoding({"x": "Int"}, [(("<", "x", 1), True)]).length(0)


def test_a_literal_outside_the_numbering_is_refused() -> None:
    encoding = Encoding({"n": "Int", "p": "Bool", "x": ("range", 1, 3), "m": "Int"}, [])
    assert [encoding.literal(number) for number in (1, -1, 2, -4)] == [(1, 2), (1, 1), (2, 1), (2, 3)]
    for number in (0, 5, -5, 1 << 70, True, "1", 1.0, None):
        with pytest.raises((ValueError, TypeError)):
            encoding.literal(number)  # type: ignore[arg-type]


# ---- mutants -------------------------------------------------------------------------------------------------------


def mutated_term(rng: random.Random, term: Any, pool: list[Term]) -> Any:
    """Change one place of a term, often to something wrongly sorted."""
    if isinstance(term, tuple) and len(term) > 1 and rng.random() < 0.8:
        place = rng.randrange(1, len(term))
        change = rng.randrange(6)
        if change == 0:
            return (*term[:place], *term[place + 1 :])  # an argument is missing
        if change == 1:
            return (*term, term[place])  # one is there twice
        return (*term[:place], mutated_term(rng, term[place], pool), *term[place + 1 :])
    change = rng.randrange(5)
    if change == 0 and isinstance(term, int):
        return term + rng.choice([-1, 1])
    if change == 1:
        return ("not", term)
    return rng.choice([*pool, 0, 1, "true", "false", "'a", Fraction(1, 2), ("div", 1, 0), ("and",), ("or",)])


def mutated_json(rng: random.Random, found: Any) -> Any:
    """Change one place of a certificate."""
    if isinstance(found, dict):
        key = rng.choice([*found, "proof"])
        if rng.random() < 0.05 or key not in found:
            return {name: each for name, each in found.items() if name != key}
        return {**found, key: mutated_json(rng, found[key])}
    if isinstance(found, list) and found:
        place = rng.randrange(len(found))
        change = rng.randrange(8)
        if change == 0:
            return found[:place] + found[place + 1 :]
        if change == 1:
            return found[: place + 1] + found[place:]
        if change == 2:
            return [*found[place:], *found[:place]]
        return [*found[:place], mutated_json(rng, found[place]), *found[place + 1 :]]
    return rng.choice([0, 1, -1, 2, -2, found, True, None, "1", [], [[]], [[], []], 1 << 60, {"v": 1}, 0.5])


def attack(seed: int, form: str, certify: Any, minimum: int, sizes: tuple[int, int]) -> None:
    """Mutate claims and certificates; whenever the kernel accepts, the oracle must find the claim true."""
    rng = random.Random(seed)
    rows: list[tuple[Theory, Claim, Any]] = []
    while len(rows) < 250:
        theory = random_theory(rng, rng.randrange(1, sizes[0]), rng.randrange(0, sizes[1]))
        claim = certify.claim(rng, theory)
        certificate = certify.certificate(theory, claim)
        if certificate is not None:
            assert recheck(theory, claim, certificate), (theory.text(), claim, certificate)
            assert true_claim(theory, claim)
            rows.append((theory, claim, certificate))
    tried, outcomes = 0, Counter[str]()
    while tried < PAIRS:
        theory, claim, certificate = rng.choice(rows)
        for _ in range(rng.randrange(1, 3)):
            change = rng.randrange(7)
            statements = [*theory.clauses, *theory.axioms]
            pool = [*theory.declared, *statements, *[part for s in statements for part in symbols(s)]]
            if change == 0:
                certificate = mutated_json(rng, copy.deepcopy(certificate))
            elif change == 1:
                certificate = rng.choice(rows)[2]
            elif change == 2:
                theory = rng.choice([theory, rng.choice(rows)[0]])
            elif change == 3 and theory.clauses:
                place = rng.randrange(len(theory.clauses))
                clauses = list(theory.clauses)
                clauses[place] = mutated_term(rng, clauses[place], pool)
                theory = Theory(theory.declarations, theory.axioms, tuple(clauses), (), theory.ask)
            elif change == 4 and theory.clauses:
                theory = Theory(
                    theory.declarations, theory.axioms, theory.clauses[1:] * rng.randrange(3), (), theory.ask
                )
            else:
                claim = Claim(claim.role, form, claim.premises, mutated_term(rng, claim.goal, pool))
        tried += 1
        try:
            theory.check()
        except (TermError, TypeError, ValueError, RecursionError, IndexError):
            outcomes["no theory"] += 1  # the reader refuses such a theory before any certificate is looked at
            continue
        if recheck(theory, claim, certificate):
            assert true_claim(theory, claim), (theory.text(), claim, certificate)
            outcomes["accepted"] += 1
        else:
            outcomes["refused"] += 1
    assert outcomes["refused"] > minimum and outcomes["accepted"] > minimum, outcomes


class Exhaustive:
    @staticmethod
    def claim(rng: random.Random, theory: Theory) -> Claim:
        return Claim("unique", "entails", ("T",), random_goal(rng, theory))

    @staticmethod
    def certificate(theory: Theory, claim: Claim) -> Any:
        found = {"v": 1, "body": "exhaustive"}
        return found if true_claim(theory, claim) else None


class Lrat(Exhaustive):
    @staticmethod
    def certificate(theory: Theory, claim: Claim) -> Any:
        found = sat.refute(sequent(theory, claim))
        assert (found is not None) is true_claim(theory, claim), (theory.text(), claim)
        return found


class Residual:
    @staticmethod
    def claim(rng: random.Random, theory: Theory) -> Claim:
        return Claim("correct", "count", ("T",), residual.count(theory.declared, theory.clauses + theory.axioms))

    @staticmethod
    def certificate(theory: Theory, claim: Claim) -> Any:
        return {"v": 1, "body": "residual"}


def test_no_mutant_of_an_exhaustive_pair_is_accepted_for_a_false_claim() -> None:
    attack(2, "entails", Exhaustive, 500, (5, 4))


def test_no_mutant_of_an_lrat_pair_is_accepted_for_a_false_claim() -> None:
    attack(3, "entails", Lrat, 500, (5, 4))


def test_no_mutant_of_a_residual_pair_is_accepted_for_a_false_claim() -> None:
    attack(4, "count", Residual, 500, (5, 4))


# ---- named holes ---------------------------------------------------------------------------------------------------

TWO = "(theory (declare p Bool) (declare x (range 1 3)) (clause (or p (= x 2))) (clause (not p)) (ask (find p x)))"


@pytest.mark.parametrize("body", ["exhaustive", "lrat"])
@pytest.mark.parametrize(
    "goal",
    [
        "(and (= x 2) (= x 3))",
        "(= p 1)",
        "(= x true)",
        "(and)",
        "(= x 7)",
        "(= (div x (- x 2)) 1)",
        "(= y 1)",
        "x",
        "p",
    ],
)
def test_contradictory_ill_sorted_and_undefined_goals_are_not_proved_from_consistent_premises(
    body: str, goal: str
) -> None:
    theory = Theory.read(TWO)
    claim = Claim("unique", "entails", ("T",), read(goal))
    proofs = [[[], [1, 0, 0, 0, 2, 0]], [[], [1, 0, 0, 0]], [[], []]]
    accepted = [recheck(theory, claim, {"v": 1, "body": body, "proof": [step]}) for step in proofs]
    assert any(accepted) is (goal == "(and)")  # the empty conjunction is true, and so proved


def test_a_proof_that_names_a_step_without_a_clause_or_a_later_one_is_refused() -> None:
    theory = Theory.read(TWO)
    claim = Claim("unique", "entails", ("T",), read("(= x 3)"))
    for proof in (
        [[[], [1, 0]], [[], [-1]]],
        [[[], [-1]]],
        [[[-1, 1], []], [[], [-2]]],
        [[[2], []]],
        [[[4], [0, 0]], [[], [0, 0]]],
        [[[], [0, -1]]],
        [],
        [[]],
        {},
        None,
        "",
        [[[], [0] * 300_000]],
    ):
        assert not recheck(theory, claim, {"v": 1, "body": "lrat", "proof": proof})


def test_a_premise_without_a_value_is_not_satisfied() -> None:
    theory = Theory.read("(theory (declare x (range 0 2)) (clause (= (div 2 x) (div 2 x))) (ask (find x)))")
    nonzero = Claim("unique", "entails", ("T",), read("(distinct x 0)"))
    assert recheck(theory, nonzero, {"v": 1, "body": "exhaustive"})
    assert recheck(theory, nonzero, sat.refute(sequent(theory, nonzero)) or {})
    assert recheck(theory, Claim("correct", "count", ("T",), 2), {"v": 1, "body": "residual"})


def test_a_count_covers_unknowns_that_no_premise_mentions_and_may_be_huge() -> None:
    declared: dict[str, Sort] = {f"p{i}": "Bool" for i in range(300)}
    assert residual.count(declared, (("or", "p0", "p299"),)) == 3 << 298


def lattice(side: int, obstacles: list[tuple[int, int]]) -> tuple[dict[str, Sort], tuple[Term, ...]]:
    names = [f"s{i}" for i in range(1, 2 * side + 1)]
    blocked = [("not", ("=", ("count", *names[: x + y]), x)) for x, y in obstacles]
    return dict.fromkeys(names, "Bool"), (*blocked, ("=", ("count", *names), side))


def test_lattice_paths_agree_with_a_table_filled_cell_by_cell() -> None:
    rng = random.Random(5)
    for side in (2, 3, 5, 8, 10, 12):
        for _ in range(10):
            obstacles = [(rng.randrange(side), rng.randrange(1, side)) for _ in range(rng.randrange(side))]
            table = {(0, 0): 1}
            for x, y in itertools.product(range(side + 1), repeat=2):
                if (x, y) != (0, 0):
                    blocked = (x, y) in obstacles
                    table[x, y] = 0 if blocked else table.get((x - 1, y), 0) + table.get((x, y - 1), 0)
            assert residual.count(*lattice(side, obstacles)) == table[side, side]


@pytest.mark.parametrize(
    "premise", ["(< (sqrt 2) x)", "(= (* x x) (^ x 2))", "(distinct (/ x 2) 1/2)", "(= (/ 1 x) 1)"]
)
def test_ground_remains_of_a_premise_are_evaluated_and_not_just_dropped(premise: str) -> None:
    counts = {"(< (sqrt 2) x)": 2, "(= (* x x) (^ x 2))": 4, "(distinct (/ x 2) 1/2)": 3, "(= (/ 1 x) 1)": 1}
    assert residual.count({"x": ("range", 0, 3)}, (read(premise),)) == counts[premise]


def test_hostile_sizes_are_refused_rather_than_computed() -> None:
    names = [f"p{i}" for i in range(40)]
    declared: list[Term] = [("declare", name, "Bool") for name in names]
    theory = Theory.of([*declared, ("clause", ("=", ("count", *names), 20)), ("ask", ("find", *names))])
    claim = Claim("unique", "entails", ("T",), names[0])
    assert not recheck(theory, claim, {"v": 1, "body": "exhaustive"})
    assert not recheck(theory, claim, {"v": 1, "body": "lrat", "proof": [[[], [0, 0]]]})
    wide = ("or", *[("=", ("count", *names[i : i + 20]), ("count", *names[: 20 - i])) for i in range(20)])
    theory = Theory.of([*declared, ("clause", wide), ("ask", ("find", *names))])
    assert not recheck(theory, Claim("correct", "count", ("T",), 1), {"v": 1, "body": "residual"})


def test_bit_parallel_truth_agrees_with_the_oracle_on_boolean_terms() -> None:
    rng = random.Random(6)
    names = ["p", "q", "r", "s"]
    writer = Writer(rng, dict.fromkeys(names, "Bool"))
    covered = 0
    for _ in range(500):
        writer.integers = []
        term = (
            writer.boolean(3)
            if rng.random() < 0.5
            else ("<", ("count", *rng.choices(names, k=3)), ("+", ("count", "p"), 1))
        )
        mask = exhaustive.truth(term, exhaustive.worlds(names), (1 << 16) - 1)
        if mask is None:
            continue
        covered += 1
        for world in range(16):
            assert (mask >> world & 1 == 1) is value(term, {n: bool(world >> i & 1) for i, n in enumerate(names)})
    assert covered > 300


def test_bit_parallel_sums_of_several_numbers_agree_with_the_oracle() -> None:
    rng = random.Random(31)
    for _ in range(150):
        declared: dict[str, Any] = {
            f"n{i}": ("range", low := rng.randint(-1, 1), low + rng.randint(0, 3)) for i in range(4)
        }
        sums = [("+", *rng.choices([*declared, 1, 2], k=rng.randint(1, 5))) for _ in range(2)]
        term = (rng.choice(["=", "distinct", "<", "<=", ">", ">="]), *sums)
        masks, full = exhaustive.all_worlds(declared)
        found = exhaustive.truth(term, masks, full)
        assert found is not None
        wanted = 0
        for world in itertools.product(*[values_of(sort) for sort in reversed(declared.values())]):
            wanted = wanted << 1 | value(term, dict(zip(reversed(declared), world, strict=True)))
        assert found == int(bin(wanted)[2:].zfill(full.bit_length())[::-1], 2), term


def test_certificates_survive_json() -> None:
    theory = Theory.read(TWO)
    claim = Claim("unique", "entails", ("T",), read("(and (not p) (= x 2))"))
    certificate = sat.refute(sequent(theory, claim))
    assert certificate is not None and lrat.check(sequent(theory, claim), json.loads(json.dumps(certificate)))


def random_3_sat(rng: random.Random, unknowns: int, clauses: int) -> Theory:
    names = [f"p{i}" for i in range(unknowns)]
    signed = [[name if rng.random() < 0.5 else ("not", name) for name in rng.sample(names, 3)] for _ in range(clauses)]
    declared: list[Term] = [("declare", name, "Bool") for name in names]
    return Theory.of([*declared, *[("clause", ("or", *parts)) for parts in signed], ("ask", ("find", *names))])


def test_proofs_with_lemmas_are_accepted_and_their_mutants_only_for_inconsistent_theories() -> None:
    rng = random.Random(7)
    lemmas = tried = accepted = 0
    false = Claim("unique", "entails", ("T",), "false")
    while lemmas < 600:
        theory = random_3_sat(rng, 10, 60)
        certificate = sat.refute(sequent(theory, false))
        models = exhaustive.check(sequent(theory, false), {})
        assert (certificate is not None) is models
        if certificate is None:
            continue
        assert recheck(theory, false, certificate)
        lemmas += len(certificate["proof"])
        for _ in range(20):
            place = rng.randrange(len(theory.clauses))
            clauses = list(theory.clauses)
            clauses[place] = mutated_term(rng, clauses[place], list(theory.declared))
            weaker = Theory(theory.declarations, (), tuple(clauses), (), theory.ask)
            try:
                weaker.check()
            except TermError:
                continue
            found = mutated_json(rng, copy.deepcopy(certificate)) if rng.random() < 0.5 else certificate
            tried += 1
            if recheck(weaker, false, found):
                accepted += 1
                assert exhaustive.check(sequent(weaker, false), {})
    assert accepted > 100 and tried - accepted > 100


def test_colourings_that_need_search_are_refuted_over_finite_domains() -> None:
    rng = random.Random(8)
    refuted = 0
    for _ in range(30):
        places = [f"v{i}" for i in range(9)]
        edges = rng.sample(list(itertools.combinations(places, 2)), 20)
        declared: list[Term] = [("declare", place, ("enum", "'r", "'g", "'b")) for place in places]
        parts = [*declared, *[("clause", ("distinct", *edge)) for edge in edges], ("ask", ("find", *places))]
        theory = Theory.of(parts)
        claim = Claim("unique", "entails", ("T",), "false")
        certificate = sat.refute(sequent(theory, claim))
        if certificate is None:
            assert sat.model(theory) is not None
        else:
            refuted += 1
            assert recheck(theory, claim, certificate) and sat.model(theory) is None
    assert refuted > 5
