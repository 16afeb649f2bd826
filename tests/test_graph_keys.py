"""Keys and duplicates: all that is planted is found, nothing else is called a duplicate."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, permutations, product
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from brackets import opened

from synth.errors import UserError
from synth.family.registry import families
from synth.graph import duplicates as search
from synth.graph.duplicates import duplicates
from synth.graph.equivalence import equivalent, isomorphic
from synth.graph.keys import keys_of, shape_key, surface
from synth.graph.semantic import semantic
from synth.propose.sampler import draw
from synth.recheck.canonical import canonical
from synth.records import Candidate, Source
from synth_kernel.claims import Claim, Theory
from synth_kernel.recheck import recheck
from synth_kernel.terms import Term, read, symbols, write

GOLDEN = Path(__file__).parent.parent / "corpora" / "golden"
COMMUTATIVE = {"and", "or", "+", "*", "=", "distinct", "xor", "count", "enum", "Walk"}
SMALL = 1_000  # renamings that are tried one by one
Edges = list[tuple[int, int]]


# ---- an independent canoniser: every renaming, tried one by one ------------------------------------------------------


def parts_of(theory: Theory) -> list[tuple[Term, ...]]:
    found: list[tuple[Term, ...]] = [("declare", name, sort) for name, sort in theory.declarations]
    for kind, terms in (("axiom", theory.axioms), ("clause", theory.clauses), ("domain", theory.domain)):
        found += [(kind, term) for term in terms]
    kind = theory.kind
    return [*found, ("ask", (kind,) if kind in ("find", "all") else theory.ask)]


def open_parts_of(theory: Theory) -> list[tuple[Term, ...]]:
    return [found for part in parts_of(theory) if isinstance(found := opened(part), tuple)]


def constants_of(theory: Theory) -> list[str]:
    """The 'constants that may be renamed: not those of a mode or of a set of operators."""

    def free(term: Term) -> Iterator[str]:
        if isinstance(term, tuple) and term[0] not in ("operators_among", "decide"):
            for part in term[1:]:
                yield from free(part)
        elif isinstance(term, tuple) and term[0] == "decide":
            yield from free(term[1])
        elif isinstance(term, str) and term.startswith("'"):
            yield term

    return sorted({name for part in parts_of(theory) for name in free(part)})


def normal(term: Term, names: dict[str, str]) -> Term:
    """A term with other names, the arguments of operators without order sorted, `>` turned round."""
    if not isinstance(term, tuple):
        return names.get(term, term) if isinstance(term, str) else term
    operator, arguments = term[0], [normal(part, names) for part in term[1:]]
    if operator in (">", ">="):
        operator, arguments = {">": "<", ">=": "<="}[operator], arguments[::-1]
    if operator in COMMUTATIVE:
        arguments.sort(key=write)
    elif operator in ("leaves_among", "operators_among"):
        arguments[1:] = sorted(arguments[1:], key=write)
    return (operator, *arguments)


def renamings(theory: Theory) -> int:
    total = 1
    for count in (len(theory.declarations), len(constants_of(theory))):
        for factor in range(2, count + 1):
            total *= factor
    return total


def least_text(theory: Theory) -> str:
    """The least text over all renamings."""
    unknowns, constants = list(theory.declared), constants_of(theory)
    texts = []
    for one, two in product(permutations(range(len(unknowns))), permutations(range(len(constants)))):
        names = {old: f"n{new}" for old, new in zip(unknowns, one, strict=True)}
        names |= {old: f"'q{new}" for old, new in zip(constants, two, strict=True)}
        texts.append(" ".join(sorted({write(normal(part, names)) for part in open_parts_of(theory)})))
    return min(texts)


