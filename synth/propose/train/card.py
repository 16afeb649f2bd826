"""The model card: every figure in it is read from what the training and the exam wrote."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from synth.errors import UserError
from synth.propose.train.exam import Posed, Solved, posed_of, solved_of
from synth.propose.weights import CARD, EXAM, LESSONS, facts, worth


def card(folder: Path) -> str:
    """Return the card of a trained model as Markdown; `lessons.json` and `exam.json` must lie beside its weights."""
    return text(facts(folder, LESSONS), facts(folder, EXAM))


def write(folder: Path, exam: dict[str, Any]) -> None:
    """Put an exam beside the weights, and the card made from it."""
    (folder / EXAM).write_text(json.dumps(exam, indent=1) + "\n", encoding="utf-8")
    (folder / CARD).write_text(card(folder), encoding="utf-8")


def text(lessons: dict[str, Any], exam: dict[str, Any]) -> str:
    """Return the card from what the training and the exam say; raise `UserError` where these are no such things."""
    try:
        return _text(lessons, exam)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{LESSONS} and {EXAM} are not what a training and an exam write ({type(error).__name__}: {error}); "
            "make them anew with: synth model train, synth model card --exam"
        ) from error


def _text(lessons: dict[str, Any], exam: dict[str, Any]) -> str:
    solved = [solved_of(row) for row in exam["solve"]]
    posed = [posed_of(row) for row in exam["pose"]]
    return "\n".join(
        [
            "---",
            "license: apache-2.0",
            "library_name: transformers",
            "pipeline_tag: text-generation",
            "tags: [synth, symbolic, llama]",
            "---",
            "",
            "# The bundled proposer of Synth",
            "",
            *_summary(lessons, worth(exam)),
            "",
            "## Solving problems it has not seen",
            "",
            *_solving(exam, solved),
            "",
            "## Composing problems",
            "",
            *_posing(posed),
            "",
            "## Training",
            "",
            *_training(lessons),
            "",
            "## Limits",
            "",
            *_limits(solved, worth(exam)),
            "",
        ]
    )


def _summary(lessons: dict[str, Any], known: dict[str, tuple[int, ...]]) -> Iterable[str]:
    cost, recipe = lessons["training"], lessons["recipe"]
    yield (
        f"A language model of {cost['parameters']:,} parameters, trained from nothing on problems that the grammars of "
        "Synth drew and its solvers answered. It writes steps and an answer to a problem, or a whole problem, in the "
        "formal language of a family. Nothing it writes is believed: provers decide."
    )
    yield ""
    yield (
        f"It is a plain Llama of transformers ({recipe['layers']} layers of width {recipe['width']}, "
        f"{recipe['heads']} heads, a vocabulary of {cost['vocabulary']}, tied embeddings, float16 safetensors) and "
        "loads with `AutoModelForCausalLM` and `AutoTokenizer`; no code comes with it."
    )
    yield ""
    said = ", ".join(f"{name} (levels {', '.join(map(str, levels))})" for name, levels in sorted(known.items()))
    yield f"It knows: {said or 'nothing'}. It knows a level where 8 tries solve at least 10 % of the problems."


def _solving(exam: dict[str, Any], rows: Sequence[Solved]) -> Iterable[str]:
    yield (
        f"Drawn from seed {exam['seed']}, which no lesson comes from; a problem that occurs among the lessons was "
        f"dropped ({sum(len(row.dropped) for row in rows)} were). {exam['samples']} replies to each problem at "
        f"temperature {exam['temperature']:g}, nothing masked. *valid*: the reply ends and all of it parses. *pass@k*: "
        "within k tries a reply whose answer and steps are all proved (unbiased estimate). *gap closed*: "
        "(pass@8 − pass@1) / (1 − pass@1). "
        "*guessing*: pass@8 of answers of other problems, fitted to this one; without steps, so that it counts only "
        "where a family has none. *counts*: pass@1 in 0.2–0.7, at least 60 % of the gap closed, not guessable."
    )
    yield ""
    yield (
        "| family | level | problems | valid % | pass@1 % | 95 % interval | pass@8 % | pass@16 % | gap closed % | "
        "guessing % | steps proved | tokens a reply | counts |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|--:|---|"
    for row in rows:
        low, high = row.pass_1_interval
        yield (
            f"| {row.family} | {row.level} | {row.problems} | {_share(row.valid)} | {_share(row.pass_at.get('1'))} | "
            f"{_share(low)}–{_share(high)} | {_share(row.pass_at.get('8'))} | {_share(row.pass_at.get('16'))} | "
            f"{_share(row.gap_closed)} | {_share(row.guessing)} | {'all' if row.steps else 'has none'} | "
            f"{row.tokens:.0f} | {'yes' if row.counts() else 'no'} |"
        )
    yield ""
    families = sorted({row.family for row in rows if row.counts()})
    valid = sum(row.valid * row.problems for row in rows) / max(1, sum(row.problems for row in rows))
    yield (
        f"Valid in all: {_share(valid)} %. Families with a level that counts: {len(families)}"
        f"{' (' + ', '.join(families) + ')' if families else ''}. Intervals are Wilson's with one trial a problem."
    )


def _posing(rows: Sequence[Posed]) -> Iterable[str]:
    yield (
        "One reply to each pair of features, at temperature 1, nothing masked. *accepted*: the solver answers the "
        "problem and every claim of the row is proved. *off cell*: accepted problems without both features. "
        "*repeated*: problems that occur among the lessons."
    )
    yield ""
    yield "| family | level | asked | valid % | accepted % | 95 % interval | off cell % | repeated % |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    for row in rows:
        low, high = row.accepted_interval
        repeated = "not known" if row.repeated is None else _share(row.repeated)
        yield (
            f"| {row.family} | {row.level} | {row.asked} | {_share(row.valid)} | {_share(row.accepted)} | "
            f"{_share(low)}–{_share(high)} | {_share(row.off_cell)} | {repeated} |"
        )


def _training(lessons: dict[str, Any]) -> Iterable[str]:
    cost, recipe = lessons["training"], lessons["recipe"]
    yield (
        f"{cost['steps']:,} steps, {cost['tokens']:,} tokens, {cost['seconds']:,.0f} CPU-seconds on one thread; "
        f"{cost['lessons']:,} lessons of seed {recipe['seed']} "
        f"({cost['too_long']:,} longer than {recipe['longest']} tokens were dropped). The last hundred steps had a "
        f"loss of {cost['loss']:.3f} nats a token that is asked for. Made by `synth model train --out DIR`, with "
        f"{', '.join(f'{name} {number}' for name, number in sorted(lessons['versions'].items()))}. Another processor "
        "or version rounds otherwise and gives other weights of the same kind."
    )
    if said := lessons.get("remark"):
        yield ""
        yield said
    for number, stage in enumerate(recipe["stages"], 1):
        yield ""
        yield (
            f"Stage {number}: {stage['steps']:,} steps of {stage['parts']} batch{'es' * (stage['parts'] > 1)}; "
            f"{100 * stage['pose_share']:.0f} % of the lessons compose a problem."
            + (f" The rate falls as if there were {stage['horizon']:,} steps." if stage["horizon"] else "")
        )
        if stage["mix"]:
            yield ""
            yield "| family | lessons a level |"
            yield "|---|---|"
        for name, levels in sorted(stage["mix"].items()):
            yield f"| {name} | {', '.join(f'{level}: {count:,}' for level, count in sorted(levels.items()))} |"


def _limits(rows: Sequence[Solved], known: dict[str, tuple[int, ...]]) -> Iterable[str]:
    yield "- It reads and writes the formal languages of these families only; it knows no English."
    yield "- Families and levels that are not in the tables were never taught: the sampler and the solver do them."
    poor = [f"{row.family} {row.level}" for row in rows if row.level not in known.get(row.family, ())]
    if poor:
        yield f"- Taught, but hardly learnt: {', '.join(poor)}."
    guessable = [f"{row.family} {row.level}" for row in rows if row.guessing > 0.2]
    if guessable:
        yield f"- Answers can be guessed (pass@8 of guessing over 20 %): {', '.join(guessable)}."
    yield "- Longer problems than it was taught (about 500 tokens with the reply) are out of its reach."


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"
