"""Rows that say the same are joined by an edge and lie on one side; near wording is recorded; nothing is deleted."""

from __future__ import annotations

import hashlib
import json
import re
import shutil

import pytest
from typer.testing import CliRunner

from synth.cli.app import app
from synth.export.export import export
from synth.family.registry import families
from synth.graph.audit import audit
from synth.graph.build import edge_tables, tables_of
from synth.graph.join import Shard, joined
from synth.graph.neardup import jaccard
from synth.graph.schema import EDGES
from synth.run import rounds
from synth.run.batch import Outcome, make
from synth.run.corpus import files_of, rows_of
from synth.run.explain import why
from synth.run.graph import audit_split, graph_of
from synth.run.kept import rows_at
from synth.run.ledger import Ledger
from synth.run.recipe import resolve
from synth.run.retract import retract
from synth.run.status import status

ROWS = 150


def recipe_of(rows=ROWS, family="polynomial_roots", test=0.5):
    return resolve({"rows": rows, "families": {family: {"levels": [1]}}, "split": {"test": test}}, "test", families())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run of a family whose problems often say the same, half of them in test."""
    folder = tmp_path_factory.mktemp("alike") / "run"
    rounds.generate(recipe_of(), folder)
    return folder


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))


def joined_by(graph, kind):
    """Return (row, row, score) of every edge of a type between rows."""
    found = []
    for one, two, type_, score in zip(graph.sources, graph.targets, graph.types, graph.scores, strict=True):
        names = [graph.name(int(end)) for end in (one, two)]
        if EDGES[type_] == kind and all(name.startswith("instance:") for name in names):
            found.append((*[name.removeprefix("instance:") for name in names], float(score)))
    return found


def roots(row):
    """Return the answer of a row without the name of its unknown."""
    return sorted(re.sub(r"\b[a-z] = ", "", row["formal_answer"]).split(", "))


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.parquet")}


def test_rows_that_are_joined_have_the_same_roots_and_lie_on_one_side(run):
    rows = {row["id"]: row for row in rows_at(run)}
    pairs = joined_by(graph_of(run), "equivalent_to")
    assert len(pairs) >= 3 and len(rows) == ROWS
    for one, two, _ in pairs:
        first, second = rows[one], rows[two]
        assert first["problem"] != second["problem"] and first["split"] == second["split"]
        assert roots(first) == roots(second)


def test_a_row_whose_equal_is_on_the_other_side_is_refused_and_made_up_for(run):
    found = status(run)
    refused = found.rejected["split: equivalent"]
    assert refused >= 2 and found.accepted == ROWS and found.proposed == ROWS + sum(found.rejected.values())
    with Ledger(run) as ledger:
        kept = [row for file in ledger.shards("rejections") for row in rows_of(file) if row["stage"] == "split"]
    assert len(kept) == refused
    rows = {row["id"]: row for row in rows_at(run)}
    for each in kept:
        _, other, *_, side = each["detail"].split()
        assert rows[other]["split"] == side
        (facts,) = why(run, f"{each['family']}/{each['level']}/{each['index']}")
        assert facts["state"] == "refused" and other in facts["detail"]
    checked = audit_split(run)
    assert (checked["ok"], checked["crossed"]) == (True, 0)
    assert found.alike["equivalent"] == len(joined_by(graph_of(run), "equivalent_to"))


def test_an_equivalence_across_the_sides_is_a_crossing_and_near_wording_is_none(run):
    one = next(row for row in rows_at(run) if row["split"] == "train")
    two = next(row for row in rows_at(run) if row["split"] == "test")
    rows = Shard(*tables_of([one, two]))
    proved = Shard(*edge_tables([(one["id"], "equivalent_to", two["id"], 0.0)]))
    near = Shard(*edge_tables([(one["id"], "near_dup", two["id"], 0.9)]))
    found = audit(joined([rows, proved]))
    assert found.crossings == ((f"instance:{one['id']}", "equivalent_to", f"instance:{two['id']}"),)
    found = audit(joined([rows, near]))
    assert (found.crossed, found.near_across) == (0, 1)


def test_why_status_and_card_say_it(run, tmp_path):
    one, two, _ = joined_by(graph_of(run), "equivalent_to")[0]
    assert two in why(run, one)[0]["equivalent"]["some"] and one in why(run, two)[0]["equivalent"]["some"]
    assert two in CliRunner().invoke(app, ["graph", "why", one, "--in", str(run)]).output
    pairs = status(run).alike["equivalent"]
    export(run, tmp_path / "data")
    said = CliRunner().invoke(app, ["status", str(run)], env={"COLUMNS": "400"}).output
    for text in (said, (tmp_path / "data" / "README.md").read_text()):
        assert f"{pairs} pairs of rows are proved to say the same in other words" in text


def test_workers_and_stops_do_not_change_a_byte(run, tmp_path, here):
    calls = 0

    def stops(recipe, sources):
        nonlocal calls
        calls += 1
        if calls in (2, 4):
            raise KeyboardInterrupt
        return make(recipe, sources)

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            rounds.generate(recipe_of(), tmp_path, make=stops)
        assert joined_by(graph_of(tmp_path), "near_dup") == []  # a run under way has a graph, too
    rounds.generate(recipe_of(), tmp_path, make=stops)
    assert digests(tmp_path) == digests(run)
    assert any("evidence" in name for name in digests(run))


def test_a_kill_at_the_very_end_records_nothing_twice(run, tmp_path, here):
    folder = shutil.copytree(run, tmp_path / "copy")
    with Ledger(folder, write=True) as ledger:
        ledger.connection.execute("DELETE FROM meta WHERE key = 'done'")
    assert rounds.generate(recipe_of(), folder) == status(run)
    assert digests(folder) == digests(run)


def test_what_was_retracted_no_longer_holds_a_class_on_its_side(run, tmp_path, here):
    folder = shutil.copytree(run, tmp_path / "copy")
    one, two, _ = joined_by(graph_of(folder), "equivalent_to")[0]
    retract(folder, row=one)
    with Ledger(folder) as ledger:
        left = {identity for (identity,) in ledger.connection.execute("SELECT id FROM meanings")}
    assert one not in left and two in left
    rounds.generate(recipe_of(), folder)
    pairs = joined_by(graph_of(folder), "equivalent_to")
    assert all(one not in pair for pair in pairs)
    assert status(folder).alike["equivalent"] == len(pairs) and audit_split(folder)["ok"]
    assert len(list(rows_at(folder))) == ROWS


def worded(recipe, sources):
    """Make rows in pairs whose words differ in one place."""
    made = make(recipe, sources)
    found = []
    for outcome in made:
        assert outcome.row is not None
        number, other = divmod(outcome.row["provenance"]["index"], 2)
        words = [f"w{number}x{place}" for place in range(40)] + ["again"] * other
        found.append(Outcome({**outcome.row, "question": " ".join(words)}, None, outcome.features))
    return found


def test_rows_that_are_worded_alike_are_joined_with_their_score_and_stay(tmp_path, here):
    found = rounds.generate(recipe_of(rows=20, family="linear_system"), tmp_path, make=worded)
    rows = {row["id"]: row for row in rows_at(tmp_path)}
    pairs = joined_by(graph_of(tmp_path), "near_dup")
    assert len(rows) == 20 and len(pairs) == 10
    for one, two, score in pairs:
        assert score == pytest.approx(jaccard(rows[one]["question"], rows[two]["question"]), abs=1e-6)
        assert [near["id"] for near in why(tmp_path, one)[0]["near_dup"]] == [two]
    across = sum(rows[one]["split"] != rows[two]["split"] for one, two, _ in pairs)
    assert found.alike == {"rows": 20, "threshold": 0.8, "near": 10, "near_across": across, "leaders": 10,
                           "equivalent": 0}  # fmt: skip
    checked = audit_split(tmp_path)
    assert checked["ok"] and checked["near_across"] == across


def test_files_of_edges_are_named_by_the_ledger(run):
    with Ledger(run) as ledger:
        named = [name for name in ledger.checksums() if "evidence" in name]
        assert ledger.alike() == [] and json.loads(ledger.meta("alike"))["rows"] == ROWS
    assert sorted(named) == ["graph/edges-evidence-00000.parquet", "graph/nodes-evidence-00000.parquet"]
    assert len(files_of(run)) == 1