def plain_graph(theory: Theory) -> nx.DiGraph:
    """A theory as a graph with one node for each occurrence of a term: for VF2, where renamings are too many."""
    graph: nx.DiGraph = nx.DiGraph()
    constants = set(constants_of(theory))
    names: dict[str, int] = {}
    for name in [*theory.declared, *sorted(constants)]:
        names[name] = len(names)
        graph.add_node(names[name], label="constant" if name in constants else "unknown")

    def add(term: Term) -> int:
        if isinstance(term, str) and term in names:
            return names[term]
        node = graph.number_of_nodes()
        if not isinstance(term, tuple):
            graph.add_node(node, label=str(term))
            return node
        graph.add_node(node, label=str(term[0]))
        for place, part in enumerate(term[1:]):
            child = add(part)
            while isinstance(part, str) and graph.has_edge(node, child):  # the same symbol twice: a node in between
                graph.add_node(again := graph.number_of_nodes(), label="again")
                graph.add_edge(again, child, role="")
                child = again
            graph.add_edge(node, child, role="" if term[0] in COMMUTATIVE else str(place))
        return node

    for part in {write(normal(part, {})): normal(part, {}) for part in open_parts_of(theory)}.values():
        add(part)
    return graph


def blind_text(theory: Theory) -> str:
    """A theory with all names alike: what differs in it is different under every renaming."""
    names = dict.fromkeys(theory.declared, "n") | dict.fromkeys(constants_of(theory), "'q")
    return " ".join(sorted(write(normal(part, names)) for part in open_parts_of(theory)))


def least_grid(theory: Theory) -> tuple[tuple[tuple[int, int], int], ...]:
    """The least givens of a sudoku over all moves of rows and columns, and transpositions, that keep its lines."""
    lines = {frozenset(tuple(map(int, cell.split(".")[1:])) for cell in line[1:]) for line in theory.axioms}
    size = max(max(cell) for line in lines for cell in line)
    orders = [dict(enumerate(order, 1)) for order in permutations(range(1, size + 1))]

    def kept(move: Callable[[tuple[int, int]], tuple[int, int]]) -> bool:
        return {frozenset(map(move, line)) for line in lines} == lines

    rows = [order for order in orders if kept(lambda cell, order=order: (order[cell[0]], cell[1]))]
    columns = [order for order in orders if kept(lambda cell, order=order: (cell[0], order[cell[1]]))]
    givens = []
    for _, one, two in theory.clauses:
        cell, digit = (one, two) if isinstance(one, str) else (two, one)
        givens.append((tuple(map(int, cell.split(".")[1:])), digit))
    turned = [givens]
    if kept(lambda cell: (cell[1], cell[0])):
        turned.append([((j, i), digit) for (i, j), digit in givens])
    return min(
        tuple(sorted(((row[i], column[j]), digit) for (i, j), digit in each))
        for each in turned
        for row in rows
        for column in columns
    )


def vf2(one: Theory, two: Theory) -> bool:
    match = nx.algorithms.isomorphism
    found = match.DiGraphMatcher(
        plain_graph(one),
        plain_graph(two),
        match.categorical_node_match("label", ""),
        match.categorical_edge_match("role", ""),
    )
    return bool(found.is_isomorphic())


# ---- theories --------------------------------------------------------------------------------------------------------


def theories(name: str, level: int, count: int) -> list[Theory]:
    family = families()[name]
    found = []
    for index in range(count):
        drawn = draw(family, Source(name, level, 23, index))
        if isinstance(drawn, tuple) and isinstance(drawn[0], Candidate):
            found.append(family.problem(drawn[0].formal)[1].theory)
    return found


def scrambled(theory: Theory, rng: random.Random) -> Theory:
    """Rename all that may be renamed, shuffle all that has no order."""
    names: dict[str, str] = {}
    for old, letter in ((list(theory.declared), "m"), (constants_of(theory), "'m")):
        new = [f"{letter}{i}" for i in range(len(old))]
        rng.shuffle(new)
        names.update(zip(old, new, strict=True))

    def rebuilt(term: Term) -> Term:
        if not isinstance(term, tuple):
            return names.get(term, term) if isinstance(term, str) else term
        operator, arguments = term[0], [rebuilt(part) for part in term[1:]]
        if operator in COMMUTATIVE or operator == "find":
            rng.shuffle(arguments)
        return (operator, *arguments)

    parts = [rebuilt(part) for part in [*parts_of(theory)[:-1], ("ask", theory.ask)]]
    rng.shuffle(parts)
    return Theory.of(parts)


