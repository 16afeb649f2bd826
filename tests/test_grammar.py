"""Laws of the grammar room: reading inverts rendering, counting counts, and what cannot be kept in step is refused."""

import functools
import itertools
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import lark
import pytest

from synth.grammar import (
    GrammarError,
    ReadError,
    RenderError,
    Sampler,
    Syntax,
    load_phrases,
    pairs,
    parameters,
    productions,
)
from synth.grammar.decode import check_decoding, gbnf_text, lark_text
from synth.grammar.features import depth
from synth_kernel.tables import MAX_DEPTH, Reader

IGNORE = "\n%import common.WS\n%ignore WS\n"

ARITHMETIC = (
    r"""
problem: "simplify" sum -> problem
?solution: sum
?sum: product | sum "+" product -> add | sum "-" product -> subtract
?product: unary | product "*" unary -> multiply | product "/" unary -> divide
?unary: "-" unary -> negative | power
?power: atom | atom "^" unary -> power_of
?atom: INT -> integer
  | NAME -> name
  | FUNCTION "(" sum ")" -> apply
  | "sqrt" "(" sum ")" -> root
  | "(" sum ")"
INT: /[0-9]+/
NAME: /[a-z]/
FUNCTION: "sin" | "cos" | "log"
"""
    + IGNORE
)

KNIGHTS = (
    r"""
problem: people statements -> problem
people: "people" NAME ("," NAME)+ "." -> people
statements: (statement ".")+ -> statements
statement: NAME "says" claim -> says
?claim: claim "or" simple -> either
  | claim "and" simple -> both
  | simple
?simple: NAME "is" "a" "knight" -> knight
  | NAME "is" "a" "knave" -> knave
  | "not" simple -> no
  | "exactly" INT "of" group -> exactly
  | "(" claim ")"
group: "[" NAME ("," NAME)* "]" -> group
solution: answer ("," answer)* -> solution
answer: NAME "=" kind -> answer
?kind: "knight" -> is_knight | "knave" -> is_knave
NAME: "Ann" | "Anna" | "Bob" | "Cy"
INT: /[0-9]/
"""
    + IGNORE
)

MEANING = [
    "problem(people, statements)",
    "people(*names)",
    "statements(*clauses)",
    "says(who, claim)",
    "either(a, b)",
    "both(a, b)",
    "knight(who)",
    "knave(who)",
    "no(a)",
    "exactly(n, names)",
    "group(*names)",
    "solution(*answers)",
    "answer(who, kind)",
    "is_knight",
    "is_knave",
]

PHRASES = {
    "people": ["on an island live {names|, | and }.", "we meet {names|, }.", "these are {names| and | and also }."],
    "statements": "{clauses| }",
    "says": ["{who} says: “{claim}.”", "“{claim},” says {who}.", "here is what {who} tells us: {claim}."],
    "either": "{a} or {b}",
    "both": "{a} and {b}",
    "knight": ["{who} is a knight", "{who} never lies"],
    "knave": "{who} is a knave",
    "no": "it is not so that {a}",
    "exactly": [
        "exactly {n} of {names} {n|is a knight|are knights}",
        "of {names}, exactly {n} {n|is a knight|are knights}",
    ],
    "group": "the group [{names|, | and }] {names|alone|together}",
    "lexicon": {"Cy": "Cyrus the Great", "Bob": "the man Bob"},
}

ROUTES = (
    r"""
problem: map "from" PLACE "to" PLACE -> problem
map: road* -> map
road: "road" PLACE PLACE length ";" -> road
?length: INT -> kilometres
  | INT "/" INT -> fraction
  | "-" length -> minus
solution: PLACE+ -> route
step: "go" PLACE (PLACE INT)* -> step
PLACE: /[A-Z][a-z]*/
INT: "0" | /[1-9][0-9]*/
"""
    + IGNORE
)

