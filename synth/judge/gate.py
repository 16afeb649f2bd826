"""The gate for reworded clauses: another formula counts as the same clause only where both directions are proved.

Everything else is refused with a reason from a fixed list (`REASONS`), and a refuted clause keeps its counter-model.
Comparing clause by clause is what makes the gate strict: where an answer is unique, a whole problem with one wrong
clause has the same answer, and so is equivalent as a whole, in about a fifth of all cases.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from synth.family import Family
from synth.judge.units import Problem, Unit, clause_syntax, leaves, names, part, put
from synth.recheck.agreement import directions, is_one_clause, same_frame, without_axioms
from synth_kernel.claims import Claim, Theory
from synth_kernel.meaning import Tree
from synth_kernel.terms import Term, write
from synth_solvers.prove import Budget, prove
from synth_solvers.verdicts import Proved, Refuted, Unknown, Verdict

REASONS = {
    "no clauses": "the family's problems have no clauses that can be reworded one by one",
    "other words": "the question is not the one that the phrases give, so its clauses cannot be told apart",
    "no reply": "a model gave nothing, or was cut off",
    "not one clause": "the words are empty, too long, of several lines or sentences, or their quotes do not close",
    "other signs": "the words have signs or letters that the family's language does not have",
    "other names": "the words, or what was read, name something that the problem does not",
    "notation": "the words are the formal text instead of words",
    "speaks to the reader": "the words tell their reader what to do",
    "another frame": "put in place, the words change more than their clause",
    "reads otherwise": "by the family's own phrases the words say something else",
    "unread": "what a translator wrote is no clause of the formal language",
    "no meaning": "what a translator wrote has no meaning in this problem",
    "not equivalent": "a translator read another clause; the counter-model shows it",
    "equivalence unknown": "neither proved nor refuted within the budget",
    "unchanged": "no clause got other words",
    "not shown": "the record of the agreement does not re-check as it stands",
}

Proof: TypeAlias = "Mapping[str, Any] | None"  # None where both sides are the same clauses


@dataclass(frozen=True)
class Refusal:
    """Why something is not accepted: a reason of `REASONS`, what it was found on, and the counter-model if any."""

    reason: str
    detail: str = ""
    counterexample: str = ""


@dataclass(frozen=True)
class Span:
    """Clauses in place of a unit that are proved to say the same: how many on each side, and the two proofs."""

    mine: int
    theirs: int
    forward: Proof = None
    backward: Proof = None


# A refutation or an honest "unknown" is wanted here, never two solvers' word: that would be agreement on agreement.
BUDGET = Budget(agreement=False)


def equivalent(theory: Theory, mine: Sequence[Term], other: Sequence[Term], budget: Budget = BUDGET) -> Span | Refusal:
    """Prove that clauses follow from each other under the axioms; `Refusal` where that is refuted or not found.

    Each direction is first tried without the axioms, which is quicker and shows more. Costs two proofs, mostly a few
    milliseconds.

    >>> theory = Theory.read("(theory (declare x Rational) (clause (= (* 2 x) 3)) (ask (find x)))")
    >>> half, other = ("=", "x", theory.clauses[0][2]), ("=", "x", 1)
    >>> equivalent(theory, theory.clauses, [("=", ("*", 4, "x"), 6)]).mine
    1
    >>> equivalent(theory, theory.clauses, [("=", "x", 1)]).counterexample
    'model c0: (model (= x 3/2))'
    """
    if tuple(mine) == tuple(other):
        return Span(len(mine), len(other))
    if not (mine and other):
        return Refusal("not equivalent", "there are clauses on one side only")
    try:
        joint, *claims = directions(theory, mine, other)
    except ValueError as error:
        return Refusal("no meaning", str(error)[:200])
    proofs = [_proof(joint, claim, budget) for claim in claims]
    for claim, proof in zip(claims, proofs, strict=True):
        if isinstance(proof, Refuted):
            shown = f"{proof.claim.form} {' '.join(proof.claim.premises)}: {write(proof.claim.goal)}"
            return Refusal("not equivalent", f"{claim.role}: {write(claim.goal)[:200]}", shown)
    forward, backward = proofs
    if isinstance(forward, Mapping) and isinstance(backward, Mapping):
        return Span(len(mine), len(other), forward, backward)
    return Refusal("equivalence unknown", next(proof.reason for proof in proofs if isinstance(proof, Unknown)))


def _proof(theory: Theory, claim: Claim, budget: Budget) -> Mapping[str, Any] | Refuted | Unknown:
    verdict: Verdict = Unknown("not tried")
    alone = without_axioms(claim)
    for tried in dict.fromkeys((alone, claim)):
        verdict = prove(theory, tried, (), budget)
        if isinstance(verdict, Proved):
            return {"axioms": tried.premises != alone.premises, "certificate": verdict.certificate}
    return verdict if isinstance(verdict, Refuted | Unknown) else Unknown("only agreed")


def same_clause(problem: Problem, unit: Unit, tree: Tree, budget: Budget = BUDGET) -> Span | Refusal:
    """Prove that a tree in place of a unit says what the unit says and changes nothing else. Fails closed."""
    outside = sorted((set(leaves(tree)) & names(problem.family)) - problem.words())
    if outside:
        return Refusal("other names", ", ".join(outside)[:200])
    try:
        other = problem.with_clause(unit, tree)
    except ValueError as error:
        return Refusal("no meaning", str(error)[:200])
    if not same_frame(problem.theory, other):
        return Refusal("not equivalent", "other unknowns", _other_arcs(problem.theory, other))
    mine, last = problem.theory.clauses, unit.last + len(other.clauses) - len(problem.theory.clauses)
    if (mine[: unit.first], mine[unit.last :]) != (other.clauses[: unit.first], other.clauses[max(last, unit.first) :]):
        return Refusal("another frame", "other clauses change too")
    return equivalent(problem.theory, mine[unit.first : unit.last], other.clauses[unit.first : last], budget)


def _other_arcs(theory: Theory, other: Theory) -> str:
    """Name the arcs that stand on one side only."""
    sides = [
        {write(arc) for _, sort in each.declarations if isinstance(sort, tuple) for arc in sort[1:]}
        for each in (theory, other)
    ]
    return f"only here {' '.join(sorted(sides[0] - sides[1]))}; only there {' '.join(sorted(sides[1] - sides[0]))}"


# ---- words -----------------------------------------------------------------------------------------------------------

# Words that speak to whoever translates. A filter, no guarantee: it takes the plainest attempts out.
_ORDERS = frozenset(
    {
        "assistant",
        "disregard",
        "forget",
        "formula",
        "formalise",
        "formalize",
        "ignore",
        "instruction",
        "instructions",
        "output",
        "pretend",
        "print",
        "prompt",
        "repeat",
        "reply",
        "respond",
        "translate",
        "translation",
        "translator",
        "user",
    }
)
_WORD = re.compile(r"[^\W\d_]+")
_ALWAYS = frozenset(",'’-")


@dataclass(frozen=True)
class _Signs:
    punctuation: frozenset[str]
    scripts: frozenset[str]
    words: frozenset[str]


@cache
def _signs(family: Family, language: str, rule: str) -> _Signs:
    """Return what a clause in a language is written with: signs, scripts, and its fixed words."""
    grammar = family.language(language).grammar
    seen: set[str] = set()
    queue = [rule]
    texts: list[str] = []
    while queue:
        origin = queue.pop()
        if origin not in seen:
            seen.add(origin)
            for each in grammar.by_origin.get(origin, ()):
                texts += [grammar.terminal[s.name].literal for s in each.symbols if s.terminal]
                queue += [s.name for s in each.symbols if not s.terminal]
    texts += [*names(family), *(word for words in grammar.words.values() for word in words)]
    letters = {letter for text in texts for letter in text}
    return _Signs(
        frozenset(letter for letter in letters if not letter.isalnum()) | _ALWAYS,
        frozenset(_script(letter) for letter in letters if letter.isalpha()),
        frozenset(text.lower() for text in texts),
    )


def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0]


def wording_fault(problem: Problem, unit: Unit, text: str, language: str, separators: frozenset[str]) -> str:
    """Return the reason why a text cannot stand in place of a clause, "" if nothing speaks against it.

    Looks at signs, names and length only; what the text says is for translators and proofs.
    """
    if not is_one_clause(text) or separators & set(text):
        return "not one clause"
    signs = _signs(problem.family, language, unit.rule)
    for letter in text:
        plain = letter in " 0123456789" or letter in signs.punctuation
        if not plain and not (letter.isalpha() and _script(letter) in signs.scripts):
            return "other signs"
    words = {word.lower() for word in _WORD.findall(text)}
    if words & (_ORDERS - signs.words):
        return "speaks to the reader"
    spoken = {
        word.lower(): name for given in problem.family.language(language).grammar.words.values()
        for word, name in given.items()
    } or {name.lower(): name for name in names(problem.family)}  # fmt: skip
    return "other names" if any(spoken[word] not in problem.words() for word in words & set(spoken)) else ""


def _is_formal(problem: Problem, unit: Unit, text: str) -> bool:
    try:
        clause_syntax(problem.family, unit.rule).read(text, unit.rule)
    except ValueError:
        return False
    return True


def controlled_fault(
    problem: Problem, unit: Unit, text: str, question: str, language: str, budget: Budget = BUDGET
) -> Refusal | None:
    """Refuse new words that the family's own phrases read as something else than the clause of a unit.

    `question` has the text in place of this clause, and all else as it was. Words that the phrases do not read are left
    to the translators, unless they are the formal text.
    """
    try:
        said = problem.family.language(language).read(question, "problem")
    except ValueError:
        return Refusal("notation", text) if _is_formal(problem, unit, text) else None
    try:
        clause = part(said, unit.place)
    except IndexError:
        clause = ""
    if not isinstance(clause, tuple) or put(problem.tree, unit.place, clause) != said:
        return Refusal("another frame", question[:300])
    verdict = same_clause(problem, unit, clause, budget)
    if isinstance(verdict, Refusal) and verdict.reason == "not equivalent":
        return Refusal("reads otherwise", text, verdict.counterexample)
    return verdict if isinstance(verdict, Refusal) else None
