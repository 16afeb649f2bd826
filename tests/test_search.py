"""Search turns samples into proved solutions, never spends more than it may, and believes nothing that a model says."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from random import Random

import pytest
import typer
from scripted_model import HOSTILE
from typer.testing import CliRunner

from synth.cli import solve as cli
from synth.errors import UserError
from synth.family.registry import families
from synth.judge.judge import Setting
from synth.propose import choose, trace
from synth.propose.ask import Ask, Draw, Reply
from synth.propose.sampler import propose, solve
from synth.records import Candidate, Record, Rejection, Source
from synth.search import adaptive, beam, best_of_n, majority, repair, smc
from synth.search.budget import Budget
from synth.search.metrics import bootstrap, pass_at_k
from synth.search.report import cells, losses, pass_at
from synth.search.steps import Written, extend
from synth.search.strategies import STRATEGIES, strategy
from synth.search.task import Task, attempt, draw
from synth.statistics.intervals import wilson

Say = Callable[[Ask, Random], str]


@dataclass
class Player:
    """A model that writes `say(ask, rng)` after the prefix, cut at the first stop string and at the token limit."""

    say: Say
    name: str = "player"
    continues: bool = True
    known: frozenset[str] | None = None
    levels: tuple[int, ...] = (1, 2, 3, 4, 5)
    mass: Callable[[str], float] = lambda text: 0.0
    asks: list[Ask] = field(default_factory=list)
    tokens: int = 0

    def knows(self, family: str, level: int | None = None) -> bool:
        return self.known is None or (family in self.known and level in {None, *self.levels})

    def propose(self, asks: Sequence[Ask], draw: Draw) -> list[list[Reply]]:
        return [[self._reply(ask, draw, f"{place} {k}") for k in range(draw.n)] for place, ask in enumerate(asks)]

    def _reply(self, ask: Ask, draw: Draw, place: str) -> Reply:
        self.asks.append(ask)
        whole = self.say(ask, Random(f"{draw.seed} {place}"))
        text, stopped = whole, ""
        for stop in ask.stops:
            if stop in text:
                text, stopped = text[: text.index(stop)], stop
        pieces = re.findall(r"\w+|\W", text)
        finished = len(pieces) < draw.max_tokens
        if not finished:
            pieces, stopped = pieces[: draw.max_tokens], ""
        self.tokens += max(1, len(pieces))
        return Reply("".join(pieces), len(pieces), finished, -1.0, self.mass(ask.prefix + text), stopped=stopped)


def right(ask: Ask) -> str:
    """Return what is still to be written of the solver's solution."""
    formal = ask.text.split("\n")[1]
    solved = solve(families()[ask.family], Candidate(Source(ask.family, 1, 0, 0), formal))
    assert isinstance(solved, Candidate)
    text = trace.write(families()[ask.family], solved)
    return text.removeprefix(ask.prefix)


def wrong(ask: Ask) -> str:
    """Return a solution with an answer that is none."""
    return re.sub(r"answer: (.*?)-?([0-9]+)", lambda found: f"answer: {found[1]}{int(found[2]) + 1}", right(ask))


def noisy(rate: float) -> Say:
    """Write each line rightly at a rate, else with one of its numbers changed."""

    def say(ask: Ask, rng: Random) -> str:
        lines = right(ask).split("\n")
        return "\n".join(line if rng.random() < rate else _spoilt(line) for line in lines)

    return say


def _spoilt(line: str) -> str:
    head, colon, fact = line.rpartition(": ")
    return head + colon + re.sub(r"[0-9]+$", lambda found: str(int(found[0]) + 1), fact)


@pytest.fixture(scope="module")
def systems() -> list[Task]:
    return draw(families()["linear_system"], 1, 8, seed=5)


@pytest.fixture(scope="module")
def long_systems() -> list[Task]:
    """Problems whose solutions have four steps or more."""
    found = draw(families()["linear_system"], 4, 8, seed=5)
    assert all(right(task.ask).count("\n") >= 4 for task in found)
    return found


# ---- attempts --------------------------------------------------------------------------------------------------------


