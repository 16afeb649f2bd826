"""Open sorts: quantified statements against an oracle that tries every interpretation up to the small-model bound."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from time import process_time
from typing import Any

import pytest

from synth.recheck.canonical import canonical
from synth_kernel.claims import Claim, Theory
from synth_kernel.recheck import recheck
from synth_kernel.terms import Term, TermError, read, write
from synth_solvers.open_sorts import Entailments
from synth_solvers.prove import prove
from synth_solvers.verdicts import Proved, Refuted
from synth_solvers.witness import witness

HEAD = (
    "(declare u Open) (declare a (Member u)) (declare b (Member u)) (declare p (Relation u)) (declare r (Relation u u))"
)
EVALUATION = {"v": 1, "body": "evaluation"}
SIZES = (1, 2, 3)  # of universes that the oracle tries


def theory(*clauses: str, goal: str = "(holds p a)", head: str = HEAD) -> Theory:
    said = " ".join(f"(clause {clause})" for clause in clauses)
    return Theory.read(f"(theory {head} {said} (ask (decide {goal} 'strong)))")


def follows(premises: list[Any], goal: Any) -> bool:
    """Say whether a goal is true in every interpretation of a, b, p and r of the sizes; one bit for each p and r."""
    for size in SIZES:
        keys = [(i,) for i in range(size)] + list(product(range(size), repeat=2))
        full = (1 << (1 << len(keys))) - 1
        bits = {key: full // ((1 << (1 << place)) + 1) << (1 << place) for place, key in enumerate(keys)}

        def true(term: Any, names: dict[str, int], size: int = size, full: int = full, bits: Any = bits) -> int:
            if term in ("true", "false"):
                return full if term == "true" else 0
            head, *parts = term
            if head == "holds":
                return bits[tuple(names[part] for part in parts[1:])]
            if head in ("forall", "exists"):
                found = [true(parts[2], {**names, parts[0]: i}) for i in range(size)]
            else:
                found = [true(part, names) for part in parts]
            if head == "=>":
                found, head = [full ^ found[0], found[1]], "or"
            result = full if head in ("and", "forall") else 0
            for each in found:
                result = result & each if head in ("and", "forall") else result | each
            return full ^ result if head == "not" else result

        for one, other in product(range(size), repeat=2):
            names = {"a": one, "b": other}
            left = full
            for premise in premises:
                left &= true(premise, names)
            if left & ~true(goal, names):
                return False
    return True


def needed(terms: list[Any], sign: bool = True) -> int:
    """Count the quantifiers that say "some": with the two constants they bound the least countermodel."""
    total = 0
    for term in terms:
        if isinstance(term, tuple):
            some = term[0] == ("exists" if sign else "forall")
            flipped = term[0] == "not"
            inner = list(term[1:]) if term[0] not in ("exists", "forall") else [term[3]]
            if term[0] == "=>":
                total += needed([inner[0]], not sign) + needed([inner[1]], sign)
            else:
                total += some + needed(inner, sign is not flipped)
    return total


def formula(rng: random.Random, depth: int, bound: tuple[str, ...] = ()) -> Term:
    """Draw a statement about a, b, p and r; it need not be of the class."""
    if depth == 0:
        member = lambda: rng.choice((*bound, *bound, "a", "b"))  # noqa: E731
        atom: Term = ("holds", "p", member()) if rng.random() < 0.5 else ("holds", "r", member(), member())
        return ("not", atom) if rng.random() < 0.3 else atom
    head = rng.choice(("and", "or", "not", "=>", "forall", "forall", "exists", "exists"))
    if head in ("forall", "exists"):
        name = "xyzw"[len(bound)] if len(bound) < 4 else "v"
        return (head, name, "u", formula(rng, depth - 1, (*bound, name))) if name != "v" else ("holds", "p", "a")
    return (head, *[formula(rng, depth - 1, bound) for _ in range(1 if head == "not" else 2)])


def claims(rng: random.Random, count: int) -> Iterator[tuple[Theory, Claim, Any]]:
    """Yield proved `entails` claims about random theories, with their certificates."""
    found = 0
    while found < count:
        clauses = tuple(formula(rng, rng.randint(0, 3)) for _ in range(rng.randint(1, 3)))
        try:
            drawn = replace(theory(), clauses=clauses, ask=("decide", formula(rng, rng.randint(0, 2)), "'strong"))
            drawn.check()
        except TermError:
            continue
        claim = Claim("correct", "entails", ("T",), drawn.ask[1])  # type: ignore[index]
        verdict = prove(drawn, claim)
        if isinstance(verdict, Proved):
            found += 1
            yield drawn, claim, verdict.certificate


def mutants(
    rng: random.Random, made: list[tuple[Theory, Claim, Any]], count: int
) -> Iterator[tuple[Theory, Claim, Any]]:
    """Yield pairs in which the claim, the theory, the certificate or several of them are changed."""
    for _ in range(count):
        drawn, claim, certificate = rng.choice(made)
        other, foreign, proof = rng.choice(made)
        match rng.randrange(8):
            case 0:
                certificate = proof
            case 1:
                claim = replace(claim, goal=formula(rng, rng.randint(0, 2)))
            case 2:
                claim = replace(claim, goal=("not", claim.goal))
            case 3:
                kept = rng.sample(range(len(drawn.clauses)), rng.randint(0, len(drawn.clauses) - 1))
                claim = replace(claim, premises=tuple(f"c{i}" for i in kept))
            case 4:
                drawn = replace(drawn, clauses=(*drawn.clauses[1:], formula(rng, rng.randint(0, 2))))
            case 5:
                claim, drawn = foreign, replace(drawn, clauses=other.clauses[:1])
            case 6:
                drawn = replace(drawn, clauses=tuple(map(read, _edited(rng, drawn.clauses))))
            case _:
                text = re.findall(r"-?[0-9]+|[^0-9-]+", json.dumps(certificate["proof"]))
                place = rng.choice([i for i, part in enumerate(text) if part[-1].isdigit()])
                text[place] = str(int(text[place]) + rng.choice((-2, -1, 1, 2)))
                certificate = {**certificate, "proof": json.loads("".join(text))}
        yield drawn, claim, certificate


def _edited(rng: random.Random, clauses: tuple[Term, ...]) -> Iterator[str]:
    """Exchange one word of each text for a like one."""
    for clause in clauses:
        words = ("(forall", "(exists"), ("(exists", "(forall"), ("(and", "(or"), ("(or", "(and"), (" a)", " b)")
        yield write(clause).replace(*rng.choice(words), 1)


def false_accepts(seed: int, proved: int, pairs: int) -> tuple[int, int]:
    """Return how many mutants were accepted although their claim is false, and how many were accepted rightly."""
    rng = random.Random(seed)
    made = list(claims(rng, proved))
    wrong = right = 0
    for drawn, claim, certificate in mutants(rng, made, pairs):
        if recheck(drawn, claim, certificate):
            named = [name for name in claim.premises if name != "T"]
            premises = drawn.clauses if "T" in claim.premises else [drawn.clauses[int(name[1:])] for name in named]
            true = follows(list(premises), claim.goal)
            right, wrong = right + true, wrong + (not true)
    return wrong, right


def test_no_mutant_of_a_claim_and_its_certificate_is_accepted_where_the_claim_is_false() -> None:
    wrong, right = false_accepts(seed=1, proved=40, pairs=400)
    assert wrong == 0
    assert right > 20, "mutants that are still true and shown are there too, so accepting is tested"


def test_provers_and_oracle_agree_on_what_follows_within_the_small_model_bound() -> None:
    assert agreement(seed=4, wanted=40) == 0


def agreement(seed: int, wanted: int) -> int:
    """Return how many random claims the prover and the oracle judge differently, of `wanted` true and false ones."""
    rng = random.Random(seed)
    seen, different = {True: 0, False: 0}, 0
    while min(seen.values()) < wanted:
        clauses = tuple(formula(rng, rng.randint(0, 3)) for _ in range(2))
        goal = formula(rng, rng.randint(0, 2))
        try:
            drawn = replace(theory(), clauses=clauses, ask=("decide", goal, "'strong"))
            drawn.check()
        except TermError:
            continue
        if 2 + needed([*clauses, ("not", goal)]) > max(SIZES):
            continue
        true = follows(list(clauses), goal)
        if seen[true] < wanted:
            seen[true] += 1
            verdict = prove(drawn, Claim("correct", "entails", ("T",), goal))
            assert isinstance(verdict, Proved | Refuted)
            different += isinstance(verdict, Proved) is not true
    return different


def test_goals_that_share_their_witnesses_are_entailed_exactly_where_each_is_by_itself() -> None:
    rng, seen = random.Random(6), {True: 0, False: 0}
    while min(seen.values()) < 40:
        premises = [formula(rng, rng.randint(0, 2)) for _ in range(3)]
        goals = [formula(rng, rng.randint(1, 2)) for _ in range(3)]
        try:
            found = Entailments(theory().declared, premises, goals)
        except TermError:
            continue
        for place, goal in enumerate(goals):
            if 2 + needed([*premises, ("not", goal)]) > max(SIZES):
                continue
            core = found.needed(place, range(3))
            assert (core is not None) is follows(premises, goal), (premises, goal)
            seen[core is not None] += 1
            for left in core or ():
                few = [premises[other] for other in core or () if other != left]
                assert not follows(few, goal), "each of them is needed"


def test_a_changed_model_is_accepted_only_where_it_satisfies_the_premises() -> None:
    wrong, right = model_mutants(seed=2, pairs=600)
    assert wrong == 0
    assert right > 50


def model_mutants(seed: int, pairs: int) -> tuple[int, int]:
    """Return how many changed models were accepted although they are none, and how many rightly."""
    rng = random.Random(seed)
    wrong = right = done = 0
    while done < pairs:
        clauses = tuple(formula(rng, rng.randint(0, 3)) for _ in range(rng.randint(1, 2)))
        drawn = replace(theory(), clauses=clauses)
        try:
            drawn.check()
            claim = Claim("consistent", "model", ("T",), ("any",))
            found = witness(drawn, claim, prove.__defaults__[1])  # type: ignore[index]
        except TermError:
            continue
        if found is None:
            continue
        assert recheck(drawn, found, EVALUATION)
        for _ in range(5):
            done += 1
            goal = _changed(rng, found.goal)
            accepted = recheck(drawn, replace(found, goal=goal), EVALUATION)
            if accepted:
                true = all(satisfied(clause, goal) for clause in clauses)
                right, wrong = right + true, wrong + (not true)
    return wrong, right


def _changed(rng: random.Random, goal: Any) -> Term:
    _, u, a, b, p, r = goal
    members = u[2][1:]
    pair = ("tuple", *rng.choices(members, k=2))
    match rng.randrange(6):
        case 0:
            a = (*a[:2], rng.choice(members))
        case 1:
            p = (*p[:2], ("relation", *[("tuple", m) for m in members if rng.random() < 0.5]))
        case 2:
            r = (*r[:2], ("relation", *{*r[2][1:], pair}))
        case 3:
            r = (*r[:2], ("relation", *[each for each in r[2][1:] if each != pair]))
        case 4:
            u = (*u[:2], (*u[2], "'new"))
        case _:
            u = (*u[:2], u[2][:-1])
    return ("model", u, a, b, p, r)


def satisfied(term: Any, goal: Any, names: dict[str, str] | None = None) -> bool:
    """Evaluate a statement in a model, by hand."""
    value = {name: given for _, name, given in goal[1:]}
    names = names if names is not None else {"a": value["a"], "b": value["b"]}
    assert all(value[c] in value["u"][1:] for c in ("a", "b")), "a constant denotes a member"
    head, *parts = term
    match head:
        case "holds":
            return ("tuple", *[names[part] for part in parts[1:]]) in value[parts[0]][1:]
        case "forall" | "exists":
            each = [satisfied(parts[2], goal, {**names, parts[0]: member}) for member in value["u"][1:]]
            return all(each) if head == "forall" else any(each)
        case "=>":
            return not satisfied(parts[0], goal, names) or satisfied(parts[1], goal, names)
        case "not":
            return not satisfied(parts[0], goal, names)
    each = [satisfied(part, goal, names) for part in parts]
    return all(each) if head == "and" else any(each)


def proved(claim_goal: str, *clauses: str, head: str = HEAD) -> bool:
    return isinstance(prove(theory(*clauses, head=head), Claim("", "entails", ("T",), read(claim_goal))), Proved)


def shown(proof: Any, goal: str, about: Theory | None = None) -> bool:
    claim = Claim("", "entails", ("T",), read(goal))
    return recheck(about or theory("(holds p a)"), claim, {"v": 1, "body": "instances", "proof": proof})


def test_what_is_true_of_all_is_true_of_one_because_no_universe_is_empty() -> None:
    bare = "(declare u Open) (declare p (Relation u)) (declare a Bool)"
    assert isinstance(prove(Theory.read(f"(theory {bare} (clause (forall x u (holds p x))) (ask (count)))"),
                            Claim("", "entails", ("T",), read("(exists x u (holds p x))"))), Proved)  # fmt: skip
    assert not proved("(exists x u (holds r x a))", "(forall x u (=> (holds p x) (holds r x a)))")


def test_two_witnesses_are_not_taken_for_one() -> None:
    some_p, some_r = "(exists x u (holds p x))", "(exists x u (holds r x x))"
    assert not proved("(exists x u (and (holds p x) (holds r x x)))", some_p, some_r)
    assert not proved("(exists x u (and (holds p x) (holds p a)))", some_p)
    assert proved(some_p, "(exists x u (and (holds p x) (holds r x x)))")


def test_a_witness_is_no_member_that_all_of_a_disjunction_share() -> None:
    assert not proved("(holds p a)", "(or (exists x u (holds p x)) (forall x u (holds p x)))")
    assert proved("(exists x u (holds p x))", "(or (exists x u (holds p x)) (forall x u (holds p x)))")


def test_members_of_two_universes_are_kept_apart() -> None:
    head = "(declare u Open) (declare w Open) (declare p (Relation u)) (declare q (Relation w)) (declare a (Member u))"
    two = f"(theory {head} (clause (forall x u (holds p x))) (ask (decide (holds p a) 'strong)))"
    assert isinstance(prove(Theory.read(two), Claim("", "entails", ("T",), read("(holds p a)"))), Proved)
    goal = read("(exists x w (holds q x))")
    assert isinstance(prove(Theory.read(two), Claim("", "entails", ("T",), goal)), Refuted)
    with pytest.raises(TermError, match="holds"):
        Theory.read(two.replace("(forall x u (holds p x))", "(forall x w (holds p x))"))


BAD = {
    "(forall x u (exists y u (holds r x y)))": "“there is” under “for all”",
    "(not (exists x u (forall y u (holds r x y))))": "“there is” under “for all”",
    "(=> (exists x u (forall y u (holds r x y))) (holds p a))": "“there is” under “for all”",
    "(= (forall x u (holds p x)) true)": "a quantifier stands under",
    "(= 1 (count (exists x u (holds p x))))": "a quantifier stands under",
    "(forall x u (forall x u (holds p x)))": "'forall' is no operator",
    "(forall a u (holds p a))": "'forall' is no operator",
    "(forall true u (holds p a))": "'forall' is no operator",
    "(forall x a (holds p x))": "'forall' is no operator",
    "(forall x u x)": "'forall' is no operator",
    "(holds r a)": "'holds' is no operator",
    "(holds p u)": "'holds' is no operator",
    "(holds p 'a)": "'holds' is no operator",
    "(and (forall x u (holds p x)) (holds p x))": "undeclared symbol 'x'",
    "(= a b)": "= takes no",
    "(distinct a b)": "distinct takes no",
}


@pytest.mark.parametrize("clause", BAD)
def test_a_statement_beyond_the_class_or_the_sorts_is_refused_when_the_theory_is_read(clause: str) -> None:
    with pytest.raises(TermError, match=re.escape(BAD[clause])):
        theory(clause)


def test_a_goal_must_be_of_the_class_and_its_negation_too() -> None:
    some_to_all = "(exists x u (forall y u (holds r x y)))"
    theory(some_to_all)
    with pytest.raises(TermError, match="under “for all”"):
        theory(goal=some_to_all)
    assert not recheck(
        theory(), Claim("", "entails", ("T",), read(some_to_all)), {"v": 1, "body": "instances", "proof": []}
    )


def test_a_sort_names_a_universe_that_is_declared() -> None:
    for sort in ("(Member w)", "(Relation u w)", "(Member p)", "(Relation)"):
        with pytest.raises(TermError):
            theory(head=f"{HEAD} (declare z {sort})")


@pytest.mark.parametrize("binding", [
    "u (universe)", "u (universe 'm 'm)", "u (universe m)", "u 'm", "u (relation)", "a 'n", "a (universe 'm)", "a a",
    "p (relation (tuple 'n))", "p (relation (tuple 'm 'm))", "p (relation (tuple))", "p (relation 'm)",
    "p (relation (tuple 'm) (tuple 'm))", "r (relation (tuple 'm))", "r (universe 'm)",
    "u (universe " + " ".join(f"'m{i}" for i in range(65)) + ")",
])  # fmt: skip
def test_a_value_outside_its_sort_is_refused(binding: str) -> None:
    values = {"u": "(universe 'm)", "a": "'m", "b": "'m", "p": "(relation (tuple 'm))", "r": "(relation)"}

    def accepted(given: dict[str, str]) -> bool:
        text = f"(model {' '.join(f'(= {name} {value})' for name, value in given.items())})"
        return recheck(theory("(holds p a)"), Claim("consistent", "model", ("T",), read(text)), EVALUATION)

    assert accepted(values)
    name, _, value = binding.partition(" ")
    assert not accepted({**values, name: value})


@pytest.mark.parametrize("body", ["exhaustive", "lrat", "left-inverse", "potential", "roots"])
def test_no_other_body_shows_anything_about_quantified_statements(body: str) -> None:
    claim = Claim("", "entails", ("T",), read("(holds p a)"))
    certificate = {"v": 1, "body": body, "proof": [[[], [0, 0, 1, 0]]], "rows": [], "prices": {}}
    assert not recheck(theory("(forall x u (holds p x))"), claim, certificate)
    assert not recheck(theory("(holds p a)"), claim, certificate)


def test_what_is_hostile_is_refused_soon() -> None:
    names = [f"x{i}" for i in range(40)]
    deep: Any = ("holds", "p", names[-1])
    for name in reversed(names):
        deep = ("forall", name, "u", deep)
    large = replace(theory(), clauses=(deep,))
    members = " ".join(f"'m{i}" for i in range(60))
    values = f"(model (= u (universe {members})) (= a 'm0) (= b 'm0) (= p (relation)) (= r (relation)))"
    many = replace(large, declarations=large.declarations + tuple((f"c{i}", ("Member", "u")) for i in range(1000)))
    start = process_time()
    assert not recheck(large, Claim("", "model", ("T",), read(values)), EVALUATION)
    for each in (large, many):
        assert not shown([[[], [0, 0]]], "(holds p a)", each)
    for proof in (None, [], [[]], [[[], [0]]], [[[], [9, 9]]], [[["x"], []]], [[[1], [-1]]], [[[10**9], []]], {}, "a"):
        assert not shown(proof, "(holds p b)")
    assert process_time() - start < 5


def test_the_key_forgets_the_names_that_quantifiers_bind() -> None:
    one = theory("(forall x u (holds r x a))")
    assert canonical(one) == canonical(theory("(forall y u (holds r y a))"))
    assert canonical(one) == canonical(theory("(forall y u (holds r y b))", goal="(holds p b)"))
    assert canonical(one)[0] != canonical(theory("(forall y u (holds r a y))"))[0]
    assert canonical(one)[0] != canonical(theory("(exists y u (holds r y a))"))[0]
