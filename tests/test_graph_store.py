"""The dependency graph is a function of the rows, is kept beside them, and refuses what cannot be so."""

import json
import random
import shutil

import networkx as nx
import numpy as np
import pytest

from synth.errors import UserError
from synth.family.registry import families
from synth.graph import arrays
from synth.graph.build import edge_tables, tables_of
from synth.graph.concepts import concepts
from synth.graph.curriculum import curriculum
from synth.graph.join import Shard, joined
from synth.graph.lineage import ancestors, descendants, parents_first
from synth.graph.store import read, write
from synth.run import rounds
from synth.run.corpus import files_of, rows_of
from synth.run.graph import graph_of, record
from synth.run.ledger import Ledger
from synth.run.recipe import resolve


def row(identity, *, parents=(), features=("f",), level=1, claims=1, **changes):
    """Return a row of the contract as far as the graph reads it."""
    source = {
        "seed": 1,
        "index": int.from_bytes(identity.encode()),
        "model": "",
        "versions": '{"synth":"1","family":"2"}',
    }
    return {"id": identity, "problem": f"problem of {identity}", "family": "fam", "level": level, "language": "en",
            "features": list(features), "split": "train", "formal": f"f {identity}", "theory": "(theory)",
            "question": f"Question {identity}?", "certificates": ['{"body":"lrat"}'] * claims,
            "claims": [{"role": "correct"}] * claims, "steps": [{"id": "s0", "parents": []}],
            "provenance": {**source, "parents": list(parents)}, **changes}  # fmt: skip


def graph(*rows):
    return joined([Shard(*tables_of(rows))])


def edges_of(found):
    ends = zip(found.sources.tolist(), found.targets.tolist(), found.types.tolist(), strict=True)
    return {(found.name(one), found.name(two), kind) for one, two, kind in ends}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a small run with more than one shard."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))
        patch.setattr(rounds, "SHARD_ROWS", 16)
        recipe = {"rows": 40, "families": {"linear_system": {"levels": [1, 2]}, "knights": {"levels": [1]}}}
        rounds.generate(resolve(recipe, "test", families()), folder)
    return folder


@pytest.fixture
def copy(run, tmp_path):
    return shutil.copytree(run, tmp_path / "copy")


# ---- files -----------------------------------------------------------------------------------------------------------


def test_the_files_beside_a_shard_are_a_function_of_its_rows(run, tmp_path):
    shards = files_of(run)
    assert len(shards) >= 2
    for number, shard in enumerate(shards):
        names = [run / "graph" / f"{kind}-{number:05d}.parquet" for kind in ("nodes", "edges")]
        for path, table in zip(names, tables_of(rows_of(shard)), strict=True):
            write(table, tmp_path / path.name)
            assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_lost_files_are_made_again_from_the_rows(run, copy):
    shutil.rmtree(copy / "graph")
    assert graph_of(copy).ids.equals(graph_of(run).ids)
    assert edges_of(graph_of(copy)) == edges_of(graph_of(run))
    assert len(graph_of(copy).of_kind("instance")) == 40


def test_a_file_that_was_cut_short_is_named_with_the_next_step(copy):
    path = copy / "graph" / "edges-00001.parquet"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UserError, match=r"edges-00001\.parquet is missing, cut short or changed.*remove it"):
        graph_of(copy)
    path.unlink()
    assert len(graph_of(copy).of_kind("instance")) == 40


