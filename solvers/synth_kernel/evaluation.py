"""Body `evaluation`: a model satisfies its premises because each of them evaluates to true. Certificate: empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.evaluate import constant, evaluate, holds


def check(sequent: Sequent, certificate: Mapping[str, Any]) -> bool:
    """Evaluate every premise under the bindings of the goal; one without a value is not satisfied."""
    values = {name: constant(value, sequent.declared[name]) for name, value in sequent.bindings.items()}
    for name, sort in sequent.sorts.items():
        if sort == "Walk":
            evaluate(("cost", name), values)  # raises, so shows nothing, where an arc is not listed
    return all(holds(premise, values) for premise in sequent.premises)
