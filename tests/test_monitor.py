"""What the monitor says of data whose distribution is known, and that it never sounds surer than it is."""

import json
import sys
from collections import Counter
from math import log
from pathlib import Path
from random import Random
from types import ModuleType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from synth.cli.app import app
from synth.errors import UserError
from synth.export.export import export
from synth.family.registry import families
from synth.monitor import CorpusMonitor, condition, report, text
from synth.monitor.calibration import Calibration, calibrate, claims_of, mutated
from synth.monitor.columns import Columns
from synth.monitor.losses import entropy_ledger
from synth.monitor.read import monitor_of
from synth.monitor.report import Metric
from synth.run import rounds
from synth.run.recipe import resolve
from synth.run.status import status

GOLDEN = Path(__file__).parent.parent / "corpora" / "golden"
SHARES = np.array([1 / k for k in range(1, 41)]) / sum(1 / k for k in range(1, 41))


def rows(n, shares=SHARES, seed=0, source="verified", generation=0):
    rng = np.random.default_rng(seed)
    for k in rng.choice(len(shares), n, p=shares):
        yield {
            "family": f"f{k // 5}",
            "level": int(k % 5),
            "question": f"What is {rng.integers(10**6)} and {k}?",
            "answer": "yes",
            "provenance": {"source": source, "generation": generation},
        }


def counted(found, columns=None, **options):
    monitor = CorpusMonitor(columns, **options)
    monitor.update(found)
    return monitor


def sharper(power):
    return SHARES**power / (SHARES**power).sum()


@pytest.fixture
def synth():
    return lambda *arguments: CliRunner().invoke(app, [str(part) for part in arguments])


@pytest.fixture
def write(tmp_path):
    def written(name, found):
        path = tmp_path / name
        if path.suffix == ".parquet":
            pq.write_table(pa.Table.from_pylist(list(found)), path)
        else:
            path.write_text("".join(json.dumps(row) + "\n" for row in found))
        return path

    return written


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("monitor") / "run"
    asked = {"families": {"knights": {"levels": [1, 2]}, "linear_system": {"levels": [1]}}, "rows": 60, "seed": 3}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))
        rounds.generate(resolve(asked, "test", families()), folder)
    return folder


# ---- counting --------------------------------------------------------------------------------------------------------


def test_rows_and_columns_of_arrow_are_counted_alike(write):
    found = [*rows(300), {**next(rows(1)), "level": None, "provenance": None}]
    for row in found[:50]:
        row["messages"] = [{"role": "user", "content": "one two"}, {"role": "assistant", "content": "three"}]
    one, other = (monitor_of(str(write(name, found))) for name in ("a.jsonl", "a.parquet"))
    assert one.counts() == other.counts()
    assert one.mix == other.mix
    assert (one.rows, one.lacking) == (other.rows, other.lacking) == (301, 1)
    assert sum(amount.tokens for amount in one.mix.values()) == 50 * 12
    assert one.texts == other.texts


def test_cells_may_be_lists_structs_and_numbers(write):
    found = [{"features": ["b", "a"], "made": {"by": 1}}, {"features": ["a", "b"], "made": {"by": 1}}]
    for name in ("a.jsonl", "a.parquet"):
        monitor = monitor_of(str(write(name, found)), Columns(cells=("features", "made.by")))
        assert monitor.counts() == {("a+b", "1"): 2}


def test_parts_merge_into_the_whole():
    found = list(rows(500))
    whole, one, other = counted(found), counted(found[:200]), counted(found[200:], seed=1)
    one.merge(other)
    assert (one.counts(), one.mix, one.rows) == (whole.counts(), whole.mix, whole.rows)
    assert len(one.texts) == len(whole.texts) == 256
    assert report(one).metrics["entropy"] == report(whole).metrics["entropy"]


