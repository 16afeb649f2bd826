"""Random walks: an oracle reads the formal text by itself and follows the distribution minute by minute."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import isclose

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family
from synth_kernel.claims import Claim
from synth_kernel.meaning import Meaning
from synth_kernel.recheck import recheck

NAME = "markov_expectation"
FORMAL = "time to G: P goes Q or G; Q goes 1/2 to P, 1/3 to G, 1/6 stays"  # P = 1 + Q/2, Q = 1 + P/2 + Q/6
RIGHT = "P = 16/7, Q = 18/7"


def rules(formal: str) -> dict[str, list[tuple[float, str]]]:
    found: dict[str, list[tuple[float, str]]] = {}
    for rule in formal.split(": ")[1].split("; "):
        place, verb, rest = rule.split(" ", 2)
        if verb == "goes" and "or" in rest:
            targets = rest.split(" or ")
            found[place] = [(1 / len(targets), target) for target in targets]
            continue
        found[place] = []
        for part in rest.split(", "):
            share = part.split()[0]
            weight = Fraction(share) if verb == "goes" else Fraction(int(share), 6)
            found[place].append((float(weight), part.split(" to ")[1] if " to " in part else place))
    return found


def expected(formal: str) -> dict[str, float]:
    """The mean number of minutes, or the chance, from each place: the walk's distribution, summed up."""
    moves, head = rules(formal), formal.split(": ")[0].split()
    goals = [head[-1]] if head[0] == "time" else [head[2], head[4]]
    values = {}
    for start in moves:
        mass: dict[str, float] = {start: 1.0}
        time = 0.0
        for _ in range(4000):
            walking = {place: weight for place, weight in mass.items() if place not in goals}
            time += sum(walking.values())
            if sum(walking.values()) < 1e-13:
                break
            mass = {place: weight for place, weight in mass.items() if place in goals}
            for place, weight in walking.items():
                for share, target in moves[place]:
                    mass[target] = mass.get(target, 0.0) + weight * share
        values[start] = time if head[0] == "time" else mass.get(goals[0], 0.0)
    return values


def stated(answer: str) -> dict[str, Fraction]:
    return {
        name: Fraction(value.replace(" ", "")) for name, value in (each.split(" = ") for each in answer.split(", "))
    }


def right(formal: str, answer: str) -> bool:
    wanted, given = expected(formal), stated(answer)
    return set(wanted) == set(given) and all(isclose(wanted[place], given[place], rel_tol=1e-8) for place in wanted)


def judged(formal: str, answer: str) -> Record | Rejection:
    steps = (Step("s0", answer, (), "answer"),)
    return judge(families()[NAME], Candidate(Source(NAME, 1, 0, 0), formal, answer, steps), Setting())


def test_the_laws_of_a_family_hold() -> None:
    assert [str(broken) for broken in check_family(families()[NAME], samples=20)] == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_answer_is_what_the_walk_does_on_average(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 30)
    assert len(records) >= 29
    for record in records:
        assert right(record.formal, record.formal_answer), (record.formal, record.formal_answer)


def test_each_step_is_an_equation_that_the_answer_satisfies(draw: Callable[..., list[Record]]) -> None:
    for record in draw(NAME, 4, 30):
        values = stated(record.formal_answer)
        for step in record.steps:
            left, value = step.formal.replace(" ", "").split("=")
            terms = re.findall(r"([+-]?)(?:(\d+)\*)?([A-Z])", left)
            assert sum(int(sign + (f or "1")) * values[name] for sign, f, name in terms) == Fraction(value), step


@pytest.mark.parametrize(("answer", "fits"), [
    (RIGHT, True), ("Q = 18/7, P = 16/7", True), ("P = 32/14, Q = 18/7", True),
    ("P = 18/7, Q = 16/7", False), ("P = 16/7", False), ("P = 16/7, Q = 18/7, G = 0", False),
    ("P = 2, Q = 3", False), ("P = 16/7, P = 16/7, Q = 18/7", False), ("P = 16/7, Q = 18/0", False), ("", False),
])  # fmt: skip
def test_every_value_is_wanted_and_exact(answer: str, fits: bool) -> None:
    record = judged(FORMAL, RIGHT)
    assert isinstance(record, Record)
    assert isinstance(judged(FORMAL, answer), Record) is fits
    assert Domain(families()[NAME]).score(answer, row_of(record)).score == fits


