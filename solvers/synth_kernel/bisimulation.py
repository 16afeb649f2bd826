"""Body `bisimulation` of `entails`: what holds of every word that matches some regular expressions and not others.

All expressions read the word at once. The tuples of states that some word leads to are closed under every letter; if
the premises imply the goal in each of them, they do so for every word. For `(= (matches w r) (matches w s))` the
pairs are a bisimulation of two automata (Hopcroft, Karp, *A linear algorithm for testing equivalence of finite
automata*, 1971; Brzozowski 1964). Certificate: empty, because the pairs are found faster than they are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.evaluate import holds
from synth_kernel.terms import Term, symbols, write
from synth_kernel.words import MAX_POSITIONS, Automaton

MAX_WORK = 1 << 20  # positions followed


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Follow the expressions that premises and goal apply to the only word; a premise about anything else is left out.

    Raises ValueError where there is not exactly one word, where the goal is about more, and above the bounds.
    """
    (word,) = [name for name, sort in sequent.sorts.items() if sort == "Word"]
    alphabet: Any = sequent.declared[word]
    automata: dict[str, Automaton] = {}
    *premises, goal = [abstract(term, word, automata) for term in (*sequent.premises, sequent.goal)]
    premises = [premise for premise in premises if _closed(premise, automata)]
    if not _closed(goal, automata):
        raise ValueError("a goal about more than the word")
    return not any(
        all(holds(premise, values) for premise in premises) and not holds(goal, values)
        for values, _ in explore(alphabet[1:], automata)
    )


def abstract(term: Term, word: str, automata: dict[str, Automaton]) -> Term:
    """Put a text that is no symbol for each `(matches word expression)`; add its automaton under this text."""
    if not isinstance(term, tuple):
        return term
    if term[:2] != ("matches", word):
        return (term[0], *[abstract(part, word, automata) for part in term[1:]])
    name = write(term)
    if name not in automata:
        automata[name] = Automaton(term[2])
        if sum([len(automaton.follow) for automaton in automata.values()]) > 2 * MAX_POSITIONS:
            raise ValueError("expressions that are too long together")
    return name


def _closed(term: Term, automata: Mapping[str, Automaton]) -> bool:
    """Say whether a statement is about the expressions and nothing else."""
    return all(name in automata or name in ("true", "false") or name[0] == "'" for name in symbols(term))


def explore(alphabet: Sequence[str], automata: Mapping[str, Automaton]) -> Iterator[tuple[dict[str, bool], Any]]:
    """Yield which automata accept, for all words; of words that lead to the same states, a shortest one stands for all.

    The word comes with it, as nested pairs of what is before and the last letter. Raises ValueError above `MAX_WORK`.
    """
    start = tuple([automaton.start for automaton in automata.values()])
    found, work = {start}, 0
    queue: list[tuple[tuple[int, ...], Any]] = [(start, None)]
    for states, word in queue:  # which grows meanwhile
        pairs = [*zip(automata.items(), states, strict=True)]
        yield {name: state & automaton.accepting != 0 for (name, automaton), state in pairs}, word
        work += len(alphabet) * (1 + sum([1 + state.bit_count() for state in states]))
        if work > MAX_WORK:
            raise ValueError("too many states")
        for letter in alphabet:
            following = tuple([automaton.step(state, letter) for (_, automaton), state in pairs])
            if following not in found:
                found.add(following)
                queue.append((following, (word, letter)))
