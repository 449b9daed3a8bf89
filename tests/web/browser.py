"""A real browser without a screen, driven through its DevTools protocol: Chromium, as the system installs it."""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
from websockets.sync.client import connect

PATIENCE_S = 40.0
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_LISTENING = re.compile(rb"DevTools listening on (ws://\S+)")
_PLACES = ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
"""Where programs leave things."""
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio", "--hide-scrollbars"),
    *("--no-first-run", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions"),
    *("--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--disable-breakpad"),
    *("--disable-features=Translate,MediaRouter,OptimizationHints", "--autoplay-policy=no-user-gesture-required"),
    *("--disable-background-timer-throttling", "--disable-renderer-backgrounding"),
)

READ_STAMP = """(canvas => {
    const context = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const width = canvas.videoWidth || canvas.naturalWidth || canvas.displayWidth || canvas.width;
    const columns = width >= 320 ? 80 : width >= 80 ? 40 : 20, cell = width / columns, rows = 160 / columns;
    Object.assign(context.canvas, {width, height: Math.ceil(rows * cell)});
    context.drawImage(canvas, 0, 0);
    const pixels = context.getImageData(0, 0, width, context.canvas.height).data;
    let bits = 0n;
    for (let n = 0; n < 160; n++) {
        const x = Math.floor((n % columns + 0.5) * cell), y = Math.floor((Math.floor(n / columns) + 0.5) * cell);
        bits = bits << 1n | (pixels[4 * (y * width + x) + 1] > 127 ? 1n : 0n);
    }
    const part = (from, count) => bits >> BigInt(160 - from - count) & ((1n << BigInt(count)) - 1n);
    return Number(part(0, 8)) === 0xB5 ? {number: Number(part(8, 64)), captured: Number(part(72, 64)) / 1e6} : null;
})"""
"""Reads what `framebus.sources.stamp` wrote into the pixels: the number, and the time in milliseconds since 1970.

Of a canvas, a video, one picture of a video, or an image."""


def executable() -> str | None:
    """Where the browser is, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One browser; a context manager. Fails where it does not start."""

    def __init__(self, folder: Path, size: str = "1280,800") -> None:
        path = executable()
        assert path is not None, "no Chromium is installed"
        arguments = [path, *_FLAGS, f"--window-size={size}", f"--user-data-dir={folder}", "about:blank"]
        self._process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, **dict.fromkeys(_PLACES, str(folder))},
        )
        self._folder = folder
        self._said = threading.Thread(target=self._drain, name="browser output")
        self._address = self._listening()
        self._said.start()
        self._tabs: list[Tab] = []

    def tab(self, url: str) -> Tab:
        """A new tab, loading `url`."""
        import urllib.request

        place = self._address.split("/devtools")[0].replace("ws://", "http://")
        request = urllib.request.Request(f"{place}/json/new?about:blank", method="PUT")  # noqa: S310  (our browser)
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            target = json.load(answer)
        self._tabs.append(Tab(target["webSocketDebuggerUrl"]))
        self._tabs[-1].open(url)
        return self._tabs[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for tab in self._tabs:
            tab.close()
        children = psutil.Process(self._process.pid).children(recursive=True)
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        psutil.wait_procs(children, timeout=PATIENCE_S)
        self._said.join()
        assert self._process.stderr is not None
        self._process.stderr.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _listening(self) -> str:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := _LISTENING.search(line):
                return found[1].decode()
        raise AssertionError("the browser ended before it listened")

    def _drain(self) -> None:
        assert self._process.stderr is not None
        for _ in self._process.stderr:
            pass


class Tab:
    """One tab. What it logs, and errors nobody caught, is in `console`."""

    def __init__(self, address: str) -> None:
        self.console: list[str] = []
        self._open = ExitStack()
        self._line = self._open.enter_context(connect(address, max_size=None, compression=None))
        self._numbers = itertools.count(1)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.do(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Go there."""
        self.do("Page.navigate", url=url)

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol, and its answer."""
        number = next(self._numbers)
        self._line.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._line.recv(timeout=PATIENCE_S))
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                return dict(message["result"])
            self._note(message)

    def run(self, script: str) -> Any:
        """The value of an expression, awaited; JSON-able. An exception in it fails the test."""
        answer = self.do("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        problem = answer.get("exceptionDetails")
        assert problem is None, problem.get("exception", {}).get("description", problem)
        return answer["result"].get("value")

    def wait_for(self, condition: str) -> Any:
        """Wait until an expression is true, looked at whenever the page is drawn; its value."""
        return self.run(
            f"""new Promise((done, failed) => {{
                const end = performance.now() + {PATIENCE_S * 1000};
                const look = () => {{
                    let value;
                    try {{ value = ({condition}); }} catch (error) {{ value = undefined; }}
                    if (value) done(value);
                    else if (performance.now() > end) failed(new Error({json.dumps("never came true: " + condition)}));
                    else setTimeout(look, 20);
                }};
                look();
            }})"""
        )

    def key(self, key: str) -> None:
        """Press a key."""
        self.do("Input.dispatchKeyEvent", type="keyDown", key=key, text=key if len(key) == 1 else "")
        self.do("Input.dispatchKeyEvent", type="keyUp", key=key)

    def size(self, width: int, height: int, *, mobile: bool = False, ratio: float = 1) -> None:
        """The size of the window's inside."""
        self.do(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=ratio, mobile=mobile
        )

    def picture(self) -> bytes:
        """What it looks like, PNG."""
        return base64.b64decode(self.do("Page.captureScreenshot", format="png")["data"])

    def close(self) -> None:
        """Let go of it."""
        self._open.close()

    def _note(self, message: dict[str, Any]) -> None:
        parameters = message.get("params", {})
        note: dict[str, Callable[[], str]] = {
            "Runtime.exceptionThrown": lambda: str(
                parameters["exceptionDetails"].get("exception", {}).get("description")
            ),
            "Log.entryAdded": lambda: f"{parameters['entry']['level']}: {parameters['entry']['text']}",
        }
        if (told := note.get(message.get("method", ""))) is not None:
            self.console.append(told())
