"""Re-check a whole row: from the words of the question to the claims, the answer and every certificate.

A `Package` is the JSON that travels inside `recheck.pyz`: for each family the packed parse tables of its languages and
its meaning, and how prompts are put together. Reading needs no lark, checking needs no solver. What a row says is
derived again from its question and compared; nothing in it is believed. Where a row's `reading` is `agreed` a model has
reworded its clauses: all is derived from `formal` then, and what its words say rests on agreement (`agreement`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

from synth.recheck import agreement
from synth.recheck.canonical import canonical
from synth_kernel.claims import Claim, Theory, digest
from synth_kernel.kinds import fits, required
from synth_kernel.meaning import Meaning, Reading, Tree
from synth_kernel.recheck import recheck
from synth_kernel.tables import Reader
from synth_kernel.terms import Term, read, write

FORMAL = "formal"
GRADES = ("W", "A")
ANSWER_ONLY = "answer"  # the rule of the one step of a family without a method
MAX_CERTIFICATE = 1 << 20  # characters
WRAPS = {"boxed": ("\\boxed{", "}"), "tag": ("<answer>", "</answer>"), "plain": ("Answer: ", "")}
WRAP_HINTS = {
    "boxed": "Put the answer in \\boxed{}.",
    "tag": "Put the answer between <answer> and </answer>.",
    "plain": "End with a line “Answer: …”.",
}
NO_WORDS: Mapping[str, str] = MappingProxyType({})  # every word around questions and answers as it is in English


class BadRow(ValueError):
    """A field of a row is not what the question and the package make it."""


def row_id(problem: str, language: str, question: str, level: int, variant: str = "") -> str:
    """Return the id of a row: the hash of what is asked, in which words, at which level."""
    return digest(problem, language, question, variant, str(level))


def answer_format(hint: str, answer_in: str, words: Mapping[str, str] = NO_WORDS) -> str:
    """Return what a prompt says about the form of the answer; `words` are those of a language other than English."""
    return f"{hint}. {words.get(answer_in, WRAP_HINTS[answer_in])}"


def prompt(question: str, form: str, system: str) -> list[dict[str, str]]:
    """Return the messages that ask a question; no system message where `system` is empty."""
    user = {"role": "user", "content": f"{question}\n\n{form}"}
    return [{"role": "system", "content": system}, user] if system else [user]


def wrap(answer: str, answer_in: str) -> str:
    """Return the last line of a completion."""
    before, after = WRAPS[answer_in]
    return before + answer + after


_PLACES = {"c": "given", "a": "rule", "s": "step"}


def step_line(index: int, sentence: str, parents: Sequence[str], rule: str, words: Mapping[str, str] = NO_WORDS) -> str:
    """Return the line of a completion that shows one step; a rule or place that `words` lacks stays as it is.

    >>> step_line(1, "y = 2", ["c0", "s0"], "substitute")
    '2. y = 2 [substitute; given 1, step 1]'
    >>> step_line(1, "y = 2", ["c0"], "substitute", {"given": "Angabe"})
    '2. y = 2 [substitute; Angabe 1]'
    """
    places = [(_PLACES[name[0]], int(name[1:]) + 1) for name in parents]
    named = [f"{words.get(place, place)} {number}" for place, number in places]
    return f"{index + 1}. {sentence} [{'; '.join([words.get(rule, rule), *([', '.join(named)] if named else [])])}]"


def completion(
    sentences: Sequence[str],
    steps: Sequence[Mapping[str, Any]],
    answer: str,
    answer_in: str,
    words: Mapping[str, str] = NO_WORDS,
) -> str:
    """Return the text of a completion: the steps, then the answer; the answer alone where it is the only step."""
    shown = zip(sentences, steps, strict=True) if not _answer_only(steps) else ()
    lines = [step_line(i, text, step["parents"], step["rule"], words) for i, (text, step) in enumerate(shown)]
    return "\n".join([*lines, wrap(answer, answer_in)])


def _answer_only(steps: Sequence[Mapping[str, Any]]) -> bool:
    return len(steps) == 1 and steps[0]["rule"] == ANSWER_ONLY


def step_claim(index: int, parents: Sequence[str], goal: Term) -> Claim:
    """Return the claim that a step makes: an identity on D, or that its parents entail it."""
    if isinstance(goal, tuple) and goal[0] == "identity":
        return Claim(f"step[{index}]", "identity", ("D",), goal)
    return Claim(f"step[{index}]", "entails", tuple(parents), goal)


class FamilyReader:
    """What a package says about one family, loaded: a reader for each language, and the meaning."""

    def __init__(self, packed: Mapping[str, Any]) -> None:
        self.kind = packed["kind"]
        self.hints = packed["hints"]
        self.words: Mapping[str, Mapping[str, str]] = packed.get("words", {})
        self._tables = packed["tables"]
        self._meaning = packed["meaning"]
        self._readers: dict[str, Reader] = {}

    @cached_property
    def meaning(self) -> Meaning:
        """The compiled templates."""
        return Meaning(self._meaning)

    def read(self, language: str, text: str, start: str) -> Tree:
        """Read a text of a language; raise ReadError where it is none."""
        if language not in self._readers:
            self._readers[language] = Reader(self._tables[language])
        return self._readers[language].read(text, start)


class Package:
    """The families and the prompt of an export, and the check of its rows."""

    def __init__(self, packed: Mapping[str, Any]) -> None:
        if packed.get("v") != 1:
            raise ValueError(f"a package of version {packed.get('v')!r}; this program reads version 1")
        self.prompt = packed["prompt"]
        self.grades = GRADES[: GRADES.index(packed.get("min_grade", "W")) + 1]  # the grades that a claim may have
        self.families = {name: FamilyReader(family) for name, family in packed["families"].items()}
        self.digest = digest(json.dumps(packed, sort_keys=True, separators=(",", ":")))

    def check(self, row: Mapping[str, Any]) -> str:
        """Return "" if every field follows from the question and every certificate holds, else the first reason."""
        try:
            self._check(row)
        except BadRow as reason:
            return str(reason)
        except Exception as error:  # a hostile row may be wrong in any way; none of them is a proof
            return f"{type(error).__name__}: {error}"[:400]
        return ""

    def _check(self, row: Mapping[str, Any]) -> None:
        if row["family"] not in self.families:
            raise BadRow(f"family: no family {row['family']!r} in this package")
        family = self.families[row["family"]]
        language = row["language"]
        tree = family.read(FORMAL, row["formal"], "problem")
        reading = family.meaning.problem(tree)
        theory = Theory.read(reading.theory.text())  # again from text: depth and sizes are checked there
        agreed = row["reading"] == "agreed"
        if agreed:
            self._check_words(row, family, tree, theory)
        else:
            _expect("question", family.read(language, row["question"], "problem") == tree, "says what `formal` says")
            _expect("reading", row["reading"] == "zip", "says that all of the row can be read here")
        _expect("kind", row["kind"] == theory.kind == family.kind, "is the kind of the question")
        _expect("theory", row["theory"] == theory.text(), "is the meaning of the question")
        _expect("problem", row["problem"] == canonical(theory)[0], "is the canonical key of the theory")
        variant = agreement.VARIANT if agreed else ""
        identity = row_id(row["problem"], language, row["question"], row["level"], variant)
        _expect("id", type(row["level"]) is int and row["id"] == identity, "fits")
        solved = family.read(FORMAL, row["formal_answer"], "solution")
        _expect("answer", family.read(language, row["answer"], "solution") == solved, "says what `formal_answer` says")
        self._check_text(row, family)
        steps = self._check_steps(row, family, reading)
        proved = len(row["claims"]) - agreed  # the last claim of reworded clauses is about the words
        self._check_claims(row, theory, reading.answer(solved), steps, proved)

    def _check_words(self, row: Mapping[str, Any], family: FamilyReader, tree: Tree, theory: Theory) -> None:
        """Check what can be checked about reworded clauses; that they say what their translators wrote cannot."""
        _expect("reading", "A" in self.grades, "is one that the recipe allows; `agreed` needs `min_grade: A`")
        stated, text = row["claims"][-1], row["certificates"][-1]
        claim = agreement.words_claim(row["question"], len(theory.clauses))
        for field in ("role", "form", "goal"):
            wanted = write(claim.goal) if field == "goal" else getattr(claim, field)
            _expect(f"claims[-1]: {field}", stated[field] == wanted, "is that of a claim about the words")
        fits_claim = tuple(stated["premises"]) == claim.premises and stated["id"] == claim.id(theory)
        _expect("claims[-1]", fits_claim and stated["grade"] == "A", "names the clauses, has its id and grade A")
        _expect("certificates[-1]", len(text) <= MAX_CERTIFICATE, "is of bounded size")
        certificate = json.loads(text)
        known = (certificate["v"], certificate["body"]) == (1, agreement.FORM)
        _expect("certificates[-1]", known, "is an agreement that this program knows")
        agreement.check(
            certificate,
            row["question"],
            tree,
            theory,
            lambda words: family.read(row["language"], words, "problem"),
            lambda formal: family.read(FORMAL, formal, "problem"),
            family.meaning,
        )

    def _check_text(self, row: Mapping[str, Any], family: FamilyReader) -> None:
        """Render the prompt again; the completion must end in the answer."""
        words = family.words.get(row["language"], NO_WORDS)
        form = answer_format(family.hints[row["language"]], self.prompt["answer_in"], words)
        _expect("answer_format", row["answer_format"] == form, "is the one of family and recipe")
        messages = [dict(message) for message in row["prompt"]]
        _expect("prompt", messages == prompt(row["question"], form, self.prompt["system"]), "puts the question")

    def _check_steps(self, row: Mapping[str, Any], family: FamilyReader, reading: Reading) -> list[Claim]:
        """Read the sentences of the completion back to the steps; return the claims that the steps make."""
        (message,) = row["completion"]
        _expect("completion", message["role"] == "assistant" and set(message) == {"role", "content"}, "is one message")
        steps = row["steps"]
        _expect("steps", len(steps) > 0, "are there")
        *lines, last = message["content"].split("\n")
        _expect("completion", last == wrap(row["answer"], self.prompt["answer_in"]), "ends in the answer")
        if _answer_only(steps):
            _expect("steps", steps[0]["formal"] == row["formal_answer"] and not steps[0]["parents"], "are the answer")
            _expect("steps", steps[0]["id"] == "s0" and not lines, "stand in the completion")
            return []
        _expect("completion", len(lines) == len(steps), "has a line for each step")
        words = family.words.get(row["language"], NO_WORDS)
        claims = []
        for i, (line, step) in enumerate(zip(lines, steps, strict=True)):
            before, after = step_line(i, "\n", step["parents"], step["rule"], words).split("\n")
            fits_step = line.startswith(before) and line.endswith(after) and step["id"] == f"s{i}"
            _expect(f"completion: line {i + 1}", fits_step, "shows its step")
            tree = family.read(FORMAL, step["formal"], "step")
            same = family.read(row["language"], line[len(before) : len(line) - len(after)], "step") == tree
            _expect(f"completion: line {i + 1}", same, "says what the step says")
            claims.append(step_claim(i, step["parents"], reading.term(tree)))
        return claims

    def _check_claims(
        self, row: Mapping[str, Any], theory: Theory, answer: Term, steps: list[Claim], proved: int
    ) -> None:
        stated_claims, certificates = row["claims"][:proved], row["certificates"][:proved]
        claims = [Claim(c["role"], c["form"], tuple(c["premises"]), read(c["goal"])) for c in stated_claims]
        wanted = [*required(theory, answer), *steps]
        _expect("claims", fits(wanted, claims), f"are those that kind {theory.kind!r} and the steps require")
        _expect("certificates", len(row["certificates"]) == len(row["claims"]), "are one for each claim")
        first_step = len(claims) - len(steps)
        for i, (claim, stated, text) in enumerate(zip(claims, stated_claims, certificates, strict=True)):
            fits_claim = stated["id"] == claim.id(theory) and stated["grade"] in self.grades
            _expect(f"claims[{i}]", fits_claim, "has its id, and a grade that the recipe allows")
            if stated["grade"] == "W":
                _expect(f"certificates[{i}]", len(text) <= MAX_CERTIFICATE, "is of bounded size")
                earlier = claims[first_step : max(i, first_step)]
                shown = recheck(theory, claim, json.loads(text), earlier)
                _expect(f"certificates[{i}]", shown, f"shows the claim {claim.role!r}")


def _expect(field: str, condition: bool, should: str) -> None:
    if not condition:
        raise BadRow(f"{field}: not so that it {should}")
