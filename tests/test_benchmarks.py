"""What a recipe's benchmark files contain does not become a row, is booked as a loss, and leaves no text behind."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from synth.cli.app import app
from synth.errors import UserError
from synth.export.export import export
from synth.family.registry import families
from synth.run import rounds
from synth.run.batch import make
from synth.run.corpus import files_of, rows_of
from synth.run.explain import why
from synth.run.ledger import Ledger
from synth.run.merge import refused
from synth.run.recipe import Recipe, parse, resolve
from synth.run.status import status

ROWS = 40


def recipe_of(*files, **data):
    asked = {"linear_system": {"levels": [1, 2, 3]}}
    return resolve({"rows": ROWS, "families": asked, "decontaminate": list(files), **data}, "test", families())


def rows_in(folder):
    return [row for file in files_of(folder) for row in rows_of(file)]


def rejections_in(folder):
    with Ledger(folder) as ledger:
        return [row for file in ledger.shards("rejections") for row in rows_of(file)]


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.parquet")}


@pytest.fixture
def here(monkeypatch):
    """Run batches in this process."""
    monkeypatch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Return a run that compares its rows with nothing."""
    folder = tmp_path_factory.mktemp("plain") / "run"
    rounds.generate(recipe_of(), folder)
    return folder


@pytest.fixture(scope="module")
def planted(plain):
    """Return rows of it that a benchmark holds: two as text, one inside another text."""
    rows = rows_in(plain)
    return [rows[0], rows[1], max(rows, key=lambda row: len(row["question"]))]


@pytest.fixture(scope="module")
def benchmark(planted, tmp_path_factory):
    path = tmp_path_factory.mktemp("benchmark") / "test.jsonl"
    items = [planted[0]["question"].upper(), "What is the capital of France?", planted[1]["formal"],
             f"Somebody told me a riddle on a dark night. {planted[2]['question']}"]  # fmt: skip
    path.write_text("".join(json.dumps({"prompt": item}) + "\n" for item in items))
    return path


