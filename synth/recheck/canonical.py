"""The canonical key of a problem: equal for two theories that differ only in names and in order, and for no others.

A theory becomes a coloured graph. Its nodes are the symbols that may be renamed (unknowns and 'constants) and the
places where order does not matter: a commutative operator over two or more parts with symbols. All else is text on
nodes and links: `(= (+ (* 2 x) (* 3 y)) 5)` is a node for `+` with the links `(* 2 #)` to x and `(* 3 #)` to y and the
mark `(= 5 #)`. Equal nodes are one node. The graph is labelled by refinement and individualisation (McKay, *Practical
graph isomorphism*, 1981); the largest part of a class that splits keeps its colour (Hopcroft, 1971).

Three rules keep the key independent of the order in which anything is met, also where the search gives up. Symbols that
a transposition exchanges are told apart at once, in any order. Of the members of a class only those with the least
trace of refinement are tried, one for each orbit under automorphisms that a pair of refinements *determines*. Fuel is
charged for what the problem is, never for what happens to be met first; when it is spent the key is that of the refined
colours, which equal problems share, but perhaps different ones too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import TypeAlias

from synth_kernel.claims import Theory, digest
from synth_kernel.terms import Term

Colouring: TypeAlias = "tuple[list[int], dict[int, set[int]]]"  # node -> colour; colour -> members, if more than one
Links: TypeAlias = "tuple[tuple[str, int], ...]"  # the text around each # and the node there
Certificate: TypeAlias = "list[tuple[int, list[tuple[int, int]]]]"
Trace: TypeAlias = "list[tuple[int, list[tuple[tuple[int, ...], int]]]]"  # class -> (heard, how many members)

FUEL = 1 << 20  # links followed; a level of the search costs 8 for each symbol or more, so it is under 400 levels deep
_COMMUTATIVE = frozenset({"and", "or", "+", "*", "=", "distinct", "xor", "count", "enum", "Walk", "bag"}) | {
    "Word", "union", "Plan",
}  # fmt: skip
_ASSOCIATIVE = frozenset({"and", "or", "+", "-", "*", "union", "concat"})  # a difference is a sum
_MIRRORED = {">": "<", ">=": "<="}


def canonical(theory: Theory) -> tuple[str, bool]:
    """Return a key of 32 hexadecimal digits and whether it is exact.

    Exact keys are equal if and only if the theories are equal up to the names of unknowns, variables of machines and
    'constants, the order and repetition of statements, the order of arguments of commutative operators (of arcs,
    enumerations, alphabets, parts of a machine and `…_among` too), the brackets of associative operators, `(- a b)` for
    `(+ a (- b))`, the names that quantifiers bind, and `(> a b)` for `(< b a)`. Numbers, sorts, operators
    named in `operators_among` and the mode of `decide` stay what they are. Nothing is calculated.

    >>> one = Theory.read("(theory (declare x Int) (declare y Int) (clause (< x y)) (clause (= x 2)) (ask (find x y)))")
    >>> two = Theory.read("(theory (declare b Int) (declare a Int) (clause (= 2 a)) (clause (> b a)) (ask (find b a)))")
    >>> canonical(one) == canonical(two)
    True
    """
    labelling = Labelling(Graph.of(theory))
    try:
        return digest("canonical 2", "exact", repr(labelling.header), repr(labelling.least())), True
    except FuelError:
        return digest("canonical 2", "refined", repr(labelling.header), repr(labelling.trace)), False


class Graph:
    """Nodes with a label, marks and links. A node comes after those it links to; no two have equal label and links."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.links: list[Links] = []
        self.marks: list[set[str]] = []
        self.index: dict[tuple[str, Links], int] = {}
        self.facts: set[str] = set()  # statements without symbols
        self.atoms: dict[Term, tuple[str, list[int]]] = {}  # the pieces of those seen
        self.sorts: dict[Term, str] = {}  # texts of declared sorts without symbols
        self.fixed: set[str] = set()  # constants that are not renamed

    @classmethod
    def of(cls, theory: Theory) -> Graph:
        """Return the graph of a theory."""
        graph = cls()
        graph._read(theory)
        return graph

    def _read(self, theory: Theory) -> None:
        if "Open" in theory.declared.values():
            parts = (theory.axioms, theory.clauses, theory.domain, (theory.ask,))
            axioms, clauses, domain, asked = [tuple([_numbered(term, {}) for term in terms]) for terms in parts]
            theory = replace(theory, axioms=axioms, clauses=clauses, domain=domain, ask=asked[0])
        statements = theory.axioms + theory.clauses + theory.domain
        if "Expr" in theory.declared.values():
            self.fixed.update(_operator_names(statements))
        for name, _ in theory.declarations:
            self.atoms[name] = "#", [self.add("unknown", ())]
        for _, sort in theory.declarations:
            if isinstance(sort, tuple) and sort[0] == "Plan":
                for part in sort[1:]:
                    if isinstance(part, tuple) and part[0] == "variable" and part[1] not in self.atoms:
                        self.atoms[part[1]] = "#", [self.add("variable", ())]
        match theory.ask:
            # these list every unknown, which says nothing about any
            case ("find" | "all" as kind, *_) | ("construct" as kind, _, _, *_):
                ask: Term = ("ask", (kind,))
            case ("optimize", _, _, *_, cost):  # several unknowns, all of them
                ask = ("ask", ("optimize", cost))
            case ("decide", goal, mode):
                ask = (f"ask {mode}", goal)
            case other:
                ask = ("ask", other)
        for name, sort in theory.declarations:
            if sort not in self.sorts:
                text, targets = self._piece(("declare", name, sort))
                if len(targets) > 1:
                    self._node(text, enumerate(targets))
                    continue
                self.sorts[sort] = text
            self.marks[self.atoms[name][1][0]].add(self.sorts[sort])
        for statement in (
            *[("axiom", term) for term in theory.axioms],
            *[("clause", term) for term in theory.clauses],
            *[("domain", term) for term in theory.domain],
            ask,
        ):
            text, targets = self._piece(statement)
            if len(targets) > 1:
                self._node(text, enumerate(targets))
            else:
                (self.marks[targets[0]] if targets else self.facts).add(text)

    def add(self, label: str, links: Links) -> int:
        """Add a node and return its number; `index` is left to whoever adds one that has links."""
        self.labels.append(label)
        self.links.append(links)
        self.marks.append(set())
        return len(self.labels) - 1

    def _node(self, label: str, links: Iterable[tuple[object, int]]) -> int:
        key = (label, tuple(sorted([(str(role), target) for role, target in links])))
        if key not in self.index:
            self.index[key] = self.add(*key)
        return self.index[key]

    def _piece(self, term: Term) -> tuple[str, list[int]]:
        """Return the text of a term with # for each node that it refers to, and those nodes from left to right."""
        if type(term) is not tuple:
            constant = isinstance(term, str) and term.startswith("'") and term not in self.fixed
            self.atoms[term] = ("#", [self.add("constant", ())]) if constant else (str(term), [])
            return self.atoms[term]
        operator, arguments = str(term[0]), term[1:]
        if operator in _MIRRORED:
            operator, arguments = _MIRRORED[operator], arguments[::-1]
        elif operator in _ASSOCIATIVE:
            flat = _flattened(term)
            if type(flat) is not tuple or flat[0] not in ("-", operator, "+"):
                return self.atoms.get(flat) or self._piece(flat)
            operator, arguments = str(flat[0]), flat[1:]
        elif operator in ("leaves_among", "operators_among"):
            arguments = (*arguments[:1], ("bag", *arguments[1:]))
        known = self.atoms.get
        pieces = [self._piece(part) if type(part) is tuple else known(part) or self._piece(part) for part in arguments]
        if operator in _COMMUTATIVE:
            closed = [piece for piece in pieces if not piece[1]]
            closed.sort()
            parts = [piece for piece in pieces if piece[1]]
            if len(parts) > 1:
                links = [
                    (text, targets[0]) if len(targets) == 1 else ("#", self._node(text, enumerate(targets)))
                    for text, targets in parts
                ]
                return "#", [self._node(f"({' '.join([operator, *[text for text, _ in closed]])})", links)]
            pieces = closed + parts
        return f"({' '.join([operator, *[text for text, _ in pieces]])})", [
            node for _, found in pieces for node in found
        ]


