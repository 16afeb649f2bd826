"""Linear inequalities: the body farkas under attack, the exact simplex method, points and greatest values.

The oracle is elimination by Fourier and Motzkin, which shares no code with the simplex method or with the kernel; where
unknowns are whole numbers within ranges, every assignment is tried.
"""

from __future__ import annotations

import os
from fractions import Fraction
from itertools import product
from operator import eq, ge, gt, le, lt
from random import Random
from typing import Any

import pytest

from synth_kernel.claims import Claim, Theory, sequent
from synth_kernel.recheck import recheck
from synth_kernel.terms import Term, read, write
from synth_solvers.inequalities import farkas, greatest, point
from synth_solvers.prove import prove
from synth_solvers.verdicts import Proved, Refuted
from tests.fourier import Inequality, satisfiable

MUTANTS = int(os.environ.get("MUTANTS", "800"))
RELATIONS = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq}


# ---- the oracle ------------------------------------------------------------------------------------------------------


def value(term: Any, at: dict[str, Any]) -> Any:
    if isinstance(term, str):
        return at[term]
    if not isinstance(term, tuple):
        return Fraction(term)
    parts = [value(part, at) for part in term[1:]]
    if term[0] == "-":
        return -parts[0] if len(parts) == 1 else parts[0] - parts[1]
    return sum(parts, Fraction(0)) if term[0] == "+" else parts[0] * parts[1]


def true(statement: Any, at: dict[str, Any]) -> bool:
    if statement in ("true", "false"):
        return bool(statement == "true")
    if statement[0] == "not":
        return not true(statement[1], at)
    if statement[0] == "and":
        return all(true(part, at) for part in statement[1:])
    return bool(RELATIONS[statement[0]](value(statement[1], at), value(statement[2], at)))


def inequalities(statement: Any, names: list[str]) -> list[list[Inequality]]:
    """A statement as alternatives of inequalities, its coefficients measured by evaluation at 0 and at 1."""
    if statement in ("true", "false"):
        return [[]] if statement == "true" else []
    if statement[0] == "and":
        whole = [inequalities(part, names) for part in statement[1:]]
        return [[each for part in choice for each in part] for choice in product(*whole)]
    if statement[0] == "not":
        return denied(statement[1], names)
    zero = dict.fromkeys(names, Fraction(0))

    def difference(at: dict[str, Fraction]) -> Fraction:
        return value(statement[1], at) - value(statement[2], at)  # type: ignore[no-any-return]

    form = {name: difference({**zero, name: Fraction(1)}) - difference(zero) for name in names} | {"": difference(zero)}
    minus = {name: -c for name, c in form.items()}
    return [{"<": [(minus, True)], "<=": [(minus, False)], ">": [(form, True)], ">=": [(form, False)],
             "=": [(form, False), (minus, False)]}[statement[0]]]  # fmt: skip


def denied(statement: Any, names: list[str]) -> list[list[Inequality]]:
    if statement in ("true", "false"):
        return inequalities("false" if statement == "true" else "true", names)
    if statement[0] == "and":
        return [choice for part in statement[1:] for choice in denied(part, names)]
    if statement[0] == "not":
        return inequalities(statement[1], names)
    if statement[0] == "=":
        return [*inequalities(("<", *statement[1:]), names), *inequalities((">", *statement[1:]), names)]
    other = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}[statement[0]]
    return inequalities((other, *statement[1:]), names)


def follows(premises: list[Term], goal: Term, names: list[str]) -> bool:
    alternatives = product(*[inequalities(premise, names) for premise in premises], denied(goal, names))
    return not any(satisfiable([each for part in choice for each in part], names) for choice in alternatives)


# ---- what is attacked ------------------------------------------------------------------------------------------------


def side(names: list[str], rng: Random) -> Term:
    parts = [("*", rng.randint(-3, 3), name) for name in rng.sample(names, rng.randint(1, len(names)))]
    return rng.choice([("+", *parts), ("-", ("+", *parts)), ("-", ("+", *parts), rng.randint(-3, 3)), parts[0][2]])


def statement(names: list[str], rng: Random) -> Term:
    relation = rng.choice(["<", "<=", ">", ">=", "<", "<=", ">", ">=", "="])
    right = rng.choice([rng.randint(-5, 5), Fraction(rng.choice([-5, -3, 1, 7]), 2), side(names, rng)])
    found: Term = (relation, side(names, rng), right)
    return ("not", found) if relation != "=" and rng.random() < 0.15 else found


