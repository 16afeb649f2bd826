"""Provers, SMT backends and the pool: what they may say, and that what they are given or do costs nobody else."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from synth_kernel.claims import Claim, Sequent, Theory, sequent
from synth_kernel.evaluate import holds
from synth_kernel.recheck import recheck
from synth_kernel.terms import Term, read, write
from synth_solvers import cvc5_solver, finders, refuters, sat, smt, smtlib
from synth_solvers.pool import Lost, Pool
from synth_solvers.prove import prove
from synth_solvers.verdicts import Agreed, Budget, Proved, Refuted, Unknown

SOLVERS = Path(smt.__file__).parent


def theory(*parts: str) -> Theory:
    return Theory.read(f"(theory {' '.join(parts)})")


def entails(goal: str, *premises: str) -> Claim:
    return Claim("unique", "entails", premises or ("T",), read(goal))


def question(declared: dict[str, str], premises: Sequence[str], goal: str) -> Sequent:
    made = Theory.of([*[("declare", n, read(s)) for n, s in declared.items()], *[("clause", read(p)) for p in premises],
                      ("ask", ("find", *declared))])  # fmt: skip
    return sequent(made, entails(goal))


# ---- prove ---------------------------------------------------------------------------------------------------------

KNIGHTS = theory("(declare p Bool)", "(declare q Bool)", "(clause (= p (not q)))", "(clause (= q (count p q)))".replace(
    "(= q (count p q))", "(= q (= (count p q) 1))"), "(ask (find p q))")  # fmt: skip
LINE = theory("(declare x Rational)", "(clause (= (* 2 x) 3))", "(ask (find x))")


def test_each_shape_of_claim_gets_the_cheapest_body_that_fits() -> None:
    many = [f"(declare x{i} (range 1 5))" for i in range(7)]
    chain = [f"(clause (< x{i} x{i + 1}))" for i in (0, 1, 2, 3, 5)]
    grid = theory(*many, *chain, "(clause (= x5 x0))", "(ask (find x0 x1 x2 x3 x4 x5 x6))")
    choices = [
        (KNIGHTS, entails("(and q (not p))"), "exhaustive"),
        (KNIGHTS, Claim("correct", "model", ("T",), read("(model (= p false) (= q true))")), "evaluation"),
        (LINE, entails("(= x 3/2)"), "left-inverse"),
        (grid, entails("(and (= x0 1) (= x5 1))"), "lrat"),
        (
            theory("(declare p Bool)", "(declare q Bool)", "(clause p)", "(ask (count))"),
            Claim("c", "count", ("T",), 2),
            "residual",
        ),
    ]
    for made, claim, body in choices:
        verdict = prove(made, claim)
        assert isinstance(verdict, Proved) and verdict.certificate["body"] == body, (claim, verdict)
        assert recheck(made, claim, verdict.certificate)


def answer(binding: str) -> Claim:
    return Claim("correct", "model", ("T",), read(f"(model {binding})"))


EXPRESSION = theory("(declare e Expr)", "(axiom (leaves_among e 2 3 7))", "(clause (= (value e) 7))",
                    "(ask (construct e))")  # fmt: skip
QUADRATIC = theory("(declare x Real)", "(clause (= (^ x 2) 2))", "(ask (all x))")
ROADS = theory("(declare w (Walk (arc 'a 'b 5) (arc 'b 'c 1) (arc 'a 'c 4)))", "(clause (= (start w) 'a))",
               "(clause (= (end w) 'c))", "(ask (optimize w (cost w)))")  # fmt: skip


@pytest.mark.parametrize(
    ("made", "claim"),
    [
        (KNIGHTS, entails("p")),
        (KNIGHTS, Claim("correct", "model", ("T",), read("(model (= p true) (= q false))"))),
        (LINE, entails("(= x 2)")),
        (LINE, Claim("correct", "model", ("T",), read("(model (= x 2))"))),
        (theory("(declare p Bool)", "(clause p)", "(ask (count))"), Claim("c", "count", ("T",), 2)),
        (theory("(declare x Int)", "(clause (< 3 x))", "(ask (find x))"), entails("(< 4 x)")),
        (theory("(declare x (range 0 2))", "(ask (find x))"), entails("(= (div 2 x) (div 2 x))")),
        (theory("(declare x (range 0 99))", "(declare y (range 0 99))", "(ask (find x y))"), entails("(= (* x y) 2)")),
        (theory("(declare p Bool)", "(clause p)", "(clause (not p))", "(ask (decide p 'weak))"),
         Claim("consistent", "model", ("T",), ("any",))),
        (EXPRESSION, answer("(= e (quote (+ 2 3)))")),
        (EXPRESSION, answer("(= e (quote (+ 2 (+ 2 3))))")),
        (QUADRATIC, answer("(= x (sqrt 3))")),
        (QUADRATIC, answer("(= x (root (poly -2 0 1) 0 1))")),
        (QUADRATIC, entails("(= x (sqrt 2))")),
        (ROADS, answer("(= w (walk 'a))")),
        (ROADS, entails("(>= (cost w) 5)")),
    ],
)  # fmt: skip
def test_a_false_claim_is_refuted_by_another_claim_that_the_kernel_accepts(made: Theory, claim: Claim) -> None:
    verdict = prove(made, claim)
    assert isinstance(verdict, Refuted), verdict
    assert recheck(made, verdict.claim, verdict.certificate) and not isinstance(prove(made, verdict.claim), Refuted)


def test_two_solvers_that_agree_are_never_called_a_proof() -> None:
    made = theory(
        "(declare x Int)", "(declare y Int)", "(clause (< x y))", "(clause (< y (+ x 2)))", "(ask (find x y))"
    )
    verdict = prove(made, entails("(= y (+ x 1))"))
    assert isinstance(verdict, Agreed), verdict
    assert [solver["tool"] for solver in verdict.record["solvers"]] == ["z3", "cvc5"]
    without = prove(made, entails("(= y (+ x 1))"), budget=Budget(agreement=False))
    assert isinstance(without, Unknown)


def test_a_solver_that_lies_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    made = theory(
        *[f"(declare x{i} (range 1 9))" for i in range(5)], "(clause (< x0 x1))", "(ask (find x0 x1 x2 x3 x4))"
    )
    monkeypatch.setattr(sat, "refute", lambda *_: {"v": 1, "body": "lrat", "proof": [[[], [0, 0]]]})
    monkeypatch.setattr(sat, "countermodel", lambda *_: {f"x{i}": 1 for i in range(5)})
    monkeypatch.setattr(smt, "decide", lambda *_: smtlib.Answer("unsat"))
    monkeypatch.setattr(cvc5_solver, "decide", lambda *_: smtlib.Answer("sat"))
    false = entails("(and (= x0 1) (= (+ x2 x3 x4) 5))")
    assert prove(made, false) == Unknown("disagreement")
    monkeypatch.setattr(finders, "left_inverse", lambda *_: {"v": 1, "body": "left-inverse", "rows": []})
    assert not isinstance(prove(LINE, entails("(= x 2)")), Proved)


def test_what_is_no_claim_of_the_theory_is_unknown() -> None:
    verdict = prove(KNIGHTS, entails("(= p 1)"))
    assert isinstance(verdict, Unknown) and "not a claim" in verdict.reason


def test_what_is_not_known_of_a_model_names_the_statement_that_fails() -> None:
    assert prove(ROADS, answer("(= w (walk 'a 'b))")) == Unknown("c1 is not true: (= (end w) 'c)")
    verdict = prove(EXPRESSION, answer("(= e (quote (/ 2 (- 3 3))))"))
    assert isinstance(verdict, Refuted), "3 is used twice, whatever the value is"
    apart = theory("(declare e Expr)", "(clause (= (value e) 7))", "(ask (construct e))")
    assert prove(apart, answer("(= e (quote (/ 2 (- 3 3))))")) == Unknown("c0 has no value: division by zero")


def test_an_identity_is_refuted_at_a_point_where_sides_differ_or_have_no_value() -> None:
    made = theory("(declare x Real)", "(domain (distinct x 0))", "(ask (compute (* x x)))")
    for f, g in (("(* x x)", "x"), ("(/ 1 (- x 1))", "(/ 1 (- x 1))")):
        claim = Claim("correct", "identity", ("D",), ("identity", read(f), read(g)))
        found = list(refuters._point(sequent(made, claim), claim, Budget()))
        assert len(found) == 1 and recheck(made, *found[0])


# ---- sat -----------------------------------------------------------------------------------------------------------


def test_models_are_models_and_all_of_them_are_found() -> None:
    made = theory("(declare x (range 1 4))", "(declare p Bool)", "(declare c (enum 'red 'blue))",
                  "(clause (= p (< x 3)))", "(clause (=> p (= c 'red)))", "(ask (find x p c))")  # fmt: skip
    models = sat.enumerate_models(made, 100)
    assert len(models) == 6 and len({str(model) for model in models}) == 6
    for model in models:
        goal: Term = ("model", *[("=", name, value) for name, value in model.items()])
        assert recheck(made, Claim("correct", "model", ("T",), goal), {"v": 1, "body": "evaluation"})
    assert len(sat.enumerate_models(made, 4)) == 4
    assert sat.model(made, [("=", "x", 1), ("=", "c", "'blue")]) is None
    assert sat.model(theory("(declare x Int)", "(ask (find x))")) is None


def test_narrowing_keeps_only_clauses_that_exclude_the_alternative_and_ends_unique() -> None:
    names = [f"x{i}" for i in range(4)]
    made = theory(*[f"(declare {n} (range 1 4))" for n in names], f"(axiom (distinct {' '.join(names)}))",
                  f"(ask (find {' '.join(names)}))")  # fmt: skip
    planted: dict[str, Term] = {"x0": 2, "x1": 4, "x2": 1, "x3": 3}
    narrowing = sat.Narrowing(made, planted)
    clauses: list[Term] = []
    rng = random.Random(1)
    while (other := narrowing.alternative()) is not None:
        a, b = rng.sample(names, 2)
        clause: Term = rng.choice([("<", a, b), ("=", a, ("+", b, 1)), ("=", a, rng.randrange(1, 5))])
        if holds(clause, planted):
            assert narrowing.add(clause) is not holds(clause, other)
            if not holds(clause, other):
                clauses.append(clause)
    assert sat.enumerate_models(dataclasses.replace(made, clauses=tuple(clauses)), 2) == [planted]


def test_the_conflict_budget_decides_and_the_same_question_gets_the_same_certificate() -> None:
    pigeons = [f"(declare x{i} (range 1 7))" for i in range(8)]
    pairs = [f"(clause (not (= x{i} x{j})))" for i in range(8) for j in range(i)]
    made = theory(*pigeons, *pairs, f"(ask (find {' '.join(f'x{i}' for i in range(8))}))")
    asked = sequent(made, entails("false"))
    assert sat.refute(asked, conflicts=10) is None
    assert isinstance(prove(made, entails("false"), budget=Budget(conflicts=10, agreement=False)), Unknown)
    small = sequent(
        theory(*pigeons[:3], *pairs[:3], "(ask (find x0 x1 x2))"), entails("(not (and (= x0 x1) (= x1 x2)))")
    )
    assert sat.refute(small) == sat.refute(small) is not None


# ---- SMT text ------------------------------------------------------------------------------------------------------

Decide = Callable[[Sequent], smtlib.Answer]
BACKENDS = [smt.decide, cvc5_solver.decide]
each_backend = pytest.mark.parametrize("decide", BACKENDS, ids=["z3", "cvc5"])


@each_backend
@pytest.mark.parametrize(
    ("sort", "premise", "goal"),
    [
        ("Rational", "(= (/ x 0) 5)", "false"),  # SMT-LIB: any number divided by zero is any number
        ("Int", "(and (= (div x 0) 5) (= (mod x 0) 7))", "false"),
        ("Rational", "(not (= (/ x 0) 5))", "false"),
        ("Rational", "(= (^ (- x x) -1) 1)", "false"),
        ("Rational", "(or (= (/ 1 x) 2) (= x 1/2))", "(= x 1/2)"),
        ("Int", "(= (count (= (div 6 x) 2) (< x 0)) 1)", "(= x 3)"),
    ],
)
def test_a_division_by_zero_satisfies_nothing(decide: Decide, sort: str, premise: str, goal: str) -> None:
    answer = decide(question({"x": sort}, [premise], goal))
    if "count" in premise:  # also true for negative x where 6 / x is not 2
        assert answer.result == "sat" and answer.model is not None
        assert holds(read(premise), answer.model) and not holds(read(goal), answer.model)
    else:
        assert answer.result == "unsat"


@each_backend
def test_an_undefined_goal_does_not_hold(decide: Decide) -> None:
    answer = decide(question({"x": "Rational"}, ["(<= 0 x)", "(<= x 0)"], "(= (/ 1 x) (/ 1 x))"))
    assert answer.result == "sat" and answer.model == {"x": 0}


@each_backend
def test_models_come_back_as_constants_of_the_declared_sorts(decide: Decide) -> None:
    declared = {"p": "Bool", "n": "(range -3 3)", "r": "Rational", "c": "(enum 'red 'blue)"}
    premises = ["(not p)", "(< n -2)", "(= r (/ n 2))", "(distinct c 'red)"]
    answer = decide(question(declared, premises, "p"))
    assert answer.model == {"p": "false", "n": -3, "r": Fraction(-3, 2), "c": "'blue"}


def test_the_backends_agree_with_enumeration_on_random_finite_questions() -> None:
    rng = random.Random(3)
    atoms = [
        *("(< x y)", "(= (div x y) 1)", "(= (mod y x) 1)", "p", "(= c 'a)", "(= (/ x 2) 1/2)", "(distinct x y 1)"),
        *(
            "(= (count p (< x 2)) 1)",
            "(<= (abs (- x y)) 1)",
            "(= (ite p x y) 2)",
            "(= (^ x 2) (* y y))",
            "(= p (= c 'b))",
        ),
    ]
    declared = {"x": "(range 0 2)", "y": "(range 0 2)", "p": "Bool", "c": "(enum 'a 'b)"}
    results = set()
    for _ in range(40):
        pick = [
            f"({rng.choice(['and', 'or', '=>', 'xor', '='])} {rng.choice(atoms)} (not {rng.choice(atoms)}))"
            for _ in range(3)
        ]
        asked = question(declared, pick[:2], pick[2])
        expected = "sat" if sat.countermodel(asked) is not None else "unsat"
        results.add(expected)
        assert [decide(asked).result for decide in BACKENDS] == [expected, expected], pick
    assert results == {"sat", "unsat"}


@each_backend
def test_other_sorts_and_operators_are_unsupported_rather_than_guessed(decide: Decide) -> None:
    walk = question({"w": "(Walk (arc 'a 'b 1))"}, [], "(< (cost w) 3)")
    assert decide(walk).reason.startswith("unsupported")
    assert decide(question({"x": "Real"}, [], "(< (sqrt x) 3)")).reason.startswith("unsupported")


def test_no_option_and_no_foreign_name_is_ever_printed() -> None:
    names = ["set", "option", "exit", "v7", "x.1", "assert_"]
    declared = dict.fromkeys(names, "Int") | {"include": "(enum 'set_option 'echo)"}
    text = smtlib.script(question(declared, ["(< set option)", "(distinct include 'echo)"], "(= exit v7)")).text
    words = set(text.replace("(", " ").replace(")", " ").split())
    printed = {"Int", "declare-const", "assert", "and", "or", "not", "=", "<", "distinct", "false", "0", "1"}
    assert words <= printed | {f"v{i}" for i in range(7)}, words


def test_text_reaches_a_solver_only_from_our_printer() -> None:
    """`from_string` and the cvc5 parser obey `set-option`, which creates files; both take `question.text` alone."""
    calls = {"smt.py": ["solver.from_string(question.text)"], "cvc5_solver.py": ["question.text}"]}
    for name, wanted in calls.items():
        source = (SOLVERS / name).read_text(encoding="utf-8")
        assert all(part in source for part in wanted) and source.count("script(sequent)") == 1
    backends = {"z3": {"smt.py", "pool.py"}, "cvc5": {"cvc5_solver.py"}, "pysat": {"sat.py"}, "pebble": {"pool.py"}}
    for path in sorted(SOLVERS.parent.rglob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            words = line.replace(".", " ").split()
            if words[:1] in (["import"], ["from"]) and words[1] in backends:
                assert path.name in backends[words[1]], f"{path.name} imports {words[1]}"
            assert "from_string" not in line or path.name == "smt.py", path
    assert all("(set-option" not in path.read_text(encoding="utf-8") for path in SOLVERS.glob("*.py"))


HARD = question({"x": "Int", "y": "Int", "z": "Int"},
                ["(= (+ (* x x x) (* y y y) (* z z z)) 33)"], "false")  # fmt: skip


def test_rlimit_stops_a_search_at_the_same_place_every_time() -> None:
    first, second = smt.decide(HARD, 50_000), smt.decide(HARD, 50_000)
    assert first == second and (first.result, first.reason) == ("unknown", "rlimit")
    other = [cvc5_solver.decide(HARD, 2_000) for _ in range(2)]
    assert other[0] == other[1] and other[0].result == "unknown"


def test_deep_and_huge_terms_are_refused_before_a_solver_sees_them() -> None:
    power: Term = "x"
    for _ in range(6):
        power = ("^", power, 64)
    made = Sequent("entails", {"x": "Int"}, {"x": "Int"}, (), (), (), ("=", power, 1))
    assert smt.decide(made).reason.startswith("unsupported")


# ---- the pool ------------------------------------------------------------------------------------------------------

HANGS, CRASHES, EATS, RAISES = 13, 47, 70, 85


def work(batch: Sequence[int]) -> list[int]:
    results = []
    for item in batch:
        if item == HANGS:
            time.sleep(600)
        if item == CRASHES:
            os.kill(os.getpid(), signal.SIGSEGV)
        if item == EATS:
            bytearray(1 << 40)
        if item == RAISES:
            raise RuntimeError("a bug")
        results.append(item * item)
    return results


def test_a_hang_a_crash_and_running_out_of_memory_cost_exactly_one_candidate_each() -> None:
    batches = [list(range(start, start + 10)) for start in range(0, 100, 10)]
    with Pool(2, seconds=1.5) as pool:
        done = list(pool.map(work, batches))
    assert [batch for batch, _ in done] == batches
    results = [result for _, found in done for result in found]
    lost = {item: result.reason for item, result in enumerate(results) if isinstance(result, Lost)}
    assert lost == {HANGS: "hang", CRASHES: "crash", EATS: "memory", RAISES: "crash"}
    assert all(result == item * item for item, result in enumerate(results) if item not in lost)


def test_a_pool_takes_batches_only_as_they_are_needed_and_stops_when_left() -> None:
    taken = []

    def batches() -> object:
        for start in range(0, 10_000, 5):
            taken.append(start)
            yield [1_000 + start]

    with Pool(1) as pool:
        assert next(pool.map(work, batches())) == ([1_000], [1_000_000])  # type: ignore[arg-type]
    assert len(taken) < 10


def test_workers_prove_claims_and_give_the_same_answers_as_here() -> None:
    with Pool(2) as pool:
        results = [result for _, found in pool.map(prove_lines, [[1, 2], [3, 4], [5]]) for result in found]
    assert results == prove_lines([1, 2, 3, 4, 5])


def prove_lines(numbers: Sequence[int]) -> list[str]:
    verdicts = [prove(theory("(declare x Rational)", f"(clause (= (* {n} x) 1))", "(ask (find x))"),
                      Claim("unique", "entails", ("T",), ("=", "x", Fraction(1, n) if n > 1 else 1)))
                for n in numbers]  # fmt: skip
    assert all(isinstance(verdict, Proved) for verdict in verdicts)
    return [str(verdict) for verdict in verdicts]


def test_interrupting_the_parent_leaves_no_worker_behind(tmp_path: Path) -> None:
    script = tmp_path / "interrupted.py"
    script.write_text(
        "import os, sys, time\n"
        "from synth_solvers.pool import Pool\n"
        "def slow(batch):\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(60)\n"
        "    return batch\n"
        "if __name__ == '__main__':\n"
        "    with Pool(1) as pool:\n"
        "        list(pool.map(slow, [[1]]))\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOLVERS.parent), *sys.path])}
    with subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    ) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode != 0 and b"KeyboardInterrupt" in errors
    for _ in range(50):
        if not Path(f"/proc/{worker}").exists():
            break
        time.sleep(0.1)
    assert not Path(f"/proc/{worker}").exists()


def test_a_verdict_shows_its_claim() -> None:
    verdict = prove(KNIGHTS, entails("p"))
    assert isinstance(verdict, Refuted) and write(verdict.claim.goal) == "(model (= p false) (= q true))"
