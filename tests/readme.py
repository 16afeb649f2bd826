"""The parts of the README that are made from the program: `python tests/readme.py` writes them in again."""

from __future__ import annotations

import json
from pathlib import Path

from synth.family.registry import families

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


def written(text: str) -> str:
    """Return the README with its made parts replaced."""
    for name, part in (("row", row()), ("families", table())):
        before, _, rest = text.partition(f"<!-- {name} -->\n")
        _, _, after = rest.partition(f"<!-- /{name} -->")
        text = f"{before}<!-- {name} -->\n{part}\n<!-- /{name} -->{after}"
    return text


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
