"""Words: sorts, membership, and the body `bisimulation`, attacked with claims that an oracle decides by itself.

The oracle takes derivatives of expressions as Brzozowski (1964) defined them, on terms; the kernel uses positions.
"""

from __future__ import annotations

import re
from itertools import product
from random import Random
from typing import Any

import pytest

from synth_kernel.claims import Claim, Theory, sequent
from synth_kernel.evaluate import Undecided, evaluate
from synth_kernel.recheck import recheck
from synth_kernel.terms import Term, TermError, read, write
from synth_kernel.words import MAX_LETTERS, MAX_POSITIONS, Automaton

MUTANTS = 2_000  # 30,000 by hand
BISIMULATION = {"v": 1, "body": "bisimulation"}
EVALUATION = {"v": 1, "body": "evaluation"}
LETTERS = ("'a", "'b", "'c")


def random_expression(rng: Random, depth: int, letters: tuple[str, ...] = LETTERS[:2]) -> Any:
    if depth == 0 or rng.random() < 0.1:
        return rng.choice([("letter", rng.choice(letters))] * 6 + [("union",), ("concat",)])
    kind = rng.choice(["union", "concat", "star", "concat", "union", "plus"])
    count = 1 if kind in ("star", "plus") else rng.randint(1, 3)
    parts = [random_expression(rng, depth - 1, letters) for _ in range(count)]
    return (kind, *parts)


# ---- the oracle ------------------------------------------------------------------------------------------------------


def has_empty(r: Any) -> bool:
    kind, *parts = r
    return {"letter": lambda: False, "plus": lambda: has_empty(parts[0]),
            "star": lambda: True, "union": lambda: any(map(has_empty, parts)),
            "concat": lambda: all(map(has_empty, parts))}[kind]()  # fmt: skip


def derivative(r: Any, letter: str) -> Any:
    kind, *parts = r
    if kind == "letter":
        return ("concat",) if parts[0] == letter else ("union",)
    if kind == "union":
        return tidy(("union", *[derivative(part, letter) for part in parts]))
    if kind in ("star", "plus"):
        return tidy(("concat", derivative(parts[0], letter), ("star", parts[0])))
    if not parts:
        return ("union",)
    rest = tidy(("concat", *parts[1:]))
    ahead = tidy(("concat", derivative(parts[0], letter), rest))
    return tidy(("union", ahead, derivative(rest, letter))) if has_empty(parts[0]) else ahead


def tidy(r: Any) -> Any:
    """Flatten, drop what is empty, and sort unions without repetitions: so there are finitely many derivatives."""
    kind, *parts = r
    if kind not in ("union", "concat"):
        return r
    flat: list[Any] = []
    for part in parts:
        flat += part[1:] if part[0] == kind else [part]
    if kind == "concat":
        return ("union",) if ("union",) in flat else flat[0] if len(flat) == 1 else ("concat", *flat)
    flat = sorted(set(flat), key=repr)
    return flat[0] if len(flat) == 1 else ("union", *flat)


def says(term: Any, states: dict[Any, Any]) -> bool:
    """Evaluate connectives; an expression matches if what is left of it matches the empty word."""
    if term in ("true", "false"):
        return bool(term == "true")
    kind, *parts = term
    if kind == "matches":
        return has_empty(states[parts[1]])
    found = [says(part, states) for part in parts]
    return {"not": lambda: not found[0], "and": lambda: all(found), "or": lambda: any(found),
            "=": lambda: found[0] == found[1], "=>": lambda: not found[0] or found[1]}[kind]()  # fmt: skip


def expressions(term: Any) -> set[Any]:
    if not isinstance(term, tuple):
        return set()
    return {term[2]} if term[0] == "matches" else set().union(*map(expressions, term[1:]))


def follows(premises: list[Any], goal: Any, alphabet: tuple[str, ...]) -> bool:
    """Say whether the goal holds for every word for which the premises do, by exploring tuples of derivatives."""
    asked = sorted(set().union(*map(expressions, [*premises, goal])), key=repr)
    start = tuple(map(tidy, asked))
    seen, todo = {start}, [start]
    while todo:
        states = todo.pop()
        left = dict(zip(asked, states, strict=True))
        if all(says(premise, left) for premise in premises) and not says(goal, left):
            return False
        for letter in alphabet:
            following = tuple(tidy(derivative(state, letter)) for state in states)
            if following not in seen:
                assert len(seen) < 20_000
                seen.add(following)
                todo.append(following)
    return True


