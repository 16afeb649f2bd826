"""Answers scored per CPU-second, and how long a hostile one can take."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator, Mapping, Sequence
from time import process_time
from typing import Any

from benchmarks.measure import Options, Table, digits, forget, prepare, quantile, rate, records
from synth.family import Family
from synth.judge.row import row_of
from synth.judge.score import score

HOSTILE = {
    "empty": "",
    "blank": " \n\t" * 5_000,
    "open parentheses": "(" * 10_000,
    "balanced parentheses": "(" * 5_000 + "1" + ")" * 5_000,
    "90 parentheses": "(" * 90 + "1" + ")" * 90,
    "10^5 digits": "7" * 100_000,
    "1,900 digits": "x = " + "7" * 1_900,
    "small fraction": "1/" + "9" * 250,
    "long decimal": "0." + "1" * 60,
    "tower of powers": "2^" * 12 + "2",
    "tower of large powers": "9^9^9^9^9",
    "power of a sum": "(x + 1)^99999",
    "nested powers": "((((x^9 + 1)^9 + 1)^9 + 1)^9 + 1)^9",
    "wide product": " * ".join(f"(x + {n})" for n in range(150)),
    "alternating sum": " + ".join(f"{n}*x^{n}" for n in range(150)),
    "sum of sines": " + ".join(f"sin({n}*x)^2" for n in range(1, 80)),
    "nested functions": "sin(" * 80 + "x" + ")" * 80,
    "nested exponentials": "exp(" * 8 + "x" + ")" * 8,
    "division by zero": "1/0",
    "zero to zero": "x = 0^0",
    "LaTeX bomb": "\\frac{" * 3_000 + "1" + "}{2}" * 3_000,
    "LaTeX fractions": "\\boxed{" + "\\frac{1}{" * 60 + "2" + "}" * 61,
    "unclosed boxes": "\\boxed{" * 3_000,
    "LaTeX roots": "\\sqrt{" * 200 + "2" + "}" * 200,
    "many boxes": "\\boxed{1} " * 2_000,
    "answer is": "the answer is " * 1_500,
    "answer is, no end": "answer" + ":" * 15_000,
    "unclosed tags": "<answer>" * 2_000,
    "many lines": "x = 1\n" * 3_000,
    "ands": " and ".join("x = 1" for _ in range(200)),
    "equals signs": "x " + "= 1 " * 400,
    "bidirectional": "\u202e1 = x\u202c" * 300,
    "combining marks": "x" + "\u0301" * 1_500 + " = 1",
    "mathematical letters": "𝑥 = 𝟑" * 100,
    "unicode digits": "x = ٣٤٥",
    "nul and controls": "x = \x00\x01\x1b[31m3",
    "lone surrogate": "x = \ud800",
    "code": "__import__('os').system('sleep 9')",
    "format": "%s{0}{x!r}" * 500,
    "infinity": "nan, inf, -inf, 1e999999999",
    "markdown": "**" * 5_000 + "1" + "**" * 5_000,
    "commas": "1," * 900,
    "walk": " - ".join(["A", "B"] * 400),
    "comparison chain": " < ".join(map(str, range(400))),
}
REFORMATTED = (
    lambda said: f"The answer is {said}.",
    lambda said: f"**{said}**",
    lambda said: f"$${said}$$",
    lambda said: f"\\boxed{{{said}}}",
    lambda said: f"Let me think.\nFirst I try, then I look again.\n\nFinal answer: {said}",
    lambda said: re.sub(r"\b(\d+)/(\d+)\b", r"\\frac{\1}{\2}", said),
    lambda said: said.replace("-", "−").replace("*", "·"),
    lambda said: f"<answer>{said}</answer>",
)
LIMIT_MS = 20


def measure(options: Options) -> Iterator[Table]:
    """Yield the table of scoring rates and that of hostile answers."""
    rates: list[tuple[object, ...]] = []
    hostile: list[tuple[object, ...]] = []
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
    for name, family in options.families.items():
        prepare(family)
        rows = [row_of(record) for record in records(family, options.seconds / 4, options.seed, least=2)]
        rates.append((name, *_rates(family, rows)))
        hostile.append((name, *_hostile(family, rows, options.seconds / 2)))
    started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt - children
    yield Table(
        "score",
        "Answers scored per CPU-second",
        ("family", "rows", "first_answer", "eight_answers", "right", "wrong", "reformatted", "right_scored_1_%",
         "reformatted_scored_1_%", "wrong_scored_1"),
        tuple(rates),
        (
            "first_answer: one answer (right, wrong, reformatted in turn) for each row, whose problem has to be parsed "
            "(target 2,000); eight_answers: eight for each row, as in training. The other rates are of known rows.",
            "wrong is the answer of another row, which may be right here too where many answers are.",
            f"Processes that scoring started and waited for: {'none' if not started else 'SOME'}.",
        ),
    )  # fmt: skip
    yield Table(
        "hostile",
        "Hostile answers, milliseconds",
        ("family", "answers", "median_ms", "p99_ms", "max_ms", "worst", "target", "scored_1", "raised"),
        tuple(hostile),
        (
            f"{len(HOSTILE)} texts, most also boxed, against a row of each level. worst: the slowest texts. scored_1 "
            "names the texts that scored 1: only one that happens to be the answer may be there. raised: "
            "none may be.",
        ),
    )


def _clocked(family: Family, pairs: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[float, int]:
    """Return the answers a CPU-second and how many scored 1."""
    started = process_time()
    right = sum(score(family, answer, row).score for answer, row in pairs)
    return rate(len(pairs), process_time() - started), right


def _rates(family: Family, rows: list[dict[str, Any]]) -> Iterator[object]:
    completions = [row["completion"][-1]["content"] for row in rows]
    right = list(zip(completions, rows, strict=True))
    others = [*rows[1:], rows[0]]
    wrong = [
        (other["completion"][-1]["content"], row)
        for other, row in zip(others, rows, strict=True)
        if _meant(family, other["formal_answer"], row) != _meant(family, row["formal_answer"], row)
    ]
    changed = [(REFORMATTED[i % len(REFORMATTED)](row["answer"]), row) for i, row in enumerate(rows)]
    kinds = (right, [*wrong, *right[: len(right) - len(wrong)]], changed)
    forget()
    first = [kinds[i % 3][i] for i in range(len(rows))]
    yield len(rows)
    yield _clocked(family, first)[0]
    forget()
    turns = [[(other[0], row) for other in (right[i], *(kinds[k % 3][i] for k in range(7)))]
             for i, row in enumerate(rows)]  # fmt: skip
    yield _clocked(family, [pair for turn in turns for pair in turn])[0]
    known = right[:900]  # the scorer remembers about a thousand problems
    _clocked(family, known)
    figures = [_clocked(family, pairs[:900]) for pairs in (right, wrong, changed) if pairs]
    figures = figures if len(figures) == 3 else [figures[0], (0, 0), figures[1]]
    yield from (figure[0] for figure in figures)
    yield digits(100 * figures[0][1] / len(known))
    yield digits(100 * figures[2][1] / len(changed[:900]))
    yield figures[1][1]


def _meant(family: Family, formal_answer: str, row: Mapping[str, Any]) -> object:
    """Return the term that an answer means for a row; None where it is no answer to it."""
    try:
        return family.problem(row["formal"])[1].answer(family.formal.read(formal_answer, "solution"))
    except ValueError:
        return None


def _hostile(family: Family, rows: list[dict[str, Any]], seconds: float) -> Iterator[object]:
    texts = dict(HOSTILE)
    for name, text in HOSTILE.items():
        if not name.startswith(("LaTeX", "unclosed", "many", "blank", "empty")):
            texts[f"{name}, boxed"] = f"\\boxed{{{text}}}"
    chosen = list({row["level"]: row for row in rows}.values())
    times: list[tuple[float, str]] = []
    fooled: set[str] = set()
    raised: set[str] = set()
    began = process_time()
    for row in chosen:
        score(family, "", row)
        # what an attacker would build from the row itself
        own = {"repeated answer": f"{row['answer']} " * 50, "nested answer": "(" * 40 + row["answer"] + ")" * 40,
               "question": row["question"], "formal": row["formal"]}  # fmt: skip
        for name, text in (texts | own).items():
            if process_time() - began > seconds * 4:
                break
            started = process_time()
            try:
                if score(family, text, row).score and name != "nested answer":
                    fooled.add(name)
            except Exception as error:  # a scorer is total: this is a fault to report
                raised.add(f"{name} ({type(error).__name__})")
            times.append((1e3 * (process_time() - started), name))
    spent = [time for time, _ in times]
    yield len(times)
    yield digits(quantile(spent, 0.5))
    yield digits(quantile(spent, 0.99))
    yield digits(max(spent))
    slowest = dict(sorted((name, time) for time, name in sorted(times)))
    worst = sorted(slowest, key=slowest.__getitem__, reverse=True)[:3]
    yield "; ".join(f"{name} {digits(slowest[name])}" for name in worst)
    yield LIMIT_MS
    yield ", ".join(sorted(fooled)) or "none"
    yield ", ".join(sorted(raised)) or "none"
