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
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

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
    above, _, below = text.partition("/")
    if len(text) > MAX_DIGITS or not int(below or 1):
        raise TermError(f"no number with at most {MAX_DIGITS} digits and a denominator other than 0: {text[:40]}")
    return number(Fraction(int(above), int(below))) if below else int(above)


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
# A declared sort is Bool, Int, (range lo hi), Rational, Real, (enum 'a 'b …), Expr, (Walk (arc 'a 'b cost) …),
# (Word 'a 'b …), (Prog n) or (Plan (variable x S v) … (move 'm guard (set x t) …) … (goal t)). The name of an unknown
# of sort Open, a universe, is used in the sorts (Member u) and (Relation u v …).
# An expression has a *coarse* sort: the numbers form a chain Int < Rational < Real; enumerations become Symbol.

NUMBERS = ("Int", "Rational", "Real")
MAX_MEMBERS = 4096  # of a range or an enumeration
MAX_UNIVERSE = 64  # members of a universe in a model
MAX_PARAMETERS = 16  # of an unknown program
_ORDER = ("Bool", "Symbol", *NUMBERS)
_N, _SAME = "(?:Int|Rational|Real),", r"(Bool,|Symbol,)\1"
# operators; the sorts of their arguments, each followed by a comma, as a regular expression; the sort of the result,
# where ≥ stands for the largest sort among the arguments and this one
_SIGNATURES = {
    operator: (re.compile(arguments), result)
    for operators, arguments, result in (
        ("not", "Bool,", "Bool"),
        ("and or", "(?:Bool,)*", "Bool"),
        ("=> xor", "Bool,Bool,", "Bool"),
        ("count", "(?:Bool,)*", "Int"),
        ("ite", f"Bool,(?:{_N}{_N}|{_SAME})", "≥Bool"),
        ("=", f"{_N}{_N}|{_SAME}", "Bool"),
        ("distinct", f"{_N}(?:{_N})+|{_SAME}+", "Bool"),
        ("< <= > >=", f"{_N}{_N}", "Bool"),
        ("+ *", f"(?:{_N})+", "≥Int"),
        ("-", f"{_N}(?:{_N})?", "≥Int"),
        ("abs", _N, "≥Int"),
        ("/ ^", f"{_N}{_N}", "≥Rational"),
        ("div mod", "Int,Int,", "Int"),
        ("prime", "Int,", "Bool"),
        ("sqrt exp log sin cos tan atan", _N, "Real"),
        ("D", f"Real,{_N}|{_N}Real,", "Real"),
        ("I", f"{_N}Real,{_N}{_N}", "Real"),  # the integral of a term over an unknown from one number to another
        ("value", "Expr,", "Rational"),  # of a quoted arithmetic term
        ("leaves_among", "Expr,(?:Int,)*", "Bool"),  # its numbers, with multiplicity, are among these
        ("operators_among", "Expr,(?:Symbol,)*", "Bool"),
        ("start end", "Walk,", "Symbol"),
        ("cost", "Walk,", "Int"),
        ("visits", "Walk,Symbol,", "Bool"),
        ("reach", "Walk,Symbol,", "Int"),  # the cost up to the first visit; no value if there is none
        ("size", r"Prog \d+,", "Int"),
        ("length", "Plan,", "Int"),
        ("solves", "Plan,", "Bool"),
        ("letter", "Symbol,", "Regex"),  # a regular expression: synth_kernel.words
        ("union concat", "(?:Regex,)*", "Regex"),
        ("star plus", "Regex,", "Regex"),
        ("matches", "Word,Regex,", "Bool"),
    )
    for operator in operators.split()
}
OPERATORS = frozenset(
    {
        *_SIGNATURES,
        "quote",
        "walk",
        "plan",
        "word",
        "root",
        "poly",
        "forall",
        "exists",
        "holds",
        "irreducible",
        "run",
        "prog",
    }
)


