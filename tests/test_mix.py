"""A training mix: exact shares, the same bytes each time, and every row still says where it comes from."""

import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from synth.cli.app import app
from synth.errors import UserError
from synth.export.mix import Input, mix
from synth.monitor.read import rows_in

CORPORA = Path(__file__).parent.parent / "corpora"
SEEDS = CORPORA / "seeds" / "knights.jsonl"
GOLDEN = CORPORA / "golden" / "knights.jsonl"


@pytest.fixture
def own(tmp_path):
    """A user's own data: it does not say where it comes from."""
    path = tmp_path / "own.jsonl"
    lines = [{"text": "word " * (1 + i % 9), "number": i} for i in range(200)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def sources(path):
    return Counter(row["provenance"]["source"] for row in rows_in(str(path)))


def test_shares_of_rows_are_exact_and_what_is_left_goes_to_the_others(own, tmp_path):
    inputs = [Input(str(SEEDS)), Input(str(own), "human"), Input(str(GOLDEN))]
    found = mix(inputs, tmp_path / "mix.jsonl", {"human": 0.5}, rows=40)
    assert found.missed == 0.0
    assert found.rows["human"] == 20
    assert sources(tmp_path / "mix.jsonl") == found.rows
    there = {"authored": len(list(rows_in(str(SEEDS)))), "grammar_solver": len(list(rows_in(str(GOLDEN))))}
    assert found.rows["authored"] == round(20 * there["authored"] / sum(there.values()))


def test_a_mix_is_as_large_as_its_scarcest_source_allows(own, tmp_path):
    found = mix([Input(str(SEEDS)), Input(str(own), "human")], tmp_path / "mix.jsonl", {"authored": 0.3, "human": 0.7})
    assert found.rows["authored"] == len(list(rows_in(str(SEEDS))))
    assert found.missed <= 1 / sum(found.rows.values())


def test_shares_of_tokens_are_as_close_as_whole_rows_allow(own, tmp_path):
    found = mix(
        [Input(str(SEEDS)), Input(str(own), "human")],
        tmp_path / "mix.jsonl",
        {"authored": 0.4, "human": 0.6},
        by="tokens",
        rows=50,
    )
    assert found.missed < 0.001
    assert sum(found.tokens.values()) > 0


def test_the_same_inputs_give_the_same_bytes_and_another_seed_gives_others(own, tmp_path):
    inputs = [Input(str(SEEDS)), Input(str(own), "human")]
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        mix(inputs, tmp_path / f"{name}.jsonl", {"human": 0.5}, rows=20, seed=seed)
    made = {name: (tmp_path / f"{name}.jsonl").read_bytes() for name in "abc"}
    assert made["a"] == made["b"] != made["c"]


def test_every_row_keeps_its_provenance_and_says_which_row_it_was(own, tmp_path):
    mix([Input(str(GOLDEN)), Input(str(own), "human")], tmp_path / "mix.jsonl", {"human": 0.5}, rows=10)
    golden = list(rows_in(str(GOLDEN)))
    for row in rows_in(str(tmp_path / "mix.jsonl")):
        if row["mixed_from"]["file"] == GOLDEN.name:
            assert row["provenance"] == golden[row["mixed_from"]["row"]]["provenance"]
        else:
            assert (row["provenance"], row["number"]) == ({"source": "human"}, row["mixed_from"]["row"])


def test_parquet_holds_the_same_rows(tmp_path):
    inputs = [Input(str(SEEDS)), Input(str(GOLDEN))]
    for suffix in ("jsonl", "parquet"):
        mix(inputs, tmp_path / f"mix.{suffix}", {"authored": 0.5}, rows=12)
    found = pq.read_table(tmp_path / "mix.parquet").to_pylist()
    assert [row["question"] for row in found] == [row["question"] for row in rows_in(str(tmp_path / "mix.jsonl"))]
    assert sources(tmp_path / "mix.parquet") == {"authored": 6, "grammar_solver": 6}


def test_rows_of_a_benchmark_are_kept_out_on_request(tmp_path):
    asked = [row["question"] for row in rows_in(str(GOLDEN))][:3]
    bench = tmp_path / "bench.jsonl"
    bench.write_text("".join(json.dumps({"question": question}) + "\n" for question in asked))
    out = tmp_path / "mix.jsonl"
    done = CliRunner().invoke(app, ["mix", str(GOLDEN), "-o", str(out), "--decontaminate", str(bench), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["contaminated"] == 3
    assert not {row["question"] for row in rows_in(str(out))} & set(asked)


@pytest.mark.parametrize(
    ("shares", "options", "said"),
    [
        ({"humna": 0.3}, {}, "did you mean 'human'"),
        ({"human": 1.3}, {}, "lies in 0 to 1"),
        ({"human": float("nan")}, {}, "lies in 0 to 1"),
        ({"human": 0.6, "authored": 0.6}, {}, "may not exceed 1"),
        ({"verified": 0.3}, {}, "no row is of the source verified"),
        ({"human": 0.5}, {"rows": 10**6}, "the inputs hold"),
        ({"authored": 0.9}, {"rows": 150}, "ask for less, or add data"),
        ({"human": 0.5, "authored": 0.1}, {}, "let them add up to 1"),
        ({"human": 0.5}, {"by": "letters"}, "of rows or of tokens"),
        ({"human": 0.5}, {"rows": 0}, "at least 1"),
    ],
)
def test_a_share_that_cannot_be_met_is_one_message_and_no_file(own, tmp_path, shares, options, said):
    with pytest.raises(UserError) as raised:
        mix([Input(str(SEEDS)), Input(str(own), "human")], tmp_path / "mix.jsonl", shares, **options)
    assert said in str(raised.value)
    assert not (tmp_path / "mix.jsonl").exists()


def test_an_input_is_never_overwritten(own):
    with pytest.raises(UserError, match="is one of the inputs"):
        mix([Input(str(own), "human")], own, {})


def test_the_command_says_the_shares(own, tmp_path):
    out = tmp_path / "mix.jsonl"
    done = CliRunner().invoke(app, ["mix", str(SEEDS), f"human:{own}", "--share", "human=0.5", "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert "human: " in done.output
    assert "(50.00%)" in done.output
    bad = CliRunner().invoke(app, ["mix", str(SEEDS), "--share", "human", "-o", str(out)])
    assert (bad.exit_code, bad.output) == (2, "synth: --share human: write SOURCE=SHARE, such as human=0.3\n")
