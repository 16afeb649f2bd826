"""Machines, their plans, and body `layers` of `entails`: no plan is shorter, because all states nearer were visited.

`(Plan (variable x S v) … (move 'm guard (set x t) …) … (goal t))` is a machine: variables of finite sorts with their
first values, moves, and a goal. A move can be made where its guard holds and each term has a value of its variable's
sort; all terms are evaluated before any variable changes. A plan is a list of moves each of which can be made in turn.

A state is one integer, a field of bits for each variable; a move is a change of some fields, and depends on those of
the variables that it mentions only, so that few evaluations serve many states. Breadth first (Moore 1959).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.evaluate import evaluate, holds
from synth_kernel.exhaustive import finite, work
from synth_kernel.numbers import Undecided, Undefined
from synth_kernel.terms import Term, symbols

MAX_WORK = 1 << 20  # moves tried, and nodes evaluated to know what they change
IMPOSSIBLE = -1  # the change that a move makes where it cannot be made


class Rule:
    """A guard and assignments, as changes of packed states."""

    def __init__(self, machine: Machine, guard: Term, sets: Sequence[Any]) -> None:
        self.machine, self.guard, self.sets = machine, guard, sets
        mentioned = {*symbols(guard), *[name for each in sets for name in (each[1], *symbols(each[2]))]}
        self.fields = {name: field for name, field in machine.fields.items() if name in mentioned}
        self.mask = sum([full << shift for shift, full, _ in self.fields.values()])
        self.cost = work(guard) + sum([work(term) + (self.fields[name][1] >> 6) for _, name, term in sets])
        self.known: dict[int, int] = {}  # the fields that are mentioned -> what to flip

    def change(self, state: int) -> int:
        """Return the bits that the move flips in a state, `IMPOSSIBLE` where it cannot be made."""
        key = state & self.mask
        if key not in self.known:
            self.machine.burn(self.cost)
            self.known[key] = self._computed(key)
        return self.known[key]

    def _computed(self, key: int) -> int:
        values = {name: domain[key >> shift & full] for name, (shift, full, domain) in self.fields.items()}
        if not holds(self.guard, values):
            return IMPOSSIBLE
        flipped = 0
        for _, name, term in self.sets:
            shift, full, domain = self.fields[name]
            try:
                flipped |= (domain.index(evaluate(term, values)) ^ key >> shift & full) << shift
            except (Undefined, ValueError):
                return IMPOSSIBLE  # no value, or none of the sort
        return flipped


class Machine:
    """A sort `Plan` ready to run; raises Undecided where it takes more than `MAX_WORK`."""

    def __init__(self, sort: Any) -> None:
        self.fuel = MAX_WORK
        self.fields: dict[str, tuple[int, int, tuple[Any, ...]]] = {}  # variable -> shift, bits, values
        self.start = end = 0
        for _, name, domain_sort, value in [part for part in sort[1:] if part[0] == "variable"]:
            domain = finite(domain_sort) or ()
            self.fields[name] = end, (1 << len(domain).bit_length()) - 1, domain
            self.start |= domain.index(evaluate(value, {})) << end
            end += len(domain).bit_length()
        self.moves = {part[1]: Rule(self, part[2], part[3:]) for part in sort[1:] if part[0] == "move"}
        goal = sort[-1][1]
        parts = goal[1:] if isinstance(goal, tuple) and goal[0] == "and" else (goal,)
        self._goal = [Rule(self, part, ()) for part in parts]

    def burn(self, amount: int) -> None:
        """Use fuel; raise Undecided when none is left."""
        self.fuel -= amount
        if self.fuel < 0:
            raise Undecided("a machine with too many states")

    def goals(self, states: Sequence[int]) -> Sequence[int]:
        """Return those states in which the goal holds."""
        for rule in self._goal:
            states = [state for state in states if rule.change(state) != IMPOSSIBLE]
        return states

    def layers(self, before: dict[int, tuple[int, str]] | None = None) -> Iterator[list[int]]:
        """Yield the states that are 0, 1, 2, … moves away, as long as there are any.

        `before` takes from where and by which move a state was reached first.
        """
        found, layer = {self.start}, [self.start]
        while layer:
            yield layer
            self.burn(len(layer) * len(self.moves))
            following: list[int] = []
            for name, rule in self.moves.items():
                mask, known = rule.mask, rule.known
                for state in layer:
                    change = known.get(state & mask)
                    if change is None:
                        change = rule.change(state)
                    if change > 0 and (reached := state ^ change) not in found:
                        found.add(reached)
                        following.append(reached)
                        if before is not None:
                            before[reached] = state, name
            layer = following


@dataclass(frozen=True)
class Plan:
    """The value of an unknown of sort Plan."""

    moves: tuple[Any, ...]
    sort: Any

    def solves(self) -> bool:
        """Say whether the goal holds after the moves; raise Undefined where one cannot be made."""
        machine = Machine(self.sort)
        state = machine.start
        for name in self.moves:
            machine.burn(1)
            change = machine.moves[name].change(state) if name in machine.moves else IMPOSSIBLE
            if change == IMPOSSIBLE:
                raise Undefined(f"the move {name} cannot be made")
            state ^= change
        return len(machine.goals([state])) == 1

    def length(self) -> int:
        """Return the number of moves; raise Undefined where one cannot be made."""
        self.solves()
        return len(self.moves)


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Check `(>= (length p) c)` for plans that a premise says to solve, or `(not (solves p))`. Certificate: empty."""
    match sequent.goal:
        case (">=", ("length", str(name)), int(bound)) if ("solves", name) in sequent.premises:
            nearer: int | None = bound
        case ("not", ("solves", str(name))):
            nearer = None  # however many moves: until no new state is found
        case _:
            return False
    machine = Machine(sequent.declared[name])
    for distance, layer in enumerate(machine.layers()):
        if nearer is not None and distance >= nearer:
            break
        if machine.goals(layer):
            return False
    return True
