"""The concept graph of each family, laid out in layers: what a concept requires stands to its left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synth.graph.concepts import concepts
from synth.graph.graph import Graph
from synth.report.measures import NAME_CHARACTERS
from synth.report.sample import largest

if TYPE_CHECKING:
    import networkx as nx

CONCEPTS = (64, 40, 24)  # of a family that are drawn, those in the most problems: the first that fits
MAX_BYTES = 500_000
SWEEPS = 8
NAME, ABOUT = 7.4, 5.9  # pixels that a character takes, in the name of a concept and in the line below it
ROW, HEIGHT, GAP, EDGE = 46, 34, 38, 12  # pixels


def drawings(graph: Graph, families: list[str]) -> list[dict[str, Any]]:
    """Return for each family where its concepts stand and which arrows join them; the same graph gives the same places.

    Layers are the levels of `synth.graph.concepts`. In a layer, concepts are put in the order of the mean places of
    their neighbours, layer by layer, to and fro (Sugiyama, Tagawa and Toda 1981).
    """
    whole = concepts(graph)
    by_family: dict[str, list[str]] = {name: [] for name in families}
    for node in sorted(whole):
        family = node.partition("/")[0]
        if family in by_family:
            by_family[family].append(node)
    drawn = {family: whole.subgraph(nodes) for family, nodes in by_family.items() if nodes}
    return largest(MAX_BYTES, CONCEPTS, lambda most: [drawing(part, family, most) for family, part in drawn.items()])


def drawing(graph: nx.DiGraph, family: str, most: int) -> dict[str, Any]:
    """Return the places of the concepts of one family: `x`, `y` of the upper left corner, `w` of each, in pixels."""
    frequent = sorted(graph, key=lambda node: (-graph.nodes[node]["rows"], node))
    shown = graph.subgraph(frequent[:most])
    layers = _ordered(shown)
    nodes: list[dict[str, Any]] = []
    place: dict[str, int] = {}
    tallest = max(map(len, layers))
    left = EDGE
    for layer in layers:
        names = {node: node.partition("/")[2][:NAME_CHARACTERS] for node in layer}
        about = [f"{graph.nodes[node]['rows']:,} rows, level {graph.nodes[node]['first']}" for node in layer]
        width = 22 + round(max(NAME * max(map(len, names.values())), ABOUT * max(map(len, about))))
        for number, node in enumerate(layer):
            place[node] = len(nodes)
            facts = graph.nodes[node]
            top = EDGE + round((number + (tallest - len(layer)) / 2) * ROW)
            nodes.append({"name": names[node], "rows": facts["rows"], "first": facts["first"],
                          "level": facts["level"], "x": left, "y": top, "w": width})  # fmt: skip
        left += width + GAP
    edges = sorted([place[one], place[two]] for one, two in shown.edges)
    return {
        "family": family,
        "of": len(graph),
        "nodes": nodes,
        "edges": edges,
        "width": left - GAP + EDGE,
        "height": 2 * EDGE + tallest * ROW - (ROW - HEIGHT),
        "node_height": HEIGHT,
    }


def _ordered(graph: nx.DiGraph) -> list[list[str]]:
    """Return the concepts of each layer that has some, from top to bottom."""
    levels = sorted({found["level"] for _, found in graph.nodes(data=True)})
    layers = [sorted(node for node in graph if graph.nodes[node]["level"] == level) for level in levels]
    for sweep in range(SWEEPS):
        order = layers if sweep % 2 == 0 else list(reversed(layers))
        at = {node: (number + 0.5) / len(layer) for layer in layers for number, node in enumerate(layer)}
        for layer in order:
            near = {
                node: sorted(at[other] for other in (*graph.successors(node), *graph.predecessors(node)))
                for node in layer
            }
            mean = {node: sum(found) / len(found) if found else at[node] for node, found in near.items()}
            layer.sort(key=lambda node: (round(mean[node], 9), node))
            at.update({node: (number + 0.5) / len(layer) for number, node in enumerate(layer)})
    return layers
