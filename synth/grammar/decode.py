"""Grammars that constrain a language model: flat Lark (llguidance, xgrammar, vLLM) and GBNF (llama.cpp, xgrammar).

They accept exactly the canonical texts, spaces included, so a decoder needs no `%ignore`. A depth bound makes every
output finish: a node of depth d has children of depth d-1 at most, and lists a bounded length. Characters other than
letters and digits are written `\\uHHHH`, which lark, Rust and GBNF read alike.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from synth.grammar.features import depth as depth_of
from synth.grammar.ir import Grammar, GrammarError, Symbol
from synth.grammar.pattern import Pattern
from synth.grammar.render import _GLUE, Plan, Renderer, is_spliced
from synth.grammar.sampler import Sampler
from synth.grammar.syntax import Syntax
from synth_kernel.tables import ReadError

# an item is ("text", text) · ("terminal", name) · ("rule", name) · ("repeat", alternatives, most or None)
_Item: TypeAlias = tuple[Any, ...]
_Sequence: TypeAlias = list[_Item]

_UNBOUNDED = 1 << 20
_OPENING, _CLOSING = "([“‘", ",.;:?!)]”’"


@dataclass(frozen=True)
class Frame:
    """What stands around a text of the grammar: a label before it, and before that lines, if `line` is not "".

    A line is the items of `head`, a text of the start `line`, and a line feed. An item is `("text", text)`,
    `("terminal", name)` or `("repeat", [items, …], most)`; `terminals` are those that the head brings.
    """

    label: str
    line: str = ""
    head: tuple[_Item, ...] = ()
    terminals: tuple[tuple[str, Pattern], ...] = ()
    lines: int = 40


def lark_text(
    grammar: Grammar, start: str, depth: int | None = None, most: int = 16, frame: Frame | None = None
) -> str:
    """Return the canonical texts of `start` as a flat Lark grammar, of trees of at most `depth` nodes on a path.

    A list goes on for at most `most` more steps if a depth is given. Raise `GrammarError` if nothing is that shallow.
    """
    rules = _Unrolled(grammar, start, depth, most, frame).rules
    lines = [f"{name}: " + "\n  | ".join(_line(items, _LARK) for items in bodies) for name, bodies in rules.items()]
    terminals = _terminals(grammar, rules, frame)
    return "\n".join([*lines, *(f"{name}: /{_pattern(tree)}/" for name, tree in terminals)]) + "\n"


def gbnf_text(
    grammar: Grammar, start: str, depth: int | None = None, most: int = 16, frame: Frame | None = None
) -> str:
    """Return the same language as `lark_text` in GBNF, with the root `root`."""
    rules = _Unrolled(grammar, start, depth, most, frame).rules
    terminals = _terminals(grammar, rules, frame)
    lines = [
        f"{_dashed('root' if name == 'start' else name)} ::= " + " | ".join(_line(items, _GBNF) for items in bodies)
        for name, bodies in rules.items()
    ]
    return "\n".join([*lines, *(f"{_dashed(name)} ::= {_gbnf_pattern(t)}" for name, t in terminals)]) + "\n"


class _Unrolled:
    """The rules of the canonical texts: a nonterminal occurs with and without a space before it, and per depth."""

    def __init__(self, grammar: Grammar, start: str, depth: int | None, most: int, frame: Frame | None = None) -> None:
        if grammar.words or any(rule.spelling for rule in grammar.rules):
            raise GrammarError(f"{grammar.name}: decoding grammars are made of formal grammars; pass that one")
        self.grammar, self.most = grammar, most if depth is not None else None
        self.chains = Renderer(grammar).chains
        self.plans = [(f"n{number}", Plan(grammar, rule)) for number, rule in enumerate(grammar.rules) if rule.tag]
        self.least = self._least_depths()
        bound = _UNBOUNDED if depth is None else depth
        if self.least[start] > bound:
            raise GrammarError(
                f"{grammar.name}: a {start} is at least {self.least[start]} deep; raise the bound {depth}"
            )
        self.rules: dict[str, list[_Sequence]] = {"start": [[self._goal(start, bound, True)]]}
        self.queue: list[tuple[str, str, int, bool]] = [(f"{start}", start, bound, True)]
        if frame:
            self.rules["start"][0].insert(0, ("text", frame.label))
        if frame and frame.line:
            line = [*frame.head, self._goal(frame.line, bound, True), ("text", "\n")]
            self.rules["start"][0].insert(0, ("repeat", [line], frame.lines))
            self.queue.append((frame.line, frame.line, bound, True))
        while self.queue:
            name, goal, bound, tight = self.queue.pop()
            full = _name(name, bound, tight)
            if full not in self.rules:
                self.rules[full] = []  # no rule may ask for itself again
                self.rules[full] = list(self._bodies(goal, bound, tight))

    def _goal(self, goal: str, bound: int, tight: bool) -> _Item:
        return "rule", _name(goal, bound, tight)

    def _bodies(self, goal: str, bound: int, tight: bool) -> list[_Sequence]:
        """Return the alternatives of a nonterminal, or of one rule (`n7`) that leaves a trace."""
        plans = dict(self.plans)
        if goal in plans:
            return [self._body(plans[goal].items, bound - 1, tight)]
        bodies = []
        for name, chain in self.chains[goal].items():
            wanted: list[_Item] = []
            if name in self.grammar.terminal:
                wanted = [("terminal", name)]
            else:
                for key, plan in self.plans:
                    if plan.rule.origin == name and self._depth(plan) <= bound:
                        wanted.append(("goal", key, bound))
            bodies += [self._body([*chain.before, item, *chain.after], bound, tight) for item in wanted]
        return bodies

    def _body(self, items: Sequence[Any], bound: int, tight: bool) -> _Sequence:
        """Write items one after the other with the canonical spaces."""
        out: _Sequence = []
        for item in items:
            if item == _GLUE:
                tight = True
                continue
            if isinstance(item, str):
                out += [] if tight or item[0] in _CLOSING else [("text", " ")]
                out.append(("text", item))
                tight = item[-1] in _OPENING
                continue
            if item[0] == "goal":
                out.append(self._goal(item[1], item[2], tight))
                self.queue.append((item[1], item[1], item[2], tight))
            elif item[0] == "terminal" or item[1].terminal:
                out += [] if tight else [("text", " ")]
                out.append(("terminal", item[1] if item[0] == "terminal" else item[1].name))
            elif is_spliced(item[1]):
                out += self._repetition(item[1].name, bound, tight)
            else:
                out.append(self._goal(item[1].name, bound, tight))
                self.queue.append((item[1].name, item[1].name, bound, tight))
            tight = False
        return out

    def _repetition(self, helper: str, bound: int, tight: bool) -> _Sequence:
        own = [plan for _, plan in self.plans if plan.rule.origin == helper and self._inner(plan) <= bound]
        steps = [plan for plan in own if plan.rule.symbols[0].name == helper]
        first = [self._body(plan.items, bound, tight) for plan in own if plan not in steps]
        out: _Sequence = first[0] if len(first) == 1 else [("either", first)]
        if steps:
            out = [*out, ("repeat", [self._body(plan.items[1:], bound, False) for plan in steps], self.most)]
        return out

    def _inner(self, plan: Plan) -> int:
        """Return the least depth of the deepest child."""
        symbols: list[Symbol] = [item[1] for item in plan.items if not isinstance(item, str)]
        return max((0 if symbol.terminal else self.least[symbol.name] for symbol in symbols), default=0)

    def _depth(self, plan: Plan) -> int:
        return self._inner(plan) + (plan.rule.tag != "_")

    def _least_depths(self) -> dict[str, int]:
        self.least = dict.fromkeys(self.grammar.nonterminals, _UNBOUNDED + 1)
        changed = True
        while changed:
            changed = False
            for goal in self.grammar.nonterminals:
                names = {goal} if goal.startswith("_") else set(self.chains[goal])
                found = [self._depth(plan) for _, plan in self.plans if plan.rule.origin in names]
                found += [0] if any(name in self.grammar.terminal for name in names) else []
                if min(found, default=self.least[goal]) < self.least[goal]:
                    self.least[goal], changed = min(found), True
        return self.least


def _name(goal: str, bound: int, tight: bool) -> str:
    depth = "" if bound > _UNBOUNDED // 2 else f"_d{bound}"
    return re.sub(r"[^a-z0-9_]", "_", goal.lower()) + depth + ("" if tight else "_s")


_LARK = {"repeat": "({0})~0..{1}", "any": "({0})*"}
_GBNF = {"repeat": "({0}){{0,{1}}}", "any": "({0})*"}


def _line(items: _Sequence, style: dict[str, str]) -> str:
    parts = []
    for kind, value, *rest in items:
        if kind == "text":
            parts.append('"' + "".join(map(_escaped, value)) + '"')
        elif kind == "either":
            parts.append("(" + " | ".join(_line(body, style) for body in value) + ")")
        elif kind == "repeat":
            inner = " | ".join(_line(body, style) for body in value)
            parts.append(style["any" if rest[0] is None else "repeat"].format(inner, rest[0]))
        else:
            parts.append(value if style is _LARK else _dashed(value))
    return " ".join(parts)


def _terminals(grammar: Grammar, rules: dict[str, list[_Sequence]], frame: Frame | None) -> list[tuple[str, Pattern]]:
    text = repr(rules)
    found = [(t.name, t.tree) for t in grammar.terminals if f"('terminal', {t.name!r})" in text]
    return [*found, *frame.terminals] if frame and frame.line else found


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _escaped(character: str) -> str:
    return character if character.isascii() and character.isalnum() else f"\\u{ord(character):04x}"


def _set(pattern: Pattern) -> str:
    ranges = (_escaped(chr(low)) + ("" if low == high else "-" + _escaped(chr(high))) for low, high in pattern[1])
    return "[" + "".join(ranges) + "]"


def _count(pattern: Pattern) -> str:
    _, low, high, _ = pattern
    return {(0, None): "*", (1, None): "+"}.get((low, high), f"{{{low},{'' if high is None else high}}}")


def _pattern(pattern: Pattern) -> str:
    kind = pattern[0]
    if kind == "set":
        return _set(pattern)
    if kind == "rep":
        return _set(pattern[3]) + _count(pattern)
    if kind == "cat":
        return "".join(map(_pattern, pattern[1:]))
    return "(" + "|".join(map(_pattern, sorted(pattern[1:], key=lambda part: part == ("cat",)))) + ")"


def _gbnf_pattern(pattern: Pattern) -> str:
    kind = pattern[0]
    if kind == "set":
        return _set(pattern)
    if kind == "rep":
        return _set(pattern[3]) + _count(pattern)
    if kind == "cat":
        return " ".join(map(_gbnf_pattern, pattern[1:])) or '""'
    return "(" + " | ".join(map(_gbnf_pattern, pattern[1:])) + ")"


def check_decoding(
    syntax: Syntax, start: str, depth: int, sizes: Sequence[int], rng: random.Random, count: int = 20
) -> int:
    """Compare the emitted Lark grammar with the syntax on samples and on one-edit mutants; return how many were read.

    A text belongs to the decoding grammar exactly if it reads to a tree within the depth of which it is the canonical
    text. Raise `GrammarError` naming the first text on which the two disagree. Costs about 10 ms a text.
    """
    import lark

    emitted = lark.Lark(lark_text(syntax.grammar, start, depth, most=64), parser="earley", lexer="dynamic_complete")
    sampler = Sampler(syntax.grammar)
    agreed = 0
    for size in sizes:
        for _ in range(count):
            text = syntax.render(sampler.tree(start, size, rng), start)
            place = rng.randrange(len(text))
            mutant = text[:place] + rng.choice(["", text[place] * 2, " ", rng.choice(text)]) + text[place + 1 :]
            for candidate in (text, mutant):
                try:
                    tree = syntax.read(candidate, start)
                    wanted = syntax.render(tree, start) == candidate and depth_of(tree) <= depth
                except ReadError:
                    wanted = False
                try:
                    emitted.parse(candidate)
                    given = True
                except lark.exceptions.UnexpectedInput:
                    given = False
                if given != wanted:
                    verb = "accepts" if given else "refuses"
                    raise GrammarError(f"{syntax.grammar.name}: the decoding grammar {verb} {candidate!r}")
                agreed += 1
    return agreed
