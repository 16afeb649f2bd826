"""What is retracted goes with all that was made of it, leaves a reason, and only it is made again."""

import hashlib
import json
import shutil

import pytest
import typer

from synth.cli.graph_retract import retract as retract_command
from synth.cli.graph_why import why as why_command
from synth.errors import UserError
from synth.export.export import export
from synth.family.registry import families
from synth.run import rounds
from synth.run.corpus import files_of, rows_of
from synth.run.explain import why
from synth.run.graph import graph_of, record
from synth.run.kept import rows_at
from synth.run.ledger import Ledger
from synth.run.recipe import resolve
from synth.run.retract import faulty_checkers, may_continue, rests_on_faulty, retract, settle
from synth.run.status import status
from synth.run.verify import verify
from synth.statistics.entropy import entropy_nats

ROWS = 36


@pytest.fixture(scope="module")
def recipe():
    chosen = {"linear_system": {"levels": [1, 2]}, "knights": {"levels": [1, 2]}}
    return resolve({"rows": ROWS, "families": chosen, "split": {"test": 0.3}}, "test", families())


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))
    monkeypatch.setattr(rounds, "SHARD_ROWS", 16)


@pytest.fixture(scope="module")
def finished(recipe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))
        patch.setattr(rounds, "SHARD_ROWS", 16)
        rounds.generate(recipe, folder)
    return folder


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def shards(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("rows-*.parquet")}


def rows_in(folder):
    return [row for file in files_of(folder) for row in rows_of(file)]


# ---- what goes -------------------------------------------------------------------------------------------------------


def test_a_retracted_family_goes_and_only_it_is_made_again(run, recipe):
    before, old = shards(run), {row["id"]: row for row in rows_in(run)}
    found = retract(run, family="knights", reason="its meaning was wrong")
    mine = {name for name, row in old.items() if row["family"] == "knights"}
    assert (found["retracted"], found["descendants"], found["kept"], found["done"]) == (len(mine), 0, 0, False)
    assert {row["id"] for row in rows_at(run)} == old.keys() - mine
    assert status(run).rejected["retracted: family knights"] == len(mine)
    ended = rounds.generate(recipe, run)
    assert (ended.accepted, ended.done, ended.short) == (ROWS, True, 0)
    assert before.items() <= shards(run).items()
    made = rows_in(run)[ROWS:]
    assert {row["family"] for row in made} == {"knights"}
    assert len(made) == len(mine)
    assert len(list(rows_at(run))) == ROWS


def test_one_row_goes_and_its_problem_never_comes_again(run, recipe):
    gone = rows_in(run)[3]
    assert retract(run, row=gone["id"])["rows"] == [{"id": gone["id"], "cause": f"row {gone['id']}"}]
    rounds.generate(recipe, run)
    rows = list(rows_at(run))
    assert len(rows) == ROWS
    assert gone["problem"] not in {row["problem"] for row in rows}
    with Ledger(run, write=True) as ledger:
        assert not ledger.claim_key(gone["problem"])
    with pytest.raises(UserError, match="was retracted before"):
        retract(run, row=gone["id"])


def test_a_problem_may_come_again_after_its_checker_was_retracted_and_the_new_row_counts(run, recipe):
    """The tombstone is of the row before: what is made later under the same id is another."""
    first = next(row for row in rows_in(run) if row["family"] == "linear_system" and row["level"] == 1)
    body = json.loads(first["certificates"][0])["body"]
    retract(run, checker=f"{body}@{json.loads(first['provenance']['versions'])['synth']}")

    def the_same_again(recipe, sources):
        return [rounds.lost(source, "x") if source.family == "knights" else again(source) for source in sources]

    def again(source):
        mended = {"versions": json.dumps({"synth": "99"}), "index": source.index, "round": source.round}
        made = {**first, "provenance": {**first["provenance"], **mended}}
        return rounds.Outcome(made, None, tuple(first["features"]))

    rounds.generate(recipe, run, make=the_same_again)
    assert [row["id"] for row in rows_at(run) if row["family"] == "linear_system" and row["level"] == 1] == [
        first["id"]
    ]
    assert [facts["state"] for facts in why(run, first["id"])] == ["retracted", "kept"]
    assert len(graph_of(run).of_kind("instance")) == len(list(rows_at(run)))


