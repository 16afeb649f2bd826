"""A task of lm-evaluation-harness: the problems as documents, the task file, and the module it calls.

`lm_eval run --include_path OUT/lm-eval --tasks synth` finds all of it; the number is the share of proved answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from synth.export.formats.format import Around, Format, Row, Written, columns, common

_SCORED_BY = ("language", "formal", "formal_answer")
_TASK = """\
# Problems with answers that are scored by proof; needs synth-corpus[lm-eval].
task: synth
custom_dataset: !function synth_task.dataset
test_split: test
output_type: generate_until
description: {description}
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
process_results: !function synth_task.process_results
generation_kwargs:
  until: []
  do_sample: false
  max_gen_toks: 2048
metric_list:
  - metric: proved
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1.0
"""
_MODULE = '''\
"""What synth.yaml calls: the rows beside this file, and the scorer."""

from pathlib import Path

from synth.consumers import lm_eval

process_results = lm_eval.process_results


def dataset(**_):
    return lm_eval.dataset(Path(__file__).parent)
'''


def _rows(row: Row, around: Around) -> Iterator[dict[str, Any]]:
    yield {
        **common(row),
        "question": row["prompt"][-1]["content"],
        "answer": row["answer"],
        **{name: row[name] for name in _SCORED_BY},
    }


def _files(written: Written) -> Mapping[str, str]:
    system = written.recipe.prompt.system
    description = json.dumps(system + "\n\n" if system else "", ensure_ascii=False)
    return {"synth.yaml": _TASK.format(description=description), "synth_task.py": _MODULE}


FORMAT = Format(
    "lm-eval",
    "A task of lm-evaluation-harness: documents, `synth.yaml` and the module that it calls.",
    columns(("question", pa.string()), ("answer", pa.string()), *((name, pa.string()) for name in _SCORED_BY)),
    _rows,
    _files,
)
