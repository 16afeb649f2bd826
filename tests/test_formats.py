"""The formats of an export: what a consumer reads says what the row says, and what is called wrong is wrong."""

import hashlib
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scripted_model import Scripted, right

import synth.run.writer
import synth_solvers.pool
from synth.errors import UserError
from synth.export import refuted
from synth.export.export import export
from synth.export.formats import DEFAULT, FORMATS, Format, format, steps
from synth.export.formats.format import COMMON, Around, columns
from synth.family.registry import families
from synth.judge.score import score
from synth.run import rounds
from synth.run.corpus import rows_of
from synth.run.recipe import resolve
from synth.run.verify import verify

SHARES = {"knights": {"levels": [1]}, "linear_system": {"levels": [2]}, "sliding_blocks": {"levels": [1]}}


class InlinePool:
    """The interface of a pool, in this process."""

    def __init__(self, workers):
        self.ahead = workers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def map(self, function, batches):
        return ((batch, function(batch)) for batch in batches)

    def submit(self, function, batch):
        return type("Job", (), {"ready": lambda self: True, "results": lambda self: function(batch)})()


def made(folder, **recipe):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synth_solvers.pool, "Pool", InlinePool)
        rounds.generate(resolve({"split": {"test": 0.4}, **recipe}, "test", families()), folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return made(tmp_path_factory.mktemp("plain"), rows=24, families=SHARES)


@pytest.fixture(scope="module")
def dataset(run):
    export(run, run.parent / "data")
    return run.parent / "data"


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """A dataset of a run in which a model was wrong: in the answer, or in its second step."""

    def slip(ask, rng):
        lines = right(ask).split("\n")
        if len(lines) > 2 and rng.random() < 0.7:
            lines[1] = re.sub(r"\d+$", lambda digits: str(int(digits[0]) + 1), lines[1])
        else:
            lines[-1] = "answer: x = 1, y = 1000"
        return "\n".join(lines)

    folder = tmp_path_factory.mktemp("tried")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synth.run.writer, "open_model", lambda *_, **__: Scripted(slip))
        shares = {"linear_system": {"levels": [2]}}
        made(folder, rows=12, families=shares, model={"name": "bundled", "pose": 0.0, "tries": 2})
    export(folder / "run", folder / "data")
    return folder / "data"


def read(dataset, name, split=None):
    """The rows of a config, of both splits where none is named."""
    return [row for each in ([split] if split else ["train", "test"])
            for row in pq.read_table(dataset / name / f"{each}.parquet").to_pylist()]  # fmt: skip


def test_every_format_has_the_common_columns_and_its_rows_lead_back_to_rows_that_verify(dataset):
    rows = {row["id"]: row for row in read(dataset, "")}
    for name in DEFAULT:
        for split in ("train", "test"):
            found = read(dataset, name, split)
            assert found, name
            for row in found:
                origin = rows[row["id"]]
                digest = hashlib.sha256("\n".join(origin["certificates"]).encode()).hexdigest()
                assert row["certificate"] == digest and origin["split"] == split
                assert (row["family"], row["level"], row["grade"]) == (origin["family"], origin["level"], "W")
    assert verify(dataset)["verified"] == len(rows) == 24


def test_sft_and_rlvr_have_every_row_in_its_order_and_say_what_it_says(dataset):
    for split in ("train", "test"):
        for row, sft, rlvr in zip(*(read(dataset, name, split) for name in ("", "sft", "rlvr")), strict=True):
            assert sft["messages"] == row["prompt"] + row["completion"]
            assert [message["role"] for message in sft["messages"]][-2:] == ["user", "assistant"]
            assert (rlvr["prompt"], rlvr["answer"]) == (row["prompt"], row["answer"])
            assert rlvr["solution"] == "\\boxed{" + row["answer"] + "}" and rlvr["id"] == sft["id"] == row["id"]