def check_sort(sort: Sort) -> str:
    """Return the coarse sort of a declared sort; raise TermError if it is none.

    >>> check_sort(("range", 1, 9)), check_sort(("enum", "'red", "'blue"))
    ('Int', 'Symbol')
    """
    match sort:
        case "Bool" | "Int" | "Rational" | "Real" | "Expr" | "Open":
            return str(sort)
        case ("Member", str(universe)) if " " not in universe:
            return f"Member {universe}"
        case ("Relation", str(_), *_) if all(isinstance(part, str) and " " not in part for part in sort):
            return " ".join(sort)  # type: ignore[arg-type]
        case ("range", int(low), int(high)) if low <= high < low + MAX_MEMBERS:
            return "Int"
        case ("Prog", int(parameters)) if type(parameters) is int and 0 <= parameters <= MAX_PARAMETERS:
            return f"Prog {parameters}"
        case ("enum" | "Word" as kind, *members) if 0 < len(members) == len(set(members)) <= MAX_MEMBERS:
            if _quoted(members):
                return "Symbol" if kind == "enum" else "Word"
        case ("Walk", *arcs) if arcs and all(map(_is_arc, arcs)) and len({arc[1:3] for arc in arcs}) == len(arcs):  # type: ignore[index]
            return "Walk"
        case ("Plan", *parts) if _is_machine(parts):
            return "Plan"
    raise TermError(f"no such sort (arcs are different ones, each (arc 'tail 'head cost≥0)): {write(sort)}")


def _is_arc(arc: Term) -> bool:
    match arc:
        case ("arc", str(tail), str(head), int(cost)):
            return _quoted([tail, head]) and cost >= 0
    return False


def _is_tuple(term: Term) -> bool:
    return isinstance(term, tuple) and term[0] == "tuple" and _quoted(term[1:])


def _is_machine(parts: Sequence[Term]) -> bool:
    """Say whether parts are variables, then moves, then a goal: well-sorted, each name once."""
    sorts: dict[str, str] = {}
    moves: set[str] = set()
    for part in parts[:-1]:
        match part:
            case ("variable", str(name), sort, value) if is_member(value, sort) and name not in sorts and not moves:
                if name in ("true", "false") or name.startswith("'"):
                    return False
                sorts[name] = check_sort(sort)
            case ("move", str(name), guard, *sets) if name.startswith("'") and name not in moves:
                found = [each[1:] for each in sets if isinstance(each, tuple) and len(each) == 3 and each[0] == "set"]
                targets: dict[Any, Term] = dict(found)
                if sort_of(guard, sorts) != "Bool" or len(targets) < len(sets):
                    return False
                if any(sorts.get(target) != sort_of(term, sorts) for target, term in targets.items()):
                    return False
                moves.add(name)
            case _:
                return False
    match parts[-1:]:
        case (("goal", term),):
            return bool(moves) and sort_of(term, sorts) == "Bool"
    return False


def is_member(value: Term, sort: Sort) -> bool:
    """Say whether a constant is a value of a finite sort; no for any other sort.

    >>> is_member(3, ("range", 1, 3)), is_member("true", "Bool"), is_member(1, "Int")
    (True, True, False)
    """
    match sort:
        case "Bool":
            return value in ("true", "false")
        case ("range", int(low), int(high)):
            return type(value) is int and low <= value <= high
        case ("enum", *members):
            return value in members
    return False


def _quoted(members: Sequence[Term]) -> bool:
    return all(isinstance(member, str) and member.startswith("'") for member in members)


