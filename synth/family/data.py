"""A family that is data alone: `family.toml` stands in the place of a class.

The file says the kind, what is drawn, and of which size; hooks are not needed. It covers domains whose problems are a
header and clauses (kind `find`), and those whose whole problem the grammar can draw. Nothing of it is ever executed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib.resources.abc import Traversable
from random import Random
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from synth.family.backwards import Backwards
from synth.family.contract import Family, Proposal, World
from synth.family.registry import SETTINGS, FamilyError
from synth.grammar.ir import Terminal
from synth_kernel.claims import Theory
from synth_kernel.meaning import Tree
from synth_kernel.terms import Term
from synth_solvers.answer import answer_of

LEVELS = (1, 2, 3, 4, 5)
NUMBERS = (1, 9)  # drawn where a level names no range for a production
TRIES = 24  # draws of a whole problem
OFFERED = 4  # answered problems among which a decide family chooses a verdict first
AGAIN = 50  # draws of a token until it is new

_Size = Annotated[int, Field(ge=1, le=400)]
_Sizes = Annotated[list[_Size], Field(min_length=1, max_length=16)]
_Number = Annotated[int, Field(ge=0, le=10**6)]


class Level(BaseModel):
    """What is drawn at a level: sizes in tokens of the formal text, ranges of numbers and weights by production."""

    model_config = ConfigDict(extra="forbid", strict=True)
    header: _Sizes | None = None
    clause: _Sizes | None = None
    problem: _Sizes | None = None
    numbers: dict[str, tuple[_Number, _Number]] = Field(default_factory=dict, max_length=64)
    weights: dict[str, Annotated[float, Field(ge=0, le=1000)]] = Field(default_factory=dict, max_length=64)

    @model_validator(mode="before")
    @classmethod
    def _pairs(cls, data: Any) -> Any:
        """Write ranges as tuples and weights as floats; TOML knows lists and whole numbers."""
        if not isinstance(data, dict):
            return data
        numbers, weights = data.get("numbers"), data.get("weights")
        if isinstance(numbers, dict):
            data = {**data, "numbers": {k: tuple(v) if isinstance(v, list) else v for k, v in numbers.items()}}
        if isinstance(weights, dict):
            data = {**data, "weights": {k: float(v) if type(v) is int else v for k, v in weights.items()}}
        return data


class Settings(BaseModel):
    """The file `family.toml`: `name` is that of the folder, `header` and `clause` are rules of the grammar."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: Annotated[str, Field(max_length=64)] = ""
    kind: Literal["find", "all", "decide", "compute", "construct", "optimize", "count"]
    domain: Annotated[str, Field(pattern=r"^[a-z][a-z ]{1,30}$")]
    summary: Annotated[str, Field(min_length=8, max_length=200)]
    header: Annotated[str, Field(max_length=64)] = ""
    clause: Annotated[str, Field(max_length=64)] = ""
    levels: dict[str, Level]

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        if sorted(self.levels) != [str(level) for level in LEVELS]:
            raise ValueError("there are five levels, [levels.1] to [levels.5]")
        planted = self.kind == "find"
        if planted and not (self.header and self.clause):
            raise ValueError("a family of the kind find names the rules of its `header` and its `clause`")
        for name, level in self.levels.items():
            needed, found = {"header", "clause"} if planted else {"problem"}, level.model_dump(exclude_none=True)
            if missing := sorted(needed - set(found)):
                raise ValueError(f"level {name} lacks the sizes `{missing[0]} = […]`")
            if other := sorted({"header", "clause", "problem"} & set(found) - needed):
                raise ValueError(f"level {name} has sizes `{other[0]}`, which a {self.kind} family does not draw")
            for alias, (low, high) in level.numbers.items():
                if low > high:
                    raise ValueError(f"level {name}: the range of {alias} is empty")
        return self