def test_rows_that_another_checker_shows_stay_with_its_proof(run):
    version = json.loads(rows_in(run)[0]["provenance"]["versions"])["synth"]
    rest = [row for row in rows_in(run) if any(json.loads(c)["body"] == "exhaustive" for c in row["certificates"])]
    found = retract(run, checker=f"exhaustive@{version}")
    assert found["kept"] == len(rest) > 0
    assert found["retracted"] == 0
    rows = {row["id"]: row for row in rows_at(run)}
    assert len(rows) == ROWS
    bodies = {json.loads(text)["body"] for row in rest for text in rows[row["id"]]["certificates"]}
    assert bodies == {"evaluation", "lrat"}
    checked = verify(run)
    assert (checked["verified"], checked["retracted"], checked["failed"]) == (ROWS, 0, [])
    again = retract(run, checker=f"lrat@{version}")
    assert (again["retracted"], again["kept"]) == (len(rest), 0)
    assert (verify(run)["rows"], verify(run)["retracted"]) == (ROWS - len(rest), len(rest))


def test_what_was_made_of_a_retracted_row_goes_with_it(run):
    one, two, three, four, *_ = (row["id"] for row in rows_in(run))
    record(run, [(two, "derived_from", one, 0), (three, "composed_of", two, 0), (three, "composed_of", four, 0)])
    found = retract(run, row=one, reason="a slip")
    assert (found["retracted"], found["descendants"]) == (1, 2)
    assert {entry["id"]: entry["cause"] for entry in found["rows"]} == {
        one: f"row {one}", two: f"made of {one}", three: f"made of {two}",
    }  # fmt: skip
    alive = {row["id"] for row in rows_at(run)}
    assert four in alive
    assert not {one, two, three} & alive
    (facts,) = why(run, three)
    assert facts["tombstones"] == [
        {"retraction": 0, "of": f"row {one}", "reason": "a slip", "after_rows": ROWS, "cause": f"made of {two}"}
    ]


def test_a_dry_run_changes_nothing(run):
    before = {path: path.read_bytes() for path in run.rglob("*.parquet")}, status(run)
    found = retract(run, family="knights", dry_run=True)
    assert found["retracted"] > 0
    assert ({path: path.read_bytes() for path in run.rglob("*.parquet")}, status(run)) == before
    assert len(list(rows_at(run))) == ROWS
    with Ledger(run) as ledger:
        assert ledger.retractions() == []


def test_the_counts_and_the_variety_are_those_of_the_rows_that_are_left(run):
    retract(run, family="knights")
    with Ledger(run) as ledger:
        left = {cell[0] for cell in ledger.cells() if cell[5] > 0}
        weights = [cell[5] for cell in ledger.cells() if cell[0] == "linear_system"]
    found = status(run)
    assert left == {"linear_system"}
    assert found.entropy_nats["accepted"] == round(entropy_nats(weights), 4)
    assert found.accepted == len(list(rows_at(run)))


# ---- exports ---------------------------------------------------------------------------------------------------------


def test_without_refill_the_run_stays_finished_and_its_export_lacks_the_rows(run, tmp_path):
    export(run, tmp_path / "before")
    found = retract(run, family="knights", refill=False)
    assert found["done"]
    written = export(run, tmp_path / "data")
    assert written["rows"] == ROWS - found["retracted"]
    assert {row["family"] for row in rows_in(tmp_path / "data")} == {"linear_system"}
    assert verify(tmp_path / "data")["failed"] == []
    gaps = status(run).gaps
    assert sum(gap["missing"] for gap in gaps) == found["retracted"]
    assert gaps[0]["why"].endswith("rows were retracted: family knights")
    export(run, tmp_path / "again")
    files = [file for file in (tmp_path / "data").rglob("*") if file.is_file()]
    assert any(file.parent.name == "sft" for file in files)
    for file in files:
        assert (tmp_path / "again" / file.relative_to(tmp_path / "data")).read_bytes() == file.read_bytes()