def near_miss(theory: Theory, rng: random.Random) -> Theory | None:
    """Change one number, or turn round one implication, comparison or difference; None where that is no theory."""
    places: list[tuple[int, ...]] = []

    def visit(term: Term, path: tuple[int, ...]) -> None:
        if isinstance(term, tuple):
            if len(term) == 3 and term[0] in ("-", "=>", "<", "<=") and write(term[1]) != write(term[2]):
                places.append(path)
            for place, part in enumerate(term[1:], 1):
                visit(part, (*path, place))
        elif isinstance(term, int):
            places.append(path)

    parts: list[Term] = [*parts_of(theory)[:-1], ("ask", theory.ask)]
    for number, part in enumerate(parts):
        if isinstance(part, tuple) and part[0] in ("clause", "ask"):
            visit(part, (number,))
    if not places:
        return None
    chosen = rng.choice(places)

    def changed(term: Any, path: tuple[int, ...]) -> Term:
        if path:
            return (*term[: path[0]], changed(term[path[0]], path[1:]), *term[path[0] + 1 :])
        return term + 1 if isinstance(term, int) else (term[0], term[2], term[1])

    parts[chosen[0]] = changed(parts[chosen[0]], chosen[1:])
    try:
        return Theory.of(parts)
    except ValueError:
        return None


def row(number: int, theory: Theory) -> dict[str, Any]:
    return {"id": f"r{number}", "problem": canonical(theory)[0], "theory": theory.text()}


# ---- the canonical key -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in families() if name != "sudoku"])
def test_rows_of_a_family_have_equal_keys_just_if_all_renamings_or_vf2_say_that_they_are_equal(name: str) -> None:
    rng = random.Random(name)
    found = theories(name, 1, 25)
    found += [scrambled(theory, rng) for theory in found[:8]]
    found += [missed for theory in found[:12] if (missed := near_miss(theory, rng)) is not None]
    small = [theory for theory in found if renamings(theory) <= SMALL]
    pairs = {(canonical(theory)[0], least_text(theory)) for theory in small}
    assert len(pairs) == len({one for one, _ in pairs}) == len({two for _, two in pairs})
    assert len(small) == 0 or len(pairs) < len(small)
    large = [theory for theory in found if renamings(theory) > SMALL]
    for one, two in combinations(large[:3] + large[-10:], 2):
        assert (canonical(one)[0] == canonical(two)[0]) == vf2(one, two)
    assert len(found) > 30
    assert all(canonical(theory)[1] for theory in found)


def test_sudokus_have_equal_keys_just_if_a_symmetry_of_the_grid_takes_one_to_the_other() -> None:
    """Renaming a sudoku moves its cells; read back by the symmetries of the grid, which are tried one by one."""
    rng = random.Random(12)
    grids = [grid for grid in theories("sudoku", 1, 60) if len(grid.declarations) == 16][:12]
    moved = []
    for grid in grids:
        swap = rng.choice([{"1": "2", "2": "1"}, {"3": "4", "4": "3"}, {"1": "3", "2": "4", "3": "1", "4": "2"}])
        names = {cell: ".".join([*cell.split(".")[:2], swap.get(cell[-1], cell[-1])]) for cell in grid.declared}
        clauses = [(term[0], *[names.get(part, part) for part in term[1:]]) for term in grid.clauses]
        moved.append(replace(grid, clauses=tuple(rng.sample(clauses, len(clauses)))))
    nearly = [missed for grid in grids if (missed := near_miss(grid, rng)) is not None]
    pairs = {(canonical(grid), least_grid(grid)) for grid in grids + moved + nearly}
    assert len(pairs) == len({one for one, _ in pairs}) == len({two for _, two in pairs})
    assert [canonical(grid) for grid in grids] == [canonical(grid) for grid in moved]
    assert len(pairs) > len(grids) >= 8


