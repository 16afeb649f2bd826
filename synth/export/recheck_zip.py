"""`recheck.pyz`: the kernel, the check of rows and the packed families in one file that any Python runs."""

from __future__ import annotations

import json
import zipfile
from importlib import resources
from pathlib import Path
from typing import Any

from synth.run.package import MEMBER

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can say: same content, same bytes
_MAIN = "import sys\n\nfrom synth.recheck.main import main\n\nsys.exit(main())\n"


def write_zip(path: Path, packed: dict[str, Any]) -> None:
    """Write the program; the same package and kernel give the same bytes."""
    sources = {"__main__.py": _MAIN, "synth/__init__.py": ""}  # its own `synth`, so that no installed one is taken
    for package in ("synth_kernel", "synth.recheck"):
        files = [file for file in resources.files(package).iterdir() if file.name.endswith(".py")]
        sources |= {f"{package.replace('.', '/')}/{file.name}": file.read_text("utf-8") for file in files}
    sources[MEMBER] = json.dumps(packed, sort_keys=True, separators=(",", ":"))
    with path.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(sources):
                member = zipfile.ZipInfo(name, _EPOCH)
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = 0o644 << 16
                archive.writestr(member, sources[name])
    path.chmod(0o755)