def pattern(r: Any) -> str:
    """Write an expression for Python's `re`."""
    kind, *parts = r
    if kind == "letter":
        return str(parts[0][1:])
    if kind == "star":
        return f"(?:{pattern(parts[0])})*"
    if kind == "plus":
        return f"(?:{pattern(parts[0])})+"
    if kind == "union":
        return f"(?:{'|'.join(map(pattern, parts))})" if parts else "(?!)"
    return "".join(map(pattern, parts))


# ---- claims ------------------------------------------------------------------------------------------------------


def test_an_expression_matches_the_words_that_python_matches() -> None:
    rng = Random(1)
    words = [word for length in range(5) for word in product(LETTERS[:2], repeat=length)]
    for _ in range(120):
        expression = random_expression(rng, 3)
        compiled = re.compile(pattern(expression))
        automaton = Automaton(expression)
        for word in words:
            wanted = compiled.fullmatch("".join(letter[1:] for letter in word)) is not None
            assert automaton.matches(word) is wanted, (write(expression), word)
            assert evaluate(("matches", "w", expression), {"w": word}) is wanted


def test_membership_has_a_bound() -> None:
    with pytest.raises(Undecided):
        Automaton(("concat", *[("letter", "'a")] * (MAX_POSITIONS + 1)))
    with pytest.raises(Undecided):
        Automaton(("star", ("letter", "'a"))).matches(("'a",) * (MAX_LETTERS + 1))


@pytest.mark.parametrize(
    "text",
    [
        "(theory (declare w (Word)) (ask (construct w)))",
        "(theory (declare w (Word 'a 'a)) (ask (construct w)))",
        "(theory (declare w (Word a)) (ask (construct w)))",
        "(theory (declare w (Word 'a)) (clause (matches w (letter w))) (ask (construct w)))",
        "(theory (declare w (Word 'a)) (declare c (enum 'a)) (clause (matches w (letter c))) (ask (find w c)))",
        "(theory (declare w (Word 'a)) (clause (matches w w)) (ask (construct w)))",
        "(theory (declare w (Word 'a)) (clause (star (letter 'a))) (ask (construct w)))",
        "(theory (declare r Regex) (ask (construct r)))",
    ],
)
def test_a_theory_of_words_that_is_not_well_formed_is_refused(text: str) -> None:
    with pytest.raises(TermError):
        Theory.read(text)


@pytest.mark.parametrize(("word", "right"), [("(word)", True), ("(word 'a 'b)", True), ("(word 'a)", False),
                                             ("(word 'c)", False), ("'a", False), ("(walk 'a 'b)", False)])  # fmt: skip
def test_a_model_is_a_word_over_the_alphabet(word: str, right: bool) -> None:
    theory = Theory.read(
        "(theory (declare w (Word 'a 'b)) (clause (matches w (star (union (concat (letter 'a) (letter 'b))"
        " (letter 'c))))) (ask (construct w)))"
    )
    claim = Claim("correct", "model", ("T",), ("model", ("=", "w", read(word))))
    assert recheck(theory, claim, EVALUATION) is right


def equal(r: str, s: str) -> bool:
    theory = Theory.read(f"(theory (declare w (Word 'a 'b)) (ask (decide (= (matches w {r}) (matches w {s})) 'weak)))")
    return recheck(theory, Claim("correct", "entails", ("T",), theory.ask[1]), BISIMULATION)  # type: ignore[index]


def test_the_laws_of_kleene_are_shown_and_their_near_misses_are_not() -> None:
    a, b = "(letter 'a)", "(letter 'b)"
    assert equal(f"(star (union {a} {b}))", f"(star (concat (star {a}) (star {b})))")
    assert equal(f"(concat (star (concat {a} {b})) {a})", f"(concat {a} (star (concat {b} {a})))")
    assert equal(f"(star {a})", f"(union (concat) (concat {a} (star {a})))")
    assert not equal(f"(star (union {a} {b}))", f"(concat (star {a}) (star {b}))")
    assert not equal(f"(star {a})", f"(concat {a} (star {a}))")
    assert not equal(f"(concat (star (concat {a} {b})) {a})", f"(concat {a} (star (concat {a} {b})))")