def coloured(edges: Edges, size: int) -> Theory:
    clauses = " ".join(f"(clause (not (= v{i} v{j})))" for i, j in edges)
    return Theory.read(
        f"(theory {' '.join(f'(declare v{i} (range 1 3))' for i in range(size))} {clauses} (ask (count)))"
    )


def cycle(length: int, start: int = 0) -> Edges:
    return [(start + i, start + (i + 1) % length) for i in range(length)]


def torus(steps: Edges, start: int = 0) -> Edges:
    points = list(product(range(4), repeat=2))
    return [(start + a * 4 + b, start + c * 4 + d) for (a, b), (c, d) in combinations(points, 2)
            if ((c - a) % 4, (d - b) % 4) in steps]  # fmt: skip


ROOK = [(0, 1), (0, 2), (0, 3), (1, 0), (2, 0), (3, 0)]
SHRIKHANDE = [(0, 1), (0, 3), (1, 0), (3, 0), (1, 1), (3, 3)]


def test_random_cubic_graphs_get_as_many_keys_as_there_are_classes() -> None:
    rng = random.Random(4)
    graphs = [nx.random_regular_graph(3, 12, seed=number) for number in range(40)]
    classes: list[nx.Graph] = []
    for graph in graphs:
        if not any(nx.is_isomorphic(graph, other) for other in classes):
            classes.append(graph)
    found = [coloured(list(graph.edges), 12) for graph in graphs]
    keys = [canonical(theory) for theory in found]
    assert len(set(keys)) == len(classes) > 15
    assert all(exact for _, exact in keys)
    assert [canonical(scrambled(theory, rng)) for theory in found] == keys


REGULAR = [
    (cycle(6), cycle(3) + cycle(3, 3), 6),
    (torus(ROOK), torus(SHRIKHANDE), 16),
    (torus(ROOK) + torus(SHRIKHANDE, 16), torus(ROOK) + torus(ROOK, 16), 32),
    (torus(ROOK) + torus(SHRIKHANDE, 16), torus(SHRIKHANDE) + torus(SHRIKHANDE, 16), 32),
    ([e for i in range(50) for e in cycle(6, 6 * i)], [e for i in range(100) for e in cycle(3, 3 * i)], 300),
]


@pytest.mark.parametrize(("one", "two", "size"), REGULAR)
def test_regular_graphs_are_neither_merged_nor_split(one: Edges, two: Edges, size: int) -> None:
    rng = random.Random(5)
    rows = [row(0, coloured(one, size)), row(1, coloured(two, size))]
    rows += [row(2 + i, scrambled(coloured(edges, size), rng)) for i, edges in enumerate((one, two))]
    found = duplicates(lambda: rows)
    assert [(each.id, each.of) for each in found.duplicates] == [("r2", "r0"), ("r3", "r1")]
    assert not found.undecided


def test_a_graph_too_hard_to_decide_stays_and_is_named() -> None:
    cube = [(i, i ^ 1 << bit) for i in range(512) for bit in range(9) if i < i ^ 1 << bit]
    theory = coloured(cube, 512)
    other = scrambled(theory, random.Random(1))
    assert isomorphic(theory, other, fuel=10) is None
    assert isomorphic(theory, other) is True


# ---- the semantic key and equivalence --------------------------------------------------------------------------------

