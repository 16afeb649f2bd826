"""Does every production matter? Its meaning is replaced by a constant; some answer must fall, or some theory say less.

The mutation score of a production is the share of sampled problems with it whose answer no longer stands (DeMillo,
Lipton and Sayward, *Hints on test data selection*, 1978).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from synth.family import Family, Tree
from synth.family.data import DataFamily
from synth.grammar.features import productions
from synth.records import Record
from synth.testing.finding import Broken, Finding, finding
from synth.testing.sampled import Sampled
from synth_kernel.claims import Claim, Theory
from synth_kernel.kinds import ANY, required
from synth_kernel.meaning import Meaning
from synth_kernel.terms import Term
from synth_solvers.prove import Budget, prove
from synth_solvers.verdicts import Proved
from synth_solvers.witness import witness

DRAWN = 8  # clauses for each form, from which on a form that is missing is no accident
TRIED = 3  # samples for each production, the shortest
NEUTRAL = ("true", "1", "(number (- 7))")
BUDGET = Budget(conflicts=2_000, agreement=False)


@dataclass(frozen=True)
class Read:
    """A sample as trees: what is said in it, and what was read with the right meaning."""

    text: str
    problem: Tree
    others: tuple[Tree, ...]  # the answer, then the steps
    theory: str
    terms: tuple[Term, ...]

    @classmethod
    def of(cls, family: Family, record: Record) -> Read:
        """Read a record of the family again."""
        problem, reading = family.problem(record.formal)
        steps = [step.formal for step in record.steps if step.rule != "answer"]
        others: tuple[Tree, ...] = (family.formal.read(record.formal_answer, "solution"),)
        others += tuple(family.formal.read(step, "step") for step in steps)
        terms = (reading.answer(others[0]), *map(reading.term, others[1:]))
        return cls(record.formal, problem, others, reading.theory.text(), terms)


def matters(sampled: Sampled) -> Finding:
    """Every production that the samples have matters to some of them."""
    family = sampled.family
    shortest = sorted(sampled.records, key=lambda record: (len(record.formal), record.formal))
    reads = [Read.of(family, record) for record in shortest]
    scores: dict[str, float] = {}
    broken = []
    for alias in family.formal.grammar.tags:
        found = [read for read in reads if any(alias in productions(tree) for tree in (read.problem, *read.others))]
        found = [found[place * len(found) // TRIED] for place in range(TRIED)] if len(found) > TRIED else found
        if not found:
            continue
        changed = [changes(family, alias, read) for read in found]
        scores[alias] = sum(changed) / len(changed)
        if not any(changed) and not any(says(family, alias, read) for read in found):
            broken.append(Broken("matters", f"another answer without {alias}", "the same in all", found[0].text))
    broken += _never_kept(family, reads, scores)
    lowest = min(scores, key=lambda alias: scores[alias], default="")
    figure = f"mutation score {sum(scores.values()) / max(1, len(scores)):.0%}"
    figure += f", lowest {lowest} {scores[lowest]:.0%}" if scores and scores[lowest] < 1 else ""
    unseen = len(family.formal.grammar.tags) - len(scores)
    figure += f"; {unseen} of {unseen + len(scores)} productions not drawn" if unseen else ""
    cause = "the template of this production says nothing: look for a parameter that it does not use"
    return finding("every production matters", figure, broken, cause)


def _never_kept(family: Family, reads: Sequence[Read], seen: Container[str]) -> Iterator[Broken]:
    """Where the default loop plants clauses, one that it never keeps narrows nothing."""
    own = type(family)
    blind = own.propose in (Family.propose, DataFamily.propose) and own.draw in (Family.draw, DataFamily.draw)
    if not family.clause or not blind:
        return
    rules = family.formal.grammar.by_origin.get(family.clause, ())
    forms = [rule.tag for rule in rules if rule.tag not in ("", "_")]
    kept = sum(productions(read.problem)[form] for read in reads for form in forms)
    if kept >= DRAWN * len(forms):
        for form in forms:
            if form not in seen and all(family.weights(level).get(form, 1) for level in family.levels.values()):
                text = next(
                    key + " = " + body for key, body in family.meaning_table.items() if key.startswith(f"{form}(")
                )
                yield Broken("matters", f"{form} among {kept} clauses that narrow", "none", f"meaning.toml: {text}")


def changes(family: Family, alias: str, read: Read) -> bool:
    """Say whether a text means something else without a production, something that its answer does not fit.

    Constants that make no sense in its place do not count, unless none does.
    """
    found = []
    for mutant in _mutants(family, alias):
        with suppress(ValueError):
            reading = mutant.problem(read.problem)
            terms = (reading.answer(read.others[0]), *map(reading.term, read.others[1:]))
            same = terms == read.terms and reading.theory.text() == read.theory
            found.append(not same and (terms != read.terms or not _stands(reading.theory, terms[0])))
    return any(found) or not found


def says(family: Family, alias: str, read: Read) -> bool:
    """Say whether a production adds to the theory: without it another question, or a clause that was no truism less."""
    theory = Theory.read(read.theory)
    axioms = tuple(f"a{i}" for i in range(len(theory.axioms)))
    for mutant in _mutants(family, alias):
        with suppress(ValueError):
            other = mutant.problem(read.problem).theory
            if (other.ask, other.domain, other.declared) != (theory.ask, theory.domain, theory.declared):
                return True
            for clause in {*theory.clauses} - {*other.clauses}:
                truism = Claim("unique", "entails", axioms, clause)
                if not isinstance(prove(theory, truism, (), BUDGET), Proved):
                    return True
    return False


def _mutants(family: Family, alias: str) -> Iterator[Meaning]:
    """Yield the meanings in which a constant stands for a production, as far as they load."""
    ((key, body),) = [each for each in family.meaning_table.items() if each[0].partition("(")[0] == alias]
    for neutral in NEUTRAL if body != "true" else ("false",):
        with suppress(ValueError):
            yield Meaning({**family.meaning_table, key: neutral})


def _stands(theory: Theory, answer: Term) -> bool:
    """Say whether an answer is proved to be right."""
    for claim in required(theory, answer):
        found = witness(theory, claim, BUDGET) if claim.goal == ANY else claim
        if found is None or not isinstance(prove(theory, found, (), BUDGET), Proved):
            return False
    return True
