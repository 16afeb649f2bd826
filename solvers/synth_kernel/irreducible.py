"""Body `irreducible`: a polynomial has no factors over Q because it has a value with a large prime factor.

Murty's criterion (*Prime numbers and irreducible polynomials*, American Mathematical Monthly 109, 2002), with a
cofactor as in Brillhart, Filaseta and Odlyzko (Canadian Journal of Mathematics 33, 1981). Let H be the greatest of
|cᵢ/cₘ| for i < m. All roots lie nearer to 0 than H + 1. If f = g·h in Z[x] with neither constant, |g(n)| and |h(n)| are
greater than δ = |n| − H − 1 wherever δ ≥ 1; but if f(n) = ±d·p with p prime and d ≤ δ, one of them divides d.

Certificate: `at`, a pair [n, d] for each polynomial of the goal that is not linear, in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.primality import is_prime

MAX_POINT = 1 << 53


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Check the goal `(irreducible (poly c0 c1 …))`, or an `and` of such."""
    goal: Any = sequent.goal
    parts = goal[1:] if goal[0] == "and" else (goal,)
    if any(operator != "irreducible" for operator, *_ in parts):
        return False
    curved = [p[1:] for _, p in parts if len(p) > 3]
    return all(shows(p, *at) for p, at in zip(curved, certificate["at"], strict=True))


def horner(p: Sequence[int], n: int) -> int:
    """Return Σ pᵢnⁱ."""
    total = 0
    for c in reversed(p):
        total = total * n + c
    return total


def shows(p: Sequence[int], n: int, d: int) -> bool:
    """Say whether the value at n, d times a prime, shows that Σ pᵢxⁱ is irreducible over Q.

    >>> shows((1, 0, 0, 0, 1), 4, 1), shows((4, 0, 0, 0, 1), 11, 5)  # 257 is prime; x⁴ + 4 has factors
    (True, False)
    """
    if type(n) is not int or type(d) is not int or abs(n) > MAX_POINT or d < 1:
        return False
    value = abs(horner(p, n))
    far = (abs(n) - 1 - d) * abs(p[-1]) >= max([abs(c) for c in p[:-1]])  # d ≤ |n| − H − 1
    return far and value % d == 0 and is_prime(value // d) is True
