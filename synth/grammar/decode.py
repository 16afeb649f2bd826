"""Grammars that constrain a language model: flat Lark (llguidance, xgrammar, vLLM) and GBNF (llama.cpp, xgrammar).

They accept exactly the canonical texts, spaces included, so a decoder needs no `%ignore`. With a depth every language
is finite. The depth bounds *nesting*: how often brackets, functions and the like stand in each other (`Nesting`).
What goes on to the right, such as `a + b + c`, is no nesting but a list, which goes on for at most `most` more; an open
repeat in a terminal (`[0-9]+`) has at most 16 characters more than it must. Printable characters stand for themselves,
so the texts can be shown. Every word is a lexeme of its own and so is the space before it: a lexer that takes the
longest match and never goes back (llguidance) then reads them as we do.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count, groupby, pairwise
from typing import Any, TypeAlias

from synth.grammar.ir import Grammar, GrammarError, Symbol
from synth.grammar.pattern import Pattern
from synth.grammar.render import _GLUE, Plan, Renderer, is_spliced
from synth.grammar.sampler import Sampler
from synth.grammar.syntax import Syntax
from synth_kernel.tables import ReadError, Tree

# an item is ("text", text) · ("terminal", name) · ("rule", name) · ("either", sequences)
# · ("repeat", sequences, least, most or None)
_Item: TypeAlias = tuple[Any, ...]
_Sequence: TypeAlias = tuple[_Item, ...]

OPEN_REPEAT = 16  # characters: numbers of right answers have at most 7 digits
_NEVER = 1 << 20  # nesting that no tree has
_OPENING, _CLOSING = "([“‘»›", ",.;:?!)]”’«‹"
_SIGNS = "^-[]/.$|?*+(){}&~#"  # that mean something in a regular expression of Python, Rust or Lark


@dataclass(frozen=True)
class Frame:
    """What stands around a text of the grammar: a label before it, and before that lines, if `line` is not "".

    A line is `numbered` with its number from 0, the items of `head`, a text of the start `line`, and a line feed. An
    item is `("text", text)`, `("terminal", name)` or `("repeat", (items, …), least, most)`; `terminals` are those that
    the head brings.
    """

    label: str
    line: str = ""
    numbered: str = ""
    head: tuple[_Item, ...] = ()
    terminals: tuple[tuple[str, Pattern], ...] = ()
    lines: int = 40


def lark_text(
    grammar: Grammar, start: str, depth: int | None = None, most: int = 64, frame: Frame | None = None
) -> str:
    """Return the canonical texts of `start` as a flat Lark grammar, of trees nested at most `depth` deep.

    With a depth, a list goes on for at most `most` more steps and a terminal's open repeat for `OPEN_REPEAT`. Raise
    `GrammarError` if nothing is that shallow. Costs about 5 ms.
    """
    flat = _Flat(grammar, start, depth, most, frame)
    lines = [f"{name}: " + "\n  | ".join(map(_lark_line, bodies)) for name, bodies in flat.rules.items()]
    terminals = _terminals(grammar, flat.rules, frame, depth is not None)
    return "\n".join([*lines, *(f"{name}: /{_pattern(tree)}/" for name, tree in terminals)]) + "\n"


def gbnf_text(
    grammar: Grammar, start: str, depth: int | None = None, most: int = 64, frame: Frame | None = None
) -> str:
    """Return the same language as `lark_text` in GBNF, with the root `root`."""
    flat = _Flat(grammar, start, depth, most, frame)
    lines = [
        f"{_dashed('root' if name == 'start' else name)} ::= " + " | ".join(map(_gbnf_line, bodies))
        for name, bodies in flat.rules.items()
    ]
    terminals = _terminals(grammar, flat.rules, frame, depth is not None)
    return "\n".join([*lines, *(f"{_dashed(name)} ::= {_gbnf_pattern(tree)}" for name, tree in terminals)]) + "\n"


class Nesting:
    """How deep the trees of a grammar are nested: a number that brackets raise and long sums do not.

    A nonterminal lies *below* another if it binds tighter (`product` below `sum`), or if the other can never come back
    under it. A step from a node down to a child costs 1 unless the child's nonterminal lies below the node's, or the
    child is the left operand of a left-recursive rule (`a + b` in `a + b + c`).
    """

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.chains = Renderer(grammar).chains
        self.plans: dict[str, list[Plan]] = {}
        for rule in grammar.rules:
            if rule.tag:
                self.plans.setdefault(rule.origin, []).append(Plan(grammar, rule))
        plain = [rule for rule in grammar.rules if rule.tag not in ("", "_")]
        onward = {r.tag: r.symbols[0].kept and r.symbols[0].name == r.origin for r in plain}
        for rule in plain:
            onward[rule.tag] &= rule.symbols[0].name == rule.origin
        self.onward = frozenset(tag for tag, always in onward.items() if always)
        self._reach = self._closure()

    def of(self, tree: Tree) -> int:
        """Return how deep a tree is nested.

        >>> from synth.family.registry import families
        >>> formal = families()["countdown"].formal
        >>> nesting = Nesting(formal.grammar)
        >>> [nesting.of(formal.read(text, "solution")) for text in ("1 + 2 + 3 * 4", "1 * (2 + 3)")]
        [0, 1]
        """
        origin, deepest = self.grammar.tags[str(tree[0])], 0
        for number, child in enumerate(tree[1:]):
            if isinstance(child, tuple):
                below = self.grammar.tags[str(child[0])]
                free = number == 0 and below == origin and str(tree[0]) in self.onward
                deepest = max(deepest, self.of(child) + (0 if free else self.cost(origin, below)))
        return deepest

    def cost(self, origin: str, child: str) -> int:
        """Return what a step from a nonterminal to a child of another costs, left operands aside."""
        return 0 if self._below(origin, child) else 1

    def _below(self, origin: str, child: str) -> bool:
        chain = self.chains[origin].get(child)
        tighter = chain is not None and child != origin and not (chain.before or chain.after)
        return tighter or (child in self._reach[origin] and origin not in self._reach[child])

    def _closure(self) -> dict[str, set[str]]:
        """Return what can stand somewhere inside each nonterminal."""
        nonterminals = self.grammar.nonterminals
        reach = {
            name: {other for other in self.chains[name] if other != name and other in nonterminals}
            | {
                symbol.name
                for plan in self.plans.get(name, ())
                for symbol in _nonterminals(plan)
                if not (symbol is plan.rule.symbols[0] and (plan.rule.tag in self.onward or _repeats(plan)))
            }
            for name in nonterminals
        }
        changed = True
        while changed:
            changed = False
            for found in reach.values():
                more = set().union(*(reach[other] for other in found)) - found
                found |= more
                changed |= bool(more)
        return reach

    @cached_property
    def least(self) -> dict[str, int]:
        """The least nesting of a node of each nonterminal."""
        least = dict.fromkeys(self.grammar.nonterminals, _NEVER)
        changed = True
        while changed:
            changed = False
            for origin in self.grammar.nonterminals:
                for plan in self.plans.get(origin, ()):
                    found = self.least_inside(plan, origin, least)
                    if not is_spliced(Symbol(origin, False, True)) and found < least[origin]:
                        least[origin], changed = found, True
        return least

    def least_inside(self, plan: Plan, origin: str, least: dict[str, int] | None = None) -> int:
        """Return the least nesting of a node of a nonterminal that is built by a plan, or by one of its repetitions."""
        least = self.least if least is None else least
        deepest = 0
        for symbol in _nonterminals(plan):
            if is_spliced(symbol):
                if symbol.name != plan.rule.origin:
                    deepest = max(deepest, self._least_repetition(symbol.name, origin, least))
                continue
            found = _NEVER
            for name in self.chains[symbol.name]:
                if name in self.grammar.terminal:
                    found = 0
                elif name == origin and plan.rule.tag in self.onward and symbol is plan.rule.symbols[0]:
                    found = min(found, least[name])
                else:
                    found = min(found, least[name] + self.cost(origin, name))
            deepest = max(deepest, found)
        return deepest

    def _least_repetition(self, helper: str, origin: str, least: dict[str, int]) -> int:
        bases = [plan for plan in self.plans[helper] if not _repeats(plan)]
        return min(self.least_inside(plan, origin, least) for plan in bases)

    @cached_property
    def bounded(self) -> frozenset[str]:
        """The nonterminals inside which a step may cost something, so that a bound means something."""
        nested = {name for name, inside in self._reach.items() if name in inside}
        return frozenset(name for name, inside in self._reach.items() if nested & {name, *inside})


def _nonterminals(plan: Plan) -> Iterator[Symbol]:
    return (item[1] for item in plan.items if not isinstance(item, str) and not item[1].terminal)


def _repeats(plan: Plan) -> bool:
    return plan.rule.symbols[0].name == plan.rule.origin


class _Flat:
    """The flat rules of the canonical texts, each nonterminal once for every bound on its nesting."""

    def __init__(self, grammar: Grammar, start: str, depth: int | None, most: int, frame: Frame | None = None) -> None:
        if grammar.words or any(rule.spelling for rule in grammar.rules):
            raise GrammarError(f"{grammar.name}: decoding grammars are made of formal grammars; pass that one")
        self.grammar, self.most = grammar, most if depth is not None else None
        self.nesting = Nesting(grammar)
        self.chains, self.plans = self.nesting.chains, self.nesting.plans
        self.closing = self._closing_first()
        self.rules: dict[str, list[_Sequence]] = {"start": []}
        self.names: dict[Any, str] = {}
        self.children: dict[tuple[str, str, int | None, bool], _Sequence] = {}
        text = [("text", frame.label)] if frame else []
        if frame and frame.line:
            self.rules |= {"step_line": [], "last_line": []}
            names = ["start", *(f"lines_{number}" for number in range(1, frame.lines)), "last_line"]
            for number, (own, following) in enumerate(pairwise(names)):
                line = ("text", f"{frame.numbered}{number}"), ("rule", "step_line"), ("rule", following)
                self.rules[own] = [line, (("rule", "last_line"),)]
            self.rules["step_line"] = [(*frame.head, *self._start(frame.line, depth), ("text", "\n"))]
            self.rules["last_line"] = [(*text, *self._start(start, depth))]
        else:
            self.rules["start"] = [(*text, *self._start(start, depth))]

    def _start(self, start: str, depth: int | None) -> _Sequence:
        """Return what stands for a text of a start."""
        sequences = self._alternatives(start, lambda name: depth, True)
        if not sequences:
            least = min((self.nesting.least[n] for n in self.chains[start] if n in self.nesting.least), default=_NEVER)
            raise GrammarError(
                f"{self.grammar.name}: a {start} is nested {least} deep at least; raise the bound {depth}"
            )
        return self._named(start, sequences)

    def _alternatives(self, goal: str, bound: Any, tight: bool, besides: str = "") -> list[_Sequence]:
        """Return what may stand for a nonterminal; `bound(name)` is the bound for each that it may pass on.

        With `besides` the left-recursive alternatives of that nonterminal are left out.
        """
        found: list[_Sequence] = []
        for name, chain in self.chains[goal].items():
            if name in self.grammar.terminal:
                found.append(self._body([*chain.before, ("terminal", name), *chain.after], "", None, tight))
                continue
            limit = bound(name)
            plans = self._shallow(self.plans.get(name, ()), name, limit)
            if name == besides:
                found += [self._body(plan.items, name, limit, tight) for plan in plans if not self._onward(plan)]
            elif plans:
                limit = limit if name in self.nesting.bounded else None
                found.append(self._body([*chain.before, ("node", name, limit), *chain.after], "", None, tight))
        return found

    def _shallow(self, plans: Iterable[Plan], origin: str, bound: int | None) -> list[Plan]:
        return [plan for plan in plans if bound is None or self.nesting.least_inside(plan, origin) <= bound]

    def _onward(self, plan: Plan) -> bool:
        return plan.rule.tag in self.nesting.onward

    def _named(self, name: str, sequences: list[_Sequence], tight: bool = True) -> _Sequence:
        """Return a reference to a rule of these alternatives, or the only one itself."""
        distinct = tuple(dict.fromkeys(sequences))
        if len(distinct) == 1:
            return distinct[0]
        if distinct not in self.names:
            self.names[distinct] = own = self._free(_plain(name) + ("" if tight else "_s"))
            self.rules[own] = list(distinct)
        return (("rule", self.names[distinct]),)

    def _free(self, name: str) -> str:
        return next(n for i in count(1) if (n := name if i == 1 else f"{name}_{i}") not in self.rules)

    def _node(self, origin: str, bound: int | None, tight: bool) -> _Sequence:
        """Return a reference to the rule for the nodes of a nonterminal that are nested within a bound."""
        key = origin, bound, tight
        if key not in self.names:
            own = self._free(_bounded(f"{_plain(origin)}_node", bound) + ("" if tight else "_s"))
            self.names[key], self.rules[own] = own, []  # nothing else may take the name, or ask for the rule again
            plans = self._shallow(self.plans[origin], origin, bound)
            bodies = [self._body(plan.items, origin, bound, tight) for plan in plans if not self._onward(plan)]
            steps = [plan for plan in plans if self._onward(plan)]
            if steps:
                tails = [self._body(plan.items[1:], origin, bound, False) for plan in steps]
                inside = self._inside(origin, bound)
                heads = self._alternatives(origin, lambda n: bound if n == origin else inside(n), tight, besides=origin)
                first = self._named(_bounded(f"{origin}_first", bound), heads, tight)
                bodies.append((*first, ("repeat", tuple(tails), 1, self.most and self.most + 1)))
            self.rules[own] = bodies
        return (("rule", self.names[key]),)

    def _body(self, items: Sequence[Any], origin: str, bound: int | None, tight: bool) -> _Sequence:
        """Write items of a node one after the other with the canonical spaces."""
        out: list[_Item] = []
        for item in items:
            if item == _GLUE:
                tight = True
                continue
            if isinstance(item, str):
                out += [] if tight or _closes(item) else [("text", " ")]
                out.append(("text", item))
                tight = item[-1] in _OPENING
                continue
            if item[0] in ("terminal", "node") or item[1].terminal:
                loose = not tight and item[0] == "node" and item[1] in self.closing
                out += [] if tight or loose else [("text", " ")]
                if item[0] == "node":
                    out += self._node(item[1], item[2], not loose)
                else:
                    out.append(("terminal", item[1] if item[0] == "terminal" else item[1].name))
            elif is_spliced(item[1]):
                out += self._repetition(item[1].name, origin, bound, tight)
            else:
                loose = not tight and item[1].name in self.closing
                out += [] if tight or loose else [("text", " ")]
                out += self._child(item[1].name, origin, bound, not loose)
            tight = False
        return tuple(out)

    def _child(self, goal: str, origin: str, bound: int | None, tight: bool) -> _Sequence:
        """Return a reference to what may stand for a nonterminal right under a node of another."""
        key = goal, origin, bound, tight
        if key not in self.children:
            inside = self._inside(origin, bound)
            limits = [inside(name) for name in self.chains[goal] if name in self.nesting.bounded]
            limit = max((limit for limit in limits if limit is not None), default=None)
            self.children[key] = self._named(_bounded(goal, limit), self._alternatives(goal, inside, tight), tight)
        return self.children[key]

    def _inside(self, origin: str, bound: int | None) -> Any:
        """Return what bounds the nodes right under one of a nonterminal."""
        return lambda name: None if bound is None else bound - self.nesting.cost(origin, name)

    def _repetition(self, helper: str, origin: str, bound: int | None, tight: bool) -> _Sequence:
        own = self._shallow(self.plans[helper], origin, bound)
        first = [self._body(plan.items, origin, bound, tight) for plan in own if not _repeats(plan)]
        steps = [self._body(plan.items[1:], origin, bound, False) for plan in own if _repeats(plan)]
        out: _Sequence = first[0] if len(first) == 1 else (("either", tuple(first)),)
        return (*out, ("repeat", tuple(steps), 0, self.most)) if steps else out

    def _closing_first(self) -> frozenset[str]:
        """Return the nonterminals whose texts may begin with a sign that has no space before it."""
        found: set[str] = set()
        changed = True
        while changed:
            changed = False
            for goal in self.grammar.nonterminals:
                firsts: list[Any] = [plan.items[0] for plan in self.plans.get(goal, ())]
                for name, chain in self.chains.get(goal, {}).items():
                    firsts += chain.before[:1] or [plan.items[0] for plan in self.plans.get(name, ())]
                signs = any(_closes(i) if isinstance(i, str) else i[1].name in found for i in firsts)
                if signs and goal not in found:
                    found.add(goal)
                    changed = True
        return frozenset(found)


def _closes(text: str) -> bool:
    """Say whether a text has no space before it."""
    return text[0] in _CLOSING and not text.startswith("!=")


def _bounded(name: str, bound: int | None) -> str:
    return name if bound is None else f"{name}_{bound}"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9_]", "_", name.lower()).strip("_")


# ---- the two notations -----------------------------------------------------------------------------------------------


def _lark_line(items: _Sequence) -> str:
    return " ".join(_item(item, _lark_line, "~{0}..{1}", str) for item in items)


def _gbnf_line(items: _Sequence) -> str:
    return " ".join(_item(item, _gbnf_line, "{{{0},{1}}}", _dashed) for item in items)


def _item(item: _Item, line: Callable[[_Sequence], str], times: str, name: Callable[[str], str]) -> str:
    kind, value = item[:2]
    if kind == "text":
        return _quoted(value)
    if kind in ("terminal", "rule"):
        return name(value)
    inner = "(" + " | ".join(map(line, value)) + ")"
    if kind == "either":
        return inner
    least, most = item[2:]
    return inner + ("*+"[least] if most is None else times.format(least, most))


def _used(sequences: Iterable[_Sequence]) -> set[str]:
    """Return the terminals that occur."""
    found: set[str] = set()
    for items in sequences:
        for kind, value, *_ in items:
            found |= {value} if kind == "terminal" else _used(value) if kind in ("either", "repeat") else set()
    return found


def _terminals(
    grammar: Grammar, rules: dict[str, list[_Sequence]], frame: Frame | None, closed: bool
) -> list[tuple[str, Pattern]]:
    used = set().union(*map(_used, rules.values()))
    known = [*((t.name, t.tree) for t in grammar.terminals), *(frame.terminals if frame else ())]
    return [(name, _closed(tree) if closed else tree) for name, tree in known if name in used]


def _closed(pattern: Pattern) -> Pattern:
    """Give open repeats an end."""
    kind = pattern[0]
    if kind == "rep" and pattern[2] is None:
        return kind, pattern[1], pattern[1] + OPEN_REPEAT, pattern[3]
    return (kind, *(_closed(part) for part in pattern[1:])) if kind in ("cat", "alt") else pattern


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _quoted(text: str) -> str:
    return '"' + "".join(_escaped(character, '"') for character in text) + '"'


def _escaped(character: str, special: str) -> str:
    if character == "\n":
        return "\\n"
    if not character.isprintable():
        return f"\\u{ord(character):04x}"
    return "\\" + character if character in special or character == "\\" else character


def _set(pattern: Pattern, gbnf: bool) -> str:
    """Write a set of characters. A range ends in letters, digits or what is not ASCII; signs stand alone.

    In GBNF only brackets and the backslash can be escaped everywhere, so `^` does not stand first and `-` stands last.
    """
    ranges = [(low, high) for low, high in pattern[1] if low < high and all(map(_ends_range, (low, high)))]
    singles = [chr(code) for low, high in pattern[1] if (low, high) not in ranges for code in range(low, high + 1)]
    if not ranges and len(singles) == 1 and not gbnf:
        return _escaped(singles[0], _SIGNS)
    singles.sort(key=lambda character: ("^-".find(character), character))
    parts = [f"{chr(low)}-{chr(high)}" for low, high in ranges]
    inside = "".join([*parts, *(_escaped(each, "[]" if gbnf else _SIGNS) for each in singles)])
    if gbnf and inside.startswith("^"):
        raise GrammarError("a terminal that is only `^` and `-` cannot be written in GBNF; make it a fixed word")
    return f"[{inside}]"


def _ends_range(code: int) -> bool:
    return chr(code).isalnum() if code < 128 else chr(code).isprintable()


def _count(pattern: Pattern) -> str:
    _, low, high, _ = pattern
    return {(0, None): "*", (1, None): "+"}.get((low, high), f"{{{low},{'' if high is None else high}}}")


def _pattern(pattern: Pattern) -> str:
    kind = pattern[0]
    if kind == "set":
        return _set(pattern, False)
    if kind == "rep":
        return _set(pattern[3], False) + _count(pattern)
    if kind == "cat":
        return "".join(map(_pattern, pattern[1:]))
    return "(" + "|".join(map(_pattern, sorted(pattern[1:], key=lambda part: part == ("cat",)))) + ")"


def _gbnf_pattern(pattern: Pattern) -> str:
    """Write a pattern, runs of single characters as strings."""
    kind = pattern[0]
    if kind == "set":
        return _quoted(text) if (text := _single(pattern)) else _set(pattern, True)
    if kind == "rep":
        return _gbnf_pattern(pattern[3]) + _count(pattern)
    if kind == "cat":
        out: list[str] = []
        for single, run in groupby(pattern[1:], key=lambda part: bool(_single(part))):
            parts = list(run)
            out += [_quoted("".join(map(_single, parts)))] if single else map(_gbnf_pattern, parts)
        return " ".join(out) or '""'
    return "(" + " | ".join(map(_gbnf_pattern, pattern[1:])) + ")"


def _single(pattern: Pattern) -> str:
    """Return the character of a set of one, else nothing."""
    if pattern[0] == "set" and len(pattern[1]) == 1 and pattern[1][0][0] == pattern[1][0][1]:
        return chr(pattern[1][0][0])
    return ""


def check_decoding(
    syntax: Syntax, start: str, depth: int, sizes: Sequence[int], rng: random.Random, count: int = 20
) -> int:
    """Compare the emitted Lark grammar with the syntax on samples and on one-edit mutants; return how many were read.

    A text belongs to the decoding grammar exactly if it reads to a tree nested within the depth of which it is the
    canonical text. Raise `GrammarError` naming the first text on which the two disagree. Costs about 10 ms a text.
    """
    import lark

    emitted = lark.Lark(lark_text(syntax.grammar, start, depth), parser="earley", lexer="dynamic_complete")
    sampler, nesting = Sampler(syntax.grammar), Nesting(syntax.grammar)
    agreed = 0
    for size in sizes:
        for _ in range(count):
            text = syntax.render(sampler.tree(start, size, rng), start)
            place = rng.randrange(len(text))
            mutant = text[:place] + rng.choice(["", text[place] * 2, " ", rng.choice(text)]) + text[place + 1 :]
            for candidate in (text, mutant):
                try:
                    tree = syntax.read(candidate, start)
                    wanted = syntax.render(tree, start) == candidate and nesting.of(tree) <= depth
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
