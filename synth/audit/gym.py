"""Questions of reasoning-gym, made here. Only this file imports it. Tested with 0.1.25."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from synth.audit.reader import Row
from synth.errors import UserError, did_you_mean


def questions(spec: str, rows: int, seed: int) -> Iterator[tuple[int, Row]]:
    """Yield the first questions of a dataset: `NAME`, or with settings `NAME?min_degree=4&max_degree=4`.

    Raise `UserError` where the package, the dataset or a setting is not there.
    """
    try:
        import reasoning_gym
        from reasoning_gym.factory import DATASETS
    except ImportError as error:
        raise UserError(f"this needs reasoning-gym ({error}); install it: pip install reasoning-gym") from error
    name, _, settings = spec.partition("?")
    if name not in DATASETS:
        raise UserError(f"reasoning-gym has no dataset {name!r}; {did_you_mean(name, DATASETS)}")
    try:
        made = reasoning_gym.create_dataset(name, size=rows, seed=seed, **_settings(settings))
    except (TypeError, AssertionError, ValueError) as error:
        raise UserError(f"reasoning-gym does not make {spec}: {error}; give settings that {name} has") from error
    for index in range(rows):
        entry = made[index]
        yield index, Row(entry["question"], entry["answer"], entry["metadata"])


def _settings(text: str) -> dict[str, Any]:
    """Return settings, their values read as JSON where they are.

    >>> _settings("min_degree=4&allow=true&name=x")
    {'min_degree': 4, 'allow': True, 'name': 'x'}
    """
    found: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return found
