"""The text in which a model writes a solution: a line for each step, then the answer, all in the formal language.

```
s0 c0 c1 eliminate: y = -4
s1 c0 s0 substitute: x = 0
answer: x = 0, y = -4
```

A line has the id of the step, the ids of what it follows from (`c`: a clause, `a`: an axiom, `s`: a step), the name of
the rule, and the fact. A family without a method has the last line only. Reading fails closed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from synth.family import Family
from synth.grammar.decode import Frame, gbnf_text, lark_text
from synth.grammar.pattern import parse_pattern
from synth.propose.ask import Language
from synth.recheck.rows import ANSWER_ONLY
from synth.records import Candidate, Step

DEPTH = 6  # of the brackets and functions a model may nest; right answers need 4 at most
MAX_STEPS = 40
MAX_TEXT = 20_000  # characters; a longer reply is not read
_HEAD = re.compile(r"(s[0-9]{1,2})((?: [cas][0-9]{1,3}){0,12}) ([a-z]{1,20}(?: [A-Za-z]{1,20}){0,3})")
_ANSWER = "answer: "

# the same head, after the id of the step, for decoding grammars; the names are unlike those of any family's terminals
_LINE_HEAD = (
    ("repeat", ((("text", " "), ("terminal", "PARENT__ID")),), 0, 12),
    ("text", " "),
    ("terminal", "RULE__NAME"),
    ("repeat", ((("text", " "), ("terminal", "RULE__WORD")),), 0, 3),
    ("text", ": "),
)
_LINE_TERMINALS = tuple(
    (name, parse_pattern(pattern))
    for name, pattern in {
        "PARENT__ID": "[cas][0-9]{1,3}",
        "RULE__NAME": "[a-z]{1,20}",
        "RULE__WORD": "[A-Za-z]{1,20}",
    }.items()
)


class TraceError(ValueError):
    """A text that is no solution; `place` is the first line that is wrong, counted from 1."""

    def __init__(self, place: int, why: str) -> None:
        super().__init__(f"line {place}: {why}")
        self.place = place


def canonical(family: Family, text: str, start: str) -> str:
    """Return the canonical spelling of a formal text, which is the one that decoding grammars accept.

    >>> from synth.family.registry import families
    >>> canonical(families()["linear_system"], "x=1,y = 2", "solution")
    'x = 1, y = 2'
    """
    return family.formal.render(family.formal.read(text, start), start)


def write(family: Family, candidate: Candidate) -> str:
    """Return the trace of a solved candidate, canonical; `read` of it gives the steps and the answer back."""
    lines = [
        f"{' '.join([step.id, *step.parents, step.rule])}: {canonical(family, step.formal, 'step')}"
        for step in candidate.steps or ()
        if step.rule != ANSWER_ONLY
    ]
    return "\n".join([*lines, _ANSWER + canonical(family, candidate.formal_answer or "", "solution")])


def read(text: str) -> tuple[tuple[Step, ...], str]:
    r"""Return the steps and the formal answer of a trace, none of it parsed yet; raise `TraceError` where it is none.

    >>> read("s0 c0 c1 eliminate: y = -4\nanswer: x = 0, y = -4")
    ((Step(id='s0', formal='y = -4', parents=('c0', 'c1'), rule='eliminate'),), 'x = 0, y = -4')
    >>> read("x = 0")
    Traceback (most recent call last):
    ...
    synth.propose.trace.TraceError: line 1: neither a step nor the answer
    """
    if len(text) > MAX_TEXT:
        raise TraceError(1, f"more than {MAX_TEXT} characters")
    *lines, last = text.strip().split("\n")
    if len(lines) > MAX_STEPS:
        raise TraceError(MAX_STEPS + 1, f"more than {MAX_STEPS} steps")
    steps = tuple(read_step(line, i) for i, line in enumerate(lines))
    if not last.startswith(_ANSWER):
        raise TraceError(len(lines) + 1, "neither a step nor the answer" if not lines else "the answer is missing")
    answer = last.removeprefix(_ANSWER).strip()
    return steps or (Step("s0", answer, (), ANSWER_ONLY),), answer


def read_step(line: str, index: int) -> Step:
    """Return the step of one line, which must be the one with this index; raise `TraceError`."""
    head, colon, formal = line.partition(": ")
    match = _HEAD.fullmatch(head)
    if not (match and colon):
        raise TraceError(index + 1, "neither a step nor the answer")
    if match[1] != f"s{index}":
        raise TraceError(index + 1, f"the step is called {match[1]}, it is s{index}")
    return Step(match[1], formal, tuple(match[2].split()), match[3])


@cache
def language(family: Family) -> Language:
    """Return the language of traces of a family."""
    frame = Frame(_ANSWER, "step" if family.method else "", "s", _LINE_HEAD, _LINE_TERMINALS, MAX_STEPS)
    texts = [text(family.formal.grammar, "solution", DEPTH, frame=frame) for text in (lark_text, gbnf_text)]
    return Language(f"{family.name} solutions", *texts)


def parts(text: str) -> Sequence[str]:
    """Return the lines of a trace that are finished, for search that goes on step by step."""
    return text.split("\n")[:-1]