def test_an_attempt_is_accepted_only_with_every_role_and_every_step_proved(systems):
    task = systems[0]
    good = attempt(task, right(task.ask))
    assert good.accepted and good.calls == 1
    assert [evidence.claim.role for evidence in good.result.evidence][:2] == ["correct", "unique"]
    assert attempt(task, wrong(task.ask)).result.reason == "correct refuted"
    first, *rest = right(task.ask).split("\n")
    bad_step = attempt(task, "\n".join([_spoilt(first), *rest])).result
    assert (bad_step.reason, bool(bad_step.counterexample)) == ("step[0] refuted", True)


def test_what_does_not_parse_costs_no_verifier_call(systems):
    for text in ("", "answer: ", "answer: x = ", "answer: q = 1, y = 2", "I do not know"):
        found = attempt(systems[0], text)
        assert (found.calls, found.result.stage) == (0, "parse"), text


def test_texts_too_large_to_be_judged_are_refused():
    task = draw(families()["antiderivative"], 1, 1, seed=5)[0]
    x = task.formal.removeprefix("integrate ")[0]
    for text in ("sin(" * 60 + x + ")" * 60, " + ".join(f"sin({n}*{x})" for n in range(90))):
        assert attempt(task, f"answer: {text}").result.reason == "too large"


def test_drawn_tasks_differ_and_are_the_same_again():
    one, two = (draw(families()["knights"], 2, 12, seed=3) for _ in range(2))
    assert len({task.formal for task in one}) == 12
    assert [task.formal for task in one] == [task.formal for task in two]


# ---- budgets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STRATEGIES)
def test_no_strategy_spends_more_than_it_may(name, long_systems):
    """Random budgets; what the model counted, what the budget booked and what the outcomes say is the same."""
    rng = Random(f"budgets {name}")
    for _ in range(25):
        limits = {
            "samples": rng.choice([None, rng.randint(1, 30)]),
            "tokens": rng.choice([None, rng.randint(1, 3_000)]),
            "verifier_calls": rng.choice([None, rng.randint(1, 30)]),
        }
        limits["samples"] = limits["samples"] or (None if limits["tokens"] else 30)
        model = Player(noisy(rng.choice([0.0, 0.7, 0.9])), continues=name in ("beam", "smc") or rng.random() < 0.5)
        budget = Budget(**limits)
        tasks = long_systems[: rng.randint(1, 5)]
        most = rng.choice([None, 1, 6])
        outcomes = strategy(name)(tasks, model, budget, Draw(max_tokens=rng.choice([20, 200])), most=most)
        for unit, limit in limits.items():
            spent = getattr(budget, f"spent_{unit}")
            assert limit is None or spent <= limit, (limits, unit, spent)
            assert spent == sum(getattr(outcome, unit) for outcome in outcomes)
        assert model.tokens == budget.spent_tokens
        assert all(most is None or outcome.samples <= most for outcome in outcomes)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_search_ends_when_its_seconds_are_over(name, systems):
    now = iter(range(10_000))
    budget = Budget(seconds=12, clock=lambda: float(next(now)))
    outcomes = strategy(name)(systems[:2], Player(lambda ask, rng: wrong(ask)), budget, Draw())
    assert not any(outcome.solved for outcome in outcomes)
    assert 0 < budget.spent_samples < 500


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_search_without_limits_ends(name, systems, monkeypatch):
    monkeypatch.setattr("synth.search.session.MOST", 20)
    monkeypatch.setattr(f"synth.search.{name.replace('-', '_')}.MOST", 20, raising=False)
    (outcome,) = strategy(name)(systems[:1], Player(lambda ask, rng: ""), Budget(), Draw())
    assert 20 <= outcome.samples < 28


def test_a_model_that_says_nothing_spends_the_budget_too(systems):
    model = Player(lambda ask, rng: "")
    budget = Budget(tokens=10)
    best_of_n.run(systems[:3], model, budget, Draw(max_tokens=5))
    assert budget.spent_tokens == 10


def test_fewer_replies_than_were_asked_for_are_counted_as_failures(systems):
    class Short(Player):
        def propose(self, asks, draw):
            return super().propose(asks, draw)[:1]

    outcomes = best_of_n.run(systems[:2], Short(lambda ask, rng: right(ask)), Budget(), Draw(), most=1)
    assert [outcome.solved for outcome in outcomes] == [True, False]
    assert outcomes[1].rejections[0].detail == "no reply"


# ---- what models may say ---------------------------------------------------------------------------------------------