def test_texts_are_kept_with_equal_chance_whatever_the_batches():
    found = [{"family": "f", "level": 1, "text": str(i)} for i in range(2000)]
    whole, bits = counted(found), CorpusMonitor()
    for i in range(0, 2000, 7):
        bits.update(found[i : i + 7])
    assert bits.texts == whole.texts
    places = [int(each) for _, each in whole.texts]
    assert len(set(places)) == 256
    assert 800 < np.mean(places) < 1200


def test_memory_is_bounded_by_cells(monkeypatch):
    monkeypatch.setattr("synth.monitor.corpus.MAX_CELLS", 100)
    with pytest.raises(UserError, match=r"more than 100 different cells in id; name coarser columns"):
        counted(({"id": i} for i in range(101)), Columns(cells=("id",)))


# ---- figures ---------------------------------------------------------------------------------------------------------


def test_entropy_is_within_its_error_of_the_truth():
    true = -(SHARES * np.log(SHARES)).sum()
    found = report(counted(rows(4000))).metrics["entropy"]
    assert abs(found.value - true) < found.bias + 3 * found.se < 0.2


def test_the_mix_is_counted_by_rows_tokens_weights_and_generations():
    some = [{**row, "w": 3.0} for row in rows(100, source="human")]
    others = [{**row, "w": 1.0} for row in rows(300, source="verified", generation=1)]
    found = report(counted([*some, *others], Columns(weight="w")))
    assert found.metrics["share_human"].value == 0.25
    assert found.metrics["weight_share_human"].value == 0.5
    assert found.metrics["token_share_human"].value == pytest.approx(0.25, abs=0.001)
    assert found.metrics["fresh"].value == 100
    assert [(each["generation"], each["fresh"]) for each in found.generations] == [(0, 100), (1, 0)]
    assert [(each["source"], each["share"]) for each in found.mix] == [("human", 1.0), ("verified", 1.0)]


def test_a_corpus_that_lost_its_rare_cells_narrows_and_one_that_did_not_does_not():
    reference = counted(rows(3000, seed=1))
    same = report(counted(rows(3000, seed=2)), reference)
    less = report(counted(rows(3000, sharper(1.5), seed=3)), reference)
    assert (same.metrics["narrows"].value, same.metrics["drifted"].value) == (0.0, 0.0)
    assert (less.metrics["narrows"].value, less.metrics["drifted"].value) == (1.0, 1.0)
    assert same.metrics["kl"].value < same.metrics["kl"].bias < less.metrics["kl"].value
    assert less.metrics["drift_excess"].value > 10 * less.metrics["drift_budget"].value
    assert less.lost[0][1] < less.lost[0][2]


def test_seldom_is_a_sample_of_the_same_called_narrower():
    wrong = 0
    for seed in range(12):
        found = report(counted(rows(400, seed=2 * seed)), counted(rows(400, seed=2 * seed + 1)))
        wrong += found.metrics["narrows"].value == 1.0
    assert wrong <= 2


def test_drawing_again_and_again_loses_what_the_budget_says():
    rng, found = np.random.default_rng(1), []
    reference = Counter({(str(k),): int(n) for k, n in enumerate(rng.multinomial(4000, SHARES))})
    before = np.array(list(reference.values()))
    for _ in range(200):
        after = rng.multinomial(800, before / before.sum())
        shares = after[after > 0] / 800
        found.append(-(shares * np.log(shares)).sum())
    p = before / before.sum()
    fall = -(p[p > 0] * np.log(p[p > 0])).sum() - np.mean(found)
    assert fall == pytest.approx((np.count_nonzero(before) - 1) / (2 * 800), rel=0.15)


def test_generations_are_compared_without_a_reference():
    found = report(counted([*rows(2000, seed=1), *rows(2000, sharper(2), seed=2, generation=3)]))
    fall = found.metrics["generation_drop"]
    assert fall.value > 1.0 > 10 * max(fall.bias, fall.se)
    assert not any("cannot narrow" in note for note in found.notes)