GRAMMARS = {"arithmetic": ARITHMETIC, "knights": KNIGHTS, "routes": ROUTES}


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory):
    """Compile into a cache of our own: a test must not depend on what another version left behind."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = before


@pytest.fixture(scope="module", params=GRAMMARS)
def syntax(request: pytest.FixtureRequest) -> Syntax:
    return Syntax.load(GRAMMARS[request.param], f"{request.param}.lark")


@pytest.fixture(scope="module")
def knights() -> Syntax:
    return Syntax.load(KNIGHTS, "knights.lark")


@pytest.fixture(scope="module")
def english(knights: Syntax) -> Syntax:
    return load_phrases(knights.grammar, PHRASES, parameters(MEANING), "phrases.en.toml")


def samples(syntax: Syntax, start: str, up_to: int, count: int, seed: int = 0):
    rng, sampler = random.Random(seed), Sampler(syntax.grammar)
    sizes = sampler.sizes(start, up_to)
    for _ in range(count):
        yield sampler.tree(start, rng.choice(sizes), rng)


def lark_tree(node):
    if isinstance(node, lark.Token):
        return str(node)
    return (str(node.data), *map(lark_tree, node.children))


def mutants(text: str, rng: random.Random):
    place = rng.randrange(len(text))
    yield text[:place] + text[place + 1 :]
    yield text[:place] + rng.choice(text) + text[place:]
    words = text.split()
    other = rng.randrange(len(words))
    words[other] = rng.choice(words)
    yield " ".join(words)


def test_reading_inverts_rendering_and_rendering_is_canonical(syntax: Syntax) -> None:
    for start in syntax.starts:
        for tree in samples(syntax, start, 40, 600):
            text = syntax.render(tree, start)
            assert syntax.read(text, start) == tree
            assert syntax.read(text.replace(" ", " \n\t "), start) == tree


def test_the_kernels_reader_agrees_with_lark_on_samples_and_mutants(syntax: Syntax) -> None:
    parser = lark.Lark(
        syntax.grammar.text, parser="lalr", strict=True, start=list(syntax.starts), maybe_placeholders=False
    )
    rng, refused, kept = random.Random(1), 0, 0
    for start in syntax.starts:
        for tree in samples(syntax, start, 30, 250, seed=1):
            text = syntax.render(tree, start)
            for candidate in [text, *mutants(text, rng)]:
                try:
                    expected = lark_tree(parser.parse(candidate, start))
                except lark.exceptions.UnexpectedInput:
                    expected, refused = None, refused + 1
                try:
                    found = syntax.read(candidate, start)
                    kept += 1
                except ReadError:
                    found = None
                assert found == expected, candidate
    assert refused > 100 and kept > 500


def test_english_reads_back_to_the_same_tree_in_every_phrasing(knights: Syntax, english: Syntax) -> None:
    rng = random.Random(2)
    texts = set()
    for tree in samples(knights, "problem", 50, 1500, seed=2):
        text = english.render(tree, "problem", rng.randrange)
        assert english.read(text, "problem") == tree
        assert english.read(text.upper().replace("ANN", "Ann").replace("AnnA", "Anna"), "problem") == tree
        assert not re.search(r"[.?!] [a-z]|^[a-z]|“[a-z]", text), text
        texts.add(text)
    assert len(texts) > 1000


def test_english_says_it_in_words(knights: Syntax, english: Syntax) -> None:
    tree = knights.read(
        "people Ann, Bob, Cy. Ann says not (Bob is a knight or Cy is a knave). Cy says exactly 1 of [Ann, Bob]."
    )
    choices = iter([0, 2, 1, 1, 1])
    assert english.render(tree, choose=lambda count: next(choices) % count) == (
        "On an island live Ann, the man Bob and Cyrus the Great. Here is what Ann tells us: it is not so that "
        "(the man Bob never lies or Cyrus the Great is a knave). “Of the group [Ann and the man Bob] together, "
        "exactly 1 is a knight,” says Cyrus the Great."
    )
    assert english.render(("exactly", "2", ("group", "Ann"))) == "Exactly 2 of the group [Ann] alone are knights"


def test_mathematics_stays_mathematics_inside_english() -> None:
    formal = Syntax.load(ARITHMETIC, "arithmetic.lark")
    phrases = {"problem": ["please simplify {term}.", "what is {term}?"], "add": "the sum of {a} and {b}"}
    english = load_phrases(formal.grammar, phrases, parameters(["problem(term)", "add(a, b)"]), "phrases.en.toml")
    tree = formal.read("simplify 2*(x-1)^2 + sin(x)")
    assert english.render(tree, choose=lambda count: 1) == "What is the sum of 2 * (x - 1)^2 and sin(x)?"
    for tree in samples(formal, "problem", 25, 300):
        assert english.read(english.render(tree)) == tree


@pytest.mark.parametrize(
    "change",
    [
        {"either": "either {a} or {b}", "both": "{b}, moreover {a}"},  # how far does the last claim reach?
        {"group": "{names|, | and }"},  # where does the list end?
        {"no": "{a} or not"},
    ],
)
def test_a_phrasing_that_could_be_misread_is_refused_at_load(knights: Syntax, change: dict[str, str]) -> None:
    with pytest.raises(GrammarError, match="conflict"):
        load_phrases(knights.grammar, {**PHRASES, **change}, parameters(MEANING), "phrases.en.toml")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"says": "{who} says {who}"}, r"the slot \{who\} occurs 2 times"),
        ({"says": "{who} says so"}, r"the slot \{claim\} occurs 0 times"),
        ({"says": "{who} says {clam}"}, r"there is no slot \{clam\}; the meaning has who, claim"),
        ({"says": "{who} says {claim"}, "brace"),
        ({"sighs": "{who} sighs"}, "sighs is no alias of knights.lark"),
        ({"lexicon": {"Bob": "Exactly"}}, "'Exactly' is a keyword, but NAME"),
        ({"lexicon": {"Bob": "It", "Cy": "Cyrus the Great"}}, "is a keyword"),
        ({"lexicon": {"Bob": "ann"}}, "one word"),
    ],
)
def test_a_wrong_phrase_names_itself(knights: Syntax, change: dict[str, object], message: str) -> None:
    with pytest.raises(GrammarError, match=message):
        load_phrases(knights.grammar, {**PHRASES, **change}, parameters(MEANING), "phrases.en.toml")


def test_an_open_name_pattern_is_refused_in_english() -> None:
    formal = Syntax.load(KNIGHTS.replace('NAME: "Ann" | "Anna" | "Bob" | "Cy"', "NAME: /[A-Z][a-z]+/"), "knights.lark")
    with pytest.raises(GrammarError, match="NAME may stand in the same place"):
        load_phrases(formal.grammar, {**PHRASES, "lexicon": {}}, parameters(MEANING), "phrases.en.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('problem: "a" NAME', r"line 1: the alternative `problem: A NAME` has no alias; write `-> name`"),
        ('problem.2: "a" -> a', "has a priority"),
        ('!problem: "a" -> a', r"keeps every word"),
        ('problem: [NAME] "x" -> a', r"`\[x\]` leaves no trace"),
        ('problem: "a"? NAME -> a', "two ways to write the same tree"),
        ('problem: part part -> a\npart: NAME -> b\n| "x" -> problem', "line 3: problem is the name of a rule"),
        (
            "problem: part other -> a\npart: NAME -> b\nother: NAME NAME -> b",
            "the alias b is used in part and in other",
        ),
        ("problem: NAME* WORD* -> a\nWORD: /[0-9]/", "two repetitions"),
        ('problem: _part -> a\n_part: NAME | NAME "," _part', "repeats itself on the right"),
        ("problem: SIGNED -> a\nSIGNED: /-?[0-9]+/", "line 2: the terminal SIGNED contains its sign"),
        ("problem: LAZY -> a\nLAZY: /x+?y/", "lazy repeat"),
        ("problem: LOOK -> a\nLOOK: /x(?=y)/", "look-around"),
        ("problem: OPEN -> a\nOPEN: /[^ \\t\\f\\r\\na-z]/", "open-ended"),
        ('problem: GROUP -> a\nGROUP: ("x" "y")+', "a repeated group; make the group a rule"),
        ("problem: NAME SPACED -> a\nSPACED: / x/", "may begin with a space"),
        (
            "problem: NAME OTHER NAME -> a | OTHER -> b | NAME -> c\nOTHER: /[a-m]+/",
            "NAME and OTHER match a common text",
        ),
        ("problem: problem problem -> a | NAME -> b", "line 1: before NAME the reader cannot tell whether"),
        ("problem: /[a-z]/ -> a", "has no name"),
        ("problem: NOPE -> a", "NOPE"),
        ("problem: ( -> a", "line 1"),
        ("nothing: NAME -> a", "defines none of the starts"),
    ],
)
def test_a_grammar_outside_the_subset_is_refused_with_place_and_next_step(text: str, message: str) -> None:
    with pytest.raises(GrammarError, match=message) as caught:
        Syntax.load(f"{text}\nNAME: /[a-z]+/{IGNORE}", "bad.lark")
    assert "bad.lark" in str(caught.value)


def test_a_grammar_that_does_not_ignore_whitespace_is_refused() -> None:
    with pytest.raises(GrammarError, match="%ignore WS"):
        Syntax.load('problem: "a" -> a', "bad.lark")


def test_read_errors_name_line_column_and_what_was_expected(knights: Syntax) -> None:
    with pytest.raises(ReadError, match=r"line 2, column 5: cannot read 'says'; expected ','") as caught:
        knights.read("people Ann,\nAnn says")
    assert caught.value.position == 16 and caught.value.expected[:2] == ("','", "'.'")
    with pytest.raises(ReadError, match="the text ends too early"):
        knights.read("people Ann, Bob.")
    with pytest.raises(ReadError, match="no such start"):
        knights.read("people", "epilogue")


def test_hostile_texts_are_refused_quickly() -> None:
    syntax = Syntax.load(ARITHMETIC, "arithmetic.lark")
    assert syntax.read("(" * 3000 + "x" + ")" * 3000, "solution") == ("name", "x")
    for text in [
        "-" * (MAX_DEPTH + 1) + "x",
        "x" + " + x" * MAX_DEPTH,
        "x" * 70000,
        "1" * 300,
        "x+" * 20000 + "x",
        "\0",
    ]:
        with pytest.raises(ReadError):
            syntax.read(text, "solution")


@pytest.mark.parametrize("pattern", ["(?:a+)+", "(a)", "a+?", "(?=a)", r"\1", "[a", "a*a*a*a*a*", ".", "^a", r"a\b"])
def test_the_kernel_refuses_patterns_that_may_backtrack(pattern: str) -> None:
    table = Syntax.load(ARITHMETIC, "arithmetic.lark").pack()
    table["terminals"] = [[name, pattern if name == "NAME" else own, words] for name, own, words in table["terminals"]]
    with pytest.raises(ValueError, match="pattern"):
        Reader(table)


def test_a_table_that_never_shifts_is_cut_short() -> None:
    table = {"v": 1, "terminals": [["A", "a", []]], "words": {}, "lookaheads": [[0, 1]], "starts": {"x": [0, 9]}}
    reader = Reader({**table, "rules": [[0, "x", 0, []]], "states": [[[2, 0], [0, 0]]]})
    with pytest.raises(ReadError, match="not sound"):
        reader.read("a", "x")


def test_packed_tables_are_small_and_survive_json(english: Syntax, knights: Syntax) -> None:
    text = json.dumps(english.pack(), separators=(",", ":"))
    tree = next(samples(knights, "problem", 30, 1))
    assert len(text) < 8000
    assert Reader(json.loads(text)).read(english.render(tree), "problem") == tree


def test_packed_tables_do_not_depend_on_hash_order(tmp_path: Path) -> None:
    program = "import sys; from synth.grammar import Syntax; print(Syntax.load(sys.stdin.read(), 'g.lark').digest())"
    digests = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "XDG_CACHE_HOME": str(tmp_path / seed)}
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        done = subprocess.run(
            [sys.executable, "-c", program], input=KNIGHTS, text=True, capture_output=True, check=True, env=environment
        )
        digests.add(done.stdout)
    assert len(digests) == 1
    assert Syntax.load(KNIGHTS, "g.lark").digest() == digests.pop().strip()


def test_a_damaged_cache_is_recomputed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    digest = Syntax.load(ARITHMETIC, "a.lark").digest()
    (file,) = tmp_path.rglob("*.json")
    file.write_text("[]")
    assert Syntax.load(ARITHMETIC, "a.lark").digest() == digest
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    assert Syntax.load(ARITHMETIC, "a.lark").digest() == digest


def test_a_foreign_node_is_refused_by_the_renderer(knights: Syntax) -> None:
    with pytest.raises(RenderError, match="'sighs'"):
        knights.render(("sighs", "Ann"))
    with pytest.raises(RenderError, match="cannot stand for claim"):
        knights.render(("says", "Ann", ("group", "Ann")))


# ---- sampling -----------------------------------------------------------------------------------------------------

SMALL = (
    r"""
