"""Sudoku of four rows and columns."""

from __future__ import annotations

from synth.audit.reader import Asked, Reader, Row
from synth_readers._words import matched
from synth_readers.sudoku import asked

_QUESTION = (
    r"In 4x4 Mini Sudoku:\n- Each row must contain each number from 1-4 exactly once\n"
    r"- Each column must contain each number 1-4 exactly once\n"
    r"- Each 2x2 subgrid must contain each number 1-4 exactly once\nSolve this 4x4 Mini Sudoku puzzle:\n([1-4_ \n]+)\n"
    r"Format your response as the puzzle above, with spaces separating each number within a row, and newlines "
    r"separating rows\."
)


def read(row: Row) -> list[Asked]:
    """Our family asks the same."""
    return asked(matched(_QUESTION, row.question)[1], row.label(), 2)


READER = Reader("mini_sudoku", read, "sudoku")
