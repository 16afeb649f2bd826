"""The one file that knows the `openai` package: one request, one bounded answer or the reason why there is none."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from importlib import import_module
from types import TracebackType
from typing import Any

import openai

from synth.propose.server.address import Address

# the HTTP library is named by the package that brings it: httpx in older releases, httpx2 in newer ones
_NAMES = [str(base.__module__).partition(".")[0] for base in openai.DefaultAsyncHttpxClient.__mro__]
_http: Any = import_module(next(name for name in _NAMES if name.startswith("httpx")))

MAX_BODY = 4 * 2**20  # bytes of an answer, unpacked


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for, in seconds, and how often it is asked again.

    `reply_s` bounds one request, `total_s` a request with all its retries; waits double from `first_wait_s` up to
    `longest_wait_s`, which also bounds what the server asks for by Retry-After.
    """

    tries: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0
    connect_s: float = 10.0
    reply_s: float = 120.0
    total_s: float = 600.0


@dataclass(frozen=True)
class Answer:
    """What came back: status, at most `MAX_BODY` bytes, and the wait in seconds that it asks for."""

    status: int
    body: bytes
    retry_after_s: float | None = None


class Lost(Exception):
    """No answer. `refused`: nobody listens there. `again`: asking again may help."""

    def __init__(self, why: str, *, refused: bool = False, again: bool = True) -> None:
        super().__init__(why)
        self.refused, self.again = refused, again


class Unreadable(Exception):
    """An answer that is too long, or packed in a way that was not asked for."""


class _Bounded(_http.AsyncByteStream):  # type: ignore[misc]
    """The bytes of an answer, unpacked, up to the limit."""

    def __init__(self, inner: Any, encoding: str) -> None:
        self.inner = inner
        self.encoding = encoding

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.encoding not in ("identity", "gzip", "x-gzip", "deflate"):
            raise Unreadable("its answer is packed in a way that was not asked for")
        unpack = None if self.encoding == "identity" else zlib.decompressobj(wbits=47)
        left = MAX_BODY
        async for packed in self.inner:
            try:
                piece = unpack.decompress(packed, left + 1) if unpack else packed
            except zlib.error:
                raise Unreadable("its answer cannot be unpacked") from None
            left -= len(piece)
            if left < 0:
                raise Unreadable(f"its answer is longer than {MAX_BODY // 2**20} MiB")
            yield piece

    async def aclose(self) -> None:
        """Close the connection."""
        await self.inner.aclose()


@cache
def _trusted() -> Any:
    """Return the certificates that are trusted; reading them takes longer than a request to this computer."""
    return _http.create_ssl_context()


async def _bound(response: Any) -> None:
    encoding = response.headers.pop("content-encoding", None) or "identity"
    response.stream = _Bounded(response.stream, encoding.strip().lower())


class Wire:
    """A connection to one server, open while used as a context; it never follows to another address."""

    def __init__(self, address: Address, key: str, patience: Patience) -> None:
        self.patience = patience
        http = openai.DefaultAsyncHttpxClient(
            event_hooks={"response": [_bound]}, follow_redirects=False, verify=_trusted()
        )
        self._client = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=address.url,
            http_client=http,
            max_retries=0,
            timeout=openai.Timeout(patience.reply_s, connect=patience.connect_s),
            default_headers={"Accept-Encoding": "identity"},
        )

    async def __aenter__(self) -> Wire:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def get(self, url: str) -> Answer:
        """Ask for a page by its whole address; raise `Lost`."""
        return await self._send(self._client.get(url, cast_to=_http.Response))

    async def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Send a request; raise `Lost`."""
        return await self._send(self._client.post(path, body=dict(body), cast_to=_http.Response))

    async def _send(self, sending: Any) -> Answer:
        try:
            async with asyncio.timeout(self.patience.reply_s):
                return _answer(await sending)
        except openai.APIStatusError as error:
            return _answer(error.response)
        except (TimeoutError, openai.APITimeoutError):
            raise Lost(f"it did not answer within {self.patience.reply_s:g} s") from None
        except Unreadable as error:
            raise Lost(str(error), again=False) from None
        except (openai.APIConnectionError, _http.HTTPError, OSError) as error:
            cause = error.__cause__ or error
            if isinstance(cause, Unreadable):
                raise Lost(str(cause), again=False) from None
            if isinstance(cause, _http.ConnectError):
                raise Lost("nobody listens there", refused=True) from None
            raise Lost("it closed the connection") from None


def _answer(response: Any) -> Answer:
    return Answer(int(response.status_code), bytes(response.content), _wait(response.headers.get("retry-after")))


def _wait(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header: a number, or a date; None where it is neither."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
