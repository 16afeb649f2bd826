"""A split is a function of the row and the recipe, and an audit names every crossing."""

import json

import pytest
import typer

from synth.cli.graph_audit import audit_split as command
from synth.errors import UserError
from synth.family.registry import families
from synth.grammar.features import depth, pairs
from synth.graph.audit import audit, inherited
from synth.graph.build import tables_of
from synth.graph.join import Shard, joined
from synth.graph.pairs import unseen_pairs
from synth.graph.reach import reach_of
from synth.graph.schema import STRONG
from synth.propose.sampler import draw
from synth.records import Source
from synth.run import rounds
from synth.run.batch import make_one
from synth.run.corpus import files_of, rows_of
from synth.run.graph import audit_split
from synth.run.recipe import resolve
from synth.run.split import compositions, held_out, split_of

FAMILY = "knights"


def recipe_of(family=FAMILY, **split):
    return resolve({"rows": 30, "families": {family: {"levels": [1, 2]}}, "split": split}, "test", families())


@pytest.fixture(scope="module")
def rows():
    """Return rows of a family, made without a run."""
    made = [make_one(recipe_of(), Source(FAMILY, level, 3, index)) for level in (1, 2) for index in range(60)]
    return [outcome.row for outcome in made if outcome.row is not None]


def tree(row):
    return families()[row["family"]].formal.read(row["formal"], "problem")


def sides(rows, **split):
    recipe = recipe_of(**split)
    found = {"train": [], "test": []}
    for row in rows:
        found[split_of(row, recipe)].append(row)
    return found


# ---- the side of a row -----------------------------------------------------------------------------------------------


def test_two_features_that_are_held_out_never_occur_together_in_train(rows):
    found = sides(rows, by="pair", test=0.3)
    held = held_out(recipe_of(by="pair", test=0.3), FAMILY)
    assert held
    assert found["test"]
    assert not any(held & set(pairs(row["features"])) for row in found["train"])
    assert all(held & set(pairs(row["features"])) for row in found["test"])
    in_train = {feature for row in found["train"] for feature in row["features"]}
    assert {feature for pair in held for feature in pair} <= in_train
    assert 0.1 <= len(found["test"]) / len(rows) <= 0.5


def test_a_production_that_is_held_out_is_inside_the_other_in_test_only(rows):
    found = sides(rows, by="composition", test=0.3)
    held = held_out(recipe_of(by="composition", test=0.3), FAMILY)
    assert held
    assert found["test"]
    assert not any(held & compositions(tree(row)) for row in found["train"])
    assert all(held & compositions(tree(row)) for row in found["test"])


def test_test_is_deeper_than_all_of_train(rows):
    bound = min(depth(tree(row)) for row in rows)
    found = sides(rows, by="depth", deeper_than=bound)
    assert max(depth(tree(row)) for row in found["train"]) <= bound < min(depth(tree(row)) for row in found["test"])


def test_a_depth_that_is_not_named_is_chosen_so_that_some_are_deeper_if_any_are():
    recipe = recipe_of("derivative", by="depth", test=0.3)
    made = [make_one(recipe, Source("derivative", level, 3, index)).row for level in (1, 2) for index in range(30)]
    depths = {side: [depth(tree(row)) for row in made if row["split"] == side] for side in ("train", "test")}
    assert max(depths["train"]) < min(depths["test"])
    assert 0.1 <= len(depths["test"]) / 60 <= 0.5


def test_pairs_that_are_named_are_those_that_are_held_out(rows):
    found = sides(rows, by="pair", hold_out=[["says", "both"]])
    assert {row["id"] for row in found["test"]} == {row["id"] for row in rows if {"both", "says"} <= {*row["features"]}}
    assert found["test"]
    assert found["train"]


@pytest.mark.parametrize("by", ["shape", "problem", "pair", "composition"])
def test_the_side_depends_on_the_row_and_the_recipe_only(rows, by):
    recipe = recipe_of(by=by, test=0.3)
    once = [split_of(row, recipe) for row in rows]
    again = [split_of({**row, "split": "moon", "id": "x"}, recipe) for row in reversed(rows)]
    assert once == again[::-1]
    assert set(once) == {"train", "test"}


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ({"by": "shape", "hold_out": [["a", "b"]]}, "hold_out is for `by: pair` and `by: composition`"),
        ({"by": "pair", "deeper_than": 3}, "deeper_than is for `by: depth`"),
        ({"by": "pair", "hold_out": ["says"]}, "split: hold_out"),
        ({"by": "depth", "deeper_than": 0}, "split: deeper_than"),
        ({"by": "pair", "hold_out": [["says", "bth"]]}, "no family of the recipe has 'bth'; did you mean 'both'"),
        ({"by": "composition", "hold_out": [["sys", "both"]]}, "has 'sys'; did you mean 'says'"),
        ({"by": "composition", "hold_out": [["both", "says"]]}, "'says' never stands directly inside 'both'"),
    ],
)
def test_a_split_that_makes_no_sense_is_named(split, said):
    with pytest.raises(UserError, match=said):
        recipe_of(**split)


