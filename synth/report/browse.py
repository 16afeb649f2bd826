"""What a page shows of single rows and of refused candidates: bounded samples, long texts cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth.report.measures import NAME_CHARACTERS
from synth.report.sample import Sample, cut

ROWS_EACH = 64  # of a family and level, at most
REFUSED_EACH = 12  # of a family, stage and reason, with and without a counterexample
LONG, SHORT = 4_000, 1_500  # characters that are shown of a question or a theory, and of a certificate
CLAIMS = 40  # of a row that are shown


class Samples:
    """A sample of rows by family and level, and one of refused candidates by family, stage and reason."""

    def __init__(self) -> None:
        self._rows = Sample(ROWS_EACH)
        self._refused = Sample(REFUSED_EACH)

    def row(self, row: Mapping[str, Any]) -> None:
        """Look at a row."""
        self._rows.offer((row["family"], row["level"]), row["id"], lambda: shown_row(row))

    def refusal(self, row: Mapping[str, Any]) -> None:
        """Look at a refused candidate."""
        stratum = (row["family"], row["stage"], row["reason"], "" if row["counterexample"] else "without")
        key = f"{row['family']} {row['level']} {row['index']} {row['formal_answer']} {row['text']}"
        self._refused.offer(stratum, key, lambda: shown_refusal(row))

    def rows(self, max_bytes: int) -> dict[str, Any]:
        """Return the sample of rows: `shown` of `of`, and the `items`."""
        return _sampled(self._rows, max_bytes)

    def refusals(self, max_bytes: int) -> dict[str, Any]:
        """Return the sample of refused candidates: `shown` of `of`, and the `items`."""
        return _sampled(self._refused, max_bytes)


def _sampled(sample: Sample, max_bytes: int) -> dict[str, Any]:
    items = sample.chosen(max(0, max_bytes - 100))
    return {"shown": len(items), "of": sample.seen, "items": items}


def shown_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a page shows of a row; all of it text, cut where it is long."""
    made_by = row["provenance"]
    claims = [
        {
            "role": cut(claim["role"], NAME_CHARACTERS),
            "form": cut(claim["form"], NAME_CHARACTERS),
            "from": cut(" ".join(claim["premises"]), SHORT),
            "goal": cut(claim["goal"], SHORT),
            "grade": claim["grade"],
            "certificate": cut(certificate, SHORT),
        }
        for claim, certificate in list(zip(row["claims"], row["certificates"], strict=True))[:CLAIMS]
    ]
    return {
        "id": row["id"],
        "family": cut(row["family"], NAME_CHARACTERS),
        "kind": cut(row["kind"], NAME_CHARACTERS),
        "level": row["level"],
        "split": row["split"],
        "language": row["language"],
        "question": cut(row["question"], LONG),
        "answer": cut(row["answer"], LONG),
        "solution": cut("\n".join(message["content"] for message in row["completion"]), LONG),
        "steps": len(row["steps"]),
        "formal": cut(row["formal"], LONG),
        "theory": cut(row["theory"], LONG),
        "claims": claims,
        "claims_of": len(row["claims"]),
        "made_by": cut(f"{made_by['source']}, {made_by['model'] or made_by['proposer']}", NAME_CHARACTERS),
        "source": f"{cut(row['family'], NAME_CHARACTERS)}/{row['level']}/{made_by['index']}",
    }


def shown_refusal(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a page shows of a refused candidate; all of it text, cut where it is long."""
    names = ("formal", "formal_answer", "text", "detail", "counterexample")
    return {
        "family": cut(row["family"], NAME_CHARACTERS),
        "level": row["level"],
        "stage": cut(row["stage"], NAME_CHARACTERS),
        "reason": cut(row["reason"], NAME_CHARACTERS),
        **{name: cut(row[name], SHORT) for name in names},
        "made_by": cut(row["model"] or row["proposer"], NAME_CHARACTERS),
        "source": f"{cut(row['family'], NAME_CHARACTERS)}/{row['level']}/{row['index']}",
    }