def _flattened(term: tuple[Term, ...]) -> Term:
    """Return an associative term without inner brackets; a minus stays before what is no sum. One addend is itself."""
    operator = term[0]
    if operator in ("+", "-"):
        first, *others = _addends(term, False)
        return ("+", first, *others) if others else first
    return (operator, *_within(operator, term[1:]))


def _within(operator: Term, arguments: Iterable[Term]) -> Iterator[Term]:
    for part in arguments:
        if type(part) is tuple and part[0] == operator:
            yield from _within(operator, part[1:])
        else:
            yield part


def _addends(term: Term, negative: bool) -> Iterator[Term]:
    match term:
        case ("+", *parts):
            for part in parts:
                yield from _addends(part, negative)
        case ("-", *parts):
            for part in parts[:-1]:
                yield from _addends(part, negative)
            yield from _addends(parts[-1], not negative)
        case _:
            yield ("-", term) if negative else term


def _numbered(term: Term, names: Mapping[Term, Term]) -> Term:
    """Call what a quantifier binds by the number of quantifiers around it; no text has such a name."""
    match term:
        case ("forall" | "exists" as head, x, universe, body):
            number = f"%{len(names)}"
            return (head, number, universe, _numbered(body, {**names, x: number}))
        case (head, *parts):
            return (head, *[_numbered(part, names) for part in parts])
    return names.get(term, term)


