"""Terms: immutable, bounded expressions, their canonical text, and their sorts.

A term is an `int`, a `Fraction` (never an integral one), a symbol (`str`) or an application `(operator, *arguments)`.
Symbols that begin with `'` are constants that stand for themselves; `true` and `false` are the Booleans, which are
symbols rather than Python's `True`, because `True == 1` would let a number pass for a truth value. The canonical text
is an s-expression in the manner of SMT-LIB 2.7, with rationals written `1/2`.

>>> read("(= (+ x 1/2) -3)")
('=', ('+', 'x', Fraction(1, 2)), -3)
>>> write(read("( =  (+ x 2/4) -3 )"))
'(= (+ x 1/2) -3)'
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TypeAlias

Term: TypeAlias = "str | int | Fraction | tuple[Term, ...]"
Sort: TypeAlias = Term

MAX_TEXT = 1 << 20  # characters of one term or theory
MAX_DEPTH = 100  # nesting
MAX_DIGITS = 200  # of one number


class TermError(ValueError):
    """A text is no term, or a term has no sort; the message names the offending part."""


_TOKEN = re.compile(
    r"\s*(?:([()])|(-?[0-9]+(?:/[0-9]+)?)(?![\w'./])|('?[A-Za-z_][\w.]*|[-+*/^<>=]+)(?![\w']))", re.ASCII
)


def read(text: str) -> Term:
    """Parse the text of one term; linear in its length, at most `MAX_TEXT` characters and `MAX_DEPTH` levels.

    >>> read("(and p (not q))")
    ('and', 'p', ('not', 'q'))
    >>> read("(f")
    Traceback (most recent call last):
    ...
    synth_kernel.terms.TermError: at character 2: the term ends inside a parenthesis
    """
    if len(text) > MAX_TEXT:
        raise TermError(f"a term of {len(text)} characters is longer than {MAX_TEXT}")
    stack: list[list[Term]] = [[]]
    place, end = 0, len(text.rstrip())
    match = _TOKEN.match
    while place < end:
        found = match(text, place)
        if found is None:
            raise TermError(f"at character {place}: cannot read {text[place : place + 20]!r}")
        place = found.end()
        bracket, number, symbol = found.groups()
        if symbol:
            stack[-1].append(symbol)
        elif number:
            stack[-1].append(_number(number))
        elif bracket == "(":
            stack.append([])
            if len(stack) > MAX_DEPTH + 1:
                raise TermError(f"at character {place}: nested deeper than {MAX_DEPTH}")
        else:
            done = stack.pop()
            if not stack or not done or not isinstance(done[0], str):
                raise TermError(f"at character {place}: a parenthesis must close an operator and its arguments")
            stack[-1].append(tuple(done))
    if len(stack) > 1:
        raise TermError(f"at character {end}: the term ends inside a parenthesis")
    if len(stack[0]) != 1:
        raise TermError(f"expected one term, found {len(stack[0])}")
    return stack[0][0]


def _number(text: str) -> Term:
    if len(text) > MAX_DIGITS:
        raise TermError(f"a number of {len(text)} digits is longer than {MAX_DIGITS}")
    above, slash, below = text.partition("/")
    if not slash:
        return int(above)
    if not int(below):
        raise TermError(f"the number {text} has a zero denominator")
    return number(Fraction(int(above), int(below)))


def number(value: int | Fraction) -> int | Fraction:
    """Return the canonical form of an exact number: an `int` where it is integral.

    >>> number(Fraction(4, 2))
    2
    """
    return value.numerator if value.denominator == 1 else value


def write(term: Term) -> str:
    """Return the canonical text of a term; `read` is its inverse."""
    if type(term) is tuple:
        return "(" + " ".join([write(part) for part in term]) + ")"
    return str(term)


def symbols(term: Term) -> Iterator[str]:
    """Yield every symbol in argument position, from left to right, repeats included.

    >>> sorted(set(symbols(read("(and p (or q 'red))"))))
    ["'red", 'p', 'q']
    """
    if isinstance(term, tuple):
        for part in term[1:]:
            yield from symbols(part)
    elif isinstance(term, str):
        yield term


def substitute(term: Term, values: Mapping[str, Term]) -> Term:
    """Replace symbols in argument position by terms.

    >>> substitute(("+", "x", 1), {"x": 4})
    ('+', 4, 1)
    """
    if type(term) is tuple:
        return (term[0], *[substitute(part, values) for part in term[1:]])
    return values.get(term, term) if type(term) is str else term


def size(term: Term) -> int:
    """Count the nodes of a term."""
    return 1 + sum(map(size, term[1:])) if isinstance(term, tuple) else 1


# ---- sorts -------------------------------------------------------------------------------------------------------
# A declared sort is Bool, Int, (range lo hi), Rational, Real, (enum 'a 'b …), Expr, or (Walk (arc 'a 'b cost) …).
# An expression has a *coarse* sort: the numbers form a chain Int < Rational < Real; enumerations become Symbol.

NUMBERS = ("Int", "Rational", "Real")
MAX_MEMBERS = 4096  # of a range or an enumeration
_BOOLEAN = {"not": (1, 1), "and": (0, None), "or": (0, None), "=>": (2, 2), "xor": (2, 2)}
_COMPARE = {"<", "<=", ">", ">="}
_ARITHMETIC = {"+": (1, None), "*": (1, None), "-": (1, 2), "abs": (1, 1)}
_INTEGRAL = {"div": (2, 2), "mod": (2, 2)}
_REAL = {"sqrt": 1, "exp": 1, "log": 1, "sin": 1, "cos": 1, "tan": 1, "atan": 1}
# operator -> (argument sorts, result); a trailing * repeats the last one
_FIXED = {
    "value": (("Expr",), "Rational"),  # of a quoted arithmetic term
    "leaves_among": (("Expr", "Int*"), "Bool"),  # its numbers, with multiplicity, are among these
    "operators_among": (("Expr", "Symbol*"), "Bool"),
    "start": (("Walk",), "Symbol"),
    "end": (("Walk",), "Symbol"),
    "cost": (("Walk",), "Int"),
    "visits": (("Walk", "Symbol"), "Bool"),
    "reach": (("Walk", "Symbol"), "Int"),  # the cost up to the first visit; no value if there is none
}
OPERATORS = frozenset(
    {*_BOOLEAN, *_COMPARE, *_ARITHMETIC, *_INTEGRAL, *_REAL, *_FIXED}
    | {"=", "distinct", "ite", "count", "/", "^", "D", "quote", "walk", "root", "poly"}
)


def check_sort(sort: Sort) -> str:
    """Return the coarse sort of a declared sort; raise TermError if it is none.

    >>> check_sort(("range", 1, 9)), check_sort(("enum", "'red", "'blue"))
    ('Int', 'Symbol')
    """
    match sort:
        case "Bool" | "Int" | "Rational" | "Real" | "Expr":
            return str(sort)
        case ("range", int(low), int(high)) if low <= high < low + MAX_MEMBERS:
            return "Int"
        case ("enum", *members) if 0 < len(members) == len(set(members)) <= MAX_MEMBERS and _quoted(members):
            return "Symbol"
        case ("Walk", *arcs) if arcs and len({arc[1:3] for arc in arcs if isinstance(arc, tuple)}) == len(arcs):
            for arc in arcs:
                match arc:
                    case ("arc", str(tail), str(head), int(cost)) if _quoted([tail, head]) and cost >= 0:
                        pass
                    case _:
                        raise TermError(f"not an arc ('tail 'head cost≥0): {write(arc)}")
            return "Walk"
    raise TermError(f"no such sort: {write(sort)}")


def _quoted(members: list[Term]) -> bool:
    return all(isinstance(member, str) and member.startswith("'") for member in members)


def sort_of(term: Term, sorts: Mapping[str, str]) -> str:
    """Return the coarse sort of a term whose free symbols have the given coarse sorts; raise TermError if ill-sorted.

    >>> sort_of(read("(= (+ x 1) 1/2)"), {"x": "Rational"})
    'Bool'
    >>> sort_of(read("(= p 1)"), {"p": "Bool"})
    Traceback (most recent call last):
    ...
    synth_kernel.terms.TermError: = compares Bool with Int in (= p 1)
    """
    if not isinstance(term, tuple):
        return _atom_sort(term, sorts)
    operator = term[0]
    if operator == "quote":
        return _quote_sort(term, sorts)
    if operator == "walk":
        if len(term) < 2 or not _quoted(list(term[1:])):
            raise TermError(f"a walk lists 'places: {write(term)}")
        return "Walk"
    if operator == "root":
        return _root_sort(term)
    if operator not in OPERATORS or not isinstance(operator, str):
        raise TermError(f"unknown operator {operator!r} in {write(term)}")
    found = [sort_of(part, sorts) for part in term[1:]]
    result = _application(operator, found)
    if result is None:
        same = operator in ("=", "distinct") and len(found) > 1
        problem = f"{operator} compares {found[0]} with {found[-1]}" if same else f"{operator} takes no {tuple(found)}"
        raise TermError(f"{problem} in {write(term)}")
    if operator == "^" and not (isinstance(term[2], int) and abs(term[2]) <= 64):
        raise TermError(f"an exponent is an integer from -64 to 64 in {write(term)}")
    if operator == "D" and not isinstance(term[2], str):
        raise TermError(f"D differentiates with respect to an unknown in {write(term)}")
    return result


def _atom_sort(atom: Term, sorts: Mapping[str, str]) -> str:
    if isinstance(atom, str):
        if atom in ("true", "false"):
            return "Bool"
        if atom.startswith("'"):
            return "Symbol"
        try:
            return sorts[atom]
        except KeyError:
            raise TermError(f"undeclared symbol {atom!r}") from None
    if type(atom) is int:
        return "Int"
    if isinstance(atom, Fraction):
        return "Rational"
    raise TermError(f"not a term: {atom!r}")


def _application(operator: str, found: list[str]) -> str | None:
    """Return the sort of an application of `operator` to arguments of these sorts, None where it takes none such."""
    numeric = all(sort in NUMBERS for sort in found)
    top = max(found, key=NUMBERS.index, default=None) if numeric else None
    count = len(found)
    if operator in ("=", "distinct"):
        fits = count == 2 if operator == "=" else count >= 2
        return "Bool" if fits and (numeric or len(set(found)) == 1) and found[0] not in ("Expr", "Walk") else None
    if operator in _BOOLEAN:
        low, high = _BOOLEAN[operator]
        return "Bool" if set(found) <= {"Bool"} and low <= count <= (high or count) else None
    if operator == "count":
        return "Int" if set(found) <= {"Bool"} else None
    if operator == "ite":
        if count != 3 or found[0] != "Bool" or found[1] in ("Expr", "Walk"):
            return None
        if found[1] in NUMBERS and found[2] in NUMBERS:
            return max(found[1:], key=NUMBERS.index)
        return found[1] if found[1] == found[2] else None
    if operator in _FIXED:
        wanted, result = _FIXED[operator]
        repeated = wanted[-1].endswith("*")
        plain = [sort.rstrip("*") for sort in wanted]
        plain = plain[:-1] + plain[-1:] * (count - len(plain) + 1) if repeated else plain
        return result if plain == found else None
    if not numeric:
        return None
    if operator in _COMPARE:
        return "Bool" if count == 2 else None
    if operator in _ARITHMETIC:
        low, high = _ARITHMETIC[operator]
        return top if low <= count <= (high or count) else None
    if operator in _INTEGRAL:
        return "Int" if count == 2 and top == "Int" else None
    if operator == "/":
        return ("Rational" if top == "Int" else top) if count == 2 else None
    if operator == "^":
        return ("Rational" if top == "Int" else top) if count == 2 else None
    if operator in _REAL:
        return "Real" if count == 1 else None
    if operator == "D":
        return "Real" if count == 2 and top == "Real" else None
    return None


def _quote_sort(term: Term, sorts: Mapping[str, str]) -> str:
    if not isinstance(term, tuple) or len(term) != 2 or sort_of(term[1], {}) not in NUMBERS:
        raise TermError(f"quote takes one term without unknowns: {write(term)}")
    return "Expr"


def _root_sort(term: tuple[Term, ...]) -> str:
    """`(root (poly c0 c1 … cn) lo hi)` is the one root of Σ cᵢxⁱ in the open interval (lo, hi); bodies check that."""
    match term:
        case ("root", ("poly", *coefficients), low, high):
            rational = all(type(c) is int for c in coefficients) and len(coefficients) > 1 and coefficients[-1] != 0
            ends = all(type(end) is int or isinstance(end, Fraction) for end in (low, high))
            if rational and ends and len(coefficients) <= 65 and low < high:  # type: ignore[operator]
                return "Real"
    raise TermError(f"a root is (root (poly integers…) low high): {write(term)}")
