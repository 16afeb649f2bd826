"""What a trained proposer can do on problems it has not seen: nothing is masked, and only proofs count.

A reply to a `solve` prompt is *valid* if it parses, and *right* if the judge proves every claim that the kind requires
and every step; where the family has a method, steps must be there. A reply to a `pose` prompt is accepted if the solver
answers the problem and the judge proves that row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any, TypeAlias

from synth.family import Family
from synth.family.registry import families
from synth.judge.judge import Setting, judge
from synth.propose import trace
from synth.propose.ask import Ask, Draw, Reply
from synth.propose.sampler import propose, solve
from synth.propose.train.lessons import wish
from synth.recheck.rows import ANSWER_ONLY
from synth.records import Candidate, Record, Source, Step
from synth.statistics import intervals
from synth_kernel.claims import digest
from synth_solvers.pool import Pool

SEED = 2  # of the problems; lessons are drawn from another seed
GUESSES = 8
LONGEST = 512  # tokens of a reply
SECONDS = 2.0  # for solving and proving one posed problem

Generate = Callable[[Sequence[str], int, int], list[list[Reply]]]  # prompts, replies to each, seed


@dataclass(frozen=True)
class Problem:
    """A held-out problem with the sampler's answer, which only the guessing baseline looks at."""

    index: int
    formal: str
    answer: str


@dataclass(frozen=True)
class Solved:
    """How a family and level went. Shares are in 0..1; intervals are Wilson's at 95 %, (low, high).

    `k` in `pass_at` is a number of tries. `gap_closed` is (pass@8 - pass@1) / (1 - pass@1). `guessing` is pass@8 of a
    guesser who knows what answers look like, but not the steps.
    """

    family: str
    level: int
    problems: int
    samples: int
    dropped: tuple[int, ...]
    valid: float
    valid_interval: tuple[float, float]
    pass_at: Mapping[str, float]
    pass_1_interval: tuple[float, float]
    gap_closed: float
    guessing: float
    steps: bool
    tokens: float

    def counts(self) -> bool:
        """Say whether trying again pays here: pass@1 in 0.2..0.7, 60 % of the gap closed by 8 tries, no guessing."""
        guessable = self.guessing > 0.2 and not self.steps
        return 0.2 <= self.pass_at["1"] <= 0.7 and self.gap_closed >= 0.6 and not guessable


@dataclass(frozen=True)
class Posed:
    """How composing problems of a family and level went; `off_cell` is a share of the accepted ones."""

    family: str
    level: int
    asked: int
    valid: float
    accepted: float
    accepted_interval: tuple[float, float]
    off_cell: float
    repeated: float | None


def pass_at(k: int, tried: int, right: int) -> float:
    """Return the unbiased estimate of solving within k tries, of `right` in `tried` (Chen et al. 2021, section 2.1).

    >>> pass_at(1, 4, 1), pass_at(2, 4, 1), pass_at(4, 4, 1)
    (0.25, 0.5, 1.0)
    """
    return 1 - math.comb(tried - right, k) / math.comb(tried, k)


