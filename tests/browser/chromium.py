"""A headless Chromium, driven over the DevTools protocol: enough to open a page, use it, and see what it asks for."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "these tests need Chromium (Debian: apt-get install chromium); none of these is on the path: " + ", ".join(
    NAMES
)
SECONDS = 60  # for a page to load or a script to end, on a machine that is busy


class Tab:
    """One page: what it logged, and every request that it made."""

    def __init__(self, socket: ClientConnection, session: str) -> None:
        self._socket, self._session, self._number = socket, session, 0
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result; events that come meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters, "sessionId": self._session}
        self._socket.send(json.dumps(message))
        while True:
            found = self._receive()
            if found.get("id") == self._number:
                assert "error" not in found, found["error"]
                return found["result"]

    def _receive(self) -> dict[str, Any]:
        found = json.loads(self._socket.recv(timeout=SECONDS))
        if "method" in found:
            self.events.append(found)
        return found

    def open(self, url: str, *, width: int = 1280, height: int = 800, dark: bool = False) -> None:
        """Load a page in a window of so many pixels, and wait until it is there."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)
        for address in ("about:blank", url):  # from the blank page, a part of the same page is loaded anew too
            self.events.clear()
            self.call("Page.navigate", url=address)
            while not any(event["method"] == "Page.loadEventFired" for event in self.events):
                self._receive()

    def run(self, script: str) -> Any:
        """Return the value of a script; raise where it throws."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        code = {"Enter": 13, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)
            text = {}

    def requests(self) -> list[str]:
        """Return the addresses that the page asked for, itself included."""
        return [
            event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """Return what was logged to the console as a warning or an error, and what was thrown."""
        found = []
        for event in self.events:
            what = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(str(what["exceptionDetails"]))
            elif event["method"] == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning", "assert"):
                found.append(str(what["args"]))
            elif event["method"] == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
                found.append(str(what["entry"]))
        return found

    def picture(self, path: Path) -> None:
        """Write a picture of what is to be seen."""
        path.write_bytes(b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def browser() -> Iterator[Tab]:
    """Yield a tab of a fresh Chromium without a network; it ends with the block."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program, MISSING
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                 "--disable-background-networking", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND",
                 "--remote-debugging-port=0", f"--user-data-dir={profile}"]  # fmt: skip
        with subprocess.Popen(
            [program, *flags, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                with connect(_address(Path(profile), process), max_size=None) as socket:
                    yield Tab(socket, _session(socket))
            finally:
                process.kill()


def _address(profile: Path, process: subprocess.Popen[bytes]) -> str:
    """Return where the browser listens; it writes this to a file when it is ready."""
    file, end = profile / "DevToolsActivePort", time.monotonic() + SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, f"Chromium ended with {process.returncode}"
        lines = file.read_text().splitlines() if file.is_file() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.1)
    raise AssertionError(f"Chromium did not start within {SECONDS} seconds")


def _session(socket: ClientConnection) -> str:
    """Attach to a new tab and return the session."""
    found: dict[str, Any] = {}
    for number, (method, parameters) in enumerate(
        (("Target.createTarget", {"url": "about:blank"}), ("Target.attachToTarget", {"flatten": True})), -2
    ):
        message = {"id": number, "method": method, "params": {**parameters, **found}}
        socket.send(json.dumps(message))
        while (answer := json.loads(socket.recv(timeout=SECONDS))).get("id") != number:
            pass
        found = answer["result"]
    return str(found["sessionId"])
