"""All laws on one family, each with its figure: what `synth family check` prints."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

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

    Costs 4 to 30 seconds of CPU with five levels and 12 samples, a median of 9.

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
    try:
        sampled = sample(family, samples, levels, seed)
    except Exception as error:
        yield _raised("draws become rows", error)
        return
    for law in LAWS:
        try:
            yield law(sampled)
        except Exception as error:
            yield _raised(law.__name__.replace("_", " "), error)


def _raised(law: str, error: Exception) -> Finding:
    """Tell of an exception as of a broken law, so that one family's mistake does not hide what the others say."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    found = f"{type(error).__name__} in {last.name}, {Path(last.filename).name} line {last.lineno}: {str(error)[:200]}"
    cause = "a hook of the family raises; where the place named is none of its files, report it with the family"
    return Finding(law, "", BROKEN, (Broken(law, "a verdict", found),), cause)
