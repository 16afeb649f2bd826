"""The kernel's own laws: text, sorts, partial values, claims, and the bodies evaluation, left-inverse and potential.

Bodies are attacked with mutated (claim, certificate) pairs: whenever an oracle that shares no code with the kernel
finds a claim false, `recheck` must refuse it, whatever the certificate says.
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_kernel import Claim, Term, TermError, Theory, read, recheck, sequent, write
from synth_kernel.evaluate import Undecided, Undefined, evaluate, holds
from synth_kernel.terms import MAX_DEPTH, sort_of
from synth_solvers.linear import left_inverse, solve
from synth_solvers.walks import distances, potential

MUTANTS = 10_000

fractions = st.fractions(max_denominator=9).filter(lambda fraction: fraction.denominator > 1)
atoms = st.one_of(st.integers(-99, 99), st.sampled_from(["x", "y.1", "'red"]), fractions)
terms = st.recursive(
    atoms, lambda inner: st.tuples(st.sampled_from(["+", "and", "=", "<=", "f"]), inner, inner), max_leaves=20
)


@given(terms)
def test_writing_and_reading_a_term_gives_it_back(term: Term) -> None:
    assert read(write(term)) == term


@pytest.mark.parametrize(
    "text", ["", "(", ")", "()", "(1 2)", "((f x) y)", "x y", "(f x", "1/0", "a b)", "(f\x00)", "é", "1.5", "((((", "'"]
)
def test_a_text_that_is_no_term_is_refused(text: str) -> None:
    with pytest.raises(TermError):
        read(text)


def test_depth_and_digits_are_bounded() -> None:
    with pytest.raises(TermError, match="deeper"):
        read("(not " * (MAX_DEPTH + 1) + "p" + ")" * (MAX_DEPTH + 1))
    with pytest.raises(TermError, match="digits"):
        read("9" * 201)


@pytest.mark.parametrize(
    "text",
    ["(= p 1)", "(and x)", "(+ p 1)", "(f x)", "(not p p)", "(^ x 65)", "(^ x x)", "(= 'a 1)", "(quote x)", "(walk x)",
     "(root (poly 1) 0 1)", "(ite x 1 2)", "(count 1)", "(D x 2)", "zz", "(= p true p)"],
)  # fmt: skip
def test_an_ill_sorted_term_is_refused(text: str) -> None:
    with pytest.raises(TermError):
        sort_of(read(text), {"x": "Int", "p": "Bool"})


def test_a_clause_without_a_value_is_not_satisfied() -> None:
    division = read("(= (/ 1 x) 1)")
    assert not holds(division, {"x": 0})
    assert not holds(("not", division), {"x": 0})
    with pytest.raises(Undefined):
        evaluate(division, {"x": 0})


def test_connectives_do_not_depend_on_the_order_of_their_arguments() -> None:
    parts = ["true", "false", read("(= (/ 1 0) 1)")]
    for operator, pair in product(["and", "or", "xor", "="], product(parts, repeat=2)):
        outcomes = []
        for first, second in (pair, pair[::-1]):
            try:
                outcomes.append(evaluate((operator, first, second), {}))
            except Undefined:
                outcomes.append("none")
        assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("text", ["(^ (^ (^ 9 64) 64) 64)", "(* (^ 7 64) (^ (^ 7 64) 60))"])
def test_magnitude_is_checked_before_it_is_reached(text: str) -> None:
    with pytest.raises(Undecided, match="too large"):
        evaluate(read(text), {})


KNIGHTS = "(theory (declare p Bool) (declare q Bool) (clause (= p (not q))) (clause (= q (and p q))) (ask (find p q)))"


@pytest.mark.parametrize(
    ("form", "premises", "goal"),
    [
        ("model", ["T"], "(model (= p true))"),  # an unknown is missing
        ("model", ["T"], "(model (= p true) (= p true))"),  # bound twice
        ("model", ["T"], "(model (= p 1) (= q 0))"),  # a number is no truth value
        ("model", ["T"], "(model (= q false) (= p true))"),  # not in the order of declaration
        ("model", ["T"], "(model (= p true) (= q (and p p)))"),  # not a constant
        ("entails", ["s0"], "p"),  # no such step
        ("entails", ["c7"], "p"),
        ("entails", ["c00"], "p"),
        ("entails", ["goal"], "p"),  # nothing is asked to be decided
        ("entails", ["T"], "(identity p q)"),
        ("identity", ["T"], "(identity 1 1)"),  # identities are on D
        ("count", ["T"], "-1"),
        ("count", ["T"], "true"),
        ("proof", ["T"], "p"),
    ],
)  # fmt: skip
def test_a_claim_that_is_not_well_formed_is_refused(form: str, premises: list[str], goal: str) -> None:
    theory = Theory.read(KNIGHTS)
    claim = Claim("correct", form, tuple(premises), read(goal))
    with pytest.raises(TermError):
        sequent(theory, claim)
    for body in ("evaluation", "exhaustive", "lrat", "left-inverse", "residual", "normal-form", "sign"):
        assert not recheck(theory, claim, {"v": 1, "body": body})


@pytest.mark.parametrize(
    "certificate", [{}, {"v": 2, "body": "evaluation"}, {"v": 1}, {"v": 1, "body": []}, 7, None, [1]]
)
def test_recheck_never_raises(certificate: Any) -> None:
    theory = Theory.read(KNIGHTS)
    assert recheck(theory, Claim("correct", "model", ("T",), ("model",)), certificate) is False


@pytest.mark.parametrize(
    "text",
    [
        "(theory (declare p Bool) (declare p Bool) (ask (find p)))",
        "(theory (declare p Bool))",
        "(theory (declare p Bool) (ask (find)))",
        "(theory (declare p Bool) (clause 1) (ask (find p)))",
        "(theory (declare true Bool) (ask (find true)))",
        "(theory (declare p (range 3 1)) (ask (find p)))",
        "(theory (declare w (Walk (arc 'a 'b 1) (arc 'a 'b 2))) (ask (find w)))",
        "(theory (declare w (Walk (arc 'a 'b -1))) (ask (find w)))",
        "(theory (declare p Bool) (ask (steal p)))",
    ],
)
def test_a_theory_that_is_not_well_formed_is_refused(text: str) -> None:
    with pytest.raises(TermError):
        Theory.read(text)


# ---- mutants of evaluation and left-inverse --------------------------------------------------------------------------


def linear_theory(rng: Random) -> Theory:
    names = ["x", "y", "z"][: rng.randint(1, 3)]
    equations = []
    for _ in range(rng.randint(1, 4)):
        left: list[Any] = ["+", *[["*", rng.randint(-3, 3), name] for name in names]]
        right = rng.choice([rng.randint(-5, 5), Fraction(rng.randint(-5, 5), 2), ["/", 1, rng.randint(0, 1)]])
        equations.append(_tuples(["=", left, right]))
    declared = tuple((name, "Rational") for name in names)
    return Theory(declared, (), tuple(equations), (), ("find", *names))


def _tuples(term: Any) -> Any:
    if isinstance(term, list):
        return tuple(map(_tuples, term))
    return term.numerator if isinstance(term, Fraction) and term.denominator == 1 else term


def linear_value(term: Any, point: dict[str, Fraction]) -> Fraction | None:
    """The oracle: our own few lines of partial arithmetic."""
    if isinstance(term, str):
        return point[term]
    if not isinstance(term, tuple):
        return Fraction(term)
    values = [linear_value(part, point) for part in term[1:]]
    if any(value is None for value in values):
        return None
    if term[0] == "+":
        return sum(values, Fraction(0))  # type: ignore[arg-type]
    if term[0] == "*":
        return values[0] * values[1]  # type: ignore[operator]
    assert term[0] == "/"
    return values[0] / values[1] if values[1] else None  # type: ignore[operator]


def is_true(equation: Any, point: dict[str, Fraction]) -> bool:
    left, right = (linear_value(side, point) for side in equation[1:])
    return left is not None and left == right


def test_evaluation_accepts_exactly_the_models() -> None:
    rng = Random(1)
    accepted = 0
    for _ in range(MUTANTS):
        theory = linear_theory(rng)
        planted = solve(theory.clauses, list(theory.declared))
        point = {name: Fraction((planted or {}).get(name, 0)) for name in theory.declared}
        if rng.random() < 0.5:
            point[rng.choice(list(point))] += rng.choice([1, Fraction(1, 2), -1])
        goal = ("model", *[("=", name, _tuples(value)) for name, value in point.items()])
        shown = recheck(theory, Claim("correct", "model", ("T",), goal), {"v": 1, "body": "evaluation"})
        assert shown == all(is_true(clause, point) for clause in theory.clauses)
        accepted += shown
    assert accepted > MUTANTS / 100


def test_left_inverse_refuses_whatever_a_counterexample_refutes() -> None:
    rng = Random(2)
    grid = [Fraction(n, d) for n in range(-4, 5) for d in (1, 2)]
    accepted = refuted = 0
    last: dict[str, Any] = {"v": 1, "body": "left-inverse", "rows": [{}]}
    for _ in range(MUTANTS):
        theory = linear_theory(rng)
        names = list(theory.declared)
        planted = solve(theory.clauses, names) or dict.fromkeys(names, 0)
        bound = [("=", name, _tuples(planted[name] + (rng.random() < 0.2))) for name in names]
        goal = rng.choice([("and", *bound), bound[0], theory.clauses[0], ("and",), ("and", bound[0], bound[0])])
        premises = rng.choice([("T",), ("c0",), ()])
        claim = Claim("unique", "entails", premises, goal)
        found = left_inverse(sequent(theory, claim)) or last
        certificate = mutated(found, rng) if rng.random() < 0.7 else rng.choice([found, last])
        last = found
        used = [theory.clauses[int(name[1:])] for name in sequent(theory, claim).names]
        wanted = list(goal[1:]) if goal[0] == "and" else [goal]
        points = [dict(zip(names, values, strict=True)) for values in product(grid[:: len(names)], repeat=len(names))]
        models = [point for point in points if all(is_true(premise, point) for premise in used)]
        false = any(not all(is_true(part, point) for part in wanted) for point in models)
        shown = recheck(theory, claim, certificate)
        assert not (shown and false), (theory.text(), claim, certificate)
        accepted, refuted = accepted + shown, refuted + false
    assert accepted > MUTANTS / 50 and refuted > MUTANTS / 50


def mutated(certificate: Any, rng: Random) -> Any:
    """Change one place of a certificate at random: a value, a key, a length."""
    if isinstance(certificate, dict) and certificate:
        key = rng.choice(list(certificate))
        if key in ("v", "body") and rng.random() < 0.9:
            return certificate | {k: mutated(v, rng) for k, v in certificate.items() if k not in ("v", "body")}
        if rng.random() < 0.15:
            return {k: v for k, v in certificate.items() if k != key}
        return certificate | {key: mutated(certificate[key], rng)}
    if isinstance(certificate, list) and certificate:
        place = rng.randrange(len(certificate))
        if rng.random() < 0.3:
            return rng.choice([certificate + certificate[:1], certificate[:-1], certificate[::-1], []])
        return [mutated(part, rng) if i == place else part for i, part in enumerate(certificate)]
    if isinstance(certificate, int):
        return certificate + rng.choice([-1, 1, 10, -1000])
    return rng.choice(["0", "1", "-1", "1/2", "c0", "x", "", 0, None, [], "1/0", True])


# ---- walks ---------------------------------------------------------------------------------------------------------


def walk_theory(rng: Random) -> tuple[Theory, list[tuple[str, str, int]]]:
    places = ["'a", "'b", "'c", "'d", "'e"][: rng.randint(2, 5)]
    pairs = [(s, t) for s in places for t in places if s != t and rng.random() < 0.6] or [(places[0], places[1])]
    arcs = [(s, t, rng.randint(0, 9)) for s, t in pairs]
    sort = ("Walk", *[("arc", *arc) for arc in arcs])
    axioms = (("=", ("start", "w"), places[0]), ("=", ("end", "w"), places[-1]))
    return Theory((("w", sort),), axioms, (), (), ("optimize", "w", ("cost", "w"))), arcs


def cheapest(arcs: list[tuple[str, str, int]], start: str) -> dict[str, int]:
    """The oracle: Bellman and Ford's rounds."""
    best = {start: 0}
    for _ in range(6):
        for tail, head, cost in arcs:
            if tail in best:
                best[head] = min(best.get(head, 10**9), best[tail] + cost)
    return best


