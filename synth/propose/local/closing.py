"""The shortest way to finish a text of a decoding grammar, for replies that are about to run out of tokens.

A mask promises that a text can be finished, not that it will be within the tokens that are left. What is missing is
found by reading the text top down with all alternatives at once, remembering what was read from where (packrat
parsing; Ford 2002, with sets of ends in place of the first match), and adding the shortest text of all that is open.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from synth.grammar.pattern import Pattern, parse_pattern

# a node is ("text", text) · ("pattern", pattern) · ("rule", name) · ("alt", nodes) · ("cat", nodes)
# · ("rep", node, least, most or None)
_Node = tuple[Any, ...]

_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<pattern>/(?:[^/\\\n]|\\.)+/)|(?P<rule>\w+)'
    r"|~(?P<least>\d+)\.\.(?P<most>\d+)|(?P<sign>[()|*+]))"
)


class _Read(NamedTuple):
    """Where a node that begins at a place may end, the shortest text it lacks, whether more text may change that."""

    ends: frozenset[int]
    open: str | None
    touched: bool


class Flat:
    """A flat Lark grammar, as `synth.grammar.decode.lark_text` writes it. Raise `ValueError` for any other text."""

    def __init__(self, lark: str) -> None:
        self.rules: dict[str, _Node] = {}
        for rule in re.split(r"\n(?!\s)", lark.strip()):
            name, colon, body = rule.partition(":")
            tokens = list(_tokens(body))
            node, rest = _alternatives(tokens, 0)
            if not colon or rest != len(tokens):
                raise ValueError(f"the rule {name} is not in the flat notation")
            self.rules[name] = node
        self.top: _Node = ("rule", "start")
        self._shortest: dict[str, str] = {}
        shorter = True
        while shorter:
            shorter = False
            for name, node in self.rules.items():
                text = self.shortest(node)
                if text is not None and (name not in self._shortest or len(text) < len(self._shortest[name])):
                    self._shortest[name], shorter = text, True

    def shortest(self, node: _Node) -> str | None:
        """Return the shortest text of a node, None where it has none."""
        kind, value = node[:2]
        if kind == "text":
            return str(value)
        if kind == "pattern":
            return _match(value, "", 0).open
        if kind == "rule":
            return self._shortest.get(value)
        if kind == "alt":
            return _least(self.shortest(each) for each in value)
        if kind == "rep":
            once = self.shortest(value) if node[2] else ""
            return None if once is None else once * node[2]
        return self.all_shortest(value)

    def all_shortest(self, nodes: Sequence[_Node]) -> str | None:
        """Return the shortest text of nodes one after the other."""
        parts = [self.shortest(each) for each in nodes]
        return None if None in parts else "".join(filter(None, parts))

    @cached_property
    def reserve(self) -> int:
        """Characters that suffice to finish any text that can be finished, if no rule comes back to itself."""
        known: dict[str, int] = {}
        return self._longest_left(self.top, known)

    def _longest_left(self, node: _Node, known: dict[str, int]) -> int:
        kind, value = node[:2]
        if kind == "text":
            return len(str(value))
        if kind == "pattern":
            return _longest_left(tuple(value))
        if kind == "rule":
            if value not in known:
                known[value] = 0
                known[value] = self._longest_left(self.rules[value], known)
            longest: int = known[value]
            return longest
        if kind == "alt":
            return max(self._longest_left(each, known) for each in value)
        if kind == "rep":
            return self._longest_left(value, known) + len(self.shortest(value) or "") * max(0, int(node[2]) - 1)
        rest = [len(self.shortest(each) or "") for each in value]
        return max((self._longest_left(each, known) + sum(rest[i + 1 :]) for i, each in enumerate(value)), default=0)


class Ending:
    """The shortest end of one growing text; what was read of it before is not read again."""

    def __init__(self, grammar: Flat) -> None:
        self.grammar = grammar
        self._text = ""
        self._kept: dict[tuple[int, int], _Read] = {}
        self._fresh: dict[tuple[int, int], _Read] = {}

    def of(self, text: str) -> str | None:
        r"""Return the shortest text that makes this one a sentence; None if nothing does.

        >>> ending = Ending(Flat('start: "a" (" " INT)~0..3 "."\nINT: /[0-9]{2,4}/\n'))
        >>> ending.of("a 1"), ending.of("a 12"), ending.of("b")
        ('0.', '.', None)
        """
        if not text.startswith(self._text):
            self._kept = {}
        self._text, self._fresh = text, {}
        try:
            return self._read(self.grammar.top, 0).open
        except RecursionError:
            return None

    def _read(self, node: _Node, place: int) -> _Read:
        kind, value = node[:2]
        if kind == "pattern":
            return _match(value, self._text, place)
        if kind == "text":
            return _match_text(value, self._text, place)
        key = id(node), place
        found = self._kept.get(key) or self._fresh.get(key)
        if found is None:
            if kind == "rule":
                found = self._read(self.grammar.rules[value], place)
            elif kind == "alt":
                found = _any([self._read(each, place) for each in value])
            elif kind == "rep":
                found = self._repeated(node, place)
            else:
                found = self._all(value, place)
            (self._fresh if found.touched else self._kept)[key] = found
        return found

    def _all(self, nodes: Sequence[_Node], place: int) -> _Read:
        places, opened, touched = frozenset([place]), list[str | None](), False
        for number, node in enumerate(nodes):
            read = _any([self._read(node, each) for each in places])
            touched |= read.touched
            if read.open is not None:
                rest = self.grammar.all_shortest(nodes[number + 1 :])
                opened.append(None if rest is None else read.open + rest)
            places = read.ends
        return _Read(places, _least(opened), touched)

    def _repeated(self, node: _Node, place: int) -> _Read:
        _, inner, least, most = node
        places, ends, opened, touched, count = frozenset([place]), set[int](), list[str | None](), False, 0
        met: set[int] = set()
        while places and (most is None or count <= most):
            if count >= least:
                ends |= places
                places -= met
                met |= places
            if count == most or not places:
                break
            read = _any([self._read(inner, each) for each in places])
            touched |= read.touched
            if read.open is not None:
                more = max(0, least - count - 1)
                rest = (self.grammar.shortest(inner) or "") * more
                opened.append(read.open + rest)
            places, count = read.ends, count + 1
        if len(self._text) in ends:
            opened.append("")
        return _Read(frozenset(ends), _least(opened), touched or len(self._text) in ends)


@lru_cache(maxsize=64)
def flat(lark: str) -> Flat | None:
    """Return a grammar to finish texts of; None where it is in another notation, or has no end."""
    try:
        grammar = Flat(lark)
        return grammar if grammar.shortest(grammar.top) is not None and grammar.reserve else None
    except (ValueError, KeyError, RecursionError):
        return None


def _tokens(body: str) -> Iterator[tuple[str, Any]]:
    place = 0
    body = body.rstrip()
    while place < len(body):
        found = _TOKEN.match(body, place)
        if found is None:
            raise ValueError(f"not in the flat notation: {body[place : place + 40]!r}")
        kind = found.lastgroup or ""
        if kind == "text":
            yield "node", ("text", json.loads(found[kind]))
        elif kind == "pattern":
            yield "node", ("pattern", parse_pattern(found[kind][1:-1]))
        elif kind == "rule":
            yield "node", ("rule", found[kind])
        elif kind == "most":
            yield "times", (int(found["least"]), int(found["most"]))
        else:
            yield (found[kind], {"*": (0, None), "+": (1, None)}.get(found[kind]))
        place = found.end()


def _alternatives(tokens: Sequence[tuple[str, Any]], place: int) -> tuple[_Node, int]:
    found: list[_Node] = []
    while True:
        parts: list[_Node] = []
        while place < len(tokens) and tokens[place][0] not in (")", "|"):
            kind, value = tokens[place]
            place += 1
            if kind == "node":
                parts.append(value)
            elif kind == "(":
                inner, place = _alternatives(tokens, place)
                parts.append(inner)
                place += 1  # the closing bracket
            elif parts and kind in ("times", "*", "+"):
                parts[-1] = ("rep", parts[-1], *value)
            else:
                raise ValueError(f"a repetition of nothing: {kind}")
        found.append(parts[0] if len(parts) == 1 else ("cat", tuple(parts)))
        if place >= len(tokens) or tokens[place][0] == ")":
            return (found[0] if len(found) == 1 else ("alt", tuple(found))), place
        place += 1


def _match_text(wanted: str, text: str, place: int) -> _Read:
    left = text[place : place + len(wanted)]
    if left == wanted:
        at_end = place + len(wanted) == len(text)
        return _Read(frozenset([place + len(wanted)]), "" if at_end else None, at_end)
    if place + len(left) == len(text) and wanted.startswith(left):
        return _Read(frozenset(), wanted[len(left) :], True)
    return _Read(frozenset(), None, False)


def _match(pattern: Pattern, text: str, place: int) -> _Read:
    """Read a pattern with all its ends."""
    kind = pattern[0]
    if kind == "set":
        if place == len(text):
            return _Read(frozenset(), chr(pattern[1][0][0]), True)
        code = ord(text[place])
        if any(low <= code <= high for low, high in pattern[1]):
            at_end = place + 1 == len(text)
            return _Read(frozenset([place + 1]), "" if at_end else None, at_end)
        return _Read(frozenset(), None, False)
    if kind == "alt":
        return _any([_match(part, text, place) for part in pattern[1:]])
    parts = pattern[1:] if kind == "cat" else [pattern[3]] * (pattern[2] or pattern[1] + 99)
    least = len(parts) if kind == "cat" else pattern[1]
    places, ends, opened, touched = frozenset([place]), set[int](), list[str | None](), False
    for number, part in enumerate(parts):
        if number >= least:
            ends |= places
        read = _any([_match(part, text, each) for each in places])
        touched |= read.touched
        if read.open is not None:
            rest = [_match(other, "", 0).open for other in parts[number + 1 : least]]
            opened.append(None if None in rest else read.open + "".join(filter(None, rest)))
        places = read.ends
        if not places:
            break
    ends |= places
    opened.append("" if len(text) in ends else None)
    return _Read(frozenset(ends), _least(opened), touched)


def _longest_left(pattern: Pattern) -> int:
    kind = pattern[0]
    if kind == "set":
        return 1
    if kind == "rep":
        return max(1, int(pattern[1]))
    lengths = [_longest_left(part) for part in pattern[1:]]
    return sum(lengths) if kind == "cat" else max(lengths)


def _any(reads: Sequence[_Read]) -> _Read:
    if len(reads) == 1:
        return reads[0]
    ends = frozenset().union(*(read.ends for read in reads))
    return _Read(ends, _least(read.open for read in reads), any(read.touched for read in reads))


def _least(texts: Iterator[str | None] | Sequence[str | None]) -> str | None:
    return min((text for text in texts if text is not None), key=len, default=None)
