"""What is right about questions of reasoning-gym, found by brute force from their metadata; no code is shared.

Each oracle takes what a row's metadata says and its label, and returns the verdict that an audit has to give.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import permutations, product
from typing import Any

import sympy

_HALF = sympy.Rational(1, 20_000) + sympy.Rational(1, 10**15)  # of the last decimal; roots are known to 30 digits
_OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: pow,
}  # fmt: skip


def value(text: str, names: Mapping[str, Any]) -> Any:
    """Evaluate arithmetic with Python's own parser."""

    def of(node: ast.AST) -> Any:
        match node:
            case ast.Expression(body):
                return of(body)
            case ast.BinOp(left, sign, right):
                return _OPERATIONS[type(sign)](of(left), of(right))
            case ast.UnaryOp(ast.USub(), inside):
                return -of(inside)
            case ast.Constant(number):
                return Fraction(number)
            case ast.Name(name):
                return names[name]
            case ast.Call(ast.Name(name), [inside]):
                return names[name](float(of(inside)))
        raise ValueError(ast.dump(node))

    return of(ast.parse(text.strip(), mode="eval"))


def gcd(data: Any, label: str) -> str:
    return "right" if int(label) == math.gcd(*data["numbers"]) else "wrong"


def prime_factorization(data: Any, label: str) -> str:
    factors = [int(each) for each in label.split("×")]
    prime = all(all(n % d for d in range(2, n)) and n > 1 for n in factors)
    return "right" if prime and math.prod(factors) == data["number"] else "wrong"


def simple_equations(data: Any, label: str) -> str:
    left, right = data["equation"].split("=")
    gap = [value(left, {data["variable"]: x}) - value(right, {data["variable"]: x}) for x in (0, 1, int(label))]
    if gap[0] == gap[1]:
        return "ambiguous" if gap[0] == 0 else "ill_posed"
    return "right" if gap[2] == 0 else "wrong"


def syllogism(data: Any, label: str) -> str:
    """All ways to have members or none in each of eight regions, with and without empty groups."""
    words = {"premise1": "", "premise2": "", "conclusion": ""}
    parsed = {}
    for key in words:
        quantifier, first, second = re.fullmatch(r"(\w+) (\w+) are (?:not )?(\w+)", data[key]).groups()  # type: ignore[union-attr]
        parsed[key] = (quantifier + (" not" if " not " in data[key] else ""), first, second)
    groups = sorted({name for _, *pair in parsed.values() for name in pair})
    regions = list(product((False, True), repeat=len(groups)))

    def holds(statement: tuple[str, str, str], members: Sequence[Sequence[bool]]) -> bool:
        quantifier, first, second = statement
        inside = [each[groups.index(second)] for each in members if each[groups.index(first)]]
        return {"All": all(inside), "No": not any(inside), "Some": any(inside), "Some not": not all(inside)}[quantifier]

    verdicts = []
    for imported in (False, True):
        worlds = [[region for region, there in zip(regions, some, strict=True) if there]
                  for some in product((False, True), repeat=len(regions))]  # fmt: skip
        worlds = [world for world in worlds if world]
        if imported:
            worlds = [world for world in worlds if all(any(each[i] for each in world) for i in range(len(groups)))]
        given = [world for world in worlds if all(holds(parsed[key], world) for key in ("premise1", "premise2"))]
        follows = all(holds(parsed["conclusion"], world) for world in given)
        verdicts.append("right" if follows == (label == "Yes") else "wrong")
    return verdicts[0] if len(set(verdicts)) == 1 else "depends_on_convention"


def knights_knaves(data: Any, label: str) -> str:
    def true(said: Any, world: Sequence[bool]) -> bool:
        head, *parts = said
        if head in ("telling-truth", "lying"):
            return world[int(parts[0])] is (head == "telling-truth")
        inside = [true(part, world) for part in parts]
        return {"not": lambda: not inside[0], "and": lambda: all(inside), "or": lambda: any(inside),
                "->": lambda: not inside[0] or inside[1], "<=>": lambda: inside[0] is inside[1]}[head]()  # fmt: skip

    names = data["names"]
    worlds = [
        world
        for world in product((False, True), repeat=len(names))
        if all(true(said, world) is world[i] for i, said in enumerate(data["statements"]))
    ]
    truthful = re.compile(r"knight|pioneer|saint|hero|angel|altruist|sage")
    said = tuple(bool(truthful.search(re.search(rf"{name} is ([a-z ]+)", label)[1])) for name in names)  # type: ignore[index]
    return _among(said, worlds)


