"""The one representation of a grammar: what lark compiles, checked, frozen and independent of lark's hash order.

A `.lark` file is written for people; lark compiles away its imports, templates, groups and repetitions. From the
compiled rules come the reader, the renderer, the sampler and the decoding grammars, so the four cannot drift apart.
Strict compilation is slow (interegular compares every pair of terminals), so its result is cached as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from synth.errors import UserError
from synth.grammar.pattern import Pattern, PatternError, first_characters, parse_pattern, print_pattern

STARTS = ("problem", "solution", "step")
_CACHE_VERSION = 3


class GrammarError(UserError, ValueError):
    """A grammar cannot be used; the message names the file, the line and the next step."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """An occurrence of a terminal or a nonterminal in a rule; a terminal that is not kept is a fixed word."""

    name: str
    terminal: bool
    kept: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One compiled alternative.

    `tag` is the name of the node that it builds; "" passes its only child on, "_" splices its children into the parent.
    `order` lists the kept positions in the order of the children; a language may permute them. `number` holds
    conditions (child, singular) under which a renderer may choose this alternative; `spelling` is what a phrase of a
    language writes at each position ("" at a slot).
    """

    origin: str
    symbols: tuple[Symbol, ...]
    tag: str
    order: tuple[int, ...]
    number: tuple[tuple[int, bool], ...] = ()
    spelling: tuple[str, ...] = ()


@dataclass(frozen=True)
class Terminal:
    """A fixed word (`literal`) or a plain pattern; `fold` ignores case, `yields` lists the words that go before it."""

    name: str
    literal: str
    pattern: str
    fold: bool
    yields: tuple[int, ...] = ()

    @property
    def shown(self) -> str:
        """Its name in messages."""
        return repr(self.literal) if self.literal else self.name

    @cached_property
    def tree(self) -> Pattern:
        """The abstract syntax of its pattern."""
        return parse_pattern(self.pattern)

    @cached_property
    def matches(self) -> Any:
        """Tell whether a text is one token of this kind (a compiled `fullmatch`)."""
        return re.compile(self.pattern).fullmatch


