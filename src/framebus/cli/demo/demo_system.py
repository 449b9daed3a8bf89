"""The demo as a system of its own: cameras, an analysis, a recorder and the page, each in a process that is watched."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from framebus.cli.demo.cast import free_suffix
from framebus.cli.demo.published import Published
from framebus.config.parsing import Description, read
from framebus.config.saved import SavedSystem
from framebus.core.errors import Error, Unavailable
from framebus.graph.view import View

NAMES = ("aurora", "cells", "balls", "found")
PICTURES = {"size": "640x480", "fps": 25}
FIND = "framebus.cli.demo.finding:find_balls"
PATIENCE_S = 30.0
"""How long the page may take to open: that is a second where nothing else runs."""
STOP_S = 0.5
"""How long everything may take to end in order: what is recorded is thrown away."""


class Stage:
    """Runs beside the caller; a `with` block that leaves nothing behind.

    `listen` is where the page opens. Entering it raises `OptionError`, and `Unavailable` where the page does not open.
    """

    def __init__(self, listen: str) -> None:
        self.streams: list[Published] = []
        """What readers may look at: pictures whose numbers prove what was missed."""
        self.link = ""
        """What people open."""
        self._listen = listen
        self._suffix = free_suffix(NAMES)
        self._why = "its process does not answer"
        self._opened = threading.Event()
        self.moving = False
        """True once there are pictures to read."""
        self._held = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as started:
            folder = started.enter_context(TemporaryDirectory(prefix="framebus-", ignore_cleanup_errors=True))
            camera = started.enter_context(_camera())
            self._start(self._described(folder, camera), started)
            self.streams = [Published(name, f"shm://{name}") for name in map(self._name, NAMES[:2])]
            self._held = started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def _name(self, name: str) -> str:
        return f"{name}{self._suffix}"

    def _described(self, folder: str, camera: str) -> Description:
        recordings = os.path.join(folder, "recordings")
        web = {"listen": self._listen, "token": secrets.token_urlsafe(18)}
        return read(described([self._name(name) for name in NAMES], camera, recordings, web))

    def _start(self, description: Description, started: ExitStack) -> None:
        system = SavedSystem(description, self)
        thread = threading.Thread(target=self._run, args=(system,), name="framebus demo system")
        thread.start()
        started.callback(_end, system, thread)
        self._opened.wait(PATIENCE_S)
        if not self.link:
            raise Unavailable(f"the demo's page did not open: {self._why}")

    def _run(self, system: SavedSystem) -> None:
        try:
            system.run()
        except Error as error:
            self._why = str(error)
        finally:
            self._opened.set()

    # what the system tells, in its thread ------------------------------------------------------------------

    def printed(self, name: str, line: str) -> None:
        """See `Audience`: the page has a log."""

    def told(self, text: str) -> None:
        """See `Audience`."""

    def ending(self) -> None:
        """See `Audience`."""

    def look(self, views: list[View]) -> None:
        """See `Audience`."""
        wanted = {f"streams.{each.stream}" for each in self.streams}
        self.moving = bool(wanted) and wanted <= {view.key for view in views if view.state == "live"}
        refused = [view.why for view in views if view.kind == "web" and view.troubled and view.why]
        if refused and not self.link:
            self._why = refused[0]
            self._opened.set()

    def opened(self, links: Mapping[str, str]) -> None:
        """See `Audience`."""
        self.link = next(iter(links.values()))
        self._opened.set()


def described(names: Sequence[str], camera: str, recordings: str, web: dict[str, Any]) -> dict[str, Any]:
    """The demo as people would write it into a file.

    Four streams of these `names`: two made on the spot, one of a camera, and what is found in it.

    camera       the address of one that gives H.264, which is recorded into the folder `recordings`; where it is
                 empty, that stream is made on the spot, too, and nothing is recorded
    web          the table of the page
    """
    aurora, cells, balls, found = names
    made = {aurora: {"source": "synthetic:aurora", **PICTURES}, cells: {"source": "synthetic:cells", **PICTURES}}
    if not camera:
        streams = made | {balls: {"source": "synthetic:balls", **PICTURES}}
        return {"streams": streams, "pipes": {found: {"source": balls, "ops": FIND}}, "web": web}
    coded = {"source": balls, "packets": True}
    sink = f"{recordings}/{{stream}}/{{time}}.mp4"
    return {
        "streams": made | {balls: {"source": camera, "packets": True}},
        "pipes": {found: coded | {"ops": ["decode", FIND]}, "recorder": coded | {"sink": sink, "rotate": "1min"}},
        "web": web | {"recordings": recordings},
    }


def _end(system: SavedSystem, thread: threading.Thread) -> None:
    system.stop()
    thread.join(STOP_S)
    system.hurry()
    thread.join()


@contextmanager
def _camera() -> Iterator[str]:
    """The address of a camera that gives H.264; empty where nothing is there to code with."""
    if find_spec("av") is None:
        yield ""
        return
    from framebus.testing.camera import TestCamera

    with TestCamera(**PICTURES, gop=25, paths=("balls",)) as camera:  # type: ignore[arg-type]
        yield camera.url
