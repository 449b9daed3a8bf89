"""A system on stage: run in the test's own thread, directed from its looks."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from framebus.config.parsing import read
from framebus.config.saved import SavedSystem
from framebus.graph.view import View

CAMERA = {"source": "synthetic:", "size": "64x48", "fps": 30}
Condition = Callable[[], bool]
Script = Callable[["Stage"], Iterator[Condition]]
"""Does something, yields what it waits for, does the next; where it ends, the system is stopped."""


class Stage:
    """The audience of a system that follows a script."""

    def __init__(self, system: Mapping[str, Any] | str | Path, script: Script | None = None) -> None:
        self.lines: list[tuple[str, str]] = []
        """What nodes printed."""
        self.links: list[str] = []
        """Where the page was said to be."""
        self.words: list[str] = []
        """What was told of the whole system."""
        self.views: dict[str, View] = {}
        self.system = SavedSystem(read(system), self)
        self._script = script(self) if script else iter(())
        self._directed = script is not None
        self._waits: Condition = lambda: True

    def run(self) -> dict[str, View]:
        """Until the script is over, or everything is done; how everything was in the end."""
        self.system.run()
        return self.views

    def kill(self, key: str, number: int = signal.SIGKILL) -> int:
        """End one node from outside; the process id it had."""
        pid = self.views[key].pid
        os.kill(pid, number)
        return pid

    def pids(self, *keys: str) -> list[int]:
        """The process ids of nodes."""
        return [self.views[key].pid for key in keys]

    def live(self, *keys: str) -> Condition:
        """All of these, or everything, is live."""
        return lambda: all(view.state == "live" for key, view in self.views.items() if not keys or key in keys)

    def state(self, key: str, state: str) -> Condition:
        """This one is so."""
        return lambda: self.views[key].state == state

    def moved(self, key: str, frames: int = 3) -> Condition:
        """So many more frames have passed this one from now on."""
        until = self.views[key].figures.frames + frames
        return lambda: self.views[key].figures.frames >= until

    # what it is told -----------------------------------------------------------------------------------------

    def printed(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    def told(self, text: str) -> None:
        self.words.append(text)

    def ending(self) -> None:
        self.words.append("ending")

    def opened(self, links: Mapping[str, str]) -> None:
        self.links += links.values()

    def look(self, views: list[View]) -> None:
        self.views = {view.key: view for view in views}
        while self._directed and self._waits():
            try:
                self._waits = next(self._script)
            except StopIteration:
                self._directed = False
                self.system.stop()


def numbers(folder: Path) -> list[int]:
    """The numbers of the pictures in a folder."""
    return sorted(int(path.stem.rpartition("-")[2]) for path in folder.glob("*.png"))