ODD = [
    *HOSTILE,
    "s0 c0 c1 eliminate: y = 1\nanswer: x = 2^2^2^2^2^2^2^2, y = " + "9" * 3_000,
    "s0 " + "c0 " * 40 + "add: x = 1\nanswer: x = 1, y = 1",
    "s7 c0 x: y = 1\nanswer: x = 1, y = 1",
    "s0 s0 assume: x = 0\ns1 s2 assume: y = 0\nanswer: x = 0, y = 0",
    "s0 c99 assume: x = 0\nanswer: x = 0, y = 0",
    "answer: x = 1/0, y = 0/0",
    "\n\n\n\n",
    "answer: answer: answer: ",
    "s0 c0 a: x = 1\r\nanswer: x = 1, y = 2\u2028\u2029",
    "x" * 30_000,
]


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("family", ["linear_system", "antiderivative", "knights", "countdown"])
def test_odd_replies_are_counted_and_nothing_raises(name, family):
    tasks = draw(families()[family], 1, 2, seed=9)
    answers = iter(ODD * 50)
    model = Player(lambda ask, rng: next(answers))
    budget = Budget(samples=2 * len(ODD))
    outcomes = strategy(name)(tasks, model, budget, Draw(), setting=Setting())
    assert not any(outcome.solved for outcome in outcomes)
    assert sum(losses(outcomes).values()) >= len(ODD)
    assert all(rejection.reason for outcome in outcomes for rejection in outcome.rejections)
    assert not [reason for reason in losses(outcomes) if "fault" in reason]


@pytest.mark.parametrize("name", STRATEGIES)
def test_failures_of_a_model_are_losses_with_their_reason(name, systems):
    class Broken(Player):
        def propose(self, asks, draw):
            return [[Reply("", 0, finished=False, failure="prompt too long")] * draw.n for _ in asks]

    outcomes = strategy(name)(systems[:2], Broken(wrong), Budget(samples=8), Draw(), most=4)
    assert {r.detail for outcome in outcomes for r in outcome.rejections} == {"prompt too long"}
    assert losses(outcomes) == {"propose: no reply": 8}


def test_a_cut_off_reply_is_refused_as_cut_off(systems):
    (outcome,) = best_of_n.run(systems[:1], Player(lambda ask, rng: right(ask)), Budget(), Draw(max_tokens=9), most=1)
    assert outcome.rejections[0].reason == "cut off"


def test_what_a_chat_model_puts_around_a_solution_is_taken_off(systems):
    model = Player(lambda ask, rng: f"Sure! Here it is:\n```\n{right(ask)}\n```\nHope this helps.", continues=False)
    (outcome,) = best_of_n.run(systems[:1], model, Budget(), Draw(), most=1)
    assert outcome.solved and outcome.record.source.model == "player"


# ---- best of n -------------------------------------------------------------------------------------------------------


def test_best_of_n_stops_at_the_first_proof(systems):
    model = Player(noisy(0.75))
    outcomes = best_of_n.run(systems, model, Budget(), Draw(seed=1), most=40)
    assert all(outcome.solved for outcome in outcomes)
    assert all(outcome.judged == [False] * (outcome.samples - 1) + [True] for outcome in outcomes)
    assert len({outcome.samples for outcome in outcomes}) > 1
    assert all(outcome.record.source.kind == "verified" for outcome in outcomes)


def test_the_same_text_costs_one_verifier_call(systems):
    outcomes = best_of_n.run(systems[:2], Player(lambda ask, rng: wrong(ask)), Budget(), Draw(n=3), most=9)
    assert [(o.samples, len(o.rejections), o.verifier_calls) for o in outcomes] == [(9, 9, 1)] * 2


def test_equal_asks_go_to_the_model_once(systems):
    calls = []

    class Watched(Player):
        def propose(self, asks, draw):
            calls.append((len(asks), draw.n))
            return super().propose(asks, draw)

    best_of_n.run(systems[:2], Watched(lambda ask, rng: wrong(ask)), Budget(), Draw(n=4), most=4)
    assert calls == [(2, 4)]


def test_the_same_seed_searches_alike_and_another_does_not(systems):
    found = [
        [o.judged for o in best_of_n.run(systems, Player(noisy(0.7)), Budget(), Draw(seed=seed), most=9)]
        for seed in (1, 1, 2)
    ]
    assert found[0] == found[1] != found[2]


# ---- adaptive --------------------------------------------------------------------------------------------------------


