"""A recipe: what a corpus is made of, read from YAML, with every mistake a `UserError` that names the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
    ValidationError,
    model_validator,
)

from synth.errors import UserError, did_you_mean

MAX_ROWS = 1_000_000_000
MAX_SEED = (1 << 63) - 1


class Levelled(Protocol):
    """What a recipe needs to know of a family: the settings of its levels and the languages it is asked in."""

    @property
    def levels(self) -> Mapping[int, Mapping[str, Any]]: ...
    @property
    def languages(self) -> Sequence[str]: ...


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Weight = Annotated[StrictInt | StrictFloat, Field(gt=0, lt=1e9, allow_inf_nan=False)]


Rate = Annotated[StrictInt | StrictFloat, Field(ge=0, le=1)]


class Share(_Part):
    """How much of a family, and at which levels; no level named means all of them."""

    weight: Weight = 1
    levels: tuple[StrictInt, ...] = ()


class Prompt(_Part):
    """The system text, and the form in which a completion ends."""

    system: StrictStr = "Think, then answer."
    answer_in: Literal["boxed", "tag", "plain"] = "boxed"


class ModelPart(_Part):
    """The model in the loop: which one, what it does, and how it is asked.

    `name` is `bundled`, `hf:NAME_OR_PATH` or `openai:URL#MODEL`; "" means that the sampler and the solver do it all.
    """

    name: StrictStr = ""
    tries: Annotated[StrictInt, Field(ge=0, le=64)] = 4
    pose: Annotated[StrictInt | StrictFloat, Field(ge=0, le=1)] = 0.1
    temperature: Annotated[StrictInt | StrictFloat, Field(ge=0, le=5)] = 1.0
    max_tokens: Annotated[StrictInt, Field(ge=1, le=100_000)] = 512
    constrained: StrictBool = True


class Difficulty(_Part):
    """Rows that the model solves in a given share of its tries, no fewer and no more."""

    pass_rate: tuple[Rate, Rate]
    tries: Annotated[StrictInt, Field(ge=2, le=64)] = 8

    @model_validator(mode="after")
    def _ordered(self) -> Difficulty:
        if self.pass_rate[0] > self.pass_rate[1]:
            raise ValueError(f"pass_rate must go from low to high, not {list(self.pass_rate)}")
        return self


class Paraphrase(_Part):
    """The share of rows whose clauses a model says in its own words, and who translates them back.

    `model` "" is the one that solves. Such rows have grade A: their words rest on the translators' agreement.
    """

    share: Rate
    model: StrictStr = ""
    translators: Annotated[tuple[StrictStr, ...], Field(min_length=2, max_length=8)]


class Split(_Part):
    """What goes to the test side: a share of shapes or problems, or what joins features as no problem in train does.

    `hold_out` names pairs of features, or (outer, inner) productions; `deeper_than` is a depth of the syntax tree.
    Where they are left out, they are chosen so that about `test` of the problems go to the test side.
    """

    test: Annotated[StrictInt | StrictFloat, Field(ge=0, lt=1)] = 0.05
    by: Literal["shape", "problem", "pair", "composition", "depth"] = "shape"
    hold_out: tuple[tuple[StrictStr, StrictStr], ...] = ()
    deeper_than: Annotated[StrictInt, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _fitting(self) -> Split:
        if self.hold_out and self.by not in ("pair", "composition"):
            raise ValueError(f"hold_out is for `by: pair` and `by: composition`, not `by: {self.by}`")
        if self.deeper_than is not None and self.by != "depth":
            raise ValueError(f"deeper_than is for `by: depth`, not `by: {self.by}`")
        return self


class Reference(_Part):
    """What shows what is wanted, and the share of the demand that is for everything alike.

    `reference` is a file of rows (.jsonl or .parquet), or the `selection.json` of an export, which says what it lacked.
    """

    reference: Annotated[StrictStr, Field(min_length=1)]
    uniform: Rate = 0.2


class Benchmark(_Part):
    """A file whose problems are not to become rows (.jsonl or .parquet), and the column of its text; "": the usual."""

    file: Annotated[StrictStr, Field(min_length=1)]
    column: StrictStr = ""


_WORD, _PART = "demand word", "demand part"  # where a mistake in `demand` lies, for `_message`
DEMANDS = ("none", "coverage")
Demand = Annotated[
    Annotated[Literal["none", "coverage"] | None, Tag(_WORD)] | Annotated[Reference, Tag(_PART)],
    Discriminator(lambda given: _PART if isinstance(given, Mapping | Reference) else _WORD),
]


class Recipe(_Part):
    """A recipe; `load` and `resolve` make it, everything else reads it.

    >>> recipe = Recipe(rows=10, families={"knights": {"weight": 1, "levels": [1, 2]}, "sudoku": 2})
    >>> recipe.families["sudoku"]
    Share(weight=2, levels=())
    """

    rows: Annotated[StrictInt, Field(ge=1, le=MAX_ROWS)] = 2000
    seed: Annotated[StrictInt, Field(ge=0, le=MAX_SEED)] = 7
    families: dict[StrictStr, Share] = Field(default_factory=dict)
    model: ModelPart = ModelPart()
    difficulty: Difficulty | None = None
    paraphrase: Paraphrase | None = None
    demand: Demand = None
    decontaminate: tuple[Benchmark, ...] = ()
    prompt: Prompt = Prompt()
    languages: Annotated[tuple[StrictStr, ...], Field(min_length=1)] = ("en",)
    min_grade: Literal["W", "A"] = "W"
    split: Split = Split()

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, data: Any) -> Any:
        """Accept short forms: `families` as a list of names or with bare weights, a model and files by name alone."""
        if not isinstance(data, Mapping):
            return data
        found = dict(data)
        if isinstance(found.get("model"), str):
            found["model"] = {"name": found["model"]}
        files = found.get("decontaminate")
        if isinstance(files, str | list | tuple):
            each = [files] if isinstance(files, str) else files
            found["decontaminate"] = [{"file": file} if isinstance(file, str) else file for file in each]
        wanted = found.get("demand")
        if wanted is not None and wanted not in DEMANDS and not isinstance(wanted, (Mapping, Reference)):
            raise ValueError(f"demand: there is no demand {wanted!r}; say none, coverage or {{reference: PATH}}")
        given = found.get("families")
        if given is None:
            found.pop("families", None)
        elif given in ([], {}):
            raise ValueError("families names none; name at least one, or leave the key out for all of them")
        elif isinstance(given, (list, tuple)):
            twice = [name for name in given if given.count(name) > 1]
            if twice:
                raise ValueError(f"families lists {twice[0]!r} twice")
            found["families"] = {name: {} for name in given}
        elif isinstance(given, Mapping):
            found["families"] = {
                name: {"weight": share} if isinstance(share, (int, float)) else share for name, share in given.items()
            }
        return found

    def text(self) -> str:
        """Return the recipe as YAML in one fixed order; `load` of it is the identity."""
        return str(yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=110))


def template() -> str:
    """Return the commented recipe that `synth init` writes."""
    return resources.files("synth.run").joinpath("recipe_template.yaml").read_text(encoding="utf-8")


def load(path: Path, families: Mapping[str, Levelled], changes: Mapping[str, Any] | None = None) -> Recipe:
    """Read a recipe file, replace the keys in `changes`, and resolve it. Raise `UserError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the recipe {path}: {error}; `synth init` writes one to start from") from error
    return parse(text, str(path), families, changes)


def parse(text: str, place: str, families: Mapping[str, Levelled], changes: Mapping[str, Any] | None = None) -> Recipe:
    """Read the text of a recipe; `place` stands in messages. Raise `UserError`."""
    try:
        data = yaml.load(text, _Loader)  # a SafeLoader that also refuses a key given twice
    except yaml.YAMLError as error:
        raise UserError(f"{place} is not YAML: {' '.join(str(error).split())}") from error
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise UserError(
            f"{place} must be a mapping of keys such as `rows: 2000`; `synth init` writes one to start from"
        )
    changed = {**data, **(changes or {})}
    if changes and "model" in changes:
        written = data.get("model")
        changed["model"] = {**({"name": written} if isinstance(written, str) else written or {}), **changes["model"]}
    return resolve(changed, place, families)


def resolve(data: Mapping[str, Any], place: str, families: Mapping[str, Levelled]) -> Recipe:
    """Check a recipe and name every family and level in it. Raise `UserError`."""
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        raise UserError(_message(error, place)) from error
    if not families:
        raise UserError("no family is installed; reinstall the package, or install one that offers `synth.families`")
    _check_model(recipe, place)
    shares = recipe.families or {name: Share() for name in families}
    resolved = recipe.model_copy(
        update={
            "families": {name: _resolved(name, shares[name], place, families, recipe) for name in sorted(shares)},
            "languages": tuple(dict.fromkeys(recipe.languages)),
            "demand": recipe.demand or ("none" if recipe.model.name else "coverage"),
        }
    )
    if resolved.split.hold_out:
        from synth.run.split import check_hold_out

        check_hold_out(resolved, place, families)
    return resolved


def _check_model(recipe: Recipe, place: str) -> None:
    name, other = recipe.model.name, recipe.paraphrase
    for each in (name, *((other.model, *other.translators) if other else ())):
        if each and not (each == "bundled" or each.startswith(("hf:", "openai:"))):
            raise UserError(
                f"{place}: model: there is no model {each!r}; say bundled, hf:NAME_OR_PATH or openai:URL#MODEL"
            )
    if other and not (other.model or name):
        raise UserError(f"{place}: paraphrase: name the `model` that is to reword")
    if other and other.share and recipe.min_grade != "A":
        raise UserError(f"{place}: paraphrase: reworded rows have grade A; say `min_grade: A`, or leave paraphrase out")
    if recipe.difficulty and not name:
        raise UserError(f"{place}: difficulty: a pass rate is a model's; name one, such as `model: bundled`")


def _resolved(name: str, share: Share, place: str, families: Mapping[str, Levelled], recipe: Recipe) -> Share:
    if name not in families:
        raise UserError(f"{place}: families: there is no family {name!r}; {did_you_mean(name, families)}")
    family = families[name]
    levels = sorted(set(share.levels or family.levels))
    for level in levels:
        if level not in family.levels:
            known = ", ".join(map(str, sorted(family.levels)))
            raise UserError(f"{place}: families: {name}: levels: there is no level {level}; it has {known}")
    for language in recipe.languages:
        if language not in family.languages:
            known = ", ".join(family.languages)
            raise UserError(f"{place}: languages: {name} cannot be asked in {language!r}; it can in {known}")
    return Share(weight=share.weight, levels=tuple(levels))


def quotas(recipe: Recipe) -> dict[tuple[str, int], int]:
    """Share the rows out to (family, level): by weight, evenly over levels, the largest remainders rounded up.

    >>> recipe = Recipe(rows=10, families={"a": {"weight": 2, "levels": [1, 2]}, "b": {"weight": 1, "levels": [3]}})
    >>> quotas(recipe)
    {('a', 1): 4, ('a', 2): 3, ('b', 3): 3}
    """
    rows = _shares(recipe.rows, {name: float(share.weight) for name, share in recipe.families.items()})
    return {
        (name, level): n
        for name, share in recipe.families.items()
        for level, n in _shares(rows[name], dict.fromkeys(share.levels, 1.0)).items()
    }


def _shares(total: int, weights: Mapping[Any, float]) -> dict[Any, int]:
    whole = sum(weights.values())
    exact = {key: total * weight / whole for key, weight in weights.items()}
    found = {key: int(value) for key, value in exact.items()}
    by_remainder = sorted(weights, key=lambda key: found[key] - exact[key])  # stable: ties go to the first
    for key in by_remainder[: total - sum(found.values())]:
        found[key] += 1
    return found


class _Loader(yaml.SafeLoader):
    pass


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.YAMLError(f"line {key.start_mark.line + 1}: a key must be a word")
        if key.value in seen:
            raise yaml.YAMLError(f"line {key.start_mark.line + 1}: the key {key.value!r} is given twice")
        seen.add(key.value)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)

_KEYS: dict[str, type[_Part]] = {
    "": Recipe,
    "prompt": Prompt,
    "split": Split,
    "model": ModelPart,
    "difficulty": Difficulty,
    "paraphrase": Paraphrase,
    "demand": Reference,
    "decontaminate": Benchmark,
}


def _message(error: ValidationError, place: str) -> str:
    """Say the first thing that is wrong with a recipe, where, and what would be right."""
    first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")  # a misspelt key is lacking, too
    path = [str(part) for part in first["loc"] if part not in ("int", "float", _WORD, _PART)]
    where = ": ".join([place, *path[:-1]])
    last = path[-1] if path else ""
    if first["type"] == "extra_forbidden":
        model: type[_Part] = Share if path[:1] == ["families"] else _KEYS.get(path[0] if len(path) > 1 else "", Recipe)
        return f"{where}: there is no key {last!r}; {did_you_mean(last, model.model_fields)}"
    shown = "" if isinstance(first["input"], dict) else f", not {first['input']!r}"
    said = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    must = f"must be {said}{shown}" if first["msg"].startswith("Input should be") else f"{said}{shown if path else ''}"
    return f"{where}: {last} {must}" if last else f"{where}: {must}"
