"""What is asked of a language model, what it replies, and the one method that every kind of model has.

A model is untrusted and knows nothing of families: it gets texts and gives texts. `synth.propose.prompts` writes what
is asked, `synth.propose.trace` and the parsers of a family read what is replied, and the judge decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Language:
    """The texts that a reply may be, as decoding grammars: flat Lark and GBNF with the start `start` and `root`.

    Both accept the same canonical texts and are bounded in depth, so every reply can finish.
    """

    name: str
    lark: str
    gbnf: str


@dataclass(frozen=True)
class Ask:
    """One thing asked of a model.

    `text` is the bare prompt, to be continued; `messages` put the same to a chat model, with words and examples.
    `prefix` is the beginning of the reply where some of it stands already (only for models that continue); a reply
    holds what comes after it. With `language` the whole reply, prefix included, belongs to that language; None: any
    text. A reply ends at the end of a sentence of the language, at the model's end of text, before the first of
    `stops`, or when its tokens are used up.
    """

    role: str  # solve | pose | paraphrase | formalise
    family: str
    text: str
    messages: tuple[Mapping[str, str], ...]
    language: Language | None = None
    prefix: str = ""
    stops: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draw:
    """How replies are drawn: how many of each, at which temperature (0: greedy), of at most how many tokens.

    With `constrained` off the language is not enforced. The seed makes a local model repeat itself; a server may not.
    """

    n: int = 1
    temperature: float = 1.0
    max_tokens: int = 512
    seed: int = 0
    constrained: bool = True


@dataclass(frozen=True)
class Reply:
    """What a model wrote after the prefix of an ask. Untrusted text of any kind.

    `tokens` counts what was generated. `finished` is false where it was cut off by the token limit. `failure` names why
    nothing came back (the text is empty then). `log_probability` is the sum over the tokens, in nats, under the model
    without the grammar at temperature 1; `log_mass` the sum of the log of the probability that the grammar left to
    choose from (0 where nothing was ruled out). Both None where the model does not tell. `stopped` is the stop string
    that ended the reply, if one did; it is not in the text.
    """

    text: str
    tokens: int
    finished: bool = True
    log_probability: float | None = None
    log_mass: float | None = None
    prompt_tokens: int = 0
    stopped: str = ""
    failure: str = ""


@runtime_checkable
class Model(Protocol):
    """A proposer: bundled, local or behind a server."""

    @property
    def name(self) -> str:
        """How provenance names it, such as `bundled` or `hf:PATH`."""
        ...

    @property
    def continues(self) -> bool:
        """Whether it can go on from a prefix; step-wise search needs that."""
        ...

    def knows(self, family: str, level: int | None = None) -> bool:
        """Say whether it is worth asking about a family, at a level or at all; sampler and solver do the others."""
        ...

    def propose(self, asks: Sequence[Ask], draw: Draw) -> list[list[Reply]]:
        """Return `draw.n` replies to each ask, in order. Never raises for what a model writes.

        Raise `UserError` where the model cannot be used at all (no such file, a server that stays away).
        """
        ...
