"""An export goes to the Hub by the real client and comes back by the real `datasets`; nothing is half done."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from datasets import get_dataset_config_names, load_dataset
from huggingface_hub import DatasetCard, HfApi, hf_hub_download, snapshot_download
from typer.testing import CliRunner

from synth.cli.app import app
from synth.errors import UserError
from synth.export import croissant
from synth.export.hub import Patience
from synth.export.push import push
from synth.run.verify import verify
from tests.hub.loopback import TOKEN, Handler, Loopback

# The client itself sends files in a way that its own HTTP library calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")

NAME = "ada/proved"
CONFIGS = ["rows", "sft", "rlvr", "preference", "steps"]
AT_ONCE = Patience(tries=3, first_wait_s=0.0, longest_wait_s=1.0)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def rows(folder: Path, config: str, split: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(
        folder / ("" if config == "rows" else config) / f"{split}.parquet"
    ).to_pylist()
    return found


def failing(status: int, times: int, **headers: str) -> Callable[[Handler], bool]:
    """Answer with a status so many times."""
    left = [times]

    def deed(handler: Handler) -> bool:
        left[0] -= 1
        if left[0] >= 0:
            handler.fail(status, **headers)
        return left[0] >= 0

    return deed


def synth_push(*words: object) -> Any:
    """Run the command in this process."""
    return CliRunner().invoke(app, ["push", *map(str, words), "--workers", "1"])


# ---- there and back --------------------------------------------------------------------------------------------------


def test_what_is_pushed_is_one_commit_with_all_of_the_export(hub: Loopback, dataset: Path) -> None:
    before = contents(dataset)
    found = push(dataset, NAME)
    repo = hub.repos[NAME]
    assert len(repo.commits) == 2 and repo.commits[0].message == "initial commit"
    assert sorted(repo.commits[1].added) == sorted(found["files"]) == sorted(before)
    assert found["pushed"] and found["commit"].endswith(repo.commits[1].oid) and found["removed"] == []
    assert repo.commits[1].message == "24 rows, 24 of them verified"
    sent = hub.files(NAME)
    assert {path for path in before if sent[path] != before[path]} == {"README.md", "croissant.json"}
    assert contents(dataset) == before
    assert hub.count("POST", "/commit/") == hub.count("POST", "/preupload/") == hub.count("POST", "repos/create") == 1


def test_the_line_of_the_readme_pushes(hub: Loopback, dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    (line,) = [line.split() for line in page.splitlines() if line.startswith("synth push ")]
    monkeypatch.chdir(dataset.parent)
    assert line[:3] == ["synth", "push", dataset.name]
    ran = CliRunner().invoke(app, [*line[1:], "--workers", "1"])
    assert ran.exit_code == 0 and line[3] in hub.repos, ran.output


@pytest.mark.parametrize("config", CONFIGS)
def test_every_config_and_split_comes_back_as_it_was_exported(
    hub: Loopback, exported: Path, tmp_path: Path, config: str
) -> None:
    push(exported, NAME)
    assert get_dataset_config_names(NAME) == CONFIGS
    found = load_dataset(NAME, config, cache_dir=str(tmp_path))
    assert sorted(found) == ["test", "train"]
    for split in found:
        assert found[split].to_list() == rows(exported, config, split)
        streamed = load_dataset(NAME, config, split=split, streaming=True)
        assert list(streamed) == rows(exported, config, split)


def test_without_a_config_the_rows_themselves_are_loaded(hub: Loopback, exported: Path, tmp_path: Path) -> None:
    push(exported, NAME)
    assert load_dataset(NAME, split="train", cache_dir=str(tmp_path)).to_list() == rows(exported, "rows", "train")


def test_a_folder_loads_as_the_hub_does(exported: Path, tmp_path: Path) -> None:
    assert get_dataset_config_names(str(exported)) == CONFIGS
    found = load_dataset(str(exported), "sft", split="test", cache_dir=str(tmp_path))
    assert found.to_list() == rows(exported, "sft", "test")


def test_what_is_downloaded_is_checked_by_the_standard_library(hub: Loopback, exported: Path, tmp_path: Path) -> None:
    push(exported, NAME)
    there = Path(snapshot_download(NAME, repo_type="dataset", local_dir=tmp_path / "there"))
    done = subprocess.run(
        [sys.executable, "-I", "recheck.pyz", "train.jsonl", "test.jsonl"],
        cwd=there, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and "24 of 24 rows re-checked" in done.stdout
    assert verify(there)["verified"] == 24


def test_the_card_is_whole_and_says_its_own_name(hub: Loopback, exported: Path) -> None:
    push(exported, NAME)
    card = DatasetCard.load(NAME)
    assert card.data.license == "cc0-1.0" and card.data.language == ["en"] and "synthetic" in card.data.tags
    assert card.data.size_categories == ["n<1K"] and card.data.pretty_name == "Proved problems"
    for heading in ("Configs", "A row, worked", "Yield", "Grades", "What is trusted", "Checking it again",
                    "Making it again", "Known limits", "Licence"):  # fmt: skip
        assert f"## {heading}\n" in card.text
    for words in (f'load_dataset("{NAME}", "rows", split="train")', "python recheck.pyz train.jsonl test.jsonl",
                  "synth generate recipe.yaml --out corpus\nsynth export corpus --out dataset\n"):  # fmt: skip
        assert words in card.text
    assert "path/to/dataset" not in card.text


def test_the_worked_row_is_one_to_train_on(exported: Path) -> None:
    text = (exported / "README.md").read_text()
    assert any(row["question"] in text for row in rows(exported, "rows", "train"))
    assert not any(row["question"] in text for row in rows(exported, "rows", "test"))


@pytest.mark.filterwarnings("ignore")  # mlcroissant and what it reads JSON-LD with warn about themselves
def test_the_croissant_that_is_pushed_is_valid_and_its_records_can_be_read(
    hub: Loopback, exported: Path, tmp_path: Path
) -> None:
    import mlcroissant

    push(exported, NAME)
    there = Path(snapshot_download(NAME, repo_type="dataset", local_dir=tmp_path / "there"))
    for folder, name in ((there, "proved"), (exported, "proved-problems-7")):
        found = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
        assert found.metadata.ctx.issues.errors == set() and found.metadata.name == name
        assert found.metadata.url == (f"https://huggingface.co/datasets/{NAME}" if name == "proved" else None)
        files = [path for path in contents(exported) if path.endswith(".parquet")]
        assert {each.id for each in found.metadata.record_sets} == {path.removesuffix(".parquet") for path in files}
        read = list(found.records("rlvr/test"))
        assert [row["rlvr/test/id"].decode() for row in read] == [row["id"] for row in rows(exported, "rlvr", "test")]
        assert [row["rlvr/test/level"] for row in read] == [row["level"] for row in rows(exported, "rlvr", "test")]


def test_every_file_is_named_with_its_checksum_and_every_column_with_its_type(exported: Path) -> None:
    data = json.loads((exported / "croissant.json").read_text())
    named = dict(croissant.checksums(data))
    assert set(named) == set(contents(exported)) - {"README.md", "croissant.json"}
    for each in data["recordSet"]:
        schema = pq.read_schema(exported / f"{each['name']}.parquet")
        assert [field["name"].removeprefix(each["name"] + "/") for field in each["field"]] == schema.names
        for field, column in zip(each["field"], schema, strict=True):
            assert field.get("repeated", False) == pa.types.is_list(column.type)


# ---- again, and after an interruption --------------------------------------------------------------------------------


def test_a_second_push_of_the_same_changes_nothing_and_sends_nothing(hub: Loopback, exported: Path) -> None:
    first = push(exported, NAME)
    sent = hub.count("PUT", "/store/")
    again = push(exported, NAME)
    assert len(hub.repos[NAME].commits) == 2 and hub.count("PUT", "/store/") == sent
    assert again == first


def test_a_second_push_replaces_and_removes(hub: Loopback, exported: Path, tmp_path: Path) -> None:
    from synth.export.export import export

    push(exported, NAME)
    hub.files(NAME)["thanks.md"] = b"added on the Hub"
    export(exported.parent / "run", tmp_path / "less", rows=12, formats=["sft", "rlvr"])
    found = push(tmp_path / "less", NAME)
    gone = [f"{name}/{split}.parquet" for name in ("preference", "steps") for split in ("test", "train")]
    assert found["removed"] == gone
    assert set(hub.files(NAME)) == {*found["files"], ".gitattributes", "thanks.md"}
    assert "selection.json" in found["files"] and found["rows"] == 12
    assert get_dataset_config_names(NAME) == ["rows", "sft", "rlvr"]
    assert len(hub.repos[NAME].commits) == 3


def test_a_push_that_is_killed_leaves_no_half_dataset_and_the_next_sends_only_the_rest(
    hub: Loopback, exported: Path
) -> None:
    def hang(handler: Handler) -> bool:
        if len(hub.large) < 3:
            return False
        time.sleep(60)
        return True

    hub.instead("PUT", "/store/", hang)
    command = [sys.executable, "-m", "synth", "push", str(exported), NAME, "--workers", "1"]
    process = subprocess.Popen(command, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while len(hub.large) < 3 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    kept = set(hub.large)
    assert len(kept) >= 3 and list(hub.files(NAME)) == [".gitattributes"]
    hub.deeds.clear()
    hub.seen.clear()
    found = push(exported, NAME)
    large = [path for path in found["files"] if path.endswith((".parquet", ".pyz"))]
    assert hub.count("PUT", "/store/") == len(large) - len(kept)
    assert len(hub.repos[NAME].commits) == 2 and set(found["files"]) < set(hub.files(NAME))


def test_a_connection_that_breaks_while_a_file_is_sent_is_made_again(hub: Loopback, exported: Path) -> None:
    left = [2]

    def hang_up(handler: Handler) -> bool:
        left[0] -= 1
        if left[0] >= 0:
            handler.connection.close()
            handler.close_connection = True
        return left[0] >= 0

    hub.instead("PUT", "/store/", hang_up)
    assert push(exported, NAME, patience=AT_ONCE)["pushed"] and len(hub.repos[NAME].commits) == 2


def test_a_client_that_closed_its_connections_is_used_again(
    hub: Loopback, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_commit, left = HfApi.create_commit, [1]

    def close_once(*arguments: Any, **options: Any) -> Any:
        if left.pop() if left else 0:
            raise RuntimeError("Error while uploading") from RuntimeError(
                "Cannot send a request, as the client has been closed."
            )
        return create_commit(*arguments, **options)

    monkeypatch.setattr(HfApi, "create_commit", close_once)
    assert push(exported, NAME, patience=AT_ONCE)["pushed"] and not left


def test_an_error_of_the_client_itself_is_not_called_one_of_the_network(
    hub: Loopback, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> Any:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(HfApi, "create_commit", fail)
    with pytest.raises(KeyError):
        push(exported, NAME, patience=AT_ONCE)


def test_a_reply_to_a_commit_that_is_lost_does_not_commit_twice(hub: Loopback, exported: Path) -> None:
    def lose(handler: Handler) -> bool:
        if len(hub.repos[NAME].commits) > 1:
            return False
        with hub.lock:
            handler.send = lambda *_, **__: None  # type: ignore[method-assign]
            handler.commit(NAME, "main")
        handler.connection.close()
        handler.close_connection = True
        return True

    hub.instead("POST", "/commit/main", lose)
    said: list[str] = []
    found = push(exported, NAME, patience=AT_ONCE, say=said.append)
    assert found["pushed"] and len(hub.repos[NAME].commits) == 2
    assert said == ["the Hub does not answer; going on in 0 seconds"]


# ---- a Hub that says no ----------------------------------------------------------------------------------------------


def test_a_hub_that_asks_to_wait_is_waited_for(hub: Loopback, exported: Path) -> None:
    hub.instead("POST", "/commit/", failing(429, 2))
    said: list[str] = []
    assert push(exported, NAME, patience=AT_ONCE, say=said.append)["pushed"]
    assert said == ["the Hub answers with status 429; going on in 0 seconds"] * 2
    assert len(hub.repos[NAME].commits) == 2


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (429, {}, "the Hub asks to wait, too much was sent; then run the same command again"),
        (429, {"retry_after": "3600"}, "the Hub asks to wait for 3600 seconds, too much was sent; then run"),
        (503, {}, "the Hub answers with status 503; run the same command again"),
        (401, {"message": "Invalid credentials in Authorization header"}, "the Hub does not know this token; run"),
        (403, {}, f"this token may not write to {NAME}; use one that may, or push to a name of your own"),
        (400, {"message": "no such thing"}, f"the Hub refuses {NAME} (status 400): no such thing"),
    ],
)
def test_a_refusal_is_one_clear_message_and_nothing_is_half_done(
    hub: Loopback, exported: Path, status: int, headers: dict[str, str], message: str
) -> None:
    hub.instead("POST", "/commit/", failing(status, 99, **headers))
    before = contents(exported)
    with pytest.raises(UserError) as caught:
        push(exported, NAME, patience=AT_ONCE)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)
    assert contents(exported) == before and len(hub.repos[NAME].commits) == 1
    assert hub.count("POST", "/commit/") == (3 if status in (429, 503) and not headers else 1)


def test_a_wrong_token_is_one_clear_message(hub: Loopback, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_somebody_else")
    done = synth_push(exported, NAME)
    assert done.exit_code == 2 and "the Hub does not know this token; run `hf auth login`" in done.stderr
    assert hub.repos == {} and hub.large == {}


def test_no_token_is_one_clear_message(hub: Loopback, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    done = synth_push(exported, NAME)
    assert done.exit_code == 2 and done.stderr == (
        "synth: there is no token for the Hub; run `hf auth login`, or set HF_TOKEN to one that may write\n"
    )
    assert hub.seen == []


def test_somebody_elses_name_is_one_clear_message(hub: Loopback, exported: Path) -> None:
    done = synth_push(exported, "grace/proved")
    assert done.exit_code == 2 and "this token may not write to grace/proved; use one that may" in done.stderr
    assert hub.repos == {}


@pytest.mark.parametrize(
    "name", ["proved", "ada/proved/rows", "ada/-proved", "ada/a--b", "ada/proved.git", "ada/pr oved", "ada/"]
)
def test_a_name_that_no_dataset_can_have_is_one_clear_message(hub: Loopback, exported: Path, name: str) -> None:
    done = synth_push(exported, name)
    assert done.exit_code == 2 and name in done.stderr and done.stderr.count("\n") == 1
    assert hub.seen == []


def test_a_hub_that_is_gone_is_one_clear_message_and_the_same_command_goes_on(hub: Loopback, exported: Path) -> None:
    hub.close()
    try:
        with pytest.raises(UserError, match=r"cannot reach the Hub at http://127.* run the same command again"):
            push(exported, NAME, patience=AT_ONCE)
    finally:
        hub.open()
    assert push(exported, NAME, patience=AT_ONCE)["pushed"]


# ---- what is not pushed ----------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_sent_and_asks_the_hub_nothing(
    hub: Loopback, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    done = synth_push(exported, NAME, "--dry-run", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 0 and hub.seen == []
    assert set(found["files"]) == set(contents(exported)) and found["bytes"] == sum(found["files"].values())
    assert found["configs"] == {config: ["train", "test"] for config in CONFIGS}
    assert (found["pushed"], found["rows"], found["failed"]) == (False, 24, [])
    assert "nothing was sent; without --dry-run 24 rows" in synth_push(exported, NAME, "--dry-run").stdout


def test_a_private_dataset_is_private_and_is_never_pushed_where_all_can_see_it(hub: Loopback, exported: Path) -> None:
    push(exported, NAME, private=True)
    assert hub.repos[NAME].private
    hub.repos[NAME].private = False
    with pytest.raises(UserError, match=r"exists and is public; make it private there, or push to another name"):
        push(exported, NAME, private=True)
    assert len(hub.repos[NAME].commits) == 2


def test_another_dataset_is_not_overwritten(hub: Loopback, exported: Path) -> None:
    push(exported, NAME)
    del hub.files(NAME)["recheck.pyz"]
    with pytest.raises(UserError, match=r"datasets/ada/proved holds another dataset; push to another name"):
        push(exported, NAME)


def break_row(dataset: Path) -> str:
    """Change an answer in both files of the rows, and the checksums with it."""
    table = pq.read_table(dataset / "train.parquet")
    found = table.to_pylist()
    found[0] = {**found[0], "answer": found[1]["answer"] + "?"}
    pq.write_table(pa.Table.from_pylist(found, schema=table.schema), dataset / "train.parquet")
    (dataset / "train.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found))
    seal(dataset)
    return str(found[0]["id"])


def seal(dataset: Path) -> None:
    """Make the checksums those of the files as they are."""
    data = json.loads((dataset / "croissant.json").read_text())
    for file in data["distribution"]:
        file["sha256"] = croissant.sha256(dataset / file["contentUrl"])
    (dataset / "croissant.json").write_text(json.dumps(data))


def test_a_corpus_with_a_row_that_fails_is_not_pushed_unless_that_is_said(hub: Loopback, dataset: Path) -> None:
    identity = break_row(dataset)
    before = contents(dataset)
    done = synth_push(dataset, NAME)
    assert done.exit_code == 1 and f"FAILED {identity}: " in done.stderr
    assert "nothing was sent: rows of this export fail their check" in done.stderr and "--allow-failed" in done.stderr
    assert hub.repos == {} and contents(dataset) == before
    done = synth_push(dataset, NAME, "--allow-failed")
    assert done.exit_code == 0, done.stderr
    card = hub.files(NAME)["README.md"].decode()
    assert "**1 of 24 rows failed their check when it was pushed**" in card and identity in card
    assert yaml.safe_load(card.split("---\n")[1])["license"] == "cc0-1.0" and contents(dataset) == before


def clash(dataset: Path) -> None:
    file = dataset / "sft" / "test.parquet"
    table = pq.read_table(file)
    pq.write_table(table.rename_columns(["text" if name == "messages" else name for name in table.column_names]), file)
    seal(dataset)


def twice(dataset: Path) -> None:
    table = pq.read_table(dataset / "sft" / "test.parquet")
    pq.write_table(table.append_column("id", table["id"]), dataset / "sft" / "test.parquet")
    seal(dataset)


def stray(dataset: Path) -> None:
    data = json.loads((dataset / "croissant.json").read_text())
    data["distribution"][0]["contentUrl"] = "../secret"
    (dataset / "croissant.json").write_text(json.dumps(data))


def shorten(dataset: Path) -> None:
    file = dataset / "rlvr" / "train.parquet"
    file.write_bytes(file.read_bytes()[:-1])


MISTAKES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "clash": (clash, r"config sft: the columns of sft/train.parquet and sft/test.parquet clash \(messages: .*text: "),
    "twice": (twice, r"config sft: sft/test.parquet has two columns 'id'; rename one"),
    "changed": (shorten, r"rlvr/train.parquet is not as croissant.json names it; export the run again"),
    "unreadable": (lambda d: (shorten(d), seal(d)), r"config rlvr: cannot read .*rlvr/train.parquet"),
    "missing": (lambda d: (d / "steps/test.parquet").unlink(), r"steps/test.parquet is not as croissant.json names it"),
    "stray": (stray, r"croissant.json does not name the files of an export \(a file outside the folder\)"),
    "no croissant": (lambda d: (d / "croissant.json").unlink(), r"holds no export that can be pushed; make one: synth"),
    "bad croissant": (lambda d: (d / "croissant.json").write_text("[" * 9000), r"does not name the files of an export"),
    "bad card": (lambda d: (d / "README.md").write_text("# Mine"), r"README.md declares no configs in its first lines"),
    "a run": (lambda d: (d / "ledger.sqlite").write_text(""), r"is a run, not an export; first: synth export"),
    "nothing": (lambda d: shutil.rmtree(d), r"holds no export that can be pushed"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_export_that_is_not_whole_is_one_clear_message(hub: Loopback, dataset: Path, mistake: str) -> None:
    spoil, message = MISTAKES[mistake]
    spoil(dataset)
    before = contents(dataset) if dataset.exists() else {}
    with pytest.raises(UserError, match=message) as caught:
        push(dataset, NAME)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600
    assert hub.seen == [] and (contents(dataset) if dataset.exists() else {}) == before


def test_a_file_larger_than_the_hub_takes_is_one_clear_message(
    hub: Loopback, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.export.push.MAX_FILE", 100)
    with pytest.raises(UserError, match=r"is larger than 0 GiB; export fewer rows with --rows"):
        push(exported, NAME)
    assert hub.seen == []


def test_what_is_no_part_of_the_export_is_not_sent_and_said(hub: Loopback, dataset: Path) -> None:
    (dataset / "passwords.txt").write_text("hunter2")
    done = synth_push(dataset, NAME)
    assert done.exit_code == 0 and "not sent: passwords.txt, which is no part of the export" in done.stderr
    assert "passwords.txt" not in hub.files(NAME)


def test_a_corpus_with_nothing_for_a_config_declares_none(hub: Loopback, exported: Path, tmp_path: Path) -> None:
    from synth.export.export import export

    run = exported.parent / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("synth.export.refuted.mutants", lambda rows: [None] * len(rows))
        export(run, tmp_path / "bare")
    push(tmp_path / "bare", NAME)
    assert get_dataset_config_names(NAME) == ["rows", "sft", "rlvr", "steps"]
    assert "preference/train.parquet" in hub.files(NAME)


def test_a_recipe_that_names_a_server_is_said_to_do_so(hub: Loopback, dataset: Path) -> None:
    (dataset / "recipe.yaml").write_text((dataset / "recipe.yaml").read_text() + "# openai:http://10.0.0.1:8000/v1#m\n")
    seal(dataset)
    done = synth_push(dataset, NAME, "--dry-run")
    assert "recipe.yaml and the card name the server of the model in this run" in done.stderr
    assert "the server of the model" not in synth_push(dataset.parent / "dataset", "ada/other", "--dry-run").stdout


def test_what_the_page_says_about_loading_runs(hub: Loopback, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    push(exported, "ada/proved-problems")
    monkeypatch.chdir(exported.parent)
    page = Path(__file__).parents[2] / "docs" / "export.md"
    (block,) = [text for text in page.read_text().split("```py\n")[1:] if "trl" not in text.split("```")[0]]
    names: dict[str, Any] = {}
    exec(block.split("```")[0], names)
    assert names["pairs"].to_list() == rows(exported, "preference", "train")
    assert list(names["rows"]) == rows(exported, "rows", "test")


def test_the_token_is_nowhere_in_what_is_sent(hub: Loopback, exported: Path) -> None:
    push(exported, NAME)
    assert not any(TOKEN.encode() in body for body in hub.files(NAME).values())
    assert (
        Path(hf_hub_download(NAME, "recipe.yaml", repo_type="dataset")).read_bytes() == hub.files(NAME)["recipe.yaml"]
    )