def _operator_names(terms: Iterable[Term]) -> Iterator[str]:
    for term in terms:
        if isinstance(term, tuple):
            if term[0] == "operators_among":
                yield from [name for name in term[2:] if isinstance(name, str)]
            yield from _operator_names(term[1:])


class FuelError(Exception):
    """The fuel is spent."""


class Labelling:
    """The search for the least certificate of a graph; `trace` is that of the first refinement."""

    def __init__(self, graph: Graph, fuel: int | None = None) -> None:
        self.graph = graph
        self.fuel = FUEL if fuel is None else fuel
        self.trace: Trace = []
        kinds = [(label, *sorted(marks)) for label, marks in zip(graph.labels, graph.marks, strict=True)]
        counted = sorted(Counter(kinds).items())
        number = {kind: colour for colour, (kind, _) in enumerate(counted)}
        self.kinds = [number[kind] for kind in kinds]
        roles = sorted({role for links in graph.links for role, _ in links})
        self.header = (sorted(graph.facts), roles, counted)
        nodes = len(kinds)
        offsets = {role: 2 * place * nodes for place, role in enumerate(roles)}
        self.neighbours: list[list[tuple[int, int]]] = [[] for _ in kinds]  # (role and direction, node)
        for node, links in enumerate(graph.links):
            for role, target in links:
                self.neighbours[node].append((offsets[role], target))
                self.neighbours[target].append((offsets[role] + nodes, node))
        self.size = nodes + sum(map(len, graph.links))

    def refined(self) -> tuple[Colouring, int]:
        """Return the coarsest stable colouring and the next free colour; what was split goes to `trace`."""
        colouring: Colouring = (list(self.kinds), {})
        colours, cells = colouring
        for node, kind in enumerate(self.kinds):
            cells.setdefault(kind, set()).add(node)
        for kind in [kind for kind, members in cells.items() if len(members) == 1]:
            del cells[kind]
        return colouring, self._refine(colouring, range(len(colours)), len(self.header[2]), self.trace)

    def least(self) -> Certificate:
        """Return the least certificate: that of a graph equal up to isomorphism and of no other."""
        colouring, fresh = self.refined()
        colours, cells = colouring
        above = [0] * len(colours)  # links to follow up from a node, those of a shared node as often as it is reached
        for node in reversed(range(len(colours))):
            for _, target in self.graph.links[node]:
                above[target] += len(self.graph.links[node]) + above[node]
        changed: list[int] = []
        for cell in self.open(colouring):
            parts = self._told_apart(cells[cell], above)
            changed += _split(colouring, cell, parts, fresh)
            fresh += len(parts) - 1
        return self._search(colouring, self._refine(colouring, changed, fresh, []))

    def spend(self, fuel: int) -> None:
        """Take fuel; raise `FuelError` where there is none left."""
        self.fuel -= fuel
        if self.fuel < 0:
            raise FuelError

    def open(self, colouring: Colouring) -> list[int]:
        """The classes of two or more symbols."""
        labels = self.graph.labels
        return sorted(cell for cell, members in colouring[1].items() if labels[next(iter(members))][0] != "(")

    def _refine(self, colouring: Colouring, changed: Iterable[int], fresh: int, trace: Trace) -> int:
        """Split classes until their members have as many neighbours in each class; return the next free colour."""
        colours, cells = colouring
        while changed:
            self.spend(sum([len(self.neighbours[node]) for node in changed]))
            heard: defaultdict[int, list[int]] = defaultdict(list)
            for node in changed:
                for role, other in self.neighbours[node]:
                    if colours[other] in cells:
                        heard[other].append(role + colours[node])
            groups: dict[int, dict[tuple[int, ...], set[int]]] = {}
            for node, news in heard.items():
                groups.setdefault(colours[node], {}).setdefault(tuple(sorted(news)), set()).add(node)
            changed = []
            for cell, group in sorted(groups.items(), key=lambda item: item[0]):
                rest = cells[cell]
                rest.difference_update(*group.values())  # in place, for a large class may lose members one by one
                if rest:
                    group[()] = rest
                parts = [(news, group[news]) for news in sorted(group)]
                trace.append((cell, [(news, len(members)) for news, members in parts]))
                changed += _split(colouring, cell, [members for _, members in parts], fresh)
                fresh += len(parts) - 1
        return fresh

    def _told_apart(self, members: set[int], above: list[int]) -> list[set[int]]:
        """Split a class of symbols so that no two stay together which a transposition exchanges."""
        alike: dict[tuple[tuple[int, int], ...], list[int]] = {}
        for node in members:
            alike.setdefault(tuple(self.neighbours[node]), []).append(node)
        orbits: list[list[int]] = []
        for group in alike.values():
            one = group[0]
            for orbit in orbits:
                if self._automorphic({one: orbit[0], orbit[0]: one}):
                    orbit += group
                    break
            else:
                self.spend((len(alike) - 1) * (above[one] + 8))
                orbits.append(group)
        places: dict[tuple[int, int], set[int]] = {}
        for orbit in orbits:
            for place, node in enumerate(orbit):
                places.setdefault((len(orbit), place), set()).add(node)
        return [places[place] for place in sorted(places)]

    def _automorphic(self, image: dict[int, int]) -> bool:
        """Say whether a permutation of symbols, given for those it moves, maps the graph to itself."""
        graph, waiting = self.graph, list(image)
        above: set[int] = set()
        while waiting:
            node = waiting.pop()
            parents = {other for _, other in self.neighbours[node] if other > node} - above
            above |= parents
            waiting += parents
        image = dict(image)
        for node in sorted(above):
            links = tuple(sorted([(role, image.get(target, target)) for role, target in graph.links[node]]))
            found = graph.index.get((graph.labels[node], links))
            if found is None or graph.marks[found] != graph.marks[node]:
                return False
            image[node] = found
        return True

    def individualised(self, colouring: Colouring, cell: int, node: int, fresh: int) -> tuple[Trace, Colouring, int]:
        """Return what follows where a node of a class gets a colour of its own: trace, colouring, next free colour."""
        colours, cells = colouring
        child = (colours.copy(), {each: set(others) for each, others in cells.items()})
        trace: Trace = []
        changed = _split(child, cell, [cells[cell] - {node}, {node}], fresh)
        return trace, child, self._refine(child, changed, fresh + 1, trace)

    def certificate(self, colouring: Colouring) -> Certificate:
        """Return the whole graph in the order of colours, where every node has one of its own."""
        colours = colouring[0]
        rows: Certificate = [(0, [])] * len(colours)
        for node, colour in enumerate(colours):
            links = sorted([(role, colours[other]) for role, other in self.neighbours[node] if other < node])
            rows[colour] = (self.kinds[node], links)
        return rows

    def _search(self, colouring: Colouring, fresh: int) -> Certificate:
        """Return the least certificate below a refined colouring."""
        classes = self.open(colouring)
        if not classes:
            return self.certificate(colouring)
        cells = colouring[1]
        target = min(classes, key=lambda cell: len(cells[cell]))
        members = cells[target]
        self.spend(len(members) ** 2 * self.size)
        tried = [self.individualised(colouring, target, node, fresh) for node in members]
        least = min([trace for trace, _, _ in tried])
        best = [(child, after) for trace, child, after in tried if trace == least]
        orbit = list(range(len(best)))
        symbols = [node for cell in classes for node in cells[cell]]
        for one, two in combinations(orbit, 2):
            if orbit[one] != orbit[two] and self._automorphic(_exchange(symbols, best[one][0], best[two][0])):
                orbit = [orbit[one] if each == orbit[two] else each for each in orbit]
        return min([self._search(*best[one]) for one in set(orbit)])


def _split(colouring: Colouring, cell: int, parts: list[set[int]], fresh: int) -> list[int]:
    """Give each part of a class but the first largest the next free colour; return the members of those parts."""
    colours, cells = colouring
    largest = max(parts, key=len)
    changed: list[int] = []
    for part in parts:
        colour = cell
        if part is not largest:
            colour, fresh = fresh, fresh + 1
            changed += part
            for node in part:
                colours[node] = colour
        if len(part) > 1:
            cells[colour] = part
        else:
            cells.pop(colour, None)
    return changed


def _exchange(symbols: list[int], one: Colouring, two: Colouring) -> dict[int, int]:
    """Return the permutation that takes each of these symbols alone in `one` to its like in `two` and closes cycles."""
    like = {two[0][node]: node for node in symbols if two[0][node] not in two[1]}
    image = {node: like[one[0][node]] for node in symbols if one[0][node] not in one[1]}
    origin = {after: before for before, after in image.items()}
    for last in origin.keys() - image.keys():
        first = last
        while first in origin:
            first = origin[first]
        image[last] = first
    return image
