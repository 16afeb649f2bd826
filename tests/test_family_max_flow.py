"""max_flow against a reading of its texts of our own: no flow is larger than the least of all cuts."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source
from synth.testing import check_family
from synth_kernel.claims import Claim, Theory
from synth_kernel.kinds import required
from synth_kernel.recheck import recheck
from synth_kernel.terms import TermError, read, write
from synth_solvers.answer import answer_of
from synth_solvers.prove import prove
from synth_solvers.verdicts import Proved, Refuted

NAME = "max_flow"
FAMILY = families()[NAME]
PIPE = re.compile(r"([A-Z][a-z]+) [>→] ([A-Z][a-z]+):? (\d+)")
Network = dict[tuple[str, str], int]


def read_problem(formal: str) -> tuple[Network, list[str], str, str]:
    stations, _, rest = formal.removeprefix("stations ").partition("; pipes ")
    pipes, _, ends = rest.partition(" from ")
    return network(pipes), stations.split(", "), *ends.split(" to ")  # type: ignore[return-value]


def network(text: str) -> Network:
    return {(tail, head): int(size) for tail, head, size in PIPE.findall(text)}


def least_cut(pipes: Network, stations: list[str], origin: str, goal: str) -> int:
    """Try every set of stations on the side of the origin."""
    between = [station for station in stations if station not in (origin, goal)]
    sides = [{origin, *some} for count in range(len(between) + 1) for some in combinations(between, count)]
    return min(sum([size for (a, b), size in pipes.items() if a in side and b not in side]) for side in sides)


def arriving(flow: Network, pipes: Network, stations: list[str], origin: str, goal: str) -> int:
    """Check a flow pipe by pipe and station by station, and return what arrives at the goal."""
    assert all(amount <= pipes[arc] for arc, amount in flow.items())
    net = {station: sum(n * ((b == station) - (a == station)) for (a, b), n in flow.items()) for station in stations}
    assert not any(net[station] for station in stations if station not in (origin, goal))
    return net[goal]


def record_of(formal: str) -> Record:
    candidate = solve(FAMILY, Candidate(Source(NAME, 1, 0, 0), formal))
    assert isinstance(candidate, Candidate), candidate
    record = judge(FAMILY, candidate, Setting())
    assert isinstance(record, Record), record
    return record


def test_the_laws_of_a_family_hold() -> None:
    assert [str(broken) for broken in check_family(FAMILY, samples=12)] == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_answer_is_a_flow_as_large_as_the_least_cut(level: int, draw: Callable[..., list[Record]]) -> None:
    records = draw(NAME, level, 20)
    assert len(records) == 20
    for record in records:
        problem = read_problem(record.formal)
        assert arriving(network(record.answer), *problem) == least_cut(*problem)


def test_the_narrow_place_is_not_at_an_end(draw: Callable[..., list[Record]]) -> None:
    for record in draw(NAME, 3, 20):
        pipes, stations, origin, goal = read_problem(record.formal)
        ends = [sum(n for arc, n in pipes.items() if arc[i] == end) for i, end in ((0, origin), (1, goal))]
        assert least_cut(pipes, stations, origin, goal) < min(ends)


def test_the_words_of_the_question_list_the_pipes_of_the_formal_text(draw: Callable[..., list[Record]]) -> None:
    for record in draw(NAME, 2, 10):
        capacities = sorted(read_problem(record.formal)[0].values())
        assert sorted(map(int, re.findall(r"\d+", record.question))) == capacities


FORMAL = (
    "stations Ayr, Bath, Cork, Deal; pipes Ayr > Bath 5; Ayr > Cork 4; Bath > Cork 9; Bath > Deal 3; Cork > Deal 6 "
    "from Ayr to Deal"
)


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("Ayr → Bath 5, Ayr → Cork 4, Bath → Cork 2, Bath → Deal 3, Cork → Deal 6", 1),
        ("Cork - Deal 6, Ayr - Bath 5, Bath - Deal 3, Bath - Cork 2, Ayr - Cork 4", 1),
        ("Ayr → Bath 3, Ayr → Cork 4, Bath → Deal 3, Cork → Deal 4", 0),  # less
        ("Ayr → Bath 5, Ayr → Cork 4, Bath → Deal 3, Cork → Deal 6", 0),  # water is lost at Bath
        ("Ayr → Bath 6, Ayr → Cork 4, Bath → Cork 3, Bath → Deal 3, Cork → Deal 7", 0),  # too much for a pipe
        ("Ayr → Deal 9", 0),  # no pipe
        ("Ayr → Bath 5, Ayr → Bath 5, Bath → Deal 3", 0),  # named twice
    ],
)
def test_only_a_largest_flow_scores(answer: str, score: int) -> None:
    assert Domain(FAMILY).score(answer, row_of(record_of(FORMAL))).score == score


def test_every_largest_flow_scores() -> None:
    pipes = "pipes Ayr > Bath 2; Ayr > Cork 2; Bath > Deal 2; Cork > Deal 2; Deal > Ayr 1"
    record = record_of(f"stations Ayr, Bath, Cork, Deal; {pipes} from Ayr to Deal")
    row, half = row_of(record), "Ayr → Bath {0}, Bath → Deal {0}, Ayr → Cork {1}, Cork → Deal {1}"
    assert Domain(FAMILY).score(half.format(2, 2), row).score == 1
    assert Domain(FAMILY).score(half.format(2, 2) + ", Deal → Ayr 1", row).score == 0  # a round trip that loses one
    assert Domain(FAMILY).score(half.format(2, 1), row).score == 0


def test_a_smaller_flow_makes_no_row() -> None:
    assert isinstance(judge(FAMILY, Candidate(Source(NAME, 1, 0, 0), FORMAL, "Ayr - Cork 4, Cork - Deal 4"), Setting()),
                      Rejection)  # fmt: skip


def test_an_optimum_of_several_unknowns_is_claimed_and_proved() -> None:
    theory = Theory.read(
        "(theory (declare x (range 0 9)) (declare y (range 0 9)) (clause (<= (+ x (* 2 y)) 7)) "
        "(ask (optimize x y (- (+ x y)))))"
    )
    answer = answer_of(theory)
    assert answer is not None
    correct, optimal = required(theory, answer)
    assert (write(answer), write(optimal.goal)) == ("(model (= x 7) (= y 0))", "(>= (- (+ x y)) -7)")
    assert recheck(theory, correct, {"v": 1, "body": "evaluation"}) and isinstance(prove(theory, optimal), Proved)
    better = Claim("optimal", "entails", ("T",), read("(>= (- (+ x y)) -6)"))
    assert isinstance(prove(theory, better), Refuted)
    for wrong in (
        "(model (= x 7))",
        "(model (= y 0) (= x 7))",
        "(model (= x 7) (= y 10))",
        "(model (= x 7) (= y 1/2))",
    ):
        with pytest.raises(TermError):
            required(theory, read(wrong))
    for ask in ("(optimize x (- x))", "(optimize x x (- x))", "(optimize x y (/ x 2))"):
        with pytest.raises(TermError):
            Theory.read(theory.text().replace("(optimize x y (- (+ x y)))", ask))


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 20)[:8]) == []
