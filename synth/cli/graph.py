"""The commands `synth graph …`: what every row depends on, and what follows from it."""

from __future__ import annotations

import typer

from synth.cli.graph_audit import audit_split
from synth.cli.graph_decontaminate import decontaminate
from synth.cli.graph_retract import retract
from synth.cli.graph_why import why

app = typer.Typer(
    help="Explain, retract, audit and decontaminate rows by what they depend on.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for command in (why, retract, audit_split, decontaminate):
    app.command()(command)
