"""Machines and plans: sorts, running a plan, and the body `layers`, against an interpreter of our own."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from synth_kernel.claims import Claim, Theory
from synth_kernel.recheck import recheck
from synth_kernel.terms import TermError, read, substitute, write
from synth_solvers.plans import shortest

MUTANTS = 1_500  # 30,000 by hand
LAYERS = {"v": 1, "body": "layers"}
EVALUATION = {"v": 1, "body": "evaluation"}

# Measure 4 with jugs of 3 and 5, as a machine.
JUGS = """(Plan (variable s (range 0 3) 0) (variable l (range 0 5) 0)
 (move 'fill_s true (set s 3)) (move 'fill_l true (set l 5))
 (move 'empty_s true (set s 0)) (move 'empty_l true (set l 0))
 (move 'pour_l (> (+ s l) 0) (set s (ite (<= (+ s l) 3) (+ s l) 3)) (set l (ite (<= (+ s l) 3) 0 (- (+ s l) 3))))
 (move 'pour_s (> (+ s l) 0) (set l (ite (<= (+ s l) 5) (+ s l) 5)) (set s (ite (<= (+ s l) 5) 0 (- (+ s l) 5))))
 (goal (= l 4)))"""

# Wolf, goat and cabbage: true is the far bank. Nothing may be eaten after a crossing.
SAFE = "(and (or (not (= wolf goat)) (= boat goat)) (or (not (= goat cabbage)) (= boat goat)))"


def ferried(who: str) -> str:
    crossing = {name: ("not", name) for name in ("boat", who)}
    sets = " ".join(f"(set {name} (not {name}))" for name in crossing)
    return f"(move '{who} (and (= boat {who}) {write(substitute(read(SAFE), crossing))}) {sets})"  # type: ignore[arg-type]


RIVER = f"""(Plan {" ".join(f"(variable {who} Bool false)" for who in ("boat", "wolf", "goat", "cabbage"))}
 {" ".join(map(ferried, ("boat", "wolf", "goat", "cabbage")))}
 (goal (and boat wolf goat cabbage)))"""


def puzzle(machine: str) -> Theory:
    return Theory.read(f"(theory (declare p {machine}) (clause (solves p)) (ask (optimize p (length p))))")


@pytest.mark.parametrize(("machine", "best"), [(JUGS, 6), (RIVER, 7)])
def test_water_jugs_and_the_river_take_as_many_moves_as_is_well_known(machine: str, best: int) -> None:
    theory = puzzle(machine)
    moves = shortest(theory.declarations[0][1])
    assert moves is not None and len(moves) == best
    answer = Claim("correct", "model", ("T",), ("model", ("=", "p", ("plan", *moves))))
    assert recheck(theory, answer, EVALUATION)
    for bound in range(-1, 10):
        claim = Claim("optimal", "entails", ("T",), (">=", ("length", "p"), bound))
        assert recheck(theory, claim, LAYERS) is (bound <= best)
        without = Claim("optimal", "entails", (), (">=", ("length", "p"), bound))
        assert not recheck(theory, without, LAYERS)  # a plan that does not solve may be shorter


def test_that_nothing_solves_is_shown_where_all_states_were_visited() -> None:
    claim = Claim("correct", "entails", (), read("(not (solves p))"))
    assert recheck(puzzle(JUGS.replace("(= l 4)", "(and (= l 4) (= s 1))")), claim, LAYERS)
    assert not recheck(puzzle(JUGS), claim, LAYERS)


@pytest.mark.parametrize(
    "machine",
    [
        "(Plan)",
        "(Plan (goal true))",
        "(Plan (move 'm true))",
        "(Plan (move 'm true) (goal 1))",
        "(Plan (move m true) (goal true))",
        "(Plan (move 'm true) (move 'm true) (goal true))",
        "(Plan (variable x Int 0) (move 'm true) (goal true))",
        "(Plan (variable x (range 0 1) 2) (move 'm true) (goal true))",
        "(Plan (variable x Bool 1) (move 'm true) (goal true))",
        "(Plan (variable x (enum 'a 'a) 'a) (move 'm true) (goal true))",
        "(Plan (variable x Bool true) (variable x Bool true) (move 'm x) (goal true))",
        "(Plan (variable x Bool true) (move 'm y) (goal true))",
        "(Plan (variable x Bool true) (move 'm true (set x 1)) (goal true))",
        "(Plan (variable x (range 0 1) 1) (move 'm true (set x (/ x 1))) (goal true))",
        "(Plan (variable x Bool true) (move 'm true (set y true)) (goal true))",
        "(Plan (variable x Bool true) (move 'm true (set x x) (set x x)) (goal true))",
        "(Plan (variable x Bool true) (move 'm true (put x x)) (goal true))",
        "(Plan (move 'm true) (variable x Bool true) (goal x))",
        "(Plan (variable 'x Bool true) (move 'm true) (goal 'x))",
        "(Plan (variable true Bool true) (move 'm true) (goal true))",
        "(Plan 3 (move 'm true) (goal true))",
    ],
)
def test_a_machine_that_is_not_well_formed_is_refused(machine: str) -> None:
    with pytest.raises(TermError):
        Theory.read(f"(theory (declare p {machine}) (ask (construct p)))")


def test_a_move_that_cannot_be_made_makes_no_plan() -> None:
    machine = "(Plan (variable x (range 0 3) 1) (move 'up true (set x (+ x 1))) (move 'half (> x 0) (set x (div 2 x)))"
    theory = Theory.read(f"(theory (declare p {machine} (goal true))) (ask (construct p)))")
    for moves, possible in [("'up 'up", True), ("'up 'up 'up", False), ("'up 'up 'half", True), ("'half 'half", True),
                            ("'up 'up 'half 'half", False), ("'down", False), ("", True)]:  # fmt: skip
        claim = Claim("correct", "model", ("T",), ("model", ("=", "p", read(f"(plan {moves})"))))
        assert recheck(theory, claim, EVALUATION) is possible, moves


def test_a_machine_with_too_many_states_shows_nothing_and_soon() -> None:
    counter = (
        "(Plan (variable x (range 0 4095) 0) (variable y (range 0 4095) 0) (move 'x true (set x (mod (+ x 1) 4096)))"
    )
    theory = puzzle(counter + " (move 'y true (set y (mod (+ y 1) 4096))) (goal (and (= x 4095) (= y 4095))))")
    for bound, shown in ((100, True), (8190, False)):  # both are true
        claim = Claim("optimal", "entails", ("T",), (">=", ("length", "p"), bound))
        assert recheck(theory, claim, LAYERS) is shown


# ---- the oracle: states are dictionaries, terms are evaluated from scratch -------------------------------------------


def value(term: Any, state: dict[str, Any]) -> Any:
    """The value of a term, None where there is none."""
    if not isinstance(term, tuple):
        return {"true": True, "false": False}.get(term, state.get(term, term)) if isinstance(term, str) else term
    kind, *parts = term
    found = [value(part, state) for part in parts]
    if kind in ("and", "or"):
        decisive = kind == "or"
        return decisive if decisive in [f for f in found if f is not None] else None if None in found else not decisive
    if kind == "ite":
        return None if found[0] is None else found[1] if found[0] else found[2]
    if None in found or (kind in ("div", "mod") and found[1] == 0):
        return None
    a, b = (*found, None)[:2]
    if kind in ("div", "mod"):
        return a % abs(b) if kind == "mod" else (a - a % abs(b)) // b
    return {"not": lambda: not a, "=": lambda: a == b, "<": lambda: a < b, "+": lambda: a + b, "-": lambda: a - b}[
        kind
    ]()


def moved(machine: dict[str, Any], state: dict[str, Any], name: str) -> dict[str, Any] | None:
    guard, sets = machine["moves"][name]
    if value(guard, state) is not True:
        return None
    after = {x: value(term, state) for x, term in sets}
    return state | after if all(after[x] in machine["domains"][x] for x in after) else None


def distance(machine: dict[str, Any]) -> int | None:
    """How many moves the goal is away, None if it cannot be reached."""
    layer, seen, steps = [machine["start"]], [machine["start"]], 0
    while layer:
        if any(value(machine["goal"], state) is True for state in layer):
            return steps
        reached = [moved(machine, state, name) for state in layer for name in machine["moves"]]
        layer = []
        for state in reached:
            if state is not None and state not in seen:
                seen.append(state)
                layer.append(state)
        steps += 1
    return None


def random_machine(rng: Random) -> dict[str, Any]:
    numbers, colours = ["x", "y"][: rng.randint(1, 2)], ["c"] * rng.randint(0, 1)
    domains: dict[str, Any] = {name: tuple(range(rng.randint(-1, 0), rng.randint(1, 4))) for name in numbers}
    domains |= {name: ("'r", "'g", "'b")[: rng.randint(1, 3)] for name in colours} | {"f": (False, True)}

    def number(depth: int) -> Any:
        if depth == 0 or rng.random() < 0.3:
            return rng.choice([*numbers, rng.randint(-1, 3)])
        return rng.choice([(rng.choice(["+", "-", "+", "div", "mod"]), number(depth - 1), number(depth - 1)),
                           ("ite", truth(depth - 1), number(depth - 1), number(depth - 1))])  # fmt: skip

    def truth(depth: int) -> Any:
        if depth == 0:
            plain = ["f", "true", ("=", rng.choice(numbers), rng.randint(-1, 3)), ("<", number(0), number(0))]
            return rng.choice(plain + [("=", "c", rng.choice(["'r", "'g", "'b"])) for _ in colours])
        return rng.choice([("not", truth(depth - 1)), ("and", truth(depth - 1), truth(depth - 1)),
                           ("or", truth(0), truth(depth - 1)), ("=", number(depth), number(depth))])  # fmt: skip

    terms = {name: lambda: number(2) for name in numbers} | {"f": lambda: truth(1)}
    terms |= {name: lambda: rng.choice(["c", "'r", "'g", "'b"]) for name in colours}
    moves = {}
    for k in range(rng.randint(1, 4)):
        targets = rng.sample([*domains], rng.randint(1, min(2, len(domains))))
        moves[f"'m{k}"] = truth(rng.randint(0, 2)), [(name, terms[name]()) for name in targets]
    goal = ("and", *[("=", name, rng.choice(domains[name])) for name in numbers], *(["f"] * rng.randint(0, 1)))
    start = {name: rng.choice(domain) for name, domain in domains.items()}
    return {"domains": domains, "start": start, "moves": moves, "goal": rng.choice([goal, goal, truth(2)])}


def _written(each: Any) -> Any:
    return {True: "true", False: "false"}[each] if isinstance(each, bool) else each


def sort_of_machine(machine: dict[str, Any]) -> Any:
    sorts = {name: "Bool" if False in domain and domain[0] is False else ("enum", *domain) if domain[0] in ("'r", "'g")
             else ("range", domain[0], domain[-1]) for name, domain in machine["domains"].items()}  # fmt: skip
    variables = [("variable", name, sorts[name], _written(machine["start"][name])) for name in sorts]
    moves = [
        ("move", name, guard, *[("set", *each) for each in sets]) for name, (guard, sets) in machine["moves"].items()
    ]
    return ("Plan", *variables, *moves, ("goal", machine["goal"]))


def attack(rng: Random, rounds: int) -> tuple[int, int, int]:
    """Count true claims, all of them shown, and false ones, none of them shown; and plans that solve."""
    true = false = solved = 0
    for _ in range(rounds):
        machine = random_machine(rng)
        best = distance(machine)
        clauses: Any = rng.choice(
            [(("solves", "p"),)] * 4 + [(("solves", "p"), ("solves", "p")), (), (("not", ("solves", "p")),)]
        )
        theory = Theory((("p", sort_of_machine(machine)),), (), clauses, (), ("construct", "p"))
        theory.check()
        bound = (best if best is not None else rng.randint(0, 9)) + rng.choice([0, 0, 0, 1, 1, -1, 5])
        goal: Any = rng.choice([(">=", ("length", "p"), bound)] * 3 + [("not", ("solves", "p"))])
        certificate = rng.choice([LAYERS] * 9 + [LAYERS | {"v": 0}])
        claim = Claim("optimal", "entails", rng.choice([("T",), ("T",), ("T",), ()]), goal)
        shown = recheck(theory, claim, certificate)
        premises = clauses if claim.premises else ()
        wanted = best is None or (goal[0] == ">=" and bound <= best)
        if goal[0] == ">=" and ("solves", "p") not in premises:
            wanted = False  # plans that solve nothing: true for a bound of 0 only, which is not asked for here
            if bound <= 0 or ("not", ("solves", "p")) in premises:
                continue
        assert shown is (wanted and certificate is LAYERS), (theory.text(), claim, best)
        true, false = true + wanted, false + (not wanted)
        moves = [rng.choice([*machine["moves"], "'none"]) for _ in range(rng.randint(0, 3))]
        if best is not None and rng.random() < 0.6:
            moves = list(shortest(theory.declarations[0][1]) or ())
            assert len(moves) == best
            if moves and rng.random() < 0.4:
                moves[rng.randrange(len(moves))] = rng.choice([*machine["moves"]])
        state: Any = machine["start"]
        for name in moves:
            state = moved(machine, state, name) if state is not None and name in machine["moves"] else None
        answer = Claim("correct", "model", (), ("model", ("=", "p", ("plan", *moves))))
        assert recheck(theory, answer, EVALUATION) is (state is not None), (theory.text(), moves)
        right = state is not None and value(machine["goal"], state) is True
        if clauses[:1] == (("solves", "p"),):
            answer = Claim("correct", "model", ("T",), answer.goal)
            assert recheck(theory, answer, EVALUATION) is right, (theory.text(), moves)
        solved += right
    return true, false, solved


def test_a_claim_about_plans_is_shown_exactly_where_the_oracle_finds_it_true() -> None:
    true, false, solved = attack(Random(3), MUTANTS)
    assert min(true, false, solved) > MUTANTS / 10