def test_a_file_that_is_no_table_of_the_graph_is_refused(tmp_path):
    nodes, edges = tables_of([row("a")])
    for name, table in (("nodes", nodes), ("edges", edges)):
        write(table, tmp_path / f"{name}.parquet")
    assert read(tmp_path / "nodes.parquet", tmp_path / "edges.parquet") == (nodes, edges)
    with pytest.raises(UserError, match=r"edges\.parquet has other columns"):
        read(tmp_path / "edges.parquet", tmp_path / "nodes.parquet")
    (tmp_path / "edges.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(UserError, match=r"edges\.parquet cannot be read"):
        read(tmp_path / "nodes.parquet", tmp_path / "edges.parquet")


def test_a_graph_file_that_the_ledger_does_not_name_does_not_exist(copy):
    stray = copy / "graph" / "nodes-00077.parquet"
    stray.write_bytes(b"half")
    before = {path.name for path in (copy / "graph").iterdir()} - {stray.name}
    with Ledger(copy, write=True) as ledger:
        ledger.remove_strays()
    assert {path.name for path in (copy / "graph").iterdir()} == before


# ---- joining ---------------------------------------------------------------------------------------------------------


def test_a_row_is_joined_to_all_that_it_depends_on(run):
    found = graph_of(run)
    first = next(rows_of(files_of(run)[0]))
    view = found.view(first["id"], hops=1)
    kinds = {data["kind"] for _, data in view.nodes(data=True)}
    assert kinds == {"instance", "problem", "shape", "text", "step", "production", "family", "checker", "source"}
    verified = {two for _, two, data in view.edges(data=True) if data["type"] == "verified_by"}
    bodies = {json.loads(text)["body"] for text in first["certificates"]}
    assert verified == {f"checker:{body}@{json.loads(first['provenance']['versions'])['synth']}" for body in bodies}
    used = {two.split("/")[1] for _, two in view.edges() if two.startswith("production:")}
    assert used == set(first["features"])


def test_an_edge_to_a_row_that_is_not_there_names_both():
    with pytest.raises(UserError, match=r"instance:b is derived from instance:a, a row that is not there"):
        graph(row("b", parents=["a"]))
    with pytest.raises(UserError, match=r"instance:c is composed of instance:b, a row that is not there"):
        graph(row("a"), row("c", parents=["a", "b"]))
    assert len(graph(row("a"), row("b", parents=["a"])).of_kind("instance")) == 2


def test_one_id_with_two_contents_is_refused_and_two_copies_are_one_row():
    one, other = Shard(*tables_of([row("a")]), place="here"), Shard(*tables_of([row("a", formal="g")]), place="there")
    with pytest.raises(UserError, match=r"instance:a says one thing in here and another in there"):
        joined([one, other])
    again = Shard(*tables_of([row("a", split="test", certificates=['{"body":"exhaustive"}'])]))
    assert joined([one, again]).of_kind("instance") == ["instance:a"]


def test_an_edge_beyond_the_nodes_and_an_unknown_type_are_refused():
    nodes, edges = tables_of([row("a")])
    far = edges.set_column(1, "target", [[99] * edges.num_rows])
    with pytest.raises(UserError, match="an edge to node 99, and only"):
        joined([Shard(nodes, far.cast(edges.schema))])
    odd = edges.set_column(2, "type", [[77] * edges.num_rows])
    with pytest.raises(UserError, match="an edge of an unknown type"):
        joined([Shard(nodes, odd.cast(edges.schema))])


def test_a_row_that_lacks_a_field_is_named():
    lacking = {name: value for name, value in row("a").items() if name != "steps"}
    with pytest.raises(UserError, match="row 'a' is none of the export contract: KeyError"):
        tables_of([lacking])


def test_unknown_nodes_are_a_clear_message():
    found = graph(row("a"))
    with pytest.raises(UserError, match=r"no node 'checker:lart@1' in the graph; did you mean 'lrat@1'"):
        found.view("checker:lart@1")
    with pytest.raises(UserError, match="give the id of a row"):
        found.number("nothing")


def test_edges_that_are_found_later_are_recorded_all_or_none(copy):
    one, other, *_ = (row["id"] for row in rows_of(files_of(copy)[0]))
    with pytest.raises(UserError, match="instance:nobody, a row that is not there"):
        record(copy, [(one, "near_dup", other, 0.9), (one, "near_dup", "nobody", 0.8)])
    with pytest.raises(UserError, match="no type of edge 'near_dupe'; did you mean 'near_dup'"):
        record(copy, [(one, "near_dupe", other, 0.9)])
    assert not list((copy / "graph").glob("*evidence*"))
    assert record(copy, [(one, "near_dup", other, 0.75)]) == 1
    with Ledger(copy, write=True) as ledger:
        ledger.remove_strays()
    found = [data for *_, data in graph_of(copy).view(one, 1).edges(data=True) if data["type"] == "near_dup"]
    assert found == [{"type": "near_dup", "score": 0.75}]
    (copy / "graph" / "edges-evidence-00000.parquet").unlink()
    with pytest.raises(UserError, match=r"edges-evidence-00000\.parquet is missing.*restore it"):
        graph_of(copy)


# ---- what is computed ------------------------------------------------------------------------------------------------


def random_graph(rng, acyclic):
    nodes = rng.randint(1, 60)
    pairs = [(rng.randrange(nodes), rng.randrange(nodes)) for _ in range(rng.randint(0, 90))]
    if acyclic:
        pairs = [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]
    reference = nx.DiGraph(pairs)
    reference.add_nodes_from(range(nodes))
    ends = np.array(pairs, np.int32).reshape(-1, 2)
    return reference, arrays.csr(ends[:, 0], ends[:, 1], nodes)


@pytest.mark.parametrize("narrow", [0, arrays.NARROW])
def test_components_levels_and_reachability_are_those_of_networkx(narrow, monkeypatch):
    monkeypatch.setattr(arrays, "NARROW", narrow)
    monkeypatch.setattr(arrays, "EDGES_AT_A_TIME", 7)
    rng = random.Random(5)
    for _ in range(60):
        reference, csr = random_graph(rng, acyclic=False)
        expected = {node: min(part) for part in nx.weakly_connected_components(reference) for node in part}
        assert arrays.components(csr).tolist() == [expected[node] for node in sorted(expected)]
        roots = rng.sample(sorted(reference), min(3, len(reference)))
        reached = set(roots).union(*(nx.descendants(reference, root) for root in roots))
        assert set(np.flatnonzero(arrays.reachable(csr, np.array(roots))).tolist()) == reached
        reference, csr = random_graph(rng, acyclic=True)
        expected = {node: n for n, layer in enumerate(nx.topological_generations(reference)) for node in layer}
        assert arrays.levels(csr).tolist() == [expected[node] for node in sorted(expected)]


def test_a_cycle_is_found_and_named():
    chain = arrays.csr(np.array([0, 1, 2, 3]), np.array([1, 2, 3, 2]), 5)
    with pytest.raises(arrays.Cycle) as caught:
        arrays.levels(chain)
    assert caught.value.node in (2, 3)
    with pytest.raises(UserError, match=r"instance:[ab] is derived from itself"):
        parents_first(graph(row("a", parents=["b"]), row("b", parents=["a"])))


def test_lineage_goes_both_ways_and_parents_come_first():
    found = graph(row("c", parents=["a", "b"]), row("b", parents=["a"]), row("a"), row("d"))
    named = [found.number(name) for name in "abcd"]
    assert found.names(descendants(found, named[:1])) == ["instance:c", "instance:b"]
    assert set(found.names(ancestors(found, named[2]))) == {"instance:a", "instance:b", *found.of_kind("source")[:1]}
    order = parents_first(found).tolist()
    assert order.index(named[0]) < order.index(named[1]) < order.index(named[2])


def test_a_concept_requires_what_most_of_its_problems_also_use():
    rows = [row(f"p{n}", features=["plus"]) for n in range(4)]
    rows += [row(f"t{n}", features=["plus", "times"], level=2) for n in range(3)]
    rows += [row("power", features=["plus", "times", "power"], level=3), row("odd", features=["odd"], level=1)]
    found = concepts(graph(*rows))
    assert set(found.edges) == {("fam/times", "fam/plus"), ("fam/power", "fam/times")}
    levels = {name: data["level"] for name, data in found.nodes(data=True)}
    assert levels == {"fam/plus": 0, "fam/odd": 0, "fam/times": 1, "fam/power": 2}
    assert found.nodes["fam/times"]["first"] == 2
    assert found.nodes["fam/plus"]["rows"] == 8


def test_concepts_of_a_real_run_have_no_cycle(run):
    assert nx.is_directed_acyclic_graph(concepts(graph_of(run)))


def test_the_curriculum_goes_by_concepts_then_by_effort():
    rows = [row("hard", features=["plus", "times"], claims=1), row("long", features=["plus"], claims=3)]
    rows += [row("b", features=["plus"]), row("a", features=["plus"]), row("wide", features=["plus"], formal="f" * 99)]
    assert curriculum(graph(*rows)) == ["a", "b", "wide", "long", "hard"]
    assert curriculum(graph(*reversed(rows))) == curriculum(graph(*rows))


def test_edge_tables_name_rows_only():
    nodes, edges = edge_tables([("a", "near_dup", "b", 0.5), ("b", "equivalent_to", "c", 0.0)])
    assert nodes["id"].to_pylist() == ["instance:a", "instance:b", "instance:c"]
    assert set(nodes["content"].to_pylist()) == {0}
    assert edges["source"].to_pylist() == [0, 1]
