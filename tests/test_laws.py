"""Each law of `synth family check`: a tiny family, broken in one place, breaks it and no other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest

from synth.family import Family, Proposal, Theory, Tree, verdict_word
from synth.testing import Finding, answers, contract, examine
from synth.testing.answers import nothing_empty
from synth.testing.sampled import sample
from synth_kernel.claims import Claim
from synth_kernel.terms import Term
from synth_solvers.opinions import Answer, opinions
from synth_solvers.verdicts import Budget

COLOURS = ("red", "blue", "green", "white", "black", "brown")
GRAMMAR = """
problem: lamps "." clues "." question           -> problem
lamps: "lamps" NAME ("," NAME)+                 -> lamps
clues: clue (";" clue)+                         -> clues
question: "decide" clue                         -> strong
    | "follows" clue                            -> weak
clue: NAME "on"                                 -> on
    | NAME "off"                                -> off
    | "if" NAME "then" NAME                     -> implies
solution: "true"                                -> is_true
    | "false"                                   -> is_false
    | "unknown"                                 -> is_unknown
    | "yes"                                     -> follows
    | "no"                                      -> does_not_follow
NAME: "red" | "blue" | "green" | "white" | "black" | "brown"
%import common.WS
%ignore WS
"""
MEANING = """
"problem(lamps, clues, question)" = "(problem lamps clues question)"
"lamps(*names)" = "(for name names (unknown name Bool))"
"clues(*clues)" = "(for clue clues (clause clue))"
"strong(claim)" = "(ask (decide claim 'strong))"
"weak(claim)" = "(ask (decide claim 'weak))"
"on(name)" = "name"
"off(name)" = "(not name)"
"implies(one, other)" = "(=> one other)"
"is_true()" = "'yes"
"is_false()" = "'no"
"is_unknown()" = "'unknown"
"follows()" = "'yes"
"does_not_follow()" = "'no"
"""
PHRASES = """
problem = ["{lamps} {clues} {question}", "{clues} {lamps} {question}"]
lamps = ["There are lamps, {names|, | and }; each is on or off."]
clues = ["{clues|. }."]
strong = ["Is it true, false or unknown that {claim}?"]
weak = ["Does it follow that {claim}?"]
on = ["the {name} lamp is on"]
off = ["the {name} lamp is off"]
implies = ["the {other} lamp is on if the {one} lamp is"]
[answer]
hint = "Answer true, false or unknown, or yes or no"
"""
VERDICTS = {"strong": ("is_true", "is_false", "is_unknown"), "weak": ("follows", "does_not_follow")}
SAID = {
    frozenset({True}): ("is_true", "follows"),
    frozenset({False}): ("is_false", "does_not_follow"),
    frozenset({True, False}): ("is_unknown", "does_not_follow"),
    frozenset(): (),
}


class Lamps(Family):
    """Clues are drawn until the question has the verdict that was chosen first, by a look at every state."""

    domain = "logic"
    kind = "decide"
    summary = "lamps that are on or off"
    levels: ClassVar = {1: {"lamps": 4, "clues": 4}, 2: {"lamps": 6, "clues": 7}}

    def verdict(self, rng: Random) -> tuple[str, str]:
        mode = rng.choice(("strong", "weak"))
        return mode, rng.choice(VERDICTS[mode])

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        mode, verdict = self.verdict(rng)
        names = rng.sample(COLOURS, level["lamps"])
        while True:
            clues = [clue(names, rng) for _ in range(level["clues"])]
            goal: Tree = (rng.choice(("on", "off")), rng.choice(names))
            if verdict in SAID[values(names, clues, goal)]:
                return Proposal(self.formal.render(("problem", ("lamps", *names), ("clues", *clues), (mode, goal))))

    def solution(self, theory: Theory, answer: Term) -> str:
        return verdict_word(theory, answer)


def clue(names: Sequence[str], rng: Random) -> Tree:
    if rng.random() < 0.6:
        return ("implies", *rng.sample(names, 2))
    return (rng.choice(("on", "off")), rng.choice(names))


def values(names: Sequence[str], clues: Sequence[Tree], goal: Tree) -> frozenset[bool]:
    """Return the values of the goal in all states that the clues allow."""
    found = set()
    for state in product((False, True), repeat=len(names)):
        on = dict(zip(names, state, strict=True))

        def true(said: Tree, on: Mapping[str, bool] = on) -> bool:
            form, *words = map(str, said)
            return not on[words[0]] or on[words[1]] if form == "implies" else on[words[0]] is (form == "on")

        if all(map(true, clues)):
            found.add(true(goal))
    return frozenset(found)


def family(where: Path, kind: type[Family] = Lamps, *edits: tuple[str, str]) -> Family:
    """Write the tiny family with some edits and load it."""
    texts = {"grammar.lark": GRAMMAR, "meaning.toml": MEANING, "phrases.en.toml": PHRASES, "__init__.py": ""}
    for file, text in texts.items():
        for old, new in edits:
            text = text.replace(old, new)
        (where / file).write_text(text, encoding="utf-8")
    return kind("lamps", where)


class OtherMeaning(Lamps):
    """What is packed for the recheck is another meaning."""

    def pack(self, languages: Sequence[str]) -> dict[str, Any]:
        packed = super().pack(languages)
        return {**packed, "meaning": {**packed["meaning"], "off(name)": "name"}}


class Tired(Lamps):
    """Most draws come to nothing."""

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        return super().propose(level, rng) if rng.random() < 0.03 else None


class Vague(Lamps):
    """One clue says nothing."""

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        drawn = super().propose(level, rng)
        assert drawn is not None
        lamps, rest = drawn.formal.split(". ", 1)
        return Proposal(f"{lamps}. {lamps.split()[-1]} maybe; {rest}")


class Confident(Lamps):
    """Almost everything is true."""

    def verdict(self, rng: Random) -> tuple[str, str]:
        return "strong", "is_true" if rng.random() < 0.95 else "is_false"


class Yes(Lamps):
    """Everything is true or follows."""

    def verdict(self, rng: Random) -> tuple[str, str]:
        return rng.choice((("strong", "is_true"), ("weak", "follows")))


class Moody(Lamps):
    """The second time gives something else."""

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        self.moods = getattr(self, "moods", 0) + 1
        return super().propose(level, Random(f"{rng.random()} {self.moods}"))


class Few(Lamps):
    """There are a hundred problems at each level."""

    problems = 100

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        return super().propose(level, Random(rng.randrange(self.problems)))


class FiveHundred(Few):
    """There are enough problems, but two seeds of three draws may give the same one."""

    problems = 500


class Backwards(Lamps):
    """The higher level is the easier one."""

    levels: ClassVar = {1: Lamps.levels[2], 2: Lamps.levels[1]}


def broken(found: Iterable[Finding]) -> dict[str, Finding]:
    return {each.law: each for each in found if each.broken}


Edits = tuple[tuple[str, str], ...]
OFF = '"off(name)" = "(not name)"'
MAYBE: Edits = (
    ('"then" NAME                     -> implies', '"then" NAME -> implies\n    | NAME "maybe" -> maybe'),
    (OFF, f'{OFF}\n"maybe(name)" = "(or name (not name))"'),
    ("off = [", 'maybe = ["the {name} lamp is on or off"]\noff = ['),
)
KEPT: Edits = (  # our reader takes "on" for the keyword, and not for a word
    ("%import", "WORD: /[a-z]+/\n%import"),
    ('"then" NAME                     -> implies', '"then" NAME -> implies\n    | NAME WORD -> kept'),
    (OFF, f'{OFF}\n"kept(name, word)" = "name"'),
    ("off = [", 'kept = ["{name} keeps {word}"]\noff = ['),
)
LONGEST: Edits = (  # of "sure x y z" our reader takes "x y" for one token, and a decoder does not
    ("-> does_not_follow", '-> does_not_follow\n    | "sure" X "y" "z" -> sure\n    | "sure" XY -> certain'),
    ("%import", "X: /x/\nXY: /x y/\n%import"),
    ('"is_true()"', '"sure(x)" = "\'yes"\n"certain(xy)" = "\'yes"\n"is_true()"'),
)

# a broken family, how many draws of which levels with which seed, the law that it breaks, and what the example shows
BROKEN: dict[str, tuple[type[Family], Edits, tuple[int, list[int], int], str]] = {
    "it loads, without conflicts": (Lamps, (('"off"  ', '"on"  '),), (6, [1], 1), "<clue : NAME ON>"),
    "every production has a meaning": (Lamps, ((OFF, f'{OFF}\n"dim(name)" = "name"'),), (6, [1], 1), "'dim'"),
    "every production is reachable": (Lamps, (("NAME: ", 'dim: NAME "dim" -> dim\nNAME: '),), (6, [1], 1), "to dim"),
    "every production is said in words": (Lamps, (("implies = [", "# ["),), (6, [1], 1), "the formal words if then"),
    "texts read back, rows re-check": (OtherMeaning, (), (6, [1], 1), "not so that it is the meaning of the question"),
    "no text is ambiguous": (Lamps, KEPT, (6, [1], 1), "found two, at on"),
    "decoding grammar and parser agree": (Lamps, LONGEST, (6, [1], 1), "accepts 'sure x y z'"),
    "draws become rows": (Tired, (), (6, [1], 1), "of 6 lost: propose, no problem drawn"),
    "every production matters": (Vague, MAYBE, (6, [1], 1), "another answer without maybe"),
    "answers cannot be guessed": (Confident, (), (12, [1], 5), "always “true” is right in"),
    "rows are reproducible": (Moody, (), (6, [1], 1), "level 1, seed 1, index 0"),
    "two seeds differ": (FiveHundred, (), (3, [1], 23), "found 1 of 3 shared"),
    "there is room for many problems": (Few, (), (6, [1], 1), "at least 300 problems"),
    "levels grow harder": (Backwards, (), (6, [1, 2], 1), "more work at each level"),
}


@pytest.mark.parametrize("law", BROKEN)
def test_a_family_that_breaks_one_law_is_told_so_with_the_smallest_example(law: str, tmp_path: Path) -> None:
    kind, edits, (samples, levels, seed), shows = BROKEN[law]
    found = broken(examine(family(tmp_path, kind, *edits), samples, levels, seed))
    assert list(found) == [law], {law: str(each.example) for law, each in found.items()}
    example = found[law].example
    assert example is not None and shows in str(example) and found[law].cause
    assert len(example.text) == min(len(each.text) for each in found[law].broken)


def test_a_family_that_always_says_yes_is_told_that_its_answers_are_empty_and_guessed(tmp_path: Path) -> None:
    found = broken(examine(family(tmp_path, Yes), 6, [1]))
    assert list(found) == ["answers cannot be guessed", "no answer is empty"]
    example = found["no answer is empty"].example
    assert example is not None and "expected more than one verdict, found 'yes" in str(example)


def test_a_row_that_does_not_show_that_its_premises_are_consistent_is_told(tmp_path: Path) -> None:
    drawn = sample(family(tmp_path), 6, [1])
    (level,) = drawn.levels
    unproved = [replace(record, evidence=record.evidence[:1]) for record in level.records]
    found = nothing_empty(replace(drawn, levels=(replace(level, records=tuple(unproved)),)))
    assert found.example is not None and "expected a consistent claim, found none" in str(found.example)
    assert found.example.text == min((record.formal for record in unproved), key=lambda text: (len(text), text))


def test_a_claim_that_two_solvers_deny_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No family can get a wrong claim proved, so the solvers are asked about the contrary."""

    def of_the_contrary(theory: Theory, claim: Claim, budget: Budget) -> Mapping[str, Answer]:
        return opinions(theory, replace(claim, goal=("not", claim.goal)), budget)

    monkeypatch.setattr(answers, "opinions", of_the_contrary)
    found = broken(examine(family(tmp_path), 6, [1]))
    assert list(found) == ["two solvers agree"]
    example = found["two solvers agree"].example
    assert example is not None and "expected no countermodel, found" in str(example)
    assert len(example.text) == min(len(each.text) for each in found["two solvers agree"].broken)


def test_a_judge_that_accepts_whatever_it_is_given_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No family can get a second verdict accepted, so the judge is replaced."""
    records = iter(sample(family(tmp_path), 1, [1]).records * 100)
    monkeypatch.setattr(contract, "judge", lambda *_: next(records))
    found = broken(examine(family(tmp_path), 6, [1]))
    assert list(found) == ["wrong answers are refused"]
    example = found["wrong answers are refused"].example
    assert example is not None and re.search("a rejection, found accepted|expected True, found", str(example))


def test_the_tiny_family_itself_breaks_no_law_and_each_law_but_speed_has_a_family_that_breaks_it(
    tmp_path: Path,
) -> None:
    found = list(examine(family(tmp_path), 6))
    assert broken(found) == {}
    others = {"no answer is empty", "two solvers agree", "wrong answers are refused"}
    assert {each.law for each in found} == {*BROKEN, *others, "speed"}
    assert [each.law for each in found if each.verdict == "told"] == ["speed"]
