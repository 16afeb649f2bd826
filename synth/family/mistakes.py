"""Known mistakes of authors: how each is told, and its likely fix. One table serves the messages and their test.

An example is a list of edits (file, old, new) to the family that `synth family new` writes; the message names the line
that holds `line`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    """A mistake, what its message says (a pattern), the likely fix, and an example; `seen` is when it is refused."""

    what: str
    says: str
    fix: str
    edits: tuple[tuple[str, str, str], ...] = ()
    line: str = ""
    seen: str = "load"


MISTAKES = (
    Mistake(
        "an empty language",
        r"can never be complete",
        "add an alternative that does not need the rule itself",
        (("grammar.lark", 'clue (";" clue)*  ', 'clue ";" clues  '),),
        'clue ";" clues  ',
    ),
    Mistake(
        "an infinite ambiguity",
        r"contains nothing but itself",
        "delete the alternative, or give it a word of its own",
        (("grammar.lark", "clue: NAME", "clue: clue -> again\n    | NAME"),),
        "clue: clue -> again",
    ),
    Mistake(
        "a production without meaning",
        r"has no meaning",
        "give it a line in meaning.toml",
        (("meaning.toml", '"more(one, other)" = "(> one other)"\n', ""),),
        "-> more",
    ),
    Mistake(
        "a name that means nothing",
        r"unknown name",
        "name a parameter of this template, an operator or a form; docs/meaning.md lists them",
        (("meaning.toml", '"(> one other)"', '"(> one others)"'),),
        "one others",
    ),
    Mistake(
        "meaning with a sort error",
        r" takes \S+, not |compares ",
        "look at the operator's sorts in docs/certificates.md; an argument may stand in the wrong place",
        (("meaning.toml", '"(= (+ one other) n)"', '"(+ (= one other) n)"'),),
        "(+ (= one other) n)",
    ),
    Mistake(
        "a phrase that loses a slot",
        r"occurs \d+ times",
        "use every parameter of the meaning once in every phrase",
        (("phrases.en.toml", "than the {other} one", "than that one"),),
        "than that one",
    ),
    Mistake(
        "a lexicon word that is a keyword",
        r"is a keyword",
        "choose another word in [lexicon]",
        (
            ("phrases.en.toml", "the {one} box holds more marbles", "{one} holds more marbles"),
            ("phrases.en.toml", "[answer]", '[lexicon]\nred = "the"\n\n[answer]'),
        ),
        'red = "the"',
    ),
    Mistake("two families of one name", r"two families are called", "uninstall one", seen="install"),
    Mistake(
        "a level that can never be unique",
        r"no problem drawn",
        "let the level draw more kinds of clause: these never single out one model",
        (("__init__.py", '1: {"boxes": 3, "top": 6, "sizes": [3, 5, 5]}', '1: {"boxes": 3, "top": 9, "sizes": [3]}'),),
        '"sizes": [3]}',
        seen="check",
    ),
)


def likely_fix(message: str) -> str:
    """Return the fix of the mistake that a message tells of, "" where it is none of the known ones.

    >>> likely_fix("propose: no problem drawn")
    'let the level draw more kinds of clause: these never single out one model'
    """
    return next((mistake.fix for mistake in MISTAKES if re.search(mistake.says, message)), "")


def placed(message: str, file: str, text: str) -> str:
    """Return a message about a file of TOML with the line that it is about and the likely fix.

    >>> placed("more: unknown name 'x'", "f/meaning.toml", 'a() = "1"\\nmore() = "x"').partition("; ")[0]
    "f/meaning.toml, line 2: more: unknown name 'x'"
    """
    said = message.removeprefix(f"{file}: ")
    line = line_of(said, text.splitlines())
    fix = likely_fix(said)
    return f"{file}{f', line {line}' if line else ''}: {said}" + (f"; {fix}" if fix and fix not in said else "")


def line_of(message: str, lines: list[str]) -> int:
    """Return the number of the line that a message quotes, or else of the first key that it names; 0 for none."""
    found = re.match(r"(\w+): ", message)
    phrase = re.search(r"in the phrase (['\"])(.*?)\1 of", message)
    quoted = [phrase[2]] if phrase else []
    named = [found[1]] if found else re.findall(r"\b(?:of|alias) (\w+)", message) + re.findall(r"'(\w+)'", message)
    keys = [rf'^\s*"?{re.escape(word)}\b.*=' for word in named]
    values = [rf'=.*"{re.escape(word)}"' for word in named]
    for pattern in [*map(re.escape, quoted), *keys, *values]:
        if hit := _first(pattern, lines):
            return hit
    return 0


def _first(pattern: str, lines: Iterable[str]) -> int:
    return next((number for number, line in enumerate(lines, 1) if re.search(pattern, line, re.IGNORECASE)), 0)
