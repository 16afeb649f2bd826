"""Derive the syntax of a language from the formal grammar and a table of phrases: another text of the same tree.

    says = ["{who} says: “{claim}.”", "“{claim},” says {who}."]     slots are the parameters of the meaning
    count = "exactly {n} {n|person is|people are} lying"            {slot|singular|plural}
    people = "there are {names|, | and }"                           {list|separator } or {list|separator |last }

Aliases without phrases keep their formal notation, so that mathematics stays mathematics. `[lexicon]` gives words of
the language for words of enumerated terminals. Words are read in any case; the first word of a sentence is written
with a capital. The derived grammar must be LALR(1) too: a phrasing that could be misread is refused here, not later.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from synth.grammar.ir import Alternative, Grammar, GrammarError, Rule, Symbol, compile_grammar
from synth.grammar.pattern import all_texts
from synth.grammar.render import is_spliced
from synth.grammar.syntax import Syntax

_SLOT = re.compile(r"\{(\w+)((?:\|[^{}|]*)*)\}")
_TOKEN = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*|\d+|[^\w\s]")
_Item = tuple[
    str, ...
]  # ("word", text) · ("slot", name) · ("list", name, separator, last) · ("number", name, one, many)


def parameters(keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the parameter names of each alias from the keys of `meaning.toml`.

    >>> parameters(["says(who, claim)", "people(*names)", "yes", "yes()"])
    {'says': ('who', 'claim'), 'people': ('*names',), 'yes': ()}
    """
    found = {}
    for key in keys:
        name, _, inside = key.partition("(")
        found[name.strip()] = tuple(part.strip() for part in inside.rstrip(") ").split(",") if part.strip())
    return found


def load_phrases(
    formal: Grammar, phrases: Mapping[str, Any], parameters: Mapping[str, Sequence[str]], name: str = "phrases"
) -> Syntax:
    """Return the syntax of a language; `phrases` is the table of `phrases.en.toml`, `name` stands in messages.

    Raise `GrammarError` where a slot is missing, unknown or repeated, where a word of the lexicon is also a keyword,
    or where a phrasing could be read in two ways.
    """
    return _Deriver(formal, phrases, parameters, name).syntax()


