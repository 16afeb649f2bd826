"""Facts as one HTML file that needs nothing else: its style, its script and its data stand in it."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import resources

from synth.report.facts import Facts

SCRIPTS = ("dom", "funnel", "coverage", "measures", "concepts", "browse", "main")  # in the order in which they stand


def page(facts: Facts) -> str:
    """Return the page that shows facts; the same facts give the same text.

    Facts are data in the page, never markup: every `<` in them is escaped, and the script puts them in as text. Its
    policy lets no other script run and no request leave (Content Security Policy, level 3: `default-src 'none'` and the
    hashes of its own style and script).
    """
    style = _part("style.css")
    script = '"use strict";\n(() => {\n' + "".join(_part(f"{name}.js") for name in SCRIPTS) + "})();\n"
    parts = {
        "policy": f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}",
        "style": style,
        "script": script,
        "facts": data(facts.as_json()),
    }
    pieces = _part("page.html").split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        filled += [parts[name], rest]
    return "".join(filled)


def data(value: object) -> str:
    r"""Return JSON that may stand in a script element: no `<`, and text that is no Unicode (lone surrogates) escaped.

    >>> data({"a": "</script><!--", "b": "\ud83d"})
    '{"a":"\\u003c/script>\\u003c!--","b":"\\ud83d"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _part(name: str) -> str:
    return (resources.files("synth.report") / "template" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
