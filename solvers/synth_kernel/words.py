"""Regular expressions over a finite alphabet, as terms, and the automaton that decides which words match.

`(letter 'a)` is one letter, `(union r …)` one of several (of none: the empty language), `(concat r …)` one after the
other (of none: the empty word), `(plus r)` one or more repetitions, `(star r)` any number of them, none included.

A *position* is an occurrence of a letter. A state is the set of positions at which a word may end, one bit for each:
the position automaton (McNaughton, Yamada 1960; Glushkov 1961), made deterministic. Its sets are the derivatives of the
expression (Brzozowski, *Derivatives of regular expressions*, 1964; Antimirov 1996) before equal ones are merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from synth_kernel.numbers import Undecided
from synth_kernel.terms import Term

MAX_POSITIONS = 256  # letters that occur in one expression
MAX_LETTERS = 512  # of a word whose membership is evaluated


class Automaton:
    """The positions of an expression; raises Undecided above `MAX_POSITIONS`. States are sets of positions as bits.

    >>> even = Automaton(("star", ("concat", ("letter", "'a"), ("letter", "'a"))))
    >>> [even.matches(("'a",) * length) for length in range(4)]
    [True, False, True, False]
    """

    def __init__(self, expression: Term) -> None:
        self.places: dict[str, int] = {}  # letter -> the positions at which it occurs
        self.follow: list[int] = []  # position -> the positions that may come next
        nullable, first, last = self._read(expression)
        self.start = 1 << len(self.follow)  # a position before all others
        self.follow.append(first)
        self.accepting = last | (self.start if nullable else 0)

    def _read(self, term: Any) -> tuple[bool, int, int]:
        """Add the positions of a term; return whether it matches the empty word, and its first and last positions."""
        head, *arguments = term
        if head == "letter":
            if len(self.follow) == MAX_POSITIONS:
                raise Undecided(f"an expression of more than {MAX_POSITIONS} letters")
            place = 1 << len(self.follow)
            self.follow.append(0)
            self.places[arguments[0]] = self.places.get(arguments[0], 0) | place
            return False, place, place
        nullable, first, last = head != "union", 0, 0
        for more, start, end in map(self._read, arguments):
            if head == "union":
                nullable, first, last = nullable or more, first | start, last | end
                continue
            self._join(last, start)
            first, last = first | (start if nullable else 0), end | (last if more else 0)
            nullable = nullable and more
        if head in ("star", "plus"):
            self._join(last, first)
        return nullable or head == "star", first, last

    def _join(self, last: int, first: int) -> None:
        for place in _bits(last):
            self.follow[place] |= first

    def step(self, state: int, letter: str) -> int:
        """Return the state after one more letter."""
        reached = 0
        for place in _bits(state):
            reached |= self.follow[place]
        return reached & self.places.get(letter, 0)

    def matches(self, word: tuple[str, ...]) -> bool:
        """Say whether the expression matches a word; raise Undecided above `MAX_LETTERS`."""
        if len(word) > MAX_LETTERS:
            raise Undecided(f"a word of more than {MAX_LETTERS} letters")
        state = self.start
        for letter in word:
            state = self.step(state, letter)
        return state & self.accepting != 0


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