def test_adaptive_gives_more_samples_to_hopeful_problems_and_solves_more(systems):
    hopeless = draw(families()["linear_system"], 4, 8, seed=5)

    def say(ask: Ask, rng: Random) -> str:
        easy = any(ask.text == task.ask.text for task in systems)
        return right(ask) if rng.random() < (0.15 if easy else 0.0) else "answer: "

    solved = Counter()
    for seed in range(6):
        for name in ("best-of-n", "adaptive"):
            outcomes = strategy(name)([*hopeless, *systems], Player(say), Budget(samples=120), Draw(seed=seed))
            solved[name] += sum(outcome.solved for outcome in outcomes)
            if name == "adaptive":
                unsolved = [o.samples for o in outcomes[8:] if not o.solved]
                assert all(o.judged.count(True) <= 1 for o in outcomes)
                assert not unsolved or sum(unsolved) / len(unsolved) > sum(o.samples for o in outcomes[:8]) / 8
    assert solved["adaptive"] > solved["best-of-n"]


def test_the_shared_prior_follows_what_was_seen():
    def mean(seen):
        a, b = adaptive.fit(seen)
        return a / (a + b)

    assert mean([(1, 1)] * 9 + [(0, 1)]) > 0.7
    assert mean([(0, 5)] * 20) < 0.05
    assert 0.3 <= mean([]) <= 0.6
    assert sum(adaptive.fit([(1, 2)] * 40)) > sum(adaptive.fit([(0, 4), (4, 4)] * 20))  # alike, and unlike each other


# ---- repair ----------------------------------------------------------------------------------------------------------


def test_repair_goes_on_from_the_proved_steps(long_systems):
    """From nothing this model always errs in its second line; from a proved line on it does not."""

    def say(ask: Ask, rng: Random) -> str:
        lines = right(ask).split("\n")
        return "\n".join(lines if ask.prefix else [lines[0], *map(_spoilt, lines[1:])])

    outcomes = repair.run(long_systems, Player(say), Budget(), Draw(), most=4)
    assert all(outcome.solved and outcome.samples == 2 for outcome in outcomes)
    assert not any(o.solved for o in best_of_n.run(long_systems, Player(say), Budget(), Draw(), most=4))


def test_repair_shows_the_counterexample_to_a_model_that_cannot_continue(systems):
    shown = []

    def say(ask: Ask, rng: Random) -> str:
        told = ask.messages[-1]["content"]
        shown.append((told, ask.text))
        return right(ask) if "It is excluded by: entails" in told else wrong(ask)

    outcomes = repair.run(systems[:3], Player(say, continues=False), Budget(), Draw(), most=2)
    assert all(outcome.solved for outcome in outcomes)
    told, text = shown[-1]
    assert "correct refuted" in told and told in text
    roles = [message["role"] for message in outcomes[0].task.ask.messages]
    assert roles[-1] == "user"  # the ask of the task itself is untouched
    assert not any(o.solved for o in best_of_n.run(systems[:3], Player(say), Budget(), Draw(), most=2))


def test_repair_begins_anew_after_some_rounds(long_systems):
    prefixes = []

    def say(ask: Ask, rng: Random) -> str:
        prefixes.append(ask.prefix)
        lines = right(replace(ask, prefix="")).split("\n")
        return "\n".join([lines[0], *map(_spoilt, lines[1:])]).removeprefix(ask.prefix)

    repair.run(long_systems[:1], Player(say), Budget(), Draw(), most=6, rounds=2)
    assert [bool(prefix) for prefix in prefixes] == [False, True, True, False, True, True]


def test_a_proved_beginning_is_put_in_canonical_spelling(systems):
    line = right(systems[0].ask).split("\n")[0]
    spaced = re.sub(r" = ", "  =  ", line)
    written, calls = extend(systems[0], Written(), spaced, Setting())
    assert (written.text, calls) == (line + "\n", 1)


# ---- beam ------------------------------------------------------------------------------------------------------------


def test_beam_solves_within_tokens_where_whole_samples_do_not(long_systems):
    solved = Counter()
    for seed in range(3):
        for name in ("best-of-n", "beam"):
            outcomes = strategy(name)(long_systems, Player(noisy(0.5)), Budget(tokens=12_000), Draw(seed=seed))
            solved[name] += sum(outcome.solved for outcome in outcomes)
    assert solved["beam"] >= 20 > 2 * solved["best-of-n"]


