"""What all strategies share: asking within the budget, judging once what is said twice, and keeping account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from synth.errors import UserError
from synth.judge.judge import Setting
from synth.propose.ask import Ask, Draw, Model, Reply
from synth.propose.repair import repair
from synth.records import Candidate, Rejection
from synth.search.budget import Budget
from synth.search.outcome import Outcome
from synth.search.task import Attempt, Parsed, Task, parse, verify
from synth_kernel.claims import digest

CHUNK = 256  # replies asked for in one call of the model
MOST = 1_000  # samples of one problem, where a search names no bound of its own

Progress = Callable[[int, int, int], None]  # (solved, problems, samples)


@dataclass(frozen=True)
class Request:
    """One reply that a strategy wants for the task of this number; `begins` says that it begins a new solution."""

    number: int
    ask: Ask
    begins: bool = True


class Session:
    """One search over several tasks: the budget, an outcome for each task, and the random stream of the draws."""

    def __init__(
        self,
        tasks: Sequence[Task],
        model: Model,
        budget: Budget,
        draw: Draw,
        setting: Setting | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.tasks = [task.by(model.name, draw.temperature) for task in tasks]
        self.model = model
        self.budget = budget
        self.draw = draw
        self.setting = setting or Setting()
        self.outcomes = [Outcome(task) for task in tasks]
        self._progress = progress or (lambda solved, problems, samples: None)
        self._known: dict[tuple[int, str], Attempt] = {}
        self._calls = 0

    def open(self, most: int | None = None) -> list[int]:
        """Return the numbers of the tasks that are unsolved and have begun fewer than `most` solutions."""
        bound = MOST if most is None else most
        return [i for i, found in enumerate(self.outcomes) if not found.solved and found.samples < bound]

    def seed(self) -> int:
        """Return the seed of the next call of the model, or of a choice of the strategy."""
        self._calls += 1
        return int(digest(str(self.draw.seed), str(self._calls)), 16) % (1 << 31)

    def ask(self, requests: Sequence[Request], max_tokens: int | None = None) -> list[tuple[Request, Reply]]:
        """Ask for replies as far as the budget goes and book them; what comes back may be fewer than was wanted.

        Nothing comes back once the budget is exhausted. `max_tokens` bounds a reply further than the draw does.
        """
        answered: list[tuple[Request, Reply]] = []
        waiting = list(self._affordable(requests))
        while waiting:
            limit = min(self.draw.max_tokens, max_tokens or self.draw.max_tokens)
            count, limit = self.budget.allowance(min(len(waiting), CHUNK), limit)
            if not count:
                break
            chunk, waiting = waiting[:count], waiting[count:]
            for request, reply in zip(chunk, self._propose([request.ask for request in chunk], limit), strict=True):
                self._book(request, reply)
                answered.append((request, reply))
            self.report()
        return answered

    def _affordable(self, requests: Sequence[Request]) -> Iterable[Request]:
        left = self.budget.left("samples")
        for request in requests:
            if left > 0 or not request.begins:
                left -= request.begins
                yield request

    def _propose(self, asks: Sequence[Ask], max_tokens: int) -> list[Reply]:
        """Return one reply to each ask. Equal asks go to the model once, for several replies, where it comes out."""
        counts = Counter(asks_by_id := [id(ask) for ask in asks])
        n = counts.most_common(1)[0][1]
        if set(counts.values()) != {n}:
            n = 1
        distinct = list(asks) if n == 1 else list({id(ask): ask for ask in asks}.values())
        draw = replace(self.draw, n=n, max_tokens=max_tokens, seed=self.seed())
        replies = self.model.propose(distinct, draw)
        lost = Reply("", 0, finished=False, failure="no reply")
        sorted_out = [[*list(found)[:n], *[lost] * (n - len(found))] for found in replies]
        sorted_out += [[lost] * n] * (len(distinct) - len(sorted_out))
        if n == 1:
            return [found[0] for found in sorted_out[: len(asks)]]
        queues = {id(ask): iter(found) for ask, found in zip(distinct, sorted_out, strict=False)}
        return [next(queues[key]) for key in asks_by_id]

    def _book(self, request: Request, reply: Reply) -> None:
        tokens = max(1, reply.tokens)
        self.budget.spend(samples=int(request.begins), tokens=tokens)
        outcome = self.outcomes[request.number]
        outcome.samples += request.begins
        outcome.tokens += tokens
        outcome.longest = max(outcome.longest, tokens)

    def judge(self, number: int, text: str, reply: Reply) -> Attempt:
        """Judge a whole solution and enter it in the outcome; the same text of a task costs one verifier call."""
        key = number, text
        if key not in self._known or reply.failure:
            self._known[key] = self._judge(number, text, reply)
        found = self._known[key]
        outcome = self.outcomes[number]
        outcome.judged.append(found.accepted)
        if isinstance(found.result, Rejection):
            outcome.rejections.append(found.result)
        elif outcome.record is None:
            outcome.record = found.result
            self.report()
        return found

    def _judge(self, number: int, text: str, reply: Reply) -> Attempt:
        if reply.failure:
            return Attempt(self.rejection(number, "propose", "no reply", reply.failure))
        parsed = self.parse(number, text)
        if isinstance(parsed, Parsed):
            return self.verify(number, parsed)
        if not reply.finished:
            return Attempt(replace(parsed, reason="cut off"))
        return Attempt(parsed)

    def parse(self, number: int, text: str) -> Parsed | Rejection:
        """Read a solution; where it is none as it stands, without what a chat model may have put around it."""
        task = self.tasks[number]
        parsed = parse(task, text)
        if isinstance(parsed, Rejection) and (repaired := repair(task.family, "solve", text)) != text:
            again = parse(task, repaired)
            return again if isinstance(again, Parsed) else parsed
        return parsed

    def verify(self, number: int, parsed: Parsed) -> Attempt:
        """Prove what was parsed, if the budget has a verifier call left."""
        if not self.budget.left("verifier_calls"):
            return Attempt(Rejection(parsed.candidate, "search", "no verifier call left"))
        found = verify(self.tasks[number], parsed.candidate, self.setting)
        self.called(number, found.calls)
        return found

    def called(self, number: int, calls: int) -> None:
        """Book verifier calls."""
        self.budget.spend(verifier_calls=calls)
        self.outcomes[number].verifier_calls += calls

    def rejection(self, number: int, stage: str, reason: str, detail: str = "") -> Rejection:
        """Return a rejection of something that is no candidate."""
        task = self.tasks[number]
        return Rejection(Candidate(task.source, task.formal), stage, reason, detail[:400])

    def report(self) -> None:
        """Tell whoever watches how far the search is."""
        solved = sum(outcome.solved for outcome in self.outcomes)
        self._progress(solved, len(self.outcomes), self.budget.spent_samples)


def must_continue(model: Model, strategy: str) -> None:
    """Raise `UserError` where a strategy goes on from a prefix and the model cannot."""
    if not model.continues:
        raise UserError(
            f"{model.name} cannot go on from the beginning of a solution, and {strategy} needs that; "
            "use --strategy best-of-n, adaptive or repair"
        )