def goal(names: list[str], premises: list[Term], rng: Random) -> Term:
    """Draw a goal: a premise, one made weaker or stronger, a sum of two, or anything."""
    plain = [each for each in premises if each[0] != "not"]  # type: ignore[index]
    if len(plain) > 1 and rng.random() < 0.5:
        one, other = rng.sample(plain, 2)
        left, right = [("+", ("*", rng.randint(1, 2), one[i]), other[i]) for i in (1, 2)]  # type: ignore[index]
        return (rng.choice([one[0], other[0]]), left, ("+", right, rng.choice([0, 0, 1, -1])))  # type: ignore[index]
    if plain and rng.random() < 0.4:
        one = rng.choice(plain)
        return (rng.choice([one[0], "<=", ">"]), one[1], ("+", one[2], rng.choice([0, 0, 1, -1])))  # type: ignore[index]
    drawn = statement(names, rng)
    return rng.choice([drawn, drawn, ("and", drawn, *plain[:1]), "false", ("and", *plain[:2], *plain[:1]), ("and",)])


def mutated(certificate: Any, other: Any, rng: Random) -> Any:
    """Change a certificate: multipliers, names, rows; or take that of another claim."""
    rows = [dict(row) for row in certificate["rows"]] or [{}]
    row = rng.choice(rows)
    known = rng.choice([*row, "c0"])
    match rng.randrange(9):
        case 0:
            row[known] = rng.choice(["0", "1", "-1", "2", "1/2", "-1/2", "3"])
        case 1:
            row[rng.choice(["c0", "c1", "c2", "low x", "high x", "low y", "high y"])] = rng.choice(["1", "-1", "1/3"])
        case 2:
            row.pop(known, None)
        case 3:
            rows = rng.choice([rows[::-1], rows[:-1], rows + rows, [*rows, {}], [{}] * len(rows), [], {}, None])
        case 4:
            row[known] = rng.choice([1, -1, None, True, "x", "1/0", "", "(+ 1 1)", "'a", []])
        case 5:
            row.update({name: str(-Fraction(factor)) for name, factor in row.items() if isinstance(factor, str)})
        case 6:
            return other
        case 7:
            row[rng.choice(["goal", "not-goal", "T", "c99", "a0", "low w", ""])] = "1"
    return {**certificate, "rows": rows}


def attack(theory: Theory, claim: Claim, truth: bool, last: Any, rng: Random) -> tuple[Any, bool]:
    """Try a found certificate and a mutant; return the found one and whether the claim was shown."""
    found = farkas(sequent(theory, claim))
    if found is not None:
        assert truth and recheck(theory, claim, found), (theory.text(), write(claim.goal))
    mutant = mutated(found or last, last, rng)
    shown = recheck(theory, claim, mutant)
    assert truth or not shown, (theory.text(), claim, mutant)
    return found or last, shown or found is not None


def test_no_false_claim_over_the_rationals_is_shown() -> None:
    rng = Random(21)
    last: Any = {"v": 1, "body": "farkas", "rows": [{}]}
    proved = false = missed = 0
    for _ in range(MUTANTS):
        names = ["x", "y", "z"][: rng.choice([1, 2, 2, 3])]
        premises = [statement(names, rng) for _ in range(rng.randint(1, 4))]
        theory = Theory(tuple((name, "Rational") for name in names), (), tuple(premises), (), ("count",))
        claim = Claim("correct", "entails", rng.choice([("T",), ("T",), ("c0",)]), goal(names, premises, rng))
        used = premises if claim.premises == ("T",) else premises[:1]
        truth = follows(used, claim.goal, names)
        last, shown = attack(theory, claim, truth, last, rng)
        proved, false = proved + shown, false + (not truth)
        missed += truth and not shown and not follows(used, "false", names)
    assert proved > MUTANTS / 8 and false > MUTANTS / 3
    assert not missed  # Farkas' lemma: what follows from consistent premises is found


def test_no_false_claim_over_ranges_of_whole_numbers_is_shown() -> None:
    rng = Random(22)
    last: Any = {"v": 1, "body": "farkas", "rows": [{"low x": "1"}]}
    proved = false = 0
    for _ in range(MUTANTS):
        names = ["x", "y", "z"][: rng.choice([1, 2])]
        ranges = {name: (low := rng.randint(-2, 2), low + rng.randint(0, 3)) for name in names}
        premises = [statement(names, rng) for _ in range(rng.randint(0, 2))]
        declared = tuple((name, ("range", *ends)) for name, ends in ranges.items())
        theory = Theory(declared, (), tuple(premises), (), ("count",))
        claim = Claim("optimal", "entails", ("T",), goal(names, premises, rng))
        points = [dict(zip(names, at, strict=True)) for at in product(*[range(a, b + 1) for a, b in ranges.values()])]
        truth = all(true(claim.goal, at) for at in points if all(true(premise, at) for premise in premises))
        last, shown = attack(theory, claim, truth, last, rng)
        proved, false = proved + shown, false + (not truth)
    assert proved > MUTANTS / 8 and false > MUTANTS / 5


