"""`synth graph audit-split`: does the split of a corpus leak?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from synth.cli.guard import guarded


@guarded
def audit_split(
    corpora: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Run folders, exports or files of rows.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value instead of text.")] = False,
) -> int:
    """Recompute what belongs together, and fail where it lies on both sides of the split.

    The guarantee is along recorded strong edges: equal problems, rows made of others, proved equivalences, rows of one
    source and, where the split is by shape, of one shape. Several corpora are looked at as one.

    Example: synth graph audit-split corpus
    """
    from synth.run.graph import audit_split as audited

    found = audited(*corpora)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return 0 if found["ok"] else 1
    for path in found["crossings"]:
        typer.echo(f"CROSSING {' – '.join(path)}")
    for text in found["misplaced_rows"]:
        typer.echo(f"MISPLACED {text}")
    rows = ", ".join(f"{n:,} in {side or 'no split'}" for side, n in found["rows"].items())
    typer.echo(f"{rows}; split by {', '.join(found['by'])}; {found['components']:,} components over "
               f"{', '.join(found['edges'])}, the largest of {found['largest']:,} rows")  # fmt: skip
    typer.echo(
        f"{found['pairs_in_test']:,} pairs of features occur in test, {found['pairs_in_test_only']:,} only there"
    )
    typer.echo(f"{found['near_across']:,} recorded near duplicates lie on both sides: similar words are no crossing")
    typer.echo(f"{found['crossed']:,} components cross, {found['misplaced']:,} rows are misplaced; "
               "the guarantee is along recorded strong edges")  # fmt: skip
    return 0 if found["ok"] else 1
