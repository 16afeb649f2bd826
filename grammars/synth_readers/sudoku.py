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
    return asked(matched(_QUESTION, row.question)[1], row.label(), 3)


def asked(puzzle: str, label: str, box: int) -> list[Asked]:
    """Return the problem of a grid of box² × box² digits, and the answer; raise `NotRead` where one is no such grid."""
    size = box * box
    formal, solution = "", ""
    digits = {str(digit) for digit in range(1, size + 1)}
    for cells, allowed in ((grid(puzzle), digits | {"_"}), (grid(label, "answer"), digits)):
        if (len(cells), len(cells[0])) != (size, size) or not {cell for line in cells for cell in line} <= allowed:
            raise NotRead(f"no grid of {size} × {size} digits")
        formal, solution = solution, " / ".join(" ".join(line) for line in cells)
    return [Asked(Formal("sudoku", f"size {size} boxes {box}x{box}: {formal}"), Is(solution))]


READER = Reader("sudoku", read, "sudoku")
