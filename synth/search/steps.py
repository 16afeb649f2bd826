"""Solutions that are proved while they are written: a step is checked against its parents as soon as it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace

from synth.judge.judge import Setting, too_large, unproved
from synth.propose import trace
from synth.propose.ask import Ask
from synth.recheck.rows import step_claim
from synth.records import Candidate, Rejection, Step
from synth.search.task import Task
from synth_kernel.claims import Claim
from synth_solvers.prove import prove
from synth_solvers.verdicts import Agreed, Proved

ANSWER = "answer: "


@dataclass(frozen=True)
class Written:
    """The steps of a solution that stand so far, all of them proved; `lines` are canonical, as a grammar wants them.

    `facts` are the canonical texts of what they say. `log_probability` is that of the lines, in nats; 0 where the
    model does not tell.
    """

    lines: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    claims: tuple[Claim, ...] = ()
    facts: frozenset[str] = frozenset()
    log_probability: float = 0.0

    @property
    def text(self) -> str:
        """The beginning of the reply."""
        return "".join(f"{line}\n" for line in self.lines)

    def ask(self, task: Task, stops: tuple[str, ...] = ()) -> Ask:
        """Return what asks a model to go on from here."""
        return replace(task.ask, prefix=self.text, stops=stops)


def extend(
    task: Task, written: Written, line: str, setting: Setting, log_probability: float = 0.0
) -> tuple[Written | Rejection, int]:
    """Return the solution with one more step, or why that step is refused; and the verifier calls, 0 or 1.

    A step has to be proved from the parents it cites, and has to say something that was not said before. Total: any
    line is a step or is refused.
    """
    index = len(written.lines)
    candidate = Candidate(task.source, task.formal)
    try:
        if index >= trace.MAX_STEPS:
            raise trace.TraceError(index + 1, f"more than {trace.MAX_STEPS} steps")
        step = trace.read_step(line, index)
        candidate = replace(candidate, steps=(*written.steps, step))
        tree = task.family.formal.read(step.formal, "step")
        if why := too_large(tree):
            return Rejection(candidate, "parse", "too large", why), 0
        fact = task.family.formal.render(tree, "step")
        claim = step_claim(index, step.parents, task.reading.term(tree))
    except ValueError as error:
        return Rejection(candidate, "parse", type(error).__name__, str(error)[:400]), 0
    if fact in written.facts:
        return Rejection(candidate, "search", "nothing new", fact), 0
    try:
        verdict = prove(task.reading.theory, claim, written.claims, setting.budget)
    except Exception as error:  # as in `task.verify`: a fault of ours is counted
        return Rejection(candidate, "judge", f"fault: {type(error).__name__}", str(error)[:400]), 1
    if isinstance(verdict, Proved) or (isinstance(verdict, Agreed) and setting.min_grade == "A"):
        longer = Written(
            (*written.lines, f"{line.partition(': ')[0]}: {fact}"),
            (*written.steps, step),
            (*written.claims, claim),
            written.facts | {fact},
            written.log_probability + log_probability,
        )
        return longer, 1
    return unproved(candidate, claim, verdict, setting.min_grade), 1


def proved_part(task: Task, text: str, setting: Setting, most_calls: float = float("inf")) -> tuple[Written, int]:
    """Return the steps of a whole solution up to the first that is not proved, and the verifier calls it took."""
    written, calls = Written(), 0
    for line in text.strip().split("\n")[: trace.MAX_STEPS]:
        if line.startswith(ANSWER) or calls >= most_calls:
            break
        found, cost = extend(task, written, line, setting)
        calls += cost
        if isinstance(found, Rejection):
            break
        written = found
    return written, calls
