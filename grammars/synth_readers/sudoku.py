"""Sudoku of nine rows and columns."""

from __future__ import annotations

from synth.audit.reader import Asked, Formal, Is, NotRead, Reader, Row
from synth_readers._words import grid, matched

_QUESTION = (
    r"Solve this Sudoku puzzle:\n([1-9_ \n]+)\nRespond with only your answer, formatted as the puzzle, a 9x9 grid with "
    r"numbers separated by spaces, and rows separated by newlines\."
)


def read(row: Row) -> list[Asked]:
    """Our family asks the same."""
    puzzle = grid(matched(_QUESTION, row.question)[1])
    answer = grid(matched(r"[1-9 \n]+", row.label(), "answer")[0], "answer")
    for cells in (puzzle, answer):
        if len(cells) != 9 or {len(cell) for line in cells for cell in line} != {1} or len(cells[0]) != 9:
            raise NotRead("no grid of 9 × 9 digits")
    formal, solution = (" / ".join(" ".join(line) for line in cells) for cells in (puzzle, answer))
    return [Asked(Formal("sudoku", f"size 9 boxes 3x3: {formal}"), Is(solution))]


READER = Reader("sudoku", read, "sudoku")
