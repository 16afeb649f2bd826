"""From a tree to its text: reading a rendered text gives the same tree back.

Node names say which alternatives a text is built from; what lies between an expected nonterminal and the node
(parentheses, levels of precedence) is filled in by the shortest chain of alternatives that leave no trace in the tree.
Tokens are separated by one space except where `_glue` and `_TIGHT` say otherwise. What a nonterminal called `line_K` or
`line_K_…` stands for begins a line of its own, K steps from the margin, and so does what follows it; at the margin an
empty line comes first. Readers skip spaces, so a grammar must not need the lines to be read.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from synth.grammar.ir import Grammar, Rule, Symbol
from synth_kernel.tables import Tree

Choose: TypeAlias = Callable[[int], int]

_GLUE = "\0"  # in a token list: no space here
_WORD = "\1"  # before a word that is capitalised where a sentence begins
_TIGHT = re.compile(r" ?\0 ?| (?=[,.;:?)\]”’«‹]|!(?!=))|(?<=[(\[“‘»›]) ")
_SENTENCE = re.compile("(^|\n|[.?!][”’«‹)]? |[“»›])?\1(.)", re.DOTALL)
_LINE = re.compile(r"line_([0-9])(_|\Z)")
_MARGIN = " " * 4
_PREFIXES = frozenset("+-−¬~√")
_POSTFIXES = frozenset("*+?")


class RenderError(ValueError):
    """A tree has no text in this language; the message names the node."""


@dataclass(frozen=True)
class Chain:
    """The tokens around a node where the grammar expects another nonterminal."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    length: int  # fixed words in it


class Plan:
    """How one rule is written: fixed text, and slots (child number, symbol), one of which may take several."""

    __slots__ = ("arity", "items", "least", "rule", "shape", "spread")

    def __init__(self, grammar: Grammar, rule: Rule) -> None:
        self.rule = rule
        child = {position: number for number, position in enumerate(rule.order)}
        self.items: list[str | tuple[int, Symbol]] = []
        self.items += _break(rule, 0)
        for position, symbol in enumerate(rule.symbols):
            if symbol.kept:
                self.items.append((child[position], symbol))
            else:
                self.items.append(literal_text(grammar, rule, position))
            if _glue(grammar, rule, position):
                self.items.append(_GLUE)
            self.items += _break(rule, position + 1)
        kept = [rule.symbols[position] for position in rule.order]
        self.shape = tuple(symbol.name for symbol in kept)
        self.spread = next((number for number, symbol in enumerate(kept) if is_spliced(symbol)), None)
        self.arity = len(kept)
        self.least = len(kept)  # children at least; exactly, if nothing is spliced

    def takes(self, count: int) -> bool:
        """Tell whether the rule may have this many children."""
        return count == self.arity if self.spread is None else count >= self.least


def is_spliced(symbol: Symbol) -> bool:
    """Tell whether the children of a symbol are spliced into the parent's."""
    return not symbol.terminal and symbol.name.startswith("_")


def literal_text(grammar: Grammar, rule: Rule, position: int) -> str:
    """Return the fixed word at a position, marked if it may begin a sentence."""
    terminal = grammar.terminal[rule.symbols[position].name]
    if rule.spelling:
        text = rule.spelling[position]
        return _WORD + text if text[:1].isalpha() else text
    return terminal.literal


def _glue(grammar: Grammar, rule: Rule, position: int) -> bool:
    """Tell whether no space follows a position: `sin(x)`, `x^2`, `1/2`, a leading sign, a sign of repetition."""
    symbols = rule.symbols
    if position + 1 >= len(symbols):
        return False
    left, right = symbols[position], symbols[position + 1]
    before = "" if left.kept else grammar.terminal[left.name].literal
    after = "" if right.kept else grammar.terminal[right.name].literal
    if "^" in (before, after) or (left.kept and after in _POSTFIXES and position + 2 == len(symbols)):
        return True
    if before in _PREFIXES:
        first = symbols[position - 1] if position else None
        opens = first is not None and not first.kept and grammar.terminal[first.name].literal in ("(", "[")
        if position == 0 or opens:
            return True
    if after in ("(", "[") and not rule.spelling:
        return before.isalpha() or (left.terminal and left.kept)
    for number, symbol in ((position, left), (position + 1, right)):
        if not symbol.kept and grammar.terminal[symbol.name].literal == "/" and 0 < number < len(symbols) - 1:
            return symbols[number - 1].terminal and symbols[number + 1].terminal
    return False


def is_line(nonterminal: str) -> bool:
    """Tell whether what stands for a nonterminal begins a line of its own."""
    return _LINE.match(nonterminal) is not None


