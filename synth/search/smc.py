"""Grammar-aware sequential Monte Carlo: small groups of samples that correct what a mask does to the probabilities.

Masking the tokens that a grammar forbids samples from another distribution than the model's own, restricted to the
grammar: it runs into places where hardly anything that the model wants to say is allowed. The weight of a particle is
the product of the probabilities that the mask left; where the weights have become uneven, a group is drawn anew by
weight. Sources: Lew et al. 2023 (arXiv 2306.03081, SMC steering), Loula et al. 2025 (arXiv 2504.13139), Lipkin et al.
2025 (arXiv 2504.05410); resampling at half the effective sample size is that of Del Moral, Doucet and Jasra 2012.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import exp, inf, isnan, log
from random import Random

from synth.judge.judge import Setting
from synth.propose.ask import Ask, Draw, Model, Reply
from synth.search.budget import Budget
from synth.search.outcome import Outcome
from synth.search.session import Progress, Request, Session, must_continue
from synth.search.task import Task

SIZE = 8  # particles of a group
WAVES, FEWEST = 4, 4  # the share of the problems that is searched at a time, and at least so many
SEGMENT = 16  # tokens between two looks at the weights, where no line ends before

Send = Callable[[Sequence[Request], int], list[tuple[Request, Reply]]]  # (requests, tokens of each) -> replies


@dataclass(frozen=True)
class Particle:
    """A text under way. `log_weight` is relative to its group; minus infinity where nothing could be written."""

    text: str = ""
    log_weight: float = 0.0
    tokens: int = 0
    reply: Reply | None = None  # the last of its replies, once the text is at its end


@dataclass
class Group:
    """Particles that are resampled among themselves; `log_evidence` estimates the mass that the grammar leaves."""

    number: int
    ask: Ask
    particles: list[Particle]
    log_evidence: float = 0.0
    resampled: int = 0
    failed: list[Particle] = field(default_factory=list, init=False)
    _begun: bool = field(default=False, init=False)

    @property
    def open(self) -> list[int]:
        """The particles that are not at their end."""
        return [k for k, particle in enumerate(self.particles) if particle.reply is None]

    def requests(self) -> list[Request]:
        """Return what asks each open particle to go on to the end of its line or segment."""
        begins, self._begun = not self._begun, True
        going = {self.particles[k].text for k in self.open}
        asks = {text: replace(self.ask, prefix=self.ask.prefix + text, stops=("\n",)) for text in going}
        return [Request(self.number, asks[self.particles[k].text], begins) for k in self.open]

    def take(self, replies: Sequence[Reply], max_tokens: int, rng: Random) -> None:
        """Add the replies to the open particles, in order, and resample where the weights have become uneven.

        Particles that got no reply (the budget is spent) are dropped.
        """
        going = self.open
        for k, reply in zip(going, replies, strict=False):
            self.particles[k] = _longer(self.particles[k], reply, max_tokens)
            if self.particles[k].log_weight == -inf:
                self.failed.append(self.particles[k])
        dropped = set(going[len(replies) :])
        self.particles = [particle for k, particle in enumerate(self.particles) if k not in dropped]
        if effective(self.particles) < len(self.particles) / 2:
            self._resample(rng)

    def _resample(self, rng: Random) -> None:
        """Draw as many particles by weight (systematic resampling); none are left where all weights are zero."""
        heaviest = max(particle.log_weight for particle in self.particles)
        if heaviest == -inf:
            self.particles, self.log_evidence = [], -inf
            return
        weights = [exp(particle.log_weight - heaviest) for particle in self.particles]
        count, total = len(weights), sum(weights)
        self.log_evidence += heaviest + log(total / count)
        place, reached, k = rng.random(), 0.0, -1
        drawn = []
        for _ in range(count):
            while reached <= place and k + 1 < count:
                k += 1
                reached += weights[k] * count / total
            drawn.append(replace(self.particles[k], log_weight=0.0))
            place += 1
        self.particles, self.resampled = drawn, self.resampled + 1

    def weighted(self) -> list[tuple[Particle, float]]:
        """Return the particles at their end with their log weights, comparable between groups of the same size."""
        return [(p, self.log_evidence + p.log_weight) for p in self.particles if p.reply and p.log_weight > -inf]


def effective(particles: Sequence[Particle]) -> float:
    """Return the effective sample size (Kong 1992): the squared sum of the weights by the sum of their squares.

    >>> effective([Particle(), Particle(), Particle(log_weight=float("-inf"))])
    2.0
    """
    heaviest = max((particle.log_weight for particle in particles), default=-inf)
    if heaviest == -inf:
        return 0.0 if particles else inf
    weights = [exp(particle.log_weight - heaviest) for particle in particles]
    return sum(weights) ** 2 / sum(weight * weight for weight in weights)


def grow(groups: Sequence[Group], send: Send, max_tokens: int, rng: Random, segment: int = SEGMENT) -> None:
    """Bring all groups to their end, one line or segment of each open particle at a time, in common batches."""
    while True:
        wanted = [(group, group.requests()) for group in groups if group.open]
        if not wanted:
            return
        answered = iter(send([request for _, requests in wanted for request in requests], segment))
        pending = next(answered, None)
        for group, requests in wanted:
            replies = []
            for request in requests:
                if pending is not None and pending[0] is request:
                    replies.append(pending[1])
                    pending = next(answered, None)
            group.take(replies, max_tokens, rng)


def run(
    tasks: Sequence[Task],
    model: Model,
    budget: Budget,
    draw: Draw,
    *,
    most: int | None = None,
    setting: Setting | None = None,
    progress: Progress | None = None,
    size: int = SIZE,
    segment: int = SEGMENT,
) -> list[Outcome]:
    """Give each open problem a group of `size` particles after another; the distinct texts are judged, heaviest first.

    Problems come in waves, those with the fewest samples first, so that a small budget ends some groups rather than
    none. Each particle counts as one sample. A model that tells no `log_mass` gives equal weights, which is no
    more than sampling. Raise `UserError` where the model cannot continue a prefix.
    """
    must_continue(model, "smc")
    session = Session(tasks, model, budget, draw, setting, progress)
    rng = Random(session.seed())
    while not budget.exhausted:
        groups = []
        waiting = sorted(session.open(most), key=lambda i: session.outcomes[i].samples)
        for i in waiting[: max(FEWEST, len(waiting) // WAVES)]:
            count = size if most is None else min(size, most - session.outcomes[i].samples)
            groups.append(Group(i, session.tasks[i].ask, [Particle()] * count))
        spent = budget.spent_tokens
        grow(groups, session.ask, draw.max_tokens, rng, segment)
        for group in groups:
            _judge(session, group)
        if budget.spent_tokens == spent:
            break
    return session.outcomes


def _judge(session: Session, group: Group) -> None:
    """Judge the texts of a group until one is accepted; copies that resampling made count once."""
    ended: dict[str, tuple[float, Reply]] = {}
    for particle in group.particles:
        if particle.reply is not None and particle.log_weight > -inf:
            weight = exp(particle.log_weight) + ended.get(particle.text, (0.0, particle.reply))[0]
            ended[particle.text] = weight, particle.reply
    for particle in group.failed:
        if particle.reply is not None:
            session.judge(group.number, particle.text, particle.reply)
    for text, (_, reply) in sorted(ended.items(), key=lambda item: -item[1][0]):
        if session.outcomes[group.number].solved:
            return
        session.judge(group.number, text, reply)


def _longer(particle: Particle, reply: Reply, max_tokens: int) -> Particle:
    """Return a particle with one more segment."""
    mass = 0.0 if reply.log_mass is None else reply.log_mass
    if isnan(mass) or mass > 1e-3:
        reply = replace(reply, failure=f"log_mass is {mass}, which is no log of a probability")
    if reply.failure or mass == -inf:
        return replace(particle, log_weight=-inf, reply=reply)
    text = particle.text + reply.text + reply.stopped
    tokens = particle.tokens + max(1, reply.tokens)
    ended = reply.finished and not reply.stopped
    last = reply if ended else replace(reply, finished=False) if tokens >= max_tokens else None
    return Particle(text, particle.log_weight + mass, tokens, last)