def data_family(name: str, folder: Traversable) -> Family:
    """Return the family of a folder with `family.toml`; raise FamilyError, which names the file and what is wrong.

    Nothing in the folder is executed.
    """
    place = f"{name}/{SETTINGS}"
    try:
        settings = Settings.model_validate(tomllib.loads(folder.joinpath(SETTINGS).read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise FamilyError(f"{place}: {where + ': ' if where else ''}{message}; see docs/new-family.md") from None
    except (ValueError, RecursionError) as error:
        raise FamilyError(f"{place}: {error or 'nested too deeply'}") from None
    if settings.name and settings.name != name:
        raise FamilyError(f"{place}: the family is called {settings.name!r}, and its folder {name!r}; make them one")
    levels = {int(number): settings.levels[number].model_dump(exclude_none=True) for number in sorted(settings.levels)}
    said = {"domain": settings.domain, "kind": settings.kind, "summary": settings.summary, "levels": levels}
    rules = {"clause": settings.clause, "header_rule": settings.header}
    made: type[DataFamily] = type("Data", (DataFamily,), {**said, **rules, "__doc__": settings.summary})
    family = made(name, folder)
    family.check()
    return family


class DataFamily(Family):
    """A family whose hooks follow from its grammar, its meaning and `family.toml`."""

    header_rule: str = ""

    def check(self) -> None:
        """Raise FamilyError where settings name what the grammar does not have, or no answer can be written."""
        grammar, place = self.formal.grammar, f"{self.name}/{SETTINGS}"
        for what, rule in (("header", self.header_rule), ("clause", self.clause)):
            if rule and rule not in grammar.by_origin:
                raise FamilyError(f"{place}: {what} = {rule!r} is no rule of grammar.lark")
        for number, level in self.levels.items():
            if unknown := sorted(({*level["numbers"]} | {*level["weights"]}) - set(grammar.tags)):
                raise FamilyError(f"{place}: level {number}: no production is called {unknown[0]!r}")
            for what, start in (("header", self.header_rule), ("clause", self.clause), ("problem", "problem")):
                if what in level:
                    self._check_sizes(f"{place}: level {number}: {what}", start, level, level[what])
        if self.clause:
            _ = self._frame

    def _check_sizes(self, place: str, rule: str, level: Mapping[str, Any], wanted: Sequence[int]) -> None:
        sampler = self.sampler(level)
        for size in wanted:
            if not sampler.count(rule, size):
                possible = ", ".join(map(str, sampler.sizes(rule, 60)[:12]))
                raise FamilyError(f"{place}: no text of the rule {rule} has {size} tokens; possible: {possible or '–'}")

    # ---- hooks -------------------------------------------------------------------------------------------------

    def weights(self, level: Mapping[str, Any]) -> Mapping[str, float]:
        """Weigh productions as the level says."""
        return level["weights"]  # type: ignore[no-any-return]

    def header(self, level: Mapping[str, Any], rng: Random) -> Tree:
        """Draw the header; its words are all different."""
        return self._drawn(self.header_rule, rng.choice(level["header"]), level, rng, {})

    def draw(self, world: World, rng: Random) -> Tree | None:
        """Draw a clause; its words are those of the header, each once as long as there are any."""
        return self._drawn(self.clause, rng.choice(world.level["clause"]), world.level, rng, self._words(world.header))

    def frame(self, header: Tree, clauses: Sequence[Tree]) -> Tree:
        """Join header and clauses by the productions that hold them."""
        problem, whole, first = self._frame
        return (problem, header, (whole, *clauses)) if first else (problem, (whole, *clauses), header)

    def propose(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        """Plant clauses, or draw a whole problem and find its answer; None where the answer cannot be written."""
        try:
            found = super().propose(level, rng) if self.clause and self.kind == "find" else self._whole(level, rng)
            if found is not None and found.answer is not None:
                self.solution(self.problem(found.formal)[1].theory, found.answer)
        except (ValueError, RecursionError):  # no model, no meaning, or no way to say the answer: another draw
            return None
        return found

    def solution(self, theory: Theory, answer: Term) -> str:
        """Write an answer by reading the templates backwards; raise FamilyError where none gives it."""
        tree = self._backwards.tree("solution", answer)
        if tree is None:
            raise FamilyError(f"{self.name}/meaning.toml: no template of a solution gives the answer {answer!r:.80}")
        return self.formal.render(tree, "solution")

    # ---- drawing -----------------------------------------------------------------------------------------------

    def _whole(self, level: Mapping[str, Any], rng: Random) -> Proposal | None:
        """Draw problems until one has an answer; where a verdict is asked, choose it first among a few."""
        offered: dict[str, list[Proposal]] = {}
        for _ in range(TRIES):
            tree = self._drawn("problem", rng.choice(level["problem"]), level, rng, {})
            try:
                theory = self.meaning.problem(tree).theory
                answer = answer_of(theory)
            except ValueError:
                continue
            if answer is not None:
                offered.setdefault(str(answer), []).append(Proposal(self.formal.render(tree, "problem"), answer))
                if self.kind != "decide" or sum(map(len, offered.values())) >= OFFERED:
                    break
        return rng.choice(list(offered.values()))[0] if offered else None

    def _drawn(
        self, rule: str, size: int, level: Mapping[str, Any], rng: Random, words: Mapping[str, Sequence[str]]
    ) -> Tree:
        """Draw a tree and fill its tokens in: words of the header, numbers from the range of their production."""
        marked = {name: (lambda rng, name=name: f"\0{name}") for name in self._kept}
        tree = self.sampler(level).tree(rule, size, rng, marked)
        return _Filling(self, level, rng, words).fill(tree)

    def _words(self, header: Tree) -> dict[str, list[str]]:
        """Return the words of a header by terminal."""
        found: dict[str, list[str]] = {}
        for text in _leaves(header):
            for name, terminal in self._kept.items():
                if not is_number(terminal) and terminal.matches(text) and text not in found.setdefault(name, []):
                    found[name].append(text)
        return found

    @cached_property
    def _kept(self) -> dict[str, Terminal]:
        rules = self.formal.grammar.rules
        names = {symbol.name for rule in rules for symbol in rule.symbols if symbol.terminal and symbol.kept}
        return {terminal.name: terminal for terminal in self.formal.grammar.terminals if terminal.name in names}

    @cached_property
    def _backwards(self) -> Backwards:
        return Backwards(self.formal.grammar, self.meaning_table)

    @cached_property
    def _frame(self) -> tuple[str, str, bool]:
        """Return the production of a problem, that of the list of clauses, and whether the header comes first."""
        grammar = self.formal.grammar
        (rule, *others) = grammar.by_origin["problem"]
        kept = [rule.symbols[place].name for place in rule.order]
        rest = [name for name in kept if name != self.header_rule]
        lists = grammar.by_origin.get(rest[0], ()) if len(kept) == 2 and len(rest) == 1 else ()
        aliases = {each.tag for each in lists}
        if others or rule.tag in ("", "_") or len(aliases) != 1 or aliases & {"", "_"}:
            why = f"`problem: {self.header_rule} … list -> name`, and a list `{self.clause} (… {self.clause})* -> name`"
            raise FamilyError(f"{self.name}/grammar.lark: a family that plants clauses is written {why}")
        return rule.tag, min(aliases), kept[0] == self.header_rule

    @cached_property
    def drawers(self) -> Mapping[str, Callable[[Random], str]]:
        """What draws a token of each terminal from its pattern."""
        return self.sampler({"weights": {}}).drawers


class _Filling:
    """Put tokens in the place of the marks of one drawn tree."""

    def __init__(
        self, family: DataFamily, level: Mapping[str, Any], rng: Random, words: Mapping[str, Sequence[str]]
    ) -> None:
        self.family, self.ranges, self.rng = family, level["numbers"], rng
        self.known: dict[str, list[str]] = {name: list(found) for name, found in words.items()}
        self.left: dict[str, list[str]] = {}
        self.numbers: dict[str, set[int]] = {}

    def fill(self, tree: Tree) -> Tree:
        head, *children = tree
        declares = self.family.formal.grammar.tags.get(str(head)) == self.family.header_rule
        return (
            head,
            *[
                self.fill(child)
                if isinstance(child, tuple)
                else self._token(str(head), child[1:], declares)
                if child.startswith("\0")
                else child
                for child in children
            ],
        )

    def _token(self, alias: str, name: str, declares: bool) -> str:
        if is_number(self.family._kept[name]):
            return str(self._number(alias))
        known = self.known.setdefault(name, [])
        if known and not declares:
            if not self.left.get(name):
                self.left[name] = self.rng.sample(known, len(known))
            return self.left[name].pop()
        text = self.family.drawers[name](self.rng)
        for _ in range(AGAIN):
            if text not in known:
                break
            text = self.family.drawers[name](self.rng)
        if declares:
            known.append(text)
        return text

    def _number(self, alias: str) -> int:
        """Draw a number from the range of a production; in a clause another one each time, as long as there are any."""
        low, high = self.ranges.get(alias, NUMBERS)
        used = self.numbers.setdefault(alias, set())
        if not self.family.clause or len(used) > high - low:
            used.clear()
        number = next(n for n in iter(lambda: self.rng.randint(low, high), None) if n not in used)
        used.add(number)
        return number


def is_number(terminal: Terminal) -> bool:
    """Say whether a terminal is a number: it matches a digit and no letter."""
    matches = [text for text in "0123456789abcxyzABCXYZ" if terminal.matches(text)]
    return not terminal.literal and bool(matches) and all(text.isdecimal() for text in matches)


def _leaves(tree: Tree) -> Iterator[str]:
    for child in tree[1:]:
        if isinstance(child, tuple):
            yield from _leaves(child)
        else:
            yield child