def test_beam_never_goes_on_from_a_step_that_is_not_proved(long_systems):
    model = Player(noisy(0.6))
    outcomes = beam.run(long_systems[:3], model, Budget(samples=24), Draw(), most=8)
    assert any(r.reason.endswith("refuted") for o in outcomes for r in o.rejections)
    by_text = {outcome.task.ask.text: outcome.task for outcome in outcomes}
    prefixes = {(ask.text, ask.prefix) for ask in model.asks if ask.prefix}
    assert prefixes
    for text, prefix in prefixes:
        written = Written()
        for line in trace.parts(prefix):
            written, _ = extend(by_text[text], written, line, Setting())
            assert isinstance(written, Written), line


def test_beginnings_with_the_same_facts_count_once():
    """Two orders of the same two facts are one beginning, and a fact that stands already is nothing new."""
    task = next(t for t in draw(families()["derivative"], 1, 20, seed=5) if right(t.ask).count(" power: ") >= 2)
    lines = [line for line in right(task.ask).split("\n") if re.match(r"s\d+ power: ", line)][:2]
    one = [lines[0], re.sub(r"^s\d+", "s1", lines[1])]
    other = [re.sub(r"^s\d+", "s0", lines[1]), re.sub(r"^s\d+", "s1", lines[0])]
    orders = iter([one, other])
    chosen: dict[str, list[str]] = {}

    def say(ask: Ask, rng: Random) -> str:
        done = trace.parts(ask.prefix)
        if not done:
            order = next(orders, one)
            chosen[order[0]] = order
            return order[0] + "\n"
        return (chosen[done[0]][len(done)] if len(done) < 2 else lines[0].replace("s0", "s2")) + "\n"

    model = Player(say)
    (outcome,) = beam.run([task], model, Budget(), Draw(), most=2, width=2, branch=1, patience=0)
    assert sum(len(trace.parts(ask.prefix)) == 2 for ask in model.asks) == 1
    assert "nothing new" in {rejection.reason for rejection in outcome.rejections}


@pytest.mark.parametrize("name", ["beam", "smc"])
def test_strategies_that_continue_say_what_to_use_instead(name, systems):
    with pytest.raises(UserError, match=r"cannot go on .* best-of-n"):
        strategy(name)(systems, Player(wrong, continues=False), Budget(samples=1), Draw())


# ---- majority --------------------------------------------------------------------------------------------------------


def test_majority_judges_once_and_a_wrong_majority_is_not_accepted(systems):
    def say(ask: Ask, rng: Random) -> str:
        return right(ask) if rng.random() < (0.25 if ask.text == systems[0].ask.text else 0.8) else wrong(ask)

    outcomes = majority.run(systems[:3], Player(say), Budget(), Draw(), most=15)
    assert [outcome.solved for outcome in outcomes] == [False, True, True]
    assert [outcome.verifier_calls for outcome in outcomes] == [1, 1, 1]
    assert losses(outcomes)["search: outvoted"] > 0
    assert outcomes[0].rejections[0].reason == "correct refuted"


def test_majority_compares_answers_in_canonical_spelling(systems):
    """Three spellings of the right answer outvote two equal wrong ones."""
    task = systems[0]
    answer = right(task.ask).split("\n")[-1]
    said = iter([wrong(task.ask), answer, answer.replace(" = ", "="), wrong(task.ask), answer.replace(",", " ,")])
    (outcome,) = majority.run([task], Player(lambda ask, rng: next(said)), Budget(), Draw(), most=5)
    assert outcome.solved


# ---- sequential Monte Carlo ------------------------------------------------------------------------------------------


def two_branches(requests: Sequence[Request], rng: Random) -> list[tuple[object, Reply]]:
    """Say a or b with equal chance; the mask then leaves 2 % after a and 50 % after b, and nothing is ruled out."""
    answered = []
    for request in requests:
        written = request.ask.prefix
        if not written:
            reply = Reply(rng.choice("ab"), 1, log_mass=0.0, stopped="\n")
        elif written.count("\n") == 1:
            reply = Reply("late", 1, log_mass=math.log(0.02 if written[0] == "a" else 0.5), stopped="\n")
        else:
            reply = Reply(rng.choice("xy"), 1, log_mass=0.0)
        answered.append((request, reply))
    return answered


