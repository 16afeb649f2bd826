"""A model in the loop of a run: what it solves is kept as its own, what it fails the solver answers, all is counted."""

from __future__ import annotations

import hashlib

import pytest
import scripted
from scripted_model import HOSTILE, Scripted, right

import synth.run.writer
import synth_solvers.pool
from synth.errors import UserError
from synth.export.export import export
from synth.family.registry import families
from synth.run import rounds
from synth.run.corpus import files_of, rows_of
from synth.run.ledger import Ledger
from synth.run.recipe import resolve
from synth.run.verify import verify


class InlinePool:
    """The interface of a pool, in this process."""

    def __init__(self, workers):
        self.ahead = workers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, function, batch):
        return InlineJob(function(batch))

    def map(self, function, batches):
        return ((batch, function(batch)) for batch in batches)


class InlineJob:
    def __init__(self, found):
        self.found = found

    def ready(self):
        return True

    def results(self):
        return self.found


@pytest.fixture
def inline(monkeypatch):
    monkeypatch.setattr(synth_solvers.pool, "Pool", InlinePool)


@pytest.fixture
def use(monkeypatch):
    """Put a scripted model in the place of every other."""

    def used(model):
        monkeypatch.setattr(synth.run.writer, "open_model", lambda *_, **__: model)
        return model

    return used


def recipe_of(rows=40, names=("linear_system",), levels=(1, 2), difficulty=None, **model):
    data = {"rows": rows, "families": {name: {"levels": list(levels)} for name in names}}
    model = {"name": "bundled", "pose": 0.0, **model}
    return resolve({**data, "model": model, **({"difficulty": difficulty} if difficulty else {})}, "test", families())


def made(folder, kind="rows"):
    with Ledger(folder) as ledger:
        return [row for path in ledger.shards(kind) for row in rows_of(path)]


