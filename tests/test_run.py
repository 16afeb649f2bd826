"""A run gives the same bytes however it was made, ends honestly, and loses nothing to a kill or a full disk."""

import errno
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from synth.errors import UserError
from synth.family.registry import families
from synth.run import ledger as ledgers
from synth.run import rounds
from synth.run.batch import Outcome, lost
from synth.run.ledger import Ledger
from synth.run.recipe import resolve
from synth.run.status import status

FIELDS = ["kind", "split", "answer_format", "language", "question", "reading", "answer", "formal_answer", "theory"]

RUN = """
import sys
from pathlib import Path
from synth.family.registry import families
from synth.run import rounds
from synth.run.recipe import resolve

if __name__ == "__main__":
    rounds.SHARD_ROWS = 100
    recipe = resolve({"rows": 400, "families": {"linear_system": {"levels": [1, 2]}}}, "test", families())
    rounds.generate(recipe, Path(sys.argv[1]), workers=int(sys.argv[2]))
"""


@pytest.fixture
def here(monkeypatch):
    """Run batches in this process, so that a test can say what they make."""
    monkeypatch.setattr(rounds, "in_workers", lambda function, todo, workers: map(function, todo))


def recipe_of(**data):
    return resolve({"families": {"linear_system": {"levels": [1, 2]}}, **data}, "test", families())


def row_of(source, key):
    problem = hashlib.md5(f"{source.family} {source.level} {key}".encode()).hexdigest()
    place = {"seed": source.seed, "index": source.index, "round": source.round, "generation": 0, "temperature": 0.0}
    lists = {name: [] for name in ("prompt", "completion", "claims", "certificates", "steps")}
    origin = {"source": "", "proposer": "", "model": "", "versions": "", **place}
    return {**dict.fromkeys(FIELDS, ""), **lists, "problem": problem, "id": problem, "family": source.family,
            "level": source.level, "features": ["f"], "formal": str(key), "pass_rate": [],
            "provenance": origin}  # fmt: skip


def every_row_is_new(recipe, sources):
    return [Outcome(row_of(source, source.index), None, ("f", "g")) for source in sources]


