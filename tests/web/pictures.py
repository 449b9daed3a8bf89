"""Makes the pictures of the page in docs/pictures: `python -m tests.web.pictures [FOLDER]`. Needs Chromium."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import framebus as fb
from framebus.web.page import Page
from framebus.web.server import Listening, Server
from framebus.work.serve import serving
from tests.serving import running
from tests.web.browser import Browser, Tab
from tests.web.conftest import TOKEN, ask

HERE = Path(__file__).parents[2] / "docs" / "pictures"
SCENES = {"door": "balls", "gate": "aurora", "hall": "radar", "lab": "stars", "porch": "bars"}
SIZE = (1280, 800)
SETTLED_S = 2.5


class Camera:
    """A camera on the bench."""

    def __init__(self) -> None:
        self.exposure_ms = 12.5
        self.trigger = False
        self.label = "left arm"
        self.region = [0, 0, 1024, 1024]

    @property
    def gain(self) -> int:
        """Amplification, 0 to 10."""
        return 3

    @gain.setter
    def gain(self, value: int) -> None:
        if not 0 <= value <= 10:
            raise ValueError("gain is from 0 to 10")

    @property
    def temperature(self) -> float:
        """Of the sensor, in °C."""
        return 36.5


def main(folder: Path) -> None:
    """All of them."""
    with ExitStack() as made:
        work = Path(made.enter_context(tempfile.TemporaryDirectory()))
        for name, scene in SCENES.items():
            made.enter_context(published(f"synthetic:{scene}", name, "--size", "640x360", "--fps", "8"))
        made.enter_context(published("synthetic:cells", "microscope", "--size", "1024x1024", "--fps", "5"))
        made.enter_context(watched_yard())
        made.enter_context(served())
        server = made.enter_context(page(work / "recordings"))
        browser = made.enter_context(Browser(work / "profile"))
        tab = browser.tab(server.url())
        tab.size(*SIZE)
        for name, take in PICTURES.items():
            take(tab, server)
            time.sleep(SETTLED_S)
            (folder / f"{name}.png").write_bytes(tab.picture())


def wall(tab: Tab, server: Server) -> None:
    """All streams, one of them recorded, one away."""
    tab.wait_for("window.framebus && framebus.told && framebus.view.tiles.size === 8")
    tab.wait_for("[...framebus.view.tiles.values()].filter(tile => tile.drawn).length === 7")
    for name in ("door", "microscope"):
        ask(server, "POST", f"/api/streams/{name}/recording")
    time.sleep(4 * SETTLED_S)


def stream(tab: Tab, server: Server) -> None:
    """A 16-bit stream."""
    tab.run("location.hash = '#/microscope'")
    tab.wait_for("framebus.view.counted")
    tab.run("framebus.view.map.value = 'inferno', framebus.view.map.onchange(), framebus.view.level([200, 30000])")


def recordings(tab: Tab, server: Server) -> None:
    """What was recorded."""
    ask(server, "DELETE", "/api/streams/door/recording")
    tab.run("location.hash = '#recordings'")
    tab.wait_for("document.querySelector('[data-does=Play]')")
    tab.run("document.querySelector('[data-does=Play]').click()")
    tab.wait_for("document.querySelector('video').currentTime > 1")


def devices(tab: Tab, server: Server) -> None:
    """Two devices, one of them away; a value that is refused."""
    tab.run("location.hash = '#devices'")
    tab.wait_for("document.querySelector('.card input')")
    field = "document.querySelector('[id$=gain]')"
    tab.run(f"{field}.focus(), {field}.value = '11', {field}.onchange()")


PICTURES = {"web": wall, "web-stream": stream, "web-recordings": recordings, "web-devices": devices}


@contextmanager
def published(source: str, name: str, *options: str) -> Iterator[None]:
    """A stream of this machine, from a process of its own."""
    command = [sys.executable, "-m", "framebus", "pipe", source, f"shm://{name}", *options]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def watched_yard() -> Iterator[None]:
    """A stream that somebody analysed."""
    rows, columns = np.mgrid[0:360, 0:640]
    inside = ((columns - 420) / 46.0) ** 2 + ((rows - 200) / 64.0) ** 2 < 1
    ends = np.flatnonzero(np.diff(np.concatenate(([False], inside.T.ravel(), [False]))))
    counts = np.diff(np.concatenate(([0], ends, [inside.size]))).tolist()
    meta: dict[str, Any] = {"boxes": [[120, 150, 90, 70, "person", 0.93], [370, 132, 100, 136, "bicycle", 0.71]]}
    meta |= {"masks": [{"size": [360, 640], "counts": counts, "label": "bicycle"}], "text": "two found"}
    stop = threading.Event()

    def run() -> None:
        with fb.open("synthetic:balls", size="640x360", fps=8) as source, fb.publish("shm://yard") as out:
            for frame in source:
                out.send(frame.image, meta=meta)
                if stop.is_set():
                    return

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def served() -> Iterator[None]:
    """A device."""
    with serving(Camera(), "tcp://localhost:6000") as device, running(device):
        yield


@contextmanager
def page(root: Path) -> Iterator[Server]:
    """A page of all that."""
    places = ("shm://", "rtsp://127.0.0.1:1/attic")
    shown = Page(*places, token=TOKEN, recordings=root, devices=["tcp://localhost:6000", "tcp://localhost:6001"])
    with Server(shown, Listening.parse("localhost:0").bound()) as server:
        server.start()
        yield server


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