def sort_of(term: Term, sorts: Mapping[str, str]) -> str:
    """Return the coarse sort of a term whose free symbols have the given coarse sorts; raise TermError if ill-sorted.

    >>> sort_of(read("(= (+ x 1) 1/2)"), {"x": "Rational"})
    'Bool'
    >>> sort_of(read("(= p 1)"), {"p": "Bool"})
    Traceback (most recent call last):
    ...
    synth_kernel.terms.TermError: = takes no (Bool, Int) in (= p 1)
    """
    if not isinstance(term, tuple):
        return _atom_sort(term, sorts)
    operator: Any = term[0]
    if operator == "run":
        return _run_sort(term, sorts)
    if operator not in _SIGNATURES:
        return _open_sort(term, sorts) or _literal_sort(term)
    arguments, result = _SIGNATURES[operator]
    found = [sort_of(part, sorts) for part in term[1:]]
    if arguments.fullmatch(",".join([*found, ""])) is None:
        raise TermError(f"{operator} takes no ({', '.join(found)}) in {write(term)}")
    if operator == "^" and not (isinstance(term[2], int) and abs(term[2]) <= 64):
        raise TermError(f"an exponent is an integer from -64 to 64 in {write(term)}")
    if operator in ("D", "I") and not isinstance(term[2], str):
        raise TermError(f"{operator} is about an unknown in {write(term)}")
    if operator == "letter" and not _quoted(term[1:]):
        raise TermError(f"a letter is a constant in {write(term)}")
    return result if result[0] != "≥" else max([*found, result[1:]], key=_ORDER.index)


def _atom_sort(atom: Term, sorts: Mapping[str, str]) -> str:
    if isinstance(atom, str):
        sort = "Bool" if atom in ("true", "false") else "Symbol" if atom.startswith("'") else sorts.get(atom)
        if sort is None:
            raise TermError(f"undeclared symbol {atom!r}")
        return sort
    if type(atom) is int or isinstance(atom, Fraction):
        return "Int" if type(atom) is int else "Rational"
    raise TermError(f"not a term: {atom!r}")


def _open_sort(term: tuple[Term, ...], sorts: Mapping[str, str]) -> str:
    """`(forall x u t)` binds a new symbol x, also `exists`; `(holds r a b)` says that a and b are in the relation r."""
    match term:
        case ("forall" | "exists", str(x), str(universe), body) if sorts.get(universe) == "Open" and x not in sorts:
            bound = x not in ("true", "false") and not x.startswith("'")
            return "Bool" if bound and sort_of(body, {**sorts, x: f"Member {universe}"}) == "Bool" else ""
        case ("holds", str(relation), *members):
            universes = [sort_of(member, sorts).removeprefix("Member ") for member in members]
            return "Bool" if sorts.get(relation) == " ".join(["Relation", *universes]) else ""
    return ""


def _run_sort(term: tuple[Term, ...], sorts: Mapping[str, str]) -> str:
    """`(run program a …)` is what a program returns for one integer for each of its parameters."""
    program, *arguments = [sort_of(part, sorts) for part in term[1:]] or [""]
    if program == f"Prog {len(arguments)}" and set(arguments) <= {"Int"}:
        return "Int"
    raise TermError(f"a program runs on one Int for each parameter in {write(term)}")


def _literal_sort(term: tuple[Term, ...]) -> str:
    """`(root (poly c0 c1 … cn) lo hi)` is the one root of Σ cᵢxⁱ in the open interval (lo, hi); bodies check that."""
    match term:
        case ("quote", inner) if sort_of(inner, {}) in NUMBERS:
            return "Expr"
        case ("prog", *_):
            from synth_kernel.programs import compiled  # it compiles terms, and checks them while it does

            return f"Prog {len(compiled(term)[0])}"
        case ("walk", _, *_) if _quoted(term[1:]):
            return "Walk"
        case ("word" | "plan" as kind, *named) if _quoted(named):
            return str(kind).capitalize()
        case ("universe", _, *_) if _quoted(term[1:]) and len(set(term)) == len(term) <= MAX_UNIVERSE + 1:
            return "Universe"
        case ("relation", *tuples) if len(set(tuples)) == len(tuples) and all(map(_is_tuple, tuples)):
            return "Relation"
        case ("root", ("poly", *coefficients), int() | Fraction() as low, int() | Fraction() as high):
            if _is_polynomial(coefficients) and low < high:
                return "Real"
        case ("irreducible", ("poly", *coefficients)) if _is_polynomial(coefficients):
            return "Bool"
    raise TermError(f"{term[0]!r} is no operator, or not with such arguments, in {write(term)}")


def _is_polynomial(coefficients: Sequence[Term]) -> bool:
    return all(type(c) is int for c in coefficients) and 1 < len(coefficients) <= 65 and coefficients[-1] != 0