def files(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.parquet")}


def run_script(tmp_path, folder, workers):
    script = tmp_path / "run.py"
    script.write_text(RUN)
    return subprocess.Popen([sys.executable, str(script), str(folder), str(workers)], stderr=subprocess.DEVNULL)


def test_one_and_two_workers_and_ten_kills_give_the_same_bytes(tmp_path):
    for workers in (1, 2):
        assert run_script(tmp_path, tmp_path / f"w{workers}", workers).wait(60) == 0
    expected = files(tmp_path / "w1")
    assert len(expected) >= 4
    assert files(tmp_path / "w2") == expected
    rng = random.Random(1)
    killed = tmp_path / "killed"
    for _ in range(10):
        process = run_script(tmp_path, killed, 2)
        time.sleep(rng.uniform(0.2, 1.6))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert run_script(tmp_path, killed, 1).wait(60) == 0
    assert files(killed) == expected
    assert not list(killed.glob("*.partial"))


def test_a_file_that_the_ledger_does_not_name_does_not_exist(tmp_path, here):
    rounds.generate(recipe_of(rows=10), tmp_path, make=every_row_is_new)
    (tmp_path / "rows-00007.parquet").write_bytes(b"half")
    (tmp_path / "rows-00008.parquet.partial").write_bytes(b"half")
    rounds.generate(recipe_of(rows=10), tmp_path, make=every_row_is_new)
    assert list(files(tmp_path)) == ["rows-00000.parquet"]


def test_a_run_makes_exactly_what_was_asked_for(tmp_path, here):
    found = rounds.generate(recipe_of(rows=201), tmp_path, make=every_row_is_new)
    assert (found.requested, found.accepted, found.done, found.rejected) == (201, 201, True, {})
    assert found.levels == {"linear_system": {1: (101, 101, 101), 2: (100, 100, 100)}}


def test_duplicates_are_counted_and_made_up_for(tmp_path, here):
    def every_second_is_a_duplicate(recipe, sources):
        return [Outcome(row_of(source, source.index // 2), None, ("f",)) for source in sources]

    found = rounds.generate(recipe_of(rows=300), tmp_path, make=every_second_is_a_duplicate)
    assert found.accepted == 300
    assert found.proposed == 300 + found.rejected["dedup: duplicate"]


def test_rows_whose_key_is_not_exact_are_duplicates_only_if_their_theories_are_equal(tmp_path, here):
    """A key where the search was cut off may be shared by different problems; only an equal theory deletes a row."""

    def one_key_for_all(recipe, sources):
        made = [(source, {"problem": "0" * 32, "theory": str(source)}) for source in sources]
        return [Outcome({**row_of(source, 0), **same}, None, ("f",), exact=False) for source, same in made]

    found = rounds.generate(recipe_of(rows=50), tmp_path, make=one_key_for_all)
    assert (found.accepted, found.rejected) == (50, {})


def test_a_family_from_elsewhere_that_breaks_a_law_is_named_before_anything_is_made(tmp_path, monkeypatch):
    ours = families()["knights"]

    class Turncoats(type(ours)):
        """Answers the wrong way round, so that no draw is ever accepted."""

        def solution(self, theory, answer):
            return (
                super().solution(theory, answer).replace("knave", "?").replace("knight", "knave").replace("?", "knight")
            )

    installed = {"turncoats": Turncoats("turncoats", ours.folder)}
    monkeypatch.setattr("synth.family.registry.families", lambda: installed)
    recipe = resolve({"rows": 5, "families": ["turncoats"]}, "test", installed)
    with pytest.raises(UserError, match=r"(?s)family 'turncoats' \(.*\) breaks a law: level 1 loses .* leave it out"):
        rounds.generate(recipe, tmp_path / "run")
    assert not list((tmp_path / "run").glob("*.parquet"))


def test_an_exhausted_level_is_a_gap_and_the_run_ends(tmp_path, here):
    def few_at_level_one(recipe, sources):
        return [
            Outcome(row_of(source, source.index % (9 if source.level == 1 else 10**9)), None, ()) for source in sources
        ]

    found = rounds.generate(recipe_of(rows=100), tmp_path, make=few_at_level_one)
    assert found.done
    assert found.short == 41
    (gap,) = found.gaps
    assert (gap["family"], gap["level"], gap["missing"]) == ("linear_system", 1, 41)
    assert status(tmp_path) == found


def test_a_family_that_never_yields_ends_too_and_keeps_its_rejections(tmp_path, here):
    def nothing(recipe, sources):
        return [lost(source, "crash") for source in sources]

    found = rounds.generate(recipe_of(rows=10), tmp_path, make=nothing)
    assert found.accepted == 0
    assert found.rejected == {"worker: crash": found.proposed}
    assert "rejections-00000.parquet" in files(tmp_path)


def test_a_stopped_run_goes_on_to_the_same_bytes(tmp_path, here, monkeypatch):
    monkeypatch.setattr(rounds, "SHARD_ROWS", 100)
    rounds.generate(recipe_of(rows=1000), tmp_path / "whole", make=every_row_is_new)
    batches = 0

    def stopped_now_and_then(recipe, sources):
        nonlocal batches
        batches += 1
        if batches % 3 == 0:
            raise KeyboardInterrupt
        return every_row_is_new(recipe, sources)

    for _ in range(50):
        try:
            rounds.generate(recipe_of(rows=1000), tmp_path / "parts", make=stopped_now_and_then)
            break
        except KeyboardInterrupt:
            continue
    assert files(tmp_path / "parts") == files(tmp_path / "whole")
    assert status(tmp_path / "parts") == status(tmp_path / "whole")


def test_a_full_disk_is_one_clear_message_and_loses_nothing(tmp_path, here, monkeypatch):
    monkeypatch.setattr(rounds, "SHARD_ROWS", 100)
    rounds.generate(recipe_of(rows=1000), tmp_path / "whole", make=every_row_is_new)
    calls = 0
    fsync = os.fsync

    def full_at_the_third_shard(descriptor):
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(ledgers.os, "fsync", full_at_the_third_shard)
    with pytest.raises(UserError, match=r"no space is left for .*run the same command again"):
        rounds.generate(recipe_of(rows=1000), tmp_path / "full", make=every_row_is_new)
    assert status(tmp_path / "full").accepted > 200
    rounds.generate(recipe_of(rows=1000), tmp_path / "full", make=every_row_is_new)
    assert files(tmp_path / "full") == files(tmp_path / "whole")


def test_a_full_disk_under_the_ledger_is_the_same_message(tmp_path, here):
    def fills_the_disk(recipe, sources):
        ledger.connection.execute("PRAGMA max_page_count = 1")
        return every_row_is_new(recipe, sources)

    opened = Ledger.__init__

    def remember(self, *arguments, **options):
        nonlocal ledger
        opened(self, *arguments, **options)
        ledger = self

    ledger = None
    with pytest.MonkeyPatch.context() as patch, pytest.raises(UserError, match="no space is left"):
        patch.setattr(Ledger, "__init__", remember)
        rounds.generate(recipe_of(rows=5000), tmp_path, make=fills_the_disk)
    assert rounds.generate(recipe_of(rows=5000), tmp_path, make=every_row_is_new).accepted == 5000


def test_another_recipe_in_the_same_folder_is_refused(tmp_path, here):
    rounds.generate(recipe_of(rows=10), tmp_path, make=every_row_is_new)
    with pytest.raises(UserError, match=r"another recipe \(there rows: 10, here rows: 11\)"):
        rounds.generate(recipe_of(rows=11), tmp_path, make=every_row_is_new)


def test_rows_of_two_versions_are_not_mixed(tmp_path, here, monkeypatch):
    rounds.generate(recipe_of(rows=10), tmp_path, make=every_row_is_new)
    monkeypatch.setattr(rounds, "versions", lambda recipe: {"synth": "another"})
    with pytest.raises(UserError, match="other versions"):
        rounds.generate(recipe_of(rows=10), tmp_path, make=every_row_is_new)


def test_two_runs_do_not_write_to_one_folder(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom synth.run.ledger import Ledger\n"
        "ledger = Ledger(Path(sys.argv[1]), write=True)\nprint('open', flush=True)\nsys.stdin.read()\n"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdin=-1, stdout=-1)
    assert other.stdout is not None
    assert other.stdout.readline() == b"open\n"
    with pytest.raises(UserError, match="another `synth generate` is writing"):
        Ledger(tmp_path, write=True)
    other.communicate()
    Ledger(tmp_path, write=True).close()


def test_a_folder_without_a_run_or_with_something_else_is_a_clear_message(tmp_path):
    with pytest.raises(UserError, match="holds no run"):
        status(tmp_path)
    (tmp_path / ledgers.NAME).write_text("not a database, but long enough to look at" * 10)
    with pytest.raises(UserError, match="is no ledger of a run"):
        status(tmp_path)


def test_indices_of_a_level_are_consecutive_from_zero(tmp_path, here):
    seen = []

    def remember(recipe, sources):
        seen.extend((source.level, source.index) for source in sources)
        return every_row_is_new(recipe, sources)

    rounds.generate(recipe_of(rows=300), tmp_path, make=remember)
    for level in (1, 2):
        indices = [index for found, index in seen if found == level]
        assert indices == list(range(len(indices)))


def test_the_dedup_index_is_not_held_in_memory(tmp_path):
    with Ledger(Path(tmp_path), write=True) as ledger, ledger.transaction():
        assert ledger.claim_key("0" * 32)
        assert not ledger.claim_key("0" * 32)
        assert ledger.claim_key("a key that is no hexadecimal digest")
