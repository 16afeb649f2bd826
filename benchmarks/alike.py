"""Which problems are the same up to names and order? Read by tools of our own that share no code with `synth`.

A problem is read twice. Its *formal* text is words: those that stand in quotes in the family's grammar are keywords,
the others are names; clauses between semicolons and names between commas have no order. Its *theory* is a term:
declared unknowns and 'constants are names; the arguments of commutative operators have no order, and, where wanted,
sums and products are lists, however they are bracketed.

Two problems are alike if some renaming makes one reading equal to the other. Readings with all names alike differ under
every renaming if they differ at all, so only the others are compared: small ones by trying every renaming, all by a
search that tells names apart by the statements they stand in.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import factorial
from random import Random
from typing import Any, TypeAlias

Tree: TypeAlias = Any  # a word, or (label, ordered, parts)

SMALL = 120  # renamings that are all tried
MOST_CALLS = 5_000  # of the search, for one pair
COMMUTATIVE = frozenset({"and", "or", "+", "*", "=", "distinct", "xor", "count", "enum", "Walk", "find", "all"})
MIRRORED = {">": "<", ">=": "<="}
MODES = frozenset({"'strong", "'weak"})
BLANK = "\u25a1"


@dataclass(frozen=True)
class Reading:
    """Statements without order, and the words in them that may be renamed."""

    statements: tuple[Tree, ...]
    names: tuple[str, ...]

    @property
    def renamings(self) -> int:
        """How many renamings there are."""
        return factorial(len(self.names))

    def once(self) -> Iterable[Tree]:
        """Return the statements without repetitions."""
        return {written(each, {}): each for each in self.statements}.values()


# ---- reading ---------------------------------------------------------------------------------------------------------


def keywords(grammar: str) -> frozenset[str]:
    r"""Return the words in quotes in the rules of a grammar; terminals, in capitals, list names.

    >>> sorted(keywords('problem: "people" names\nNAME: "Ann" | "Bob"\n'))
    ['people']
    """
    rules: list[str] = []
    inside = False
    for line in grammar.splitlines():
        if re.match(r"[?!_]*[a-z]\w*\s*:", line):
            inside = True
        elif re.match(r"[_A-Z%]", line):
            inside = False
        if inside:
            rules.append(line)
    return frozenset(word for text in re.findall(r'"([^"]*)"', "\n".join(rules)) for word in re.findall(r"\w+", text))


def formal_reading(text: str, known: Collection[str]) -> Reading:
    """Return the reading of a formal text whose keywords are known.

    >>> one, two = (formal_reading(t, {"find"}) for t in ("find x, y: x = 1; y = 2", "find a, b: b = 2; a = 1"))
    >>> alike(one, two), alike(one, formal_reading("find a, b: b = 2; a = 2", {"find"}))
    (True, False)
    """
    words = re.findall(r"[A-Za-z]\w*|\d+|\S", text)
    names = {word for word in words if word[0].isalpha() and word not in known}
    statements: list[Tree] = []
    for place, part in enumerate(_split(words, ":")):
        for clause in _split(part, ";"):
            statements.append((f"part {place}", True, tuple(_listed(clause, names))))
    return Reading(tuple(statements), tuple(sorted(names)))


def _split(words: Sequence[str], separator: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == separator:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _listed(words: Sequence[str], names: Collection[str]) -> Iterator[Tree]:
    """Yield the words of a clause, names with commas between them as one list without order."""
    place = 0
    while place < len(words):
        end = place
        while end + 2 < len(words) and words[end] in names and words[end + 1] == "," and words[end + 2] in names:
            end += 2
        if end > place:
            yield "names", False, tuple(words[place : end + 1 : 2])
        else:
            yield words[place]
        place = end + 1


def theory_reading(text: str, lists: bool = False) -> Reading:
    """Return the reading of a theory; with `lists`, nested sums and products are lists of addends and factors.

    >>> text = "(theory (declare {0} Int) (declare {1} Int) (clause (= (+ (+ {0} 1) {1}) 5)) (ask (find {0} {1})))"
    >>> other = "(theory (declare b Int) (declare a Int) (clause (= 5 (+ (+ a b) 1))) (ask (find a b)))"
    >>> alike(theory_reading(text.format("x", "y")), theory_reading(text.format("q", "p")))
    True
    >>> [alike(theory_reading(text.format("x", "y"), way), theory_reading(other, way)) for way in (False, True)]
    [False, True]
    """
    (whole,) = _terms(iter(re.findall(r"[()]|[^\s()]+", text)))
    declared = [part[1] for part in whole[1:] if part[0] == "declare"]
    constants = {word for part in whole[1:] for word in _constants(part)}
    statements = tuple(_unordered(_summed(part) if lists else part) for part in whole[1:])
    return Reading(statements, (*declared, *sorted(constants)))


def _terms(words: Iterator[str]) -> list[Any]:
    found: list[Any] = []
    for word in words:
        if word == ")":
            break
        found.append(_terms(words) if word == "(" else word)
    return found


def _constants(term: Any) -> Iterator[str]:
    if isinstance(term, list):
        for part in term[1:] if term[0] != "operators_among" else ():
            yield from _constants(part)
    elif term.startswith("'") and term not in MODES:
        yield term


def _summed(term: Any) -> Any:
    """Write nested sums as one `+`, what is taken away in `neg`; nested products, conjunctions, … as one each."""
    if not isinstance(term, list):
        return term
    head, parts = term[0], [_summed(part) for part in term[1:]]
    if head == "-":
        parts = [*parts[: len(parts) - 1], _negated(parts[-1])]
        head = "+"
    if head in ("+", "*", "and", "or"):
        parts = [one for part in parts for one in (part[1:] if isinstance(part, list) and part[0] == head else [part])]
    return parts[0] if head == "+" and len(parts) == 1 else [head, *parts]


def _negated(term: Any) -> Any:
    if isinstance(term, list) and term[0] == "+":
        return ["+", *map(_negated, term[1:])]
    if isinstance(term, list) and term[0] == "neg":
        return term[1]
    return ["neg", term]


def _unordered(term: Any) -> Tree:
    if not isinstance(term, list):
        return term
    if not term:
        return "()", True, ()
    head, parts = term[0], [_unordered(part) for part in term[1:]]
    if isinstance(head, list):
        return "", True, tuple(_unordered(part) for part in term)
    if head in MIRRORED:
        head, parts = MIRRORED[head], parts[::-1]
    if head in ("leaves_among", "operators_among"):
        return head, True, (parts[0], ("bag", False, tuple(parts[1:])))
    return head, head not in COMMUTATIVE, tuple(parts)


# ---- copies that are alike ------------------------------------------------------------------------------------------


def scrambled_formal(text: str, known: Collection[str], rng: Random) -> str:
    """Return a formal text with its names changed and the clauses between semicolons in another order.

    >>> scrambled_formal("find x: x = 1; x = 1", {"find"}, Random(1))
    'find name0: name0 = 1; name0 = 1'
    """
    names = sorted({word for word in re.findall(r"[A-Za-z]\w*", text) if word not in known})
    fresh = [f"name{number}" for number in range(len(names))]
    rng.shuffle(fresh)
    new = dict(zip(names, fresh, strict=True))
    parts = [part.split(";") for part in re.sub(r"[A-Za-z]\w*", lambda m: new.get(m[0], m[0]), text).split(":")]
    for part in parts:
        rng.shuffle(part)
    return ": ".join("; ".join(clause.strip() for clause in part) for part in parts)


def scrambled_theory(text: str, rng: Random) -> str:
    """Return a theory with its names changed and everything without order in another order."""
    (whole,) = _terms(iter(re.findall(r"[()]|[^\s()]+", text)))
    declared = [part[1] for part in whole[1:] if part[0] == "declare"]
    constants = sorted({word for part in whole[1:] for word in _constants(part)})
    new: dict[str, str] = {}
    for old, letter in ((declared, "n"), (constants, "'n")):
        fresh = [f"{letter}{number}" for number in range(len(old))]
        rng.shuffle(fresh)
        new.update(zip(old, fresh, strict=True))

    def put(term: Any) -> str:
        if not isinstance(term, list):
            return new.get(term, term)
        head, parts = term[0], [put(part) for part in term[1:]]
        if head in COMMUTATIVE:
            rng.shuffle(parts)
        return f"({' '.join([put(head) if isinstance(head, list) else head, *parts])})"

    parts = [put(part) for part in whole[1:]]
    rng.shuffle(parts)
    return f"(theory {' '.join(parts)})"


# ---- comparing -------------------------------------------------------------------------------------------------------


def written(tree: Tree, names: Mapping[str, str]) -> str:
    """Return a tree as text under a renaming, parts without order sorted."""
    if isinstance(tree, str):
        return names.get(tree, tree)
    label, ordered, parts = tree
    texts = [written(part, names) for part in parts]
    return f"({label} {' '.join(texts if ordered else sorted(texts))})"


def whole(reading: Reading, names: Mapping[str, str]) -> str:
    """Return all statements as text, each once."""
    return " ".join(sorted({written(each, names) for each in reading.statements}))


def blind(reading: Reading) -> str:
    """Return the text with all names alike; a statement may then stand there more than once."""
    names = dict.fromkeys(reading.names, BLANK)
    return " ".join(sorted(written(each, names) for each in reading.once()))


def least(reading: Reading) -> str:
    """Return the least text over all renamings: equal exactly for readings that are alike. Costs n! writings."""
    labels = [f"{BLANK}{number}" for number in range(len(reading.names))]
    return min(whole(reading, dict(zip(reading.names, order, strict=True))) for order in permutations(labels))


def alike(one: Reading, other: Reading) -> bool | None:
    """Say whether a renaming makes one reading the other; None where the search was cut off."""
    if blind(one) != blind(other):
        return False
    calls = [MOST_CALLS]
    return _matched(one, other, {}, {}, calls)


def _matched(
    one: Reading, other: Reading, here: dict[str, str], there: dict[str, str], calls: list[int]
) -> bool | None:
    """Tell names apart in both; where some stay alike, let one of them match each of the others in turn."""
    calls[0] -= 1
    if calls[0] < 0:
        return None
    colours, others = told_apart(one, here), told_apart(other, there)
    if whole(one, colours) != whole(other, others):
        return False
    groups: dict[str, list[str]] = defaultdict(list)
    for name, colour in colours.items():
        groups[colour].append(name)
    open_ = [colour for colour, found in groups.items() if len(found) > 1]
    if not open_:
        return True
    colour = min(open_, key=lambda each: (len(groups[each]), each))
    first, unsure, fresh = groups[colour][0], False, f"{BLANK}fixed{len(here)}"
    for name in [name for name, each in others.items() if each == colour]:
        found = _matched(one, other, {**here, first: fresh}, {**there, name: fresh}, calls)
        if found:
            return True
        unsure = unsure or found is None
    return None if unsure else False


def told_apart(reading: Reading, fixed: Mapping[str, str], rounds: int = 4) -> dict[str, str]:
    """Return a colour of each name, the same in readings that are alike: from the statements that it stands in."""
    places: dict[str, list[Tree]] = defaultdict(list)
    names = frozenset(reading.names)
    for statement in reading.once():
        for name in set(_words(statement)) & names:
            places[name].append(statement)
    colours = {name: fixed.get(name, BLANK) for name in reading.names}
    for _ in range(rounds):
        before = len(set(colours.values()))
        seen = {
            name: (colours[name], *sorted(written(each, {**colours, name: "\u25a0"}) for each in places[name]))
            for name in reading.names
        }
        number = {colour: place for place, colour in enumerate(sorted(set(seen.values())))}
        colours = {name: f"{BLANK}{number[seen[name]]}" for name in reading.names}
        if len(number) == before:
            break
    return colours


def _words(tree: Tree) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    else:
        for part in tree[2]:
            yield from _words(part)


# ---- a corpus --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What comparing many readings found: groups of places that are alike, and how they were compared.

    `searched` are the pairs that the search compared, because with all names alike they are equal, and there are too
    many renamings to try them all; `unsure` are those of them where it was cut off.
    """

    groups: tuple[tuple[int, ...], ...]
    searched: int
    unsure: int

    def among(self, first: int) -> list[tuple[int, ...]]:
        """Return the groups of the first readings only."""
        return [tuple(place for place in group if place < first) for group in self.groups]