def _among(said: Any, solutions: Sequence[Any]) -> str:
    if said not in solutions:
        return "wrong" if solutions else "ill_posed"
    return "right" if len(solutions) == 1 else "ambiguous"


def polynomial_equations(data: Any, label: str) -> str:
    x = sympy.Symbol(data["variable"])
    roots = sympy.Poly(sympy.sympify(data["polynomial_expr"]), x).real_roots(multiple=False)
    exact = sorted(sympy.N(root, 30) for root, _ in roots)
    said = sorted(sympy.Rational(part) for part in label.split(",")) if label else []
    if len(exact) != len(said) or any(abs(a - b) > _HALF for a, b in zip(exact, said, strict=True)):
        return "wrong"
    cut = all(int(root * 10_000) == number * 10_000 for root, number in zip(exact, said, strict=True))
    return "right" if cut else "depends_on_convention"


def countdown(data: Any, label: str) -> str:
    used = Counter(int(each) for each in re.findall(r"[0-9]+", label))
    return "right" if used == Counter(data["numbers"]) and value(label, {}) == data["target"] else "wrong"


def _sudoku(data: Any, label: str, box: int) -> str:
    answer = [[int(cell) for cell in line.split()] for line in label.splitlines()]
    puzzle, size = data["puzzle"], box * box
    units = [[(i, j) for j in range(size)] for i in range(size)] + [[(j, i) for j in range(size)] for i in range(size)]
    units += [[(box * a + i, box * b + j) for i in range(box) for j in range(box)]
              for a in range(box) for b in range(box)]  # fmt: skip

    def solutions(cells: list[list[int]]) -> Iterator[list[list[int]]]:
        open_cells = [(i, j) for i in range(size) for j in range(size) if not cells[i][j]]
        if not open_cells:
            yield [list(line) for line in cells]
            return
        free = {
            place: set(range(1, size + 1)) - {cells[a][b] for unit in units if place in unit for a, b in unit}
            for place in open_cells
        }
        i, j = min(free, key=lambda place: len(free[place]))
        for digit in free[i, j]:
            cells[i][j] = digit
            yield from solutions(cells)
        cells[i][j] = 0

    found = []
    for solution in solutions([list(line) for line in puzzle]):
        found.append(solution)
        if len(found) > 1:
            break
    return _among(answer, found)


def sudoku(data: Any, label: str) -> str:
    return _sudoku(data, label, 3)


def mini_sudoku(data: Any, label: str) -> str:
    return _sudoku(data, label, 2)


def shortest_path(data: Any, label: str) -> str:
    matrix = data["matrix"]
    cells = {(i, j): cell for i, line in enumerate(matrix) for j, cell in enumerate(line) if cell != "X"}
    (start,), (end,) = [[place for place, cell in cells.items() if cell == sign] for sign in "*#"]
    moves = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
    distance, queue = {start: 0}, deque([start])
    while queue:
        i, j = queue.popleft()
        for down, right in moves.values():
            there = (i + down, j + right)
            if there in cells and there not in distance:
                distance[there] = distance[i, j] + 1
                queue.append(there)
    if label == "infeasible":
        return "wrong" if end in distance else "right"
    place = start
    for move in label.split():
        place = (place[0] + moves[move][0], place[1] + moves[move][1])
        if place not in cells:
            return "wrong"
    return "right" if place == end and len(label.split()) == distance[end] else "wrong"


def graph_color(data: Any, label: str | None) -> str:
    painted, puzzle = data["possible_answer"], data["puzzle"]
    fits = all(painted[str(one)] != painted[str(other)] for one, other in puzzle["edges"])
    return "right" if fits and set(painted.values()) <= set(puzzle["color_options"]) else "wrong"


def intermediate_integration(data: Any, label: str) -> str:
    """Differences of the answer against the midpoint rule, at points where both have values."""
    if "Integral" in label:
        return "not_read"
    functions = {name: getattr(math, name) for name in ("exp", "log", "sin", "cos", "atan", "asin", "sqrt")}
    points = 0
    for centre in (-2.3, -0.4, -0.15, 0.2, 0.37, 0.8, 1.7, 2.9, 7.1, 11.3, -9.7):
        step = 1e-4
        try:
            low, high = [float(value(label, {**functions, "x": centre + side, "C": 0})) for side in (-step, step)]
            wanted = float(value(data["integrand"], {**functions, "x": centre}))
        except (ValueError, OverflowError, TypeError):  # outside of the domain, or a complex power
            continue
        points += 1
        if abs((high - low) / (2 * step) - wanted) > 1e-3 * max(1, abs(wanted), abs(low) * 1e-2):
            return "wrong"
    assert points, "no point of the domain was tried"
    return "right"


