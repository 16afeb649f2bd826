"""The meaning language: what is refused at load and at reading, that values are never expanded again, that it ends."""

from __future__ import annotations

import pytest

from synth.family.registry import families
from synth.family.sorting import check_sorts
from synth_kernel.meaning import FUEL, Meaning, MeaningError
from synth_kernel.terms import TermError

# template -> what the message says; one table for product and test
WRONG_AT_LOAD = [
    ({"problem(x)": "(problem (unknown (p) Bool) (clause who) (ask (find (p))))"}, "unknown name 'who'"),
    ({"problem(x)": "(problme (clause x))"}, "unknown name 'problme'"),
    ({"problem(x)": "(problem (clause x)"}, "ends inside a parenthesis"),
    ({"problem x": "x"}, "begins name(parameter"),
    ({"problem(x, x)": "x"}, "distinct"),
    ({"problem(*x, *y)": "x"}, "at most one"),
    ({"problem(Bool)": "Bool"}, "has a meaning already"),
    ({"problem(x)": "(for (a 2) x x)"}, "a pattern is"),
    ({"problem(x)": "(let y x)"}, "not formed like that"),
    ({"problem(x)": "(define (y) x)"}, "not formed like that"),
    ({"problem(x)": "(unknown x)"}, "not formed like that"),
    ({"problem(x)": "(if x x)"}, "not formed like that"),
]


@pytest.mark.parametrize(("table", "message"), WRONG_AT_LOAD)
def test_a_wrong_template_is_refused_when_the_meaning_is_loaded(table: dict[str, str], message: str) -> None:
    with pytest.raises(MeaningError, match=message.replace("(", r"\(")):
        Meaning(table)


WRONG_SORTS = [
    ("knights", "knave(who)", "(not (count *everyone))", "not takes Bool, not number"),
    ("knights", "exactly(n)", "(= (count *everyone) (not true))", "compares number with Bool"),
    ("knights", "statements(*statements)", "(for s statements (axiom (+ 1 1)))", "axiom takes Bool, not number"),
    ("knights", "says(who, claim)", "(+ 1 2)", "clause takes Bool, not number"),
    ("linear_system", "equation(left, right)", "(and left right)", "and takes Bool, not number"),
    ("linear_system", "add(sum, term)", "(+ sum (= 1 1))", "takes number, not Bool"),
    ("shortest_path", "problem(*parts)", "(clause (not (cost 'a)))", "cost takes Walk, not symbol"),
]


@pytest.mark.parametrize(("name", "alias", "template", "message"), WRONG_SORTS)
def test_a_template_whose_sorts_cannot_fit_is_refused_at_load(
    name: str, alias: str, template: str, message: str
) -> None:
    family = families()[name]
    key = next(key for key in family.meaning_table if key.split("(")[0] == alias.split("(")[0])
    table = dict(family.meaning_table)
    del table[key]
    with pytest.raises(MeaningError, match=message):
        check_sorts(table | {alias: template}, family.formal.grammar)


@pytest.mark.parametrize("name", sorted(families()))
def test_the_sorts_of_every_installed_meaning_fit(name: str) -> None:
    check_sorts(families()[name].meaning_table, families()[name].formal.grammar)