def test_a_row_for_rewards_is_enough_to_score_a_reply(dataset):
    for row, sft in zip(read(dataset, "rlvr"), read(dataset, "sft"), strict=True):
        family = families()[row["family"]]
        assert score(family, sft["messages"][-1]["content"], row).score == 1
        assert score(family, sft["messages"][-2]["content"], row).score == 0


def test_what_is_rejected_is_wrong_and_what_is_chosen_right(dataset, tried):
    for folder in (dataset, tried):
        rows = {row["id"]: row for row in read(folder, "")}
        for pair in read(folder, "preference"):
            family, row = families()[pair["family"]], rows[pair["id"]]
            chosen, rejected = (pair[side][0]["content"] for side in ("chosen", "rejected"))
            assert pair["prompt"] == row["prompt"] and pair["chosen"] == row["completion"] and pair["counterexample"]
            assert score(family, chosen, row).score == 1
            assert score(family, rejected, row).score == pair["reason"].startswith("step")


def test_a_mutated_answer_differs_from_the_right_one_in_the_last_line_alone(dataset):
    pairs = read(dataset, "preference")
    assert {pair["rejected_by"] for pair in pairs} == {refuted.MUTATION}
    for pair in pairs:
        chosen, rejected = (pair[side][0]["content"].split("\n") for side in ("chosen", "rejected"))
        assert chosen[:-1] == rejected[:-1] and chosen[-1] != rejected[-1]
        assert pair["reason"] in ("correct refuted", "unique refuted", "optimal refuted")


def test_what_cannot_be_refuted_makes_no_pair_and_the_card_says_so(dataset):
    assert "sliding_blocks" not in {pair["family"] for pair in read(dataset, "preference")}
    card = (dataset / "README.md").read_text()
    assert "`preference` has nothing for 8 of 24 rows: sliding_blocks 8." in card
    assert "`steps` has nothing for 8 of 24 rows: sliding_blocks 8." in card


def test_a_models_refuted_try_is_rejected_in_the_words_of_a_solution(tried):
    pairs = read(tried, "preference")
    assert {pair["rejected_by"] for pair in pairs} == {"bundled"}
    assert {pair["reason"] for pair in pairs} == {"correct refuted", "step[1] refuted"}
    for pair in pairs:
        chosen, rejected = (pair[side][0]["content"].split("\n") for side in ("chosen", "rejected"))
        assert re.fullmatch(r"\\boxed\{x = .+, y = .+\}", rejected[-1])
        assert re.sub("[-0-9/]+", "", chosen[0]) == re.sub("[-0-9/]+", "", rejected[0])
    assert len({(pair["id"], str(pair["rejected"])) for pair in pairs}) == len(pairs)


def test_steps_are_right_up_to_one_that_is_refuted(dataset, tried):
    assert all(all(row["labels"]) and not any(row["counterexamples"]) for row in read(dataset, "steps"))
    found = read(tried, "steps")
    wrong = [row for row in found if not all(row["labels"])]
    assert len(wrong) > 3
    for row in found:
        assert len(row["completions"]) == len(row["labels"]) == len(row["counterexamples"])
        assert isinstance(row["prompt"], str) and [bool(text) for text in row["counterexamples"]] == [
            not label for label in row["labels"]
        ]
    for row in wrong:
        assert row["labels"] == [True, False] and row["completions"][1].startswith("2. ")
    whole = {row["id"]: row["completion"][0]["content"] for row in read(tried, "")}
    assert all("\n".join(row["completions"]) == whole[row["id"]] for row in found if row not in wrong)


def test_worker_processes_change_nothing(run, dataset, tmp_path, monkeypatch):
    used = []
    monkeypatch.setattr(synth_solvers.pool, "Pool", lambda workers: used.append(workers) or InlinePool(workers))
    monkeypatch.setattr("synth.export.export.FEW", 0)
    monkeypatch.setattr(refuted, "BATCH", 5)
    export(run, tmp_path / "data", workers=2)
    assert used == [2] and read(tmp_path / "data", "preference") == read(dataset, "preference")


