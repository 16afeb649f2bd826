"""Packages that only some users need: a message that says what to install where one is missing or too old."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version

from synth.errors import UserError


def need(package: str, least: str, extra: str) -> str:
    """Return the installed version of a package; raise `UserError` where it is missing or older than `least`.

    `package` is its name at the registry, `extra` the extra of synth-corpus that brings it.

    >>> need("pydantic", "2.5", "hub")[0]
    '2'
    >>> need("pydantic", "99", "hub")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    synth.errors.UserError: pydantic ... is too old, 99 or later is needed: pip install -U 'synth-corpus[hub]'
    """
    try:
        found = version(package)
    except PackageNotFoundError:
        raise UserError(f"{package} is not installed: pip install 'synth-corpus[{extra}]'") from None
    if _numbers(found) < _numbers(least):
        raise UserError(
            f"{package} {found} is too old, {least} or later is needed: pip install -U 'synth-corpus[{extra}]'"
        )
    return found


def _numbers(text: str) -> tuple[int, ...]:
    """Return the release of a version as numbers; what follows it, such as `rc1` or `+cpu`, is left out.

    >>> _numbers("1.16.0rc1+cpu")
    (1, 16, 0)
    """
    found = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
