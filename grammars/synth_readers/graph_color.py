"""Colourings with given colours. The dataset has no answers, so the one that it keeps beside a question is judged."""

from __future__ import annotations

import json
import re
from typing import Any

from synth.audit.reader import Asked, Breaks, Is, NotRead, Reader, Row
from synth_kernel.claims import Theory
from synth_kernel.terms import Term
from synth_readers._words import matched, wholes

_QUESTION = (
    r"Please provide a coloring for this graph such that every vertex is not connected to a vertex of the same color\. "
    r"The graph has these properties:\n\nVertices: \[([0-9, ]+)\]\nEdges: \[([0-9, ()]*)\]\n"
    r"Possible colors: \[([0-9, ]+)\]\n\nReturn your solution as a JSON map of vertices to colors\. "
    r"\(For example: \{\"0\": 1, \"1\": 2, \"2\": 3\}\.\)"
)
_EDGES = r"(?:\([0-9]+, [0-9]+\)(?:, \([0-9]+, [0-9]+\))*)?"


def read(row: Row) -> list[Asked]:
    """Any colouring answers; which colours there are is given, so our family, which asks for the fewest, is another."""
    found = matched(_QUESTION, row.question)
    vertices, colours = wholes(found[1]), wholes(found[3])
    edges = [wholes(edge) for edge in re.findall(r"\(([0-9]+, [0-9]+)\)", matched(_EDGES, found[2])[0])]
    if sorted(colours) != list(range(min(colours), max(colours) + 1)) or len(vertices) > 100 or len(colours) > 20:
        raise NotRead("colours that do not follow each other, or too many")
    if len(set(vertices)) < len(vertices) or not {end for edge in edges for end in edge} <= set(vertices):
        raise NotRead("an edge of no vertex")
    names = {vertex: f"v{vertex}" for vertex in vertices}
    sort: Term = ("range", min(colours), max(colours))
    clauses: tuple[Term, ...] = tuple(("distinct", names[one], names[other]) for one, other in edges)
    declared = tuple((name, sort) for name in names.values())
    painted = _label(row)
    theory = Theory(declared, (), clauses, (), ("construct", *names.values()))
    if not set(vertices) <= set(painted):
        return [Asked(theory, Breaks("the answer leaves out a vertex"))]
    if not {painted[vertex] for vertex in vertices} <= set(colours):
        return [Asked(theory, Breaks("the answer has a colour that is not given"))]
    return [Asked(theory, Is(("model", *[("=", name, painted[vertex]) for vertex, name in names.items()])))]


def _label(row: Row) -> dict[int, int]:
    given: Any = row.metadata.get("possible_answer") if row.answer is None else _json(row.label())
    if not isinstance(given, dict):
        raise NotRead("the source gives no answer")
    painted = {int(vertex): colour for vertex, colour in given.items() if str(vertex).isdecimal()}
    if len(painted) < len(given) or not all(type(colour) is int for colour in painted.values()):
        raise NotRead("an answer that is no map of vertices to colours")
    return painted


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise NotRead("an answer that is no JSON") from None


READER = Reader("graph_color", read)