def test_a_row_that_takes_its_worker_down_has_no_pair(run, tmp_path, monkeypatch):
    class Crashing(InlinePool):
        def map(self, function, batches):
            return ((batch, [synth_solvers.pool.Lost("crash") for _ in batch]) for batch in batches)

    monkeypatch.setattr(synth_solvers.pool, "Pool", Crashing)
    monkeypatch.setattr("synth.export.export.FEW", 0)
    found = export(run, tmp_path / "data", workers=2, formats=["preference", "sft"])
    assert not sum(found["formats"]["preference"].values()) and sum(found["formats"]["sft"].values()) == 24
    card = (tmp_path / "data" / "README.md").read_text()
    assert "config_name: preference" not in card and "`preference`: no row of this corpus has anything for it" in card


def test_only_what_is_asked_for_is_written(run, tmp_path):
    found = export(run, tmp_path / "data", formats=["rlvr", "rlvr"])
    assert [path.name for path in (tmp_path / "data").iterdir() if path.is_dir()] == ["rlvr"]
    assert list(found["formats"]) == ["rlvr"] and sum(found["formats"]["rlvr"].values()) == 24


def test_an_unknown_format_is_one_clear_message(run, tmp_path):
    with pytest.raises(UserError, match=r"no format 'sfd'; did you mean 'sft'\?"):
        export(run, tmp_path / "data", formats=["sfd"])
    assert list(tmp_path.iterdir()) == []


def test_a_row_too_large_to_be_checked_again_is_one_clear_message(run, tmp_path, monkeypatch):
    monkeypatch.setattr("synth.export.tables.MAX_LINE", 1000)
    with pytest.raises(UserError, match=r"row [0-9a-f]+ of \w+ has [\d,]+ characters, recheck.pyz reads .* 1,000;"):
        export(run, tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


def test_the_page_lists_every_format_with_its_columns():
    page = (Path(__file__).parent.parent / "docs" / "export.md").read_text()
    lines = page.partition("## Formats\n")[2].partition("\n**`sft`**")[0].splitlines()
    table = [line.split("|")[1:-1] for line in lines if line.startswith("| `")][1:]
    listed = {name.strip(" `"): re.findall(r"`(\w+)`", named) for name, named, _ in table}
    common = {name for name, _ in COMMON}
    assert listed == {name: [n for n in each.schema.names if n not in common] for name, each in FORMATS.items()}
    assert tuple(listed)[: len(DEFAULT)] == DEFAULT


def test_columns_that_clash_are_refused_when_a_format_is_defined():
    with pytest.raises(ValueError, match="columns clash: id"):
        columns(("id", pa.string()))


def test_a_format_of_files_alone_writes_them_into_its_folder(run, tmp_path, monkeypatch):
    said = Format("notes", "Notes.", columns(("text", pa.string())), lambda row, around: (),
                  lambda written: {"deep/notes.md": f"{sum(written.rows.values())} of {written.families}"})  # fmt: skip
    monkeypatch.setattr("synth.export.export.FORMATS", {**FORMATS, "notes": said})
    monkeypatch.setattr("synth.export.card.FORMATS", {**FORMATS, "notes": said})
    export(run, tmp_path / "data", formats=["notes"])
    text = (tmp_path / "data" / "notes" / "deep" / "notes.md").read_text()
    assert text == "0 of ['knights', 'linear_system', 'sliding_blocks']"


def test_the_rows_of_a_format_are_a_function_of_the_row(dataset):
    around = Around(None)
    row = next(row for row in rows_of(dataset / "train.jsonl") if len(row["steps"]) > 1)
    (labelled,) = steps.FORMAT.rows(row, around)
    assert list(labelled)[: len(COMMON)] == [name for name, _ in COMMON] and format.grade(row) == "W"
    assert set(labelled) == set(steps.FORMAT.schema.names)