READ = {
    "problem(*x)": "(problem (unknown (p) Bool) *x (ask (find (p))))",
    "is(x)": "(clause x)",
    "not(x)": "(not x)",
    "twice(*xs)": "(for x xs (for y xs (clause (= x y))))",
    "set(x)": "(define chosen x)",
    "use()": "(clause chosen)",
    "over(a, b)": "(clause (= (number (/ a b)) 1))",
    "bind(*b)": "(model *b)",
    "to(x, v)": "(= x v)",
    "pair(x)": "(let (a b) x (clause a))",
    "long(n)": "(for i (range 1 n) (for j (range 1 n) (clause true)))",
    "third(*xs)": "(clause (item xs 3))",
    "idle()": "(p)",
}


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (("problem", ("is",)), "takes x, not 0 parts"),
        (("problem", ("is", "p", "p")), "takes x, not 2 parts"),
        (("problem", ("nothing",)), "no meaning for 'nothing'"),
        (("problem", ("use",)), "before it is defined"),
        (("problem", ("set", "p"), ("set", "p")), "defined twice"),
        (("problem", ("over", "1", "0")), "has no value here"),
        (("problem", ("pair", "p")), "is not a list"),
        (("problem", ("long", "999999999")), "range is too long"),
        (("problem", ("long", "900")), f"more than {FUEL} nodes"),
        (("problem", ("third", "p")), "cannot take"),
        (("is", "p"), "not a \\(problem"),
        (("problem", ("is", "q")), "undeclared symbol 'q'"),
        (("problem", ("is", "7")), "a statement is Boolean"),
    ],
)
def test_a_tree_without_a_meaning_is_refused(tree: object, message: str) -> None:
    with pytest.raises((MeaningError, TermError), match=message):
        Meaning(READ).problem(tree)  # type: ignore[arg-type]


def test_values_are_never_expanded_again() -> None:
    """A name in the text that looks like a parameter, an operator or a definition stays the text's name."""
    meaning = Meaning({"problem(x, y)": "(problem (unknown x Bool) (define n y) (clause (= x y)) (ask (find x)))"})
    for name in ("x", "n", "y", "splice.x"):
        theory = meaning.problem(("problem", name, name)).theory
        assert theory.clauses == (("=", name, name),) and list(theory.declared) == [name]


def test_a_template_that_is_a_bare_for_gives_a_list() -> None:
    table = {"problem(xs)": "(problem (unknown (p) Bool) (clause (= (len xs) 2)) (clause (and *xs)) (ask (find (p))))",
             "each(*xs)": "(for x xs (= x 1))"}  # fmt: skip
    theory = Meaning(table).problem(("problem", ("each", "1", "2"))).theory
    assert theory.clauses == (("=", 2, 2), ("and", ("=", 1, 1), ("=", 2, 1)))


def test_what_one_problem_defines_is_unknown_to_the_next() -> None:
    meaning = Meaning(READ)
    meaning.problem(("problem", ("set", "p"), ("use",)))
    with pytest.raises(MeaningError, match="before it is defined"):
        meaning.problem(("problem", ("use",)))


def test_an_answer_binds_every_unknown_once_in_any_order() -> None:
    table = {"problem(a, b)": "(problem (unknown a Bool) (unknown b Bool) (ask (find a b)))", "bind(*b)": "(model *b)",
             "to(x, v)": "(= x v)", "rest(*b)": "(model *b (else false))", "yes()": "true"}  # fmt: skip
    reading = Meaning(table).problem(("problem", "p", "q"))
    both = reading.answer(("bind", ("to", "q", ("yes",)), ("to", "p", ("yes",))))
    assert both == ("model", ("=", "p", "true"), ("=", "q", "true"))
    assert reading.answer(("rest", ("to", "q", ("yes",)))) == ("model", ("=", "p", "false"), ("=", "q", "true"))
    for tree, message in [
        (("bind", ("to", "p", ("yes",))), "says nothing about q"),
        (("bind", ("to", "p", ("yes",)), ("to", "p", ("yes",))), "once"),
        (("rest", ("to", "r", ("yes",))), "no unknown r"),
    ]:
        with pytest.raises(MeaningError, match=message):
            reading.answer(tree)  # type: ignore[arg-type]


def test_the_same_header_gives_the_same_theory_when_it_is_remembered() -> None:
    family = families()["sudoku"]
    from synth.domain import Domain

    records = [Domain(family).sample(1, 5, index) for index in range(4)]
    for record in [*records, *records[::-1]]:
        fresh = Meaning(family.meaning_table).problem(family.formal.read(record.formal)).theory.text()
        assert family.meaning.problem(family.formal.read(record.formal)).theory.text() == fresh == record.theory
