"""The contract of a reader: from a stranger's question and answer to a theory and what the answer says about it.

A reader is trusted as a family's phrases are: it says what the words mean. So it consumes the whole question, by a
pattern in which nothing is optional that could change the meaning, and raises `NotRead` at anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from synth_kernel.claims import Claim, Theory
from synth_kernel.terms import Term


class NotRead(ValueError):
    """A question or an answer that is not fully understood; the message says what is not."""


@dataclass(frozen=True)
class Row:
    """A question with the answer that its source gives, None where it gives none, and what else the source says."""

    question: str
    answer: str | None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def label(self) -> str:
        """Return the answer; raise `NotRead` where there is none.

        >>> Row("What is 1 + 1?", " 2 ").label()
        '2'
        """
        if self.answer is None:
            raise NotRead("the source gives no answer")
        return self.answer.strip()


@dataclass(frozen=True)
class Formal:
    """A problem in the formal language of an installed family."""

    family: str
    text: str


@dataclass(frozen=True)
class Is:
    """The answer says this: a term, or a text in the language of solutions of the family that the problem is of."""

    value: Term


@dataclass(frozen=True)
class Agrees:
    """The answer says less than ours, such as decimals of a root; `test` says whether it agrees with a proved one."""

    test: Callable[[Term], bool]


@dataclass(frozen=True)
class Nothing:
    """The answer says that there is none."""


@dataclass(frozen=True)
class Breaks:
    """The answer breaks what the question says in a way that its terms cannot express; `why` is a phrase."""

    why: str


Label: TypeAlias = "Is | Agrees | Nothing | Breaks"
UNSATISFIABLE = Claim("ill_posed", "entails", ("T",), "false")


@dataclass(frozen=True)
class Asked:
    """A question under one convention, "" where it leaves nothing open: the problem, and what the given answer says.

    `absent` is a claim that can only hold if nothing answers the question; `may_be_absent` says that the question
    foresees this, so that it is not ill posed then.
    """

    problem: Theory | Formal
    label: Label
    convention: str = ""
    absent: Claim = UNSATISFIABLE
    may_be_absent: bool = False


@dataclass(frozen=True)
class Reader:
    """A reader: its name (of the dataset whose questions it reads), and the family of ours that asks the same, if any.

    `read` returns one `Asked` for each convention that the question leaves open. Two of one convention are parts of one
    question, and the answer has to be right in both.
    """

    name: str
    read: Callable[[Row], Sequence[Asked]]
    family: str = ""
