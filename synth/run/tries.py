"""A batch with a model in the loop: draw the problems, let the model try them, let the solver answer what it failed.

The model runs in the process that writes the ledger; everything else is done in worker processes, by the functions of
this file. A draft travels between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from synth.family import Family
from synth.propose.choose import name_of
from synth.records import Candidate, Record, Rejection, Source
from synth.run.batch import MAX_TEXT, Outcome, features_in, lost, make_one, outcome_of, rejection_of, setting_of
from synth.run.ledger import TRY
from synth_kernel.terms import Term

if TYPE_CHECKING:
    from synth.propose.ask import Ask, Draw, Model, Reply
    from synth.run.recipe import Recipe
    from synth_solvers.pool import Job, Lost, Pool

AHEAD = 3  # batches that are under way at a time, so that workers judge one while the model writes for another


@dataclass(frozen=True)
class Draft:
    """A source on its way to an outcome: its problem once there is one, what the model wrote, what became of that.

    `wanted` are the features that a problem must have where the model composes it. `found` is the accepted record;
    `outcome` ends the way.
    """

    source: Source
    formal: str = ""
    answer: Term | None = None
    wanted: tuple[str, ...] = ()
    tried: int = 0
    passed: int = 0
    tries: tuple[Mapping[str, Any], ...] = ()
    found: Record | None = None
    outcome: Outcome | None = None


# ---- what workers do -------------------------------------------------------------------------------------------------


def open_batch(recipe: Recipe, sources: Sequence[Source]) -> list[Draft]:
    """Draw the problem of each source; where the model is to compose it, what it is to use."""
    from synth.family.registry import families
    from synth.graph.steer import draw

    drafts = []
    for source in sources:
        family = families()[source.family]
        drawn = draw(family, source)
        if isinstance(drawn, Rejection):
            drafts.append(Draft(source, outcome=_refused(family, drawn)))
        elif source.random("who").random() < recipe.model.pose:
            drafts.append(Draft(source, wanted=_wanted(recipe, family, drawn[0])))
        else:
            drafts.append(Draft(source, drawn[0].formal, drawn[1]))
    return drafts


def _wanted(recipe: Recipe, family: Family, drawn: Candidate) -> tuple[str, ...]:
    """Return what a composed problem is to join: what the round demands, else a pair that a drawn problem has.

    The bundled model was trained to join two features; a model behind a server is asked for three as often.
    """
    from synth.graph.reach import reach_of
    from synth.graph.steer import Steered

    source = drawn.source
    if isinstance(source, Steered) and source.demand is not None:
        rng = source.random("wanted")
        size = rng.choice((2, 3)) if recipe.model.name.startswith("openai:") else 2
        if wanted := source.demand.wanted(rng, reach_of(family), size):
            return wanted
    found = sorted(set(family.features_of(family.formal.read(drawn.formal, "problem"))))
    pairs = list(combinations(found, 2))
    return drawn.source.random("wanted").choice(pairs) if pairs else tuple(found)


def read_batch(recipe: Recipe, posed: Sequence[tuple[Draft, Reply]]) -> list[Draft]:
    """Read the problems that a model composed; refuse those that are none, or lack what was wanted."""
    return [_read(recipe, draft, reply) for draft, reply in posed]


def _read(recipe: Recipe, draft: Draft, reply: Reply) -> Draft:
    from synth.family.registry import families
    from synth.judge.judge import MAX_PROBLEM, too_large
    from synth.propose.repair import repair

    source = replace(draft.source, proposer=name_of(recipe.model.name), **_by_model(recipe))
    family = families()[source.family]
    text = repair(family, "pose", reply.text)

    def refused(reason: str, detail: str = "") -> Draft:
        rejection = Rejection(Candidate(source, text[:MAX_TEXT]), "pose", reason, detail[:400])
        return replace(draft, outcome=_refused(family, rejection, reply.text))

    if reply.failure or not text:
        return refused("nothing written", reply.failure)
    try:
        tree = family.problem(text)[0]
    except ValueError as error:
        return refused(type(error).__name__ if reply.finished else "cut off", str(error))
    if why := too_large(tree, most=MAX_PROBLEM):
        return refused("too large", why)
    missing = set(draft.wanted) - set(family.features_of(tree))
    if missing:
        return refused("off-cell", f"lacks {', '.join(sorted(missing))}")
    return replace(draft, source=source, formal=text)


def try_batch(recipe: Recipe, written: Sequence[tuple[Draft, Sequence[Reply], bool]]) -> list[Draft]:
    """Judge what a model wrote for each problem; where that was the last try and none passed, the solver answers."""
    return [_tried(recipe, draft, replies, last) for draft, replies, last in written]


def _tried(recipe: Recipe, draft: Draft, replies: Sequence[Reply], last: bool) -> Draft:
    from synth.family.registry import families
    from synth.propose.repair import repair
    from synth.search.task import Task, attempt

    family = families()[draft.source.family]
    setting = setting_of(recipe)
    task = Task(family, replace(draft.source, model=name_of(recipe.model.name), **_by_model(recipe)), draft.formal)
    tries, passed, found = list(draft.tries), draft.passed, draft.found
    for reply in replies:
        text = repair(family, "solve", reply.text)
        result = attempt(task, text, setting).result
        if isinstance(result, Record):
            passed += 1
            found = found or result
        else:
            if result.stage == "parse" and (reply.failure or not reply.finished):
                result = replace(result, reason="nothing written" if reply.failure else "cut off", detail=reply.failure)
            tries.append(rejection_of(replace(result, stage=TRY), reply.text))
    draft = replace(draft, tried=draft.tried + len(replies), passed=passed, tries=tuple(tries), found=found)
    wants_more = found is None or recipe.difficulty is not None
    return draft if wants_more and not last else replace(draft, outcome=_closed(recipe, family, draft))


def _closed(recipe: Recipe, family: Family, draft: Draft) -> Outcome:
    """Return the outcome of a problem that was tried: the model's solution, else the solver's."""
    from synth.judge.judge import judge
    from synth.propose.sampler import solve

    tried = draft.tried > 0
    if recipe.difficulty and tried:
        low, high = recipe.difficulty.pass_rate
        if not low <= draft.passed / draft.tried <= high:
            said = f"{draft.passed}/{draft.tried}"
            rejection = Rejection(Candidate(draft.source, draft.formal), "difficulty", "pass rate outside", said)
            return _refused(family, rejection, tries=draft.tries, tried=tried)
    if draft.found is not None:
        made: Record | Rejection = draft.found
    else:
        candidate = solve(family, Candidate(draft.source, draft.formal), draft.answer)
        made = candidate if isinstance(candidate, Rejection) else judge(family, candidate, setting_of(recipe))
    if isinstance(made, Rejection):
        return _refused(family, made, tries=draft.tries, tried=tried)
    rates = ((name_of(recipe.model.name), draft.passed, draft.tried),) if recipe.difficulty and tried else ()
    by = "model" if draft.found is not None else "solver"
    return replace(outcome_of(recipe, family, made, rates), by=by if tried else "", tries=draft.tries, tried=tried)


def _refused(
    family: Family,
    rejection: Rejection,
    text: str = "",
    tries: tuple[Mapping[str, Any], ...] = (),
    tried: bool = False,
) -> Outcome:
    features = features_in(family, rejection.candidate.formal)
    return Outcome(None, rejection_of(rejection, text), features, tries=tries, tried=tried)


def _by_model(recipe: Recipe) -> dict[str, Any]:
    return {"kind": "verified", "temperature": float(recipe.model.temperature)}


# ---- what the process with the model does ----------------------------------------------------------------------------


@dataclass
class _Work:
    """A batch under way: where each of its sources is, and the job that moves it on."""

    batch: list[Source]
    drafts: list[Draft]
    job: Job[Any, Any] | None
    places: list[int]  # of the drafts that the job is about
    wave: int = 0

    def unfinished(self) -> list[int]:
        return [place for place, draft in enumerate(self.drafts) if draft.outcome is None]


Write = Callable[["Sequence[Source]", str, "Sequence[Ask]", "Draw"], "list[list[Reply]]"]  # batch, call, asks, draw


def outcomes(
    recipe: Recipe, pool: Pool, model: Model, write: Write, batches: Iterator[list[Source]]
) -> Iterator[list[Outcome]]:
    """Yield the outcomes of each batch, in order. `write` asks the model, or remembers what it wrote before.

    A family that the model does not know is made by sampler and solver alone. What is asked depends on the batch only,
    so the outcomes do not depend on how many workers there are.
    """
    window: list[_Work] = []
    while True:
        while len(window) < AHEAD and (batch := next(batches, None)) is not None:
            window.append(_begin(recipe, pool, model, batch))
        if not window:
            return
        work = next((work for work in window if work.job and work.job.ready()), window[0])
        if work.job is not None:
            _collect(work)
            _advance(recipe, pool, write, work)
        while window and window[0].job is None:
            work = window.pop(0)
            yield [_end(draft) for draft in work.drafts]


def _end(draft: Draft) -> Outcome:
    assert draft.outcome is not None
    return draft.outcome


def _begin(recipe: Recipe, pool: Pool, model: Model, batch: list[Source]) -> _Work:
    from functools import partial

    work = _Work(batch, [Draft(source) for source in batch], None, list(range(len(batch))))
    if batch:
        knows = model.knows(batch[0].family, batch[0].level)
        work.job = pool.submit(partial(open_batch if knows else _make_batch, recipe), batch)
    return work


def _make_batch(recipe: Recipe, sources: Sequence[Source]) -> list[Draft]:
    return [Draft(source, outcome=make_one(recipe, source)) for source in sources]


def _collect(work: _Work) -> None:
    """Put the results of the job in their places."""
    assert work.job is not None
    for place, result in zip(work.places, work.job.results(), strict=True):
        work.drafts[place] = result if isinstance(result, Draft) else _lost(work.drafts[place], result)
    work.job = None


def _lost(draft: Draft, why: Lost) -> Draft:
    ended = lost(draft.source, why.reason, why.detail)
    return replace(draft, outcome=replace(ended, tries=draft.tries, tried=draft.tried > 0))


def _advance(recipe: Recipe, pool: Pool, write: Write, work: _Work) -> None:
    """Ask the model for what the unfinished sources need next, and give it to the workers."""
    from functools import partial

    from synth.family.registry import families
    from synth.propose import prompts

    places = work.unfinished()
    if not places:
        return
    first = work.batch[0]
    family = families()[first.family]
    posing = [place for place in places if not work.drafts[place].formal]
    if posing:
        asks = [prompts.pose(family, first.level, work.drafts[place].wanted) for place in posing]
        replies = write(work.batch, "pose", asks, draw_of(recipe, first, 0, 1))
        items = [(work.drafts[place], found[0]) for place, found in zip(posing, replies, strict=True)]
        work.places, work.job = posing, pool.submit(partial(read_batch, recipe), items)
        return
    most = recipe.difficulty.tries if recipe.difficulty else recipe.model.tries
    at_once = most if recipe.difficulty else min(1, most)
    work.wave += 1
    last = work.wave * at_once >= most
    replies = [[] for _ in places]
    if at_once:
        asks = [prompts.solve(family, work.drafts[place].formal) for place in places]
        replies = write(work.batch, f"solve {work.wave}", asks, draw_of(recipe, first, work.wave, at_once))
    tried = [(work.drafts[place], found, last) for place, found in zip(places, replies, strict=True)]
    work.places, work.job = places, pool.submit(partial(try_batch, recipe), tried)


def draw_of(recipe: Recipe, first: Source, wave: int, n: int) -> Draw:
    """Return how replies are drawn in one call; the seed comes from the recipe's, the batch and the wave."""
    from synth.propose.ask import Draw

    asked = recipe.model
    return Draw(
        n=n,
        temperature=float(asked.temperature),
        max_tokens=asked.max_tokens,
        seed=first.random(f"wave {wave}").getrandbits(32),
        constrained=asked.constrained,
    )
