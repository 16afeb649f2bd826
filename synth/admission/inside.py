"""What runs in the isolated process: load one proposed family, run every law on it, write down what was found.

Limits are set before a byte of the proposal is read: CPU time, memory, size of files, number of open files. Sockets and
other processes are refused by an audit hook (PEP 578), in case a parser has a hole that nobody knows of.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from synth.admission.files import Refused, inspect
from synth.admission.novelty import COPY, Signature, nearest, signature
from synth.domain import Domain
from synth.family import Family
from synth.family.folder import family_at
from synth.records import Record
from synth.testing import Finding, examine

SHOWN = 1  # problems of each level in the report
FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.",
    "ctypes.dlopen",
)
_MB = 1 << 20


def limit(cpu_s: int, memory_mb: int) -> None:
    """Bound this process for good, and refuse it the network and other processes."""
    for what, most in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, memory_mb * _MB),
        (resource.RLIMIT_FSIZE, 16 * _MB),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: object) -> None:
    if event.startswith(FORBIDDEN):
        raise PermissionError(f"{event} is refused to a process that checks a proposal")


def findings(folder: Path, samples: int, known: Mapping[str, Signature]) -> Iterator[dict[str, Any]]:
    """Yield what is found about the family in a folder, one JSON object after the other; the last says it is whole.

    A copy of a known family is not looked at any further: what costs time are the laws.
    """
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}
    try:
        inspect(texts)
        family = family_at(folder)
        for language in family.languages:
            family.language(language)
        name, likeness = nearest(signature(family.formal.grammar, family.meaning_table), known)
    except Refused as error:
        yield {"refused": str(error)}
        return
    except Exception as error:  # whatever a loader says of a stranger's files is a verdict on them
        yield _law(Finding("it loads, without conflicts", "", "broken"), f"{type(error).__name__}: {error}")
        return
    yield {"nearest": [name, likeness]}
    if likeness >= COPY:
        share = f"{likeness:.0%} of its productions are those of {name}, up to names"
        yield {"refused": f"a copy: {share}; a new family has less than {COPY:.0%} in common"}
        return
    for found in examine(family, samples):
        yield {"law": found.as_json()}
    with suppress(Exception):  # a law has said what is wrong
        for problem in _problems(family):
            yield {"problem": problem}
    yield {"whole": True}


def _law(found: Finding, message: str) -> dict[str, Any]:
    expected = {"expected": "a family", "found": message[:400], "example": "", "cause": "see found"}
    return {"law": found.as_json() | expected}


def _problems(family: Family) -> Iterator[dict[str, Any]]:
    """Yield problems for a person to read: only a person sees whether the words say what the theory says."""
    domain = Domain(family)
    for level in family.levels:
        for index in range(SHOWN):
            made = domain.make(level, 1, index)
            if isinstance(made, Record):
                yield {"level": level, "question": made.question, "formal": made.formal,
                       "answer": made.formal_answer, "theory": made.theory}  # fmt: skip


def main(arguments: list[str]) -> None:
    """Check the folder named first against the signatures in the third, and write what is found to the second."""
    folder, out, signatures, samples, cpu_s, memory_mb = arguments
    limit(int(cpu_s), int(memory_mb))
    known = {name: Signature(*each) for name, each in json.loads(Path(signatures).read_text("utf-8")).items()}
    with Path(out).open("w", encoding="ascii") as file:
        for found in findings(Path(folder), int(samples), known):
            file.write(json.dumps(found) + "\n")
            file.flush()
