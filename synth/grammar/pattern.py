"""Terminals as a small abstract syntax: character sets, concatenation, alternatives and repeats of one set.

Only what every consumer understands alike is accepted (our reader, the sampler, llguidance, GBNF): no assertions, no
lazy repeats, no negated sets, no repeated groups. A pattern is one of
`("set", ((low, high), …))`, `("cat", …)`, `("alt", …)`, `("rep", low, high or None, set)`.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from typing import Any, TypeAlias

Pattern: TypeAlias = tuple[Any, ...]

_EMPTY: Pattern = ("cat",)
_CATEGORIES = {
    "CATEGORY_DIGIT": [(48, 57)],
    "CATEGORY_WORD": [(48, 57), (65, 90), (95, 95), (97, 122)],
    "CATEGORY_SPACE": [(9, 13), (32, 32)],
}
_MAX_REPEAT = 8  # how often the sampler repeats a set without an upper bound, at most


class PatternError(ValueError):
    """A regular expression is outside the subset; the message says what to write instead."""


def parse_pattern(source: str, fold: bool = False) -> Pattern:
    r"""Parse a regular expression in the syntax of `re`.

    >>> parse_pattern("[a-c]+|x")
    ('alt', ('rep', 1, None, ('set', ((97, 99),))), ('set', ((120, 120),)))
    >>> parse_pattern("a*?")
    Traceback (most recent call last):
    ...
    synth.grammar.pattern.PatternError: a lazy repeat means another language elsewhere; remove the `?`
    """
    parser = importlib.import_module("re._parser")  # the standard library's own parser, which has no public name
    return _convert_all(parser.parse(source), fold)


def _convert_all(items: Any, fold: bool) -> Pattern:
    parts: list[Pattern] = []
    for item in items:
        part = _convert(item, fold)
        parts += part[1:] if part[0] == "cat" else [part]
    return parts[0] if len(parts) == 1 else ("cat", *parts)


def _convert(item: Any, fold: bool) -> Pattern:
    code, argument = str(item[0]), item[1]
    if code == "LITERAL":
        return _set([(argument, argument)], fold)
    if code == "IN":
        ranges: list[tuple[int, int]] = []
        for inner, value in argument:
            if str(inner) == "LITERAL":
                ranges.append((value, value))
            elif str(inner) == "RANGE":
                ranges.append(value)
            elif str(inner) == "CATEGORY" and str(value) in _CATEGORIES:
                ranges += _CATEGORIES[str(value)]
            else:
                raise PatternError("a negated set is open-ended; list the characters instead")
        return _set(ranges, fold)
    if code == "BRANCH":
        return ("alt", *[_convert_all(branch, fold) for branch in argument[1]])
    if code == "SUBPATTERN":
        _, add, remove, inner = argument
        if add & ~2 or remove:
            raise PatternError("only the flag `i` is understood")
        return _convert_all(inner, fold or bool(add & 2))
    if code == "MAX_REPEAT":
        low, high, inner = argument
        part = _convert_all(inner, fold)
        bound = None if str(high) == "MAXREPEAT" else int(high)
        if (low, bound) == (0, 1):
            return ("alt", part, _EMPTY)
        if part[0] != "set":
            raise PatternError("a repeated group; make the group a rule, or repeat one set of characters")
        return ("rep", low, bound, part)
    if code == "MIN_REPEAT":
        raise PatternError("a lazy repeat means another language elsewhere; remove the `?`")
    if code == "NOT_LITERAL" or code == "ANY":
        raise PatternError("an open set of characters; list the characters instead")
    raise PatternError(f"{code.lower()} is not understood by every consumer (no look-around, no anchors); remove it")


def _set(ranges: list[tuple[int, int]], fold: bool) -> Pattern:
    if fold:
        ranges = ranges + [
            (ord(other), ord(other))
            for low, high in ranges
            for character in map(chr, range(low, high + 1))
            for other in (character.lower(), character.upper())
            if len(other) == 1
        ]
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return ("set", tuple(merged))


def print_pattern(pattern: Pattern) -> str:
    r"""Print a pattern in the subset common to `re`, Rust and GBNF; no group is ever repeated.

    >>> print_pattern(parse_pattern(r"(?:\d)+(?:\.\d+)?"))
    '[0-9]+(?:\\.[0-9]+|)'
    """
    kind = pattern[0]
    if kind == "set":
        ranges = pattern[1]
        if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
            return _character(ranges[0][0])
        return "[" + "".join(_range(low, high) for low, high in ranges) + "]"
    if kind == "cat":
        return "".join(map(print_pattern, pattern[1:]))
    if kind == "alt":
        inner = "|".join(print_pattern(part) for part in pattern[1:])
        return f"(?:{inner})"
    _, low, high, part = pattern
    return print_pattern(part) + {(0, None): "*", (1, None): "+"}.get(
        (low, high), f"{{{low},{'' if high is None else high}}}"
    )


def _range(low: int, high: int) -> str:
    return _character(low) if low == high else f"{_character(low)}-{_character(high)}"


def _character(code: int) -> str:
    character = chr(code)
    if code >= 128 or code < 32:
        if code > 0xFFFF:
            raise PatternError(f"the character {character!r} lies outside the basic plane; use another")
        return f"\\u{code:04x}"
    return character if character.isalnum() or character == "_" else "\\" + character


def first_characters(pattern: Pattern) -> set[str]:
    """Return the ASCII characters with which a match may begin."""
    kind = pattern[0]
    if kind == "set":
        return {chr(code) for low, high in pattern[1] for code in range(low, min(high, 127) + 1)}
    if kind == "alt":
        return {character for part in pattern[1:] for character in first_characters(part)}
    if kind == "rep":
        return first_characters(pattern[3])
    found: set[str] = set()
    for part in pattern[1:]:
        found |= first_characters(part)
        if not may_be_empty(part):
            break
    return found


def may_be_empty(pattern: Pattern) -> bool:
    """Tell whether a pattern matches the empty text."""
    kind = pattern[0]
    if kind == "cat":
        return all(map(may_be_empty, pattern[1:]))
    if kind == "alt":
        return any(map(may_be_empty, pattern[1:]))
    return bool(kind == "rep" and pattern[1] == 0)


def text_drawer(pattern: Pattern) -> Callable[[random.Random], str]:
    """Return what draws a matching text: alternatives and characters uniformly, open repeats geometrically (≤ 8 more).

    >>> text_drawer(parse_pattern("[a-z][0-9]{2}"))(random.Random(3))
    'g53'
    """
    kind = pattern[0]
    if kind == "set":
        characters = "".join(chr(code) for low, high in pattern[1] for code in range(low, high + 1))
        length = len(characters)
        return lambda rng: characters[int(rng.random() * length)]
    if kind == "rep":
        _, low, high, part = pattern
        draw, most = text_drawer(part), low + _MAX_REPEAT if high is None else high

        def repeat(rng: random.Random) -> str:
            text = "".join([draw(rng) for _ in range(low)])
            while len(text) < most and rng.random() < 0.5:
                text += draw(rng)
            return text

        return repeat
    parts = [text_drawer(part) for part in pattern[1:]]
    if kind == "cat":
        return lambda rng: "".join([part(rng) for part in parts])
    return lambda rng: parts[int(rng.random() * len(parts))](rng)


def all_texts(pattern: Pattern, most: int = 4096) -> list[str] | None:
    """Return every text that matches, or None where there are more than `most`.

    >>> all_texts(parse_pattern("a[0-2]|b"))
    ['a0', 'a1', 'a2', 'b']
    """
    kind = pattern[0]
    if kind == "set":
        if sum(high - low + 1 for low, high in pattern[1]) > most:
            return None
        return [chr(code) for low, high in pattern[1] for code in range(low, high + 1)]
    if kind == "rep":
        return (
            None
            if pattern[2] is None
            else all_texts(("alt", *[("cat", *[pattern[3]] * n) for n in range(pattern[1], pattern[2] + 1)]), most)
        )
    texts = [] if kind == "alt" else [""]
    for part in pattern[1:]:
        more = all_texts(part, most)
        if more is None:
            return None
        texts = texts + more if kind == "alt" else [first + second for first in texts for second in more]
        if len(texts) > most:
            return None
    return texts