?problem: product | problem "+" product -> add
?product: atom | product "*" atom -> multiply
?atom: NAME -> name | "-" atom -> negative | "f" "(" list ")" -> call | "(" problem ")"
list: problem ("," problem)* -> list
NAME: /[a-b]/
"""
    + IGNORE
)


@functools.cache
def all_trees(syntax: Syntax, size: int) -> set[object]:
    """Every tree whose canonical text has `size` tokens, by trying every text: independent of the sampler."""
    tokens = ["a", "+", "*", "-", "f", "(", ")", ","]
    found = set()
    for words in itertools.product(tokens, repeat=size):
        try:
            tree = syntax.read(" ".join(words), "problem")
        except ReadError:
            continue
        if re.findall(r"\S", syntax.render(tree, "problem")) == list(words):
            found.add(tree)
    return found


@pytest.fixture(scope="module")
def small() -> Syntax:
    return Syntax.load(SMALL, "small.lark")


def test_the_sampler_counts_what_brute_force_finds(small: Syntax) -> None:
    syntax = small
    sampler = Sampler(syntax.grammar)
    for size in range(1, 7):
        assert sampler.count("problem", size) == len(all_trees(syntax, size))


def test_samples_are_uniform_over_trees_of_the_exact_size(small: Syntax) -> None:
    syntax = small
    sampler, rng = Sampler(syntax.grammar), random.Random(3)
    trees, draws = all_trees(syntax, 6), 20000
    found = Counter(sampler.tree("problem", 6, rng, {"NAME": lambda _: "a"}) for _ in range(draws))
    assert set(found) == trees
    expected = draws / len(trees)
    chi_square = sum((found[tree] - expected) ** 2 / expected for tree in trees)
    freedom = len(trees) - 1
    assert abs(chi_square - freedom) < 4 * (2 * freedom) ** 0.5


def test_weights_shift_the_draw_and_exact_sizes_hold() -> None:
    syntax = Syntax.load(SMALL, "small.lark")
    plain, heavy = Sampler(syntax.grammar), Sampler(syntax.grammar, {"multiply": 10, "call": 0})
    few, many = (
        Counter(
            tag for _ in range(500) for tag in productions(sampler.tree("problem", 11, random.Random(_))).elements()
        )
        for sampler in (plain, heavy)
    )
    assert many["multiply"] > 1.5 * few["multiply"] and many["call"] == 0 < few["call"]
    with pytest.raises(GrammarError, match="weight"):
        Sampler(syntax.grammar, {"divide": 1})
    with pytest.raises(ValueError, match="no problem has 0 tokens"):
        plain.tree("problem", 0, random.Random(0))


def test_terminals_are_bound_to_names_and_holes() -> None:
    syntax = Syntax.load(ARITHMETIC, "arithmetic.lark")
    rng, sampler = random.Random(4), Sampler(syntax.grammar)
    tree = sampler.tree("solution", 15, rng, {"NAME": lambda rng: rng.choice("xy"), "INT": lambda _: "?"})
    leaves = set(re.findall(r"'(?:name|integer)', '(.)'", repr(tree)))
    assert leaves <= {"x", "y", "?"} and leaves


def test_long_lists_do_not_exhaust_the_stack() -> None:
    syntax = Syntax.load(ROUTES, "routes.lark")
    tree = Sampler(syntax.grammar).tree("solution", 1100, random.Random(5))
    assert len(tree) == 1101 and syntax.read(syntax.render(tree, "solution"), "solution") == tree


def test_names_drawn_from_a_pattern_avoid_keywords() -> None:
    syntax = Syntax.load(f'problem: NAME "x" NAME -> a\nNAME: /[x-z]/{IGNORE}', "g.lark")
    for seed in range(100):
        tree = Sampler(syntax.grammar).tree("problem", 3, random.Random(seed))
        assert syntax.read(syntax.render(tree)) == tree


# ---- decoding grammars and features ---------------------------------------------------------------------------------


def test_the_decoding_grammar_accepts_exactly_the_canonical_texts_within_the_depth() -> None:
    arithmetic, knights = Syntax.load(ARITHMETIC, "arithmetic.lark"), Syntax.load(KNIGHTS, "knights.lark")
    assert check_decoding(arithmetic, "solution", 4, [1, 3, 5, 8], random.Random(6), 10) == 80
    assert check_decoding(knights, "problem", 6, [12, 14, 17], random.Random(6), 5) == 30
    nested = Syntax.load(
        f'problem: "f" "(" inner ")" -> outer\ninner: "a" -> a | "g" "(" inner ")" -> inner{IGNORE}', "g.lark"
    )
    assert lark_text(nested.grammar, "problem", 0).count('"g"') == 0
    with pytest.raises(GrammarError, match="raise the bound"):
        lark_text(nested.grammar, "problem", -1)


def test_the_gbnf_grammar_says_the_same_as_the_lark_grammar(knights: Syntax) -> None:
    text = gbnf_text(knights.grammar, "problem", 5)
    defined, used = set(), set()
    for line in text.splitlines():
        name, _, body = line.partition(" ::= ")
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name) and body and name not in defined
        defined.add(name)
        used |= set(re.findall(r"[A-Za-z][\w-]*", re.sub(r'"[^"]*"|\[[^\]]*\]', "", body)))
    assert "root" in defined and used == defined - {"root"}
    translated = re.sub(r"\{(\d+),(\d+)\}", r"~\1..\2", text.replace(" ::=", ":"))
    translated = re.sub(r"(?<=[\w])-(?=[\w])(?![^\[\n]*\])", "_", translated)
    classes = re.compile(r'("[^"\n]*")|(\[[^\]\n]*\][+*]?)')
    translated = classes.sub(lambda found: found[1] or f"/{found[2]}/", translated)
    parser = lark.Lark(translated, parser="earley", lexer="dynamic_complete", start="root")
    for tree in samples(knights, "problem", 16, 20):
        if depth(tree) <= 5:
            parser.parse(knights.render(tree))


def test_productions_and_pairs(knights: Syntax) -> None:
    tree = knights.read("Ann = knight, Bob = knave", "solution")
    assert productions(tree) == {"solution": 1, "answer": 2, "is_knight": 1, "is_knave": 1}
    assert len(pairs(productions(tree))) == 6 and pairs(["x"]) == [("x", "x")]
