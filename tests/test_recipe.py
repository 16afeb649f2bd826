"""A recipe is read as it is meant, or refused with a message that names the thing and the place."""

from types import SimpleNamespace

import pytest

from synth.errors import UserError
from synth.run.recipe import parse, quotas, template

FAMILIES = {
    name: SimpleNamespace(levels={level: {} for level in range(1, 6)}, languages=["en"])
    for name in ("knights", "sudoku", "derivative")
}

# a recipe that is wrong -> what the message must say; the product's messages are its documentation
MISTAKES = {
    "row: 3": "there is no key 'row'; did you mean 'rows'?",
    "rows: 20k": "rows must be a valid integer, not '20k'",
    "rows: 0": "rows must be greater than or equal to 1, not 0",
    "rows: 1.5": "rows must be a valid integer",
    "rows: 1\nrows: 2": "line 2: the key 'rows' is given twice",
    "seed: true": "seed must be a valid integer",
    "seed: -1": "seed must be greater than or equal to 0",
    "families: [knigts]": "families: there is no family 'knigts'; did you mean 'knights'?",
    "families: [knights, knights]": "families lists 'knights' twice",
    "families: []": "families names none",
    "families: 3": "families must be a valid dictionary",
    "families: {knights: -1}": "families: knights: weight must be greater than 0, not -1",
    "families: {knights: .nan}": "weight must be greater than 0",
    "families: {knights: .inf}": "weight must be",
    "families: {knights: {levls: [1]}}": "families: knights: there is no key 'levls'; did you mean 'levels'?",
    "families: {knights: {levels: [9]}}": "knights: levels: there is no level 9; it has 1, 2, 3, 4, 5",
    "families: {knights: {levels: 3}}": "families: knights: levels",
    "model: gpt": "say bundled, hf:NAME_OR_PATH or openai:URL#MODEL",
    "difficulty: {pass_rate: [0.2, 0.8]}": "name one, such as `model: bundled`",
    "{model: bundled, paraphrase: {share: 0.5, translators: ['hf:a', 'hf:b']}}": "reworded rows have grade A",
    "paraphrase: {share: 0.5, translators: ['hf:a', 'hf:b']}": "name the `model` that is to reword",
    "paraphrase: {share: 0.5, translators: ['hf:a']}": "translators",
    "model: {name: bundled, trys: 3}": "model: there is no key 'trys'; did you mean 'tries'?",
    "prompt: {answer_in: box}": "prompt: answer_in must be 'boxed', 'tag' or 'plain', not 'box'",
    "prompt: {sytem: x}": "prompt: there is no key 'sytem'; did you mean 'system'?",
    "languages: [xx]": "cannot be asked in 'xx'; it can in en",
    "languages: []": "languages",
    "min_grade: B": "min_grade must be 'W' or 'A', not 'B'",
    "split: {test: 1.5}": "split: test must be less than 1, not 1.5",
    "split: {by: moon}": "split: by must be 'shape', 'problem', 'pair', 'composition' or 'depth'",
    "- a": "must be a mapping",
    "a: [": "is not YAML",
    "? [a]\n: b": "a key must be a word",
    "!!python/object/apply:os.system [ls]": "is not YAML",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_named_with_its_place(text):
    with pytest.raises(UserError) as caught:
        parse(text, "recipe.yaml", FAMILIES)
    message = str(caught.value)
    assert message.startswith("recipe.yaml")
    assert MISTAKES[text] in message
    assert "\n" not in message


def test_an_empty_recipe_means_all_families_at_all_levels():
    recipe = parse("", "recipe.yaml", FAMILIES)
    assert sorted(recipe.families) == sorted(FAMILIES)
    assert all(share.levels == (1, 2, 3, 4, 5) for share in recipe.families.values())


def test_the_template_is_a_recipe_and_states_the_defaults():
    assert parse(template(), "recipe.yaml", FAMILIES) == parse("", "recipe.yaml", FAMILIES)


def test_a_resolved_recipe_survives_being_written():
    recipe = parse("families: {knights: {weight: 0.5, levels: [3, 1]}, sudoku: 2}", "recipe.yaml", FAMILIES)
    assert parse(recipe.text(), "recipe.yaml", FAMILIES) == recipe


@pytest.mark.parametrize("rows", [1, 7, 100, 1001])
def test_quotas_add_up_and_no_level_is_more_than_one_row_ahead(rows):
    recipe = parse(f"rows: {rows}\nfamilies: {{knights: 2, sudoku: 1}}", "recipe.yaml", FAMILIES)
    found = quotas(recipe)
    assert sum(found.values()) == rows
    for family in ("knights", "sudoku"):
        levels = [n for (name, _), n in found.items() if name == family]
        assert max(levels) - min(levels) <= 1
    assert abs(sum(n for (name, _), n in found.items() if name == "knights") - rows * 2 / 3) < 1
