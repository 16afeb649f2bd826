"""A question whose clauses a model has put into other words, and what a checker can still say about it.

The question is a *frame* of controlled English with a hole `⟦0⟧`, `⟦1⟧`, … for each clause. Filled with the words of
the family's phrases it reads to the tree of the problem; filled with the new words it is the question. What the new
words say rests on *readings*: the formal text that each of two or more translators made of them. Every reading is
proved to say what the problem says, clause by clause and in both directions. That the translators read what a person
would read is agreement, never a proof.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from synth_kernel.claims import Claim, Theory, digest
from synth_kernel.meaning import Meaning, Tree
from synth_kernel.recheck import recheck
from synth_kernel.terms import Sort, Term, write

VARIANT = "agreed"  # enters the id of such a row
ROLE, FORM = "reading", "agreement"  # of the claim about its words
PHRASES = "phrases"  # as which the family's own tables count among the readings, never as one of the translators
TRANSLATORS = 2  # at least
MAX_WORDS = 400  # characters of one clause
MAX_READINGS = 16
_HOLE = re.compile(r"⟦(\d{1,4})⟧")
_BREAK = re.compile(r"[^\S ]|[\x00-\x1f\x7f]|[.?!⟦⟧]|  ")  # what would end a clause, or begin another
_PAIRS = (("(", ")"), ("[", "]"), ("“", "”"), ("»", "«"))


class NotShown(ValueError):
    """What a row says about its words does not hold; the message says which part."""


def words_claim(question: str, clauses: int) -> Claim:
    """Return the claim that a question, in these very words, says the clauses of its theory.

    >>> words_claim("Who lies?", 2).goal[0]
    'says'
    """
    return Claim(ROLE, FORM, tuple(f"c{i}" for i in range(clauses)), ("says", f"'q{digest(question)}"))


def hole(number: int) -> str:
    """Return the mark that stands for a clause in a frame."""
    return f"⟦{number}⟧"


def fill(frame: str, words: Sequence[str]) -> str:
    """Put words into the holes of a frame, each of which stands there once and in order; raise `NotShown`.

    >>> fill("You hear this. ⟦0⟧. ⟦1⟧. Who lies?", ["Ann lies", "Bob is honest"])
    'You hear this. Ann lies. Bob is honest. Who lies?'
    """
    if [int(number) for number in _HOLE.findall(frame)] != list(range(len(words))):
        raise NotShown(f"the frame has not the holes 0 to {len(words) - 1}, each once and in order")
    return _HOLE.sub(lambda found: words[int(found[1])], frame)


def is_one_clause(text: str) -> bool:
    """Say whether a text may stand in a hole: short, on one line, no end of a sentence, quotes and brackets closed.

    >>> is_one_clause("Ann tells us that Bob lies"), is_one_clause("Ann lies. So does Bob")
    (True, False)
    """
    if not 0 < len(text) <= MAX_WORDS or text != text.strip() or _BREAK.search(text):
        return False
    for opening, closing in _PAIRS:
        depth = 0
        for letter in text:
            depth += (letter == opening) - (letter == closing)
            if depth < 0:
                return False
        if depth:
            return False
    return True


def directions(theory: Theory, mine: Sequence[Term], other: Sequence[Term]) -> tuple[Theory, Claim, Claim]:
    """Return a theory of the clauses on two sides, and the claims that each side follows from the other.

    The premises are the axioms and the clauses of one side, the goal those of the other. Raise `TermError` where the
    clauses are none about these unknowns.
    """
    joint = Theory(theory.declarations, theory.axioms, (*mine, *other), (), ("count",))
    joint.check()
    axioms = tuple(f"a{i}" for i in range(len(theory.axioms)))
    names = [f"c{i}" for i in range(len(mine) + len(other))]
    forward = Claim("forward", "entails", (*axioms, *names[: len(mine)]), _all(other))
    return joint, forward, Claim("backward", "entails", (*axioms, *names[len(mine) :]), _all(mine))


def without_axioms(claim: Claim) -> Claim:
    """Return a claim with fewer premises, which is a stronger one: that it holds whatever the axioms say."""
    return Claim(claim.role, claim.form, tuple(name for name in claim.premises if name[0] != "a"), claim.goal)


def _all(clauses: Sequence[Term]) -> Term:
    return clauses[0] if len(clauses) == 1 else ("and", *clauses)


def settled(declarations: Sequence[tuple[str, Sort]]) -> tuple[tuple[str, Sort], ...]:
    """Return declarations with the arcs of a walk in the order of their texts, since their order says nothing."""
    return tuple((name, _settled(sort)) for name, sort in declarations)


def _settled(sort: Sort) -> Sort:
    return ("Walk", *sorted(sort[1:], key=write)) if type(sort) is tuple and sort[0] == "Walk" else sort


def same_frame(theory: Theory, other: Theory) -> bool:
    """Say whether two theories agree in all but their clauses."""
    return (settled(theory.declarations), theory.axioms, theory.domain, theory.ask) == (
        settled(other.declarations), other.axioms, other.domain, other.ask,
    )  # fmt: skip


def check(
    certificate: Mapping[str, Any],
    question: str,
    tree: Tree,
    theory: Theory,
    say: Callable[[str], Tree],
    read: Callable[[str], Tree],
    meaning: Meaning,
) -> None:
    """Check all that can be checked about reworded clauses; raise `NotShown` (or ValueError) where it does not hold.

    `say` reads the controlled language, `read` the formal one. Shown: that all but the clauses are controlled words of
    this problem, that no clause is missing, added or moved, that two translators or more are named, and that the
    formal text which each of them is said to have written is equivalent to the problem, clause by clause. Costs a parse
    of each reading and the certificates.
    """
    frame, was, words = certificate["frame"], certificate["was"], certificate["words"]
    if not (type(frame) is str and type(certificate["writer"]) is str and all(map(_is_text, (*was, *words)))):
        raise NotShown("the frame, the writer and the words are texts")
    if len(was) != len(words) or not words:
        raise NotShown("there are new words for each clause")
    if say(fill(frame, was)) != tree:
        raise NotShown("the frame, with the words of the phrases, says something else")
    if fill(frame, words) != question:
        raise NotShown("the frame, with the new words, is another question")
    if not all(map(is_one_clause, words)):
        raise NotShown("new words that are not one clause")
    readings = certificate["readings"]
    names = {reading["by"] for reading in readings} - {PHRASES}
    if len(readings) > MAX_READINGS or len(names) < TRANSLATORS or not all(map(_is_text, names)):
        raise NotShown(f"at least {TRANSLATORS} translators, with different names, read the words")
    trees = [_same(reading, theory, read, meaning) for reading in readings]
    try:
        said = say(question)
    except ValueError:
        return  # no controlled English: that is what the translators were asked for
    if said not in (tree, *trees):
        raise NotShown("the phrases read the words otherwise")


def _is_text(value: object) -> bool:
    return type(value) is str


def _same(reading: Mapping[str, Any], theory: Theory, read: Callable[[str], Tree], meaning: Meaning) -> Tree:
    """Return the tree of a reading that is proved to say what the theory says; raise `NotShown`."""
    tree = read(reading["formal"])
    other = Theory.read(meaning.problem(tree).theory.text())
    if not same_frame(theory, other):
        raise NotShown(f"{reading['by'][:40]} reads another problem")
    place = there = 0
    for mine, theirs, forward, backward in reading["spans"]:
        if not (type(mine) is int is type(theirs) and mine > 0 and theirs > 0):
            raise NotShown("a span is a number of clauses on each side")
        sides = theory.clauses[place : place + mine], other.clauses[there : there + theirs]
        place, there = place + mine, there + theirs
        if sides[0] != sides[1]:
            joint, *claims = directions(theory, *sides)
            for claim, proof in zip(claims, (forward, backward), strict=True):
                if not _shown(joint, claim, proof):
                    raise NotShown(f"{reading['by'][:40]} reads another clause at c{place - mine}")
    if (place, there) != (len(theory.clauses), len(other.clauses)):
        raise NotShown(f"{reading['by'][:40]} reads more clauses, or fewer")
    return tree


def _shown(theory: Theory, claim: Claim, proof: Mapping[str, Any]) -> bool:
    wanted = claim if proof["axioms"] else without_axioms(claim)
    return recheck(theory, wanted, proof["certificate"])


def holes(frame: str) -> Iterator[tuple[int, int]]:
    """Yield the place of each hole of a frame: first character, and the one after the last."""
    for found in _HOLE.finditer(frame):
        yield found.span()
