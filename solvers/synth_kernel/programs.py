"""Small programs over Python's integers, as terms: assignments, branches and bounded loops.

`(run (prog (params 'x 'y) s …) a b)` is what the function with these parameters and this body returns for a and b. A
statement is `(set 'x e)`, `(branch c (block s …) (block s …))`, `(loop 'i a b s …)`, that is, `for i in range(a, b)`,
or `(return e)`. Names of a program are constants of its own; they are no unknowns. The meaning is Python's: `floordiv`
and `floormod` round down as `//` and `%` do, `andalso` and `orelse` stop at what decides. There is no value where
Python raises (a divisor of 0, a name without a value) or the end is reached without a `return`.

A program is compiled to closures, which also checks that it is well formed. Every loop ends; so that it ends soon,
statements are counted while they are executed, and what takes too many is undecided.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

from synth_kernel.numbers import Undecided, Undefined
from synth_kernel.terms import Term, TermError, write

Names: TypeAlias = dict[str, int]
Expression: TypeAlias = Callable[[Names], Any]
Block: TypeAlias = "Callable[[Names, Fuel], int | None]"  # the value that is returned, None where it goes on

MAX_STATEMENTS = 100_000  # executed for one claim
MAX_EXPRESSION = 64  # nodes of one expression of a program
MAX_BITS = 256  # of an argument, and of a value that is assigned or returned

_ARITHMETIC: dict[Any, tuple[int, int, Callable[..., Any]]] = {  # arguments at least and at most; a function of two
    "+": (2, MAX_EXPRESSION, operator.add),
    "*": (2, MAX_EXPRESSION, operator.mul),
    "-": (1, 2, operator.sub),
    "abs": (1, 1, abs),
    "floordiv": (2, 2, operator.floordiv),
    "floormod": (2, 2, operator.mod),
    "min": (2, MAX_EXPRESSION, min),
    "max": (2, MAX_EXPRESSION, max),
}
_COMPARE: dict[Any, Callable[[int, int], bool]] = {
    "=": operator.eq, "distinct": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class Fuel:
    """The statements that may still be executed."""

    def __init__(self, statements: int = MAX_STATEMENTS) -> None:
        self.left = statements


def run(program: Term, arguments: list[Any], fuel: Fuel) -> int:
    """Return what a program returns; raise Undefined where it has no value, Undecided where that takes too long.

    >>> half = ("prog", ("params", "'x"), ("return", ("floordiv", "'x", 2)))
    >>> [run(half, [x], Fuel()) for x in (7, -7)]
    [3, -4]
    """
    return call(_remembered(program), arguments, fuel)


def call(function: tuple[tuple[str, ...], Block], arguments: list[Any], fuel: Fuel) -> int:
    """Return what a compiled program returns, as `run` does."""
    names, body = function
    try:
        found = body(dict(zip(names, map(_bounded, arguments), strict=True)), fuel)
    except (ZeroDivisionError, KeyError):
        raise Undefined("a divisor is zero, or a name has no value") from None
    if found is None:
        raise Undefined("the end is reached without a return")
    return found


def compiled(program: Any) -> tuple[tuple[str, ...], Block]:
    """Return the parameters and the body of a program; raise TermError where it is not well formed."""
    match program:
        case ("prog", ("params", *names), *statements) if len(set(names)) == len(names) and all(map(_is_name, names)):
            return tuple(names), _block(statements)
    raise TermError(f"a program is (prog (params 'x …) statement …), not {write(program)}")


_remembered = lru_cache(maxsize=64)(compiled)


def size(term: Any) -> int:
    """Count the operators, names and digits of a part of a program; a minus sign and a statement count as one, too.

    >>> size(("return", ("*", "'x", ("+", "'x", 12))))
    7
    """
    return 1 + sum(map(size, term[1:])) if isinstance(term, tuple) else len(str(term)) if type(term) is int else 1


def _is_name(term: Term) -> bool:
    return isinstance(term, str) and term.startswith("'")


def _bounded(value: int) -> int:
    if value.bit_length() > MAX_BITS:
        raise Undecided("an integer of a program grew too large")
    return value


# ---- statements ------------------------------------------------------------------------------------------------------


def _block(statements: Any) -> Block:
    steps = [_statement(each) for each in statements]
    if not steps:
        return lambda names, fuel: None

    def block(names: Names, fuel: Fuel) -> int | None:
        for step in steps:
            fuel.left -= 1
            if fuel.left < 0:
                raise Undecided("too many statements are executed")
            found = step(names, fuel)
            if found is not None:
                return found
        return None

    return block


def _statement(statement: Any) -> Block:
    match statement:
        case ("set", name, value) if _is_name(name):
            return _assignment(name, _expression(value))
        case ("return", value):
            expression = _expression(value)
            return lambda names, fuel: _bounded(expression(names))
        case ("branch", condition, ("block", *yes), ("block", *no)):
            return _branch(_expression(condition, True), _block(yes), _block(no))
        case ("loop", name, low, high, _, *_) if _is_name(name):
            return _loop(name, _expression(low), _expression(high), _block(statement[4:]))
    raise TermError(f"not a statement of a program: {write(statement)}")


def _assignment(name: str, value: Expression) -> Block:
    def assign(names: Names, fuel: Fuel) -> None:
        names[name] = _bounded(value(names))

    return assign


def _branch(condition: Expression, yes: Block, no: Block) -> Block:
    return lambda names, fuel: (yes if condition(names) else no)(names, fuel)


def _loop(name: str, low: Expression, high: Expression, body: Block) -> Block:
    def loop(names: Names, fuel: Fuel) -> int | None:
        for value in range(_bounded(low(names)), _bounded(high(names))):
            names[name] = value
            found = body(names, fuel)
            if found is not None:
                return found
        return None

    return loop


# ---- expressions -----------------------------------------------------------------------------------------------------


def _expression(term: Any, truth: bool = False) -> Expression:
    """Compile an expression for an integer, or for a truth value."""
    if _nodes(term) > MAX_EXPRESSION:
        raise TermError(f"an expression of a program has at most {MAX_EXPRESSION} nodes: {write(term)}")
    return _condition(term) if truth else _integer(term)


def _nodes(term: Any) -> int:
    return 1 + sum(map(_nodes, term[1:])) if isinstance(term, tuple) else 1


def _integer(term: Any) -> Expression:
    if type(term) is int and term.bit_length() <= MAX_BITS:
        return lambda names: term
    if _is_name(term):
        return operator.itemgetter(term)
    if isinstance(term, tuple):
        head, *parts = term
        if head == "ite" and len(parts) == 3:
            condition, yes, no = _condition(parts[0]), _integer(parts[1]), _integer(parts[2])
            return lambda names: yes(names) if condition(names) else no(names)
        least, most, function = _ARITHMETIC.get(head, (1, 0, None))
        if function is not None and least <= len(parts) <= most:
            return _applied(head, function, [_integer(part) for part in parts])
    raise TermError(f"not an integer expression of a program: {write(term)}")


def _applied(head: str, function: Callable[..., Any], parts: list[Expression]) -> Expression:
    first, *rest = parts
    if not rest:
        single: Any = abs if head == "abs" else operator.neg
        return lambda names: single(first(names))
    for second in rest:
        first = _pair(function, first, second)
    return first


def _pair(function: Callable[..., Any], first: Expression, second: Expression) -> Expression:
    return lambda names: function(first(names), second(names))


def _condition(term: Any) -> Expression:
    match term:
        case (str(head), left, right) if head in _COMPARE:
            return _pair(_COMPARE[head], _integer(left), _integer(right))
        case ("not", part):
            inner = _condition(part)
            return lambda names: not inner(names)
        case ("andalso" | "orelse" as head, _, *_):
            parts, every = [_condition(part) for part in term[1:]], all if head == "andalso" else any
            return lambda names: every(part(names) for part in parts)
    raise TermError(f"not a condition of a program: {write(term)}")