def test_potential_refuses_every_bound_that_a_walk_undercuts() -> None:
    rng = Random(3)
    accepted = refuted = 0
    last: dict[str, Any] = {"v": 1, "body": "potential", "prices": {}}
    for _ in range(MUTANTS):
        theory, arcs = walk_theory(rng)
        start, end = theory.axioms[0][2], theory.axioms[1][2]  # type: ignore[index]
        best = cheapest(arcs, start)  # type: ignore[arg-type]
        place = rng.choice([end, *best])
        bound = best.get(place, rng.randint(0, 9)) + rng.choice([0, 0, 0, 1, -1])  # type: ignore[arg-type]
        if place == end and rng.random() < 0.5:
            goal: Term = (">=", ("cost", "w"), bound)
        else:
            goal = ("or", ("not", ("visits", "w", place)), (">=", ("reach", "w", place), bound))
        premises = rng.choice([("T",), ("T",), ("a0",), ("a1",), ()])
        claim = Claim("optimal", "entails", premises, goal)
        found = potential(sequent(theory, claim)) or last
        certificate = mutated(found, rng) if rng.random() < 0.7 else rng.choice([found, last])
        last = found
        needed = {"a0", "a1"} if goal[0] == ">=" else {"a0"}
        false = needed <= set(sequent(theory, claim).names) and place in best and best[place] < bound  # type: ignore[index, operator]
        shown = recheck(theory, claim, certificate)
        assert not (shown and false), (theory.text(), claim, certificate)
        accepted, refuted = accepted + shown, refuted + false
    assert accepted > MUTANTS / 50 and refuted > MUTANTS / 50


