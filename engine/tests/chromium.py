"""A real Chromium without a window, driven through its debugging pipe by the DevTools protocol; nothing to install.

https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import json
import os
import select
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

SECONDS = 180  # of patience with a busy machine
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
QUIET = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-extensions")


def path() -> str:
    """Find Chromium, or skip the test by name."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("Chromium is not installed (Debian: chromium)")
    return found


class Page:
    """A page in a browser of its own; it keeps what was said in the console, and what was asked of the network."""

    def __init__(self) -> None:
        binary = path()
        self.profile = tempfile.mkdtemp(prefix="chromium-")
        (theirs, self.to), (self.of, answers) = os.pipe(), os.pipe()
        for end in (theirs, answers):
            os.set_inheritable(end, True)
        kept = os.open(os.devnull, os.O_WRONLY)
        # 3 and 4 are where Chromium looks; first out of the way of what stands there already
        moves = [(os.POSIX_SPAWN_DUP2, theirs, 203), (os.POSIX_SPAWN_DUP2, answers, 204)]
        moves += [(os.POSIX_SPAWN_DUP2, 203, 3), (os.POSIX_SPAWN_DUP2, 204, 4), (os.POSIX_SPAWN_DUP2, kept, 2)]
        command = [binary, *FLAGS, *QUIET, f"--user-data-dir={self.profile}", "--remote-debugging-pipe", "about:blank"]
        self.pid = os.posix_spawn(binary, command, os.environ, file_actions=moves, setpgroup=0)
        for end in (theirs, answers, kept):
            os.close(end)
        self.console: list[str] = []
        self.requests: list[str] = []
        self._number, self._rest = 0, b""
        self._session: str | None = None
        self._context: str | None = None
        self.renew()

    def renew(self) -> None:
        """Open an empty page that shares no cache, cookies or storage with the page before."""
        self._session = None
        if self._context is not None:
            self.send("Target.disposeBrowserContext", browserContextId=self._context)
        self._context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=self._context)["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        self.console, self.requests = [], []

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command, and wait for its result."""
        self._number += 1
        session = {} if self._session is None else {"sessionId": self._session}
        message = {"id": self._number, "method": method, "params": params, **session}
        os.write(self.to, json.dumps(message).encode() + b"\0")
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            told = self._read(ends)
            if told.get("id") == self._number:
                assert "error" not in told, f"{method}: {told['error']}"
                return told["result"]
        raise AssertionError(f"{method}: no answer")

    def open(self, url: str) -> None:
        """Go to a page, and wait until it is there."""
        self.send("Page.navigate", url=url)
        self.wait(f"document.readyState === 'complete' && location.href.startsWith({json.dumps(url)})")

    def run(self, script: str) -> Any:
        """Give the value of an expression."""
        told = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until an expression is true."""
        ends = time.monotonic() + SECONDS
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < ends, f"not within {SECONDS} s: {condition}; {self.console}"
            time.sleep(0.02)

    def text(self, selector: str) -> str:
        """Give the text that a person sees in an element."""
        return self.run(f"document.querySelector({json.dumps(selector)}).innerText")

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key, and let it go."""
        known = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **known)
        self.send("Input.dispatchKeyEvent", type="keyUp", **known)

    def type(self, text: str) -> None:
        """Write into the field that has the focus."""
        self.send("Input.insertText", text=text)

    def look(self, width: int, height: int, scheme: str = "light") -> None:
        """Choose the window's size, and whether it is light or dark."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, file: Path) -> None:
        """Write the whole page as a PNG."""
        told = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(told["data"]))

    def close(self) -> None:
        """End the browser, and all processes that it made."""
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.to)
        os.close(self.of)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _read(self, ends: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self.of], [], [], max(0.0, ends - time.monotonic()))
            part = os.read(self.of, 2**20) if ready else b""
            assert part, "Chromium has ended, or does not answer"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        told = json.loads(message)
        self._note(told.get("method", ""), told.get("params", {}))
        return told

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.console.append(str(params["exceptionDetails"].get("exception", {}).get("description")))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.console.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.console.append(str([each.get("value") for each in params["args"]]))
