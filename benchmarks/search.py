"""All strategies of search on the same problems with the same budget of tokens: what is solved, and at which price."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from statistics import median
from time import process_time

from benchmarks.measure import Options, Table, digits
from synth.cli.solve import DEFAULT
from synth.errors import UserError
from synth.propose.ask import Draw, Model
from synth.propose.choose import open_model
from synth.search import best_of_n
from synth.search.budget import Budget
from synth.search.metrics import bootstrap, calls_per_accept, per_thousand
from synth.search.outcome import Outcome
from synth.search.strategies import STRATEGIES
from synth.search.task import Task, draw

SEEDS = 5
BASELINE = "best-of-n"
SAMPLES = (2, 8)  # the token budgets: what so many mean samples of each problem cost
PILOT = 8  # problems of a cell on which its pass rate is estimated, with as many samples each
WANTED = (0.05, 0.85)  # pass rates of the cells that are searched: neither hopeless nor done at once
MAX_TOKENS = 384  # of a reply in the pilot; in the searches twice what the longest replies to a problem mostly take
PROBLEM_SEED = 2_000  # problems of the searches; the pilot has others


@dataclass(frozen=True)
class Trial:
    """One search: which strategy, budget and seed, what came of each problem, and its CPU-seconds."""

    strategy: str
    samples: int
    seed: int
    outcomes: list[Outcome]
    seconds: float


def measure(options: Options) -> Iterator[Table]:
    """Yield the table of strategies and that of families; one without rows where there is no bundled model."""
    try:
        model = open_model("bundled")
    except UserError as error:
        yield Table("search", TITLE, (), (), (f"not measured: {error}",))
        return
    yield from compare(model, options)


TITLE = "Search: strategies at equal budgets of generated tokens"


def compare(model: Model, options: Options, problems: int | None = None) -> Iterator[Table]:
    """Yield both tables for a model; about `options.seconds` × 0.3 problems of each cell and seed."""
    problems = problems or max(3, round(options.seconds * 0.3))
    cells, tokens, limit = _pilot(model, options)
    if not cells:
        yield Table("search", TITLE, (), (), (f"{model.name}: no cell has a pass rate in {WANTED}",))
        return
    trials = list(_trials(model, options, cells, tokens, limit, problems))
    yield _by_strategy(model, trials, cells, problems)
    yield _by_cell(trials, cells)


def _pilot(model: Model, options: Options) -> tuple[list[tuple[str, int]], float, int]:
    """Return the cells worth searching, at most two of a family; the mean tokens of a sample, and a limit for one."""
    chosen: list[tuple[str, int]] = []
    spent: list[Outcome] = []
    longest = [1]
    for name, family in options.families.items():
        if not model.knows(name):
            continue
        found = []
        for level in sorted(family.levels):
            tasks = draw(family, level, PILOT, options.seed + PROBLEM_SEED - 1)
            outcomes = best_of_n.run(
                tasks, model, Budget(), Draw(n=PILOT, max_tokens=MAX_TOKENS, seed=options.seed), most=PILOT, stop=False
            )
            rate = sum(o.passed for o in outcomes) / sum(len(o.judged) for o in outcomes)
            if WANTED[0] <= rate <= WANTED[1]:
                found.append((abs(rate - 0.3), level, outcomes))
            if rate < WANTED[0]:
                break  # higher levels are harder
        for _, level, outcomes in sorted(found, key=lambda cell: cell[:2])[:2]:
            chosen.append((name, level))
            spent += outcomes
            longest.append(round(median(outcome.longest for outcome in outcomes)))
    samples = sum(outcome.samples for outcome in spent)
    mean = sum(outcome.tokens for outcome in spent) / samples if samples else 0.0
    return chosen, mean, min(MAX_TOKENS, 2 * max(longest))


def _trials(
    model: Model, options: Options, cells: Sequence[tuple[str, int]], tokens: float, limit: int, problems: int
) -> Iterator[Trial]:
    for seed in range(SEEDS):
        tasks: list[Task] = []
        for name, level in cells:
            tasks += draw(options.families[name], level, problems, options.seed + PROBLEM_SEED + seed)
        for samples in SAMPLES:
            for name, strategy in STRATEGIES.items():
                budget = Budget(tokens=round(samples * tokens * len(tasks)))
                started = process_time()
                outcomes = strategy(tasks, model, budget, Draw(max_tokens=limit, seed=seed))
                yield Trial(name, samples, seed, outcomes, process_time() - started)


def _outcomes(trials: Sequence[Trial], strategy: str, samples: int) -> list[Outcome]:
    return [o for trial in trials if (trial.strategy, trial.samples) == (strategy, samples) for o in trial.outcomes]


def _points(gain: float, least: float, most: float) -> str:
    return f"{100 * gain:+.1f} points ({100 * least:.0f} to {100 * most:.0f})"


def _share(outcomes: Sequence[Outcome]) -> float:
    return sum(outcome.solved for outcome in outcomes) / len(outcomes)


def _gain(pairs: Sequence[tuple[Outcome, Outcome]]) -> float:
    return sum(one.solved - other.solved for one, other in pairs) / len(pairs)


def _by_strategy(model: Model, trials: Sequence[Trial], cells: Sequence[tuple[str, int]], problems: int) -> Table:
    rows = []
    gains: dict[tuple[int, str], tuple[float, float, float]] = {}
    for samples in SAMPLES:
        for name in STRATEGIES:
            mine = [trial for trial in trials if (trial.strategy, trial.samples) == (name, samples)]
            outcomes = _outcomes(trials, name, samples)
            pairs = list(zip(outcomes, _outcomes(trials, BASELINE, samples), strict=True))
            low, high = bootstrap(outcomes, _share, Random(1))
            gain = _gain(pairs)
            least, most = bootstrap(pairs, _gain, Random(1))
            gains[samples, name] = (gain, least, most)
            tokens, accepted = sum(o.tokens for o in outcomes), sum(o.passed for o in outcomes)
            calls = calls_per_accept(sum(o.verifier_calls for o in outcomes), accepted)
            shares = [_share(trial.outcomes) for trial in mine]
            rows.append((
                f"{name}, {samples} samples", digits(100 * _share(outcomes)),
                f"{100 * low:.0f} to {100 * high:.0f}", f"{100 * min(shares):.0f} to {100 * max(shares):.0f}",
                digits(100 * gain), f"{100 * least:.0f} to {100 * most:.0f}", tokens,
                digits(per_thousand(accepted, tokens)), None if calls is None else digits(calls),
                digits(sum(trial.seconds for trial in mine)),
            ))  # fmt: skip
    said = []
    for samples in SAMPLES:
        best = max(STRATEGIES, key=lambda name: gains[samples, name][0])
        gain, least, most = gains[samples, best]
        said.append(f"Best at {samples} samples: {best}, {_points(gain, least, most)} against {BASELINE}.")
        rivals = list(zip(_outcomes(trials, best, samples), _outcomes(trials, DEFAULT, samples), strict=True))
        if best != DEFAULT:
            said.append(f"Against {DEFAULT} that is {_points(_gain(rivals), *bootstrap(rivals, _gain, Random(1)))}.")
    said.append(f"{DEFAULT} is the default: it needs no model that can go on from a prefix, as most servers cannot.")
    return Table(
        "search",
        f"{TITLE} ({model.name})",
        ("strategy", "solved_%", "interval", "seeds", "gain", "gain_interval", "tokens", "accepted_per_1000_tokens",
         "calls_per_accept", "cpu_s"),
        tuple(rows),
        (
            f"{problems} problems of each of {len(cells)} families and levels whose pass@1 lies in {WANTED}, {SEEDS} "
            "seeds of problems and samples; all strategies on the same. The budget of tokens is what 2 or 8 samples of "
            "a problem cost on average; all but majority stop at a problem's first proof, and what that saves goes to "
            "the others. interval: 95 %, bootstrap over problems; seeds: least to most; gain: points "
            f"against {BASELINE}, paired by problem. A call is a whole solution or a single step given to the judge.",
            " ".join(said),
        ),
    )  # fmt: skip


def _by_cell(trials: Sequence[Trial], cells: Sequence[tuple[str, int]]) -> Table:
    """Return the share solved of each cell at the largest budget."""

    def solved(name: str, cell: tuple[str, int]) -> float:
        found = [o for t in trials if (t.strategy, t.samples) == (name, SAMPLES[-1]) for o in t.outcomes]
        return digits(100 * _share([outcome for outcome in found if outcome.task.cell == cell]))

    rows = tuple((f"{cell[0]} {cell[1]}", *map(partial(solved, cell=cell), STRATEGIES)) for cell in cells)
    note = "The strategies share one budget over all problems, so one that gives a family more takes it from another."
    return Table("search_cells", f"Search: solved %, {SAMPLES[-1]} samples", ("cell", *STRATEGIES), rows, (note,))
