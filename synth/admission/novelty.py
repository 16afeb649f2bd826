"""Whether a family is new: a signature of grammar and meaning as one graph, the same after any renaming.

Nodes are rules, productions and kinds of tokens; a production points at what may stand in its places and carries its
template, where operators keep their names and all else is numbered. Colours are refined until they no longer split
(Weisfeiler and Lehman 1968). Words, names of rules, productions and parameters, and constants leave no trace.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from synth.family.data import is_number
from synth.grammar.ir import STARTS, Grammar, Symbol
from synth_kernel.meaning import FORMS, PARTS
from synth_kernel.terms import OPERATORS, Term, read

ROUNDS = 12  # of refinement; deeper grammars than that are not told apart by depth
COPY = 0.9  # share of productions in common from which a family is a copy; the two most alike built-in ones have 86 %

_KNOWN = (
    FORMS.keys() | OPERATORS | PARTS | {"find", "all", "decide", "compute", "construct", "optimize", "count", "ask"}
)


@dataclass(frozen=True)
class Signature:
    """A whole family in one hash, and how often each production occurs in it, up to names."""

    whole: str
    productions: Mapping[str, int]

    def likeness(self, other: Signature) -> float:
        """Return the share of productions in common, from 0 to 1 (Jaccard on multisets); 1 for equal graphs."""
        if self.whole == other.whole:
            return 1.0
        mine, theirs = Counter(self.productions), Counter(other.productions)
        return (mine & theirs).total() / max(1, (mine | theirs).total())


def signature(grammar: Grammar, table: Mapping[str, str]) -> Signature:
    """Return the signature of a grammar and its meaning; costs a millisecond for each ten productions.

    >>> from synth.grammar.syntax import Syntax
    >>> text = '''problem: NAME "is" INT -> problem
    ... NAME: "red" | "blue"
    ... INT: /[0-9]+/
    ... %import common.WS
    ... %ignore WS
    ... '''
    >>> table = {"problem(x, n)": "(problem (unknown x Int) (clause (= x n)))"}
    >>> one = signature(Syntax.load(text, "one").grammar, table)
    >>> text = text.replace("NAME", "COLOUR").replace("red", "green").replace("-> problem", "-> task")
    >>> other = {"task(who, k)": "(problem (unknown who Int) (clause (= who k)))"}
    >>> one == signature(Syntax.load(text, "other").grammar, other)
    True
    """
    templates = {key.partition("(")[0]: _skeleton(key, body) for key, body in table.items()}
    colour = {name: name if name in STARTS else "rule" for name in grammar.nonterminals}
    own = [templates.get(rule.tag, ("unnamed", rule.tag == "_")) for rule in grammar.rules]

    def kind(symbol: Symbol) -> str:
        if not symbol.terminal:
            return colour[symbol.name]
        return "number" if is_number(grammar.terminal[symbol.name]) else "word"

    made: list[str] = []
    first: list[str] = []
    for round_ in range(ROUNDS):
        made = [
            _hash(template, [kind(rule.symbols[place]) for place in rule.order])
            for rule, template in zip(grammar.rules, own, strict=True)
        ]
        first = first or made
        pairs = [(rule.origin, each) for rule, each in zip(grammar.rules, made, strict=True)]
        refined = {
            name: _hash(name if name in STARTS else "rule", sorted(each for origin, each in pairs if origin == name))
            for name in grammar.nonterminals
        }
        if len(set(refined.values())) == len(set(colour.values())) and round_ > 2:
            break
        colour = refined
    named = Counter(each for rule, each in zip(grammar.rules, first, strict=True) if rule.tag not in ("", "_"))
    return Signature(_hash(sorted(made)), dict(named))


def nearest(own: Signature, known: Mapping[str, Signature]) -> tuple[str, float]:
    """Return the known family that is most like a signature, and how like."""
    best = max(known, key=lambda name: own.likeness(known[name]), default="")
    return best, own.likeness(known[best]) if best else 0.0


def _skeleton(key: str, body: str) -> str:
    """Return a template without the names that its author chose: parameters by place, others by first appearance."""
    parameters = [name.strip() for name in key.rstrip(")").partition("(")[2].split(",") if name.strip()]
    names = {name.lstrip("*"): f"{name[: name.startswith('*')]}{place}" for place, name in enumerate(parameters)}

    def walk(term: Term, head: bool = False) -> str:
        if isinstance(term, tuple):
            return f"({' '.join([walk(term[0], True), *map(walk, term[1:])])})"
        if not isinstance(term, str):
            return "#"
        if term.startswith("'"):
            return "'"
        if term.startswith("splice."):
            return "*" + walk(term.removeprefix("splice."))
        if (head and term in _KNOWN and term not in names) or term in ("true", "false") or term[:1].isupper():
            return term
        return names.setdefault(term, f"x{len(names)}")

    return walk(read(re.sub(r"\*(?=[A-Za-z_])", "splice.", body)))


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
