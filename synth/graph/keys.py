"""The keys of a row, from fine to coarse. Rows with equal keys belong together; what follows from that differs.

| key | equal for | what follows |
|---|---|---|
| surface | one question, up to case, white space and forms of characters | one text |
| exact | one problem, up to names and order | duplicates, where the key is exact; else a bucket to decide in |
| semantic | statements that say the same, probably | a bucket to prove equivalence in |
| shape | one formal text, up to names and numbers | no duplicates, but one side of a split |

Keys are stored, so each has a version. A key that is computed otherwise gets a new one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synth.graph.semantic import semantic
from synth.graph.shape import shape
from synth.recheck.canonical import canonical
from synth_kernel.claims import Theory, digest

VERSIONS = {"surface": "surface/1", "exact": "canon/2", "semantic": "semantic/1", "shape": "shape/1"}


@dataclass(frozen=True)
class Keys:
    """The keys of one row, 32 hexadecimal digits each; `semantic` is None where a theory is not one about numbers.

    Where `is_exact` is false, two problems with equal `exact` need not be the same.
    """

    surface: str
    exact: str
    is_exact: bool
    semantic: str | None
    shape: str


def keys_of(row: Mapping[str, Any]) -> Keys:
    """Return the keys of a row of the export contract; raise `TermError` where its theory is none.

    >>> text = "(theory (declare x Rational) (clause (= (* 2 x) 3)) (ask (find x)))"
    >>> keys = keys_of({"question": "Solve 2 * x = 3.", "formal": "find x: 2*x = 3", "theory": text})
    >>> keys.is_exact, keys.surface == surface("  solve 2 * X = 3.")
    (True, True)
    """
    theory = Theory.read(row["theory"])
    exact, is_exact = canonical(theory)
    return Keys(surface(row["question"]), exact, is_exact, semantic(theory), shape_key(row["formal"], row["theory"]))


def normal(text: str) -> str:
    """Return a text in the compatibility form NFKC, without case, its words one space apart.

    >>> normal("Ｆｉｎｄ  x² ")
    'find x2'
    """
    whole = text.encode("utf-8", "replace").decode()  # half a surrogate has no bytes
    return " ".join(unicodedata.normalize("NFKC", whole).casefold().split())


def surface(text: str) -> str:
    """Return the key of a text as it is worded."""
    return digest(VERSIONS["surface"], normal(text))


def shape_key(formal: str, theory: str) -> str:
    """Return the key of the shape of a problem; `theory` is its text and says what is a name."""
    return digest(VERSIONS["shape"], shape(formal, theory))
