"""Sudoku: one digit in each cell, none twice in a row, a column or a box."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from synth.family import Family, Proposal, Theory, Tree, bindings, thin
from synth_kernel.terms import Term


class Sudoku(Family):
    """A random full grid from which digits are taken away as long as it stays the only one."""

    domain = "logic"
    kind = "find"
    summary = "sudoku with boxes of 2 × 2 to 3 × 3 cells"
    levels = {  # noqa: RUF012
        # (rows and columns of a box, fewest and most digits given)
        1: {
            "grids": [((2, 2), (5, 8)), ((2, 3), (16, 18)), ((2, 3), (19, 20)), ((2, 3), (21, 22)), ((2, 3), (23, 24))]
        },
        2: {"grids": [((2, 3), (11, 15))]},
        3: {"grids": [((3, 3), (33, 38))]},
        4: {"grids": [((3, 3), (28, 31))]},
        5: {"grids": [((3, 3), (24, 26))]},
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        """Draw a full grid and the number of digits to keep; None if no so few of them are enough."""
        box, (low, most) = rng.choice(level["grids"])
        high, wide = rng.sample(box, 2)
        rows = full_grid(high, wide, rng)
        size = high * wide
        boxes: Tree = ("boxes", str(size), str(high), str(wide))
        theory = self.meaning.problem(("problem", boxes, ("grid", *[("row", *[("open",)] * size)] * size))).theory
        digits = dict(zip(theory.declared, [digit for row in rows for digit in row], strict=True))
        clauses: list[Term] = [("=", cell, digit) for cell, digit in digits.items()]
        rng.shuffle(clauses)
        places = thin(theory, digits, clauses, rng.randint(low, most))
        if places is None or len(places) > most:
            return None
        places += [place for place in range(len(clauses)) if place not in places][: max(0, low - len(places))]
        shown = {clauses[place][1] for place in places}  # type: ignore[index]
        cells = iter(digits.items())
        written: list[Tree] = []
        for _ in range(size):
            row = [next(cells) for _ in range(size)]
            written.append(("row", *[("given", str(digit)) if cell in shown else ("open",) for cell, digit in row]))
        answer: Term = ("model", *[("=", cell, digit) for cell, digit in digits.items()])
        return Proposal(self.formal.render(("problem", boxes, ("grid", *written))), answer)

    def features(self, tree: Tree) -> Iterable[str]:
        _, boxes, grid = tree
        given = sum(cell[0] == "given" for row in grid[1:] for cell in row[1:])
        return [f"box:{boxes[2]}x{boxes[3]}", f"given:{given}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        digits = [str(digit) for digit in bindings(answer).values()]
        size = round(len(digits) ** 0.5)
        return " / ".join(" ".join(digits[start : start + size]) for start in range(0, len(digits), size))


def full_grid(high: int, wide: int, rng: Random) -> list[list[int]]:
    """Return a random full grid: the cell with the fewest possible digits first, digits in a random order.

    >>> full_grid(2, 2, Random(1))
    [[2, 4, 1, 3], [1, 3, 2, 4], [3, 2, 4, 1], [4, 1, 3, 2]]
    """
    size = high * wide
    rows, columns, boxes = ([(1 << size) - 1] * size for _ in range(3))  # digits still possible, as bits
    grid = [[0] * size for _ in range(size)]
    empty = [(i, j, i // high * high + j // wide) for i in range(size) for j in range(size)]
    rng.shuffle(empty)

    def fill() -> bool:
        if not empty:
            return True
        free = [rows[i] & columns[j] & boxes[box] for i, j, box in empty]
        place = min(range(len(empty)), key=lambda each: free[each].bit_count())
        i, j, box = cell = empty.pop(place)
        for digit in rng.sample(range(size), size):
            bit = 1 << digit
            if free[place] & bit:
                rows[i], columns[j], boxes[box] = rows[i] ^ bit, columns[j] ^ bit, boxes[box] ^ bit
                grid[i][j] = digit + 1
                if fill():
                    return True
                rows[i], columns[j], boxes[box] = rows[i] ^ bit, columns[j] ^ bit, boxes[box] ^ bit
        empty.insert(place, cell)
        return False

    fill()
    return grid
