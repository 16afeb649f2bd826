"""Find the answer in what a model wrote: the last boxed or tagged text, "the answer is …", or the last line.

Nothing is evaluated: text is cut and rewritten by fixed rules, and what comes out is only ever given to a parse table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import gcd

MAX_TEXT = 20_000  # only the end of a longer text is looked at
MAX_ANSWER = 2_000  # characters of one candidate answer

_SAYS = re.compile(r"(?:final answer|the answer|answer)\s*(?:is|are|:|=)+[ \t]*:?[ \t]*([^\n]+)", re.IGNORECASE)
_SIGNS = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "→": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "⁄": "/", "’": "'"}
    | {"≥": ">=", "≤": "<=", "²": "^2", "³": "^3", "\u00a0": " ", "\u2009": " ", "\u202f": " "}
)
_COMMANDS = {
    r"\cdot": "*", r"\times": "*", r"\div": "/", r"\left": "", r"\right": "", r"\,": " ", r"\;": " ", r"\!": "",
    r"\quad": " ", r"\ ": " ", r"\displaystyle": "", r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\ln": "log",
    r"\to": "-", r"\rightarrow": "-", r"\(": "", r"\)": "", r"\[": "", r"\]": "", r"\{": "", r"\}": "",
}  # fmt: skip
_COMMAND = re.compile("|".join(re.escape(name) + ("(?![a-zA-Z])" if name[-1].isalpha() else "") for name in _COMMANDS))
_FUNCTION = re.compile(r"\\(sin|cos|tan|exp|log|sqrt|arctan|atan)(?![a-zA-Z])")
_WORDS = re.compile(r"\\(?:text|mathrm|mathbf|textbf|operatorname)\{([^{}]*)\}")
_FRACTION = re.compile(r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_SHORT_FRACTION = re.compile(r"\\frac\s*(\d)\s*(\d)")
_ROOT = re.compile(r"sqrt\s*\{([^{}]*)\}")
_POWER = re.compile(r"\^\s*\{([^{}]*)\}")
_OPENING = re.compile(
    r"^(?:(?:so|thus|hence|therefore|then|and|finally|this gives|we (?:get|find|have|obtain)(?: that)?)[,: ]+)+",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE)
_DECIMAL = re.compile(r"(?<![\w.])(\d{1,60})\.(\d{1,60})(?![\w.])")
_IMPLICIT = re.compile(r"(?<=[0-9)])\s*(?=[a-zA-Z(])")


def answers(text: str) -> Iterator[str]:
    """Yield what may be meant as the answer, the likeliest first, each in several spellings.

    >>> next(answers(r"So the answer is **x = 2**."))
    'x = 2'
    >>> list(answers(r"\\boxed{\\frac{3}{4}}"))[0]
    '3/4'
    """
    seen: set[str] = set()
    for found in _places(text[-MAX_TEXT:]):
        if len(found) <= MAX_ANSWER:
            for spelling in _spellings(found):
                if spelling and spelling not in seen:
                    seen.add(spelling)
                    yield spelling


def _places(text: str) -> Iterator[str]:
    boxed = text.rfind("\\boxed")
    if boxed >= 0:
        yield _braced(text, boxed + len("\\boxed"))
        return
    opened: int | None = None
    tagged: tuple[int, int] | None = None
    for tag in _TAG.finditer(text):
        if not tag[1]:
            opened = tag.end()
        elif opened is not None:
            tagged, opened = (opened, tag.start()), None
    if tagged is not None:
        yield text[slice(*tagged)]
        return
    said = list(_SAYS.finditer(text))
    if said:
        yield said[-1][1]
    yield text
    lines = [line for line in text.splitlines() if line.strip(" *_#`$")]
    if lines:
        yield lines[-1]


def _braced(text: str, place: int) -> str:
    """Return what stands in the braces that open at a place, whatever is nested in them."""
    while place < len(text) and text[place] in " \n":
        place += 1
    if place >= len(text) or text[place] != "{":
        return text[place:].split("\n")[0]
    depth = 0
    for end in range(place, len(text)):
        depth += (text[end] == "{") - (text[end] == "}")
        if depth == 0:
            return text[place + 1 : end]
    return text[place + 1 :]


def _spellings(found: str) -> Iterator[str]:
    """Yield a candidate as written but for markup, then with looser notation."""
    plain = found.translate(_SIGNS)
    for mark in ("**", "__", "`", "$"):
        plain = plain.replace(mark, "")
    plain = _COMMAND.sub(lambda match: _COMMANDS[match[0]], plain)
    plain = _WORDS.sub(r"\1", plain)
    for _ in range(4):  # nested fractions and roots, from the inside out
        plain = _SHORT_FRACTION.sub(r"\1/\2", _FUNCTION.sub(r"\1", plain))
        plain = _POWER.sub(lambda match: "^" + _grouped(match[1]), _ROOT.sub(r"sqrt(\1)", plain))
        plain = _FRACTION.sub(lambda match: f"{_grouped(match[1])}/{_grouped(match[2])}", plain)
    plain = plain.replace("\\", "").strip(" \n\t.,;:*_#")
    yield plain
    plain = _OPENING.sub("", plain)
    yield plain
    joined = ", ".join(line.strip(" -*•\t.,;") for line in plain.splitlines() if line.strip(" -*•\t.,;"))
    yield joined
    loose = re.sub(r",?\s+and\s+", ", ", joined)
    yield loose
    exact = _DECIMAL.sub(_as_fraction, loose)
    yield exact
    yield _IMPLICIT.sub("*", exact)
    _, equals, right = exact.rpartition("=")
    if equals:
        yield right.strip()
        yield _IMPLICIT.sub("*", right.strip())


def _grouped(text: str) -> str:
    text = text.strip()
    return text if re.fullmatch(r"-?\w+", text) else f"({text})"


def _as_fraction(match: re.Match[str]) -> str:
    digits = match[2].rstrip("0")
    if not digits:
        return match[1]
    above, below = int(match[1] + digits), 10 ** len(digits)
    shared = gcd(above, below)
    return f"{above // shared}/{below // shared}"
