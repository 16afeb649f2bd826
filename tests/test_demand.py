"""What a round demands is frozen, reachable, and brings the mix of pairs nearer to what is wanted."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scripted_model import Scripted

import synth.run.writer
import synth_solvers.pool
from synth.errors import UserError
from synth.export.export import export
from synth.family.registry import families
from synth.grammar.syntax import Syntax
from synth.graph.demand import Demand, demand_of
from synth.graph.reach import Reach, joinable, reach_of
from synth.graph.recombine import concept_graph, walk
from synth.graph.reference import fit, read_reference, read_shortfall
from synth.graph.steer import Steered, draw, features
from synth.propose import sampler
from synth.records import Source
from synth.run import demand, rounds, tally
from synth.run.corpus import rows_of
from synth.run.ledger import Ledger
from synth.run.recipe import parse, resolve
from synth.run.status import status

SMALL = """
problem: "a" first -> one | "b" second -> two
first: "x" -> left | "y" first -> deep
second: "z" -> right
%import common.WS
%ignore WS
"""


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))


def recipe_of(**data):
    return resolve({"rows": 90, "families": {"linear_system": {"levels": [1]}}, **data}, "test", families())


def files(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.parquet")}


# ---- what can be joined ----------------------------------------------------------------------------------------------


def test_only_what_one_derivation_joins_is_reachable():
    reach = Reach(Syntax.load(SMALL, "small.lark").grammar, "problem")
    assert reach.pairs == {("left", "one"), ("deep", "one"), ("deep", "left"), ("right", "two")}
    assert reach.joins(["one", "left", "deep"]) and not reach.joins(["one", "left", "right"])
    assert not reach.joins(["one", "nothing"]) and reach.joins(["one", "size:3"])
    assert not reach.joins(["size:3", "size:4"])


@pytest.mark.parametrize("name", sorted(families()))
def test_both_ways_of_asking_agree_and_no_drawn_problem_is_called_unreachable(name):
    family = families()[name]
    reach = reach_of(family)
    for pair in itertools.combinations(sorted(reach.productions), 2):
        assert reach._joined(list(pair)) == (pair in reach.pairs)
    for index in range(6):
        drawn = sampler.draw(family, Source(name, max(family.levels), 3, index))
        if isinstance(drawn, tuple):
            assert joinable(family, features(family, drawn[0]))[1] == []


def test_a_walk_joins_what_is_missing_and_reachable():
    reach = reach_of(families()["derivative"])
    graph = concept_graph({("sine", "tangent"): 9.0, ("logarithm", "tangent"): 1.0, ("above", "everywhere"): 99.0})
    found = Counter(walk(graph, Random(seed), reach) for seed in range(300))
    assert set(found) == {("sine", "tangent"), ("logarithm", "tangent")}
    assert found["sine", "tangent"] > 5 * found["logarithm", "tangent"]
    assert {walk(graph, Random(seed), reach, 3) for seed in range(50)} == {("logarithm", "sine", "tangent")}
    assert walk(concept_graph({}), Random(1), reach) == ()
    assert walk(concept_graph({("above", "everywhere"): 1.0}), Random(1), reach) == ()


# ---- steering --------------------------------------------------------------------------------------------------------


def test_a_demand_survives_being_written():
    weights = {("add", "sine"): (3.0, 2.5), ("add", "tangent"): (1.0, 0.0)}
    made = demand_of(families()["derivative"], weights, 32)
    assert made.target.keys() == {("add", "sine"), ("add", "tangent"), ("sine", "tangent")}
    assert Demand.read(json.loads(json.dumps(made.as_json()))) == made
    assert max(made.missing, key=made.missing.get) != ("add", "sine")


def test_what_is_thin_is_worth_more_and_at_the_target_everything_is_worth_the_same():
    present = {("a", "b"): 60.0, ("a", "c"): 40.0}
    even = Demand(100, present, {("a", "b"): 0.5, ("a", "c"): 0.5}, 0.5, 10, 2)
    assert even.worth(["a", "c"]) > even.worth(["a", "b"]) and even.enough(["a", "c"])
    assert not even.enough(["a", "b"]) and even.worth([]) < even.worth(["a", "b"])
    met = Demand(100, present, {("a", "b"): 0.6, ("a", "c"): 0.4}, 0.5, 10, 2)
    assert met.worth(["a", "c"]) == pytest.approx(met.worth(["a", "b"]), abs=0.02)


def test_a_steered_source_makes_the_thin_pairs_thicker_and_is_a_pure_function():
    family = families()["derivative"]

    def made(demand=None, first=0, count=60):
        found: Counter[tally.Cell] = Counter()
        for index in range(first, first + count):
            source = Steered("derivative", 3, 5, index, demand=demand) if demand else Source("derivative", 3, 5, index)
            drawn = draw(family, source)
            assert drawn == draw(family, source) and isinstance(drawn, tuple)
            tally.add(found, "derivative", 3, features(family, drawn[0]))
        return found

    before = made()
    weights = {(one, other): (weight, weight) for (*_, one, other), weight in before.items()}
    wanted = demand_of(family, weights, 60)
    thin = [cell for cell in before if before[cell] < 0.3]
    plain, steered = made(None, 60), made(wanted, 60)
    assert sum(steered[cell] for cell in thin) > 1.1 * sum(plain[cell] for cell in thin)
    same = [draw(family, source("derivative", 3, 5, 1)) for source in (Steered, Source)]
    assert same[0][0].formal == same[1][0].formal


# ---- a run -----------------------------------------------------------------------------------------------------------


def test_rounds_freeze_what_they_demand_and_keep_it(tmp_path, here):
    found = rounds.generate(recipe_of(), tmp_path)
    assert found.accepted == 90 and found.rounds >= 3
    with Ledger(tmp_path) as ledger:
        kept = [ledger.demands(number).get(("linear_system", 1)) for number in range(found.rounds)]
        assert kept[0] is None or not kept[0]["rows"]
        assert [data["rows"] for data in kept[1:]] == sorted({data["rows"] for data in kept[1:]})
        plans = [json.loads(plan)[0][3] for (plan,) in ledger.connection.execute("SELECT plan FROM rounds")]
    assert plans[:2] == [32, 32]
    pairs = found.demand["pairs"]
    assert found.demand["kind"] == "coverage" and pairs["covered"] + len(pairs["empty"]) == pairs["reachable"]
    assert status(tmp_path) == found


def test_a_run_that_is_stopped_goes_on_with_what_its_round_demanded(tmp_path, here):
    from synth.run.batch import make

    rounds.generate(recipe_of(), tmp_path / "whole")
    calls = 0

    def stops(recipe, sources):
        nonlocal calls
        calls += 1
        if calls % 2:
            raise KeyboardInterrupt
        return make(recipe, sources)

    for _ in range(20):
        try:
            rounds.generate(recipe_of(), tmp_path / "parts", make=stops)
            break
        except KeyboardInterrupt:
            continue
    assert files(tmp_path / "parts") == files(tmp_path / "whole")


def test_worker_processes_make_the_same_bytes(tmp_path, monkeypatch):
    for workers in (1, 2):
        rounds.generate(recipe_of(), tmp_path / str(workers), workers=workers)
    assert files(tmp_path / "1") == files(tmp_path / "2")


def test_with_and_without_demand_the_first_round_is_the_same_and_later_ones_are_not(tmp_path, here):
    for word in ("none", "coverage"):
        rounds.generate(recipe_of(demand=word), tmp_path / word)
    made = {}
    for word in ("none", "coverage"):
        with Ledger(tmp_path / word) as ledger:
            made[word] = {r["provenance"]["index"]: r["problem"] for path in ledger.shards() for r in rows_of(path)}
    common = made["none"].keys() & made["coverage"].keys()
    assert all(made["none"][index] == made["coverage"][index] for index in common if index < 32)
    assert any(made["none"][index] != made["coverage"][index] for index in common if index >= 32)
    assert status(tmp_path / "none").demand == {} and status(tmp_path / "none").rounds <= 2


def test_pairs_that_no_problem_joins_are_named(tmp_path, here):
    found = rounds.generate(recipe_of(families={"derivative": {"levels": [1]}}, rows=40), tmp_path)
    assert ["above", "everywhere"] in found.demand["unreachable"]["derivative"]
    assert any("no problem can join" in sentence and "above + " in sentence for sentence in demand.said(found.demand))


class InlinePool:
    def __init__(self, workers):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, function, batch):
        return InlineJob(function(batch))


class InlineJob:
    def __init__(self, found):
        self.found = found

    def ready(self):
        return True

    def results(self):
        return self.found


@pytest.mark.parametrize(("name", "most"), [("bundled", 2), ("openai:http://x#y", 3)])
def test_a_model_is_asked_for_pairs_that_are_missing(tmp_path, monkeypatch, name, most):
    monkeypatch.setattr(synth_solvers.pool, "Pool", InlinePool)
    asked: list[str] = []

    def say(ask, rng):
        if ask.role == "pose":
            asked.append(ask.text)
        return "no"

    monkeypatch.setattr(synth.run.writer, "open_model", lambda *_, **__: Scripted(say))
    model = {"name": name, "pose": 0.5, "tries": 1}
    rounds.generate(recipe_of(rows=60, model=model, demand="coverage"), tmp_path)
    with Ledger(tmp_path) as ledger:
        missing = [set(Demand.read(data).missing) for n in (1, 2, 3) for data in ledger.demands(n).values()]
    wanted = [tuple(text.strip().partition(": ")[2].split(", ")) for text in asked]
    assert max(map(len, wanted)) == most
    assert all(any(pair in some for pair in itertools.combinations(names, 2) for some in missing)
               for names in wanted[40:])  # fmt: skip


# ---- a reference -----------------------------------------------------------------------------------------------------


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def example(*names, family="linear_system", level=1):
    return {"family": family, "level": level, "features": list(names)}


def test_a_fit_finds_what_goes_together_better_than_equal_shares_do():
    rng = Random(1)
    rows = [("f", 1, ("a", rng.choice("bbbbbc"))) for _ in range(200)] + [("f", 2, ("c", "d"))] * 100
    found = fit(rows, [("f", 1), ("f", 2), ("g", 1)])
    assert found.held_out_nats < found.uniform_nats - 0.3
    assert sum(found.targets["f", 1].values()) == pytest.approx(1)
    assert found.targets["f", 1]["a", "b"] > 0.7 and 0 < found.targets["f", 1]["c", "d"] < 0.1
    assert found.warnings == ("no row of the reference is of g; its pairs get equal shares",)


def test_a_small_sample_is_shrunk_more_than_a_large_one():
    def sample(size):
        rng = Random(2)
        return [("f", 1, tuple(sorted(set(rng.choices("abcdefgh", k=3))))) for _ in range(size)]

    small, large = fit(sample(12), [("f", 1)]), fit(sample(4000), [("f", 1)])
    assert small.shrinkage[0] * small.shrinkage[1] > large.shrinkage[0] * large.shrinkage[1]
    assert any("only 12 rows of the reference are of f" in warning for warning in small.warnings)
    assert small.held_out_nats - small.fitted_nats > large.held_out_nats - large.fitted_nats


def test_a_reference_that_says_nothing_is_warned_of():
    rng = Random(3)
    rows = [("f", 1, tuple(rng.sample("abcdefghijkl", 2))) for _ in range(400)]
    assert any("no better than equal shares" in warning for warning in fit(rows, [("f", 1)]).warnings)


def test_a_run_with_a_reference_comes_nearer_to_its_mix(tmp_path, here):
    family = families()["linear_system"]
    names = sorted(features(family, sampler.draw(family, Source("linear_system", 1, 1, 0))[0]))
    rare = [["negate", name] for name in names if name != "negate"]
    reference = write(tmp_path / "reference.jsonl", [example(*names)] * 20 + [example(*pair) for pair in rare * 20])
    shares = {}
    for word in ("none", {"reference": str(reference), "uniform": 0}):
        folder = tmp_path / ("none" if word == "none" else "reference")
        found = rounds.generate(recipe_of(rows=300, demand=word), folder)
        with Ledger(folder) as ledger:
            shares[str(word)] = sum(cell[5] for cell in ledger.cells() if "negate" in cell[2:4])
    assert shares["none"] < 0.9 * max(shares.values())
    assert found.demand["kind"] == "reference" and found.demand["fit"]["rows"] == 20 + 20 * len(rare)
    assert any(sentence.startswith("reference: ") for sentence in demand.said(found.demand))


def test_a_reference_is_read_once(tmp_path, here):
    reference = write(tmp_path / "reference.jsonl", [example("add", "negate")] * 40)
    recipe = recipe_of(demand={"reference": str(reference)})
    whole = rounds.generate(recipe, tmp_path / "run")
    reference.unlink()
    assert rounds.generate(recipe, tmp_path / "run") == whole


BAD = {
    '{"family": "linear_system", "level": 1}': "row 1 has no 'features'; a reference has the columns family, level",
    '{"question": "x"}': "there are question",
    '{"family": "linear_system", "level": "1", "features": ["add"]}': "level a whole number",
    '{"family": "linear_system", "level": 1, "features": "add"}': "features a list of texts",
    '{"family": "linear_system", "level": 1, "features": []}': "features a list of texts",
    '{"family": "linear_system", "level": 1, "features": ["subtrct"]}': "'subtrct'; did you mean 'subtract'?",
    '{"family": "sudoku", "level": 1, "features": ["x"]}': "1 rows, all of other families (sudoku)",
    "": "holds no rows; a reference needs rows of linear_system",
    "[1]": "line 1 is no row",
    "{": "line 1 is not JSON",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_reference_is_one_clear_message_and_no_run_is_begun(tmp_path, here, text):
    path = tmp_path / "reference.jsonl"
    path.write_text(text + "\n" if text else "")
    with pytest.raises(UserError) as caught:
        rounds.generate(recipe_of(demand={"reference": str(path)}), tmp_path / "run")
    assert BAD[text] in str(caught.value) and "\n" not in str(caught.value)
    with Ledger(tmp_path / "run") as ledger:
        assert ledger.meta("recipe") is None


def test_a_reference_of_another_kind_is_one_clear_message(tmp_path):
    pq.write_table(pa.table({"question": ["x"], "level": [1]}), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"no")
    (tmp_path / "c.csv").write_text("family")
    for name, said in (("a.parquet", "row 1 has no 'family' and no 'features'; .* there are level, question"),
                       ("b.parquet", "is no Parquet file"), ("c.csv", "must be a .jsonl or .parquet file"),
                       ("d.jsonl", "cannot read .*d.jsonl")):  # fmt: skip
        with pytest.raises(UserError, match=said):
            read_reference(tmp_path / name, {"linear_system": families()["linear_system"]})


MISTAKES = {
    "demand: moon": "there is no demand 'moon'; say none, coverage or {reference: PATH}",
    "demand: 3": "there is no demand 3",
    "demand: {uniform: 0.5}": "demand: reference",
    "demand: {referense: x}": "demand: ",
    "demand: {reference: x, uniform: 2}": "demand: uniform must be less than or equal to 1, not 2",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_an_unknown_demand_is_named(text):
    with pytest.raises(UserError) as caught:
        parse(text, "recipe.yaml", families())
    assert MISTAKES[text] in str(caught.value) and "\n" not in str(caught.value)


def test_the_sampler_alone_covers_and_a_model_chooses_for_itself():
    assert recipe_of().demand == "coverage" and recipe_of(model="bundled").demand == "none"
    recipe = recipe_of(demand={"reference": "x.jsonl"})
    assert parse(recipe.text(), "recipe.yaml", families()) == recipe


def test_what_an_export_lacked_can_be_demanded_of_another_run(tmp_path, here):
    rounds.generate(recipe_of(rows=100), tmp_path / "run")
    lacked = export(tmp_path / "run", tmp_path / "data", rows=60)["selection"]["thin"][0]
    recipe = recipe_of(rows=120, demand={"reference": str(tmp_path / "data" / "selection.json"), "uniform": 0})
    found = rounds.generate(recipe, tmp_path / "more")
    assert found.demand["kind"] == "reference" and "fit" not in found.demand
    with Ledger(tmp_path / "more") as ledger:
        wanted = Demand.read(ledger.demands(1)["linear_system", 1]).target
    assert max(wanted, key=wanted.get) == tuple(lacked["pair"])


LACKING = {
    "{}": "is no selection.json of an export: KeyError",
    "[]": "is no selection.json of an export: TypeError",
    '{"thin": []}': "names no cell of linear_system that lacks rows",
    '{"thin": [{"family": "linear_system", "level": 1, "pair": ["add"], "wanted": 1, "taken": 0}]}': "ValueError",
    '{"thin": [{"family": "linear_system", "level": 1, "pair": ["a", "add"], "wanted": 1, "taken": 0}]}': "feature 'a'",
    '{"thin": [{"family": "linear_system", "level": 1e999, "pair": ["a", "b"], "wanted": 1, "taken": 0}]}': "Overflow",
}


@pytest.mark.parametrize("text", LACKING)
def test_a_bad_shortfall_is_one_clear_message(tmp_path, text):
    (tmp_path / "selection.json").write_text(text)
    with pytest.raises(UserError) as caught:
        read_shortfall(tmp_path / "selection.json", {"linear_system": families()["linear_system"]})
    assert LACKING[text] in str(caught.value) and "\n" not in str(caught.value)
