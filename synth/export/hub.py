"""The Hugging Face Hub, as far as a push needs it. Only this file imports `huggingface_hub`, and only when it is used.

Tested with huggingface_hub 2.4.0. Large files are streamed from disk, and what the Hub holds already is not sent again,
so a push that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from synth.errors import UserError

Result = TypeVar("Result")

_AGAIN = (408, 429, 500, 502, 503, 504)  # statuses after which the same request may go well
_CLOSED = "the client has been closed"  # where a connection fails in one thread, the client closes those of all
_NETWORK = ("httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3", "socket", "ssl")


@dataclass(frozen=True)
class Patience:
    """How often something is tried, and how long is waited before it is tried again, doubling each time."""

    tries: int = 3
    first_wait_s: float = 2.0
    longest_wait_s: float = 300.0


@dataclass(frozen=True)
class Held:
    """What a dataset on the Hub holds: its files, and whether others can see it."""

    files: frozenset[str]
    private: bool


class Hub:
    """The Hub at `HF_ENDPOINT`, with the token that is set. Raise `UserError` where the client is not installed."""

    def __init__(self, patience: Patience, say: Callable[[str], None]) -> None:
        try:
            import huggingface_hub
        except ImportError as error:
            raise UserError("pushing needs huggingface_hub; install it: pip install 'synth-corpus[hub]'") from error
        self._hub = huggingface_hub
        self._api: Any = huggingface_hub.HfApi(library_name="synth")
        self._patience = patience
        self._say = say

    def check_name(self, name: str) -> None:
        """Raise `UserError` where no dataset can have this name."""
        from huggingface_hub.utils import validate_repo_id

        if name.count("/") != 1:
            raise UserError(f"{name!r} is no name of a dataset: say whose it is, as in USER/NAME")
        try:
            validate_repo_id(name)
        except ValueError as error:
            raise UserError(f"the Hub refuses the name {name!r}: {str(error)[:200]}; choose another") from error

    def check_token(self) -> None:
        """Raise `UserError` where there is no token."""
        if not self._hub.get_token():
            raise UserError("there is no token for the Hub; run `hf auth login`, or set HF_TOKEN to one that may write")

    def held(self, name: str) -> Held | None:
        """Return what a dataset holds, None where there is none that this token can see."""

        def ask() -> Held | None:
            try:
                info = self._api.repo_info(name, repo_type="dataset")
            except self._hub.errors.RepositoryNotFoundError:
                return None
            return Held(frozenset(file.rfilename for file in info.siblings or ()), bool(info.private))

        return self._patiently(name, ask)

    def create(self, name: str, private: bool) -> None:
        """Create an empty dataset, where there is none of this name."""
        self._patiently(name, lambda: self._api.create_repo(name, repo_type="dataset", private=private, exist_ok=True))

    def commit(self, name: str, add: Mapping[str, Path | bytes], delete: Sequence[str], message: str) -> str:
        """Send files as one commit, and delete others in it; return its address. Nothing is changed: the last one's."""
        Add, Delete = self._hub.CommitOperationAdd, self._hub.CommitOperationDelete  # noqa: N806  # classes

        def send() -> str:
            sources = {path: str(source) if isinstance(source, Path) else source for path, source in add.items()}
            operations = [Add(path_in_repo=path, path_or_fileobj=source) for path, source in sources.items()]
            operations += [Delete(path_in_repo=path) for path in delete]
            found = self._api.create_commit(name, operations, commit_message=message, repo_type="dataset")
            return str(found.commit_url)

        return self._patiently(name, send)

    def address(self, name: str) -> str:
        """Return the address of a dataset."""
        return f"{self._api.endpoint}/datasets/{name}"

    def _patiently(self, name: str, do: Callable[[], Result]) -> Result:
        """Do something, again where that may help; raise `UserError` where it does not."""
        wait = self._patience.first_wait_s
        for left in reversed(range(self._patience.tries)):
            try:
                return do()
            except Exception as error:
                status, asked = _status(error), _asked_to_wait(error)
                if status is None and not _of_the_network(error):
                    raise
                wait = max(wait, asked)
                if not left or (status is not None and status not in _AGAIN) or wait > self._patience.longest_wait_s:
                    raise UserError(self._why(name, status, error, asked)) from error
                self._say(f"the Hub {_said(status)}; going on in {wait:.0f} seconds")
            time.sleep(wait)
            wait *= 2
        raise AssertionError("the last try returns or raises")

    def _why(self, name: str, status: int | None, error: Exception, asked: float) -> str:
        """Say what went wrong, and what to do about it."""
        again = "run the same command again: what the Hub holds already is not sent again"
        if status is None:
            return f"cannot reach the Hub at {self._api.endpoint} ({_reason(error)}); {again}"
        if status == 401:
            return "the Hub does not know this token; run `hf auth login`, or set HF_TOKEN to one that may write"
        if status == 403:
            return f"this token may not write to {name}; use one that may, or push to a name of your own"
        if status == 429:
            when = f" for {asked:.0f} seconds" if asked else ""
            return f"the Hub asks to wait{when}, too much was sent; then {again}"
        if status in _AGAIN:
            return f"the Hub {_said(status)}; {again}"
        return f"the Hub refuses {name} (status {status}): {_reason(error)}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what caused it: the client wraps errors of uploads."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _response(error: BaseException) -> Any:
    return next((found for each in _chain(error) if (found := getattr(each, "response", None)) is not None), None)


def _status(error: BaseException) -> int | None:
    """Return the status that the Hub answered, None where it did not answer."""
    response = _response(error)
    return None if response is None else int(response.status_code)


def _asked_to_wait(error: BaseException) -> float:
    """Return for how many seconds the Hub asks to wait, 0 where it does not say."""
    response = _response(error)
    try:
        return max(0.0, float(response.headers.get("Retry-After", 0))) if response is not None else 0.0
    except ValueError:  # a date
        return 0.0


def _of_the_network(error: BaseException) -> bool:
    """Say whether an error comes from a connection, whatever library the client makes it with."""
    return any(
        isinstance(each, ConnectionError | TimeoutError)
        or type(each).__module__.partition(".")[0] in _NETWORK
        or _CLOSED in str(each)
        for each in _chain(error)
    )


def _said(status: int | None) -> str:
    return "does not answer" if status is None else f"answers with status {status}"


def _reason(error: BaseException) -> str:
    last = list(_chain(error))[-1]
    text = getattr(error, "server_message", None) or str(last) or type(last).__name__
    return " ".join(text.split())[:300]