def propositional_logic(data: Any, label: str | None) -> str:
    def python(text: str) -> str:
        for sign, said in (("¬", "-"), ("∧", " and "), ("∨", " or "), ("→", " <= "), ("↔", " == ")):
            text = text.replace(sign, said)
        return text

    def true(text: str, world: Mapping[str, bool]) -> bool:
        tree = ast.parse(python(text).strip(), mode="eval").body

        def of(node: ast.AST) -> bool:
            match node:
                case ast.Name(name):
                    return world[name]
                case ast.UnaryOp(ast.USub(), inside):
                    return not of(inside)
                case ast.BoolOp(ast.And(), parts):
                    return all(map(of, parts))
                case ast.BoolOp(ast.Or(), parts):
                    return any(map(of, parts))
                case ast.Compare(left, [ast.LtE()], [right]):
                    return not of(left) or of(right)
                case ast.Compare(left, [ast.Eq()], [right]):
                    return of(left) is of(right)
            raise ValueError(ast.dump(node))

        return of(tree)

    names = sorted(set(re.findall("[A-Z]", " ".join([*data["premises"], data["example_answer"]]))))
    worlds = [dict(zip(names, each, strict=True)) for each in product((False, True), repeat=len(names))]
    given = [world for world in worlds if all(true(premise, world) for premise in data["premises"])]
    if not given:
        return "ill_posed"
    return "right" if all(true(data["example_answer"], world) for world in given) else "wrong"


def survo(data: Any, label: str) -> str:
    puzzle, found = data["puzzle"], []
    places = [(i, j) for i, line in enumerate(puzzle) for j, cell in enumerate(line) if not cell]
    for numbers in set(permutations(data["candidate_numbers"])):
        filled = [list(line) for line in puzzle]
        for (i, j), number in zip(places, numbers, strict=True):
            filled[i][j] = number
        if all(sum(line[:-1]) == line[-1] for line in [*filled, *zip(*filled, strict=True)]):
            found.append(filled)
    return _among([[int(cell) for cell in line.split()] for line in label.splitlines()], found)


def cryptarithm(data: Any, label: str) -> str:
    """Choose digits from the right, column by column, and count the solutions up to two."""
    words, result = data["words_letters"], data["result_letters"]
    letters = sorted(set("".join([*words, result])))
    leading = {word[0] for word in [*words, result]}
    width = max(map(len, [*words, result]))
    order = list(dict.fromkeys(word[-1 - i] for i in range(width) for word in [*words, result] if i < len(word)))

    def number(word: str, digits: Mapping[str, int]) -> int:
        return int("".join(str(digits[letter]) for letter in word))

    def fits(digits: Mapping[str, int]) -> bool:
        """Compare the columns from the right whose letters all have digits."""
        for known in range(1, width + 1):
            parts = [word[-known:] for word in [*words, result]]
            if not set("".join(parts)) <= set(digits):
                return True
            total = sum(number(part, digits) for part in parts[:-1]) - number(parts[-1], digits)
            if total % 10**known if known < width else total:
                return False
        return True

    def solutions(digits: dict[str, int]) -> Iterator[dict[str, int]]:
        if len(digits) == len(letters):
            yield dict(digits)
            return
        letter = order[len(digits)]
        for digit in range(letter in leading, 10):
            if digit not in digits.values():
                digits[letter] = digit
                if fits(digits):
                    yield from solutions(digits)
                del digits[letter]

    said = {part.split("=")[0]: int(part.split("=")[1]) for part in label.split(",")}
    right = len(set(said.values())) == len(letters) and fits(said) and not any(said[letter] == 0 for letter in leading)
    several = solutions({})
    count = sum(next(several, None) is not None for _ in range(2))
    return "wrong" if not right and count else "right" if count == 1 else "ambiguous" if count else "ill_posed"


ORACLES: dict[str, Callable[[Any, Any], str]] = {
    each.__name__: each
    for each in (
        gcd, prime_factorization, simple_equations, syllogism, knights_knaves, polynomial_equations, countdown, sudoku,
        mini_sudoku, shortest_path, graph_color, intermediate_integration, propositional_logic, survo, cryptarithm,
    )
}  # fmt: skip
