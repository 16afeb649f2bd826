"""Read the templates of a meaning backwards: from an answer to the text that says it.

What is written is untrusted, like any answer: it is read forwards again and proved. So the matching may be generous
(the index of an indexed unknown is not looked at), and templates that calculate are simply not understood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from synth.family.sorting import places
from synth.grammar.ir import Grammar
from synth_kernel.meaning import Tree
from synth_kernel.terms import Term, read

Bound: TypeAlias = dict[str, Any]  # parameter -> the value that stands for it


class Backwards:
    """Write answers as trees of a start symbol.

    >>> from synth.family.registry import families
    >>> family = families()["linear_system"]
    >>> backwards = Backwards(family.formal.grammar, family.meaning_table)
    >>> backwards.tree("solution", ("model", ("=", "x", -2), ("=", "y", 3)))
    ('solution', ('binding', 'x', ('negative', ('whole', '2'))), ('binding', 'y', ('whole', '3')))
    """

    def __init__(self, grammar: Grammar, table: Mapping[str, str]) -> None:
        self._places = places(grammar)
        self._templates: dict[str, tuple[list[str], Term]] = {}
        for key, text in table.items():
            alias, _, rest = key.rstrip(")").partition("(")
            names = [name.strip() for name in rest.split(",") if name.strip()]
            self._templates[alias] = names, read(re.sub(r"\*(?=[A-Za-z_])", "splice.", text))
        self._starts = {
            start: [rule.tag for rule in grammar.by_origin.get(start, ()) if rule.tag not in ("", "_")]
            for start in grammar.starts
        }

    def tree(self, start: str, answer: Term) -> Tree | None:
        """Return a tree of a start symbol that says an answer, None where no template can."""
        return next((found for tag in self._starts.get(start, ()) if (found := self._node(tag, answer))), None)

    def _node(self, alias: str, value: Term) -> Tree | None:
        names, body = self._templates.get(alias, ([], ""))
        bound: Bound = {}
        if (not names and body == "") or not _match(body, value, {name.lstrip("*") for name in names}, bound):
            return None
        places, children = self._places.get(alias, []), list[Any]()
        for number, name in enumerate(names):
            if name.lstrip("*") not in bound:
                return None
            rest = name.startswith("*")
            tags = set().union(*places[number:]) if rest else places[number] if number < len(places) else set()
            found = bound[name.lstrip("*")]
            children += [self._child(tags, each) for each in (found if rest else [found])]
        return None if None in children else (alias, *children)

    def _child(self, tags: set[str], value: Term) -> Tree | str | None:
        """Return a token or a node that stands for a value where one of these may stand."""
        if "0" in tags and isinstance(value, int) and value >= 0:
            return str(value)
        if "" in tags and isinstance(value, str):
            return value
        return next((node for tag in sorted(tags - {"0", ""}) if (node := self._node(tag, value))), None)


def _match(body: Term, value: Any, names: set[str], bound: Bound) -> bool:
    """Bind parameters so that a template gives a value."""
    if isinstance(body, str) and body in names:
        return bool(bound.setdefault(body, value) == value)
    if not isinstance(body, tuple):
        return bool(body == value) and not isinstance(value, tuple)
    match body:
        case ("number", inside):
            return _match(inside, value, names, bound)
        case ("-", inside) if isinstance(value, int | Fraction):
            return value < 0 and _match(inside, -value, names, bound)
        case ("/", above, below) if isinstance(value, Fraction) and value.denominator > 1:
            return _match(above, value.numerator, names, bound) and _match(below, value.denominator, names, bound)
    if not isinstance(value, tuple):
        return isinstance(value, str) and _indexed(body, value, names, bound)
    if not value or body[0] != value[0]:
        return False
    return _sequence(body[1:], value[1:], names, bound)


def _indexed(body: Sequence[Term], value: str, names: set[str], bound: Bound) -> bool:
    """Match the name of an indexed unknown, `h.3` for `(h i)`; what is no parameter may be anything."""
    head, *indices = value.split(".")
    pairs = zip(body[1:], [int(each) if each.isdecimal() else each for each in indices], strict=False)
    fits = head == body[0] and len(indices) == len(body) - 1
    return fits and all(part not in names or _match(part, each, names, bound) for part, each in pairs)


def _sequence(parts: Sequence[Term], values: Sequence[Any], names: set[str], bound: Bound) -> bool:
    """Match arguments one by one; a splice or a loop at the end takes all that are left."""
    if parts and (one := parts[-1]) and len(values) >= len(parts) - 1 and _takes_all(one):
        rest = list(values[len(parts) - 1 :])
        fitted = _sequence(parts[:-1], values[: len(parts) - 1], names, bound)
        return fitted and _rest(one, rest, names, bound)
    pairs = zip(parts, values, strict=False)
    return len(parts) == len(values) and all(_match(part, value, names, bound) for part, value in pairs)


def _takes_all(part: Term) -> bool:
    return str(part).startswith("splice.") or (isinstance(part, tuple) and part[0] == "for")


def _rest(part: Term, values: list[Any], names: set[str], bound: Bound) -> bool:
    """Bind the list that a splice, `(for x list body)` or `(for (i x) (index list) body)` runs over."""
    if isinstance(part, str):
        name = part.removeprefix("splice.")
        return name in names and bound.setdefault(name, values) == values
    match part:
        case ("for", str(each), str(name), body) | ("for", (_, str(each)), ("index", str(name)), body) if name in names:
            found = []
            for value in values:
                inner: Bound = {}
                if not _match(body, value, {each}, inner) or each not in inner:
                    return False
                found.append(inner[each])
            return bool(bound.setdefault(name, found) == found)
    return False
