"""What is asked of a model that shall propose a family: the format, one whole example, and what will be checked."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from synth.propose.ask import Ask
from synth_kernel.kinds import ROLES
from synth_kernel.meaning import FORMS
from synth_kernel.terms import OPERATORS

EXAMPLE = "marbles"
_SYSTEM = "You design families of exactly solvable problems. You write data files in the format that is described."


def example_files() -> dict[str, str]:
    """Return the example of the prompt: the family that `synth family new` writes, as data alone."""
    template = files("synth.family").joinpath("template")
    texts = {name: template.joinpath(name).read_text("utf-8") for name in
             ("family.toml", "grammar.lark", "meaning.toml", "phrases.en.toml")}  # fmt: skip
    return texts | {"family.toml": f'name = "{EXAMPLE}"\n{texts["family.toml"]}'}


def ask_for_family(wish: str, known: Sequence[str]) -> Ask:
    """Return what is put to a model; `wish` says what the domain should be, `known` names the families there are.

    >>> "[levels.5]" in ask_for_family("locks and their codes", ["knights"]).text
    True
    """
    guide = files("synth.admission").joinpath("prompt.md").read_text("utf-8")
    shown = "\n".join(f"```{name}\n{text}```\n" for name, text in example_files().items())
    text = (
        guide.replace("EXAMPLE", shown)
        .replace("FORMS", " ".join(FORMS))
        .replace("OPERATORS", " ".join(sorted(OPERATORS)))
        .replace("KINDS", ", ".join(ROLES))
        .replace("KNOWN", ", ".join(known))
        .replace("WISH", wish.strip() or "one of your choice, with a witness or a proof for every answer")
    )
    messages = {"role": "system", "content": _SYSTEM}, {"role": "user", "content": text}
    return Ask("family", "", text, messages)
