"""Read a text with a packed LALR(1) table: the words of a question become the tree that its meaning is applied to.

A packed table is JSON: the terminals in the order in which they are tried, the rules, and the automaton of Aho, Sethi
and Ullman, *Compilers* (1986), section 4.7, as lark computes it. Of the terminals that may come next, the first one
that matches is taken (a contextual lexer); a fixed word wins over a pattern that matches the same text. Whitespace
between tokens is ignored. A tree is `(name, *children)`; a child is a tree or the text of a kept terminal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

Tree: TypeAlias = "tuple[str | Tree, ...]"

VERSION = 1
MAX_TEXT = 1 << 16  # characters
MAX_TOKENS = 1 << 14
MAX_TOKEN = 256  # characters of one token, with the whitespace before it
MAX_DEPTH = 100  # of the tree
MAX_REDUCTIONS = 1000  # between two tokens
MAX_REPEATS = 4  # in one terminal: with MAX_TOKEN this bounds the backtracking of a hostile pattern
_SPACE = " \t\f\r\n"
_PIECE = re.compile(
    r"\(\?i?:|\)|\||(?:\[\^?(?:\\u[0-9a-f]{4}|\\[^\w]|[^\\\[\]])+\]|\\u[0-9a-f]{4}|\\[^\w]|[^\\()\[\]|*+?{}^$.])"
    r"(\?|[*+]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})?",
    re.ASCII,
)


class ReadError(ValueError):
    """A text is not in the language; `position` counts characters from 0, `expected` lists what could come there."""

    def __init__(self, message: str, text: str = "", position: int = 0, expected: tuple[str, ...] = ()) -> None:
        line = text.count("\n", 0, position) + 1
        column = position - text.rfind("\n", 0, position)
        wanted = f"; expected {', '.join(expected[:12])}{' …' if len(expected) > 12 else ''}" if expected else ""
        super().__init__(f"line {line}, column {column}: {message}{wanted}")
        self.position, self.expected = position, expected


class Reader:
    """The reader of one packed table; building it is linear in the table, reading linear in the text.

    >>> table = {"v": 1, "terminals": [["NUMBER", "[0-9]+", []], ["'+'", r"\\+", []]], "lookaheads": [[1, 2]],
    ...     "words": {}, "rules": [[0, "", 1, [0]], [0, "add", 3, [0, 2]]], "starts": {"sum": [0, 1]},
    ...     "states": [[[0, 3, 3, 1], []], [[1, 2], []], [[0, 4], []], [[], [0, 0]], [[], [1, 0]]]}
    >>> Reader(table).read("1 + 2+3", "sum")
    ('add', ('add', '1', '2'), '3')
    >>> Reader(table).read("1 + +", "sum")
    Traceback (most recent call last):
    ...
    synth_kernel.tables.ReadError: line 1, column 5: cannot read '+'; expected NUMBER
    """

    def __init__(self, packed: Mapping[str, Any]) -> None:
        if packed["v"] != VERSION:
            raise ValueError(f"a packed table of version {packed['v']!r}; this reader knows {VERSION}")
        self._names = [str(name) for name, _, _ in packed["terminals"]]
        patterns = [_checked(pattern) for _, pattern, _ in packed["terminals"]]
        self._end = len(patterns)
        # a pattern yields to the fixed words it matches: {terminal: [(word, matcher), …]}
        self._yields = {
            number: [(word, re.compile(patterns[word]).fullmatch) for word in words]
            for number, (_, _, words) in enumerate(packed["terminals"])
            if words
        }
        self._words = {int(key): dict(words) for key, words in packed.get("words", {}).items()}
        # (nonterminal's column, length, name, kept positions); "" passes its only child on, "_" splices its children
        self._rules = [(self._end + 1 + origin, size, name, kept) for origin, name, size, kept in packed["rules"]]
        self._starts = {str(name): (int(first), int(last)) for name, (first, last) in packed["starts"].items()}
        lexers: dict[tuple[int, ...], tuple[Any, tuple[int, ...]]] = {}
        self._rows: list[tuple[dict[int, int], Any, tuple[int, ...]]] = []
        for moves, reductions in packed["states"]:
            row = dict(zip(moves[::2], moves[1::2], strict=True))  # terminal or nonterminal -> next state
            for rule, lookahead in zip(reductions[::2], reductions[1::2], strict=True):
                row.update(dict.fromkeys(packed["lookaheads"][lookahead], ~rule))
            accepted = tuple(sorted(number for number in row if 0 <= number < self._end))
            if accepted not in lexers:
                either = "|".join(f"({patterns[number]})" for number in accepted)
                lexers[accepted] = re.compile(f"[{_SPACE}]*(?:{either or '(?!)'})").match, accepted
            self._rows.append((row, *lexers[accepted]))

    def read(self, text: str, start: str) -> Tree:
        """Return the tree of a text of `start`; raise `ReadError` with the place and what was expected."""
        if len(text) > MAX_TEXT:
            raise ReadError(f"a text of {len(text)} characters is longer than {MAX_TEXT}")
        if start not in self._starts:
            raise ReadError(f"no such start: {start!r}", expected=tuple(self._starts))
        state, last = self._starts[start]
        rows, rules, yields, words, end = self._rows, self._rules, self._yields, self._words, self._end
        states: list[int] = [state]
        values: list[Any] = []
        place, stop = 0, len(text.rstrip(_SPACE))
        found = None
        for _ in range(MAX_TOKENS):
            row, match, accepted = rows[state]
            value: Any = ""
            if place >= stop:
                kind = end
            else:
                found = match(text, place, place + MAX_TOKEN)
                if found is None:
                    raise self._unexpected(text, place, row)
                group = found.lastindex
                kind, value = accepted[group - 1], found[group]
                if kind in yields:
                    kind = next((word for word, full in yields[kind] if word in row and full(value)), kind)
                if kind in words:
                    value = words[kind].get(value.lower(), value)
            for _ in range(MAX_REDUCTIONS):
                action = row.get(kind)
                if action is None:
                    raise self._unexpected(text, place, row)
                if action >= 0:
                    break
                column, size, name, kept = rules[~action]
                children = values[len(values) - size :]
                del values[len(values) - size :], states[len(states) - size :]
                if name or len(kept) != 1:
                    parts: list[Any] = [] if name == "_" else [name]
                    for position in kept:
                        child = children[position]
                        parts += child if type(child) is list else (child,)
                    values.append(parts if name == "_" else tuple(parts))
                else:
                    values.append(children[kept[0]])
                state = rows[states[-1]][0][column]
                states.append(state)
                if kind == end and state == last:
                    return _bounded(values[-1])
                row = rows[state][0]
            else:
                raise ReadError("too many reductions: the table is not sound", text, place)
            if found is None or kind == end:
                raise ReadError("the table shifts the end", text, place)
            state = action
            states.append(state)
            values.append(value)
            place = found.end()
        raise ReadError(f"more than {MAX_TOKENS} tokens", text, place)

    def _unexpected(self, text: str, place: int, row: dict[int, int]) -> ReadError:
        place += len(text[place:]) - len(text[place:].lstrip(_SPACE))
        names = [*self._names, "the end"]
        expected = [names[number] for number in sorted(row) if number <= self._end]
        word = re.match(r"\w+|.|$", text[place : place + 40], re.DOTALL)
        problem = f"cannot read {word[0]!r}" if word and word[0] else "the text ends too early"
        return ReadError(problem, text, place, tuple(expected))


def _bounded(tree: Any) -> Tree:
    """Refuse what is no tree or too deep a tree."""
    level, depth = [tree], 0
    while level := [child for node in level if type(node) is tuple for child in node[1:]]:
        depth += 1
        if depth > MAX_DEPTH:
            raise ReadError(f"nested deeper than {MAX_DEPTH}")
    if type(tree) is not tuple:
        raise ReadError(f"the text is no tree but {tree!r}")
    return tree


def _checked(pattern: str) -> str:
    """Refuse a pattern with a repeated group, an assertion or many repeats: matching must be quick on every text."""
    place = repeats = 0
    while place < len(pattern):
        piece = _PIECE.match(pattern, place)
        if piece is None:
            raise ValueError(f"not a plain pattern at character {place}: {pattern!r}")
        repeats += piece[1] not in (None, "?")
        place = piece.end()
    if repeats > MAX_REPEATS or len(pattern) > MAX_TEXT:
        raise ValueError(f"a pattern with more than {MAX_REPEATS} repeats: {pattern[:80]!r}")
    return pattern
