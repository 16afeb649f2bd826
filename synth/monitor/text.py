"""Views of text, secondary: they see wording, not what is asked, and all of them depend on how much text there is.

So each is taken of a fixed amount, and none where there is less. No verdict rests on them.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.monitor.report import Metric

LENGTH = 65_536  # bytes that are compressed
TEXTS = 128  # texts that are compared with each other
WORDS = 4
DIMENSIONS = 4096


def views(texts: Sequence[tuple[float, str]]) -> dict[str, Metric]:
    """Return the views of the texts that a monitor kept; a figure is None where there is not enough text."""
    from synth.monitor.report import Metric

    found = [text for _, text in texts if text.strip()]
    data = "\n".join(found).encode("utf-8", "replace")
    few = f"secondary; needs {TEXTS} texts, there are {len(found)}"
    short = f"secondary; needs {LENGTH:,} bytes of text in the sample, there are {len(data):,}"
    enough = len(found) >= TEXTS
    sample = found[:TEXTS]
    return {
        "compression": Metric(
            compression(data[:LENGTH]) if len(data) >= LENGTH else None,
            note=f"secondary; of {LENGTH:,} bytes" if len(data) >= LENGTH else short,
        ),
        "self_repetition": Metric(
            self_repetition(sample) if enough else None, note=f"secondary; of {TEXTS} texts" if enough else few
        ),
        "vendi": Metric(vendi(sample) if enough else None, note=f"secondary; of {TEXTS} texts" if enough else few),
    }


def compression(data: bytes) -> float:
    """Return how many times smaller the bytes become (zlib); it grows with the length of any text.

    >>> round(compression(b"ab" * 1000))
    83
    """
    return len(data) / len(zlib.compress(data, 9))


def self_repetition(texts: Sequence[str]) -> float:
    """Return the share of runs of four words that another of the texts has too (after Salkar et al. 2022).

    >>> self_repetition(["a b c d e", "x a b c d", "no"])
    0.5
    """
    runs = [[tuple(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)] for words in map(str.split, texts)]
    having = Counter(run for each in runs for run in set(each))
    total = sum(map(len, runs))
    return sum(having[run] > 1 for each in runs for run in each) / total if total else 0.0


def vendi(texts: Sequence[str]) -> float:
    """Return the Vendi score of order 2 (Pasarkar and Dieng 2024): 1/‖K/n‖², from 1 to the number of texts.

    K holds cosines of counts of three letters, hashed to 4,096 places. Costs O(n² + letters).

    >>> round(vendi(["same"] * 4), 6), round(vendi(["abcdef", "uvwxyz"]), 6)
    (1.0, 2.0)
    """
    import numpy as np

    vectors = np.zeros((len(texts), DIMENSIONS))
    for row, text in enumerate(texts):
        data = f"  {text}".encode("utf-8", "replace")
        for i in range(len(data) - 2):
            vectors[row, zlib.crc32(data[i : i + 3]) % DIMENSIONS] += 1
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    kernel = vectors @ vectors.T / len(texts)
    return float(1 / (kernel**2).sum())