Request = smc.Request


def test_smc_recovers_the_proportion_that_plain_masking_loses(systems):
    """P(a | what the grammar allows) = 0.5·0.02 / (0.5·0.02 + 0.5·0.5) = 1/26; plain masking says 1/2."""
    rng = Random(4)
    groups = [smc.Group(i, replace(systems[0].ask, prefix=""), [smc.Particle()] * 8) for i in range(500)]
    smc.grow(groups, lambda requests, tokens: two_branches(requests, rng), 99, rng)
    found = [(particle.text[0], math.exp(weight)) for group in groups for particle, weight in group.weighted()]
    assert len(found) == 4_000
    share = sum(weight for text, weight in found if text == "a") / sum(weight for _, weight in found)
    assert abs(share - 1 / 26) < 0.01
    assert sum(group.resampled for group in groups) > 100
    evidence = sum(weight for _, weight in found) / len(found)
    assert abs(evidence - 0.26) < 0.03
    endings = Counter(particle.text[-1] for group in groups for particle in group.particles)
    assert abs(endings["x"] / 4_000 - 0.5) < 0.05


def test_smc_solves_where_the_grammar_spoils_most_samples_late(systems):
    """Four of five solutions begin so that hardly anything fitting is allowed after their first line."""

    def say(ask: Ask, rng: Random) -> str:
        lines = right(replace(ask, prefix="")).split("\n")
        bad = " bad: " in ask.prefix if ask.prefix else rng.random() < 0.8
        lines[0] = re.sub(r" [a-z]+: ", " bad: " if bad else " good: ", lines[0])
        if bad or rng.random() < 0.6:
            lines[-1] = re.sub(r"-?[0-9]+", lambda found: str(int(found[0]) + 1), lines[-1])
        return "\n".join(lines).removeprefix(ask.prefix)

    def mass(text: str) -> float:
        return -9.0 if " bad: " in text and text.count("\n") == 1 else 0.0

    solved = Counter()
    for seed in range(8):
        for run in (best_of_n.run, partial(smc.run, segment=64)):
            outcomes = run(systems, Player(say, mass=mass), Budget(), Draw(seed=seed), most=8)
            solved["smc" if run is not best_of_n.run else "best-of-n"] += sum(outcome.solved for outcome in outcomes)
    assert solved["smc"] > solved["best-of-n"] + 10


def test_resampling_keeps_weights_on_average_and_drops_the_dead():
    drawn = Counter()
    for seed in range(2_000):
        particles = [smc.Particle("a", math.log(0.6)), smc.Particle("b", math.log(0.1)), smc.Particle("c", -math.inf)]
        group = smc.Group(0, Ask("solve", "", "", ()), [*particles, smc.Particle("d", math.log(0.3))])
        group._resample(Random(seed))
        assert len(group.particles) == 4
        assert math.isclose(math.exp(group.log_evidence), 0.25)
        drawn.update(particle.text for particle in group.particles)
    assert drawn["c"] == 0
    for text, share in (("a", 0.6), ("b", 0.1), ("d", 0.3)):
        assert abs(drawn[text] / 8_000 - share) < 0.02


def test_a_group_that_dies_is_counted(systems):
    class Nan(Player):
        def _reply(self, ask, draw, place):
            return replace(super()._reply(ask, draw, place), log_mass=math.nan)

    outcomes = smc.run(systems[:1], Nan(lambda ask, rng: right(ask)), Budget(), Draw(), most=8)
    assert losses(outcomes) == {"propose: no reply": 8}


# ---- figures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("samples", "passed"), [(5, 0), (5, 2), (6, 3), (6, 6), (1, 1)])
def test_pass_at_k_is_the_share_of_subsets_with_a_pass(samples, passed):
    results = [True] * passed + [False] * (samples - passed)
    for k in range(1, samples + 1):
        subsets = list(combinations(results, k))
        assert math.isclose(pass_at_k(samples, passed, k), sum(map(any, subsets)) / len(subsets))


def test_pass_at_k_refuses_too_few_samples():
    with pytest.raises(ValueError, match="at least 9"):
        pass_at_k(8, 1, 9)