@pytest.fixture(scope="module")
def run(benchmark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean") / "run"
    rounds.generate(recipe_of(str(benchmark)), folder, workers=2)
    return folder


def test_what_a_benchmark_holds_is_refused_and_made_up_for(run, planted):
    rows = rows_in(run)
    assert len(rows) == ROWS
    assert {row["problem"] for row in rows}.isdisjoint(row["problem"] for row in planted)
    found = status(run)
    lost = {reason: n for reason, n in found.rejected.items() if reason.startswith("contaminated")}
    assert lost == {"contaminated: exact": 2, "contaminated: ngrams": 1}
    assert found.proposed == found.accepted + sum(found.rejected.values())
    with Ledger(run) as ledger:  # a loss in nats too: proposed, and not accepted
        gone = sum(cell[4] - cell[5] for cell in ledger.cells())
    assert gone == pytest.approx(sum(found.rejected.values()))


def test_the_evidence_names_row_item_and_digest_and_no_text_is_kept(run, benchmark, planted):
    kept = {row["index"]: row for row in rejections_in(run) if row["stage"] == "contaminated"}
    assert len(kept) == len(planted)
    sha256 = hashlib.sha256(benchmark.read_bytes()).hexdigest()
    for row, line in zip(planted, (1, 3, 4), strict=True):
        refused = next(each for each in kept.values() if json.loads(each["detail"])["row"] == row["id"])
        evidence = json.loads(refused["detail"])
        assert (evidence["file"], evidence["sha256"], evidence["line"]) == (str(benchmark), sha256, line)
        assert evidence["hashes"] and evidence["layer"] == refused["reason"]
        assert (refused["family"], refused["index"]) == (row["family"], row["provenance"]["index"])
        assert not any(refused[name] for name in ("formal", "formal_answer", "text", "counterexample"))
        texts = [row["question"], row["formal"]]
        values = [value for each in kept.values() for value in each.values() if isinstance(value, str)]
        assert not any(text in value for value in values for text in texts)


def test_why_explains_a_source_and_an_id_that_a_benchmark_holds(run, benchmark, planted):
    row = planted[2]
    source = f"{row['family']}/{row['level']}/{row['provenance']['index']}"
    by_source, by_id = why(run, source), why(run, row["id"])
    assert by_source == by_id and by_id[0]["evidence"]["layer"] == "ngrams"
    said = CliRunner().invoke(app, ["graph", "why", source, "--in", str(run)]).output
    assert f"{source} was refused: contaminated: ngrams" in said
    assert f"line 4 of {benchmark}" in said.replace("\n", "") and "13-grams" in said


def test_status_and_card_say_what_was_kept_out(run, benchmark, tmp_path):
    sha256 = hashlib.sha256(benchmark.read_bytes()).hexdigest()
    sentences = [f"compared with {benchmark}: 4 items, SHA-256 {sha256}",
                 "benchmarks: 3 problems were refused (2 by exact, 1 by ngrams)"]  # fmt: skip
    export(run, tmp_path / "data")
    card = (tmp_path / "data" / "README.md").read_text()
    said = CliRunner().invoke(app, ["status", str(run)], env={"COLUMNS": "400"}).output
    for sentence in sentences:
        assert sentence in said and f"- {sentence}" in card
    assert json.loads(CliRunner().invoke(app, ["status", str(run), "--json"]).output)["benchmarks"]["read"] == 1


def test_workers_and_stops_do_not_change_a_byte(run, benchmark, tmp_path, here):
    calls = 0

    def stops(recipe, sources):
        nonlocal calls
        calls += 1
        if calls in (2, 5):
            raise KeyboardInterrupt
        return make(recipe, sources)

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            rounds.generate(recipe_of(str(benchmark)), tmp_path / "parts", make=stops)
    rounds.generate(recipe_of(str(benchmark)), tmp_path / "parts", make=stops)
    assert digests(tmp_path / "parts") == digests(run)


def test_a_file_that_changed_since_is_one_clear_message(run, benchmark, tmp_path):
    folder = shutil.copytree(run, tmp_path / "copy")
    before = benchmark.read_bytes()
    try:
        benchmark.write_bytes(before + b'{"prompt": "one more"}\n')
        with pytest.raises(UserError, match=r"test\.jsonl has changed since the run in .*copy began.*another --out"):
            rounds.generate(recipe_of(str(benchmark)), folder)
    finally:
        benchmark.write_bytes(before)
    assert rounds.generate(recipe_of(str(benchmark)), folder) == status(run)
    assert digests(folder) == digests(run)


def test_a_file_that_cannot_be_used_stops_a_run_before_it_begins(tmp_path):
    wrong = tmp_path / "test.jsonl"
    wrong.write_text('{"riddle": "a"}\n')
    for given, said in ((wrong, "none of the columns .* one of riddle"), (tmp_path / "no.jsonl", "cannot read the")):
        with pytest.raises(UserError, match=said):
            rounds.generate(recipe_of(str(given)), tmp_path / "run")
    with Ledger(tmp_path / "run") as ledger:
        assert ledger.meta("recipe") is None
    named = recipe_of({"file": str(wrong), "column": "riddle"}, rows=4)
    assert rounds.generate(named, tmp_path / "run").benchmarks["files"][0]["items"] == 1


def test_recipes_name_files_alone_or_with_a_column():
    said = "families: [knights]\ndecontaminate: [a.jsonl, {file: b.parquet, column: text}]"
    found = parse(said, "recipe.yaml", families())
    assert [(each.file, each.column) for each in found.decontaminate] == [("a.jsonl", ""), ("b.parquet", "text")]
    assert parse(found.text(), "again", families()) == found
    assert Recipe(decontaminate="a.jsonl").decontaminate == Recipe(decontaminate=["a.jsonl"]).decontaminate
    for wrong, message in (
        ("decontaminate: [{fil: a}]", "decontaminate: 0: there is no key 'fil'; did you mean 'file'?"),
        ("decontaminate: 3", "decontaminate must be a valid tuple"),
        ("decontaminate: ['']", "decontaminate: 0: file"),
    ):
        with pytest.raises(UserError) as caught:
            parse(wrong, "recipe.yaml", families())
        assert message in str(caught.value), str(caught.value)


def test_no_file_means_no_comparison(plain):
    assert status(plain).benchmarks == {} and not Path(plain / "benchmarks").exists()


def test_what_a_model_tried_on_such_a_problem_is_counted_and_its_texts_are_not_kept(benchmark, planted, tmp_path, here):
    def tried(recipe, sources):
        found = []
        for outcome in make(recipe, sources):
            assert outcome.row is not None
            attempt = {**refused(outcome.row, "try", "wrong", "detail"), "text": "what it wrote"}
            found.append(replace(outcome, tries=(attempt,), tried=True, by="solver"))
        return found

    found = rounds.generate(recipe_of(str(benchmark)), tmp_path / "run", make=tried)
    assert found.refused == {"linear_system": {"wrong": found.proposed}}
    tries = [row for row in rejections_in(tmp_path / "run") if row["stage"] == "try"]
    held = {(row["level"], row["provenance"]["index"]) for row in planted}
    bare = {(row["level"], row["index"]) for row in tries if not row["formal"]}
    assert bare == held
    assert all(bool(row["text"]) == bool(row["formal"]) == bool(row["detail"]) for row in tries)
