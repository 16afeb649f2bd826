"""regex_equivalence: an oracle reads the formal text by itself and lists the words of both languages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from synth.domain import Domain
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.judge.row import row_of
from synth.propose.sampler import solve
from synth.records import Candidate, Record, Rejection, Source, Step
from synth.testing import check_family
from synth_grammars.regex_equivalence.identities import LAWS, MISSES, below, drawn, make
from synth_grammars.regex_equivalence.identities import Expression as Drawn

NAME = "regex_equivalence"
FAMILY = families()[NAME]


def read(formal: str) -> tuple[list[str], str, str]:
    """Read the letters and the two expressions."""
    found = re.fullmatch(r"letters ([a-z, ]+): R = (.+); S = (.+)", formal)
    assert found
    return found[1].split(", "), found[2].replace(" ", ""), found[3].replace(" ", "")


def language(text: str, longest: int) -> set[str]:
    """The words of an expression up to a length, built from those of its parts while it is read."""

    def joined(first: set[str], second: set[str]) -> set[str]:
        return {one + other for one in first for other in second if len(one) + len(other) <= longest}

    def repeated(words: set[str]) -> set[str]:
        found = {""}
        while (more := found | joined(found, words)) != found:
            found = more
        return found

    def union(place: int) -> tuple[set[str], int]:
        words: set[str] = set()
        while True:
            part, place = product_of(place)
            words |= part
            if place == len(text) or text[place] == ")":
                return words, place
            place += 1  # the |

    def product_of(place: int) -> tuple[set[str], int]:
        words = {""}
        while place < len(text) and text[place] not in "|)":
            if text[place] == "(":
                part, place = union(place + 1)
            else:
                part = {text[place]}
            place += 1
            while place < len(text) and text[place] in "*+?":
                part = {"*": repeated(part), "+": joined(part, repeated(part)), "?": part | {""}}[text[place]]
                place += 1
            words = joined(words, part)
        return words, place

    return union(0)[0]


def apart(one: str, other: str, longest: int) -> str | None:
    """A shortest word, up to a length, that is in one language and not in the other."""
    different = language(one, longest) ^ language(other, longest)
    return min(different, key=len) if different else None


def text(expression: Drawn) -> str:
    """Write a drawn expression."""
    if isinstance(expression, str):
        return expression
    kind, *parts = expression
    texts = [f"({text(part)})" for part in parts]
    signs = {"star": "*", "plus": "+", "option": "?"}
    return "|".join(texts) if kind == "either" else "".join(texts) + signs.get(kind, "")


def test_the_laws_of_a_family_hold() -> None:
    assert [str(broken) for broken in check_family(FAMILY, samples=20)] == []


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_equal_expressions_have_the_same_short_words_and_others_differ_in_the_word_that_is_claimed(
    level: int, draw: Callable[..., list[Record]]
) -> None:
    records = draw(NAME, level, 20)
    assert len(records) >= 19
    for record in records:
        letters, one, other = read(record.formal)
        if record.formal_answer == "yes":
            assert apart(one, other, {2: 8, 3: 6, 4: 5}[len(letters)]) is None, record.formal
            continue
        (claimed,) = [item.claim.goal for item in record.evidence if item.claim.role == "correct"]
        told: Any = claimed[1][2][1:]  # type: ignore[index]
        word = "".join(letter[1:] for letter in told)
        assert (word in language(one, len(word))) is not (word in language(other, len(word))), record.formal
        assert apart(one, other, len(word) - 1) is None  # it is a shortest one


def test_the_other_verdict_is_refused(draw: Callable[..., list[Record]]) -> None:
    for level in (1, 4):
        for record in draw(NAME, level, 20):
            wrong = "no" if record.formal_answer == "yes" else "yes"
            candidate = Candidate(record.source, record.formal, wrong, (Step("s0", wrong, (), "answer"),))
            refused = judge(FAMILY, candidate, Setting())
            assert isinstance(refused, Rejection) and refused.reason == "correct refuted"


@pytest.mark.parametrize(
    ("pair", "answer"),
    [
        ("R = (a | b)*; S = (a* b*)*", "yes"),
        ("R = (a | b)*; S = a* b*", "no"),
        ("R = a b | a; S = a b?", "yes"),  # concatenation binds tighter than |
        ("R = a | b*; S = (a | b)*", "no"),  # and * tighter still
        ("R = a b+; S = (a b)+", "no"),
        ("R = a?+; S = a*", "yes"),
        ("R = a** a; S = a+", "yes"),
        ("R = a; S = a", "yes"),
    ],
)
def test_signs_bind_as_the_question_says(pair: str, answer: str) -> None:
    solved = solve(FAMILY, Candidate(Source(NAME, 1, 0, 0), f"letters a, b: {pair}"))
    assert isinstance(solved, Candidate) and solved.formal_answer == answer
    record = judge(FAMILY, solved, Setting())
    assert isinstance(record, Record)
    for said in ("yes", "no"):
        assert Domain(FAMILY).score(said, row_of(record)).score == (said == answer)


@pytest.mark.parametrize("law", dict.fromkeys(LAWS), ids=lambda law: law.__name__)
def test_a_law_keeps_the_language(law: Callable[[Drawn, Random], Drawn | None]) -> None:
    """Laws are not trusted, but a wrong one would make "no" of what should be "yes" and lose the draw."""
    rng = Random(4)
    applied = 0
    for _ in range(1500):
        before = drawn(["a", "b"], rng.randint(1, 5), rng)
        if rng.random() < 0.5:  # shapes that the rarer laws need
            part = drawn(["a", "b"], rng.randint(1, 2), rng)
            sliding, rolling = make("then", part, ("star", make("then", "b", part))), make("then", part, ("star", part))
            before = rng.choice([sliding, rolling, make("either", make("then", part, "a"), make("then", part, "b"))])
        after = law(before, rng)
        if after is not None and (applied := applied + 1) <= 60:
            assert apart(text(before), text(after), 7) is None, (before, after)
    assert applied >= 20


def test_what_is_drawn_below_an_expression_matches_no_other_words() -> None:
    rng = Random(5)
    for _ in range(60):
        whole = drawn(["a", "b"], rng.randint(1, 4), rng)
        assert language(text(below(whole, rng)), 7) <= language(text(whole), 7)


def test_near_misses_often_miss() -> None:
    rng = Random(6)
    for miss in dict.fromkeys(MISSES):
        found = [(e, miss(e, rng)) for e in [drawn(["a", "b"], rng.randint(2, 5), rng) for _ in range(150)]]
        changed = [(e, new) for e, new in found if new is not None][:40]
        assert sum(apart(text(e), text(new), 5) is not None for e, new in changed) >= 10, miss.__name__


def test_verdicts_are_balanced_and_no_pair_is_equal_up_to_the_order_of_alternatives() -> None:
    rng = Random(7)
    for level in (1, 3):
        proposals = [FAMILY.propose(FAMILY.levels[level], rng) for _ in range(120)]
        found = Counter(proposal.answer for proposal in proposals if proposal is not None)
        assert found.total() >= 115 and min(found.values()) > 40 and len(found) == 2
        for proposal in proposals:
            _, one, other = read(proposal.formal)  # type: ignore[union-attr]
            assert sorted(one.split("|")) != sorted(other.split("|"))


def test_counting_signs_does_not_tell_the_verdict() -> None:
    """Whether both expressions have the same letters and signs, and which one is longer, says next to nothing."""
    rng = Random(8)
    right = 0
    for _ in range(240):
        proposal = FAMILY.propose(FAMILY.levels[2], rng)
        assert proposal is not None
        _, one, other = read(proposal.formal)
        alike = (Counter(one) & Counter(other)).total() >= 0.8 * max(len(one), len(other))
        right += alike is (proposal.answer == "'yes")
    assert 85 <= right <= 155, right


def test_a_swapped_field_is_noticed(
    draw: Callable[..., list[Record]], unnoticed: Callable[[str, list[Record]], list[str]]
) -> None:
    assert unnoticed(NAME, draw(NAME, 2, 20)[:8]) == []