def test_wilson_covers_and_stays_inside():
    rng = Random(1)
    inside = 0
    for _ in range(500):
        low, high = wilson(sum(rng.random() < 0.1 for _ in range(40)), 40)
        assert 0 <= low <= high <= 1
        inside += low <= 0.1 <= high
    assert inside > 0.9 * 500
    assert wilson(0, 0) == (0.0, 1.0)


def test_bootstrap_over_problems_covers_the_mean():
    rng = Random(2)
    inside = 0
    for _ in range(60):
        low, high = bootstrap([rng.random() for _ in range(40)], lambda v: sum(v) / len(v), rng, draws=200)
        inside += low <= 0.5 <= high
    assert inside >= 51
    with pytest.raises(ValueError):
        bootstrap([], len, rng)


def test_early_stop_and_all_samples_estimate_the_same_pass_at_k(systems):
    """Both are unbiased for 1 - (1 - p)^k; here p is 0.3 and k is 4."""
    tasks = systems * 30

    def say(ask: Ask, rng: Random) -> str:
        return right(ask) if rng.random() < 0.3 else wrong(ask)

    stopped = best_of_n.run(tasks, Player(say), Budget(), Draw(seed=1), most=4)
    full = best_of_n.run(tasks, Player(say), Budget(), Draw(seed=2), most=8, stop=False)
    assert all(len(outcome.judged) == 8 for outcome in full)
    for found in (pass_at(stopped, 4, False), pass_at(full, 4, True)):
        assert abs(found - (1 - 0.7**4)) < 0.08
    for found in (pass_at(stopped, 1, False), pass_at(full, 1, True)):
        assert abs(found - 0.3) < 0.08
    assert pass_at(stopped, 9, False) is None


def test_figures_come_by_cell_and_in_sum(systems):
    others = draw(families()["knights"], 1, 2, seed=5)
    outcomes = best_of_n.run([*systems, *others], Player(lambda ask, rng: right(ask)), Budget(), Draw(), most=2)
    found = cells(outcomes, 2, independent=True)
    assert [(cell.family, cell.level, cell.problems, cell.solved) for cell in found] == [
        ("knights", 1, 2, 2), ("linear_system", 1, 8, 8), ("all", 0, 10, 10),
    ]  # fmt: skip
    assert found[0].pass_1 == found[0].pass_k == found[0].calls_per_accept == 1.0
    total = found[-1]
    assert total.tokens == sum(cell.tokens for cell in found[:-1])
    assert math.isclose(total.accepted_per_1000_tokens, 10_000 / total.tokens)


# ---- the command -----------------------------------------------------------------------------------------------------

app = typer.Typer()
app.command()(cli.solve)


@pytest.fixture
def run_solve(monkeypatch):
    def run(*arguments: object, model: Player | None = None):
        opened = model or Player(noisy(0.8))
        monkeypatch.setattr(choose, "open_model", lambda name, serving=None: opened)
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def rows(tmp_path, systems):
    from synth.judge.judge import judge
    from synth.judge.row import row_of

    file = tmp_path / "rows.jsonl"
    made = [
        judge(families()["linear_system"], propose(families()["linear_system"], t.source), Setting()) for t in systems
    ]
    file.write_text("".join(json.dumps(row_of(record)) + "\n" for record in made if isinstance(record, Record)))
    return file


def test_solve_prints_figures_a_solved_problem_and_a_refused_one(run_solve):
    done = run_solve("linear_system", "-l", 1, "-l", 2, "-n", 6, "-q", "--budget", 6)
    assert done.exit_code == 0, done.output
    for text in (
        "pass@1",
        "pass@6",
        "accepted/1,000 tokens",
        "calls/accept",
        "proved: correct, unique",
        "counterexample:",
    ):
        assert text in done.output, text


@pytest.mark.parametrize("name", STRATEGIES)
def test_solve_as_json_for_every_strategy(run_solve, name):
    done = run_solve("linear_system", "-l", 1, "-n", 3, "-q", "--json", "--strategy", name, "--budget", 4)
    assert done.exit_code == 0, done.output
    facts = json.loads(done.output)
    (cell,) = facts["cells"]
    assert (cell["family"], cell["level"], cell["problems"], facts["strategy"]) == ("linear_system", 1, 3, name)
    assert cell["samples"] <= 12
    assert (cell["pass_1"] is None) == (name not in ("best-of-n", "adaptive"))


