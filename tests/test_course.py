"""The problems of a stream and the course through them: fresh, disjoint, resumable, moved by what is reported."""

from __future__ import annotations

import copy
import json
import pickle
from collections import Counter
from itertools import islice
from random import Random

import pytest

from synth.consumers.course import Course, Rate
from synth.consumers.problems import FIRST, Problems, course_of, recipe_for
from synth.domain import Domain
from synth.errors import UserError
from synth.family.registry import families
from synth.judge.score import score
from synth.records import Source
from synth.run.batch import make_one

RECIPE = {"families": {"factorization": {"levels": [1, 2]}, "gcd_bezout": {"levels": [1]}}, "seed": 3}


def problems(shards=(0,), of=4, course=None):
    recipe = recipe_for(RECIPE)
    return Problems(recipe, course or course_of(recipe, 0.5), shards, of)


def taken(source, count, after=0):
    return list(islice(source.after(after), count))


def test_a_problem_is_proved_and_can_be_made_again_by_its_id():
    for _, problem in taken(problems(), 4):
        family, level, index = problem["id"].split("/")
        assert score(families()[family], problem["solution"], problem).score == 1
        record = Domain(families()[family]).make(int(level), 3, int(index))
        assert (record.formal, record.answer) == (problem["formal"], problem["answer"])


def test_shards_are_disjoint_and_a_process_with_two_takes_turns():
    alone = [[row["id"] for _, row in taken(problems((shard,)), 6)] for shard in (0, 1)]
    assert not set(alone[0]) & set(alone[1])
    both = [row["id"] for _, row in taken(problems((0, 1)), 8)]
    assert set(both) <= {*alone[0], *alone[1]} and len(set(both)) == 8


def test_no_problem_has_an_index_of_a_run_or_lies_on_the_test_side():
    recipe = recipe_for({**RECIPE, "split": {"test": 0.5}})
    rows = taken(Problems(recipe, course_of(recipe, 0.5), (0,), 1), 8)
    assert rows[-1][0] > 8  # turns that went to the test side were left out
    for _, row in rows:
        family, level, index = row["id"].split("/")
        assert int(index) >= FIRST
        assert make_one(recipe, Source(family, int(level), 3, int(index))).row["split"] == "train"


def test_a_stream_that_was_stopped_goes_on_with_the_problems_that_would_have_come():
    first = problems()
    rows, half = first.after(0), []
    for _ in range(40):
        turn, row = next(rows)
        half.append((turn, row))
        first.course.report(row["id"], 1.0 if row["level"] == 1 else 0.0)
    state = json.loads(json.dumps(first.course.state_dict()))
    wanted = list(islice(rows, 6))
    other = problems()
    other.course.load_state_dict(state)
    assert taken(other, 6, after=turn) == wanted


# ---- the course ------------------------------------------------------------------------------------------------------

LEVELS = {("knights", level): 1.0 for level in range(1, 6)}


def learner(course, passes, turns, rng):
    """Answer the problems of a course with the given pass rate of each level; count the levels of the last half."""
    met = Counter()
    for turn in range(turns):
        family, level = course.choose(rng)
        met[level] += turn >= turns // 2
        course.report(f"{family}/{level}/{turn}", float(rng.random() < passes[level]))
    return met


def test_a_course_moves_to_levels_that_are_solved_half_the_time_and_follows_a_learner():
    course, rng = Course(LEVELS, 0.5), Random(1)
    met = learner(course, {1: 0.98, 2: 0.9, 3: 0.5, 4: 0.05, 5: 0.0}, 2000, rng)
    assert met.most_common(1)[0][0] == 3 and met[3] > 600 and min(met.values()) > 0
    met = learner(course, {1: 1.0, 2: 1.0, 3: 0.98, 4: 0.9, 5: 0.5}, 3000, rng)
    assert met.most_common(1)[0][0] == 5 and met[5] > 2 * met[3]


def test_another_target_is_another_course():
    passes = {1: 0.98, 2: 0.8, 3: 0.5, 4: 0.2, 5: 0.0}
    easy, hard = (learner(Course(LEVELS, target), passes, 2000, Random(2)) for target in (0.8, 0.2))
    assert easy.most_common(1)[0][0] == 2 and hard.most_common(1)[0][0] == 4


def test_pairs_of_features_that_are_solved_half_the_time_are_worth_more():
    course, rng = Course({("knights", 1): 1.0}, 0.5), Random(3)
    assert course.demand(("knights", 1)) is None
    for turn in range(200):
        hard = turn % 2
        course.asked(f"knights/1/{turn}", ("knights", 1), ["all", "hard" if hard else "fair"])
        course.report(f"knights/1/{turn}", 0.0 if hard else float(rng.random() < 0.5))
    demand = course.demand(("knights", 1))
    assert demand.worth(["all", "fair"]) > demand.worth(["all", "hard"]) + 0.5


def test_without_reports_the_weights_of_the_recipe_hold():
    course = course_of(
        recipe_for({"families": {"knights": {"weight": 3, "levels": [1]}, "sudoku": {"levels": [1]}}}), 0.5
    )
    assert course.weights() == pytest.approx({("knights", 1): 0.75, ("sudoku", 1): 0.25})
    assert course.pass_rates() == {("knights", 1): None, ("sudoku", 1): None}


def test_a_copy_is_the_same_course_and_one_in_another_process_begins_with_what_is_known():
    course = Course(LEVELS, 0.5)
    for turn in range(50):
        course.report(f"knights/1/{turn}", 1.0)
    assert copy.deepcopy(course) is course
    sent = pickle.loads(pickle.dumps(course))
    assert sent is not course and sent.weights() == course.weights()


def test_a_rate_is_the_target_until_something_is_known():
    rate = Rate(0.3)
    assert rate.mean == 0.3
    rate.add(1.0)
    assert rate.mean == pytest.approx((1 + 4 * 0.3) / 5)


@pytest.mark.parametrize(
    ("name", "reward", "said"),
    [("sudoku/1/5", 1.0, "no problem of this stream"), ("x", 1.0, "no problem"), ("knights/1/5", float("nan"), "nan")],
)
def test_a_wrong_report_is_one_message(name, reward, said):
    with pytest.raises(UserError, match=said):
        Course(LEVELS, 0.5).report(name, reward)


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ({"model": "bundled"}, "made without a model"),
        ({"families": ["knigts"]}, "did you mean 'knights'"),
        ("nowhere.yaml", "cannot read the recipe"),
    ],
)
def test_a_wrong_recipe_is_one_message(recipe, said):
    with pytest.raises(UserError, match=said):
        recipe_for(recipe)


def test_a_target_that_is_no_rate_is_refused():
    with pytest.raises(UserError, match="between 0 and 1"):
        Course(LEVELS, 1.0)
