"""Linear inequalities by exact linear programming: multipliers of Farkas' lemma, points, greatest values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.farkas import bounds, fact, goals
from synth_kernel.linear import Form, NotLinear
from synth_kernel.terms import Sort, Term, number, write
from synth_solvers.linear import Row, whole
from synth_solvers.simplex import Simplex

Fact = tuple[Form, str]  # f, and `=`, `>=` or `>`: f relation 0
Point = dict[str, "int | Fraction"]


# ---- why a goal follows --------------------------------------------------------------------------------------------


def farkas(sequent: Sequent) -> dict[str, Any] | None:
    """Find multipliers of the premises, and of the bounds of ranges, that show each inequality of the goal.

    Premises that are not linear are left out. None where no combination shows the goal.
    """
    facts = dict(bounds(sequent))
    for name, premise in zip(sequent.names, sequent.premises, strict=True):
        try:
            facts[name] = fact(premise)
        except NotLinear:
            continue
    try:
        rows = [_multipliers(facts, goal) for goal in goals(sequent.goal)]
    except NotLinear:
        return None
    if None in rows:
        return None
    texts = [{name: write(number(factor)) for name, factor in (row or {}).items()} for row in rows]
    return {"v": 1, "body": "farkas", "rows": texts}


def support(declared: Mapping[str, Sort], premises: Sequence[Term], goal: Term) -> set[int] | None:
    """Return the places of the premises that a proof of the goal uses, few but not the fewest; None without a proof.

    >>> support({"x": "Rational", "y": "Rational"}, [("<", "x", 3), ("<=", "y", "x"), ("<", "y", 7)], ("<", "y", 3))
    {0, 1}
    """
    names = tuple(map(str, range(len(premises))))
    found = farkas(Sequent("entails", declared, {}, names, tuple(premises), (), goal))
    return None if found is None else {int(name) for row in found["rows"] for name in row if name.isdecimal()}


def _multipliers(facts: Mapping[str, Fact], goal: Fact) -> dict[str, Fraction] | None:
    """Solve goal = Σ λ·fact + c for λ, c ≥ 0; for a strict goal c, or the λ of a strict fact, has to be positive."""
    columns: dict[str, dict[str, int | Fraction]] = {}  # unknown -> its row; "" is that of the constants
    for name, (form, relation) in facts.items():
        for unknown, value in form.items():
            row = columns.setdefault(unknown, {})
            row[f"+{name}"] = value
            if relation == "=":
                row[f"-{name}"] = -value
    columns.setdefault("", {})["c"] = 1
    for unknown, value in goal[0].items():
        columns.setdefault(unknown, {})[""] = -value
    equations = [whole(row)[0] for row in columns.values()]
    if goal[1] == ">":  # t = min(1, c + Σ strict λ) is to be positive
        strict = {f"+{name}": -1 for name, (_, relation) in facts.items() if relation == ">"}
        equations += [{"t": 1, "u": 1, "c": -1, **strict}, {"t": 1, "w": 1, "": -1}]
    problem = Simplex(equations)
    if not problem.feasible or (goal[1] == ">" and not problem.maximise({"t": 1})):
        return None
    factors = {name: Fraction(value) for name, value in problem.values().items() if value and name[0] in "+-"}
    return {name[1:]: value if name[0] == "+" else -value for name, value in factors.items()}


# ---- points --------------------------------------------------------------------------------------------------------


def point(declared: Mapping[str, Sort], statements: Sequence[Term]) -> Point | None:
    """Return rationals that satisfy linear statements, a corner where nothing is strict; None if there are none.

    A statement may be an `and`, and may deny an equation. Raises NotLinear at any other. Unknowns of sort Int and of
    ranges get what the others get, which need not be whole.

    >>> point({"x": "Rational"}, [("<", 2, "x"), ("<=", "x", 3), ("not", ("=", "x", 3))])
    {'x': Fraction(5, 2)}
    """
    for facts in product(*[list(_alternatives(part)) for term in statements for part in _parts(term)]):
        found = _point(declared, facts)
        if found is not None:
            return found
    return None


def _parts(term: Term) -> Iterator[Term]:
    if isinstance(term, tuple) and term[0] == "and":
        for part in term[1:]:
            yield from _parts(part)
    else:
        yield term


def _alternatives(term: Term) -> Iterator[Fact]:
    match term:
        case ("not", ("=", left, right)):
            yield fact((">", left, right))
            yield fact(("<", left, right))
        case _:
            yield fact(term)


def _point(declared: Mapping[str, Sort], facts: Sequence[Fact]) -> Point | None:
    problem = Simplex([*_rows(declared, facts, "gap"), {"gap": 1, "rest": 1, "": -1}])
    if not problem.feasible or not problem.maximise({"gap": 1}):
        return None
    return _read(problem, declared)


def _rows(declared: Mapping[str, Sort], facts: Sequence[Fact], gap: str = "") -> Iterator[Row]:
    """Yield an equation for each fact, with a slack and, where it is strict, the gap; and one for each range.

    An unknown of a range is what it is above the low end; any other is split into what it is above and below 0.
    """
    for place, (form, relation) in enumerate(facts):
        row = _shifted(declared, whole(form)[0])
        if relation != "=":
            row[f"s{place}"] = -1
        if relation == ">" and gap:
            row[gap] = -1
        yield row
    for name, sort in declared.items():
        match sort:
            case ("range", int(low), int(high)):
                yield {f"+{name}": 1, f"t{name}": 1, "": low - high}


def _shifted(declared: Mapping[str, Sort], row: Row) -> Row:
    result = {"": row.get("", 0)}
    for name, value in row.items():
        match declared.get(name):
            case ("range", int(low), _):
                result[f"+{name}"] = value
                result[""] += low * value
            case _ if name:
                result[f"+{name}"], result[f"-{name}"] = value, -value
    return {name: value for name, value in result.items() if value}


def _read(problem: Simplex, declared: Mapping[str, Sort]) -> Point:
    values = problem.values()
    found: Point = {}
    for name, sort in declared.items():
        low = sort[1] if isinstance(sort, tuple) else 0
        assert isinstance(low, int)
        found[name] = number(Fraction(low + values.get(f"+{name}", 0) - values.get(f"-{name}", 0)))
    return found


def greatest(
    declared: Mapping[str, Sort], statements: Sequence[Term], value: Mapping[str, int | Fraction]
) -> tuple[Fraction, Point] | None:
    """Return the least upper bound of a linear form on the closure of linear statements, and a corner that takes it.

    None where there is none. Bounds of ranges count as statements. Raises NotLinear where one is not linear.

    >>> greatest({"x": ("range", 0, 5)}, [("<", ("*", 2, "x"), 7)], {"x": 2, "": 1})
    (Fraction(8, 1), {'x': Fraction(7, 2)})
    """
    facts = [fact(part) for term in statements for part in _parts(term)]
    row, scale = whole(value)
    problem = Simplex(_rows(declared, facts))
    objective = _shifted(declared, row)
    found = problem.maximise(objective) if problem.feasible else None
    return None if found is None else (found / scale, _read(problem, declared))