def test_a_proof_that_took_the_place_of_another_is_exported(run, tmp_path):
    version = json.loads(rows_in(run)[0]["provenance"]["versions"])["synth"]
    retract(run, checker=f"exhaustive@{version}")
    export(run, tmp_path / "data")
    bodies = {json.loads(text)["body"] for row in rows_in(tmp_path / "data") for text in row["certificates"]}
    assert "exhaustive" not in bodies
    assert "lrat" in bodies
    assert verify(tmp_path / "data")["verified"] == ROWS


# ---- what is made later ----------------------------------------------------------------------------------------------


def test_a_row_that_rests_on_a_faulty_checker_is_proved_otherwise_or_not_at_all(run):
    row = next(row for row in rows_in(run) if row["family"] == "knights")
    version = json.loads(row["provenance"]["versions"])["synth"]
    exhaustive, lrat = f"exhaustive@{version}", f"lrat@{version}"
    assert rests_on_faulty(row, {exhaustive}) == exhaustive
    assert rests_on_faulty(row, {"exhaustive@0.0.0", lrat}) == ""
    assert settle(row, {lrat}) == {}
    proofs = settle(row, {exhaustive})
    assert proofs
    assert {json.loads(text)["body"] for text in proofs.values()} == {"lrat"}
    assert settle(row, {exhaustive, lrat}) is None


def test_other_versions_may_go_on_only_where_the_retraction_was_about_them(run):
    with Ledger(run) as ledger:
        known = json.loads(ledger.meta("versions"))
        assert not may_continue(ledger, known, {**known, "knights": "other"})
    retract(run, family="knights")
    with Ledger(run) as ledger:
        assert may_continue(ledger, known, {**known, "knights": "other"})
        assert not may_continue(ledger, known, {**known, "linear_system": "other"})
        assert not may_continue(ledger, known, {**known, "synth": "9"})
    retract(run, checker=f"left-inverse@{known['synth']}")
    with Ledger(run) as ledger:
        assert faulty_checkers(ledger) == {f"left-inverse@{known['synth']}"}
        assert may_continue(ledger, known, {**known, "synth": "9"})


# ---- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "say what to retract: one of --checker"),
        ({"family": "knights", "row": "x"}, "say what to retract"),
        ({"checker": "exhaustiv@0.1.0"}, r"no row rests on the checker 'exhaustiv@0\.1\.0'; did you mean 'exhaustive@"),
        ({"checker": "exhaustive"}, r"did you mean 'exhaustive@"),
        ({"family": "knight"}, "no row is of the family 'knight'; did you mean 'knights@1'"),
        ({"row": "0" * 32}, "there is no node 'instance:0000"),
    ],
)
def test_an_unknown_thing_is_named_and_nothing_changes(run, asked, said):
    with pytest.raises(UserError, match=said):
        retract(run, **asked)
    with Ledger(run) as ledger:
        assert ledger.retractions() == []
        assert ledger.meta("done") == "yes"


def test_a_folder_without_a_run_is_refused_and_not_made(tmp_path):
    for function in (lambda: retract(tmp_path / "no", family="x"), lambda: record(tmp_path / "no", [])):
        with pytest.raises(UserError, match="holds no run"):
            function()
    assert not (tmp_path / "no").exists()


# ---- why -------------------------------------------------------------------------------------------------------------


def test_why_tells_where_a_kept_row_comes_from_and_what_shows_it(run):
    row = next(row for row in rows_in(run) if row["split"] == "test")
    (facts,) = why(run, row["id"])
    assert facts["state"] == "kept"
    assert [claim["role"] for claim in facts["claims"]] == [claim["role"] for claim in row["claims"]]
    assert facts["claims"][0]["checkers"][0].split("@")[0] == json.loads(row["certificates"][0])["body"]
    assert facts["split_because"].startswith("test, by a hash of seed 7 and its shape, “")
    assert why(run, facts["name"])[0]["id"] == row["id"]
    shapes = graph_of(run)
    assert facts["same_shape"]["count"] == len(shapes.view(row["id"], 2, ["same_shape"])) - 2


