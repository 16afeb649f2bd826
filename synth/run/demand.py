"""The demand of a run: a target that is fitted once, and what each round wants, frozen when it starts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth.graph.demand import demand_of
from synth.graph.reach import Pair, joinable
from synth.run.recipe import Recipe, Reference
from synth.run.tally import Cell

if TYPE_CHECKING:
    from synth.run.ledger import Ledger

Key = tuple[str, int]
FIRST = 32  # sources of a family and level in the first round, which has no demand; then rounds double
_TARGET = "target"  # where the ledger keeps the fit to a reference


def begin(recipe: Recipe) -> dict[str, str]:
    """Return what the ledger keeps of a new run's demand: the fit to a reference, so that it is read only once.

    Raise `UserError` where the reference cannot be used.
    """
    if not isinstance(recipe.demand, Reference):
        return {}
    from synth.family.registry import families
    from synth.graph.reference import fit, read_reference, read_shortfall

    installed = {name: family for name, family in families().items() if name in recipe.families}
    path, facts = Path(recipe.demand.reference), None
    wanted: Mapping[Key, Mapping[Pair, float]]
    if path.suffix == ".json":
        wanted = read_shortfall(path, installed)
    else:
        examples = read_reference(path, installed)
        found = fit(examples, [(name, level) for name, share in recipe.families.items() for level in share.levels])
        wanted, facts = found.targets, found.facts()
    targets = [[*key, [[*pair, share] for pair, share in shares.items()]] for key, shares in wanted.items()]
    return {_TARGET: json.dumps({"fit": facts, "targets": targets})}


def most_sources(recipe: Recipe, proposed: int) -> int | None:
    """Return how many sources of a family and level a round may try after so many; None: as many as it needs.

    With a demand the rounds double, so that each starts from counts that mean something.
    """
    return None if recipe.demand in (None, "none") else max(FIRST, proposed)


def freeze(ledger: Ledger, recipe: Recipe, coming: Mapping[Key, int]) -> dict[Key, Any]:
    """Return, as JSON data, what a round wants of the families and levels in which it tries `coming` sources."""
    if recipe.demand in (None, "none"):
        return {}
    from synth.family.registry import families

    fitted = targets(ledger)
    part = float(recipe.demand.uniform) if isinstance(recipe.demand, Reference) else 0.0
    found: dict[Key, Any] = {}
    for key, cells in _by_key(ledger.cells()).items():
        if key in coming:
            demand = demand_of(families()[key[0]], cells, coming[key], fitted.get(key), part)
            found[key] = demand.as_json()
    return found


def targets(ledger: Ledger) -> dict[Key, dict[Pair, float]]:
    """Return the shares of pairs that were fitted to a reference; {} without one.

    The fit shares what it knows of a family among its levels. So pairs with a size, `people:3`, that a level was not
    seen to have are left out; the shares that are left sum to 1.
    """
    kept = json.loads(ledger.meta(_TARGET) or '{"targets": []}')
    if not kept["targets"]:
        return {}
    cells = _by_key(ledger.cells())
    found: dict[Key, dict[Pair, float]] = {}
    for name, level, shares in kept["targets"]:
        seen = {feature for pair in cells.get((name, level), ()) for feature in pair}
        here = {
            (one, other): share for one, other, share in shares if all(":" not in f or f in seen for f in (one, other))
        }
        total = sum(here.values())
        if total:
            found[name, level] = {pair: share / total for pair, share in here.items()}
    return found


def _by_key(cells: Iterable[tuple[str, int, str, str, float, float]]) -> dict[Key, dict[Pair, tuple[float, float]]]:
    """Return the weights proposed and accepted of the pairs of each family and level."""
    found: dict[Key, dict[Pair, tuple[float, float]]] = {}
    for name, level, one, other, proposed, accepted in cells:
        found.setdefault((name, level), {})[one, other] = proposed, accepted
    return found


def facts(ledger: Ledger) -> dict[str, Any]:
    """Return what there is to say about the demand of a run, as JSON data; {} without one.

    `pairs` counts, over families and levels, the pairs of features seen: `reachable` can be joined, `covered` are in
    accepted rows, `empty` lists those that are in none, and `unreachable` names by family those that no problem joins.
    """
    import yaml

    demand = (yaml.safe_load(ledger.meta("recipe") or "") or {}).get("demand")
    if demand in (None, "none"):
        return {}
    from synth.family.registry import families

    installed = families()
    reachable = covered = 0
    empty: list[Cell] = []
    unreachable: dict[str, set[Pair]] = {}
    for (name, level), cells in sorted(_by_key(ledger.cells()).items()):
        if name not in installed:
            continue
        pairs, never = joinable(installed[name], {feature for pair in cells for feature in pair})
        reachable += len(pairs)
        missing = [pair for pair in pairs if not cells.get(pair, (0.0, 0.0))[1]]
        covered += len(pairs) - len(missing)
        empty += [(name, level, *pair) for pair in missing]
        unreachable.setdefault(name, set()).update(pair for pair in never if not _sizes(pair))
    fitted = json.loads(ledger.meta(_TARGET) or "{}").get("fit")
    return {
        "kind": demand if isinstance(demand, str) else "reference",
        "pairs": {"reachable": reachable, "covered": covered, "empty": [list(cell) for cell in empty]},
        "unreachable": {name: [list(pair) for pair in sorted(found)] for name, found in unreachable.items() if found},
        **({"fit": fitted} if fitted else {}),
    }


def _sizes(pair: Pair) -> bool:
    return all(":" in feature for feature in pair)


def said(demand: Mapping[str, Any]) -> Iterator[str]:
    """Yield what people should know about the demand of a run, in sentences; from `facts`."""
    if not demand:
        return
    pairs = demand["pairs"]
    yield (
        f"demand: {demand['kind']}; {pairs['covered']:,} of {pairs['reachable']:,} pairs of features that problems can "
        f"join are covered"
    )
    for name, found in demand["unreachable"].items():
        shown = ", ".join(" + ".join(pair) for pair in found[:4])
        more = f" and {len(found) - 4} more" if len(found) > 4 else ""
        yield f"{name}: no problem can join {shown}{more}"
    if fitted := demand.get("fit"):
        yield (
            f"reference: {fitted['rows']:,} rows; the fit gives {fitted['held_out_nats']:.2f} nats a pair on rows that "
            f"were left out, equal shares {fitted['uniform_nats']:.2f}"
        )
        yield from (f"warning: {warning}" for warning in fitted["warnings"])
