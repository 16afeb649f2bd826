"""A report says what the ledger and the rows say, in a page that is bounded, safe and the same for the same corpus."""

import json
import math
import re
import shutil
from collections import Counter
from itertools import pairwise

import pytest
import report_corpus
from typer.testing import CliRunner

from synth.cli.app import app
from synth.errors import UserError
from synth.export.export import export
from synth.graph.concepts import concepts
from synth.report.facts import FEATURES, MAX_BYTES, facts
from synth.report.layout import drawing
from synth.report.measures import FAMILIES
from synth.report.nats import by_reason
from synth.report.page import page
from synth.report.reading import corpus_at
from synth.report.sample import Sample, bytes_of
from synth.report.write import write
from synth.run.graph import graph_of
from synth.run.kept import rows_at
from synth.run.status import status
from synth.run.tally import cells


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return report_corpus.made(tmp_path_factory.mktemp("report") / "run")


@pytest.fixture(scope="module")
def found(run):
    return facts(run)


@pytest.fixture(scope="module")
def dataset(run, tmp_path_factory):
    out = tmp_path_factory.mktemp("export") / "dataset"
    export(run, out)
    return out


def data_of(text):
    """The facts in a page, as a browser would read them."""
    (inside,) = re.findall(r'<script type="application/json" id="facts">(.*?)</script>', text, re.DOTALL)
    return json.loads(inside)


# ---- the facts -------------------------------------------------------------------------------------------------------


def test_the_funnel_is_what_the_ledger_says(run, found):
    said = status(run)
    funnel = found.funnel
    assert (funnel["proposed"], funnel["accepted"], funnel["requested"]) == (said.proposed, 24, 24)
    assert funnel["nats"] == said.entropy_nats
    assert sum(loss["problems"] for loss in funnel["losses"]) == said.proposed - said.accepted
    assert [(line["family"], line["level"]) for line in funnel["levels"]] == [
        ("knights", 1), ("knights", 2), ("linear_system", 1)]  # fmt: skip
    assert funnel["refused_tries"] == [{"family": "linear_system", "reason": "correct refuted", "tries": 3}]


def test_the_parts_of_the_variety_add_up_to_it(found):
    for parts in (found.variety, *found.funnel["variety"].values()):
        assert parts["between"] + parts["within"] == pytest.approx(parts["nats"], abs=2e-4)
    assert found.funnel["variety"]["accepted"]["nats"] == pytest.approx(found.funnel["nats"]["accepted"], abs=1e-4)
    assert found.variety["nats"] == pytest.approx(found.funnel["nats"]["accepted"], abs=1e-4)


def test_the_nats_of_a_loss_are_what_the_variety_would_gain_had_it_not_been_lost(run):
    corpus = corpus_at(run)
    formal = next(row["formal"] for row in rows_at(run) if row["family"] == "knights")
    accepted = [("other", 1, "a", "b", 1.0, 1.0)]
    lost = report_corpus.refusal(0, family="knights", stage="dedup", reason="duplicate", formal=formal)
    corpus.status.rejected.clear()
    corpus.status.rejected.update({"dedup: duplicate": 1, "propose: no problem": 5})
    (one, other) = by_reason(corpus.status, accepted, [lost, {**lost, "stage": "try", "formal": "not read"}])
    family = report_corpus.families()["knights"]
    k = len(list(cells("knights", 1, family.features_of(family.problem(formal)[0]))))
    assert one == {"stage": "dedup", "reason": "duplicate", "problems": 1, "read": 1,
                   "nats": round(math.log(2) + math.log(k) / 2, 4)}  # fmt: skip
    assert (other["reason"], other["problems"], other["nats"]) == ("no problem", 5, None)


def test_coverage_counts_the_rows_that_have_two_features(run, found):
    rows = [set(row["features"]) for row in rows_at(run) if row["family"] == "knights"]
    (coverage,) = [each for each in found.coverage["pairs"] if each["family"] == "knights"]
    names = [feature["name"] for feature in coverage["features"]]
    counted = {(names[one], names[two]): sum(by_level) for one, two, by_level in coverage["pairs"]}
    assert counted and counted == {
        pair: n for pair in counted if (n := sum(set(pair) <= features for features in rows))
    }
    assert {f["name"]: sum(f["rows"]) for f in coverage["features"]} == Counter(name for row in rows for name in row)
    assert sum(line["rows"] for line in found.coverage["levels"]) == 24