def _break(rule: Rule, position: int) -> list[str]:
    """Return the line break before a position of a rule, where there is one."""
    if position >= len(rule.symbols):
        return []
    line = _LINE.match(rule.symbols[position].name)
    if line is None and (position == 0 or _LINE.match(rule.symbols[position - 1].name) is None):
        return []
    steps = int(line[1]) if line else 0
    return [_GLUE, "\n" + _MARGIN * steps if steps else "\n\n", _GLUE]


class Renderer:
    """The writer of one grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self._plans: dict[str, list[Plan]] = {}
        for rule in grammar.rules:
            if rule.tag:
                self._plans.setdefault(rule.origin if rule.tag == "_" else rule.tag, []).append(Plan(grammar, rule))
        self._candidates: dict[tuple[str, int], tuple[list[Plan], bool, bool]] = {}
        # the tokens and (child, symbol) of a node: by its name and length where there is only one way to write it
        self._scripts: dict[tuple[str, str, int] | tuple[str, Plan], tuple[str | tuple[int, str], ...]] = {}
        self._plain = frozenset(grammar.terminal) - frozenset(grammar.words)
        self._spoken = {name: {formal: word for word, formal in words.items()} for name, words in grammar.words.items()}

    @cached_property
    def chains(self) -> dict[str, dict[str, Chain]]:
        """For each nonterminal, the shortest chain to all that it may stand for."""
        return {origin: self._chains_from(origin) for origin in self.grammar.nonterminals}

    def _chains_from(self, origin: str) -> dict[str, Chain]:
        found: dict[str, Chain] = {}
        queue: list[tuple[int, int, str, tuple[str, ...], tuple[str, ...]]] = [(0, 0, origin, (), ())]
        count = 0
        while queue:
            length, _, name, before, after = heapq.heappop(queue)
            if name in found:
                continue
            found[name] = Chain(before, after, length)
            for rule in self.grammar.by_origin.get(name, ()):
                if rule.tag == "":
                    (kept,) = rule.order
                    texts = [
                        text
                        for position, symbol in enumerate(rule.symbols)
                        for text in (
                            _break(rule, position)
                            + ["\2" if symbol.kept else literal_text(self.grammar, rule, position)]
                            + ([_GLUE] if _glue(self.grammar, rule, position) else [])
                        )
                    ]
                    middle = texts.index("\2")
                    count += 1
                    entry = (*before, *texts[:middle]), (*texts[middle + 1 :], *after)
                    step = len(rule.symbols) - 1
                    heapq.heappush(queue, (length + step, count, rule.symbols[kept].name, *entry))
        return found

    def render(self, tree: Tree, start: str | None = None, choose: Choose | None = None) -> str:
        """Return the text of a tree; `choose(n)` picks one of n phrasings (the first, if absent)."""
        tokens: list[str] = []
        self._write(tree, start or self._start(tree), tokens, choose)
        text = _TIGHT.sub("", " ".join(tokens))
        if _WORD in text:
            text = _SENTENCE.sub(_capital, text)
        return text

    def _start(self, tree: Tree) -> str:
        origin = self.grammar.tags.get(str(tree[0]))
        if origin is None:
            raise RenderError(f"{self.grammar.name}: no alternative builds a node {tree[0]!r}")
        return next((start for start in self.grammar.starts if origin in self.chains[start]), origin)

    def _write(self, child: str | Tree, wanted: str, out: list[str], choose: Choose | None) -> None:
        """Append the tokens of a child where the nonterminal or terminal `wanted` is expected."""
        if not isinstance(child, tuple):
            self._write_token(str(child), wanted, out)
            return
        tag = str(child[0])
        script = self._scripts.get((wanted, tag, len(child)))
        if script is None:
            plan = self._plan(tag, child, choose)
            script = self._scripts.get((wanted, plan))
        if script is None:
            try:
                chain = self.chains[wanted][plan.rule.origin]
            except KeyError:
                raise RenderError(f"{self.grammar.name}: a node {tag!r} cannot stand for {wanted}") from None
            if plan.spread is not None:
                out += chain.before
                self._fill(plan, child[1:], out, choose)
                out += chain.after
                return
            slots = [item if isinstance(item, str) else (item[0] + 1, item[1].name) for item in plan.items]
            only = len(self._candidates[tag, len(child) - 1][0]) == 1
            key = (wanted, tag, len(child)) if only else (wanted, plan)
            script = self._scripts[key] = (*chain.before, *slots, *chain.after)
        for item in script:
            if isinstance(item, str):
                out.append(item)
            else:
                number, name = item
                part = child[number]
                if type(part) is str and name in self._plain:
                    out.append(part)
                else:
                    self._write(part, name, out, choose)

    def _write_token(self, text: str, wanted: str, out: list[str]) -> None:
        if wanted in self.grammar.terminal:
            out.append(self._word(wanted, text))
            return
        for name, chain in self.chains[wanted].items():
            if self._is_token(name, text):
                out += [*chain.before, self._word(name, text), *chain.after]
                return
        raise RenderError(f"{self.grammar.name}: {text!r} cannot stand for {wanted}")

    def _word(self, terminal: str, text: str) -> str:
        spoken = self._spoken.get(terminal)
        return text if spoken is None else _WORD + spoken.get(text, text)

    def _is_token(self, terminal: str, text: str) -> bool:
        spoken, known = self._spoken.get(terminal), self.grammar.terminal.get(terminal)
        return text in spoken if spoken else known is not None and known.matches(text) is not None

    def _plan(self, tag: str, tree: Tree, choose: Choose | None) -> Plan:
        """Choose the alternative that a node is written with."""
        key = tag, len(tree) - 1
        if key not in self._candidates:
            plans = [plan for plan in self._plans.get(tag, []) if plan.takes(len(tree) - 1)]
            self._candidates[key] = plans, len({plan.shape for plan in plans}) == 1, any(p.rule.number for p in plans)
        plans, alike, numbered = self._candidates[key]
        if not alike:
            plans = [plan for plan in plans if self._fits(plan, tree[1:])]
        if numbered:
            plans = [plan for plan in plans if self._agrees(plan, tree[1:])]
        if not plans:
            raise RenderError(f"{self.grammar.name}: no alternative writes {tag!r} with {len(tree) - 1} such children")
        return plans[0] if choose is None or len(plans) == 1 else plans[choose(len(plans))]

    def _fits(self, plan: Plan, children: Sequence[str | Tree]) -> bool:
        """Tell whether the symbols of a rule may stand for these children."""
        shift = len(children) - plan.arity
        for item in plan.items:
            if not isinstance(item, str):
                number, symbol = item
                if plan.spread == number:
                    continue
                child = children[number + shift if plan.spread is not None and number > plan.spread else number]
                if isinstance(child, tuple):
                    if symbol.terminal or self.grammar.tags.get(str(child[0])) not in self.chains[symbol.name]:
                        return False
                elif symbol.terminal:
                    if not self._is_token(symbol.name, str(child)):
                        return False
                elif not any(
                    name in self.grammar.terminal and self._is_token(name, str(child))
                    for name in self.chains[symbol.name]
                ):
                    return False
        return True

    def _agrees(self, plan: Plan, children: Sequence[str | Tree]) -> bool:
        """Tell whether a phrasing agrees in number: a list of one and the number 1 are singular."""
        for number, singular in plan.rule.number:
            one = len(children) == plan.arity if number == plan.spread else _is_one(children[number])
            if one != singular:
                return False
        return True

    def _fill(self, plan: Plan, children: Sequence[str | Tree], out: list[str], choose: Choose | None) -> None:
        spread, shift = plan.spread, len(children) - plan.arity
        for item in plan.items:
            if isinstance(item, str):
                out.append(item)
            else:
                number, symbol = item
                if spread is None or number < spread:
                    self._write(children[number], symbol.name, out, choose)
                elif number > spread:
                    self._write(children[number + shift], symbol.name, out, choose)
                else:
                    self._spread(symbol.name, children[number : number + shift + 1], out, choose)

    def _spread(self, helper: str, children: Sequence[str | Tree], out: list[str], choose: Choose | None) -> None:
        """Write the children of a repetition: peel the last ones off until an alternative without recursion is left."""
        steps: list[tuple[Plan, Sequence[str | Tree]]] = []
        plans = self._plans[helper]
        bases = sorted((plan for plan in plans if not _repeats(plan)), key=lambda plan: plan.spread is not None)
        repeats = [plan for plan in plans if _repeats(plan)]
        while True:
            for plan in bases:
                if plan.takes(len(children)) and self._fits(plan, children):
                    self._fill(plan, children, out, choose)
                    for step, kids in reversed(steps):
                        for item in step.items[1:]:
                            if isinstance(item, str):
                                out.append(item)
                            else:
                                self._write(kids[item[0]], item[1].name, out, choose)
                    return
            for plan in repeats:
                if len(children) >= plan.arity and self._fits(plan, children):
                    tail = plan.arity - 1
                    steps.append((plan, ("", *children[len(children) - tail :])))
                    children = children[: len(children) - tail]
                    break
            else:
                raise RenderError(f"{self.grammar.name}: no repetition {helper} of {len(children)} such children")


def _repeats(plan: Plan) -> bool:
    return plan.rule.symbols[0].name == plan.rule.origin


def _is_one(child: str | Tree) -> bool:
    while isinstance(child, tuple) and len(child) == 2:
        child = child[1]
    return child in ("1", "one")


def _capital(found: re.Match[str]) -> str:
    before, letter = found.groups()
    return letter if before is None else before + letter.upper()
