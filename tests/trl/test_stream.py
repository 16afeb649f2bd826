"""A stream as trainers and loaders take it: an `IterableDataset` with disjoint shards, resumable, moved by reports."""

from __future__ import annotations

import json
import pickle
from itertools import islice
from pathlib import Path

import pytest
from datasets import IterableDataset
from datasets.distributed import split_dataset_by_node
from torch.utils.data import DataLoader
from torch.utils.data import IterableDataset as TorchDataset

import synth
from synth.consumers import needed
from synth.errors import UserError
from tests.consumers_page import block

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers"),
    pytest.mark.filterwarnings("ignore:'pin_memory' argument:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning"),
]
RECIPE = {"families": {"factorization": {"levels": [1, 2]}}, "seed": 5}


def ids(rows, count):
    return [row["id"] for row in islice(rows, count)]


def test_the_lines_of_the_page_run_and_five_steps_are_reported(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    text = block("A stream of fresh problems")
    assert "Qwen/Qwen3-0.6B" in text and "max_steps=5" in text
    names: dict = {}
    exec(text.replace("Qwen/Qwen3-0.6B", "model"), names)
    assert names["trainer"].state.global_step == 5
    rates = names["problems"].course.pass_rates()
    assert any(rate is not None for rate in rates.values()), rates


def test_a_stream_is_a_dataset_of_both_libraries_and_begins_again_with_each_iteration():
    stream = synth.stream(RECIPE)
    assert isinstance(stream, IterableDataset) and isinstance(stream, TorchDataset) and stream.num_shards == 64
    assert ids(stream, 3) == ids(stream, 3) == ids(stream.shuffle(seed=1, buffer_size=1000), 3)
    assert ids(stream.map(lambda row: {"id": row["id"].upper()}), 1) == [ids(stream, 1)[0].upper()]


@pytest.mark.parametrize(("package", "old"), [("trl", "1.8.0"), ("datasets", "3.6.0")])
def test_a_package_that_is_too_old_is_one_message(package, old, monkeypatch):
    installed = needed.version
    monkeypatch.setattr(needed, "version", lambda name: old if name == package else installed(name))
    with pytest.raises(UserError, match=rf"{package} {old} is too old, \d\.\d or later is needed: pip install -U"):
        synth.stream(RECIPE)


def test_a_state_resumes_exactly():
    stream, rows = synth.stream(RECIPE), []
    iterator = iter(stream)
    for _ in range(5):
        rows.append(next(iterator))
        stream.report(rows[-1]["id"], 1.0)
    state = json.loads(json.dumps(stream.state_dict()))
    wanted = ids(iterator, 4)
    other = synth.stream(RECIPE)
    other.load_state_dict(state)
    assert ids(other, 4) == wanted and not {row["id"] for row in rows} & set(wanted)


def test_a_stream_that_was_sent_to_another_process_goes_on_from_the_loaded_state():
    stream = synth.stream(RECIPE)
    iterator = iter(stream)
    next(iterator)
    stream.load_state_dict(stream.state_dict())
    assert ids(pickle.loads(pickle.dumps(stream)), 3) == ids(iterator, 3)


def test_workers_and_nodes_have_disjoint_problems():
    stream = synth.stream(RECIPE)
    loaded = ids(DataLoader(stream, batch_size=None, num_workers=2, prefetch_factor=1), 6)
    assert len(set(loaded)) == 6
    nodes = [ids(split_dataset_by_node(stream, rank, 2), 3) for rank in range(2)]
    assert not set(nodes[0]) & set(nodes[1])


def test_a_report_reaches_workers():
    recipe = {"families": {"gcd_bezout": {"levels": [1, 2]}}}
    stream, here, unmoved = (synth.stream(recipe) for _ in range(3))
    loader = iter(DataLoader(stream, batch_size=None, num_workers=1, prefetch_factor=1))
    next(loader)
    for turn in range(400):
        for each in (stream, here):
            each.report(f"gcd_bezout/1/{turn}", 1.0)
            each.report(f"gcd_bezout/2/{turn}", float(turn % 2))
    ids(loader, 4)  # what was made before
    assert ids(loader, 12) == ids(here, 17)[5:] != ids(unmoved, 17)[5:]
