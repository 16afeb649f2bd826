"""An export stands by itself: it re-checks without the package, says honest figures, and no field can be changed."""

import json
import shutil
import subprocess
import sys
import zipfile

import pytest

from synth.errors import UserError
from synth.export.export import export
from synth.family.registry import families
from synth.graph.concepts import concepts
from synth.run import rounds
from synth.run.corpus import rows_of
from synth.run.graph import graph_of
from synth.run.ledger import Ledger
from synth.run.recipe import resolve
from synth.run.verify import verify

RECIPE = {"rows": 24, "families": {"knights": {"levels": [1, 2]}, "linear_system": {"levels": [1, 2]}}}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))
        recipe = resolve({**RECIPE, "split": {"test": 0.3}}, "test", families())
        rounds.generate(recipe, folder)
    return folder


@pytest.fixture(scope="module")
def dataset(run, tmp_path_factory):
    out = tmp_path_factory.mktemp("export") / "dataset"
    export(run, out)
    return out


def contents(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def recheck(dataset, *files):
    command = [sys.executable, "-I", str(dataset / "recheck.pyz"), *[str(file) for file in files]]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_an_export_holds_every_row_of_the_run_in_both_formats(run, dataset):
    with Ledger(run) as ledger:
        made = [row for shard in ledger.shards() for row in rows_of(shard)]
    for suffix in ("parquet", "jsonl"):
        found = [(split, row) for split in ("train", "test") for row in rows_of(dataset / f"{split}.{suffix}")]
        assert sorted(row["id"] for _, row in found) == sorted(row["id"] for row in made)
        assert all(row["split"] == split for split, row in found)
    assert list(rows_of(dataset / "train.parquet")) == list(rows_of(dataset / "train.jsonl"))


def test_the_same_run_exports_to_the_same_bytes(run, dataset, tmp_path):
    export(run, tmp_path / "again")
    assert contents(dataset) == contents(tmp_path / "again")


def test_recheck_pyz_accepts_the_export_with_the_standard_library_alone(dataset):
    done = recheck(dataset, dataset / "train.jsonl", dataset / "test.jsonl")
    assert done.returncode == 0, done.stderr
    assert "24 of 24 rows re-checked" in done.stdout
    with zipfile.ZipFile(dataset / "recheck.pyz") as archive:
        assert {name.partition("/")[0] for name in archive.namelist()} == {"__main__.py", "synth", "synth_kernel"}


def changed(row, field):
    """Return the row with one field changed to something of the same type."""
    value = row[field]
    if isinstance(value, int):
        other = value + 1
    elif isinstance(value, str):
        other = value.replace("1", "2") if "1" in value else value + " 1"
    elif field in ("prompt", "completion"):
        other = [*value[:-1], {**value[-1], "content": value[-1]["content"] + " "}]
    elif field == "certificates":
        other = ['{"body":"none","v":1}', *value[1:]]
    else:
        other = value[:-1]
    assert other != value
    return {**row, field: other}


ASKED = ("problem", "id", "level", "question", "formal", "theory", "claims", "prompt")
ANSWERED = ("formal_answer", "answer", "completion", "steps", "certificates")


@pytest.mark.parametrize("field", ASKED + ANSWERED)
@pytest.mark.parametrize("family", ["knights", "linear_system"])
def test_a_changed_field_is_caught_by_the_stand_alone_program(dataset, tmp_path, family, field):
    row = next(row for row in rows_of(dataset / "train.jsonl") if row["family"] == family)
    file = tmp_path / "changed.jsonl"
    file.write_text(json.dumps(row) + "\n" + json.dumps(changed(row, field)) + "\n")
    done = recheck(dataset, file)
    assert done.returncode == 1, done.stdout
    assert f"row 2, id {changed(row, field)['id']}" in done.stdout


def test_verify_accepts_the_run_the_export_and_a_single_file(run, dataset):
    for path in (run, dataset, dataset / "train.parquet", dataset / "test.jsonl"):
        found = verify(path)
        assert found["failed"] == []
        assert found["verified"] == found["rows"] == found["grades"]["W"]
    assert verify(dataset)["rows"] == 24


def test_verify_gives_the_same_in_two_processes(dataset):
    assert verify(dataset, workers=2) == verify(dataset)


def test_verify_names_a_bad_row_and_a_twin_that_says_otherwise(dataset, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    first, *rest = (copy / "train.jsonl").read_text().splitlines()
    row = json.loads(first)
    (copy / "train.jsonl").write_text("\n".join([json.dumps(changed(row, "answer")), *rest]))
    (failure,) = verify(copy)["failed"]
    assert failure == {"id": row["id"], "reason": "train.jsonl does not say the same as train.parquet"}
    assert verify(copy / "train.jsonl")["failed"][0]["reason"].startswith("ReadError")


def test_verify_tells_when_the_package_of_the_export_is_not_the_installed_one(dataset, tmp_path):
    from synth.export.recheck_zip import write_zip
    from synth.run.package import read_package

    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    packed = read_package(copy / "recheck.pyz")
    packed["families"]["knights"]["meaning"]["extra"] = "true"
    write_zip(copy / "recheck.pyz", packed)
    (failure,) = verify(copy)["failed"]
    assert failure["reason"] == "its digest differs from that of the installed families: knights"


def test_the_card_says_the_figures(dataset):
    card = (dataset / "README.md").read_text()
    assert card.startswith("---\n") and "\nlicense: cc0-1.0\n" in card
    assert "24 problems with their answers over 2 families" in card
    for heading in ("## Yield", "### What was lost, and why", "## Grades", "## What is trusted", "## Known limits"):
        assert heading in card
    assert "| knights | 1 |" in card


def test_an_export_replaces_an_export_and_nothing_else(run, tmp_path):
    export(run, tmp_path / "out")
    export(run, tmp_path / "out")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="exists and is no export"):
        export(run, tmp_path / "mine")
    with pytest.raises(UserError, match="exists and is no export"):
        export(run, run)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_a_run_that_is_not_finished_is_not_exported(tmp_path):
    with Ledger(tmp_path / "run", write=True) as ledger:
        ledger.begin({("knights", 1): 5}, recipe="rows: 5\n", versions="{}")
    with pytest.raises(UserError, match=r"is not finished \(0 of 5 rows\)"):
        export(tmp_path / "run", tmp_path / "out")


def test_a_shard_that_was_changed_is_not_exported(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    shard = next(copy.glob("rows-*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-1] + b"?")
    with pytest.raises(UserError, match="is not as the ledger"):
        export(copy, tmp_path / "out")


@pytest.mark.parametrize("text", [b"\xff\xfe", b"{", b"[1]", b"[" * 10000])
def test_an_unreadable_corpus_is_one_clear_message(tmp_path, text):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(text)
    with pytest.raises(UserError, match=r"rows\.jsonl"):
        list(rows_of(file))
    (tmp_path / "rows.parquet").write_bytes(text)
    with pytest.raises(UserError, match=r"rows\.parquet"):
        list(rows_of(tmp_path / "rows.parquet"))


def lines(folder, split):
    return [row["id"] for row in rows_of(folder / f"{split}.jsonl")]


def test_a_curriculum_has_the_same_rows_with_what_builds_on_others_later(run, dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("synth.export.chosen.AT_A_TIME", 5)
    export(run, tmp_path / "data", order="curriculum")
    level = {name: facts["level"] for name, facts in concepts(graph_of(run)).nodes(data=True)}
    for split in ("train", "test"):
        assert sorted(lines(tmp_path / "data", split)) == sorted(lines(dataset, split))
        rows = list(rows_of(tmp_path / "data" / f"{split}.parquet"))
        assert rows == list(rows_of(tmp_path / "data" / f"{split}.jsonl"))
        keys = [(max(level[f"{row['family']}/{feature}"] for feature in row["features"]), len(row["steps"]),
                 len(row["claims"]), len(row["formal"]), row["id"]) for row in rows]  # fmt: skip
        assert keys == sorted(keys) and len({key[0] for key in keys}) > 1
    assert lines(tmp_path / "data", "train") != lines(dataset, "train")
    assert "## The order of the rows" in (tmp_path / "data" / "README.md").read_text()
    assert "## The order" not in (dataset / "README.md").read_text()


def test_a_selection_can_be_put_in_order_too(run, tmp_path):
    found = []
    for order in ("run", "curriculum"):
        export(run, tmp_path / order, rows=12, order=order)
        found.append([row for split in ("train", "test") for row in lines(tmp_path / order, split)])
    assert sorted(found[0]) == sorted(found[1]) and len(found[0]) == 12


def test_an_unknown_order_is_one_clear_message_and_a_failed_export_leaves_nothing(run, tmp_path):
    with pytest.raises(UserError, match=r"no order 'curiculum'; did you mean 'curriculum'\?"):
        export(run, tmp_path / "data", order="curiculum")
    copy = shutil.copytree(run, tmp_path / "copy")
    shard = next(copy.glob("rows-*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"is not as the ledger .* names it"):
        export(copy, tmp_path / "data")
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_the_card_names_families_that_a_split_leaves_in_train(tmp_path, monkeypatch):
    monkeypatch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))
    split = {"by": "composition", "hold_out": [["says", "both"]]}
    rounds.generate(resolve({**RECIPE, "split": split}, "test", families()), tmp_path / "run")
    export(tmp_path / "run", tmp_path / "data")
    card = (tmp_path / "data" / "README.md").read_text()
    assert "No row of linear_system is on the test side." in card or "No row of knights, linear_system is" in card