# ---- bad input: a message, or a wide interval ------------------------------------------------------------------------


def test_without_provenance_nothing_is_assumed():
    found = report(counted({"family": "f", "level": i % 3} for i in range(60)))
    assert found.metrics["share_human"].value is None
    assert (found.metrics["fresh"].low, found.metrics["fresh"].high) == (0, 60)
    assert any("nothing is assumed" in note for note in found.notes)


def test_rows_that_do_not_say_their_source_widen_every_share():
    known = [{"family": "f", "level": i % 3, "provenance": "human"} for i in range(30)]
    found = report(counted([*known, *({**row, "provenance": "a web site"} for row in known[:10])]))
    share = found.metrics["share_human"]
    assert (share.low, share.high) == (0.75, 1.0)
    assert found.metrics["share_verified"].high == 0.25


def test_one_class_has_no_error_but_a_bound_on_what_was_not_seen():
    found = report(counted({"family": "f", "level": 1} for _ in range(100)))
    assert (found.metrics["entropy"].value, found.metrics["entropy"].se) == (0.0, None)
    assert found.metrics["unseen"].high == pytest.approx(1 - 0.05**0.01)
    assert "all rows lie in one cell" in found.metrics["entropy"].note


def test_fewer_rows_than_cells_is_said_and_no_verdict_is_given():
    reference = counted(({"id": i} for i in range(300)), Columns(cells=("id",)))
    found = report(counted(({"id": i * 7} for i in range(40)), Columns(cells=("id",))), reference)
    assert found.metrics["narrows"].value is None
    assert "too few" in found.metrics["narrows"].note
    assert found.metrics["drift_budget"].value is None
    assert any("fewer than 5 a cell" in note for note in found.notes)
    assert found.metrics["chao1"].high is None


@pytest.mark.parametrize("weight", [float("nan"), -1.0, float("inf"), "heavy", None])
def test_a_weight_that_is_none_is_refused(write, weight):
    found = [{**row, "w": weight} for row in rows(5)]
    with pytest.raises(UserError, match="weights are finite and not negative"):
        counted(found, Columns(weight="w"))
    with pytest.raises(UserError, match="weights are finite and not negative"):
        monitor_of(str(write("a.parquet", found)), Columns(weight="w"))


def test_a_reference_with_other_columns_is_one_message(synth, write):
    data, other = write("a.jsonl", rows(20)), write("b.jsonl", [{"topic": "sums"}])
    done = synth("monitor", data, "--reference", other)
    assert (done.exit_code, done.output) == (2, f"synth: {other} has no column 'family'; there are topic\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no rows"),
        ("[1]\n", "is no row"),
        ('{"topic": 1}\n', "name the columns that do, for example --cells topic,difficulty"),
    ],
)
def test_what_cannot_be_measured_is_one_message(synth, tmp_path, content, said):
    path = tmp_path / "a.jsonl"
    path.write_text(content)
    done = synth("monitor", path)
    assert done.exit_code == 2
    assert said in done.output
    assert done.output.count("\n") == 1


