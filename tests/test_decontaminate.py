"""Decontamination: what is planted is found with its evidence, what is not is not, and no benchmark text is written."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from synth.cli.graph_decontaminate import decontaminate
from synth.errors import UserError
from synth.family.registry import families
from synth.graph.decontaminate import Benchmark, Contaminants, grams, phrasing
from synth.judge.row import row_of
from synth.records import Record

Draw = Callable[[str, int, int], list[Record]]
NAMES = ("knights", "linear_system", "entailment", "shortest_path")


@pytest.fixture
def rows(draw: Draw) -> list[dict[str, Any]]:
    return [row_of(record) for name in NAMES for record in draw(name, 1, 20)]


def lines(path: Path, *values: Any, column: str = "question") -> Path:
    path.write_text("".join(json.dumps({"id": i, column: value}) + "\n" for i, value in enumerate(values)))
    return path


def contaminants(rows: list[dict[str, Any]], *files: Path, column: str | None = None) -> Contaminants:
    return Contaminants([Benchmark(file, column) for file in files], families(), [row["question"] for row in rows])


def found(known: Contaminants, rows: list[dict[str, Any]]) -> dict[str, tuple[str, int]]:
    hits = [hit for row in rows if (hit := known.hit(row)) is not None]
    return {hit.row: (hit.layer, hit.line) for hit in hits}


def test_each_layer_finds_what_is_planted_for_it_and_nothing_else(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    text, formal, inside = rows[0], rows[25], rows[45]
    file = lines(
        tmp_path / "test.jsonl",
        "What is the capital of France?",
        f"  {text['question'].upper()} ",
        formal["formal"],
        f"Here is a riddle that I like. {inside['question']} Think about it for a while, please.",
    )
    hits = found(contaminants(rows, file), rows)
    assert hits == {text["id"]: ("exact", 2), formal["id"]: ("exact", 3), inside["id"]: ("ngrams", 4)}


def test_a_problem_with_other_names_in_other_words_is_found_by_its_key(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    row = next(row for row in rows if row["family"] == "linear_system")
    names = re.findall(r"\(declare (\w+)", row["theory"])
    other = dict(zip(names, [*names[1:], names[0]], strict=True))
    formal = re.sub(r"\b[a-z]\b", lambda found: other.get(found[0], found[0]), row["formal"])
    family = families()["linear_system"]
    question = family.language("en").render(family.formal.read(formal, "problem"), "problem", lambda n: n - 1)
    known = contaminants(rows, lines(tmp_path / "test.jsonl", question))
    assert known.read == 1
    assert question != row["question"]
    assert found(known, rows) == {row["id"]: ("canonical", 1)}


def test_rows_that_share_only_phrases_with_a_benchmark_are_not_found(tmp_path: Path, draw: Draw) -> None:
    many = [row_of(record) for name in NAMES for record in draw(name, 1, 60)]
    rows = [row for i, row in enumerate(many) if i % 2]
    keys = {row["problem"] for row in rows}
    others = [row["question"] for i, row in enumerate(many) if not i % 2 and row["problem"] not in keys]
    known = contaminants(rows, lines(tmp_path / "test.jsonl", *others))
    assert known.read == len(others) > 80
    assert sum(len(set(grams(row["question"])) & {g for text in others for g in grams(text)}) > 1 for row in rows) > 20
    assert len(found(known, rows)) <= 1


def test_two_shared_sequences_are_needed(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    words = [f"word{number}" for number in range(14)]
    row = {**rows[0], "question": " ".join(words), "prompt": []}
    one = contaminants([row], lines(tmp_path / "one.jsonl", " ".join([*words[:13], "omega"])))
    two = contaminants([row], lines(tmp_path / "two.jsonl", " ".join([*words, "omega"])))
    assert one.hit(row) is None
    hit = two.hit(row)
    assert hit is not None and (hit.layer, hit.weight, len(hit.hashes)) == ("ngrams", 2.0, 2)
    assert hit.share == pytest.approx(2 / 3, abs=1e-3)
    two.discount([row["question"]])  # a second text of the corpus says the same
    assert two.hit(row) is None


def test_a_sample_of_phrases_discounts_them_as_the_corpus_does(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    chosen = [families()[name] for name in NAMES[:2]]
    sample = list(phrasing(chosen, each=4))
    assert sample == list(phrasing(chosen, each=4))
    assert len(sample) > 20
    boilerplate = next(text for text in sample if len(grams(text)) > 1)
    known = Contaminants([Benchmark(lines(tmp_path / "test.jsonl", boilerplate + " extra"))], families())
    row = {**rows[0], "question": boilerplate, "problem": "00" * 16, "prompt": [], "formal": "?"}
    assert known.hit(row) is not None
    known.discount([boilerplate] * 40)
    assert known.hit(row) is None


def test_parquet_and_messages_are_read_like_lines(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    values = [[{"role": "system", "content": "Think."}, {"role": "user", "content": rows[3]["question"]}], None]
    pq.write_table(pa.table({"id": [1, 2], "prompt": values}), tmp_path / "test.parquet")
    lines(tmp_path / "test.jsonl", values[0], None, column="prompt")
    for file in ("test.parquet", "test.jsonl"):
        known = contaminants(rows, tmp_path / file)
        hit = known.hit(rows[3])
        assert hit is not None and (hit.layer, hit.line, len(known.items)) == ("exact", 1, 1)
        assert hit.sha256 == hashlib.sha256((tmp_path / file).read_bytes()).hexdigest()


def test_hostile_items_are_only_text(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    values = [
        "(" * 50_000,
        "x" * 300_000,
        "__import__('os')",
        "find x: " + "-" * 9_000 + "x = 1",
        "\ud800",
        {"a": 1},
        7,
    ]
    known = contaminants(rows, lines(tmp_path / "test.jsonl", *values))
    assert len(known.items) == 5
    assert known.read == 0
    assert found(known, rows) == {}


def bad(folder: Path, kind: str) -> Path:
    path = folder / "test.jsonl"
    match kind:
        case "missing":
            return folder / "nothing.jsonl"
        case "folder":
            (folder / "data.jsonl").mkdir()
            return folder / "data.jsonl"
        case "columns":
            return lines(path, "a", "b", column="riddle")
        case "parquet columns":
            pq.write_table(pa.table({"riddle": ["a"], "n": [1]}), folder / "test.parquet")
            return folder / "test.parquet"
        case "not parquet":
            (folder / "test.parquet").write_text("question\nwhat?\n")
            return folder / "test.parquet"
        case "cut parquet":
            pq.write_table(pa.table({"question": ["a"] * 1000}), folder / "test.parquet")
            data = (folder / "test.parquet").read_bytes()
            (folder / "test.parquet").write_bytes(data[: len(data) // 2])
            return folder / "test.parquet"
        case "csv":
            (folder / "test.csv").write_text("question\nwhat?\n")
            return folder / "test.csv"
        case "empty":
            path.write_text("")
        case "no text":
            lines(path, 1, None, [])
        case "not json":
            path.write_text('{"question": "a"}\nwhat?\n')
        case "array":
            path.write_text('[{"question": "a"}]\n')
        case "latin":
            path.write_bytes('{"question": "ä"}\n'.encode("latin-1"))
    return path


BAD = {
    "missing": "cannot read the benchmark file .*nothing.jsonl: No such file",
    "folder": "cannot read the benchmark file .*data.jsonl: Is a directory",
    "columns": "none of the columns question, .*; name the column to read, one of id, riddle$",
    "parquet columns": "none of the columns question, .*; name the column to read, one of riddle, n$",
    "not parquet": "test.parquet is no Parquet file that can be read",
    "cut parquet": "test.parquet is no Parquet file that can be read",
    "csv": "test.csv is no benchmark file: give Parquet .* or JSON lines",
    "empty": "test.jsonl holds no text to compare with",
    "no text": "test.jsonl holds no text to compare with",
    "not json": "line 2 is not JSON: .*; give one object a line",
    "array": "line 1 is no object but .*; give one object a line",
    "latin": "test.jsonl: 'utf-8' codec .*; give Parquet or JSON lines in UTF-8",
}


@pytest.mark.parametrize(("kind", "message"), BAD.items())
def test_a_bad_file_gets_one_message(tmp_path: Path, kind: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Contaminants([Benchmark(bad(tmp_path, kind))], {})


def test_a_column_that_is_named_must_be_there(tmp_path: Path) -> None:
    file = lines(tmp_path / "test.jsonl", "a", column="riddle")
    assert len(Contaminants([Benchmark(file, "riddle")], {}).items) == 1
    with pytest.raises(UserError, match="no column 'ridle'; name the column to read, one of id, riddle"):
        Contaminants([Benchmark(file, "ridle")], {})


def test_the_command_says_what_it_found_and_writes_evidence_without_text(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    corpus = tmp_path / "rows.jsonl"
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows))
    secret = f"A long and secret tale. {rows[5]['question']} That was it."
    dirty = lines(tmp_path / "dirty.jsonl", rows[2]["question"], secret)
    clean = lines(tmp_path / "clean.jsonl", "Nothing of the kind")
    app = typer.Typer()
    app.command()(decontaminate)
    run = CliRunner().invoke
    out = tmp_path / "evidence.jsonl"
    done = run(app, [str(corpus), str(dirty), str(clean), "--json", "--out", str(out)])
    facts = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (facts["rows"], facts["found"], facts["layers"]) == (len(rows), 2, {"exact": 1, "ngrams": 1})
    evidence = [json.loads(line) for line in out.read_text().splitlines()]
    assert evidence == facts["evidence"]
    assert [(each["row"], each["file"], each["line"]) for each in evidence] == [
        (rows[2]["id"], str(dirty), 1),
        (rows[5]["id"], str(dirty), 2),
    ]
    assert "secret" not in out.read_text() and "secret" not in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "clean.jsonl", "dirty.jsonl", "evidence.jsonl", "rows.jsonl"
    ]  # fmt: skip
    assert run(app, [str(corpus), str(clean)]).exit_code == 0
    assert f"FOUND {rows[2]['id']}" in run(app, [str(corpus), str(dirty)]).stdout
    assert run(app, [str(corpus), str(tmp_path / "no.jsonl")]).exit_code == 2
    assert "Example" in run(app, ["--help"]).stdout