def test_what_is_not_about_the_one_word_shows_nothing() -> None:
    text = "(theory (declare w (Word 'a)) (declare v (Word 'a)) (declare p Bool) (clause p) (ask (count)))"
    whole = "(star (letter 'a))"
    two = Theory.read(text)
    one = Theory.read(text.replace("(declare v (Word 'a)) ", ""))
    for goal in (f"(matches w {whole})", f"(or p (matches w {whole}))", "p"):
        claim = Claim("correct", "entails", ("T",), read(goal))
        assert not recheck(two, claim, BISIMULATION)
        assert recheck(one, claim, BISIMULATION) is (goal == f"(matches w {whole})")  # without p, which it leaves out


def random_statement(rng: Random, pool: list[Any], depth: int) -> Any:
    if depth == 0:
        return ("matches", "w", rng.choice(pool))
    parts = [random_statement(rng, pool, rng.randrange(depth)) for _ in range(2)]
    return rng.choice(
        [("=", *parts), ("=", *parts), ("=>", *parts), ("and", *parts), ("or", *parts), ("not", parts[0])]
    )


def altered(term: Any, rng: Random) -> Any:
    """Change one place of an expression: a letter, an operator, the order or the number of arguments."""
    kind, *parts = term
    if kind == "letter":
        return rng.choice([("letter", rng.choice(LETTERS)), ("star", term), ("union", term, ("concat",))])
    change = rng.randrange(5)
    if change == 0 and parts:
        return rng.choice(parts)
    if change == 1:
        return ({"union": "concat", "concat": "union", "star": "plus", "plus": "star"}[kind], *parts)
    if change == 2:
        return (kind, *parts[::-1])
    if not parts:
        return ("letter", "'a")
    place = rng.randrange(len(parts))
    return (kind, *parts[:place], altered(parts[place], rng), *parts[place + 1 :])


def attack(rng: Random, rounds: int) -> tuple[int, int]:
    """Count how many claims were true, all of them shown, and how many false, none of them shown."""
    true = false = 0
    last: tuple[Any, ...] = ()
    for _ in range(rounds):
        alphabet = LETTERS[: rng.choice([1, 2, 2, 2, 3])]
        expression = random_expression(rng, rng.randint(1, 3))
        pool = [expression, altered(expression, rng), altered(expression, rng), random_expression(rng, 2)]
        clauses = tuple(random_statement(rng, pool, rng.randint(0, 2)) for _ in range(rng.randint(0, 2)))
        pair = [("matches", "w", rng.choice(pool)) for _ in range(2)]
        goal = rng.choice([("=", *pair), ("=", *pair), ("=>", *pair), random_statement(rng, pool, 2), "false"])
        if last and rng.random() < 0.2:  # the premises of one problem with the goal of another
            clauses, goal = rng.choice([(last[0], goal), (clauses, last[1])])
        last = clauses, goal
        premises = rng.choice([("T",), ("T",), ("c0",), (), ("c0", "c0")])
        theory = Theory((("w", ("Word", *alphabet)),), (), clauses, (), ("count",))
        claim = Claim("correct", "entails", premises, goal)
        certificate: Any = rng.choice([BISIMULATION] * 8 + [BISIMULATION | {"pairs": []}, BISIMULATION | {"v": 2}, {}])
        shown = recheck(theory, claim, certificate)
        if "c0" in premises and not clauses:
            assert not shown  # no such premise
            continue
        used = [*sequent(theory, claim).premises]
        wanted = follows(used, goal, alphabet)
        assert shown is (wanted and certificate.get("v") == 1), (theory.text(), claim)
        true, false = true + wanted, false + (not wanted)
    return true, false


def test_a_claim_about_words_is_shown_exactly_where_the_oracle_finds_it_true() -> None:
    true, false = attack(Random(2), MUTANTS)
    assert true > MUTANTS / 5 and false > MUTANTS / 5


def test_a_claim_that_needs_too_many_states_shows_nothing_and_soon() -> None:
    """The n-th letter before the end: 2ⁿ states. The claim is true."""
    either: Term = ("union", ("letter", "'a"), ("letter", "'b"))
    for distance, right in ((8, True), (40, False)):
        late: Term = ("concat", ("star", either), ("letter", "'a"), *[either] * distance)
        same: Term = ("concat", ("star", ("star", either)), ("letter", "'a"), *[either] * distance)
        theory = Theory((("w", ("Word", "'a", "'b")),), (), (), (), ("count",))
        goal: Term = ("=", ("matches", "w", late), ("matches", "w", same))
        assert recheck(theory, Claim("correct", "entails", (), goal), BISIMULATION) is right
