"""A headless Chromium, driven over a pipe with its own protocol: pages opened, keys pressed, pointers moved.

Source: Chrome DevTools Protocol, domains Target, Page, Runtime and Input; messages end with a zero byte.
"""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
_PATIENCE = 60.0
_SHIFT = 8
"""Among the modifiers of Chromium's protocol."""

_CODES = {"Enter": 13, " ": 32, "Escape": 27, "Delete": 46, "ArrowLeft": 37, "ArrowRight": 39, "Tab": 9}


class Tab:
    """A page in the browser."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back, self._rest, self._number = to, back, b"", 0
        self._session = self._target = ""
        self.complaints: list[str] = []
        self.asked: list[str] = []

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser answers."""
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session and not method.startswith("Target."):
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def _begin(self) -> None:
        """Takes a page of its own; one that would rather not be left is closed unasked."""
        before, self._target = self._target, self.call("Target.createTarget", url="about:blank")["targetId"]
        if before:
            self.call("Target.closeTarget", targetId=before)
        self._session = self.call("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def open(self, address: str, width: int = 1200, height: int = 800, *, mobile: bool = False) -> None:
        """Opens a page, and waits until it says that it is ready."""
        self._begin()
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        self.call("Page.navigate", url=address)
        self.wait("document.body && document.body.dataset.ready === 'yes'")

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript comes to."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Waits until an expression holds."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with suppress(AssertionError):
                if self.value(expression):
                    return
            self.value("new Promise(done => setTimeout(done, 15))")
        raise AssertionError(f"{expression} never held: {self.value('document.body.innerText')} {self.complaints}")

    def press(self, *keys: str) -> None:
        for key in keys:
            code = f"Digit{key}" if key.isdigit() else f"Key{key.upper()}" if len(key) == 1 and key.isalpha() else key
            about: dict[str, Any] = {"key": key, "code": code, "windowsVirtualKeyCode": _CODES.get(key, ord(key[0]))}
            text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
            self.call("Input.dispatchKeyEvent", type="keyDown", **about, **text)
            self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def drag(self, start: tuple[float, float], end: tuple[float, float], *, shift: bool = False) -> None:
        """Draws from one point of the window to another with the button held."""
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        for kind, point in (("Pressed", start), ("Moved", middle), ("Moved", end), ("Released", end)):
            self._mouse(f"mouse{kind}", point, _SHIFT if shift else 0)

    def click(self, selector: str) -> None:
        self.value(f"document.querySelector({json.dumps(selector)}).click()")

    def picture(self, path: Path) -> None:
        """Writes a screenshot."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _mouse(self, kind: str, point: tuple[float, float], modifiers: int) -> None:
        x, y = point
        held = {"button": "left", "buttons": 1, "clickCount": 1, "modifiers": modifiers}
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **held)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._back, 1 << 20)
            assert part, "the browser has ended"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        event: dict[str, Any] = json.loads(message)
        parameters = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(parameters["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(str(parameters["entry"]))
        elif event.get("method") == "Network.requestWillBeSent":
            self.asked.append(parameters["request"]["url"])
        return event


@contextmanager
def browser(folder: Path) -> Iterator[Tab]:
    """A tab of a browser with a profile of its own below `folder`; it ends with the block."""
    (theirs, to), (back, ours) = os.pipe(), os.pipe()
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    words = ["--headless", "--no-sandbox", "--disable-gpu", *quiet, f"--user-data-dir={folder / 'profile'}"]
    # The protocol is spoken on descriptors 3 and 4; the shell puts them there.
    command = f'exec "$0" "$@" 3<&{theirs} 4>&{ours}'
    process = subprocess.Popen(
        ["/bin/bash", "-c", command, str(BROWSER), *words, "--remote-debugging-pipe", "about:blank"],
        pass_fds=(theirs, ours),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    os.close(ours)
    try:
        yield Tab(to, back)
    finally:
        process.kill()
        process.wait()
        os.close(to)
        os.close(back)
