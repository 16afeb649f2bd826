r"""Pull a trace or a problem out of what a chat model wrote around it: fences, prose, markup, another numbering.

Text is cut and rewritten by fixed rules, never evaluated. What comes out is as untrusted as what went in: it is only
ever given to `synth.propose.trace.read` and to the parser of a family, and the judge decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from synth.family import Family
from synth.judge.extract import answers
from synth.propose import trace

MAX_PIECE = 4_000  # characters of one text that is tried on a parser
MAX_TRIED = 60  # lines tried, the last first
_JOINS = (" / ", "; ", ", ", " ")  # how an answer of several lines may be meant

_SIGNS = str.maketrans({"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "≥": ">=", "≤": "<=",
                        "²": "^2", "³": "^3", "\u00a0": " ", "\u2009": " ", "\u202f": " "})  # fmt: skip
_MARKS = re.compile(r"[`$]|(?<![\w)])\*\*|\*\*(?![\w(])")
_LISTED = re.compile(r"(?:[-*•>#]+|[0-9]{1,2}[.)]) +")
_ANSWER = re.compile(
    r"(?:[A-Za-z]{1,12},? ){0,2}?(?:the |my )?(?:final )?(?:answer|solution)(?: (?:is|are)(?: ?:)?| ?[:=]) *(.*)", re.I
)
_LABEL = re.compile(r"[^:=]{0,40}\b(?:problem|puzzle|question|task|one)\b[^:=]{0,20}[:=] *", re.I)
_STEP = re.compile(r"(?:step )?(s?)([0-9]{1,2})(?:[.):,]|\b) *([^:]{1,120}): *(\S.*)", re.I)
_PARENT = re.compile(r"[cas][0-9]{1,3}")
_WORD = re.compile(r"[A-Za-z]{1,20}")
_LINKS = frozenset({"from", "by", "using", "and", "via", "with"})  # words that lead to parents and name no rule


def repair(family: Family, role: str, text: str) -> str:
    r"""Return what the text says in the language of the role, as far as it can be found; a right text comes back as is.

    For the role `solve` that is a trace, for `pose` a problem; other roles only have long texts cut to their last
    `trace.MAX_TEXT` characters. Where nothing is found the text comes back, to be refused by the parser. Never raises.
    Costs time linear in the text, with at most a few hundred short parses.

    >>> from synth.family.registry import families
    >>> said = "Sure!\n1. c0 c1 eliminate: y = −4\n**Answer:** x = 0, y = −4"
    >>> print(repair(families()["linear_system"], "solve", said))
    s0 c0 c1 eliminate: y = -4
    answer: x = 0, y = -4
    """
    text = text[-trace.MAX_TEXT :]
    if role == "solve":
        return text if _is_trace(family, text) else _trace(family, text)
    if role == "pose":
        return text if _reads(family, "problem", text) else _problem(family, text)
    return text


def _reads(family: Family, start: str, text: str) -> bool:
    if len(text) > MAX_PIECE or not text.strip():
        return False
    try:
        family.formal.read(text, start)
    except ValueError:
        return False
    return True


def _is_trace(family: Family, text: str) -> bool:
    try:
        steps, answer = trace.read(text)
    except trace.TraceError:
        return False
    facts = () if len(steps) == 1 and steps[0].formal == answer else steps
    return _reads(family, "solution", answer) and all(_reads(family, "step", step.formal) for step in facts)


def _trace(family: Family, text: str) -> str:
    lines = _lines(text)
    steps = _steps(family, lines) if family.method else []
    answer = _answer(family, text, lines)
    found = [*steps, *([f"answer: {answer}"] if answer else [])]
    return "\n".join(found) if found else text.strip()


def _lines(text: str) -> list[str]:
    """Return the lines that say something, without markup; what a model thinks to itself is not its reply."""
    text = text.rpartition("</think>")[2]
    lines = [line.strip() for line in text.translate(_SIGNS).splitlines()]
    bare = [_MARKS.sub("", line).replace("**", "^").strip() for line in lines if not line.startswith("```")]
    return [line for line in bare if line]


def _steps(family: Family, lines: Sequence[str]) -> list[str]:
    """Return the lines of steps, numbered from 0; where a number comes again, what stood before was a draft."""
    found: list[tuple[int, list[str], str, str]] = []
    for line in lines:
        step = _step(line)
        if step:
            if found and step[0] <= found[-1][0]:
                found = []
            found.append(step)
    known = {f"s{number}": f"s{index}" for index, (number, *_) in enumerate(found)}
    if not all(name in known for _, parents, *_ in found for name in parents if name[0] == "s"):
        known = {}  # a parent that is no step: the numbers mean something else, so leave them
    return [
        f"{' '.join([known.get(f's{number}', f's{number}'), *[known.get(name, name) for name in parents], rule])}: "
        f"{_spelled(family, 'step', fact)}"
        for number, parents, rule, fact in found
    ]


def _step(line: str) -> tuple[int, list[str], str, str] | None:
    """Return number, parents, rule and fact of a line that is a step in some spelling."""
    listed = _LISTED.match(line)
    for text in (line[listed.end() :], line) if listed else (line,):
        match = _STEP.fullmatch(text)
        if not match:
            continue
        words = [word for word in re.split(r"[\s,()\[\]<←-]+", match[3]) if word]
        parents = [word.lower() for word in words if _PARENT.fullmatch(word.lower())]
        rule = [word for word in words if not _PARENT.fullmatch(word.lower())]
        while rule and rule[0].lower() in _LINKS:
            rule = rule[1:]
        if all(_WORD.fullmatch(word) for word in rule) and (parents or match[1]):
            head = [(rule[0] if rule else "step").lower(), *rule[1:4]]
            return int(match[2]), parents, " ".join(head), match[4]
    return None


def _answer(family: Family, text: str, lines: Sequence[str]) -> str:
    """Return the answer, spelled so that it parses if any spelling of any candidate does."""
    said = [(place, match[1]) for place, line in enumerate(lines) if (match := _ANSWER.fullmatch(_delisted(line)))]
    for place, rest in said[-8:][::-1]:
        block = [part for part in [rest, *lines[place + 1 : place + 1 + trace.MAX_STEPS]] if part]
        if block:
            listed = [_delisted(part) for part in block]
            whole = [join.join(parts) for parts in (block, listed) for join in _JOINS]
            for candidate in dict.fromkeys([block[0], *whole] if rest else [*whole, block[0]]):
                spelled = _spelled(family, "solution", candidate)
                if _reads(family, "solution", spelled):
                    return spelled
    for candidate in answers(text):
        if _reads(family, "solution", candidate):
            return candidate
    for line in lines[::-1][:8]:
        spelled = _spelled(family, "solution", line)
        if not _step(line) and _reads(family, "solution", spelled):
            return spelled
    return said[-1][1] if said else ""


def _delisted(line: str) -> str:
    match = _LISTED.match(line)
    return line[match.end() :] if match else line


def _spelled(family: Family, start: str, text: str) -> str:
    """Return the first spelling of a text that parses, or else the text."""
    for spelling in _spellings(text):
        if _reads(family, start, spelling):
            return spelling
    return text


def _spellings(text: str) -> Iterator[str]:
    yield text
    yield text.rstrip(" .;,")
    for spelling in answers(text):
        yield spelling
        yield spelling.lower()


def _runs(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines that follow each other as one, for problems of several lines; the longest runs first."""
    for count in range(len(lines), 1, -1):
        for start in range(len(lines) - count + 1):
            yield " ".join(lines[start : start + count])


def _problem(family: Family, text: str) -> str:
    fenced = [_lines(block) for block in text.split("```")[1::2]]
    lines = _lines(text)
    joined = [" ".join(block) for block in fenced[::-1][:4]]
    single = [*joined, *[line for block in fenced[::-1][:4] for line in block[::-1]], *lines[::-1]][:MAX_TRIED]
    for line in [*single, *islice(_runs(lines[-MAX_TRIED:]), MAX_TRIED)]:
        for piece in dict.fromkeys((line, _delisted(line), _LABEL.sub("", line, count=1))):
            spelled = _spelled(family, "problem", piece) if len(piece) <= MAX_PIECE else ""
            if _reads(family, "problem", spelled):
                return spelled
    return text.strip()
