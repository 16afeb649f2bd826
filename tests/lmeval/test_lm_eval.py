"""lm-evaluation-harness runs the exported task, offline, with its dummy model; right answers score."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synth.consumers import lm_eval, needed
from synth.errors import UserError
from tests.consumers_page import make_run, run_commands

OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lmeval")
    make_run(folder)
    return folder


def test_the_lines_of_the_page_run_and_give_a_number(place: Path) -> None:
    *_, said = run_commands("lm-evaluation-harness", place, HF_HOME=str(place / "cache"), **OFFLINE)
    assert re.search(r"\|synth\s*\|\s*1(\.0)?\|none\s*\|\s*0\|proved\s*\|↑\s*\|\s*0\|", said), said


def test_the_stored_answers_score_and_the_questions_do_not(place: Path) -> None:
    docs = lm_eval.dataset(place / "dataset" / "lm-eval")["test"]
    assert len(docs) > 0
    for doc in docs:
        assert lm_eval.process_results(doc, [f"So the answer is {doc['answer']}."]) == {"proved": 1.0}
        assert lm_eval.process_results(doc, [doc["question"]]) == {"proved": 0.0}


def test_a_harness_that_is_too_old_is_one_message(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needed, "version", lambda package: "0.4.2")
    with pytest.raises(UserError, match=r"lm-eval 0\.4\.2 is too old, 0\.4\.9 or later"):
        lm_eval.dataset(place / "dataset" / "lm-eval")
