"""Draw trees of an exact size, uniformly or weighted, by counting (Flajolet, Zimmermann, Van Cutsem 1994).

The size of a tree is the number of tokens of its canonical text, fixed words included. Each tree counts once: what the
renderer fills in (parentheses, levels of precedence) follows from the tree, so redundant parentheses are never drawn,
and as reading inverts rendering, uniform over trees is uniform over canonical texts.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeAlias

from synth.grammar.ir import Grammar, GrammarError
from synth.grammar.pattern import all_texts, text_drawer
from synth.grammar.render import Renderer
from synth_kernel.tables import Tree

Draw: TypeAlias = Callable[[random.Random], str]

_INFINITE = 1 << 30
_REDRAWS = 1000


@dataclass(frozen=True, slots=True)
class _Option:
    """One way to derive a goal: a node `tag`, the spliced children of a repetition ("_"), or a token ("")."""

    tag: str
    fixed: int  # tokens that the option itself writes
    goals: tuple[str, ...]  # of its children
    weight: float


_Children: TypeAlias = tuple[tuple[str, int], ...]  # (goal, size) of each
# what a draw needs of an option: tag, children (only the first of three or more), goals, their size, whether it repeats
_Entry: TypeAlias = tuple[str, _Children, tuple[str, ...], int, bool]
_Table: TypeAlias = tuple[list[float], list[_Entry]]


class Sampler:
    """The sampler of one grammar; counting tables are built on demand, O(size²) for each alternative, and kept.

    >>> from synth.grammar.syntax import Syntax
    >>> syntax = Syntax.load('''
    ... ?problem: atom | problem "+" atom -> add
    ... ?atom: NAME -> name | "(" problem ")"
    ... NAME: /[ab]/
    ... %import common.WS
    ... %ignore WS
    ... ''', "example.lark")
    >>> sampler = Sampler(syntax.grammar)
    >>> sampler.sizes("problem", 9), sampler.count("problem", 7)
    ([1, 3, 5, 7, 9], 2)
    >>> syntax.render(sampler.tree("problem", 7, random.Random(1), {"NAME": lambda rng: "a"}))
    'a + (a + a)'
    """

    def __init__(self, grammar: Grammar, weights: Mapping[str, float] | None = None) -> None:
        self.grammar = grammar
        self._weights = dict(weights or {})
        for tag, weight in self._weights.items():
            if tag not in grammar.tags or weight < 0:
                raise GrammarError(f"{grammar.name}: a weight is a number ≥ 0 of an alias; got {tag} = {weight}")
        self._options = self._all_options()
        self._least = self._least_sizes()
        self._counts: dict[tuple[str, int], Any] = {}
        self._rests: dict[tuple[tuple[str, ...], int], Any] = {}
        self._tables: dict[tuple[str, int], _Table] = {}
        self._splits: dict[tuple[tuple[str, ...], int], tuple[list[float], list[int]]] = {}
        self._ready: dict[str, int] = {}
        self.drawers = {terminal.name: self._drawer(terminal.name) for terminal in grammar.terminals}

    def count(self, start: str, size: int) -> Any:
        """Return the number (with weights: the total weight) of trees of a start symbol with this many tokens."""
        for smaller in range(self._ready.get(start, -1) + 1, size + 1):  # upwards, so that recursion stays shallow
            for goal in self._reachable(start):
                self._count(goal, smaller, ())
        self._ready[start] = max(self._ready.get(start, -1), size)
        return self._counts[start, size]

    def sizes(self, start: str, up_to: int) -> list[int]:
        """Return the sizes up to a limit that some tree has."""
        return [size for size in range(up_to + 1) if self.count(start, size)]

    def tree(self, start: str, size: int, rng: random.Random, terminals: Mapping[str, Draw] | None = None) -> Tree:
        """Draw one tree of exactly this many tokens; `terminals` draws the texts of terminals, which are else free.

        Raise `ValueError` if no tree has this size (see `sizes`).
        """
        if not self.count(start, size):
            raise ValueError(
                f"{self.grammar.name}: no {start} has {size} tokens; the next sizes: "
                f"{self.sizes(start, size + 10)[-3:]}"
            )
        drawers = {**self.drawers, **terminals} if terminals else self.drawers
        found = self._child(start, size, rng, drawers)
        return found if isinstance(found, tuple) else (found,)

    def _reachable(self, start: str) -> list[str]:
        found = [start]
        for goal in found:
            parts = (part for option in self._options[goal] for part in option.goals if part in self._options)
            found += dict.fromkeys(part for part in parts if part not in found)
        return found

    # ---- options -----------------------------------------------------------------------------------------------------

    def _all_options(self) -> dict[str, list[_Option]]:
        chains = Renderer(self.grammar).chains
        options: dict[str, list[_Option]] = {}
        for origin in self.grammar.nonterminals:
            if origin.startswith("_"):
                options[origin] = self._own(origin, 0)
                continue
            options[origin] = []
            for name, chain in chains[origin].items():
                if name in self.grammar.terminal:
                    options[origin].append(_Option("", chain.length, (name,), 1))
                else:
                    options[origin] += self._own(name, chain.length)
        return options

    def _own(self, origin: str, length: int) -> list[_Option]:
        """Return the alternatives of a nonterminal that leave a trace, each once, behind `length` fixed words."""
        return [
            _Option(
                rule.tag,
                length + sum(not symbol.kept for symbol in rule.symbols),
                tuple(rule.symbols[position].name for position in rule.order),
                self._weights.get(rule.tag, 1),
            )
            for rule in self.grammar.by_origin[origin]
            if rule.tag
        ]

    def _least_sizes(self) -> dict[str, int]:
        """Return the least size of each goal, by iteration to a fixed point."""
        least = {**dict.fromkeys(self._options, _INFINITE), **dict.fromkeys(self.grammar.terminal, 1)}
        changed = True
        while changed:
            changed = False
            for goal, options in self._options.items():
                size = min(
                    (o.fixed + sum(least[part] for part in o.goals) for o in options if o.weight), default=_INFINITE
                )
                if size < least[goal]:
                    least[goal], changed = size, True
        return least

    # ---- counting ----------------------------------------------------------------------------------------------------

    def _count(self, goal: str, size: int, open_goals: tuple[str, ...]) -> Any:
        if goal in self.grammar.terminal:
            return 1 if size == 1 else 0
        key = goal, size
        if key not in self._counts:
            if goal in open_goals:
                raise GrammarError(f"{self.grammar.name}: {goal} derives itself without a word: infinitely many trees")
            inside = (*open_goals, goal)
            self._counts[key] = sum(
                option.weight * self._rest(option.goals, size - option.fixed, () if option.fixed else inside)
                for option in self._options[goal]
                if option.weight
            )
        return self._counts[key]

    def _rest(self, goals: tuple[str, ...], size: int, open_goals: tuple[str, ...]) -> Any:
        """Count the ways in which these goals in turn have `size` tokens together."""
        if not goals:
            return 1 if size == 0 else 0
        if size < sum(self._least[goal] for goal in goals):
            return 0
        if len(goals) == 1:
            return self._count(goals[0], size, open_goals)
        key = goals, size
        if key not in self._rests:
            self._rests[key] = sum(
                self._count(goals[0], first, open_goals if first == size else ())
                * self._rest(goals[1:], size - first, open_goals if first == 0 else ())
                for first in self._firsts(goals, size)
            )
        return self._rests[key]

    def _firsts(self, goals: tuple[str, ...], size: int) -> range:
        return range(self._least[goals[0]], size - sum(self._least[goal] for goal in goals[1:]) + 1)

    # ---- drawing -----------------------------------------------------------------------------------------------------

    def _table(self, goal: str, size: int) -> _Table:
        """Return the options of a goal at a size, with the sizes of the children, and their cumulative shares."""
        entries: list[_Entry] = []
        shares: list[Any] = []
        for option in self._options[goal]:
            rest, goals = size - option.fixed, option.goals
            for first in self._firsts(goals, rest) if len(goals) > 1 else [rest]:
                if len(goals) > 1:
                    ways = self._rest(goals[:1], first, ()) * self._rest(goals[1:], rest - first, ())
                else:
                    ways = self._rest(goals, rest, ())
                if ways and option.weight:
                    children = tuple(zip(goals, (first, rest - first), strict=False))
                    repeats = option.tag == "_" and goals[:1] == (goal,)
                    entries.append((option.tag, children[: 1 if len(goals) > 2 else 2], goals, rest, repeats))
                    shares.append(option.weight * ways)
        table = self._tables[goal, size] = _cumulative(shares), entries
        return table

    def _split(self, goals: tuple[str, ...], size: int) -> tuple[list[float], list[int]]:
        """Return the sizes that the first of several goals may have and their cumulative shares."""
        firsts = list(self._firsts(goals, size))
        shares = [self._rest(goals[:1], first, ()) * self._rest(goals[1:], size - first, ()) for first in firsts]
        table = self._splits[goals, size] = _cumulative(shares), firsts
        return table

    def _draw(self, goal: str, size: int, rng: random.Random, drawers: Mapping[str, Draw]) -> Any:
        """Draw a node, the text of a token, or (for a repetition) the list of its children."""
        shares, entries = self._tables.get((goal, size)) or self._table(goal, size)
        tag, children, goals, rest, repeats = entries[bisect_right(shares, rng.random()) if len(entries) > 1 else 0]
        if len(goals) > 2:
            children = self._sizes_of(goals, rest, children[0], rng)
        if repeats:
            return self._draw_repeat(goal, children, rng, drawers)
        if tag == "":
            return drawers[goals[0]](rng)
        parts: list[Any] = [] if tag == "_" else [tag]
        for part, length in children:
            if part in drawers:
                parts.append(drawers[part](rng))
            else:
                child = self._draw(part, length, rng, drawers)
                if type(child) is list:
                    parts += child
                else:
                    parts.append(child)
        return parts if tag == "_" else tuple(parts)

    def _draw_repeat(
        self, goal: str, children: _Children, rng: random.Random, drawers: Mapping[str, Draw]
    ) -> list[Any]:
        """Draw a repetition from its end, in a loop: a list may be longer than Python's stack is deep."""
        tails: list[list[Any]] = []
        repeats = True
        while repeats:
            tails.append([self._child(part, length, rng, drawers) for part, length in children[1:]])
            size = children[0][1]
            shares, entries = self._tables.get((goal, size)) or self._table(goal, size)
            _, children, goals, rest, repeats = entries[bisect_right(shares, rng.random())]
            if len(goals) > 2:
                children = self._sizes_of(goals, rest, children[0], rng)
        parts = []
        for part, length in children:
            child = self._child(part, length, rng, drawers)
            parts += child if type(child) is list else [child]
        for tail in reversed(tails):
            parts += tail
        return parts

    def _child(self, part: str, length: int, rng: random.Random, drawers: Mapping[str, Draw]) -> Any:
        return drawers[part](rng) if part in drawers else self._draw(part, length, rng, drawers)

    def _sizes_of(self, goals: tuple[str, ...], rest: int, first: tuple[str, int], rng: random.Random) -> _Children:
        """Draw the sizes of three or more children, given that of the first."""
        children = [first]
        rest -= first[1]
        for position in range(1, len(goals) - 1):
            remaining = goals[position:]
            shares, sizes = self._splits.get((remaining, rest)) or self._split(remaining, rest)
            length = sizes[bisect_right(shares, rng.random())]
            children.append((goals[position], length))
            rest -= length
        return (*children, (goals[-1], rest))

    def _drawer(self, name: str) -> Draw:
        """Return what draws a terminal from its pattern: the texts of a finite one uniformly, else by its syntax."""
        terminal = self.grammar.terminal[name]
        taken = {self.grammar.terminals[word].literal for word in terminal.yields}
        if terminal.literal:
            return lambda rng: terminal.literal
        texts = all_texts(terminal.tree)
        if texts is not None:
            free = [text for text in dict.fromkeys(texts) if text not in taken]
            return lambda rng: free[int(rng.random() * len(free))]

        free_text = text_drawer(terminal.tree)

        def draw(rng: random.Random) -> str:
            for _ in range(_REDRAWS):
                if (text := free_text(rng)) not in taken:
                    return text
            raise GrammarError(f"{self.grammar.name}: {name} matches hardly anything but keywords")

        return draw


def _cumulative(shares: Sequence[Any]) -> list[float]:
    """Return cumulative shares that end at 1; exact integers are divided last, so large counts lose nothing."""
    total = sum(shares)
    cumulative = [part / total for part in accumulate(shares)]
    if cumulative:
        cumulative[-1] = 1.0
    return cumulative
