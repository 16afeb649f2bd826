"""Prime or not: strong probable primes to the first 13 prime bases, which is exact below a published bound.

Sorenson and Webster, *Strong pseudoprimes to twelve prime bases* (Mathematics of Computation 86, 2017): the least
composite that passes for all of 2, 3, 5, …, 41 is 3317044064679887385961981.
"""

from __future__ import annotations

BASES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
PRIME_BELOW = 3_317_044_064_679_887_385_961_981  # at this number and above nothing is said


def is_prime(n: int) -> bool | None:
    """Say whether n is prime; None where n is too large to be told. At most 13 modular powers.

    >>> [n for n in range(-3, 20) if is_prime(n)], is_prime(2**61 - 1), is_prime(2**127 - 1)
    ([2, 3, 5, 7, 11, 13, 17, 19], True, None)
    """
    if n >= PRIME_BELOW:
        return None
    if n < 2 or any(n % base == 0 for base in BASES):
        return n in BASES
    twos = ((n - 1) & (1 - n)).bit_length() - 1
    return all(_passes(n, base, twos) for base in BASES)


def _passes(n: int, base: int, twos: int) -> bool:
    """Say whether an odd n is a strong probable prime: base^odd is 1, or −1 after fewer than `twos` squarings."""
    power = pow(base, (n - 1) >> twos, n)
    return power == 1 or any(pow(power, 1 << k, n) == n - 1 for k in range(twos))
