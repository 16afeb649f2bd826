"""A server on this computer that does whatever a test says, also what no server should."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Deed = Callable[["Handler"], None]
Script = Callable[["Seen"], Deed]


@dataclass(frozen=True)
class Seen:
    """A request as it came: the how many-th with a body it is, from 0, and what stood in it."""

    index: int
    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Fake:
    """A server that listens; `seen` holds the requests with a body, `pages` the paths asked for without one."""

    script: Script
    pages_said: dict[str, Any]
    seen: list[Seen] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    most_at_once: int = 0
    at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    stop: threading.Event = field(default_factory=threading.Event)
    server: ThreadingHTTPServer | None = None

    def open(self, port: int = 0) -> Fake:
        """Listen, on a free port unless one is given."""
        self.server = ThreadingHTTPServer(("127.0.0.1", port), type("Bound", (Handler,), {"fake": self}))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def close(self) -> None:
        """Stop listening and break off what is under way."""
        self.stop.set()
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    @property
    def port(self) -> int:
        """The port it listens at."""
        assert self.server
        return int(self.server.server_address[1])

    @property
    def url(self) -> str:
        """Its address, as a user would give it, without a model."""
        return f"http://127.0.0.1:{self.port}/v1"


class Handler(BaseHTTPRequestHandler):
    """Answers by the script of its server."""

    fake: Fake
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer with the page of this path, if there is one."""
        self.fake.pages.append(self.path)
        page = self.fake.pages_said.get(self.path)
        self.send(200 if page is not None else 404, json.dumps(page).encode())

    def do_POST(self) -> None:
        """Do what the script says."""
        fake = self.fake
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with fake.lock:
            fake.at_once += 1
            fake.most_at_once = max(fake.most_at_once, fake.at_once)
            seen = Seen(len(fake.seen), "POST", self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            fake.seen.append(seen)
        try:
            fake.script(seen)(self)
        except OSError:
            self.close_connection = True
        finally:
            with fake.lock:
                fake.at_once -= 1

    def send(self, status: int, body: bytes, **headers: str) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class Serve:
    """Opens servers for a test, and knows what they may do."""

    def __init__(self) -> None:
        self.open: list[Fake] = []

    def __call__(self, script: Script | Deed, pages: dict[str, Any] | None = None) -> Fake:
        """Return a server that acts by a script, or always does the same deed."""
        fake = Fake(script, {"/v1/models": {"data": [{"id": "tiny"}]}} if pages is None else pages)
        self.open.append(fake.open())
        return fake

    @staticmethod
    def always(deed: Deed) -> Script:
        """Do the same for every request."""
        return lambda seen: deed

    @staticmethod
    def text(*texts: Any, finish: str = "stop", usage: Any = (10, 5), **fields: Any) -> Deed:
        """Answer with one choice for each text."""
        choices = [
            {"index": i, "message": {"role": "assistant", "content": text}, "finish_reason": finish, **fields}
            for i, text in enumerate(texts)
        ]
        value: dict[str, Any] = {"object": "chat.completion", "choices": choices}
        if usage:
            value["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
        return Serve.json(value)

    @staticmethod
    def json(value: Any, status: int = 200, **headers: str) -> Deed:
        """Answer with JSON."""
        return Serve.raw(json.dumps(value).encode(), status, **headers)

    @staticmethod
    def raw(body: bytes, status: int = 200, **headers: str) -> Deed:
        """Answer with bytes."""
        return lambda handler: handler.send(status, body, **headers)

    @staticmethod
    def stall(handler: Handler) -> None:
        """Take the request and say nothing until the server is closed."""
        handler.fake.stop.wait(30)
        handler.close_connection = True

    @staticmethod
    def drip(handler: Handler) -> None:
        """Send a byte now and then, for ever."""
        handler.send_response(200)
        handler.end_headers()
        while not handler.fake.stop.wait(0.02):
            handler.wfile.write(b" ")

    @staticmethod
    def endless(handler: Handler) -> None:
        """Send without end, as fast as it goes."""
        handler.send_response(200)
        handler.end_headers()
        while not handler.fake.stop.is_set():
            handler.wfile.write(b"[" * 65_536)

    @staticmethod
    def half(handler: Handler) -> None:
        """Promise a body and close the connection in the middle of it."""
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"choices": [')
        handler.close_connection = True

    @staticmethod
    def reset(handler: Handler) -> None:
        """Break the connection off without a word."""
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()
        handler.close_connection = True


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Open servers; they are closed when the test ends."""
    opened = Serve()
    yield opened
    for fake in opened.open:
        fake.close()
