"""A Hub on this computer: as much of the HTTP interface as pushing and loading a dataset takes, and what a test adds.

The routes are those that huggingface_hub 2.4 and datasets 5.2 ask for with Xet switched off. A large file is sent by
the LFS protocol, a small one inside the commit. Everything is kept in memory.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_of_the_tests"
LARGE = (".parquet", ".pyz")  # sent by LFS, as the Hub decides by default for binary files


@dataclass
class Commit:
    """A commit: what changed, and the files after it (path → content)."""

    oid: str
    message: str
    added: list[str]
    deleted: list[str]
    files: dict[str, bytes]


@dataclass
class Repo:
    """A dataset on the Hub."""

    private: bool
    commits: list[Commit] = field(default_factory=list)

    def at(self, revision: str) -> Commit | None:
        if revision == "main":
            return self.commits[-1]
        return next((commit for commit in self.commits if commit.oid == revision), None)


Deed = Callable[["Handler"], bool]  # does something else than the Hub would; False: the Hub goes on as it would


class Server(ThreadingHTTPServer):
    """Knows what is connected: clients keep their connections, which outlive the socket that listens."""

    request_queue_size = 64
    daemon_threads = True

    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        self.connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)


class Loopback:
    """The Hub; `seen` holds (method, path) of every request, `large` the contents that were sent by LFS."""

    def __init__(self, port: int = 0) -> None:
        self.lock = threading.RLock()
        self.port = port
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.repos: dict[str, Repo] = {}
        self.large: dict[str, bytes] = {}
        self.seen: list[tuple[str, str]] = []
        self.deeds: list[tuple[str, str, Deed]] = []
        self.owners = {"ada"}

    def open(self) -> Loopback:
        """Listen, at the same port as before."""
        self.server = Server(("127.0.0.1", self.port), type("Bound", (Handler,), {"hub": self}))
        self.port = int(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def close(self) -> None:
        """Stop listening, and break off what is connected."""
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.server.connections):
            with suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def instead(self, method: str, pattern: str, deed: Deed) -> None:
        """Do something else at requests whose path matches, for as long as the deed returns True."""
        self.deeds.append((method, pattern, deed))

    def count(self, method: str, pattern: str) -> int:
        """Return how often something was asked for."""
        return sum(seen == method and re.search(pattern, path) is not None for seen, path in self.seen)

    def files(self, name: str) -> dict[str, bytes]:
        """Return what a dataset holds now."""
        return self.repos[name].commits[-1].files


class Handler(BaseHTTPRequestHandler):
    """Answers as the Hub would."""

    hub: Loopback
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        self.route, self.query = unquote(parts.path), parse_qs(parts.query)
        length = int(self.headers.get("content-length") or 0)
        self.body = self.rfile.read(length) if length else self._chunks()
        with self.hub.lock:
            self.hub.seen.append((self.command, self.route))
            deeds = [deed for method, pattern, deed in self.hub.deeds
                     if method == self.command and re.search(pattern, self.route)]  # fmt: skip
        if any(deed(self) for deed in deeds):
            return
        for method, pattern, answer in ROUTES:
            if method == self.command and (match := re.fullmatch(pattern, self.route)):
                with self.hub.lock:
                    answer(self, *match.groups())
                return
        self.fail(404, "EntryNotFound")

    do_GET = do_HEAD = do_POST = do_PUT = _serve  # noqa: N815  # names that the standard library calls

    def _chunks(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return b""
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    # ---- answers ------------------------------------------------------------------------------------------------

    def send(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def say(self, value: Any, status: int = 200) -> None:
        self.send(status, json.dumps(value).encode(), {"content-type": "application/json"})

    def fail(self, status: int, code: str = "", message: str = "", **headers: str) -> None:
        named = {"X-Error-Code": code, "X-Error-Message": message}
        found = {name: text for name, text in named.items() if text} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        self.send(
            status, json.dumps({"error": message or code}).encode(), {"content-type": "application/json", **found}
        )

    def known(self) -> bool:
        """Say whether the request has our token; answer 401 where it has not."""
        if self.headers.get("authorization") == f"Bearer {TOKEN}":
            return True
        self.fail(401, message="Invalid credentials in Authorization header")
        return False

    def commit_of(self, name: str, revision: str) -> Commit | None:
        """Return a commit of a dataset that the request may see; answer 404 where there is none."""
        repo = self.hub.repos.get(name)
        if repo is None or (repo.private and self.headers.get("authorization") != f"Bearer {TOKEN}"):
            self.fail(404, "RepoNotFound")
            return None
        found = repo.at(revision)
        if found is None:
            self.fail(404, "RevisionNotFound")
        return found

    # ---- routes ----------------------------------------------------------------------------------------------------

    def info(self, name: str, revision: str | None = None) -> None:
        if (commit := self.commit_of(name, revision or "main")) is not None:
            siblings = [{"rfilename": path} for path in sorted(commit.files)]
            private = self.hub.repos[name].private
            self.say({"id": name, "sha": commit.oid, "private": private, "siblings": siblings, "tags": [],
                      "downloads": 0, "likes": 0})  # fmt: skip

    def create(self) -> None:
        if not self.known():
            return
        asked = json.loads(self.body)
        name = f"{asked['organization']}/{asked['name']}"
        if asked["organization"] not in self.hub.owners:
            self.fail(403, message="You don't have the rights to create a dataset under this namespace")
            return
        address = {"url": f"{self.hub.url}/datasets/{name}"}
        if name in self.hub.repos:
            self.say({**address, "error": "You already created this dataset repo"}, 409)
            return
        private = asked.get("private") or asked.get("visibility") == "private"
        first = Commit(hashlib.sha1(name.encode()).hexdigest(), "initial commit", [".gitattributes"], [],
                       {".gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"})  # fmt: skip
        self.hub.repos[name] = Repo(bool(private), [first])
        self.say(address)

    def preupload(self, name: str, revision: str) -> None:
        if not self.known() or (commit := self.commit_of(name, revision)) is None:
            return
        answers = []
        for file in json.loads(self.body)["files"]:
            large = file["path"].endswith(LARGE) or file["size"] > 10 << 20
            answers.append({"path": file["path"], "uploadMode": "lfs" if large else "regular", "shouldIgnore": False,
                            "oid": oid(commit.files.get(file["path"]), large)})  # fmt: skip
        self.say({"files": answers})

    def batch(self, name: str) -> None:
        if not self.known():
            return
        objects = []
        for each in json.loads(self.body)["objects"]:
            there = each["oid"] in self.hub.large
            upload = {"href": f"{self.hub.url}/store/{each['oid']}", "header": {}}
            verify = {"href": f"{self.hub.url}/store-verify/{each['oid']}", "header": {}}
            objects.append({**each, **({} if there else {"actions": {"upload": upload, "verify": verify}})})
        self.say({"transfer": "basic", "objects": objects})

    def store(self, digest: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != digest:
            self.fail(400, message="not what was announced")
            return
        self.hub.large[digest] = self.body
        self.send(200)

    def stored(self, digest: str) -> None:
        self.send(200 if digest in self.hub.large else 404)

    def yaml(self) -> None:
        front = json.loads(self.body)["content"].split("---\n")[1]
        wrong = [] if "config_name: data\n" not in front else [{"message": "a config may not be called data"}]
        self.say({"errors": wrong, "warnings": []}, 400 if wrong else 200)

    def commit(self, name: str, revision: str) -> None:
        if not self.known() or (last := self.commit_of(name, revision)) is None:
            return
        files, message, added, deleted = dict(last.files), "", [], []
        for line in self.body.splitlines():
            part = json.loads(line)
            key, value = part["key"], part["value"]
            if key == "header":
                message = value["summary"]
            elif key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
                added.append(value["path"])
            elif key == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
                added.append(value["path"])
            elif key == "deletedFile":
                del files[value["path"]]
                deleted.append(value["path"])
        named = {path: oid(body, True) for path, body in sorted(files.items())}  # clients remember what a commit holds
        number = hashlib.sha1(f"{name} {last.oid} {named}".encode()).hexdigest()
        self.hub.repos[name].commits.append(Commit(number, message, added, deleted, files))
        self.say({"commitUrl": f"{self.hub.url}/datasets/{name}/commit/{number}", "commitOid": number})

    def tree(self, name: str, revision: str, under: str | None) -> None:
        commit = self.commit_of(name, revision)
        if commit is None:
            return
        inside = {path for path in commit.files if path.startswith(f"{under}/")} if under else set(commit.files)
        if under and not inside:
            self.fail(404, "EntryNotFound")
            return
        self.say([entry(path, commit.files[path]) for path in sorted(inside)])

    def paths(self, name: str, revision: str) -> None:
        if (commit := self.commit_of(name, revision)) is not None:
            asked = parse_qs(self.body.decode())["paths"] if b"=" in self.body else json.loads(self.body)["paths"]
            self.say([entry(path, commit.files[path]) for path in asked if path in commit.files])

    def resolve(self, name: str, revision: str, path: str) -> None:
        commit = self.commit_of(name, revision)
        if commit is None:
            return
        if path not in commit.files:
            self.fail(404, "EntryNotFound")
            return
        body = commit.files[path]
        headers = {"ETag": f'"{oid(body, True)}"', "X-Repo-Commit": commit.oid, "Accept-Ranges": "bytes"}
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range") or "")
        if match is None or self.command == "HEAD":
            self.send(200, body, headers)
            return
        first, last = int(match[1]), int(match[2] or len(body) - 1)
        part = body[first : last + 1]
        self.send(206, part, {**headers, "Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(body)}"})


def oid(body: bytes | None, large: bool) -> str | None:
    """Return by what the Hub names a file: the SHA-256 of a large one, git's SHA-1 of another."""
    if body is None:
        return None
    return hashlib.sha256(body).hexdigest() if large else hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()


