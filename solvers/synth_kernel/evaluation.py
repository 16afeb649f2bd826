"""Body `evaluation`: a model satisfies its premises because each of them evaluates to true. Certificate: empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.evaluate import FUEL, constant, evaluate, holds
from synth_kernel.programs import Fuel
from synth_kernel.quantifiers import MAX_WORK, work


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Evaluate every premise under the bindings of the goal; one without a value is not satisfied."""
    values = {name: constant(value, sequent.declared[name]) for name, value in sequent.bindings.items()}
    for name, sort in sequent.sorts.items():
        if sort in ("Walk", "Plan"):  # raises, so shows nothing, where an arc is not listed or a move cannot be made
            evaluate(("cost" if sort == "Walk" else "length", name), values)
    sizes: dict[Any, int] = {name: len(values[name]) for name, sort in sequent.sorts.items() if sort == "Open"}
    if sizes and sum([work(premise, sizes) for premise in sequent.premises]) > MAX_WORK:
        return False
    values[FUEL] = Fuel()
    return all(holds(premise, values) for premise in sequent.premises)
