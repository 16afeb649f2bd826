"""The formats of an export, by name: one file each, one line here.

A format has a `FORMAT` that says its columns and how a row of the corpus becomes rows of it; `format.py` has the type.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from synth.export.formats import lm_eval, preference, rlvr, sft, steps, verifiers
from synth.export.formats.format import Around, Format, Written

__all__ = ["DEFAULT", "FORMATS", "Around", "Format", "Written"]

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        each.FORMAT.name: each.FORMAT
        for each in (
            sft,
            rlvr,
            preference,
            steps,
            lm_eval,
            verifiers,
        )
    }
)
DEFAULT = (
    "sft",
    "rlvr",
    "preference",
    "steps",
)  # where nothing is asked for: configs of one dataset