X, XY = "(declare x Rational) ", "(declare x Rational) (declare y Rational) "
EQUIVALENT = [
    (
        f"{X}(clause (= (* 2 (+ x 1)) 3)) (ask (find x))",
        "(declare b Rational) (clause (= 3 (+ (* b 2) 2))) (ask (find b))",
    ),
    (
        f"{XY}(clause (= (+ x (* 2 y)) 5)) (clause (= (* 2 (- x y)) 2)) (ask (find x y))",
        "(declare a Rational) (declare b Rational) (clause (= (- (+ b b) (* 2 a)) 2))"
        " (clause (= 5 (+ a a b))) (ask (find a b))",
    ),
    (
        "(declare v Real) (clause (= (* (+ v 1) (- v 2)) 0)) (ask (all v))",
        "(declare w Real) (clause (= (- (^ w 2) w) 2)) (ask (all w))",
    ),
    (
        "(declare x Real) (ask (compute (D (^ (+ x 1) 2) x)))",
        "(declare t Real) (ask (compute (D (+ 1 (* 2 t) (* t t)) t)))",
    ),
    (
        "(declare x Real) (domain (< 0 x)) (ask (compute (D (* (+ x x) (log x)) x)))",
        "(declare x Real) (domain (> x 0)) (ask (compute (D (* (log x) 2 x) x)))",
    ),
]  # fmt: skip
UNLIKE = [
    (f"{X}(clause (= (* 2 x) 4)) (ask (find x))", f"{X}(clause (= x 2)) (ask (find x))"),
    (
        f"{XY}(clause (= (+ x y) 3)) (clause (= (- x y) 1)) (ask (find x y))",
        f"{XY}(clause (= (+ x y) 3)) (clause (= (+ x (* 2 y)) 4)) (ask (find x y))",
    ),
    (
        "(declare x Real) (ask (compute (D (^ (+ x 1) 2) x)))",
        "(declare x Real) (ask (compute (D (+ 2 (* 2 x) (* x x)) x)))",
    ),
    ("(declare x Real) (ask (compute (D (* x x) x)))", "(declare x Real) (ask (compute (I (* x x) x)))"),
    ("(declare x Int) (clause (< x 2)) (ask (count))", "(declare x Int) (clause (<= x 2)) (ask (count))"),
    ("(declare x Int) (clause (< x 2)) (ask (count))", "(declare x Int) (clause (< 2 x)) (ask (count))"),
    ("(declare x Int) (clause (= x 2)) (ask (count))", "(declare x Rational) (clause (= x 2)) (ask (count))"),
]


@pytest.mark.parametrize(("one", "two"), EQUIVALENT)
def test_equivalent_problems_share_a_bucket_and_the_kernel_accepts_the_proof(one: str, two: str) -> None:
    first, second = (Theory.read(f"(theory {text})") for text in (one, two))
    assert semantic(first) == semantic(second) is not None
    assert canonical(first) != canonical(second)
    found = equivalent(first, second)
    assert found is not None and len(found.proofs) >= 1
    for proof in found.proofs:
        claim = Claim(
            "equivalent", proof["claim"]["form"], tuple(proof["claim"]["premises"]), read(proof["claim"]["goal"])
        )
        assert recheck(Theory.read(proof["theory"]), claim, proof["certificate"])
    rows = [row(0, first), row(1, second)]
    assert [(each.id, each.of, each.why) for each in duplicates(lambda: rows).duplicates] == [
        ("r1", "r0", "equivalent")
    ]
    assert not duplicates(lambda: rows, proved=False).duplicates


@pytest.mark.parametrize(("one", "two"), UNLIKE)
def test_what_only_has_the_same_answer_is_another_problem(one: str, two: str) -> None:
    first, second = (Theory.read(f"(theory {text})") for text in (one, two))
    assert semantic(first) != semantic(second)
    assert equivalent(first, second) is None


def test_a_bucket_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "semantic", lambda theory: "00" * 16)
    rows = [row(i, Theory.read(f"(theory {text})")) for i, text in enumerate(UNLIKE[2])]
    found = duplicates(lambda: rows)
    assert not found.duplicates
    assert found.undecided == [("r1", "r0")]


def test_what_a_proof_fails_on_stays() -> None:
    """x·x/x and x agree wherever both have a value, but the first has none at 0."""
    texts = [f"{X}(clause (= {term} 3)) (ask (find x))" for term in ("(/ (* x x) x)", "x")]
    first, second = (Theory.read(f"(theory {text})") for text in texts)
    assert semantic(first) == semantic(second)
    assert equivalent(first, second) is None


