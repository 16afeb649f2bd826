"""Does a whole corpus hold duplicates, and does its split leak? Looked at by tools that share no code with `synth`.

A run of all families is made in a temporary folder, two workers. Its rows are then compared, family by family, as
`benchmarks/alike.py` says: once as formal texts and twice as theories. So that the comparison could fail, renamed and
reordered copies of some rows, and copies with one number changed, are put among the rows; all of the first and none of
the second have to be found. The split is audited by the command itself.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.alike import (
    SMALL,
    Found,
    compare,
    formal_reading,
    keywords,
    scrambled_formal,
    scrambled_theory,
    theory_reading,
)
from benchmarks.measure import Options, Table
from synth.recheck.canonical import canonical
from synth_kernel.claims import Theory

WORKERS = 2
PLANTED = 40  # rows of a family whose copies are put among the rows
FOUND = ("rows", "equal_keys", "equal_texts", "equal_questions", "alike_formal", "alike_theory", "alike_as_lists",
         "tried_formal", "tried_theory", "unsure")  # fmt: skip
CONTROLS = ("planted", "found", "scrambled", "key_kept", "near_misses", "called_alike", "key_equal")


@dataclass(frozen=True)
class Checked:
    """What was found of one family, by the columns of the tables."""

    facts: Mapping[str, int]
    examples: tuple[str, ...]  # of rows that are alike


def measure(options: Options) -> Iterator[Table]:
    """Make a corpus, and yield what its comparison and the audit of its split say."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(options.corpus or Path(folder) / "corpus")
        if not options.corpus:
            make(options, place)
        rows = read(place)
        audit = audited(place)
    checked = {name: check(name, found, options.seed) for name, found in rows.items()}
    total: Counter[str] = Counter()
    for each in checked.values():
        total.update(each.facts)
    facts = {**{name: each.facts for name, each in checked.items()}, "all": total}
    yield Table(
        "corpus",
        f"Duplicates among {total['rows']:,} rows of all families",
        ("family", *FOUND),
        tuple((name, *[found[column] for column in FOUND]) for name, found in facts.items()),
        (
            "alike: like an earlier row up to names and order, read as formal text, as theory, and as theory with "
            "sums and products as lists, however they are bracketed.",
            "tried: rows so small that every renaming of them was tried. Of the others all pairs that are equal with "
            "all names alike are compared by a search; unsure are those where it was cut off.",
            *[text for each in checked.values() for text in each.examples],
        ),
    )
    yield Table(
        "corpus_controls",
        "Does the comparison find what is planted, and only that?",
        ("family", *CONTROLS),
        tuple((name, *[found[column] for column in CONTROLS]) for name, found in facts.items()),
        (
            f"planted: renamed and reordered copies of up to {PLANTED} rows, of formal text and theory; found by the "
            "comparison. scrambled: the theories among them, and how many keep their canonical key.",
            "near_misses: theories with one number changed; called alike by the comparison; with an equal key.",
        ),
    )
    yield Table(
        "corpus_split",
        "The split of the same rows, by `synth graph audit-split`",
        ("split_by", "train", "test", "components", "largest", "crossing", "misplaced"),
        ((", ".join(audit["by"]), audit["rows"].get("train", 0), audit["rows"].get("test", 0), audit["components"],
          audit["largest"], audit["crossed"], audit["misplaced"]),),
        (f"components over {', '.join(audit['edges'])}; crossing: with rows on both sides.",),
    )  # fmt: skip


def make(options: Options, place: Path) -> None:
    """Make the corpus as `synth generate` does."""
    from synth.run.rounds import generate
    from synth.run.start import recipe_for

    recipe = recipe_for(None, place, rows=options.corpus_rows, families=list(options.families), seed=options.seed)
    generate(recipe, place, workers=WORKERS)