def entry(path: str, body: bytes) -> dict[str, Any]:
    """Return a file as listings name it."""
    found = {"type": "file", "path": path, "size": len(body), "oid": oid(body, False)}
    return found | (
        {"lfs": {"oid": oid(body, True), "size": len(body), "pointerSize": 130}} if path.endswith(LARGE) else {}
    )


_NAME = r"([^/]+/[^/]+)"
ROUTES = [
    ("POST", "/api/repos/create", Handler.create),
    ("POST", "/api/validate-yaml", Handler.yaml),
    ("GET", f"/api/datasets/{_NAME}", Handler.info),
    ("GET", f"/api/datasets/{_NAME}/revision/([^/]+)", Handler.info),
    ("GET", f"/api/datasets/{_NAME}/tree/([^/]+)(?:/(.+))?", Handler.tree),
    ("POST", f"/api/datasets/{_NAME}/paths-info/([^/]+)", Handler.paths),
    ("POST", f"/api/datasets/{_NAME}/preupload/([^/]+)", Handler.preupload),
    ("POST", f"/api/datasets/{_NAME}/commit/([^/]+)", Handler.commit),
    ("POST", rf"/datasets/{_NAME}\.git/info/lfs/objects/batch", Handler.batch),
    ("PUT", "/store/([0-9a-f]+)", Handler.store),
    ("POST", "/store-verify/([0-9a-f]+)", Handler.stored),
    ("HEAD", f"/datasets/{_NAME}/resolve/([^/]+)/(.+)", Handler.resolve),
    ("GET", f"/datasets/{_NAME}/resolve/([^/]+)/(.+)", Handler.resolve),
]