def files(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.parquet")}


def sometimes(share, wrong=lambda ask, rng: rng.choice(HOSTILE)):
    return Scripted(lambda ask, rng: right(ask) if rng.random() < share else wrong(ask, rng))


def test_what_a_model_solves_is_its_own_and_proved(tmp_path, inline, use):
    use(Scripted(lambda ask, rng: right(ask)))
    status = rounds.generate(recipe_of(), tmp_path)
    rows = made(tmp_path)
    assert len(rows) == 40 and status.tries == {"linear_system": {
        level: {"tried": 20, "solved": 20, "answered": 0, "unsolved": 0} for level in (1, 2)}}  # fmt: skip
    for row in rows:
        found = row["provenance"]
        assert (found["source"], found["model"], found["proposer"]) == ("verified", "bundled", "sampler")
        assert found["temperature"] == 1.0 and len(row["steps"]) > 1
    assert verify(tmp_path)["verified"] == 40


def test_a_model_that_is_always_wrong_costs_no_row_and_every_try_is_kept(tmp_path, inline, use):
    use(Scripted(lambda ask, rng: "answer: x = 1, y = 1000"))
    status = rounds.generate(recipe_of(tries=3), tmp_path)
    for row in made(tmp_path):
        assert (row["provenance"]["source"], row["provenance"]["model"]) == ("grammar_solver", "")
    tried = status.tries["linear_system"]
    assert all(found["answered"] == found["tried"] == 20 for found in tried.values())
    refused = [row for row in made(tmp_path, "rejections") if row["stage"] == "try"]
    assert len(refused) == 40 * 3 == sum(status.refused["linear_system"].values())
    assert {row["reason"] for row in refused} == {"correct refuted"} and all(row["counterexample"] for row in refused)
    assert {row["text"] for row in refused} == {"answer: x = 1, y = 1000"} and status.rejected == {}


def test_with_and_without_a_model_the_same_problems_are_asked(tmp_path, inline, use):
    use(sometimes(0.3))
    rounds.generate(recipe_of(), tmp_path / "with")
    plain = resolve({"rows": 40, "families": {"linear_system": {"levels": [1, 2]}}}, "test", families())
    rounds.generate(plain, tmp_path / "without")
    assert {row["problem"] for row in made(tmp_path / "with")} == {row["problem"] for row in made(tmp_path / "without")}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_nothing_that_a_model_writes_stops_a_run_or_writes_a_file(tmp_path, inline, use, monkeypatch, text):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    use(Scripted(lambda ask, rng: text))
    recipe = recipe_of(rows=4, names=("linear_system", "derivative"), tries=1, pose=0.3)
    status = rounds.generate(recipe, tmp_path / "run")
    assert not list((tmp_path / "here").iterdir())
    assert status.accepted == 4 and status.done
    assert status.tries["linear_system"][1]["solved"] == 0


def test_a_try_is_the_last_one_at_the_first_success(tmp_path, inline, use):
    model = use(sometimes(0.5, lambda ask, rng: "answer: x = 1, y = 1000"))
    status = rounds.generate(recipe_of(), tmp_path)
    tried = status.tries["linear_system"]
    solved, failed = sum(t["solved"] for t in tried.values()), sum(status.refused["linear_system"].values())
    assert 0 < solved < 41 and len(model.calls) == status.usage[0]["requests"] == solved + failed
    assert {n for _, n in model.calls} == {1}


def test_a_family_that_the_model_does_not_know_is_made_without_it(tmp_path, inline, use):
    model = use(Scripted(lambda ask, rng: right(ask), families=frozenset({"linear_system"})))
    status = rounds.generate(recipe_of(rows=8, names=("linear_system", "knights"), levels=(1,)), tmp_path)
    assert status.accepted == 8 and set(status.tries) == {"linear_system"}
    assert len(model.calls) == 4


def test_posed_problems_are_read_checked_for_what_was_wanted_and_deduplicated(tmp_path, inline, use):
    said = iter(range(1_000_000))

    def say(ask, rng):
        if ask.role == "solve":
            return "answer: x = 1, y = 1000"
        kind = next(said) % 4
        if kind == 0:
            return "solve x, y: x + y = 3; x - y = 1"  # the same again and again
        if kind == 1:
            return f"solve x, y: 2 * x + y = {rng.randint(1, 10**6)}; x = 4"
        return "solve x, y: x + y = 3; x" if kind == 2 else "solve x, y: x + y = 3; x + y = 3"

    use(Scripted(say))
    status = rounds.generate(recipe_of(rows=60, levels=(1,), pose=0.9, tries=1), tmp_path)
    reasons = status.rejected
    assert status.accepted == 60 and reasons["dedup: duplicate"] > 0 and reasons["pose: ReadError"] > 0
    assert reasons["pose: off-cell"] > 0
    unsolved = status.tries["linear_system"][1]["unsolved"]
    assert unsolved > 0 and sum(n for why, n in reasons.items() if why.startswith(("solve", "judge"))) == unsolved
    posed = [row for row in made(tmp_path) if row["provenance"]["proposer"] == "bundled"]
    assert posed and all(row["provenance"]["source"] == "verified" for row in posed)
    assert verify(tmp_path)["verified"] == 60


def test_a_pass_rate_is_measured_and_aimed_at(tmp_path, inline, use):
    def say(ask, rng):
        ease = int(hashlib.md5(ask.text.encode()).hexdigest(), 16) % 3  # never, sometimes, always
        return right(ask) if rng.random() < ease / 2 else "answer: x = 1, y = 1000"

    use(Scripted(say))
    recipe = recipe_of(rows=20, levels=(1,), difficulty={"pass_rate": [0.25, 0.75], "tries": 8})
    status = rounds.generate(recipe, tmp_path / "run")
    assert status.rejected["difficulty: pass rate outside"] > 0
    export(tmp_path / "run", tmp_path / "data")
    for row in rows_of(tmp_path / "data" / "train.parquet"):
        (rate,) = row["pass_rate"]
        assert rate["model"] == "bundled" and rate["tries"] == 8 and 2 <= rate["passed"] <= 6
    refused = [row for row in made(tmp_path / "run", "rejections") if row["stage"] == "difficulty"]
    assert refused and all(not 2 <= int(row["detail"].split("/")[0]) <= 6 for row in refused)


def test_rates_measured_later_are_exported(tmp_path, inline, use):
    use(Scripted(lambda ask, rng: right(ask)))
    rounds.generate(recipe_of(rows=4), tmp_path / "run")
    row = made(tmp_path / "run")[0]
    with Ledger(tmp_path / "run", write=True) as ledger:
        ledger.put_pass_rates([(row["id"], "other", 3, 8)])
        ledger.put_pass_rates([(row["id"], "other", 4, 8)])
    export(tmp_path / "run", tmp_path / "data")
    rates = {row["id"]: row["pass_rate"] for file in files_of(tmp_path / "data") for row in rows_of(file)}
    assert rates.pop(row["id"]) == [{"model": "other", "passed": 4, "tries": 8}] and not any(rates.values())
    assert verify(tmp_path / "data")["verified"] == 4


class Gone(Scripted):
    """Goes away after some calls, and comes back."""

    def propose(self, asks, draw):
        if self.left == 0:
            raise UserError("the server is not answering")
        self.left -= 1
        return super().propose(asks, draw)


@pytest.mark.parametrize("calls", [0, 1, 3, 6])
def test_a_model_that_goes_away_stops_the_run_and_nothing_is_asked_twice(tmp_path, inline, use, calls):
    whole = use(sometimes(0.3))
    recipe = recipe_of(rows=150)
    rounds.generate(recipe, tmp_path / "whole")

    broken = use(Gone(whole.say))
    broken.left = calls
    with pytest.raises(UserError, match="not answering"):
        rounds.generate(recipe, tmp_path / "broken")
    broken.left = -1
    status = rounds.generate(recipe, tmp_path / "broken")
    assert status.accepted == 150 and files(tmp_path / "broken") == files(tmp_path / "whole")
    assert len(broken.calls) == len(whole.calls) == status.usage[0]["requests"]


def test_one_and_two_workers_make_the_same_bytes(tmp_path, use):
    use(sometimes(0.3))
    recipe = recipe_of(rows=150, names=("linear_system", "knights"))
    for workers in (1, 2):
        rounds.generate(recipe, tmp_path / str(workers), workers=workers)
    assert files(tmp_path / "1") == files(tmp_path / "2") != {}


def test_what_was_written_is_forgotten_when_its_batch_is_merged(tmp_path, inline, use):
    use(sometimes(0.3))
    rounds.generate(recipe_of(), tmp_path)
    with Ledger(tmp_path) as ledger:
        assert ledger.connection.execute("SELECT count(*) FROM replies").fetchone() == (0,)


def test_the_card_says_what_the_model_did(tmp_path, inline, use):
    use(sometimes(0.5))
    status = rounds.generate(recipe_of(), tmp_path / "run")
    export(tmp_path / "run", tmp_path / "data")
    card = (tmp_path / "data" / "README.md").read_text()
    found = status.tries["linear_system"][1]
    assert f"| linear_system | 1 | {' | '.join(map(str, found.values()))} |" in card
    assert "source `verified`" in card


def paraphrase_recipe(**more):
    part = {"share": 0.5, "model": "hf:writer", "translators": ["hf:one", "hf:two"]}
    families_of = {"knights": {"levels": [1, 2]}, "linear_system": {"levels": [1]}}
    return resolve(
        {"rows": 30, "families": families_of, "min_grade": "A", "paraphrase": part, **more}, "test", families()
    )


@pytest.fixture
def reworders(monkeypatch):
    """Put a scripted writer that uses other words, and two translators, in the place of models."""
    one, two = scripted.translators()
    found = {
        "hf:writer": scripted.scripted(
            "writer", lambda ask: scripted.with_synonyms(ask.family, scripted.words_of(ask))
        ),
        "hf:one": one,
        "hf:two": two,
    }
    monkeypatch.setattr(synth.run.writer, "open_model", lambda name, *_, **__: found[name])
    return found


def test_a_share_of_the_rows_is_said_in_other_words(tmp_path, inline, reworders):
    rounds.generate(paraphrase_recipe(), tmp_path / "run")
    plain = resolve({"rows": 30, "families": paraphrase_recipe().model_dump()["families"]}, "test", families())
    rounds.generate(plain, tmp_path / "plain")
    before = {row["problem"]: row for row in made(tmp_path / "plain")}
    agreed = [row for row in made(tmp_path / "run") if row["reading"] == "agreed"]
    assert 5 <= len(agreed) <= 25
    for row in made(tmp_path / "run"):
        was = before[row["problem"]]
        assert (row["question"] != was["question"]) == (row["reading"] == "agreed") and row["answer"] == was["answer"]
    export(tmp_path / "run", tmp_path / "data")
    found = verify(tmp_path / "data")
    assert found["verified"] == 30 and found["grades"] == {"A": len(agreed), "W": 30 - len(agreed)}


def test_a_rewording_that_is_refused_leaves_the_row_as_it_was_and_is_kept(tmp_path, inline, reworders):
    reworders["hf:two"] = scripted.scripted("two", lambda ask: "no")
    status = rounds.generate(paraphrase_recipe(), tmp_path)
    rows = made(tmp_path)
    assert len(rows) == 30 and {row["reading"] for row in rows} == {"zip"}
    refused = [row for row in made(tmp_path, "rejections") if row["stage"] == "paraphrase"]
    assert refused and status.rejected.get("paraphrase", 0) == 0
    assert sum(sum(found.values()) for found in status.refused.values()) == len(refused)
