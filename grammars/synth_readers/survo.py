"""Survo: numbers for the open cells of a grid whose last row and column are sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from math import comb

from synth.audit.reader import Asked, Breaks, Is, Label, NotRead, Reader, Row
from synth_kernel.claims import Theory
from synth_kernel.terms import Term
from synth_readers._words import grid, matched, whole, wholes

_SIZE, _MATRIX, _NUMBERS = r"(?P<n>[0-9]+)\*(?P<m>[0-9]+)", r"(?P<grid>[0-9 \n]+)", r"\[(?P<numbers>[0-9, ]+)\]"
_QUESTIONS = (
    rf"Given a {_SIZE} matrix where the last element of each row and column equals the sum of the other elements in "
    rf"that row or column\. The matrix is:\n{_MATRIX}\nwhere some elements are replaced with 0\. You have a set of "
    rf"numbers {_NUMBERS} that can be filled into the 0 positions to satisfy the rules\. Please fill in the matrix\. "
    r"Each number can only be used once\.",
    rf"You have a {_SIZE} matrix with some positions already filled with numbers and others marked with 0\. The matrix "
    rf"is:\n{_MATRIX}\nThe last number in each row and column represents the sum of all other numbers in that row or "
    rf"column\. You need to fill in the 0 positions using the numbers {_NUMBERS} to satisfy these conditions\. "
    r"Each number can only be used once\.",
    rf"Complete the following Survo puzzle\. In this {_SIZE} matrix:\n{_MATRIX}\nthe cells marked with 0 need to be "
    r"filled with numbers\. The last number in each row and column equals the sum of all other numbers in that row or "
    rf"column\. You can use the following numbers: {_NUMBERS}\. Each number can only be used once\.",
    rf"In this {_SIZE} Survo matrix puzzle:\n{_MATRIX}\nthe 0 cells need to be filled with numbers from the set "
    rf"{_NUMBERS}\. The last element in each row and column is the sum of all other elements in that row or column\. "
    r"Each number can only be used once\. Provide the completed matrix\.",
    rf"Solve this {_SIZE} matrix puzzle:\n{_MATRIX}\nwhere 0 represents empty cells that need to be filled\. The last "
    r"number in each row and column equals the sum of all other numbers in that row or column\. You have the numbers "
    rf"{_NUMBERS} to place in the empty cells\. Each number can only be used once\.",
)
MAX_CLAUSES = 5_000


def read(row: Row) -> list[Asked]:
    """A cell is an unknown number, one of those that are given."""
    found = next((each for pattern in _QUESTIONS if (each := _match(pattern, row.question))), None)
    if found is None:
        raise NotRead("the question has other words than this reader knows")
    cells, answer = _numbers(found["grid"]), _numbers(row.label())
    numbers, size = wholes(found["numbers"]), len(cells)
    if {whole(found["n"]), whole(found["m"]), len(cells[0]), len(answer), len(answer[0])} != {size} or size > 12:
        raise NotRead("a grid of another size")
    last, names = size - 1, {(i, j): f"cell.{i}.{j}" for i in range(size) for j in range(size) if not cells[i][j]}
    if sum(comb(len(numbers), numbers.count(value) + 1) for value in set(numbers)) > MAX_CLAUSES:
        raise NotRead("too many open cells")
    if any(last in place for place in names) or len(names) != len(numbers) or max(numbers) > 999 or min(numbers) < 1:
        raise NotRead("an open sum, or not as many numbers as open cells")
    filled = [[names.get((i, j), cell) for j, cell in enumerate(line)] for i, line in enumerate(cells)]
    lines = [*filled, *map(list, zip(*filled, strict=True))]
    sums: list[Term] = [("=", ("+", *line[:-1]), line[-1]) for line in lines]
    used = list(_used(list(names.values()), numbers))
    sort: Term = ("range", min(numbers), max(numbers))
    declared = tuple((name, sort) for name in names.values())
    theory = Theory(declared, tuple(used), tuple(sums), (), ("find", *names.values()))
    return [Asked(theory, _label(cells, answer, names, numbers))]


def _label(
    cells: list[list[int]], answer: list[list[int]], names: Mapping[tuple[int, int], str], numbers: list[int]
) -> Label:
    if any(cell and cell != answer[i][j] for i, line in enumerate(cells) for j, cell in enumerate(line)):
        return Breaks("the answer changes given numbers")
    if any(not min(numbers) <= answer[i][j] <= max(numbers) for i, j in names):
        return Breaks("the answer has numbers that are not given")
    return Is(("model", *[("=", name, answer[i][j]) for (i, j), name in names.items()]))


def _used(names: list[str], numbers: list[int]) -> Iterator[Term]:
    """Say that each number stands in as many cells as it is given times.

    In every cell stands one of them, and no number in more cells than that. There are as many cells as numbers, so in
    no fewer either. Said so, each statement is one clause of a proof; a count of all cells would be thousands.
    """
    for name in names:
        yield ("or", *[("=", name, value) for value in sorted(set(numbers))])
    for value in sorted(set(numbers)):
        for some in combinations(names, numbers.count(value) + 1):
            yield ("not", ("and", *[("=", name, value) for name in some]))


def _match(pattern: str, text: str) -> dict[str, str] | None:
    try:
        return matched(pattern, text).groupdict()
    except NotRead:
        return None


def _numbers(text: str) -> list[list[int]]:
    return [[whole(cell) for cell in line] for line in grid(text)]


READER = Reader("survo", read)
