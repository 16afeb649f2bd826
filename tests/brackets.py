"""Terms without brackets where brackets say nothing, taken out one at a time: for oracles of the canonical key."""

from __future__ import annotations

from synth_kernel.terms import Term

BRACKETED = {"and", "or", "+", "*", "union", "concat"}


def opened(term: Term) -> Term:
    """Take the brackets out of nested sums, products, … one at a time, until there are none."""
    if not isinstance(term, tuple):
        return term
    head, parts = term[0], [opened(part) for part in term[1:]]
    match head, parts:
        case "-", [one, other]:
            return opened(("+", one, ("-", other)))
        case "-", [("-", one)]:
            return one
        case "-", [("+", *addends)]:
            return opened(("+", *[("-", each) for each in addends]))
        case "+", [one]:
            return one
    for place, part in enumerate(parts):
        if head in BRACKETED and isinstance(part, tuple) and part[0] == head:
            return opened((head, *parts[:place], *part[1:], *parts[place + 1 :]))
    return (head, *parts)
