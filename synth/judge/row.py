"""A record as a row: the export contract, in the order of the columns. Arrow types are fixed in `synth.run.schema`."""

from __future__ import annotations

import json
from typing import Any

from synth.records import Record
from synth_kernel.terms import write


def row_of(record: Record) -> dict[str, Any]:
    """Return the row of a record as plain data: text, integers, lists and dicts of them."""
    source = record.source
    claims = [
        {
            "id": evidence.id,
            "role": evidence.claim.role,
            "form": evidence.claim.form,
            "premises": list(evidence.claim.premises),
            "goal": write(evidence.claim.goal),
            "grade": evidence.grade,
        }
        for evidence in record.evidence
    ]
    return {
        "problem": record.problem,
        "id": record.id,
        "family": record.family,
        "kind": record.kind,
        "level": record.level,
        "features": list(record.features),
        "split": record.split,
        "prompt": [dict(message) for message in record.prompt],
        "answer_format": record.answer_format,
        "language": record.language,
        "question": record.question,
        "reading": record.reading,
        "answer": record.answer,
        "completion": [dict(message) for message in record.completion],
        "formal": record.formal,
        "formal_answer": record.formal_answer,
        "theory": record.theory,
        "claims": claims,
        "certificates": [json.dumps(e.certificate, separators=(",", ":"), sort_keys=True) for e in record.evidence],
        "steps": [
            {"id": step.id, "formal": step.formal, "parents": list(step.parents), "rule": step.rule}
            for step in record.steps
        ],
        "pass_rate": [],
        "provenance": {
            "source": source.kind,
            "proposer": source.proposer,
            "model": source.model,
            "temperature": source.temperature,
            "seed": source.seed,
            "index": source.index,
            "round": source.round,
            "generation": source.generation,
            "versions": json.dumps(dict(record.versions), sort_keys=True, separators=(",", ":")),
        },
    }