def test_a_pair_that_no_problem_joins_cannot_be_held_out():
    with pytest.raises(UserError, match="no problem of the recipe's families has both 'above' and 'everywhere'"):
        recipe_of("derivative", by="pair", hold_out=[["above", "everywhere"]])


@pytest.mark.parametrize("name", sorted(families()))
def test_no_drawn_problem_nests_what_is_called_impossible(name):
    reach, family = reach_of(families()[name]), families()[name]
    for index in range(6):
        drawn = draw(family, Source(name, max(family.levels), 3, index))
        if isinstance(drawn, tuple):
            found = compositions(family.formal.read(drawn[0].formal, "problem"))
            assert found and all(reach.nests(*pair) for pair in found)


def test_a_row_is_made_of_rows_of_one_side_only():
    assert inherited([("a", "train")]) == "train"
    with pytest.raises(UserError, match="cannot be made of a in train and b in test"):
        inherited([("a", "train"), ("b", "test")])


# ---- the audit -------------------------------------------------------------------------------------------------------


def graph(*rows):
    return joined([Shard(*tables_of(rows))])


def put(row, side, **changes):
    made_by = {**row["provenance"], "parents": changes.pop("parents", ())}
    return {**row, "split": side, "provenance": made_by, **changes}


def test_a_crossing_along_any_strong_edge_is_named_from_end_to_end(rows):
    one, two = put(rows[0], "train"), put(rows[1], "test")
    assert audit(graph(one, two)).crossed == 0
    derived = audit(graph(one, {**two, "provenance": {**two["provenance"], "parents": [one["id"]]}}))
    path = (f"instance:{one['id']}", "derived_from", f"instance:{two['id']}")
    assert (derived.crossed, derived.crossings) == (1, (path,))
    same = audit(graph(one, put(two, "test", problem=one["problem"])))
    assert same.crossings[0][1:4] == ("equivalent_to", f"problem:{one['problem']}", "equivalent_to")
    third = put(rows[2], "train", parents=[one["id"], two["id"]])
    assert audit(graph(one, two, third)).crossings[0][-2:] == ("composed_of", f"instance:{two['id']}")
    source = put(two, "test", provenance={**one["provenance"]}, level=one["level"])
    assert audit(graph(one, source)).crossings[0][1] == "derived_from"


def test_one_shape_is_on_one_side_only_where_the_split_is_by_shape(rows):
    one = put(rows[0], "train")
    two = put(rows[1], "test", formal=one["formal"], theory=one["theory"])
    assert audit(graph(one, two)).crossed == 0
    found = audit(graph(one, two), (*STRONG, "same_shape"))
    assert found.crossed == 1
    assert found.crossings[0][1] == "same_shape"
    assert (found.rows, found.largest) == ({"train": 1, "test": 1}, 2)


def test_pairs_that_only_test_has_are_counted(rows):
    one, two = put(rows[0], "train", features=["a", "b", "c"]), put(rows[1], "test", features=["a", "b", "d"])
    assert unseen_pairs(graph(one, two)) == (3, 2)


def run(argument, capsys):
    with pytest.raises(typer.Exit) as ended:
        command([argument], True)
    return ended.value.exit_code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("by", ["shape", "pair", "depth"])
def test_a_run_passes_and_a_row_on_the_wrong_side_fails(by, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))
    recipe = recipe_of("linear_system" if by == "shape" else FAMILY, by=by, test=0.3)
    rounds.generate(recipe, tmp_path / "run")
    code, found = run(tmp_path / "run", capsys)
    assert (code, found["ok"], found["crossed"], found["misplaced"]) == (0, True, 0, 0)
    assert sum(found["rows"].values()) == 30
    rows = [row for file in files_of(tmp_path / "run") for row in rows_of(file)]
    moved = {**rows[0], "split": "test" if rows[0]["split"] == "train" else "train"}
    (tmp_path / "data").mkdir()
    lines = [json.dumps(row) for row in [moved, *rows[1:]]]
    (tmp_path / "data" / "rows.jsonl").write_text("\n".join(lines))
    (tmp_path / "data" / "recipe.yaml").write_text(recipe.text())
    code, found = run(tmp_path / "data" / "rows.jsonl", capsys)
    assert (code, found["ok"], found["misplaced"]) == (1, False, 1)
    assert found["misplaced_rows"][0].startswith(f"{moved['id']} is in {moved['split']}, and by {by} belongs in")


def test_two_corpora_are_looked_at_as_one(tmp_path, monkeypatch):
    monkeypatch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))
    data = {"rows": 20, "families": {"linear_system": {"levels": [1]}}}
    for name, split in (("one", {"test": 0.0}), ("two", {"test": 0.999})):
        rounds.generate(resolve({**data, "split": split}, "test", families()), tmp_path / name)
        assert audit_split(tmp_path / name)["ok"]
    found = audit_split(tmp_path / "one", tmp_path / "two")
    assert (found["crossed"], found["ok"], found["rows"]["both"]) == (20, False, 20)
    assert all(len(path) == 1 and path[0].startswith("instance:") for path in found["crossings"])
