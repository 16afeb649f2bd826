"""All laws on one family, each with its figure: what `synth family check` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from synth.family import FORMAL, Family
from synth.testing import answers, grammar, levels, mutation
from synth.testing.contract import speaks
from synth.testing.finding import BROKEN, Broken, Finding, finding
from synth.testing.sampled import Sampled, sample

SAMPLES = 12


def complete(sampled: Sampled) -> Finding:
    """Grammar, meaning and languages fit each other."""
    figure = f"{len(sampled.family.meaning.parameters)} templates"
    cause = "meaning.toml has one line for each alias of grammar.lark, and no other"
    return finding("every production has a meaning", figure, speaks(sampled.family), cause)


LAWS: tuple[Callable[[Sampled], Finding], ...] = (
    grammar.loaded,
    complete,
    grammar.used,
    grammar.phrased,
    levels.round_trips,
    grammar.unambiguous,
    grammar.decodable,
    levels.accepted,
    mutation.matters,
    answers.not_guessable,
    answers.nothing_empty,
    answers.solvers_agree,
    answers.wrong_refused,
    levels.same_again,
    levels.seeds_disjoint,
    levels.roomy,
    levels.harder,
    levels.fast,
)


def examine(
    family: Family, samples: int = SAMPLES, levels: Sequence[int] | None = None, seed: int = 1
) -> Iterator[Finding]:
    """Run every law on so many draws of each level and yield what each found; a family that does not load ends it.

    Costs 3 to 15 seconds of CPU with five levels and 12 samples.

    >>> from synth.family.registry import families
    >>> [each.law for each in examine(families()["knights"], 2, [1, 2]) if each.broken]
    []
    """
    try:
        for name in [FORMAL, *family.languages]:
            family.language(name)
        _ = family.meaning
    except ValueError as error:
        yield Finding(
            "it loads, without conflicts", "", BROKEN, (Broken("loads", "a family", str(error)),), "see found"
        )
        return
    if any(each.law == "kind" for each in speaks(family)):
        yield complete(Sampled(family, ()))
        return
    sampled = sample(family, samples, levels, seed)
    for law in LAWS:
        yield law(sampled)