def read(place: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each family."""
    import pyarrow.parquet as pq

    found: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(place.glob("rows-*.parquet")):
        for row in pq.read_table(file, columns=["family", "problem", "formal", "theory", "question"]).to_pylist():
            found.setdefault(row["family"], []).append(row)
    return dict(sorted(found.items()))


def audited(place: Path) -> dict[str, Any]:
    """Return what the command says of the split; it fails where one component crosses."""
    done = subprocess.run(
        [sys.executable, "-m", "synth", "graph", "audit-split", str(place), "--json"], capture_output=True, text=True
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"synth graph audit-split ended with {done.returncode}: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# ---- the rows of one family ------------------------------------------------------------------------------------------


def check(name: str, rows: Sequence[Mapping[str, Any]], seed: int) -> Checked:
    """Compare the rows of one family with each other, and with planted copies."""
    known = known_words(name)
    formal = [formal_reading(row["formal"], known) for row in rows]
    theory = [theory_reading(row["theory"]) for row in rows]
    lists = [theory_reading(row["theory"], lists=True) for row in rows]
    rng = Random(seed)
    chosen = rng.sample(range(len(rows)), min(PLANTED, len(rows)))
    sown = planted(rows, chosen, known, rng)
    found = (
        compare([*formal, *[formal_reading(text, known) for text in sown.formal]]),
        compare([*theory, *map(theory_reading, sown.theory), *[theory_reading(text) for _, text in sown.near]]),
        compare(lists),
    )
    own = [[group for group in each.among(len(rows)) if len(group) > 1] for each in found]
    duplicates = [sum(len(group) - 1 for group in groups) for groups in own]
    near = {place: len(rows) + len(chosen) + number for number, (place, _) in enumerate(sown.near)}
    copies = {place: len(rows) + number for number, place in enumerate(chosen)}
    facts = {
        "rows": len(rows),
        **{f"equal_{what}": len(rows) - len({row[column] for row in rows})
           for what, column in (("keys", "problem"), ("texts", "formal"), ("questions", "question"))},
        "tried_formal": sum(reading.renamings <= SMALL for reading in formal),
        "tried_theory": sum(reading.renamings <= SMALL for reading in theory),
        "alike_formal": duplicates[0],
        "alike_theory": duplicates[1],
        "alike_as_lists": duplicates[2],
        "unsure": sum(each.unsure for each in found),
        "planted": 2 * len(chosen),
        "found": sum(_joined(each, copies) for each in found[:2]),
        "scrambled": len(chosen),
        "key_kept": sum(key(text) == rows[i]["problem"] for i, text in zip(chosen, sown.theory, strict=True)),
        "near_misses": len(sown.near),
        "called_alike": _joined(found[1], near),
        "key_equal": sum(key(text) == rows[i]["problem"] for i, text in sown.near),
    }  # fmt: skip
    kinds = ("as formal texts", "as theories", "as lists")
    examples = [
        f"{name}, alike {kind}: {' | '.join(rows[place]['formal'][:120] for place in groups[0][:2])}"
        for kind, groups in zip(kinds, own, strict=True)
        if groups
    ]
    return Checked(facts, tuple(examples))


def known_words(name: str) -> frozenset[str]:
    """Return the keywords of the formal language of a family, from the text of its grammar."""
    from synth.family.registry import families

    package = type(families()[name]).__module__
    return keywords((files(package) / "grammar.lark").read_text(encoding="utf-8"))


def key(text: str) -> str:
    """Return the canonical key of a theory."""
    return canonical(Theory.read(text))[0]


@dataclass(frozen=True)
class Planted:
    """Copies of chosen rows: scrambled formal texts, scrambled theories, and (row, theory) with another number."""

    formal: list[str]
    theory: list[str]
    near: list[tuple[int, str]]


def planted(rows: Sequence[Mapping[str, Any]], chosen: Sequence[int], known: frozenset[str], rng: Random) -> Planted:
    """Make the copies. A row without a number that can be changed has no near miss."""
    near = []
    for place in chosen:
        text = rows[place]["theory"]
        numbers = list(re.finditer(r"(?<=\s)\d+(?=[\s)])", text))
        if numbers:
            found = rng.choice(numbers)
            near.append((place, f"{text[: found.start()]}{int(found[0]) + 1}{text[found.end() :]}"))
    return Planted(
        [scrambled_formal(rows[place]["formal"], known, rng) for place in chosen],
        [scrambled_theory(rows[place]["theory"], rng) for place in chosen],
        near,
    )


def _joined(found: Found, copies: Mapping[int, int]) -> int:
    """Count the rows that are in one group with their copy."""
    return sum(any(place in group and copy in group for group in found.groups) for place, copy in copies.items())
