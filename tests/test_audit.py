"""An audit says nothing that it cannot show, and reads whole questions or none.

`data/audit/` holds questions of reasoning-gym as that package made them; see its README.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gym_oracles import ORACLES
from typer.testing import CliRunner

from synth.audit.reader import Row
from synth.audit.registry import readers, readers_for
from synth.audit.report import interval
from synth.audit.verdicts import VERDICTS, Shown, Verdict, audited
from synth.cli.app import app
from synth.family.registry import families
from synth.graph.rows import rows_of
from synth_kernel.claims import Claim, Theory
from synth_kernel.recheck import recheck
from synth_kernel.terms import read

DATA = Path(__file__).parent / "data" / "audit"
KEPT = Path(__file__).parent.parent / "corpora" / "audit"
KINDS = sorted(path.stem for path in DATA.glob("*.jsonl"))


def sample(kind: str) -> list[Row]:
    rows = rows_of(DATA / f"{kind}.jsonl")
    return [Row(row["question"], row["answer"], row["metadata"]) for row in rows]


def found(kind: str, row: Row) -> Verdict:
    return audited(row, readers_for(kind))


def rechecks(shown: Shown) -> bool:
    return recheck(shown.theory, shown.claim, shown.certificate)


# ---- the readers -----------------------------------------------------------------------------------------------------


def test_every_reader_has_a_recorded_sample_and_an_oracle() -> None:
    assert sorted(readers()) == KINDS == sorted(ORACLES)


@pytest.mark.parametrize("kind", KINDS)
def test_a_verdict_is_that_of_brute_force(kind: str) -> None:
    for number, row in enumerate(sample(kind)):
        verdict = found(kind, row)
        assert verdict.verdict == ORACLES[kind](row.metadata, row.answer), (kind, number, verdict.why)
        assert all(map(rechecks, verdict.evidence))
        assert bool(verdict.evidence) is (verdict.verdict != "not_read")


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_with_more_or_other_words_is_not_read(kind: str) -> None:
    row = next(row for row in sample(kind) if found(kind, row).verdict != "not_read")
    words = row.question.split(" ")
    middle = len(words) // 2
    for question in (
        row.question + " Unless it rains.",
        "Suppose the opposite. " + row.question,
        " ".join([*words[:middle], "not", *words[middle:]]),
        row.question[: len(row.question) // 2],
        row.question.replace("the", "a", 1).replace("Some", "Most", 1).replace("these", "those", 1) + "!",
    ):
        assert found(kind, replace(row, question=question)).verdict == "not_read", question


WRONG: dict[str, Callable[[Row], Row]] = {
    "gcd": lambda row: replace(row, answer=str(int(row.label()) * 2)),
    "prime_factorization": lambda row: replace(row, answer=row.label() + " × 3"),
    "simple_equations": lambda row: replace(row, answer=str(int(row.label()) + 1)),
    "syllogism": lambda row: replace(row, answer={"Yes": "No", "No": "Yes"}[row.label()]),
    "knights_knaves": lambda row: replace(row, answer=exchanged(row.label())),
    "polynomial_equations": lambda row: replace(row, answer=", ".join([*row.label().split(", "), "1000.5"])),
    "countdown": lambda row: replace(row, answer=row.label() + " - 1"),
    "sudoku": lambda row: replace(row, answer="\n".join(reversed(row.label().splitlines()))),
    "mini_sudoku": lambda row: replace(row, answer="\n".join(reversed(row.label().splitlines()))),
    "shortest_path": lambda row: replace(row, answer="infeasible" if row.label() != "infeasible" else "up up"),
    "graph_color": lambda row: replace(row, answer=json.dumps(dict.fromkeys(row.metadata["possible_answer"], 1))),
    "intermediate_integration": lambda row: replace(row, answer="x + " + row.label()),
    "propositional_logic": lambda row: replace(row, answer="(P ∧ ¬P)"),
    "survo": lambda row: replace(row, answer=row.label().replace(row.label().split()[0], "9", 1)),
    "cryptarithm": lambda row: replace(row, answer=row.label()[:-1] + str((int(row.label()[-1]) + 1) % 10)),
}


def exchanged(label: str) -> str:
    """Exchange the roles of the first two inhabitants."""
    first, second, *others = label.removesuffix(".").replace(", and ", ", ").split(", ")
    roles = [each.split(" is ")[1] for each in (first, second)]
    if len(set(roles)) == 1:
        return label  # the same role: exchanging changes nothing
    said = [f"{each.split(' is ')[0]} is {role}" for each, role in zip((first, second), reversed(roles), strict=True)]
    return ", and ".join([", ".join([*said, *others][:-1]), [*said, *others][-1]]) + "."


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_answer_is_never_right_and_what_refutes_it_rechecks(kind: str) -> None:
    refuted = 0
    for row in sample(kind):
        if found(kind, row).verdict == "right":
            changed = WRONG[kind](row)
            if changed == row:
                continue
            verdict = found(kind, changed)
            assert verdict.verdict in ("wrong", "depends_on_convention", "ill_posed"), (changed.answer, verdict.why)
            assert verdict.evidence
            assert all(map(rechecks, verdict.evidence))
            refuted += 1
    assert refuted


def test_a_syllogism_is_judged_under_both_conventions_each_with_its_proofs() -> None:
    for row in sample("syllogism"):
        verdict = found("syllogism", row)
        assert len({shown.theory for shown in verdict.evidence}) == 2
        assert [shown.claim.role for shown in verdict.evidence] == ["consistent", "correct"] * 2
        if verdict.verdict == "depends_on_convention":
            assert verdict.correct == "no: where groups may be empty; yes: where no group is empty"


def test_where_the_question_foresees_that_there_is_no_way_a_way_is_wrong() -> None:
    row = next(row for row in sample("shortest_path") if row.answer == "infeasible")
    verdict = found("shortest_path", replace(row, answer="up"))
    assert (verdict.verdict, verdict.correct) == ("wrong", "there is no answer")
    assert all(map(rechecks, verdict.evidence))


ILL_POSED = {
    "simple_equations": ("Solve for x: 2*x - 2*x = 3", "1"),
    "graph_color": (
        "Please provide a coloring for this graph such that every vertex is not connected to a vertex of the same "
        "color. The graph has these properties:\n\nVertices: [0, 1, 2]\nEdges: [(0, 1), (0, 2), (1, 2)]\n"
        "Possible colors: [1, 2]\n\nReturn your solution as a JSON map of vertices to colors. "
        '(For example: {"0": 1, "1": 2, "2": 3}.)\n',
        '{"0": 1, "1": 2, "2": 1}',
    ),
    "knights_knaves": (
        "A very special island is inhabited only by sages and fools. Sages always tell the truth, and fools always "
        "lie. You meet 2 inhabitants: Zoey, and Riley. Zoey said that Zoey is a fool. Riley told you that Zoey is a "
        "sage. So who is a sage and who is a fool? "
        '(Format your answer like: "Zoey is a sage/fool, and Riley is a sage/fool")',
        "Zoey is a fool, and Riley is a sage.",
    ),
}


@pytest.mark.parametrize("kind", ILL_POSED)
def test_a_question_without_an_answer_is_ill_posed(kind: str) -> None:
    verdict = found(kind, Row(*ILL_POSED[kind]))
    assert verdict.verdict == "ill_posed"
    assert [shown.claim.goal for shown in verdict.evidence] == ["false"]
    assert rechecks(verdict.evidence[0])


def test_an_answer_that_changes_what_is_given_is_wrong() -> None:
    row = next(row for row in sample("survo") if found("survo", row).verdict == "right")
    lines = row.label().splitlines()
    changed = "\n".join([*lines[:-1], " ".join([*lines[-1].split()[:-1], "1"])])
    assert found("survo", replace(row, answer=changed)).why == "the answer changes given numbers"
    painted = next(iter(sample("graph_color")))
    answer = json.dumps({**painted.metadata["possible_answer"], "0": 7})
    assert found("graph_color", replace(painted, answer=answer)).why == "the answer has a colour that is not given"


def test_a_readers_own_mistake_costs_one_row() -> None:
    row = sample("gcd")[0]
    assert found("gcd", replace(row, answer=None)).why.endswith("the source gives no answer")
    assert (
        found("graph_color", replace(sample("graph_color")[0], metadata={"possible_answer": [1]})).verdict == "not_read"
    )
    assert found("gcd", Row("", "2")).why == "there is no question"
    assert found("gcd", Row("gcd " * 2_500_000, "2")).why == "longer than 20,000 characters"


# ---- families by their phrases ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(families()))
def test_a_family_finds_its_own_rows_right(name: str, draw: Any) -> None:
    record = draw(name, 1, 1)[0]
    verdict = found(name, Row(record.question, f"The answer is \\boxed{{{record.answer}}}"))
    assert verdict.verdict == "right", verdict.why
    roles = [shown.claim.role for shown in verdict.evidence]
    assert roles == [each.claim.role for each in record.evidence if not each.claim.role.startswith("step")]
    assert all(map(rechecks, verdict.evidence))


def test_the_answer_to_another_row_is_wrong_in_a_familys_words(draw: Any) -> None:
    one, other = draw("linear_system", 1, 6)[:2]
    assert found("linear_system", Row(one.question, one.formal_answer)).verdict == "right"
    verdict = found("linear_system", Row(one.question, re.sub("-?[0-9]+", "99", one.formal_answer)))
    assert (verdict.verdict, verdict.correct) == ("wrong", one.formal_answer)
    assert found("linear_system", Row(other.question.replace("=", "is"), other.answer)).verdict == "not_read"


# ---- sources ---------------------------------------------------------------------------------------------------------


def synth(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["audit", *map(str, arguments)])


def test_verdicts_of_a_file_are_counted_and_written_with_their_certificates(tmp_path: Path) -> None:
    out = tmp_path / "lines.jsonl"
    done = synth(DATA / "syllogism.jsonl", "--as", "syllogism", "--json", "--out", out, "--fail-on", "ill_posed")
    assert done.exit_code == 0, done.output
    totals, lines = json.loads(done.output), list(rows_of(out))
    assert list(totals["verdicts"]) == list(VERDICTS)
    assert sum(each["rows"] for each in totals["verdicts"].values()) == totals["rows"] == len(lines)
    for line in lines:
        assert list(line) == ["source", "seed", "index", "verdict", "correct", "why", "question", "label", "evidence"]
        assert all(map(accepted, line["evidence"]))
    assert {line["verdict"] for line in lines} == {"right", "wrong", "depends_on_convention"}
    assert synth(DATA / "syllogism.jsonl", "--as", "syllogism", "--fail-on", "wrong").exit_code == 1


def accepted(shown: dict[str, Any]) -> bool:
    claim = Claim(shown["role"], shown["form"], tuple(shown["premises"]), read(shown["goal"]))
    return recheck(Theory.read(shown["theory"]), claim, shown["certificate"])


def test_parquet_with_columns_of_other_names_is_sampled_by_a_seed(tmp_path: Path) -> None:
    path, out = tmp_path / "rows.parquet", tmp_path / "out.jsonl"
    rows = [{"ask": row.question, "said": row.answer, "metadata": json.dumps(row.metadata)} for row in sample("gcd")]
    pq.write_table(pa.Table.from_pylist(rows), path)
    columns = ["--question-column", "ask", "--answer-column", "said"]
    done = synth(path, "--as", "gcd", "-n", 3, "--seed", 5, *columns, "--out", out)
    assert done.exit_code == 0, done.output
    once = [(line["index"], line["verdict"]) for line in rows_of(out)]
    synth(path, "--as", "gcd", "-n", 3, "--seed", 5, *columns, "--out", out)
    assert [(line["index"], line["verdict"]) for line in rows_of(out)] == once
    assert [verdict for _, verdict in once] == ["right"] * 3


def test_a_null_question_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": null, "answer": "2"}\n{"question": "\\ud800", "answer": null}\n')
    done = synth(path, "--as", "gcd", "--json", "--out", tmp_path / "out.jsonl")
    assert json.loads(done.output)["verdicts"]["not_read"]["rows"] == 2


MISTAKES = {
    "no --as": (["{rows}"], "say what the questions are: --as NAME"),
    "an unknown name": (["{rows}", "--as", "gdc"], "no family and no reader is called 'gdc'; did you mean 'gcd'?"),
    "an unknown verdict": (["{rows}", "--as", "gcd", "--fail-on", "wrogn"], "did you mean 'wrong'?"),
    "no answers": (["{asks}", "--as", "gcd"], "none of the columns answer, solution, label, target, output; name"),
    "a missing column": (["{rows}", "--as", "gcd", "--question-column", "q"], "no column 'q'; name the one to read"),
    "an empty file": (["{empty}", "--as", "gcd"], "empty.jsonl is empty; name a source with rows"),
    "no Parquet": (["{fake}", "--as", "gcd"], "fake.parquet is no Parquet file that can be read"),
    "no JSON": (["{torn}", "--as", "gcd"], "line 2 is not JSON"),
    "no file": (["{none}", "--as", "gcd"], "cannot read"),
    "no folder for --out": (["{rows}", "--as", "gcd", "--out", "{none}/out"], "name another --out"),
    "the source for --out": (["{rows}", "--as", "gcd", "--out", "{rows}"], "is the source; name another file"),
    "no datasets package": (["someone/something", "--as", "gcd"], "pip install 'synth-corpus[hub]'"),
    "no reasoning-gym": (["reasoning-gym:gcd"], "this needs reasoning-gym"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_message(mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("datasets", "reasoning_gym"):  # so that the messages are the same where they are installed
        monkeypatch.setitem(sys.modules, package, None)
    texts = {
        "rows": '{"question": "x", "answer": "2"}\n',
        "asks": '{"question": "x"}\n',
        "empty": "",
        "fake": "no parquet",
        "torn": '{"question": "x", "answer": "2"}\n{"ques',
    }
    places = {}
    for name, text in texts.items():
        places[name] = tmp_path / f"{name}.{'parquet' if name == 'fake' else 'jsonl'}"
        places[name].write_text(text)
    arguments, message = MISTAKES[mistake]
    places["none"] = tmp_path / "nowhere.jsonl"
    done = synth(*[part.format(**places) for part in arguments])
    assert done.exit_code == 2
    assert message in done.output
    assert done.output.count("\n") == 1


@pytest.mark.parametrize(("count", "rows"), [(0, 1), (1, 1), (3, 10), (10, 10), (637, 5000)])
def test_an_interval_holds_the_share(count: int, rows: int) -> None:
    low, high = interval(count, rows)
    assert 0 <= low <= count / rows <= high <= 1


# ---- what was kept ---------------------------------------------------------------------------------------------------


def test_kept_disagreements_are_found_again() -> None:
    lines = [line for path in sorted(KEPT.glob("*.jsonl")) for line in rows_of(path)]
    assert {line["verdict"] for line in lines} >= {"wrong", "ambiguous", "ill_posed", "depends_on_convention"}
    for line in lines:
        assert all(map(accepted, line["evidence"]))
