"""A source with a demand: several problems are drawn for it, and the one that is worth most is kept."""

from __future__ import annotations

from dataclasses import dataclass

from synth.family import Family
from synth.graph.demand import Demand
from synth.propose import sampler
from synth.records import Candidate, Rejection, Source
from synth_kernel.terms import Term


@dataclass(frozen=True)
class Steered(Source):
    """A source, and what its round demands; one demand is shared by all sources of a family and level in a round."""

    demand: Demand | None = None


def draw(family: Family, source: Source) -> tuple[Candidate, Term | None] | Rejection:
    """Draw the problem of a source; a pure function of both.

    Without a demand this is `synth.propose.sampler.draw`, and with one the first draw is the same. More are drawn, each
    from a stream of its own, until one is worth what rows are worth on average; else the best is kept.
    """
    first = sampler.draw(family, source)
    demand = source.demand if isinstance(source, Steered) else None
    if demand is None or isinstance(first, Rejection):
        return first
    found = features(family, first[0])
    best, most = first, demand.worth(found)
    for number in range(2, demand.draws + 1):
        if demand.enough(found):
            break
        other = sampler.draw(family, source, purpose=f"problem {number}")
        if isinstance(other, Rejection):
            continue
        found = features(family, other[0])
        if (worth := demand.worth(found)) > most:
            best, most = other, worth
    return best


def propose(family: Family, source: Source) -> Candidate | Rejection:
    """Draw the problem of a source and solve it."""
    drawn = draw(family, source)
    return drawn if isinstance(drawn, Rejection) else sampler.solve(family, *drawn)


def features(family: Family, candidate: Candidate) -> tuple[str, ...]:
    """Return the features of a drawn problem; none where a family drew what it cannot read."""
    try:
        return family.features_of(family.formal.read(candidate.formal, "problem"))
    except ValueError:
        return ()
