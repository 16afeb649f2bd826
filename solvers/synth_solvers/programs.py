"""Inputs for which statements about programs hold, by running the programs on one input after another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from synth_kernel.evaluate import FUEL, Undecided, holds
from synth_kernel.exhaustive import MAX_WORLDS, finite
from synth_kernel.numbers import Undefined
from synth_kernel.programs import Fuel, call, compiled
from synth_kernel.terms import Sort, Term, TermError


def runs(terms: Iterable[Term]) -> bool:
    """Say whether a program is run in one of these terms.

    >>> runs([("<", ("run", ("prog", ("params",), ("return", 1))), 2)]), runs(["run", 3])
    (True, False)
    """
    return any(isinstance(term, tuple) and (term[0] == "run" or runs(term[1:])) for term in terms)


def returned(program: Term, inputs: Iterable[Sequence[int]]) -> list[int] | None:
    """Return what a program returns for each input; None where one has no value or all take too many statements.

    >>> half = ("prog", ("params", "'x"), ("return", ("floordiv", "'x", 2)))
    >>> returned(half, [[3], [-3]]), returned(("prog", ("params", "'x"), ("return", "'y")), [[3]])
    ([1, -2], None)
    """
    fuel = Fuel()
    try:
        function = compiled(program)
        return [call(function, list(each), fuel) for each in inputs]
    except (Undefined, Undecided, TermError):
        return None


def model(declared: Mapping[str, Sort], statements: Iterable[Term]) -> dict[str, Term] | None:
    """Return the first assignment that makes all statements true; None if there is none or none was found.

    Every assignment of at most `MAX_WORLDS` is tried, while no more statements are executed than the kernel would.

    >>> double = ("prog", ("params", "'x"), ("return", ("+", "'x", "'x")))
    >>> model({"x": ("range", 0, 9)}, [("<", 6, ("run", double, "x"))])
    {'x': 4}
    """
    statements = list(statements)
    fuel = Fuel()
    domains = [finite(sort) or () for sort in declared.values()]
    try:
        for tried, chosen in enumerate(product(*domains)):
            if tried == MAX_WORLDS:
                break
            values = {**dict(zip(declared, chosen, strict=True)), FUEL: fuel}
            if all(holds(statement, values) for statement in statements):
                return {name: _literal(value) for name, value in zip(declared, chosen, strict=True)}
    except Undecided:
        pass
    return None


def _literal(value: Term) -> Term:
    return ("true" if value else "false") if type(value) is bool else value
