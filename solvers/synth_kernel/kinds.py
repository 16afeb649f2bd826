"""Which claims a problem of a kind must have proved, given its answer.

An answer is a term: `(model (= x 2) …)` for find, construct and optimize, `(values v …)` for all, `'yes`, `'no` or
`'unknown` for decide, a term for compute, an integer for count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from synth_kernel.claims import Claim, Theory, sequent
from synth_kernel.evaluate import Undecided, Undefined, constant, evaluate
from synth_kernel.polynomial import from_term, primitive
from synth_kernel.terms import Term, TermError, write

ROLES = {
    "find": ("correct", "unique"),
    "all": ("correct", "complete"),
    "decide": ("consistent", "correct"),
    "compute": ("well_defined", "correct"),
    "construct": ("correct",),
    "optimize": ("correct", "optimal"),
    "count": ("correct",),
}
ANY: Term = ("any",)  # stands for a goal that the prover may choose: a witness


def required(theory: Theory, answer: Term) -> list[Claim]:
    """Return the claims that make `answer` the right one; where a witness is free, the goal is `ANY`.

    >>> theory = Theory.read("(theory (declare x Rational) (clause (= (* 2 x) 3)) (ask (find x)))")
    >>> for claim in required(theory, ("model", ("=", "x", theory.clauses[0][2]))):
    ...     print(claim.role, claim.form, write(claim.goal))
    correct model (model (= x 3))
    unique entails (= x 3)
    """
    everything = ("T",)
    match theory.ask, answer:
        case ("find", *_), ("model", *bindings):
            goal = bindings[0] if len(bindings) == 1 else ("and", *bindings)
            return [Claim("correct", "model", everything, answer), Claim("unique", "entails", everything, goal)]
        case ("all", str(x)), ("values", *values) if len(set(map(write, values))) == len(values):
            found = [Claim("correct", "model", everything, ("model", ("=", x, value))) for value in values]
            return [*found, Claim("complete", "entails", everything, ("or", *[("=", x, value) for value in values]))]
        case ("decide", goal, mode), ("'yes" | "'no" | "'unknown"):
            return [Claim("consistent", "model", everything, ANY), *_decide(goal, mode, answer)]
        case ("compute", ("I", f, str(x))), _ if _is_plain(answer):
            return [_identity("well_defined", f, f), _identity("correct", ("D", answer, x), f)]
        case ("compute", ("I", f, str(_), _, _)), _ if _is_plain(answer):
            return [_identity("well_defined", f, f), _identity("correct", theory.ask[1], answer)]
        case ("compute", ("F", f, *unknowns)), _ if _is_plain(answer):
            parts = Claim("irreducible", "entails", everything, ("and", *_irreducible(answer, unknowns)))
            return [_identity("well_defined", f, f), _identity("correct", f, answer), parts]
        case ("compute", f), _ if _is_plain(answer):
            return [_identity("well_defined", f, f), _identity("correct", f, answer)]
        case ("construct", *_), ("model", *_):
            return [Claim("correct", "model", everything, answer)]
        case ("optimize", *_, cost), ("model", *_):
            correct = Claim("correct", "model", everything, answer)
            bound = sequent(theory, correct).bindings
            try:
                least = evaluate(cost, {name: constant(value, theory.declared[name]) for name, value in bound.items()})
            except (Undefined, Undecided) as error:
                raise TermError(f"{write(answer)[:80]} has no cost: {error}") from None
            return [correct, Claim("optimal", "entails", everything, (">=", cost, least))]
        case ("count",), int(n):
            return [Claim("correct", "count", everything, n)]
    raise TermError(f"{write(answer)[:80]} does not answer {write(theory.ask)[:80]}")


def _decide(goal: Term, mode: Term, answer: Term) -> list[Claim]:
    """`'strong` asks for true, false or unknown; `'weak` asks whether the goal follows, yes or no."""
    if answer == "'yes":
        return [Claim("correct", "entails", ("T",), goal)]
    countermodel = Claim("correct", "model", ("T", "not-goal"), ANY)
    if answer == "'unknown" and mode == "'strong":
        return [Claim("correct", "model", ("T", "goal"), ANY), countermodel]
    if answer == "'no":
        return [Claim("correct", "entails", ("T",), ("not", goal)) if mode == "'strong" else countermodel]
    raise TermError(f"{answer} does not answer a {mode} question")


def _identity(role: str, f: Term, g: Term) -> Claim:
    return Claim(role, "identity", ("D",), ("identity", f, g))


def _irreducible(answer: Term, unknowns: Sequence[Term]) -> list[Term]:
    """Say of each factor of an answer that it is prime, or as a polynomial irreducible; each once, in order."""
    if not unknowns:
        return [("prime", n) for n in sorted(set(_factors(answer, False)))]
    found = {primitive(from_term(factor, unknowns[0])) for factor in _factors(answer, True)}
    upright = {p if p[-1] > 0 else tuple([-c for c in p]) for p in found if len(p) > 1}
    return [("irreducible", ("poly", *p)) for p in sorted(upright)]


def _factors(term: Term, units: bool) -> Iterator[Term]:
    """Yield the factors of a product; with `units`, as over Q, signs and constant divisors do not matter."""
    match term:
        case ("*", *parts):
            for part in parts:
                yield from _factors(part, units)
        case ("^", base, int(exponent)) if exponent > 0:
            yield from _factors(base, units)
        case ("-", part) | ("/", part, int() | Fraction()) if units:
            yield from _factors(part, units)
        case _ if units or type(term) is int:
            yield term
        case _:
            raise TermError(f"no product of primes: {write(term)[:60]}")


def _is_plain(term: Term) -> bool:
    """Say whether a computed answer contains no operator that could restate the question."""
    return not isinstance(term, tuple) or (
        term[0] not in ("D", "I", "F", "values", "model") and all(map(_is_plain, term))
    )


def fits(wanted: Sequence[Claim], claims: Sequence[Claim]) -> bool:
    """Say whether claims are the wanted ones, in order, with any witness where one is free."""
    return len(wanted) == len(claims) and all(
        (want.role, want.form, want.premises) == (claim.role, claim.form, claim.premises)
        and (want.goal == ANY or write(want.goal) == write(claim.goal))
        for want, claim in zip(wanted, claims, strict=True)
    )
