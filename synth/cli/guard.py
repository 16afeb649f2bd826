"""Exit codes: 0 done, 1 verification failed, 2 a mistake of the user, 130 stopped by Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

P = ParamSpec("P")

# Raised while a family is loaded, by floors that do not know `synth.errors`: mistakes of whoever wrote the family.
_LOADING = {"FamilyError", "GrammarError", "PhraseError", "PatternError", "MeaningError", "LawError"}


def guarded(command: Callable[P, int | None]) -> Callable[P, None]:
    """Turn mistakes of the user into one line and exit code 2, and what a command returns into its exit code."""

    @wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> None:
        from synth.errors import UserError

        try:
            code = command(*arguments, **options) or 0
        except KeyboardInterrupt:
            code = 130
        except BrokenPipeError:  # whoever reads our output has enough
            sys.stdout = None
            code = 0
        except OSError as error:
            place = error.filename or "a file"
            typer.echo(
                f"synth: cannot use {place}: {error.strerror or error}; name a place that you can write", err=True
            )
            code = 2
        except (UserError, NotImplementedError, ValueError) as error:
            if isinstance(error, ValueError) and type(error).__name__ not in _LOADING:
                raise
            typer.echo(f"synth: {error}", err=True)
            code = 2
        raise typer.Exit(code)

    return run