def test_solve_reads_rows_and_calibrates_them(run_solve, rows, tmp_path):
    done = run_solve(rows, "--calibrate", "--budget", 5, "-q", "--json", model=Player(lambda ask, rng: right(ask)))
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["cells"][0]["pass_1"] == 1.0
    stored = [json.loads(line) for line in (tmp_path / "rows.jsonl.pass_rates.jsonl").read_text().splitlines()]
    ids = {json.loads(line)["id"] for line in rows.read_text().splitlines()}
    assert {rate["id"] for rate in stored} == ids and len(stored) == len(ids)
    assert {(rate["model"], rate["passed"], rate["tries"]) for rate in stored} == {("player", 5, 5)}


def test_pass_rates_of_a_run_go_to_its_ledger(run_solve, rows, tmp_path):
    from synth.run.ledger import Ledger

    folder = tmp_path / "run"
    folder.mkdir()
    with Ledger(folder, write=True):
        pass
    task = cli.tasks_of(str(rows), [], 3, 0)[0]
    outcome = best_of_n.run([task], Player(lambda ask, rng: right(ask)), Budget(), Draw(), most=4, stop=False)
    assert cli.store(str(folder), None, "player", outcome) == str(folder)
    with Ledger(folder) as ledger:
        assert ledger.pass_rates() == {task.id: [{"model": "player", "passed": 4, "tries": 4}]}


def test_progress_goes_to_standard_error(run_solve, monkeypatch):
    monkeypatch.setattr(cli, "SECONDS", 0.0)
    done = run_solve("linear_system", "-l", 1, "-n", 2, "--json", model=Player(lambda ask, rng: right(ask)))
    assert json.loads(done.stdout)["cells"][0]["solved"] == 2
    assert "2 of 2 problems solved, 2 samples" in done.stderr


def test_what_a_model_writes_does_not_steer_the_terminal(run_solve):
    done = run_solve(
        "linear_system", "-l", 1, "-n", 1, "-q", model=Player(lambda ask, rng: "\x1b[2J\x07\ud800 nothing")
    )
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.output and "\x07" not in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["linear_sistem"], "linear_system"),
        (["linear_system", "-l", 77], "has no level 77; it has 1"),
        (["linear_system", "--strategy", "bean"], "did you mean 'beam'?"),
        (["linear_system", "--calibrate"], "give a run folder, an export or a file of rows"),
        (["ROWS", "--calibrate", "--strategy", "beam"], "leave out --strategy beam"),
        (["ROWS", "--calibrate", "--out", "ROWS"], "exists already"),
        (["ROWS", "-l", 5], "has no problems of level 5"),
        (["BROKEN"], "row 1 of"),
        (["linear_system", "-l", 1], "does not know linear_system"),
    ],
)
def test_mistakes_are_one_line(run_solve, rows, tmp_path, arguments, message):
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"family": "linear_system", "formal": "solve x: x + = 2", "level": 1}\n')
    places = {"ROWS": rows, "BROKEN": broken}
    known = frozenset() if "know" in message else None
    done = run_solve(*[places.get(part, part) for part in arguments], model=Player(wrong, known=known))
    assert done.exit_code == 2
    assert message in done.output
    assert done.output.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.jsonl", "rows.jsonl"]


def test_families_that_a_model_does_not_know_are_left_out(run_solve, rows, tmp_path):
    from synth.judge.judge import judge
    from synth.judge.row import row_of

    other = judge(families()["knights"], propose(families()["knights"], Source("knights", 1, 3, 0)), Setting())
    assert not isinstance(other, Rejection)
    both = tmp_path / "both.jsonl"
    both.write_text(rows.read_text() + json.dumps(row_of(other)) + "\n")
    model = Player(lambda ask, rng: right(ask), known=frozenset({"linear_system"}))
    done = run_solve(both, "-q", model=model)
    assert done.exit_code == 0
    assert "1 problems are of families or levels that player does not know" in done.output


def test_levels_that_a_model_does_not_know_are_asked_only_where_they_are_named(run_solve):
    def cells(*arguments):
        model = Player(lambda ask, rng: right(ask), known=frozenset({"linear_system"}), levels=(1,))
        done = run_solve("linear_system", "-n", 1, "-q", "--json", *arguments, model=model)
        assert done.exit_code == 0
        return [cell["level"] for cell in json.loads(done.stdout)["cells"]]

    assert cells() == [1]
    assert cells("-l", 2) == [2]
