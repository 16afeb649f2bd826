"""Cryptarithms: the digits of a sum of words. Carries and partial sums are unknowns too; the letters fix them."""

from __future__ import annotations

import re

from synth.audit.reader import Asked, Is, NotRead, Reader, Row
from synth_kernel.claims import Theory
from synth_kernel.terms import Term
from synth_readers._words import matched, whole

_QUESTION = (
    r"Solve this cryptarithm:\n\n((?: *[A-Z]+\n)+)\+ +([A-Z]+)\n-+\n *([A-Z]+)\n\n"
    r"Each letter stands for a unique digit \(0-9\)\. (No leading letter can be zero|Leading letters may be zero)\.\n"
    r"Provide a comma separated mapping from letters to digits that satisfies the equation in your final answer\. "
    r'Output format: "A=1,B=2,C=3" \(without quotes\)'
)
MAX_WORDS, MAX_LETTERS = 6, 12


def read(row: Row) -> list[Asked]:
    """The sum column by column, as it is done by hand: so that no statement is about more than four unknowns."""
    found = matched(_QUESTION, row.question)
    words, result = [*found[1].split(), found[2]], found[3]
    if len(words) > MAX_WORDS or max(map(len, [*words, result])) > MAX_LETTERS:
        raise NotRead("too many or too long words")
    letters = sorted(set("".join([*words, result])))
    if len(letters) > 10:
        raise NotRead("more than ten letters")
    answer = _label(row.label())
    if set(answer) != set(letters):
        raise NotRead("an answer about other letters")
    leading = {word[0] for word in [*words, result]} if found[4].startswith("No") else set()
    columns = _Columns(words, result, answer)
    declared = [(letter, ("range", 0, 9)) for letter in letters] + columns.declared
    axioms: list[Term] = [("distinct", *letters)] if len(letters) > 1 else []
    axioms += [("distinct", letter, 0) for letter in sorted(leading)]
    ask = ("find", *[name for name, _ in declared])
    theory = Theory(tuple(declared), tuple(axioms), tuple(columns.clauses), (), ask)
    values = {**answer, **columns.values}
    return [Asked(theory, Is(("model", *[("=", name, values[name]) for name, _ in declared])))]


class _Columns:
    """The columns of a sum from the right: in each the letters and the carry are added one after the other.

    `values` are those of the unknowns beside the letters that an answer leads to; they are in no doubt, because each is
    a sum, a digit or a carry of what stands before it.
    """

    def __init__(self, words: list[str], result: str, answer: dict[str, int]) -> None:
        self.declared: list[tuple[str, Term]] = []
        self.clauses: list[Term] = []
        self.values: dict[str, int] = {}
        carry, most = "", 0
        width = max(map(len, [*words, result]))
        for place in range(width):
            digits = [word[-1 - place] for word in words if place < len(word)] + ([carry] if carry else [])
            total, high = self._total(place, digits, answer, most)
            below: Term = result[-1 - place] if place < len(result) else 0
            if place == width - 1:
                self.clauses.append(("=", total, below))
                return
            carry, most = f"carry.{place + 1}", high // 10
            self.declared.append((carry, ("range", 0, max(most, 1))))
            self.values[carry] = self._value(total, answer) // 10
            self.clauses.append(("=", total, ("+", below, ("*", 10, carry))))

    def _total(self, place: int, digits: list[str], answer: dict[str, int], carried: int) -> tuple[Term, int]:
        """Add digits two at a time; return the sum of all, and how large it may be."""
        if not digits:
            return 0, 0
        total, high = digits[0], carried if digits[0].startswith("carry") else 9
        for number, digit in enumerate(digits[1:], 1):
            high += carried if digit.startswith("carry") else 9
            name = f"sum.{place}.{number}"
            self.declared.append((name, ("range", 0, high)))
            self.values[name] = self._value(total, answer) + self._value(digit, answer)
            self.clauses.append(("=", name, ("+", total, digit)))
            total = name
        return total, high

    def _value(self, name: Term, answer: dict[str, int]) -> int:
        return name if isinstance(name, int) else {**answer, **self.values}[str(name)]


def _label(text: str) -> dict[str, int]:
    pairs = [re.fullmatch(r"\s*([A-Z])\s*=\s*([0-9])\s*", part) for part in text.split(",")]
    if not all(pairs) or len({pair[1] for pair in pairs if pair}) < len(pairs):
        raise NotRead("an answer that is no list of letters and digits")
    return {pair[1]: whole(pair[2]) for pair in pairs if pair}


READER = Reader("cryptarithm", read)