def test_why_tells_of_refused_sources_and_what_they_doubled(tmp_path, recipe):
    def every_second_is_a_duplicate(recipe, sources):
        return [rounds.Outcome({**seen.setdefault((s.family, s.level), first(s)), "provenance": first(s)["provenance"]},
                               None, ("f",)) for s in sources]  # fmt: skip

    def first(source):
        place = {"seed": source.seed, "index": source.index, "round": source.round, "generation": 0}
        name = hashlib.md5(f"{source.family} {source.level}".encode()).hexdigest()
        text = dict.fromkeys(["kind", "answer_format", "language", "question", "reading", "answer"], "")
        lists = {key: [] for key in ("prompt", "completion", "claims", "certificates", "steps", "pass_rate")}
        origin = {"source": "", "proposer": "sampler", "model": "", "versions": "{}", "temperature": 0.0}
        return {**text, **lists, "problem": name, "id": name, "family": source.family, "level": source.level,
                "features": ["f"], "split": "train", "formal": "x", "formal_answer": "y", "theory": "t",
                "provenance": {**origin, **place}}  # fmt: skip

    seen = {}
    rounds.generate(recipe, tmp_path / "run", make=every_second_is_a_duplicate)
    (facts,) = why(tmp_path / "run", "knights/1/1")
    kept = seen["knights", 1]["id"]
    assert (facts["state"], facts["stage"], facts["duplicate_of"]) == ("refused", "dedup", kept)
    (facts,) = why(tmp_path / "run", kept)
    assert facts["duplicates"]["count"] > 0
    assert facts["duplicates"]["some"][0] == "knights/1/1"
    with pytest.raises(UserError, match=r"there is no row 'moon' in .*; give the id of a row, or family/level/index"):
        why(tmp_path / "run", "moon")


def test_why_works_on_an_export(run, tmp_path):
    export(run, tmp_path / "data")
    row = rows_in(run)[0]
    (facts,) = why(tmp_path / "data", row["id"])
    assert (facts["state"], facts["id"], facts["tombstones"]) == ("kept", row["id"], [])


def test_the_commands_print_what_the_functions_find(run, capsys):
    row = rows_in(run)[0]
    for command, arguments in ((retract_command, (run, "", "", row["id"], "a slip")), (why_command, (row["id"], run))):
        with pytest.raises(typer.Exit) as ended:
            command(*arguments)
        assert ended.value.exit_code == 0
    said = capsys.readouterr().out
    assert "1 rows were retracted (0 of them made of others)" in said
    assert f"next: synth generate --out {run}" in said
    assert f"{row['id']} is retracted: {row['family']}, level {row['level']}" in said
    assert "(a slip), after 36 rows of the run" in said


def test_a_faulty_checker_is_retracted_and_only_what_is_needed_is_made_again_without_it(tmp_path):
    chosen = {
        "entailment": {"levels": [1, 3]},
        "linear_system": {"levels": [1]},
        "sudoku": {"levels": [1], "weight": 0.1},
    }
    recipe = resolve({"rows": 60, "families": chosen}, "test", families())
    rounds.generate(recipe, tmp_path)
    before, old = shards(tmp_path), {row["id"] for row in rows_at(tmp_path)}
    version = json.loads(rows_in(tmp_path)[0]["provenance"]["versions"])["synth"]
    gone = sum(retract(tmp_path, checker=f"{body}@{version}")["retracted"] for body in ("lrat", "exhaustive"))
    ended = rounds.generate(recipe, tmp_path)
    missing = sum(gap["missing"] for gap in ended.gaps)
    assert {gap["family"] for gap in ended.gaps} == {"sudoku"}  # no other body shows a whole sudoku
    assert (ended.done, ended.accepted) == (True, 60 - missing)
    assert before.items() <= shards(tmp_path).items()
    rows = list(rows_at(tmp_path))
    assert not {"lrat", "exhaustive"} & {json.loads(text)["body"] for row in rows for text in row["certificates"]}
    new = [row for row in rows if row["id"] not in old]
    assert ({row["family"] for row in new}, len(new)) == ({"entailment"}, gone - missing)
    assert verify(tmp_path)["failed"] == []