def test_evidence_answers_and_effort_count_every_row(run, found):
    rows = list(rows_at(run))
    assert sum(line["W"] for line in found.evidence["grades"]) == 24
    assert found.evidence["claims_total"] == sum(len(row["claims"]) for row in rows)
    assert sum(line["rows"] for line in found.answers) == 24
    for histogram in found.effort["histograms"].values():
        assert sum(n for _, _, n in histogram) == 24
    (line,) = [each for each in found.effort["levels"] if each["family"] == "linear_system"]
    sizes = sorted(sum(map(len, row["certificates"])) for row in rows if row["family"] == "linear_system")
    assert line["certificates"] == {"median": sizes[(len(sizes) - 1) // 2], "most": sizes[-1]}


def test_the_audit_of_the_split_is_there_and_an_export_is_audited_too(found, dataset):
    assert found.split["audit"]["ok"] and sum(found.split["audit"]["rows"].values()) == 24
    exported = facts(dataset)
    assert exported.split["audit"]["ok"] and exported.split["duplicates"] is None
    assert exported.funnel is None and exported.refused["of"] == 0 and exported.corpus["kind"] == "export"
    assert exported.rows["of"] == 24 and exported.variety == found.variety


def test_the_samples_hold_rows_with_certificates_and_refusals_with_counterexamples(found):
    assert found.rows["shown"] == found.rows["of"] == 24
    assert all(claim["certificate"] for row in found.rows["items"] for claim in row["claims"])
    refused = [item for item in found.refused["items"] if item["stage"] == "try"]
    assert len(refused) == 3 and all(item["counterexample"] for item in refused)


def test_concepts_stand_to_the_right_of_what_they_build_on_and_never_on_each_other(run, found):
    whole = concepts(graph_of(run))
    assert sum(len(each["nodes"]) for each in found.concepts) == len(whole)
    assert sum(len(each["edges"]) for each in found.concepts) == whole.number_of_edges()
    for each in found.concepts:
        nodes = each["nodes"]
        for one, two in each["edges"]:
            assert nodes[one]["x"] > nodes[two]["x"] + nodes[two]["w"]
        places = sorted((node["x"], node["y"]) for node in nodes)
        assert all(b[0] != a[0] or b[1] - a[1] >= each["node_height"] for a, b in pairwise(places))
        assert all(node["x"] >= 0 and node["x"] + node["w"] <= each["width"] for node in nodes)
        assert all(node["y"] >= 0 and node["y"] + each["node_height"] <= each["height"] for node in nodes)


def test_a_layout_does_not_depend_on_the_order_of_nodes(run):
    whole = concepts(graph_of(run))
    again = type(whole)()
    again.add_nodes_from(reversed(list(whole.nodes(data=True))))
    again.add_edges_from(reversed(list(whole.edges)))
    assert drawing(whole, "any", 64) == drawing(again, "any", 64)


# ---- bounds ----------------------------------------------------------------------------------------------------------


def test_a_sample_does_not_depend_on_the_order_of_its_items_and_takes_from_every_stratum():
    items = [(number % 7, str(number)) for number in range(500)]
    chosen = []
    for order in (items, items[::-1]):
        sample = Sample(3)
        for stratum, key in order:
            sample.offer((stratum,), key, lambda key=key: {"key": key})
        chosen.append(sample.chosen(10_000))
    assert chosen[0] == chosen[1] and len(chosen[0]) == 21
    assert {int(item["key"]) % 7 for item in sample.chosen(7 * 14)} == set(range(7))


def many_rows(dataset, file, count, change):
    """Write rows like those of a dataset, each changed, as JSON lines."""
    rows = [json.loads(line) for line in (dataset / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    with file.open("w", encoding="utf-8") as lines:
        for number in range(count):
            identity = f"{number:032x}"
            row = {**rows[number % len(rows)], "id": identity, "problem": identity, **change(number)}
            lines.write(json.dumps(row) + "\n")
    return file


def test_long_texts_are_cut_and_samples_shrink_so_that_the_page_stays_under_3_mb(dataset, tmp_path):
    text = {"question": "<" * 5_000, "theory": "(" * 5_000}
    changed = lambda number: {**text, "family": f"family{number % 40}", "level": number % 8}  # noqa: E731
    found = facts(many_rows(dataset, tmp_path / "train.jsonl", 300, changed))
    assert len(page(found).encode()) < 3_000_000 and bytes_of(found.as_json()) <= MAX_BYTES
    assert 0 < found.rows["shown"] < found.rows["of"] == 300
    assert found.rows["items"][0]["question"].endswith("(5,000 characters in all)")
    assert found.split is None


def test_a_corpus_of_very_many_long_names_makes_a_page_under_3_mb(dataset, tmp_path):
    long = lambda name: f"{name}{'<' * 200}"  # noqa: E731
    names = [long(number) for number in range(40)]
    fixed = {"features": names, "claims": [], "certificates": []}

    def changed(number):
        return {**fixed, "family": long(number % 50), "level": number // 50, "formal_answer": long(number)}

    found = facts(many_rows(dataset, tmp_path / "train.jsonl", 200, changed))
    text = page(found)
    assert len(text.encode()) < 3_000_000 and found.rows["shown"] > 50
    assert found.corpus["families_of"] == 50 and len(found.corpus["families"]) == FAMILIES
    assert found.coverage["pairs"][0]["of"] == 40 and len(found.coverage["pairs"][0]["features"]) == FEATURES[-1]


# ---- the page --------------------------------------------------------------------------------------------------------


def test_the_same_corpus_gives_the_same_bytes_wherever_it_lies(run, tmp_path):
    one = write(run, tmp_path / "one.html").read_bytes()
    shutil.copytree(run, tmp_path / "copy")
    assert write(tmp_path / "copy").read_bytes() == one
    assert (tmp_path / "copy" / "report.html").is_file() and len(one) < 3_000_000


def test_hostile_text_stays_text(found):
    text = page(found)
    assert report_corpus.HOSTILE not in text and text.count("<script") == 2
    assert any(item["text"] == report_corpus.HOSTILE for item in data_of(text)["refused"]["items"])
    assert data_of(text) == json.loads(json.dumps(found.as_json()))


def test_the_page_names_no_address_and_writes_no_markup_from_its_script(found):
    text = page(found)
    outside = text.replace(json.dumps(found.as_json()), "").replace("http://www.w3.org/2000/svg", "")
    shell = re.sub(r'id="facts">.*?</script>', "", outside, flags=re.DOTALL)
    assert not re.search(r"https?:|//[a-z]+\.|url\(|@import|\bfetch\(|XMLHttpRequest|WebSocket", shell)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", shell)
    assert "default-src 'none'" in text


# ---- the command, and bad input --------------------------------------------------------------------------------------


def command(*arguments):
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


def test_the_command_writes_the_page_or_prints_the_facts(run, found, tmp_path):
    done = command(run, "--out", tmp_path / "new" / "page.html")
    assert done.exit_code == 0 and done.output.strip().endswith("page.html")
    assert (tmp_path / "new" / "page.html").read_text(encoding="utf-8") == page(found)
    assert json.loads(command(run, "--json").output) == json.loads(json.dumps(found.as_json()))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path / "nowhere", "there is no "),
        (lambda path: path, "holds no corpus; give a run folder"),
        (lambda path: written(path / "notes.txt", "x"), "is no corpus: rows are .jsonl or .parquet"),
        (lambda path: written(path / "train.jsonl", '{"family": "knights"}\n'), "row 1 of "),
        (lambda path: written(path / "train.jsonl", "{\n"), "line 1 is not JSON"),
    ],
)
def test_what_is_no_corpus_gets_one_clear_message(make, said, tmp_path):
    done = command(make(tmp_path))
    assert done.exit_code == 2 and done.output.count("\n") == 1 and said in done.output


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_a_place_that_is_a_folder_is_refused_and_nothing_is_left_behind(run, tmp_path):
    with pytest.raises(UserError, match=r"is a folder; give --out the name of a file"):
        write(run, tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_empty_corpus_is_an_empty_page(tmp_path):
    written(tmp_path / "train.jsonl", "")
    found = facts(tmp_path)
    assert found.corpus["rows"] == 0 and found.rows == {"shown": 0, "of": 0, "items": []} and found.concepts == []
    assert data_of(page(found))["corpus"]["families"] == []


def test_rows_that_wait_for_a_shard_are_shown(run, tmp_path):
    row = next(iter(rows_at(run)))
    shutil.copytree(run, tmp_path / "copy")
    report_corpus.book(tmp_path / "copy", [], {}, [{**row, "id": "0" * 32, "problem": "1" * 32}])
    assert facts(tmp_path / "copy").rows["of"] == 25