@dataclass(frozen=True)
class Grammar:
    """A compiled grammar: rules, terminals in the order in which a lexer tries them, and the LALR(1) automaton."""

    name: str
    text: str
    starts: tuple[str, ...]
    rules: tuple[Rule, ...]
    terminals: tuple[Terminal, ...]
    automaton: Mapping[str, Any]
    words: Mapping[str, Mapping[str, str]]  # terminal -> {word of a language: formal word}

    @cached_property
    def terminal(self) -> Mapping[str, Terminal]:
        """The terminals by name."""
        return {terminal.name: terminal for terminal in self.terminals}

    @cached_property
    def by_origin(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules of each nonterminal, in the order of the file."""
        return {origin: tuple(rule for rule in self.rules if rule.origin == origin) for origin in self.nonterminals}

    @cached_property
    def nonterminals(self) -> tuple[str, ...]:
        """The nonterminals in order of appearance."""
        return tuple(dict.fromkeys(rule.origin for rule in self.rules))

    @cached_property
    def tags(self) -> Mapping[str, str]:
        """The nonterminal that defines each node name."""
        return {rule.tag: rule.origin for rule in self.rules if rule.tag not in ("", "_")}

    def pack(self) -> dict[str, Any]:
        """Return the table that `synth_kernel.tables.Reader` reads, as JSON data."""
        column = {name: number for number, name in enumerate(self.nonterminals)}
        number = {terminal.name: position for position, terminal in enumerate(self.terminals)}
        return {
            "v": 1,
            "terminals": [[terminal.shown, terminal.pattern, list(terminal.yields)] for terminal in self.terminals],
            "words": {
                str(number[name]): {word.lower(): formal for word, formal in sorted(words.items())}
                for name, words in sorted(self.words.items())
            },
            "rules": [[column[rule.origin], rule.tag, len(rule.symbols), list(rule.order)] for rule in self.rules],
            **self.automaton,
        }


@dataclass(frozen=True, slots=True)
class Alternative:
    """What an alias of a derived language grammar stands for (see `Rule`)."""

    tag: str
    order: tuple[int, ...]
    number: tuple[tuple[int, bool], ...] = ()
    spelling: tuple[str, ...] = ()


def compile_grammar(
    text: str,
    name: str,
    starts: Sequence[str] = (),
    alternatives: Mapping[str, Alternative] | None = None,
    words: Mapping[str, Mapping[str, str]] | None = None,
) -> Grammar:
    """Compile the text of a `.lark` file, strictly, and check that it can be read, rendered, sampled and decoded.

    >>> grammar = compile_grammar('''
    ... problem: NAME "says" claim -> says
    ... ?claim: "yes" -> yes | claim "or" "yes" -> either
    ... NAME: "Ann" | "Bob"
    ... %import common.WS
    ... %ignore WS
    ... ''', "example.lark")
    >>> [(rule.origin, rule.tag, rule.order) for rule in grammar.rules]
    [('problem', 'says', (0, 2)), ('claim', 'yes', ()), ('claim', 'either', (0,))]
    """
    found = tuple(starts) or tuple(start for start in STARTS if re.search(rf"^[?!]*{start}\b.*:", text, re.MULTILINE))
    if not found:
        raise GrammarError(f"{name}: defines none of the starts {', '.join(STARTS)}; add a rule `problem: …`")
    compiled = _cached(text, name, found, alternatives is not None)
    place = _Places(name, "" if alternatives is not None else text)  # lines of a derived text would mislead
    terminals = _terminals(compiled, place)
    rules = _rules(compiled, place, terminals, alternatives or {})
    _check_rules(rules, place, derived=alternatives is not None)
    shown = {terminal.name: position for position, terminal in enumerate(terminals)}
    automaton = _automaton(compiled, shown, rules)
    return Grammar(name, text, found, rules, terminals, automaton, words or {})


# ---- compilation with lark, cached -------------------------------------------------------------------------------


def _cached(text: str, name: str, starts: tuple[str, ...], derived: bool) -> dict[str, Any]:
    """Return lark's result from the user's cache, or compile and store it; many processes may do so at once."""
    from importlib.metadata import version

    key = hashlib.sha256(repr((_CACHE_VERSION, version("lark"), starts, text)).encode()).hexdigest()
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "synth" / "grammars"
    path = folder / f"{key}.json"
    try:
        compiled: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if compiled.get("key") == key:
            return compiled
    except (OSError, ValueError, AttributeError):
        pass
    compiled = {"key": key, **_compile(text, name, starts, derived)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, suffix=".part", delete=False) as file:
            json.dump(compiled, file)
        Path(file.name).replace(path)
    except OSError:  # a cache that cannot be written costs time, nothing else
        pass
    return compiled


def _compile(text: str, name: str, starts: tuple[str, ...], derived: bool) -> dict[str, Any]:
    """Run lark in strict mode and return rules, terminals and automaton as JSON data in a canonical order."""
    import lark

    place = _Places(name, "" if derived else text)
    options: dict[str, Any] = {"parser": "lalr", "lexer": "contextual", "strict": True, "start": list(starts)}
    try:
        parser = lark.Lark(text, maybe_placeholders=False, **options)
    except lark.exceptions.LarkError as error:
        raise GrammarError(_explained(str(error), place)) from None
    if not derived and any(rule.options.empty_indices for rule in _with_placeholders(text, starts)):
        raise GrammarError(f"{name}: `[x]` leaves no trace in the tree; write two alternatives, each with an alias")
    unless: dict[str, list[str]] = {}
    terminals = sorted(parser.terminals, key=lambda t: (-t.pattern.max_width, -len(t.pattern.value), t.name))
    fixed = [terminal for terminal in terminals if terminal.pattern.type == "str"]
    for terminal in terminals:
        if terminal.pattern.type == "re":  # lark's own rule (lark.lexer._create_unless)
            match = re.compile(terminal.pattern.to_regexp()).match
            unless[terminal.name] = [
                word.name for word in fixed if (hit := match(word.pattern.value)) and hit[0] == word.pattern.value
            ]
    rules = list(parser.rules)
    index = {rule: number for number, rule in enumerate(rules)}
    table = parser.parser.parser._parse_table
    order = {table.start_states[start]: None for start in starts}
    for state in (queue := list(order)):  # lark numbers states by the addresses of objects; we number them by search
        for _, (action, target) in sorted(table.states[state].items()):
            if action.name == "Shift" and target not in order:
                order[target] = None
                queue.append(target)
    number = {state: position for position, state in enumerate(order)}
    return {
        "terminals": [
            [t.name, t.pattern.type, t.pattern.value, sorted(t.pattern.flags), t.priority, unless.get(t.name, [])]
            for t in terminals
        ],
        "ignore": list(parser.ignore_tokens),
        "rules": [
            [
                str(rule.origin.name),
                [
                    [str(symbol.name), symbol.is_term, not getattr(symbol, "filter_out", False)]
                    for symbol in rule.expansion
                ],
                str(rule.alias or ""),
                [bool(rule.options.expand1), bool(rule.options.keep_all_tokens), rule.options.priority is not None],
            ]
            for rule in rules
        ],
        "states": [
            [
                [str(symbol), number[target] if action.name == "Shift" else ~index[target]]
                for symbol, (action, target) in sorted(table.states[state].items())
            ]
            for state in order
        ],
        "starts": {start: [number[table.start_states[start]], number[table.end_states[start]]] for start in starts},
    }


def _with_placeholders(text: str, starts: tuple[str, ...]) -> list[Any]:
    """Compile once more, loosely, only to learn where `[x]` was written."""
    if "[" not in re.sub(r'"(?:\\.|[^"\\\n])*"|/(?:\\.|[^/\\\n])+/|//.*', "", text):
        return []
    import lark

    return list(lark.Lark(text, parser="earley", start=list(starts), maybe_placeholders=True).rules)


class _Places:
    """Find the line of a rule, an alias or a terminal in the text of a grammar."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.lines = name, text.splitlines()

    def of(self, word: str) -> str:
        for pattern in (rf"->\s*{re.escape(word)}\b", rf"^\s*[?!]*{re.escape(word)}(?:\{{.*\}})?(?:\.\d+)?\s*:"):
            for number, line in enumerate(self.lines, 1):
                if re.search(pattern, line):
                    return f"{self.name}, line {number}"
        return self.name


def _explained(message: str, place: _Places) -> str:
    """Turn lark's message into: where, what, next step."""
    conflict = re.search(
        r"(Shift/Reduce conflict for terminal (\w+)|Reduce/Reduce collision in Terminal\('?(\w+))"
        r".*?<(\w+) : (.*?)>",
        message,
        re.DOTALL,
    )
    if conflict:
        token, origin, expansion = conflict[2] or conflict[3], conflict[4], conflict[5]
        where = place.of(re.sub(r"^_+|_(?:star|plus)_\d+$", "", origin))
        if origin == expansion.strip():
            return (
                f"{where}: the rule {origin} contains nothing but itself, so a text has infinitely many trees; "
                f"delete the alternative, or give it a word of its own"
            )
        return (
            f"{where}: before {token} the reader cannot tell whether `{origin}: {expansion}` is complete "
            f"(a {conflict[1].split()[0]} conflict); give one of the two readings a word or a bracket of its own"
        )
    collision = re.search(r"Collision between Terminals (\w+) and (\w+)", message)
    if collision:
        one, other = sorted((collision[1], collision[2]))  # lark compares them in the order of a set
        return f"{place.of(one)}: the terminals {one} and {other} match a common text; make them disjoint"
    line = re.search(r"line (\d+)", message)
    where = f"{place.name}, line {line[1]}" if line else place.name
    return f"{where}: {' '.join(message.split())[:400]}; see the syntax of lark grammars"


# ---- checks -------------------------------------------------------------------------------------------------------


def _terminals(compiled: Mapping[str, Any], place: _Places) -> tuple[Terminal, ...]:
    """Check the terminals and print their patterns in the plain form that the kernel accepts."""
    if compiled["ignore"] not in ([], ["WS"]):
        raise GrammarError(f"{place.name}: only whitespace is ignored; write `%import common.WS` and `%ignore WS`")
    if not compiled["ignore"]:
        raise GrammarError(f"{place.name}: tokens are separated by spaces; add `%import common.WS` and `%ignore WS`")
    raw = [entry for entry in compiled["terminals"] if entry[0] != "WS"]
    number = {entry[0]: position for position, entry in enumerate(raw)}
    result = []
    for name, kind, value, flags, priority, unless in raw:
        where = f"{place.of(name)}: the terminal {name}"
        if priority:
            raise GrammarError(
                f"{where} has a priority, which samplers and decoders cannot follow; make it disjoint instead"
            )
        if set(flags) - {"i"}:
            raise GrammarError(f"{where} has the flag {''.join(flags)!r}; only `i` is understood")
        fold = "i" in flags
        source = re.escape(value) if kind == "str" else value
        try:
            tree, pattern = parse_pattern(source, fold), print_pattern(parse_pattern(source))
        except PatternError as error:
            raise GrammarError(f"{where}: {error}") from None
        if first_characters(tree) & set(" \t\f\r\n"):
            raise GrammarError(f"{where} may begin with a space, but spaces between tokens are ignored; drop it")
        if kind == "re" and any(re.fullmatch(pattern, sign + "1") for sign in "+-−"):
            raise GrammarError(f'{where} contains its sign, so `a-1` is misread; write a rule `"-" {name} -> negative`')
        literal = value if kind == "str" else ""
        pattern = f"(?i:{pattern})" if fold else pattern
        result.append(Terminal(name, literal, pattern, fold, tuple(number[word] for word in unless)))
    return tuple(result)


def _rules(
    compiled: Mapping[str, Any], place: _Places, terminals: Iterable[Terminal], alternatives: Mapping[str, Alternative]
) -> tuple[Rule, ...]:
    """Turn lark's rules into ours and insist on an alias for whatever is not passed on."""
    fixed = {terminal.name for terminal in terminals if terminal.literal}
    result = []
    for origin, expansion, alias, (single, keep_all, priority) in compiled["rules"]:
        symbols = tuple(Symbol(*symbol) for symbol in expansion)
        where = place.of(alias or origin)
        text = " ".join(symbol.name for symbol in symbols)
        if keep_all or priority:
            what = "keeps every word (`!`)" if keep_all else "has a priority"
            raise GrammarError(f"{where}: the rule {origin} {what}; remove that")
        for symbol in symbols:
            if symbol.kept and symbol.name.startswith("__ANON"):
                raise GrammarError(f"{where}: a pattern inside the rule {origin} has no name; define `NAME: /…/`")
            if symbol.terminal and not symbol.kept and symbol.name not in fixed:
                raise GrammarError(
                    f"{where}: {symbol.name} is dropped from the tree but is no fixed word; rename it without `_`"
                )
        order = tuple(position for position, symbol in enumerate(symbols) if symbol.kept)
        if origin.startswith("_"):
            if alias:
                raise GrammarError(
                    f"{where}: the children of {origin} are spliced, so its alias {alias} is lost; remove one"
                )
            result.append(Rule(origin, symbols, "_", order))
        elif alias in alternatives:
            given = alternatives[alias]
            result.append(Rule(origin, symbols, given.tag, given.order, given.number, given.spelling))
        elif alias:
            result.append(Rule(origin, symbols, alias, order))
        elif single and len(order) == 1 and not symbols[order[0]].name.startswith("_"):
            result.append(Rule(origin, symbols, "", order))
        else:
            raise GrammarError(f"{where}: the alternative `{origin}: {text}` has no alias; write `-> name` behind it")
    return tuple(result)


def _check_rules(rules: tuple[Rule, ...], place: _Places, derived: bool) -> None:
    """Refuse what makes the text of a tree ambiguous, and a rule that no text fits."""
    origins = {rule.origin for rule in rules}
    _check_productive(rules, place)
    defined: dict[str, str] = {}
    shapes: dict[tuple[Any, ...], Rule] = {}
    for rule in rules:
        where = place.of(rule.tag if rule.tag not in ("", "_") else rule.origin)
        if rule.tag not in ("", "_"):
            if defined.setdefault(rule.tag, rule.origin) != rule.origin:
                other = defined[rule.tag]
                raise GrammarError(f"{where}: the alias {rule.tag} is used in {other} and in {rule.origin}; rename one")
            if rule.tag in origins and rule.tag != rule.origin:
                raise GrammarError(
                    f"{where}: {rule.tag} is the name of a rule and an alias in {rule.origin}; rename one"
                )
        if rule.tag and not derived:
            shape = (rule.origin, rule.tag, *[rule.symbols[position].name for position in rule.order])
            if shape in shapes:
                raise GrammarError(
                    f"{where}: two ways to write the same tree ({rule.tag if rule.tag != '_' else rule.origin}); "
                    f"give each an alias of its own, or drop one"
                )
            shapes[shape] = rule
        spliced = [symbol.name for symbol in rule.symbols if symbol.name.startswith("_") and not symbol.terminal]
        if len(spliced) > 1:
            raise GrammarError(
                f"{where}: two repetitions in one alternative; make each repeated group a production of its own"
            )
        if rule.tag == "_" and rule.origin in [symbol.name for symbol in rule.symbols[1:]]:
            raise GrammarError(
                f"{where}: {rule.origin} repeats itself on the right; write `*` or `+`, or repeat on the left"
            )


def _check_productive(rules: tuple[Rule, ...], place: _Places) -> None:
    """Refuse a nonterminal that derives no finite text."""
    done: set[str] = set()
    while more := {
        rule.origin
        for rule in rules
        if rule.origin not in done and all(s.terminal or s.name in done for s in rule.symbols)
    }:
        done |= more
    for rule in sorted(rules, key=lambda rule: rule.origin not in [symbol.name for symbol in rule.symbols]):
        if rule.origin not in done:
            raise GrammarError(
                f"{place.of(rule.origin)}: {rule.origin} can never be complete, so its language is empty; "
                f"add an alternative that does not need the rule itself"
            )


def _automaton(compiled: Mapping[str, Any], shown: Mapping[str, int], rules: tuple[Rule, ...]) -> dict[str, Any]:
    """Pack the states: moves as [column, state, …], reductions as [rule, number of a lookahead set, …]."""
    end = len(shown)
    origins = {name: number for number, name in enumerate(dict.fromkeys(rule.origin for rule in rules))}
    column = {**shown, "$END": end, **{name: end + 1 + number for name, number in origins.items()}}
    lookaheads: dict[tuple[int, ...], int] = {}
    states = []
    for row in compiled["states"]:
        moves: list[int] = []
        reductions: dict[int, list[int]] = {}
        for symbol, action in row:
            if action >= 0:
                moves += [column[symbol], action]
            else:
                reductions.setdefault(~action, []).append(column[symbol])
        packed: list[int] = []
        for rule, columns in sorted(reductions.items()):
            packed += [rule, lookaheads.setdefault(tuple(sorted(columns)), len(lookaheads))]
        states.append([moves, packed])
    return {
        "lookaheads": [list(columns) for columns in lookaheads],
        "states": states,
        "starts": dict(compiled["starts"]),
    }