def wilson(share: float, count: float) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share of `count` independent trials (Wilson 1927).

    >>> [round(bound, 3) for bound in wilson(0.5, 100)]
    [0.404, 0.596]
    """
    return intervals.wilson(share * count, count, 1.959964)


def held_out(family: Family, level: int, count: int, taught: frozenset[str], dropped: Sequence[int] = ()) -> Iterator[
    Problem | int
]:  # fmt: skip
    """Yield `count` problems of the exam; an index whose problem was taught, or is in `dropped`, is yielded instead."""
    found = index = 0
    while found < count:
        candidate = propose(family, Source(family.name, level, SEED, index))
        if isinstance(candidate, Candidate):
            formal = trace.canonical(family, candidate.formal, "problem")
            if index in dropped or digest(formal)[:16] in taught:
                yield index
            else:
                found += 1
                yield Problem(index, formal, candidate.formal_answer or "")
        index += 1


def examine(
    family: Family,
    level: int,
    generate: Generate,
    *,
    problems: int = 100,
    samples: int = 16,
    seed: int = SEED,
    taught: frozenset[str] = frozenset(),
    dropped: Sequence[int] = (),
) -> Solved:
    """Put held-out problems of a family and level to a model, `samples` times each, and prove what comes back."""
    drawn = list(held_out(family, level, problems, taught, dropped))
    asked = [one for one in drawn if isinstance(one, Problem)]
    prompts = [f"solve {family.name}\n{one.formal}\n" for one in asked]
    replies = generate(prompts, samples, seed)
    marked = [mark(family, level, one, replied) for one, replied in zip(asked, replies, strict=True)]
    rights = [sum(right for _, right in marks) for marks in marked]
    valid = fmean(valid for marks in marked for valid, _ in marks)
    tries = [k for k in (1, 2, 4, 8, 16) if k <= samples]
    passed = {str(k): fmean(pass_at(k, samples, right) for right in rights) for k in tries}
    once, most = passed["1"], passed[str(min(8, samples))]
    return Solved(
        family.name,
        level,
        len(asked),
        samples,
        tuple(one for one in drawn if isinstance(one, int)),
        valid,
        wilson(valid, len(asked) * samples),
        passed,
        wilson(once, len(asked)),
        (most - once) / (1 - once) if once < 1 else 0.0,
        guessing(family, level, asked),
        family.method is not None,
        fmean(reply.tokens for replied in replies for reply in replied),
    )


def mark(family: Family, level: int, problem: Problem, replies: Sequence[Reply]) -> list[tuple[bool, bool]]:
    """Return for each reply whether it is valid and whether it is proved; a text that comes twice is proved once."""
    known: dict[str, tuple[bool, bool]] = {}
    for reply in replies:
        if reply.text not in known:
            known[reply.text] = _mark(family, level, problem, reply.text)
    return [known[reply.text] if reply.finished else (False, False) for reply in replies]


def _mark(family: Family, level: int, problem: Problem, text: str) -> tuple[bool, bool]:
    try:
        steps, answer = trace.read(text)
        family.formal.read(answer, "solution")
        bare = len(steps) == 1 and steps[0].rule == ANSWER_ONLY
        for step in () if bare else steps:
            family.formal.read(step.formal, "step")
    except ValueError:
        return False, False
    if bare and family.method is not None:
        return True, False
    return True, _proved(family, level, problem, answer, steps)


def _proved(family: Family, level: int, problem: Problem, answer: str, steps: tuple[Step, ...] = ()) -> bool:
    source = Source(family.name, level, SEED, problem.index, kind="verified", proposer="model", temperature=1.0)
    written = steps or (Step("s0", answer, (), ANSWER_ONLY),)
    return isinstance(judge(family, Candidate(source, problem.formal, answer, written), Setting()), Record)


def guessing(family: Family, level: int, asked: Sequence[Problem]) -> float:
    """Return pass@8 of guessing: the answers of eight other problems of the level, each fitted to this one."""
    solved = 0
    for one in asked:
        rng = Random(f"{family.name} {level} {one.index}")
        others = [other for other in rng.sample(list(asked), min(len(asked), GUESSES + 1)) if other is not one]
        guesses = {fitted(other, one) for other in others[:GUESSES]}
        solved += any(_proved(family, level, one, guess) for guess in sorted(guesses))
    return solved / len(asked)


def fitted(other: Problem, problem: Problem) -> str:
    """Return the answer of another problem with the names and numbers of this one, in order of appearance.

    Numbers are replaced only where all those of the answer stand in its own problem.

    >>> fitted(Problem(0, "with 2, 3, 9 make 6", "2 * 3"), Problem(1, "with 4, 7, 5 make 9", "4 + 5"))
    '4 * 7'
    """
    words = [list(dict.fromkeys(re.findall(r"\b[A-Z][a-z]+", text))) for text in (other.formal, problem.formal)]
    theirs, mine = (re.findall(r"[0-9]+", text) for text in (other.formal, problem.formal))
    change = dict(zip(*words, strict=False))
    if set(re.findall(r"[0-9]+", other.answer)) <= set(theirs):
        change |= dict(zip(theirs, mine, strict=False))
    return re.sub(r"[0-9]+|\b[A-Z][a-z]+", lambda match: change.get(match[0], match[0]), other.answer)


def examine_posing(
    family: Family,
    level: int,
    generate: Generate,
    *,
    asked: int = 100,
    seed: int = SEED,
    taught: frozenset[str] = frozenset(),
) -> Posed:
    """Ask for problems with the feature pairs of held-out ones; the solver answers and the judge proves.

    Both run in a process of their own, because a solver may never come to an end with an odd problem; one that takes
    longer than `SECONDS` is not accepted.
    """
    drawn = [one for one in held_out(family, level, asked, frozenset()) if isinstance(one, Problem)]
    wanted = [wish(family, one.formal, Random(f"wish {family.name} {level} {one.index}")) for one in drawn]
    prompts = [f"pose {family.name} {level}: {', '.join(pair)}\n" for pair in wanted]
    valid = repeated = 0
    written: list[_Written] = []
    for one, pair, (reply,) in zip(drawn, wanted, generate(prompts, 1, seed), strict=True):
        try:
            formal = trace.canonical(family, reply.text, "problem")
        except ValueError:
            continue
        valid += reply.finished
        repeated += digest(formal)[:16] in taught
        written.append((family.name, level, one.index, formal, pair))
    with Pool(1, seconds=SECONDS) as pool:
        found = [result for _, results in pool.map(_answered, ([one] for one in written)) for result in results]
    accepted = [off for off in found if isinstance(off, bool)]
    share = len(accepted) / len(drawn)
    off = fmean(accepted) if accepted else 0.0
    again = repeated / len(drawn) if taught else None
    return Posed(family.name, level, len(drawn), valid / len(drawn), share, wilson(share, len(drawn)), off, again)


_Written: TypeAlias = tuple[str, int, int, str, tuple[str, ...]]  # family, level, index, problem, wanted features


def _answered(written: Sequence[_Written]) -> list[bool | None]:
    """Return for each problem whether it misses a wanted feature, or None where it does not become a row."""
    results: list[bool | None] = []
    for name, level, index, formal, wanted in written:
        family = families()[name]
        candidate = solve(family, Candidate(Source(name, level, SEED, index), formal))
        record = judge(family, candidate, Setting()) if isinstance(candidate, Candidate) else candidate
        results.append(not set(wanted) <= set(record.features) if isinstance(record, Record) else None)
    return results


def as_json(rows: Sequence[Solved] | Sequence[Posed]) -> list[dict[str, Any]]:
    """Return results as JSON values, shares to four digits."""
    return [{key: _rounded(value) for key, value in asdict(row).items()} for row in rows]


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, Mapping):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value


def solved_of(facts: Mapping[str, Any]) -> Solved:
    """Return the result that `as_json` wrote."""
    lists = ("dropped", "valid_interval", "pass_1_interval")
    given: dict[str, Any] = {key: tuple(value) if key in lists else value for key, value in facts.items()}
    return Solved(**given)


def posed_of(facts: Mapping[str, Any]) -> Posed:
    """Return the result that `as_json` wrote."""
    return Posed(**{**facts, "accepted_interval": tuple(facts["accepted_interval"])})


def speaker(folder: Path, temperature: float = 1.0) -> Generate:
    """Return what replies with the model of a folder: no grammar, at most 512 tokens."""
    from synth.propose.local.model import LocalModel

    model = LocalModel(str(folder), "bundled")

    def generate(prompts: Sequence[str], samples: int, seed: int) -> list[list[Reply]]:
        asks = [Ask("solve", "", prompt, ()) for prompt in prompts]
        return model.propose(asks, Draw(samples, temperature, LONGEST, seed, constrained=False))

    return generate


def sit(
    solver: Generate,
    composer: Generate,
    mix: Mapping[str, Iterable[int]],
    *,
    problems: int = 100,
    samples: int = 16,
    taught: frozenset[str] = frozenset(),
    dropped: Mapping[tuple[str, int], Sequence[int]] | None = None,
    temperature: float = 1.0,
    report: Callable[[Solved | Posed], None] | None = None,
) -> dict[str, Any]:
    """Examine families and levels in both roles; return what `exam.json` holds, `temperature` being the solver's."""
    solved: list[Solved] = []
    posed: list[Posed] = []
    for name, levels in sorted(mix.items()):
        for level in sorted(levels):
            family = families()[name]
            left = (dropped or {}).get((name, level), ())
            solved.append(
                examine(family, level, solver, problems=problems, samples=samples, taught=taught, dropped=left)
            )
            posed.append(examine_posing(family, level, composer, asked=problems, taught=taught))
            for row in (solved[-1], posed[-1]):
                if report:
                    report(row)
    return {
        "seed": SEED,
        "problems": problems,
        "samples": samples,
        "temperature": temperature,
        "solve": as_json(solved),
        "pose": as_json(posed),
    }
