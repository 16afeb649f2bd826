"""Back-translation: from words to the formal language by models that see nothing but the words and the names.

A model's reply is text of a stranger: it is parsed by the tables of the family, names outside the symbol table are
refused, and nothing is repaired. One model's reading counts for nothing; two independent ones must agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from synth.errors import UserError
from synth.family import Family
from synth.judge.gate import BUDGET, Refusal, equivalent
from synth.judge.units import Problem, Symbols, clause_syntax, leaves, names
from synth.propose import rewording
from synth.propose.ask import Ask, Draw, Model, Reply
from synth.recheck.agreement import PHRASES, TRANSLATORS, same_frame
from synth_kernel.claims import Theory
from synth_kernel.meaning import Tree
from synth_solvers.prove import Budget

MAX_QUESTION = 20_000  # characters of a whole problem in words


@dataclass(frozen=True)
class Formalised:
    """A whole problem that translators agree on: its canonical formal text, and who read it so."""

    formal: str
    translators: tuple[str, ...]


def independent(translators: Sequence[Model]) -> None:
    """Raise `UserError` unless there are at least two translators, with different names."""
    found = [model.name for model in translators]
    if len(set(found)) < max(TRANSLATORS, len(found)) or PHRASES in found:
        raise UserError(
            f"back-translation needs at least {TRANSLATORS} different models, not {', '.join(found) or 'none'}; name "
            "another one under `paraphrase: translators:` of the recipe"
        )


def formalise(
    family: Family, rule: str, texts: Sequence[str], symbols: Symbols, model: Model, draw: Draw
) -> list[Tree | Refusal]:
    """Return what a model reads in each text: the tree of a clause, or why it is none. Never raises for its replies.

    Each text is read alone, greedily, under the grammar of one clause with the names of the symbol table. The terms
    come from `Problem.with_clause`. Costs one batch of the model.
    """
    asks = [rewording.formalise(family, rule, text, symbols) for text in texts]
    known = {word for _, words in symbols for word in words}
    syntax = clause_syntax(family, rule)
    found: list[Tree | Refusal] = []
    for reply in _greedy(model, asks, draw):
        written = reply.text.strip() if reply is not None else ""
        if reply is None or reply.failure or not reply.finished or not written:
            found.append(Refusal("no reply", reply.failure[:200] if reply is not None else ""))
            continue
        try:
            tree = syntax.read(written, rule)
        except ValueError as error:
            found.append(Refusal("unread", f"{written[:100]!r}: {error}"[:300]))
            continue
        outside = sorted((set(leaves(tree)) & names(family)) - known)
        found.append(Refusal("other names", ", ".join(outside)[:200]) if outside else tree)
    return found


def formalise_problem(
    family: Family, text: str, models: Sequence[Model], draw: Draw, budget: Budget = BUDGET
) -> Formalised | Refusal:
    """Return the formal text of a problem in free words on which at least two models agree, or why there is none.

    Two readings agree if their problems have the same unknowns, axioms and question, and clauses that are equal or, one
    by one and in order, proved equivalent. A model that writes no problem of the family does not count; a single one
    that reads another problem refuses the whole. What all models misread alike is not found. Raise `UserError` for
    fewer than two different models.
    """
    independent(models)
    if not text.strip() or len(text) > MAX_QUESTION:
        return Refusal("no reply", f"a question has 1 to {MAX_QUESTION} characters")
    ask = rewording.formalise_problem(family, text)
    read: list[tuple[str, Problem]] = []
    last = Refusal("unread", "no model read it")
    for model in models:
        (reply,) = _greedy(model, [ask], draw)
        if reply is None or reply.failure or not reply.finished:
            continue
        try:
            problem = Problem.of(family, reply.text.strip())
        except ValueError as error:
            last = Refusal("unread", f"{model.name}: {error}"[:300])
            continue
        if problem.theory.kind == family.kind:
            read.append((model.name, problem))
    if len(read) < TRANSLATORS:
        return last
    first = read[0][1]
    for name, problem in read[1:]:
        refused = _differs(first, problem, budget)
        if refused is not None:
            return Refusal(refused.reason, f"{read[0][0]} and {name}: {refused.detail}"[:300], refused.counterexample)
    return Formalised(family.formal.render(first.tree, "problem"), tuple(name for name, _ in read))


def _greedy(model: Model, asks: Sequence[Ask], draw: Draw) -> list[Reply | None]:
    """Ask for one reply each; a model that returns another number of replies has given none."""
    lists = model.propose(asks, replace(draw, n=1, temperature=0.0))
    if len(lists) != len(asks):
        return [None] * len(asks)
    return [replies[0] if len(replies) == 1 else None for replies in lists]


def _differs(one: Problem, other: Problem, budget: Budget) -> Refusal | None:
    """Return how two problems differ, None where they are the same; names and their roles are not interchangeable."""
    mine, theirs = _settled(one.theory), _settled(other.theory)
    if mine == theirs:
        return None
    if not same_frame(mine, theirs):
        return Refusal("another frame", "other unknowns, or another question")
    if sorted(mine.clauses, key=repr) == sorted(theirs.clauses, key=repr):
        return None
    if len(one.units) != len(other.units) or len(mine.clauses) != len(theirs.clauses):
        return Refusal("not equivalent", f"{len(mine.clauses)} and {len(theirs.clauses)} clauses")
    for clause, again in zip(mine.clauses, theirs.clauses, strict=True):
        verdict = equivalent(mine, [clause], [again], budget)
        if isinstance(verdict, Refusal):
            return verdict
    return None


def _settled(theory: Theory) -> Theory:
    """Return a theory with what has no order in one order: unknowns, axioms, and what `find` and `all` list."""
    ask = theory.ask
    if isinstance(ask, tuple) and ask[0] in ("find", "all"):
        ask = (ask[0], *sorted(map(str, ask[1:])))
    declarations = tuple(sorted(theory.declarations, key=repr))
    return replace(theory, declarations=declarations, axioms=tuple(sorted(theory.axioms, key=repr)), ask=ask)
