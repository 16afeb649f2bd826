"""The parts of the pages that are made from the program: `python tests/readme.py` writes them in again."""

from __future__ import annotations

import json
from pathlib import Path

from synth.family.registry import families
from synth_kernel.kinds import ROLES

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def row() -> str:
    """The first golden row of knights, shortened to what a reader wants to see first."""
    line = (ROOT / "corpora" / "golden" / "knights.jsonl").read_text(encoding="utf-8").splitlines()[0]
    golden = json.loads(line)
    claims = [
        f"{claim['role']:8} {claim['form']:8} from {' '.join(claim['premises']):9} {claim['goal']}\n"
        f"{'':9}grade {claim['grade']}, certificate {certificate}"
        for claim, certificate in zip(golden["claims"], golden["certificates"], strict=True)
    ]
    shown = {
        "question": golden["question"],
        "completion": golden["completion"][0]["content"],
        "theory": golden["theory"].replace(" (clause", "\n  (clause").replace(" (ask", "\n  (ask"),
        "claims": "\n".join(claims),
    }
    return "```text\n" + "\n\n".join(f"{name}\n{_indented(text)}" for name, text in shown.items()) + "\n```"


def _indented(text: str) -> str:
    lines: list[str] = []
    for line in text.split("\n"):
        words, current = line.split(" "), "  "
        for word in words:
            if len(current) + len(word) > 112 and current.strip():
                lines.append(current.rstrip())
                current = "    "
            current += word + " "
        lines.append(current.rstrip())
    return "\n".join(lines)


def table() -> str:
    """Every installed family with its domain, kind and summary."""
    lines = ["| family | domain | kind | what is asked |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| `{f.name}` | {f.domain} | {f.kind} | {f.summary} |" for f in families().values()])


def levels() -> str:
    """For each family a table of its levels: settings, estimated keys, proved rows per CPU-second."""
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    keys = {(line["family"], line["level"]): line["effective"] for line in results["keys"]["rows"]}
    rates = {line["family"]: line for line in results["rows"]["rows"]}
    parts = []
    for family in families().values():
        roles = ", ".join(ROLES[family.kind])
        summary = f"{family.summary.capitalize()}. Kind `{family.kind}`; proved of every row: {roles}."
        lines = [f"## {family.name}", "", summary, "", "| level | settings | keys | rows |", "|---|---|---|---|"]
        for level, settings in family.levels.items():
            said = "; ".join(f"{name} {_plain(value)}" for name, value in settings.items())
            found = keys.get((family.name, level), "not measured")
            number = f"{found:,}" if isinstance(found, int) else found
            lines.append(f"| {level} | {said} | {number} | {_rate(rates[family.name][f'L{level}'])} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _plain(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=list)
    return text.replace('"', "").replace("|", "or")


def _rate(value: float | str) -> str:
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


def written(text: str) -> str:
    """Return a page with its made parts replaced."""
    for name, make in (("row", row), ("families", table), ("levels", levels)):
        if f"<!-- {name} -->" not in text:
            continue
        part = make()
        before, _, rest = text.partition(f"<!-- {name} -->\n")
        _, _, after = rest.partition(f"<!-- /{name} -->")
        text = f"{before}<!-- {name} -->\n{part}\n<!-- /{name} -->{after}"
    return text


PAGES = (README, ROOT / "docs" / "families.md")

if __name__ == "__main__":
    for page in PAGES:
        page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
