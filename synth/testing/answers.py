"""Laws of answers: not to be guessed, never empty, confirmed by others, and every wrong one refused."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from synth.family import Family
from synth.judge.row import row_of
from synth.judge.score import score
from synth.judge.slips import MUTATED, slips
from synth.records import Record
from synth.testing.contract import answer_in, wrong_answers_fail
from synth.testing.finding import OPEN, Broken, Finding, finding
from synth.testing.sampled import Sampled
from synth_kernel.claims import Theory
from synth_kernel.kinds import ROLES
from synth_kernel.polynomial import count_roots
from synth_kernel.terms import write
from synth_solvers.opinions import opinions
from synth_solvers.verdicts import Budget

UNIQUE = ("find", "all", "decide", "count")  # kinds with one right answer, written in one way
ASKED = 3  # rows of a level that the two solvers see
OPINION = Budget(rlimit=200_000, cvc5_rlimit=20_000)
LIMITS = {"decide": 0.6}  # share of right guesses that is allowed beside chance
LIMIT = 0.25  # for the other kinds


def not_guessable(sampled: Sampled) -> Finding:
    """No one answer, and nothing copied from the question, is right too often."""
    family, records = sampled.family, sampled.records
    law = "answers cannot be guessed"
    if len(records) < 5:
        return Finding(law, f"{len(records)} rows are too few", OPEN)
    share = LIMITS.get(family.kind, LIMIT)
    limit = min(0.95, share + 2 * math.sqrt(share * (1 - share) / len(records)))
    hits = {name: _hits(family, records, guesses) for name, guesses in _guesses(records).items()}
    best = max(hits, key=lambda name: len(hits[name]))
    rate = len(hits[best]) / len(records)
    broken = []
    if rate > limit:
        text = min((record.question for record in hits[best]), key=len)
        broken.append(Broken(law, f"right in at most {limit:.0%}", f"{best} is right in {rate:.0%}", text))
    cause = "the levels draw one answer too often, or the question gives it away; choose the answer first and evenly"
    return finding(law, f"{best}: {rate:.0%} (limit {limit:.0%})", broken, cause)


def _guesses(records: Sequence[Record]) -> dict[str, list[str]]:
    """Return for each way of guessing its guess for every record."""
    common = Counter(record.formal_answer for record in records).most_common(2)
    ways = {f"always “{answer[:30]}”": [answer] * len(records) for answer, _ in common}
    numbers = [re.findall(r"\d+(?:/\d+)?", record.formal) or [""] for record in records]
    ways["the first number"] = [found[0] for found in numbers]
    ways["the last number"] = [found[-1] for found in numbers]
    parts = [[part.strip() for part in re.split(r"[:;]", record.formal)] for record in records]
    ways["the first part, copied"] = [found[min(1, len(found) - 1)] for found in parts]
    ways["the last part, copied"] = [found[-1] for found in parts]
    return ways


def _hits(family: Family, records: Sequence[Record], guesses: Sequence[str]) -> list[Record]:
    pairs = zip(records, guesses, strict=True)
    return [record for record, guess in pairs if guess and score(family, guess, row_of(record)).score]


def nothing_empty(sampled: Sampled) -> Finding:
    """Every row shows what keeps its answer from being empty; a decide family does not always say the same."""
    family, records = sampled.family, sampled.records
    law = "no answer is empty"
    guard = {"decide": "consistent", "compute": "well_defined"}.get(family.kind)
    if guard is None:
        return Finding(law, "the roles leave no room for it", OPEN)
    missing = [
        Broken(law, f"a {guard} claim", "none", record.formal)
        for record in records
        if not {guard, *ROLES[family.kind]} <= {each.claim.role for each in record.evidence}
    ]
    figure = f"{len(records) - len(missing)} of {len(records)} rows are {guard.replace('_', ' ')}"
    if family.kind == "decide":
        said = Counter(write(answer_in(family, each.formal, each.formal_answer) or "") for each in records)
        figure += "; " + ", ".join(f"{count} {answer.lstrip(chr(39))}" for answer, count in sorted(said.items()))
        if len(said) < 2 and len(records) > 4:
            missing.append(Broken(law, "more than one verdict", next(iter(said), "none"), records[0].formal))
    return finding(law, figure, missing, "contradictory premises make every yes true; plant a model of them first")


def solvers_agree(sampled: Sampled) -> Finding:
    """What was proved is denied by neither of two SMT solvers; the figure says where one of them does not apply.

    Only entailments can be put to them. A solver that cannot print the claim, or runs out of its budget, says nothing.
    """
    law, broken, outcomes, why = "two solvers agree", list[Broken](), Counter[str](), Counter[str]()
    for drawn in sampled.levels:
        for record in drawn.records[:ASKED]:
            theory = Theory.read(record.theory)
            claims = [e.claim for e in record.evidence if e.claim.form == "entails"]
            for claim in claims[:1]:
                found = opinions(theory, claim, OPINION)
                confirm = [name for name, answer in found.items() if answer.result == "unsat"]
                outcomes[
                    "both" if len(confirm) == len(found) > 1 else f"{confirm[0]} alone" if confirm else "none"
                ] += 1
                why.update(f"{name} {answer.reason or answer.result}" for name, answer in found.items()
                           if answer.result == "unknown")  # fmt: skip
                for name, answer in found.items():
                    if answer.result == "sat":
                        broken.append(Broken(law, "no countermodel", f"{name} has one", record.formal))
    if not outcomes:
        forms = sorted({each.claim.form for record in sampled.records for each in record.evidence})
        return Finding(law, f"no second solver for {', '.join(forms) or 'no row'}", OPEN)
    asked = sum(outcomes.values())
    figure = f"both confirm {outcomes.pop('both', 0)} of {asked} entailments"
    figure += "".join(f", {name} {count}" for name, count in sorted(outcomes.items()) if name != "none")
    figure += f"; beyond: {_beyond(why)}" if why else ""
    if not broken and set(outcomes) == {"none"} and outcomes["none"] == asked:
        return Finding(law, f"{asked} entailments beyond both: {_beyond(why)}", OPEN)
    cause = "our prover, its kernel body or the printer for solvers is wrong; report it with this example"
    return finding(law, figure, broken, cause)


def _beyond(why: Counter[str]) -> str:
    """Say which solver gave no verdict, and its most common reason; what neither can print is said once."""
    reasons = Counter[str]()
    for said, count in why.items():
        name, _, reason = said.partition(" ")
        reasons[reason.partition(" in ")[0][:40] if reason.startswith("unsupported") else f"{name} {reason[:40]}"] += (
            count
        )
    return ", ".join(reason for reason, _ in reasons.most_common(2))


def wrong_refused(sampled: Sampled) -> Finding:
    """Answers of other problems and answers with one word changed are refused, unless they are right as well."""
    family, broken, refused, right = sampled.family, list[Broken](), 0, 0
    for drawn in sampled.levels:
        broken += wrong_answers_fail(family, drawn)
        for record, wrong in _wrong(family, drawn.records):
            if score(family, wrong, row_of(record)).score == 0:
                refused += 1
            elif family.kind in UNIQUE:
                broken.append(Broken("a wrong answer is refused", "score 0", f"1 for {wrong}", record.formal))
            else:
                right += 1
    figure = f"{refused:,} refused" + (f", {right:,} as good as the stored one" if right else "")
    cause = "the meaning of an answer forgets a part of it, or two answers are accepted where one is asked"
    return finding("wrong answers are refused", figure, broken, cause)


def _wrong(family: Family, records: Sequence[Record]) -> Iterator[tuple[Record, str]]:
    """Yield answers that say something else than the stored one: of other problems, and with one word changed."""
    others = [record.formal_answer for record in records]
    for record in records:
        right = answer_in(family, record.formal, record.formal_answer)
        tried = {*others[:MUTATED], *slips(family, record.formal_answer, Random(record.id))}
        for wrong in sorted(tried):
            found = answer_in(family, record.formal, wrong)
            if found is not None and not _same(found, right):
                yield record, wrong


def _same(one: object, other: object) -> bool:
    """Say whether two answers list the same, whatever the order and however a root is told from its neighbours."""
    if isinstance(one, tuple) and isinstance(other, tuple) and one[0] == other[0] == "values":
        left = list(other[1:])
        for value in one[1:]:
            if (found := next((each for each in left if _equal(value, each)), None)) is None:
                return False
            left.remove(found)
        return not left
    return one == other


def _equal(one: Any, other: Any) -> bool:
    """Say whether two values are one number: two intervals around the only root in each share it if it is in both."""
    match one, other:
        case ("root", ("poly", *p), low, high), ("root", ("poly", *q), least, most) if p == q:
            ends = max(low, least), min(high, most)
            return bool(ends[0] <= ends[1] and count_roots(tuple(p), *ends, (True, True)) == 1)
    return bool(one == other)
