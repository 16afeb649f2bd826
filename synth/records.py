r"""The nouns that flow through a run: candidates are untrusted, records are proved, rejections are kept.

```
 Proposer -> Candidate -> parse -> Theory, Claims -> solvers -> recheck -> Record
                  \_________ Rejection(stage, reason) _________/
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from synth_kernel.claims import Claim, digest


@dataclass(frozen=True)
class Source:
    """Where a candidate comes from; enough to make it again.

    `kind` is one of human, authored, grammar_solver, verified, unverified.
    """

    family: str
    level: int
    seed: int
    index: int
    round: int = 0
    kind: str = "grammar_solver"
    proposer: str = "sampler"
    model: str = ""
    temperature: float = 0.0
    generation: int = 0

    def random(self, purpose: str = "problem") -> Random:
        """Return the random stream of this candidate; streams of different sources or purposes are unrelated.

        >>> Source("knights", 1, 7, 0).random().random() != Source("knights", 1, 8, 0).random().random()
        True
        """
        key = digest(self.family, str(self.level), str(self.seed), str(self.index), purpose)
        return Random(int(key, 16))


@dataclass(frozen=True)
class Step:
    """One step of a solution as a row shows it, in the formal language of its family."""

    id: str
    formal: str
    parents: tuple[str, ...]
    rule: str


@dataclass(frozen=True)
class Candidate:
    """Untrusted text from a proposer: a problem, perhaps an answer, perhaps steps, all in the formal language."""

    source: Source
    formal: str
    formal_answer: str | None = None
    steps: tuple[Step, ...] | None = None


@dataclass(frozen=True)
class Rejection:
    """A candidate that did not become a record, and why; `counterexample` is the text of a refuting claim, if any."""

    candidate: Candidate
    stage: str
    reason: str
    detail: str = ""
    counterexample: str = ""


@dataclass(frozen=True)
class Evidence:
    """A claim with what shows it. Grade W: the kernel accepted the certificate; A: two solvers agree."""

    claim: Claim
    id: str
    grade: str
    certificate: Mapping[str, Any]


@dataclass(frozen=True)
class Record:
    """An accepted candidate: a row of the dataset. The fields are those of the export contract."""

    problem: str
    id: str
    family: str
    kind: str
    level: int
    features: tuple[str, ...]
    prompt: tuple[Mapping[str, str], ...]
    answer_format: str
    language: str
    question: str
    reading: str
    answer: str
    completion: tuple[Mapping[str, str], ...]
    formal: str
    formal_answer: str
    theory: str
    evidence: tuple[Evidence, ...]
    steps: tuple[Step, ...]
    source: Source
    versions: Mapping[str, str] = field(default_factory=dict)
    split: str = "train"
    exact: bool = True
