"""Walks over the concept graph that propose features to join: pairs and triples that were rarely joined before.

After the recombination of concepts in SynthLLM (Qin et al. 2025, arXiv 2503.19551, section 3), turned round: concepts
are the productions of a grammar, so nobody has to guess them, and a walk prefers what was *not* seen together.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import TYPE_CHECKING

from synth.graph.reach import Pair, Reach

if TYPE_CHECKING:
    import networkx as nx


def concept_graph(missing: Mapping[Pair, float]) -> nx.Graph:
    """Return the graph of concepts; the weight of an edge is what the pair lacks, in rows.

    >>> graph = concept_graph({("add", "sine"): 2.0, ("divide", "sine"): 1.0})
    >>> graph.degree("sine", weight="weight")
    3.0
    """
    import networkx as nx

    graph = nx.Graph()
    graph.add_weighted_edges_from((one, other, weight) for (one, other), weight in missing.items() if weight > 0)
    return graph


def walk(graph: nx.Graph, rng: Random, reach: Reach, size: int = 2) -> tuple[str, ...]:
    """Return features met on a walk, sorted: at most `size`, fewer where no derivation joins more; () of no edges.

    The first edge is drawn in proportion to what it lacks, so each pair is proposed as often as it is missing; further
    concepts are neighbours of any concept met so far, if one derivation joins them all.
    """
    if not graph.number_of_edges():
        return ()
    edges = sorted((min(one, other), max(one, other), weight) for one, other, weight in graph.edges(data="weight"))
    edges = [edge for edge in edges if reach.joins(edge[:2])]
    if not edges:
        return ()
    first = rng.choices(edges, [weight for *_, weight in edges])[0]
    met = [first[0], first[1]]
    while len(met) < size:
        near: dict[str, float] = {}
        for concept in met:
            for other, facts in graph[concept].items():
                if other not in met:
                    near[other] = near.get(other, 0.0) + facts["weight"]
        names = sorted(name for name in near if reach.joins([*met, name]))
        if not names:
            break
        met += rng.choices(names, [near[name] for name in names])
    return tuple(sorted(met))