def test_a_hub_id_needs_datasets_and_is_read_with_it(synth, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert "pip install 'synth-corpus[hub]'" in synth("monitor", "owner/name").output
    assert "is no id of a Hub dataset" in synth("monitor", "no such file.jsonl").output
    asked, fake = [], ModuleType("datasets")

    def load_dataset(*names, **options):
        asked.append((names, options))
        return rows(50)

    fake.load_dataset = load_dataset
    monkeypatch.setitem(sys.modules, "datasets", fake)
    assert monitor_of("owner/name:main#test").rows == 50
    assert asked == [(("owner/name", "main"), {"split": "test", "streaming": True})]


# ---- conditions ------------------------------------------------------------------------------------------------------

METRICS = {
    "kl": Metric(0.35, 0.02, 0.1),
    "rows": Metric(500),
    "unseen": Metric(0.1, low=0.05, high=0.2),
    "js": Metric(None),
}


@pytest.mark.parametrize(
    ("expression", "holds", "undecided"),
    [
        ("kl > 0.2", True, 0),
        ("kl > 0.3", False, 1),  # 0.05 above, and the bias is 0.1
        ("kl > 0.4", False, 0),
        ("rows == 500", True, 0),
        ("rows<500 or kl>=.2 and rows != 7", True, 0),
        ("rows < 500 and js > 1 or rows > 1e2", True, 0),
        ("unseen > 0.06", False, 1),
        ("unseen > 0.01", True, 0),
    ],
)
def test_a_condition_counts_only_what_is_beyond_bias_and_error(expression, holds, undecided):
    metrics = {**METRICS, "js": Metric(0.0)}
    found = condition.check(condition.parse(expression), metrics)
    assert (found.holds, len(found.undecided)) == (holds, undecided)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "the name of a metric at character 1"),
        ("kl >", "a number at character 5"),
        ("kl 3", "a comparison such as > at character 4"),
        ("kl > 1 2", "`and`, `or` or the end at character 8"),
        ("kl > 1 or", "the name of a metric at character 10"),
        ("__import__('os')", "a metric, a comparison or a number at character 1"),
        ("kl > 1e999", "a finite number at character 6"),
        ("(kl > 1)", "a metric, a comparison or a number at character 1"),
        ("kl > 1 and " * 100 + "kl > 1", "at most 1000 characters"),
    ],
)
def test_what_is_no_condition_is_refused_at_its_place(expression, said):
    with pytest.raises(UserError) as raised:
        condition.parse(expression)
    assert said in str(raised.value)


def test_a_metric_that_is_missing_or_not_known_is_no_success():
    with pytest.raises(UserError, match="did you mean 'kl'"):
        condition.check(condition.parse("kll > 1"), METRICS)
    with pytest.raises(UserError, match="js has no value here"):
        condition.check(condition.parse("js > 1"), METRICS)
    with pytest.raises(UserError, match="needs a --reference"):
        condition.check(condition.parse("narrows == 1"), METRICS)


# ---- the command -----------------------------------------------------------------------------------------------------


def test_the_command_has_exit_codes_for_ci(synth, write):
    data, same = write("a.jsonl", rows(2000, sharper(2), seed=1)), write("b.parquet", rows(2000, seed=2))
    assert synth("monitor", data, "-r", same, "--fail-on", "kl > 0.1").exit_code == 1
    assert synth("monitor", same, "-r", same, "--fail-on", "kl > 0.1 or narrows == 1").exit_code == 0
    assert synth("monitor", data, "--fail-on", "kl > 0.1").exit_code == 2
    found = json.loads(synth("monitor", data, "-r", same, "--fail-on", "narrows == 1", "--json").output)
    assert found["failed"]
    assert found["because"] == ["narrows == 1 (narrows is 1)"]
    assert found["metrics"]["entropy_drop"]["value"] > 1
    assert "NaN" not in json.dumps(found)


def test_the_table_says_each_figure_with_its_error_and_the_verdict(synth, write):
    data, reference = write("a.jsonl", rows(900, sharper(2), seed=1)), write("b.jsonl", rows(900, seed=2))
    said = synth("monitor", data, "-r", reference).output
    for part in ("entropy", "± ", "verified", "secondary", "the data narrows: entropy fell by"):
        assert part in said


# ---- what a run lost -------------------------------------------------------------------------------------------------


