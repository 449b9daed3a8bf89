"""`fb.run`: a whole system, from a file or a dict, until it is done or somebody stops it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any

from framebus.config.parsing import read
from framebus.config.saved import SavedSystem
from framebus.core.errors import OpError
from framebus.graph.changes import Changes
from framebus.graph.view import View, failures

log = logging.getLogger("framebus")


def run(system: str | os.PathLike[str] | Mapping[str, Any]) -> None:
    """Run a whole system: cameras, pipes and services, each in a process of its own that is started again if it dies.

        fb.run("yard.toml")
        fb.run({"streams": {"gate": "rtsp://cam.local/main"},
                "pipes": {"small": {"source": "gate", "ops": ["resize=320x240"]}}})

    system   the path of a TOML file, or the same as a dict, in which functions and classes may stand instead of texts

    Saving the file applies it: what changed is started again, the rest goes on. Blocks until all pipes are done, and
    for ever where one is live. `KeyboardInterrupt` reaches you after everything has stopped: first what makes frames,
    then what takes them. What the processes print goes to standard error, and how they fare is logged under
    `framebus`. Raises `OptionError` with all mistakes of the description, `Unavailable` where the file cannot be read,
    and `OpError` naming what failed for good.
    """
    running = SavedSystem(read(system), Telling())
    running.run()
    if told := failures(running.views()):
        raise OpError("\n".join(told))


class Telling:
    """The audience of a program: prints what processes print, logs the rest."""

    def __init__(self) -> None:
        self._changes = Changes()

    def printed(self, name: str, line: str) -> None:
        """See `Audience`."""
        sys.stderr.write(f"{name} | {line}\n")

    def look(self, views: list[View]) -> None:
        """See `Audience`."""
        for view, text in self._changes.of(views):
            log.log(logging.WARNING if view.troubled or view.restarts else logging.INFO, "%s", text)

    def told(self, text: str) -> None:
        """See `Audience`."""
        log.warning("%s", text)

    def ending(self) -> None:
        """See `Audience`."""

    def opened(self, links: Mapping[str, str]) -> None:
        """See `Audience`. Logs may be kept, and the links let people in: they are printed."""
        for who, link in links.items():
            sys.stderr.write(f"{who}: {link}\n")
