"""Benchmarks in a run: a problem that one of the recipe's files contains does not become a row.

Rows are compared where batches are merged, in their order, so what is refused depends neither on workers nor on kills.
A hit depends on the row, the files and the families, never on the rows before it: common phrases are discounted by a
fixed sample of what the grammars say. A rejection holds the evidence and the source, which is enough to make the
problem again, but no text: what a benchmark asks stays out of the corpus, also as a negative example. Candidates that
would not have become rows anyway are not compared.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth.errors import UserError
from synth.graph.decontaminate import Benchmark, Contaminants, Evidence, phrasing, sha256

if TYPE_CHECKING:
    from synth.run.ledger import Ledger
    from synth.run.recipe import Recipe

CONTAMINATED = "contaminated"  # the stage of the rejection; the reason is the layer that found it
_KEPT = "benchmarks"  # where the ledger keeps the files and their digests
_TEXTS = ("formal", "formal_answer", "text", "detail", "counterexample")


def contaminants(recipe: Recipe) -> Contaminants | None:
    """Read the files of a recipe, None where it names none; about a millisecond an item. Raise `UserError`."""
    if not recipe.decontaminate:
        return None
    from synth.family.registry import families

    asked = {name: family for name, family in families().items() if name in recipe.families}
    files = [Benchmark(Path(given.file), given.column or None) for given in recipe.decontaminate]
    return Contaminants(files, asked, phrasing(asked.values(), recipe.languages))


def kept(known: Contaminants | None) -> dict[str, str]:
    """Return what the ledger of a new run keeps: files, digests, items, and how many of them a family reads."""
    if known is None:
        return {}
    items = Counter(item.file for item in known.items)
    files = [{"file": file, "sha256": sha, "items": items[number]} for number, (file, sha) in enumerate(known.files)]
    return {_KEPT: json.dumps({"files": files, "read": known.read})}


def check(ledger: Ledger) -> None:
    """Raise `UserError` where a file is not as it was when the run began."""
    for file in facts(ledger).get("files", ()):
        now = sha256(Path(file["file"]))
        if now != file["sha256"]:
            raise UserError(
                f"{file['file']} has changed since the run in {ledger.folder} began (SHA-256 {file['sha256'][:16]}… "
                f"then, {now[:16]}… now); put the old file back, or choose another --out"
            )


def facts(ledger: Ledger) -> dict[str, Any]:
    """Return `{"files": [{"file", "sha256", "items"}], "read"}` of a run, {} where it compares rows with nothing."""
    found = json.loads(ledger.meta(_KEPT) or "{}")
    return found if isinstance(found, dict) else {}


def said(found: Mapping[str, Any], losses: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield what people should know about the benchmarks of a run, in sentences; from `facts` and a status."""
    if not found:
        return
    layers: Counter[str] = Counter()
    for of_family in losses.values():
        for name, n in of_family.items():
            stage, _, layer = name.partition(": ")
            if stage == CONTAMINATED:
                layers[layer] += n
    for file in found["files"]:
        yield f"compared with {file['file']}: {file['items']:,} items, SHA-256 {file['sha256']}"
    by = ", ".join(f"{n:,} by {layer}" for layer, n in sorted(layers.items()))
    yield (
        f"benchmarks: {layers.total():,} problems were refused{f' ({by})' if by else ''}; families of the recipe read "
        f"{found['read']:,} of {sum(file['items'] for file in found['files']):,} items"
    )


def refused(row: Mapping[str, Any], evidence: Evidence) -> dict[str, Any]:
    """Return the rejection of a row that a benchmark contains: where it came from and the evidence, no text."""
    made_by = row["provenance"]
    return {
        "family": row["family"],
        "level": row["level"],
        **{key: made_by[key] for key in ("seed", "index", "round", "proposer", "model")},
        **dict.fromkeys(_TEXTS, ""),
        "stage": CONTAMINATED,
        "reason": evidence.layer,
        "detail": json.dumps(evidence.as_json(), sort_keys=True),
    }


def withheld(tries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rejections of what a model tried on such a problem, without their texts."""
    return [{**each, **dict.fromkeys(_TEXTS, "")} for each in tries]


def evidence_of(rejection: Mapping[str, Any]) -> dict[str, Any]:
    """Return the evidence that a rejection holds, {} for one of another stage."""
    if rejection["stage"] != CONTAMINATED:
        return {}
    found = json.loads(rejection["detail"])
    return found if isinstance(found, dict) else {}
