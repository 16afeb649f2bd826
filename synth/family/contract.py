"""The contract of a family: data in its folder, and the few hooks that data cannot say.

A family is a folder with `grammar.lark` (the formal language), `meaning.toml` (what each production means),
`phrases.en.toml` (how each is said) and a class. Everything that a hook returns is untrusted: texts are parsed and
proved like anyone else's. What is trusted is the meaning and the phrases.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from random import Random
from typing import Any, ClassVar

from synth.family import planting
from synth.family.mistakes import likely_fix, placed
from synth.family.sorting import check_sorts
from synth.grammar.features import productions
from synth.grammar.ir import GrammarError
from synth.grammar.phrases import load_phrases
from synth.grammar.sampler import Sampler
from synth.grammar.syntax import Syntax
from synth_kernel.claims import Theory, digest
from synth_kernel.evaluate import Value
from synth_kernel.meaning import Meaning, MeaningError, Reading, Tree
from synth_kernel.terms import Term
from synth_solvers.steps import Move

FORMAL = "formal"  # the name of the formal language among a family's languages


@dataclass(frozen=True)
class Proposal:
    """A problem in the formal language, with the answer as a term where the proposer knows it."""

    formal: str
    answer: Term | None = None


@dataclass(frozen=True)
class World:
    """What a clause is drawn in: the level's settings, the header's theory, and the planted model."""

    level: Mapping[str, Any]
    header: Tree
    reading: Reading
    model: Mapping[str, Value]

    @property
    def theory(self) -> Theory:
        """The theory of the header alone: unknowns and axioms, no clauses."""
        return self.reading.theory

    def names(self) -> list[str]:
        """The declared unknowns, in order."""
        return list(self.theory.declared)


class Family:
    """A domain of tasks. Subclasses set the attributes and override hooks; each hook has a default.

    `kind` is one of find, all, decide, compute, construct, optimize, count. `levels` gives the settings of each level,
    1 the easiest; what stands in them is the family's own affair. `clause` names the grammar rule that the planting
    loop draws, `method` the step finder of `synth_solvers.steps`, None where the answer is the only step. `small_steps`
    is a finer one, which the bundled proposer is taught, where the method computes too much at once for it.
    """

    name: str
    domain: ClassVar[str]
    kind: ClassVar[str]
    summary: ClassVar[str]
    version: ClassVar[int] = 1
    levels: ClassVar[Mapping[int, Mapping[str, Any]]]
    clause: ClassVar[str] = ""
    method: ClassVar[str | None] = None
    small_steps: ClassVar[str | None] = None

    def __init__(self, name: str, folder: Traversable) -> None:
        self.name = name
        self.folder = folder
        self._last: tuple[str, Tree, Reading] | None = None

    # ---- hooks -------------------------------------------------------------------------------------------------

    def header(self, level: Mapping[str, Any], rng: Random) -> Tree:
        """Draw the tree that declares the unknowns of a problem. Needed by families that plant clauses."""
        raise NotImplementedError(f"family {self.name} plants clauses, so it must override header()")

    def frame(self, header: Tree, clauses: Sequence[Tree]) -> Tree:
        """Join a header and clauses to the tree of a problem."""
        return ("problem", header, ("clauses", *clauses))

    def model(self, theory: Theory, level: Mapping[str, Any], rng: Random) -> Mapping[str, Value]:
        """Plant a model of the header's theory; the default draws each unknown from its sort and retries."""
        return planting.random_model(theory, rng)

    def terminals(self, world: World, rng: Random) -> Mapping[str, Callable[[Random], str]]:
        """Say how terminals of a clause are drawn; those not named are drawn from their pattern."""
        return {}

    def weights(self, level: Mapping[str, Any]) -> Mapping[str, float]:
        """Weigh productions by alias; those not named weigh 1."""
        return {}

    def draw(self, world: World, rng: Random) -> Tree | None:
        """Draw one clause; the default samples the grammar at a size among `level["sizes"]`. None: draw again."""
        sizes = world.level["sizes"]
        return self.sampler(world.level).tree(self.clause, rng.choice(sizes), rng, self.terminals(world, rng))

    def sensible(self, clause: Term) -> bool:
        """Say whether a drawn clause is worth asking, such as not comparing a thing with itself."""
        return True

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        """Make one problem; the default is the planting loop. None: this draw came to nothing."""
        return planting.plant(self, level, rng)

    def features(self, tree: Tree) -> Iterable[str]:
        """Name what a problem has beside its productions: the bin of a number, a size."""
        return ()

    def solution(self, theory: Theory, answer: Term) -> str:
        """Write an answer in the formal language."""
        raise NotImplementedError(f"family {self.name} must override solution()")

    def sentence(self, move: Move) -> str:
        """Write the fact of a step in the formal language. Needed by families with a `method`."""
        raise NotImplementedError(f"family {self.name} has a method, so it must override sentence()")

    # ---- what the folder says ----------------------------------------------------------------------------------

    def text(self, name: str) -> str:
        """Return a file of the folder."""
        return self.folder.joinpath(name).read_text(encoding="utf-8")

    @cached_property
    def meaning_table(self) -> dict[str, str]:
        """The templates as written."""
        try:
            return dict(tomllib.loads(self.text("meaning.toml")))
        except tomllib.TOMLDecodeError as error:
            raise MeaningError(f"{self.name}/meaning.toml: {error}; a template is one string in quotes") from None

    @cached_property
    def meaning(self) -> Meaning:
        """The compiled templates, their names and sorts checked; each production has one."""
        try:
            meaning = Meaning(self.meaning_table)
            check_sorts(self.meaning_table, self.formal.grammar)
        except MeaningError as error:
            place = f"{self.name}/meaning.toml"
            raise MeaningError(placed(str(error), place, self.text("meaning.toml"))) from None
        for alias in self.formal.grammar.tags:
            if alias not in meaning.parameters:
                lines = self.text("grammar.lark").splitlines()
                line = next((i for i, line in enumerate(lines, 1) if re.search(rf"->\s*{alias}\b", line)), 1)
                why = f"the production {alias} has no meaning"
                raise MeaningError(f"{self.name}/grammar.lark, line {line}: {why}; {likely_fix(why)}")
        return meaning

    @cached_property
    def formal(self) -> Syntax:
        """The formal language."""
        return Syntax.load(self.text("grammar.lark"), f"{self.name}/grammar.lark")

    @cached_property
    def languages(self) -> list[str]:
        """The natural languages this family can be asked in."""
        names = [entry.name for entry in self.folder.iterdir()]
        return sorted(name.split(".")[1] for name in names if name.startswith("phrases.") and name.endswith(".toml"))

    def language(self, name: str) -> Syntax:
        """Return the syntax of a language, `formal` included; loading is cached."""
        if name not in self._languages:
            self._languages[name] = self.formal if name == FORMAL else self._derive(name)
        return self._languages[name]

    @property
    def usual_language(self) -> str:
        """The language of what is said for the family as a whole, such as examples: English, where it is one of them.

        A family that cannot be asked in English says it in its first language.
        """
        return "en" if "en" in self.languages else self.languages[0]

    @cached_property
    def _languages(self) -> dict[str, Syntax]:
        return {}

    def _derive(self, name: str) -> Syntax:
        phrases = {alias: said for alias, said in self.phrases(name).items() if alias not in ("answer", "words")}
        file = f"phrases.{name}.toml"
        try:
            return load_phrases(self.formal.grammar, phrases, self.meaning.parameters, f"{self.name}/{file}")
        except GrammarError as error:
            raise GrammarError(placed(str(error), f"{self.name}/{file}", self.text(file))) from None

    def phrases(self, name: str) -> dict[str, Any]:
        """Return the phrases of a language as written.

        `[answer]` holds the hint that every question carries, `[words]` what stands around questions and answers where
        that is not English: the hints of each form of an answer, `given`, `step`, and the names of rules.
        """
        if name not in self._phrases:
            try:
                self._phrases[name] = tomllib.loads(self.text(f"phrases.{name}.toml"))
            except tomllib.TOMLDecodeError as error:
                raise GrammarError(
                    f"{self.name}/phrases.{name}.toml: {error}; a phrase is a string in quotes"
                ) from None
        return self._phrases[name]

    @cached_property
    def _phrases(self) -> dict[str, dict[str, Any]]:
        return {}

    def problem(self, formal: str) -> tuple[Tree, Reading]:
        """Parse a problem in the formal language; raise ValueError where it is none. The last one is remembered."""
        if self._last is None or self._last[0] != formal:
            tree = self.formal.read(formal, "problem")
            self._last = formal, tree, self.meaning.problem(tree)
        return self._last[1:]

    def features_of(self, tree: Tree) -> tuple[str, ...]:
        """Return the features of a problem, sorted: its productions, and what the family declares beside them."""
        return tuple(sorted({*productions(tree), *self.features(tree)}))

    def answer_hint(self, name: str) -> str:
        """Say how an answer is written, in a natural language."""
        return str(self.phrases(self.usual_language if name == FORMAL else name)["answer"]["hint"])

    def words(self, name: str) -> dict[str, str]:
        """Return what stands around questions and answers in a language, for what is not said in English."""
        return dict(self.phrases(self.usual_language if name == FORMAL else name).get("words", {}))

    def sampler(self, level: Mapping[str, Any]) -> Sampler:
        """Return the counting sampler of the formal grammar under this level's weights."""
        weights = dict(self.weights(level))
        key = tuple(sorted(weights.items()))
        if key not in self._samplers:
            self._samplers[key] = Sampler(self.formal.grammar, weights)
        return self._samplers[key]

    @cached_property
    def _samplers(self) -> dict[tuple[tuple[str, float], ...], Sampler]:
        return {}

    def pack(self, languages: Sequence[str]) -> dict[str, Any]:
        """Return everything `recheck.pyz` needs to read a row of this family, JSON-able."""
        tables = {name: self.language(name).pack() for name in dict.fromkeys([FORMAL, *languages])}
        hints = {name: self.answer_hint(name) for name in tables}
        words = {name: said for name in tables if (said := self.words(name))}
        return {"name": self.name, "kind": self.kind, "version": self.version, "meaning": self.meaning_table,
                "tables": tables, "hints": hints, **({"words": words} if words else {})}  # fmt: skip

    def trust_digest(self) -> str:
        """Return the hash of all that is trusted about this family: grammar, meaning and phrases as written."""
        files = ["grammar.lark", "meaning.toml", *[f"phrases.{name}.toml" for name in self.languages]]
        return digest(*[self.text(file) for file in files])


def folder_of(package: str, name: str) -> Traversable:
    """Return the folder of a family inside an installed package."""
    return resources.files(package).joinpath(name)
