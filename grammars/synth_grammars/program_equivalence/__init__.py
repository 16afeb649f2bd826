"""Do two small Python functions return the same values?

Equal ones are shown by running both on every input; different ones by an input on which they return different values.
That is translation validation (Pnueli, Siegel, Singerman 1998) on a finite domain: what is trusted is neither the laws
that made one function of the other nor their order, only the meaning of a program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import product
from random import Random
from typing import Any

from synth.family import Family, Proposal, Reading, Theory, Tree, returned, verdict_word
from synth_grammars.program_equivalence.expressions import LAWS
from synth_grammars.program_equivalence.misses import BODY_MISSES, MISSES
from synth_grammars.program_equivalence.programs import (
    COMPARISONS,
    COUNTERS,
    Body,
    Ranges,
    at,
    depth,
    drawn,
    places,
    plain,
    put,
    reads,
    size,
    writes,
    written,
)
from synth_grammars.program_equivalence.statements import BODY_LAWS
from synth_kernel.terms import Term

ARGUMENTS = ("xy", "ab", "xn", "mn", "cn")
DRAWS = 40  # pairs drawn for one problem
FAULTS = 30  # tried on one function
FAULT_KINDS = [*MISSES[:2], *MISSES, *BODY_MISSES]
MOST_ALIKE = 0.7  # of the values that a function returns
SAMPLE = 12  # inputs on which a fault is tried at once
MAX_DEPTH = 8  # of an expression


class ProgramEquivalence(Family):
    """Both functions are rewritten, by laws drawn at random, from one; on the way one of them gets a fault.

    Where the answer is "yes" the fault changes nothing for the arguments in question, where it is "no" it changes what
    is returned for few of them. So yes and no look alike. The verdict is drawn first.
    """

    domain = "programs"
    kind = "decide"
    summary = "whether two small Python functions return the same values"
    levels = {  # noqa: RUF012
        1: {"arguments": 1, "blocks": ("let", "case", "exit"), "count": 1, "laws": 5, "size": 45, "differ": 0.3},
        2: {
            "arguments": 1,
            "blocks": ("let", "case", "when", "exit", "loop"),
            "count": 2,
            "laws": 8,
            "size": 65,
            "differ": 0.25,
        },
        3: {
            "arguments": 2,
            "blocks": ("let", "case", "when", "exit", "loop"),
            "count": 2,
            "laws": 11,
            "size": 85,
            "differ": 0.2,
        },
        4: {
            "arguments": 2,
            "blocks": ("case", "when", "exit", "loop", "loop"),
            "count": 3,
            "laws": 14,
            "size": 115,
            "differ": 0.15,
        },
        5: {
            "arguments": 2,
            "blocks": ("case", "when", "exit", "loop", "loop"),
            "count": 4,
            "laws": 18,
            "size": 150,
            "differ": 0.12,
        },
    }

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        same = rng.random() < 0.5
        for _ in range(DRAWS):
            ranges = _ranges(level["arguments"], rng)
            pair = self._pair(level, ranges, same, rng)
            if pair is not None:
                one, other = rng.sample(pair, 2)
                return Proposal(self.formal.render(_tree(ranges, one, other)), "'yes" if same else "'no")
        return None

    def _pair(self, level: Mapping[str, Any], ranges: Ranges, same: bool, rng: Random) -> tuple[Body, Body] | None:
        """Draw two bodies that are worth comparing; None if these came out otherwise."""
        kinds = [rng.choice(level["blocks"]) for _ in range(level["count"])]
        base = drawn(ranges, kinds, rng)
        reading = self.meaning.problem(_tree(ranges, base, base))
        laws = level["laws"]
        shares = sorted(rng.choices(range(laws + 1), k=2))
        first = _rewritten(base, ranges, shares[0], level["size"], rng)
        second = _rewritten(base, ranges, shares[1] - shares[0], level["size"], rng)
        faulty = self._faulty(second, ranges, level["differ"], same, reading, rng) if plain(base) else None
        if faulty is None:
            return None
        second = _rewritten(faulty, ranges, laws - shares[1], level["size"], rng)
        tidy = all(_tidy(body, ranges, level["size"]) for body in (first, second))
        return (first, second) if tidy and first != second and self._total(reading, ranges, first, second) else None

    def _total(self, reading: Reading, ranges: Ranges, *bodies: Body) -> bool:
        """Say whether bodies return a value for every input."""
        inputs = [*product(*[range(low, high + 1) for low, high in ranges.values()])]
        programs = [reading.term(("one", _params(ranges), *body)) for body in bodies]
        return all(returned(program, inputs) is not None for program in programs)

    def _faulty(
        self, body: Body, ranges: Ranges, most: float, same: bool, reading: Reading, rng: Random
    ) -> Body | None:
        """Change one place so that the values differ for at most this part of the inputs, but for one; or for none.

        Only a kind of fault is taken that was seen to do both, so that the kind does not tell the verdict.
        """
        params = _params(ranges)
        inputs = [*product(*[range(low, high + 1) for low, high in ranges.values()])]
        rng.shuffle(inputs)
        values = returned(reading.term(("one", params, *body)), inputs)
        if values is None or Counter(values).most_common(1)[0][1] > MOST_ALIKE * len(values):
            return None
        found: dict[tuple[Any, bool], Body] = {}
        seen: set[Body] = set()
        for _ in range(FAULTS):
            again = found and rng.random() < 0.6  # mostly a kind of which one sort was seen and the other is missing
            law = rng.choice([law for (law, _), _ in found]) if again else rng.choice(FAULT_KINDS)
            fault, kind = _changed(body, ranges, law, rng)
            if fault is None or fault in seen or not plain(fault):
                continue
            seen.add(fault)
            program = reading.term(("one", params, *fault))
            differ = _differences(program, inputs, values, max(int(most * len(inputs)), 1))
            if differ is not None:
                found[kind, not differ] = fault
                if (kind, bool(differ)) in found:
                    return found[kind, same]
        return None

    def features(self, tree: Tree) -> Iterable[str]:
        return [f"arguments:{len(tree[1]) - 1}"]

    def solution(self, theory: Theory, answer: Term) -> str:
        return verdict_word(theory, answer)


def _ranges(arguments: int, rng: Random) -> dict[str, tuple[int, int]]:
    """Draw the arguments; the last one is mostly a count."""
    names = rng.choice(ARGUMENTS)[-arguments:]
    found = {x: (rng.randint(-5, -2), rng.randint(4, 6)) for x in names}
    if arguments == 1:
        found = {x: (rng.randint(-9, -3), rng.randint(5, 10)) for x in names}
    if rng.random() < 0.75:
        found[names[-1]] = (rng.randint(0, 1), rng.randint(6, 8) if arguments > 1 else rng.randint(9, 12))
    return found


def _rewritten(body: Body, ranges: Ranges, laws: int, most: int, rng: Random) -> Body:
    """Apply about so many laws, leaving aside what grows too large."""
    for _ in range(laws):
        new, _ = _changed(body, ranges, rng.choice(LAWS if rng.random() < 0.5 else BODY_LAWS), rng)
        if new is not None and _tidy(new, ranges, most):
            body = new
    return body


def _changed(body: Body, ranges: Ranges, law: Any, rng: Random) -> tuple[Body | None, Any]:
    """Apply a law somewhere, and say of what kind the change is; None where it does not apply or changes nothing."""
    if law in BODY_LAWS or law in BODY_MISSES:
        new: Body | None = law(body, ranges, rng)
        return None if new == body else new, (law, False)
    where = [place for place in places(body) if len(place) > 1]
    for place in rng.sample(where, len(where)):
        old = at(body, place)
        part = law(old, rng)
        if part is not None and part != old:
            return put(body, place, part), (law, at(body, place[:-1])[0] in COMPARISONS)
    return None, None


def _differences(program: Term, inputs: list[Any], values: list[int], most: int) -> int | None:
    """Count the inputs for which a program returns another value; None where these are too many, or one has none."""
    differ = 0
    for start in range(0, len(inputs), SAMPLE):
        found = returned(program, inputs[start : start + SAMPLE])
        if found is None:
            return None
        differ += sum(map(int.__ne__, found, values[start:]))
        if differ > most:
            return None
    return differ


def _tidy(body: Body, ranges: Ranges, most: int) -> bool:
    """Say whether a body is small enough, reads what it sets and every argument, and sets nothing to itself."""
    used = reads(body)
    return (
        plain(body) and size(body) <= most and set(ranges) <= used and writes(body) - set(COUNTERS) <= used
        and max(map(depth, body)) <= MAX_DEPTH
    )  # fmt: skip


def _tree(ranges: Ranges, one: Body, other: Body) -> Tree:
    """Write two bodies as the tree of a problem."""
    inputs = [("input", x, _number(low), _number(high)) for x, (low, high) in ranges.items()]
    params = _params(ranges)
    return (
        "problem",
        ("inputs", *inputs),
        ("one", params, *map(written, one)),
        ("other", params, *map(written, other)),
    )


def _params(ranges: Ranges) -> Tree:
    return ("params", *[("param", x) for x in ranges])


def _number(n: int) -> Tree:
    return ("number", str(n)) if n >= 0 else ("below_zero", str(-n))
