"""What the bundled proposer can do: its exam, and the same exam taken again on fewer problems."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from statistics import fmean

from benchmarks.measure import Options, Table, digits
from synth.propose.train.exam import Solved, solved_of
from synth.propose.weights import EXAM, bundled_folder, facts

VALID = 98.0  # %, the target for unmasked replies
FAMILIES = 6  # the target for families with a level that counts
PROBLEMS, SAMPLES = 10, 8  # of the exam that is taken again


def measure(options: Options) -> Iterator[Table]:
    """Yield the table of the exam that came with the weights, and that of a small one taken now, where torch is."""
    found = facts(bundled_folder(), EXAM)
    rows = [solved_of(row) for row in found["solve"] if row["family"] in options.families]
    if rows:
        yield _table("bundled", "The bundled proposer on held-out problems, nothing masked", rows)
    if rows and find_spec("torch") and find_spec("transformers"):
        from synth.propose.train.start import sit_exam

        again = sit_exam(
            bundled_folder(), problems=PROBLEMS, samples=SAMPLES, only=sorted({row.family for row in rows})
        )
        yield _table("bundled_again", "The same exam again, small", [solved_of(row) for row in again["solve"]])


def _table(name: str, title: str, rows: list[Solved]) -> Table:
    lines = tuple(
        (
            row.family,
            row.level,
            row.problems,
            row.samples,
            digits(100 * row.valid),
            digits(100 * row.pass_at["1"]),
            digits(100 * row.pass_at["8"]),
            digits(100 * row.gap_closed),
            digits(100 * row.guessing),
            "all proved" if row.steps else "none",
            "yes" if row.counts() else "no",
        )
        for row in rows
    )
    counted = sorted({row.family for row in rows if row.counts()})
    return Table(
        name,
        title,
        ("family", "level", "problems", "samples", "valid_%", "pass_1_%", "pass_8_%", "gap_closed_%", "guessing_8_%",
         "steps", "counts"),
        lines,
        (
            f"Valid in all: {digits(100 * fmean(row.valid for row in rows))} % (target {VALID:g}).",
            f"Families with a level that counts: {len(counted)} of {FAMILIES} aimed at"
            f"{' (' + ', '.join(counted) + ')' if counted else ''}. A level counts where pass@1 lies in 0.2 to 0.7, "
            "pass@8 closes at least 60 % of the gap to 1, and answers cannot be guessed (pass@8 of guessing at most "
            "20 %) or all steps are proved.",
        ),
    )  # fmt: skip
