"""The one way out of quarantine: a person signs, and the files that were checked are moved, with the signature."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from synth.admission.files import NAMES
from synth.admission.quarantine import PASSED
from synth.errors import UserError


def admit(folder: Path, signed_by: str, to: Path, day: date) -> Path:
    """Move a family that passed out of quarantine and return its project, a package that pip installs.

    The project holds the four files, `signature.json` (who signed, when, what) and the report. The reply and a note of
    the signature stay in quarantine. Raise UserError where there is no report, the verdict is not `passed`, a file is
    not the one that was checked, nobody signs, or the place is taken.
    """
    try:
        report = json.loads((folder / "report.json").read_text("utf-8"))
        name, verdict, hashes = report["name"], report["verdict"], report["files"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{folder} holds no report; name the folder of a proposal in quarantine") from None
    signer = " ".join(signed_by.split())
    if not signer:
        raise UserError("nobody signs; say --signed-by with your name")
    if verdict != PASSED:
        raise UserError(f"{folder}: the proposal was refused ({report['reasons'][0][:200]}); it stays in quarantine")
    own, project = folder / "family" / str(name), to / str(name)
    if not own.is_dir():
        raise UserError(f"{own} is gone; this proposal was admitted before, or its files were removed")
    if project.exists():
        raise UserError(f"{project} exists; name another place with --to")
    texts = {file.name: file.read_bytes() for file in own.iterdir()}
    changed = [file for file in NAMES if sha256(texts.get(file, b"")).hexdigest() != hashes.get(file)]
    if changed or set(texts) != set(NAMES):
        what = changed[0] if changed else min(set(texts) - set(NAMES))
        raise UserError(f"{own / what} is not what was checked; propose it again")
    signature = {"v": 1, "signed_by": signer, "day": day.isoformat(), "model": report["model"],
                 "reply": report["reply"], "files": hashes}  # fmt: skip
    line = json.dumps(signature, indent=1, ensure_ascii=False) + "\n"
    settings = files("synth.family").joinpath("template", "pyproject.toml.txt").read_text("utf-8")
    (project / name).mkdir(parents=True)
    (project / "pyproject.toml").write_text(
        settings.replace("DASHED", name.replace("_", "-")).replace("NAME", name), encoding="utf-8"
    )
    (project / name / "signature.json").write_text(line, encoding="utf-8")
    for file in ("report.md", "report.json"):
        (project / file).write_bytes((folder / file).read_bytes())
    for file in NAMES:
        (project / name / file).write_bytes(texts[file])
        (own / file).unlink()
    own.rmdir()
    (folder / "signature.json").write_text(line, encoding="utf-8")
    return project