class _Deriver:
    def __init__(
        self, formal: Grammar, phrases: Mapping[str, Any], parameters: Mapping[str, Sequence[str]], name: str
    ) -> None:
        self.formal, self.parameters, self.name = formal, parameters, name
        self.lexicon: Mapping[str, str] = phrases.get("lexicon", {})
        self.phrases = {
            alias: [given] if isinstance(given, str) else list(given)
            for alias, given in phrases.items()
            if alias != "lexicon"
        }
        for alias in self.phrases:
            if alias not in formal.tags:
                raise GrammarError(f"{name}: {alias} is no alias of {formal.name}; it has {', '.join(formal.tags)}")
        self.alternatives: dict[str, Alternative] = {}
        self.helpers: dict[tuple[str, ...], str] = {}
        self.helper_lines: list[str] = []
        self.shown: dict[str, str] = {}  # helper -> the list as the phrases write it
        self.keywords: set[str] = set()
        spliced = [origin for origin in formal.nonterminals if origin.startswith("_") or "{" in origin]
        self.names = {
            origin: f"{'_' if origin.startswith('_') else ''}formal{number}" for number, origin in enumerate(spliced)
        }

    def syntax(self) -> Syntax:
        """Write the derived grammar as lark text, compile it and check its words."""
        spoken = {alias: list(self._spoken(alias)) for alias in self.phrases}
        lines = []
        for origin, rules in self.formal.by_origin.items():
            written: list[str] = []
            for rule in rules:
                if rule.tag in spoken:
                    written += spoken.pop(rule.tag)
                elif rule.tag not in self.phrases:
                    written.append(self._formal(rule))
            mark = "?" if any(rule.tag == "" for rule in rules) else ""
            lines.append(f"{mark}{self.names.get(origin, origin)}: " + "\n  | ".join(written))
        words = {}
        for terminal in self.formal.terminals:
            if any(
                symbol.name == terminal.name and symbol.kept for rule in self.formal.rules for symbol in rule.symbols
            ):
                spoken_words = self._lexicon(terminal.name)
                if spoken_words:
                    words[terminal.name] = spoken_words
                    either = "|".join(map(_escaped, sorted(spoken_words, key=lambda word: (-len(word), word))))
                    lines.append(f"{terminal.name}: /(?:{either})/i")
                elif terminal.literal:
                    lines.append(f"{terminal.name}: {_quoted(terminal.literal)}{'i' if terminal.fold else ''}")
                else:
                    lines.append(f"{terminal.name}: /{terminal.pattern}/")
        text = "\n".join([*lines, *self.helper_lines, "%import common.WS", "%ignore WS", ""])
        try:
            grammar = compile_grammar(text, self.name, self.formal.starts, self.alternatives, words)
        except GrammarError as error:  # name lists and repetitions by what the author wrote
            message = re.sub(r"\b_list\d+\b", lambda found: self.shown.get(found[0], found[0]), str(error))
            raise GrammarError(message) from None
        self._check_words(grammar)
        return Syntax(grammar)

    # ---- phrases ---------------------------------------------------------------------------------------------------

    def _spoken(self, alias: str) -> Iterable[str]:
        """Yield the alternatives of one alias, each under an alias of its own."""
        names = self.parameters.get(alias)
        slots, element, least = self._shape(alias, names)
        for phrase in self.phrases[alias]:
            items = self._parse(alias, phrase, slots, element)
            counted = dict.fromkeys(item[1] for item in items if item[0] == "number")
            for ones in itertools.product((True, False), repeat=len(counted)):
                one = dict(zip(counted, ones, strict=True))
                yield self._alternative(alias, items, one, slots, element, least)
                if element and least == 0:
                    absent = [item for item in items if item[0] != "list"]
                    yield self._alternative(alias, absent, one, slots, None, 0)

    def _shape(self, alias: str, names: Sequence[str] | None) -> tuple[dict[str, Symbol | None], Symbol | None, int]:
        """Return the symbol of each slot (None for a list), the list's element and how many there are at least."""
        rules = [rule for rule in self.formal.rules if rule.tag == alias]
        kept = [[rule.symbols[position] for position in rule.order] for rule in rules]
        if names is None and any(kept):
            raise GrammarError(
                f"{self.name}: {alias} has children but no meaning that names them; add `{alias}(…) = …`"
            )
        names = names or ()
        fixed = [slot for slot in names if not slot.startswith("*")]
        slots: dict[str, Symbol | None] = {}
        for number, slot in enumerate(fixed):
            symbols = {symbols[number].name: symbols[number] for symbols in kept if len(symbols) > number}
            if len(symbols) != 1 or is_spliced(next(iter(symbols.values()))):
                raise GrammarError(f"{self.name}: child {number + 1} ({slot}) of {alias} is not one symbol everywhere")
            slots[slot] = next(iter(symbols.values()))
        if len(fixed) == len(names):
            if any(len(symbols) != len(fixed) for symbols in kept):
                raise GrammarError(
                    f"{self.name}: {alias} has {len(kept[0])} children but the parameters {', '.join(names)}"
                )
            return slots, None, 0
        if len(names) != len(fixed) + 1 or not names[-1].startswith("*"):
            raise GrammarError(f"{self.name}: a list parameter comes last in {alias}({', '.join(names)})")
        slots[names[-1][1:]] = None
        elements: dict[str, Symbol] = {}
        counts = [sum(self._elements(symbol, elements, ()) for symbol in symbols[len(fixed) :]) for symbols in kept]
        if len(elements) != 1:
            raise GrammarError(
                f"{self.name}: the list {names[-1]} of {alias} has elements of several kinds; add a rule"
            )
        return slots, next(iter(elements.values())), min(counts)

    def _elements(self, symbol: Symbol, found: dict[str, Symbol], seen: tuple[str, ...]) -> int:
        """Collect the elements of a repetition; return how many it has at least."""
        if not is_spliced(symbol):
            found[symbol.name] = symbol
            return 1
        if symbol.name in seen:
            return 0
        counts = []
        for rule in self.formal.by_origin[symbol.name]:
            inside = [rule.symbols[position] for position in rule.order]
            count = sum(self._elements(part, found, (*seen, symbol.name)) for part in inside)
            if symbol.name not in [part.name for part in inside]:
                counts.append(count)
        return min(counts)

    def _parse(
        self, alias: str, phrase: str, slots: Mapping[str, Symbol | None], element: Symbol | None
    ) -> list[_Item]:
        """Split a phrase into words and slots, and insist that each slot is used exactly once."""
        where = f"{self.name}: in the phrase {phrase!r} of {alias}"
        items: list[_Item] = []
        place = 0
        for found in _SLOT.finditer(phrase):
            items += [("word", token) for token in _TOKEN.findall(phrase[place : found.start()])]
            place = found.end()
            slot, options = found[1], found[2].split("|")[1:]
            if slot not in slots:
                raise GrammarError(f"{where} there is no slot {{{slot}}}; the meaning has {', '.join(slots) or 'none'}")
            is_list = slots[slot] is None
            if is_list and (len(options) < 2 or (len(options) == 2 and options[0][-1:] in ("", " "))):
                items.append(("list", slot, *options, *[""] * (1 - len(options))))
            elif len(options) == 2:
                items.append(("number", slot, *options))
            elif not options and not is_list:
                items.append(("slot", slot))
            else:
                raise GrammarError(f"{where} {found[0]} is neither a slot, a list nor {{slot|singular|plural}}")
        items += [("word", token) for token in _TOKEN.findall(phrase[place:])]
        if re.search(r"[{}]", _SLOT.sub("", phrase)):
            raise GrammarError(f"{where} a brace is not closed")
        used = [item[1] for item in items if item[0] in ("slot", "list")]
        for slot in slots:
            if used.count(slot) != 1:
                raise GrammarError(f"{where} the slot {{{slot}}} occurs {used.count(slot)} times; it must occur once")
        if not items:
            raise GrammarError(f"{where} there is nothing to read back; write at least one word")
        return items

    def _alternative(
        self,
        alias: str,
        items: Sequence[_Item],
        one: Mapping[str, bool],
        slots: Mapping[str, Symbol | None],
        element: Symbol | None,
        least: int,
    ) -> str:
        """Write one phrase as an alternative and note which child each of its slots is."""
        symbols: list[str] = []
        spelling: list[str] = []
        place: dict[str, int] = {}
        for item in items:
            kind, value = item[0], item[1]
            if kind == "word" or kind == "number":
                tokens = [value] if kind == "word" else _TOKEN.findall(item[2] if one[value] else item[3])
                symbols += [self._keyword(token) for token in tokens]
                spelling += tokens
            else:
                place[value] = len(symbols)
                symbol = slots[value]
                symbols.append(self._list(element, item[2:], least) if symbol is None else self._symbol(symbol))  # type: ignore[arg-type]
                spelling.append("")
        name = f"{alias}__{len(self.alternatives)}"
        children = {slot: number for number, slot in enumerate(slots)}
        self.alternatives[name] = Alternative(
            alias,
            tuple(place[slot] for slot in slots if slot in place),
            tuple((children[slot], singular) for slot, singular in one.items()),
            tuple(spelling),
        )
        return f"{' '.join(symbols)} -> {name}"

    def _list(self, element: Symbol, separators: Sequence[str], least: int) -> str:
        """Return the helper that reads a list with these separators; equal lists share one."""
        item = self._symbol(element)
        between, *last = [" ".join(map(self._keyword, _TOKEN.findall(text))) for text in separators]
        key = (item, between, *last, str(max(least, 1)))
        if key not in self.helpers:
            name = self.helpers[key] = f"_list{len(self.helpers)}"
            self.shown[name] = f"{{list of {element.name}|{'|'.join(separators)}}}"
            head = " ".join([f"{item} {between}"] * (max(least, 1) - 1) + [item])
            if not last:
                self.helper_lines.append(f"{name}: {head}\n  | {name} {between} {item}")
            else:
                plain = self._list(element, separators[:1], max(least - 1, 1))
                single = f"{item}\n  | " if least <= 1 else ""
                self.helper_lines.append(f"{name}: {single}{plain} {last[0]} {item}")
        return self.helpers[key]

    # ---- notation ----------------------------------------------------------------------------------------------------

    def _formal(self, rule: Rule) -> str:
        alias = f" -> {rule.tag}" if rule.tag not in ("", "_") else ""
        return " ".join(map(self._symbol, rule.symbols)) + alias

    def _symbol(self, symbol: Symbol) -> str:
        if symbol.kept:
            return self.names.get(symbol.name, symbol.name)
        terminal = self.formal.terminal[symbol.name]
        if terminal.literal.lower() in self.keywords:
            return self._keyword(terminal.literal)
        return _quoted(terminal.literal) + ("i" if terminal.fold else "")

    def _keyword(self, token: str) -> str:
        if not token[0].isalpha():
            return _quoted(token)
        self.keywords.add(token.lower())
        return _quoted(token.lower()) + "i"

    # ---- words -------------------------------------------------------------------------------------------------------

    def _lexicon(self, terminal: str) -> dict[str, str]:
        """Return {word of the language: formal word} where the lexicon translates words of a terminal."""
        texts = all_texts(self.formal.terminal[terminal].tree)
        if texts is None or not any(text in self.lexicon for text in texts):
            return {}
        words: dict[str, str] = {}
        taken: dict[str, str] = {}
        for text in texts:
            word = " ".join(self.lexicon.get(text, text).split())
            if not word or taken.setdefault(word.lower(), text) != text:
                raise GrammarError(
                    f"{self.name}: the lexicon gives {text} and {taken.get(word.lower())} one word {word!r}"
                )
            words[word] = text
        return words

    def _check_words(self, grammar: Grammar) -> None:
        """Refuse a name or number that would be read as a keyword, or hides one, where either may come next."""
        accepted = {
            tuple(
                sorted({*moves[::2], *(c for look in reductions[1::2] for c in grammar.automaton["lookaheads"][look])})
            )
            for moves, reductions in grammar.automaton["states"]
        }
        together = {pair for columns in accepted for pair in itertools.permutations(columns, 2)}
        for number, terminal in enumerate(grammar.terminals):
            if terminal.literal:
                continue
            for other, keyword in enumerate(grammar.terminals):
                if not keyword.literal or (number, other) not in together:
                    continue
                spellings = (keyword.literal.capitalize(), keyword.literal) if keyword.fold else (keyword.literal,)
                for word in spellings:
                    found = re.match(terminal.pattern, word)
                    if found and (found.end() == len(word) or (number < other and word[found.end()].isalnum())):
                        raise GrammarError(
                            f"{self.name}: {word!r} is a keyword, but {terminal.name} may stand in the same place and "
                            f"matches {found[0]!r}; choose another word, or list the words of {terminal.name}"
                        )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    return "".join(letter if letter.isalnum() else "\\" + letter for letter in text)
