"""Maps coloured: an oracle reads the formal text by itself and tries colourings by backtracking, colour by colour."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family
from synth_kernel.claims import Claim, Theory
from synth_kernel.kinds import required
from synth_kernel.recheck import recheck
from synth_kernel.terms import TermError, read, write

NAME = "graph_coloring"
Facts = tuple[list[str], list[tuple[str, str]], list[tuple[str, str]], dict[str, int]]


def facts(formal: str) -> Facts:
    """Read a problem: countries, borders, pairs of one colour, colours that are given."""
    found = re.fullmatch(r"countries ([\w, ]+): (.+)", formal)
    assert found
    borders, alike, given = [], [], {}
    for each in found[2].split("; "):
        if border := re.fullmatch(r"(\w+) - ([\w, ]+)", each):
            borders += [(border[1], other) for other in border[2].split(", ")]
        elif same := re.fullmatch(r"(\w+) like (\w+)", each):
            alike.append((same[1], same[2]))
        else:
            country, colour = each.split(" is ")
            given[country] = int(colour)
    return found[1].split(", "), borders, alike, given


def colourings(problem: Facts, most: int, chosen: dict[str, int]) -> Iterator[dict[str, int]]:
    """Every colouring in so many colours, country by country."""
    countries, borders, alike, given = problem
    if len(chosen) == len(countries):
        yield dict(chosen)
        return
    country = countries[len(chosen)]
    for colour in range(1, most + 1):
        tried = {**chosen, country: colour}
        if (
            given.get(country, colour) == colour
            and all(tried[a] != tried[b] for a, b in borders if country in (a, b) and a in tried and b in tried)
            and all(tried[a] == tried[b] for a, b in alike if a in tried and b in tried)
        ):
            yield from colourings(problem, most, tried)


def stated(answer: str) -> tuple[int, dict[str, int]]:
    number, paints = answer.split(" colours: ")
    return int(number), {country: int(colour) for country, colour in (each.split() for each in paints.split(", "))}


def right(formal: str, answer: str) -> bool:
    problem, (number, colours) = facts(formal), stated(answer)
    fits = colours in [*colourings((problem[0], problem[1], problem[2], {**problem[3], **colours}), number, {})]
    return fits and not any(True for _ in colourings(problem, number - 1, {}))


def solved(formal: str) -> Record | Rejection:
    candidate = solve(families()[NAME], Candidate(Source(NAME, 1, 0, 0), formal))
    return candidate if isinstance(candidate, Rejection) else judge(families()[NAME], candidate, Setting())


def test_the_laws_of_a_family_hold() -> None:
    assert list(check_family(families()[NAME], samples=20)) == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_colouring_is_right_and_one_colour_fewer_never_does(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 25)
    assert len(records) >= 24
    for record in records:
        assert right(record.formal, record.formal_answer), (record.formal, record.formal_answer)


def test_no_number_of_colours_can_be_guessed(draw: Callable[..., list[Record]]) -> None:
    for level in (2, 5):
        numbers = Counter(stated(record.formal_answer)[0] for record in draw(NAME, level, 25))
        assert len(numbers) > 1 and max(numbers.values()) < 20, numbers


TRIANGLE = "countries Arlia, Borun, Cadia, Dorn: Arlia - Borun, Cadia; Borun - Cadia; Cadia - Dorn"


@pytest.mark.parametrize(("answer", "score"), [
    ("3 colours: Arlia 1, Borun 2, Cadia 3, Dorn 1", 1),
    ("3 colours: Dorn 2, Cadia 1, Borun 3, Arlia 2", 1),  # another right one, in another order
    ("4 colours: Arlia 1, Borun 2, Cadia 3, Dorn 4", 0),  # one too many
    ("4 colours: Arlia 1, Borun 2, Cadia 3, Dorn 1", 0),
    ("2 colours: Arlia 1, Borun 2, Cadia 3, Dorn 1", 0),  # there are three
    ("3 colours: Arlia 1, Borun 2, Cadia 4, Dorn 1", 0),  # not numbered 1, 2, 3
    ("3 colours: Arlia 1, Borun 2, Cadia 2, Dorn 1", 0),  # Borun and Cadia
    ("3 colours: Arlia 1, Borun 2, Cadia 3", 0),
    ("3 colours: Arlia 1, Borun 2, Cadia 3, Dorn 1, Elva 1", 0),
    ("3 colours: Arlia 1, Borun 2, Cadia 3, Dorn 1, Dorn 1", 0),
])  # fmt: skip
def test_any_right_colouring_in_the_fewest_colours_scores(answer: str, score: int) -> None:
    record = solved(TRIANGLE)
    assert isinstance(record, Record)
    assert Domain(families()[NAME]).score(answer, row_of(record)).score == score


@pytest.mark.parametrize(("formal", "number"), [
    ("countries Arlia, Borun: Arlia - Borun", 2),
    ("countries Arlia, Borun, Cadia: Arlia - Borun; Borun - Cadia; Arlia is 2; Cadia is 2", 2),
    ("countries Arlia, Borun, Cadia: Arlia - Borun; Borun - Cadia; Arlia is 2; Cadia is 1", 3),
    ("countries Arlia, Borun, Cadia, Dorn: Arlia - Borun; Borun - Cadia; Cadia - Dorn; Dorn like Arlia", 3),
    ("countries Arlia, Borun, Cadia, Dorn: Arlia - Borun, Cadia, Dorn; Borun - Cadia, Dorn; Cadia - Dorn", 4),
    ("countries Arlia, Borun, Cadia: Arlia - Borun; Borun - Cadia; Borun is 3", 0),  # only 1 and 2 can be given
    ("countries Arlia, Borun: Arlia - Borun; Arlia like Borun", 0),
    ("countries Arlia, Borun: Arlia - Arlia", 0),
    ("countries Arlia, Borun: Arlia - Cadia", 0),
    ("countries Arlia, Borun, Cadia, Dorn, Elva, Fenia, Galt: Arlia - Borun, Cadia, Dorn, Elva, Fenia, Galt; "
     "Borun - Cadia, Dorn, Elva, Fenia, Galt; Cadia - Dorn, Elva, Fenia, Galt; Dorn - Elva, Fenia, Galt; "
     "Elva - Fenia, Galt; Fenia - Galt", 0),  # seven colours
])  # fmt: skip
def test_small_maps_get_the_number_that_one_sees(formal: str, number: int) -> None:
    record = solved(formal)
    assert (stated(record.formal_answer)[0] if isinstance(record, Record) else 0) == number


def test_a_colour_too_many_is_refused(draw: Callable[..., list[Record]]) -> None:
    for record in draw(NAME, 2, 25)[:10]:
        number, paints = record.formal_answer.split(" ", 1)
        wrong = f"{int(number) + 1} {paints}"
        candidate = Candidate(record.source, record.formal, wrong, (Step("s0", wrong, (), "answer"),))
        assert isinstance(judge(families()[NAME], candidate, Setting()), Rejection)


# ---- several unknowns with a cost ----------------------------------------------------------------------------------

TWO = "(theory (declare x (range 0 3)) (declare y (range 0 3)) (clause (> (+ x y) 3)) (ask (optimize x y (+ x x y))))"


def test_the_least_cost_of_several_unknowns_is_claimed_of_all_assignments() -> None:
    theory = Theory.read(TWO)
    for x in range(4):
        for y in range(4):
            correct, optimal = required(theory, ("model", ("=", "x", x), ("=", "y", y)))
            assert write(optimal.goal) == f"(>= (+ x x y) {2 * x + y})"
            assert recheck(theory, correct, {"v": 1, "body": "evaluation"}) == (x + y > 3)
            assert recheck(theory, optimal, {"v": 1, "body": "exhaustive"}) == (2 * x + y <= 5)


@pytest.mark.parametrize("ask", [
    "(optimize x (+ x x y))", "(optimize (f x y) x)", "(optimize x x x)", "(optimize x y z x)",
    "(optimize x y (/ x 2))", "(optimize x y (= x y))", "(optimize x)", "(optimize x y)",
])  # fmt: skip
def test_what_is_optimized_lists_every_unknown_and_costs_a_whole_number(ask: str) -> None:
    with pytest.raises(TermError):
        Theory.read(TWO.replace("(optimize x y (+ x x y))", ask))


@pytest.mark.parametrize("answer", [
    "(model (= x 1))", "(model (= y 2) (= x 2))", "(model (= x 2) (= y 2) (= y 2))", "(model 1 2)", "(model (= x 2) y)",
    "(values 1 2)",
])  # fmt: skip
def test_an_answer_binds_each_unknown_once_in_order(answer: str) -> None:
    with pytest.raises(TermError):
        required(Theory.read(TWO), read(answer))


def test_the_goal_names_the_cost_and_no_other_claim_shows_it() -> None:
    theory = Theory.read(TWO)
    wrong = Claim("optimal", "entails", ("T",), read("(>= (+ x x y) 6)"))
    assert not recheck(theory, wrong, {"v": 1, "body": "exhaustive"})


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 25)[:8]) == []