@pytest.mark.parametrize(
    ("declared", "clauses", "goal", "row"),
    [
        ("x Rational", "(<= x 1)", "(< x 1)", {"c0": "1"}),
        ("x Rational", "(< x 1)", "(< x 1)", {"c0": "0"}),
        ("x Rational", "(< x 1)", "false", {"c0": "0"}),
        ("x Rational", "(< x 1)", "(<= x 1)", {"c0": "1", "c1": "0"}),  # no such premise
        ("x Rational", "(< x 1)", "(> x 1)", {"c0": "-1"}),
        ("x Rational", "(or (< x 1) (> x 1))", "(< x 1)", {"c0": "1"}),
        ("x Rational", "(= (/ x x) 1)", "(>= 0 0)", {"c0": "1"}),  # not linear
        ("x Rational", "(< x 1)", "(= (/ x 0) (/ x 0))", {}),
        ("x Rational", "(< x 1)", "(= (* 0 (/ 1 x)) 0)", {}),  # without a value at 0
        ("x Rational", "(not (= x 1))", "(> x 1)", {"c0": "1"}),
        ("x Int", "(< x 1)", "(= x 0)", {"c0": "1"}),
        ("x (range 0 3)", "(< x 9)", "(<= x 2)", {"high x": "1"}),
        ("x Bool", "(=> x x)", "(= x x)", {}),  # no unknown but numbers
        ("x (enum 'a 'b)", "(= x 'a)", "(= 1 1)", {"low x": "1"}),
    ],
)  # fmt: skip
def test_a_hole_stays_closed(declared: str, clauses: str, goal: str, row: dict[str, str]) -> None:
    theory = Theory.read(f"(theory (declare {declared}) (clause {clauses}) (ask (count)))")
    for rows in ([row], [row, row]):
        claim = Claim("correct", "entails", ("T",), read(goal))
        assert not recheck(theory, claim, {"v": 1, "body": "farkas", "rows": rows})


def test_hostile_numbers_are_refused_soon() -> None:
    theory = Theory.read("(theory (declare x Rational) (clause (< x 1)) (ask (count)))")
    claim = Claim("correct", "entails", ("T",), read("(< x 1)"))
    for rows in ([{"c0": "9" * 10**6}], [{"c0": "1/" + "9" * 401}], [{f"c{i}": "1" for i in range(20_000)}], "c0", 7):
        assert not recheck(theory, claim, {"v": 1, "body": "farkas", "rows": rows})


def test_a_point_is_found_exactly_where_the_oracle_says_so() -> None:
    rng = Random(23)
    found = 0
    for _ in range(400):
        names = ["x", "y", "z"][: rng.randint(1, 3)]
        system = [statement(names, rng) for _ in range(rng.randint(1, 5))]
        system += [("not", ("=", names[0], rng.randint(-1, 1)))] * rng.randint(0, 1)
        at = point(dict.fromkeys(names, "Rational"), system)
        assert (at is None) is follows(system, "false", names), system
        if at is not None:
            assert all(true(each, at) for each in system)
            found += 1
    assert 100 < found < 380


def test_a_greatest_value_is_taken_and_not_exceeded() -> None:
    rng = Random(24)
    bounded = 0
    for _ in range(200):
        names = ["x", "y"]
        system = [statement(names, rng) for _ in range(rng.randint(2, 5))]
        best = greatest(dict.fromkeys(names, "Rational"), system, {"x": 2, "y": -1})
        if best is None or follows(system, "false", names):
            continue
        top, at = best
        assert 2 * at["x"] - at["y"] == top
        assert follows(system, ("<=", ("-", ("*", 2, "x"), "y"), top), names)
        assert not follows(system, ("<", ("-", ("*", 2, "x"), "y"), top - 1), names)
        bounded += 1
    assert bounded > 50


def test_a_consequence_is_proved_and_what_is_none_is_refuted_by_a_point() -> None:
    theory = Theory.read(
        "(theory (declare x Rational) (declare y Rational) (clause (<= (+ x y) 4)) (clause (> y 1)) (ask (count)))"
    )
    verdicts = [prove(theory, Claim("", "entails", ("T",), read(text))) for text in ("(< x 3)", "(< x 2)", "(= x 2)")]
    assert [type(verdict) for verdict in verdicts] == [Proved, Refuted, Refuted]