def test_the_ledger_of_a_run_adds_up(run, tmp_path, synth):
    export(run, tmp_path / "dataset", rows=30)
    found, told = entropy_ledger(run, tmp_path / "dataset"), status(run)
    sizes = {stage.name: stage.problems for stage in found.stages}
    assert sizes["proposed"] == told.proposed
    assert sizes["deduplicated"] == told.accepted == 60
    assert sizes["exported"] == 30
    for before, stage in zip(found.stages, found.stages[1:], strict=False):
        assert before.problems - stage.problems == sum(stage.lost.values())
        assert stage.information == pytest.approx(log(before.problems / stage.problems))
    assert sum(each.accepted for each in found.acceptance) == 60
    assert all(each.low <= each.accepted / each.proposed <= each.high for each in found.acceptance)
    assert found.pairs == pytest.approx(tuple(told.entropy_nats.values()), abs=1e-4)
    said = json.loads(synth("monitor", run, "--export", tmp_path / "dataset", "--json").output)
    assert [stage["stage"] for stage in said["ledger"]["stages"]] == list(sizes)
    assert said["metrics"]["share_grammar_solver"]["value"] == 1.0
    assert "acceptance by cell" in synth("monitor", run).output


def test_an_export_of_another_run_or_of_none_is_refused(run, write, synth):
    other = write("a.jsonl", ({"family": "knights", "level": 1} for _ in range(99)))
    with pytest.raises(UserError, match="it is no export of it"):
        entropy_ledger(run, other)
    assert "--export is for a run" in synth("monitor", other, "--export", other).output


# ---- checkers --------------------------------------------------------------------------------------------------------


def golden(*names):
    for name in names:
        yield from map(json.loads, (GOLDEN / f"{name}.jsonl").read_text("utf-8").splitlines())


def test_the_kernel_keeps_what_is_right_and_none_of_the_mutants():
    found = calibrate(golden("knights", "lattice_paths", "polynomial_factor", "entailment"))
    assert found.right == found.right_kept > 50
    assert found.wrong_kept == 0
    assert found.purity(0.5) > 0.9


def test_a_checker_that_keeps_everything_is_found_out():
    found = calibrate(golden("knights"), check=lambda theory, claim, certificate: True)
    assert found.wrong_kept == found.wrong
    assert found.purity(0.5) < 0.5


def test_a_mutant_of_a_solution_has_another_value_in_one_place():
    for row in golden("knights"):
        for _, claim, _ in claims_of(row):
            wrong = mutated(row, claim, Random(1))
            assert wrong is not None
            changed = {(each[1], each[2]) for each in wrong.goal[1:]} ^ {(each[1], each[2]) for each in claim.goal[1:]}
            assert len(changed) == 2
            assert len({name for name, _ in changed}) == 1


def test_purity_is_bayes_rule_at_the_ends_of_the_intervals():
    exact = Calibration(10**7, 9 * 10**6, 10**7, 10**6)
    assert exact.purity(0.5) == pytest.approx(0.9, abs=1e-3)
    assert Calibration(10**7, 7 * 10**6, 10**7, 3 * 10**6).purity(0.5) == pytest.approx(0.7, abs=1e-3)
    assert Calibration(0, 0, 0, 0).purity(0.5) == 0.0
    with pytest.raises(ValueError, match="lies in 0 to 1"):
        exact.purity(1.5)


# ---- text ------------------------------------------------------------------------------------------------------------


def test_views_of_text_are_of_a_fixed_amount_or_not_given():
    few = text.views([(0.1, "one two three")])
    assert all(metric.value is None and "secondary" in metric.note for metric in few.values())
    same = text.views([(i / 300, "the same words again and again " * 20) for i in range(256)])
    other = text.views([(i / 300, " ".join(str(i * 7919 + j * j) for j in range(100))) for i in range(256)])
    assert same["vendi"].value == pytest.approx(1.0)
    assert same["self_repetition"].value == 1.0 > other["self_repetition"].value
    assert other["vendi"].value > 1.1
    assert same["compression"].value > 10 > other["compression"].value


def test_vendi_of_order_two_is_the_formula_and_counts_what_is_unlike():
    assert text.vendi(["aaaa", "aaaa", "zzzz", "zzzz"]) == pytest.approx(2.0, abs=1e-6)