@pytest.mark.parametrize("formal", [
    "time to G: P goes Q or G; Q goes 1/2 to P, 1/2 to R; R goes Q or P; S goes 1/2 to G, 1/3 stays",  # not all of 1
    "time to G: P goes Q or P; Q goes P or Q",  # the goal is out of reach
    "time to G: P goes Q or G; Q goes 1/2 to R, 1/2 stays; R goes Q or R",  # from Q it is
    "chance of G before H: P goes P or Q; Q goes Q or P; R goes G or H",  # neither is ever reached from P
    "time to G: P goes Q or G",  # no rule for Q
    "time to G: P goes P or G; P goes P or G", "time to G: P goes P or G; G goes P or G",
    "time to G: P throws 3 to G, 4 stay", "time to G: P goes 1/0 to G, 1/2 stays",
    "time to G: P goes 3/2 to G, 1/2 stays",
])  # fmt: skip
def test_what_has_no_expectation_is_refused(formal: str) -> None:
    found = solve(families()[NAME], Candidate(Source(NAME, 1, 0, 0), formal))
    assert isinstance(found, Rejection) or isinstance(judge(families()[NAME], found, Setting()), Rejection)


def test_no_false_claim_is_accepted_whichever_numbers_stand_in_it(draw: Callable[..., list[Record]]) -> None:
    """The certificate of a right claim shows none with another value, and none from fewer premises."""
    for record in draw(NAME, 2, 30)[:15]:
        theory = families()[NAME].problem(record.formal)[1].theory
        unique = record.evidence[1]
        assert recheck(theory, unique.claim, unique.certificate)
        equations = unique.claim.goal[1:]  # type: ignore[index]
        for i, (_, name, value) in enumerate(equations):
            for other in (value + 1, -value, 2 * value, value / 2 if value % 2 == 0 else value + Fraction(1, 7)):
                if other != value:
                    goal = ("and", *equations[:i], ("=", name, other), *equations[i + 1 :])
                    assert not recheck(theory, Claim("unique", "entails", ("T",), goal), unique.certificate)
        for left_out in range(len(theory.clauses)):
            fewer = tuple(f"c{k}" for k in range(len(theory.clauses)) if k != left_out)
            assert not recheck(theory, Claim("unique", "entails", fewer, unique.claim.goal), unique.certificate)


@pytest.mark.parametrize(("alias", "template"), [
    ("time(goal)", "(list (define ended (list (list goal 0))) (define duration 2))"),
    ("chance(win, lose)", "(list (define ended (list (list win 0) (list lose 1))) (define duration 0))"),
    ("stays(p)", "(list p 0)"),
    ("faces(n, place)", "(list (number (/ n 5)) place)"),
    ("faces_stay(n)", "(list (number (/ n 6)) 1)"),
    ("place(a)", "a"),
    ("equally(a, targets)", "(list a (list (for v targets (list (number (/ 1 2)) v))))"),
])  # fmt: skip
def test_a_wrong_meaning_breaks_a_law(alias: str, template: str) -> None:
    original = families()[NAME]
    wrong = type(original)(NAME, original.folder)
    table: Mapping[str, str] = dict(original.meaning_table)
    assert alias in table
    wrong.__dict__["meaning_table"] = {**table, alias: template}
    wrong.__dict__["meaning"] = Meaning(wrong.meaning_table)

    def oracle(problem: object, solution: object) -> bool:
        formal, answer = (wrong.formal.render(tree) for tree in (problem, solution))  # type: ignore[arg-type]
        return right(formal, answer)

    try:
        assert next(check_family(wrong, samples=12, levels=[2], oracle=oracle), None) is not None
    except ValueError:  # the theory of a draw has no sense
        assert alias == "place(a)"


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 3, 30)[:8]) == []
