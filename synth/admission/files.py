"""The files of a proposed family, taken out of a reply, and what is refused before any parser sees them.

A reply is a stranger's text. Only four names are known; nothing is written under any other, so a reply can neither
leave its folder nor bring code. What is looked at here costs time linear in the size of the reply.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterator, Mapping

from synth.grammar.pattern import Pattern, PatternError, parse_pattern

NAMES = ("family.toml", "grammar.lark", "meaning.toml", "phrases.en.toml")
MAX_REPLY = 120_000  # characters
MAX_FILE = 16_000  # the largest of a built-in family has 5,017
MAX_LINE = 1_000
MAX_NESTED = 24  # brackets open at once in a line
MAX_HEADING = 200  # of a line that names a file or begins a block; patterns on longer ones would take too long
MAX_PATTERN = 200  # characters of a regular expression
MAX_REPEAT = 32  # of one set of characters, and of `~` in a grammar

_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*([^`]*)")
_FILE = re.compile(r"[^\s`*]*[^\s`*.:]\.\w+|__init__\S*")
_ABOVE = re.compile(r"[#*\s]*(?:file:?\s*)?[`*]*([^\s`*]*[^\s`*.:]\.\w+)[`*:\s]*", re.IGNORECASE)  # nothing but a name
_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"i?')
_PATTERN = re.compile(r"/(?!/)((?:\\.|[^/\\\n])+)/([a-z]*)")
# control, format (also of direction), surrogate, private, no character, separators of lines and paragraphs
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DIRECTIVES = (r"%import\s+common\.WS", r"%ignore\s+WS")
_NAME = re.compile(r'name\s*=\s*"([a-z][a-z0-9_]{1,30})"\s*(?:#.*)?')


class Refused(ValueError):
    """A reply is no proposal that may be looked at; the message says why."""


def files_of(reply: str) -> dict[str, str]:
    """Return the files of a reply by name: fenced blocks, each under its name; raise Refused.

    A block that has no file name is taken for an explanation and left out.

    >>> files_of("```lark grammar.lark\\nproblem: WS\\n```")
    Traceback (most recent call last):
    ...
    synth.admission.files.Refused: the reply lacks family.toml, meaning.toml, phrases.en.toml; it has grammar.lark
    """
    if len(reply) > MAX_REPLY:
        raise Refused(f"the reply has {len(reply):,} characters; at most {MAX_REPLY:,} are read")
    found: dict[str, str] = {}
    lines, before = iter(reply.replace("\r\n", "\n").split("\n")), ""
    for line in lines:
        heading = line.strip() if len(line) <= MAX_HEADING else ""
        if (fence := _FENCE.fullmatch(heading)) is None:
            before = heading if line.strip() else before
            continue
        above = _ABOVE.fullmatch(before)
        name = _file_name(fence[2]) or (above[1] if above else "")
        body, before = _block(lines, fence[1]), ""
        if not name:
            continue
        if name not in NAMES:
            raise Refused(f"the file {name[:80]!r} is no part of a family that is data; those are {', '.join(NAMES)}")
        if name in found:
            raise Refused(f"the reply has {name} twice")
        found[name] = body
    if missing := [name for name in NAMES if name not in found]:
        raise Refused(f"the reply lacks {', '.join(missing)}; it has {', '.join(found) or 'no file'}")
    return found


def _file_name(line: str) -> str:
    names = _FILE.findall(line)
    return names[-1] if names else ""


def _block(lines: Iterator[str], fence: str) -> str:
    """Return the lines up to the end of a block."""
    body: list[str] = []
    for line in lines:
        if line.strip() == fence:
            return "\n".join(body) + "\n"
        body.append(line)
    raise Refused(f"a block begins with {fence} and does not end")


def name_of(files: Mapping[str, str]) -> str:
    """Return the name that `family.toml` gives the family; raise Refused where it has none that can be one."""
    names = [found[1] for line in files["family.toml"].splitlines() if (found := _NAME.fullmatch(line.strip()))]
    if len(names) != 1 or keyword.iskeyword(names[0]):
        raise Refused('family.toml has no line `name = "…"` with small letters, digits and _')
    return names[0]


def inspect(files: Mapping[str, str]) -> None:
    """Raise Refused for files that are too large, are no plain text, or hold what a parser should not be given."""
    for name, text in files.items():
        if len(text) > MAX_FILE:
            raise Refused(f"{name} has {len(text):,} characters; at most {MAX_FILE:,} are read")
        for number, line in enumerate(text.split("\n"), 1):
            _inspect_line(f"{name}, line {number}", line)
    _inspect_grammar(files["grammar.lark"])


def _inspect_line(place: str, line: str) -> None:
    if len(line) > MAX_LINE:
        raise Refused(f"{place} has {len(line):,} characters; at most {MAX_LINE:,} are read")
    odd = next((each for each in line if each != "\t" and unicodedata.category(each) in _HIDDEN), "")
    if odd:
        raise Refused(f"{place} holds the character U+{ord(odd):04X}, which cannot be seen")
    depth = 0
    for each in line:
        depth += (each in "([{") - (each in ")]}")
        if depth > MAX_NESTED:
            raise Refused(f"{place} opens more than {MAX_NESTED} brackets at once")


def _inspect_grammar(text: str) -> None:
    """Look at patterns, repetitions and directives before lark does: it imports files and runs patterns on words."""
    for number, line in enumerate(text.split("\n"), 1):
        place, bare = f"grammar.lark, line {number}", _STRING.sub('""', line)
        for pattern in _PATTERN.finditer(bare):
            _inspect_pattern(place, pattern[1], pattern[2])
        bare = _PATTERN.sub('""', bare).split("//")[0]
        if "%" in bare and not any(re.fullmatch(known, bare.strip()) for known in _DIRECTIVES):
            raise Refused(f"{place}: only `%import common.WS` and `%ignore WS` are allowed, not {bare.strip()[:60]!r}")
        for found in re.finditer(r"~\s*(\d+)(?:\s*\.\.\s*(\d+))?", bare):
            if any(len(each) > 4 or int(each) > MAX_REPEAT for each in found.groups() if each):
                raise Refused(f"{place}: a repetition of more than {MAX_REPEAT}")
        if re.match(r"\s*_?[A-Z]\w*(\.\d+)?\s*:", bare) and re.search(r"\)\s*[*+~]", bare):
            raise Refused(f"{place}: a terminal repeats a group, which a reader may follow in exponential time")


def _inspect_pattern(place: str, source: str, flags: str) -> None:
    if len(source) > MAX_PATTERN:
        raise Refused(f"{place}: a pattern of more than {MAX_PATTERN} characters")
    if flags not in ("", "i"):
        raise Refused(f"{place}: the flags {flags!r} of a pattern; only `i` is understood")
    if any(
        len(each) > 4 or int(each) > MAX_REPEAT
        for each in re.findall(r"\d+", "".join(re.findall(r"\{[^}]*\}", source)))
    ):
        raise Refused(f"{place}: a pattern that repeats a character more than {MAX_REPEAT} times")
    try:
        _inspect_repeats(place, parse_pattern(source))
    except PatternError as error:
        raise Refused(f"{place}: the pattern /{source[:60]}/: {error}") from None
    except (re.error, RecursionError, OverflowError, AttributeError, ValueError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused(f"{place}: /{source[:60]}/ is no pattern: {error}") from None


def _inspect_repeats(place: str, pattern: Pattern) -> None:
    """Refuse a row of open repeats: `a*a*a*…` on a word that does not match takes a power of its length."""
    opened = str(pattern).count(", None, ('set'")
    if opened > 2:
        raise Refused(f"{place}: a pattern with {opened} open repeats; at most 2 keep reading linear")
