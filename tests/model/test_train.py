"""Lessons, tokenizer, training loop, exam and card, each on something tiny."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from typer.testing import CliRunner

from synth.cli.model import app
from synth.errors import UserError
from synth.family.registry import families
from synth.propose import prompts, trace
from synth.propose.ask import Reply
from synth.propose.sampler import propose
from synth.propose.train import card, exam, loop
from synth.propose.train.lessons import Lesson, lessons
from synth.propose.train.optimiser import orthogonalised
from synth.propose.train.recipe import Recipe, Stage
from synth.propose.train.start import changed, start
from synth.propose.train.tokens import train_tokenizer
from synth.records import Candidate, Source

STAGE = Stage(20, {"knights": {1: 150}, "linear_system": {1: 150}})
SMALL = Recipe(
    stages=(STAGE,),
    vocabulary=400,
    layers=2,
    width=32,
    heads=2,
    hidden=64,
    batch_tokens=512,
    warmup=4,
)
EACH = Stage(1, {name: dict.fromkeys(levels, 6) for name, levels in Recipe().mix.items()}, pose_share=0.3)


@pytest.fixture(scope="module")
def each_family() -> list[Lesson]:
    return list(lessons(EACH, 1))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    loop.prepare(folder, SMALL)
    loop.train(folder, SMALL)
    return folder


# ---- lessons


def test_lessons_are_the_prompts_that_models_get(each_family: list[Lesson]) -> None:
    for one in each_family:
        family = families()[one.family]
        if one.role == "solve":
            formal = one.prompt.split("\n")[1]
            assert prompts.solve(family, formal).text == one.prompt
        else:
            wanted = one.prompt.strip().split(": ")[1].split(", ")
            assert prompts.pose(family, one.level, wanted).text == one.prompt


def test_lessons_end_in_solutions_and_problems_that_read_back(each_family: list[Lesson]) -> None:
    assert {one.role for one in each_family} == {"solve", "pose"}
    for one in each_family:
        family = families()[one.family]
        if one.role == "solve":
            steps, answer = trace.read(one.completion)
            assert trace.canonical(family, answer, "solution") == answer
            assert (family.method is None) == (steps[0].rule == "answer")
        else:
            assert trace.canonical(family, one.completion, "problem") == one.completion


def test_lessons_are_the_same_again_and_for_any_number_of_workers() -> None:
    small = replace(STAGE, mix={"knights": {1: 20}})
    made = list(lessons(small, 1))
    assert made == list(lessons(small, 1, workers=2)) != list(lessons(small, 2))
    assert not {one.problem for one in made} & {one.problem for one in lessons(replace(small, first=20), 1)}


def test_lessons_and_exams_draw_from_other_seeds(each_family: list[Lesson]) -> None:
    assert Recipe().seed != exam.SEED
    family = families()["linear_system"]
    problems = {one.formal for one in exam.held_out(family, 1, 20, frozenset()) if isinstance(one, exam.Problem)}
    assert not any(one.prompt.split("\n")[1] in problems for one in each_family)


# ---- tokenizer


@pytest.fixture(scope="module")
def tokenizer(each_family: list[Lesson]) -> Any:
    return train_tokenizer((one.prompt + one.completion for one in each_family), 600)


def test_tokens_of_lines_are_the_tokens_of_the_text(tokenizer: Any, each_family: list[Lesson]) -> None:
    for one in each_family:
        text = one.prompt + one.completion
        ids = tokenizer(text)["input_ids"]
        assert tokenizer(one.prompt)["input_ids"] + tokenizer(one.completion)["input_ids"] == ids
        lines = text.splitlines(keepends=True)
        assert [token for line in lines for token in tokenizer(line)["input_ids"]] == ids
        assert tokenizer.decode(ids) == text


def test_no_token_has_two_digits(tokenizer: Any) -> None:
    said = [tokenizer.decode([number]) for number in range(len(tokenizer))]
    assert max(sum(sign.isdigit() for sign in text) for text in said) == 1
    assert [tokenizer.decode([i]) for i in tokenizer("x = -120")["input_ids"]] == ["x", " =", " -", "1", "2", "0"]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "日本語 🙂 ñ", "\t\r\x00", "a  b", "((((", "x=1;y", "<|end", "٣"])
def test_every_text_has_tokens_that_give_it_back(tokenizer: Any, text: str) -> None:
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


# ---- training


def test_a_matrix_is_nearly_orthogonalised() -> None:
    matrices = torch.randn(3, 8, 20, generator=torch.Generator().manual_seed(1))
    for found in (orthogonalised(matrices), orthogonalised(matrices.mT).mT):
        values = torch.linalg.svdvals(found)
        assert float(values.min()) > 0.6 and float(values.max()) < 1.3
        u, _, v = torch.linalg.svd(matrices, full_matrices=False)
        assert float((found * (u @ v)).sum() / (found.norm() * (u @ v).norm())) > 0.97


def test_twenty_steps_lower_the_loss(trained: Path) -> None:
    losses = loop.losses_of(trained)["losses"]
    assert len(losses) == 20
    assert fmean(losses[-3:]) < fmean(losses[:3]) - 0.5


def test_the_result_loads_as_any_model_of_transformers(trained: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(trained / "model")
    model = AutoModelForCausalLM.from_pretrained(trained / "model")
    asked = tokenizer("solve knights\n", return_tensors="pt")
    written = model.generate(**asked, max_new_tokens=5, do_sample=False)
    assert written.shape[0] == 1 and 0 < written.shape[1] - asked["input_ids"].shape[1] <= 5
    assert tokenizer.pad_token_id is not None and tokenizer.eos_token_id == model.generation_config.eos_token_id
    assert not list((trained / "model").glob("*.py")) and not list((trained / "model").glob("*.bin"))


def test_stopped_and_resumed_gives_the_same_bytes(trained: Path, tmp_path: Path) -> None:
    loop.prepare(tmp_path, SMALL)
    for until in (1, 7, 12):
        loop.train(tmp_path, SMALL, until=until)
        assert loop.losses_of(tmp_path)["step"] == until
    loop.train(tmp_path, SMALL)
    there, here = [folder / "model" / "model.safetensors" for folder in (trained, tmp_path)]
    assert there.read_bytes() == here.read_bytes()
    assert loop.losses_of(trained)["losses"] == loop.losses_of(tmp_path)["losses"]


def test_a_finished_training_takes_another_stage(tmp_path: Path) -> None:
    first = replace(STAGE, steps=4)
    short = replace(SMALL, stages=(first,), warmup=2)
    loop.prepare(tmp_path, short)
    with pytest.raises(UserError, match="finish"):
        start(tmp_path, resume=True, more=3)
    loop.train(tmp_path, short)
    start(tmp_path, resume=True, more=3)
    assert (
        loop.prepared(tmp_path) == replace(short, stages=(first, replace(first, steps=3, mix={})))
        and loop.done(tmp_path) == 7
    )
    assert len(loop.losses_of(tmp_path)["losses"]) == 7


def test_a_second_stage_has_its_own_lessons_and_batches_and_resumes(tmp_path: Path) -> None:
    two = replace(SMALL, stages=(replace(STAGE, steps=3), Stage(4, {"countdown": {1: 80}}, pose_share=0.0, parts=2)))
    for folder, stops in ((tmp_path / "a", ()), (tmp_path / "b", (2, 3, 5))):
        loop.prepare(folder, two)
        for until in stops:
            loop.train(folder, two, until=until)
        loop.train(folder, two)
        assert loop.done(folder) == 7
    there, here = [tmp_path / name / "model" / "model.safetensors" for name in "ab"]
    assert there.read_bytes() == here.read_bytes()
    assert len((tmp_path / "a" / "problems.txt").read_text().split()) > 300


def test_another_seed_gives_other_weights(trained: Path, tmp_path: Path) -> None:
    other = replace(SMALL, seed=5, stages=(replace(STAGE, steps=1),))
    loop.prepare(tmp_path, other)
    loop.train(tmp_path, other)
    there, here = [folder / "model" / "model.safetensors" for folder in (trained, tmp_path)]
    assert there.read_bytes() != here.read_bytes()


def test_batches_hold_every_lesson_once_and_keep_their_bound(trained: Path) -> None:
    loaded = loop.load_file(trained / "lessons-0.safetensors")
    classroom = loop.Classroom(loaded["tokens"], loaded["starts"], loaded["prompts"])
    met: list[int] = []
    for chosen in classroom.batches(SMALL.batch_tokens, SMALL.seed):
        assert len(chosen) * max(classroom.lengths[i] for i in chosen) <= SMALL.batch_tokens
        met += chosen
        if len(met) >= len(classroom.lengths):
            break
    assert sorted(met) == list(range(len(classroom.lengths)))


def test_only_what_follows_the_prompt_is_asked_for(trained: Path) -> None:
    loaded = loop.load_file(trained / "lessons-0.safetensors")
    classroom = loop.Classroom(loaded["tokens"], loaded["starts"], loaded["prompts"])
    tokenizer = AutoTokenizer.from_pretrained(trained)
    ids, targets = classroom.batch([0, 151], tokenizer.pad_token_id)
    made = list(lessons(STAGE, SMALL.seed))
    for row, place in enumerate((0, 151)):
        asked = [int(token) for token in targets[row] if token != -100]
        assert tokenizer.decode(asked[:-1]) == made[place].completion and asked[-1] == tokenizer.eos_token_id
        first = int((targets[row] != -100).nonzero()[0])
        assert tokenizer.decode(ids[row, : first + 1]) == made[place].prompt


def test_lessons_that_are_too_long_are_dropped_and_counted(tmp_path: Path) -> None:
    short = replace(SMALL, longest=60)
    counts = loop.prepare(tmp_path, short)
    assert counts["too_long"] > 0 and counts["lessons"] + counts["too_long"] == 300


def test_a_folder_is_not_trained_over_by_mistake(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--resume"):
        start(trained)
    with pytest.raises(UserError, match="no training"):
        start(tmp_path, resume=True)
    with pytest.raises(UserError, match="other steps"):
        start(trained, resume=True, steps=30)
    with pytest.raises(UserError, match="another recipe"):
        loop.train(trained, replace(SMALL, rate=1.0))


def test_a_preparation_that_was_killed_is_made_again(trained: Path) -> None:
    assert loop.prepared(trained) == SMALL
    assert loop.prepared(trained / "model") is None


# ---- exam


WRONG = {"linear_system": "1", "antiderivative": " + x"}


def solver(prompts: Sequence[str], samples: int, seed: int) -> list[list[Reply]]:
    """Reply with what the sampler knows; of four replies one is right, one wrong, one no solution, one cut off."""
    said = []
    for prompt in prompts:
        name, formal = prompt.removeprefix("solve ").strip().split("\n")
        right = trace.write(families()[name], _solved(name, formal))
        wrong = right.replace("knight", "knave") if name == "knights" else right + WRONG[name]
        said.append([Reply((right, wrong, "x = (((", right)[i % 4], 9, finished=i % 4 != 3) for i in range(samples)])
    return said


def _solved(name: str, formal: str) -> Candidate:
    family = families()[name]
    for index in range(1000):
        candidate = propose(family, Source(name, 1, exam.SEED, index))
        if isinstance(candidate, Candidate) and trace.canonical(family, candidate.formal, "problem") == formal:
            return candidate
    raise AssertionError(f"not of the exam: {formal}")


@pytest.mark.parametrize("name", ["knights", "linear_system", "antiderivative"])
def test_right_replies_are_proved_and_wrong_ones_are_not(name: str) -> None:
    found = exam.examine(families()[name], 1, solver, problems=6, samples=8)
    assert found.pass_at["1"] == 0.25 and found.pass_at["8"] == 1.0
    assert found.valid == 0.5
    assert found.gap_closed == 1.0
    assert found.steps == (name != "antiderivative")


def test_an_answer_without_steps_does_not_count_where_there_is_a_method() -> None:
    family = families()["linear_system"]
    problem = next(one for one in exam.held_out(family, 1, 1, frozenset()) if isinstance(one, exam.Problem))
    bare = Reply(f"answer: {problem.answer}", 5)
    assert exam.mark(family, 1, problem, [bare]) == [(True, False)]


def test_problems_that_were_taught_are_left_out_and_named() -> None:
    family = families()["countdown"]
    first, second = [one for one in exam.held_out(family, 1, 2, frozenset()) if isinstance(one, exam.Problem)]
    taught = frozenset([exam.digest(first.formal)[:16]])
    assert list(exam.held_out(family, 1, 1, taught)) == [first.index, second]
    assert list(exam.held_out(family, 1, 1, frozenset(), [first.index])) == [first.index, second]


def test_posing_counts_what_the_solver_answers_and_what_is_off() -> None:
    family = families()["linear_system"]

    def writer(prompts: Sequence[str], samples: int, seed: int) -> list[list[Reply]]:
        texts = ("solve x, y: x + y = 3; x - y = 1", "solve x, y: x + y = 3; x + y = 1", "nothing", "((((")
        return [[Reply(texts[i % 4], 9)] for i, _ in enumerate(prompts)]

    found = exam.examine_posing(family, 1, writer, asked=8)
    assert found.valid == 0.5 and found.accepted == 0.25 and found.repeated is None
    assert 0 <= found.off_cell <= 1


def test_names_and_numbers_of_a_guess_are_those_of_the_problem() -> None:
    found = exam.guessing(families()["knights"], 1, [
        one for one in exam.held_out(families()["knights"], 1, 12, frozenset()) if isinstance(one, exam.Problem)
    ])  # fmt: skip
    assert found > 0.2  # eight ways to be a knight or a knave, eight guesses


@pytest.mark.parametrize(("tried", "right", "k"), [(6, 2, 1), (6, 2, 3), (6, 0, 3), (6, 6, 2), (8, 1, 8)])
def test_pass_at_k_is_the_mean_over_all_choices_of_k(tried: int, right: int, k: int) -> None:
    marks = [True] * right + [False] * (tried - right)
    assert exam.pass_at(k, tried, right) == pytest.approx(fmean(any(some) for some in combinations(marks, k)))


@pytest.mark.parametrize(("share", "count"), [(0.0, 10), (1.0, 10), (0.3, 100), (0.5, 0)])
def test_an_interval_holds_its_share(share: float, count: int) -> None:
    low, high = exam.wilson(share, count)
    assert 0 <= low <= share <= high <= 1


# ---- card and command line


def test_a_card_says_what_the_exam_found(trained: Path) -> None:
    def silent(asked: Sequence[str], samples: int, seed: int) -> list[list[Reply]]:
        return [[Reply("", 0)] * samples for _ in asked]

    found = exam.sit(silent, silent, {"knights": [1]}, problems=4, samples=8, temperature=0.5)
    card.write(trained / "model", found)
    said = (trained / "model" / "README.md").read_text()
    assert "| knights | 1 | 4 | 0.0 | 0.0 |" in said and "It knows: nothing" in said
    assert "to each problem at temperature 0.5," in said
    assert json.loads((trained / "model" / "exam.json").read_text()) == found
    shown = CliRunner().invoke(app, ["card", "--model", str(trained / "model"), "--json"])
    assert shown.exit_code == 0
    assert json.loads(shown.stdout)["exam"] == found and json.loads(shown.stdout)["knows"] == {}


def test_the_commands_train_resume_and_refuse(tmp_path: Path) -> None:
    runner = CliRunner()
    place = str(tmp_path / "made")
    made = runner.invoke(app, ["train", "--out", place, "--steps", "2", "--lessons", "60", "--quiet"])
    assert made.exit_code == 0, made.output
    assert (tmp_path / "made" / "model" / "model.safetensors").is_file()
    assert runner.invoke(app, ["train", "--out", place]).exit_code == 2
    assert runner.invoke(app, ["train", "--out", place, "--resume", "--quiet"]).exit_code == 0
    assert runner.invoke(app, ["card", "--model", str(tmp_path / "nothing")]).exit_code == 2
    assert runner.invoke(app, ["card", "--model", str(tmp_path / "made" / "model")]).exit_code == 2


@pytest.mark.parametrize("content", ["{}", '{"solve": 3, "pose": []}', '{"solve": [{"family": 1}], "pose": [{}]}'])
def test_an_exam_that_is_none_is_a_mistake_and_no_crash(trained: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "lessons.json").write_bytes((trained / "model" / "lessons.json").read_bytes())
    (tmp_path / "exam.json").write_text(content)
    refused = CliRunner().invoke(app, ["card", "--model", str(tmp_path)])
    assert refused.exit_code == 2 and "exam.json" in refused.output
    (tmp_path / "lessons.json").write_text("{}")
    refused = CliRunner().invoke(app, ["card", "--exam", "--model", str(tmp_path)])
    assert refused.exit_code == 2 and "lessons.json" in refused.output


def test_a_recipe_is_scaled_as_a_whole() -> None:
    fewer = changed(Recipe(), None, 600, None)
    assert {name: set(levels) for name, levels in fewer.mix.items()} == {n: set(v) for n, v in Recipe().mix.items()}
    cells = sum(len(levels) for stage in Recipe().stages for levels in stage.mix.values())  # each is rounded up
    assert 600 <= sum(sum(levels.values()) for levels in fewer.mix.values()) < 600 + cells
    assert changed(Recipe(), 7, None, None).steps == 7