def test_a_walk_over_a_road_that_is_not_listed_is_no_model() -> None:
    theory = Theory.read("(theory (declare w (Walk (arc 'a 'b 3))) (ask (optimize w (cost w))))")
    evaluation = {"v": 1, "body": "evaluation"}
    for places, legal in [(("'a", "'b"), True), (("'b", "'a"), False), (("'a", "'z"), False)]:
        claim = Claim("correct", "model", ("T",), ("model", ("=", "w", ("walk", *places))))
        assert recheck(theory, claim, evaluation) is legal


def test_a_bound_on_reaching_an_unknown_place_is_refused() -> None:
    """The place may be the near one; a price for it under its name would prove the bound for every place."""
    theory = Theory.read(
        "(theory (declare w (Walk (arc 'a 'b 1) (arc 'b 'c 9))) (declare q (enum 'b 'c)) (clause (= (start w) 'a))"
        " (clause (visits w q)) (ask (find w q)))"
    )
    goal = ("or", ("not", ("visits", "w", "q")), (">=", ("reach", "w", "q"), 5))
    for prices in ({"'a": 0, "'b": 1}, {"'a": 0, "'b": 1, "q": 5}, {"'a": 0, "'b": 1, "'c": 5}):
        claim = Claim("step[0]", "entails", ("T",), goal)
        assert not recheck(theory, claim, {"v": 1, "body": "potential", "prices": prices})


def test_distances_agree_with_the_oracle() -> None:
    rng = Random(4)
    for _ in range(300):
        theory, arcs = walk_theory(rng)
        start = theory.axioms[0][2]  # type: ignore[index]
        assert distances([("arc", *arc) for arc in arcs], start)[0] == cheapest(arcs, start)  # type: ignore[arg-type]


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_reading_any_text_gives_a_term_or_a_term_error(text: str) -> None:
    with suppress(TermError):
        read(text)
