"""Programs: the kernel runs them as Python does, and statements about all inputs are shown exactly where they are true.

The oracle writes a program as Python source and lets Python run it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from random import Random
from typing import Any

import pytest

from synth.recheck.canonical import canonical
from synth_kernel.claims import Claim, Theory
from synth_kernel.evaluate import Undecided, Undefined, evaluate
from synth_kernel.programs import MAX_STATEMENTS, Fuel, run, size
from synth_kernel.recheck import BODIES, recheck
from synth_kernel.terms import Term, TermError, check_sort, read, sort_of, write
from synth_solvers.answer import answer_of
from synth_solvers.prove import prove
from synth_solvers.verdicts import Proved, Refuted

MUTANTS = 250
EXHAUSTIVE = {"v": 1, "body": "exhaustive"}
NAMES = ("'x", "'y", "'s", "'t")
SIGNS = {"+": "+", "*": "*", "-": "-", "floordiv": "//", "floormod": "%", "=": "==", "distinct": "!=", "<": "<",
         "<=": "<=", ">": ">", ">=": ">=", "andalso": "and", "orelse": "or"}  # fmt: skip


# ---- the oracle ------------------------------------------------------------------------------------------------------


def source(term: Any) -> str:
    """Write an expression in Python, with parentheses around everything."""
    if not isinstance(term, tuple):
        return str(term).removeprefix("'")
    head, *parts = term
    texts = [source(part) for part in parts]
    if head == "ite":
        return f"({texts[1]} if {texts[0]} else {texts[2]})"
    if head in ("min", "max", "abs"):
        return f"{head}({', '.join(texts)})"
    return f"({head} {texts[0]})" if len(parts) == 1 else f"({f' {SIGNS[head]} '.join(texts)})"


def lines(statements: Any, indent: str) -> list[str]:
    found = []
    for head, *parts in statements:
        if head == "set":
            found.append(f"{indent}{parts[0][1:]} = {source(parts[1])}")
        elif head == "return":
            found.append(f"{indent}return {source(parts[0])}")
        elif head == "branch":
            found += [f"{indent}if {source(parts[0])}:", *lines(parts[1][1:], indent + "  ")]
            found += [f"{indent}else:", *lines(parts[2][1:], indent + "  ")]
        else:
            found.append(f"{indent}for {parts[0][1:]} in range({source(parts[1])}, {source(parts[2])}):")
            found += lines(parts[3:], indent + "  ")
    return found or [f"{indent}pass"]


def python(program: Any) -> Callable[..., int | None]:
    """Let Python make the function, which returns None where the program has no value."""
    text = "\n".join([f"def f({', '.join(name[1:] for name in program[1][1:])}):", *lines(program[2:], "  ")])
    space: dict[str, Any] = {}
    exec(text, space)

    def function(*arguments: int) -> int | None:
        try:
            return space["f"](*arguments)  # type: ignore[no-any-return]
        except (ZeroDivisionError, UnboundLocalError, NameError):
            return None

    return function


# ---- random programs -------------------------------------------------------------------------------------------------


def expression(rng: Random, depth: int) -> Any:
    if depth == 0 or rng.random() < 0.2:
        return rng.choice([rng.randint(-4, 4), *NAMES[: rng.choice([2, 2, 3])]])
    head = rng.choice(["+", "*", "-", "neg", "abs", "floordiv", "floormod", "min", "max", "ite"])
    first, second = expression(rng, depth - 1), expression(rng, depth - 1)
    if head == "ite":
        return ("ite", condition(rng, depth - 1), first, second)
    if head in ("neg", "abs"):
        return ("-" if head == "neg" else head, first)
    return (head, first, second, expression(rng, 0)) if head in ("+", "*", "min", "max") else (head, first, second)


def condition(rng: Random, depth: int) -> Any:
    if depth == 0 or rng.random() < 0.6:
        return (rng.choice(["=", "distinct", "<", "<=", ">", ">="]), expression(rng, depth), expression(rng, depth))
    head = rng.choice(["not", "andalso", "orelse"])
    parts = [condition(rng, depth - 1) for _ in range(1 if head == "not" else 2)]
    return (head, *parts)


def block(rng: Random, depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(rng.randint(1, 3)):
        kind = rng.choice(["set", "set", "set", "branch", "loop", "return"])
        if kind == "branch" and depth:
            rest = block(rng, depth - 1) if rng.random() < 0.5 else []
            found.append(("branch", condition(rng, 2), ("block", *block(rng, depth - 1)), ("block", *rest)))
        elif kind == "loop" and depth:
            ends = rng.randint(-1, 2), rng.choice([rng.randint(0, 4), *NAMES[:2]])
            found.append(("loop", rng.choice(("'i", "'x", "'t")), *ends, *block(rng, depth - 1)))
        elif kind == "return" and rng.random() < 0.3:
            found.append(("return", expression(rng, 2)))
        else:
            found.append(("set", rng.choice(NAMES), expression(rng, 2)))
    return found


def program(rng: Random) -> Any:
    start = [("set", "'s", 0), ("set", "'t", ("+", "'x", 1))] if rng.random() < 0.7 else []
    end = [("return", expression(rng, 2))] if rng.random() < 0.9 else []
    return ("prog", ("params", "'x", "'y"), *start, *block(rng, 2), *end)


def altered(term: Any, rng: Random) -> Any:
    """Change one place of a program: a number, a name, an operator, an order."""
    if type(term) is int:
        return term + rng.choice((-1, 1))
    if isinstance(term, str):
        return rng.choice(NAMES) if term in NAMES else term
    head, *parts = term
    swaps = {"+": "-", "*": "+", "min": "max", "max": "min", "<": "<=", ">": ">=", "floordiv": "floormod"}
    if head in swaps and rng.random() < 0.3 and (head not in ("+", "floordiv") or len(parts) == 2):
        return (swaps[head], *parts)
    if head in ("-", "floordiv", "ite") and rng.random() < 0.3:
        return (head, *parts[:-2], *parts[:-3:-1])
    places = [i for i, part in enumerate(parts) if not (isinstance(part, tuple) and part[0] == "params")]
    if not places:
        return term
    place = rng.choice(places)
    return (head, *parts[:place], altered(parts[place], rng), *parts[place + 1 :])


# ---- the meaning -----------------------------------------------------------------------------------------------------


def test_a_program_returns_what_python_returns_and_has_no_value_where_python_raises() -> None:
    rng = Random(1)
    values = missing = 0
    for _ in range(300):
        drawn = program(rng)
        function = python(drawn)
        for x, y in ((0, 0), (3, -2), (-7, 2), (1, 4)):
            try:
                found: int | None = run(drawn, [x, y], Fuel())
            except Undefined:
                found = None
            except Undecided:
                continue
            assert found == function(x, y), write(drawn)
            values, missing = values + (found is not None), missing + (found is None)
    assert values > 500 and missing > 100


@pytest.mark.parametrize("a", [-7, -6, 0, 6, 7])
@pytest.mark.parametrize("b", [-3, -1, 1, 3])
def test_division_rounds_down_as_in_python(a: int, b: int) -> None:
    for head, wanted in (("floordiv", a // b), ("floormod", a % b)):
        assert evaluate(("run", ("prog", ("params", "'a", "'b"), ("return", (head, "'a", "'b"))), a, b), {}) == wanted


@pytest.mark.parametrize(
    ("body", "x", "value"),
    [
        ("(return (floordiv 1 'x))", 0, None),
        ("(return (floormod 1 'x))", 0, None),
        ("(return 'y)", 1, None),
        ("(set 'y 'x)", 1, None),
        ("(loop 'i 0 'x (set 'y 'i)) (return 'y)", 0, None),  # no round, no value
        ("(loop 'i 0 'x (set 'y 'i)) (return 'i)", 3, 2),  # the name keeps its last value
        ("(loop 'i 0 'x (set 'x 0) (set 'i 9)) (return 'i)", 3, 9),  # neither end nor count changes
        ("(loop 'i 0 3 (set 'i (+ 'i 10)) (set 'x (+ 'x 'i))) (return 'x)", 0, 33),
        ("(loop 'i 0 9 (branch (= 'i 'x) (block (return 'i)) (block))) (return -1)", 4, 4),
        ("(branch (orelse (= 'x 0) (> (floordiv 6 'x) 2)) (block (return 1)) (block (return 0)))", 0, 1),
        ("(branch (orelse (> (floordiv 6 'x) 2) (= 'x 0)) (block (return 1)) (block (return 0)))", 0, None),
        ("(branch (andalso (distinct 'x 0) (> (floordiv 6 'x) 2)) (block (return 1)) (block))(return 0)", 0, 0),
        ("(return (ite (= 'x 0) 5 (floordiv 6 'x)))", 0, 5),
    ],
)
def test_a_corner_of_the_language(body: str, x: int, value: int | None) -> None:
    term = read(f"(run (prog (params 'x) {body}) {x})")
    assert python(term[1])(x) == value  # type: ignore[index]
    if value is None:
        with pytest.raises(Undefined):
            evaluate(term, {})
    else:
        assert evaluate(term, {}) == value


@pytest.mark.parametrize(
    "term",
    [
        "(run)", "(run 3)", "(run (prog))", "(run (prog (params 'x)))", "(run (prog (params 'x) (return 'x)) 1 2)",
        "(run (prog (params 'x) (return 'x)) 1/2)", "(run (prog (params 'x) (return 'x)) true)",
        "(run (prog (params 'x 'x) (return 'x)) 1 2)", "(run (prog (params x) (return x)) 1)",
        "(run (prog (params 'x) (return x)) 1)", "(run (prog (params 'x) (return 1/2)) 1)",
        "(run (prog (params 'x) (return (< 'x 1))) 1)", "(run (prog (params 'x) (return (/ 'x 1))) 1)",
        "(run (prog (params 'x) (return (mod 'x 2))) 1)", "(run (prog (params 'x) (return (run 'x))) 1)",
        "(run (prog (params 'x) (branch 'x (block) (block))) 1)", "(run (prog (params 'x) (branch (= 'x 1))) 1)",
        "(run (prog (params 'x) (branch (and (= 'x 1)) (block) (block))) 1)",
        "(run (prog (params 'x) (loop 'i 0 2)) 1)",
        "(run (prog (params 'x) (set x 1)) 1)", "(run (prog (params 'x) (set 'x)) 1)", "(run (prog (params 'x) 'x) 1)",
        "(run (prog (params 'x) (return (min 'x))) 1)", "(run (prog (params 'x) (return (- 'x 1 1))) 1)",
        "(prog (params 'x) (return x))", "(return 1)", "(run f 1)", "(run f 1 true)", "(run 'f 1 2)", "(size x)",
        "(size (quote (+ 1 2)))", "(= f f)", "(distinct f f)", "(ite true f f)", "(value f)", "(length f)",
        "(floordiv 7 2)", "(min 1 2)",
        "(run (prog (params 'x) (return (+ 'x" + " 1" * 70 + "))) 1)", f"(run (prog (params 'x) (return {2**257})) 1)",
    ],
)  # fmt: skip
def test_what_is_no_program_is_refused(term: str) -> None:
    with pytest.raises(TermError):
        sort_of(read(term), {"x": "Int", "f": "Prog 2"})


def test_a_truth_value_of_python_is_no_number_of_a_program() -> None:
    with pytest.raises(TermError):
        sort_of(("run", ("prog", ("params",), ("return", True))), {})  # type: ignore[arg-type]


# ---- claims ----------------------------------------------------------------------------------------------------------


def theory(goal: str, **ranges: str) -> Theory:
    declared = " ".join(f"(declare {name} {sort})" for name, sort in ranges.items())
    return Theory.read(f"(theory {declared} (ask (decide {goal} 'weak)))")


def attack(rng: Random, rounds: int) -> tuple[int, int]:
    """Count how many claims were true, all of them shown, and how many false, none of them shown."""
    true = false = 0
    for _ in range(rounds):
        f = program(rng)
        g = rng.choice([f, altered(f, rng), altered(f, rng), altered(altered(f, rng), rng), program(rng)])
        try:
            sort_of(("run", g, 1, 1), {})
        except TermError:
            continue
        names = rng.choice([("x", "y"), ("x", "y"), ("y", "x"), ("x", "x")])
        head = rng.choice(["=", "=", "=", "<=", "<"])
        statement: Term = (head, ("run", f, "x", "y"), ("run", g, *names))
        sign = rng.random() < 0.8
        goal: Term = statement if sign else ("not", statement)
        premise: Term = ("<", ("run", g, "y", "x"), rng.randint(-3, 9))
        low, high = sorted(rng.choices(range(-4, 5), k=2))
        sort: Term = ("range", low, high)
        stated = Theory((("x", sort), ("y", sort)), (), (premise,), (), ("count",))
        named = rng.choice([(), (), ("T",)])
        shown = recheck(stated, Claim("correct", "entails", named, goal), rng.choice([EXHAUSTIVE] * 9 + [{}]))
        first, second = python(f), python(g)
        holds = True
        for x, y in product(range(low, high + 1), repeat=2):
            values = {"x": x, "y": y}
            before = second(y, x)
            if named and not (before is not None and before < premise[2]):  # type: ignore[index, operator]
                continue
            one, other = first(x, y), second(values[names[0]], values[names[1]])
            if one is None or other is None:
                holds = False
            else:
                holds &= {"=": one == other, "<=": one <= other, "<": one < other}[head] is sign
        assert holds or not shown, (stated.text(), write(goal))
        true, false = true + (holds and shown), false + (not holds)
    return true, false


def test_a_claim_about_programs_is_shown_only_where_python_agrees_for_every_input() -> None:
    true, false = attack(Random(2), MUTANTS)
    assert true > MUTANTS / 10 and false > MUTANTS / 4, (true, false)


def test_near_programs_are_told_apart_by_an_input_on_which_python_tells_them_apart() -> None:
    rng = Random(3)
    found = {"'yes": 0, "'no": 0}
    for _ in range(80):
        f = program(rng)
        g = altered(f, rng)
        try:
            stated = Theory(
                (("x", ("range", -2, 3)), ("y", ("range", -3, 2))), (), (), (),
                ("decide", ("=", ("run", f, "x", "y"), ("run", g, "x", "y")), "'weak"),
            )  # fmt: skip
            stated = Theory.read(stated.text())
        except TermError:
            continue
        verdict = prove(stated, Claim("correct", "entails", ("T",), stated.ask[1]))  # type: ignore[index]
        answer = answer_of(stated)
        if isinstance(verdict, Proved):
            assert answer == "'yes"
            found["'yes"] += 1
        elif isinstance(verdict, Refuted) and answer == "'no":
            bindings: Any = verdict.claim.goal
            point = [value for _, _, value in bindings[1:]]
            one, other = python(f)(*point), python(g)(*point)
            assert one != other or one is None
            found["'no"] += 1
    assert min(found.values()) > 10, found


def test_no_other_body_takes_a_program_for_a_total_function() -> None:
    partial = "(prog (params 'x) (return (floordiv 1 'x)))"
    goals = {
        "entails": [f"(= (run {partial} x) (run {partial} x))", f"(<= (* 0 (run {partial} x)) 0)",
                    f"(= (- (run {partial} x) (run {partial} x)) 0)"],
        "identity": [f"(identity (run {partial} x) (run {partial} x))", f"(identity (* 0 (run {partial} x)) 0)",
                     f"(identity (D (sqrt (+ 1 (run {partial} x))) x) 0)"],
    }  # fmt: skip
    for form, body in BODIES:
        for sort in ("(range -2 2)", "Int"):
            stated = Theory.read(f"(theory (declare x {sort}) (declare f (Prog 1)) (ask (count)))")
            for goal in (*goals.get(form, []), *[goal.replace(partial, "f") for goal in goals.get(form, [])]):
                claim = Claim("correct", form, ("D",) if form == "identity" else (), read(goal))
                certificate = {"v": 1, "body": body, "rows": [], "proof": [], "at": []}
                assert not recheck(stated, claim, certificate), (form, body, goal)


# ---- unknown programs ------------------------------------------------------------------------------------------------


def table(function: Callable[..., int | None], inputs: list[tuple[int, ...]], bound: int) -> Theory:
    """State that f returns what a function returns for these inputs, and is of at most this size."""
    clauses = [("=", ("run", "f", *each), function(*each)) for each in inputs]
    sort: Term = ("Prog", len(inputs[0]))
    return Theory((("f", sort),), (("<=", ("size", "f"), bound),), tuple(clauses), (), ("construct", "f"))  # type: ignore[arg-type]


def words(term: Any) -> int:
    """The size of an expression, counted in its text in Python, which has no parentheses but those around parts."""
    text = source(term).replace("//", "/").replace("<=", "<").replace(">=", ">").replace("==", "=").replace("!=", "=")
    return len(re.findall(r"[a-z]+|[^\sa-z(),]", text.replace(" else ", " ")))


def test_a_program_is_shown_to_return_values_only_where_python_returns_them() -> None:
    rng = Random(9)
    inputs = [*product(range(-2, 3), repeat=2)]
    shown = refused = 0
    for _ in range(200):
        f = program(rng)
        g = rng.choice([f, altered(f, rng), program(rng)])
        function, other = python(f), python(g)
        kept = [each for each in inputs if function(*each) is not None]
        if not kept:
            continue
        stated = table(function, kept, rng.choice([20, 60, 999]))
        claim = Claim("correct", "model", ("T",), ("model", ("=", "f", g)))
        right = all(function(*each) == other(*each) for each in kept)
        bound: Any = stated.axioms[0]
        right &= sum(map(size, g[2:])) <= bound[2]
        assert recheck(stated, claim, {"v": 1, "body": "evaluation"}) in (right, False), (stated.text(), write(g))
        assert not recheck(stated, claim, EXHAUSTIVE)
        shown += recheck(stated, claim, {"v": 1, "body": "evaluation"})
        refused += not right
    assert shown > 20 and refused > 60, (shown, refused)


def test_the_size_of_an_expression_is_its_words_and_digits_in_python() -> None:
    rng = Random(10)
    for _ in range(300):
        drawn = rng.choice([expression, condition])(rng, 3)
        if all(len(part) <= 3 or part[0] == "ite" for part in _parts(drawn)):
            assert size(drawn) == words(drawn), source(drawn)


def _parts(term: Any) -> list[Any]:
    return [term, *[each for part in term[1:] for each in _parts(part)]] if isinstance(term, tuple) else []


@pytest.mark.parametrize(
    "program",
    [
        "(prog (params 'x) (return 'x))", "(prog (params 'x 'y 'z) (return (+ 'x 'y)))", "(prog (params) (return 0))",
        "(prog (params 'x 'x) (return (+ 'x 'x)))", "(prog (params x y) (return (+ x y)))", "f", "0", "'f",
        "(prog (params 'x 'y) (return (+ 'x 'z)))", "(prog (params 'x 'y) (return (floordiv (+ 'x 'y) 0)))",
        "(prog (params 'x 'y) (return (+ 'x f)))", "(prog (params 'x 'y) (return (run f 'x 'y)))",
        "(prog (params 'x 'y) (set 's (+ 'x 'y)))", "(quote (+ 'x 'y))", "(return (+ 'x 'y))", "(params 'x 'y)",
        f"(prog (params 'x 'y) (return {'(+ 0 ' * 90}(+ 'x 'y){')' * 90}))",
        f"(prog (params 'x 'y) (return (+ 'x 'y (* 0 {10**150}))))",
        "(prog (params 'x 'y) (loop 'i 0 99 (set 'z 3) (loop 'j 0 99 (set 'z (* 'z 'z)))) (return (+ 'x 'y)))",
        "(prog (params 'x 'y) (loop 'i 0 9999999999999 (loop 'j 0 9999999999999 (set 'z 3))) (return (+ 'x 'y)))",
        f"(prog (params 'x 'y) {'(set (quote z) 3)' * 5000} (return (+ 'x 'y)))",
    ],
)  # fmt: skip
def test_what_is_no_program_with_these_parameters_is_no_answer(program: str) -> None:
    stated = table(lambda x, y: x + y, [(0, 0), (1, 2), (2, 2)], 10**6)
    evaluation = {"v": 1, "body": "evaluation"}
    for text, right in (("(prog (params 'b 'a) (return (+ 'a 'b)))", True), (program, False)):
        claim = Claim("correct", "model", ("T",), read(f"(model (= f {text}))"))
        assert recheck(stated, claim, evaluation) is right


def test_the_parameters_of_an_unknown_program_are_bounded() -> None:
    for sort in ("(Prog 17)", "(Prog -1)", "(Prog)", "(Prog 1 1)", "(Prog 'x)", "(Prog 1/2)", "Prog"):
        with pytest.raises(TermError):
            Theory.read(f"(theory (declare f {sort}) (ask (construct f)))")
    with pytest.raises(TermError):
        check_sort(("Prog", True))  # type: ignore[arg-type]


def test_no_other_kind_of_question_is_answered_about_an_unknown_program() -> None:
    for claim in (
        Claim("", "entails", ("T",), read("(= (run f 1) (run f 1))")), Claim("", "entails", (), read("(< 0 (size f))")),
        Claim("", "count", ("T",), 1), Claim("", "count", (), 0),
    ):  # fmt: skip
        stated = Theory.read("(theory (declare f (Prog 1)) (clause (= (run f 1) 1)) (ask (count)))")
        for form, body in BODIES:
            if form == claim.form:
                assert not recheck(stated, claim, {"v": 1, "body": body, "rows": [], "proof": [], "at": []})


# ---- bounds ----------------------------------------------------------------------------------------------------------


def test_what_takes_too_many_statements_is_undecided() -> None:
    endless = read("(prog (params 'x) (loop 'i 0 'x (loop 'j 0 'x (set 's 'j))) (return 1))")
    assert run(endless, [100], Fuel()) == 1
    for big in (1_000, 10**60):
        with pytest.raises(Undecided):
            run(endless, [big], Fuel())
    with pytest.raises(Undecided):
        run(endless, [2**256], Fuel())
    doubling = read("(prog (params 'x) (loop 'i 0 99 (set 'x (* 'x 'x))) (return 1))")
    assert run(doubling, [1], Fuel()) == 1
    with pytest.raises(Undecided):
        run(doubling, [2], Fuel())


def test_statements_are_counted_over_all_inputs_together() -> None:
    """Each input takes 101 statements: a loop, 99 rounds, a return."""
    f = "(run (prog (params 'x) (loop 'i 0 99 (set 's 'i)) (return 'x)) x)"
    for inputs, right in ((MAX_STATEMENTS // 101, True), (MAX_STATEMENTS // 101 + 1, False)):
        stated = theory(f"(= {f} x)", x=f"(range 1 {inputs})")
        claim = Claim("correct", "entails", (), stated.ask[1])  # type: ignore[index]
        assert recheck(stated, claim, EXHAUSTIVE) is right
        model = Claim("", "model", ("T",), ("model", ("=", "x", 1)))
        assert recheck(stated, model, {"v": 1, "body": "evaluation"})


def test_a_key_knows_no_names_of_programs_but_the_order_of_what_may_raise() -> None:
    def key(body: str) -> str:
        return canonical(theory(f"(= (run (prog (params 'x) {body}) x) 1)", x="(range 0 3)"))[0]

    assert key("(set 's 'x) (return 's)") == key("(set 'r 'x) (return 'r)")
    assert key("(set 's 'x) (return 's)") != key("(set 's 'x) (return 'x)")
    assert key("(return (+ 'x 2))") == key("(return (+ 2 'x))")
    guarded, unguarded = "(distinct 'x 0) (< 1 (floordiv 6 'x))", "(< 1 (floordiv 6 'x)) (distinct 'x 0)"
    one, other = (f"(return (ite (andalso {parts}) 1 0))" for parts in (guarded, unguarded))
    assert key(one) != key(other)