def test_only_theories_about_numbers_have_a_semantic_key() -> None:
    keys = {name: semantic(theories(name, 1, 1)[0]) for name in families()}
    assert {name for name, key in keys.items() if key} == {
        "antiderivative", "derivative", "linear_inequalities", "linear_system", "markov_expectation",
        "matrix_inverse_rank", "polynomial_roots",
    }  # fmt: skip


def test_renaming_and_reordering_keep_the_semantic_key() -> None:
    rng = random.Random(6)
    for name in ("linear_system", "polynomial_roots", "derivative"):
        for theory in theories(name, 3, 10):
            assert semantic(scrambled(theory, rng)) == semantic(theory)


# ---- a mix -----------------------------------------------------------------------------------------------------------


def test_in_a_mix_all_that_is_planted_is_found_and_nothing_else() -> None:
    rng = random.Random(8)
    golden = [json.loads(line) for file in sorted(GOLDEN.glob("*.jsonl")) for line in file.read_text().splitlines()]
    originals = [Theory.read(each["theory"]) for each in golden]
    missed = [found for theory in originals if (found := near_miss(theory, rng)) is not None]
    classes: dict[str, Theory] = {}
    for theory in originals + missed:  # one of each, so that all are different problems for sure
        classes.setdefault(least_text(theory) if renamings(theory) <= SMALL else blind_text(theory), theory)
    distinct = list(classes.values())
    planted = [scrambled(rng.choice(distinct), rng) for _ in range(150)] + [rng.choice(distinct) for _ in range(50)]
    rows = [row(number, theory) for number, theory in enumerate(distinct + planted)]
    found = duplicates(lambda: rows)
    assert len(distinct) > 300
    assert {each.id for each in found.duplicates} == {each["id"] for each in rows[len(distinct) :]}
    theory_of = {each["id"]: Theory.read(each["theory"]) for each in rows}
    for each in found.duplicates:
        one, two = theory_of[each.id], theory_of[each.of]
        if renamings(one) <= SMALL:
            assert least_text(one) == least_text(two)


def test_a_row_with_a_key_that_is_not_its_own_is_an_error_of_the_corpus() -> None:
    rows = [{**row(i, Theory.read(f"(theory {X}(ask (find x)))")), "problem": "ab" * 16} for i in range(2)]
    with pytest.raises(UserError, match="row r0 has another key"):
        duplicates(lambda: rows)
    with pytest.raises(UserError, match="row r0 has no canonical key"):
        duplicates(lambda: [{**rows[0], "problem": "??"}])


def test_groups_are_the_keys_that_repeat() -> None:
    rng = random.Random(9)
    keys = [rng.randbytes(1) * 16 for _ in range(300)]
    found = {tuple(places.tolist()) for places in search.groups(b"".join(keys))}
    wanted = {tuple(i for i, key in enumerate(keys) if key == each) for each in keys}
    assert found == {places for places in wanted if len(places) > 1}
    assert list(search.groups(b"")) == []


def test_keys_from_fine_to_coarse() -> None:
    text = "(theory (declare x Rational) (clause (= (* 2 x) {0})) (ask (find x)))"
    rows = [
        {"question": f"Solve {left} = {right}.", "formal": f"find x: {left} = {right}", "theory": text.format(right)}
        for left, right in (("2 * x", 3), ("2 * x", 5))
    ]
    one, two = map(keys_of, rows)
    assert one.shape == two.shape == shape_key(rows[0]["formal"], rows[0]["theory"])
    assert len({one.exact, two.exact, one.semantic, two.semantic}) == 4
    assert one.surface == surface("  SOLVE 2 * x\t= ３.") != two.surface


def test_symbols_are_all_seen_by_the_oracle() -> None:
    theory = theories("shortest_path", 1, 1)[0]
    assert constants_of(theory) == sorted({s for part in parts_of(theory) for s in symbols(part) if s.startswith("'")})
