"""A run: rounds of batches, merged in order, until every quota is full or is booked as a gap.

What is demanded is frozen when a round starts; within it a batch is a pure function of (recipe, family, level, index);
batches are merged in the order of the plan. So the bytes of the shards depend neither on the number of workers nor on
when the run was killed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property, partial
from itertools import islice
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from synth.errors import UserError
from synth.propose.choose import Serving
from synth.records import Source
from synth.run import alike, benchmarks, demand
from synth.run.batch import SIZE, Outcome, lost, make
from synth.run.ledger import SHARD_REJECTIONS, SHARD_ROWS, Ledger, Quota, Round, full_disk_is_a_user_error
from synth.run.merge import merged
from synth.run.package import package_of
from synth.run.recipe import Recipe, quotas
from synth.run.retract import may_continue
from synth.run.reword import reworded
from synth.run.status import Status, status_of
from synth.run.writer import Writer, batch_key

if TYPE_CHECKING:
    from synth.graph.decontaminate import Contaminants
    from synth.graph.demand import Demand
    from synth_solvers.pool import Pool

Make: TypeAlias = Callable[[Recipe, Sequence[Source]], "list[Outcome]"]
MakeAll: TypeAlias = Callable[[Iterable[list[Source]]], "Iterator[list[Outcome]]"]
Progress: TypeAlias = Callable[[int, int, int], None]  # rows accepted, rows requested, sources looked at

LOWEST_YIELD = 1 / 64  # below it, for two whole rounds, a (family, level) is a gap
FEWEST_TO_JUDGE = 128  # sources in a round that may call a quota dry
DRY_ROUNDS = 2
SLACK = 1.05


def generate(
    recipe: Recipe,
    folder: Path,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    make: Make = make,
    serving: Serving | None = None,
) -> Status:
    """Make the corpus of a resolved recipe in a folder, or go on with it; return how it ended.

    A run that was killed, or stopped by Ctrl-C, a full disk, a server that is gone or a spent budget, is resumed by the
    same call. Raise `UserError` where the folder holds a run of another recipe, or of other versions of its families.
    """
    if workers < 1:
        raise UserError(f"--workers must be at least 1, not {workers}")
    with full_disk_is_a_user_error(folder), Ledger(folder, write=True) as ledger, Crew(workers) as crew:
        contaminants = _begin(ledger, recipe)
        make_all = partial(in_workers, partial(make, recipe), workers=crew)
        if recipe.model.name and not ledger.meta("done"):
            make_all = partial(with_model, recipe, Writer(ledger, recipe.model.name, serving), workers=crew)
        if recipe.paraphrase and not ledger.meta("done"):
            make_all = partial(reworded, ledger, recipe, serving, make_all)
        while not ledger.meta("done"):
            _round(ledger, recipe, make_all, progress, contaminants)
            if all(quota.need <= 0 for quota in ledger.quotas()):
                ledger.flush()
                alike.finish(ledger)
                ledger.keep(done="yes")
        return status_of(ledger)


def _begin(ledger: Ledger, recipe: Recipe) -> Contaminants | None:
    """Begin a run, or see to it that the one in the folder is this one; return what its rows are compared with."""
    package_of(recipe)  # a family with a mistake in its grammar or phrases says so now, not once a candidate
    made_with = json.dumps(versions(recipe), sort_keys=True)
    known, contaminants = ledger.meta("recipe"), None
    if known is None:
        wanted, contaminants = demand.begin(recipe), benchmarks.contaminants(recipe)
        _keep_laws(recipe)
        wanted.update(benchmarks.kept(contaminants))
        ledger.begin(quotas(recipe), recipe=recipe.text(), versions=made_with, **wanted)
    elif known != recipe.text():
        raise UserError(
            f"{ledger.folder} holds a run of another recipe ({_difference(known, recipe.text())}); "
            "choose another --out, or leave the recipe as it was to go on with that run"
        )
    elif (before := ledger.meta("versions") or "{}") != made_with:
        if not may_continue(ledger, json.loads(before), versions(recipe)):
            raise UserError(
                f"{ledger.folder} was begun with other versions ({_difference(before, made_with)}); "
                "rows of two versions are not mixed: choose another --out"
            )
        ledger.keep(versions=made_with)
    ledger.remove_strays()
    if known is not None:
        benchmarks.check(ledger)
        contaminants = None if ledger.meta("done") else benchmarks.contaminants(recipe)
    return contaminants


def _keep_laws(recipe: Recipe) -> None:
    """Try the laws on two samples of the lowest and highest level of each family that is not one of ours.

    Ours are checked by the tests. Costs about a second for each family, once for a run.
    """
    from synth.family.registry import families
    from synth.testing import check_family

    for name in recipe.families:
        family = families().get(name)
        if family is None or type(family).__module__.startswith("synth_grammars."):
            continue
        ends = sorted({min(family.levels), max(family.levels)})
        for broken in check_family(family, samples=2, levels=ends):
            raise UserError(
                f"family {name!r} ({type(family).__module__}) breaks a law: {broken}; "
                "mend it with the help of synth.testing.check_family, or leave it out of the recipe"
            )


def versions(recipe: Recipe) -> dict[str, str]:
    """Return what fixes the bytes of a run beside its recipe: the package and what is trusted about each family."""
    from synth import __version__
    from synth.family.registry import families

    installed = families()
    return {
        "synth": __version__,
        **{name: installed[name].trust_digest() for name in recipe.families if name in installed},
    }


def _difference(one: str, other: str) -> str:
    """Name the first line in which two texts differ."""
    pairs = zip(one.replace(", ", "\n").splitlines(), other.replace(", ", "\n").splitlines(), strict=False)
    return next((f"there {a.strip()}, here {b.strip()}" for a, b in pairs if a != b), "one says more than the other")


# ---- rounds --------------------------------------------------------------------------------------------------------


def _round(
    ledger: Ledger,
    recipe: Recipe,
    make_all: MakeAll,
    progress: Progress | None,
    contaminants: Contaminants | None = None,
) -> None:
    """Finish the round under way, or plan one and make it."""
    current = ledger.round()
    if current is None or current.merged == sum(ceil(count / SIZE) for *_, count in current.plan):
        learned = [learn(quota) for quota in ledger.quotas()]
        plan = [(q.family, q.level, q.next_index, _sources(recipe, q)) for q in learned if q.need > 0]
        if not plan:
            ledger.put_quotas(learned)
            return
        demands = demand.freeze(ledger, recipe, {(family, level): count for family, level, _, count in plan})
        ledger.start_round(0 if current is None else current.number + 1, plan, learned, demands)
        current = ledger.round()
        assert current is not None
    state = {(quota.family, quota.level): quota for quota in ledger.quotas()}
    waiting = _flush_if_enough(ledger, *ledger.pending())  # a kill may have come between a batch and its shard
    todo = islice(batches(current, recipe.seed, _demands(ledger, current)), current.merged, None)
    asked: list[list[Source]] = []

    def needed() -> Iterator[list[Source]]:
        for batch in todo:
            asked.append(batch)
            full = state[batch[0].family, batch[0].level].need <= 0
            yield [] if full else batch

    for outcomes in make_all(needed()):
        batch = asked.pop(0)
        quota = state[batch[0].family, batch[0].level]
        if quota.need <= 0:
            ledger.skip(current.number)
            continue
        with ledger.transaction():
            merge = merged(ledger, quota, outcomes, contaminants)
            ledger.book(current.number, merge)
            ledger.forget_replies(batch_key(batch))
        state[quota.family, quota.level] = merge.quota
        waiting = _flush_if_enough(ledger, waiting[0] + len(merge.rows), waiting[1] + len(merge.rejections))
        if progress:
            found = state.values()
            progress(sum(q.accepted for q in found), sum(q.quota for q in found), sum(q.proposed for q in found))


def _flush_if_enough(ledger: Ledger, rows: int, rejections: int) -> tuple[int, int]:
    """Write shards if enough waits for them; return what waits after that."""
    if rows < SHARD_ROWS and rejections < SHARD_REJECTIONS:
        return rows, rejections
    ledger.flush()
    return 0, 0


def learn(quota: Quota) -> Quota:
    """Return a quota after a round: a gap where two rounds in a row, large enough to judge by, came to next to nothing.

    >>> learn(Quota("knights", 1, 10, round_proposed=128, dry_rounds=1)).gap
    'of the last 128 sources 0 gave a new row'
    """
    if quota.need <= 0 or quota.round_proposed < FEWEST_TO_JUDGE:
        return quota
    dry = quota.dry_rounds + 1 if quota.round_accepted < quota.round_proposed * LOWEST_YIELD else 0
    said = f"of the last {quota.round_proposed} sources {quota.round_accepted} gave a new row"
    return replace(quota, dry_rounds=dry, gap=said if dry >= DRY_ROUNDS else "")


def sources(quota: Quota) -> int:
    """Return how many sources the next round tries for a quota, from what the last round yielded.

    >>> sources(Quota("knights", 1, 100)), sources(Quota("knights", 1, 100, 50, round_proposed=100, round_accepted=50))
    (100, 106)
    """
    if not quota.round_proposed:
        return quota.need
    share = quota.round_accepted / quota.round_proposed
    if share < LOWEST_YIELD:
        return 2 * FEWEST_TO_JUDGE  # enough to tell whether it is dry
    wanted = ceil(SLACK * quota.need / share) + 1
    return max(wanted, FEWEST_TO_JUDGE) if share < 0.25 else wanted


def _sources(recipe: Recipe, quota: Quota) -> int:
    """Return how many sources the next round tries for a quota of this recipe."""
    most = demand.most_sources(recipe, quota.proposed)
    return sources(quota) if most is None else min(sources(quota), most)


def _demands(ledger: Ledger, current: Round) -> dict[tuple[str, int], Demand]:
    """Return what was demanded when a round started."""
    from synth.graph.demand import Demand

    return {key: Demand.read(data) for key, data in ledger.demands(current.number).items()}


def batches(
    current: Round, seed: int, demands: Mapping[tuple[str, int], Demand] | None = None
) -> Iterator[list[Source]]:
    """Yield the batches of a round: one family and level each, taking turns, indices consecutive."""
    from synth.graph.steer import Steered

    left = [(family, level, first, first + count) for family, level, first, count in current.plan]
    while left:
        for family, level, first, end in left:
            indices = range(first, min(first + SIZE, end))
            wanted = (demands or {}).get((family, level))
            if wanted is None:
                yield [Source(family, level, seed, index, current.number) for index in indices]
            else:
                yield [Steered(family, level, seed, index, current.number, demand=wanted) for index in indices]
        left = [(family, level, first + SIZE, end) for family, level, first, end in left if first + SIZE < end]


class Crew:
    """The worker processes of a run: started when first needed, kept over rounds, so that grammars are read once."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._open = ExitStack()

    @cached_property
    def pool(self) -> Pool:
        """The processes."""
        from synth_solvers.pool import Pool

        return self._open.enter_context(Pool(self._workers))

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()


def in_workers(
    function: Callable[[Sequence[Source]], list[Outcome]], todo: Iterable[list[Source]], workers: Crew
) -> Iterator[list[Outcome]]:
    """Run batches in worker processes and yield their outcomes in order; what takes a worker down costs one source."""
    from synth_solvers.pool import Lost

    for batch, results in workers.pool.map(function, todo):
        yield [lost(source, result.reason, result.detail) if isinstance(result, Lost) else result
               for source, result in zip(batch, results, strict=True)]  # fmt: skip


def with_model(recipe: Recipe, writer: Writer, todo: Iterable[list[Source]], workers: Crew) -> Iterator[list[Outcome]]:
    """Run batches with a model in this process, everything else in worker processes; yield outcomes in order."""
    from synth.run.tries import outcomes

    yield from outcomes(recipe, workers.pool, writer.model, writer.write, iter(todo))
