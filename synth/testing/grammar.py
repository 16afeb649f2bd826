"""Laws of the grammar and its phrases: everything written is used, said in words, and read in one way."""

from __future__ import annotations

import re
import time
from random import Random

from synth.family import FORMAL, Family
from synth.grammar import Grammar, GrammarError
from synth.grammar.ambiguity import ambiguities
from synth.grammar.decode import Nesting, check_decoding
from synth.grammar.render import is_line
from synth.testing.finding import HOLDS, OPEN, Broken, Finding, finding
from synth.testing.sampled import Sampled

SECONDS = 1.5  # of CPU, for each of the two slow parsers and each language
LONG = 400  # characters of a text that the slow parser reads
SYMBOLS = re.compile(r"[A-Za-z]{4,}")  # shorter words such as `mod`, and functions with a bracket, are notation


def used(sampled: Sampled) -> Finding:
    """Every production that the file writes can occur in a problem, an answer or a step."""
    grammar, text = sampled.family.formal.grammar, sampled.family.text("grammar.lark")
    written = {found[1]: number for number, line in enumerate(text.splitlines(), 1)
               for found in re.finditer(r"->\s*(\w+)", line.split("//")[0])}  # fmt: skip
    broken = [
        Broken("used", f"a way from a start to {alias}", "none", f"grammar.lark, line {line}")
        for alias, line in written.items()
        if alias not in grammar.tags
    ]
    cause = "no rule that a start reaches names the rule of this production; name it, or delete it"
    return finding("every production is reachable", f"{len(grammar.tags)} productions", broken, cause)


def phrased(sampled: Sampled) -> Finding:
    """Every production of a problem whose formal notation has words is said by a phrase in every language.

    What stands on lines of its own is code, whose words are the same in all languages.
    """
    family = sampled.family
    grammar = family.formal.grammar
    code = set().union(*[_inside(grammar, name) for name in grammar.nonterminals if is_line(name)])
    inside = _inside(grammar, "problem") - code
    broken, said = [], 0
    for name in family.languages:
        phrases = family.phrases(name)
        said += sum(len(given) if isinstance(given, list) else 1 for given in phrases.values())
        for rule in grammar.rules:
            words = [grammar.terminal[s.name].literal for s in rule.symbols if s.terminal and not s.kept]
            notation = "(" in words or not any(map(SYMBOLS.search, words))
            if rule.tag not in ("", "_", *phrases) and not notation and rule.origin in inside:
                text = f"phrases.{name}.toml lacks {rule.tag} = […]"
                broken.append(Broken("phrased", "words of the language", f"the formal words {' '.join(words)}", text))
    cause = "a production without phrases keeps its formal notation, which is no English; give it phrases"
    return finding("every production is said in words", f"{said} phrasings", broken, cause)


def _inside(grammar: Grammar, start: str) -> set[str]:
    """Return the nonterminals that a text of a start can have."""
    found, queue = {start}, [start]
    for origin in queue:
        names = {symbol.name for rule in grammar.by_origin[origin] for symbol in rule.symbols if not symbol.terminal}
        queue += sorted(names - found)
        found |= names
    return found


def unambiguous(sampled: Sampled) -> Finding:
    """No sampled text reads in two ways, by an independent parser."""
    family, count, broken = sampled.family, 0, list[Broken]()
    read = [(record, family.formal.read(record.formal, "problem")) for record in sampled.records]
    for name in [FORMAL, *family.languages]:
        language = family.language(name)
        named = ambiguities(language.grammar, "problem")
        texts = {
            record.question if record.language == name else language.render(tree, "problem") for record, tree in read
        }
        begun = time.process_time()
        for text in sorted((text for text in texts if len(text) <= LONG), key=lambda text: (len(text), text)):
            if time.process_time() - begun > SECONDS:
                break
            count += 1
            try:
                if production := named(text):
                    broken.append(Broken("one reading", "one tree", f"two, at {production}", text))
            except ValueError as error:
                broken.append(Broken("one reading", "one tree", str(error)[:200], text))
    cause = "words run into each other or a list may end in two places; put a word or a bracket between them"
    return finding("no text is ambiguous", f"{count} texts, Earley", broken, cause)


def decodable(sampled: Sampled) -> Finding:
    """What steers a model accepts exactly what the reader reads, on samples and on samples with a slip."""
    law, cause = (
        "decoding grammar and parser agree",
        "a terminal or a repetition that decoders cut otherwise; see below",
    )
    count, broken = 0, list[Broken]()
    for start in sampled.family.formal.starts:
        try:
            count += _agreed(sampled.family, start)
        except GrammarError as error:
            broken.append(Broken(law, "one language", str(error)[:300]))
    return finding(law, f"{count} texts", broken, cause) if count or broken else Finding(law, "none short enough", OPEN)


def _agreed(family: Family, start: str) -> int:
    grammar = family.formal.grammar
    nesting = Nesting(grammar)
    names = [name for name in Nesting(grammar).chains[start] if name in nesting.least]
    depth = 1 + min((nesting.least[name] for name in names), default=0)
    sizes = family.sampler({**family.levels[min(family.levels)]}).sizes(start, 40)[:3]
    begun, count = time.process_time(), 0
    for size in sizes:
        if time.process_time() - begun > SECONDS:
            break
        count += check_decoding(family.formal, start, depth, [size], Random(size), 2)
    return count


def loaded(sampled: Sampled) -> Finding:
    """The grammar and every language compile strictly, so without a conflict."""
    names = [FORMAL, *sampled.family.languages]
    states = sum(len(sampled.family.language(name).grammar.automaton["states"]) for name in names)
    return Finding("it loads, without conflicts", f"{states} states, {len(names)} notations", HOLDS)