def compare(readings: Iterable[Reading]) -> Found:
    """Find all readings that are alike: small ones by their least text, others by the search.

    >>> texts = ("find x: x = 1", "find y: y = 2", "find z: z = 1")
    >>> compare(formal_reading(text, {"find"}) for text in texts).groups
    ((0, 2),)
    """
    kept = list(readings)
    count: Counter[str] = Counter()
    buckets: dict[str, list[int]] = defaultdict(list)
    for place, reading in enumerate(kept):
        if reading.renamings <= SMALL:
            buckets[f"least {least(reading)}"].append(place)
        else:
            buckets[f"blind {blind(reading)}"].append(place)
    groups: list[tuple[int, ...]] = []
    for bucket, places in buckets.items():
        if len(places) > 1:
            groups += [tuple(places)] if bucket.startswith("least ") else _searched(kept, places, count)
    return Found(tuple(groups), count["searched"], count["unsure"])


def _searched(kept: Sequence[Reading], places: Sequence[int], count: Counter[str]) -> list[tuple[int, ...]]:
    finer: dict[str, list[list[int]]] = defaultdict(list)
    for place in places:
        groups = finer[whole(kept[place], told_apart(kept[place], {}))]
        for group in groups:
            count["searched"] += 1
            verdict = alike(kept[group[0]], kept[place])
            count["unsure"] += verdict is None
            if verdict:
                group.append(place)
                break
        else:
            groups.append([place])
    return [tuple(group) for groups in finer.values() for group in groups if len(group) > 1]
