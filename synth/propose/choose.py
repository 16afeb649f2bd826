"""Open the model that a name stands for: `bundled`, `hf:NAME_OR_PATH` or `openai:URL#MODEL`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synth.errors import UserError
from synth.propose.ask import Model


@dataclass(frozen=True)
class Serving:
    """How a served model is used: nothing of it decides what a row is.

    `kind` names the server's way of taking a grammar (`auto`: find out). Prices are for a million tokens; `max_cost`
    is in the same currency. `timeout` is in seconds, for one request.
    """

    kind: str = "auto"
    concurrency: int = 8
    price_in: float | None = None
    price_out: float | None = None
    max_cost: float | None = None
    timeout: float = 120.0


def name_of(model: str) -> str:
    """Return how provenance names a model: without the address of a server or the place of a folder.

    >>> name_of("openai:http://10.0.0.1:8000/v1#small"), name_of("bundled")
    ('openai:small', 'bundled')
    """
    scheme, _, rest = model.partition(":")
    if scheme == "openai":
        return f"openai:{rest.rpartition('#')[2] or 'unnamed'}" if "#" in rest else "openai"
    return f"hf:{Path(rest).resolve().name}" if scheme == "hf" and Path(rest).is_dir() else model


def open_model(name: str, serving: Serving | None = None, *, spent: float = 0.0) -> Model:
    """Return the model of a name; `spent` is what was paid before, so that `max_cost` holds for a whole run.

    Raise `UserError` where there is no such model, or the optional packages that it needs are not installed.
    """
    serving = serving or Serving()
    scheme, _, rest = name.partition(":")
    try:
        if name == "bundled":
            from synth.propose.local.model import open_local
            from synth.propose.weights import bundled_folder, known_levels

            return open_local(str(bundled_folder()), name, known_levels())
        if scheme == "hf" and rest:
            from synth.propose.local.model import open_local

            return open_local(rest, name)
        if scheme == "openai" and rest:
            from synth.propose.server.client import Prices, open_server

            prices = None
            if serving.price_in is not None or serving.price_out is not None:
                prices = Prices(serving.price_in or 0.0, serving.price_out or 0.0)
            left = None if serving.max_cost is None else max(0.0, serving.max_cost - spent)
            return open_server(
                rest,
                kind=serving.kind,
                concurrency=serving.concurrency,
                prices=prices,
                max_cost=left,
                timeout=serving.timeout,
            )
    except ModuleNotFoundError as error:
        extra = "server" if scheme == "openai" else "model"
        raise UserError(
            f"the model {name!r} needs the package {error.name!r}; install it: pip install 'synth-corpus[{extra}]'"
        ) from error
    raise UserError(f"there is no model {name!r}; say bundled, hf:NAME_OR_PATH or openai:URL#MODEL")
