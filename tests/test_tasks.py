"""The exports for evaluators: what lies beside their tables is enough to score and to check each row."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
import yaml

from synth.consumers.lm_eval import process_results
from synth.export.formats import FORMATS, Around, Written
from synth.family.registry import families
from synth.recheck.rows import Package
from synth.records import Source
from synth.run.batch import make_one
from synth.run.recipe import resolve

RECIPE = resolve({"families": {"linear_system": {"levels": [1]}}}, "test", families())
ROW = make_one(RECIPE, Source("linear_system", 1, 7, 0)).row


def exported(name):
    (made,) = FORMATS[name].rows(ROW, Around(RECIPE))
    assert pa.Table.from_pylist([made], schema=FORMATS[name].schema).to_pylist() == [made]
    return made, FORMATS[name].files(Written(RECIPE, {"train": 1}, ["linear_system"]))


def test_a_row_of_the_taskset_checks_by_the_package_beside_it_and_a_changed_one_does_not():
    made, files = exported("verifiers")
    package, row = Package(json.loads(files["package.json"])), json.loads(made["row"])
    assert package.check(row) == "" != package.check({**row, "answer": "x = 1, y = 1000"})
    compile(files["proved.py"], "proved.py", "exec")


def test_a_document_of_the_harness_is_enough_to_score_a_reply():
    doc, files = exported("lm-eval")
    assert process_results(doc, [f"The answer is {ROW['answer']}."]) == {"proved": 1.0}
    assert process_results(doc, [doc["question"]]) == {"proved": 0.0}
    compile(files["synth_task.py"], "synth_task.py", "exec")


def test_the_task_file_names_only_what_the_module_and_the_rows_have():
    doc, files = exported("lm-eval")

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!function", lambda loader, node: loader.construct_scalar(node))
    task = yaml.load(files["synth.yaml"], Loader)
    assert task["description"] == "Think, then answer.\n\n" and task["metric_list"][0]["metric"] == "proved"
    for key in ("custom_dataset", "process_results"):
        module, name = task[key].split(".")
        assert module == "synth_task" and name in files["synth_task.py"]
    assert {task["doc_to_text"].strip("{}"), task["doc_to_target"].strip("{}")} <= doc.keys()


@pytest.mark.parametrize("name", ["lm-eval", "verifiers"])
def test_they_are_made_only_when_they_are_asked_for(name):
    from synth.export.formats import DEFAULT

    assert name not in DEFAULT
