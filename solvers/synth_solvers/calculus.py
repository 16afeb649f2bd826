"""Derivatives by hand: textbook steps and tidy terms. Untrusted; the kernel checks each step.

Terms come out over a small language: `x`, integers ≥ 0, binary `+ - * /`, a leading unary `-`, powers from 2 on and
functions. There are no negative or fractional literals, so that a term can be printed as it stands.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from typing import TypeAlias

from synth_kernel.terms import Term

Step: TypeAlias = tuple[Term, Term, str]  # a subterm, its derivative, the rule used
Factors: TypeAlias = dict[Term, int]  # base -> exponent


class NoDerivative(ValueError):
    """There is no rule for this operator."""


def differentiate(term: Term, unknown: str) -> tuple[Term, list[Step]]:
    """Return the derivative, simplified, and the steps that lead to it, bottom-up, each subterm once.

    A step names `constant, power, sum, multiple, product, quotient, chain` or, where the argument is the unknown alone,
    the function: `exp, log, sin, cos, tan, atan, sqrt`. Raises NoDerivative where there is no rule.

    >>> result, steps = differentiate(("*", ("^", "x", 2), ("exp", "x")), "x")
    >>> [rule for _, _, rule in steps]
    ['power', 'exp', 'product']
    >>> result
    ('+', ('*', ('*', 2, 'x'), ('exp', 'x')), ('*', ('^', 'x', 2), ('exp', 'x')))
    """
    steps: dict[Term, tuple[Term, str]] = {}
    result = _differentiate(term, unknown, steps)
    if not steps:
        steps[term] = (result, "power" if term == unknown else "constant")
    return result, [(part, value, rule) for part, (value, rule) in steps.items()]


def _differentiate(term: Term, x: str, steps: dict[Term, tuple[Term, str]]) -> Term:
    if not isinstance(term, tuple):
        return 1 if term == x else 0
    if term in steps:
        return steps[term][0]
    operator, *parts = term
    inner = [_differentiate(part, x, steps) for part in (parts[:1] if operator == "^" else parts)]
    varies = [_contains(part, x) for part in parts]
    if not any(varies):
        return 0
    u, du = simplify(parts[0]), inner[0]
    match operator:
        case "+":
            result, rule = total([(1, each) for each in inner]), "sum"
        case "-":
            signs = [-1] if len(inner) == 1 else [1, -1]
            result = total(list(zip(signs, inner, strict=True)))
            rule = "sum" if len(inner) == 2 else "multiple"
        case "*":
            whole = [simplify(part) for part in parts]
            products = [product([*whole[:i], each, *whole[i + 1 :]]) for i, each in enumerate(inner) if varies[i]]
            result, rule = total([(1, each) for each in products]), "product" if sum(varies) > 1 else "multiple"
        case "/":
            v = simplify(parts[1])
            if not varies[1]:
                result, rule = product([du], [v]), "multiple"
            else:
                above = total([(1, product([du, v])), (-1, product([u, inner[1]]))])
                result, rule = product([above], [power(v, 2)]), "quotient"
        case "^":
            n = parts[1]
            if type(n) is not int:
                raise NoDerivative("an exponent is an integer")
            result, rule = product([n, power(u, n - 1), du]), "power" if parts[0] == x else "chain"
        case _:
            outer = _outer(str(operator), u)
            result, rule = product([outer, du]), str(operator) if parts[0] == x else "chain"
    steps[term] = (result, rule)
    return result


def _outer(name: str, u: Term) -> Term:
    """Return f′(u) of a function f."""
    match name:
        case "exp":
            return ("exp", u)
        case "log":
            return product([], [u])
        case "sin":
            return ("cos", u)
        case "cos":
            return product([-1, ("sin", u)])
        case "tan":
            return product([], [power(("cos", u), 2)])
        case "atan":
            return product([], [total([(1, 1), (1, power(u, 2))])])
        case "sqrt":
            return product([], [2, ("sqrt", u)])
    raise NoDerivative(f"no rule for {name}")


def _contains(term: Term, x: str) -> bool:
    return any(_contains(part, x) for part in term[1:]) if isinstance(term, tuple) else term == x


# ---- tidy terms --------------------------------------------------------------------------------------------------


def simplify(term: Term) -> Term:
    """Collect constants, like terms and like factors, and tidy signs; nothing is expanded.

    >>> simplify(("+", ("*", 1, "x", "x"), ("*", -3, 0), ("-", 2, ("*", -1, "x"))))
    ('+', ('+', ('^', 'x', 2), 'x'), 2)
    """
    if not isinstance(term, tuple):
        return product([term])
    operator, *parts = term
    if operator == "^":
        exponent = parts[1]
        base = simplify(parts[0])
        return power(base, exponent) if type(exponent) is int else ("^", base, exponent)
    inner = [simplify(part) for part in parts]
    match operator:
        case "+":
            return total([(1, part) for part in inner])
        case "-":
            return total([(-1, inner[0])] if len(inner) == 1 else [(1, inner[0]), (-1, inner[1])])
        case "*":
            return product(inner)
        case "/":
            return product([inner[0]], [inner[1]])
        case "D":
            return ("D", inner[0], parts[1])
    return _function(str(operator), inner)


def _function(name: str, inner: list[Term]) -> Term:
    u = inner[0]
    if u == 0 and name in ("exp", "cos", "sin", "tan", "atan", "sqrt"):
        return int(name in ("exp", "cos"))
    if u == 1 and name in ("log", "sqrt"):
        return int(name == "sqrt")
    if name == "log" and isinstance(u, tuple) and u[0] == "exp":
        return u[1]
    if name == "sqrt" and type(u) is int and isqrt(u) ** 2 == u:
        return isqrt(u)
    return (name, *inner)


def total(parts: list[tuple[int, Term]]) -> Term:
    """Add simplified terms with signs, collecting like ones; constants come last."""
    sums: dict[Term, Fraction | int] = {}
    for sign, part in parts:
        _addends(part, sign, sums)
    constant = sums.pop(1, 0)
    if constant:
        sums[1] = constant
    result: Term | None = None
    ordered = [(core, c) for core, c in sums.items() if c]
    first = next((i for i, (_, c) in enumerate(ordered) if c > 0), 0)
    if ordered and ordered[0][1] < 0 < ordered[first][1]:
        ordered.insert(0, ordered.pop(first))  # a term that begins with a minus only where all are negative
    for core, c in ordered:
        each = _scaled(core, c if c > 0 else -c)
        if result is None:
            result = each if c > 0 else ("-", each)
        else:
            result = ("+" if c > 0 else "-", result, each)
    return 0 if result is None else result


def _addends(term: Term, sign: int, sums: dict[Term, Fraction | int]) -> None:
    if isinstance(term, tuple) and term[0] in ("+", "-"):
        last = -sign if term[0] == "-" else sign
        if len(term) == 2:
            _addends(term[1], last, sums)
        else:
            _addends(term[1], sign, sums)
            _addends(term[2], last, sums)
        return
    coefficient, core = _coefficient(term)
    if coefficient:
        sums[core] = sums.get(core, 0) + sign * coefficient


def _coefficient(term: Term) -> tuple[Fraction | int, Term]:
    """Split a simplified product into its rational factor and the rest."""
    if isinstance(term, int | Fraction):
        return term, 1
    factors: Factors = {}
    coefficient = _collect(term, 1, factors, 1)
    return coefficient, _built(1, factors)


def _scaled(core: Term, coefficient: Fraction | int) -> Term:
    if coefficient == 1:
        return core
    factors: Factors = {}
    return _built(_collect(core, 1, factors, coefficient), factors)


def product(above: list[Term], below: list[Term] | None = None) -> Term:
    """Multiply and divide simplified terms, collecting like factors."""
    factors: Factors = {}
    coefficient: Fraction | int = 1
    for part in above:
        coefficient = _collect(part, 1, factors, coefficient)
    if not coefficient:
        return 0
    for part in below or []:
        coefficient = _collect(part, -1, factors, coefficient)
    return _built(coefficient, factors)


def power(base: Term, exponent: int) -> Term:
    """Raise a simplified term to an integer power."""
    factors: Factors = {}
    return _built(_collect(base, exponent, factors, 1), factors) if exponent else 1


def _collect(term: Term, exponent: int, factors: Factors, coefficient: Fraction | int) -> Fraction | int:
    """Multiply term^exponent into the factors, and return the coefficient times its rational part."""
    if isinstance(term, int | Fraction):
        if exponent < 0 and not term:
            factors[0] = factors.get(0, 0) + exponent  # 1/0 stays visible
            return coefficient
        return coefficient * (Fraction(term) ** exponent if exponent < 0 else term**exponent)
    if isinstance(term, tuple):
        if term[0] == "*":
            for part in term[1:]:
                coefficient = _collect(part, exponent, factors, coefficient)
            return coefficient
        if term[0] == "/":
            coefficient = _collect(term[1], exponent, factors, coefficient)
            return _collect(term[2], -exponent, factors, coefficient)
        if term[0] == "-" and len(term) == 2:
            return _collect(term[1], exponent, factors, -coefficient if exponent % 2 else coefficient)
        if term[0] == "^" and type(term[2]) is int:
            return _collect(term[1], term[2] * exponent, factors, coefficient)
    found = factors.get(term, 0) + exponent
    if isinstance(term, tuple) and term[0] == "sqrt" and abs(found) > 1:  # √u² = u
        half = int(found / 2)
        coefficient = _collect(term[1], half, factors, coefficient)
        found -= 2 * half
    factors[term] = found
    return coefficient


def _built(coefficient: Fraction | int, factors: Factors) -> Term:
    """Write a coefficient and factors as a term: sign, number, unknowns, sums, functions, over the same."""
    if not coefficient:
        return 0
    kept = sorted([(base, n) for base, n in factors.items() if n], key=_rank)
    above: list[Term] = [base if n == 1 else ("^", base, n) for base, n in kept if n > 0]
    below: list[Term] = [base if n == -1 else ("^", base, -n) for base, n in kept if n < 0]
    if abs(coefficient.numerator) != 1 or not above:
        above.insert(0, abs(coefficient.numerator))
    if coefficient.denominator != 1:
        below.insert(0, coefficient.denominator)
    result = _chain(above)
    if below:
        result = ("/", result, _chain(below))
    return result if coefficient > 0 else ("-", result)


def _rank(factor: tuple[Term, int]) -> int:
    base = factor[0]
    return 0 if not isinstance(base, tuple) else 1 if base[0] in ("+", "-") else 2


def _chain(parts: list[Term]) -> Term:
    result = parts[0]
    for part in parts[1:]:
        result = ("*", result, part)
    return result
