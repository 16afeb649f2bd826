"""Commands are thin: they print facts, give the right exit code, and start quickly."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from synth.cli.app import app
from synth.run import rounds

COMMANDS = [
    "init", "families", "show", "generate", "status", "verify", "score", "export", "report", "demo", "solve",
    "model train", "model card", "graph why", "graph retract", "graph audit-split", "graph decontaminate",
    "family check", "family new", "family propose", "family admit", "audit", "push", "monitor", "mix",
]  # fmt: skip
MAIN = "from synth.cli import main; main()"


@pytest.fixture
def synth(monkeypatch):
    """Run a command in this process, batches included."""
    monkeypatch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))
    runner = CliRunner()
    return lambda *arguments, **options: runner.invoke(app, [str(part) for part in arguments], **options)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "corpus"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))
        options = ["-n", "10", "-f", "knights", "-f", "linear_system", "-l", "1", "-q"]
        done = CliRunner().invoke(app, ["generate", *options, "--out", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


def test_help_shows_every_command_and_every_command_an_example(synth):
    overview = synth("--help").output
    for command in COMMANDS:
        assert command.split()[0] in overview
        assert f"Example: synth {command}" in " ".join(synth(*command.split(), "--help").output.split())


def test_nothing_heavy_is_imported_for_help():
    heavy = [
        "lark",
        "pyarrow",
        "z3",
        "sympy",
        "pydantic",
        "networkx",
        "rich.table",
        "numpy",
        "scipy",
        "torch",
        "openai",
    ]
    code = f"import sys; import synth, synth.cli.app; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_families_as_json_lists_what_others_build_on(synth):
    facts = json.loads(synth("families", "--json").output)
    knights = next(fact for fact in facts if fact["name"] == "knights")
    assert (knights["domain"], knights["kind"], knights["levels"]) == ("logic", "find", [1, 2, 3, 4, 5])
    assert knights["roles"] == ["correct", "unique"]


def test_show_makes_the_same_row_again_and_shows_all_of_it(synth):
    one, two = (synth("show", "knights", "--level", 2, "--seed", 3, "--index", 1, "--json").output for _ in range(2))
    assert one == two
    row = json.loads(one)
    text = synth("show", "knights", "--level", 2, "--seed", 3, "--index", 1, env={"COLUMNS": "200"}).output
    assert row["id"] in text
    assert "exhaustive" in text


def test_init_writes_a_recipe_that_generate_takes_and_keeps_what_is_there(synth, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    assert synth("init", recipe).exit_code == 0
    again = synth("init", recipe)
    assert again.exit_code == 2
    assert "exists already" in again.output
    out = tmp_path / "out"
    done = synth("generate", recipe, "-n", 4, "-f", "knights", "-l", 1, "--out", out, "--json", "-q")
    assert json.loads(done.output)["accepted"] == 4


def test_status_says_how_far_a_run_is(synth, corpus):
    found = json.loads(synth("status", corpus, "--json").output)
    assert (found["requested"], found["accepted"], found["done"]) == (10, 10, True)
    assert isinstance(found["rejected"], dict)
    assert "accepted 10 of 10 requested" in synth("status", corpus).output


def test_generate_without_options_goes_on_with_the_run_in_the_folder(synth, corpus):
    found = json.loads(synth("generate", "--out", corpus, "--json", "-q").output)
    assert found["accepted"] == 10


def test_verify_exits_with_one_at_the_first_bad_row(synth, corpus, tmp_path):
    assert synth("export", corpus, "--out", tmp_path / "dataset").exit_code == 0
    good = synth("verify", tmp_path / "dataset", "--json", "-w", 1)
    assert good.exit_code == 0
    assert {key: json.loads(good.output)[key] for key in ("rows", "verified", "failed", "grades")} == {
        "rows": 10, "verified": 10, "failed": [], "grades": {"W": 10}}  # fmt: skip
    for file in (tmp_path / "dataset").glob("*.parquet"):
        file.unlink()
    lines = (tmp_path / "dataset" / "train.jsonl").read_text()
    (tmp_path / "dataset" / "train.jsonl").write_text(lines.replace('"level":1', '"level":2', 1))
    bad = synth("verify", tmp_path / "dataset", "--json", "-w", 1)
    assert bad.exit_code == 1
    assert len(json.loads(bad.output)["failed"]) == 1


def test_score_reads_lines_and_says_why(synth, corpus):
    from synth.run.corpus import files_of, rows_of

    row = next(row for file in files_of(corpus) for row in rows_of(file) if row["family"] == "knights")
    asked = [
        {"id": row["id"], "answer": row["completion"][-1]["content"]},
        {"id": row["id"], "answer": "I do not know."},
        {"id": "nobody", "answer": "1"},
        {"id": row["id"]},
    ]
    lines = "\n".join([*map(json.dumps, asked), "{", "[]"])
    done = synth("score", "knights", "--data", corpus, input=lines)
    assert done.exit_code == 0, done.output
    found = [json.loads(line) for line in done.output.splitlines()]
    assert [line["score"] for line in found] == [1, 0, 0, 0, 0, 0]
    assert found[0]["id"] == row["id"]
    assert all(line["reason"] for line in found)


# what a user may do wrong -> what the message must say
MISTAKES = [
    (["show", "knigts"], "there is no family 'knigts'; did you mean 'knights'?"),
    (["show", "knights", "--level", "9"], "there is no level 9"),
    (["generate", "no-such-recipe.yaml"], "cannot read the recipe"),
    (["generate", "-n", "0", "--out", "x"], "rows must be greater than or equal to 1"),
    (["generate", "-n", "1", "-f", "knights", "--out", "/proc/nowhere"], "cannot write to /proc/nowhere"),
    (["generate", "-n", "1", "-f", "knights", "-w", "-3", "--out", "x"], "--workers must be at least 1"),
    (["status", "nowhere"], "holds no run"),
    (["verify", "nowhere"], "holds no corpus"),
    (["export", "nowhere"], "holds no run"),
    (["score", "nobody", "--data", "nowhere"], "there is no family 'nobody'"),
    (["score", "knights", "--data", "nowhere"], "holds no corpus"),
    (["generate", "--rows", "many"], "Invalid value for '-n' / '--rows'"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=lambda value: " ".join(value)[:40])
def test_a_mistake_is_one_message_and_exit_code_two(synth, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    done = synth(*arguments, input="")
    assert done.exit_code == 2, done.output
    assert message in " ".join(done.output.split())
    assert "Traceback" not in done.output


def hear_interrupts():
    """Undo what a shell does to processes in the background: they inherit that SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_exits_with_130_and_leaves_a_run_that_goes_on(tmp_path):
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-c",
        MAIN,
        "generate",
        "-n",
        "1200",
        "-f",
        "linear_system",
        "-l",
        "2",
        "--out",
        str(out),
    ]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, preexec_fn=hear_interrupts
    )
    while not (out / "ledger.sqlite").exists():
        time.sleep(0.05)
    time.sleep(0.7)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "the same command goes on where it stopped" in said
    done = subprocess.run([*command, "--json", "-q"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["accepted"] == 1200


def test_the_package_offers_the_same_to_python():
    import synth

    assert synth.families["knights"].sample(1, 7, 0).kind == "find"
    assert callable(synth.generate)
    assert callable(synth.verify)
    with pytest.raises(AttributeError):
        synth.nothing  # noqa: B018


def test_a_place_that_cannot_be_written_is_one_line_and_exit_code_2(synth, corpus):
    done = synth("export", corpus, "--out", "/proc/nowhere")
    assert done.exit_code == 2
    assert done.stderr.startswith("synth: cannot use /proc/nowhere") and len(done.stderr.splitlines()) == 1
